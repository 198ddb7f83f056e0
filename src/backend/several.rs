//! Several alike engines as one: each takes a run of consecutive seeds of every batch.
//!
//! A kernel is a function of its seed and its device, so the split moves no bit where the devices are alike; where they
//! are not, a row would depend on its place in a batch.

use super::{DeviceInfo, Drawn, Engine, EngineError, Job, JobPlan, Refusal, Sampling, Stop, Wanted};
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
            return Err(Refusal::Adapter("there is no device to run on".to_owned()).into());
        };
        let name = first.info().name.clone();
        let mut names: Vec<&str> = engines.iter().map(|e| e.info().name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() > 1 {
            let names = names.into_iter().map(str::to_owned).collect();
            return Err(Refusal::UnlikeDevices { names }.into());
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

    fn plan(&self, job: &Job) -> Result<JobPlan, EngineError> {
        let plans: Vec<JobPlan> = self.engines.iter().map(|e| e.plan(job)).collect::<Result<_, _>>()?;
        Ok(side_by_side(&plans[0], &plans[1..]))
    }

    fn open(&self, job: Job) -> Result<Box<dyn Sampling>, EngineError> {
        let parts: Vec<_> = self.engines.iter().map(|e| e.open(job.clone())).collect::<Result<_, _>>()?;
        let plans: Vec<JobPlan> = parts.iter().map(|part| part.plan().clone()).collect();
        let plan = side_by_side(&plans[0], &plans[1..]);
        Ok(Box::new(SeveralSampling { device: self.info.name.clone(), parts, plan }))
    }
}

/// Plans on devices side by side, of which there is at least one: seeds and memory add up.
fn side_by_side(first: &JobPlan, others: &[JobPlan]) -> JobPlan {
    let rate = |plan: &JobPlan| 1.0 / plan.seconds_per_seed;
    let add = |all: JobPlan, plan: &JobPlan| JobPlan {
        seeds_per_batch: all.seeds_per_batch + plan.seeds_per_batch,
        concurrent: all.concurrent + plan.concurrent,
        bytes: all.bytes + plan.bytes,
        keep: all.keep && plan.keep,
        seconds_per_seed: 1.0 / (rate(&all) + rate(plan)),
        ..all
    };
    others.iter().fold(first.clone(), add)
}

/// One job on all of them.
struct SeveralSampling {
    device: String,
    parts: Vec<Box<dyn Sampling>>,
    plan: JobPlan,
}

impl Sampling for SeveralSampling {
    fn plan(&self) -> &JobPlan {
        &self.plan
    }

    /// What the devices make of their shares of the seeds, in the order of the seeds.
    fn draw(&self, seeds: &[u64], wanted: &Wanted, stop: &Stop) -> Result<Vec<Drawn>, EngineError> {
        let mut rest = seeds;
        let mut shares = Vec::new();
        for (index, part) in self.parts.iter().enumerate() {
            // In proportion to the estimated speed; the last takes what is left.
            let share = self.plan.seconds_per_seed / part.plan().seconds_per_seed;
            let count = (seeds.len() as f64 * share).ceil() as usize;
            let count = if index + 1 == self.parts.len() { rest.len() } else { count.min(rest.len()) };
            let (share, left) = rest.split_at(count);
            rest = left;
            shares.push((part, share));
        }
        let results: Vec<Result<Vec<Drawn>, EngineError>> = std::thread::scope(|scope| {
            let shares = shares.into_iter();
            let threads: Vec<_> = shares
                .map(|(part, seeds)| spawn_scoped(scope, move || part.draw(seeds, wanted, stop)))
                .collect();
            let broken =
                || EngineError::Device { device: self.device.clone(), what: "its thread ended".to_owned() };
            let ended = threads.into_iter().map(|thread| match thread {
                Ok(thread) => thread.join().unwrap_or_else(|_| Err(broken())),
                // No thread was started for this share, so it is done here.
                Err(work) => work(),
            });
            ended.collect()
        });
        let parts: Vec<Vec<Drawn>> = results.into_iter().collect::<Result<_, _>>()?;
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

        fn plan(&self, _: &Job) -> Result<JobPlan, EngineError> {
            Err(Refusal::NoWeights.into())
        }

        fn open(&self, _: Job) -> Result<Box<dyn Sampling>, EngineError> {
            Err(Refusal::NoWeights.into())
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
        assert!(error.ends_with("these are A and B"), "{error}");
        assert!(several(&[]).is_err());
    }
}
