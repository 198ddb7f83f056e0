//! An output file as the user names it: complete or not there, or a device or a pipe.
//!
//! A device or a pipe, such as /dev/stdout, cannot be renamed over and is written straight to; anything else is written
//! aside, see [`files`](crate::files).

use std::fs::{self, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::DataError;
use crate::files::Aside;

/// A file being written.
pub struct Output {
    /// As the user names it.
    path: PathBuf,
    sink: Sink,
}

enum Sink {
    Aside(Aside),
    /// A device, a pipe, or standard output.
    Straight(BufWriter<Box<dyn Write + Send>>),
}

impl Output {
    /// Starts a file, in a directory that exists; refuses, before anything is computed, what cannot be written.
    pub fn create(path: &Path) -> Result<Self, DataError> {
        let error = |source| DataError::Create { path: path.to_owned(), source };
        let special = fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
        let sink = match special {
            true => {
                return Ok(Self::straight(path, OpenOptions::new().write(true).open(path).map_err(error)?));
            }
            false => Sink::Aside(Aside::create(path).map_err(error)?),
        };
        Ok(Self { path: path.to_owned(), sink })
    }

    /// Writes straight to what is open, such as standard output; `path` is its name in errors.
    pub fn straight(path: &Path, open: impl Write + Send + 'static) -> Self {
        Self { path: path.to_owned(), sink: Sink::Straight(BufWriter::new(Box::new(open))) }
    }

    /// The name in errors.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        match &mut self.sink {
            Sink::Aside(file) => file.write_all(bytes),
            Sink::Straight(file) => file.write_all(bytes),
        }
        .map_err(|source| DataError::Write { path: self.path.clone(), source })
    }

    /// Makes the file durable under its name.
    pub fn finish(self) -> Result<(), DataError> {
        let done = match self.sink {
            Sink::Straight(mut file) => file.flush(),
            Sink::Aside(file) => file.finish(),
        };
        done.map_err(|source| DataError::Write { path: self.path, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_device_is_an_error() {
        let mut output = Output::create(Path::new("/dev/full")).unwrap();
        let written = output.write(&[0; 10]).and_then(|()| output.finish());
        assert!(matches!(written, Err(DataError::Write { .. })));
    }

    #[test]
    fn what_cannot_be_started_names_the_file_as_the_user_does() {
        let dir = tempfile::tempdir().unwrap();
        for path in [dir.path().to_owned(), dir.path().join("no/a.npy")] {
            let error = Output::create(&path).err().unwrap();
            assert!(matches!(&error, DataError::Create { path: named, .. } if *named == path), "{error}");
        }
    }
}
