//! How a run ends that was asked to stop.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::context::Context;
use super::failure::{Failure, Status};
use super::progress::Meter;
use super::units::are;
use super::watchdog::Watchdog;
use crate::backend::EngineError;
use crate::study::STORE;
use crate::study::run::{Observer, Progress, RunError};
use crate::study::store::StoreError;

/// Why a batch system must not start the task again.
const NOTHING_NEW: &str = "stopped by the time-limit signal before one new sample was finished";

/// The status of work that a signal ended with so many rows added. A batch system that starts a task again because it
/// was stopped (75) must not do so for ever: one without a new row has failed.
pub fn status(time_limit: bool, added: u64) -> Status {
    match (time_limit, added) {
        (true, 0) => Status::Failed,
        (true, _) => Status::TimeLimit,
        (false, _) => Status::Interrupted,
    }
}

/// The end of a run in a step that does not hear signals, such as the limit of thousands of points; later where that is
/// the `last` commit. All that is finished is in it, and a disk that takes longer than the two seconds of a signal
/// leaves no other choice than to cut it: its rows are there or not there, as the disk has it, and can be drawn again.
pub fn watchdog(out: &Path, added: &Arc<AtomicU64>, last: &Arc<AtomicBool>, ctx: &Context) -> Watchdog {
    let (out, added, time_limit) = (out.to_owned(), Arc::clone(added), ctx.time_limit_flag());
    let (last, theirs) = (Arc::clone(last), Arc::clone(last));
    Watchdog::patient(ctx, theirs, move || {
        let step = match last.load(Ordering::Relaxed) {
            true => {
                "while the disk was at the last commit, whose samples are drawn again where it did not end"
            }
            false => "in the middle of a step that cannot be broken off",
        };
        let status = status(time_limit.load(Ordering::Relaxed), added.load(Ordering::Relaxed));
        let why = match status {
            Status::Failed => format!("{NOTHING_NEW}, {step}; give the task more time"),
            Status::TimeLimit => format!("stopped by the time-limit signal {step}"),
            _ => format!("interrupted {step}"),
        };
        Failure { status, error: Some(anyhow::anyhow!("{why}; {}", kept(&out))) }
    })
}

/// What is kept where a run is cut off: before its store is made there is nothing to name.
fn kept(out: &Path) -> String {
    match out.join(STORE).exists() {
        true => format!("all that was finished before is in {}, and the same command resumes", out.display()),
        false => "nothing was begun, and the same command begins it".to_owned(),
    }
}

/// The end of a run whose samples are all there while its report is made.
pub fn watchdog_of_report(out: &Path, added: &Arc<AtomicU64>, ctx: &Context) -> Watchdog {
    let (out, added, time_limit) = (out.to_owned(), Arc::clone(added), ctx.time_limit_flag());
    Watchdog::over(ctx, move || {
        let status = status(time_limit.load(Ordering::Relaxed), added.load(Ordering::Relaxed));
        let why = match status {
            Status::Interrupted => "interrupted",
            _ => "stopped by the time-limit signal",
        };
        let kept = format!(
            "{why} while the report was made; all samples are in {}, and the same command writes it",
            out.display()
        );
        Failure { status, error: Some(anyhow::Error::msg(kept)) }
    })
}

/// Counts the samples that are durable since the run began.
pub struct Counted<'a> {
    meter: Meter,
    before: Option<u64>,
    added: &'a AtomicU64,
    last: &'a AtomicBool,
}

impl<'a> Counted<'a> {
    /// `last` is raised at the last commit.
    pub fn new(meter: Meter, added: &'a AtomicU64, last: &'a AtomicBool) -> Self {
        Self { meter, before: None, added, last }
    }
}

impl Observer for Counted<'_> {
    fn progress(&mut self, progress: &Progress) {
        let before = *self.before.get_or_insert(progress.rows);
        self.added.store(progress.rows.saturating_sub(before), Ordering::Relaxed);
        // A study of several stages has a last commit in each.
        self.last.store(false, Ordering::Relaxed);
        self.meter.progress(progress);
    }

    fn last_commit(&mut self) {
        self.last.store(true, Ordering::Relaxed);
    }
}

/// Whether a run ends because another program holds its store.
pub fn is_held(error: &RunError) -> bool {
    matches!(error, RunError::Store(StoreError::Held { .. }))
}

/// The failure of a run, which a signal has ended before it began, or where another program was waited for.
pub fn unheld(
    error: RunError,
    added: &AtomicU64,
    ctx: &Context,
    otherwise: impl Fn(RunError) -> Failure,
) -> Failure {
    let stopped = matches!(error, RunError::Engine { source: EngineError::Stopped, .. });
    if stopped && ctx.time_limit() {
        return Failure::running(anyhow::anyhow!("{NOTHING_NEW}; give the task more time"));
    }
    if !(is_held(&error) && ctx.stop().is_raised()) {
        return otherwise(error);
    }
    let status = status(ctx.time_limit(), added.load(Ordering::Relaxed));
    let what = "stopped while another program holds the store: what was finished since its last commit is given up, \
                and the same command resumes";
    Failure { status, error: Some(anyhow::Error::from(error).context(what)) }
}

/// The failure of a run that was stopped with samples missing.
pub fn short(added: u64, missing: u64, out: &Path, ctx: &Context) -> Failure {
    let (missing, out) = (are(missing, "sample"), out.display());
    let resumes =
        format!("all that was finished is in {out}, {missing} missing, and the same command resumes");
    let status = status(ctx.time_limit(), added);
    let sentence = match status {
        Status::Failed => {
            format!(
                "{NOTHING_NEW}; {missing} missing in {out}, give the task more time or the study smaller networks"
            )
        }
        Status::TimeLimit => format!("stopped by the time-limit signal; {resumes}"),
        _ if added == 0 => format!(
            "interrupted before one new sample was finished; {missing} missing in {out}, and the same command resumes"
        ),
        _ => format!("interrupted; {resumes}"),
    };
    Failure { status, error: Some(anyhow::Error::msg(sentence)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_named_once_there_is_a_run_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("run");
        assert_eq!(kept(&out), "nothing was begun, and the same command begins it");
        std::fs::create_dir(&out).unwrap();
        assert_eq!(kept(&out), "nothing was begun, and the same command begins it");
        std::fs::write(out.join(STORE), "").unwrap();
        assert!(kept(&out).starts_with(&format!("all that was finished before is in {}", out.display())));
    }
}
