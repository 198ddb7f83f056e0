//! What a report says, as numbers: one section per data set and arithmetic, in it one line per network that differs in
//! more than the axis, on it one point per cell.
//!
//! The axis is what the study varies most: the width m, the depth l, the outputs m_l, the points n, or Δ of the
//! activation. Medians, exponents and ratios are of the relative deviation ‖K−K∞‖/‖K∞‖ (operator norm). Beside every
//! one of them stands theory, where it has a number: the exact standard deviation of one diagonal entry K(x,x) over its
//! mean, which a typical deviation follows up to a factor that varies slowly, and the right side of the bound over
//! ‖K∞/n‖, which no deviation may outgrow. The trace of K obeys more: s.d.(tr K)/mean(tr K) ≤ s.d.(K(x,x))/mean, since
//! every diagonal entry has the same relative spread and correlations are at most 1; for one point and one output the
//! two are equal.

use std::collections::HashSet;
use std::sync::Arc;

use super::axis::{Axis, family};
use super::cost::Cost;
use super::eigenvalues::Eigenvalues;
use super::fits::{PowerFit, fits};
use super::layers::Layers;
use super::lines::{Measured, distinct, group, lines, relative_bound};
use super::ratios::{Ratio, ratios};
use super::summary::{CellSummary, StudySummary};
use super::tails::{Tails, over};
use crate::limit::ENTRY_ERROR;
use crate::stats::{CONFIDENCE, Moments, Quantile, quantile, spread};
use crate::study::table::CellRecord;

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
    /// Whether draws decided how many seeds a cell has.
    pub stopped_by_draws: bool,
}

/// What the cells of a section have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The first of them: scale, normalize and precision are those of all.
    pub cell: Arc<CellRecord>,
    /// The data source; along n without how many of its rows are used.
    pub data: String,
    /// The number of points; None along n.
    pub n: Option<u64>,
    /// The sampler, or several where `auto` changes it with the width: one law, so one section.
    pub samplers: Vec<String>,
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
    /// The first of its cells.
    pub cell: Arc<CellRecord>,
    /// Ascending along the axis.
    pub points: Vec<Point>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The cell.
    pub cell: Arc<CellRecord>,
    /// Finished seeds.
    pub seeds: usize,
    /// Median of ‖K−K∞‖/‖K∞‖ in the operator norm; None where K∞ = 0.
    pub median: Option<Quantile>,
    /// The [`UPPER`] quantile of the same.
    pub upper: Option<Quantile>,
    /// Least eigenvalue of K/n over seeds.
    pub lambda_min: Moments,
    /// What rounding leaves uncertain of the least eigenvalues: of K/n at the precision of the cell, and of K∞/n.
    pub lambda_rounding: [f64; 2],
    /// Standard deviation of the trace of K over its mean; None of fewer than two seeds.
    pub trace_spread: Option<Measured>,
    /// The bound's right side over ‖K∞/n‖.
    pub relative_bound: Option<f64>,
    /// The [`UPPER`] quantile of ‖K−K∞‖/n over the bound's right side.
    pub bound_constant: Option<Quantile>,
    /// The same over the right side in full, with its logarithms.
    pub full_constant: Option<Quantile>,
    /// Large deviations: how often, and how large once in m draws.
    pub tails: Tails,
    /// What its layers say; None where none were kept.
    pub layers: Option<Layers>,
    /// What independent gradients would change; None where it was not asked for.
    pub cost: Option<Cost>,
    /// Its eigenvalues; None where they were not kept.
    pub eigenvalues: Option<Eigenvalues>,
}

impl Analysis {
    /// Computes everything from the stored results.
    pub fn new(study: &StudySummary) -> Self {
        Self::finished(study, None)
    }

    /// The same along an axis of choice in place of the one that the study varies most.
    pub fn along(study: &StudySummary, axis: Axis) -> Self {
        Self::finished(study, Some(axis))
    }

    fn finished(study: &StudySummary, along: Option<Axis>) -> Self {
        let cells: Vec<&CellSummary> = study.cells.iter().filter(|c| !c.seeds.is_empty()).collect();
        Self {
            empty_cells: study.cells.len() - cells.len(),
            stopped_by_draws: study.stopped_by_draws,
            ..Self::of(&study.name, &cells, along)
        }
    }

    /// What theory says of all cells of a study, whether any of their seeds is finished or not.
    pub fn theory(study: &StudySummary) -> Self {
        let bare = |cell: &CellSummary| CellSummary {
            cell: Arc::clone(&cell.cell),
            ..CellSummary::new(CellRecord::default())
        };
        let cells: Vec<CellSummary> = study.cells.iter().map(bare).collect();
        Self::of(&study.name, &cells.iter().collect::<Vec<_>>(), None)
    }

    fn of(name: &str, cells: &[&CellSummary], along: Option<Axis>) -> Self {
        // `auto` may change the sampler with the width; only a plan that crosses samplers tells them apart.
        let mut networks = HashSet::new();
        let by_sampler = cells
            .iter()
            .any(|c| !networks.insert((setting_key(c), Axis::Width.key(&c.cell), &c.cell.widths)));
        let sampler = |c: &'_ CellSummary| by_sampler.then(|| c.cell.sampler.clone());
        let mut sections = group(cells, |c| (setting_key(c), sampler(c)));
        // Data sets that differ in n alone are sections of their own, but where n is what the study varies most.
        let families = group(cells, |c| (family_key(c), sampler(c)));
        let axis = along.unwrap_or_else(|| axis(&sections, &families));
        if axis == Axis::Points {
            sections = families;
        }
        Self {
            name: name.to_owned(),
            axis,
            sections: sections.iter().map(|cells| section(axis, cells)).collect(),
            empty_cells: 0,
            stopped_by_draws: false,
        }
    }
}

/// Equal for cells of one section.
fn setting_key(c: &CellSummary) -> (&str, &str, u64, &str, u64) {
    let c = &c.cell;
    (&c.data, &c.normalize, c.n, &c.precision, c.scale.to_bits())
}

/// Equal for cells of one section along n.
fn family_key(c: &CellSummary) -> (std::borrow::Cow<'_, str>, &str, &str, u64) {
    let c = &c.cell;
    (family(&c.data), &c.normalize, &c.precision, c.scale.to_bits())
}

/// The axis with the longest line. Two activations are two lines, not an axis.
fn axis(sections: &[Vec<&CellSummary>], families: &[Vec<&CellSummary>]) -> Axis {
    let longest = |axis: Axis| {
        let sections = if axis == Axis::Points { families } else { sections };
        let lines = sections.iter().flat_map(|cells| group(cells, |c| axis.key(&c.cell)));
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

fn setting(axis: Axis, cells: &[&CellSummary]) -> Setting {
    let mut samplers: Vec<String> = cells.iter().map(|c| c.cell.sampler.clone()).collect();
    samplers.sort();
    samplers.dedup();
    let cell = Arc::clone(&cells[0].cell);
    let along = axis == Axis::Points;
    let data = if along { family(&cell.data).into_owned() } else { cell.data.clone() };
    Setting { data, n: (!along).then_some(cell.n), cell, samplers }
}

fn section(axis: Axis, cells: &[&CellSummary]) -> Section {
    let line = |cells: &Vec<&CellSummary>| Line {
        cell: Arc::clone(&cells[0].cell),
        points: cells.iter().map(|c| point(c)).collect(),
    };
    Section {
        setting: setting(axis, cells),
        lines: lines(axis, cells).iter().map(line).collect(),
        fits: fits(axis, cells),
        ratios: ratios(cells),
    }
}

fn point(summary: &CellSummary) -> Point {
    let limit = &summary.cell.limit;
    let relative = ascending(summary.column(|s| s.relative_op));
    let deviations = ascending(summary.column(|s| s.deviation_op));
    let upper = quantile(&deviations, UPPER, CONFIDENCE);
    let rounding = lambda_rounding(summary);
    Point {
        cell: Arc::clone(&summary.cell),
        seeds: summary.seeds.len(),
        median: quantile(&relative, 0.5, CONFIDENCE),
        upper: quantile(&relative, UPPER, CONFIDENCE),
        lambda_min: Moments::of(&summary.column(|s| s.lambda_min)),
        lambda_rounding: rounding,
        trace_spread: spread(&summary.column(|s| s.trace)).map(Measured::from),
        relative_bound: relative_bound(limit),
        bound_constant: upper.and_then(|q| over(&q, limit.bound)),
        full_constant: upper.and_then(|q| over(&q, limit.bound_full)),
        tails: Tails::of(summary, &relative, &deviations),
        layers: Layers::of(summary),
        cost: Cost::of(summary),
        eigenvalues: Eigenvalues::of(summary, rounding),
    }
}

/// Of K/n about sixteen roundings of its panels, which deep draws show, of K∞/n what [`crate::limit::Spectrum`]
/// promises for a trace of at most n·λ_max; both relative to the largest eigenvalue, and n·m_l roundings of the solver.
fn lambda_rounding(summary: &CellSummary) -> [f64; 2] {
    let cell = &summary.cell;
    let panel = match cell.precision.as_str() {
        "f64" => f64::EPSILON,
        "f16" => 2f64.powi(-11),
        "f32" => f64::from(f32::EPSILON),
        // Nothing is known of another's rounding, and nothing is said of it.
        _ => f64::NAN,
    };
    let solver = (cell.n * cell.outputs) as f64 * f64::EPSILON;
    let largest = summary.samples.iter().fold(0.0, |m: f64, s| m.max(s.lambda_max));
    let limit = ENTRY_ERROR * cell.n as f64 + solver;
    [(16.0 * panel + solver) * largest, limit * cell.limit.lambda_max.unwrap_or(f64::NAN)]
}

fn ascending(values: Vec<f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.into_iter().filter(|v| !v.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}
