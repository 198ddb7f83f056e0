//! How often a deviation is large, and how large it is once in m draws: what the theorem promises probabilities of.
//!
//! With m = min m_k/k² (that of the bound), arXiv 2501.14724 has P(‖K−K∞‖ ≤ C·bound) ≥ 1 − 16/m, its bound in full
//! carrying √log m. So the deviation beyond a fixed threshold is rarer than any power of m, and beyond c·√(log m/m) as
//! rare as 16/m for some c. No one knows C; the c here is that of one diagonal entry, s.d. : mean of K(x,x), exact and
//! of order m^(-1/2), times 2·√log m, which a normal deviate exceeds less than once in m^2 draws. Shares have
//! Clopper–Pearson intervals, quantiles distribution-free ones.

use super::found::Found;
use super::summary::CellSummary;
use crate::stats::{CONFIDENCE, Interval, Quantile, bound_constant, quantile, tail_probability};
use crate::study::table::LimitRecord;

/// The fixed thresholds of ‖K−K∞‖/‖K∞‖.
pub(super) const THRESHOLDS: [f64; 2] = [0.2, 0.5];

/// The theorem's probability is 1 − 16/m; 1 − 1/m is that of one draw in m.
pub(super) const MISSES: [f64; 2] = [16.0, 1.0];

/// The draws whose ‖K−K∞‖/‖K∞‖ is above a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tail {
    /// The threshold.
    pub threshold: f64,
    /// How many of the finished seeds are above.
    pub hits: u64,
    /// Their share.
    pub share: f64,
    /// The Clopper–Pearson interval of the probability.
    pub interval: Interval,
}

impl Tail {
    fn of(relative: &[f64], threshold: f64) -> Option<Self> {
        let (hits, all) = (relative.iter().filter(|r| **r > threshold).count(), relative.len());
        let interval = tail_probability(hits as u64, all as u64, CONFIDENCE);
        (all > 0).then(|| Self { threshold, hits: hits as u64, share: hits as f64 / all as f64, interval })
    }

    pub(super) fn found(&self) -> Found {
        Found { value: Some(self.share), low: self.interval.low, high: self.interval.high }
    }
}

/// The quantile of ‖K−K∞‖/n at 1 − `misses`/m, over the bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RareConstant {
    /// 16 or 1.
    pub misses: f64,
    /// Over the bound modulo logarithms.
    pub constant: Option<Quantile>,
    /// Over the bound in full.
    pub full: Option<Quantile>,
}

/// All of it for one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Tails {
    /// Beyond each fixed threshold.
    pub fixed: Vec<Tail>,
    /// Beyond 2·√log m times the exact s.d. : mean of K(x,x); None where m ≤ 1 or no spread is known.
    pub moving: Option<Tail>,
    /// At 1 − 16/m and at 1 − 1/m; without the constants where m is too small, or so few seeds do not reach there.
    pub rare: Vec<RareConstant>,
}

impl Tails {
    /// From the finished seeds of a cell: `relative` deviations, and the deviations themselves in ascending order.
    pub(super) fn of(summary: &CellSummary, relative: &[f64], ascending: &[f64]) -> Self {
        let limit = &summary.cell.limit;
        let rare = |misses: f64| {
            let q = limit.bound_m.and_then(|m| rare(ascending, m, misses));
            RareConstant {
                misses,
                constant: q.and_then(|q| over(&q, limit.bound)),
                full: q.and_then(|q| over(&q, limit.bound_full)),
            }
        };
        Self {
            fixed: THRESHOLDS.into_iter().filter_map(|t| Tail::of(relative, t)).collect(),
            moving: moving(limit).and_then(|t| Tail::of(relative, t)),
            rare: MISSES.into_iter().map(rare).collect(),
        }
    }
}

/// 2·√log m times the exact s.d. : mean of K(x,x).
pub(super) fn moving(limit: &LimitRecord) -> Option<f64> {
    let m = limit.bound_m.filter(|m| *m > 1.0)?;
    Some(2.0 * limit.relative_sd_diagonal? * m.ln().sqrt()).filter(|t| t.is_finite())
}

/// The quantile at 1 − misses/m. None where that is no probability, or where it is beyond the largest of so few
/// numbers.
fn rare(ascending: &[f64], m: f64, misses: f64) -> Option<Quantile> {
    let beyond = misses / m;
    let reached = beyond < 1.0 && ascending.len() as f64 * beyond >= 1.0;
    reached.then(|| quantile(ascending, 1.0 - beyond, CONFIDENCE)).flatten()
}

/// A quantile over the right side of a bound, limits and all.
pub(super) fn over(q: &Quantile, bound: Option<f64>) -> Option<Quantile> {
    let over = |v: f64| bound_constant(v, bound);
    let interval = Interval { low: q.interval.low.and_then(over), high: q.interval.high.and_then(over) };
    Some(Quantile { estimate: over(q.estimate)?, interval, ..*q })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_once_in_m_needs_m_draws_and_a_limit_above_it_3_7_times_as_many() {
        let ascending = |count: u32| -> Vec<f64> { (1..=count).map(f64::from).collect() };
        assert_eq!(rare(&ascending(99), 100.0, 1.0), None);
        assert_eq!(rare(&ascending(368), 100.0, 1.0).map(|q| q.interval.high), Some(Some(368.0)));
        assert_eq!(rare(&ascending(360), 100.0, 1.0).map(|q| q.interval.high), Some(None));
        assert_eq!(rare(&ascending(99), 16.0, 16.0), None, "1 − 16/16 is no quantile");
        let of = rare(&ascending(100), 64.0, 16.0).map(|q| (q.probability, q.estimate));
        assert_eq!(of, Some((0.75, 75.25)));
    }

    #[test]
    fn shares_are_of_what_is_above() {
        let tail = Tail::of(&[0.1, 0.2, 0.3, 0.6], 0.2).unwrap();
        assert_eq!((tail.hits, tail.share), (2, 0.5));
        assert!(tail.interval.contains(0.5) && tail.interval.low > Some(0.0));
        assert_eq!(Tail::of(&[], 0.2), None);
        let limit = LimitRecord {
            bound_m: Some(1f64.exp()),
            relative_sd_diagonal: Some(0.25),
            ..LimitRecord::default()
        };
        assert_eq!(moving(&limit), Some(0.5));
        assert_eq!(moving(&LimitRecord { bound_m: Some(1.0), ..limit }), None);
    }
}
