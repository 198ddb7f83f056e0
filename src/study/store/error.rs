//! Why a run directory is refused, or could not be written.

use std::io;
use std::path::{Path, PathBuf};

/// What would help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// A new or empty directory, or one with a run in it.
    DirectoryForRun,
    /// A directory with a run in it.
    DirectoryOfRun,
    /// To wait, or another directory.
    WaitOrOtherDirectory,
    /// Another directory, or the study that is there.
    OtherDirectoryOrStudy,
    /// Another directory, or the version of the program that began this one.
    OtherDirectoryOrVersion,
    /// A copy of the file, or another directory.
    CopyOrOtherDirectory,
}

/// Why a run directory is refused, or could not be written: what was found. What would help is its [`Remedy`].
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

impl StoreError {
    /// What would help, where it is known.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::NotARun { .. } => Remedy::DirectoryForRun,
            Self::NoRun { .. } => Remedy::DirectoryOfRun,
            Self::InUse { .. } => Remedy::WaitOrOtherDirectory,
            Self::OtherStudy { .. } => Remedy::OtherDirectoryOrStudy,
            Self::OtherVersion { .. } => Remedy::OtherDirectoryOrVersion,
            Self::Damaged { .. } => Remedy::CopyOrOtherDirectory,
            Self::Io { .. } | Self::Sqlite { .. } => return None,
        })
    }

    /// Whether the machine failed, as a full disk does, and not what was given to it.
    pub fn is_of_the_machine(&self) -> bool {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match self {
            Self::Sqlite { .. } => true,
            Self::Io { source, .. } => matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge),
            _ => false,
        }
    }

    pub(in crate::study) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
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
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, SchemaChanged, TypeMismatch};
        let path = path.into();
        move |source| match source.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase | SchemaChanged | TypeMismatch) => {
                Self::Damaged { path, reason: source.to_string() }
            }
            _ => Self::Sqlite { doing, path, source },
        }
    }
}
