//! |s| against every other activation of a study, at networks that differ in nothing else.

use std::collections::HashMap;

use super::analysis::{Measured, deviations, group, relative_bound};
use super::axis::{Axis, LineKey, Place, phi, width};
use super::summary::CellSummary;
use crate::stats::bootstrap::median_ratio;
use crate::stats::select_quantile;

/// A ratio of two medians.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratio {
    /// The other activation, in the network at which both are compared; of a mean over networks, in the first of them.
    pub place: Place,
    /// Whether it is the geometric mean over all networks that both activations share.
    pub mean: bool,
    /// Median relative deviation of |s| over that of the other; None where it is undefined.
    pub found: Option<Measured>,
    /// The ratio of the exact spreads of K(x,x).
    pub exact: Option<f64>,
    /// The ratio of the bounds over ‖K∞/n‖.
    pub bound: Option<f64>,
}

/// |s| : φ at every network that both have, and from two networks on the geometric mean over them; other activations
/// in the order of the plan.
pub(super) fn ratios(cells: &[&CellSummary]) -> Vec<Ratio> {
    // φ and c·φ have one kernel: a = 0 is |s|.
    let is_abs = |c: &CellSummary| c.a == 0.0;
    fn network(c: &CellSummary) -> (LineKey<'_>, Option<u64>) {
        (Axis::Delta.key(c), c.width)
    }
    let mut abs = HashMap::new();
    for &cell in cells.iter().filter(|c| is_abs(c)) {
        abs.entry(network(cell)).or_insert(cell);
    }
    let others: Vec<&CellSummary> = cells.iter().copied().filter(|c| !is_abs(c)).collect();
    let mut ratios = Vec::new();
    for other in group(&others, phi) {
        let mut pairs: Vec<(&CellSummary, &CellSummary)> = Vec::new();
        for d in other.into_iter().filter(|d| d.depth > 1) {
            pairs.extend(abs.get(&network(d)).map(|&c| (c, d)));
        }
        pairs.sort_by_key(|(c, _)| (c.schedule.as_deref(), c.depth, c.outputs, width(c)));
        ratios.extend(pairs.iter().map(|pair| of(std::slice::from_ref(pair), false)));
        if pairs.len() > 1 {
            ratios.push(of(&pairs, true));
        }
    }
    ratios
}

fn of(pairs: &[(&CellSummary, &CellSummary)], mean: bool) -> Ratio {
    let table = deviations(&pairs.iter().flat_map(|&(c, d)| [c, d]).collect::<Vec<_>>());
    let statistic: fn(&mut [Vec<f64>]) -> Option<f64> = if mean { mean_ratio } else { median_ratio };
    let theory = |number: fn(&CellSummary) -> Option<f64>| {
        let logs: Option<f64> =
            pairs.iter().map(|&(c, d)| Some((number(c)? / number(d)?).ln()).filter(|l| l.is_finite())).sum();
        Some((logs? / pairs.len() as f64).exp())
    };
    Ratio {
        place: Place::of(pairs[0].1),
        mean,
        found: Measured::of(&table, statistic),
        exact: theory(|c| c.limit.relative_sd_diagonal),
        bound: theory(relative_bound),
    }
}

/// The geometric mean of the median ratios of rows 0 : 1, 2 : 3, …
fn mean_ratio(rows: &mut [Vec<f64>]) -> Option<f64> {
    let pairs = rows.len() / 2;
    let logs: Option<f64> = rows
        .chunks_mut(2)
        .map(|pair| {
            let [top, bottom] = pair else { return None };
            let log = (select_quantile(top, 0.5)? / select_quantile(bottom, 0.5)?).ln();
            log.is_finite().then_some(log)
        })
        .sum();
    Some((logs? / pairs as f64).exp())
}
