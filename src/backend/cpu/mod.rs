//! The native CPU engine: seeds in parallel where there are many, blocks of neurons where there are few.

mod conditional;
mod dense;
mod dispatch;
mod draw;
mod layer;
mod plan;
mod probe;
mod product;
mod real;
mod room;
mod seed;
mod weights;

use std::sync::Mutex;

use pulp::Arch;
use rayon::prelude::*;

use super::small::answer;
use super::{
    DeviceInfo, Drawn, Engine, EngineError, Job, JobPlan, Precision, Sampler, Sampling, Stop, Wanted,
};
use conditional::ConditionalState;
use dense::DenseState;
pub use probe::Peaks;
use seed::{Drawing, SeedState};

use crate::threads::Threads;

/// What the names of all CPUs begin with; the widest instruction set in use follows.
pub const CPU: &str = "cpu";

/// The CPU of this machine.
pub struct CpuEngine {
    info: DeviceInfo,
    threads: Threads,
    arch: Arch,
    /// Panels and weights may stay between the passes.
    keep: bool,
}

impl CpuEngine {
    /// Opens the CPU with this many worker threads (at least one).
    pub fn new(threads: usize) -> Result<Self, EngineError> {
        Ok(Self::on(&Threads::new(threads)?))
    }

    /// Opens the CPU with threads that others use too.
    pub fn on(threads: &Threads) -> Self {
        Self::with_arch(threads.clone(), Arch::new())
    }

    /// The same engine on the baseline instruction set, to compare instruction sets on one machine.
    pub fn portable(threads: usize) -> Result<Self, EngineError> {
        let engine = Self::new(threads)?;
        Ok(Self::with_arch(engine.threads, Arch::Scalar))
    }

    /// The same engine with nothing of the size of a layer kept between the passes: less memory, and the same bits.
    pub fn drawing_again(self) -> Self {
        Self { keep: false, ..self }
    }

    fn with_arch(threads: Threads, arch: Arch) -> Self {
        let driver = dispatch::name(arch).to_owned();
        // The instruction set is part of the name: kernels of two differ by rounding, as those of two GPUs do.
        let name = format!("{CPU} {driver}");
        let info = DeviceInfo { name, driver, tuning: String::new(), threads: threads.count() };
        Self { info, threads, arch, keep: true }
    }
}

impl Engine for CpuEngine {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn plan(&self, job: &Job) -> Result<JobPlan, EngineError> {
        let plan = plan::plan(job, self.info.threads)?;
        Ok(JobPlan { keep: plan.keep && self.keep, ..plan })
    }

    fn open(&self, job: Job) -> Result<Box<dyn Sampling>, EngineError> {
        let plan = self.plan(&job)?;
        Ok(Box::new(CpuSampling { threads: self.threads.clone(), arch: self.arch, job, plan }))
    }
}

/// A job on the CPU.
struct CpuSampling {
    threads: Threads,
    arch: Arch,
    job: Job,
    plan: JobPlan,
}

impl Sampling for CpuSampling {
    fn plan(&self) -> &JobPlan {
        &self.plan
    }

    fn draw(&self, seeds: &[u64], wanted: &Wanted, stop: &Stop) -> Result<Vec<Drawn>, EngineError> {
        let to = Drawing { job: &self.job, keep: self.plan.keep, arch: self.arch, stop, wanted };
        match (self.job.sampler, self.job.precision) {
            (_, Precision::F16) => Err(plan::no_half()),
            (Sampler::Conditional, Precision::F32) => {
                self.seeds(seeds, to, || ConditionalState::<f32>::new(to))
            }
            (Sampler::Conditional, Precision::F64) => {
                self.seeds(seeds, to, || ConditionalState::<f64>::new(to))
            }
            (Sampler::Direct, Precision::F32) => self.seeds(seeds, to, || DenseState::<f32>::new(to)),
            (Sampler::Direct, Precision::F64) => self.seeds(seeds, to, || DenseState::<f64>::new(to)),
        }
    }
}

impl CpuSampling {
    /// What is wanted of these seeds, in states that `make` makes.
    fn seeds<S: SeedState>(
        &self,
        seeds: &[u64],
        to: Drawing,
        make: impl Fn() -> S + Sync,
    ) -> Result<Vec<Drawn>, EngineError> {
        // Memory of finished seeds is used again: fresh pages cost more than the small networks themselves.
        let spare = Mutex::new(Vec::new());
        let one = |seed: u64, inner: bool| {
            let state = spare.lock().ok().and_then(|mut s| s.pop());
            let mut state = state.unwrap_or_else(&make);
            state.start(seed, inner);
            let drawn = state.draw()?;
            if let Ok(mut spare) = spare.lock() {
                spare.push(state);
            }
            to.stop.check()?;
            answer(to.job, drawn, to.wanted)
        };
        let concurrent = self.plan.concurrent;
        let together = if concurrent > 1 { seeds.len() / concurrent * concurrent } else { 0 };
        let (many, few) = seeds.split_at(together);
        self.threads.install(|| {
            let mut samples: Vec<Drawn> = Vec::with_capacity(seeds.len());
            // All at once where memory holds a seed for each thread; else no more at a time than the plan counted.
            let all = concurrent >= self.threads.count();
            let together = if all { many.len() } else { concurrent };
            for part in many.chunks(together.max(1)) {
                let part = part.par_iter().map(|&seed| one(seed, false));
                samples.extend(part.collect::<Result<Vec<_>, _>>()?);
            }
            for &seed in few {
                samples.push(one(seed, true)?);
            }
            Ok(samples)
        })
    }
}
