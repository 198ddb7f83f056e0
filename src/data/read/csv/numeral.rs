//! Numbers as they are written: digits, signs, powers of ten, marks between thousands.

/// The number that is written in digits, a decimal sign and a power of ten.
pub(super) fn number(text: &str, decimal_comma: bool) -> Option<f64> {
    let plain = |decimal: u8| {
        text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'e' | b'E') || b == decimal)
    };
    match decimal_comma {
        false => plain(b'.').then(|| text.parse::<f64>().ok()).flatten(),
        true => plain(b',').then(|| text.replace(',', ".").parse::<f64>().ok()).flatten(),
    }
}

/// Digits in front of a power of ten.
pub(super) fn mantissa(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().take_while(|b| !matches!(b, b'e' | b'E' | b'd' | b'D')).filter(u8::is_ascii_digit)
}

/// Whether a field has a minus sign of its own (U+2212), as typeset text has, or a power of ten of Fortran, which is
/// told from a hexadecimal number by its decimal sign or by the sign of the power: `1.5D+03`.
pub(super) fn respelt(text: &str) -> bool {
    let power = text.rsplit_once(['d', 'D']).is_some_and(|(front, power)| {
        let digits = power.trim_start_matches(['+', '-', '\u{2212}']);
        (front.contains(['.', ',']) || digits.len() < power.len())
            && !digits.is_empty()
            && digits.bytes().all(|b| b.is_ascii_digit())
    });
    power || text.contains('\u{2212}')
}

/// The same with a hyphen and an e.
pub(super) fn spelt(text: &str) -> String {
    text.replace('\u{2212}', "-").replace(['d', 'D'], "e")
}

/// Whether text is digits in threes with a mark between, with or without a decimal part: `1,234`, `12'345.6`,
/// `1.234,5`.
pub(super) fn grouped(text: &str, mark: char) -> bool {
    let text = text.strip_prefix(['+', '-', '\u{2212}']).unwrap_or(text);
    let decimal = if mark == '.' { ',' } else { '.' };
    let (whole, rest) = text.split_once(decimal).unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.split(mark);
    let first = groups.next().unwrap_or("");
    let others: Vec<&str> = groups.collect();
    (1..=3).contains(&first.len())
        && digits(first)
        && !first.starts_with('0')
        && !others.is_empty()
        && others.iter().all(|g| g.len() == 3 && digits(g))
        && digits(rest)
}
