//! Why a device does not take a job: what was found, what is allowed, and, as a value, what would help.
//!
//! The texts say what and where; which option of a program is meant by a [`Remedy`] is for the program to say.

use super::{Precision, Sampler};
use crate::data::DataError;
use crate::model::NetworkError;
use crate::threads::NoThreads;
use crate::units::{bytes, counted};

/// Why a job, or a device, is refused before anything starts.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The system gives no more threads.
    #[error(transparent)]
    Threads(#[from] NoThreads),
    /// No device that could be meant can be used.
    #[error("{0}")]
    Adapter(String),
    /// A device that computes wrongly, or nothing.
    #[error("{device} ({driver}) computes wrongly: in a self-test {what}; another driver may do better")]
    SelfTest {
        /// Its name.
        device: String,
        /// Its driver.
        driver: String,
        /// What differed.
        what: String,
    },
    /// Devices of several names at once.
    #[error("GPUs at once must be of one kind, whose rows are the same whichever draws them, and these are {}", .names.join(" and "))]
    UnlikeDevices {
        /// Their names.
        names: Vec<String>,
    },
    /// f64 panels on a GPU.
    #[error("precision f64 runs on the CPU")]
    Double,
    /// f16 panels where there are none.
    #[error("precision f16 needs a GPU with 16-bit floats{}", .device.as_ref().map_or_else(String::new, |name| format!(", and {name} has none")))]
    Half {
        /// The GPU; none where it is the CPU.
        device: Option<String>,
    },
    /// K_gia of a sampler that draws one matrix for both ways.
    #[error(
        "gradient independence is measured by the conditional sampler: direct has the same weights forward and backward"
    )]
    Independence,
    /// Preactivations leave the range of f16.
    #[error(
        "precision f16 is too narrow for {} of these widths: the logarithm of a squared preactivation drifts with \
         variance {drift:.1}, and f16 has room for {most}",
        counted(*layers, "hidden layer")
    )]
    Drift {
        /// Hidden layers.
        layers: usize,
        /// The variance.
        drift: f64,
        /// What f16 has room for.
        most: f64,
    },
    /// f16 panels of a network without the constants that keep them in range.
    #[error("precision f16 holds the panels of the ntk parameterization, not those of the standard one")]
    HalfStandard,
    /// More memory than there is.
    #[error("{0}")]
    Memory(Box<Memory>),
    /// A given weight that f16 has no number for.
    #[error("W{layer} has {value:e} in row {row}, column {column}, and precision f16 ends at 65504")]
    Weight {
        /// k of W_k.
        layer: usize,
        /// From 0.
        row: usize,
        /// From 0.
        column: usize,
        /// The weight.
        value: f64,
    },
    /// Given weights whose shapes are no chain.
    #[error(
        "W{layer} is {rows} x {columns}, and its columns must be as many as the layer below has outputs, {below}"
    )]
    Chain {
        /// k of W_k.
        layer: usize,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// Outputs of the layer below.
        below: usize,
    },
    /// A bias of another length than its layer has neurons.
    #[error("the bias of layer {layer} has {}, not {neurons}, one for each row of W{layer}", counted(*found, "number"))]
    Bias {
        /// k of c_k.
        layer: usize,
        /// Its length.
        found: usize,
        /// m_k.
        neurons: usize,
    },
    /// A bias where there is none.
    #[error("layer {layer} has a bias, and networks in the ntk parameterization have none")]
    BiasOfNtk {
        /// k of c_k.
        layer: usize,
    },
    /// A given parameter that is no finite number.
    #[error("{name}{layer} has {value} in row {row}, column {column}, and parameters are finite numbers")]
    Parameter {
        /// W, or c of a bias.
        name: char,
        /// k.
        layer: usize,
        /// From 0.
        row: usize,
        /// From 0; a bias is a column.
        column: usize,
        /// The value.
        value: f64,
    },
    /// No given weights at all.
    #[error("there are no weights; a network has at least one matrix")]
    NoWeights,
    /// Points that are not of the network's input.
    #[error("the points have {}, not {expected}", counted(*found, "coordinate"))]
    Coordinates {
        /// Of the points.
        found: usize,
        /// Of the network.
        expected: usize,
    },
    /// No network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// No points.
    #[error(transparent)]
    Data(#[from] DataError),
}

/// A job and the memory that it needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    /// n.
    pub points: usize,
    /// m_l.
    pub outputs: usize,
    /// The largest hidden width.
    pub width: Option<u64>,
    /// The sampler.
    pub sampler: Sampler,
    /// Whose memory.
    pub place: MemoryPlace,
    /// Bytes that are needed.
    pub needed: u64,
    /// Bytes that there are.
    pub available: u64,
    /// What would help.
    pub remedies: &'static [Remedy],
}

/// Whose memory is too small.
#[derive(Clone, Debug, PartialEq)]
pub enum MemoryPlace {
    /// That of the machine, for a job on the CPU.
    Cpu,
    /// That of the machine, for the small matrices of a job on a GPU.
    Host,
    /// That of a GPU, as a whole or for one matrix.
    Device {
        /// Its name.
        name: String,
        /// Bytes of the largest matrix.
        matrix: u64,
        /// Bytes of the largest matrix that is planned for.
        largest: u64,
    },
}

impl std::fmt::Display for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (needed, available) = (bytes(self.needed), bytes(self.available));
        write!(f, "a sample of {} with {}", counted(self.points, "point"), counted(self.outputs, "output"))?;
        match &self.place {
            MemoryPlace::Cpu => {
                let width = self.width.map_or_else(String::new, |m| format!(" at width {m}"));
                let sampler = self.sampler;
                write!(
                    f,
                    "{width} needs {needed} of memory for the {sampler} sampler, and {available} are available"
                )
            }
            MemoryPlace::Host => {
                write!(f, " needs {needed} of memory on the host, and {available} are available")
            }
            MemoryPlace::Device { name, matrix, largest } => write!(
                f,
                " needs {needed} of device memory and matrices of {} at these widths, and {available} and {} are \
                 planned for on {name}",
                bytes(*matrix),
                bytes(*largest)
            ),
        }
    }
}

/// What would help against a refusal or a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The conditional sampler, whose memory does not grow with the width.
    SamplerConditional,
    /// This sampler.
    Sampler(Sampler),
    /// A smaller width.
    SmallerWidth,
    /// Wider layers.
    WiderLayers,
    /// Fewer points or outputs.
    FewerPoints,
    /// Smaller given weights.
    SmallerWeights,
    /// The standard parameterization.
    StandardParameterization,
    /// This precision.
    Precision(Precision),
    /// The CPU.
    DeviceCpu,
    /// One device at a time, each with a part of the seeds.
    DeviceByDevice,
}

impl Refusal {
    /// What would help, one or the other.
    pub fn remedies(&self) -> &'static [Remedy] {
        match self {
            Self::UnlikeDevices { .. } => &[Remedy::DeviceByDevice],
            Self::Independence => &[Remedy::Sampler(Sampler::Conditional)],
            Self::Double | Self::SelfTest { .. } => &[Remedy::DeviceCpu],
            Self::Half { device: None } => {
                &[Remedy::Precision(Precision::F32), Remedy::Precision(Precision::F64)]
            }
            Self::Half { .. } | Self::HalfStandard | Self::Weight { .. } => {
                &[Remedy::Precision(Precision::F32)]
            }
            Self::BiasOfNtk { .. } => &[Remedy::StandardParameterization],
            Self::Drift { .. } => &[Remedy::Precision(Precision::F32), Remedy::WiderLayers],
            Self::Memory(memory) => memory.remedies,
            _ => &[],
        }
    }
}
