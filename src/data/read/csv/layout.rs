//! What the first records of a file say of its form.
//!
//! Once fields and numbers are told apart, the habits of the programs that write such files are looked for:
//!
//! | habit | who | what is done |
//! | --- | --- | --- |
//! | a line of names | everyone | it is the header |
//! | a line 0,1,2,… over numbers with points | pandas without names | it is the header |
//! | the same over integers, or over one column | pandas, or a point | refused, two readings |
//! | other integers, all different, over numbers with points | pandas, or a point | refused, two readings |
//! | a header whose first name is empty | pandas with its index, R `write.csv` | the first column is left out |
//! | a further column without a name, or `Unnamed: 0` | pandas, of several indexes or of what it wrote before | refused, two readings |
//! | a first column of integers, all different, called `id` or alike | data bases, or a coordinate | refused, two readings |
//! | a header that is one field short | R `write.table` | the first column, names or 1,2,3,…, is left out |
//! | a first column of names | R, pandas with a named index | it is left out |
//! | a first column 0,1,2,… without a header, beside numbers with points | pandas, or coordinates | refused, two readings |
//! | a column of integers called `label` or alike | who learns from them | it is a coordinate, and said to be |
//! | semicolons and decimal commas | R `write.csv2`, spreadsheets | read so |
//! | a separator at the end of every line | spreadsheets | the empty column is left out |

use super::super::{Fault, malformed};
use super::field::{Class, Field};
use super::first::{self, counts, labels};
use super::lines::Record;
use super::separator::{self, SEPARATORS, Split};

/// Names that a column which counts the rows is likely to have.
const INDEX_NAMES: [&str; 17] = [
    "index",
    "idx",
    "id",
    "_id",
    "row",
    "rows",
    "rowid",
    "rownames",
    "row_id",
    "row_number",
    "row_nr",
    "rn",
    "no",
    "nr",
    "obs",
    "__index_level_0__",
    "#",
];

/// Names that a column of labels is likely to have.
const LABEL_NAMES: [&str; 9] =
    ["label", "labels", "class", "classes", "target", "targets", "species", "category", "outcome"];

/// The form of a file.
pub(super) struct Form {
    pub(super) separator: char,
    pub(super) decimal_comma: bool,
    /// Whether the first record is no point.
    pub(super) header: bool,
    /// Whether the first column is no coordinate.
    pub(super) names: bool,
    /// Whether the last column is empty throughout.
    pub(super) trailing: bool,
    /// Fields of a record.
    pub(super) fields: usize,
    /// The line that sets how many.
    pub(super) first_line: usize,
    /// What was skipped or taken.
    pub(super) notes: Vec<String>,
}

impl Form {
    /// Number of coordinates.
    pub(super) fn columns(&self) -> usize {
        self.fields - usize::from(self.names) - usize::from(self.trailing)
    }

    /// The form of the records, which are the first of a file; refuses a file that can be read in two ways. `declared`
    /// and `tabs` as in [`separator::find`].
    pub(super) fn of(head: &[Record], declared: Option<char>, tabs: bool) -> Result<Self, Fault> {
        let (separator, decimal_comma, table) = separator::find(head, declared, tabs)?;
        let Split { fields, classes } = table;
        let mut notes = Vec::new();
        if let Some((_, name)) = SEPARATORS[1..].iter().find(|s| s.0 == separator) {
            let verb = if separator == ' ' { "separates" } else { "separate" };
            notes.push(format!("{name} {verb} the fields"));
        }
        if decimal_comma {
            notes.push("decimal commas are read as points".to_owned());
        }
        let several = head.len() > 1;
        let body = if several { &classes[1..] } else { &classes[..] };
        let short = several && is_short(separator, &fields, &classes);
        let length = if short { fields[1].len() } else { fields[0].len() };
        let mut layout = Self {
            separator,
            decimal_comma,
            header: false,
            names: short,
            trailing: false,
            fields: length,
            first_line: head[usize::from(short)].line,
            notes,
        };
        layout.trailing = length > 1
            && body.iter().all(|r| r.len() == length && r.last() == Some(&Class::Empty))
            && (short || (several && classes[0].last() == Some(&Class::Empty)));
        let (header, note) = match short {
            true => (true, None),
            false => first::header(head[0].line, &fields, &classes)?,
        };
        layout.header = header;
        layout.notes.extend(note);
        if layout.header {
            layout.check_unnamed(&fields[0])?;
            layout.notes.extend(repeated(&fields[0]));
            layout.notes.extend(labelled(&fields[0], body));
        }
        layout.find_names(&fields, &classes)?;
        if layout.trailing {
            layout
                .notes
                .push("a separator ends every line, and the empty last column is left out".to_owned());
        }
        if layout.columns() == 0 {
            return malformed("there is no column of numbers; rows are numbers separated by commas");
        }
        Ok(layout)
    }

    /// Refuses a header with a name that data-frame libraries give a column without one, which was an index where the
    /// table was first written; the first column is looked at by itself.
    fn check_unnamed(&self, header: &[Field]) -> Result<(), Fault> {
        let end = header.len() - usize::from(self.trailing);
        let unnamed = |text: &str| {
            text.is_empty()
                || text.strip_prefix("Unnamed: ").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
        };
        match header[..end].iter().enumerate().skip(1).find(|(_, field)| unnamed(field.text)) {
            Some((i, field)) if field.text.is_empty() => malformed(format!(
                "column {} has no name and two readings: a further index, as data-frame libraries write it, or a \
                 coordinate; delete it or give it a name",
                i + 1,
            )),
            Some((i, field)) => malformed(format!(
                "column {}, \"{}\", has two readings: the index of a table that was read and written again, or a \
                 coordinate; delete it or give it a name",
                i + 1,
                field.text
            )),
            None => Ok(()),
        }
    }

    /// Whether the first column is an index or row names.
    fn find_names(&mut self, fields: &[Vec<Field>], classes: &[Vec<Class>]) -> Result<(), Fault> {
        let from = usize::from(self.header);
        let header = fields[..from].first().and_then(|r| r.first());
        let (fields, body) = (&fields[from..], &classes[from..]);
        let left_out = "is left out";
        if self.names {
            self.notes.push(format!("the first column, for which the header has no name, {left_out}"));
            return Ok(());
        }
        if body.iter().any(Vec::is_empty) || body.is_empty() || self.fields < 2 + usize::from(self.trailing) {
            return Ok(());
        }
        let column = || body.iter().map(|r| r[0].integer());
        let start = |from: f64| counts(column(), from);
        // A table that was read and written again has the second name.
        if header.is_some_and(|f| f.text.is_empty() || f.text == "Unnamed: 0") {
            if start(0.0) || start(1.0) || body.len() == 1 || row_names(fields, body) {
                self.names = true;
                self.notes
                    .push(format!("the first column, without a name, is taken as an index and {left_out}"));
                return Ok(());
            }
            let plain = body.iter().all(|r| r[0].is_number());
            return match plain {
                true => malformed(
                    "the first column has no name and two readings: an index, as data-frame libraries write it, or a \
                     coordinate; delete it or give it a name",
                ),
                false => Ok(()),
            };
        }
        if row_names(fields, body) {
            self.names = true;
            self.notes.push(format!("the first column, which holds names, {left_out}"));
            return Ok(());
        }
        let rows = body.len();
        let others = body.iter().all(|r| r[1..].iter().all(|c| c.is_number() && c.integer().is_none()));
        if !self.header && rows > 1 && start(0.0) && others {
            return malformed(
                "the first column has two readings: an index 0, 1, 2, … as data-frame libraries write it, or a \
                 coordinate; delete it, give the columns names, or write it with decimals, as 0.0",
            );
        }
        let name = header.map_or("", |f| f.text);
        if rows > 1
            && INDEX_NAMES.contains(&name.to_ascii_lowercase().as_str())
            && labels(body.iter().map(|r| &r[0]))
        {
            return malformed(format!(
                "the first column, \"{name}\", has two readings: an index, which tells the rows apart, or a \
                 coordinate; delete it or give it another name"
            ));
        }
        if rows > 2 && (start(0.0) || start(1.0)) {
            self.notes.push("the first column counts the rows and is taken as a coordinate".to_owned());
        }
        Ok(())
    }
}

/// Whether the first record is a header without a name for the column of row names, as R and pandas write it.
fn is_short(separator: char, fields: &[Vec<Field>], classes: &[Vec<Class>]) -> bool {
    let (first, body) = (&classes[0], &classes[1..]);
    let (names, count) = (|c: &Class| c.is_label(), first.len());
    if body.iter().any(|r| r.len() != count + 1) {
        return false;
    }
    let column = |start| counts(body.iter().map(|r| r[0].integer()), start);
    let numbered = column(0.0) || column(1.0);
    // One name over 1,5 may stand over decimal commas.
    let counted = numbered
        && body.iter().flatten().all(Class::is_number)
        && first.iter().all(names)
        && (count > 1 || separator != ',');
    let texts = || first.iter().zip(&fields[0]);
    let header = (texts().all(|(c, f)| names(c) || f.quoted || *c == Class::Empty)
        && texts().any(|(c, f)| *c == Class::Name || f.quoted))
        || counts(first.iter().map(Class::integer), 0.0);
    counted || (header && row_names(&fields[1..], body))
}

/// What there is to say of a column that is likely to hold labels, which a data set has none of.
fn labelled(header: &[Field], body: &[Vec<Class>]) -> Option<String> {
    let integers = |column: usize| body.iter().all(|r| r.get(column).is_some_and(|c| c.integer().is_some()));
    let labels = |(column, field): &(usize, &Field)| {
        LABEL_NAMES.contains(&field.text.to_ascii_lowercase().as_str()) && integers(*column)
    };
    let (_, field) = header.iter().enumerate().find(labels)?;
    Some(format!("the column \"{}\" is taken as a coordinate; delete it where it holds labels", field.text))
}

/// What there is to say of names that stand above several columns: nothing is lost.
fn repeated(header: &[Field]) -> Option<String> {
    let mut names: Vec<&str> = header.iter().map(|f| f.text).filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    let twice = names.windows(2).find(|pair| pair[0] == pair[1])?;
    Some(format!("several columns are called \"{}\", and all are coordinates", twice[0]))
}

/// Whether the first column holds names, or is in quotes while no other is, and the others are numbers but for an empty
/// last.
fn row_names(fields: &[Vec<Field>], classes: &[Vec<Class>]) -> bool {
    let quoted = fields.iter().all(|r| r.len() > 1 && r[0].quoted && r[1..].iter().all(|f| !f.quoted));
    let name = |c: &Class| c.is_label() || (quoted && c.is_number());
    // A column of what is nearly a number is one of values.
    let some =
        quoted || classes.iter().flat_map(|r| r.first()).any(|c| matches!(c, Class::Name | Class::Odd));
    some && classes.iter().all(|record| match record.split_first() {
        Some((first, [rest @ .., last])) => {
            name(first)
                && rest.iter().all(Class::is_number)
                && (last.is_number() || (*last == Class::Empty && !rest.is_empty()))
        }
        _ => false,
    })
}
