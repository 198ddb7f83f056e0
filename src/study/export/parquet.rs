//! Parquet: integers as INT64, numbers as DOUBLE, texts as UTF-8; what may be undefined is optional. No compression:
//! rows are mostly digits of randomness, and texts that repeat are stored once by their dictionaries.

use std::io::{self, Write};
use std::sync::Arc;

use ::parquet::basic::{LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::types::Type;

use super::layout::TableColumns;
use super::{Sink, Value};
use crate::study::table::{Column, Kind};

/// Rows of one group; what is held in memory.
const GROUP: usize = 1 << 14;

/// The values of one column of a group; 0 and 1 mark what is undefined and defined. An integer column that is never
/// undefined has no marks.
enum Values {
    Integer(Vec<i64>, Option<Vec<i16>>),
    Real(Vec<f64>, Vec<i16>),
    Text(Vec<ByteArray>, Vec<i16>),
}

/// A value that the rows of a cell share, in the form in which it is pushed.
enum Shared {
    Integer(u64),
    Real(f64),
    Text(ByteArray),
    Null,
}

impl From<Value<'_>> for Shared {
    fn from(value: Value) -> Self {
        match value {
            Value::Integer(i) => Self::Integer(i),
            Value::Real(x) => Self::Real(x),
            Value::Text(text) => Self::Text(text.into()),
            Value::Null => Self::Null,
        }
    }
}

/// Writes row groups.
pub struct Parquet<'a> {
    writer: Option<SerializedFileWriter<&'a mut (dyn Write + Send)>>,
    columns: Vec<Column>,
    values: Vec<Values>,
    rows: usize,
    /// What the rows of the cell in hand share; a text is copied once.
    shared: Vec<Shared>,
}

impl<'a> Parquet<'a> {
    /// Writes the head of the file.
    pub fn new(table: &str, layout: &TableColumns, out: &'a mut (dyn Write + Send)) -> io::Result<Self> {
        let columns: Vec<Column> = layout.all().copied().collect();
        let fields = columns.iter().map(|column| field(column).map(Arc::new));
        let fields = fields.collect::<Result<_, _>>().map_err(wrap)?;
        let schema = Type::group_type_builder(table).with_fields(fields).build().map_err(wrap)?;
        let properties = Arc::new(WriterProperties::builder().build());
        let writer = SerializedFileWriter::new(out, Arc::new(schema), properties).map_err(wrap)?;
        let values = empty(&columns);
        Ok(Self { writer: Some(writer), columns, values, rows: 0, shared: Vec::new() })
    }

    fn group(&mut self) -> io::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let mut group = writer.next_row_group().map_err(wrap)?;
        for column in std::mem::replace(&mut self.values, empty(&self.columns)) {
            let Some(mut to) = group.next_column().map_err(wrap)? else { break };
            write(&mut to, &column).map_err(wrap)?;
            to.close().map_err(wrap)?;
        }
        group.close().map_err(wrap)?;
        self.rows = 0;
        Ok(())
    }
}

impl Sink for Parquet<'_> {
    fn cell(&mut self, shared: &[Value]) -> io::Result<()> {
        self.shared = shared.iter().copied().map(Shared::from).collect();
        Ok(())
    }

    fn row(&mut self, key: &[Value], own: &[Value]) -> io::Result<()> {
        let Self { values, shared, .. } = self;
        let (keys, rest) = values.split_at_mut(key.len());
        let (middle, owns) = rest.split_at_mut(shared.len());
        for (to, value) in keys.iter_mut().zip(key).chain(owns.iter_mut().zip(own)) {
            match *value {
                Value::Integer(i) => to.integer(i),
                Value::Real(x) => to.real(x),
                Value::Text(text) => to.text(text.into()),
                Value::Null => to.null(),
            }
        }
        for (to, value) in middle.iter_mut().zip(shared) {
            match value {
                Shared::Integer(i) => to.integer(*i),
                Shared::Real(x) => to.real(*x),
                Shared::Text(text) => to.text(text.clone()),
                Shared::Null => to.null(),
            }
        }
        self.rows += 1;
        if self.rows == GROUP { self.group() } else { Ok(()) }
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.rows > 0 {
            self.group()?;
        }
        match self.writer.take() {
            Some(writer) => writer.close().map(|_| ()).map_err(wrap),
            None => Ok(()),
        }
    }
}

impl Values {
    fn integer(&mut self, value: u64) {
        match self {
            Self::Integer(values, marks) => {
                values.push(value as i64);
                marks.iter_mut().for_each(|marks| marks.push(1));
            }
            _ => self.null(),
        }
    }

    fn real(&mut self, value: f64) {
        match self {
            Self::Real(values, marks) => {
                values.push(value);
                marks.push(1);
            }
            _ => self.null(),
        }
    }

    fn text(&mut self, value: ByteArray) {
        match self {
            Self::Text(values, marks) => {
                values.push(value);
                marks.push(1);
            }
            _ => self.null(),
        }
    }

    fn null(&mut self) {
        match self {
            Self::Integer(_, Some(marks)) | Self::Real(_, marks) | Self::Text(_, marks) => marks.push(0),
            // A value too few: the file is refused when the group is written.
            Self::Integer(_, None) => {}
        }
    }
}

fn empty(columns: &[Column]) -> Vec<Values> {
    let column = |column: &Column| match column.kind {
        Kind::Integer => Values::Integer(Vec::new(), column.optional.then(Vec::new)),
        Kind::Real => Values::Real(Vec::new(), Vec::new()),
        Kind::Text => Values::Text(Vec::new(), Vec::new()),
    };
    columns.iter().map(column).collect()
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let (physical, repetition) = match column.kind {
        Kind::Integer if column.optional => (Physical::INT64, Repetition::OPTIONAL),
        Kind::Integer => (Physical::INT64, Repetition::REQUIRED),
        Kind::Real => (Physical::DOUBLE, Repetition::OPTIONAL),
        Kind::Text => (Physical::BYTE_ARRAY, Repetition::OPTIONAL),
    };
    let builder = Type::primitive_type_builder(column.name, physical).with_repetition(repetition);
    match column.kind {
        Kind::Text => builder.with_logical_type(Some(LogicalType::String)).build(),
        _ => builder.build(),
    }
}

fn write(to: &mut SerializedColumnWriter, column: &Values) -> Result<(), ParquetError> {
    match column {
        Values::Integer(values, marks) => to.typed::<Int64Type>().write_batch(values, marks.as_deref(), None),
        Values::Real(values, marks) => to.typed::<DoubleType>().write_batch(values, Some(marks), None),
        Values::Text(values, marks) => to.typed::<ByteArrayType>().write_batch(values, Some(marks), None),
    }
    .map(|_| ())
}

/// The error of the file beneath, where there is one.
fn wrap(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => *source,
            Err(source) => io::Error::other(source),
        },
        other => io::Error::other(other),
    }
}
