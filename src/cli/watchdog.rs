//! The end of work that does not hear a signal.
//!
//! Decompositions of large matrices, compilers of graphics drivers and stores that another program holds cannot be
//! broken off. A signal is answered within two seconds all the same: where the work has not come back by then, the
//! process ends in the midst of it. That is sound where nothing is lost by it: before an output is begun, while files
//! are written aside, and beside a run store, whose commits survive any end of the process.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::context::Context;
use super::failure::Failure;

/// How long work may take to hear a signal.
const PATIENCE: Duration = Duration::from_millis(1500);
/// The same for work that is worth all of the two seconds.
const MOST: Duration = Duration::from_millis(1750);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Watches as long as it is there.
#[must_use = "it watches only as long as it is kept"]
pub struct Watchdog {
    watching: Arc<Mutex<bool>>,
}

impl Watchdog {
    /// Watches work after which the process would end with this failure. Where the system starts no thread for it, a
    /// signal is heard when the work comes back.
    pub fn over(ctx: &Context, failure: impl Fn() -> Failure + Send + 'static) -> Self {
        Self::patient(ctx, Arc::default(), failure)
    }

    /// The same, with all the time that there is once `dear` is raised: what is being done then is worth it.
    pub fn patient(
        ctx: &Context,
        dear: Arc<AtomicBool>,
        failure: impl Fn() -> Failure + Send + 'static,
    ) -> Self {
        let watching = Arc::new(Mutex::new(true));
        let (theirs, stop, notice) = (Arc::clone(&watching), ctx.stop().clone(), ctx.notice());
        let watch = move || {
            let mut raised: Option<Instant> = None;
            loop {
                thread::sleep(PAUSE);
                // Held while the process ends: work that comes back just now does not begin what cannot be left.
                let Ok(watching) = theirs.lock() else { return };
                if !*watching {
                    return;
                }
                let patience = if dear.load(Ordering::Relaxed) { MOST } else { PATIENCE };
                if stop.is_raised() && raised.get_or_insert_with(Instant::now).elapsed() > patience {
                    notice.tell();
                    end(&failure());
                }
            }
        };
        // Not started, it has taken its copy of the flag along.
        drop(thread::Builder::new().name("eoc-watchdog".to_owned()).spawn(watch));
        Self { watching }
    }

    /// The same over work of which nothing is kept.
    pub fn over_nothing(ctx: &Context) -> Self {
        let time_limit = ctx.time_limit_flag();
        Self::over(ctx, move || Failure::interrupted().at_a_time_limit(time_limit.load(Ordering::Relaxed)))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Ok(mut watching) = self.watching.lock() {
            *watching = false;
        }
    }
}

/// Ends the process here, without the destructors of threads that are at work.
fn end(failure: &Failure) {
    crate::files::give_up();
    if let Some(sentence) = failure.sentence() {
        // Nothing is left to do where stderr is closed.
        let _ = std::io::stderr().write_all(format!("eoc: {sentence}\n").as_bytes());
    }
    signal_hook::low_level::exit(failure.status as i32);
}
