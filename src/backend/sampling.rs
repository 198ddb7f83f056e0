//! A job opened on a device: what can be asked of its seeds, and what comes back.

use std::ops::Range;

use super::{EngineError, JobPlan, Stop};
use crate::stats::{KernelStatistics, Reference};

/// A job opened on a device, ready to draw. It holds what it needs of its engine, so it may outlive it, and may be used from
/// several threads.
pub trait Sampling: Send + Sync {
    /// How the device does the job: memory, seeds at a time, estimated time.
    fn plan(&self) -> &JobPlan;

    /// What is wanted of these seeds, in their order. Numbers depend on the seed alone, never on its neighbours. Once `stop`
    /// is raised the seeds in hand are given up, within a second or two at any width: [`EngineError::Stopped`].
    fn draw(&self, seeds: &[u64], wanted: &Wanted, stop: &Stop) -> Result<Vec<Drawn>, EngineError>;
}

/// What is asked of every seed. Whatever is not asked for costs nothing where the device can leave it out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// The kernel itself.
    pub kernel: bool,
    /// Its statistics against this limit.
    pub statistics: Option<&'a Reference>,
}

impl Wanted<'_> {
    /// The kernels alone.
    pub const KERNEL: Self = Self { kernel: true, statistics: None };
}

/// What was drawn of one seed: whatever was asked for is there, the rest is not.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// Its seed.
    pub seed: u64,
    /// ‖N‖_F of the n × m_l outputs.
    pub output_norm: f64,
    /// K(θ), (n·m_l) × (n·m_l), row-major, point-major index i·m_l + o, exactly symmetric.
    pub kernel: Option<Vec<f64>>,
    /// Deviations from K∞/n and the spectrum of K(θ)/n.
    pub statistics: Option<KernelStatistics>,
}

/// The kernel of one seed.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelSample {
    /// Its seed.
    pub seed: u64,
    /// K(θ), (n·m_l) × (n·m_l), row-major, point-major index i·m_l + o, exactly symmetric.
    pub kernel: Vec<f64>,
    /// ‖N‖_F of the n × m_l outputs.
    pub output_norm: f64,
}

/// The statistics of the kernel of one seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredSample {
    /// Its seed.
    pub seed: u64,
    /// Deviations from K∞/n and the spectrum of K(θ)/n.
    pub statistics: KernelStatistics,
    /// ‖N‖_F of the n × m_l outputs.
    pub output_norm: f64,
}

impl From<KernelSample> for Drawn {
    fn from(KernelSample { seed, kernel, output_norm }: KernelSample) -> Self {
        Self { seed, output_norm, kernel: Some(kernel), statistics: None }
    }
}

impl From<MeasuredSample> for Drawn {
    fn from(MeasuredSample { seed, statistics, output_norm }: MeasuredSample) -> Self {
        Self { seed, output_norm, kernel: None, statistics: Some(statistics) }
    }
}

/// The same requests, with what was asked for as it is.
impl dyn Sampling + '_ {
    /// The kernels of these seeds, in their order.
    pub fn kernels(&self, seeds: &[u64], stop: &Stop) -> Result<Vec<KernelSample>, EngineError> {
        let one = |Drawn { seed, output_norm, kernel, .. }: Drawn| {
            let kernel = kernel.ok_or_else(|| missing(seed, "kernel"))?;
            Ok(KernelSample { seed, kernel, output_norm })
        };
        self.draw(seeds, &Wanted::KERNEL, stop)?.into_iter().map(one).collect()
    }

    /// The statistics of the same kernels against K∞, made where the kernels are.
    pub fn statistics(
        &self,
        seeds: &[u64],
        reference: &Reference,
        stop: &Stop,
    ) -> Result<Vec<MeasuredSample>, EngineError> {
        let one = |Drawn { seed, output_norm, statistics, .. }: Drawn| {
            let statistics = statistics.ok_or_else(|| missing(seed, "statistics"))?;
            Ok(MeasuredSample { seed, statistics, output_norm })
        };
        let wanted = Wanted { statistics: Some(reference), ..Wanted::default() };
        self.draw(seeds, &wanted, stop)?.into_iter().map(one).collect()
    }

    /// The kernels of a range of seeds, in order, computed batch by batch; dropping the iterator cancels the rest.
    pub fn kernels_of(
        &self,
        seeds: Range<u64>,
    ) -> impl Iterator<Item = Result<KernelSample, EngineError>> + '_ {
        let size = self.plan().seeds_per_batch.max(1) as u64;
        let starts = (seeds.start..seeds.end).step_by(size as usize);
        starts.flat_map(move |start| {
            let batch: Vec<u64> = (start..start.saturating_add(size).min(seeds.end)).collect();
            match self.kernels(&batch, &Stop::never()) {
                Ok(samples) => samples.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            }
        })
    }
}

fn missing(seed: u64, what: &str) -> EngineError {
    EngineError::Failed { seed, layer: 0, what: format!("the device left out the {what} that was asked for") }
}
