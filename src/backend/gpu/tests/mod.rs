//! The contract between Rust and WGSL, twins, and the streams: what no single pass has.

mod contract;
mod streams;
mod twins;
mod types;
