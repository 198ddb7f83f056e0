//! Standard input and other streams in place of a file: what can be read but once, and whose name says nothing of its
//! kind.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::failure::Failure;
use crate::data::{DataError, DataSet, MAX_VALUES, Source};

/// What a path is called that means standard input or output.
pub const DASH: &str = "-";

/// Whether a path is `-`.
pub fn is_dash(path: &Path) -> bool {
    path.as_os_str() == DASH
}

/// Whether a path is read as a stream: `-`, a pipe, a socket, or a file that the shell has opened for this process.
pub fn is_stream(path: &Path) -> bool {
    let handed_on = ["/dev/stdin", "/dev/fd", "/proc/self/fd"].iter().any(|of| path.starts_with(of));
    is_dash(path) || handed_on || is_pipe(path)
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo() || found.file_type().is_socket())
}

#[cfg(not(unix))]
fn is_pipe(_path: &Path) -> bool {
    false
}

/// Refuses data of a run directory that it could not be resumed from: the study in it names them, in UTF-8.
pub fn check_kept(sources: &[Source]) -> Result<(), Failure> {
    for source in sources {
        let Source::File { path, .. } = source else { continue };
        if is_dash(path) {
            return Err(Failure::refused(
                "a run is resumed from its data; give --data a file instead of standard input",
            ));
        }
        if is_stream(path) {
            return Err(Failure::refused(format!(
                "a run is resumed from its data, and {} can be read but once; give --data a file",
                path.display()
            )));
        }
        if path.to_str().is_none() {
            return Err(Failure::refused(format!(
                "the name of the data file {path:?} is not UTF-8, as the study.toml of a run directory is; give it \
                 another name"
            )));
        }
    }
    Ok(())
}

/// What a stream is called.
fn name(path: &Path) -> String {
    if is_dash(path) { "standard input".to_owned() } else { path.display().to_string() }
}

/// Most bytes of a stream: the most numbers that a data set may have, as text.
const MOST: u64 = 32 * MAX_VALUES as u64;

/// A file to read, which may be a copy of a stream.
pub struct Input {
    path: PathBuf,
    _copy: Option<TempPath>,
}

impl Input {
    /// The file itself, or, of a stream, a copy, which is removed when this is dropped.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        if !is_stream(path) {
            return Ok(Self { path: path.to_owned(), _copy: None });
        }
        let unread = |error: io::Error| {
            Failure::unusable(anyhow::Error::from(error).context(format!("cannot read {}", name(path))))
        };
        let mut stream: Box<dyn Read> =
            if is_dash(path) { Box::new(io::stdin()) } else { Box::new(File::open(path).map_err(unread)?) };
        let mut bytes = Vec::new();
        stream.by_ref().take(1 << 16).read_to_end(&mut bytes).map_err(unread)?;
        let unkept = |error: io::Error| {
            // Without the name of the copy, which nobody knows.
            let why = io::Error::from(error.kind());
            Failure::refused(format!(
                "cannot keep a copy of {} in {}: {why}; set TMPDIR to a directory with room for it, or name a file",
                name(path),
                std::env::temp_dir().display()
            ))
        };
        let made = tempfile::Builder::new().prefix(".eoc-").tempfile();
        let mut copy = made.map_err(unkept)?;
        let mut size = 0;
        while !bytes.is_empty() {
            size += bytes.len() as u64;
            if size > MOST {
                return Err(Failure::refused(format!(
                    "{} goes on beyond {MOST} bytes; name a file",
                    name(path)
                )));
            }
            copy.write_all(&bytes).map_err(unkept)?;
            bytes.clear();
            stream.by_ref().take(1 << 16).read_to_end(&mut bytes).map_err(unread)?;
        }
        let copy = copy.into_temp_path();
        Ok(Self { path: copy.to_path_buf(), _copy: Some(copy) })
    }

    /// Where it can be read.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The points of a source, which may be a stream.
pub fn load(source: &Source) -> Result<DataSet, Failure> {
    let Source::File { path, key } = source else { return Ok(source.load()?) };
    if !is_stream(path) {
        return Ok(source.load()?);
    }
    let copy = Input::open(path)?;
    let loaded = Source::File { path: copy.path().to_owned(), key: key.clone() }.load();
    Ok(loaded.map_err(|error| named(error, path))?.with_label(path.display().to_string()))
}

/// The error of what was read for a path: of a copy of a stream, with the name that the user knows.
pub fn named(error: DataError, path: &Path) -> DataError {
    if !is_stream(path) {
        return error;
    }
    let path = PathBuf::from(name(path));
    match error {
        DataError::Read { source, .. } => DataError::Read { path, source },
        DataError::Malformed { reason, .. } => DataError::Malformed { path, reason },
        DataError::Unnamed { reason, .. } => DataError::Unnamed { path, reason },
        DataError::InFile { source, .. } => DataError::InFile { path, source },
        other => other,
    }
}

/// The text of a study file, and the directory that its relative paths are taken from.
pub fn study(path: &Path) -> io::Result<(String, PathBuf)> {
    if is_dash(path) {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok((text(bytes)?, PathBuf::new()));
    }
    let text = text(std::fs::read(path)?)?;
    Ok((text, path.parent().map(Path::to_owned).unwrap_or_default()))
}

/// First bytes of a study file that tell whether it is text.
const FIRST: usize = 512;

/// Bytes as the text that they are, in UTF-8; says which other encoding they look like.
fn text(bytes: Vec<u8>) -> io::Result<String> {
    let utf_16 =
        matches!(bytes[..], [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [_, 0, _, 0, ..] | [0, _, 0, _, ..]);
    let bytes = match String::from_utf8(bytes) {
        Ok(text) if !utf_16 => return Ok(text),
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes(),
    };
    // No encoding of text but UTF-16 has these.
    let why = if !utf_16 && bytes.iter().take(FIRST).any(|byte| *byte < b'\t') {
        "it is no text; a study file is TOML, as study.toml of a run directory is".to_owned()
    } else {
        let found = if utf_16 { "UTF-16" } else { "Latin-1 or another encoding" };
        format!("it is text in {found}, and TOML is UTF-8; save it as UTF-8")
    };
    Err(io::Error::new(io::ErrorKind::InvalidData, why))
}
