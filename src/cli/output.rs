//! The file of a one-file command, and the line that says what is in it.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::context::Context;
use super::escape::{Escaped, shown};
use super::failure::{Failure, Status};
use super::input::is_dash;
use super::units;
use crate::data::{DataError, Output};

/// Whether a file of this command is standard output.
static STDOUT_TAKEN: AtomicBool = AtomicBool::new(false);

/// Starts a binary file of this many bytes before anything is computed; refuses one that its file system has no room
/// for, that is one of the inputs, or that is a terminal. A path that is standard output itself is written through it,
/// so that a redirection keeps its file and its offset.
pub fn open(path: &Path, bytes: u128, inputs: &[Option<&Path>]) -> Result<Output, Failure> {
    let straight = stdout_at(path);
    let dash = is_dash(path) && io::stdout().is_terminal();
    if dash || is_terminal(path) || straight.as_ref().is_some_and(IsTerminal::is_terminal) {
        return Err(Failure::refused(format!(
            "{} is a terminal, and the file is binary; name a file, or send it on with > or |",
            if is_dash(path) { "standard output".to_owned() } else { shown(path) }
        )));
    }
    if is_dash(path) {
        STDOUT_TAKEN.store(true, Ordering::Relaxed);
        return Ok(Output::straight(Path::new("standard output"), io::stdout()));
    }
    if let Some(file) = straight {
        STDOUT_TAKEN.store(true, Ordering::Relaxed);
        return Ok(Output::straight(path, file));
    }
    beside(path, bytes, inputs)
}

/// Starts a file of text, as [`open`] does; what a terminal would act on is escaped where it is one.
pub fn open_text(path: &Path, inputs: &[Option<&Path>]) -> Result<Output, Failure> {
    if is_dash(path) {
        STDOUT_TAKEN.store(true, Ordering::Relaxed);
        return Ok(Output::straight(Path::new("standard output"), Escaped::of(io::stdout())));
    }
    if let Some(file) = stdout_at(path) {
        STDOUT_TAKEN.store(true, Ordering::Relaxed);
        return Ok(Output::straight(path, Escaped::of(file)));
    }
    match is_terminal(path) {
        true => {
            let file = OpenOptions::new().write(true).open(path);
            let file = file.map_err(|source| DataError::Create { path: path.to_owned(), source })?;
            Ok(Output::straight(path, Escaped::of(file)))
        }
        false => beside(path, 0, inputs),
    }
}

/// Whether a path is the name of a terminal.
fn is_terminal(path: &Path) -> bool {
    path.starts_with("/dev/pts") || path.to_str().is_some_and(|path| path.starts_with("/dev/tty"))
}

/// Starts a file that is not standard output.
fn beside(path: &Path, bytes: u128, inputs: &[Option<&Path>]) -> Result<Output, Failure> {
    let file = path.canonicalize().ok().filter(|path| path.is_file());
    let same = |input: &&Path| file.is_some() && input.canonicalize().ok() == file;
    if let Some(input) = inputs.iter().flatten().find(|input| same(input)) {
        return Err(Failure::refused(format!(
            "--out {} would overwrite the input {}; give the output another name",
            path.display(),
            input.display()
        )));
    }
    if let Some(free) = free(path).filter(|free| bytes > u128::from(*free)) {
        let [needed, free] = units::apart(bytes, free.into());
        return Err(Failure::refused(format!(
            "{} would have {needed}, and its file system has room for {free}; ask for less, or name a file on another \
             one",
            path.display(),
        )));
    }
    Ok(Output::create(path)?)
}

/// Refuses two outputs of one name; each comes with the option that named it.
pub fn distinct(outputs: &[(&str, Option<&Path>)]) -> Result<(), Failure> {
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let named: Vec<(&str, PathBuf)> =
        outputs.iter().filter_map(|(option, path)| Some((*option, whole((*path)?)))).collect();
    for (at, (second, path)) in named.iter().enumerate() {
        if let Some((first, _)) = named[..at].iter().find(|(_, other)| other == path) {
            return Err(Failure::refused(format!("{first} and {second} name one file; give each its own")));
        }
    }
    Ok(())
}

/// Bytes of the shape of an array of f64, with its header.
pub fn array_bytes(shape: &[usize]) -> u128 {
    shape.iter().fold(8, |bytes: u128, &size| bytes.saturating_mul(size as u128)).saturating_add(128)
}

/// Refuses a directory for files unless it is new or empty, or holds nothing but those that `ours` knows by their
/// names: `what` they are, such as `export of kernels`.
pub fn check_directory(out: &Path, what: &str, ours: impl Fn(&str) -> bool) -> Result<(), Failure> {
    let unusable = |error: io::Error| {
        Failure::unusable(anyhow::Error::from(error).context(format!("cannot use {}", out.display())))
    };
    let entries = match std::fs::read_dir(out) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unusable(error)),
    };
    for entry in entries {
        let name = entry.map_err(unusable)?.file_name().to_string_lossy().into_owned();
        if !ours(&name) {
            return Err(Failure::refused(format!(
                "{} is not empty and holds no {what} ({name}); give a new or empty directory",
                out.display()
            )));
        }
    }
    Ok(())
}

/// Directories that were made for files, innermost first. At the end of it those go again in which nothing was written.
#[must_use]
pub struct Made(Vec<PathBuf>);

impl Drop for Made {
    fn drop(&mut self) {
        // Only what is empty can be removed so.
        self.0.iter().for_each(|dir| std::fs::remove_dir(dir).unwrap_or_default());
    }
}

/// Makes a directory for files, with its parents.
pub fn make_directory(out: &Path) -> Result<Made, Failure> {
    let missing = out.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists());
    let made = Made(missing.map(Path::to_owned).collect());
    std::fs::create_dir_all(out).map_err(|error| {
        let what = format!("cannot create the directory {}", out.display());
        Failure::unusable(anyhow::Error::from(error).context(what))
    })?;
    Ok(made)
}

/// Bytes that the file system of a file can still take; None of a device or a pipe, and where the system does not say.
#[cfg(unix)]
fn free(path: &Path) -> Option<u64> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if std::fs::metadata(&target).is_ok_and(|found| !found.is_file()) {
        return None;
    }
    let directory = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let system = rustix::fs::statvfs(directory).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}

#[cfg(not(unix))]
fn free(_path: &Path) -> Option<u64> {
    None
}

/// What one line says of a file.
pub struct Summary<'a> {
    /// The file.
    pub path: &'a Path,
    /// Shape of the array, or of the tensors.
    pub shape: String,
    /// Seeds, where there are any.
    pub seeds: Option<Range<u64>>,
    /// Sampler that ran, where one did.
    pub sampler: Option<String>,
    /// Device that ran.
    pub device: &'a str,
    /// Precision of the computation.
    pub precision: String,
}

/// Prints what is in a file, see [`say`].
pub fn announce(ctx: &Context, summary: &Summary) -> Result<(), Failure> {
    let none = || "none".to_owned();
    let line = format!(
        "{}: shape {}, seeds {}, sampler {}, device {}, precision {}\n",
        shown(summary.path),
        summary.shape,
        summary.seeds.as_ref().map_or_else(none, |seeds| format!("{}..{}", seeds.start, seeds.end)),
        summary.sampler.clone().unwrap_or_else(none),
        summary.device,
        summary.precision
    );
    say(ctx, &line).map(|_| ())
}

/// Prints the line of a finished file on stdout, or on stderr where stdout is a file of this command.
pub fn say(ctx: &Context, line: &str) -> Result<Status, Failure> {
    if STDOUT_TAKEN.load(Ordering::Relaxed) {
        ctx.note(line);
    } else {
        ctx.account(line)?;
    }
    Ok(Status::Done)
}

/// Shape of an array as Python writes it.
pub fn shape(sizes: &[usize]) -> String {
    let names: Vec<String> = sizes.iter().map(usize::to_string).collect();
    format!("({}{})", names.join(", "), if sizes.len() == 1 { "," } else { "" })
}

/// A copy of standard output, if the path is the same file.
#[cfg(unix)]
fn stdout_at(path: &Path) -> Option<File> {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let named = std::fs::metadata(path).ok()?;
    let stdout = File::from(io::stdout().as_fd().try_clone_to_owned().ok()?);
    let open = stdout.metadata().ok()?;
    (named.dev() == open.dev() && named.ino() == open.ino()).then_some(stdout)
}

#[cfg(not(unix))]
fn stdout_at(_path: &Path) -> Option<File> {
    None
}
