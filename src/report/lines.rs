//! Cells in lines: what the numbers of a report have in common.

use std::collections::HashMap;
use std::hash::Hash;

use super::axis::Axis;
use super::summary::CellSummary;
use crate::stats::{CONFIDENCE, Centre, Interval, NoInterval, SeedTable, Spread};
use crate::study::table::LimitRecord;

/// A number with its bootstrap interval, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The number.
    pub value: f64,
    /// Its interval.
    pub interval: Result<Interval, NoInterval>,
}

impl From<Spread> for Measured {
    fn from(spread: Spread) -> Self {
        Self { value: spread.value, interval: spread.interval }
    }
}

impl Measured {
    /// A statistic of the medians of a table of seeds; None where it is undefined.
    pub(super) fn of(table: &SeedTable, statistic: impl Fn(&[f64]) -> Option<f64> + Sync) -> Option<Self> {
        let value = statistic(&table.centres(Centre::Median)).filter(|v| v.is_finite())?;
        Some(Self { value, interval: table.interval(CONFIDENCE, Centre::Median, statistic) })
    }
}

/// Different values of an axis among cells.
pub(super) fn distinct(axis: Axis, cells: &[&CellSummary]) -> usize {
    let mut values: Vec<f64> = cells.iter().filter_map(|c| axis.value(&c.cell)).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.dedup();
    values.len()
}

/// Cells in groups of equal keys, in the order of first appearance.
pub(super) fn group<'c, K: Eq + Hash>(
    cells: &[&'c CellSummary],
    key: impl Fn(&'c CellSummary) -> K,
) -> Vec<Vec<&'c CellSummary>> {
    let mut groups: Vec<Vec<&CellSummary>> = Vec::new();
    let mut indices = HashMap::new();
    for &cell in cells {
        let index = *indices.entry(key(cell)).or_insert(groups.len());
        match groups.get_mut(index) {
            Some(group) => group.push(cell),
            None => groups.push(vec![cell]),
        }
    }
    groups
}

/// Cells that differ along the axis alone, ascending along it, in groups.
pub(super) fn lines<'c>(axis: Axis, cells: &[&'c CellSummary]) -> Vec<Vec<&'c CellSummary>> {
    let mut lines = group(cells, |c| axis.key(&c.cell));
    let at = |c: &&CellSummary| axis.value(&c.cell).unwrap_or(0.0);
    lines.iter_mut().for_each(|line| line.sort_by(|c, d| at(c).total_cmp(&at(d))));
    lines
}

/// The relative deviations of cells, over the seeds that all have.
pub(super) fn deviations(cells: &[&CellSummary]) -> SeedTable {
    let columns: Vec<Vec<f64>> = cells.iter().map(|c| c.column(|s| s.relative_op)).collect();
    let columns = cells.iter().zip(&columns).map(|(c, column)| (c.seeds.as_slice(), column.as_slice()));
    SeedTable::joint(&columns.collect::<Vec<_>>())
}

/// The bound's right side over ‖K∞/n‖, as the deviations are.
pub(super) fn relative_bound(limit: &LimitRecord) -> Option<f64> {
    let bound = limit.bound? / limit.lambda_max?;
    (bound.is_finite() && bound > 0.0).then_some(bound)
}
