//! The smallest tolerance that a precision can resolve.
//!
//! The θ of a seed does not depend on the precision, so that the deviation of a seed at f32 less the one at f64 is the
//! rounding. TABLE
//!
//! An error e of the deviation moves the question from T to T ± e, and m*, which goes as T⁻², by at most about 2e/T. The
//! floor is the T at which this is 1 %.

use crate::backend::Precision;

/// The smallest tolerance, of a deviation relative to the operator norm of the limit.
pub fn floor(precision: Precision, depth: usize) -> f64 {
    200.0 * rounding(precision, depth)
}

/// What rounding adds to a relative deviation, at most.
fn rounding(precision: Precision, depth: usize) -> f64 {
    let unit = match precision {
        Precision::F16 => 2f64.powi(-11),
        Precision::F32 => 2f64.powi(-24),
        Precision::F64 => 2f64.powi(-53),
    };
    let depth = depth as f64;
    unit * (depth + 0.05 * depth * depth)
}
