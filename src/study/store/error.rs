//! Why a run directory is refused, or could not be written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ffi;

use super::obstacle::Obstacle;
use crate::study::table::Details;

/// What a reader does.
pub(super) const READ: &str = "read";
/// What a reader does first.
pub(super) const OPEN: &str = "open";
/// What is done to a file that has not its name yet.
pub(super) const CREATE: &str = "create";

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
    /// The store that was there before back at its place, or another directory.
    PutStoreBack,
    /// A file system with locks.
    FileSystemWithLocks,
    /// To close what holds the file.
    CloseOther,
    /// The same command again.
    Again,
    /// What removes the obstacle; `kept` where samples were finished before it.
    Against {
        /// The obstacle.
        what: Obstacle,
        /// Whether rows may have been written before.
        kept: bool,
    },
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
    /// Nothing is there, for a command that reads a run.
    #[error("there is no directory {}", dir.display())]
    NotThere {
        /// What is not there.
        dir: PathBuf,
    },
    /// A file where a run directory is meant.
    #[error("{} is a file, and a directory is meant", path.display())]
    NoDirectory {
        /// The file.
        path: PathBuf,
        /// Whether a run would be made there.
        new: bool,
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
    /// The file is no longer there, in a directory that is.
    #[error("{} was removed or moved away while it was in use", path.display())]
    Removed {
        /// The file.
        path: PathBuf,
    },
    /// Another file has its name.
    #[error("{} was replaced by another file while it was in use", path.display())]
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// Rows that this process is about to add are there.
    #[error("another process adds rows to {} at the same time", path.display())]
    Raced {
        /// The store.
        path: PathBuf,
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
    /// The system does not let it be done; what was written before is there.
    #[error("cannot {doing} {}: {what}", path.display())]
    Prevented {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        what: Obstacle,
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
    /// SQLite could not write or read, and nothing is found that it could not for.
    #[error("cannot {doing} {} (SQLite has error {})", path.display(), code(error))]
    Sqlite {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What SQLite says, for programs: its sentences are for those who know it.
        error: rusqlite::Error,
    },
}

/// The extended code of an error of SQLite; of one that is none of its own, what it is.
fn code(error: &rusqlite::Error) -> String {
    error.sqlite_error().map_or_else(|| error.to_string(), |error| error.extended_code.to_string())
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
            Self::NotARun { .. } | Self::NoDirectory { new: true, .. } => Advice::DirectoryForRun,
            Self::NotThere { .. } | Self::NoDirectory { .. } | Self::NoRun { .. } => Advice::DirectoryOfRun,
            Self::InUse { .. } | Self::Raced { .. } => Advice::WaitOrOtherDirectory,
            Self::OtherStudy { .. } => Advice::OtherDirectoryOrStudy,
            Self::OtherDetails { .. } => Advice::OtherDirectoryOrDetails,
            Self::OtherVersion { .. } => Advice::OtherDirectoryOrVersion,
            Self::Damaged { .. } => Advice::CopyOrOtherDirectory,
            Self::Gone { .. } => Advice::PutBack,
            Self::Removed { .. } | Self::Replaced { .. } => Advice::PutStoreBack,
            Self::NoLocks { .. } => Advice::FileSystemWithLocks,
            Self::Held { .. } => Advice::CloseOther,
            Self::Prevented { what, doing, .. } => Advice::Against { what: *what, kept: *doing == "write" },
            Self::Sqlite { .. } => Advice::Again,
            Self::Io { .. } => return None,
        })
    }

    /// Whether the machine failed, as a full disk does, and not what was given to it.
    pub fn is_of_the_machine(&self) -> bool {
        use Obstacle::{Directory, Permission, ReadOnly};
        match self {
            Self::Prevented { what, .. } => !matches!(what, Permission | ReadOnly | Directory),
            Self::Sqlite { .. } | Self::Held { .. } | Self::Raced { .. } => true,
            Self::Gone { .. } | Self::Removed { .. } | Self::Replaced { .. } => true,
            _ => false,
        }
    }

    pub(in crate::study) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match Obstacle::of(&source) {
            Some(what) => Self::Prevented { doing, path, what },
            None => Self::Io { doing, path, source },
        }
    }

    /// A file that is no longer there, or its directory with it.
    pub(super) fn lost(path: &Path) -> Self {
        let dir = crate::files::directory(path);
        match is_gone(dir) {
            true => Self::Gone { dir: dir.to_owned() },
            false => Self::Removed { path: path.to_owned() },
        }
    }

    /// A file that is not as it was written.
    pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.into() }
    }

    /// An error of SQLite on a store that is in use: damage where the file is at fault, else what was being done.
    pub(super) fn sqlite(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.into();
        move |error| Self::of_sqlite(doing, &path, &path, error)
    }

    /// The same on a file that stands for a store under whose name the error speaks, such as one that is being made.
    pub(super) fn of_sqlite(doing: &'static str, path: &Path, file: &Path, error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            CannotOpen, ConstraintViolation, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull,
            NotADatabase, OutOfMemory, ReadOnly, SchemaChanged, SystemIoFailure, TypeMismatch,
        };
        let reading = matches!(doing, READ | OPEN);
        let prevented = |what| Self::Prevented { doing, path: path.to_owned(), what };
        let found = || match reading {
            true => Obstacle::to_reading(file),
            false => Obstacle::to_writing(file),
        };
        let code = match &error {
            // Of a table or a column that is not there.
            rusqlite::Error::SqliteFailure(failure, _) if failure.extended_code == ffi::SQLITE_ERROR => {
                SchemaChanged
            }
            rusqlite::Error::SqlInputError { .. } => SchemaChanged,
            rusqlite::Error::SqliteFailure(failure, _) => failure.code,
            // A fault of ours, and none of the file.
            rusqlite::Error::ToSqlConversionFailure(_) => {
                return Self::Sqlite { doing, path: path.to_owned(), error };
            }
            _ => TypeMismatch,
        };
        match code {
            DatabaseCorrupt => Self::damaged(path, "its pages do not fit together"),
            NotADatabase => Self::damaged(path, "it is no SQLite database"),
            SchemaChanged => Self::damaged(path, "its tables are not those of a run store"),
            TypeMismatch => Self::damaged(path, "a value has not the type that it was written with"),
            DatabaseBusy | DatabaseLocked => Self::Held { doing, path: path.to_owned() },
            // A key that is there is that of another process; any other constraint is a fault of ours.
            ConstraintViolation
                if doing != CREATE && error.sqlite_error().is_some_and(|error| key_is_there(*error)) =>
            {
                Self::Raced { path: path.to_owned() }
            }
            DiskFull => prevented(Obstacle::Space),
            OutOfMemory => prevented(Obstacle::Memory),
            SystemIoFailure | CannotOpen | ReadOnly => {
                let extended = error.sqlite_error().map_or(0, |error| error.extended_code);
                // What is created may not be there yet.
                if is_gone(crate::files::directory(path)) || doing != CREATE && is_gone(file) {
                    return Self::lost(path);
                }
                match (extended, found()) {
                    (ffi::SQLITE_READONLY_DBMOVED, _) => Self::Replaced { path: path.to_owned() },
                    (ffi::SQLITE_IOERR_SHORT_READ, _) => Self::damaged(path, "it ends too early"),
                    (ffi::SQLITE_IOERR_NOMEM, _) => prevented(Obstacle::Memory),
                    (_, Some(what)) => prevented(what),
                    _ if code == SystemIoFailure => prevented(Obstacle::Disk),
                    _ => Self::Sqlite { doing, path: path.to_owned(), error },
                }
            }
            _ => Self::Sqlite { doing, path: path.to_owned(), error },
        }
    }
}

/// Whether there is nothing of a name, which is not so where it cannot be looked for.
fn is_gone(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Whether a row could not be written because its key is there.
fn key_is_there(error: ffi::Error) -> bool {
    let unique =
        [ffi::SQLITE_CONSTRAINT_PRIMARYKEY, ffi::SQLITE_CONSTRAINT_UNIQUE, ffi::SQLITE_CONSTRAINT_ROWID];
    unique.contains(&error.extended_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of an error of SQLite with this code.
    fn of(code: i32, doing: &'static str, path: &Path) -> StoreError {
        StoreError::sqlite(doing, path)(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
    }

    #[test]
    fn an_error_of_sqlite_says_what_is_wrong_in_words_of_ours() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.sqlite");
        fs::write(&path, "x").unwrap();
        for (code, says) in [
            (ffi::SQLITE_BUSY, "which another program holds"),
            (ffi::SQLITE_FULL, "the disk is full"),
            (ffi::SQLITE_NOMEM, "gives no more memory"),
            (ffi::SQLITE_IOERR_NOMEM, "gives no more memory"),
            (ffi::SQLITE_IOERR_WRITE, "its disk or file system fails (I/O error)"),
            (ffi::SQLITE_IOERR_READ, "its disk or file system fails (I/O error)"),
            (ffi::SQLITE_IOERR_FSYNC, "its disk or file system fails (I/O error)"),
            (ffi::SQLITE_IOERR_SHORT_READ, "is damaged or no run store (it ends too early)"),
            (ffi::SQLITE_CORRUPT, "is damaged or no run store (its pages do not fit together)"),
            (ffi::SQLITE_ERROR, "is damaged or no run store (its tables are not those of a run store)"),
            (ffi::SQLITE_NOTADB, "is damaged or no run store (it is no SQLite database)"),
            (ffi::SQLITE_READONLY_DBMOVED, "run.sqlite was replaced by another file while it was in use"),
            (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, "another process adds rows to"),
            (ffi::SQLITE_CANTOPEN, "run.sqlite (SQLite has error 14)"),
        ] {
            for doing in ["write", READ] {
                let error = of(code, doing, &path);
                let text = error.to_string();
                assert!(text.contains(says), "{code}: {text}");
                assert!(std::error::Error::source(&error).is_none(), "no sentence of SQLite follows: {text}");
                assert!(error.remedy().is_some(), "{text}");
            }
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "what was tried left nothing");
    }

    /// Only what is not there is called removed, and only a directory that is not there is called gone.
    #[test]
    fn what_was_moved_is_told_from_what_fails() {
        let dir = tempfile::tempdir().unwrap();
        let (inside, codes) = (
            dir.path().join("run"),
            [ffi::SQLITE_READONLY_DBMOVED, ffi::SQLITE_CANTOPEN, ffi::SQLITE_IOERR_FSTAT],
        );
        let path = inside.join("run.sqlite");
        fs::create_dir(&inside).unwrap();
        for code in codes {
            let error = of(code, "write", &path);
            assert!(matches!(&error, StoreError::Removed { .. }) && error.is_of_the_machine(), "{error}");
            // What is being made has no name yet, and so was not removed.
            let error = of(code, CREATE, &path);
            assert!(!matches!(&error, StoreError::Removed { .. } | StoreError::Gone { .. }), "{error}");
        }
        fs::create_dir(&path).unwrap();
        for doing in ["write", READ] {
            let error = of(ffi::SQLITE_CANTOPEN, doing, &path);
            let found = matches!(&error, StoreError::Prevented { what: Obstacle::Directory, .. });
            assert!(found && !error.is_of_the_machine(), "{error}");
        }
        fs::remove_dir_all(&inside).unwrap();
        for code in codes {
            let error = of(code, "write", &path);
            assert!(matches!(&error, StoreError::Gone { .. }) && error.is_of_the_machine(), "{error}");
        }
    }
}
