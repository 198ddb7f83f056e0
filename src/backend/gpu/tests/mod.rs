//! The contract between Rust and WGSL, twins, the streams, plans of recordings, and devices that are broken: what is of
//! no single pass.

mod compile;
mod contract;
mod schedule;
mod selftest;
mod streams;
mod twins;
mod types;
