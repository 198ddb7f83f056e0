//! Waiting for a store that another program holds, no longer than a stop allows.

use std::time::{Duration, Instant};

use crate::backend::Stop;

/// How long a store may be held: a reader holds it for one chunk of rows, which a slow disk may make long.
const HELD: Duration = Duration::from_secs(60);
/// How long once a stop was asked for: the last rows are worth a moment, and a signal is answered within two seconds.
const STOPPED: Duration = Duration::from_millis(600);
/// Between two tries, of which each waits a little by itself.
const PAUSE: Duration = Duration::from_millis(20);

/// Does some work again while it fails for what `held` says is a store that another holds.
pub fn patiently<T, E>(
    stop: &Stop,
    held: impl Fn(&E) -> bool,
    mut work: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    let begun = Instant::now();
    let mut stopped: Option<Instant> = None;
    loop {
        match work() {
            Err(error) if held(&error) => {
                if stop.is_raised() {
                    stopped.get_or_insert_with(Instant::now);
                }
                if begun.elapsed() > HELD || stopped.is_some_and(|at| at.elapsed() > STOPPED) {
                    return Err(error);
                }
                std::thread::sleep(PAUSE);
            }
            ended => return ended,
        }
    }
}
