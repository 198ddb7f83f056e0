//! What theory says of the spectrum, beside the exact one, as `eoc limit` prints it.

use crate::limit::theory::{Inequality, Proposition14};
use crate::limit::{Profile, Theory};
use crate::report::{Align, Layout, paragraph};

/// Rows of the table at most: the deepest powers of two, and the depth itself.
const ROWS: usize = 7;
/// Digits of a number.
const DIGITS: usize = 5;

/// A table of a few depths and a line for each proposition, in `room` columns; one line where theory says nothing.
pub(super) fn text(profile: &Profile, room: usize) -> String {
    let Some(theory) = profile.theory() else {
        let none = "none (Delta = 0, one point, or points on one line)";
        return paragraph("theory of the spectrum: ", none, room);
    };
    let shown = |&i: &usize| profile.depths()[i].is_power_of_two() || i + 1 == profile.depths().len();
    let rows: Vec<usize> = (0..profile.depths().len()).filter(shown).collect();
    let sides = sides_differ(theory);
    let mut table = Layout::new(vec!["depth".to_owned(), "W".to_owned()], vec![Align::Right; 2])
        .group([("largest λ", Align::Right), ("theorem", Align::Right)])
        .group([("least λ", Align::Right), ("theorem", Align::Right)])
        .group([("condition", Align::Right), ("theorem", Align::Right)]);
    for &i in &rows[rows.len().saturating_sub(ROWS)..] {
        let spectrum = &profile.spectra()[i];
        let (upper, lower) = (theory.upper(), theory.lower());
        table.push(vec![
            profile.depths()[i].to_string(),
            show(theory.w()[i]),
            known(spectrum.largest(DIGITS), spectrum.eigenvalues.last()),
            show(upper.lambda_max[i]),
            known(spectrum.least(DIGITS), spectrum.eigenvalues.first()),
            show(upper.lambda_bulk[i]),
            known(spectrum.condition(DIGITS), Some(&spectrum.condition_number)),
            show(upper.condition_number[i]),
        ]);
        if sides && lower.lambda_max[i].is_some() {
            let below = [lower.lambda_max[i], lower.lambda_bulk[i], lower.condition_number[i]];
            let mut row = vec![String::new(); 2];
            row.extend(below.into_iter().flat_map(|side| [String::new(), show(side)]));
            table.push(row);
        }
    }
    let mut text = format!("\n{}", table.text(room));
    if sides {
        text +=
            &paragraph("", "norms differ: upper sides of the theorem, and below them the lower ones", room);
    }
    if let Some(found) = theory.proposition_13() {
        let (i, j) = (found.pair[0], found.pair[1]);
        let line =
            format!("is off by {:.3} at most: depth {}, points {i} and {j}", found.distance, found.depth);
        text += &paragraph("Proposition 13 ", &line, room);
    }
    if let Some(found) = theory.proposition_14() {
        text += &proposition_14(&found, room);
    }
    text
}

/// The verdict and where its margin is least.
fn proposition_14(found: &Proposition14, room: usize) -> String {
    let verdict = match found.verdict {
        Inequality::Holds => "holds",
        Inequality::Undecided => "is undecided",
        Inequality::Violated => "is violated",
    };
    let (i, j) = (found.pair[0], found.pair[1]);
    let line = format!(
        "{verdict}: margin {:.1e}, error {:.0e}, depth {}, points {i} and {j}",
        found.margin, found.error, found.depth
    );
    paragraph("Proposition 14 ", &line, room)
}

/// Whether the two sides of the theorem differ by more than rounding.
fn sides_differ(theory: &Theory) -> bool {
    let pairs = theory.upper().lambda_max.iter().zip(&theory.lower().lambda_max);
    pairs.into_iter().any(|(upper, lower)| match (upper, lower) {
        (Some(upper), Some(lower)) => (upper / lower - 1.0).abs() > 1e-9,
        _ => false,
    })
}

/// As [`show`] where all of these digits are right, else what is known.
fn known(text: String, value: Option<&f64>) -> String {
    let mantissa = text.split('e').next().unwrap_or_default();
    if mantissa.chars().filter(char::is_ascii_digit).count() < DIGITS { text } else { show(value.copied()) }
}

/// Five digits in at most nine characters, or a dash.
fn show(value: Option<f64>) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else { return "-".to_owned() };
    match value.abs() {
        0.0 => "0".to_owned(),
        v if (0.001..99_999.5).contains(&v) => {
            let whole = v.log10().floor().max(0.0) as usize;
            format!("{value:.*}", 5usize.saturating_sub(whole + 1))
        }
        _ => format!("{value:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataSet;
    use crate::math::activation::Activation;

    fn of(values: &[f64], depth: usize) -> String {
        let data = DataSet::new(values.to_vec(), 2).unwrap();
        text(&Profile::new(&data, Activation::RELU, depth, 1.0).unwrap(), 80)
    }

    #[test]
    fn tables_fit_the_terminal_and_show_two_sides_where_norms_differ() {
        let equal = of(&[1.0, 0.0, 0.6, 0.8, -0.8, 0.6], 1000);
        assert!(equal.lines().all(|line| line.chars().count() <= 80), "{equal}");
        assert_eq!(equal.lines().count(), 2 + ROWS + 2, "{equal}");
        assert!(equal.contains("\n   1000 ") && !equal.contains("\n      8 "), "{equal}");
        assert!(equal.contains("Proposition 14 holds: margin ") && !equal.contains("lower"), "{equal}");
        let unequal = of(&[1e40, 0.0, 0.6, 0.8, -8.0, 6.0], 40);
        assert!(
            unequal.lines().all(|line| line.chars().count() <= 80) && unequal.contains("lower ones"),
            "{unequal}"
        );
        assert_eq!(of(&[1.0, 0.0], 3).lines().count(), 1);
    }

    #[test]
    fn numbers_have_five_digits_in_nine_characters() {
        for (value, text) in [
            (12.3456, "12.346"),
            (0.0123456, "0.0123"),
            (99_999.4, "99999"),
            (1e6, "1.00e6"),
            (-1.5e-120, "-1.50e-120"),
            (0.0, "0"),
        ] {
            assert_eq!(show(Some(value)), text);
        }
        assert_eq!((show(None), show(Some(f64::INFINITY))), ("-".to_owned(), "-".to_owned()));
    }
}
