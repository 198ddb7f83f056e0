//! What was found beside what theory says: cell by cell, as exponents, as ratios. Every found number has its interval.

use super::analysis::{Measured, Section, UPPER};
use super::axis::{Axis, Field, Place};
use super::fits::PowerFit;
use super::ratios::Ratio;
use super::table::{Fields, percent};
use super::text::{Align, columns, interval, significant};
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
            let mut row = fields.row(&point.place, i == 0);
            row.extend(match &point.trace_spread {
                Some(found) => [significant(found.value, 3), limits_or_dash(&found.interval)],
                None => ["-".into(), "-".into()],
            });
            row.push(point.relative_sd_diagonal.map_or("-".into(), |sd| significant(sd, 3)));
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
        let labels = Labels::of(axis, fits.iter().map(|f| &f.place).collect());
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
            let mut row = labels.row(&fit.place);
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
    let relu = found.iter().all(|(r, _)| r.place.activation == "relu");
    let free = [Field::Activation, Field::Schedule, Field::Depth, Field::Outputs, Field::Width];
    let places = || found.iter().map(|(r, _)| &r.place);
    let mut fields: Vec<Field> = free.into_iter().filter(|f| f.varies(places())).collect();
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
            .map(|f| if ratio.mean && *f != Field::Activation { "all".into() } else { f.text(&ratio.place) })
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

/// The fields that tell exponents apart: the activation, and what else differs.
pub(super) struct Labels(Vec<Field>);

impl Labels {
    pub(super) fn of(axis: Axis, places: Vec<&Place>) -> Self {
        let free = [Field::Schedule, Field::Depth, Field::Outputs, Field::Width];
        let free = free.into_iter().filter(|f| !axis.fields().contains(f));
        let differ = free.filter(|f| f.varies(places.iter().copied()));
        Self(std::iter::once(Field::Activation).chain(differ).collect())
    }

    pub(super) fn headers(&self) -> Vec<String> {
        self.0.iter().map(|f| f.header().to_owned()).collect()
    }

    pub(super) fn row(&self, place: &Place) -> Vec<String> {
        self.0.iter().map(|f| f.text(place)).collect()
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

/// A slope with three decimals.
pub(super) fn slope(value: f64) -> String {
    let text = format!("{value:.3}");
    // An exponent that is 0 but for rounding is 0.
    if text == "-0.000" { "0.000".into() } else { text }
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
