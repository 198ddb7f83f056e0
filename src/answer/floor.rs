//! The smallest tolerance that a precision can resolve.
//!
//! The θ of a seed does not depend on the precision, so that the deviation of a seed at f32 less that at f64 is the
//! rounding of f32. The largest over 12 seeds of the digits on the CPU (f64 sums), of the relative deviation in any of
//! the three norms, and of the least eigenvalue over the largest:
//!
//! | sampler, φ | depth | n | width | deviation | λ_min/λ_max | u·(8 + 3·depth) |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | conditional, abs | 4 | 32 | 1024 | 4.5e−8 | 6e−10 | 1.2e−6 |
//! | conditional, relu | 4 | 32 | 256 | 2.2e−7 | 1e−9 | 1.2e−6 |
//! | direct, abs | 4 | 32 | 256 | 3.7e−8 | 5e−10 | 1.2e−6 |
//! | conditional, abs | 20 | 16 | 128 | 3.5e−6 | 1e−7 | 4.1e−6 |
//! | conditional, abs | 20 | 16 | 1024 | 1.6e−7 | 2e−8 | 4.1e−6 |
//! | direct, abs | 20 | 16 | 256 | 3.4e−7 | 1e−8 | 4.1e−6 |
//! | conditional, abs | 50 | 16 | 1024 | 7.5e−7 | 7e−8 | 9.4e−6 |
//! | conditional, abs | 100 | 16 | 1024 | 8.9e−6 | 4e−7 | 1.8e−5 |
//!
//! so that u·(8 + 3·depth) with u = 2⁻²⁴ is above all of them. A GPU, by a software adapter with f64 sums, against f64
//! on the CPU:
//!
//! | sampler, φ | depth | n | width | deviation | λ_min/λ_max | u·(8 + 3·depth) |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | conditional, abs and relu | 4 | 32 | 256 | 2.6e−7 | 1.1e−9 | 1.2e−6 |
//! | conditional, abs | 20 | 16 | 128 | 3.1e−6 | 7e−8 | 4.1e−6 |
//!
//! A GPU that sums in pairs of f32 adds 16 terms in f32 first, and Gram matrices that are nearly singular amplify it:
//! by a software adapter with such sums (`tests/it/gpu/floor.rs`), against f64 on the CPU,
//!
//! | sampler, φ | depth | n | width | deviation | λ_min/λ_max | u·(8 + 3·depth) |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | conditional, abs | 4 | 32 | 256 | 1.0e−7 | 3e−9 | 1.2e−6 |
//! | conditional, relu | 4 | 32 | 256 | 3.8e−7 | 2e−9 | 1.2e−6 |
//! | direct, abs | 4 | 32 | 256 | 3.2e−8 | 1e−9 | 1.2e−6 |
//! | conditional, abs | 20 | 16 | 128 | 5.0e−5 | 1e−6 | 4.1e−6 |
//!
//! so that at depth 4 they resolve what f64 sums do, and at depth 20 beside width 128 a single draw moves by twelve
//! times the bound (up to 1e−4 at depth 50). Such a move is another rounding of the same law, in both directions; the
//! floor is of the law and stays.
//!
//! f64, u = 2⁻⁵³, as the difference that another order of the points makes, 32 digits, `direct`, abs: 2.4e−16 at depth
//! 4 and width 256 (bound 2.2e−15), 1.1e−15 at depth 20 and width 128 (7.5e−15).
//!
//! In f16 deviates are rounded at random, which moves a draw by 1 to 4 % of the spread over seeds at every width
//! (README, medians up to depth 20) but leaves its law: that is no floor, and f16 has that of the f32 sums.
//!
//! An error e of the deviation moves the question from T to T ± e, and m*, which goes as T⁻², by at most about 2e/T.
//! The floor is the T at which this is 1 %.

use crate::backend::Precision;
use crate::limit::ENTRY_ERROR;

/// The smallest tolerance, of a deviation relative to the operator norm of the limit.
///
/// `limit` is tr K∞/‖K∞‖, in which K∞ itself is known to [`ENTRY_ERROR`]; at f64 that is what counts.
pub fn floor(precision: Precision, depth: usize, limit: f64) -> f64 {
    200.0 * (rounding(precision, depth) + ENTRY_ERROR * limit)
}

/// The same with the two digits that are worth saying, rounded up.
pub(super) fn two_digits(value: f64) -> f64 {
    let unit = 10f64.powf(value.log10().floor() - 1.0);
    // The text and back again leaves out the digits that the product adds.
    let rounded = (value / unit).ceil() * unit;
    format!("{rounded:.1e}").parse().unwrap_or(rounded)
}

/// What rounding adds to a relative deviation, at most.
fn rounding(precision: Precision, depth: usize) -> f64 {
    let by_depth = 8.0 + 3.0 * depth as f64;
    match precision {
        Precision::F16 | Precision::F32 => 2f64.powi(-24) * by_depth,
        Precision::F64 => 2f64.powi(-53) * by_depth,
    }
}
