//! The GPU engine: the same law on wgpu compute shaders, for many seeds at once.
//!
//! A pass is a shader of `shaders/`, its parameter block is in `passes/`. `batch.rs` turns the calls of a sampler into
//! recorded passes over all its seeds. The small matrices stay on the device, where one workgroup factorises one of
//! them, and one read-back ends a group of seeds; or they come back once a layer and are factorised on the host in f64,
//! which is the oracle (`algebra/`). Either way two groups of seeds take turns, so that the device does not idle.
//!
//! wgpu is named nowhere else.

mod adapter;
mod algebra;
mod batch;
mod compile;
mod conditional;
mod device;
mod direct;
mod executor;
mod faults;
mod fused;
mod module;
mod panel;
mod passes;
mod peaks;
mod plan;
mod profile;
mod recording;
mod results;
mod schedule;
mod selftest;
mod slab;
mod storage;
mod sums;
mod tune;
mod tuning;
mod weight_tile;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

pub use adapter::{CURE, Choice, Description, Found, Kind, NoAdapter, find, list};
pub use compile::{Compiled, Pipeline};
pub use device::Options;
pub use module::{Pass, Storage};
pub use peaks::GpuPeaks;
pub use profile::PassTime;
pub use tune::Trial;
pub use tuning::Tuning;

use batch::GpuBatch;
use device::Device;
use plan::{GROUPS_IN_FLIGHT, Placement};

use super::small::answer;
use super::{
    DeviceInfo, Drawn, Engine, EngineError, Job, JobPlan, LayerMatrices, Refusal, Sampler, Sampling, Stop,
    Wanted,
};
use crate::sampler;
use crate::threads::{Threads, spawn_scoped};

/// Bytes of matrices of layers that a group of seeds keeps on the device.
const KEPT_BYTES: usize = 256 << 20;

/// An opened GPU.
pub struct GpuEngine {
    info: DeviceInfo,
    device: Arc<Device>,
    /// Threads for the small algebra.
    host: Threads,
}

impl GpuEngine {
    /// Opens the adapter that is meant, with this many threads for the small algebra on the host.
    pub fn new(choice: &Choice, threads: usize) -> Result<Self, EngineError> {
        Self::with(choice, threads, &Options::default())
    }

    /// The same with other options.
    pub fn with(choice: &Choice, threads: usize, options: &Options) -> Result<Self, EngineError> {
        let found = find(choice).map_err(|e| Refusal::Adapter(e.to_string()))?;
        Self::on(&found, &Threads::new(threads)?, options)
    }

    /// Opens an adapter that was found, with threads that others use too; refuses one whose results are wrong.
    pub fn on(found: &Found, threads: &Threads, options: &Options) -> Result<Self, EngineError> {
        let device = Device::open(found, options)?;
        let Description { name, backend, driver, .. } = &device.description;
        let info = DeviceInfo {
            name: name.clone(),
            driver: format!("{backend} {driver}"),
            tuning: device.tuning().to_string(),
            threads: threads.count(),
        };
        let engine = Self { info, device: Arc::new(device), host: threads.clone() };
        if options.self_test {
            selftest::once(&engine)?;
        }
        Ok(engine)
    }

    /// What the adapter is.
    pub fn description(&self) -> &Description {
        &self.device.description
    }

    /// Times by pass since the last call; empty unless the engine was opened to profile on a device with timestamps.
    pub fn take_profile(&self) -> Vec<(Pass, PassTime)> {
        self.device.profile.as_ref().map(profile::Profile::take).unwrap_or_default()
    }

    /// Closes the device, as a driver that fails would: everything after it is an error. For tests of what then
    /// happens.
    pub fn lose(&self) {
        self.device.device.destroy();
    }
}

impl Engine for GpuEngine {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn plan(&self, job: &Job) -> Result<JobPlan, EngineError> {
        plan::plan(job, &self.device, self.info.threads).map(|(plan, _)| plan)
    }

    fn open(&self, job: Job) -> Result<Box<dyn Sampling>, EngineError> {
        let (plan, layout) = plan::plan(&job, &self.device, self.info.threads)?;
        let (device, host) = (Arc::clone(&self.device), self.host.clone());
        Ok(Box::new(GpuSampling { device, host, job, plan, layout }))
    }
}

/// A job on a GPU.
struct GpuSampling {
    device: Arc<Device>,
    host: Threads,
    job: Job,
    plan: JobPlan,
    layout: Placement,
}

impl Sampling for GpuSampling {
    fn plan(&self) -> &JobPlan {
        &self.plan
    }

    fn draw(&self, seeds: &[u64], wanted: &Wanted, stop: &Stop) -> Result<Vec<Drawn>, EngineError> {
        let drawn = self.groups(seeds, wanted, stop)?;
        let one = |drawn| {
            stop.check()?;
            answer(&self.job, drawn, wanted)
        };
        self.host.install(|| drawn.into_par_iter().map(one).collect())
    }
}

impl GpuSampling {
    /// Runs the passes of the sampler for the seeds that a batch has in hand.
    fn passes(&self, batch: &mut GpuBatch) -> Result<(), EngineError> {
        let depth = self.job.network.depth();
        match self.job.sampler {
            Sampler::Direct => sampler::direct::run(batch, depth),
            Sampler::Conditional => sampler::conditional::run(batch, depth),
        }
    }

    /// What the device has to say of all seeds, group by group, in their order.
    fn groups(&self, seeds: &[u64], wanted: &Wanted, stop: &Stop) -> Result<Vec<Drawn>, EngineError> {
        self.device.check()?;
        // Even groups, so that none of those in flight waits for the last.
        let in_flight = GROUPS_IN_FLIGHT.min(seeds.len());
        let size = (self.layout.seeds as usize).min(seeds.len().div_ceil(in_flight.max(1)));
        // What stays on the device until the end of a group.
        let kept = if wanted.needs_matrices() { 8 * LayerMatrices::entries(&self.job) } else { 0 };
        let size = size.min(KEPT_BYTES / kept.max(1)).max(1);
        let layout = Placement { seeds: size as u64, ..self.layout };
        let groups: Vec<&[u64]> = seeds.chunks(size).collect();
        let results: Vec<Mutex<Option<_>>> = groups.iter().map(|_| Mutex::new(None)).collect();
        let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let work = || {
            let mut batch = GpuBatch::new(&self.device, &self.host, &self.job, layout, wanted, stop);
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(seeds) = groups.get(index) else { break };
                if failed.load(Ordering::Relaxed) {
                    break;
                }
                batch.start(seeds);
                let result =
                    stop.check().and_then(|()| self.passes(&mut batch)).and_then(|()| batch.finish(wanted));
                failed.fetch_or(result.is_err(), Ordering::Relaxed);
                if let Ok(mut slot) = results[index].lock() {
                    *slot = Some(result);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..in_flight {
                // Where a thread cannot be started, the others do its groups.
                let _ = spawn_scoped(scope, work);
            }
            work();
        });
        let mut samples = Vec::with_capacity(seeds.len());
        let mut first_error = None;
        for slot in results {
            match slot.into_inner() {
                Ok(Some(Ok(part))) => samples.extend(part),
                Ok(Some(Err(error))) => {
                    first_error.get_or_insert(error);
                }
                // Left out because another group failed.
                _ => {}
            }
        }
        match first_error {
            Some(error) => Err(error),
            None if samples.len() == seeds.len() => Ok(samples),
            None => Err(self.device.fault("a group of seeds was lost".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
