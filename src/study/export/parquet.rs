//! Parquet: integers as INT64, numbers as DOUBLE, texts as UTF-8; what may be undefined is optional. No compression: rows are
//! mostly digits of randomness, and texts that repeat are stored once by their dictionaries.

use std::io::{self, Write};
use std::sync::Arc;

use ::parquet::basic::{LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::types::Type;

use super::{COLUMNS, Sink, Value, own, shared};
use crate::study::store::{CellRecord, Row};

/// Rows of one group; what is held in memory.
const GROUP: usize = 1 << 14;

/// The type of a column by its name.
enum Kind {
    Integer,
    Real,
    Text,
}

fn kind(name: &str) -> Kind {
    match name {
        "cell" | "seed" | "depth" | "outputs" | "n" => Kind::Integer,
        "activation" | "schedule" | "widths" | "data" | "normalize" | "sampler" | "precision" | "device" => {
            Kind::Text
        }
        _ => Kind::Real,
    }
}

/// The values of one column of a group; 0 and 1 mark what is undefined and defined.
enum Column {
    Integer(Vec<i64>),
    Real(Vec<f64>, Vec<i16>),
    Text(Vec<ByteArray>, Vec<i16>),
}

/// Writes row groups.
pub struct Parquet<'a> {
    writer: Option<SerializedFileWriter<&'a mut (dyn Write + Send)>>,
    columns: Vec<Column>,
    rows: usize,
    /// The texts of the cell in hand, shared by its rows.
    texts: Option<(usize, Vec<Option<ByteArray>>)>,
}

impl<'a> Parquet<'a> {
    /// Writes the head of the file.
    pub fn new(out: &'a mut (dyn Write + Send)) -> io::Result<Self> {
        let fields =
            COLUMNS.iter().map(|name| field(name).map(Arc::new)).collect::<Result<_, _>>().map_err(wrap)?;
        let schema = Type::group_type_builder("samples").with_fields(fields).build().map_err(wrap)?;
        let properties = Arc::new(WriterProperties::builder().build());
        let writer = SerializedFileWriter::new(out, Arc::new(schema), properties).map_err(wrap)?;
        Ok(Self { writer: Some(writer), columns: columns(), rows: 0, texts: None })
    }

    fn push(&mut self, column: usize, value: Value) {
        match (&mut self.columns[column], value) {
            (Column::Integer(values), Value::Integer(i)) => values.push(i as i64),
            (Column::Real(values, marks), Value::Real(x)) => {
                values.push(x);
                marks.push(1);
            }
            (Column::Text(values, marks), Value::Text(text)) => {
                values.push(text.into());
                marks.push(1);
            }
            (Column::Real(_, marks) | Column::Text(_, marks), _) => marks.push(0),
            (Column::Integer(values), _) => values.push(0),
        }
    }

    fn group(&mut self) -> io::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let mut group = writer.next_row_group().map_err(wrap)?;
        for column in std::mem::replace(&mut self.columns, columns()) {
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
    fn row(&mut self, index: usize, cell: &CellRecord, row: &Row) -> io::Result<()> {
        let values = shared(cell);
        if self.texts.as_ref().is_none_or(|(of, _)| *of != index) {
            let text = |value: &Value| match value {
                Value::Text(text) => Some(ByteArray::from(*text)),
                _ => None,
            };
            self.texts = Some((index, values.iter().map(text).collect()));
        }
        self.push(0, Value::Integer(index as u64));
        self.push(1, Value::Integer(row.seed));
        for (i, value) in values.into_iter().enumerate() {
            let shared = self.texts.as_ref().and_then(|(_, texts)| texts[i].clone());
            match (shared, &mut self.columns[2 + i]) {
                (Some(text), Column::Text(values, marks)) => {
                    values.push(text);
                    marks.push(1);
                }
                _ => self.push(2 + i, value),
            }
        }
        for (i, value) in own(row).into_iter().enumerate() {
            self.push(15 + i, value);
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

fn columns() -> Vec<Column> {
    let column = |name: &&str| match kind(name) {
        Kind::Integer => Column::Integer(Vec::new()),
        Kind::Real => Column::Real(Vec::new(), Vec::new()),
        Kind::Text => Column::Text(Vec::new(), Vec::new()),
    };
    COLUMNS.iter().map(column).collect()
}

fn field(name: &str) -> Result<Type, ParquetError> {
    let (physical, repetition) = match kind(name) {
        Kind::Integer => (Physical::INT64, Repetition::REQUIRED),
        Kind::Real => (Physical::DOUBLE, Repetition::OPTIONAL),
        Kind::Text => (Physical::BYTE_ARRAY, Repetition::OPTIONAL),
    };
    let builder = Type::primitive_type_builder(name, physical).with_repetition(repetition);
    match kind(name) {
        Kind::Text => builder.with_logical_type(Some(LogicalType::String)).build(),
        _ => builder.build(),
    }
}

fn write(to: &mut SerializedColumnWriter, column: &Column) -> Result<(), ParquetError> {
    match column {
        Column::Integer(values) => to.typed::<Int64Type>().write_batch(values, None, None),
        Column::Real(values, marks) => to.typed::<DoubleType>().write_batch(values, Some(marks), None),
        Column::Text(values, marks) => to.typed::<ByteArrayType>().write_batch(values, Some(marks), None),
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
