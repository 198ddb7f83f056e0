//! How far a run is.

use std::time::Duration;

/// How far a run is. Every row that it counts is durable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Finished rows among those asked for.
    pub rows: u64,
    /// Rows asked for; an estimate while a standard error is not reached.
    pub total: u64,
    /// Index of the cell in hand.
    pub cell: usize,
    /// Cells of the study.
    pub cells: usize,
    /// Share of the cost of all rows asked for that is done, by the device's own estimate: 0 to 1.
    pub share: f64,
    /// Time to go, by the cost of what is left against that of what this run has done; `None` before the first batch.
    pub to_go: Option<Duration>,
}
