//! Pure mathematics in f64: nothing here knows a network, a device, a file or a clock.

pub mod activation;
pub mod double;
pub mod extremes;
mod known;
pub mod linalg;
pub mod root;
mod tridiagonal;

pub(crate) use known::{known, known_ratio};

/// A number for a sentence: in full where that is short, else with a power of ten.
pub(crate) fn number(value: f64) -> String {
    let text = value.to_string();
    if text.len() > 24 { format!("{value:e}") } else { text }
}

/// A whole number as people write it: `4096`, `1_000`, `10k`, `2M`, `1e6`, `2.5e3`. None where the text is none, or
/// more than a u128 holds.
pub fn whole<T: TryFrom<u128>>(text: &str) -> Option<T> {
    let text = text.trim();
    let (digits, zeros) = match text.find(['e', 'E', 'k', 'K', 'M', 'G']) {
        None => (text, 0),
        Some(at) if matches!(text.as_bytes()[at], b'e' | b'E') => {
            let exponent = text[at + 1..].trim_start_matches('+');
            let plain = exponent.bytes().all(|b| b.is_ascii_digit());
            (&text[..at], plain.then(|| exponent.parse::<usize>().ok())??)
        }
        Some(at) if at + 1 == text.len() => match text.as_bytes()[at] {
            b'k' | b'K' => (&text[..at], 3),
            b'M' => (&text[..at], 6),
            _ => (&text[..at], 9),
        },
        Some(_) => return None,
    };
    let (integer, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let point_without_digits = digits.contains('.') && (integer.is_empty() || fraction.is_empty());
    // 1.50e1 is whole too.
    let fraction = fraction.trim_end_matches('0');
    // 0 with a thousand zeros is 0, and 1 with a thousand is no number that anything here can be.
    if point_without_digits || fraction.len() > zeros || zeros > 38 || text.len() > 80 {
        return None;
    }
    // Underscores stand between digits.
    let grouped = |part: &str| !(part.starts_with('_') || part.ends_with('_') || part.contains("__"));
    let all = format!("{integer}{fraction}{}", "0".repeat(zeros - fraction.len()));
    let plain = all.bytes().all(|b| b.is_ascii_digit() || b == b'_') && !integer.is_empty();
    let number: u128 =
        (plain && grouped(integer) && grouped(fraction)).then(|| all.replace('_', "").parse().ok())??;
    T::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::{number, whole};

    #[test]
    fn whole_numbers_are_read_as_people_write_them() {
        for (text, value) in [
            ("0", 0),
            ("4096", 4096),
            (" 64 ", 64),
            ("1_000", 1000),
            ("1e6", 1_000_000),
            ("1E+6", 1_000_000),
            ("2.5e3", 2500),
            ("1.50e1", 15),
            ("3.0", 3),
            ("10k", 10_000),
            ("1.5K", 1500),
            ("2M", 2_000_000),
            ("4G", 4_000_000_000),
        ] {
            assert_eq!(whole::<u64>(text), Some(value), "{text}");
        }
        for text in [
            "", " ", "-1", "+1", "x", "1.5", "1e", "1e-3", "1e1.5", "e6", "k", "1kk", "1k2", "1 000", "1__0",
            "_1", "1_", ".5e1", "1.e3", "1.5.0e3", "1e99", "0x10", "1ek", "٣",
        ] {
            assert_eq!(whole::<u64>(text), None, "{text}");
        }
        assert_eq!(whole::<u8>("256"), None);
        assert_eq!(whole::<u64>("18446744073709551616"), None);
        assert_eq!(whole::<u128>("18446744073709551616"), Some(1 << 64));
    }

    #[test]
    fn numbers_of_many_digits_have_a_power_of_ten() {
        let texts = [0.0, -1.5, 1e20, 1e300, -1e-300, f64::NAN].map(number);
        assert_eq!(texts, ["0", "-1.5", "100000000000000000000", "1e300", "-1e-300", "NaN"]);
    }
}
