//! `.csv`: rows of numbers as people and data-frame libraries write them.
//!
//! A file is read as it is meant or refused; what was skipped or taken on the way is told in one note.
//!
//! | module | what |
//! | --- | --- |
//! | `lines` | bytes → records: encodings, ends of lines, quotes over several lines, comments |
//! | `field` | records → fields, and what a field is: a number, a name, a missing value … |
//! | `layout` | the first records → separator, decimal sign, header, column of row names |
//!
//! Fields may be quoted and have space around them; empty lines and lines that begin with # are skipped.

mod field;
mod layout;
mod lines;

use std::io::BufRead;

use super::{Fault, Table, malformed};
use crate::data::MAX_VALUES;
use crate::data::room::reserve;
use crate::units::counted;
use field::{Class, Field};
use layout::Form;
use lines::{Lines, Record};

/// Records that the layout is found from.
const HEAD: usize = 256;
/// Characters of a field that an error shows.
const SHOWN: usize = 40;

/// All rows of a file.
pub(super) fn read(file: impl BufRead) -> Result<Table, Fault> {
    let mut lines = Lines::new(file)?;
    let mut head: Vec<Record> = Vec::new();
    while head.len() < HEAD {
        let Some(record) = lines.next()? else { break };
        head.push(record);
    }
    if head.is_empty() {
        return malformed("the file is empty; give at least one row of numbers separated by commas");
    }
    let layout = Form::of(&head)?;
    let mut rows = Rows { layout: &layout, values: Vec::new() };
    for record in &head[usize::from(layout.header)..] {
        rows.take(record)?;
    }
    while let Some(record) = lines.next()? {
        rows.take(&record)?;
    }
    let values = rows.values;
    if values.is_empty() {
        return malformed("there is a header line but no row of numbers below it; give at least one");
    }
    let mut said: Vec<String> = lines.notes();
    said.extend(layout.notes.iter().cloned());
    let notes = if said.is_empty() { Vec::new() } else { vec![said.join("; ")] };
    Ok(Table { values, columns: layout.columns(), notes })
}

/// The numbers so far.
struct Rows<'l> {
    layout: &'l Form,
    values: Vec<f64>,
}

impl Rows<'_> {
    fn take(&mut self, record: &Record) -> Result<(), Fault> {
        let (layout, line) = (self.layout, record.line);
        let fields = field::split(&record.text, layout.separator);
        if fields.len() != layout.fields {
            return malformed(format!(
                "line {line} has {} but line {} has {}; every line needs as many",
                counted(fields.len(), "field"),
                layout.first_line,
                layout.fields
            ));
        }
        let end = fields.len() - usize::from(layout.trailing);
        reserve(&mut self.values, end)?;
        if layout.trailing && !fields[end].text.is_empty() {
            return wrong(line, end, fields[end], "and the lines above end with a separator");
        }
        for (column, &field) in fields[..end].iter().enumerate().skip(usize::from(layout.names)) {
            match field::class(field.text, layout.decimal_comma) {
                Class::Number { value, .. } => self.values.push(value),
                other => return wrong(line, column, field, other.reason()),
            }
        }
        if self.values.len() > MAX_VALUES {
            return malformed(format!(
                "at line {line} there are more than {MAX_VALUES} numbers, the most that fit"
            ));
        }
        Ok(())
    }
}

fn wrong<T>(line: usize, column: usize, field: Field, reason: &str) -> Result<T, Fault> {
    let mut shown: String = field.text.chars().take(SHOWN).collect();
    if shown.len() < field.text.len() {
        shown.push('…');
    }
    malformed(format!("line {line}, field {} is \"{shown}\", {reason}", column + 1))
}
