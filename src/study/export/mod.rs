//! The sample rows of a run directory as CSV, JSON or Parquet, in (cell, seed) order.
//!
//! Every format has the same columns in the same order, [`COLUMNS`]; a number is in shortest round-trip form (Parquet: its
//! bits), what is undefined is an empty field in CSV and null elsewhere. JSON is one array of objects, one object a line.
//! Rows go through one after another (Parquet: in groups), so that memory does not grow with their number.

mod csv;
mod json;
mod parquet;

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use super::store::{CellRecord, Reader, Row, STATISTICS, StoreError};

/// Names of the exported columns, in order.
pub const COLUMNS: [&str; 27] = [
    "cell",
    "seed",
    "activation",
    "a",
    "b",
    "depth",
    "schedule",
    "widths",
    "outputs",
    "scale",
    "data",
    "normalize",
    "n",
    "sampler",
    "precision",
    STATISTICS[0],
    STATISTICS[1],
    STATISTICS[2],
    STATISTICS[3],
    STATISTICS[4],
    STATISTICS[5],
    STATISTICS[6],
    STATISTICS[7],
    STATISTICS[8],
    STATISTICS[9],
    "device",
    "seconds",
];

/// A format of exported rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header line.
    Csv,
    /// One array of objects.
    Json,
    /// Apache Parquet, uncompressed.
    Parquet,
}

/// The text names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("format \"{0}\" is unknown; use csv, json or parquet")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        match text {
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            "parquet" => Ok(Self::Parquet),
            other => Err(UnknownFormat(other.to_owned())),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
        })
    }
}

/// Why rows could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rows could not be written.
    #[error("cannot write the exported rows")]
    Write(#[source] io::Error),
}

/// Writes every row of a store and counts them.
pub fn export(reader: &Reader, format: Format, out: &mut (dyn Write + Send)) -> Result<u64, ExportError> {
    match format {
        Format::Csv => stream(reader, &mut csv::Csv::new(out)),
        Format::Json => stream(reader, &mut json::Json::new(out)),
        Format::Parquet => stream(reader, &mut parquet::Parquet::new(out).map_err(ExportError::Write)?),
    }
}

/// A writer of one format.
trait Sink {
    fn row(&mut self, index: usize, cell: &CellRecord, row: &Row) -> io::Result<()>;
    fn finish(&mut self) -> io::Result<()>;
}

fn stream(reader: &Reader, sink: &mut dyn Sink) -> Result<u64, ExportError> {
    let mut count = 0;
    reader.for_each(|row| {
        count += 1;
        sink.row(row.cell, &reader.cells()[row.cell], row).map_err(ExportError::Write)
    })?;
    sink.finish().map_err(ExportError::Write)?;
    Ok(count)
}

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Value<'a> {
    Integer(u64),
    Real(f64),
    Text(&'a str),
    Null,
}

impl Value<'_> {
    fn real(value: f64) -> Self {
        if value.is_nan() { Self::Null } else { Self::Real(value) }
    }
}

/// The columns that all rows of a cell share, `activation` to `precision`.
fn shared(cell: &CellRecord) -> [Value<'_>; 13] {
    [
        Value::Text(&cell.activation),
        Value::Real(cell.a),
        Value::Real(cell.b),
        Value::Integer(cell.depth),
        cell.schedule.as_deref().map_or(Value::Null, Value::Text),
        Value::Text(&cell.widths),
        Value::Integer(cell.outputs),
        Value::Real(cell.scale),
        Value::Text(&cell.data),
        Value::Text(&cell.normalize),
        Value::Integer(cell.n),
        Value::Text(&cell.sampler),
        Value::Text(&cell.precision),
    ]
}

/// The columns of a row after those, `deviation_op` to `seconds`.
fn own(row: &Row) -> [Value<'_>; 12] {
    let mut values = [Value::Null; 12];
    for (to, from) in values.iter_mut().zip(row.values) {
        *to = Value::real(from);
    }
    values[10] = Value::Text(&row.device);
    values[11] = Value::real(row.seconds);
    values
}

/// A number in shortest round-trip form, as JSON has it.
fn real(out: &mut Vec<u8>, value: f64) -> io::Result<()> {
    serde_json::to_writer(out, &value).map_err(io::Error::from)
}
