//! What the curves of a chart are, below its axes: a line of each kind with its name, and a note on markers, error
//! bars and shades.

use kuva::plot::scatter::MarkerShape;
use kuva::render::render::{PathData, Primitive, Scene, TextAnchor};

use super::chart::{Chart, Look, Series};
use super::frame::{ANY, Frame, colour, marker};
use super::layout::{paragraph, shortened};

/// Lines that the name of a curve has at most.
const LINES: usize = 3;
/// Height of a line of names, and of the note.
const HEIGHT: (f64, f64) = (19.0, 16.0);
/// Width of a sample of a curve with the gap behind it, and of a character of a name.
const SAMPLE: (f64, f64) = (34.0, 7.6);
/// Space between two names in one line.
const GAP: f64 = 22.0;
/// Columns at most.
const COLUMNS: usize = 6;

/// Draws it below everything, and makes the scene as much higher.
pub(super) fn add(scene: &mut Scene, chart: &Chart, frame: &Frame, left: f64) {
    let named = || chart.series.iter().filter(|s| s.named);
    // Curves beside each other; what is said of all of them in lines of its own.
    let curve = |s: &&Series| matches!(s.look, Look::Measured | Look::Steps);
    // A phone has no room to spare beside its axes.
    let left = if frame.size.0 < 500.0 { left.min(14.0) } else { left };
    let room = frame.size.0 - left - 8.0;
    let letters = (((room - SAMPLE.0) / SAMPLE.1) as usize).min(frame.line);
    let longest = named().filter(curve).map(|s| s.label.chars().count().min(letters)).max().unwrap_or(1);
    let wide = SAMPLE.0 + SAMPLE.1 * longest as f64 + GAP;
    let columns = (((room + GAP) / wide) as usize).clamp(1, COLUMNS);
    // Below the label of the horizontal axis, which ends where the scene did.
    let mut y = scene.height + 15.0;
    let (mut column, mut tallest) = (0, 0);
    for series in named().filter(curve).chain(named().filter(|s| !curve(s))) {
        if column == columns || (column > 0 && !curve(&series)) {
            y += tallest as f64 * HEIGHT.0;
            (column, tallest) = (0, 0);
        }
        let lines = lines(&series.label, letters);
        let x = left + column as f64 * wide;
        sample(scene, chart, series, (x, y));
        for (i, line) in lines.iter().enumerate() {
            words(scene, line, (x + SAMPLE.0, y + HEIGHT.0 * i as f64), 13, None);
        }
        tallest = tallest.max(lines.len());
        column = if curve(&series) { column + 1 } else { columns };
    }
    y += tallest as f64 * HEIGHT.0;
    if !chart.note.is_empty() {
        y += 4.0;
        let letters = ((room / (0.5 * SAMPLE.1 + 2.9)) as usize).min(frame.subtitle);
        for line in paragraph("", &chart.note, letters).lines() {
            words(scene, line, (left, y), 12, Some("#666666"));
            y += HEIGHT.1;
        }
    }
    scene.height = y + 8.0;
}

/// Stands for the spaces of `m = 64`, which no line is broken at.
const KEPT: char = '\u{e000}';

/// A name in lines: whole, where these are enough.
fn lines(label: &str, letters: usize) -> Vec<String> {
    let label = label.replace(" = ", &format!("{KEPT}={KEPT}"));
    let text = paragraph("", &label, letters).replace(KEPT, " ");
    let label = label.replace(KEPT, " ");
    let all: Vec<String> = text.lines().map(|line| shortened(line, letters)).collect();
    if all.len() <= LINES { all } else { vec![shortened(&label, letters)] }
}

fn words(scene: &mut Scene, text: &str, (x, y): (f64, f64), size: u32, colour: Option<&str>) {
    scene.add(Primitive::Text {
        x,
        y: y + 4.6,
        content: text.to_owned(),
        size,
        anchor: TextAnchor::Start,
        rotate: None,
        bold: false,
        color: colour.map(Into::into),
    });
}

/// A piece of a curve as it is drawn.
fn sample(scene: &mut Scene, chart: &Chart, series: &Series, (x, y): (f64, f64)) {
    let alike = |s: &&Series| s.look == series.look && s.colour != series.colour && !s.named;
    // One name stands for those of all colours that have none of their own.
    let all = !matches!(series.look, Look::Measured | Look::Steps | Look::Guide);
    let colour = if all && chart.series.iter().any(|s| alike(&s)) { ANY } else { colour(series) };
    let mut line = |x1: f64, y1: f64, x2: f64, y2: f64, stroke_width: f64, dashes: Option<&str>| {
        let stroke_dasharray = dashes.map(str::to_owned);
        scene.add(Primitive::Line { x1, y1, x2, y2, stroke: colour.into(), stroke_width, stroke_dasharray });
    };
    let middle = x + 13.0;
    match series.look {
        Look::Theory => line(x, y, x + 26.0, y, 1.6, Some("7 4")),
        Look::Guide => line(x, y, x + 26.0, y, 1.4, Some("2 4")),
        Look::Steps => line(x, y, x + 26.0, y, 1.8, None),
        Look::Measured => {
            line(x, y, x + 26.0, y, 2.0, None);
            if series.dots.iter().any(|d| d.low.or(d.high).is_some()) {
                line(middle, y - 7.0, middle, y + 7.0, 1.0, None);
                line(middle - 3.0, y - 7.0, middle + 3.0, y - 7.0, 1.0, None);
                line(middle - 3.0, y + 7.0, middle + 3.0, y + 7.0, 1.0, None);
            }
            mark(scene, marker(series), (middle, y), 3.6, colour);
        }
        Look::Marks => mark(scene, marker(series), (middle, y), 4.5, colour),
        Look::Published => mark(scene, marker(series), (middle, y), 6.0, colour),
        Look::Samples => mark(scene, MarkerShape::Circle, (middle, y), 2.0, colour),
        Look::Band => line(x, y, x + 26.0, y, 9.0, None),
    }
}

fn mark(scene: &mut Scene, shape: MarkerShape, (x, y): (f64, f64), size: f64, colour: &str) {
    let path = |d: String| {
        let (fill, stroke) = (Some(colour.into()), colour.into());
        let data = PathData { d, fill, stroke, stroke_width: 0.5, opacity: None, stroke_dasharray: None };
        Primitive::Path(Box::new(data))
    };
    scene.add(match shape {
        MarkerShape::Square => Primitive::Rect {
            x: x - size,
            y: y - size,
            width: 2.0 * size,
            height: 2.0 * size,
            fill: colour.into(),
            stroke: None,
            stroke_width: None,
            opacity: None,
        },
        MarkerShape::Triangle => {
            let (up, down) = (y - 1.02 * size, y + 0.68 * size);
            path(format!("M{x:.2},{up:.2} L{:.2},{down:.2} L{:.2},{down:.2} Z", x - size, x + size))
        }
        MarkerShape::Diamond => {
            let far = 1.3 * size;
            path(format!(
                "M{x:.2},{:.2} L{:.2},{y:.2} L{x:.2},{:.2} L{:.2},{y:.2} Z",
                y - far,
                x + far,
                y + far,
                x - far
            ))
        }
        _ => Primitive::Circle {
            cx: x,
            cy: y,
            r: size,
            fill: colour.into(),
            fill_opacity: None,
            stroke: None,
            stroke_width: None,
        },
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stays_with_its_symbol() {
        assert_eq!(lines("linear widths, m = 64", 19), ["linear widths,", "m = 64"]);
        assert_eq!(lines("linear widths, m = 64", 21), ["linear widths, m = 64"]);
    }
}
