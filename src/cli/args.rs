//! Options that several commands share, as typed. What they mean is in [`super::config`].
//!
//! Every option is optional here, defaults included, so that a command which also reads a file can tell what was
//! typed from what was not. Options of a grid are lists, of which all commands but `eoc run` take one value.

use clap::{ArgAction, Args, ValueHint};

use super::device::DeviceChoice;
use super::words::{count, number, source, words};
use crate::backend::Precision;
use crate::data::{Normalize, PointRange, Source};
use crate::math::activation::Activation;
use crate::model::Schedule;
use crate::sampler::SamplerChoice;
use crate::study::SeedRange;

/// The words that an option most often is, for shells to complete.
const ACTIVATIONS: &[&str] = &["abs", "relu", "identity"];
const SCHEDULES: &[&str] = &["constant", "linear", "quadratic"];
const SAMPLERS: &[&str] = &["auto", "direct", "conditional"];
const PRECISIONS: &[&str] = &["f32", "f64", "f16"];
/// What `--device` most often is.
pub const DEVICES: &[&str] = &["auto", "cpu", "gpu", "gpu:all"];
/// What `--normalize` is.
pub const NORMALIZATIONS: &[&str] = &["sphere", "none"];

/// The network.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Network")]
pub struct NetworkArgs {
    /// Activation a*s + b*|s|: abs, relu, identity, leaky:ALPHA (slope below zero) or A,B (two numbers)
    #[arg(long, value_name = "PHI", allow_hyphen_values = true, action = ArgAction::Append)]
    #[arg(value_parser = words::<Activation>(ACTIVATIONS), hide_possible_values = true)]
    pub activation: Vec<Activation>,
    /// Depth: number of weight matrices [default: one more than --widths has]
    #[arg(long, value_name = "L", allow_negative_numbers = true, value_parser = count::<usize>)]
    #[arg(action = ArgAction::Set, value_delimiter = ',')]
    pub depth: Vec<usize>,
    /// Hidden width m, in neurons, of which --schedule makes the width of each layer
    #[arg(long, value_name = "M", allow_negative_numbers = true, conflicts_with = "widths", value_parser = count::<u64>)]
    #[arg(action = ArgAction::Set, value_delimiter = ',')]
    pub width: Vec<u64>,
    /// Width of hidden layer k: constant (m), linear (k*m) or quadratic (k*k*m) [default: constant]
    #[arg(long, value_name = "RULE", conflicts_with = "widths", action = ArgAction::Set, value_delimiter = ',')]
    #[arg(value_parser = words::<Schedule>(SCHEDULES), hide_possible_values = true)]
    pub schedule: Vec<Schedule>,
    /// The hidden widths themselves, in neurons, such as 64,128,256
    #[arg(long, value_name = "M1,M2,...", allow_hyphen_values = true)]
    pub widths: Option<String>,
    /// Number of outputs [default: 1]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count::<usize>)]
    #[arg(action = ArgAction::Set, value_delimiter = ',')]
    pub outputs: Vec<usize>,
    /// Constant that multiplies the kernel and its limit [default: 1]
    #[arg(long, value_name = "C", allow_negative_numbers = true, value_parser = number)]
    #[arg(action = ArgAction::Set, value_delimiter = ',')]
    pub scale: Vec<f64>,
}

/// The points.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Data")]
pub struct DataArgs {
    /// digits:n=N, sphere:n=N,dim=D,seed=S, gaussian:n=N,dim=D,seed=S, pair:angle=RADIANS, or a file: .npy, .npz[:KEY],
    /// .csv, .tsv or .txt (numbers, no label column), IDX (also .gz), or - for one of them on standard input
    #[arg(long, value_name = "SOURCE", action = ArgAction::Append, value_hint = ValueHint::FilePath)]
    #[arg(value_parser = source())]
    pub data: Vec<Source>,
    /// Rows to use: a count, or A..B (A, not B), from 0 [default: all]
    #[arg(long, value_name = "COUNT|A..B", allow_hyphen_values = true)]
    pub points: Option<PointRange>,
    /// A constant to append to every row, before --normalize: a bias of the first layer, which parts parallel rows
    #[arg(long, value_name = "BETA", allow_negative_numbers = true, value_parser = number)]
    pub append_constant: Option<f64>,
    /// sphere: every row to norm sqrt(dim); none: rows as they are [default: sphere for digits, else none]
    #[arg(long, value_name = "RULE", action = ArgAction::Set, value_delimiter = ',')]
    #[arg(value_parser = words::<Normalize>(NORMALIZATIONS), hide_possible_values = true)]
    pub normalize: Vec<Normalize>,
}

/// Which sampler draws which seeds.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Sampling")]
pub struct SamplingArgs {
    /// direct (draws every weight), conditional (same law, cost linear in the width) or auto (the cheaper)
    /// [default: auto]
    #[arg(long, value_name = "NAME", action = ArgAction::Set, value_delimiter = ',')]
    #[arg(value_parser = words::<SamplerChoice>(SAMPLERS), hide_possible_values = true)]
    pub sampler: Vec<SamplerChoice>,
    /// Seeds: a count, or A..B (A, not B), from 0 [default: 1]
    #[arg(long, value_name = "COUNT|A..B", allow_hyphen_values = true)]
    pub seeds: Option<SeedRange>,
}

/// What computes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Engine")]
pub struct EngineArgs {
    /// Device: auto (a real GPU, else the CPU), cpu, gpu, gpu:INDEX, gpu:PART-OF-A-NAME (eoc devices lists them) or
    /// gpu:all [default: auto]
    #[arg(long, value_name = "NAME", value_parser = words::<DeviceChoice>(DEVICES), hide_possible_values = true)]
    pub device: Option<DeviceChoice>,
    /// Numbers over neurons: f32, f64 (on the CPU) or f16 (kept in f16, added in f32, on a GPU that has it); small
    /// matrices are f64 always [default: f32]
    #[arg(long, value_name = "TYPE", action = ArgAction::Set, value_delimiter = ',')]
    #[arg(value_parser = words::<Precision>(PRECISIONS), hide_possible_values = true)]
    pub precision: Vec<Precision>,
    #[command(flatten)]
    pub threads: ThreadArgs,
}

/// How many threads compute.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Engine")]
pub struct ThreadArgs {
    /// Threads, for everything that is computed [default: as affinity and cgroup allow]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count::<usize>)]
    pub threads: Option<usize>,
}
