//! `.csv`: rows of numbers as people and data-frame libraries write them.
//!
//! A file is read as it is meant or refused; what was skipped or taken on the way is told in one note.
//!
//! | module | what |
//! | --- | --- |
//! | `lines` | bytes → records: encodings, ends of lines, quotes over several lines, comments |
//! | `field` | records → fields, and what a field is: a number, a name, a missing value … |
//! | `near` | what is nearly a number, and why it is none |
//! | `separator` | the first records → separator and decimal sign |
//! | `first` | whether the first record is a header |
//! | `layout` | what else the first records say: a column of row names, an empty one |
//!
//! Fields may be quoted and have space around them; empty lines and lines that begin with # are skipped. A number is
//! the double nearest to what is written, however many digits that has.

mod field;
mod first;
mod layout;
mod lines;
mod near;
mod numeral;
mod separator;

use std::io::BufRead;

use super::{Fault, Table, malformed};
use crate::data::MAX_VALUES;
use crate::data::room::reserve;
use crate::units::counted;
use field::Class;
use layout::Form;
use lines::{Lines, Record};

/// Records that the layout is found from.
const HEAD: usize = 256;

/// All rows of a file, whose name may say that tabs separate its fields.
pub(super) fn read(file: impl BufRead, tabs: bool) -> Result<Table, Fault> {
    let mut lines = Lines::new(file)?;
    let mut head: Vec<Record> = Vec::new();
    while head.len() < HEAD {
        let Some(record) = lines.next()? else { break };
        head.push(record);
    }
    if head.is_empty() {
        return malformed("the file is empty; give at least one row of numbers separated by commas");
    }
    // The line that Excel reads, and some programs write for it.
    let declared = separator::declared(&head[0])?;
    if declared.is_some() {
        head.remove(0);
    }
    if head.is_empty() {
        return malformed("there is no row below the line that names the separator; give at least one");
    }
    let layout = Form::of(&head, declared, tabs)?;
    let mut rows = Rows { layout: &layout, values: Vec::new(), respelt: None };
    for record in &head[usize::from(layout.header)..] {
        rows.take(record)?;
    }
    while let Some(record) = lines.next()? {
        rows.take(&record)?;
    }
    let Rows { values, respelt, .. } = rows;
    if values.is_empty() {
        return malformed("there is a header line but no row of numbers below it; give at least one");
    }
    let mut said: Vec<String> = lines.notes();
    said.extend(layout.notes.iter().cloned());
    said.extend(
        respelt
            .map(|(line, text)| format!("numbers such as \"{text}\" in line {line} are read with - and e")),
    );
    let notes = if said.is_empty() { Vec::new() } else { vec![said.join("; ")] };
    Ok(Table { values, columns: layout.columns(), notes })
}

/// The numbers so far.
struct Rows<'l> {
    layout: &'l Form,
    values: Vec<f64>,
    /// The first number with a sign or a power of ten of another habit, and its line.
    respelt: Option<(usize, String)>,
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
            return field::refused(line, end, fields[end], "and the lines above end with a separator");
        }
        for (column, &field) in fields[..end].iter().enumerate().skip(usize::from(layout.names)) {
            match field::class(field.text, layout.decimal_comma) {
                Class::Number { value, .. } => {
                    self.values.push(value);
                    if self.respelt.is_none() && numeral::respelt(field.text) {
                        self.respelt = Some((line, field.text.to_owned()));
                    }
                }
                other => return field::refused(line, column, field, other.reason()),
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
