//! What is sampled: depth, widths, activation, outputs. Everything is validated here, once, at construction.

mod network;
mod schedule;

pub use network::{Network, NetworkError, check_depth, check_outputs, check_scale};
pub use schedule::{Schedule, WidthError, parse_widths};
