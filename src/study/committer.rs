//! Commits in a thread of its own, so that the disk and the processors work at the same time.
//!
//! At most one commit is under way and at most about one a second is begun; who would begin the next while one is under
//! way waits, so that rows never pile up before a slow disk. Progress is told of a commit when it is durable.

use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::Scope;
use std::time::{Duration, Instant};

use super::patience::patiently;
use super::progress::Progress;
use super::store::{Sample, Store, StoreError};
use crate::backend::Stop;
use crate::threads::spawn_scoped;

/// Least time between the beginnings of two commits of one run.
const COMMIT_EVERY: Duration = Duration::from_millis(800);

/// Finished samples on their way to the disk.
pub struct Committer<'env> {
    rows: Vec<Sample>,
    begun: Instant,
    send: SyncSender<Vec<Sample>>,
    done: Receiver<Result<(), StoreError>>,
    /// The store and the other ends, where the system did not start a thread: commits are then made right here.
    here: Option<Here<'env>>,
    /// What can be told when the commit under way is durable.
    under_way: Option<Progress>,
}

/// What the thread has.
struct Here<'env> {
    store: &'env mut Store,
    stop: Stop,
    rows: Receiver<Vec<Sample>>,
    report: SyncSender<Result<(), StoreError>>,
}

impl Here<'_> {
    /// Makes one commit that was begun; whether there may be more.
    fn commit(&mut self) -> bool {
        let Ok(rows) = self.rows.recv() else { return false };
        let held = |error: &StoreError| matches!(error, StoreError::Held { .. });
        let done = patiently(&self.stop, held, || self.store.insert(&rows));
        self.report.send(done).is_ok()
    }
}

impl<'env> Committer<'env> {
    /// Starts the thread, which has the store until the committer is gone. Once a stop is asked for, no store that
    /// another program holds is waited for.
    pub fn start<'scope>(scope: &'scope Scope<'scope, 'env>, store: &'env mut Store, stop: &Stop) -> Self {
        let (send, rows) = sync_channel::<Vec<Sample>>(1);
        let (report, done) = sync_channel(1);
        let theirs = Arc::new(Mutex::new(Some(Here { store, stop: stop.clone(), rows, report })));
        let take = |slot: &Mutex<Option<Here<'env>>>| slot.lock().ok().and_then(|mut slot| slot.take());
        let ours = Arc::clone(&theirs);
        let work = move || {
            let mut there = take(&theirs);
            while there.as_mut().is_some_and(Here::commit) {}
        };
        let here = spawn_scoped(scope, work).err().and_then(|_| take(&ours));
        Self { rows: Vec::new(), begun: Instant::now(), send, done, here, under_way: None }
    }

    /// Takes rows, and begins a commit where it is time for one. `tell` hears of a commit that has become durable,
    /// while none is under way; `now` is the progress with these rows.
    pub fn add(
        &mut self,
        rows: Vec<Sample>,
        now: Progress,
        tell: &mut dyn FnMut(&Progress),
    ) -> Result<(), StoreError> {
        self.rows.extend(rows);
        let due = self.begun.elapsed() >= COMMIT_EVERY;
        let durable = if due { self.wait()? } else { self.look()? };
        if let Some(progress) = durable {
            tell(&progress);
        }
        if due {
            self.begin(now);
        }
        Ok(())
    }

    /// Begins a commit of all rows in hand.
    pub fn commit(&mut self, now: Progress, tell: &mut dyn FnMut(&Progress)) -> Result<(), StoreError> {
        if let Some(progress) = self.wait()? {
            tell(&progress);
        }
        self.begin(now);
        Ok(())
    }

    /// Makes all rows durable.
    pub fn finish(&mut self, now: Progress) -> Result<(), StoreError> {
        self.wait()?;
        self.begin(now);
        self.wait().map(|_| ())
    }

    fn begin(&mut self, now: Progress) {
        self.begun = Instant::now();
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return;
        }
        // It listens as long as this is there, unless it panicked: rows in hand must not go without a word.
        assert!(self.send.send(rows).is_ok(), "the thread that commits rows is gone");
        self.under_way = Some(now);
        self.here.as_mut().map(Here::commit);
    }

    fn look(&mut self) -> Result<Option<Progress>, StoreError> {
        match self.done.try_recv() {
            Ok(done) => {
                let progress = self.under_way.take();
                done.map(|()| progress)
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => Ok(None),
        }
    }

    fn wait(&mut self) -> Result<Option<Progress>, StoreError> {
        match self.under_way.take().map(|progress| (progress, self.done.recv())) {
            None => Ok(None),
            Some((progress, Ok(done))) => done.map(|()| Some(progress)),
            Some((_, Err(_))) => unreachable!("the thread that commits rows is gone"),
        }
    }
}
