//! Exponents of the median deviation in the width, the depth, the number of outputs and that of points, beside those of
//! theory.

use std::sync::Arc;

use super::axis::Axis;
use super::eigenvalues::Approach;
use super::lines::{deviations, distinct, lines, relative_bound};
use super::summary::CellSummary;
use crate::stats::{Centre, ExponentFit, NoFit, SeedTable, exponent};
use crate::study::table::{CellRecord, LimitRecord};

/// The exponent over networks that differ in one number alone.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerFit {
    /// That number: width, depth, outputs or points.
    pub axis: Axis,
    /// The first of the cells.
    pub cell: Arc<CellRecord>,
    /// The least and the largest of the number; None where no network has one.
    pub range: Option<(f64, f64)>,
    /// The exponent of the median deviation, or why there is none.
    pub exponent: Result<ExponentFit, NoFit>,
    /// The exponent of the exact spread of K(x,x) over the same networks.
    pub exact_exponent: Option<f64>,
    /// The exponent of the bound over ‖K∞/n‖ over the same networks.
    pub bound_exponent: Option<f64>,
    /// Of the eigenvalues, along the width; None where they were not kept.
    pub approach: Option<Approach>,
}

/// All exponents of a section: in m, l, m_l and n wherever they vary, and in m also where it is the axis of the report
/// and does not vary, so that the reader is told why there is no exponent.
pub(super) fn fits(axis: Axis, cells: &[&CellSummary]) -> Vec<PowerFit> {
    let mut fits = Vec::new();
    for along in Axis::POWERS {
        for line in lines(along, cells) {
            // One weight matrix has no spread: K = K∞, whose deviation has no logarithm.
            let line: Vec<&CellSummary> = line.into_iter().filter(|c| c.cell.depth > 1).collect();
            let several = distinct(along, &line) > 1;
            if several || (along == axis && axis == Axis::Width && !line.is_empty()) {
                fits.push(fit(along, &line));
            }
        }
    }
    fits
}

fn fit(axis: Axis, cells: &[&CellSummary]) -> PowerFit {
    let x: Vec<f64> = cells.iter().filter_map(|c| axis.value(&c.cell)).collect();
    PowerFit {
        axis,
        cell: Arc::clone(&cells[0].cell),
        range: x.first().copied().zip(x.last().copied()),
        exponent: exponent(&x, &deviations(cells), Centre::Median),
        exact_exponent: slope(&x, cells, |limit| limit.relative_sd_diagonal),
        bound_exponent: slope(&x, cells, relative_bound),
        approach: (axis == Axis::Width).then(|| Approach::of(&x, cells)).flatten(),
    }
}

/// The same fit to numbers that no seed moves.
fn slope(x: &[f64], cells: &[&CellSummary], value: fn(&LimitRecord) -> Option<f64>) -> Option<f64> {
    let values: Option<Vec<[f64; 1]>> = cells.iter().map(|c| value(&c.cell.limit).map(|v| [v])).collect();
    let values = values?;
    let columns: Vec<(&[u64], &[f64])> = values.iter().map(|v| (&[0u64][..], &v[..])).collect();
    exponent(x, &SeedTable::joint(&columns), Centre::Median).ok().map(|fit| fit.exponent)
}
