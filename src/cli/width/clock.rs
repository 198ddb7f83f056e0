//! The end of the time that a search may take: seeds in hand are given up at it, as at a signal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::backend::Stop;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs as long as it is there.
pub struct Clock {
    begun: Instant,
    most: Option<Duration>,
    stop: Stop,
    done: Arc<AtomicBool>,
}

impl Clock {
    /// Begins now. Where the system starts no thread for it, the end is seen between two batches.
    pub fn start(most: Option<Duration>, signal: &Stop) -> Self {
        let (begun, done) = (Instant::now(), Arc::<AtomicBool>::default());
        let Some(time) = most else { return Self { begun, most, stop: signal.clone(), done } };
        let stop = Stop::never();
        let (signal, theirs, ended) = (signal.clone(), stop.clone(), Arc::clone(&done));
        let watch = move || {
            while !ended.load(Ordering::Relaxed) {
                if signal.is_raised() || begun.elapsed() >= time {
                    return theirs.raise();
                }
                thread::sleep(PAUSE.min(time));
            }
        };
        drop(thread::Builder::new().name("eoc-clock".to_owned()).spawn(watch));
        Self { begun, most, stop, done }
    }

    /// Raised by a signal and at the end of the time.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Whether the time is over.
    pub fn is_over(&self) -> bool {
        self.most.is_some_and(|most| self.begun.elapsed() >= most)
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
    }
}
