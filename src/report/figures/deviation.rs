//! The deviation from the limit along the axis of a report; the constant of the bound, and |s| against other
//! activations.

use std::sync::Arc;

use super::{ALONE, Axis, Chart, Dot, Field, Lines, Look, Scale, Series};
use crate::report::analysis::UPPER;
use crate::stats::{CONFIDENCE, Quantile};
use crate::units::counted;

/// A quantile as a point with error bars.
fn dot(quantile: Option<Quantile>, seeds: usize) -> Option<Dot> {
    let q = quantile?;
    let Quantile { estimate: y, interval, .. } = q;
    Some(Dot { y, low: interval.low, high: interval.high, seeds: Some(seeds as u64), ..Dot::default() })
}

/// The median of ‖K−K∞‖/‖K∞‖ of every cell, the seeds themselves, and beside them the exact spread of K(x,x), which is
/// another number with the same slope.
pub(super) fn main(lines: &Lines) -> Option<Chart> {
    lines.all.first()?;
    let mut series = lines.halves(|s| s.relative_op);
    let (cloud, shown, most) = lines.cloud(|s| s.relative_op);
    series.extend(cloud);
    for curve in &lines.all {
        let median = |p: &super::Point| dot(p.median.filter(|q| q.estimate > 0.0), p.seeds);
        series.push(lines.series(curve, Look::Measured, true, median));
    }
    let mut theory = false;
    for curve in &lines.all {
        let exact = |p: &super::Point| {
            Some(Dot { y: p.cell.limit.relative_sd_diagonal.filter(|v| *v > 0.0)?, ..Dot::default() })
        };
        let mut exact = lines.series(curve, Look::Theory, !theory, exact);
        exact.label = "theory, another quantity: exact s.d. of K(x,x) over its mean".into();
        theory |= !exact.dots.is_empty();
        series.push(exact);
    }
    let guide = guide(lines);
    let mut about = format!(
        "Markers: median over seeds of ‖K−K∞‖/‖K∞‖ (operator norms), joined by lines; error bars: its {:.0} % \
         interval, which holds for any law.",
        100.0 * CONFIDENCE
    );
    if lines.few() {
        if lines.shaded() {
            about += " Shaded: the middle half of the seeds, from the 25 % to the 75 % quantile.";
        }
        about += &match shown == most {
            true => " Faint points: every seed.".to_owned(),
            false => {
                format!(" Faint points: the first {shown} of {} of each network.", counted(most, "seed"))
            }
        };
    }
    if theory {
        about += " Dashed, in the same colours: the exact standard deviation of a diagonal entry K(x,x) over its mean, \
                  another quantity than the one plotted.";
        about += match lines.axis() {
            Axis::Width => " What theory says is that both fall with one slope.",
            _ => " Nothing says that both have one slope along this axis.",
        };
    }
    if let Some((line, words)) = guide {
        about += words;
        series.push(line);
    }
    let y = Scale::log("relative deviation ‖K−K∞‖ / ‖K∞‖");
    let mut note = lines.median_note();
    if lines.few() {
        note += "; faint points: single seeds";
    }
    Some(lines.chart("", "distance of the finite-width NTK from its limit", about, y, series).noted(note))
}

/// A line of the slope that theory gives, below all that was measured.
fn guide(lines: &Lines) -> Option<(Series, &'static str)> {
    let (slope, label, words) = match lines.axis() {
        Axis::Width => {
            (-0.5, "guide of slope −1/2", " Dotted, grey: the slope −1/2, at no particular height.")
        }
        Axis::Outputs => (
            0.5,
            "guide of slope 1/2, that of the bound",
            " Dotted, grey: the slope 1/2 of the bound's √m_l, at no particular height.",
        ),
        _ => return None,
    };
    let found = || lines.points().filter_map(|p| Some((lines.axis().value(&p.cell)?, p.median?.estimate)));
    let (low, high) = found().fold((f64::INFINITY, 0f64), |(a, b), (x, _)| (a.min(x), b.max(x)));
    // As high as touches no curve: under the lowest of them.
    let height =
        found().filter(|(_, y)| *y > 0.0).map(|(x, y)| y * x.powf(-slope)).fold(f64::INFINITY, f64::min);
    if low >= high || !height.is_finite() {
        return None;
    }
    let at = |x: f64| Dot { x, y: 0.6 * height * x.powf(slope), ..Dot::default() };
    let dots = vec![at(low), at(high)];
    Some((Series { label: label.into(), look: Look::Guide, colour: 0, named: true, dots }, words))
}

/// The constant of the bound, modulo logarithms: it may not grow along any axis.
pub(super) fn constants(lines: &Lines) -> Option<Chart> {
    lines.all.first()?;
    let constant = |p: &super::Point| dot(p.bound_constant, p.seeds);
    let curve = |c| lines.series(c, Look::Measured, true, constant);
    let series = lines.all.iter().map(curve).collect();
    let about = format!(
        "{:.0} % quantile over seeds of ‖K−K∞‖/n, divided by the right side of the bound of arXiv 2501.14724 without \
         its constant and logarithms, (Δ⁻² + l·√m_l)·κ²·m^(−1/2)·max‖x‖². The theorem says that it stays bounded along \
         every axis; which number it is, nobody knows. Error bars: the {:.0} % interval of the quantile.",
        100.0 * UPPER,
        100.0 * CONFIDENCE
    );
    let y = Scale::log(format!("{:.0} % quantile of ‖K−K∞‖/n : bound", 100.0 * UPPER));
    let note = format!(
        "error bars: {:.0} % interval of the quantile, open above where there is no upper bar",
        100.0 * CONFIDENCE
    );
    Some(lines.chart("constant", "the constant of the bound", about, y, series).noted(note))
}

/// |s| : φ at every network that both have.
pub(super) fn ratios(lines: &Lines) -> Option<Chart> {
    let mut series: Vec<Series> = Vec::new();
    let mut xs: Vec<f64> = Vec::new();
    for curve in &lines.all {
        // A line holds cells of one section; its ratios are those of its cells.
        let of = |p: &super::Point| {
            let ratio = curve.section.ratios.iter().find(|r| !r.mean && Arc::ptr_eq(&r.cell, &p.cell))?;
            let found = ratio.found.as_ref()?;
            let interval = found.interval.ok();
            let seeds = Some(p.seeds as u64);
            Some(Dot { y: found.value, low: interval?.low, high: interval?.high, seeds, ..Dot::default() })
        };
        let mut one = lines.series(curve, Look::Measured, true, of);
        // Along Δ every point is of another activation; elsewhere a line has one.
        let other = match lines.axis() {
            Axis::Delta => "φ".to_owned(),
            _ => Field::Activation.words(&curve.line.cell).unwrap_or_default(),
        };
        let further =
            one.label.strip_prefix(other.as_str()).unwrap_or(&one.label).trim_start_matches([',', ' ']);
        let alone = further.is_empty() || further == ALONE;
        one.label = if alone { format!("|s| : {other}") } else { format!("|s| : {other}, {further}") };
        xs.extend(one.dots.iter().map(|d| d.x));
        let exact = |p: &super::Point| {
            let ratio = curve.section.ratios.iter().find(|r| !r.mean && Arc::ptr_eq(&r.cell, &p.cell))?;
            Some(Dot { y: ratio.exact?, ..Dot::default() })
        };
        let mut exact = lines.series(curve, Look::Theory, series.is_empty(), exact);
        exact.label = "theory, another quantity: ratio of the exact s.d. of K(x,x)".into();
        series.extend([one, exact].into_iter().filter(|s| !s.dots.is_empty()));
    }
    let (low, high) = xs.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(*x), b.max(*x)));
    if low > high {
        return None;
    }
    let level = [low, high].map(|x| Dot { x, y: 1.0, ..Dot::default() }).to_vec();
    series.push(Series {
        label: "1: equally near".into(),
        look: Look::Guide,
        colour: 0,
        named: true,
        dots: level,
    });
    let about = format!(
        "Median of ‖K−K∞‖/‖K∞‖ of |s| over that of the other activation, at networks that differ in nothing else and \
         on the same seeds; below 1, |s| is the nearer to its limit. Error bars: {:.0} % bootstrap intervals over \
         seeds. Dashed: the same ratio of the exact standard deviations of K(x,x), another quantity.",
        100.0 * CONFIDENCE
    );
    let y = Scale { label: "|s| : φ, ratio of the medians".into(), log: false, ends: None };
    let note = format!("error bars: {:.0} % bootstrap interval over seeds", 100.0 * CONFIDENCE);
    Some(lines.chart("ratio", "|s| beside other activations", about, y, series).noted(note))
}
