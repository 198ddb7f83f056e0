//! Work without the interpreter's lock, on a thread of its own, while the calling thread listens for signals.
//!
//! After a signal the calling thread asks the work to stop, waits a moment for it, and goes without it where it is in
//! the middle of something that cannot be broken off, such as a large decomposition: the work ends at its next look,
//! and nobody takes its result. It never touches the interpreter, so that this may end meanwhile.

use std::ffi::CString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use eoc_ntk::backend::Stop;
use eoc_ntk::threads;
use pyo3::exceptions::PyRuntimeWarning;
use pyo3::prelude::*;

use crate::failure::Failure;

/// How often the calling thread looks for signals and tells how far the work is.
const LOOK: Duration = Duration::from_millis(50);
/// How long work that was asked to stop is waited for. A signal is answered within two seconds.
const MOMENT: Duration = Duration::from_secs(1);

/// How far a piece of work is, and what it has to say meanwhile.
#[derive(Default)]
pub struct Done {
    count: AtomicU64,
    /// 0 where it is not known.
    total: AtomicU64,
    warnings: Mutex<Vec<String>>,
}

impl Done {
    /// So many are done, of so many; 0 where that is not known.
    pub fn set(&self, count: u64, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.count.store(count, Ordering::Relaxed);
    }

    /// A warning, which the calling thread gives.
    pub fn warn(&self, text: &str) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
    }

    fn read(&self) -> (u64, Option<u64>) {
        let total = self.total.load(Ordering::Relaxed);
        (self.count.load(Ordering::Relaxed), (total > 0).then_some(total))
    }

    /// Gives the warnings, at the line that called the package.
    fn give_warnings(&self, py: Python<'_>) -> PyResult<()> {
        let texts = std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner));
        texts.into_iter().try_for_each(|text| {
            let text = CString::new(text).unwrap_or_default();
            PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &text, 2)
        })
    }
}

/// Does work that looks at `stop`, which the first signal with a Python handler that raises (Ctrl-C) raises; the
/// exception of the handler is the result then. `progress` is called with what is done and the total (or None) whenever
/// they have changed.
pub fn working<T: Send + 'static>(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Stop, &Done) -> Result<T, Failure> + Send + 'static,
) -> PyResult<T> {
    watched(py, progress, None, MOMENT, work)?.ok_or_else(|| Failure::Stopped.into())
}

/// The same for no longer than a time, at whose end `stop` is raised too; None where there is no result by then.
pub fn working_for<T: Send + 'static>(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    time: Option<Duration>,
    work: impl FnOnce(&Stop, &Done) -> Result<T, Failure> + Send + 'static,
) -> PyResult<Option<T>> {
    watched(py, progress, time, MOMENT, work)
}

/// Does work that does not look whether it is to stop, and is not waited for after a signal.
pub fn waiting<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> PyResult<T> {
    watched(py, None, None, Duration::ZERO, |_, _| work())?.ok_or_else(|| Failure::Stopped.into())
}

fn watched<T: Send + 'static>(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    time: Option<Duration>,
    mut moment: Duration,
    work: impl FnOnce(&Stop, &Done) -> Result<T, Failure> + Send + 'static,
) -> PyResult<Option<T>> {
    let progress = progress.map(|progress| progress.clone().unbind());
    let (stop, done) = (Stop::never(), Arc::new(Done::default()));
    let (send, results) = mpsc::channel();
    let (theirs, told_to) = (stop.clone(), Arc::clone(&done));
    let body = move || {
        let result =
            catch_unwind(AssertUnwindSafe(|| work(&theirs, &told_to))).unwrap_or_else(|_| Err(broken()));
        // Nobody is there to take it where the calling thread went without it.
        send.send(result).ok();
    };
    py.detach(move || {
        let begun = Instant::now();
        if let Err(body) = threads::spawn(body) {
            // Without a thread for it, it is done here, and a signal is heard when it is done.
            body();
        }
        let mut told = done.read();
        let mut asked_to_stop: Option<Instant> = None;
        let mut exception: Option<PyErr> = None;
        loop {
            let result = results.recv_timeout(LOOK);
            let now = done.read();
            let heard = Python::attach(|py| {
                py.check_signals()?;
                if exception.is_some() {
                    return Ok(());
                }
                done.give_warnings(py)?;
                match &progress {
                    Some(progress) if now != told => progress.call1(py, now).map(drop),
                    _ => Ok(()),
                }
            });
            told = now;
            match (heard, &exception) {
                (Ok(()), _) => {}
                (Err(first), None) => {
                    stop.raise();
                    asked_to_stop = Some(Instant::now());
                    exception = Some(first);
                }
                // Who asks twice does not want to wait.
                (Err(_), Some(_)) => moment = Duration::ZERO,
            }
            if asked_to_stop.is_none() && time.is_some_and(|time| begun.elapsed() >= time) {
                stop.raise();
                asked_to_stop = Some(Instant::now());
            }
            let result = match result {
                Err(RecvTimeoutError::Timeout) => {
                    if asked_to_stop.is_none_or(|at| at.elapsed() < moment) {
                        continue;
                    }
                    Ok(None)
                }
                Err(RecvTimeoutError::Disconnected) => Err(broken()),
                // Without an exception it was the end of the time.
                Ok(Err(Failure::Stopped)) => Ok(None),
                Ok(result) => result.map(Some),
            };
            return match exception {
                Some(exception) => Err(exception),
                None => Ok(result?),
            };
        }
    })
}

fn broken() -> Failure {
    Failure::Broke("a computation broke down; this is a fault of eoc".to_owned())
}
