//! What independent gradients would change in one cell.

use super::summary::CellSummary;
use crate::independence::{AtWidth, Samples};

/// K beside K_gia of the same draws: the seeds, and what they say.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// Seed by seed.
    pub samples: Samples,
    /// Medians, the test of the two laws (its p is not adjusted for other cells), pairs by their angle.
    pub found: AtWidth,
}

impl Cost {
    /// Of a cell; None where the study did not ask for it.
    pub(super) fn of(summary: &CellSummary) -> Option<Self> {
        let samples = &summary.independence;
        let all = !samples.seeds.is_empty() && samples.seeds.len() == summary.seeds.len();
        let any = all && samples.relative.iter().any(|v| !v.is_nan());
        any.then(|| Self { samples: samples.clone(), found: AtWidth::of(samples) })
    }
}
