//! The ends of the spectrum of K/n over seeds, beside those of K∞/n.

use super::{Chart, Dot, Lines, Look, Point, Scale, Series};
use crate::stats::{CONFIDENCE, quantile};
use crate::study::table::{LimitRecord, Statistics};

/// The least eigenvalue.
pub(super) fn least(lines: &Lines) -> Option<Chart> {
    // Of one point and one output it is K(x,x), which the spread shows.
    if lines.points().all(|p| p.cell.n * p.cell.outputs == 1) {
        return None;
    }
    let about = "Least eigenvalue of K/n over seeds; dashed, in the same colours: that of K∞/n. Training is fast in every \
                 direction only where it is well above 0.";
    let series = ends(
        lines,
        |s| s.lambda_min,
        |limit| limit.lambda_min.filter(|v| *v > 0.0),
        "least eigenvalue of K∞/n",
    );
    let chart = lines.chart(
        "lambda-min",
        "least eigenvalue of K/n",
        explained(lines, about),
        Scale::log("λ_min of K/n"),
        series,
    );
    Some(chart)
}

/// Largest over least eigenvalue.
pub(super) fn condition(lines: &Lines) -> Option<Chart> {
    if lines.points().all(|p| p.cell.n * p.cell.outputs == 1) {
        return None;
    }
    let about = "Condition number λ_max/λ_min of K/n over seeds; dashed, in the same colours: that of K∞/n.";
    let limit = |limit: &LimitRecord| Some(limit.lambda_max? / limit.lambda_min.filter(|v| *v > 0.0)?);
    let series = ends(lines, |s| s.lambda_max / s.lambda_min, limit, "condition number of K∞/n");
    let y = Scale::log("condition number λ_max/λ_min of K/n");
    Some(lines.chart("condition", "condition number of K", explained(lines, about), y, series))
}

fn explained(lines: &Lines, about: &str) -> String {
    let band = if lines.few() { " Shaded: the middle half of the seeds." } else { "" };
    let shown = format!(
        " Markers: median; error bars: its {:.0} % interval.{band} What is 0 or below (by rounding) has no place on the logarithmic \
         axis.",
        100.0 * CONFIDENCE
    );
    about.to_owned() + &shown
}

/// Medians of a statistic with its interval and its middle half, and the same number of the limit.
fn ends(
    lines: &Lines,
    statistic: fn(&Statistics) -> f64,
    limit: fn(&LimitRecord) -> Option<f64>,
    label: &str,
) -> Vec<Series> {
    let median = |p: &Point| {
        // What lies in the rounding says nothing.
        if p.lambda_min.mean().is_some_and(|mean| mean <= p.lambda_rounding[0]) {
            return None;
        }
        let mut column = lines.samples(p)?.column(statistic);
        column.retain(|v| !v.is_nan());
        column.sort_unstable_by(f64::total_cmp);
        let q = quantile(&column, 0.5, CONFIDENCE)?;
        let seeds = Some(p.seeds as u64);
        Some(Dot { y: q.estimate, low: q.interval.low, high: q.interval.high, seeds, ..Dot::default() })
    };
    let mut series = lines.halves(statistic);
    series.extend(lines.all.iter().map(|c| lines.series(c, Look::Measured, true, median)));
    let mut named = true;
    for curve in &lines.all {
        let of = |p: &Point| {
            let hidden = p.cell.limit.lambda_min.is_none_or(|v| v <= p.lambda_rounding[1]);
            Some(Dot { y: limit(&p.cell.limit).filter(|_| !hidden)?, ..Dot::default() })
        };
        let mut theory = lines.series(curve, Look::Theory, named, of);
        theory.label = format!("theory: {label}");
        named &= theory.dots.is_empty();
        series.push(theory);
    }
    series
}
