//! Numbers and aligned columns as plain text.

use crate::stats::{Interval, Moments, Quantile};
use crate::study::table::CellRecord;

/// A number with this many significant digits; powers of ten below 1e−3 and from 1e6 on.
pub(super) fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { "-".into() };
    }
    let rounded = format!("{value:.*e}", digits - 1);
    let exponent: i32 = rounded.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    if (-3..6).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        format!("{value:.decimals$}")
    } else {
        rounded
    }
}

/// `[low, high]`; `≥ low` or `≤ high` where the other side has no finite limit.
pub(super) fn interval(interval: &Interval) -> String {
    let number = |v| significant(v, 3);
    match (interval.low, interval.high) {
        (Some(low), Some(high)) => format!("[{}, {}]", number(low), number(high)),
        (Some(low), None) => format!("≥ {}", number(low)),
        (None, Some(high)) => format!("≤ {}", number(high)),
        (None, None) => "no limits".into(),
    }
}

/// A quantile and its interval, or two dashes.
pub(super) fn estimate(found: Option<&Quantile>) -> [String; 2] {
    match found {
        Some(q) => [significant(q.estimate, 3), interval(&q.interval)],
        None => ["-".into(), "-".into()],
    }
}

/// `mean ± standard error`, the mean to the first digit of its error; the mean alone of one number.
pub(super) fn mean_and_error(moments: &Moments) -> String {
    let mean = moments.mean().map_or("-".into(), |m| significant(m, digits_of_mean(moments)));
    match moments.standard_error() {
        Some(error) => format!("{mean} ± {}", significant(error, 2)),
        None => mean,
    }
}

/// The significant digits of a mean that its standard error leaves: 2 to 7, to 5 where a power of ten is written out,
/// 4 where there is no error.
pub(super) fn digits_of_mean(moments: &Moments) -> usize {
    match (moments.mean(), moments.standard_error()) {
        (Some(mean), Some(error)) if mean != 0.0 && error > 0.0 => {
            let digits = mean.abs().log10().floor() - error.log10().floor() + 1.0;
            // NaN becomes 0 and is clamped.
            (digits as i64).clamp(2, if mean.abs() < 1e-3 { 5 } else { 7 }) as usize
        }
        _ => 4,
    }
}

/// A slope with three decimals.
pub(super) fn slope(value: f64) -> String {
    let text = format!("{value:.3}");
    // An exponent that is 0 but for rounding is 0.
    if text == "-0.000" { "0.000".into() } else { text }
}

/// An activation as a theorist writes it; numbers of many digits with six.
pub(super) fn activation(cell: &CellRecord) -> String {
    symbol(&cell.activation, cell.a, cell.b)
}

/// The same of an activation by its name and its numbers.
pub(super) fn symbol(name: &str, a: f64, b: f64) -> String {
    let rounded = |v: f64| {
        let text = significant(v, 6);
        let decimal = text.contains('.') && !text.contains('e');
        if decimal { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    match name {
        "abs" => "|s|".into(),
        "relu" => "ReLU".into(),
        long if long.chars().count() > 20 => format!("{},{}", rounded(a), rounded(b)),
        other => other.to_owned(),
    }
}

/// Text as HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            // No letter: a browser would show nothing, or another page.
            c if c.is_control() && c != '\n' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// A number of an axis: counts as they are, all else in four digits.
pub(super) fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    match value.abs() {
        size if size >= 1e6 => format!("{rounded:e}"),
        _ if value.fract() == 0.0 => value.to_string(),
        _ => rounded.to_string(),
    }
}

/// Where a column's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// At the left, as words do.
    Left,
    /// At the right, as numbers do.
    Right,
}

/// Rows of cells, the first of them the header, padded to columns two spaces apart and indented by two.
pub(super) fn columns(align: &[Align], rows: &[Vec<String>]) -> String {
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|t| t.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..align.len()).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for ((cell, &width), align) in row.iter().zip(&widths).zip(align) {
            let pad = " ".repeat(width - cell.chars().count());
            let (before, after) =
                if *align == Align::Right { (pad, String::new()) } else { (String::new(), pad) };
            line += &format!("  {before}{cell}{after}");
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        for (value, digits, text) in [
            (0.123_45, 3, "0.123"),
            (0.099_96, 3, "0.100"),
            (0.001_234_5, 3, "0.00123"),
            (1.234e-5, 3, "1.23e-5"),
            (-0.5, 3, "-0.500"),
            (12.34, 3, "12.3"),
            (1234.5, 3, "1234"),
            (1e6, 3, "1.00e6"),
            (0.0, 3, "0"),
            (f64::NAN, 3, "-"),
        ] {
            assert_eq!(significant(value, digits), text);
        }
    }

    #[test]
    fn open_intervals_say_so() {
        let text = |low, high| interval(&Interval { low, high });
        assert_eq!(text(Some(0.1), Some(0.25)), "[0.100, 0.250]");
        assert_eq!(text(Some(0.1), None), "≥ 0.100");
        assert_eq!(text(None, Some(0.25)), "≤ 0.250");
        assert_eq!(text(None, None), "no limits");
    }

    #[test]
    fn a_mean_is_as_long_as_its_error_allows() {
        let text = |values: &[f64]| mean_and_error(&Moments::of(values));
        assert_eq!(text(&[0.0122, 0.0124, 0.0126]), "0.0124 ± 1.2e-4");
        assert_eq!(text(&[1.0, 2.0, 4.0]), "2.3 ± 0.88");
        assert_eq!(text(&[0.5]), "0.5000");
        assert_eq!(text(&[2.0, 2.0]), "2.000 ± 0");
        assert_eq!(text(&[]), "-");
    }

    #[test]
    fn columns_line_up_whatever_the_letters() {
        let rows = [vec!["φ".into(), "m".into()], vec!["|s|".into(), "16384".into()]];
        assert_eq!(columns(&[Align::Left, Align::Right], &rows), "  φ        m\n  |s|  16384\n");
    }
}
