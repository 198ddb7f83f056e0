//! What was found beside what theory says: cell by cell, as exponents, as ratios. Every found number has its interval.

use super::analysis::{Section, UPPER};
use super::axis::{Axis, Field};
use super::fits::PowerFit;
use super::headings::{Fields, Labels, percent};
use super::lines::Measured;
use super::ratios::Ratio;
use super::text::{Align, columns, interval, significant, slope};
use crate::stats::{Interval, NoInterval};

/// The spread of the trace beside the exact one of a diagonal entry, and the constant of the bound.
pub(super) fn cells(section: &Section, fields: &Fields) -> String {
    let percent = percent();
    let mut header = fields.headers();
    header.extend(["tr K", &percent, "K(x,x)", "constant", &percent].map(str::to_owned));
    let mut align = fields.aligns();
    align.extend([Align::Right, Align::Left, Align::Left, Align::Right, Align::Left]);
    let mut rows = vec![header];
    for line in &section.lines {
        for (i, point) in line.points.iter().enumerate() {
            let mut row = fields.row(&point.cell, i == 0);
            row.extend(match &point.trace_spread {
                Some(found) => [significant(found.value, 3), limits_or_dash(&found.interval)],
                None => ["-".into(), "-".into()],
            });
            row.push(point.cell.limit.relative_sd_diagonal.map_or("-".into(), |sd| significant(sd, 3)));
            row.extend(match &point.bound_constant {
                Some(c) => [significant(c.estimate, 3), interval(&c.interval)],
                None => ["-".into(), "-".into()],
            });
            rows.push(row);
        }
    }
    format!(
        "Spread of tr K and of K(x,x), s.d. : mean; constant of the bound, {:.0} % of ‖K−K∞‖/n : bound:\n",
        100.0 * UPPER
    ) + &columns(&align, &rows)
}

/// Exponents of the median, for each number along which there are some.
pub(super) fn exponents(section: &Section) -> String {
    let mut text = String::new();
    for axis in [Axis::Width, Axis::Depth, Axis::Outputs] {
        let fits: Vec<&PowerFit> = section.fits.iter().filter(|f| f.axis == axis).collect();
        if fits.is_empty() {
            continue;
        }
        let labels = Labels::of(axis, &fits.iter().map(|f| &f.cell).collect::<Vec<_>>());
        let mut header = labels.headers();
        header.extend([axis.symbol(), "median", &percent(), "K(x,x)", "bound"].map(str::to_owned));
        let mut rows = vec![header];
        for fit in fits {
            let [found, limits, reason] = match &fit.exponent {
                Ok(found) => {
                    let [limits, reason] = limits_or_reason(&found.interval, slope);
                    [slope(found.exponent), limits, reason]
                }
                Err(reason) => ["none".into(), "-".into(), reason.to_string()],
            };
            let mut row = labels.row(&fit.cell);
            let range = fit.range.map_or("-".into(), |(low, high)| {
                if low == high { low.to_string() } else { format!("{low} … {high}") }
            });
            row.extend([range, found, limits]);
            row.extend([fit.exact_exponent, fit.bound_exponent].map(|e| e.map_or("-".into(), slope)));
            row.push(reason);
            rows.push(row);
        }
        text += match axis {
            Axis::Width => "Exponent in m, predicted -1/2 for wide networks; of theory over the same m:\n",
            Axis::Depth => "Exponent in the depth l; of theory over the same l:\n",
            _ => "Exponent in the number of outputs m_l; of theory over the same m_l:\n",
        };
        text += &columns(&vec![Align::Left; labels.count() + 6], &rows);
    }
    text
}

/// The ratios |s| : φ.
pub(super) fn ratios(section: &Section) -> String {
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
    let mut header: Vec<String> = fields.iter().map(|f| f.header().to_owned()).collect();
    header.extend(["median", &percent(), "K(x,x)", "bound"].map(str::to_owned));
    let mut align: Vec<Align> = fields.iter().map(|f| f.align()).collect();
    align.extend([Align::Left; 5]);
    let mut rows = vec![header];
    for (ratio, measured) in found {
        let [limits, reason] = limits_or_reason(&measured.interval, |v| significant(v, 3));
        let mut row: Vec<String> = fields
            .iter()
            .map(|f| if ratio.mean && *f != Field::Activation { "all".into() } else { f.text(&ratio.cell) })
            .collect();
        row.extend([significant(measured.value, 3), limits]);
        row.extend([ratio.exact, ratio.bound].map(|v| v.map_or("-".into(), |v| significant(v, 3))));
        row.push(reason);
        rows.push(row);
    }
    let other = if relu { "ReLU" } else { "φ" };
    format!(
        "Ratio |s| : {other} of the medians at equal networks; below 1, |s| is the closer to its limit:\n"
    ) + &columns(&align, &rows)
}

fn limits_or_dash(limits: &Result<Interval, NoInterval>) -> String {
    limits.as_ref().map_or("-".into(), interval)
}

/// The interval, or a dash and the reason for its absence.
fn limits_or_reason(limits: &Result<Interval, NoInterval>, number: impl Fn(f64) -> String) -> [String; 2] {
    match limits {
        Ok(Interval { low: Some(low), high: Some(high) }) => {
            [format!("[{}, {}]", number(*low), number(*high)), String::new()]
        }
        Ok(open) => [interval(open), String::new()],
        Err(reason) => ["-".into(), reason.to_string()],
    }
}
