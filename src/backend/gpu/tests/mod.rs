//! The contract between Rust and WGSL, twins, the streams, and plans of recordings: what is of no single pass.

mod contract;
mod schedule;
mod streams;
mod twins;
mod types;
