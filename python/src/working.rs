//! Work without the interpreter's lock, on a thread of its own, while the calling thread listens for signals.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use eoc_ntk::backend::Stop;
use eoc_ntk::threads;
use pyo3::prelude::*;

use crate::failure::Failure;

/// How often the calling thread looks for signals and tells how far the work is.
const LOOK: Duration = Duration::from_millis(50);

/// How far a piece of work is.
#[derive(Default)]
pub struct Done {
    count: AtomicU64,
    /// 0 where it is not known.
    total: AtomicU64,
}

impl Done {
    /// So many are done, of so many; 0 where that is not known.
    pub fn set(&self, count: u64, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.count.store(count, Ordering::Relaxed);
    }

    fn read(&self) -> (u64, Option<u64>) {
        let total = self.total.load(Ordering::Relaxed);
        (self.count.load(Ordering::Relaxed), (total > 0).then_some(total))
    }
}

/// Does work that looks at `stop`, which the first signal with a Python handler that raises (Ctrl-C) raises; the
/// exception of the handler is the result then, as soon as the work has ended. `progress` is called with what is done
/// and the total (or None) whenever they have changed.
pub fn working<T: Send>(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Stop, &Done) -> Result<T, Failure> + Send,
) -> PyResult<T> {
    let progress = progress.map(|progress| progress.clone().unbind());
    let (stop, done) = (Stop::never(), Done::default());
    let (send, ended) = mpsc::channel();
    let result = py.detach(move || {
        std::thread::scope(|scope| {
            let body = || {
                // Nobody is there to be told only where the calling thread is gone, which waits for this one.
                send.send(caught(|| work(&stop, &done))).ok();
            };
            if let Err(body) = threads::spawn_scoped(scope, body) {
                // Without a thread for it, it is done here, and a signal is heard when it is done.
                body();
            }
            let mut told = done.read();
            loop {
                let result = ended.recv_timeout(LOOK);
                let now = done.read();
                let interrupted = Python::attach(|py| {
                    py.check_signals()?;
                    match &progress {
                        Some(progress) if now != told => progress.call1(py, now).map(drop),
                        _ => Ok(()),
                    }
                });
                told = now;
                if let Err(exception) = interrupted {
                    stop.raise();
                    return Err(exception);
                }
                match result {
                    Ok(result) => return Ok(result),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return Ok(Err(broken())),
                }
            }
        })
    })?;
    Ok(result?)
}

/// Does work that does not look at a request to stop: after a signal nobody waits for it any more.
pub fn waiting<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> PyResult<T> {
    let (send, ended) = mpsc::channel();
    let body = move || {
        send.send(caught(work)).ok();
    };
    let result = py.detach(move || {
        if let Err(body) = threads::spawn(body) {
            body();
        }
        loop {
            match ended.recv_timeout(LOOK) {
                Ok(result) => return Ok(result),
                Err(RecvTimeoutError::Timeout) => Python::attach(|py| py.check_signals())?,
                Err(RecvTimeoutError::Disconnected) => return Ok(Err(broken())),
            }
        }
    });
    result.and_then(|result: Result<T, Failure>| result.map_err(PyErr::from))
}

fn caught<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(broken()))
}

fn broken() -> Failure {
    Failure::Broke("a computation broke down; this is a fault of eoc".to_owned())
}
