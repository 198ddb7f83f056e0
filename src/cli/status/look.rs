//! How it stands with one run directory, there or not, and with each shard of a Slurm job.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::log::Log;
use super::pace::{Times, pace, times};
use crate::cli::escape::shown;
use crate::cli::failure::Failure;
use crate::cli::stored::unusable;
use crate::cli::units::counted;
use crate::study::store::{CellRecord, Manifest, Reader, StoreError};
use crate::study::{Asked, Directory, Missing, Need, Plan, Shard, file};

/// How it stands with one directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// All that is asked for is there.
    Done,
    /// A process holds its lock.
    Running,
    /// Stopped by the time-limit signal, to be started again.
    Waiting,
    /// Rows are missing and no process is at work.
    Failed,
    /// Not begun.
    Missing,
}

/// Every state with its word, in the order of the last line.
pub const STATES: [(State, &str); 5] = [
    (State::Running, "running"),
    (State::Done, "done"),
    (State::Waiting, "waiting"),
    (State::Failed, "failed"),
    (State::Missing, "missing"),
];

impl State {
    /// As it is printed.
    pub fn word(self) -> &'static str {
        STATES.iter().find(|(state, _)| *state == self).map_or("", |(_, word)| word)
    }
}

/// A run directory that is asked about, there or not.
struct Place {
    dir: PathBuf,
    name: String,
    /// Of a Slurm job: the shard, and what its log says.
    task: Option<(Shard, Log)>,
}

/// What is known of one directory.
pub struct Run {
    /// The directory as it was given.
    pub name: String,
    /// NAME-HASH8.
    pub study: Option<String>,
    identity: Option<String>,
    /// The part of the study.
    pub shard: Shard,
    /// How it stands.
    pub state: State,
    /// Rows that are there, of those asked for.
    pub rows: u64,
    /// None where no study is known.
    pub total: Option<u64>,
    missing: Vec<Missing>,
    cells: Vec<CellRecord>,
    times: Vec<Times>,
    /// Samples a second of one process.
    pub rate: Option<f64>,
    /// Seconds.
    pub to_go: Option<f64>,
    /// Why it failed.
    pub reason: Option<String>,
}

impl Run {
    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "directory": self.name,
            "study": self.study,
            "shard": (!self.shard.is_whole()).then(|| self.shard.to_string()),
            "state": self.state.word(),
            "rows": self.rows,
            "total": self.total,
            "rate": self.rate,
            "to_go": self.to_go,
            "reason": self.reason,
        })
    }
}

/// The directory of a shard of a Slurm job.
pub fn shard(dir: &Path, index: u32) -> PathBuf {
    dir.join(format!("shard-{index}"))
}

/// The shards of a Slurm job. What is asked for is what its study says now, whatever a shard was begun with.
pub fn job(dir: &Path, count: u32) -> Result<Vec<Run>, Failure> {
    let text = fs::read_to_string(dir.join("study.toml")).unwrap_or_default();
    // Without its data a study has no plan; then each shard tells what it was begun with.
    let plan = file::parse(&text).ok().and_then(|spec| Plan::new(spec).ok());
    let run = |index| {
        let shard = Shard::new(index, count).map_err(Failure::unusable)?;
        let log = Log::read(&dir.join(format!("logs/shard-{index}.txt")));
        let inside = self::shard(dir, index);
        let name = shown(&inside);
        look(&Place { dir: inside, name, task: Some((shard, log)) }, plan.as_ref())
    };
    (0..count).map(run).collect()
}

/// A directory that was named as a run.
pub fn run(dir: &Path) -> Result<Run, Failure> {
    look(&Place { dir: dir.to_owned(), name: shown(dir), task: None }, None)
}

/// Looks at one directory; its time to go is found later.
fn look(place: &Place, plan: Option<&Plan>) -> Result<Run, Failure> {
    let (shard, log) = match &place.task {
        Some((shard, log)) => (*shard, log.clone()),
        None => (Shard::WHOLE, Log::default()),
    };
    let run = Run {
        name: place.name.clone(),
        study: plan.map(Plan::directory_name),
        identity: plan.map(|plan| plan.identity().to_owned()),
        shard,
        state: State::Missing,
        rows: 0,
        total: None,
        missing: Vec::new(),
        cells: Vec::new(),
        times: Vec::new(),
        rate: None,
        to_go: None,
        reason: None,
    };
    match read(&place.dir, plan) {
        Ok(found) => {
            let Found { manifest, missing, times, cells } = found;
            let run = Run {
                study: Some(manifest.directory_name()),
                identity: Some(manifest.identity),
                shard: manifest.shard,
                rows: sum(&missing, |m| m.rows),
                total: Some(sum(&missing, |m| m.total)),
                missing,
                cells,
                times,
                ..run
            };
            judge(run, &place.dir, &log)
        }
        Err(StoreError::NoRun { .. } | StoreError::NotThere { .. }) => {
            let missing =
                plan.map(|plan| nothing(plan.asked(), plan.cells().len(), shard)).unwrap_or_default();
            let total = plan.map(|_| sum(&missing, |m| m.total));
            judge(Run { missing, total, ..run }, &place.dir, &log)
        }
        Err(error) => Ok(Run {
            state: State::Failed,
            reason: Some(unusable(error).sentence().unwrap_or_default()),
            ..run
        }),
    }
}

/// What a shard of which nothing is there lacks.
fn nothing(asked: &Asked, cells: usize, shard: Shard) -> Vec<Missing> {
    (0..cells).map(|cell| asked.need(cell, shard)).map(Need::missing).collect()
}

fn sum(missing: &[Missing], of: fn(&Missing) -> u64) -> u64 {
    missing.iter().map(of).fold(0, u64::saturating_add)
}

/// What the store of a run says.
struct Found {
    manifest: Manifest,
    missing: Vec<Missing>,
    times: Vec<Times>,
    cells: Vec<CellRecord>,
}

fn read(dir: &Path, plan: Option<&Plan>) -> Result<Found, StoreError> {
    let reader = Reader::open(dir)?;
    let manifest = reader.manifest().clone();
    let missing = match plan.filter(|plan| plan.identity() == manifest.identity) {
        Some(plan) => reader.missing_of(plan, manifest.shard)?,
        None => reader.missing()?,
    };
    Ok(Found { missing, times: times(&reader)?, cells: reader.cells().to_vec(), manifest })
}

/// Its state: what is there counts before what a log says.
fn judge(run: Run, dir: &Path, log: &Log) -> Result<Run, Failure> {
    let begun = !run.cells.is_empty();
    let complete = begun && run.missing.iter().all(|m| m.gaps.is_empty());
    let said = |status: i32| match &log.sentence {
        Some(sentence) => format!("eoc ended with status {status}: {sentence}"),
        None => format!("eoc ended with status {status}"),
    };
    let (state, reason) = match log.ended {
        _ if complete => (State::Done, None),
        _ if Directory::in_use(dir).map_err(unusable)? => (State::Running, None),
        // 138: the signal came before eoc could listen.
        Some(75 | 138) => (State::Waiting, None),
        Some(status) if status != 0 => (State::Failed, Some(said(status))),
        _ if begun => {
            let lacking = counted(sum(&run.missing, |m| m.total - m.rows), "sample");
            (
                State::Failed,
                Some(format!("{lacking} missing, and no process is at work; run it again to resume")),
            )
        }
        _ => (State::Missing, None),
    };
    Ok(Run { state, reason, ..run })
}

/// Rates and times to go: of a run without samples by those of the others of its study.
pub fn foresee(runs: &mut [Run]) -> Result<(), Failure> {
    for index in 0..runs.len() {
        let run = &runs[index];
        let of_study: Vec<&Run> =
            runs.iter().filter(|other| !other.cells.is_empty() && other.identity == run.identity).collect();
        let stored = |run: &Run| run.times.iter().map(|t| t.rows).sum::<u64>();
        let spent = |run: &Run| run.times.iter().map(|t| t.seconds).sum::<f64>();
        let rate = (stored(run) > 0).then(|| stored(run) as f64 / spent(run)).filter(|rate| rate.is_finite());
        let times = if stored(run) > 0 { run.times.clone() } else { together(&of_study) };
        let to_go = match of_study.first() {
            _ if run.state == State::Done => Some(0.0),
            Some(known) if times.iter().any(|t| t.rows > 0) => {
                let pace = pace(&known.cells, &times)?;
                let left = |(m, pace): (&Missing, &f64)| (m.total - m.rows) as f64 * pace;
                (!run.missing.is_empty()).then(|| run.missing.iter().zip(&pace).map(left).sum())
            }
            _ => None,
        };
        (runs[index].rate, runs[index].to_go) = (rate, to_go);
    }
    Ok(())
}

/// Rows and seconds of several runs of one study, cell by cell.
fn together(runs: &[&Run]) -> Vec<Times> {
    let mut all = vec![Times::default(); runs.iter().map(|run| run.times.len()).max().unwrap_or(0)];
    for run in runs {
        for (all, times) in all.iter_mut().zip(&run.times) {
            all.rows += times.rows;
            all.seconds += times.seconds;
        }
    }
    all
}
