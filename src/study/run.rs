//! The run loop: batches of missing seeds, measured, committed, reported, in this order.
//!
//! Cells run in the order of the plan, seeds ascending; where a standard error is asked for, all cells up to their next
//! check, then all that need it up to the one after. A batch is up to a second of work; its kernels are measured in
//! parallel over seeds and its rows committed, at most one transaction about every second, before they are reported. What
//! is cancelled or fails keeps every finished batch. A row is a function of its key alone, so neither batches nor
//! threads nor interruptions change any of its bytes but `seconds` and `device`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::cell::Cell;
use super::committer::Committer;
use super::measure::Measure;
use super::plan::Plan;
pub use super::progress::Progress;
use super::store::{LimitRecord, Row, Statistics, Store, StoreError};
use super::{Missing, Shard};
use crate::backend::EngineError;
use crate::sampler::{MeasuredSample, Sampling};
use crate::stats::{MeasureError, Reference};

/// Most bytes of kernels in one batch.
const BATCH_BYTES: usize = 256 << 20;

/// What a source says of its cost before it starts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Seconds for one seed on one worker; the run uses only ratios between sources.
    pub seconds: f64,
    /// Bytes in use at the peak.
    pub bytes: u64,
    /// Floating-point operations of one seed.
    pub operations: f64,
    /// Normal deviates of one seed.
    pub normals: f64,
}

/// Where kernels come from: [`Sampling`], or a stand-in.
pub trait KernelSource {
    /// Seeds that make up to about a second of work; at least one.
    fn batch_size(&self) -> usize;
    /// What a seed costs.
    fn estimate(&self) -> Estimate;
    /// The statistics of these seeds against K∞, in this order.
    fn measure(&self, seeds: &[u64], reference: &Reference) -> Result<Vec<MeasuredSample>, EngineError>;
}

impl KernelSource for Sampling<'_> {
    fn batch_size(&self) -> usize {
        Sampling::batch_size(self)
    }

    fn estimate(&self) -> Estimate {
        let plan = self.plan();
        Estimate {
            seconds: plan.seconds_per_seed,
            bytes: plan.bytes,
            operations: plan.operations,
            normals: plan.normals,
        }
    }

    fn measure(&self, seeds: &[u64], reference: &Reference) -> Result<Vec<MeasuredSample>, EngineError> {
        Sampling::measure(self, seeds, reference)
    }
}

/// Opens the source of a cell; refuses what the device cannot do.
pub type Open<'a> = dyn Fn(&Cell) -> Result<Box<dyn KernelSource + 'a>, EngineError> + 'a;

/// Is told how a run goes on.
pub trait Observer {
    /// After every commit, and once before the first batch.
    fn progress(&mut self, progress: &Progress);
}

/// How a run ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Rows that this run added.
    pub added: u64,
    /// Rows asked for that are not there, up to the next check where a standard error is: 0 unless the run was cancelled.
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

/// What computes, and how.
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
pub fn check(plan: &Plan, open: &Open) -> Result<Vec<Estimate>, RunError> {
    let estimate = |(cell, c)| match open(c) {
        Ok(source) => {
            let estimate = source.estimate();
            Ok(Estimate { seconds: estimate.seconds.max(f64::MIN_POSITIVE), ..estimate })
        }
        Err(source) => Err(RunError::Engine { cell, source }),
    };
    plan.cells().iter().enumerate().map(estimate).collect()
}

/// What the store keeps of every cell's limit.
pub fn limits(plan: &Plan) -> Result<Vec<LimitRecord>, RunError> {
    let record = |(cell, c)| Ok(measure(cell, c)?.limit_record(c));
    plan.cells().iter().enumerate().map(record).collect()
}

fn measure(cell: usize, c: &Cell) -> Result<Measure, RunError> {
    Measure::new(c).map_err(|source| RunError::Limit { cell, source })
}

/// Computes every row that the plan asks for and the store lacks. `costs` are those of [`check`]. When `stop` is raised the
/// batch in hand is finished and kept.
pub fn run(
    plan: &Plan,
    store: &mut Store,
    open: &Open,
    costs: &[Estimate],
    settings: &Settings,
    stop: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<Outcome, RunError> {
    let mut tally = Tally::new(plan.cells().len());
    loop {
        let missing = missing(plan, store, settings.shard)?;
        tally.begin(&missing, costs);
        observer.progress(&tally.progress(0));
        let complete = missing.iter().all(|m| m.gaps.is_empty());
        if complete || stop.load(Ordering::Relaxed) {
            break;
        }
        let mut tell = |progress: &Progress| observer.progress(progress);
        std::thread::scope(|scope| {
            let mut committer = Committer::start(scope, store);
            let mut last = 0;
            let stage = || {
                for (index, (cell, missing)) in plan.cells().iter().zip(missing).enumerate() {
                    if missing.gaps.is_empty() {
                        continue;
                    }
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    last = index;
                    Work { index, cell, settings, stop }.cell(open, missing.gaps, |rows, seconds| {
                        tally.add(index, rows.len() as u64, costs, seconds);
                        Ok(committer.add(rows, tally.progress(index), &mut tell)?)
                    })?;
                }
                Ok(())
            };
            let ended: Result<(), RunError> = stage();
            // What was finished is kept; of two errors the first tells more.
            let kept = committer.finish(tally.progress(last));
            ended.and(kept.map_err(RunError::from))?;
            tell(&tally.progress(last));
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
    let of = |cell| store.missing(cell, plan.asked().need(cell, shard));
    (0..plan.cells().len()).map(of).collect()
}

/// Seeds of a batch of this cell.
pub(super) fn batch_size(source: &dyn KernelSource, cell: &Cell, settings: &Settings) -> usize {
    let q = cell.data.points.n() * cell.network.outputs();
    let fit = BATCH_BYTES / q.saturating_mul(q).saturating_mul(8).max(1);
    source.batch_size().min(fit).min(settings.batch.unwrap_or(usize::MAX)).max(1)
}

/// The statistics of these seeds of cell `cell`, each with its seed.
pub(super) fn statistics(
    source: &dyn KernelSource,
    cell: usize,
    measure: &Measure,
    seeds: &[u64],
) -> Result<Vec<(u64, Statistics)>, RunError> {
    let samples = source.measure(seeds, measure.reference());
    let samples = samples.map_err(|source| RunError::Engine { cell, source })?;
    let one = |sample: &MeasuredSample| {
        if !sample.output_norm.is_finite() {
            return Err(RunError::Outputs { cell, seed: sample.seed, norm: sample.output_norm });
        }
        Ok((sample.seed, Measure::statistics(sample)))
    };
    samples.iter().map(one).collect()
}

/// One cell in hand.
struct Work<'a> {
    index: usize,
    cell: &'a Cell,
    settings: &'a Settings<'a>,
    stop: &'a AtomicBool,
}

impl Work<'_> {
    /// Draws and measures the seeds of the gaps, batch by batch.
    fn cell(
        &self,
        open: &Open,
        gaps: Vec<std::ops::Range<u64>>,
        mut finished: impl FnMut(Vec<Row>, f64) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let cell = self.index;
        let source = open(self.cell).map_err(|source| RunError::Engine { cell, source })?;
        let measure = measure(cell, self.cell)?;
        let size = batch_size(source.as_ref(), self.cell, self.settings);
        let device: Arc<str> = self.settings.device.into();
        let mut seeds = gaps.into_iter().flatten().peekable();
        while seeds.peek().is_some() && !self.stop.load(Ordering::Relaxed) {
            let batch: Vec<u64> = seeds.by_ref().take(size).collect();
            let start = Instant::now();
            let statistics = statistics(source.as_ref(), cell, &measure, &batch)?;
            let elapsed = start.elapsed().as_secs_f64();
            let seconds = elapsed / batch.len() as f64;
            let rows = statistics.into_iter().map(|(seed, values)| Row {
                cell,
                seed,
                values,
                device: Arc::clone(&device),
                seconds,
            });
            finished(rows.collect(), elapsed)?;
        }
        Ok(())
    }
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
    cost_left: f64,
    cost_done: f64,
    seconds: f64,
}

impl Tally {
    fn new(cells: usize) -> Self {
        Self { cells, ..Self::default() }
    }

    /// Looks at what is there and what is missing, at first and after every check.
    fn begin(&mut self, missing: &[Missing], costs: &[Estimate]) {
        let sum = |count: fn(&Missing) -> u64| missing.iter().map(count).fold(0, u64::saturating_add);
        (self.rows, self.total, self.missing) = (sum(|m| m.rows), sum(|m| m.total), sum(Missing::count));
        let left = |(m, cost): (&Missing, &Estimate)| (m.total - m.rows) as f64 * cost.seconds;
        self.cost_left = missing.iter().zip(costs).map(left).sum();
    }

    fn add(&mut self, cell: usize, rows: u64, costs: &[Estimate], seconds: f64) {
        let cost = rows as f64 * costs[cell].seconds;
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
        Progress { rows: self.rows, total: self.total, cell, cells: self.cells, to_go }
    }
}
