//! Files that are either complete or not there.
//!
//! Bytes go to a temporary file in the same directory, which is synced and renamed when all is written; dropped before
//! that, it is removed, and so it is by a program that ends without dropping what it has ([`give_up`]; a killed one
//! leaves it behind as `.eoc-` and six letters). This is the one place where the library gives a file its name.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::TempPath;

/// How the name of a file that is not finished begins.
pub const UNFINISHED: &str = ".eoc-";
/// The temporary files of this process.
static ASIDE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes every file that is not finished, for a process that is about to end in the midst of its work.
pub fn give_up() {
    for path in ASIDE.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        // What was finished just now has its name; of what cannot be removed nothing more can be done.
        let _ = fs::remove_file(path);
    }
}

/// A file being written beside its name.
pub struct Aside {
    file: BufWriter<File>,
    aside: TempPath,
    target: PathBuf,
    _listed: Listed,
}

/// The entry of a file among those that are not finished.
struct Listed(PathBuf);

impl Drop for Listed {
    fn drop(&mut self) {
        ASIDE.lock().unwrap_or_else(PoisonError::into_inner).retain(|path| *path != self.0);
    }
}

impl Aside {
    /// Starts a file, in a directory that exists. A symbolic link stays one: what it leads to is replaced, or made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let target = match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(_) => path.canonicalize()?,
            Err(_) => followed(path),
        };
        if target.file_name().is_none() {
            return Err(io::ErrorKind::InvalidFilename.into());
        }
        // Opened here, with the mode of any new file: errors are those of the system, without a name that nobody knows.
        let open = |path: &Path| OpenOptions::new().write(true).create_new(true).open(path);
        let made = tempfile::Builder::new().prefix(UNFINISHED).make_in(directory(&target), open)?;
        let (file, aside) = made.into_parts();
        let _listed = Listed(aside.to_path_buf());
        ASIDE.lock().unwrap_or_else(PoisonError::into_inner).push(aside.to_path_buf());
        Ok(Self { file: BufWriter::with_capacity(1 << 16, file), aside, target, _listed })
    }

    /// Makes the file durable under its name.
    pub fn finish(self) -> io::Result<()> {
        let Self { file, aside, target, _listed } = self;
        file.into_inner().map_err(|error| error.into_error())?.sync_all()?;
        aside.persist(&target).map_err(|error| error.error)?;
        sync_directory(directory(&target))
    }
}

impl Write for Aside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a whole file, in place of one that is there.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = Aside::create(path)?;
    file.write_all(bytes)?;
    file.finish()
}

/// Makes a file that was built elsewhere in the same directory durable, and gives it this name in place of one that is
/// there.
pub fn publish(built: &Path, path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(built)?.sync_all()?;
    fs::rename(built, path)?;
    sync_directory(directory(path))
}

/// The name is durable when the directory is. Where one cannot be opened as a file (Windows), or be synced (some file
/// systems of networks), it is as durable as it gets.
fn sync_directory(directory: &Path) -> io::Result<()> {
    let Ok(directory) = File::open(directory) else { return Ok(()) };
    match directory.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        synced => synced,
    }
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

/// Makes a directory with its parents, where it is not there.
pub fn make_directory(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            io::Error::new(io::ErrorKind::AlreadyExists, "a file is in its place")
        }
        _ => error,
    })
}

/// The directory of a file; a bare name lies in the current one.
pub fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// What a path leads to, under the one name that it has, or where nothing is, the path from the root.
pub fn place(path: &Path) -> PathBuf {
    let found = path.canonicalize().or_else(|_| std::path::absolute(path));
    found.unwrap_or_else(|_| path.to_owned())
}

/// Paths without those that lead to the same place as one before them.
pub fn distinct(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    paths.iter().filter(|path| seen.insert(place(path))).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<std::ffi::OsString> {
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_file_is_complete_or_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npy");
        let mut file = Aside::create(&path).unwrap();
        file.write_all(b"part").unwrap();
        assert_eq!(names(dir.path()).len(), 1);
        assert!(!path.exists());
        drop(file);
        assert!(names(dir.path()).is_empty());
        for text in [&b"all"[..], b"again"] {
            write(&path, text).unwrap();
            assert_eq!(fs::read(&path).unwrap(), text);
            assert_eq!(names(dir.path()), ["a.npy"]);
        }
    }

    #[test]
    fn what_was_built_elsewhere_replaces_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let (built, path) = (dir.path().join("new"), dir.path().join("old"));
        assert!(publish(&built, &path).is_err());
        fs::write(&path, b"old").unwrap();
        fs::write(&built, b"new").unwrap();
        publish(&built, &path).unwrap();
        assert_eq!((fs::read(&path).unwrap(), names(dir.path()).len()), (b"new".to_vec(), 1));
    }

    #[test]
    fn an_unwritable_place_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        for path in
            [dir.path().to_owned(), dir.path().join("no/a.npy"), PathBuf::from("/"), PathBuf::from("")]
        {
            let error = Aside::create(&path).err().unwrap();
            assert!(!error.to_string().contains(".eoc-"), "{error}");
        }
    }

    #[test]
    fn a_place_under_several_names_is_one() {
        let dir = tempfile::tempdir().unwrap();
        let [a, b, no] = ["a", "b", "no"].map(|name| dir.path().join(name));
        [&a, &b].into_iter().for_each(|path| fs::create_dir(path).unwrap());
        let names = [a.clone(), a.join(""), b.join("../a"), no.clone(), b.clone(), no.clone(), a.join(".")];
        assert_eq!(distinct(&names), [a, no, b]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        fs::write(&target, b"old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write(&link, b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        // Without its target, too.
        fs::remove_file(&target).unwrap();
        write(&link, b"again").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"again");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
