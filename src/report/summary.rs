//! What a report is made of: stored results as plain data, nothing that must be sampled or computed again.
//!
//! A missing number (NULL in the store: a relative deviation from K∞ = 0) is NaN in a column.

/// One study: the cells in the order of its plan.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StudySummary {
    /// Name of the study; the stem of the figure's file names.
    pub name: String,
    /// The cells, in the order of the plan; cells without a finished seed may be left out or hold empty columns.
    pub cells: Vec<CellSummary>,
}

/// One network on one data set, and the statistics of its finished seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct CellSummary {
    /// The activation as text that reads back as (a, b): `abs`, `relu`, `0.6,0.4`.
    pub activation: String,
    /// Coefficient of s.
    pub a: f64,
    /// Coefficient of |s|.
    pub b: f64,
    /// l, the number of weight matrices.
    pub depth: usize,
    /// `constant`, `linear` or `quadratic`; None where the hidden widths were listed one by one, or at depth 1.
    pub schedule: Option<String>,
    /// m, the number from which the schedule makes the hidden widths; None where there is no schedule.
    pub width: Option<u64>,
    /// The l−1 hidden widths.
    pub hidden: Vec<u64>,
    /// m_l.
    pub outputs: usize,
    /// The constant in front of K and K∞.
    pub scale: f64,
    /// The data source as the study names it.
    pub data: String,
    /// `sphere` or `none`.
    pub normalize: String,
    /// n, the number of points.
    pub n: usize,
    /// `direct` or `conditional`: the one that ran.
    pub sampler: String,
    /// `f32`, `f64` or `f16`.
    pub precision: String,
    /// The finished seeds, ascending; every column below has one number for each.
    pub seeds: Vec<u64>,
    /// The statistics of the samples.
    pub columns: Columns,
    /// The same numbers of the infinitely wide network.
    pub limit: LimitValues,
}

/// One number per finished seed and statistic, in the order of the seeds; names as in an exported row.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Columns {
    /// ‖K−K∞‖/n, operator norm.
    pub deviation_op: Vec<f64>,
    /// ‖K−K∞‖_F/n.
    pub deviation_fro: Vec<f64>,
    /// Largest entry of |K−K∞|/n.
    pub deviation_max: Vec<f64>,
    /// ‖K−K∞‖/‖K∞‖, operator norm.
    pub relative_op: Vec<f64>,
    /// ‖K−K∞‖_F/‖K∞‖_F.
    pub relative_fro: Vec<f64>,
    /// Largest entry of |K−K∞| over the largest of |K∞|.
    pub relative_max: Vec<f64>,
    /// Least eigenvalue of K/n.
    pub lambda_min: Vec<f64>,
    /// Largest eigenvalue of K/n.
    pub lambda_max: Vec<f64>,
    /// Trace of K/n.
    pub trace: Vec<f64>,
    /// ‖N‖_F.
    pub output_norm: Vec<f64>,
}

/// What theory says of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct LimitValues {
    /// Least eigenvalue of K∞/n.
    pub lambda_min: f64,
    /// Largest eigenvalue of K∞/n, its operator norm.
    pub lambda_max: f64,
    /// Standard deviation of K(x,x) over its mean at these widths, exact; None where it is unknown.
    pub relative_sd_diagonal: Option<f64>,
    /// The bound's right side (Δ⁻² + m_l^½·l)·κ²·m^−½ with m = min_k m_k/k²; None where it is infinite or there
    /// is no hidden layer.
    pub bound: Option<f64>,
}
