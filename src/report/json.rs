//! `report/summary.json`: what tables and figures say, for machines.
//!
//! One object of lists, in the order of the tables. Numbers are those of the tables in shortest round-trip form; a
//! found number is `{value, low, high}`, its 95 % interval, and null stands where a side is open, a number infinite or
//! undefined.
//!
//! | list | fields of an entry |
//! | --- | --- |
//! | `cells` | `activation`, `depth`, `m`, `widths`, `schedule`, `outputs`, `scale`, `n`, `data`, `normalize`, `sampler`, `precision` as in the rows of the cell; `seeds`, the finished ones; `median` and `quantile_90`, found, of ‖K−K∞‖/‖K∞‖; `trace_sd`, found, s.d. of tr K over its mean, with `exact`, that of K(x,x), and `resolved`, false where the tail is too heavy for so many seeds; `lambda_min`: `mean`, its standard `error`, and the `limit`'s; `bound`: `value` modulo logarithms and in `full`, `constant` and `constant_full`, found, the 90 % quantile of ‖K−K∞‖/n over either; `theorem`, which of its conditions are not met, null where all hold; `rare`: at 1 − `misses`/m the `constant` and `constant_full`, found; `tails`: `threshold` of ‖K−K∞‖/‖K∞‖, the `share` of seeds beyond it, found, two fixed ones and last, where it is known, 2·√log m times the exact s.d. : mean of K(x,x) |
//! | | further `spectrum`, null unless the study kept eigenvalues: `eigenvalues`, a list from the least of `index`, `limit` (that of K∞/n) and `quantile_5`, `median`, `quantile_95` over seeds, found; `middle`, the median of the eigenvalues of a sample, and `condition_number`, the same without `index`; `independence`, null unless the study asked for it: `relative_op`, found, the median of ‖K−K_gia‖/‖K∞‖; `deviation_op` and `independence_deviation_op`, found, the medians of ‖K−K∞‖/n and ‖K_gia−K∞‖/n; `same_law`, p of an exact test that both have one law, not adjusted for other cells; `angles`, a list of groups of pairs by their angle `from`, `to`: `pairs`, `difference`, found, the mean of an entry of K−K_gia, `size`, the mean of its magnitude, `bound` of the mean |
//! | `exponents` | `along` m, depth, outputs or n; `activation`, `depth`, `m`, `schedule`, `outputs`, `n`, `data`, of which what it is along is null; `value`, `low`, `high` of the median; `exact` of K(x,x), `bound` of the bound over ‖K∞/n‖ |
//! | `ratios` | \|s\| over `activation`, at `n`, `data` and `depth`, `m`, `schedule`, `outputs`, which are null in the geometric `mean` over all networks; `value`, `low`, `high` of the medians; `exact`, `bound` |
//! | `claims` | of a built-in study: `statement`, `prediction`, `found`, `verdict` (agrees, contradicts, undecided) |
//! | `width` | only where questions about widths were asked: `question`, which of them, from 0, the last one last; `activation`, `depth`, `schedule`, `outputs`; `m_low`, `m_high`, `tolerance`, `confidence`, `alpha`, `norm`, `looks` (`m`, `seeds`, `inside`, `low`, `high`, `decision`), `networks`, `exponent`, `undecided`, `seconds`; `constant` at m_low + 1 and at m_high, `theorem`; `absolute`, `resolution`, `first_seed`; `scale`, `n`, `data`, `normalize`, `sampler`, `precision` |

use serde::Serialize;

use super::analysis::{Analysis, Point};
use super::axis::Axis;
use super::claim::Claim;
use super::cost::Cost;
use super::eigenvalues::{Beside, Eigenvalues};
use super::fits::PowerFit;
use super::found::Found;
use super::heavy;
use super::ratios::Ratio;
use super::tails::{RareConstant, Tail};
use super::widths::{Entry, entries, width_claims};
use crate::independence::GroupFinding;
use crate::study::questions::WidthQuestion;

#[derive(Serialize)]
struct Summary<'a> {
    cells: Vec<Cell<'a>>,
    exponents: Vec<Exponent<'a>>,
    ratios: Vec<RatioEntry<'a>>,
    claims: Vec<&'a Claim>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    width: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Cell<'a> {
    activation: &'a str,
    depth: u64,
    m: Option<u64>,
    widths: &'a str,
    schedule: Option<&'a str>,
    outputs: u64,
    scale: f64,
    n: u64,
    data: &'a str,
    normalize: &'a str,
    sampler: &'a str,
    precision: &'a str,
    seeds: usize,
    median: Found,
    quantile_90: Found,
    trace_sd: TraceSd,
    lambda_min: LambdaMin,
    bound: Bound,
    theorem: Option<&'a str>,
    rare: Vec<Rare>,
    tails: Vec<Share>,
    spectrum: Option<Spectrum>,
    independence: Option<Independence>,
}

#[derive(Serialize)]
struct Spectrum {
    eigenvalues: Vec<Place>,
    middle: Quantiles,
    condition_number: Quantiles,
}

#[derive(Serialize)]
struct Place {
    index: usize,
    #[serde(flatten)]
    of: Quantiles,
}

#[derive(Serialize)]
struct Quantiles {
    limit: Option<f64>,
    quantile_5: Found,
    median: Found,
    quantile_95: Found,
}

#[derive(Serialize)]
struct Independence {
    relative_op: Found,
    deviation_op: Found,
    independence_deviation_op: Found,
    same_law: Option<f64>,
    angles: Vec<Angle>,
}

#[derive(Serialize)]
struct Angle {
    from: f64,
    to: f64,
    pairs: u64,
    difference: Found,
    size: f64,
    bound: f64,
}

#[derive(Serialize)]
struct Rare {
    misses: f64,
    constant: Found,
    constant_full: Found,
}

#[derive(Serialize)]
struct Share {
    threshold: f64,
    share: Found,
}

#[derive(Serialize)]
struct TraceSd {
    #[serde(flatten)]
    found: Found,
    exact: Option<f64>,
    resolved: bool,
}

#[derive(Serialize)]
struct LambdaMin {
    mean: Option<f64>,
    error: Option<f64>,
    limit: Option<f64>,
}

#[derive(Serialize)]
struct Bound {
    value: Option<f64>,
    full: Option<f64>,
    constant: Found,
    constant_full: Found,
}

#[derive(Serialize)]
struct Exponent<'a> {
    along: &'static str,
    activation: &'a str,
    depth: Option<u64>,
    m: Option<u64>,
    schedule: Option<&'a str>,
    outputs: Option<u64>,
    n: Option<u64>,
    data: Option<&'a str>,
    #[serde(flatten)]
    found: Found,
    exact: Option<f64>,
    bound: Option<f64>,
}

#[derive(Serialize)]
struct RatioEntry<'a> {
    activation: &'a str,
    mean: bool,
    depth: Option<u64>,
    m: Option<u64>,
    schedule: Option<&'a str>,
    outputs: Option<u64>,
    n: u64,
    data: &'a str,
    #[serde(flatten)]
    found: Found,
    exact: Option<f64>,
    bound: Option<f64>,
}

/// The text of the file, with the answers to questions about widths and what was predicted of them. Fails where memory
/// does.
pub fn summary_json(
    analysis: &Analysis,
    claims: &[Claim],
    widths: &[WidthQuestion],
) -> serde_json::Result<String> {
    let sections = || analysis.sections.iter();
    let of_widths: Vec<Claim> = widths.iter().flat_map(width_claims).collect();
    let summary = Summary {
        cells: sections().flat_map(|s| &s.lines).flat_map(|l| &l.points).map(cell).collect(),
        exponents: sections().flat_map(|s| &s.fits).map(exponent).collect(),
        ratios: sections().flat_map(|s| s.ratios.iter().map(ratio)).collect(),
        claims: claims.iter().chain(&of_widths).collect(),
        width: entries(widths),
    };
    Ok(serde_json::to_string_pretty(&summary)? + "\n")
}

fn cell(point: &Point) -> Cell<'_> {
    let (cell, limit) = (&*point.cell, &point.cell.limit);
    Cell {
        activation: &cell.activation,
        depth: cell.depth,
        m: cell.m,
        widths: &cell.widths,
        schedule: cell.schedule.as_deref(),
        outputs: cell.outputs,
        scale: cell.scale,
        n: cell.n,
        data: &cell.data,
        normalize: &cell.normalize,
        sampler: &cell.sampler,
        precision: &cell.precision,
        seeds: point.seeds,
        median: Found::from(point.median.as_ref()),
        quantile_90: Found::from(point.upper.as_ref()),
        trace_sd: TraceSd {
            found: point.trace_spread.as_ref().map_or(Found::default(), Found::from),
            exact: limit.relative_sd_diagonal,
            resolved: heavy::needed(cell, point.seeds).is_none(),
        },
        lambda_min: LambdaMin {
            mean: point.lambda_min.mean(),
            error: point.lambda_min.standard_error(),
            limit: limit.lambda_min,
        },
        bound: Bound {
            value: limit.bound,
            full: limit.bound_full,
            constant: Found::from(point.bound_constant.as_ref()),
            constant_full: Found::from(point.full_constant.as_ref()),
        },
        theorem: limit.theorem.as_deref(),
        rare: point.tails.rare.iter().map(rare).collect(),
        tails: point.tails.fixed.iter().chain(&point.tails.moving).map(share).collect(),
        spectrum: point.eigenvalues.as_ref().map(spectrum),
        independence: point.cost.as_ref().map(independence),
    }
}

fn spectrum(found: &Eigenvalues) -> Spectrum {
    let quantiles = |beside: &Beside| {
        let [quantile_5, median, quantile_95] =
            beside.quantiles.each_ref().map(|quantile| Found::from(Some(quantile)));
        Quantiles { limit: beside.limit, quantile_5, median, quantile_95 }
    };
    let place = |(index, beside): (usize, &Beside)| Place { index, of: quantiles(beside) };
    Spectrum {
        eigenvalues: found.places.iter().enumerate().map(place).collect(),
        middle: quantiles(&found.middle),
        condition_number: quantiles(&found.condition),
    }
}

fn independence(Cost { found, .. }: &Cost) -> Independence {
    let angle = |group: &GroupFinding| Angle {
        from: group.angles[0],
        to: group.angles[1],
        pairs: group.pairs,
        difference: Found::from(&group.difference),
        size: group.size,
        bound: group.bound,
    };
    Independence {
        relative_op: Found::from(found.relative.as_ref()),
        deviation_op: Found::from(found.deviation.as_ref()),
        independence_deviation_op: Found::from(found.independent.as_ref()),
        same_law: found.laws.map(|laws| laws.p_value),
        angles: found.groups.iter().map(angle).collect(),
    }
}

fn rare(rare: &RareConstant) -> Rare {
    Rare {
        misses: rare.misses,
        constant: Found::from(rare.constant.as_ref()),
        constant_full: Found::from(rare.full.as_ref()),
    }
}

fn share(tail: &Tail) -> Share {
    Share { threshold: tail.threshold, share: tail.found() }
}

fn exponent(fit: &PowerFit) -> Exponent<'_> {
    Exponent {
        along: match fit.axis {
            Axis::Width => "m",
            Axis::Depth => "depth",
            Axis::Outputs => "outputs",
            Axis::Points => "n",
            Axis::Delta => "delta",
        },
        activation: &fit.cell.activation,
        depth: (fit.axis != Axis::Depth).then_some(fit.cell.depth),
        m: fit.cell.m.filter(|_| fit.axis != Axis::Width),
        schedule: fit.cell.schedule.as_deref(),
        outputs: (fit.axis != Axis::Outputs).then_some(fit.cell.outputs),
        n: (fit.axis != Axis::Points).then_some(fit.cell.n),
        data: Some(&*fit.cell.data).filter(|_| fit.axis != Axis::Points),
        found: Found::from(fit.exponent.as_ref()),
        exact: fit.exact_exponent,
        bound: fit.bound_exponent,
    }
}

fn ratio(ratio: &Ratio) -> RatioEntry<'_> {
    let cell = &*ratio.cell;
    let one = !ratio.mean;
    RatioEntry {
        activation: &cell.activation,
        mean: ratio.mean,
        depth: one.then_some(cell.depth),
        m: cell.m.filter(|_| one),
        schedule: cell.schedule.as_deref().filter(|_| one),
        outputs: one.then_some(cell.outputs),
        n: cell.n,
        data: &cell.data,
        found: ratio.found.as_ref().map_or(Found::default(), Found::from),
        exact: ratio.exact,
        bound: ratio.bound,
    }
}
