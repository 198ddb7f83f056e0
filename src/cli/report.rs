//! `eoc report`: the page, the figures and the tables of run directories, from their rows; or one figure of several
//! runs.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::args::ThreadArgs;
use super::context::Context;
use super::escape::{shown, visible};
use super::failure::{Failure, Status};
use super::remedy;
use super::status::reproduce;
use super::stored::{self, Stored};
use super::terminal;
use super::units::counted;
use crate::Threads;
use crate::files::distinct;
use crate::report::{
    Analysis, Axis, Claim, Figure, FigureFormat, PAGE, Page, StudySummary, WriteError, claims, figures, plot,
    short_table, width_claims, width_text, write_figure, write_report,
};
use crate::study::builtin::{BUILTIN, Builtin};
use crate::study::questions::{self, WidthQuestion};
use crate::study::store::{Manifest, Reader, StoreError};
use crate::study::{Plan, REPORT, needed};

/// Shown below the help.
pub const EXAMPLES: &str = "\
A report reads finished rows and draws nothing anew; it may be made while the run is on. eoc run writes the
same one at its end. It replaces the files of an earlier report, each whole.

With --figure one figure is written in place of reports, of all the networks in all the directories: the
deviation along the axis, and its points beside it as .csv. Rows that several directories have are taken once.

Examples:
  eoc report eoc-runs/first-0123abcd
  eoc report runs/depth --x m
  eoc report runs/width runs/million --figure widths.pdf";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run directories
    #[arg(value_name = "DIR", required = true)]
    dirs: Vec<PathBuf>,
    /// Axis of figures and tables: m (width), l (depth), m_l (outputs), n (points) or delta; with --figure also k, the
    /// layers [default: what the study varies most]
    #[arg(long, value_name = "AXIS")]
    x: Option<AxisName>,
    /// Write this one figure as .pdf, .svg or .png, and its numbers beside it as .csv; no report
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
    #[command(flatten)]
    threads: ThreadArgs,
}

/// An axis by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AxisName {
    Along(Axis),
    Layers,
}

impl FromStr for AxisName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "k" {
            return Ok(Self::Layers);
        }
        let name = if text == "delta" { "Δ" } else { text };
        let found = Axis::ALL.into_iter().find(|axis| axis.symbol() == name);
        found.map(Self::Along).ok_or_else(|| {
            let names = Axis::ALL.map(|axis| axis.symbol().replace('Δ', "delta"));
            format!("axis \"{text}\" is unknown; use {} or k", names.join(", "))
        })
    }
}

/// Writes the reports, or the figure.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let threads = args.threads.start()?;
    ctx.on_stop(": files that are whole stay");
    let (along, name) = match args.x {
        None => (None, ""),
        Some(AxisName::Along(axis)) => (Some(axis), ""),
        Some(AxisName::Layers) => (None, "layers"),
    };
    let dirs = distinct(&args.dirs);
    if let Some(path) = &args.figure {
        return one_figure(&dirs, path, along, name, &threads, ctx);
    }
    if !name.is_empty() {
        return Err(Failure::refused(
            "--x k is of one figure; give --figure FILE, or leave --x out: the page has the layers",
        ));
    }
    // All are looked at before the first is written.
    let readers: Vec<Reader> =
        dirs.iter().map(|dir| stored::open(dir, ctx)).collect::<Result<_, _>>().map_err(stored::unusable)?;
    for (dir, reader) in dirs.iter().zip(&readers) {
        let rows = stored::summary(reader).map_err(stored::unusable)?;
        let manifest = reader.manifest();
        let answers = Answers::of(dir);
        if let Some(trouble) = &answers.trouble {
            ctx.note(&format!("eoc: {trouble}\n"));
        }
        let report =
            threads.install(|| Report::of_run(rows, manifest, answers, along)).map_err(Failure::running)?;
        let names = report.write(reader, dir, &threads).map_err(unwritten)?;
        let mut text = String::new();
        if readers.len() == 1 {
            text += &report.text(terminal::columns());
            text.push('\n');
        }
        text += &format!("{}: {}\n", shown(&dir.join(REPORT).join(PAGE)), counted(names.len(), "figure"));
        ctx.account(&text)?;
    }
    Ok(Status::Done)
}

fn unwritten(error: Unwritten) -> Failure {
    match error {
        Unwritten::Read(error) => stored::unusable(error),
        Unwritten::Write(error) => Failure::running(error),
    }
}

/// Makes the report of a directory that was just written, and gives back the names of its figures; none where no network
/// was drawn.
pub fn again(dir: &Path, threads: &Threads) -> anyhow::Result<Vec<String>> {
    let Some(reader) = Reader::look(dir)? else { return Ok(Vec::new()) };
    let rows = stored::summary(&reader)?;
    let (manifest, answers) = (reader.manifest(), Answers::of(dir));
    let report = threads.install(|| Report::of_run(rows, manifest, answers, None))?;
    Ok(report.write(&reader, dir, threads)?)
}

/// The questions about widths that a directory was asked.
#[derive(Default)]
pub struct Answers {
    questions: Vec<WidthQuestion>,
    /// Why they cannot be read, in a sentence.
    pub trouble: Option<String>,
}

impl Answers {
    /// Reads them. What cannot be read keeps nothing else from being shown.
    pub fn of(dir: &Path) -> Self {
        match questions::read(dir) {
            Ok(questions) => Self { questions, trouble: None },
            Err(error) => {
                let error = visible(&format!("{:#}", anyhow::Error::from(error)));
                let trouble = format!("{error}; its answers are not shown: {}", remedy::ANSWERS);
                Self { questions: Vec::new(), trouble: Some(trouble) }
            }
        }
    }
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum Unwritten {
    /// Of the store.
    #[error(transparent)]
    Read(#[from] StoreError),
    /// Of a file.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// What is shown of a run.
pub struct Report {
    rows: Stored,
    study: Option<Builtin>,
    answers: Answers,
    /// Its numbers.
    pub analysis: Analysis,
    /// What became of its predictions.
    pub claims: Vec<Claim>,
    figures: Vec<Figure>,
}

impl Report {
    /// Computes it, on the threads of the caller.
    pub fn of(
        rows: Stored,
        study: Option<Builtin>,
        answers: Answers,
        along: Option<Axis>,
    ) -> std::io::Result<Self> {
        let analysis = analysis(&rows.study, along);
        // What is claimed is of the axis that the study varies, whatever is shown.
        let claims = match (&study, along) {
            (None, _) => Vec::new(),
            (Some(study), None) => claims(study, &analysis),
            (Some(study), Some(_)) => claims(study, &Analysis::new(&rows.study)),
        };
        let figures = figures(&rows.study, &analysis)?;
        Ok(Self { rows, study, answers, analysis, claims, figures })
    }

    /// The same of a run, which may be that of a built-in study.
    pub fn of_run(
        rows: Stored,
        manifest: &Manifest,
        answers: Answers,
        along: Option<Axis>,
    ) -> std::io::Result<Self> {
        Self::of(rows, built_in(manifest), answers, along)
    }

    /// The questions about widths that the directory was asked.
    pub fn widths(&self) -> &[WidthQuestion] {
        &self.answers.questions
    }

    /// Writes all of it into the directory, and gives back the names of its figures.
    pub fn write(&self, reader: &Reader, dir: &Path, threads: &Threads) -> Result<Vec<String>, Unwritten> {
        let needed = self.widths().iter().any(|question| !width_claims(question).is_empty());
        let [claim, prediction] = match self.study {
            Some(study) => [Some(study.claim), Some(study.prediction)],
            None if needed => [Some(needed::CLAIM), Some(needed::PREDICTION)],
            None => [None, None],
        };
        let words = Page {
            widths: self.widths().to_vec(),
            claim: claim.map(str::to_owned),
            prediction: prediction.map(str::to_owned),
            notes: self.notes(),
            reproduce: reproduce(reader, dir)?,
        };
        let Self { analysis, claims, figures, .. } = self;
        Ok(threads.install(|| write_report(analysis, claims, figures, &words, &dir.join(REPORT)))?)
    }

    /// What a reader must know of the numbers.
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.answers.trouble.iter().map(|trouble| sentence(trouble)).collect();
        if self.rows.more {
            notes.push(format!(
                "Of the first {} of every cell; eoc export has all.",
                counted(stored::REPORTED_SEEDS, "seed")
            ));
        }
        if self.rows.others > 0 {
            let others = counted(self.rows.others, "sample");
            notes.push(format!(
                "Without {others} in the directory that this run did not ask for; eoc export has them."
            ));
        }
        notes
    }

    /// The short table.
    pub fn table(&self, room: usize) -> String {
        short_table(&self.analysis, &self.claims, room)
    }

    /// The short table, and above it on a terminal a plot of the main curve; before both the answers about widths, the
    /// last question first.
    pub fn text(&self, room: usize) -> String {
        let answers: String =
            self.widths().iter().rev().map(|question| width_text(question, room) + "\n").collect();
        answers + &self.rows_text(room)
    }

    fn rows_text(&self, room: usize) -> String {
        let table = self.table(room);
        let plain = !std::io::stdout().is_terminal();
        let plot = if plain { None } else { plot(&self.rows.study, &self.analysis, room.min(96)) };
        plot.map_or(String::new(), |plot| plot + "\n") + &table
    }
}

/// A sentence by itself.
fn sentence(text: &str) -> String {
    format!("{text}.")
}

fn analysis(study: &StudySummary, along: Option<Axis>) -> Analysis {
    match along {
        None => Analysis::new(study),
        Some(axis) => Analysis::along(study, axis),
    }
}

/// The built-in study that a run is of, as it was asked for last.
fn built_in(manifest: &Manifest) -> Option<Builtin> {
    let study = BUILTIN.into_iter().find(|study| study.name == manifest.study)?;
    let same = |quick| Plan::new(study.spec(quick)).is_ok_and(|plan| plan.identity() == manifest.identity);
    (same(false) || same(true)).then_some(study)
}

/// The figure of all runs together.
fn one_figure(
    dirs: &[PathBuf],
    path: &Path,
    along: Option<Axis>,
    name: &str,
    threads: &Threads,
    ctx: &Context,
) -> Result<Status, Failure> {
    let Some(format) = FigureFormat::of(path) else {
        let endings = FigureFormat::ALL.map(|format| format!(".{format}")).join(", ");
        let path = path.display();
        return Err(Failure::refused(format!(
            "--figure {path} has no ending that is known; use one of {endings}"
        )));
    };
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() || path.is_dir() {
        return Err(Failure::refused(format!(
            "cannot write {}; name a file in a directory that exists and may be written",
            path.display()
        )));
    }
    let mut all = StudySummary::default();
    let mut names: Vec<String> = Vec::new();
    for dir in dirs {
        let reader = stored::open(dir, ctx).map_err(stored::unusable)?;
        let Stored { study, .. } = stored::summary(&reader).map_err(stored::unusable)?;
        if !names.contains(&study.name) {
            names.push(study.name);
        }
        study.cells.into_iter().for_each(|cell| all.take_in(cell));
    }
    all.name = names.join(", ");
    let analysis = threads.install(|| analysis(&all, along));
    let drawn = threads.install(|| figures(&all, &analysis)).map_err(Failure::running)?;
    let Some(main) = drawn.iter().find(|figure| figure.name == name) else {
        let dirs: Vec<String> = dirs.iter().map(|dir| dir.display().to_string()).collect();
        if !name.is_empty() {
            return Err(Failure::refused(format!(
                "{} holds no rows of layers; they are kept where the study has layers = true",
                dirs.join(", ")
            )));
        }
        return Err(Failure::refused(format!(
            "{} holds no finished sample with a place on this figure; a figure needs one",
            dirs.join(", ")
        )));
    };
    write_figure(main, path, format).map_err(Failure::running)?;
    let numbers = path.with_extension("csv");
    ctx.print(&format!("{}: {}; its numbers: {}\n", shown(path), main.title, shown(&numbers)))?;
    Ok(Status::Done)
}
