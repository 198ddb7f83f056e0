//! What is sampled: depth, widths, activation, outputs. Everything is validated here, once, at construction.
//!
//! ```text
//! width → schedule → network → shape
//! ```

mod network;
mod parameterization;
mod schedule;
mod shape;
mod width;

pub use network::{Network, NetworkError, check_depth, check_outputs, check_scale};
pub use parameterization::{Parameterization, UnknownParameterization};
pub use schedule::Schedule;
pub use shape::{Resolved, Shape, ShapeError};
pub use width::{WidthError, commas, parse_widths};
