//! The devices that compute: what an engine is asked to do, and the engines.

pub mod cpu;
mod explicit;
#[cfg(feature = "gpu")]
pub mod gpu;
mod job;
mod layers;
mod memory;
mod refusal;
mod sampling;
mod several;
mod small;
mod stop;

pub use crate::sampler::Sampler;
pub use explicit::ExplicitKernel;
pub use job::{Job, JobPlan, Weights};
pub use layers::LayerMatrices;
pub use memory::available as available_memory;
pub use refusal::{Memory, MemoryPlace, Refusal, Remedy};
pub use sampling::{Drawn, KernelSample, MeasuredSample, Sampling, Wanted};
pub use several::Several;
pub use stop::Stop;

use std::fmt;
use std::str::FromStr;

use crate::threads::NoThreads;

/// Arithmetic of the panels; small matrices are f64 always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Half-precision storage, on GPUs that have it: every deviate and given weight that enters a product and every
    /// panel in memory (the input, Z, B, G, H) is rounded to f16, to nearest and even; products are summed in f32, and
    /// small matrices over neurons as at f32. On cooperative matrices φ(Z) is rounded too, unless its slopes are of one
    /// size.
    F16,
    /// Single precision, the default.
    F32,
    /// Double precision, CPU only.
    F64,
}

/// The text names no precision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("precision \"{0}\" is unknown; use f32, f64 or f16")]
pub struct UnknownPrecision(String);

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F16 => "f16",
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

impl FromStr for Precision {
    type Err = UnknownPrecision;

    fn from_str(text: &str) -> Result<Self, UnknownPrecision> {
        match text {
            "f16" => Ok(Self::F16),
            "f32" => Ok(Self::F32),
            "f64" => Ok(Self::F64),
            other => Err(UnknownPrecision(other.to_owned())),
        }
    }
}

/// What a device says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Name for people and for the run store, such as `cpu avx2+fma`: rows of devices of one name are equal.
    pub name: String,
    /// Driver and version of a GPU; widest instruction set in use on the CPU, such as `avx2+fma`.
    pub driver: String,
    /// Constants of the shaders that a GPU is tuned by; empty on the CPU.
    pub tuning: String,
    /// Worker threads.
    pub threads: usize,
}

/// Why an engine cannot do, or could not finish, a job.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Refused before the start: the job cannot run on this device.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The device broke while running: lost, out of memory, or a fault of a driver.
    #[error("device {device}: {what}")]
    Device {
        /// Its name.
        device: String,
        /// What happened to it.
        what: String,
    },
    /// A number that cannot be.
    #[error("seed {seed}, layer {layer}: {what}")]
    Failed {
        /// Seed of the network.
        seed: u64,
        /// Layer, from 1; 0 if it was the result.
        layer: usize,
        /// What was found.
        what: String,
    },
    /// A number that the precision of the panels cannot hold.
    #[error("seed {seed}, layer {layer}: {what}")]
    OutOfRange {
        /// Seed of the network.
        seed: u64,
        /// Layer, from 1; 0 if it was the result.
        layer: usize,
        /// What was found.
        what: String,
        /// What would hold it.
        remedies: &'static [Remedy],
    },
    /// It was asked to stop, and gave up the seeds in hand.
    #[error("stopped")]
    Stopped,
}

impl EngineError {
    /// What would help, one or the other; nothing where nothing is known to.
    pub fn remedies(&self) -> &'static [Remedy] {
        match self {
            Self::Refused(refusal) => refusal.remedies(),
            Self::OutOfRange { remedies, .. } => remedies,
            Self::Device { .. } | Self::Failed { .. } | Self::Stopped => &[],
        }
    }
}

impl From<NoThreads> for EngineError {
    fn from(error: NoThreads) -> Self {
        Self::Refused(error.into())
    }
}

/// One opened device.
///
/// The seam between samplers and devices: panels (m_k × n) never cross it. A sampler is an order of passes
/// ([`sampler`](crate::sampler)); a device runs them for its seeds one after another, in parallel or all at once.
pub trait Engine: Send + Sync {
    /// What this device is.
    fn info(&self) -> &DeviceInfo;

    /// How this device would do a job, of which the [outline](Job::outline) is enough, or a refusal before anything
    /// starts.
    fn plan(&self, job: &Job) -> Result<JobPlan, EngineError>;

    /// Opens a job to draw its seeds; refuses what [`plan`](Self::plan) refuses.
    fn open(&self, job: Job) -> Result<Box<dyn Sampling>, EngineError>;
}
