//! The two samplers of one law, and which of them is the cheaper.
//!
//! `direct` draws every weight; `conditional` draws K(θ) from exactly the same law without forming any hidden weight,
//! in time linear in the width. Each is a trait of passes that a device fills and the order in which they run. A third
//! one is a file here, a variant of [`Sampler`], what it [costs](cost), and its passes on the devices.

mod auto;
pub mod conditional;
pub mod cost;
pub mod direct;

pub use auto::{SamplerChoice, UnknownSampler};
pub use conditional::ConditionalPasses;
pub use direct::DensePasses;

use std::fmt;

/// A sampler of K(θ).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampler {
    /// Draws every weight.
    Direct,
    /// Draws from the same law without forming any hidden weight.
    Conditional,
}

impl fmt::Display for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "direct",
            Self::Conditional => "conditional",
        })
    }
}
