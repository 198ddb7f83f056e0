//! `eoc.run` and `eoc.open`: a study into a run directory, and the rows of one.

use std::path::{Path, PathBuf};

use eoc_ntk::backend::{EngineError, Precision};
use eoc_ntk::cli::shared::{Answers, Report, default_directory, session, start_threads, summary};
use eoc_ntk::study::builtin::Builtin;
use eoc_ntk::study::export::{self, Table, Values};
use eoc_ntk::study::file::{self, FileError};
use eoc_ntk::study::run::{self, Computing, Observer, Progress, RunError, Settings};
use eoc_ntk::study::store::{Reader, Store, StoreError};
use eoc_ntk::study::{Limits, MAX_SHARDS, Plan, Shard, Spec, patiently};
use numpy::PyArray1;
use pyo3::prelude::*;

use crate::argument::{Given, count, refused, shown};
use crate::device::{EngineArguments, open};
use crate::failure::Failure;
use crate::working::{Done, waiting, working};

/// Columns of the text of a report.
const COLUMNS: usize = 80;

/// Which study is meant: a file, a built-in one, or none; and what is said of it beside.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct StudyArguments {
    path: Option<PathBuf>,
    builtin: Option<String>,
    quick: bool,
    /// A study file's text.
    text: String,
}

impl StudyArguments {
    fn plan(&self) -> Result<Plan, Failure> {
        let base = match (&self.path, &self.builtin) {
            (Some(path), _) => {
                let of = |what: String| Failure::Unusable(format!("study file {}: {what}", path.display()));
                let text = std::fs::read_to_string(path).map_err(|error| of(error.to_string()))?;
                let spec = file::parse(&text).map_err(|error| of(error.to_string()))?;
                spec.relative_to(path.parent().unwrap_or(Path::new("")))
            }
            (None, Some(name)) => {
                let study: Builtin = name.parse().map_err(|error| Failure::unusable(&error))?;
                study.spec(self.quick)
            }
            (None, None) => Spec::default(),
        };
        let said = file::parse(&self.text).map_err(|error| Failure::unusable(&without_line(error)))?;
        Plan::new(base.overridden_by(said)).map_err(|error| Failure::unusable(&error))
    }
}

/// Shard i of n from a pair (i, n); the whole study where None was given.
fn shard_of(pair: &Given) -> PyResult<Shard> {
    if pair.is_none() {
        return Ok(Shard::WHOLE);
    }
    let wrong = || {
        refused(format!(
            "shard is {}, and must be a pair (i, n): shard i of n, counted from 0, such as (0, 4) to (3, 4), with n at \
             most {MAX_SHARDS}",
            shown(pair)
        ))
    };
    let (index, of) = pair.extract::<(Given, Given)>().map_err(|_| wrong())?;
    let number = |value: &Given| count("shard", value).map_err(|_| wrong());
    Shard::new(number(&index)?, number(&of)?).map_err(|_| wrong())
}

/// The lines of a text that nobody sees.
fn without_line(error: FileError) -> FileError {
    match error {
        FileError::Syntax { reason, .. } => FileError::Syntax { line: 0, reason },
        FileError::UnknownKey { key, place, hint, accepted, .. } => {
            FileError::UnknownKey { line: 0, key, place, hint, accepted }
        }
        FileError::Value { key, reason, .. } => FileError::Value { line: 0, key, reason },
    }
}

/// Runs or resumes a study; where.
#[pyfunction(name = "run")]
pub fn run_study(
    py: Python<'_>,
    study: StudyArguments,
    shard: &Given<'_>,
    out: Option<PathBuf>,
    engine: EngineArguments<'_>,
    progress: Option<&Given<'_>>,
) -> PyResult<PathBuf> {
    let shard = shard_of(shard)?;
    // Reads or draws the points.
    let plan = waiting(py, move || study.plan())?;
    let precisions: Vec<Precision> = plan.cells().iter().map(|cell| cell.precision).collect();
    let place = engine.place(&precisions)?;
    let out = out.unwrap_or_else(|| default_directory(&plan, shard));
    let directory = out.clone();
    working(py, progress, move |stop, done| {
        let opened = open(&place, done)?;
        let info = opened.engine.info();
        let settings = Settings { device: &info.name, threads: info.threads, batch: None, shard };
        let costs = run::check(&plan, opened.engine.as_ref())?;
        let limits = Limits::default();
        let computing = Computing {
            engine: opened.engine.as_ref(),
            costs: &costs,
            limits: &limits,
            settings: &settings,
            stop,
        };
        if Reader::look(&out)?.map_or(Ok(false), |reader| reader.is_finished(&plan, shard))? {
            return Ok(());
        }
        let records = || opened.threads.install(|| run::limits(&plan, &limits, stop));
        let open = || Store::open(&out, &plan, shard, session(info), records);
        let held = |error: &RunError| matches!(error, RunError::Store(StoreError::Held { .. }));
        let mut store = patiently(stop, held, open)?;
        let ended = run::run(&plan, &mut store, &computing, &mut Observed(done));
        opened.result(ended.map(drop).map_err(running))
    })?;
    Ok(directory)
}

struct Observed<'a>(&'a Done);

impl Observer for Observed<'_> {
    fn progress(&mut self, progress: &Progress) {
        self.0.set(progress.rows, progress.total);
    }
}

/// Before the first batch what is refused is unusable.
impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Engine { source: EngineError::Stopped, .. } => Self::Stopped,
            RunError::Store(ref store) if store.is_of_the_machine() => Self::broke(&error),
            RunError::Engine { source: EngineError::Refused(_), .. } => Self::unusable(&error),
            RunError::Engine { .. } => Self::broke(&error),
            _ => Self::unusable(&error),
        }
    }
}

/// Once it runs, everything breaks.
fn running(error: RunError) -> Failure {
    match error {
        RunError::Engine { source: EngineError::Stopped, .. } => Failure::Stopped,
        error => Failure::broke(&error),
    }
}

/// Reading failed: the directory is unusable, unless the machine is.
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if error.is_of_the_machine() { Self::broke(&error) } else { Self::unusable(&error) }
    }
}

/// The name of the study in a run directory.
#[pyfunction]
pub fn study_name(directory: PathBuf) -> PyResult<String> {
    Ok(Reader::open(&directory).map_err(Failure::from)?.manifest().study.clone())
}

/// A column: name, unit, what it is; and its values, or (texts, index of the text of each row).
type ColumnOf<'py> = (&'static str, &'static str, &'static str, Bound<'py, PyAny>);

/// A table of a run directory, column by column.
#[pyfunction]
pub fn rows<'py>(py: Python<'py>, directory: PathBuf, table: &str) -> PyResult<Vec<ColumnOf<'py>>> {
    let table = Table::ALL.into_iter().find(|known| known.name() == table);
    let table = table.ok_or_else(|| refused("table is unknown".to_owned()))?;
    let columns = waiting(py, move || {
        let reader = Reader::open(&directory)?;
        let details = reader.manifest().details;
        if !table.is_in(details) {
            let name = table.name();
            return Err(Failure::Unusable(format!(
                "{} has no rows of the table {name}; they are kept where the study has {name} = true",
                directory.display()
            )));
        }
        export::columns(&reader, table).map_err(|error| match error {
            export::ExportError::Store(error) => error.into(),
            error => Failure::broke(&error),
        })
    })?;
    let array = |(column, values): (eoc_ntk::study::table::Column, Values)| {
        let values = match values {
            Values::Integer(values) => {
                // Below 2⁶³, as the store keeps them; numpy computes with signed numbers.
                PyArray1::from_iter(py, values.into_iter().map(|value| value as i64)).into_any()
            }
            Values::Real(values) => PyArray1::from_vec(py, values).into_any(),
            Values::Text { texts, rows } => {
                (texts, PyArray1::from_vec(py, rows)).into_pyobject(py)?.into_any()
            }
        };
        Ok((column.name, column.unit, column.about, values))
    };
    columns.into_iter().map(array).collect()
}

/// Writes the report of a run directory into it; the short table as text, and the names of the figures.
#[pyfunction]
pub fn report(py: Python<'_>, directory: PathBuf) -> PyResult<(String, Vec<String>)> {
    working(py, None, move |stop, _| {
        let threads = start_threads(None)?;
        let reader = Reader::open(&directory)?;
        let rows = summary(&reader)?;
        stop.check()?;
        let (manifest, answers) = (reader.manifest(), Answers::of(&directory));
        let report = threads.install(|| Report::of_run(rows, manifest, answers, None));
        let report = report.map_err(|e| Failure::broke(&e))?;
        // Nothing is written once nobody asks for it.
        stop.check()?;
        let names = report.write(&reader, &directory, &threads).map_err(|error| Failure::broke(&error))?;
        Ok((report.table(COLUMNS), names))
    })
}
