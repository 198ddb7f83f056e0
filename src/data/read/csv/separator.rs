//! What separates the fields of a file, and which decimal sign its numbers have.
//!
//! The separator is the first of comma, semicolon, tab, bar and white space with which the records below the first are
//! numbers, unless a line `sep=;` says it. Commas are decimal signs beside any other separator where the numbers then
//! are more. What could be read in two ways is refused: `1,05` may be two numbers, `1,234` and `1.234` one of four
//! digits.

use super::super::{Fault, malformed};
use super::field::{Class, Field, class, split};
use super::lines::Record;
use super::numeral::grouped;

pub(super) const SEPARATORS: [(char, &str); 5] =
    [(',', "commas"), (';', "semicolons"), ('\t', "tabs"), ('|', "bars"), (' ', "white space")];

/// Fields and their classes, record by record.
pub(super) struct Split<'t> {
    pub(super) fields: Vec<Vec<Field<'t>>>,
    pub(super) classes: Vec<Vec<Class>>,
}

impl<'t> Split<'t> {
    fn new(head: &'t [Record], separator: char, decimal_comma: bool) -> Self {
        let fields: Vec<Vec<Field>> = head.iter().map(|record| split(&record.text, separator)).collect();
        let classes =
            fields.iter().map(|r| r.iter().map(|f| class(f.text, decimal_comma)).collect()).collect();
        Self { fields, classes }
    }

    fn numbers(&self) -> usize {
        self.classes.iter().flatten().filter(|class| class.is_number()).count()
    }

    /// Whether the records below the first (the first where it is alone) are of one length and, but for a first column
    /// of names and an empty last one, numbers.
    fn is_table(&self) -> bool {
        let body = &self.classes[usize::from(self.classes.len() > 1)..];
        let fields = body[0].len();
        let end = fields - usize::from(fields > 1 && body.iter().all(|r| r.last() == Some(&Class::Empty)));
        let start = usize::from(end > 1);
        // A name that holds another separator, such as 3;1 of 3;1,5, is several fields.
        let whole = |field: &Field| field.quoted || !field.text.contains([';', '\t', '|']);
        body.iter().zip(&self.fields[self.fields.len() - body.len()..]).all(|(record, texts)| {
            record.len() == fields
                && record[start..end].iter().all(Class::is_number)
                && (start == 0 || record[0].is_number() || (record[0].is_label() && whole(&texts[0])))
        })
    }
}

/// The separator that a first record such as `sep=;` names, for Excel.
pub(super) fn declared(record: &Record) -> Result<Option<char>, Fault> {
    let text = record.text.trim_matches(['"', ' ', '\r']);
    let Some(named) = text.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")) else {
        return Ok(None);
    };
    let mut rest = text[named.len()..].chars();
    match (rest.next(), rest.next()) {
        (Some(separator), None) if SEPARATORS.iter().any(|(known, _)| *known == separator) => {
            Ok(Some(separator))
        }
        // The blank at the end has been trimmed.
        (None, _) if record.text.contains("= ") => Ok(Some(' ')),
        _ => malformed(format!(
            "line {} names a separator that is none of a comma, a semicolon, a tab, a bar and a blank",
            record.line
        )),
    }
}

/// Separator, decimal comma, and the records split so. `declared` is the separator that the file names; `tabs`: the
/// name of the file says that tabs separate.
pub(super) fn find(
    head: &[Record],
    declared: Option<char>,
    tabs: bool,
) -> Result<(char, bool, Split<'_>), Fault> {
    let first = declared.unwrap_or(',');
    let mut best = (0, first, Split::new(head, first, false));
    for (separator, _) in SEPARATORS.into_iter().filter(|s| declared.is_none_or(|only| only == s.0)) {
        for decimal_comma in [false, true] {
            if decimal_comma && separator == ',' {
                continue;
            }
            let mut split = Split::new(head, separator, decimal_comma);
            // A decimal comma is one only beside a separator that is there.
            let alone = split.fields.iter().all(|record| record.len() < 2);
            if decimal_comma && alone && declared.is_none() {
                continue;
            }
            if split.is_table() {
                let mut decimal_comma = decimal_comma;
                // What looks like a column of names may be one of decimal commas.
                if !decimal_comma && separator != ',' {
                    let other = Split::new(head, separator, true);
                    if other.is_table() && other.numbers() > split.numbers() {
                        (split, decimal_comma) = (other, true);
                    }
                }
                check(head, separator, decimal_comma, &split, declared.is_none(), tabs)?;
                return Ok((separator, decimal_comma, split));
            }
            let numbers = split.numbers();
            if !decimal_comma && numbers > best.0 {
                best = (numbers, separator, split);
            }
        }
    }
    Ok((best.1, false, best.2))
}

/// Refuses signs that can be read in two ways. `guessed`: the file does not name its separator.
fn check(
    head: &[Record],
    separator: char,
    decimal_comma: bool,
    split: &Split,
    guessed: bool,
    tabs: bool,
) -> Result<(), Fault> {
    let fields = || {
        let records = head.iter().zip(&split.fields);
        records.flat_map(|(record, fields)| fields.iter().map(move |field| (record.line, field)))
    };
    // Decimal commas all of which may stand between thousands, as in 1,234.
    let with_comma =
        || fields().filter(|(_, f)| decimal_comma && f.text.contains(',') && class(f.text, true).is_number());
    if with_comma().all(|(_, f)| class(f.text, false) == Class::Comma)
        && let Some((line, field)) = with_comma().next()
    {
        return malformed(format!("line {line} holds \"{}\", {}", field.text, Class::Comma.reason()));
    }
    // Where semicolons separate, commas are decimal signs, and points stand between thousands, as in 1.234.
    let with_point = || fields().filter(|(_, f)| f.text.contains('.') && class(f.text, false).is_number());
    if separator == ';'
        && !decimal_comma
        && with_point().all(|(_, f)| grouped(f.text, '.'))
        && let Some((line, field)) = with_point().next()
    {
        return malformed(format!(
            "line {line} holds \"{}\", with two readings: a point between thousands, or a decimal point; write 1234 or \
             1.2340",
            field.text
        ));
    }
    // Two integers in every line, such as 1,05, or nothing but tabs behind a number: a comma may be the decimal one of
    // a single column.
    let two = |line: usize, text: &str| {
        malformed(format!(
            "line {line} holds \"{text}\", with two readings: two numbers, or one with a decimal comma; write 1.05 for \
             one, and two with a blank, as 1, 5"
        ))
    };
    let single = split.classes.iter().all(|r| r[..].iter().filter(|c| **c != Class::Empty).count() == 1);
    if guessed && decimal_comma && separator == '\t' && single {
        return two(head[0].line, head[0].text.trim());
    }
    let pair = |record: &Record, classes: &[Class]| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        classes.len() == 2 && classes.iter().all(|c| c.integer().is_some()) && {
            let (_, behind) = record.text.split_once(',').unwrap_or_default();
            digits(behind.trim_end())
        }
    };
    if guessed && separator == ',' && head.iter().zip(&split.classes).all(|(record, c)| pair(record, c)) {
        let zero = |record: &&Record| {
            record.text.split_once(',').is_some_and(|(_, behind)| behind.len() > 1 && behind.starts_with('0'))
        };
        if let Some(record) = head.iter().find(zero).or(head.first().filter(|_| tabs)) {
            return two(record.line, record.text.trim());
        }
    }
    Ok(())
}
