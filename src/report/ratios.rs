//! |s| against every other activation of a study, at networks that differ in nothing else.

use std::collections::HashMap;
use std::sync::Arc;

use super::axis::{Axis, LineKey, phi};
use super::lines::{Measured, deviations, group, relative_bound};
use super::summary::CellSummary;
use crate::stats::bootstrap::{mean_ratio, ratio};
use crate::stats::{CONFIDENCE, Centre};
use crate::study::table::{CellRecord, LimitRecord};

/// A ratio of two medians.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratio {
    /// The cell of the other activation, in the network at which both are compared; of a mean over networks, the first.
    pub cell: Arc<CellRecord>,
    /// Whether it is the geometric mean over all networks that both activations share.
    pub mean: bool,
    /// Median relative deviation of |s| over that of the other; None where it is undefined.
    pub found: Option<Measured>,
    /// The lower limit of it that holds for the networks of the section all at once; None where there is none.
    pub low_together: Option<f64>,
    /// The ratio of the exact spreads of K(x,x).
    pub exact: Option<f64>,
    /// The ratio of the bounds over ‖K∞/n‖.
    pub bound: Option<f64>,
}

/// |s| : φ at every network that both have, and from two networks on the geometric mean over them; other activations
/// in the order of the plan.
pub(super) fn ratios(cells: &[&CellSummary]) -> Vec<Ratio> {
    // φ and c·φ have one kernel: a = 0 is |s|.
    let is_abs = |c: &CellSummary| c.cell.a == 0.0;
    fn network(c: &CellSummary) -> (LineKey<'_>, Option<u64>) {
        (Axis::Delta.key(&c.cell), c.cell.width())
    }
    let mut abs = HashMap::new();
    for &cell in cells.iter().filter(|c| is_abs(c)) {
        abs.entry(network(cell)).or_insert(cell);
    }
    let others: Vec<&CellSummary> = cells.iter().copied().filter(|c| !is_abs(c)).collect();
    let mut compared: Vec<Vec<(&CellSummary, &CellSummary)>> = Vec::new();
    for other in group(&others, |c| phi(&c.cell)) {
        let mut pairs: Vec<(&CellSummary, &CellSummary)> = Vec::new();
        for d in other.into_iter().filter(|d| d.cell.depth > 1) {
            pairs.extend(abs.get(&network(d)).map(|&c| (c, d)));
        }
        pairs.sort_by_key(|(c, _)| {
            (c.cell.schedule.as_deref(), c.cell.depth, c.cell.outputs, c.cell.n, c.cell.m)
        });
        compared.push(pairs);
    }
    let networks = compared.iter().map(Vec::len).sum();
    let mut ratios = Vec::new();
    for pairs in &compared {
        ratios.extend(pairs.iter().map(|pair| of(std::slice::from_ref(pair), false, networks)));
        if pairs.len() > 1 {
            ratios.push(of(pairs, true, networks));
        }
    }
    ratios
}

fn of(pairs: &[(&CellSummary, &CellSummary)], mean: bool, networks: usize) -> Ratio {
    let table = deviations(&pairs.iter().flat_map(|&(c, d)| [c, d]).collect::<Vec<_>>());
    let statistic = if mean { mean_ratio } else { ratio };
    let theory = |number: fn(&LimitRecord) -> Option<f64>| {
        let logs: Option<f64> = pairs
            .iter()
            .map(|&(c, d)| {
                Some((number(&c.cell.limit)? / number(&d.cell.limit)?).ln()).filter(|l| l.is_finite())
            })
            .sum();
        Some((logs? / pairs.len() as f64).exp())
    };
    let value = statistic(&table.centres(Centre::Median)).filter(|v| v.is_finite());
    let mut resampled = value.map(|_| table.resampled(Centre::Median, statistic));
    let low_together = match &mut resampled {
        Some(Ok(resampled)) => resampled.low_of(CONFIDENCE, networks),
        _ => None,
    };
    let interval = resampled.map(|resampled| resampled.map(|mut of| of.interval(CONFIDENCE)));
    Ratio {
        cell: Arc::clone(&pairs[0].1.cell),
        mean,
        found: value.zip(interval).map(|(value, interval)| Measured { value, interval }),
        low_together,
        exact: theory(|limit| limit.relative_sd_diagonal),
        bound: theory(relative_bound),
    }
}
