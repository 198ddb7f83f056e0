//! The worker threads of a program, shared by everything that it computes.
//!
//! ```
//! use eoc_ntk::Threads;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let threads = Threads::new(2)?;
//! assert_eq!(threads.install(|| 6 * 7), 42); // work in here may use both
//! # Ok(())
//! # }
//! ```
//!
//! Library functions ask [`map_with`] and [`for_each`], which are serial outside [`Threads::install`]: the pool that
//! rayon would otherwise start by itself, with a thread for every core, and a panic where it cannot, is never used.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Scope, ScopedJoinHandle};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// A pool of worker threads. Clones share it; it ends with the last of them.
#[derive(Clone, Debug)]
pub struct Threads(Arc<ThreadPool>);

/// The system did not start the threads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{threads} worker threads could not be started: {reason}; use fewer, or raise the limit on processes"
)]
pub struct NoThreads {
    /// How many were asked for.
    pub threads: usize,
    /// What the system says.
    pub reason: String,
}

impl Threads {
    /// Starts this many threads, at least one.
    pub fn new(threads: usize) -> Result<Self, NoThreads> {
        let threads = threads.max(1);
        let builder = ThreadPoolBuilder::new().num_threads(threads).thread_name(|i| format!("eoc-{i}"));
        match builder.build() {
            Ok(pool) => Ok(Self(Arc::new(pool))),
            Err(error) => Err(NoThreads { threads, reason: error.to_string() }),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.current_num_threads()
    }

    /// Does work that may use all of them, and waits for it. Called from one of them, the work runs right there.
    pub fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.0.install(work)
    }
}

/// Whether this is a thread of a pool; rayon would start a pool of its own anywhere else.
fn in_pool() -> bool {
    rayon::current_thread_index().is_some()
}

/// f(scratch, 0), …, f(scratch, count − 1) in this order, with a scratch for each thread. Each value must depend on its
/// number alone.
pub fn map_with<S, T: Send>(
    count: usize,
    scratch: impl Fn() -> S + Sync + Send,
    f: impl Fn(&mut S, usize) -> T + Sync + Send,
) -> Vec<T> {
    if in_pool() {
        return (0..count).into_par_iter().map_init(scratch, |scratch, i| f(scratch, i)).collect();
    }
    let mut scratch = scratch();
    (0..count).map(|i| f(&mut scratch, i)).collect()
}

/// f(0), …, f(count − 1) in this order.
pub fn map<T: Send>(count: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    map_with(count, || (), |(), i| f(i))
}

/// Does something to every item.
pub fn for_each<T: Send>(items: &mut [T], f: impl Fn(&mut T) + Sync + Send) {
    if in_pool() {
        items.par_iter_mut().for_each(f);
    } else {
        items.iter_mut().for_each(f);
    }
}

/// Starts a thread of a scope, or hands the work back where the system does not start one.
pub fn spawn_scoped<'scope, F: FnOnce() -> T + Send + 'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: F,
) -> Result<ScopedJoinHandle<'scope, T>, F> {
    let (ours, theirs) = shared(work);
    thread::Builder::new().spawn_scoped(scope, move || given(&theirs)()).map_err(|_| given(&ours))
}

/// The same for a thread without a scope.
pub fn spawn<F: FnOnce() + Send + 'static>(work: F) -> Result<(), F> {
    let (ours, theirs) = shared(work);
    thread::Builder::new().spawn(move || given(&theirs)()).map(drop).map_err(|_| given(&ours))
}

/// What a thread is given, or is still here when none was started.
type Slot<F> = Arc<Mutex<Option<F>>>;

fn shared<F>(work: F) -> (Slot<F>, Slot<F>) {
    let slot = Arc::new(Mutex::new(Some(work)));
    (Arc::clone(&slot), slot)
}

fn given<F>(slot: &Slot<F>) -> F {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    // Either the thread runs or it was not started; each side takes once.
    slot.take().unwrap_or_else(|| unreachable!("work was taken twice"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn work_is_serial_outside_a_pool_and_the_same_within() {
        let here = std::thread::current().id();
        let work = || {
            map_with(1000, Vec::new, |scratch: &mut Vec<usize>, i| {
                scratch.push(i);
                (i * i, std::thread::current().id())
            })
        };
        let alone = work();
        assert!(alone.iter().all(|(_, id)| *id == here));
        let threads = Threads::new(3).unwrap();
        let together = threads.install(work);
        assert!(together.iter().all(|(_, id)| *id != here));
        assert!(together.iter().map(|(_, id)| *id).collect::<HashSet<_>>().len() <= 3);
        let values = |found: &[(usize, std::thread::ThreadId)]| found.iter().map(|f| f.0).collect::<Vec<_>>();
        assert_eq!(values(&alone), values(&together));
        let mut items = [1, 2, 3];
        threads.install(|| for_each(&mut items, |item| *item *= 2));
        for_each(&mut items, |item| *item += 1);
        assert_eq!(items, [3, 5, 7]);
    }

    #[test]
    fn a_pool_has_the_threads_that_were_asked_for() {
        assert_eq!((Threads::new(0).unwrap().count(), Threads::new(4).unwrap().count()), (1, 4));
    }
}
