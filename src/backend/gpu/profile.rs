//! Times of the passes by timestamps on the device.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::module::Pass;

/// What one pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PassTime {
    /// Seconds on the device.
    pub seconds: f64,
    /// Dispatches.
    pub dispatches: u64,
    /// Useful floating-point operations, counted from the shapes.
    pub operations: f64,
    /// Bytes that must be read and written at least once.
    pub bytes: f64,
    /// Normal deviates drawn.
    pub normals: f64,
}

/// What one dispatch costs, counted from its shapes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DispatchCost {
    pub(super) operations: f64,
    pub(super) bytes: f64,
    pub(super) normals: f64,
    /// Operations that the time of the useful ones is worth beside them: of pairs of f32, of f64 on cards for games.
    pub(super) extra: f64,
}

impl DispatchCost {
    /// Operations as the limit of a dispatch counts them: a deviate takes as long as some tens of operations.
    pub(super) fn weight(&self) -> f64 {
        self.operations + 60.0 * self.normals + self.extra
    }
}

/// Sums by pass.
pub(super) struct Profile {
    period: f64,
    passes: Mutex<BTreeMap<Pass, PassTime>>,
}

impl Profile {
    /// `period`: nanoseconds of one tick.
    pub(super) fn new(period: f32) -> Self {
        Self { period: f64::from(period), passes: Mutex::default() }
    }

    /// Adds a dispatch that took so many ticks.
    pub(super) fn add(&self, pass: Pass, ticks: u64, cost: &DispatchCost) {
        let mut passes = self.passes.lock().unwrap_or_else(PoisonError::into_inner);
        let time = passes.entry(pass).or_default();
        time.seconds += ticks as f64 * self.period * 1e-9;
        time.dispatches += 1;
        time.operations += cost.operations;
        time.bytes += cost.bytes;
        time.normals += cost.normals;
    }

    /// What was added since the last call.
    pub(super) fn take(&self) -> Vec<(Pass, PassTime)> {
        let mut passes = self.passes.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *passes).into_iter().collect()
    }
}
