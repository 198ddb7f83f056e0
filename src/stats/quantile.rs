//! Quantiles of a sample, with intervals that hold for every distribution.
//!
//! With B ~ Binomial(N, p) and the sample in order, x_(1) ≤ … ≤ x_(N), the p-quantile q satisfies
//!
//! ```text
//! P(x_(r) > q) ≤ P(B ≤ r−1)        P(x_(s) < q) ≤ P(B ≥ s)
//! ```
//!
//! so [x_(r), x_(s)] with the largest r and the least s for which these tails are at most (1 − confidence)/2 covers
//! q with at least the given confidence, whatever the distribution, ties included. Where even x_(1) or x_(N) leaves
//! too much, that side is open: 64 samples set no upper limit on their 0.99-quantile, whose 0.99⁶⁴ = 53 % chance of
//! lying above them all no interval can remove.
//!
//! The estimate is the interpolation of Hyndman and Fan's type 7, numpy's default; where a few samples and an extreme
//! p put it outside the interval (the 0.99-quantile of two samples), it is the nearer limit.

use super::binomial::{lower_tail, upper_tail};
use super::{CONFIDENCE, Interval};

/// The quantiles of a summary.
pub const QUANTILES: [f64; 7] = [0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

/// An estimated quantile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// Its probability p.
    pub probability: f64,
    /// The estimate.
    pub estimate: f64,
    /// The distribution-free interval, open where no finite limit exists.
    pub interval: Interval,
}

/// The p-quantile of numbers in ascending order; None of no numbers.
pub fn quantile(sorted: &[f64], probability: f64, confidence: f64) -> Option<Quantile> {
    let estimate = interpolate(sorted, probability)?;
    let (low, high) = order_ranks(sorted.len() as u64, probability, confidence);
    let at = |rank: Option<u64>| rank.map(|r| sorted[r as usize - 1]);
    let interval = Interval { low: at(low), high: at(high) };
    let estimate = interval.low.map_or(estimate, |low| estimate.max(low));
    let estimate = interval.high.map_or(estimate, |high| estimate.min(high));
    Some(Quantile { probability, estimate, interval })
}

/// [`QUANTILES`] of numbers in any order, with [`CONFIDENCE`]; what is NaN is left out, none of no numbers.
pub fn quantiles(values: &[f64]) -> Vec<Quantile> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    QUANTILES.iter().filter_map(|&p| quantile(&sorted, p, CONFIDENCE)).collect()
}

/// The ranks r and s, from 1, of the order statistics that bound the p-quantile of `count` samples.
pub fn order_ranks(count: u64, probability: f64, confidence: f64) -> (Option<u64>, Option<u64>) {
    let tail = (1.0 - confidence) / 2.0;
    // Both tails are monotone in the rank: the largest r and the least s by bisection.
    let r = last_true(count, |r| lower_tail(r - 1, count, probability) <= tail);
    let s =
        last_true(count, |t| upper_tail(count + 1 - t, count, probability) <= tail).map(|t| count + 1 - t);
    (r, s)
}

/// The last k in 1..=count for which `holds`, of a predicate that holds up to some k.
fn last_true(count: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    let (mut yes, mut no) = (0, count + 1);
    while no - yes > 1 {
        let middle = yes + (no - yes) / 2;
        if holds(middle) {
            yes = middle;
        } else {
            no = middle;
        }
    }
    (yes > 0).then_some(yes)
}

/// The type-7 estimate of numbers in ascending order.
fn interpolate(sorted: &[f64], probability: f64) -> Option<f64> {
    let (at, share) = position(sorted.len(), probability)?;
    let low = sorted[at];
    let high = sorted.get(at + 1).copied().unwrap_or(low);
    // Equal numbers may be infinite, and so may the next of one that is hit.
    Some(if share == 0.0 || high == low { low } else { low + share * (high - low) })
}

/// The type-7 estimate of numbers in any order, which are moved about; linear time. None of no numbers.
pub fn select_quantile(values: &mut [f64], probability: f64) -> Option<f64> {
    let (at, share) = position(values.len(), probability)?;
    let (_, &mut low, above) = values.select_nth_unstable_by(at, f64::total_cmp);
    Some(between(low, share, || above.iter().copied().min_by(f64::total_cmp).unwrap_or(low)))
}

/// A share of the way from an order statistic to the next, which is looked for where it counts.
pub(super) fn between(low: f64, share: f64, high: impl FnOnce() -> f64) -> f64 {
    if share == 0.0 {
        return low;
    }
    low + share * (high() - low)
}

/// The order statistic (from 0) below the type-7 quantile, and the share of the way to the next.
pub(super) fn position(count: usize, probability: f64) -> Option<(usize, f64)> {
    let h = count.checked_sub(1)? as f64 * probability.clamp(0.0, 1.0);
    Some((h as usize, h.fract()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_ranks() {
        // The textbook interval of a median of 10: x_(2), x_(9) covers with 1 − 2·11/1024 = 97.9 %.
        assert_eq!(order_ranks(10, 0.5, 0.95), (Some(2), Some(9)));
        assert_eq!(order_ranks(64, 0.99, 0.95), (Some(61), None));
        assert_eq!(order_ranks(64, 0.05, 0.95), (None, Some(8)));
        assert_eq!(order_ranks(5, 0.5, 0.95), (None, None));
        assert_eq!(order_ranks(6, 0.5, 0.95), (Some(1), Some(6)));
        assert_eq!(order_ranks(0, 0.5, 0.95), (None, None));
    }

    #[test]
    fn coverage_by_exact_sums() {
        // P(r ≤ B < s) is the coverage for a continuous law; the next narrower ranks leave too large a tail.
        for count in [1u64, 2, 8, 64, 129, 1000] {
            for p in QUANTILES {
                let (r, s) = order_ranks(count, p, 0.95);
                let below = r.map_or(0.0, |r| lower_tail(r - 1, count, p));
                let above = s.map_or(0.0, |s| upper_tail(s, count, p));
                assert!(below <= 0.025 && above <= 0.025 && 1.0 - below - above >= 0.95, "{count} {p}");
                let (r, s) = (r.unwrap_or(0), s.unwrap_or(count + 1));
                assert!(r == count || lower_tail(r, count, p) > 0.025, "{count} {p}: r could be larger");
                assert!(s == 1 || upper_tail(s - 1, count, p) > 0.025, "{count} {p}: s could be less");
            }
        }
    }

    #[test]
    fn ranks_of_a_million() {
        let (r, s) = order_ranks(1_000_000, 0.5, 0.95);
        // Np ± 1.96·√(Np(1−p)) = 500 000 ± 980.
        assert_eq!((r, s), (Some(499_020), Some(500_981)));
    }

    #[test]
    fn one_number_says_nothing_of_its_law() {
        let q = quantile(&[3.0], 0.5, 0.95).unwrap();
        assert_eq!((q.estimate, q.interval), (3.0, Interval { low: None, high: None }));
        assert_eq!(quantile(&[], 0.5, 0.95), None);
        assert!(quantiles(&[]).is_empty() && quantiles(&[f64::NAN]).is_empty());
    }

    proptest! {
        #[test]
        fn selection_agrees_with_sorting(
            mut values in prop::collection::vec(prop_oneof![Just(0.0), -5.0..5.0f64], 1..40),
            p in 0.0..=1.0f64,
        ) {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            prop_assert_eq!(select_quantile(&mut values, p), interpolate(&sorted, p));
            let q = quantile(&sorted, p, 0.95).unwrap();
            prop_assert!(q.interval.contains(q.estimate));
        }
    }
}
