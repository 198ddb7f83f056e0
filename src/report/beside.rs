//! What was found beside what theory says: cell by cell, as exponents, as ratios. Every found number has its interval.

use super::analysis::{Point, Section, UPPER};
use super::axis::{Axis, Field};
use super::fits::PowerFit;
use super::headings::{Fields, Labels, layout, percent};
use super::heavy;
use super::layout::{Layout, paragraph};
use super::lines::Measured;
use super::ratios::Ratio;
use super::tails::{MISSES, THRESHOLDS, Tail};
use super::text::{Align, estimate, interval, significant, slope};
use crate::stats::{Interval, NoInterval, Quantile};
use crate::units::counted;

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
    let heavy = heavy::sentence(section.lines.iter().flat_map(|l| &l.points));
    let heavy = if heavy.is_empty() { heavy } else { paragraph("Heavy tails: ", &heavy, room) };
    paragraph("", "Spread of tr K and of K(x,x), s.d. : mean:", room) + &layout.text(room) + &heavy
}

/// The constant of the bound, modulo logarithms and in full.
pub(super) fn constants(section: &Section, fields: &Fields, room: usize) -> String {
    let title = format!("Constant of the bound, {:.0} % of ‖K−K∞‖/n : bound:", 100.0 * UPPER);
    let of = |point: &Point| [point.bound_constant, point.full_constant];
    paragraph("", &title, room) + &of_both_bounds(section, fields, room, of)
}

/// The constants of large deviations: at 1 − 16/m and at 1 − 1/m; nothing where no cell has one.
pub(super) fn rare(section: &Section, fields: &Fields, room: usize) -> String {
    let all = || section.lines.iter().flat_map(|l| &l.points).flat_map(|p| &p.tails.rare);
    let mut text = String::new();
    for misses in MISSES {
        if !all().any(|r| r.misses == misses && r.constant.is_some()) {
            continue;
        }
        let title = format!("The same at 1 - {misses}/m, m = min m_k/k², where so many seeds reach there:");
        let of = |point: &Point| {
            let rare = point.tails.rare.iter().find(|r| r.misses == misses);
            [rare.and_then(|r| r.constant), rare.and_then(|r| r.full)]
        };
        text += &(paragraph("", &title, room) + &of_both_bounds(section, fields, room, of) + "\n");
    }
    text
}

/// Two constants of every cell with their intervals: of the bound modulo logarithms, and in full.
fn of_both_bounds(
    section: &Section,
    fields: &Fields,
    room: usize,
    of: impl Fn(&Point) -> [Option<Quantile>; 2],
) -> String {
    let percent = percent();
    let mut layout = fields
        .layout()
        .group([("constant", Align::Right), (&percent, Align::Left)])
        .group([("in full", Align::Right), (&percent, Align::Left)]);
    for line in &section.lines {
        for (i, point) in line.points.iter().enumerate() {
            let mut row = fields.row(&point.cell, i == 0);
            row.extend(of(point).iter().flat_map(|constant| estimate(constant.as_ref())));
            layout.push(row);
        }
    }
    layout.text(room)
}

/// The shares of seeds with a large deviation.
pub(super) fn tails(section: &Section, fields: &Fields, room: usize) -> String {
    let percent = percent();
    let heads = THRESHOLDS.map(|t| format!("> {t}"));
    let mut layout = fields.layout();
    for head in &heads {
        layout = layout.group([(head, Align::Right), (&percent, Align::Left)]);
    }
    layout = layout.group([("s", Align::Right), ("> s", Align::Right), (&percent, Align::Left)]);
    for line in &section.lines {
        for (i, point) in line.points.iter().enumerate() {
            let mut row = fields.row(&point.cell, i == 0);
            let share = |tail: Option<&Tail>| match tail {
                Some(tail) => [significant(tail.share, 3), interval(&tail.interval)],
                None => ["-".into(), "-".into()],
            };
            let tails = &point.tails;
            row.extend((0..heads.len()).flat_map(|t| share(tails.fixed.get(t))));
            row.push(tails.moving.map_or("-".into(), |tail| significant(tail.threshold, 3)));
            row.extend(share(tails.moving.as_ref()));
            layout.push(row);
        }
    }
    paragraph("", "Share of seeds with a large ‖K−K∞‖/‖K∞‖:", room) + &layout.text(room)
}

/// What keeps the theorem from speaking of networks of a section, each once.
pub(super) fn conditions(section: &Section, room: usize) -> String {
    let cells = || section.lines.iter().flat_map(|l| &l.points).map(|p| &p.cell);
    let mut unmet: Vec<&str> = cells().filter_map(|c| c.limit.theorem.as_deref()).collect();
    let (all, some) = (cells().count(), unmet.len());
    unmet.sort_unstable();
    unmet.dedup();
    let said = match (some, unmet.as_slice()) {
        (0, _) => "its conditions hold for every cell".to_owned(),
        (_, [one]) if some == all => one.to_string(),
        _ => {
            // Widths are as many as cells; what the rest says is the same for all of a data set.
            let shown: Vec<String> = unmet.iter().take(2).map(|u| u.to_string()).collect();
            let more = if unmet.len() > 2 { "; and so on" } else { "" };
            format!(
                "of {}, {some} do not meet its conditions: {}{more}",
                counted(all, "cell"),
                shown.join("; ")
            )
        }
    };
    paragraph("Theorem: ", &said, room)
}

/// Exponents of the median, for each number along which there are some.
pub(super) fn exponents(section: &Section, room: usize) -> String {
    let mut text = String::new();
    for axis in Axis::POWERS {
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
            Axis::Points => "Exponent in the number of points n; of theory over the same n:",
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
    let free =
        [Field::Activation, Field::Schedule, Field::Depth, Field::Outputs, Field::Points, Field::Width];
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
