//! `eoc_ntk` samples the Neural Tangent Kernel K(θ) of finite-width MLPs at the Edge Of Chaos, exactly in law and in
//! time linear in the width, and knows its infinite-width limit K∞.
//!
//! Build a [`Network`](model::Network), open an [`Engine`](backend::Engine), and iterate over the kernels of a range of
//! seeds; dropping the iterator cancels the rest. Nothing here prints or ends the process,
//! but for the program itself, `cli`.
//!
//! ```
//! use eoc_ntk::backend::{Engine, Job, Precision, cpu::CpuEngine};
//! use eoc_ntk::data::DataSet;
//! use eoc_ntk::limit::Limit;
//! use eoc_ntk::math::activation::Activation;
//! use eoc_ntk::model::{Network, Schedule};
//! use eoc_ntk::sampler::SamplerChoice;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let depth = 4;
//! let network = Network::new(Activation::ABS, Schedule::Constant.widths(4096, depth)?, 1)?;
//! let data = DataSet::new(vec![1.0, 0.0, 0.6, 0.8, -0.8, 0.6], 2)?; // three points in the plane
//! let limit = Limit::new(&data, network.activation(), depth, network.scale());
//!
//! let engine = CpuEngine::new(2)?;
//! let sampler = SamplerChoice::Auto.resolve(data.n(), data.dim(), &network);
//! let sampling = engine.open(Job::new(&network, &data, sampler, Precision::F32))?;
//! for sample in sampling.kernels_of(0..8) {
//!     let sample = sample?;
//!     let distance: f64 = sample.kernel.iter().zip(limit.ntk()).map(|(k, l)| (k - l).powi(2)).sum();
//!     assert!(distance.sqrt() < 2.0, "seed {}: {}", sample.seed, distance.sqrt());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! All are on by default. Without any (`default-features = false`) this is the library alone: networks, data sets, the
//! limit, statistics, both samplers and the CPU engine.
//!
//! | feature | adds | with |
//! | --- | --- | --- |
//! | `gpu` | `backend::gpu`, the engine on any vendor's GPU | wgpu |
//! | `study` | `study`: grids of networks, their store, resuming, merging, export | SQLite (as C source), Parquet |
//! | `report` | `report`: tables and figures | kuva |
//! | `cli` | `cli::main`, the program `eoc`, with all of the above | clap, indicatif |
//!
//! # Threads
//!
//! What is worth several threads (the limit of many points, bootstraps) uses those of [`Threads::install`] and is
//! serial elsewhere; an engine has its own. Nothing starts threads that were not asked for, and no number depends on
//! how many there are.
//!
//! The map of the modules is in ARCHITECTURE.md.

pub mod answer;
pub mod backend;
#[cfg(feature = "cli")]
pub mod cli;
pub mod data;
pub mod files;
pub mod independence;
pub mod limit;
pub mod math;
pub mod model;
#[cfg(feature = "report")]
pub mod report;
pub mod rng;
pub mod sampler;
pub mod stats;
#[cfg(feature = "study")]
pub mod study;
pub mod threads;
pub mod units;

pub use threads::Threads;
