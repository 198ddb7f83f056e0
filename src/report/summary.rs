//! What a report is made of: stored results, nothing that must be sampled or computed again.

use std::sync::Arc;

use crate::independence;
use crate::study::table::{CellRecord, LayerRow, Statistics};

/// One study: the cells in the order of its plan.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StudySummary {
    /// Name of the study; the stem of the figure's file names.
    pub name: String,
    /// The cells, in the order of the plan; cells without a finished seed may be left out or hold no samples.
    pub cells: Vec<CellSummary>,
    /// Whether draws decided how many seeds a cell has: those of a search for a width, or of a standard error to reach.
    pub stopped_by_draws: bool,
}

impl StudySummary {
    /// A study whose seeds were fixed before any of them was drawn.
    pub fn new(name: &str, cells: Vec<CellSummary>) -> Self {
        Self { name: name.to_owned(), cells, stopped_by_draws: false }
    }

    /// Takes in a cell of another run: of one that is here already, the seeds that are not.
    pub fn take_in(&mut self, other: CellSummary) {
        let same =
            |c: &&mut CellSummary| c.cell.key == other.cell.key && c.cell.schedule == other.cell.schedule;
        let Some(here) = self.cells.iter_mut().find(same) else { return self.cells.push(other) };
        let mut all: Vec<(u64, Statistics, f64)> = here.rows().chain(other.rows()).collect();
        // Of one seed the first is kept: the sort keeps the order of equals.
        all.sort_by_key(|(seed, ..)| *seed);
        all.dedup_by_key(|(seed, ..)| *seed);
        here.seeds = all.iter().map(|row| row.0).collect();
        here.samples = all.iter().map(|row| row.1).collect();
        here.seconds = all.iter().map(|row| row.2).collect();
        // What is beside the samples is of one run alone.
        here.layers.clear();
        here.independence = independence::Samples::default();
        here.spectra = Spectra::default();
    }
}

/// The eigenvalues of the samples of a cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spectra {
    /// Of K∞/n, every output's, ascending.
    pub limit: Vec<f64>,
    /// Of K/n, ascending, for each finished seed.
    pub seeds: Vec<Vec<f64>>,
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
    /// Each of them with and without independent gradients; empty where the study did not ask for it.
    pub independence: independence::Samples,
    /// The eigenvalues of each of them; empty where the study did not ask for them.
    pub spectra: Spectra,
    /// The seconds that each of them took, in this order; empty where they are not known.
    pub seconds: Vec<f64>,
}

impl CellSummary {
    /// A cell of which no seed is finished yet.
    pub fn new(cell: CellRecord) -> Self {
        Self {
            cell: Arc::new(cell),
            seeds: Vec::new(),
            samples: Vec::new(),
            layers: Vec::new(),
            independence: independence::Samples::default(),
            spectra: Spectra::default(),
            seconds: Vec::new(),
        }
    }

    /// The cell once under every schedule that makes its widths, so that a report along one finds it.
    pub fn under_every_schedule(self) -> Vec<Self> {
        let records = CellRecord::clone(&self.cell).under_every_schedule();
        if records.len() == 1 {
            return vec![self];
        }
        records.into_iter().map(|cell| Self { cell: Arc::new(cell), ..self.clone() }).collect()
    }

    /// Seed, statistics and seconds (NaN where not known) of every finished seed.
    fn rows(&self) -> impl Iterator<Item = (u64, Statistics, f64)> {
        let seconds = |i: usize| self.seconds.get(i).copied().unwrap_or(f64::NAN);
        self.seeds.iter().zip(&self.samples).enumerate().map(move |(i, (&seed, &s))| (seed, s, seconds(i)))
    }

    /// One statistic of every finished seed, such as `|s| s.relative_op`.
    pub fn column(&self, statistic: impl Fn(&Statistics) -> f64) -> Vec<f64> {
        self.samples.iter().map(statistic).collect()
    }
}
