//! A run directory: its files, and the lock that keeps a second process out.
//!
//! ```text
//! study.toml   the study as resolved          run.sqlite   the store          lock   held while a run is on
//! report/      figures and tables             width.json   the questions about widths that were asked of it, with their answers
//! ```
//!
//! The lock is the operating system's lock on an open file, so that it ends with the process, however that ends. It is
//! advisory: it keeps out another `eoc run`, not a reader.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::StoreError;
use super::error::CREATE;

/// The store.
pub const STORE: &str = "run.sqlite";
/// The resolved study.
pub const STUDY: &str = "study.toml";
/// The lock file.
pub const LOCK: &str = "lock";
/// Folder of figures and tables.
pub const REPORT: &str = "report";
/// The questions about widths with their answers, where some were asked.
pub const WIDTH: &str = "width.json";
/// The store before its plan is complete.
pub(super) const BEGUN: &str = "run.sqlite.new";

/// A place that a run may use, not yet touched.
pub struct Claim {
    dir: PathBuf,
    /// The lock where its file is there already.
    lock: Option<Lock>,
    holds_run: bool,
}

/// A run directory whose lock this process holds.
pub struct Directory {
    dir: PathBuf,
    _lock: Lock,
    /// Directories that were made for it, outermost first.
    made: Vec<PathBuf>,
}

/// A lock that is given back at once: closing the file alone would leave it to a child process that another thread is
/// just starting and that has inherited the file.
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file gives it back where this cannot.
        let _ = self.0.unlock();
    }
}

impl Directory {
    /// Looks at a place without writing: nothing there, an empty directory, a run (or one that was killed while it
    /// began). Refuses anything else, and a run in use.
    pub fn look(dir: &Path) -> Result<Claim, StoreError> {
        let claim = |lock, holds_run| Ok(Claim { dir: dir.to_owned(), lock, holds_run });
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return claim(None, false),
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                return Err(StoreError::NoDirectory { path: file_in(dir), new: true });
            }
            Err(error) => return Err(StoreError::io("look into", dir)(error)),
        };
        let mut stranger = None;
        let (mut holds_run, mut has_lock) = (false, false);
        for entry in entries {
            let name = entry.map_err(StoreError::io("read", dir))?.file_name();
            match name.to_str() {
                Some(STORE) => holds_run = true,
                Some(LOCK) => has_lock = true,
                // What a process that was killed had begun.
                Some(text) if text.starts_with(BEGUN) || text.starts_with(crate::files::UNFINISHED) => {}
                _ => stranger = Some(name.to_string_lossy().into_owned()),
            }
        }
        if let (Some(found), false) = (stranger, holds_run) {
            return Err(StoreError::NotARun { dir: dir.to_owned(), found });
        }
        let lock = if has_lock { Some(take(dir, false)?) } else { None };
        claim(lock, holds_run)
    }

    /// Whether a process holds the lock of a run directory. Writes nothing.
    pub fn in_use(dir: &Path) -> Result<bool, StoreError> {
        let path = dir.join(LOCK);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(false);
            }
            Err(error) => return Err(StoreError::io("read", &path)(error)),
        };
        match uninterrupted(|| file.try_lock_shared()) {
            Ok(()) => {
                drop(Lock(file));
                Ok(false)
            }
            Err(TryLockError::WouldBlock) => Ok(true),
            // Where there are no locks no run has begun.
            Err(TryLockError::Error(error)) if without_locks(&error) => Ok(false),
            Err(TryLockError::Error(error)) => Err(StoreError::io("lock", &path)(error)),
        }
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Removes what was made for a run that could not begin; what cannot be removed stays.
    pub(in crate::study) fn undo(self) {
        undo(&self.dir, &self.made);
    }
}

/// Removes the files of a run that could not begin, and the directories that were made for it.
fn undo(dir: &Path, made: &[PathBuf]) {
    for name in [BEGUN.to_owned(), format!("{BEGUN}-journal"), LOCK.to_owned()] {
        let _ = fs::remove_file(dir.join(name));
    }
    remove(made);
}

/// Removes directories that were made, where nothing is in them.
fn remove(made: &[PathBuf]) {
    for dir in made.iter().rev() {
        let _ = fs::remove_dir(dir);
    }
}

impl Claim {
    /// Whether a store is there.
    pub fn holds_run(&self) -> bool {
        self.holds_run
    }

    /// Makes the directory and its parents where they are missing, and takes the lock.
    pub fn lock(self) -> Result<Directory, StoreError> {
        let mut made: Vec<PathBuf> = self
            .dir
            .ancestors()
            .take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists())
            .map(Path::to_owned)
            .collect();
        made.reverse();
        fs::create_dir_all(&self.dir).map_err(StoreError::io("create the directory", &self.dir))?;
        let lock = match self.lock {
            Some(lock) => lock,
            None => take(&self.dir, true).inspect_err(|error| {
                // What was made for this run goes again; the lock too where nobody can be kept out, and so nobody else be
                // at work.
                match error {
                    StoreError::NoLocks { .. } => undo(&self.dir, &made),
                    _ => remove(&made),
                }
            })?,
        };
        Ok(Directory { dir: self.dir, _lock: lock, made })
    }
}

fn take(dir: &Path, create: bool) -> Result<Lock, StoreError> {
    let path = dir.join(LOCK);
    let file = OpenOptions::new().write(true).create(create).truncate(false).open(&path);
    let file = file.map_err(StoreError::io(if create { CREATE } else { "write" }, &path))?;
    // Whoever only looks whether the directory is in use holds the lock for a moment.
    for attempt in 0.. {
        match uninterrupted(|| file.try_lock()) {
            Ok(()) => return Ok(Lock(file)),
            Err(TryLockError::WouldBlock) if attempt < 5 => std::thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(source)) if without_locks(&source) => {
                return Err(StoreError::NoLocks { path, source });
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", &path)(error)),
        }
    }
    Err(StoreError::InUse { dir: dir.to_owned() })
}

/// The file that stands where a directory of this path is meant.
fn file_in(path: &Path) -> PathBuf {
    path.ancestors().find(|part| part.is_file()).unwrap_or(path).to_owned()
}

/// Takes a lock again where a signal came in between.
fn uninterrupted(mut lock: impl FnMut() -> Result<(), TryLockError>) -> Result<(), TryLockError> {
    loop {
        match lock() {
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Interrupted => {}
            ended => return ended,
        }
    }
}

/// Whether a lock failed because its file system has none: ENOSYS, ENOTSUP, or ENOLCK, which Rust has no name for.
fn without_locks(error: &std::io::Error) -> bool {
    let no_lock = if cfg!(any(target_os = "linux", target_os = "android")) { 37 } else { 77 };
    error.kind() == ErrorKind::Unsupported || cfg!(unix) && error.raw_os_error() == Some(no_lock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_interrupts_a_lock_is_no_refusal() {
        let mut signals = 3;
        let ended = uninterrupted(|| match signals {
            0 => Err(TryLockError::WouldBlock),
            _ => {
                signals -= 1;
                Err(TryLockError::Error(ErrorKind::Interrupted.into()))
            }
        });
        assert!(matches!(ended, Err(TryLockError::WouldBlock)) && signals == 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_system_without_locks_is_told_from_a_lock_that_is_held() {
        // ENOLCK, ENOSYS, EOPNOTSUPP; EAGAIN, EACCES, EIO.
        assert_eq!(
            [37, 38, 95, 11, 13, 5].map(|code| without_locks(&std::io::Error::from_raw_os_error(code))),
            [true, true, true, false, false, false]
        );
    }
}
