//! The figure of a study: median relative deviation along the axis of the report, on logarithmic axes (Δ on a linear one),
//! as SVG.
//!
//! Solid with markers: the measured median of ‖K−K∞‖/‖K∞‖ (operator norm) with its distribution-free interval as a
//! band, which closes on the median where so few seeds set no limit. Dashed, in the same colour: theory, the exact
//! standard deviation of one diagonal entry K(x,x) over its mean of the same networks. The two are different numbers of
//! one order; what theory predicts is the common slope, −1/2 in a large width. Where no exact spread is known, a grey line
//! of slope −1/2 through the first measured point stands in.

use std::sync::Arc;

use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::plot::scatter::MarkerShape;
use kuva::plot::{LinePlot, LineStyle, ScatterPlot};
use kuva::prelude::{Layout, Plot, TickFormat};

use super::analysis::{Analysis, Line, Section};
use super::axis::{Axis, Field};
use super::headings::{DATA, describe};
use super::text::counted;
use crate::stats::CONFIDENCE;

/// Colours that stay apart for the colour-blind and in print (Okabe and Ito 2008), yellow left out.
const COLOURS: [&str; 7] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"];

/// Markers of the first round of colours, the second, and so on.
const MARKERS: [MarkerShape; 4] =
    [MarkerShape::Circle, MarkerShape::Square, MarkerShape::Triangle, MarkerShape::Diamond];

/// A point of the figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plotted {
    /// Where it stands on the axis.
    pub(super) at: f64,
    pub(super) seeds: usize,
    pub(super) median: f64,
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    pub(super) exact: Option<f64>,
}

/// A line with the section it belongs to and what is drawn of it.
type Curve<'a> = (&'a Section, &'a Line, Vec<Plotted>);

/// The points of a line that the figure can show, with their index in the line: those with a place on the axis and a
/// positive median.
pub(super) fn plotted(axis: Axis, line: &Line) -> Vec<(usize, Plotted)> {
    line.points
        .iter()
        .enumerate()
        .filter_map(|(i, p)| {
            let (at, q) = (axis.value(&p.cell)?, p.median?);
            let plotted = Plotted {
                at,
                seeds: p.seeds,
                median: q.estimate,
                low: q.interval.low.filter(|v| *v > 0.0),
                high: q.interval.high,
                exact: p.cell.limit.relative_sd_diagonal.filter(|v| *v > 0.0),
            };
            (q.estimate > 0.0 && q.estimate.is_finite()).then_some((i, plotted))
        })
        .collect()
}

/// The figure as SVG text; None where there is nothing that it could show.
pub fn figure(analysis: &Analysis) -> Option<String> {
    let lines: Vec<Curve> = analysis
        .sections
        .iter()
        .flat_map(|s| s.lines.iter().map(move |l| (s, l, shown(analysis.axis, l))))
        .filter(|(_, _, points)| !points.is_empty())
        .collect();
    let (first_section, _, first_points) = lines.first()?;
    let guide = lines.iter().all(|(_, _, points)| points.iter().all(|p| p.exact.is_none()));

    let mut plots: Vec<Plot> = Vec::new();
    let mut legend = Vec::new();
    let entry = |label: &str, colour: &str, dashed: bool| LegendEntry {
        label: label.to_owned(),
        color: colour.to_owned(),
        shape: LegendShape::Line,
        dasharray: dashed.then(|| "3 2".to_owned()),
    };
    for (i, (section, line, points)) in lines.iter().enumerate() {
        let colour = COLOURS[i % COLOURS.len()];
        let marker = MARKERS[i / COLOURS.len() % MARKERS.len()];
        let at = |p: &Plotted, y: f64| (p.at, y);
        let exact: Vec<(f64, f64)> = points.iter().filter_map(|p| Some(at(p, p.exact?))).collect();
        plots.push(
            LinePlot::new()
                .with_data(exact)
                .with_color(colour)
                .with_stroke_width(1.5)
                .with_line_style(LineStyle::Custom("6 4".into()))
                .into(),
        );
        let median: Vec<(f64, f64)> = points.iter().map(|p| at(p, p.median)).collect();
        let limit = |side: fn(&Plotted) -> Option<f64>| -> Vec<f64> {
            points.iter().map(|p| side(p).unwrap_or(p.median)).collect()
        };
        plots.push(
            LinePlot::new()
                .with_data(median.iter().copied())
                .with_color(colour)
                .with_stroke_width(2.0)
                .with_band(limit(|p| p.low), limit(|p| p.high))
                .into(),
        );
        plots.push(
            ScatterPlot::new().with_data(median).with_color(colour).with_marker(marker).with_size(3.5).into(),
        );
        let mut entry = entry(&label(analysis.axis, &lines, section, line), colour, false);
        if i >= COLOURS.len() {
            entry.shape = LegendShape::Marker(marker);
        }
        legend.push(entry);
    }
    if !guide {
        let power = if analysis.axis == Axis::Width { ", ~ m^(−1/2)" } else { "" };
        legend.push(entry(&format!("theory: exact s.d. of K(x,x) / mean{power}"), "#555555", true));
    } else if analysis.axis != Axis::Width {
        // No power of anything else is predicted.
    } else if let Some(line) = slope_line(first_points, &lines) {
        plots.push(LinePlot::new().with_data(line).with_color("#777777").with_dashed().into());
        legend.push(entry("slope −1/2", "#777777", true));
    }

    let all = || lines.iter().flat_map(|(_, _, points)| points);
    let linear = analysis.axis == Axis::Delta;
    let x = if linear { (0.0, 1.0) } else { range(all().map(|p| p.at)) };
    let y = range(all().flat_map(|p| [Some(p.median), p.low, p.high, p.exact]).flatten());
    // Inside there is room for the legend of a few lines only; beside the axes the figure is the wider for it.
    let longest = legend.iter().map(|e| e.label.chars().count()).max().unwrap_or(0) as f64;
    let inside = legend.len() <= INSIDE;
    let legend_width = 45.0 + 6.3 * longest;
    let layout = Layout::new(x, y);
    let layout = if linear { layout.with_log_y() } else { layout.with_log_scale() };
    let layout = layout
        .with_x_axis_min(x.0)
        .with_x_axis_max(x.1)
        .with_y_axis_min(y.0)
        .with_y_axis_max(y.1)
        .with_tick_format(TickFormat::Custom(Arc::new(tick)))
        .with_width(if inside { 860.0 } else { 860.0 + legend_width })
        .with_height(560.0)
        .with_title(format!("{}: distance of the finite-width NTK from its limit", analysis.name))
        .with_subtitle(subtitle(analysis, first_section))
        .with_subtitle_wrap(SUBTITLE)
        .with_x_label(x_label(analysis))
        .with_y_label("median of ‖K−K∞‖ / ‖K∞‖, operator norm")
        .with_legend_entries(legend)
        .with_legend_position(match (inside, rises(&lines)) {
            (true, false) => LegendPosition::InsideTopRight,
            (true, true) => LegendPosition::InsideTopLeft,
            (false, _) => LegendPosition::OutsideRightTop,
        });
    let layout = if inside { layout } else { layout.with_legend_width(legend_width) };
    Some(renumbered(&kuva::render_to_svg(plots, layout)))
}

/// The same figure with the identifiers of its clip paths numbered from 1: the renderer counts them over the life of
/// the process, and the same results are to give the same bytes.
fn renumbered(svg: &str) -> String {
    let mut parts = svg.split(CLIP);
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut seen: Vec<&str> = Vec::new();
    for part in parts {
        let (id, rest) = part.split_at(part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len()));
        let number = seen.iter().position(|s| *s == id).unwrap_or_else(|| {
            seen.push(id);
            seen.len() - 1
        });
        text += &format!("{CLIP}{}{rest}", number + 1);
    }
    text
}

/// What the renderer's identifiers of clip paths begin with.
const CLIP: &str = "kuva-clip-";

/// Characters of a line of the subtitle that the figure has room for.
const SUBTITLE: usize = 90;

/// Whether the lines end higher than they begin, and leave room on the left.
fn rises(lines: &[Curve]) -> bool {
    let ends = |(_, _, p): &Curve| Some((p.last()?.median / p.first()?.median).ln());
    lines.iter().filter_map(ends).sum::<f64>() > 0.0
}

/// Legend entries up to which the legend stands inside the axes.
const INSIDE: usize = 4;

/// The numbers, a little air, and the next 1, 2 or 5 times a power of ten on either side.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, 0f64), |(a, b), v| (a.min(v), b.max(v)));
    let (low, high) = (low / 1.1, high * 1.1);
    let steps = |v: f64| {
        let decade = v.log10().floor() as i32;
        // From text, so that a tick is the nearest number to its label.
        [1, 2, 5, 10].map(|k| format!("{k}e{decade}").parse().unwrap_or(v))
    };
    let below = steps(low).into_iter().filter(|s| *s <= low).fold(f64::MIN_POSITIVE, f64::max);
    (below, steps(high).into_iter().find(|s| *s >= high).unwrap_or(high))
}

/// 0, 0.01, 200, 1e-5, 1e6.
fn tick(value: f64) -> String {
    // Ticks are made by multiplication: 0.30000000000000004 is 0.3.
    let rounded: f64 = format!("{value:.6e}").parse().unwrap_or(value);
    if rounded == 0.0 || (1e-4..1e6).contains(&rounded) {
        rounded.to_string()
    } else {
        format!("{rounded:e}")
    }
}

/// Two ends of C·m^−½ over the widths of the figure, C from the first point; None of one width.
fn slope_line(first: &[Plotted], lines: &[Curve]) -> Option<[(f64, f64); 2]> {
    let anchor = first.first()?;
    let widths = lines.iter().flat_map(|(_, _, points)| points).map(|p| p.at);
    let (low, high) = widths.fold((f64::INFINITY, 0f64), |(a, b), m| (a.min(m), b.max(m)));
    let at = |m: f64| (m, anchor.median * (anchor.at / m).sqrt());
    (low < high).then(|| [low, high].map(at))
}

fn x_label(analysis: &Analysis) -> String {
    let points = || analysis.sections.iter().flat_map(|s| &s.lines).flat_map(|l| &l.points);
    let mut schedules: Vec<_> =
        points().filter(|p| p.cell.m.is_some()).map(|p| p.cell.schedule.as_deref()).collect();
    schedules.sort_unstable();
    schedules.dedup();
    match (analysis.axis, &schedules[..]) {
        (Axis::Depth, _) => "depth l (weight matrices)",
        (Axis::Outputs, _) => "number of outputs m_l",
        (Axis::Points, _) => "number of points n",
        (Axis::Delta, _) => "Δ = b²/(a²+b²) of the activation a·s + b·|s|",
        (_, [Some("constant")]) => "width m of the hidden layers (neurons)",
        (_, [Some("linear")]) => "m (neurons), hidden widths m_k = k·m",
        (_, [Some("quadratic")]) => "m (neurons), hidden widths m_k = k²·m",
        (_, [None]) => "narrowest hidden width (neurons)",
        _ => "m (neurons), hidden widths by the schedule",
    }
    .to_owned()
}

fn subtitle(analysis: &Analysis, section: &Section) -> String {
    let band = format!("band: {:.0} % interval of the median", 100.0 * CONFIDENCE);
    if analysis.sections.len() > 1 {
        return band;
    }
    let points = || section.lines.iter().flat_map(|l| &l.points);
    let mut parts: Vec<String> = describe(&section.setting).into_iter().take(2).flatten().collect();
    let free = [Field::Depth, Field::Outputs, Field::Schedule, Field::Width].into_iter();
    for field in free.filter(|f| !analysis.axis.fields().contains(f)) {
        // What the label of the axis says, or the lines, is not said again.
        let said = field == Field::Schedule && analysis.axis == Axis::Width;
        if !said && !field.varies(points().map(|p| &*p.cell)) {
            parts.extend(points().find_map(|p| field.words(&p.cell)));
        }
    }
    parts.push(counted(points().map(|p| p.seeds).max().unwrap_or(0), "seed", "seeds"));
    format!("{}; {band}", parts.join(", "))
}

/// The activation, and what else tells the lines of this figure apart.
fn label(axis: Axis, lines: &[Curve], section: &Section, line: &Line) -> String {
    let fields = [Field::Activation, Field::Schedule, Field::Depth, Field::Outputs, Field::Width];
    let differs =
        |f: &Field| !axis.fields().contains(f) && f.varies(lines.iter().map(|(_, line, _)| &*line.cell));
    let mut parts: Vec<String> = fields
        .into_iter()
        .filter(|f| differs(f) || (*f == Field::Activation && axis != Axis::Delta))
        .filter_map(|f| f.words(&line.cell))
        .collect();
    parts.extend(setting_label(&lines.iter().map(|(s, _, _)| *s).collect::<Vec<_>>(), section));
    if parts.is_empty() { "median".into() } else { parts.join(", ") }
}

/// What tells the setting of a section from those of the others: the data say how many points there are, and the sampler
/// tells only sections apart that differ in nothing else.
fn setting_label(sections: &[&Section], section: &Section) -> Vec<String> {
    let all: Vec<_> = sections.iter().map(|s| describe(&s.setting)).collect();
    let own = describe(&section.setting);
    let differs = |i: usize| all.iter().any(|s| s[i] != own[i]);
    let only = |i: usize| all.iter().any(|s| (0..own.len()).all(|j| (s[j] != own[j]) == (i == j)));
    let shown = |i: &usize| if *i == DATA { differs(*i) } else { only(*i) };
    (0..own.len()).filter(shown).filter_map(|i| own[i].clone()).collect()
}

/// The points of a line without their indices.
fn shown(axis: Axis, line: &Line) -> Vec<Plotted> {
    plotted(axis, line).into_iter().map(|(_, p)| p).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_on_round_numbers() {
        assert_eq!(range([64.0, 16384.0].into_iter()), (50.0, 20000.0));
        assert_eq!(range([0.0123].into_iter()), (0.01, 0.02));
        assert_eq!(range([1e-12, 3.0].into_iter()), (5e-13, 5.0));
    }

    #[test]
    fn identifiers_do_not_depend_on_what_was_drawn_before() {
        let svg =
            |a, b| format!(r#"<clipPath id="{CLIP}{a}"/><clipPath id="{CLIP}{b}"/><g url(#{CLIP}{a})/>"#);
        assert_eq!(renumbered(&svg(17, 18)), svg(1, 2));
    }

    #[test]
    fn ticks_are_short() {
        for (value, text) in
            [(0.0, "0"), (0.1 + 0.2, "0.3"), (10000.0, "10000"), (1e-5, "1e-5"), (2e7, "2e7")]
        {
            assert_eq!(tick(value), text);
        }
    }
}
