//! Propositions 13 and 14 of arXiv 2501.13225, which speak of single pairs of points, against what is found.

use std::f64::consts::PI;

use serde::Serialize;

/// Error of K∞(x,x′) relative to √(K∞(x,x)·K∞(x′,x′)), and of an inverse cosine distance relative to itself.
///
/// `tests/it/limit.rs` holds the first to 1e−14 and δ to 2e−14, which is 1e−14 of δ^−½, against 60-digit values up to
/// depth 10⁶ (`angle` says why the depth does not matter). Twice that leaves room for the arithmetic of the comparison.
const ERROR: f64 = 2e-14;

/// What Proposition 13 predicts of ω^{∘k}(w), up to O(1): w + (4Δ/(3π))(k−1) + (2Δ/π)·log((3π/(4Δ))·w + k − 1), k ≥ 1.
///
/// The O(1) is in k: at fixed k and growing w, ω^{∘k}(w) = w + (4Δ/(3π))·k + O(1/w), so that the difference grows as
/// (2Δ/π)·log w.
pub fn proposition_13(delta: f64, w: f64, k: usize) -> f64 {
    let k = k as f64 - 1.0;
    w + 4.0 * delta / (3.0 * PI) * k + 2.0 * delta / PI * (3.0 * PI / (4.0 * delta) * w + k).ln()
}

/// The upper side of Proposition 14 for an entry of K∞ between points of unit norm (m_0 and scale taken out) whose
/// inverse cosine distance at the same depth is w: (3π/(16Δ))·w − 1/8. The lower side is this minus O(Δ⁻²/l).
pub fn proposition_14_upper(delta: f64, w: f64) -> f64 {
    3.0 * PI / (16.0 * delta) * w - 0.125
}

/// The pair and depth that are farthest from Proposition 13, of all pairs and reported depths: its O(1), measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Proposition13 {
    /// |ω^{∘(l−1)}(w_1) − prediction|.
    pub distance: f64,
    /// l.
    pub depth: usize,
    /// The two points, counted from 0.
    pub pair: [usize; 2],
}

/// What a check against an exact inequality found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Inequality {
    /// Every margin is larger than its error.
    Holds,
    /// A margin is within its error of 0, none is below that.
    Undecided,
    /// A margin is below 0 by more than its error.
    Violated,
}

/// The upper side of Proposition 14, which has no constant, for all pairs and reported depths.
///
/// The margin is the side minus the entry of K∞ (norms, m_0 and scale taken out, so that a diagonal entry is l); it
/// falls as 1/l. It is shown where it comes nearest to its error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Proposition14 {
    /// Of all pairs and depths.
    pub verdict: Inequality,
    /// The side minus the entry, at the pair and depth below.
    pub margin: f64,
    /// How far the margin may be off there, by the errors of K∞ and of w: 2e−14·(l + (3π/(16Δ))·w).
    pub error: f64,
    /// l of that margin.
    pub depth: usize,
    /// Its two points, counted from 0.
    pub pair: [usize; 2],
    /// The least constant C with which the lower side, that minus C·Δ⁻²/l, holds for all pairs and reported depths.
    pub constant: f64,
}

/// Takes a pair into Proposition 13: w at depth 1 and at this depth.
pub(super) fn see_13(
    worst: &mut Option<Proposition13>,
    delta: f64,
    first: f64,
    w: f64,
    depth: usize,
    pair: [usize; 2],
) {
    if depth == 1 {
        return;
    }
    let distance = (w - proposition_13(delta, first, depth - 1)).abs();
    if distance.is_finite() && worst.is_none_or(|worst| distance > worst.distance) {
        *worst = Some(Proposition13 { distance, depth, pair });
    }
}

/// Takes a pair into Proposition 14: its w and its entry of K∞ at this depth.
pub(super) fn see_14(
    worst: &mut Option<Proposition14>,
    delta: f64,
    w: f64,
    entry: f64,
    depth: usize,
    pair: [usize; 2],
) {
    let side = proposition_14_upper(delta, w);
    let margin = side - entry;
    if !margin.is_finite() {
        return;
    }
    let error = ERROR * (depth as f64 + side.abs() + 0.125);
    let verdict = match margin {
        m if m > error => Inequality::Holds,
        m if m >= -error => Inequality::Undecided,
        _ => Inequality::Violated,
    };
    let constant = margin * delta * delta * depth as f64;
    let mut now = Proposition14 { verdict, margin, error, depth, pair, constant };
    if let Some(old) = *worst {
        // A worse verdict first, then the margin that comes nearest to its error.
        let worse = (now.verdict, old.margin - old.error) > (old.verdict, now.margin - now.error);
        if !worse {
            now = old;
        }
        now.constant = old.constant.max(constant);
    }
    *worst = Some(now);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(entries: &[(f64, f64, usize)]) -> Proposition14 {
        let mut worst = None;
        for &(w, entry, depth) in entries {
            see_14(&mut worst, 1.0, w, entry, depth, [0, depth]);
        }
        worst.unwrap()
    }

    #[test]
    fn one_entry_above_the_side_violates_it_and_one_at_it_leaves_it_open() {
        let side = proposition_14_upper(1.0, 8.0);
        let safe = (8.0, side - 0.5, 3);
        let near = (8.0, side - 0.25, 9);
        let found = seen(&[safe, near, safe]);
        assert_eq!(
            (found.verdict, found.margin, found.depth, found.pair),
            (Inequality::Holds, 0.25, 9, [0, 9])
        );
        assert_eq!(found.constant, 0.25 * 9.0);
        let open = (8.0, side - 1e-15, 5);
        assert_eq!(
            (seen(&[safe, open, near]).verdict, seen(&[safe, open, near]).depth),
            (Inequality::Undecided, 5)
        );
        let above = (8.0, side + 1e-9, 7);
        let found = seen(&[above, open, safe]);
        assert_eq!((found.verdict, found.depth), (Inequality::Violated, 7));
        // The entry of the next depth, a layer off, is above the side.
        assert_eq!(seen(&[(8.0, side + 0.25, 3), safe]).verdict, Inequality::Violated);
        let mut none = None;
        see_14(&mut none, 1.0, f64::INFINITY, 3.0, 3, [0, 1]);
        assert_eq!(none, None);
    }

    #[test]
    fn the_farthest_pair_is_kept() {
        let mut worst = None;
        see_13(&mut worst, 0.5, 2.0, 2.0, 1, [0, 1]);
        assert_eq!(worst, None);
        for (off, depth) in [(0.5, 2), (-2.0, 3), (1.0, 4)] {
            see_13(&mut worst, 0.5, 2.0, proposition_13(0.5, 2.0, depth - 1) + off, depth, [1, 2]);
        }
        assert_eq!(worst.map(|w| (w.depth, (w.distance - 2.0).abs() < 1e-14)), Some((3, true)));
    }
}
