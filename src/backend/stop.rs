//! A request to stop, seen by every loop that may take long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::EngineError;

/// Whether to stop: a flag that clones share, cheap to look at. Once raised it stays so.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// One that nobody raises unless through a clone of it.
    pub fn never() -> Self {
        Self::default()
    }

    /// Asks whoever has a clone to stop.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was raised.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// [`EngineError::Stopped`] once it was raised.
    pub fn check(&self) -> Result<(), EngineError> {
        if self.is_raised() { Err(EngineError::Stopped) } else { Ok(()) }
    }
}

/// A flag that is raised elsewhere, such as by a signal.
impl From<Arc<AtomicBool>> for Stop {
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}
