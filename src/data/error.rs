//! Why data is refused.

use std::io;
use std::path::PathBuf;

use super::limits::{LARGEST, MAX_VALUES, SMALLEST};
use crate::math::number;
use crate::units::{bytes, counted};

/// Why text, a file or numbers are no data set. Every variant says where and what would be accepted.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The text names no source.
    #[error(
        "data source \"{0}\" is unknown; use digits:n=N, sphere:n=N,dim=D,seed=S, gaussian:n=N,dim=D,seed=S, \
         pair:angle=RADIANS, or a file: .npy, .npz[:KEY], .csv or IDX"
    )]
    UnknownSource(String),
    /// A key of a generated source is missing, unknown, repeated or out of range.
    #[error("data source \"{text}\": {reason}")]
    SourceKey {
        /// The source as written.
        text: String,
        /// Which key, and what is accepted.
        reason: String,
    },
    /// The text is no range of rows.
    #[error(
        "points \"{0}\" is no range of rows; write a count such as 32, or A..B with A below B such as 8..16"
    )]
    Points(String),
    /// The range reaches beyond the rows.
    #[error("points {points} reach beyond the {} of {label}; rows are numbered from 0", counted(*rows, "row"))]
    PointsBeyond {
        /// The range.
        points: String,
        /// Rows there are.
        rows: usize,
        /// The data set.
        label: String,
    },
    /// The text names no normalisation.
    #[error("normalisation \"{0}\" is unknown; use sphere (every row to norm sqrt(dim)) or none")]
    UnknownNormalize(String),
    /// The constant to append is no positive number.
    #[error("the constant to append, {}, is no positive finite number; use one such as 1", number(*.0))]
    Constant(f64),
    /// No rows or no columns.
    #[error(
        "a data set of {} and {} is empty; it needs at least one of each",
        counted(*rows, "row"),
        counted(*columns, "column")
    )]
    Empty {
        /// n.
        rows: usize,
        /// m_0.
        columns: usize,
    },
    /// The number of values is no multiple of the number of columns.
    #[error("{} do not fill rows of {}; give whole rows", counted(*values, "value"), counted(*columns, "column"))]
    Ragged {
        /// Values there are.
        values: usize,
        /// m_0.
        columns: usize,
    },
    /// More values than are held in memory.
    #[error(
        "a data set of {} and {} is too large; at most {MAX_VALUES} numbers fit",
        counted(*rows, "row"),
        counted(*columns, "column")
    )]
    TooLarge {
        /// n.
        rows: u128,
        /// m_0.
        columns: u128,
    },
    /// The system, or a limit of this process, has no memory for so many numbers.
    #[error(
        "a data set of {} needs {} of memory for one copy, which cannot be had; use a smaller set, or raise the limits \
         on memory (ulimit -v, ulimit -d)",
        counted(*values, "number"),
        bytes(8 * *values as u128)
    )]
    Memory {
        /// Numbers there are, or were when the memory ended.
        values: usize,
    },
    /// A value is infinite, not a number, or beyond [`LARGEST`].
    #[error(
        "row {row}, column {column} (from 0) is {}; values are finite numbers of magnitude at most {LARGEST:e}",
        number(*.value)
    )]
    Value {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// The value.
        value: f64,
    },
    /// A row is not zero, but so small that its squared norm would vanish.
    #[error(
        "row {row} (from 0) has no value of magnitude {SMALLEST:e} or more but is not zero; multiply the data by a \
         constant"
    )]
    Vanishing {
        /// Row, from 0.
        row: usize,
    },
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be started; nothing has been computed.
    #[error("cannot write {}; name a file in a directory that exists and may be written", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Writing a file failed on the way.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what its name or its first bytes say.
    #[error("{}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where in the file, what was found, what is accepted.
        reason: String,
    },
    /// A file of weights has tensors whose names do not say which of them are the layers of the network.
    #[error("{}: {reason}", path.display())]
    Unnamed {
        /// The file.
        path: PathBuf,
        /// What was found, with the tensors and their shapes.
        reason: String,
    },
    /// The numbers of a file are no data set.
    #[error("{}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        source: Box<DataError>,
    },
}
