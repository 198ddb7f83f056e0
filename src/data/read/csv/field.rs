//! Fields of a record, and what a field is.

use super::super::{Fault, malformed};
use super::near;
use super::numeral::{grouped, mantissa, number, respelt, spelt};

/// Characters of a field that an error shows.
const SHOWN: usize = 40;

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
    /// A comma between digits where commas separate, which may stand between thousands.
    Comma,
    /// A hexadecimal number.
    Hexadecimal,
    /// True or false.
    Boolean,
    /// A number beyond the largest.
    Huge,
    /// A number that is not zero, below the smallest.
    Tiny,
    /// Nearly a number: why it is none, and what would be accepted.
    Near(&'static str),
    /// Text that begins as a name does.
    Name,
    /// Neither number nor name.
    Odd,
}

impl Class {
    /// Whether it is a number.
    pub(super) fn is_number(&self) -> bool {
        self.value().is_some()
    }

    /// The number.
    pub(super) fn value(&self) -> Option<f64> {
        match self {
            Self::Number { value, .. } => Some(*value),
            _ => None,
        }
    }

    /// The number that is written as an integer.
    pub(super) fn integer(&self) -> Option<f64> {
        match self {
            Self::Number { value, integer: true } => Some(*value),
            _ => None,
        }
    }

    /// Whether it may stand above a column, or in front of a row.
    pub(super) fn is_label(&self) -> bool {
        matches!(self, Self::Name | Self::Odd | Self::Near(_))
    }

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
            Self::Tiny => "which is below the smallest number, 5e-324; write 0 if that is meant",
            Self::Near(reason) => reason,
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
    let field = |(i, part): (usize, &'_ str)| -> (usize, usize, bool) {
        let text = trimmed(part, separator, i == 0);
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
        .enumerate()
        .map(field)
        .map(|(start, end, quoted)| Field { text: &line[start..end], quoted })
        .collect()
}

/// A field without the space around it. Tabs are space behind a comma or the like, and elsewhere a separator of another
/// kind: in `0,1⇥0,5⇥` they separate decimal commas.
fn trimmed(part: &str, separator: char, first: bool) -> &str {
    let tabs_separate = !matches!(separator, ' ' | '\t');
    let start = part.trim_start();
    let text = start.trim_end();
    let before = &part[..part.len() - start.len()];
    match tabs_separate && (start[text.len()..].contains('\t') || (first && before.contains('\t'))) {
        true => part.trim_matches(' '),
        false => text,
    }
}

/// Whether a field is what a spreadsheet writes into a cell that holds no value, such as `#N/A`, or `#WERT!` and
/// `#NV` in another language; or the signs in place of a number that its column was too narrow for.
pub(super) fn cell_error(text: &str) -> bool {
    const ERRORS: [&str; 12] = [
        "N/A",
        "REF!",
        "DIV/0!",
        "VALUE!",
        "NAME?",
        "NUM!",
        "NULL!",
        "SPILL!",
        "CALC!",
        "GETTING_DATA",
        "NV",
        "N/D",
    ];
    text.strip_prefix('#').is_some_and(|error| {
        let shouted = error.len() > 1 && error.ends_with(['!', '?']) && !error.contains(char::is_lowercase);
        shouted
            || ERRORS.contains(&error.to_ascii_uppercase().as_str())
            || (error.len() > 1 && error.bytes().all(|b| b == b'#'))
    })
}

/// What a field is, with a decimal point or a decimal comma.
pub(super) fn class(text: &str, decimal_comma: bool) -> Class {
    let plain = match number(text, decimal_comma) {
        None if respelt(text) => number(&spelt(text), decimal_comma),
        plain => plain,
    };
    match plain {
        Some(value) if value.is_finite() => {
            let bytes = text.as_bytes();
            let zero = value == 0.0;
            if zero && mantissa(text).any(|digit| digit != b'0') {
                return Class::Tiny;
            }
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
    // Sodium, which no program writes for a missing value, stands above columns.
    let missing = MISSING.contains(&word) && text != "Na";
    if missing || cell_error(text) || ["?", ".", "-", "--"].contains(&text) {
        return Class::Missing;
    }
    // In the languages in which spreadsheets write them.
    const BOOLEANS: [&str; 9] =
        ["true", "false", "wahr", "falsch", "vrai", "faux", "verdadero", "falso", "vero"];
    if BOOLEANS.contains(&word) {
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
    if let Some(reason) = near::reason(text, decimal_comma) {
        return Class::Near(reason);
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

/// Refuses a field by its line and its place in it.
pub(super) fn refused<T>(line: usize, column: usize, field: Field, reason: &str) -> Result<T, Fault> {
    let mut shown: String = field.text.chars().take(SHOWN).collect();
    if shown.len() < field.text.len() {
        shown.push('…');
    }
    malformed(format!("line {line}, field {} is \"{shown}\", {reason}", column + 1))
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
            ("−1", false, number(-1.0, false)),
            ("−1,5e−3", true, number(-1.5e-3, false)),
            ("1.5D+03", false, number(1500.0, false)),
            ("1d-2", false, number(0.01, false)),
            ("4.9e-324", false, number(5e-324, false)),
            ("0e-999", false, number(0.0, false)),
            ("0.10000000000000001", false, number(0.1, false)),
            ("", false, Class::Empty),
            ("NA", false, Class::Missing),
            ("-inf", false, Class::Missing),
            ("nan", false, Class::Missing),
            ("Na", false, Class::Name),
            ("#WERT!", false, Class::Missing),
            ("#NV", true, Class::Missing),
            ("####", false, Class::Missing),
            ("FALSCH", true, Class::Boolean),
            ("1e999", false, Class::Huge),
            ("1e-999", false, Class::Tiny),
            ("0x1F", false, Class::Hexadecimal),
            ("1,234", false, Class::Comma),
            ("1,234,567.5", false, Class::Thousands),
            ("1.234,5", false, Class::Thousands),
            ("1'234", false, Class::Thousands),
            ("1\u{a0}234", false, Class::Thousands),
            ("x1", false, Class::Name),
            ("d1.5", false, Class::Name),
            ("1x1", false, Class::Odd),
            ("2020-01-31", false, Class::Odd),
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
        assert_eq!(texts("1,\t2", ','), ["1", "2"]);
        // Tabs that separate are no space around a number.
        assert_eq!(texts("0,1\t", ','), ["0", "1\t"]);
        assert_eq!(texts("\t0,1", ','), ["\t0", "1"]);
        assert_eq!(texts("0,1\t", '\t'), ["0,1", ""]);
        assert!(split("\"1\",2", ',')[0].quoted);
    }
}
