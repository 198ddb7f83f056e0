//! How far every layer is from its limit, along the layers.

use std::sync::Arc;

use super::law::cells_of;
use super::{Chart, Curve, Dot, Lines, Look, Scale, Series};
use crate::report::published::Published;
use crate::stats::Moments;
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
    /// Whether there are published values of it.
    published: bool,
}

const SHOWN: [Shown; 3] = [
    Shown {
        name: "layers",
        title: "inverse cosine distances by layer",
        y: "mean |w_k − its limit|",
        about: "Error of the inverse cosine distances w_k = ((1−ρ_k)/2)^(−1/2), mean over pairs of points, against the \
                layer k (Figure 1 and Remark 13 of arXiv 2501.14724: flat for widths k²·m, linear for k·m, quadratic \
                for m).",
        of: |row| row.icd_mean,
        published: true,
    },
    Shown {
        name: "layer-norms",
        title: "norms of the activations by layer",
        y: "largest |‖x_k‖/‖x‖ − 1|",
        about: "Largest deviation of a norm over points, against the layer k (Proposition 24 of arXiv 2501.14724: it \
                grows at most as log k for widths k²·m).",
        of: |row| row.norm_max,
        published: false,
    },
    Shown {
        name: "layer-terms",
        title: "what each layer adds to the deviation",
        y: "‖term of layer k of K/n − its limit‖",
        about: "Operator norm of the term of layer k in K/n = Σ_k, minus the limit of this term.",
        of: |row| row.term_op,
        published: false,
    },
];

/// The figures along the layers, where the study kept them.
pub(super) fn layers(lines: &Lines) -> Vec<Chart> {
    SHOWN.iter().filter_map(|shown| along(lines, shown)).collect()
}

/// The curves of one data set, where all of them are too many: the published one where there is one and it is wanted,
/// else the first.
fn chosen<'l, 'a>(lines: &'l Lines<'a>, wanted: bool) -> Vec<&'l Curve<'a>> {
    let count: usize = lines.all.iter().map(|c| c.line.points.len()).sum();
    let known = |c: &&Curve| wanted && c.line.points.iter().any(|p| Published::of(&p.cell).next().is_some());
    let Some(one) = lines.all.iter().find(known).or(lines.all.first()) else { return Vec::new() };
    let all = lines.all.iter();
    all.filter(|c| count <= CURVES || std::ptr::eq(c.section, one.section)).collect()
}

fn along(lines: &Lines, shown: &Shown) -> Option<Chart> {
    let mut series = Vec::new();
    let mut known = Vec::new();
    let curves = chosen(lines, shown.published);
    for (colour, (label, point)) in cells_of(lines, &curves, CURVES).into_iter().enumerate() {
        let Some(samples) = lines.samples(point).filter(|c| !c.layers.is_empty()) else { continue };
        let depth = samples.layers.iter().map(Vec::len).max().unwrap_or(0);
        let dot = |k: usize| {
            let values: Vec<f64> = samples.layers.iter().filter_map(|l| l.get(k)).map(shown.of).collect();
            let found = Moments::of(&values.into_iter().filter(|v| v.is_finite()).collect::<Vec<_>>());
            let (y, error) = (found.mean()?, found.standard_error().map(|e| 2.0 * e));
            let seeds = Some(samples.seeds.len() as u64);
            let (low, high) = (error.map(|e| y - e), error.map(|e| y + e));
            Some(Dot { x: (k + 1) as f64, y, low, high, seeds, cell: Some(Arc::clone(&point.cell)) })
        };
        let dots = (0..depth).filter_map(dot).collect();
        series.push(Series { label, look: Look::Measured, colour, named: true, dots });
        if shown.published {
            let error = |p: &Published| 2.0 * p.sd / Published::PAIRS.sqrt();
            let of = |p: &Published| Dot {
                x: p.layer as f64,
                y: p.mean,
                low: Some(p.mean - error(p)),
                high: Some(p.mean + error(p)),
                cell: Some(Arc::clone(&point.cell)),
                ..Dot::default()
            };
            let dots: Vec<Dot> = Published::of(&point.cell).map(of).collect();
            let label = "published: arXiv 2501.14724, Figure 1, m = 16".to_owned();
            known.push(Series { label, look: Look::Published, colour, named: false, dots });
        }
    }
    known.retain(|one| !one.dots.is_empty());
    if let Some(first) = known.first_mut() {
        first.named = true;
    }
    let words = if known.is_empty() {
        ""
    } else {
        " Diamonds, in the same colours: the means published there, over 1000 pairs from MNIST; those drawn here are \
         one pair of about their mean distance."
    };
    series.extend(known);
    series.first()?;
    let about = shown.about.to_owned()
        + " Markers: mean over seeds; error bars: two standard errors up and down."
        + words;
    let x = Scale { label: "layer k".into(), log: false, ends: None };
    let chart = lines.chart(shown.name, shown.title, about, Scale::log(shown.y), series);
    let note = "markers: mean over seeds; error bars: two standard errors up and down";
    Some(Chart { x, marks: Vec::new(), ..chart }.noted(note))
}
