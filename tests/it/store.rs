//! The run store: resume, damage, refusals, export. Most tests drive the run loop with a stand-in for the samplers;
//! those in `process` run the program itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use eoc_ntk::backend::{DeviceInfo, Drawn, Engine, EngineError, Job, JobPlan, Sampling, Stop, Wanted};
use eoc_ntk::stats::LayerStatistics;
use eoc_ntk::study::merge::{MergeError, Merged};
use eoc_ntk::study::run::{self, Computing, Observer, Outcome, Progress, RunError, Settings};
use eoc_ntk::study::store::{LimitRecord, Reader, Row, Session, Statistics, Store, StoreError};
use eoc_ntk::study::table::{Value, columns, values};
use eoc_ntk::study::{Cell, Limits, Plan, Shard, file};

mod adaptive;
mod commands;
mod damage;
mod export;
mod failing;
mod grids;
mod layers;
mod merge;
mod process;
mod resume;
mod studies;
mod trouble;

/// Three cells of 2, 2 and 4 rows of K, seeds 0 to 23.
const STUDY: &str = "name = 'test'\nseeds = 24\n[network]\nactivation = 'relu'\nwidths = ['3', '4,5']\noutputs = [1, 2]\n\
                     [data]\nsource = 'pair:angle=0.5'\n";

fn plan(text: &str) -> Plan {
    Plan::new(file::parse(text).unwrap()).unwrap()
}

/// A small mixer (SplitMix64): test data and random moments.
fn mix(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Kernels that are a function of cell and seed, as those of a sampler are.
#[derive(Clone)]
struct Fake {
    q: usize,
    depth: usize,
    salt: u64,
    plan: JobPlan,
    /// Batches after which it raises `stop`, counted over all cells.
    left: Arc<AtomicU64>,
    stop: Stop,
    /// A seed at which the device breaks.
    breaks_at: Option<u64>,
    /// Multiplies every kernel: 1 unless a comparison is put to the test.
    factor: f64,
    layers_factor: f64,
}

impl Sampling for Fake {
    fn plan(&self) -> &JobPlan {
        &self.plan
    }

    fn draw(&self, seeds: &[u64], wanted: &Wanted, _: &Stop) -> Result<Vec<Drawn>, EngineError> {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.stop.raise();
        }
        if let Some(seed) = self.breaks_at.filter(|s| seeds.contains(s)) {
            return Err(EngineError::Failed { seed, layer: 1, what: "the device is gone".into() });
        }
        let entry = |seed: u64, i: usize, j: usize| {
            let (low, high) = (i.min(j) as u64, i.max(j) as u64);
            self.factor * (mix(self.salt ^ mix(seed ^ mix(low * 64 + high))) as f64 / u64::MAX as f64 - 0.25)
        };
        let q = self.q;
        let sample = |&seed: &u64| {
            let kernel: Vec<f64> = (0..q * q).map(|k| entry(seed, k / q, k % q)).collect();
            let failed = |e| EngineError::Failed { seed, layer: 0, what: format!("{e}") };
            let statistics = wanted.statistics.map(|reference| reference.measure(&kernel)).transpose();
            let (statistics, output_norm) = (statistics.map_err(failed)?, entry(seed, 63, 63).abs());
            let layers = wanted.layers.map(|_| {
                (1..=self.depth).map(|k| layer(k, |i| self.layers_factor * entry(seed, k, i))).collect()
            });
            Ok(Drawn { seed, output_norm, kernel: Some(kernel), statistics, layers, ..Drawn::default() })
        };
        seeds.iter().map(sample).collect()
    }
}

/// Opens [`Fake`]s, one for each cell of a plan.
struct FakeEngine<'a> {
    info: DeviceInfo,
    plan: &'a Plan,
    how: How,
    left: Arc<AtomicU64>,
    stop: Stop,
}

/// A layer of made-up numbers, the first of which is undefined.
fn layer(layer: usize, number: impl Fn(usize) -> f64) -> LayerStatistics {
    LayerStatistics {
        layer,
        norm_max: f64::NAN,
        cosine_max: number(1),
        icd_mean: number(2),
        icd_max: number(3),
        gradient_norm_max: number(4),
        gradient_inner_max: number(5),
        term_op: number(6),
        pairs: layer as u64,
    }
}

impl<'a> FakeEngine<'a> {
    fn new(plan: &'a Plan, how: How) -> Self {
        let text = || how.device.to_owned();
        let info = DeviceInfo { name: text(), driver: text(), tuning: text(), threads: how.threads };
        let left = Arc::new(AtomicU64::new(how.stop_after));
        Self { info, plan, how, left, stop: Stop::never() }
    }
}

impl Engine for FakeEngine<'_> {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn plan(&self, _: &Job) -> Result<JobPlan, EngineError> {
        Ok(JobPlan { seeds_per_batch: 7, seconds_per_seed: 1.0, ..JobPlan::default() })
    }

    fn open(&self, job: Job) -> Result<Box<dyn Sampling>, EngineError> {
        let of_job = |cell: &&Cell| {
            cell.network == job.network && (cell.sampler, cell.precision) == (job.sampler, job.precision)
        };
        let cell = self.plan.cells().iter().find(of_job).unwrap();
        let salt = u64::from_str_radix(&cell.key()[..16], 16).unwrap();
        let (left, stop) = (Arc::clone(&self.left), self.stop.clone());
        let How { breaks_at, factor, layers_factor, .. } = self.how;
        let depth = job.network.depth();
        Ok(Box::new(Fake {
            q: job.q(),
            depth,
            salt,
            plan: self.plan(&job)?,
            left,
            stop,
            breaks_at,
            factor,
            layers_factor,
        }))
    }
}

/// How a run of the stand-in goes.
#[derive(Clone, Copy)]
struct How {
    threads: usize,
    batch: Option<usize>,
    /// Batches after which it is cancelled.
    stop_after: u64,
    breaks_at: Option<u64>,
    factor: f64,
    /// The same of what is said of layers.
    layers_factor: f64,
    shard: Shard,
    device: &'static str,
}

const STRAIGHT: How = How {
    threads: 1,
    batch: None,
    stop_after: u64::MAX,
    breaks_at: None,
    factor: 1.0,
    layers_factor: 1.0,
    shard: Shard::WHOLE,
    device: "fake",
};

fn session() -> Session {
    let text = || "test".to_owned();
    Session { started: 1, version: text(), commit: text(), device: text(), driver: text(), threads: 1 }
}

fn limits_of(plan: &Plan) -> Result<Vec<LimitRecord>, RunError> {
    run::limits(plan, &Limits::default(), &Stop::never())
}

fn open_store(dir: &Path, plan: &Plan) -> Result<Store, RunError> {
    open_shard(dir, plan, Shard::WHOLE)
}

fn open_shard(dir: &Path, plan: &Plan, shard: Shard) -> Result<Store, RunError> {
    // Another test may be starting a program: between its fork and its exec the child holds a copy of our lock.
    for _ in 0..200 {
        match Store::open(dir, plan, shard, session(), || limits_of(plan)) {
            Err(RunError::Store(StoreError::InUse { .. })) => std::thread::sleep(Duration::from_millis(10)),
            other => return other,
        }
    }
    Store::open(dir, plan, shard, session(), || limits_of(plan))
}

struct Silent;
impl Observer for Silent {
    fn progress(&mut self, _: &Progress) {}
}

fn run_into(dir: &Path, plan: &Plan, how: How) -> Result<Outcome, RunError> {
    run_watched(dir, plan, how, &mut Silent)
}

fn run_watched(dir: &Path, plan: &Plan, how: How, observer: &mut dyn Observer) -> Result<Outcome, RunError> {
    let mut store = open_shard(dir, plan, how.shard)?;
    let engine = FakeEngine::new(plan, how);
    let costs = run::check(plan, &engine)?;
    let settings = Settings { device: how.device, threads: how.threads, batch: how.batch, shard: how.shard };
    let (limits, stop) = (Limits::default(), engine.stop.clone());
    let computing =
        Computing { engine: &engine, costs: &costs, limits: &limits, settings: &settings, stop: &stop };
    run::run(plan, &mut store, &computing, observer)
}

fn merge(dirs: &[PathBuf], out: &Path) -> Result<Merged, MergeError> {
    eoc_ntk::study::merge::merge(dirs, out, &AtomicBool::new(false))
}

/// Every row of a directory but its device and seconds, bit by bit.
fn rows(dir: &Path) -> Result<Vec<(usize, u64, Vec<u64>)>, StoreError> {
    let mut rows = Vec::new();
    Reader::open(dir)?.for_each(|row| {
        rows.push((row.cell, row.seed, statistics(row).iter().map(|v| v.to_bits()).collect()));
        Ok::<(), StoreError>(())
    })?;
    Ok(rows)
}

/// The statistics of a row, NaN where one is undefined.
fn statistics(row: &Row) -> Vec<f64> {
    let real = |value| if let Value::Real(x) = value { x } else { f64::NAN };
    values(&row.values).into_iter().map(real).collect()
}

/// Names of the statistics, in the order of the columns.
fn names() -> Vec<&'static str> {
    columns::<Statistics>().iter().map(|column| column.name).collect()
}

/// Where a statistic stands among those of a row.
fn index(name: &str) -> usize {
    names().iter().position(|n| *n == name).unwrap()
}

/// A fresh directory with a finished run of [`STUDY`].
fn finished() -> (tempfile::TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("run");
    run_into(&dir, &plan(STUDY), STRAIGHT).unwrap();
    (temp, dir)
}

/// Names and bytes of a directory, folders as their names.
fn contents(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, if path.is_file() { fs::read(path).unwrap() } else { Vec::new() })
        })
        .collect();
    all.sort();
    all
}

/// The program, in a directory of its own.
fn eoc(at: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_eoc")).args(args).current_dir(at).output().unwrap()
}

/// Status 2 (or another), one sentence that holds the parts, nothing on stdout.
fn refused(output: &Output, status: i32, parts: &[&str]) {
    let error = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(status), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(output.stdout.is_empty(), "{error}");
    for part in parts {
        assert!(error.contains(part), "no {part:?} in: {error}");
    }
}
