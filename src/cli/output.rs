//! The file of a one-file command, and the line that says what is in it.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use eoc_ntk::data::Output;

use super::context::Context;
use super::failure::Failure;

/// Starts the file before anything is computed. A path that is standard output itself is written through it, so that
/// a redirection keeps its file and its offset.
pub fn open(path: &Path) -> Result<Output, Failure> {
    match stdout_at(path) {
        Some(file) => Ok(Output::straight(path, file)),
        None => Ok(Output::create(path)?),
    }
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

/// Prints the line on stdout, or on stderr where stdout is the file.
pub fn announce(ctx: &Context, summary: &Summary) -> Result<(), Failure> {
    let none = || "none".to_owned();
    let line = format!(
        "{}: shape {}, seeds {}, sampler {}, device {}, precision {}\n",
        summary.path.display(),
        summary.shape,
        summary.seeds.as_ref().map_or_else(none, |seeds| format!("{}..{}", seeds.start, seeds.end)),
        summary.sampler.clone().unwrap_or_else(none),
        summary.device,
        summary.precision
    );
    if stdout_at(summary.path).is_some() {
        ctx.note(&line);
        return Ok(());
    }
    ctx.print(&line)
}

/// Shape of an array as Python writes it.
pub fn shape(sizes: &[usize]) -> String {
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    format!("({})", sizes.join(", "))
}

/// A copy of standard output, if the path is the same file.
#[cfg(unix)]
fn stdout_at(path: &Path) -> Option<File> {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let named = std::fs::metadata(path).ok()?;
    let stdout = File::from(std::io::stdout().as_fd().try_clone_to_owned().ok()?);
    let open = stdout.metadata().ok()?;
    (named.dev() == open.dev() && named.ino() == open.ino()).then_some(stdout)
}

#[cfg(not(unix))]
fn stdout_at(_path: &Path) -> Option<File> {
    None
}
