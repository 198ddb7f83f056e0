//! How the deviation of single seeds is distributed.

use std::sync::Arc;

use super::{Chart, Curve, Dot, Lines, Look, Point, Scale, Series};
use crate::report::text::short;
use crate::report::ticks::log_range;

/// Curves of a figure at most: more cannot be told apart.
const CURVES: usize = 6;
/// Seeds of which a histogram or a tail is worth a look.
const SEEDS: usize = 8;
/// Steps of a tail at most, and beside them its largest seeds, one by one.
const STEPS: usize = 120;
const TAIL: usize = 40;
/// Where the axis of a share ends: no share is above 1, whose line is to be seen.
const TOP: f64 = 1.1;

/// The cells that are shown, with their names: of many the ends and what lies evenly between them.
pub(super) fn cells<'a>(lines: &Lines<'a>, most: usize) -> Vec<(String, &'a Point)> {
    cells_of(lines, &lines.all.iter().collect::<Vec<_>>(), most)
}

/// The same of some of the curves.
pub(super) fn cells_of<'a>(lines: &Lines<'a>, all: &[&Curve<'a>], most: usize) -> Vec<(String, &'a Point)> {
    let axis = lines.axis();
    let name = |label: &str, p: &Point| match axis.value(&p.cell) {
        Some(at) if lines.all.len() > 1 => format!("{label}, {} = {}", axis.symbol(), short(at)),
        Some(at) => format!("{} = {}", axis.symbol(), short(at)),
        None => label.to_owned(),
    };
    let enough = |p: &&Point| p.seeds >= SEEDS;
    let of = |most: usize, curve: &Curve<'a>| -> Vec<(String, &'a Point)> {
        let points: Vec<&Point> = curve.line.points.iter().filter(enough).collect();
        let count = points.len().min(most.max(1));
        let pick = |i: usize| if count < 2 { points.len() - 1 } else { i * (points.len() - 1) / (count - 1) };
        (0..count).map(|i| (name(&curve.label, points[pick(i)]), points[pick(i)])).collect()
    };
    let curves = all.len().clamp(1, most);
    all.iter().take(most).flat_map(|curve| of(most / curves, curve)).collect()
}

/// The share of the seeds whose deviation is above a threshold, in units of the bound, and the level 1/m.
pub(super) fn tails(lines: &Lines) -> Option<Chart> {
    let mut series = Vec::new();
    let mut levels = Vec::new();
    for (colour, (label, point)) in cells(lines, CURVES).into_iter().enumerate() {
        let (Some(samples), Some(bound)) = (lines.samples(point), point.cell.limit.bound) else { continue };
        let mut over: Vec<f64> = samples.column(|s| s.deviation_op / bound);
        over.retain(|v| v.is_finite() && *v > 0.0);
        over.sort_unstable_by(f64::total_cmp);
        let count = over.len();
        if count == 0 {
            continue;
        }
        let share = |above: usize| above as f64 / count as f64;
        // The least and the largest seeds, and between them steps of one size on the logarithmic axis.
        let mut kept: Vec<usize> = (1..=STEPS)
            .map(|step| count - (count as f64).powf(1.0 - step as f64 / STEPS as f64).round() as usize)
            .chain(count.saturating_sub(TAIL)..count)
            .chain([0])
            .collect();
        kept.sort_unstable();
        kept.dedup();
        let cell = || Some(Arc::clone(&point.cell));
        let at = |i: usize| Dot {
            x: over[i],
            y: share(count - i),
            seeds: Some(count as u64),
            cell: cell(),
            ..Dot::default()
        };
        let dots: Vec<Dot> = kept.into_iter().map(at).collect();
        // 1/m, where so many seeds reach it.
        if let Some(m) = point.cell.limit.bound_m.or(point.cell.m.map(|m| m as f64)) {
            let rank = (count as f64 / m).floor() as usize;
            if rank >= 1 && rank <= count {
                let dot = Dot { x: over[count - rank], y: 1.0 / m, cell: cell(), ..Dot::default() };
                levels.push(Series {
                    label: "where a curve meets the level 1/m of its own m".into(),
                    look: Look::Marks,
                    colour,
                    named: levels.is_empty(),
                    dots: vec![dot],
                });
            }
        }
        series.push(Series { label, look: Look::Steps, colour, named: true, dots });
    }
    let reached = match levels.is_empty() {
        true => "No cell has m seeds, so that none reaches the level 1/m.",
        false => {
            "A marker is where a curve meets the level 1/m of its own m; curves without one have fewer than m seeds."
        }
    };
    let about = format!(
        "The share of the seeds (up) whose ‖K−K∞‖/n is at or above so many times the bound (across), on logarithmic \
         axes. The theorem says that some constant, the same for every width, leaves at most the order of 1/m above \
         it. {reached} Of many seeds, {STEPS} steps of even height on that axis are drawn, and the largest {TAIL} one \
         by one."
    );
    series.extend(levels);
    let x = Scale::log("‖K−K∞‖/n : bound, without constant and logarithms");
    let least = log_range(series.iter().flat_map(|s| &s.dots).map(|dot| dot.y)).0;
    let y = Scale { ends: Some((least, TOP)), ..Scale::log("share of the seeds at or above") };
    let chart = lines.chart("tails", "tails of the deviation", about, y, series);
    Some(Chart { x, marks: Vec::new(), ..chart })
}

/// How many seeds there are for each size of the deviation, per decade.
pub(super) fn histograms(lines: &Lines) -> Option<Chart> {
    let shown: Vec<(String, &Point, Vec<f64>)> = cells(lines, CURVES)
        .into_iter()
        .filter_map(|(label, point)| {
            let mut logs = lines.samples(point)?.column(|s| s.relative_op.log10());
            logs.retain(|v| v.is_finite());
            (logs.len() >= SEEDS).then_some((label, point, logs))
        })
        .collect();
    let of_curve = |(colour, (label, point, logs)): (usize, (String, &Point, Vec<f64>))| {
        let (low, high) =
            logs.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
        // About as many bins as the cube root of the seeds, twice (Rice); the same number has one.
        let bins = ((2.0 * (logs.len() as f64).cbrt()).round() as usize).clamp(4, 40);
        let width = ((high - low) / bins as f64).max(1e-6);
        let mut counts = vec![0usize; bins];
        for v in &logs {
            counts[(((v - low) / width) as usize).min(bins - 1)] += 1;
        }
        let height = |count: usize| count as f64 / logs.len() as f64 / width;
        let edge = |i: usize| 10f64.powf(low + i as f64 * width);
        let dot = |x: f64, y: f64| Dot {
            x,
            y,
            seeds: Some(logs.len() as u64),
            cell: Some(Arc::clone(&point.cell)),
            ..Dot::default()
        };
        // From 0 up to the first bin and down to 0 behind the last.
        let mut dots = vec![dot(edge(0), 0.0)];
        dots.extend(
            counts
                .iter()
                .enumerate()
                .flat_map(|(i, &c)| [dot(edge(i), height(c)), dot(edge(i + 1), height(c))]),
        );
        dots.push(dot(edge(bins), 0.0));
        Series { label, look: Look::Steps, colour, named: true, dots }
    };
    let series: Vec<Series> = shown.into_iter().enumerate().map(of_curve).collect();
    let about = "Histograms over seeds of ‖K−K∞‖/‖K∞‖ (operator norms) on a logarithmic axis; the area under each is 1."
        .to_owned();
    let x = Scale::log("relative deviation ‖K−K∞‖ / ‖K∞‖");
    let y = Scale { label: "share of the seeds per decade".into(), log: false, ends: None };
    Some(Chart {
        x,
        marks: Vec::new(),
        ..lines.chart("histogram", "how the deviation is distributed", about, y, series)
    })
}
