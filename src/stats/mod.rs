//! Statistics of samples: per kernel, per cell, over cells.
//!
//! - [`Reference`]: one kernel against its limit (norms of the deviation, spectrum, trace)
//! - [`LayerReference`]: one layer of a sample against its limits (norms, cosines, gradients, its term of the kernel)
//! - [`AngleReference`]: a sample against one with independent gradients, by the angle of a pair of points
//! - [`Moments`]: mean with standard error, mergeable; [`EntrywiseMoments`]: the same of matrices
//! - [`quantile`] and [`tail_probability`]: exact, distribution-free intervals
//! - [`bootstrap`], [`exponent`]: intervals and fits over cells that share their draws
//! - [`log_slope`]: the power of a size that a time grows with
//! - [`same_law`]: whether two independent samples have one law, exactly; [`holm`] for several such tests
//! - [`mean_interval`]: that of a mean of positive numbers, open above where the tail is heavy
//! - [`spread`]: standard deviation over mean, with an interval that covers under heavy tails too
//!
//! An undefined number is None, or an error that says why; never an infinite or a made-up one. The one exception
//! is a relative deviation from K∞ = 0, which is NaN so that a row stays an array of numbers.

mod angles;
mod binomial;
pub mod bootstrap;
mod bound;
mod deviation;
mod entrywise;
mod fit;
mod layers;
mod mean;
mod moments;
mod permutation;
mod quantile;
mod resamples;
mod slope;
mod spread;

pub use angles::{AngleReference, AngleStatistics, angle_groups};
pub use binomial::tail_probability;
pub use bootstrap::{Centre, NoInterval, SeedTable};
pub use bound::{bound_constant, normal_tail};
pub use deviation::{Independence, KernelStatistics, MeasureError, Reference};
pub use entrywise::EntrywiseMoments;
pub use fit::{ExponentFit, NoFit, exponent};
pub use layers::{LayerReference, LayerStatistics};
pub use mean::{log_normal_skewness, mean_interval, student_interval};
pub use moments::Moments;
pub use permutation::{PERMUTATIONS, SameLaw, holm, same_law};
pub use quantile::{QUANTILES, Quantile, order_ranks, quantile, quantiles, select_quantile};
pub use slope::{log_slope, slope_of_rounds};
pub use spread::{Spread, spread};

/// The confidence of every interval that is reported.
pub const CONFIDENCE: f64 = 0.95;

/// An interval; None where no finite limit exists.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower limit.
    pub low: Option<f64>,
    /// Upper limit.
    pub high: Option<f64>,
}

impl Interval {
    /// Whether the interval holds a value; an open side holds everything.
    pub fn contains(&self, value: f64) -> bool {
        self.low.is_none_or(|low| low <= value) && self.high.is_none_or(|high| value <= high)
    }
}
