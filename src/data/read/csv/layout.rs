//! What the first records of a file say of its form.
//!
//! The separator is the first of comma, semicolon, tab, bar and white space with which the records below the first are
//! numbers. Then the habits of the programs that write such files are looked for:
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
//! | a header that is one field short | R `write.table` | the first column is left out |
//! | a first column of names | R, pandas with a named index | it is left out |
//! | a first column 0,1,2,… without a header, beside numbers with points | pandas, or coordinates | refused, two readings |
//! | semicolons and decimal commas | R `write.csv2`, spreadsheets | read so |
//! | a separator at the end of every line | spreadsheets | the empty column is left out |

use super::super::{Fault, malformed};
use super::field::{Class, Field, class, split};
use super::lines::Record;

const SEPARATORS: [(char, &str); 5] =
    [(',', "commas"), (';', "semicolons"), ('\t', "tabs"), ('|', "bars"), (' ', "white space")];

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

/// Fields and their classes, record by record.
struct Split<'t> {
    fields: Vec<Vec<Field<'t>>>,
    classes: Vec<Vec<Class>>,
}

impl<'t> Split<'t> {
    fn new(head: &'t [Record], separator: char, decimal_comma: bool) -> Self {
        let fields: Vec<Vec<Field>> = head.iter().map(|record| split(&record.text, separator)).collect();
        let classes =
            fields.iter().map(|r| r.iter().map(|f| class(f.text, decimal_comma)).collect()).collect();
        Self { fields, classes }
    }

    fn numbers(&self) -> usize {
        self.classes.iter().flatten().filter(|class| number(class)).count()
    }

    /// Whether the records below the first (the first where it is alone) are of one length and, but for a first column
    /// of names and an empty last one, numbers.
    fn is_table(&self) -> bool {
        let body = &self.classes[usize::from(self.classes.len() > 1)..];
        let fields = body[0].len();
        let end = fields - usize::from(fields > 1 && body.iter().all(|r| r.last() == Some(&Class::Empty)));
        let start = usize::from(end > 1);
        body.iter().all(|record| {
            record.len() == fields
                && record[start..end].iter().all(number)
                && (start == 0 || matches!(record[0], Class::Number { .. } | Class::Name | Class::Odd))
        })
    }
}

fn number(class: &Class) -> bool {
    matches!(class, Class::Number { .. })
}

fn integer(class: &Class) -> Option<f64> {
    match class {
        Class::Number { value, integer: true } => Some(*value),
        _ => None,
    }
}

/// Whether all are integers, and no two of them equal, as labels are.
fn labels<'c>(classes: impl Iterator<Item = &'c Class>) -> bool {
    let values: Option<Vec<f64>> = classes.map(integer).collect();
    values.is_some_and(|mut values| {
        values.sort_unstable_by(f64::total_cmp);
        values.windows(2).all(|pair| pair[0] != pair[1])
    })
}

/// Whether numbers count up by one from `start`.
fn counts(values: impl Iterator<Item = Option<f64>>, start: f64) -> bool {
    values.enumerate().all(|(i, value)| value == Some(start + i as f64))
}

impl Form {
    /// Number of coordinates.
    pub(super) fn columns(&self) -> usize {
        self.fields - usize::from(self.names) - usize::from(self.trailing)
    }

    /// The form of the records, which are the first of a file; refuses a file that can be read in two ways.
    pub(super) fn of(head: &[Record]) -> Result<Self, Fault> {
        let (separator, decimal_comma, table) = separator(head)?;
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
        let short = several && fields[0].len() + 1 == fields[1].len() && row_names(&fields[1..], body);
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
        layout.header = short || layout.find_header(head, &fields, &classes)?;
        if layout.header {
            layout.check_unnamed(&fields[0])?;
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

    /// Whether the first record is a header.
    fn find_header(
        &mut self,
        head: &[Record],
        fields: &[Vec<Field>],
        classes: &[Vec<Class>],
    ) -> Result<bool, Fault> {
        let (first, body) = (&classes[0], &classes[1..]);
        let named = |c: &Class| *c == Class::Name;
        let count = first.len();
        // Names, with an empty one over an index and no value among them that a point could miss.
        if first.iter().any(named)
            && first.iter().all(|c| matches!(c, Class::Name | Class::Odd | Class::Empty))
        {
            if let Some((odd, _)) = fields[0].iter().zip(first).find(|(_, c)| **c == Class::Odd) {
                self.notes.push(format!(
                    "line {} is taken as names of columns, \"{}\" among them",
                    head[0].line, odd.text
                ));
            }
            return Ok(true);
        }
        let above_numbers = |i: usize| body.first().and_then(|r| r.get(i)).is_some_and(number);
        // A name, or nothing, before column numbers: an index that has a name, or none.
        let rest = &first[usize::from(count > 1)..];
        let start = matches!(first[0], Class::Name | Class::Empty);
        let counted = counts(rest.iter().map(integer), 0.0);
        if count > 1 && start && counted && !body.is_empty() {
            self.notes.push(format!("line {} is taken as column numbers, not as a point", head[0].line));
            return Ok(true);
        }
        // Names in quotes over numbers without.
        let quoted = fields[0].iter().all(|f| f.quoted);
        let unquoted = fields[1..].iter().flatten().all(|f| !f.quoted);
        if quoted && unquoted && !body.is_empty() && (0..count).all(above_numbers) {
            self.notes.push(format!("line {}, in quotes, is taken as the header", head[0].line));
            return Ok(true);
        }
        // Programs that write column numbers write every value of a column of floats with a point, zero as 0.0.
        let all =
            |holds: fn(&Class) -> bool, column: usize| body.iter().all(|r| r.get(column).is_some_and(holds));
        let floats = |column| all(|c| number(c) && integer(c).is_none(), column);
        let integers = |column| all(|c| integer(c).is_some(), column);
        // Behind a first column of names, the others.
        let from = usize::from(count > 1 && named(&first[0]));
        let even = (from..count).all(|column| floats(column) || integers(column));
        let some = (from..count).any(floats);
        let two_readings = |of: &str| {
            let point: Vec<String> =
                first.iter().take(4).filter_map(integer).map(|v| format!("{v:.1}")).collect();
            malformed(format!(
                "line {} has two readings: {of} above the rows, or a point; delete the line or give the columns names, \
                 or write the point with decimals, as {}",
                head[0].line,
                point.join(",")
            ))
        };
        // Nothing, or a name, before other labels than 0, 1, 2, … and over an index: a header, or a point without its
        // first number.
        let index = body.iter().all(|r| r.first().is_some_and(number));
        if rest.len() > 1 && start && index && !body.is_empty() && labels(rest.iter()) {
            return two_readings("labels of columns");
        }
        // A name before labels above rows with names: of the column of names, or of the first of them.
        if from == 1 && !body.is_empty() && even && some && labels(rest.iter()) {
            return two_readings("labels of columns");
        }
        let value = |c: &Class| match c {
            Class::Number { value, .. } => Some(*value),
            _ => None,
        };
        if count > 1 && counts(first.iter().map(value), 0.0) && first.iter().all(|c| integer(c).is_none()) {
            self.notes.push(format!("line {} is taken as a point, not as column numbers", head[0].line));
            return Ok(false);
        }
        let counted = counts(first.iter().map(integer), 0.0);
        if body.is_empty() || !counted && (count < 2 || !labels(first.iter())) {
            return Ok(false);
        }
        if !counted {
            return if even && some { two_readings("labels of columns") } else { Ok(false) };
        }
        match (even, some, count) {
            (true, true, 2..) => {
                self.notes.push(format!("line {} is taken as column numbers, not as a point", head[0].line));
                Ok(true)
            }
            (true, true, 1) | (true, false, 2..) => {
                two_readings("column numbers, as data-frame libraries write them")
            }
            _ => Ok(false),
        }
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
        let column = || body.iter().map(|r| integer(&r[0]));
        let start = |from: f64| counts(column(), from);
        // A table that was read and written again has the second name.
        if header.is_some_and(|f| f.text.is_empty() || f.text == "Unnamed: 0") {
            if start(0.0) || start(1.0) || body.len() == 1 || row_names(fields, body) {
                self.names = true;
                self.notes
                    .push(format!("the first column, without a name, is taken as an index and {left_out}"));
                return Ok(());
            }
            let plain = body.iter().all(|r| number(&r[0]));
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
        let others = body.iter().all(|r| r[1..].iter().all(|c| number(c) && integer(c).is_none()));
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

/// Whether the first column holds names, or is in quotes while no other is, and the others are numbers but for an empty
/// last.
fn row_names(fields: &[Vec<Field>], classes: &[Vec<Class>]) -> bool {
    let quoted = fields.iter().all(|r| r.len() > 1 && r[0].quoted && r[1..].iter().all(|f| !f.quoted));
    let name = |c: &Class| matches!(c, Class::Name | Class::Odd) || (quoted && number(c));
    classes.iter().all(|record| match record.split_first() {
        Some((first, [rest @ .., last])) => {
            name(first)
                && rest.iter().all(number)
                && (number(last) || (*last == Class::Empty && !rest.is_empty()))
        }
        _ => false,
    })
}

/// Separator, decimal comma, and the records split so.
fn separator(head: &[Record]) -> Result<(char, bool, Split<'_>), Fault> {
    let mut best = (0, ',', Split::new(head, ',', false));
    for (separator, _) in SEPARATORS {
        for decimal_comma in [false, true] {
            if decimal_comma && separator == ',' {
                continue;
            }
            let mut split = Split::new(head, separator, decimal_comma);
            // A decimal comma is one only beside a separator that is there.
            if decimal_comma && split.fields.iter().all(|record| record.len() < 2) {
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
                if decimal_comma {
                    check_decimal_commas(head, &split)?;
                }
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

/// Refuses commas that may as well stand between thousands: all of them do so as in 1,234.
fn check_decimal_commas(head: &[Record], split: &Split) -> Result<(), Fault> {
    let with_comma = || {
        let records = head.iter().zip(&split.fields);
        let fields = records.flat_map(|(record, fields)| fields.iter().map(move |f| (record.line, f)));
        fields.filter(|(_, f)| f.text.contains(',') && number(&class(f.text, true)))
    };
    if with_comma().all(|(_, f)| class(f.text, false) == Class::Comma)
        && let Some((line, field)) = with_comma().next()
    {
        return malformed(format!("line {line} holds \"{}\", {}", field.text, Class::Comma.reason()));
    }
    Ok(())
}
