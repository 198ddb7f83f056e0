//! What was found beside what theory says: cell by cell, as exponents, as ratios. Every found number has its interval.

use super::analysis::{Section, UPPER};
use super::axis::{Axis, Field};
use super::fits::PowerFit;
use super::headings::{Fields, Labels, layout, percent};
use super::layout::{Layout, paragraph};
use super::lines::Measured;
use super::ratios::Ratio;
use super::text::{Align, estimate, interval, significant, slope};
use crate::stats::{Interval, NoInterval};

/// The spread of the trace beside the exact one of a diagonal entry.
pub(super) fn spreads(section: &Section, fields: &Fields, room: usize) -> String {
    let mut layout =
        fields.layout().group([("tr K", Align::Right), (&percent(), Align::Left), ("K(x,x)", Align::Left)]);
    for line in &section.lines {
        for (i, point) in line.points.iter().enumerate() {
            let mut row = fields.row(&point.cell, i == 0);
            row.extend(match &point.trace_spread {
                Some(found) => [significant(found.value, 3), limits_or_dash(&found.interval)],
                None => ["-".into(), "-".into()],
            });
            row.push(point.cell.limit.relative_sd_diagonal.map_or("-".into(), |sd| significant(sd, 3)));
            layout.push(row);
        }
    }
    paragraph("", "Spread of tr K and of K(x,x), s.d. : mean:", room) + &layout.text(room)
}

/// The constant of the bound, modulo logarithms and in full.
pub(super) fn constants(section: &Section, fields: &Fields, room: usize) -> String {
    let percent = percent();
    let mut layout = fields
        .layout()
        .group([("constant", Align::Right), (&percent, Align::Left)])
        .group([("in full", Align::Right), (&percent, Align::Left)]);
    for line in &section.lines {
        for (i, point) in line.points.iter().enumerate() {
            let mut row = fields.row(&point.cell, i == 0);
            for constant in [&point.bound_constant, &point.full_constant] {
                row.extend(estimate(constant.as_ref()));
            }
            layout.push(row);
        }
    }
    let title = format!("Constant of the bound, {:.0} % of ‖K−K∞‖/n : bound:", 100.0 * UPPER);
    paragraph("", &title, room) + &layout.text(room)
}

/// Exponents of the median, for each number along which there are some.
pub(super) fn exponents(section: &Section, room: usize) -> String {
    let mut text = String::new();
    for axis in [Axis::Width, Axis::Depth, Axis::Outputs] {
        let fits: Vec<&PowerFit> = section.fits.iter().filter(|f| f.axis == axis).collect();
        if fits.is_empty() {
            continue;
        }
        let labels = Labels::of(axis, &fits.iter().map(|f| &f.cell).collect::<Vec<_>>());
        let mut reasons = Vec::new();
        let mut layout = labels
            .layout()
            .group([(axis.symbol(), Align::Left)])
            .group([("median", Align::Left), (&percent(), Align::Left)])
            .group([("K(x,x)", Align::Left), ("bound", Align::Left)]);
        for fit in fits {
            let [found, limits] = match &fit.exponent {
                Ok(found) => [slope(found.exponent), limits_or_reason(&found.interval, slope, &mut reasons)],
                Err(reason) => {
                    reasons.push(reason.to_string());
                    ["none".into(), "-".into()]
                }
            };
            let mut row = labels.row(&fit.cell);
            let range = fit.range.map_or("-".into(), |(low, high)| {
                if low == high { low.to_string() } else { format!("{low} … {high}") }
            });
            row.extend([range, found, limits]);
            row.extend([fit.exact_exponent, fit.bound_exponent].map(|e| e.map_or("-".into(), slope)));
            layout.push(row);
        }
        let title = match axis {
            Axis::Width => "Exponent in m, predicted -1/2 for wide networks; of theory over the same m:",
            Axis::Depth => "Exponent in the depth l; of theory over the same l:",
            _ => "Exponent in the number of outputs m_l; of theory over the same m_l:",
        };
        text += &shown(title, &layout, reasons, room);
    }
    text
}

/// The ratios |s| : φ.
pub(super) fn ratios(section: &Section, room: usize) -> String {
    let found: Vec<(&Ratio, &Measured)> =
        section.ratios.iter().filter_map(|r| Some((r, r.found.as_ref()?))).collect();
    if found.is_empty() {
        return String::new();
    }
    let relu = found.iter().all(|(r, _)| r.cell.activation == "relu");
    let free = [Field::Activation, Field::Schedule, Field::Depth, Field::Outputs, Field::Width];
    let cells = || found.iter().map(|(r, _)| &*r.cell);
    let mut fields: Vec<Field> = free.into_iter().filter(|f| f.varies(cells())).collect();
    if fields.is_empty() {
        fields.push(Field::Width);
    }
    let mut reasons = Vec::new();
    let mut layout = layout(fields.iter().copied())
        .group([("median", Align::Left), (&percent(), Align::Left)])
        .group([("K(x,x)", Align::Left), ("bound", Align::Left)]);
    for (ratio, measured) in found {
        let mut row: Vec<String> = fields
            .iter()
            .map(|f| if ratio.mean && *f != Field::Activation { "all".into() } else { f.text(&ratio.cell) })
            .collect();
        let limits = limits_or_reason(&measured.interval, |v| significant(v, 3), &mut reasons);
        row.extend([significant(measured.value, 3), limits]);
        row.extend([ratio.exact, ratio.bound].map(|v| v.map_or("-".into(), |v| significant(v, 3))));
        layout.push(row);
    }
    let other = if relu { "ReLU" } else { "φ" };
    let title = format!("Ratio |s| : {other} of the medians; below 1, |s| is the closer to its limit:");
    shown(&title, &layout, reasons, room)
}

/// A table under its title, and below it why numbers are missing, each reason once.
fn shown(title: &str, layout: &Layout, mut reasons: Vec<String>, room: usize) -> String {
    reasons.sort();
    reasons.dedup();
    let reasons = reasons.iter().map(|reason| paragraph("  -: ", reason, room));
    paragraph("", title, room) + &layout.text(room) + &reasons.collect::<String>()
}

fn limits_or_dash(limits: &Result<Interval, NoInterval>) -> String {
    limits.as_ref().map_or("-".into(), interval)
}

/// The interval; a dash where there is none, and the reason among the others.
fn limits_or_reason(
    limits: &Result<Interval, NoInterval>,
    number: impl Fn(f64) -> String,
    reasons: &mut Vec<String>,
) -> String {
    match limits {
        Ok(Interval { low: Some(low), high: Some(high) }) => format!("[{}, {}]", number(*low), number(*high)),
        Ok(open) => interval(open),
        Err(reason) => {
            reasons.push(reason.to_string());
            "-".into()
        }
    }
}
