//! The run loop: batches of missing seeds, measured, committed, reported, in this order.
//!
//! Cells run in the order of the plan, seeds ascending; where a standard error is asked for, all cells up to their next
//! check, then all that need it up to the one after. A batch is up to a second of work; its kernels are measured in
//! parallel over seeds and its rows committed, at most one transaction about every second, before they are reported.
//! What is stopped or fails keeps every finished batch and gives up the one in hand. A row is a function of its key
//! alone, so neither batches nor threads nor interruptions change any of its bytes but `seconds` and `device`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cell::Cell;
use super::committer::Committer;
use super::measure::{Limits, Measure};
use super::plan::Plan;
pub use super::progress::Progress;
use super::store::{
    Details, Independence, IndependenceRow, LayerRow, LimitRecord, Row, Sample, SpectrumRow, Store,
    StoreError,
};
use super::{Missing, Shard};
use crate::backend::{Drawn, Engine, EngineError, Job, JobPlan, Sampling, Stop, Wanted};
use crate::stats::{AngleReference, MeasureError};

/// Most bytes of kernels, and of matrices of layers, in one batch.
const BATCH_BYTES: usize = 256 << 20;

impl Cell {
    /// What an engine opens.
    pub fn job(&self) -> Job {
        let job = Job::new(&self.network, &self.data.points, self.sampler, self.precision);
        job.with_independence(self.independence)
    }

    /// What an engine plans: the same without the points, as cheap for 100 000 cells as for one.
    pub fn outline(&self) -> Job {
        let points = &self.data.points;
        let job = Job::outline(&self.network, points.n(), points.dim(), self.sampler, self.precision);
        job.with_norms(self.data.norms()).with_independence(self.independence)
    }
}

/// Is told how a run goes on.
pub trait Observer {
    /// After every commit, and once before the first batch.
    fn progress(&mut self, progress: &Progress);

    /// Before what is finished is committed at the end, which a slow disk may make long.
    fn last_commit(&mut self) {}
}

/// How a run ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Rows that this run added.
    pub added: u64,
    /// Rows asked for that are not there, up to the next check where a standard error is: 0 unless the run was
    /// cancelled.
    pub missing: u64,
}

/// Why a run ended early. What was finished is in the store.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store could not be written or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The device.
    #[error("cell {cell}")]
    Engine {
        /// Index of the cell.
        cell: usize,
        /// What happened.
        source: EngineError,
    },
    /// A limit that cannot be measured.
    #[error("cell {cell}")]
    Limit {
        /// Index of the cell.
        cell: usize,
        /// What is wrong with it.
        source: MeasureError,
    },
    /// ‖N‖_F is not finite.
    #[error("cell {cell}, seed {seed}: the norm of the outputs is {norm}; it must be finite")]
    Outputs {
        /// Index of the cell.
        cell: usize,
        /// The seed.
        seed: u64,
        /// What was found.
        norm: f64,
    },
}

/// What computes, what it costs, and what stops it.
#[derive(Clone, Copy)]
pub struct Computing<'a> {
    /// The device.
    pub engine: &'a dyn Engine,
    /// What each cell costs on it, from [`check`].
    pub costs: &'a [JobPlan],
    /// The limits of the cells.
    pub limits: &'a Limits,
    /// How it runs.
    pub settings: &'a Settings<'a>,
    /// Gives up the seeds in hand once it is raised.
    pub stop: &'a Stop,
}

/// How a run goes.
pub struct Settings<'a> {
    /// Name of the device, recorded in every row.
    pub device: &'a str,
    /// Worker threads of the device, for the forecast.
    pub threads: usize,
    /// Most seeds of a batch, where not the source alone decides.
    pub batch: Option<usize>,
    /// The part of the study to run.
    pub shard: Shard,
}

/// Asks the device about every cell before anything is written, so that a refusal comes first. Returns what each costs.
/// Cells are planned, not opened: a study may have more of them than memory holds points for.
pub fn check(plan: &Plan, engine: &dyn Engine) -> Result<Vec<JobPlan>, RunError> {
    let cost = |(cell, c): (usize, &Cell)| {
        engine.plan(&c.outline()).map_err(|source| RunError::Engine { cell, source })
    };
    plan.cells().iter().enumerate().map(cost).collect()
}

/// What the store keeps of every cell's limit.
pub fn limits(plan: &Plan, limits: &Limits, stop: &Stop) -> Result<Vec<LimitRecord>, RunError> {
    let record = |(cell, c)| {
        stop.check().map_err(|source| RunError::Engine { cell, source })?;
        Ok(measure(limits, cell, c)?.limit_record(c))
    };
    plan.cells().iter().enumerate().map(record).collect()
}

fn measure(limits: &Limits, cell: usize, c: &Cell) -> Result<Arc<Measure>, RunError> {
    limits.of(c).map_err(|source| RunError::Limit { cell, source })
}

/// Computes every row that the plan asks for and the store lacks. `costs` are those of [`check`]. When `stop` is raised
/// what is finished is kept, and the seeds in hand are given up: they can be drawn again.
pub fn run(
    plan: &Plan,
    store: &mut Store,
    computing: &Computing,
    observer: &mut dyn Observer,
) -> Result<Outcome, RunError> {
    let Computing { costs, settings, stop, .. } = *computing;
    let mut tally = Tally::new(plan.cells().len());
    loop {
        let missing = missing(plan, store, settings.shard)?;
        tally.begin(&missing, costs);
        observer.progress(&tally.progress(0));
        let complete = missing.iter().all(|m| m.gaps.is_empty());
        if complete || stop.is_raised() {
            break;
        }
        std::thread::scope(|scope| {
            let mut committer = Committer::start(scope, store, stop);
            let mut last = 0;
            let mut tell = |progress: &Progress| observer.progress(progress);
            let stage = || {
                for (index, (cell, missing)) in plan.cells().iter().zip(missing).enumerate() {
                    if missing.gaps.is_empty() {
                        continue;
                    }
                    if stop.is_raised() {
                        break;
                    }
                    last = index;
                    if one_seed(&costs[index]) > SLOW {
                        committer.commit(tally.progress(index), &mut tell)?;
                    }
                    let gaps = (missing.gaps, tally.added == 0);
                    computing.cell((index, cell), plan.details(), gaps, |rows, seconds| {
                        tally.add(index, rows.len() as u64, costs, seconds);
                        Ok(committer.add(rows, tally.progress(index), &mut tell)?)
                    })?;
                }
                Ok(())
            };
            let ended: Result<(), RunError> = stage();
            // What was finished is kept; of two errors the first tells more.
            observer.last_commit();
            let kept = committer.finish(tally.progress(last));
            ended.and(kept.map_err(RunError::from))?;
            observer.progress(&tally.progress(last));
            Ok::<(), RunError>(())
        })?;
        if plan.asked().target().is_none() {
            break;
        }
    }
    Ok(Outcome { added: tally.added, missing: tally.missing })
}

/// What every cell lacks of a shard.
fn missing(plan: &Plan, store: &Store, shard: Shard) -> Result<Vec<Missing>, StoreError> {
    let of = |cell| store.missing(cell, store.asked().need(cell, shard));
    (0..plan.cells().len()).map(of).collect()
}

/// Seconds of a sample from which on what was finished before is committed first: such a sample may be left in its
/// midst.
const SLOW: f64 = 0.5;

/// Seeds of a batch of this cell.
pub(super) fn batch_size(
    sampling: &dyn Sampling,
    cell: &Cell,
    details: Details,
    settings: &Settings,
) -> usize {
    let (n, q) = (cell.data.points.n(), cell.data.points.n() * cell.network.outputs());
    let layers = if details.layers { cell.network.depth() * (n * n + q * q) } else { 0 };
    let fit = BATCH_BYTES / (q * q + layers).saturating_mul(8).max(1);
    sampling.plan().seeds_per_batch.min(fit).min(settings.batch.unwrap_or(usize::MAX)).max(1)
}

/// What every sample of a cell is held against, and what is kept of it.
pub(super) struct Against<'m> {
    measure: &'m Measure,
    details: Details,
    angles: Option<AngleReference>,
}

impl<'m> Against<'m> {
    pub(super) fn new(cell: &Cell, measure: &'m Measure, details: Details) -> Self {
        let angles = details.independence.then(|| AngleReference::new(&cell.network, &cell.data.points));
        Self { measure, details, angles }
    }
}

/// What is kept of these seeds of a cell.
pub(super) fn draw(
    sampling: &dyn Sampling,
    (index, cell): (usize, &Cell),
    against: &Against,
    seeds: &[u64],
    stop: &Stop,
) -> Result<Vec<Drawn>, RunError> {
    let Against { measure, details, angles } = against;
    let wanted = Wanted {
        statistics: Some(measure.reference()),
        spectrum: details.spectrum,
        layers: details.layers.then(|| measure.layers(cell)),
        angles: angles.as_ref(),
        ..Wanted::default()
    };
    let drawn = sampling.draw(seeds, &wanted, stop);
    let drawn = drawn.map_err(|source| RunError::Engine { cell: index, source })?;
    match drawn.iter().find(|drawn| !drawn.output_norm.is_finite()) {
        Some(&Drawn { seed, output_norm: norm, .. }) => Err(RunError::Outputs { cell: index, seed, norm }),
        None => Ok(drawn),
    }
}

/// A drawn seed as it is stored.
fn sample(
    cell: usize,
    drawn: Drawn,
    &Against { measure, details, .. }: &Against,
    device: &Arc<str>,
    seconds: f64,
) -> Result<Sample, EngineError> {
    let seed = drawn.seed;
    let layers = match &drawn.layers {
        Some(layers) => layers.iter().map(|layer| LayerRow::of(cell, seed, layer)).collect(),
        None if details.layers => return Err(drawn.lacks("layers")),
        None => Vec::new(),
    };
    let spectrum = match &drawn.eigenvalues {
        Some(eigenvalues) if details.spectrum => {
            SpectrumRow::of_sample(cell, seed, eigenvalues, measure.reference().eigenvalues())
        }
        None if details.spectrum => return Err(drawn.lacks("eigenvalues")),
        _ => Vec::new(),
    };
    let angles = match &drawn.angles {
        Some(angles) => angles.iter().map(|group| IndependenceRow::of(cell, seed, group)).collect(),
        None if details.independence => return Err(drawn.lacks("pairs by their angle")),
        None => Vec::new(),
    };
    if details.independence && drawn.independence.is_none() {
        return Err(drawn.lacks("statistics of independent gradients"));
    }
    let values = Measure::statistics(&drawn.measured()?);
    let independence = Independence::of(drawn.independence);
    let row = Row { cell, seed, values, device: Arc::clone(device), seconds, independence };
    Ok(Sample { row, layers, spectrum, independence: angles })
}

impl Computing<'_> {
    /// Draws and measures the seeds of the gaps of a cell, the `first` of a run or not, batch by batch, until it is
    /// asked to stop.
    fn cell(
        &self,
        (index, cell): (usize, &Cell),
        details: Details,
        (gaps, first): (Vec<std::ops::Range<u64>>, bool),
        mut finished: impl FnMut(Vec<Sample>, f64) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let failed = |source| RunError::Engine { cell: index, source };
        let sampling = self.engine.open(cell.job()).map_err(failed)?;
        let measure = measure(self.limits, index, cell)?;
        let size = batch_size(sampling.as_ref(), cell, details, self.settings);
        // The first rows of a run come soon, whatever a batch of the size that the device likes takes on a busy
        // machine.
        let mut now = if first { size.min(self.settings.threads.max(1)) } else { size };
        let device: Arc<str> = self.settings.device.into();
        let against = Against::new(cell, &measure, details);
        let mut seeds = gaps.into_iter().flatten().peekable();
        while seeds.peek().is_some() && !self.stop.is_raised() {
            let batch: Vec<u64> = seeds.by_ref().take(now).collect();
            now = size.min(now.saturating_mul(4));
            let start = Instant::now();
            let drawn = match draw(sampling.as_ref(), (index, cell), &against, &batch, self.stop) {
                Err(RunError::Engine { source: EngineError::Stopped, .. }) => break,
                other => other?,
            };
            let elapsed = start.elapsed().as_secs_f64();
            let seconds = elapsed / batch.len() as f64;
            let samples = drawn.into_iter().map(|drawn| sample(index, drawn, &against, &device, seconds));
            finished(samples.collect::<Result<_, _>>().map_err(failed)?, elapsed)?;
        }
        Ok(())
    }
}

/// Seconds for one seed by the device's own estimate, of which only ratios between cells count.
fn one_seed(cost: &JobPlan) -> f64 {
    cost.seconds_per_seed.max(f64::MIN_POSITIVE)
}

/// Rows and cost, done and to do.
#[derive(Default)]
struct Tally {
    rows: u64,
    total: u64,
    /// Rows that are missing up to the next check.
    missing: u64,
    cells: usize,
    added: u64,
    /// Of all rows asked for.
    cost: f64,
    cost_left: f64,
    cost_done: f64,
    seconds: f64,
}

impl Tally {
    fn new(cells: usize) -> Self {
        Self { cells, ..Self::default() }
    }

    /// Looks at what is there and what is missing, at first and after every check.
    fn begin(&mut self, missing: &[Missing], costs: &[JobPlan]) {
        let sum = |count: fn(&Missing) -> u64| missing.iter().map(count).fold(0, u64::saturating_add);
        (self.rows, self.total, self.missing) = (sum(|m| m.rows), sum(|m| m.total), sum(Missing::count));
        let cost = |rows: fn(&Missing) -> u64| -> f64 {
            missing.iter().zip(costs).map(|(m, cost)| rows(m) as f64 * one_seed(cost)).sum()
        };
        (self.cost, self.cost_left) = (cost(|m| m.total), cost(|m| m.total - m.rows));
    }

    fn add(&mut self, cell: usize, rows: u64, costs: &[JobPlan], seconds: f64) {
        let cost = rows as f64 * one_seed(&costs[cell]);
        self.rows += rows;
        self.added += rows;
        self.missing -= rows;
        self.cost_left = (self.cost_left - cost).max(0.0);
        self.cost_done += cost;
        self.seconds += seconds;
    }

    fn progress(&self, cell: usize) -> Progress {
        let to_go = self.cost_left * self.seconds / self.cost_done;
        let to_go = Duration::try_from_secs_f64(to_go).ok();
        let share = if self.cost > 0.0 { 1.0 - self.cost_left / self.cost } else { 1.0 };
        Progress { rows: self.rows, total: self.total, cell, cells: self.cells, share, to_go }
    }
}
