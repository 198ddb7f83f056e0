//! The rows of a run directory as CSV, JSON or Parquet, in the order of their keys.
//!
//! ```text
//! samples       cell, seed, what its rows share of a cell, statistics, device, seconds, what independent gradients would make
//! layers        cell, seed, what its rows share of a cell, layer, how far that layer is from its limit
//! spectrum      cell, seed, what its rows share of a cell, index, an eigenvalue of K/n and that of its limit
//! independence  cell, seed, what its rows share of a cell, group of pairs of one angle, K − K_gia there and its bound
//! cells         cell, what its rows share of it, its m, its limit, seeds in the directory
//! ```
//!
//! Every format has the same columns in the same order, those of the [tables](super::table); a number is in shortest
//! round-trip form (Parquet: its bits), what is undefined is an empty field in CSV and null elsewhere. JSON is one
//! array of objects, one object a line. Rows go through one after another (Parquet: in groups), so that memory does not
//! grow with their number.

mod columns;
mod csv;
mod json;
mod layout;
mod parquet;

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

pub use self::columns::{Values, columns};
use self::layout::TableColumns;
use super::store::{Reader, StoreError};
use super::table::{self, Column, Details, IndependenceRow, LayerRow, Part, Record, Row, SpectrumRow, Value};

/// A table of rows to export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Table {
    /// One row a finished sample.
    #[default]
    Samples,
    /// One row a layer of a finished sample, where the study asked for layers.
    Layers,
    /// One row an eigenvalue of a finished sample, where the study asked for them.
    Spectrum,
    /// One row a group of pairs of points of about one angle, of a finished sample, where the study asked for
    /// independence.
    Independence,
    /// One row a cell.
    Cells,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 5] = [Self::Samples, Self::Layers, Self::Spectrum, Self::Independence, Self::Cells];

    /// Their names, in this order.
    pub const NAMES: [&'static str; Self::ALL.len()] = {
        let mut names = [""; Self::ALL.len()];
        let mut at = 0;
        while at < names.len() {
            names[at] = Self::ALL[at].name();
            at += 1;
        }
        names
    };

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Samples => Row::TABLE,
            Self::Layers => LayerRow::TABLE,
            Self::Spectrum => SpectrumRow::TABLE,
            Self::Independence => IndependenceRow::TABLE,
            Self::Cells => "cells",
        }
    }

    /// Its columns, in the order of every format.
    pub fn columns(self) -> Vec<Column> {
        self.layout().all().copied().collect()
    }

    /// Whether a directory has it.
    pub fn is_in(self, details: Details) -> bool {
        match self {
            Self::Samples | Self::Cells => true,
            Self::Layers => LayerRow::is_in(details),
            Self::Spectrum => SpectrumRow::is_in(details),
            Self::Independence => IndependenceRow::is_in(details),
        }
    }

    fn layout(self) -> TableColumns {
        match self {
            Self::Samples => TableColumns::of_rows::<Row>(),
            Self::Layers => TableColumns::of_rows::<LayerRow>(),
            Self::Spectrum => TableColumns::of_rows::<SpectrumRow>(),
            Self::Independence => TableColumns::of_rows::<IndependenceRow>(),
            Self::Cells => TableColumns::of_cells(),
        }
    }
}

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

/// Writes every row of a table and counts them; none of a table that the directory does not [have](Table::is_in).
pub fn export(
    reader: &Reader,
    table: Table,
    format: Format,
    out: &mut (dyn Write + Send),
) -> Result<u64, ExportError> {
    let layout = table.layout();
    match format {
        Format::Csv => stream(reader, table, &mut csv::Csv::new(&layout, out)),
        Format::Json => stream(reader, table, &mut json::Json::new(&layout, out)),
        Format::Parquet => {
            let sink = parquet::Parquet::new(table.name(), &layout, out);
            stream(reader, table, &mut sink.map_err(ExportError::Write)?)
        }
    }
}

/// A writer of one format. Values come in the order of the [`TableColumns`].
trait Sink {
    /// A cell whose rows follow: what they share.
    fn cell(&mut self, shared: &[Value]) -> io::Result<()>;
    /// A row of that cell: its key up to what is shared, and what comes behind it.
    fn row(&mut self, key: &[Value], own: &[Value]) -> io::Result<()>;
    /// The end.
    fn finish(&mut self) -> io::Result<()>;
}

fn stream(reader: &Reader, table: Table, sink: &mut dyn Sink) -> Result<u64, ExportError> {
    let count = match table {
        Table::Samples => rows::<Row>(reader, sink)?,
        Table::Layers => rows::<LayerRow>(reader, sink)?,
        Table::Spectrum => rows::<SpectrumRow>(reader, sink)?,
        Table::Independence => rows::<IndependenceRow>(reader, sink)?,
        Table::Cells => cells(reader, sink)?,
    };
    sink.finish().map_err(ExportError::Write)?;
    Ok(count)
}

/// Rows that are read in one transaction.
const CHUNK: usize = 8192;

fn rows<R: Record + Clone>(reader: &Reader, sink: &mut dyn Sink) -> Result<u64, ExportError> {
    let (mut count, mut cell) = (0, None);
    let mut rows = reader.rows::<R>(CHUNK);
    while let Some(row) = rows.next()? {
        count += 1;
        let values = table::values(&row);
        let (key, own) = values.split_at(layout::KEY);
        if let Some(&Value::Integer(of)) = key.first()
            && cell != Some(of)
        {
            cell = Some(of);
            sink.cell(&layout::shared(&reader.cells()[of as usize])).map_err(ExportError::Write)?;
        }
        sink.row(key, own).map_err(ExportError::Write)?;
    }
    Ok(count)
}

fn cells(reader: &Reader, sink: &mut dyn Sink) -> Result<u64, ExportError> {
    let counts = reader.count_rows()?;
    for (index, (cell, seeds)) in reader.cells().iter().zip(counts).enumerate() {
        let mut own = layout::once(cell);
        own.push(Value::Integer(seeds));
        let write = sink.cell(&layout::shared(cell));
        write.and_then(|()| sink.row(&[Value::Integer(index as u64)], &own)).map_err(ExportError::Write)?;
    }
    Ok(reader.cells().len() as u64)
}

/// A number in shortest round-trip form, as JSON has it.
fn real(out: &mut Vec<u8>, value: f64) -> io::Result<()> {
    serde_json::to_writer(out, &value).map_err(io::Error::from)
}
