//! What a report says, as numbers: sections of equal setting, one line per activation, one point per width.
//!
//! The exponents are fitted to the median relative deviation (operator norm). Their theory: the spread of K about
//! its limit is of order m^−½, exactly so for a diagonal entry at large widths (`relative_sd_diagonal`), so the
//! typical deviation of a wide network falls as m^−½. The bound has the same power of m.

use super::summary::{CellSummary, StudySummary};
use crate::stats::bootstrap::median_ratio;
use crate::stats::{
    CONFIDENCE, Centre, ExponentFit, Interval, Moments, NoFit, NoInterval, Quantile, SeedTable,
    bound_constant, exponent, quantile, select_quantile,
};

/// The upper quantile that is reported beside the median.
pub const UPPER: f64 = 0.9;

/// All that tables and figures show of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// Name of the study.
    pub name: String,
    /// One section per setting, in the order of the plan.
    pub sections: Vec<Section>,
    /// Exponents in the depth l, for networks that differ in nothing else; none where no two depths exist.
    pub depths: Vec<DepthFit>,
    /// Cells without a finished seed; they are in no section.
    pub empty_cells: usize,
}

/// What the cells of a section have in common: all but activation and width.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// l.
    pub depth: usize,
    /// m_l.
    pub outputs: usize,
    /// The schedule of the widths; None where they were listed, or at depth 1.
    pub schedule: Option<String>,
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
    /// One line per activation, in the order of the plan.
    pub lines: Vec<Line>,
    /// |s| against ReLU at equal width, ascending; empty where one of them is missing.
    pub ratios: Vec<Ratio>,
    /// The geometric mean of these ratios over the widths; None where fewer than two widths have one.
    pub mean_ratio: Option<Ratio>,
}

/// One activation over widths.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The activation as the plan has it.
    pub activation: String,
    /// Coefficient of s.
    pub a: f64,
    /// Coefficient of |s|.
    pub b: f64,
    /// Ascending in width.
    pub points: Vec<Point>,
    /// The exponent in m, or why there is none.
    pub exponent: Result<ExponentFit, NoFit>,
    /// The exponent in m of the exact spread of K(x,x) over the same widths.
    pub exact_exponent: Option<f64>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// m, or the narrowest hidden width where the widths were listed; None without a hidden layer.
    pub width: Option<u64>,
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
    /// Exact standard deviation of K(x,x) over its mean.
    pub relative_sd_diagonal: Option<f64>,
    /// The [`UPPER`] quantile of ‖K−K∞‖/n over the bound's right side.
    pub bound_constant: Option<f64>,
}

/// A ratio of two medians.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratio {
    /// m; None for the mean over widths.
    pub width: Option<u64>,
    /// Median relative deviation of |s| over that of ReLU.
    pub ratio: f64,
    /// Bootstrap interval, seeds resampled jointly, or why there is none.
    pub interval: Result<Interval, NoInterval>,
}

/// An exponent in the depth.
#[derive(Clone, Debug, PartialEq)]
pub struct DepthFit {
    /// The activation as the plan has it.
    pub activation: String,
    /// What the networks share; `depth` is the least.
    pub setting: Setting,
    /// m, as in [`Point`].
    pub width: Option<u64>,
    /// The depths, ascending.
    pub depths: Vec<usize>,
    /// The exponent in l, or why there is none.
    pub exponent: Result<ExponentFit, NoFit>,
}

impl Analysis {
    /// Computes everything from the stored results.
    pub fn new(study: &StudySummary) -> Self {
        let cells: Vec<&CellSummary> = study.cells.iter().filter(|c| !c.seeds.is_empty()).collect();
        // `auto` may change the sampler with the width; only a plan that crosses samplers tells them apart.
        let repeated = |c: &&CellSummary| cells.iter().filter(|d| same_network(c, d)).count() > 1;
        let by_sampler = cells.iter().any(repeated);
        let sections = group(&cells, |c, d| same_setting(c, d, by_sampler) && c.depth == d.depth);
        let depths = group(&cells, |c, d| {
            same_setting(c, d, by_sampler) && same_activation(c, d) && abscissa(c) == abscissa(d)
        });
        Self {
            name: study.name.clone(),
            sections: sections.iter().map(|cells| section(cells)).collect(),
            depths: depths.iter().filter_map(|cells| depth_fit(cells)).collect(),
            empty_cells: study.cells.len() - cells.len(),
        }
    }
}

/// m, or the narrowest hidden width where there is no schedule.
fn abscissa(cell: &CellSummary) -> Option<u64> {
    cell.width.or_else(|| cell.hidden.iter().copied().min())
}

fn same_setting(c: &CellSummary, d: &CellSummary, by_sampler: bool) -> bool {
    // At depth 1 there is no schedule: not a difference to the deeper networks of the plan.
    let schedule = c.schedule == d.schedule;
    let data = (&c.data, &c.normalize, c.n) == (&d.data, &d.normalize, d.n);
    let kind = (c.outputs, &c.precision) == (d.outputs, &d.precision) && c.scale == d.scale;
    schedule && data && kind && (!by_sampler || c.sampler == d.sampler)
}

fn same_activation(c: &CellSummary, d: &CellSummary) -> bool {
    (c.a, c.b) == (d.a, d.b)
}

fn same_network(c: &CellSummary, d: &CellSummary) -> bool {
    same_setting(c, d, false) && same_activation(c, d) && c.hidden == d.hidden
}

/// Cells in groups of equal ones, in the order of first appearance.
fn group<'c>(
    cells: &[&'c CellSummary],
    equal: impl Fn(&CellSummary, &CellSummary) -> bool,
) -> Vec<Vec<&'c CellSummary>> {
    let mut groups: Vec<Vec<&CellSummary>> = Vec::new();
    for &cell in cells {
        match groups.iter_mut().find(|g| equal(g[0], cell)) {
            Some(group) => group.push(cell),
            None => groups.push(vec![cell]),
        }
    }
    groups
}

fn setting(cells: &[&CellSummary]) -> Setting {
    let first = cells[0];
    let mut samplers: Vec<String> = cells.iter().map(|c| c.sampler.clone()).collect();
    samplers.sort();
    samplers.dedup();
    Setting {
        depth: cells.iter().map(|c| c.depth).min().unwrap_or(first.depth),
        outputs: first.outputs,
        schedule: first.schedule.clone(),
        scale: first.scale,
        data: first.data.clone(),
        normalize: first.normalize.clone(),
        n: first.n,
        samplers,
        precision: first.precision.clone(),
    }
}

fn section(cells: &[&CellSummary]) -> Section {
    let mut lines = group(cells, same_activation);
    lines.iter_mut().for_each(|line| line.sort_by_key(|c| abscissa(c)));
    let (ratios, mean_ratio) = ratios(&lines);
    Section {
        setting: setting(cells),
        lines: lines.iter().map(|cells| line(cells)).collect(),
        ratios,
        mean_ratio,
    }
}

fn line(cells: &[&CellSummary]) -> Line {
    let (wide, x): (Vec<&CellSummary>, Vec<f64>) =
        cells.iter().filter_map(|c| Some((*c, abscissa(c)? as f64))).unzip();
    Line {
        activation: cells[0].activation.clone(),
        a: cells[0].a,
        b: cells[0].b,
        points: cells.iter().map(|c| point(c)).collect(),
        exponent: exponent(&x, &table(&wide), Centre::Median),
        exact_exponent: exact_exponent(&wide, &x),
    }
}

fn table(cells: &[&CellSummary]) -> SeedTable {
    let columns: Vec<(&[u64], &[f64])> =
        cells.iter().map(|c| (c.seeds.as_slice(), c.columns.relative_op.as_slice())).collect();
    SeedTable::joint(&columns)
}

/// The slope of log relative_sd_diagonal: the same fit, to numbers that no seed moves.
fn exact_exponent(cells: &[&CellSummary], x: &[f64]) -> Option<f64> {
    let exact: Option<Vec<[f64; 1]>> =
        cells.iter().map(|c| c.limit.relative_sd_diagonal.map(|sd| [sd])).collect();
    let exact = exact?;
    let columns: Vec<(&[u64], &[f64])> = exact.iter().map(|sd| (&[0u64][..], &sd[..])).collect();
    exponent(x, &SeedTable::joint(&columns), Centre::Median).ok().map(|fit| fit.exponent)
}

fn point(cell: &CellSummary) -> Point {
    let relative = ascending(&cell.columns.relative_op);
    let deviation = ascending(&cell.columns.deviation_op);
    let upper_deviation = quantile(&deviation, UPPER, CONFIDENCE);
    Point {
        width: abscissa(cell),
        seeds: cell.seeds.len(),
        median: quantile(&relative, 0.5, CONFIDENCE),
        upper: quantile(&relative, UPPER, CONFIDENCE),
        lambda_min: Moments::of(&cell.columns.lambda_min),
        limit_lambda_min: cell.limit.lambda_min,
        relative_sd_diagonal: cell.limit.relative_sd_diagonal,
        bound_constant: upper_deviation.and_then(|q| bound_constant(q.estimate, cell.limit.bound)),
    }
}

fn ascending(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// |s| : ReLU for every width that both have, and the geometric mean over these widths.
fn ratios(lines: &[Vec<&CellSummary>]) -> (Vec<Ratio>, Option<Ratio>) {
    // φ and c·φ have one kernel: |s| is a = 0, ReLU is |a| = |b|.
    let find = |is: fn(&CellSummary) -> bool| lines.iter().find(|line| is(line[0]));
    let (Some(abs), Some(relu)) = (find(|c| c.a == 0.0), find(|c| c.a.abs() == c.b.abs())) else {
        return (Vec::new(), None);
    };
    let pairs: Vec<(&CellSummary, &CellSummary)> = abs
        .iter()
        .filter_map(|&c| {
            let width = abscissa(c)?;
            Some((c, *relu.iter().find(|d| abscissa(d) == Some(width) && d.hidden == c.hidden)?))
        })
        .collect();
    let ratios: Vec<Ratio> = pairs
        .iter()
        .filter_map(|&(c, d)| {
            let table = table(&[c, d]);
            let ratio = table.value(median_ratio)?;
            Some(Ratio { width: abscissa(c), ratio, interval: table.interval(CONFIDENCE, median_ratio) })
        })
        .collect();
    if ratios.len() < 2 {
        return (ratios, None);
    }
    let table = table(&pairs.iter().flat_map(|&(c, d)| [c, d]).collect::<Vec<_>>());
    let mean = table.value(mean_ratio).map(|ratio| Ratio {
        width: None,
        ratio,
        interval: table.interval(CONFIDENCE, mean_ratio),
    });
    (ratios, mean)
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

fn depth_fit(cells: &[&CellSummary]) -> Option<DepthFit> {
    let mut cells = cells.to_vec();
    // One weight matrix has no spread: K = K∞, whose deviation has no logarithm.
    cells.retain(|c| c.depth > 1);
    cells.sort_by_key(|c| c.depth);
    let depths: Vec<usize> = cells.iter().map(|c| c.depth).collect();
    if depths.first() == depths.last() {
        return None;
    }
    let x: Vec<f64> = depths.iter().map(|&l| l as f64).collect();
    Some(DepthFit {
        activation: cells[0].activation.clone(),
        setting: setting(&cells),
        width: abscissa(cells[0]),
        exponent: exponent(&x, &table(&cells), Centre::Median),
        depths,
    })
}
