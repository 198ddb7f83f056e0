//! What independent gradients would change, seed by seed.

use super::summary::CellSummary;

/// The cost by seed: ‖K − K_gia‖ of the same draws over ‖K∞‖.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// The finished seeds, ascending.
    pub seeds: Vec<u64>,
    /// The number of each of them.
    pub relative: Vec<f64>,
}

impl Cost {
    /// Of a cell; None where the study did not ask for it.
    pub(super) fn of(summary: &CellSummary) -> Option<Self> {
        let relative = summary.independence.clone();
        let all = !relative.is_empty() && relative.len() == summary.seeds.len();
        (all && relative.iter().any(|v| !v.is_nan())).then(|| Self { seeds: summary.seeds.clone(), relative })
    }
}
