//! Pure mathematics in f64: nothing here knows a network, a device, a file or a clock.

pub mod activation;
pub mod double;
pub mod linalg;
pub mod root;

/// A number for a sentence: in full where that is short, else with a power of ten.
pub(crate) fn number(value: f64) -> String {
    let text = value.to_string();
    if text.len() > 24 { format!("{value:e}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_of_many_digits_have_a_power_of_ten() {
        let texts = [0.0, -1.5, 1e20, 1e300, -1e-300, f64::NAN].map(number);
        assert_eq!(texts, ["0", "-1.5", "100000000000000000000", "1e300", "-1e-300", "NaN"]);
    }
}
