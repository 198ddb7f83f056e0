//! The GPU engine: the same law on wgpu compute shaders, for many seeds at once.
//!
//! A pass is a shader of `shaders/`, its parameter block is in `passes/`. `batch.rs` turns the calls of a
//! sampler into recorded passes over all its seeds; the small matrices come back once a layer, are factorised on the
//! host in f64, and two groups of seeds take turns so that the device does not idle meanwhile.
//!
//! wgpu is named nowhere else.

mod adapter;
mod batch;
mod conditional;
mod device;
mod direct;
mod faults;
pub mod module;
mod panel;
pub mod passes;
mod peaks;
mod plan;
mod profile;
mod recording;
mod storage;
mod sums;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

pub use adapter::{CURE, Choice, Description, Kind, NoAdapter, list};
pub use device::Options;
pub use module::Pass;
pub use peaks::GpuPeaks;
pub use profile::PassTime;

use batch::GpuBatch;
use device::Device;
use passes::probe::{Probe, Probed};
use plan::LANES;

use super::{DeviceInfo, Engine, EngineError, Job, KernelSample, Plan, Script};

/// An opened GPU.
pub struct GpuEngine {
    info: DeviceInfo,
    device: Device,
    /// Threads for the small algebra.
    host: rayon::ThreadPool,
}

impl GpuEngine {
    /// Opens the adapter that is meant, with this many threads for the small algebra on the host.
    pub fn new(choice: &Choice, threads: usize) -> Result<Self, EngineError> {
        Self::with(choice, threads, &Options::default())
    }

    /// The same with other options.
    pub fn with(choice: &Choice, threads: usize, options: &Options) -> Result<Self, EngineError> {
        let device = Device::open(choice, options)?;
        let host = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.max(1))
            .thread_name(|i| format!("eoc-host-{i}"))
            .build()
            .map_err(|e| {
                EngineError::Refused(format!("{threads} worker threads could not be started: {e}"))
            })?;
        let Description { name, backend, driver, .. } = &device.description;
        let info =
            DeviceInfo { name: name.clone(), driver: format!("{backend} {driver}"), threads: threads.max(1) };
        Ok(Self { info, device, host })
    }

    /// What the adapter is.
    pub fn description(&self) -> &Description {
        &self.device.description
    }

    /// Times by pass since the last call; empty unless the engine was opened to profile on a device with timestamps.
    pub fn take_profile(&self) -> Vec<(Pass, PassTime)> {
        self.device.profile.as_ref().map(profile::Profile::take).unwrap_or_default()
    }

    /// Words and deviates of the streams as this device makes them.
    pub fn probe(&self, block: Probe) -> Result<Probed, EngineError> {
        passes::probe::run(&self.device, block)
    }

    /// Closes the device, as a driver that fails would: everything after it is an error. For tests of what then happens.
    pub fn lose(&self) {
        self.device.device.destroy();
    }

    fn group<'e>(
        &'e self,
        batch: &mut GpuBatch<'e>,
        job: &Job,
        seeds: &[u64],
        script: Script,
    ) -> Result<Vec<KernelSample>, EngineError> {
        batch.start(seeds);
        script(batch, job.network.depth())?;
        batch.finish()
    }
}

impl Engine for GpuEngine {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn plan(&self, job: &Job) -> Result<Plan, EngineError> {
        plan::plan(job, &self.device, self.info.threads).map(|(plan, _)| plan)
    }

    fn run(
        &self,
        job: &Job,
        _plan: &Plan,
        seeds: &[u64],
        script: Script,
    ) -> Result<Vec<KernelSample>, EngineError> {
        let (_, layout) = plan::plan(job, &self.device, self.info.threads)?;
        self.device.check()?;
        // Even groups, so that no lane waits for the last.
        let lanes = LANES.min(seeds.len());
        let size = (layout.seeds as usize).min(seeds.len().div_ceil(lanes.max(1))).max(1);
        let layout = plan::Layout { seeds: size as u64, ..layout };
        let groups: Vec<&[u64]> = seeds.chunks(size).collect();
        let results: Vec<Mutex<Option<_>>> = groups.iter().map(|_| Mutex::new(None)).collect();
        let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let lane = || {
            let mut batch = GpuBatch::new(&self.device, &self.host, job, layout);
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(seeds) = groups.get(index) else { break };
                if failed.load(Ordering::Relaxed) {
                    break;
                }
                let result = self.group(&mut batch, job, seeds, script);
                failed.fetch_or(result.is_err(), Ordering::Relaxed);
                if let Ok(mut slot) = results[index].lock() {
                    *slot = Some(result);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..lanes {
                scope.spawn(lane);
            }
            lane();
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
