//! Studies: a grid of networks times seeds, planned, run in one part or in shards, stored, resumed, merged.
//!
//! ```text
//! study file, flags, built-in study → Spec → Plan (cells) → run (batches of seeds) → Store → rows → export
//!                                                                     shards → Stores → merge → Store
//! ```
//!
//! A [`Spec`] is what is asked for, a [`Plan`] the validated cells with their data, a [`Store`](store::Store) the
//! directory that keeps one row per finished sample. What a row of a cell or of a sample holds is said in [`table`].
//! [`Asked`] and [`Shard`] say which seeds of a cell are wanted here, [`Need`] which are missing. Nothing here touches
//! the terminal: progress goes to an [`Observer`](run::Observer), cancellation comes through a flag.

pub mod builtin;
mod cell;
mod committer;
mod error;
pub mod export;
pub mod file;
pub mod forecast;
mod grid;
pub mod kept;
mod measure;
pub mod merge;
mod nearest;
mod need;
pub mod needed;
mod patience;
mod plan;
mod progress;
pub mod questions;
pub mod run;
mod seeds;
mod shard;
mod spec;
pub mod store;
pub mod table;
mod union;
mod value;
mod wishes;

pub use cell::{Cell, CellData};
pub use error::{Absent, MAX_CELLS, PlanError};
pub use measure::{Limits, Measure};
pub use need::{Asked, DEFAULT_MAX_SEEDS, FIRST_CHECK, Missing, Need};
pub use patience::patiently;
pub use plan::Plan;
pub use seeds::{NoSeeds, SeedRange};
pub use shard::{MAX_SHARDS, NoShard, Shard};
pub use spec::{Spec, Widths};
pub use store::{Directory, LOCK, REPORT, STORE, STUDY, WIDTH};
pub use wishes::{NoWishes, Wishes};

/// Version of the arithmetic behind a row. A change of any stored digit for the same draws (another order of sums,
/// another factorisation) raises it and refuses to resume older runs; draws have
/// [`LAYOUT_VERSION`](crate::rng::LAYOUT_VERSION).
pub const NUMERICS_VERSION: u32 = 4;
