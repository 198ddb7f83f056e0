//! Tables of numbers from files, by the file's name: `.npy`, `.npz`, `.csv` (or `.tsv`, `.txt`, `.dat`), else IDX by
//! its magic number.
//!
//! No reader trusts a declared size: what is declared is checked against [`MAX_VALUES`](super::MAX_VALUES) and memory
//! then grows only with the bytes that are really there.

mod csv;
mod element;
mod idx;
mod npy;
mod npz;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use super::DataError;

/// What a file holds.
pub(super) struct Table {
    /// Row-major.
    pub(super) values: Vec<f64>,
    pub(super) columns: usize,
    /// What was skipped, taken or rearranged, a sentence each.
    pub(super) notes: Vec<String>,
}

/// Why a reader gives up; the file is named one level up.
enum Fault {
    /// The file is not what it should be: where, and what is accepted.
    Malformed(String),
    /// The system could not read.
    Io(io::Error),
    /// There is no memory for what it holds.
    Memory(DataError),
}

impl From<DataError> for Fault {
    fn from(error: DataError) -> Self {
        Self::Memory(error)
    }
}

/// Decoders report damage as an error of their own, the system with a number.
impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if error.raw_os_error().is_some() {
            Self::Io(error)
        } else {
            Self::Malformed(format!("the file is damaged or cut off ({error})"))
        }
    }
}

fn malformed<T>(reason: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Malformed(reason.into()))
}

/// The table in a file; `key` names an array of an `.npz`.
pub(super) fn table(path: &Path, key: Option<&str>) -> Result<Table, DataError> {
    let open = || {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        Ok(BufReader::with_capacity(1 << 16, file))
    };
    let mut file = open().map_err(|source| DataError::Read { path: path.to_owned(), source })?;
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
    let table = match extension.as_str() {
        "npy" => npy::read(&mut file),
        "npz" => npz::read(file, key),
        "csv" | "tsv" | "txt" | "dat" => csv::read(file),
        _ => idx::read(file),
    };
    table.map_err(|fault| match fault {
        Fault::Malformed(reason) => DataError::Malformed { path: path.to_owned(), reason },
        Fault::Io(source) => DataError::Read { path: path.to_owned(), source },
        Fault::Memory(source) => DataError::InFile { path: path.to_owned(), source: Box::new(source) },
    })
}
