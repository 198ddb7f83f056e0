//! What the system refuses a file for, in one word each, found from its errors or, where SQLite hides them, by trying.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;

/// Why the system does not let a file be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// No room on the disk.
    Space,
    /// No room of what the user or the group may take of it.
    Quota,
    /// A file of this process may not have so many bytes.
    FileSize,
    /// This process, or the machine, may not have more files open.
    OpenFiles,
    /// No memory.
    Memory,
    /// Permission is missing.
    Permission,
    /// A file system that can only be read.
    ReadOnly,
    /// The disk, or the connection to it, fails.
    Disk,
    /// A directory is in its place.
    Directory,
}

impl Obstacle {
    /// What an error of the system says; None of one that needs its own words.
    pub fn of(error: &io::Error) -> Option<Self> {
        Some(match error.kind() {
            ErrorKind::StorageFull => Self::Space,
            ErrorKind::QuotaExceeded => Self::Quota,
            ErrorKind::FileTooLarge => Self::FileSize,
            ErrorKind::OutOfMemory => Self::Memory,
            ErrorKind::PermissionDenied => Self::Permission,
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            ErrorKind::IsADirectory => Self::Directory,
            ErrorKind::StaleNetworkFileHandle | ErrorKind::NotConnected | ErrorKind::TimedOut => Self::Disk,
            // EIO, ENFILE and EMFILE, the same on every Unix, have no names in Rust.
            _ => match error.raw_os_error() {
                Some(5) if cfg!(unix) => Self::Disk,
                Some(23 | 24) if cfg!(unix) => Self::OpenFiles,
                _ => return None,
            },
        })
    }

    /// What keeps SQLite from reading a file; None where it can be read now.
    pub(super) fn to_reading(file: &Path) -> Option<Self> {
        if file.is_dir() {
            return Some(Self::Directory);
        }
        Self::of(&File::open(file).err()?)
    }

    /// What keeps a file from being read to its end; None where nothing does now.
    pub(super) fn to_reading_all(file: &Path) -> Option<Self> {
        Self::of(&File::open(file).and_then(|mut file| io::copy(&mut file, &mut io::sink())).err()?)
    }

    /// What keeps SQLite from writing a file: SQLite does not hand on why a write failed, so another is tried beside
    /// it, as far behind the end as a commit may reach, in a file without a name. None where nothing does now.
    pub(super) fn to_writing(file: &Path) -> Option<Self> {
        if file.is_dir() {
            return Some(Self::Directory);
        }
        let length = fs::metadata(file).map_or(0, |found| found.len());
        let itself = || match OpenOptions::new().write(true).open(file) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        let beside = || {
            let mut file = tempfile::tempfile_in(crate::files::directory(file))?;
            file.seek(SeekFrom::Start(length + (16 << 20)))?;
            file.write_all(&vec![1; 4 << 20])?;
            file.sync_all()
        };
        Self::of(&itself().and_then(|()| beside()).err()?)
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Space => "the disk is full",
            Self::Quota => "the disk quota is used up",
            Self::FileSize => "a file of this process may not be larger (ulimit -f)",
            Self::OpenFiles => "no more files may be open (ulimit -n)",
            Self::Memory => "the system gives no more memory",
            Self::Permission => "permission is denied",
            Self::ReadOnly => "its file system can only be read",
            Self::Disk => "its disk or file system fails (I/O error)",
            Self::Directory => "a directory is in its place",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn every_error_of_a_file_system_that_fails_has_its_word() {
        // ENOSPC, EDQUOT, EFBIG, EMFILE, ENFILE, ENOMEM, EACCES, EPERM, EROFS, EIO, ESTALE, ENOTCONN, EISDIR.
        let codes = [28, 122, 27, 24, 23, 12, 13, 1, 30, 5, 116, 107, 21];
        let found = codes.map(|code| Obstacle::of(&io::Error::from_raw_os_error(code)));
        use Obstacle::{Directory, Disk, FileSize, Memory, OpenFiles, Permission, Quota, ReadOnly, Space};
        let expected = [
            Space, Quota, FileSize, OpenFiles, OpenFiles, Memory, Permission, Permission, ReadOnly, Disk,
            Disk, Disk, Directory,
        ];
        assert_eq!(found, expected.map(Some));
        // ENOENT, EINTR and EINVAL say nothing of a file system.
        assert_eq!([2, 4, 22].map(|code| Obstacle::of(&io::Error::from_raw_os_error(code))), [None; 3]);
    }

    #[test]
    fn what_is_tried_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.sqlite");
        assert_eq!(Obstacle::to_writing(&path), None, "what is created is not there yet");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        fs::write(&path, "x").unwrap();
        assert_eq!((Obstacle::to_writing(&path), Obstacle::to_reading(&path)), (None, None));
        assert_eq!((fs::read(&path).unwrap(), fs::read_dir(dir.path()).unwrap().count()), (b"x".to_vec(), 1));
        let dir = dir.path();
        let found = (Obstacle::to_writing(dir), Obstacle::to_reading(dir));
        assert_eq!(found, (Some(Obstacle::Directory), Some(Obstacle::Directory)));
    }
}
