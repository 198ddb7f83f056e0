//! Why a run directory is refused, or could not be written.

use std::fmt;
use std::fs;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::study::table::Details;

/// What would help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// A new or empty directory, or one with a run in it.
    DirectoryForRun,
    /// A directory with a run in it.
    DirectoryOfRun,
    /// To wait, or another directory.
    WaitOrOtherDirectory,
    /// Another directory, or the study that is there.
    OtherDirectoryOrStudy,
    /// Another directory, or the further tables that its samples have.
    OtherDirectoryOrDetails,
    /// Another directory, or the version of the program that began this one.
    OtherDirectoryOrVersion,
    /// A copy of the file, or another directory.
    CopyOrOtherDirectory,
    /// The directory back at its place, or its new place.
    PutBack,
    /// A file system with locks.
    FileSystemWithLocks,
    /// To close what holds the file.
    CloseOther,
    /// More of what ran out.
    More(Shortage),
}

/// What ran out at a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// Room on the disk.
    Space,
    /// Room that the user or the group may take of it.
    Quota,
    /// Bytes that a file of this process may have.
    FileSize,
}

impl Shortage {
    /// What an error of the system says that ran out; None of any other.
    pub fn of(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::StorageFull => Some(Self::Space),
            io::ErrorKind::QuotaExceeded => Some(Self::Quota),
            io::ErrorKind::FileTooLarge => Some(Self::FileSize),
            _ => None,
        }
    }

    /// What a store could not be written for: SQLite does not hand on why a write failed, so another is tried beside
    /// it, as far behind the end as a commit may reach, in a file without a name.
    fn probe(path: &Path) -> Option<Self> {
        let length = fs::metadata(path).map_or(0, |found| found.len());
        let tried = tempfile::tempfile_in(crate::files::directory(path)).and_then(|mut file| {
            file.seek(SeekFrom::Start(length + (16 << 20)))?;
            file.write_all(&vec![1; 4 << 20])?;
            file.sync_all()
        });
        Self::of(&tried.err()?)
    }
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Space => "the disk is full",
            Self::Quota => "the disk quota is used up",
            Self::FileSize => "a file of this process may not be larger (ulimit -f)",
        })
    }
}

/// Why a run directory is refused, or could not be written: what was found. What would help is its [`Advice`].
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A directory with something else in it.
    #[error("{} is not empty and holds no run ({found})", dir.display())]
    NotARun {
        /// The directory.
        dir: PathBuf,
        /// A name found there.
        found: String,
    },
    /// No run there, for a command that reads one.
    #[error("{} holds no run", dir.display())]
    NoRun {
        /// The directory.
        dir: PathBuf,
    },
    /// Another process runs there.
    #[error("{} is in use by another eoc run", dir.display())]
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// The run of another study.
    #[error("{} holds another study, \"{found}\", not \"{asked}\" as asked for", dir.display())]
    OtherStudy {
        /// The directory.
        dir: PathBuf,
        /// Name and identity of what it holds.
        found: String,
        /// Name and identity of what was asked for.
        asked: String,
    },
    /// A run whose samples have rows in other tables.
    #[error("{} holds samples {}, and the study asks for samples {}", dir.display(), with(*found), with(*asked))]
    OtherDetails {
        /// The directory.
        dir: PathBuf,
        /// What its samples have.
        found: Details,
        /// What was asked for.
        asked: Details,
    },
    /// The run of another program version whose numbers differ.
    #[error(
        "{} was written with {what} {found}, and this eoc has {what} {here}: their rows do not go together",
        dir.display()
    )]
    OtherVersion {
        /// The directory.
        dir: PathBuf,
        /// `stream layout`, `numerics version` or `store format`.
        what: &'static str,
        /// There.
        found: String,
        /// Here.
        here: u32,
    },
    /// The file is no store, or no longer whole.
    #[error("{} is damaged or no run store ({reason})", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// It is no longer where it was when it was opened.
    #[error("{} was moved or removed while it was in use", dir.display())]
    Gone {
        /// Where it was.
        dir: PathBuf,
    },
    /// Nobody could be kept out.
    #[error("cannot lock {}, whose file system has no locks", path.display())]
    NoLocks {
        /// The lock file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another program has a lock on the store and does not give it back.
    #[error("cannot {doing} {}, which another program holds", path.display())]
    Held {
        /// What was tried.
        doing: &'static str,
        /// The store.
        path: PathBuf,
    },
    /// Something ran out; what was written before is there.
    #[error("cannot {doing} {}: {what}", path.display())]
    Short {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What ran out.
        what: Shortage,
    },
    /// The operating system refused.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// SQLite could not write or read, for a reason outside the file.
    #[error("cannot {doing} {}", path.display())]
    Sqlite {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

/// Further tables in words.
pub(in crate::study) fn with(details: Details) -> String {
    let names = |details: Details| details.to_string().replace(',', " and ");
    if details.is_empty() { "without further tables".to_owned() } else { format!("with {}", names(details)) }
}

impl StoreError {
    /// What would help, where it is known.
    pub fn remedy(&self) -> Option<Advice> {
        Some(match self {
            Self::NotARun { .. } => Advice::DirectoryForRun,
            Self::NoRun { .. } => Advice::DirectoryOfRun,
            Self::InUse { .. } => Advice::WaitOrOtherDirectory,
            Self::OtherStudy { .. } => Advice::OtherDirectoryOrStudy,
            Self::OtherDetails { .. } => Advice::OtherDirectoryOrDetails,
            Self::OtherVersion { .. } => Advice::OtherDirectoryOrVersion,
            Self::Damaged { .. } => Advice::CopyOrOtherDirectory,
            Self::Gone { .. } => Advice::PutBack,
            Self::NoLocks { .. } => Advice::FileSystemWithLocks,
            Self::Held { .. } => Advice::CloseOther,
            Self::Short { what, .. } => Advice::More(*what),
            Self::Io { .. } | Self::Sqlite { .. } => return None,
        })
    }

    /// Whether the machine failed, as a full disk does, and not what was given to it.
    pub fn is_of_the_machine(&self) -> bool {
        matches!(self, Self::Sqlite { .. } | Self::Short { .. } | Self::Held { .. } | Self::Gone { .. })
    }

    pub(in crate::study) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match Shortage::of(&source) {
            Some(what) => Self::Short { doing, path, what },
            None => Self::Io { doing, path, source },
        }
    }

    /// A file that is not as it was written.
    pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.into() }
    }

    /// An error of SQLite: damage where the file is at fault, else what was being done.
    pub(super) fn sqlite(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            CannotOpen, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase, ReadOnly,
            SchemaChanged, SystemIoFailure, TypeMismatch,
        };
        let path = path.into();
        move |source| match source.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase | SchemaChanged | TypeMismatch) => {
                Self::Damaged { path, reason: source.to_string() }
            }
            Some(DatabaseBusy | DatabaseLocked) => Self::Held { doing, path },
            Some(DiskFull) => Self::Short { doing, path, what: Shortage::Space },
            Some(SystemIoFailure | CannotOpen | ReadOnly) => {
                let dir = crate::files::directory(&path);
                // What is created is not there yet.
                if !dir.exists() || doing != "create" && !path.exists() {
                    return Self::Gone { dir: dir.to_owned() };
                }
                match Shortage::probe(&path) {
                    Some(what) => Self::Short { doing, path, what },
                    None => Self::Sqlite { doing, path, source },
                }
            }
            _ => Self::Sqlite { doing, path, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    /// What becomes of an error of SQLite with this code at a write of a file.
    fn of(code: i32, path: &Path) -> StoreError {
        StoreError::sqlite("write", path)(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
    }

    #[test]
    fn an_error_of_sqlite_says_what_is_wrong_outside_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.sqlite");
        fs::write(&path, "x").unwrap();
        assert!(matches!(of(ffi::SQLITE_BUSY, &path), StoreError::Held { .. }));
        assert!(matches!(of(ffi::SQLITE_FULL, &path), StoreError::Short { what: Shortage::Space, .. }));
        assert!(
            matches!(of(ffi::SQLITE_IOERR_WRITE, &path), StoreError::Sqlite { .. }),
            "nothing ran out here"
        );
        assert!(matches!(of(ffi::SQLITE_CORRUPT, &path), StoreError::Damaged { .. }));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "what was tried left nothing");
        fs::remove_file(&path).unwrap();
        for code in [ffi::SQLITE_READONLY_DBMOVED, ffi::SQLITE_CANTOPEN, ffi::SQLITE_IOERR_FSTAT] {
            let error = of(code, &path);
            assert!(matches!(&error, StoreError::Gone { .. }) && error.is_of_the_machine(), "{error}");
        }
    }
}
