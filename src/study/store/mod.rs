//! The run directory and its store `run.sqlite`, one row per finished sample.
//!
//! ```text
//! manifest   name → value: the study, its further tables, its identity, stream layout, numerics version, the digest of all cells; seeds, shard and
//!            text and cells of the study as last asked for, and their digest
//! sessions   one row per process that added samples: version, commit, device, driver, threads
//! cells      every cell that was ever asked for, in that order, with the numbers of K∞ that a report needs
//! samples    (cell, seed) → the statistics of one kernel, device, seconds, a check sum
//! layers     (cell, seed, layer) → how far that layer is from its limit, a check sum; empty unless the study asks for layers
//! spectrum   (cell, seed, index) → an eigenvalue and that of the limit, a check sum; empty unless the study asks for it
//! ```
//!
//! Of a sample every table that the directory has holds all rows or none: they are written in one transaction, and a
//! reader counts them. Which tables those are is settled when the directory is made, so that no sample of it can lack
//! what another has.
//!
//! The columns of cells and samples are those of the [tables](super::table); nothing here knows one by its name or
//! place, but `relative_fro`, of which a standard error may be asked for.
//!
//! Rollback journal, synchronous = FULL: a committed row survives a power loss, and `kill -9` leaves at worst a journal
//! that the next opening rolls back. No WAL, whose shared memory cluster file systems lack; a store that a viewer
//! switched to it is read by a copy, and switched back by the next run. The key of a row is the key of its cell
//! (network, data, sampler, precision, stream layout, numerics version) and the seed; in a directory every key is there
//! once, so the cell's index stands for it.
//!
//! Damage is found, not computed with: page structure by SQLite's quick_check, cells by a digest in the manifest, every
//! sample row by a check sum of its own. [`Reader`] never writes; [`Store`] is the one writer, behind the lock of the
//! run directory.

mod check;
mod directory;
mod draft;
mod error;
mod manifest;
mod obstacle;
mod reader;
mod rows;
mod samples;
mod schema;
#[cfg(test)]
mod tests;
mod writer;

pub use super::table::{
    CellRecord, Details, Independence, IndependenceRow, LayerRow, LimitRecord, Row, Sample, SpectrumRow,
    Statistics,
};
pub use directory::{Directory, LOCK, REPORT, STORE, STUDY, WIDTH};
pub(in crate::study) use draft::{Draft, StudyFile};
pub(in crate::study) use error::with;
pub use error::{Advice, StoreError};
pub use manifest::{Manifest, Session};
pub use obstacle::Obstacle;
pub use reader::Reader;
pub use rows::Rows;
pub use samples::Samples;
pub use writer::Store;
