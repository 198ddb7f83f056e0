//! The integration tests, one binary: each costs a link.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answer;
mod architecture;
mod builtin;
mod cli;
mod coverage;
mod coverage_table;
mod data;
mod docs;
mod engine;
mod examples;
mod figures;
mod gpu;
mod grids;
mod growth;
mod independence;
mod kept;
mod kept_answers;
mod kept_widths;
mod law;
mod layers;
mod limit;
mod needed;
mod oracle;
mod papers;
mod report;
mod slurm;
mod stats;
mod store;
mod streams;
mod summary;
mod support;
mod theory;
mod trained;
