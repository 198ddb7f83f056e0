//! Tables of numbers from files, by what is in them: `.npy`, `.npz`, IDX, else text. A name says what is meant where
//! the first bytes do not. Gzip around a file is taken off, but for `.npz`.
//!
//! No reader trusts a declared size: what is declared is checked against [`MAX_VALUES`](super::MAX_VALUES) and memory
//! then grows only with the bytes that are really there.

mod csv;
mod element;
mod idx;
mod npy;
mod npz;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::DataError;
use super::foreign::{self, FIRST};

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
    let file = open().map_err(|source| DataError::Read { path: path.to_owned(), source })?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().to_lowercase());
    read(file, &name, key).map_err(|fault| match fault {
        Fault::Malformed(reason) => DataError::Malformed { path: path.to_owned(), reason },
        Fault::Io(source) => DataError::Read { path: path.to_owned(), source },
        Fault::Memory(source) => DataError::InFile { path: path.to_owned(), source: Box::new(source) },
    })
}

/// What a file is taken for.
enum Kind {
    Npy,
    Zip,
    Idx,
    Gzip,
    Text,
    /// Not read here, or not known: the sentence that says so.
    Other(String),
}

impl Kind {
    /// By the first bytes, and where they say nothing by the name.
    fn of(first: &[u8], name: &str) -> Self {
        match first {
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => return Self::Npy,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => return Self::Zip,
            [0x1f, 0x8b, ..] => return Self::Gzip,
            // The mark of UTF-32, big-endian.
            [0, 0, 0xfe, 0xff, ..] => return Self::Text,
            [0, 0, ..] => return Self::Idx,
            _ => {}
        }
        if let Some(foreign) = foreign::known(first) {
            return Self::Other(foreign.of_points());
        }
        match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
            "npy" => Self::Npy,
            "npz" => Self::Zip,
            "idx" => Self::Idx,
            "csv" | "tsv" | "txt" | "dat" => Self::Text,
            _ if is_text(first) => Self::Text,
            _ => Self::Other(
                "the file is of no known kind; use .npy, .npz, .csv or IDX (plain or gzipped)".to_owned(),
            ),
        }
    }
}

/// Whether bytes begin a text: they have a mark of UTF-16 or no control characters.
fn is_text(first: &[u8]) -> bool {
    let controls = || first.iter().any(|b| *b == 0x7f || (*b < b' ' && !b"\t\n\r\x0c".contains(b)));
    matches!(first, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) || !controls()
}

/// The table in a file of this name, in lower case.
fn read(mut file: BufReader<File>, name: &str, key: Option<&str>) -> Result<Table, Fault> {
    let first = peek(&mut file)?;
    match Kind::of(&first, name) {
        Kind::Zip => {
            file.rewind()?;
            npz::read(file, key)
        }
        Kind::Gzip => {
            file.rewind()?;
            let mut unpacked = BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file));
            let name = name.strip_suffix(".gz").unwrap_or(name);
            let first = peek(&mut unpacked)?;
            match Kind::of(&first, name) {
                Kind::Zip => {
                    malformed("within gzip, this is a zip archive; unpack it first (gunzip -k FILE)")
                }
                Kind::Gzip => {
                    malformed("within gzip, this is compressed by gzip again; unpack it (gunzip -k FILE)")
                }
                Kind::Other(reason) => malformed(format!("within gzip, {reason}")),
                kind => stream(&mut (&first[..]).chain(unpacked), &kind, name),
            }
        }
        Kind::Other(reason) => malformed(reason),
        kind => stream(&mut (&first[..]).chain(file), &kind, name),
    }
}

/// The table in what can be read but once.
fn stream(file: &mut dyn BufRead, kind: &Kind, name: &str) -> Result<Table, Fault> {
    match kind {
        Kind::Npy => npy::read(file),
        Kind::Idx => idx::read(file),
        _ => csv::read(file, name.ends_with(".tsv")),
    }
}

/// The first bytes of a file, which are read from it.
fn peek(file: &mut dyn Read) -> Result<Vec<u8>, Fault> {
    let mut first = Vec::new();
    file.take(FIRST as u64).read_to_end(&mut first)?;
    Ok(first)
}
