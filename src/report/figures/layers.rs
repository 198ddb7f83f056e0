//! How far every layer is from its limit, along the layers; and what the independence of gradients costs.

use std::sync::Arc;

use super::law::cells;
use super::{Axis, Chart, Dot, Lines, Look, Scale, Series};
use crate::stats::{CONFIDENCE, Moments, quantile};
use crate::study::table::LayerRow;

/// Curves of a figure at most: three schedules at three widths.
const CURVES: usize = 9;

/// What is shown of a layer of a sample, and how.
struct Shown {
    name: &'static str,
    title: &'static str,
    y: &'static str,
    about: &'static str,
    of: fn(&LayerRow) -> f64,
}

const SHOWN: [Shown; 3] = [
    Shown {
        name: "layers",
        title: "inverse cosine distances by layer",
        y: "mean |w_k − its limit|",
        about: "Error of the inverse cosine distances w_k = ((1−ρ_k)/2)^(−1/2), mean over pairs of points, against the layer k \
                (Figure 1 and Remark 13 of arXiv 2501.14724: flat for widths k²·m, linear for k·m, quadratic for m).",
        of: |row| row.icd_mean,
    },
    Shown {
        name: "layer-norms",
        title: "norms of the activations by layer",
        y: "largest | ‖x_k‖/‖x‖ − 1 |",
        about: "Largest deviation of a norm over points, against the layer k (Proposition 24 of arXiv 2501.14724: it grows at most \
                as log k for widths k²·m).",
        of: |row| row.norm_max,
    },
    Shown {
        name: "layer-terms",
        title: "what each layer adds to the deviation",
        y: "‖term of layer k of K/n − its limit‖",
        about: "Operator norm of the term of layer k in K/n = Σ_k, minus the limit of this term.",
        of: |row| row.term_op,
    },
];

/// The figures along the layers, where the study kept them.
pub(super) fn layers(lines: &Lines) -> Vec<Chart> {
    SHOWN.iter().filter_map(|shown| along(lines, shown)).collect()
}

fn along(lines: &Lines, shown: &Shown) -> Option<Chart> {
    let mut series = Vec::new();
    for (colour, (label, point)) in cells(lines, CURVES).into_iter().enumerate() {
        let Some(samples) = lines.samples(point).filter(|c| !c.layers.is_empty()) else { continue };
        let depth = samples.layers.iter().map(Vec::len).max().unwrap_or(0);
        let dot = |k: usize| {
            let values: Vec<f64> = samples.layers.iter().filter_map(|l| l.get(k)).map(shown.of).collect();
            let found = Moments::of(&values.into_iter().filter(|v| v.is_finite()).collect::<Vec<_>>());
            let (y, sd) = (found.mean()?, found.variance().map(f64::sqrt));
            let seeds = Some(samples.seeds.len() as u64);
            let (low, high) = (sd.map(|sd| y - sd), sd.map(|sd| y + sd));
            Some(Dot { x: (k + 1) as f64, y, low, high, seeds, cell: Some(Arc::clone(&point.cell)) })
        };
        let dots = (0..depth).filter_map(dot).collect();
        series.push(Series { label, look: Look::Measured, colour, named: true, dots });
    }
    series.first()?;
    let about = shown.about.to_owned()
        + " Markers: mean over seeds; error bars: one standard deviation over seeds up and down, as in the paper's figure.";
    let x = Scale { label: "layer k".into(), log: false, ends: None };
    let chart = lines.chart(shown.name, shown.title, about, Scale::log(shown.y), series);
    Some(Chart { x, marks: Vec::new(), ..chart })
}

/// The median of ‖K − K_gia‖/‖K∞‖ along the axis, where the study kept it.
pub(super) fn independence(lines: &Lines) -> Option<Chart> {
    let median = |p: &super::Point| {
        let mut values = lines.samples(p)?.independence.relative.clone();
        values.retain(|v| v.is_finite());
        values.sort_unstable_by(f64::total_cmp);
        let q = quantile(&values, 0.5, CONFIDENCE)?;
        let seeds = Some(values.len() as u64);
        Some(Dot { y: q.estimate, low: q.interval.low, high: q.interval.high, seeds, ..Dot::default() })
    };
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
        "Median over seeds of ‖K − K_gia‖/‖K∞‖, where K_gia is the kernel of the same draws as if gradients were independent of \
         activations; error bars: its {:.0} % interval.{words}",
        100.0 * CONFIDENCE
    );
    let y = Scale::log("cost ‖K−K_gia‖ / ‖K∞‖");
    Some(lines.chart("independence", "cost of independent gradients", about, y, series))
}
