//! What theory says of a study before any of its seeds is drawn: for each line the exact spread of a diagonal entry and
//! the bound at both ends of the axis, and their exponents. The numbers are those that the final table shows beside
//! what was found.

use super::analysis::{Analysis, Line, Point, Section};
use super::axis::Axis;
use super::headings::{Fields, Labels, describe, wrap};
use super::layout::paragraph;
use super::text::{Align, significant, slope};

/// The prediction, a block per section, in lines of at most `room` columns; empty where theory has no number.
pub fn prediction(theory: &Analysis, room: usize) -> String {
    let several = theory.sections.len() > 1;
    let block = |section: &Section| {
        let numbers = match theory.axis {
            Axis::Delta => by_point(theory, section, room),
            axis => by_line(axis, section, room),
        };
        if numbers.is_empty() || !several {
            return numbers;
        }
        let setting: Vec<String> = describe(&section.setting).into_iter().flatten().collect();
        format!("{}\n{numbers}", wrap("  ", &setting, room))
    };
    theory.sections.iter().map(block).collect()
}

/// The ends of the spectrum of K∞/n and its condition number, which hold at every width: a row for each network that
/// has others.
pub fn prediction_of_spectra(theory: &Analysis, room: usize) -> String {
    let title = paragraph("", "Eigenvalues of K∞/n, which those of K/n approach:", room);
    let block = |section: &Section| {
        let points: Vec<&Point> = section.lines.iter().flat_map(|l| &l.points).collect();
        let labels = Labels::of(Axis::Width, &points.iter().map(|p| &p.cell).collect::<Vec<_>>());
        let mut layout = labels.layout().group([
            ("least", Align::Left),
            ("largest", Align::Left),
            ("condition number", Align::Left),
        ]);
        let mut rows: Vec<Vec<String>> = Vec::new();
        for point in points {
            let limit = &point.cell.limit;
            // What lies in the rounding says nothing.
            let least = limit.lambda_min.filter(|least| *least > point.lambda_rounding[1]);
            let condition = least.and_then(|least| Some(limit.lambda_max? / least));
            let mut row = labels.row(&point.cell);
            row.extend([least, limit.lambda_max, condition].map(number));
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        rows.into_iter().for_each(|row| layout.push(row));
        layout.text(room)
    };
    title + &theory.sections.iter().map(block).collect::<String>()
}

fn number(value: Option<f64>) -> String {
    value.map_or("-".into(), |v| significant(v, 3))
}

/// One row for each line: both ends, and the exponents between them.
fn by_line(axis: Axis, section: &Section, room: usize) -> String {
    let labels = Labels::of(axis, &section.lines.iter().map(|l| &l.cell).collect::<Vec<_>>());
    let mut layout = labels
        .layout()
        .group([(axis.symbol(), Align::Left)])
        .group([("s.d. of K(x,x)", Align::Left), ("exponent", Align::Left)])
        .group([("bound", Align::Left), ("exponent", Align::Left)]);
    for line in &section.lines {
        let wide: Vec<&Point> = line.points.iter().filter(|p| p.cell.depth > 1).collect();
        let (Some(first), Some(last)) = (wide.first(), wide.last()) else { continue };
        let ends = |text: fn(&Point) -> String| -> String {
            if wide.len() == 1 { text(first) } else { format!("{} … {}", text(first), text(last)) }
        };
        let fit = section.fits.iter().find(|f| f.axis == axis && f.cell == first.cell);
        let exponent = |e: Option<f64>| e.map_or("-".into(), slope);
        let mut row = labels.row(&line.cell);
        row.extend([
            match axis {
                Axis::Depth => ends(|p| p.cell.depth.to_string()),
                Axis::Outputs => ends(|p| p.cell.outputs.to_string()),
                Axis::Points => ends(|p| p.cell.n.to_string()),
                _ => ends(|p| p.cell.m.map_or("-".into(), |m| m.to_string())),
            },
            ends(|p| number(p.cell.limit.relative_sd_diagonal)),
            exponent(fit.and_then(|f| f.exact_exponent)),
            ends(|p| number(p.relative_bound)),
            exponent(fit.and_then(|f| f.bound_exponent)),
        ]);
        layout.push(row);
    }
    if layout.is_empty() { String::new() } else { layout.text(room) }
}

/// One row for each cell, for an axis on which no power is expected.
fn by_point(theory: &Analysis, section: &Section, room: usize) -> String {
    let fields = Fields::of(theory.axis, section);
    let mut layout = fields.layout().group([("s.d. of K(x,x)", Align::Left), ("bound", Align::Left)]);
    for Line { points, .. } in &section.lines {
        for (i, point) in points.iter().enumerate() {
            let mut row = fields.row(&point.cell, i == 0);
            row.extend([number(point.cell.limit.relative_sd_diagonal), number(point.relative_bound)]);
            layout.push(row);
        }
    }
    layout.text(room)
}
