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
mod seed;

use std::sync::Mutex;

use pulp::Arch;
use rayon::prelude::*;

use super::small::all_measured;
use super::{DeviceInfo, Engine, EngineError, Job, KernelSample, MeasuredSample, Plan, Precision, Script};
pub use probe::Peaks;
use real::Real;
use seed::SeedState;

use crate::stats::Reference;
use crate::threads::Threads;

/// What the names of all CPUs begin with; the widest instruction set in use follows.
pub const CPU: &str = "cpu";

/// The CPU of this machine.
pub struct CpuEngine {
    info: DeviceInfo,
    threads: Threads,
    arch: Arch,
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

    fn with_arch(threads: Threads, arch: Arch) -> Self {
        let driver = dispatch::name(arch).to_owned();
        // The instruction set is part of the name: kernels of two differ by rounding, as those of two GPUs do.
        let name = format!("{CPU} {driver}");
        let info = DeviceInfo { name, driver, tuning: String::new(), threads: threads.count() };
        Self { info, threads, arch }
    }

    fn run_as<T: Real>(
        &self,
        job: &Job,
        plan: &Plan,
        seeds: &[u64],
        script: Script,
    ) -> Result<Vec<KernelSample>, EngineError> {
        // Memory of finished seeds is used again: fresh pages cost more than the small networks themselves.
        let spare = Mutex::new(Vec::new());
        let one = |seed: u64, inner: bool| {
            let state = spare.lock().ok().and_then(|mut s| s.pop());
            let mut state = state.unwrap_or_else(|| SeedState::<T>::new(job, plan.keep, self.arch));
            state.start(seed, inner);
            script(&mut state, job.network.depth())?;
            let sample = state.finish();
            if let Ok(mut spare) = spare.lock() {
                spare.push(state);
            }
            sample
        };
        let together = if plan.concurrent > 1 { seeds.len() / plan.concurrent * plan.concurrent } else { 0 };
        let (many, few) = seeds.split_at(together);
        self.threads.install(|| {
            let mut samples: Vec<KernelSample> = Vec::with_capacity(seeds.len());
            // All at once where memory holds a seed for each thread; else no more at a time than the plan counted.
            let together = if plan.concurrent >= self.info.threads { many.len() } else { plan.concurrent };
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

impl Engine for CpuEngine {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn plan(&self, job: &Job) -> Result<Plan, EngineError> {
        plan::plan(job, self.info.threads)
    }

    fn run(
        &self,
        job: &Job,
        plan: &Plan,
        seeds: &[u64],
        script: Script,
    ) -> Result<Vec<KernelSample>, EngineError> {
        match job.precision {
            Precision::F32 => self.run_as::<f32>(job, plan, seeds, script),
            Precision::F64 => self.run_as::<f64>(job, plan, seeds, script),
            Precision::F16 => Err(plan::no_half()),
        }
    }

    fn measure(
        &self,
        job: &Job,
        plan: &Plan,
        seeds: &[u64],
        script: Script,
        reference: &Reference,
    ) -> Result<Vec<MeasuredSample>, EngineError> {
        let kernels = self.run(job, plan, seeds, script)?;
        self.threads.install(|| all_measured(&kernels, reference))
    }
}
