//! Fields of a record, and what a field is.

/// A field without the space and the quotes around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field<'t> {
    pub(super) text: &'t str,
    pub(super) quoted: bool,
}

/// What a field is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Class {
    /// A finite number; `integer` where it is written as one, without a point or a power of ten.
    Number {
        /// The number.
        value: f64,
        /// Whether it is written as an integer.
        integer: bool,
    },
    /// Nothing.
    Empty,
    /// A word for a missing or an infinite value.
    Missing,
    /// A number with marks between its thousands.
    Thousands,
    /// A decimal comma where commas separate, or the other way round.
    Comma,
    /// A hexadecimal number.
    Hexadecimal,
    /// True or false.
    Boolean,
    /// A number beyond the largest.
    Huge,
    /// Text that begins as a name does.
    Name,
    /// Neither number nor name.
    Odd,
}

impl Class {
    /// Why it is no coordinate and what would be accepted.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Number { .. } => "a number",
            Self::Empty => {
                "which is empty: a missing value; give every point all its coordinates, or leave it out"
            }
            Self::Missing => {
                "which is a missing or infinite value; leave out the point, or give it a finite number"
            }
            Self::Thousands => "a number with marks between thousands; write it without them, such as 1234.5",
            Self::Comma => {
                "with two readings: a comma between thousands, or a decimal comma; write 1234 or 1.234"
            }
            Self::Hexadecimal => "which is hexadecimal; write it in decimal",
            Self::Boolean => "which is true or false; write it as a number, such as 1 or 0",
            Self::Huge => "which is beyond the largest number",
            Self::Name | Self::Odd => {
                "which is no number; rows are numbers separated by commas, with one optional header line of names"
            }
        }
    }
}

/// The fields of a record; separators within double quotes do not separate, and a blank stands for a run of white
/// space.
pub(super) fn split(line: &str, separator: char) -> Vec<Field<'_>> {
    let mut quoted = false;
    let parts = line.split(move |c: char| {
        quoted ^= c == '"';
        !quoted && (c == separator || (separator == ' ' && c == '\t'))
    });
    let field = |part: &'_ str| -> (usize, usize, bool) {
        let text = part.trim();
        let start = text.as_ptr() as usize - line.as_ptr() as usize;
        match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) => {
                let inner = inner.trim();
                let start = inner.as_ptr() as usize - line.as_ptr() as usize;
                (start, start + inner.len(), true)
            }
            None => (start, start + text.len(), false),
        }
    };
    parts
        .filter(|part| separator != ' ' || !part.trim().is_empty())
        .map(field)
        .map(|(start, end, quoted)| Field { text: &line[start..end], quoted })
        .collect()
}

/// Whether a field is what a spreadsheet writes into a cell that holds no value, such as `#N/A`.
pub(super) fn cell_error(text: &str) -> bool {
    const ERRORS: [&str; 10] =
        ["N/A", "REF!", "DIV/0!", "VALUE!", "NAME?", "NUM!", "NULL!", "SPILL!", "CALC!", "GETTING_DATA"];
    text.strip_prefix('#').is_some_and(|error| ERRORS.contains(&error.to_ascii_uppercase().as_str()))
}

/// What a field is, with a decimal point or a decimal comma.
pub(super) fn class(text: &str, decimal_comma: bool) -> Class {
    let bytes = text.as_bytes();
    let plain = |decimal: u8| {
        bytes.iter().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'e' | b'E') || *b == decimal)
    };
    let number = match decimal_comma {
        false => plain(b'.').then(|| text.parse::<f64>().ok()).flatten(),
        true => plain(b',').then(|| text.replace(',', ".").parse::<f64>().ok()).flatten(),
    };
    match number {
        Some(value) if value.is_finite() => {
            let integer = bytes.iter().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-'));
            return Class::Number { value, integer };
        }
        Some(_) => return Class::Huge,
        None if text.is_empty() => return Class::Empty,
        None => {}
    }
    let word = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let word = word.trim_matches(['<', '>', '#']);
    const MISSING: [&str; 13] = [
        "na", "nan", "n/a", "n/a!", "none", "null", "nil", "inf", "infinity", "missing", "1.#qnan", "1.#ind",
        "1.#inf",
    ];
    if MISSING.contains(&word) || cell_error(text) || ["?", ".", "-", "--"].contains(&text) {
        return Class::Missing;
    }
    if ["true", "false"].contains(&word) {
        return Class::Boolean;
    }
    if let Some(digits) = word.strip_prefix("0x")
        && !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_hexdigit())
    {
        return Class::Hexadecimal;
    }
    if grouped(text, ',') && !text.contains('.') && !decimal_comma {
        return Class::Comma;
    }
    if [',', '.', ' ', '\'', '_', '\u{a0}', '\u{202f}', '\u{2019}']
        .into_iter()
        .any(|mark| grouped(text, mark))
    {
        return Class::Thousands;
    }
    match text.chars().next() {
        Some(c) if c.is_alphabetic() || c == '_' => Class::Name,
        // An amount or a complex number is no name.
        Some('(' | '[' | '$' | '%') if text[1..].starts_with(|c: char| c.is_alphabetic() || c == '_') => {
            Class::Name
        }
        _ => Class::Odd,
    }
}

/// Whether text is digits in threes with a mark between, with or without a decimal part: `1,234`, `12'345.6`,
/// `1.234,5`.
fn grouped(text: &str, mark: char) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_apart() {
        let number = |value, integer| Class::Number { value, integer };
        for (text, comma, expected) in [
            ("1", false, number(1.0, true)),
            ("-2.50", false, number(-2.5, false)),
            ("+3e2", false, number(300.0, false)),
            ("1,5", true, number(1.5, false)),
            ("1.5", true, Class::Odd),
            ("1,5", false, Class::Odd),
            ("", false, Class::Empty),
            ("NA", false, Class::Missing),
            ("-inf", false, Class::Missing),
            ("nan", false, Class::Missing),
            ("1e999", false, Class::Huge),
            ("0x1F", false, Class::Hexadecimal),
            ("1,234", false, Class::Comma),
            ("1,234,567.5", false, Class::Thousands),
            ("1.234,5", false, Class::Thousands),
            ("1'234", false, Class::Thousands),
            ("x1", false, Class::Name),
            ("1x1", false, Class::Odd),
            ("−1", false, Class::Odd),
        ] {
            assert_eq!(class(text, comma), expected, "{text}");
        }
    }

    #[test]
    fn records_are_split() {
        let texts = |line: &'static str, separator| -> Vec<&'static str> {
            split(line, separator).iter().map(|f| f.text).collect()
        };
        assert_eq!(texts("1, 2 ,3", ','), ["1", "2", "3"]);
        assert_eq!(texts("\"a,b\",\" 2 \",", ','), ["a,b", "2", ""]);
        assert_eq!(texts("  1   2\t3 ", ' '), ["1", "2", "3"]);
        assert_eq!(texts("1;;2", ';'), ["1", "", "2"]);
        assert!(split("\"1\",2", ',')[0].quoted);
    }
}
