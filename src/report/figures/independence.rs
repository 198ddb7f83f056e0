//! What it costs to draw gradients as if they were independent of activations: along the axis, and by the angle of a
//! pair.

use std::sync::Arc;

use super::law::cells;
use super::{Axis, Chart, Dot, Lines, Look, Scale, Series};
use crate::independence::GroupFinding;
use crate::report::summary::CellSummary;
use crate::stats::{CONFIDENCE, quantile};

/// Networks of the figure by angle at most, each with its bound.
const CURVES: usize = 4;

/// The median of ‖K − K_gia‖/‖K∞‖ over seeds, with its interval; None where the study did not keep it.
fn median(samples: &CellSummary) -> Option<Dot> {
    let mut values = samples.independence.relative.clone();
    values.retain(|v| v.is_finite());
    values.sort_unstable_by(f64::total_cmp);
    let q = quantile(&values, 0.5, CONFIDENCE)?;
    let seeds = Some(values.len() as u64);
    Some(Dot { y: q.estimate, low: q.interval.low, high: q.interval.high, seeds, ..Dot::default() })
}

/// The median of ‖K − K_gia‖/‖K∞‖ along the axis, where the study kept it.
pub(super) fn independence(lines: &Lines) -> Option<Chart> {
    let median = |p: &super::Point| median(lines.samples(p)?);
    let mut series: Vec<Series> =
        lines.all.iter().map(|c| lines.series(c, Look::Measured, true, median)).collect();
    let dots = || series.iter().flat_map(|s| &s.dots);
    dots().next()?;
    let mut words = "";
    if lines.axis() == Axis::Width {
        let (low, high) = dots().fold((f64::INFINITY, 0f64), |(a, b), d| (a.min(d.x), b.max(d.x)));
        let height = dots().filter(|d| d.y > 0.0).map(|d| d.y * d.x).fold(f64::INFINITY, f64::min);
        if low < high && height.is_finite() {
            let at = |x: f64| Dot { x, y: 0.6 * height / x, ..Dot::default() };
            let (label, dots) = ("guide of slope −1".into(), vec![at(low), at(high)]);
            series.push(Series { label, look: Look::Guide, colour: 0, named: true, dots });
            words = " Dotted, grey: the slope −1 of Proposition 17, at no particular height.";
        }
    }
    let about = format!(
        "Median over seeds of ‖K − K_gia‖/‖K∞‖, where K_gia is the kernel of the same draws as if gradients were \
         independent of activations; error bars: its {:.0} % interval.{words}",
        100.0 * CONFIDENCE
    );
    let y = Scale::log("cost ‖K−K_gia‖ / ‖K∞‖");
    let note = format!("markers: median over seeds; error bars: its {:.0} % interval", 100.0 * CONFIDENCE);
    Some(lines.chart("independence", "cost of independent gradients", about, y, series).noted(note))
}

/// The mean of an entry of K − K_gia of pairs of about one angle, and what Proposition 17 bounds it by, where the study
/// kept them.
pub(super) fn angles(lines: &Lines) -> Option<Chart> {
    let mut means = Vec::new();
    let mut bounds = Vec::new();
    for (colour, (label, point)) in cells(lines, CURVES).into_iter().enumerate() {
        let Some(cost) = &point.cost else { continue };
        let seeds = Some(cost.samples.seeds.len() as u64);
        let dot = |of: &GroupFinding, y: f64| Dot {
            x: 0.5 * (of.angles[0] + of.angles[1]),
            y,
            cell: Some(Arc::clone(&point.cell)),
            ..Dot::default()
        };
        let mean = |of: &GroupFinding| {
            let ends = of.difference.interval.and_then(|i| Some((i.low?, i.high?)));
            // Of an interval of the mean that of its magnitude, which reaches 0 where the interval does.
            let low = ends.and_then(|(low, high)| (low * high > 0.0).then(|| low.abs().min(high.abs())));
            let high = ends.map(|(low, high)| low.abs().max(high.abs()));
            Dot { low, high, seeds, ..dot(of, of.difference.value.abs()) }
        };
        let groups = &cost.found.groups;
        let series =
            |look, label: &str, named, dots| Series { label: label.to_owned(), look, colour, named, dots };
        means.push(series(Look::Measured, &label, true, groups.iter().map(mean).collect()));
        let dots = groups.iter().map(|of| dot(of, of.bound)).collect();
        bounds.push(series(
            Look::Theory,
            "bound of Proposition 17, at cosines of the limit",
            bounds.is_empty(),
            dots,
        ));
    }
    let series: Vec<Series> = means.into_iter().chain(bounds).collect();
    series.first()?;
    let about = format!(
        "Pairs of points in groups by the angle of their inputs, from their least to their largest drawn at the \
         middle. Markers: the magnitude of the mean over pairs and seeds of an entry of K − K_gia (plain, not over n); \
         error bars: its {:.0} % interval, without a lower bar where that holds 0. Dashed, in the same colours: what \
         Proposition 17 of arXiv 2501.14724 bounds it by, with norms of weights bounded too. Its cosines are those of \
         hidden layers, so that nothing grows at opposite inputs.",
        100.0 * CONFIDENCE
    );
    let x = Scale { label: "angle of a pair of inputs (radians)".into(), log: false, ends: None };
    let y = Scale::log("|mean entry of K − K_gia|");
    let note = format!(
        "markers: mean over pairs and seeds; error bars: its {:.0} % interval, without a lower bar where it holds 0",
        100.0 * CONFIDENCE
    );
    let chart = lines.chart("angle", "independent gradients by angle", about, y, series);
    Some(Chart { x, marks: Vec::new(), ..chart }.noted(note))
}
