//! What is nearly a number, and why it is none: percentages, amounts, complex numbers, slips of the pen.
//!
//! It tells two things that a name would not: a row with it is a row of values that somebody meant, and what is wrong.

use super::numeral::number;

const CURRENCIES: [char; 6] = ['$', '€', '£', '¥', '₹', '\u{a4}'];
/// Dashes that look like a minus sign, which is U+002D or U+2212.
const DASHES: [char; 6] = ['\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{ff0d}'];

const LETTERS: &str = "a number with letters behind it or in the place of digits; write the number alone";

/// Why text is no number though it is nearly one, and what would be accepted; None where it is no near miss.
pub(super) fn reason(text: &str, decimal_comma: bool) -> Option<&'static str> {
    let is_number = |text: &str| number(text.trim(), decimal_comma).is_some();
    // With either decimal sign.
    let amount = |text: &str| {
        let text = text.trim().trim_start_matches(['+', '-']);
        text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','))
            && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b' ' | b'\''))
    };
    if text.strip_suffix(['%', '‰']).is_some_and(amount) {
        return Some("a percentage; write the number itself, such as 0.05");
    }
    let unsigned = text.trim_start_matches(['+', '-']);
    let bare = unsigned.strip_prefix(CURRENCIES).or_else(|| unsigned.strip_suffix(CURRENCIES));
    if bare.is_some_and(amount) {
        return Some("an amount of money; write the number alone, such as 1234.5");
    }
    if complex(text) {
        return Some("a complex number; give the real and the imaginary part a column each");
    }
    if number(text, !decimal_comma).is_some() {
        return Some(match decimal_comma {
            false => "with a decimal comma; write a point, such as 1.5",
            true => "with a decimal point, and other numbers have decimal commas; write all alike",
        });
    }
    if text.strip_prefix(DASHES).is_some_and(is_number) {
        return Some("which begins with a dash that is no minus sign; write -1 or −1");
    }
    let quotes = ['\'', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '`'];
    if text.starts_with(quotes) && is_number(text.trim_matches(quotes)) {
        return Some("in quotes of another kind; write the number alone, or in double quotes");
    }
    if text.starts_with('=') {
        return Some("which is a formula of a spreadsheet; save the values in its place");
    }
    if text.starts_with(['(', '[', ')', ']', '{', '}'])
        && is_number(text.trim_matches(['(', '[', ']', ')', '{', '}']))
    {
        return Some("in brackets; write the number alone, and a minus sign where brackets stand for it");
    }
    let (front, power) = text.rsplit_once(['d', 'D']).unwrap_or(("", ""));
    if is_number(front) && is_number(power) {
        return Some(
            "with two readings: a power of ten as Fortran writes it, or a hexadecimal number; write 1e0",
        );
    }
    if text.split_once(':').is_some_and(|(index, value)| {
        index.bytes().all(|b| b.is_ascii_digit())
            && !index.is_empty()
            && value.contains('.')
            && is_number(value)
    }) {
        return Some("an index and a value, as LIBSVM writes them; give every point all its coordinates");
    }
    if text.split_once("*^").is_some_and(|(front, power)| is_number(front) && is_number(power)) {
        return Some("with a power of ten as Mathematica writes it; write 1e-3");
    }
    // Behind a number, three letters at most: longer ones may be the code of something.
    let letter = |c: char| c.is_alphabetic() || matches!(c, '°' | '²' | '³');
    let front = text.trim_end_matches(letter);
    if (1..=3).contains(&text[front.len()..].chars().count()) && is_number(front) {
        return Some(LETTERS);
    }
    (begins(text) && of_digits(text)).then_some(LETTERS)
}

/// Whether text begins as a number does.
fn begins(text: &str) -> bool {
    text.trim_start_matches(['+', '-', '.']).starts_with(|c: char| c.is_ascii_digit())
}

/// Whether text is a number once letters are read as the digits that they look like.
pub(super) fn of_digits(text: &str) -> bool {
    let digit = |c: char| match c {
        'O' | 'o' => '0',
        'l' | 'I' | '|' => '1',
        'Z' | 'z' => '2',
        'S' | 's' => '5',
        'B' => '8',
        other => other,
    };
    let digits: String = text.chars().map(digit).collect();
    digits != text && number(&digits, false).is_some()
}

/// Whether text is a complex number, as Python, R, MATLAB or NumPy write it: `1+2j`, `(1e-3-2j)`, `2i`.
fn complex(text: &str) -> bool {
    let text = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(text);
    let part = |text: &str| number(text.trim(), false).is_some();
    let Some(text) = text.strip_suffix(['i', 'j']).map(|text| text.trim_end_matches('*')) else {
        return false;
    };
    let mut signs = text
        .char_indices()
        .filter(|&(at, c)| at > 0 && matches!(c, '+' | '-') && !text[..at].ends_with(['e', 'E']));
    part(text)
        || signs.next_back().is_some_and(|(at, _)| {
            let imaginary = text[at..].replace(' ', "");
            part(&text[..at]) && part(&imaginary)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_say_what_is_wrong() {
        for (text, says) in [
            ("5%", "percentage"),
            ("-1,5 %", "percentage"),
            ("$5", "money"),
            ("-$1,234.50", "money"),
            ("5 €", "money"),
            ("(1+2j)", "complex"),
            ("1e-3 - 2i", "complex"),
            ("2j", "complex"),
            ("1,5", "decimal comma"),
            ("–1", "dash"),
            ("'1.5'", "quotes"),
            ("=1+2", "formula"),
            ("(5)", "brackets"),
            ("[1.5", "brackets"),
            ("1d0", "Fortran"),
            ("3:0.5", "LIBSVM"),
            ("1.5*^-7", "Mathematica"),
            ("5 kg", "letters behind"),
            ("1.5f", "letters behind"),
            ("20°C", "letters behind"),
            ("1O", "letters"),
            ("3O.2", "in the place of digits"),
            ("0.l5", "in the place of digits"),
        ] {
            let found = reason(text, false);
            assert!(found.is_some_and(|found| found.contains(says)), "{text}: {found:?}");
        }
        assert!(reason("1.5", true).is_some_and(|found| found.contains("decimal point")));
        for text in ["x1", "1x1", "2020-01-31", "12:30", "0-9", "1.2.3", "l2", "km", "3f2a", "a%", "$b", "i"]
        {
            assert_eq!(reason(text, false), None, "{text}");
        }
        assert!(of_digits("l2") && of_digits("lO") && !of_digits("12") && !of_digits("x1"));
    }
}
