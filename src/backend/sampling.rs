//! A job opened on a device: what can be asked of its seeds, and what comes back.

use std::ops::Range;

use super::{EngineError, JobPlan, LayerMatrices, Stop};
use crate::stats::{
    AngleReference, AngleStatistics, Independence, KernelStatistics, LayerReference, LayerStatistics,
    Reference,
};

/// A job opened on a device, ready to draw. It holds what it needs of its engine, so it may outlive it, and may be used
/// from several threads.
pub trait Sampling: Send + Sync {
    /// How the device does the job: memory, seeds at a time, estimated time.
    fn plan(&self) -> &JobPlan;

    /// What is wanted of these seeds, in their order. Numbers depend on the seed alone, never on its neighbours. Once
    /// `stop` is raised the seeds in hand are given up, within a second or two at any width: [`EngineError::Stopped`].
    fn draw(&self, seeds: &[u64], wanted: &Wanted, stop: &Stop) -> Result<Vec<Drawn>, EngineError>;
}

/// What is asked of every seed. Whatever is not asked for costs nothing where the device can leave it out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// The kernel itself.
    pub kernel: bool,
    /// Its statistics against this limit.
    pub statistics: Option<&'a Reference>,
    /// Every eigenvalue beside the statistics.
    pub spectrum: bool,
    /// The statistics of every layer against these limits.
    pub layers: Option<&'a LayerReference>,
    /// The small matrices of every layer.
    pub matrices: bool,
    /// K against K_gia by the angle of a pair, of a job with independence.
    pub angles: Option<&'a AngleReference>,
}

impl Wanted<'_> {
    /// The kernels alone.
    pub const KERNEL: Self =
        Self { kernel: true, statistics: None, spectrum: false, layers: None, matrices: false, angles: None };

    /// Whether the small matrices of the layers must be kept.
    pub(super) fn needs_matrices(&self) -> bool {
        self.matrices || self.layers.is_some()
    }
}

/// What was drawn of one seed: whatever was asked for is there, the rest is not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawn {
    /// Its seed.
    pub seed: u64,
    /// ‖N‖_F of the n × m_l outputs.
    pub output_norm: f64,
    /// K(θ), (n·m_l) × (n·m_l), row-major, point-major index i·m_l + o, exactly symmetric.
    pub kernel: Option<Vec<f64>>,
    /// Deviations from K∞/n and the spectrum of K(θ)/n.
    pub statistics: Option<KernelStatistics>,
    /// Layers 1 … l against their limits.
    pub layers: Option<Vec<LayerStatistics>>,
    /// Of layers 1 … l.
    pub matrices: Option<LayerMatrices>,
    /// The eigenvalues of K(θ)/n, ascending.
    pub eigenvalues: Option<Vec<f64>>,
    /// K_gia of the same draws, in the form of the kernel; where the kernel is wanted of a job with independence.
    pub independent: Option<Vec<f64>>,
    /// K against K_gia; where statistics are wanted of a job with independence.
    pub independence: Option<Independence>,
    /// K against K_gia by the angle of a pair.
    pub angles: Option<Vec<AngleStatistics>>,
}

impl Drawn {
    /// The statistics of the kernel, where they were asked for.
    pub fn measured(&self) -> Result<MeasuredSample, EngineError> {
        let statistics = self.statistics.ok_or_else(|| self.lacks("statistics"))?;
        let Self { seed, output_norm, independence, .. } = *self;
        Ok(MeasuredSample { seed, statistics, output_norm, independence })
    }

    /// Something was asked for and is not here.
    pub fn lacks(&self, what: &str) -> EngineError {
        let what = format!("the device left out the {what} that were asked for");
        EngineError::Failed { seed: self.seed, layer: 0, what }
    }
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
    /// K against K_gia, of a job with independence.
    pub independence: Option<Independence>,
}

/// The same requests, with what was asked for as it is.
impl dyn Sampling + '_ {
    /// The kernels of these seeds, in their order.
    pub fn kernels(&self, seeds: &[u64], stop: &Stop) -> Result<Vec<KernelSample>, EngineError> {
        let one = |mut drawn: Drawn| {
            let kernel = drawn.kernel.take().ok_or_else(|| drawn.lacks("entries of the kernel"))?;
            Ok(KernelSample { seed: drawn.seed, kernel, output_norm: drawn.output_norm })
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
        let wanted = Wanted { statistics: Some(reference), ..Wanted::default() };
        self.draw(seeds, &wanted, stop)?.iter().map(Drawn::measured).collect()
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
