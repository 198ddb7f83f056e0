//! The devices that compute: what an engine is asked to do, and the engines.

pub mod cpu;
#[cfg(feature = "gpu")]
pub mod gpu;
mod job;
mod memory;
mod several;
mod small;

pub use job::{Job, Plan, Sampler, Weights};
pub use memory::available as available_memory;
pub use several::Several;

use std::fmt;
use std::str::FromStr;

use crate::stats::{KernelStatistics, Reference};
use crate::threads::NoThreads;

/// Arithmetic of the panels; small matrices are f64 always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Half-precision storage, on GPUs that have it: every deviate and given weight that enters a product and every panel in
    /// memory (the input, Z, B, G, H) is rounded to f16, to nearest and even; products are summed in f32, and small matrices
    /// over neurons as at f32. On cooperative matrices φ(Z) is rounded too, unless its slopes are of one size.
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
    #[error("{0}")]
    Refused(String),
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
}

impl From<NoThreads> for EngineError {
    fn from(error: NoThreads) -> Self {
        Self::Refused(error.to_string())
    }
}

/// One opened device.
///
/// The seam between samplers and devices: panels (m_k × n) never cross it. A sampler is an order of calls on a
/// [`Batch`]; an engine runs that order for all its seeds, one after another, in parallel or all at once.
pub trait Engine: Send + Sync {
    /// What this device is.
    fn info(&self) -> &DeviceInfo;

    /// How this device would do the job, or a refusal before anything starts.
    fn plan(&self, job: &Job) -> Result<Plan, EngineError>;

    /// The kernels of these seeds, in this order. Numbers depend on the seed alone, never on its neighbours.
    fn run(
        &self,
        job: &Job,
        plan: &Plan,
        seeds: &[u64],
        script: Script,
    ) -> Result<Vec<KernelSample>, EngineError>;

    /// The statistics of the same kernels against K∞, for who does not need the kernels themselves. Engines that have a
    /// better way than to make the kernels first give the same numbers up to rounding.
    fn measure(
        &self,
        job: &Job,
        plan: &Plan,
        seeds: &[u64],
        script: Script,
        reference: &Reference,
    ) -> Result<Vec<MeasuredSample>, EngineError> {
        let kernels = self.run(job, plan, seeds, script)?;
        small::all_measured(&kernels, reference)
    }
}

/// The order of calls that makes a sampler.
pub type Script = fn(&mut dyn Batch, depth: usize) -> Result<(), EngineError>;

/// The panels and small matrices of the seeds that a device has in hand. Layers count from 1; 0 is the input.
///
/// Forward passes go up from 1 to l−1, backward passes down from l−1 to 1. The two families are not mixed.
pub trait Batch {
    /// Conditional: S and S⁺ of C_k, 0 ≤ k < l−1. The root of the input is part of the job.
    fn root(&mut self, k: usize) -> Result<(), EngineError>;
    /// Conditional: G → Z → A of layer k; sums C_k = A Aᵀ and E_k = A H (N = A W_lᵀ in the last hidden layer).
    fn forward(&mut self, k: usize) -> Result<(), EngineError>;
    /// Conditional: U = Aᵀ T + H S_B (W_l at the top), B = D∘U; sums B Bᵀ and M = Gᵀ Bᵀ; K += (C_{k−1} ⊗ 11ᵀ) ∘ B Bᵀ.
    fn backward(&mut self, k: usize) -> Result<(), EngineError>;
    /// Conditional: B Bᵀ, M of layer k and E, S⁺ of layer k−1 → S_B and T for layer k−1, k ≥ 2.
    fn couple(&mut self, k: usize) -> Result<(), EngineError>;
    /// Direct: Z = A W_kᵀ; sums C_k.
    fn forward_dense(&mut self, k: usize) -> Result<(), EngineError>;
    /// Direct: B_k = D∘(B_{k+1} W_{k+1}); K += (C_{k−1} ⊗ 11ᵀ) ∘ B Bᵀ.
    fn backward_dense(&mut self, k: usize) -> Result<(), EngineError>;
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
