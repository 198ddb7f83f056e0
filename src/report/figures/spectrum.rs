//! The spectrum of K/n over seeds beside that of K∞/n: all of it where it was kept, its ends wherever there are seeds.

use std::sync::Arc;

use super::law::cells;
use super::{Chart, Dot, Lines, Look, Point, Scale, Series};
use crate::stats::{CONFIDENCE, quantile};
use crate::study::table::{LimitRecord, Statistics};

/// Networks of a figure of spectra at most: their curves are close to each other.
const SPECTRA: usize = 4;

/// Every eigenvalue by its place, where the study kept them.
pub(super) fn spectra(lines: &Lines) -> Option<Chart> {
    let mut bands = Vec::new();
    let mut medians = Vec::new();
    let mut limits = Vec::new();
    for (colour, (label, point)) in cells(lines, SPECTRA).into_iter().enumerate() {
        let Some(found) = &point.eigenvalues else { continue };
        let count = found.places.len();
        let dot = |place: usize, y: f64| Dot {
            x: (count - place) as f64,
            y,
            cell: Some(Arc::clone(&point.cell)),
            ..Dot::default()
        };
        let (mut band, mut median, mut limit) = (Vec::new(), Vec::new(), Vec::new());
        // The largest is the first.
        for (place, beside) in found.places.iter().enumerate().rev() {
            let [low, middle, high] = beside.quantiles;
            let of = Dot { seeds: Some(point.seeds as u64), ..dot(place, middle.estimate) };
            band.push(Dot { low: Some(low.estimate), high: Some(high.estimate), ..of.clone() });
            median.push(Dot { low: middle.interval.low, high: middle.interval.high, ..of });
            limit.extend(beside.limit.map(|y| dot(place, y)));
        }
        let series =
            |look, label: &str, named, dots| Series { label: label.to_owned(), look, colour, named, dots };
        bands.push(series(Look::Band, &label, false, band));
        medians.push(series(Look::Measured, &label, true, median));
        limits.push(series(Look::Theory, "theory: eigenvalues of K∞/n", limits.is_empty(), limit));
    }
    let about = "Eigenvalues of K/n, the largest first. Markers: median over seeds; error bars: its 95 % interval; \
                 shaded: from the 5 % to the 95 % quantile. Dashed, in the same colours: those of K∞/n. What is 0 or \
                 below (by rounding) has no place on the logarithmic axis.";
    let series: Vec<Series> = bands.into_iter().chain(medians).chain(limits).collect();
    series.first()?;
    let x = Scale { label: "place of the eigenvalue, the largest first".into(), log: false, ends: None };
    let chart = lines.chart(
        "spectrum",
        "spectra of K and K∞",
        about.to_owned(),
        Scale::log("eigenvalue of K/n"),
        series,
    );
    let note = format!(
        "markers: median over seeds; error bars: its {:.0} % interval; shaded: from the 5 % to the 95 % quantile of \
         the seeds",
        100.0 * CONFIDENCE
    );
    Some(Chart { x, marks: Vec::new(), ..chart }.noted(note))
}

/// The least eigenvalue.
pub(super) fn least(lines: &Lines) -> Option<Chart> {
    // Of one point and one output it is K(x,x), which the spread shows.
    if lines.points().all(|p| p.cell.n * p.cell.outputs == 1) {
        return None;
    }
    let about = "Least eigenvalue of K/n over seeds; dashed, in the same colours: that of K∞/n. Training is fast in \
                 every direction only where it is well above 0.";
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
    Some(chart.noted(lines.median_note()))
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
    let chart = lines.chart("condition", "condition number of K", explained(lines, about), y, series);
    Some(chart.noted(lines.median_note()))
}

fn explained(lines: &Lines, about: &str) -> String {
    let band = if lines.shaded() { " Shaded: the middle half of the seeds." } else { "" };
    let shown = format!(
        " Markers: median; error bars: its {:.0} % interval.{band} What is 0 or below (by rounding) has no place on \
         the logarithmic axis.",
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
