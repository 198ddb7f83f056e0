//! Numbers that are known up to an error, as text that shows what is known and no more.

/// `value` ± `error` of a quantity that is not negative: as many digits as are right, at most `digits`, in powers of
/// ten; `< x` where not one digit is right, as where zero is among what is known. `-` where the value is not finite.
pub fn known(value: f64, error: f64, digits: usize) -> String {
    if !value.is_finite() || !error.is_finite() {
        return "-".to_owned();
    }
    if value == 0.0 && error == 0.0 {
        return "0".to_owned();
    }
    if value <= 2.0 * error {
        return format!("< {}", rounded_up(value.max(0.0) + error));
    }
    significant(value, right_digits(error / value, digits))
}

/// `largest`/`least` of numbers that are known up to `error` each, such as a condition number: as many digits as are
/// right, at most `digits`; `> x` where not one digit is right, as where infinity is among what is known.
pub fn known_ratio(largest: f64, least: f64, error: f64, digits: usize) -> String {
    if !(largest.is_finite() && least.is_finite() && error.is_finite()) {
        return "-".to_owned();
    }
    if largest <= error {
        // Nothing is known of 0 : 0.
        return "-".to_owned();
    }
    if least <= 2.0 * error {
        let above = (largest - error) / (least.max(0.0) + error);
        return if above.is_finite() { format!("> {}", rounded_down(above)) } else { "infinite".to_owned() };
    }
    significant(largest / least, right_digits(error / least + error / largest, digits))
}

/// Digits that are right of a number with this relative error: at least one, at most `most`.
fn right_digits(relative_error: f64, most: usize) -> usize {
    let right = -relative_error.log10();
    // Infinite where there is no error; the cast saturates.
    (right.floor().max(1.0) as usize).min(most.max(1))
}

fn significant(value: f64, digits: usize) -> String {
    format!("{value:.*e}", digits - 1)
}

/// Two digits, not below the value.
fn rounded_up(value: f64) -> String {
    outside(value, |shown| shown >= value, 1.0)
}

/// Two digits, not above the value.
fn rounded_down(value: f64) -> String {
    outside(value, |shown| shown <= value, -1.0)
}

/// The nearest number of two digits, or the next one towards the side where `fits` holds.
fn outside(value: f64, fits: impl Fn(f64) -> bool, towards: f64) -> String {
    let nearest = format!("{value:.1e}");
    let exponent = nearest.split_once('e').and_then(|(_, e)| e.parse::<i32>().ok());
    match (nearest.parse::<f64>(), exponent) {
        (Ok(shown), Some(exponent)) if !fits(shown) => {
            format!("{:.1e}", shown + towards * 10f64.powi(exponent - 1))
        }
        _ => nearest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_digit_is_shown_that_is_not_known() {
        for (value, error, text) in [
            (0.123_456_789, 1e-3, "1.2e-1"),
            (0.123_456_789, 1e-12, "1.234568e-1"),
            (3.0, 2.0, "< 5.0e0"),
            (-2.5e-17, 1e-16, "< 1.0e-16"),
            (2.5e-17, 1e-16, "< 1.3e-16"),
            (1.04e-16, 2.0e-16, "< 3.1e-16"),
            (0.0, 0.0, "0"),
            (5.0, 0.0, "5.000000e0"),
            (f64::NAN, 0.0, "-"),
        ] {
            assert_eq!(known(value, error, 7), text, "{value} {error}");
        }
    }

    #[test]
    fn a_ratio_over_what_may_be_zero_has_a_lower_limit_alone() {
        assert_eq!(known_ratio(2.0, -1e-17, 1.02e-16, 7), "> 1.9e16");
        assert_eq!(known_ratio(2.0, 4e-16, 1e-16, 7), "5e15");
        assert_eq!(known_ratio(2.0, 1.2e-14, 1.0e-14, 7), "> 9.0e13");
        assert_eq!(known_ratio(2.0, 1.0, 1e-16, 7), "2.000000e0");
        assert_eq!(known_ratio(0.0, 0.0, 0.0, 7), "-");
        assert_eq!(known_ratio(1.0, 0.0, 0.0, 7), "infinite");
    }
}
