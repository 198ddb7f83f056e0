//! The integration tests, one binary: each costs a link.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answer;
mod architecture;
mod builtin;
mod cli;
mod coverage;
mod data;
mod docs;
mod engine;
mod gpu;
mod grids;
mod independence;
mod kept;
mod law;
mod layers;
mod limit;
mod oracle;
mod report;
mod slurm;
mod stats;
mod store;
mod streams;
mod summary;
mod support;
mod theory;
