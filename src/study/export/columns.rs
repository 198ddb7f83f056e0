//! A table in memory, column by column, for programs that compute with it.

use std::collections::HashMap;
use std::io;

use super::layout::TableColumns;
use super::{ExportError, Reader, Sink, Table, Value, stream};
use crate::study::table::{Column, Kind};

/// The values of a column, one a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Whole numbers, of a column that is never null.
    Integer(Vec<u64>),
    /// Numbers, and whole numbers of a column that may be null; what is null is NaN.
    Real(Vec<f64>),
    /// Texts that repeat: the different ones, one of which may be null, and which of them each row has.
    Text {
        /// The different ones, in the order of the rows.
        texts: Vec<Option<String>>,
        /// Index of the text of each row.
        rows: Vec<u32>,
    },
}

/// All rows of a table in the order of every export; none of a table that the directory does not [have](Table::is_in).
pub fn columns(reader: &Reader, table: Table) -> Result<Vec<(Column, Values)>, ExportError> {
    let layout = table.layout();
    let mut columns = Columns::new(&layout);
    stream(reader, table, &mut columns)?;
    Ok(layout.all().copied().zip(columns.builders.into_iter().map(|builder| builder.values)).collect())
}

struct Columns {
    builders: Vec<Builder>,
    /// Of the cell in hand.
    shared: Vec<Owned>,
}

/// A value that is kept from row to row.
enum Owned {
    Text(String),
    Other(Value<'static>),
}

struct Builder {
    values: Values,
    /// Where in its texts each text is.
    index: HashMap<Option<String>, u32>,
}

impl Columns {
    fn new(layout: &TableColumns) -> Self {
        let builder = |column: &Column| Builder {
            values: match column.kind {
                Kind::Integer if !column.optional => Values::Integer(Vec::new()),
                Kind::Integer | Kind::Real => Values::Real(Vec::new()),
                Kind::Text => Values::Text { texts: Vec::new(), rows: Vec::new() },
            },
            index: HashMap::new(),
        };
        Self { builders: layout.all().map(builder).collect(), shared: Vec::new() }
    }
}

impl Sink for Columns {
    fn cell(&mut self, shared: &[Value]) -> io::Result<()> {
        let owned = |value: &Value| match *value {
            Value::Text(text) => Owned::Text(text.to_owned()),
            Value::Integer(i) => Owned::Other(Value::Integer(i)),
            Value::Real(x) => Owned::Other(Value::Real(x)),
            Value::Null => Owned::Other(Value::Null),
        };
        self.shared = shared.iter().map(owned).collect();
        Ok(())
    }

    fn row(&mut self, key: &[Value], own: &[Value]) -> io::Result<()> {
        let shared = self.shared.iter().map(|value| match value {
            Owned::Text(text) => Value::Text(text),
            Owned::Other(value) => *value,
        });
        let row = key.iter().copied().chain(shared).chain(own.iter().copied());
        self.builders.iter_mut().zip(row).try_for_each(|(builder, value)| builder.push(value))
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Builder {
    fn push(&mut self, value: Value) -> io::Result<()> {
        match (&mut self.values, value) {
            (Values::Integer(values), Value::Integer(i)) => values.push(i),
            (Values::Real(values), Value::Real(x)) => values.push(x),
            // Exact: widths, and counts of what has a place in memory.
            (Values::Real(values), Value::Integer(i)) => values.push(i as f64),
            (Values::Real(values), Value::Null) => values.push(f64::NAN),
            (Values::Text { texts, rows }, Value::Text(_) | Value::Null) => {
                let text = if let Value::Text(text) = value { Some(text) } else { None };
                let last = rows.last().copied().filter(|&last| texts[last as usize].as_deref() == text);
                let at = last.unwrap_or_else(|| {
                    let text = text.map(str::to_owned);
                    *self.index.entry(text).or_insert_with_key(|text| {
                        texts.push(text.clone());
                        texts.len() as u32 - 1
                    })
                });
                rows.push(at);
            }
            _ => return Err(io::Error::other("a value is of another type than its column")),
        }
        Ok(())
    }
}
