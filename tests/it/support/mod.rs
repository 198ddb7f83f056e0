//! What several test modules use: tests of equality in law with the level of a family of them, slow obvious versions of
//! what the program computes fast, and short ways to kernels and points.
//!
//! ```text
//! let mut family = Family::at_level(1e-3);
//! family.test("norm of K", kolmogorov_smirnov(&direct, &conditional));
//! family.test("mean of the trace", mean_is(&trace, exact));
//! family.check();      // panics and names what Holm's procedure rejects
//! ```

mod family;
mod law;
pub mod legible;
pub mod naive;
pub mod study;
pub mod trained;

pub use family::Family;
pub use law::{chi_square, kolmogorov_smirnov, kolmogorov_smirnov_to, mean_is, means_agree};

use std::path::Path;
use std::process::Command;

use eoc_ntk::answer::{Cell, Norm};
use eoc_ntk::backend::cpu::CpuEngine;
use eoc_ntk::backend::{Engine, EngineError, Job, KernelSample, Precision};
use eoc_ntk::data::DataSet;
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::{Network, Schedule};
use eoc_ntk::sampler::{Sampler, SamplerChoice};

/// The rows of a CSV text, its header first, without these columns, each as one string to compare.
pub fn without(text: &str, dropped: &[&str]) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let kept: Vec<usize> = (0..rows[0].len()).filter(|&at| !dropped.contains(&&rows[0][at])).collect();
    let joined = |row: &csv::StringRecord| kept.iter().map(|&at| &row[at]).collect::<Vec<_>>().join("|");
    rows.iter().map(joined).collect()
}

/// The kernels of seeds first … first+count on two threads.
pub fn kernels(
    network: &Network,
    data: &DataSet,
    sampler: Sampler,
    precision: Precision,
    seeds: std::ops::Range<u64>,
) -> Vec<KernelSample> {
    let engine = CpuEngine::new(2).unwrap();
    let sampling = engine.open(Job::new(network, data, sampler, precision)).unwrap();
    sampling.kernels_of(seeds).collect::<Result<_, EngineError>>().unwrap()
}

/// n points of dimension dim with normal coordinates, the same for the same arguments.
pub fn points(n: usize, dim: usize, seed: u64) -> DataSet {
    let mut stream = eoc_ntk::rng::Stream::new(seed, eoc_ntk::rng::Role::Data);
    DataSet::new((0..n * dim).map(|_| stream.normal()).collect(), dim).unwrap()
}

/// ‖x − y‖_F / ‖y‖_F; ‖x‖_F where y = 0, as for a network that is dead on all points.
pub fn relative(x: &[f64], y: &[f64]) -> f64 {
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|a| a * a).sum::<f64>().sqrt();
    let size = norm(&mut y.iter().copied());
    norm(&mut x.iter().zip(y).map(|(a, b)| a - b)) / if size > 0.0 { size } else { 1.0 }
}

/// A question about networks of one output: f32, the cheaper sampler, constant widths, relative deviation in the
/// operator norm.
pub fn cell_of(activation: Activation, depth: usize) -> Cell {
    Cell {
        activation,
        depth,
        schedule: Schedule::Constant,
        outputs: 1,
        scale: 1.0,
        sampler: SamplerChoice::Auto,
        precision: Precision::F32,
        norm: Norm::Op,
        absolute: false,
    }
}

/// The program in a directory, with arguments between blanks: its status, what it printed, and what it said on stderr.
pub fn eoc(at: &Path, line: &str) -> (i32, String, String) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("eoc"));
    let output = command.args(line.split_whitespace()).current_dir(at).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}
