//! Standard input in place of a file.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::failure::Failure;
use crate::data::{DataError, DataSet, Source};

/// What a path is called that means standard input or output.
pub const DASH: &str = "-";

/// Whether a path is `-`.
pub fn is_dash(path: &Path) -> bool {
    path.as_os_str() == DASH
}

/// A file to read, which may be a copy of standard input.
pub struct Input {
    path: PathBuf,
    _copy: Option<TempPath>,
}

impl Input {
    /// The file itself, or, of `-`, a copy of standard input with the extension that its first bytes ask for; it is
    /// removed when this is dropped.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        if !is_dash(path) {
            return Ok(Self { path: path.to_owned(), _copy: None });
        }
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|e| Failure::unusable(anyhow::Error::from(e).context("cannot read standard input")))?;
        let copy = || -> std::io::Result<TempPath> {
            let mut file = tempfile::Builder::new().prefix(".eoc-").suffix(extension(&bytes)).tempfile()?;
            file.write_all(&bytes)?;
            Ok(file.into_temp_path())
        };
        let copy = copy().map_err(|error| {
            // Without the name of the copy, which nobody knows.
            let why = std::io::Error::from(error.kind());
            Failure::refused(format!(
                "cannot keep a copy of standard input in {}: {why}; set TMPDIR to a directory with room for it, or name a file",
                std::env::temp_dir().display()
            ))
        })?;
        Ok(Self { path: copy.to_path_buf(), _copy: Some(copy) })
    }

    /// Where it can be read.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What a data file with these first bytes is called.
fn extension(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => ".npy",
        [b'P', b'K', 3 | 5, ..] => ".npz",
        // IDX is known by its own first bytes.
        [0, 0, ..] | [0x1f, 0x8b, ..] => ".idx",
        _ => ".csv",
    }
}

/// The points of a source, which may be standard input.
pub fn load(source: &Source) -> Result<DataSet, Failure> {
    let Source::File { path, key } = source else { return Ok(source.load()?) };
    if !is_dash(path) {
        return Ok(source.load()?);
    }
    let copy = Input::open(path)?;
    let loaded = Source::File { path: copy.path().to_owned(), key: key.clone() }.load();
    Ok(loaded.map_err(named)?.with_label(DASH.to_owned()))
}

/// The error of a copy, with the name that the user knows.
pub fn named(error: DataError) -> DataError {
    let path = PathBuf::from("standard input");
    match error {
        DataError::Read { source, .. } => DataError::Read { path, source },
        DataError::Malformed { reason, .. } => DataError::Malformed { path, reason },
        DataError::Unnamed { reason, .. } => DataError::Unnamed { path, reason },
        DataError::InFile { source, .. } => DataError::InFile { path, source },
        other => other,
    }
}

/// The text of a study file, and the directory that its relative paths are taken from.
pub fn study(path: &Path) -> std::io::Result<(String, PathBuf)> {
    if is_dash(path) {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok((text(bytes)?, PathBuf::new()));
    }
    let text = text(std::fs::read(path)?)?;
    Ok((text, path.parent().map(Path::to_owned).unwrap_or_default()))
}

/// Bytes as the text that they are, in UTF-8; says which other encoding they look like.
fn text(bytes: Vec<u8>) -> std::io::Result<String> {
    let found = match bytes[..] {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [_, 0, _, 0, ..] | [0, _, 0, _, ..] => "UTF-16",
        _ => "Latin-1 or another encoding",
    };
    if found != "UTF-16"
        && let Ok(text) = String::from_utf8(bytes)
    {
        return Ok(text);
    }
    let why = format!("it is text in {found}, and TOML is UTF-8; save it as UTF-8");
    Err(std::io::Error::new(std::io::ErrorKind::InvalidData, why))
}
