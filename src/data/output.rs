//! An output file that is either complete or not there.
//!
//! Bytes go to a temporary file in the same directory, which is synced and renamed when all is written; dropped before
//! that, it is removed (a killed program leaves it behind as `.eoc-` and six letters). A device or a pipe, such as
//! /dev/stdout, cannot be renamed over and is written straight to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::DataError;

/// A file being written.
pub struct Output {
    /// As the user names it.
    path: PathBuf,
    sink: Sink,
}

enum Sink {
    /// A temporary file and what it is to be renamed to.
    Aside { file: BufWriter<File>, aside: TempPath, target: PathBuf },
    /// A device or a pipe.
    Straight(BufWriter<File>),
}

impl Output {
    /// Starts a file, in a directory that exists; refuses, before anything is computed, what cannot be written.
    pub fn create(path: &Path) -> Result<Self, DataError> {
        let error = |source| DataError::Create { path: path.to_owned(), source };
        let sink = match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(error(io::ErrorKind::IsADirectory.into())),
            Ok(found) if !found.is_file() => {
                Sink::Straight(BufWriter::new(OpenOptions::new().write(true).open(path).map_err(error)?))
            }
            // A link stays a link: its target is replaced, or made.
            Ok(_) => aside(&path.canonicalize().map_err(error)?).map_err(error)?,
            Err(_) => aside(&followed(path)).map_err(error)?,
        };
        Ok(Self { path: path.to_owned(), sink })
    }

    /// Writes straight to an open file, such as a copy of standard output; `path` is its name in errors.
    pub fn straight(path: &Path, file: File) -> Self {
        Self { path: path.to_owned(), sink: Sink::Straight(BufWriter::new(file)) }
    }

    /// The name in errors.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        match &mut self.sink {
            Sink::Aside { file, .. } | Sink::Straight(file) => file.write_all(bytes),
        }
        .map_err(|source| DataError::Write { path: self.path.clone(), source })
    }

    /// Makes the file durable under its name.
    pub fn finish(self) -> Result<(), DataError> {
        let done = match self.sink {
            Sink::Straight(mut file) => file.flush(),
            Sink::Aside { file, aside, target } => publish(file, aside, &target),
        };
        done.map_err(|source| DataError::Write { path: self.path, source })
    }
}

fn aside(target: &Path) -> io::Result<Sink> {
    if target.file_name().is_none() {
        return Err(io::ErrorKind::InvalidFilename.into());
    }
    // Opened here, with the mode of any new file: errors are those of the system, without a name that nobody knows.
    let open = |path: &Path| OpenOptions::new().write(true).create_new(true).open(path);
    let made = tempfile::Builder::new().prefix(".eoc-").make_in(directory(target), open)?;
    let (file, aside) = made.into_parts();
    Ok(Sink::Aside { file: BufWriter::with_capacity(1 << 16, file), aside, target: target.to_owned() })
}

/// Where a link without a target leads to.
fn followed(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many as systems follow; a circle is an error of the system when it is opened.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(next) => path = directory(&path).join(next),
            Err(_) => break,
        }
    }
    path
}

fn publish(file: BufWriter<File>, aside: TempPath, target: &Path) -> io::Result<()> {
    let file = file.into_inner().map_err(|error| error.into_error())?;
    file.sync_all()?;
    aside.persist(target).map_err(|error| error.error)?;
    // The name is durable when the directory is; systems that cannot sync one lose nothing.
    if let Ok(directory) = File::open(directory(target)) {
        let _ = directory.sync_all();
    }
    Ok(())
}

/// The directory of a file; a bare name lies in the current one.
fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_complete_or_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npy");
        let names = || fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect::<Vec<_>>();
        let mut output = Output::create(&path).unwrap();
        output.write(b"part").unwrap();
        assert_eq!(names().len(), 1);
        assert!(!path.exists());
        drop(output);
        assert!(names().is_empty());
        let mut output = Output::create(&path).unwrap();
        output.write(b"all").unwrap();
        output.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"all");
        assert_eq!(names(), ["a.npy"]);
    }

    #[test]
    fn an_unwritable_place_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        for path in
            [dir.path().to_owned(), dir.path().join("no/a.npy"), PathBuf::from("/"), PathBuf::from("")]
        {
            let error = Output::create(&path).err().unwrap();
            let DataError::Create { source, .. } = &error else { panic!("{error}") };
            assert!(!source.to_string().contains(".eoc-"), "{source}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_device_is_an_error() {
        let mut output = Output::create(Path::new("/dev/full")).unwrap();
        let written = output.write(&[0; 10]).and_then(|()| output.finish());
        assert!(matches!(written, Err(DataError::Write { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        fs::write(&target, b"old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let mut output = Output::create(&link).unwrap();
        output.write(b"new").unwrap();
        output.finish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        // Without its target, too.
        fs::remove_file(&target).unwrap();
        let mut output = Output::create(&link).unwrap();
        output.write(b"again").unwrap();
        output.finish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"again");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
