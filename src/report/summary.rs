//! What a report is made of: stored results, nothing that must be sampled or computed again.

use std::sync::Arc;

use crate::study::table::{CellRecord, LayerRow, Statistics};

/// One study: the cells in the order of its plan.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StudySummary {
    /// Name of the study; the stem of the figure's file names.
    pub name: String,
    /// The cells, in the order of the plan; cells without a finished seed may be left out or hold no samples.
    pub cells: Vec<CellSummary>,
}

/// One cell and the statistics of its finished seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct CellSummary {
    /// The cell.
    pub cell: Arc<CellRecord>,
    /// The finished seeds, ascending.
    pub seeds: Vec<u64>,
    /// The statistics of each of them, in this order.
    pub samples: Vec<Statistics>,
    /// The layers of each of them from 1 to l, in this order; empty where the study did not ask for them.
    pub layers: Vec<Vec<LayerRow>>,
}

impl CellSummary {
    /// A cell of which no seed is finished yet.
    pub fn new(cell: CellRecord) -> Self {
        Self { cell: Arc::new(cell), seeds: Vec::new(), samples: Vec::new(), layers: Vec::new() }
    }

    /// The cell once under every schedule that makes its widths, so that a report along one finds it.
    pub fn under_every_schedule(self) -> Vec<Self> {
        let records = CellRecord::clone(&self.cell).under_every_schedule();
        if records.len() == 1 {
            return vec![self];
        }
        records.into_iter().map(|cell| Self { cell: Arc::new(cell), ..self.clone() }).collect()
    }

    /// One statistic of every finished seed, such as `|s| s.relative_op`.
    pub fn column(&self, statistic: impl Fn(&Statistics) -> f64) -> Vec<f64> {
        self.samples.iter().map(statistic).collect()
    }
}
