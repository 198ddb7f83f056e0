//! What a report says, as numbers: one section per data set and arithmetic, in it one line per network that differs in
//! more than the axis, on it one point per cell.
//!
//! The axis is what the study varies most: the width m, the depth l, the outputs m_l, or Δ of the activation. Medians,
//! exponents and ratios are of the relative deviation ‖K−K∞‖/‖K∞‖ (operator norm). Beside every one of them stands
//! theory, where it has a number: the exact standard deviation of one diagonal entry K(x,x) over its mean, which a
//! typical deviation follows up to a factor that varies slowly, and the right side of the bound over ‖K∞/n‖, which no
//! deviation may outgrow. The trace of K obeys more: s.d.(tr K)/mean(tr K) ≤ s.d.(K(x,x))/mean, since every diagonal
//! entry has the same relative spread and correlations are at most 1; for one point and one output the two are equal.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::axis::{Axis, Place};
use super::fits::{PowerFit, fits};
use super::ratios::{Ratio, ratios};
use super::summary::{CellSummary, StudySummary};
use crate::limit::ENTRY_ERROR;
use crate::stats::{
    CONFIDENCE, Interval, Moments, NoInterval, Quantile, SeedTable, Spread, bound_constant, quantile, spread,
};

/// The upper quantile that is reported beside the median.
pub const UPPER: f64 = 0.9;

/// All that tables and figures show of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// Name of the study.
    pub name: String,
    /// Along what the points of a line follow each other.
    pub axis: Axis,
    /// One section per setting, in the order of the plan.
    pub sections: Vec<Section>,
    /// Cells without a finished seed; they are in no section.
    pub empty_cells: usize,
}

/// What the cells of a section have in common beside what their [`Place`]s say.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The constant in front of K.
    pub scale: f64,
    /// Data source.
    pub data: String,
    /// `sphere` or `none`.
    pub normalize: String,
    /// Points.
    pub n: usize,
    /// The sampler, or several where `auto` changes it with the width: one law, so one section.
    pub samplers: Vec<String>,
    /// Precision.
    pub precision: String,
}

/// Cells of one setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// What they share.
    pub setting: Setting,
    /// In the order of the plan.
    pub lines: Vec<Line>,
    /// Exponents in m, l and m_l, for networks that differ in nothing else.
    pub fits: Vec<PowerFit>,
    /// |s| against each other activation at equal networks; empty where |s| is missing.
    pub ratios: Vec<Ratio>,
}

/// Networks that differ along the axis alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The first of its networks.
    pub place: Place,
    /// Ascending along the axis.
    pub points: Vec<Point>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The network.
    pub place: Place,
    /// Finished seeds.
    pub seeds: usize,
    /// Median of ‖K−K∞‖/‖K∞‖ in the operator norm; None where K∞ = 0.
    pub median: Option<Quantile>,
    /// The [`UPPER`] quantile of the same.
    pub upper: Option<Quantile>,
    /// Least eigenvalue of K/n over seeds.
    pub lambda_min: Moments,
    /// Least eigenvalue of K∞/n.
    pub limit_lambda_min: f64,
    /// What rounding leaves uncertain of the least eigenvalues: of K/n at the precision of the cell, and of K∞/n.
    pub lambda_rounding: [f64; 2],
    /// Standard deviation of the trace of K over its mean; None of fewer than two seeds.
    pub trace_spread: Option<Measured>,
    /// Exact standard deviation of K(x,x) over its mean.
    pub relative_sd_diagonal: Option<f64>,
    /// The bound's right side over ‖K∞/n‖.
    pub relative_bound: Option<f64>,
    /// The [`UPPER`] quantile of ‖K−K∞‖/n over the bound's right side.
    pub bound_constant: Option<Quantile>,
}

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
    /// A statistic of a table of seeds; None where it is undefined.
    pub(super) fn of(
        table: &SeedTable,
        statistic: impl Fn(&mut [Vec<f64>]) -> Option<f64> + Sync + Copy,
    ) -> Option<Self> {
        let value = table.value(statistic).filter(|v| v.is_finite())?;
        Some(Self { value, interval: table.interval(CONFIDENCE, statistic) })
    }
}

impl Analysis {
    /// Computes everything from the stored results.
    pub fn new(study: &StudySummary) -> Self {
        let cells: Vec<&CellSummary> = study.cells.iter().filter(|c| !c.seeds.is_empty()).collect();
        Self { empty_cells: study.cells.len() - cells.len(), ..Self::of(&study.name, &cells) }
    }

    /// What theory says of all cells of a study, whether any of their seeds is finished or not.
    pub fn theory(study: &StudySummary) -> Self {
        let bare = |cell: &CellSummary| CellSummary {
            seeds: Vec::new(),
            columns: super::summary::Columns::default(),
            ..cell.clone()
        };
        let cells: Vec<CellSummary> = study.cells.iter().map(bare).collect();
        Self::of(&study.name, &cells.iter().collect::<Vec<_>>())
    }

    fn of(name: &str, cells: &[&CellSummary]) -> Self {
        // `auto` may change the sampler with the width; only a plan that crosses samplers tells them apart.
        let mut networks = HashSet::new();
        let by_sampler =
            cells.iter().any(|c| !networks.insert((setting_key(c), Axis::Width.key(c), &c.hidden)));
        let sections = group(cells, |c| (setting_key(c), by_sampler.then_some(&c.sampler)));
        let axis = axis(&sections);
        Self {
            name: name.to_owned(),
            axis,
            sections: sections.iter().map(|cells| section(axis, cells)).collect(),
            empty_cells: 0,
        }
    }
}

/// Equal for cells of one section.
fn setting_key(c: &CellSummary) -> (&str, &str, usize, &str, u64) {
    (&c.data, &c.normalize, c.n, &c.precision, c.scale.to_bits())
}

/// The axis with the longest line. Two activations are two lines, not an axis.
fn axis(sections: &[Vec<&CellSummary>]) -> Axis {
    let longest = |axis: Axis| {
        let lines = sections.iter().flat_map(|cells| group(cells, |c| axis.key(c)));
        lines.map(|line| distinct(axis, &line)).max().unwrap_or(0)
    };
    let mut best = (0, Axis::Width);
    for axis in Axis::ALL {
        let length = longest(axis);
        if length > best.0 && (axis != Axis::Delta || length > 2) {
            best = (length, axis);
        }
    }
    best.1
}

/// Different values of an axis among cells.
pub(super) fn distinct(axis: Axis, cells: &[&CellSummary]) -> usize {
    let mut values: Vec<f64> = cells.iter().filter_map(|c| axis.at(c)).collect();
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
    let mut places = HashMap::new();
    for &cell in cells {
        let place = *places.entry(key(cell)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(cell),
            None => groups.push(vec![cell]),
        }
    }
    groups
}

/// Cells that differ along the axis alone, ascending along it, in groups.
pub(super) fn lines<'c>(axis: Axis, cells: &[&'c CellSummary]) -> Vec<Vec<&'c CellSummary>> {
    let mut lines = group(cells, |c| axis.key(c));
    let at = |c: &&CellSummary| axis.at(c).unwrap_or(0.0);
    lines.iter_mut().for_each(|line| line.sort_by(|c, d| at(c).total_cmp(&at(d))));
    lines
}

fn setting(cells: &[&CellSummary]) -> Setting {
    let first = cells[0];
    let mut samplers: Vec<String> = cells.iter().map(|c| c.sampler.clone()).collect();
    samplers.sort();
    samplers.dedup();
    Setting {
        scale: first.scale,
        data: first.data.clone(),
        normalize: first.normalize.clone(),
        n: first.n,
        samplers,
        precision: first.precision.clone(),
    }
}

fn section(axis: Axis, cells: &[&CellSummary]) -> Section {
    let line = |cells: &Vec<&CellSummary>| Line {
        place: Place::of(cells[0]),
        points: cells.iter().map(|c| point(c)).collect(),
    };
    Section {
        setting: setting(cells),
        lines: lines(axis, cells).iter().map(line).collect(),
        fits: fits(axis, cells),
        ratios: ratios(cells),
    }
}

/// The relative deviations of cells, over the seeds that all have.
pub(super) fn deviations(cells: &[&CellSummary]) -> SeedTable {
    let columns: Vec<(&[u64], &[f64])> =
        cells.iter().map(|c| (c.seeds.as_slice(), c.columns.relative_op.as_slice())).collect();
    SeedTable::joint(&columns)
}

/// The bound's right side over ‖K∞/n‖, as the deviations are.
pub(super) fn relative_bound(cell: &CellSummary) -> Option<f64> {
    let bound = cell.limit.bound? / cell.limit.lambda_max;
    (bound.is_finite() && bound > 0.0).then_some(bound)
}

fn point(cell: &CellSummary) -> Point {
    let relative = ascending(&cell.columns.relative_op);
    let upper = quantile(&ascending(&cell.columns.deviation_op), UPPER, CONFIDENCE);
    let constant = |q: Quantile| {
        let over = |v: f64| bound_constant(v, cell.limit.bound);
        let interval = Interval { low: q.interval.low.and_then(over), high: q.interval.high.and_then(over) };
        Some(Quantile { estimate: over(q.estimate)?, interval, ..q })
    };
    let trace = SeedTable::joint(&[(&cell.seeds, &cell.columns.trace)]);
    Point {
        place: Place::of(cell),
        seeds: cell.seeds.len(),
        median: quantile(&relative, 0.5, CONFIDENCE),
        upper: quantile(&relative, UPPER, CONFIDENCE),
        lambda_min: Moments::of(&cell.columns.lambda_min),
        limit_lambda_min: cell.limit.lambda_min,
        lambda_rounding: lambda_rounding(cell),
        trace_spread: spread(trace.row(0)).map(Measured::from),
        relative_sd_diagonal: cell.limit.relative_sd_diagonal,
        relative_bound: relative_bound(cell),
        bound_constant: upper.and_then(constant),
    }
}

/// Of K/n about sixteen roundings of its panels, which deep draws show, of K∞/n what [`crate::limit::Spectrum`] promises for
/// a trace of at most n·λ_max; both relative to the largest eigenvalue, and n·m_l roundings of the solver.
fn lambda_rounding(cell: &CellSummary) -> [f64; 2] {
    let panel = match cell.precision.as_str() {
        "f64" => f64::EPSILON,
        "f16" => 2f64.powi(-11),
        _ => f64::from(f32::EPSILON),
    };
    let solver = (cell.n * cell.outputs) as f64 * f64::EPSILON;
    let largest = cell.columns.lambda_max.iter().fold(0.0, |m: f64, v| m.max(*v));
    let limit = ENTRY_ERROR * cell.n as f64 + solver;
    [(16.0 * panel + solver) * largest, limit * cell.limit.lambda_max]
}

fn ascending(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}
