//! Several alike engines as one: each takes a run of consecutive seeds of every batch.
//!
//! A kernel is a function of its seed and its device, so the split moves no bit where the devices are alike; where they are
//! not, a row would depend on its place in a batch.

use super::{DeviceInfo, Engine, EngineError, Job, KernelSample, MeasuredSample, Plan, Script};
use crate::stats::Reference;
use crate::threads::spawn_scoped;

/// At least one engine.
pub struct Several {
    info: DeviceInfo,
    engines: Vec<Box<dyn Engine>>,
}

impl Several {
    /// All of these; refuses none, and devices of different names.
    pub fn new(engines: Vec<Box<dyn Engine>>) -> Result<Self, EngineError> {
        let Some(first) = engines.first() else {
            return Err(EngineError::Refused("there is no device to run on".to_owned()));
        };
        let name = first.info().name.clone();
        let mut names: Vec<&str> = engines.iter().map(|e| e.info().name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() > 1 {
            return Err(EngineError::Refused(format!(
                "gpu:all takes GPUs of one kind, whose rows are the same whichever draws them, and these are {}; use \
                 --device gpu:INDEX for each, with --shard I/N and eoc merge for a study",
                names.join(" and ")
            )));
        }
        let driver = format!("{} x {}", engines.len(), first.info().driver);
        let tuning = first.info().tuning.clone();
        let threads = engines.iter().map(|e| e.info().threads).max().unwrap_or(1);
        Ok(Self { info: DeviceInfo { name, driver, tuning, threads }, engines })
    }
}

impl Engine for Several {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    /// The plans side by side: seeds and memory add up.
    fn plan(&self, job: &Job) -> Result<Plan, EngineError> {
        let plans: Vec<Plan> = self.engines.iter().map(|e| e.plan(job)).collect::<Result<_, _>>()?;
        let rate: f64 = plans.iter().map(|p| 1.0 / p.seconds_per_seed).sum();
        let mut all = plans[0].clone();
        for plan in &plans[1..] {
            all.seeds_per_batch += plan.seeds_per_batch;
            all.concurrent += plan.concurrent;
            all.bytes += plan.bytes;
            all.keep &= plan.keep;
        }
        all.seconds_per_seed = 1.0 / rate;
        Ok(all)
    }

    fn run(
        &self,
        job: &Job,
        _plan: &Plan,
        seeds: &[u64],
        script: Script,
    ) -> Result<Vec<KernelSample>, EngineError> {
        self.shared_out(job, seeds, |engine, plan, seeds| engine.run(job, plan, seeds, script))
    }

    fn measure(
        &self,
        job: &Job,
        _plan: &Plan,
        seeds: &[u64],
        script: Script,
        reference: &Reference,
    ) -> Result<Vec<MeasuredSample>, EngineError> {
        self.shared_out(job, seeds, |engine, plan, seeds| engine.measure(job, plan, seeds, script, reference))
    }
}

impl Several {
    /// What the engines make of their shares of the seeds, in the order of the seeds.
    fn shared_out<T: Send>(
        &self,
        job: &Job,
        seeds: &[u64],
        work: impl Fn(&dyn Engine, &Plan, &[u64]) -> Result<Vec<T>, EngineError> + Sync,
    ) -> Result<Vec<T>, EngineError> {
        let plans: Vec<Plan> = self.engines.iter().map(|e| e.plan(job)).collect::<Result<_, _>>()?;
        let rate: f64 = plans.iter().map(|p| 1.0 / p.seconds_per_seed).sum();
        let mut rest = seeds;
        let mut shares = Vec::new();
        for (index, plan) in plans.iter().enumerate() {
            // In proportion to the estimated speed; the last takes what is left.
            let part = (seeds.len() as f64 / plan.seconds_per_seed / rate).ceil() as usize;
            let part = if index + 1 == plans.len() { rest.len() } else { part.min(rest.len()) };
            let (share, left) = rest.split_at(part);
            rest = left;
            shares.push(share);
        }
        let work = &work;
        let results: Vec<Result<Vec<T>, EngineError>> = std::thread::scope(|scope| {
            let shares = self.engines.iter().zip(&plans).zip(shares);
            let threads: Vec<_> = shares
                .map(|((engine, plan), seeds)| {
                    spawn_scoped(scope, move || work(engine.as_ref(), plan, seeds))
                })
                .collect();
            let broken = || EngineError::Device {
                device: self.info.name.clone(),
                what: "its thread ended".to_owned(),
            };
            let ended = threads.into_iter().map(|thread| match thread {
                Ok(thread) => thread.join().unwrap_or_else(|_| Err(broken())),
                // No thread was started for this share, so it is done here.
                Err(work) => work(),
            });
            ended.collect()
        });
        let parts: Vec<Vec<T>> = results.into_iter().collect::<Result<_, _>>()?;
        Ok(parts.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Named(DeviceInfo);

    impl Engine for Named {
        fn info(&self) -> &DeviceInfo {
            &self.0
        }

        fn plan(&self, _: &Job) -> Result<Plan, EngineError> {
            Err(EngineError::Refused("a name computes nothing".to_owned()))
        }

        fn run(&self, _: &Job, _: &Plan, _: &[u64], _: Script) -> Result<Vec<KernelSample>, EngineError> {
            Err(EngineError::Refused("a name computes nothing".to_owned()))
        }
    }

    #[test]
    fn devices_of_one_name_are_one_and_others_are_refused() {
        let several = |names: &[&str]| {
            let info = |name: &&str| DeviceInfo {
                name: (*name).to_owned(),
                driver: "d".to_owned(),
                tuning: String::new(),
                threads: 1,
            };
            let engines = names.iter().map(|name| Box::new(Named(info(name))) as Box<dyn Engine>).collect();
            Several::new(engines).map(|s| s.info().name.clone()).map_err(|e| e.to_string())
        };
        assert_eq!(several(&["A", "A"]), Ok("A".to_owned()));
        let error = several(&["B", "A", "B"]).unwrap_err();
        assert!(error.contains("these are A and B; use --device gpu:INDEX"), "{error}");
        assert!(several(&[]).is_err());
    }
}
