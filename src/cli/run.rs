//! `eoc run`: a study into a run directory, resumed where it holds a part, with the table at its end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::absent::{assigned, worded};
use super::args::{DataArgs, EngineArgs, NetworkArgs, SamplingArgs};
use super::builtin::{self, Named};
use super::config::study_notes;
use super::context::Context;
use super::dry_run;
use super::escape::{for_shell, shown};
use super::failure::{Failure, Status};
use super::input;
use super::progress::Meter;
use super::refused::refused;
use super::report::{Answers, Report};
use super::session::session;
use super::stopping::{self, Counted, is_held, unheld};
use super::stored;
use super::terminal;
use super::units::counted;
use super::watchdog::Watchdog;
use super::width;
use super::words::{directory, words};
use crate::Threads;
use crate::backend::Precision;
use crate::model::{NetworkError, parse_widths};
use crate::report::{Claim, PAGE, SUMMARY, TABLE, paragraph, summary_json, table};
use crate::study::builtin::{Builtin, NEEDED};
use crate::study::run::{self, Computing, Observer, Outcome, Progress, Settings};
use crate::study::store::{Reader, STORE, Store};
use crate::study::{Directory, Limits, Plan, REPORT, STUDY, Shard, Spec, Widths, file, patiently};

/// Shown below the help.
pub const EXAMPLES: &str = "\
Without a study file the built-in first study runs: how |s| and ReLU networks of depth 4
concentrate on 32 digits as the width grows from 64 to 16384, 64 seeds each. Options win over the
study; the defaults above are those of a study that does not say otherwise. What the directory
holds already is not computed again: the same command resumes a run; more seeds, or more widths and other
lists into the same --out, extend it.

A list of values, as --width 16,32, or --activation and --data given several times, makes a grid.

A study file; sampler, precision and all under [network] and [data] may be lists, and the grid is their product; paths \
of data are taken from where the file is:
  name = \"width\"
  seeds = 64                          # or \"128..192\"; or, in place of seeds,
  # standard_error = 0.001            # seeds until the mean of relative_fro is known this well,
  # max_seeds = 65536                 # looked at after 64, 128, 256, ... seeds of a cell
  sampler = \"auto\"
  precision = \"f32\"
  layers = false                      # or true: rows of every layer too
  spectrum = false                    # or true: every eigenvalue too
  independence = false                # or true: columns and rows of it
  [network]
  activation = [\"abs\", \"relu\", \"0.6,0.4\"]
  depth = 4
  width = [64, 256, 1024]             # or widths = [\"64,128,256\", \"9,9,9\"]
  schedule = \"constant\"
  outputs = 1
  [data]
  source = \"digits:n=32\"
  normalize = \"sphere\"

Examples:
  eoc run
  eoc run --study width --quick
  eoc run --study papers --out papers
  eoc run study.toml --seeds 256 --out runs/width
  eoc run --width 512,1k,1e6 --activation abs --activation 0.6,0.4 --seeds 16
  eoc run study.toml --set network.depth=8 --set data.source=sphere:n=16,dim=8 --dry-run
  eoc run study.toml --shard 0/4
  eoc run study.toml --json > summary.json

At the end stands a short table, with --full the whole one; --json prints the same numbers as one JSON object, \
report/summary.json of the run directory, and nothing else on stdout.

Shards 0/4, 1/4, 2/4 and 3/4 run on any machines; eoc merge makes one run of their directories.

SIGINT and SIGTERM give up the seeds in hand, keep all that is finished and end with status 130;
SIGUSR1, as batch systems send it before a time limit, does the same with status 75, and with
status 1 where not one new sample was finished.";

/// The examples, and the studies that need no file.
pub fn after_help() -> String {
    format!("{EXAMPLES}\n\nBuilt-in studies, with their time on two cores:\n{}", builtin::list())
}

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Study file, or - for standard input; the built-in study "first" without one
    #[arg(value_name = "STUDY.toml", value_hint = clap::ValueHint::FilePath)]
    study: Option<PathBuf>,
    /// Built-in study, of those listed below, or papers: the quick forms of all, and one table [default: first]
    #[arg(long = "study", value_name = "NAME", conflicts_with = "study")]
    #[arg(value_parser = words::<Named>(builtin::NAMES), hide_possible_values = true)]
    builtin: Option<Named>,
    /// The built-in study with fewer seeds, under a minute on two cores
    #[arg(long, conflicts_with = "study")]
    quick: bool,
    /// Run directory, created with its parents [default: eoc-runs/NAME-HASH8, by study and stream layout, with
    /// -shard-I-of-N behind it for a shard]
    #[arg(long, value_name = "DIR", value_parser = directory())]
    pub(super) out: Option<PathBuf>,
    /// Any key of the study file, such as network.depth=8 or data.source=sphere:n=8,dim=4; repeatable; other options
    /// win
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Measure every layer of every sample too, for eoc export --table layers; as layers = true in a study
    #[arg(long)]
    layers: bool,
    /// Keep every eigenvalue of every sample too, of kernels of at most 256 rows, for eoc export --table spectrum; as
    /// spectrum = true in a study
    #[arg(long)]
    spectrum: bool,
    /// Draw every kernel as if gradients were independent too, for the columns independence_* and eoc export --table
    /// independence; as independence = true in a study. The sampler is conditional
    #[arg(long)]
    independence: bool,
    /// Shard I of N, from 0: that part of the samples, into a directory of its own for eoc merge [default: all]
    #[arg(long, value_name = "I/N", allow_hyphen_values = true)]
    pub(super) shard: Option<Shard>,
    /// Print cells, cost, memory and the time to expect, from a calibration of about a second; write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Print the whole table below the short one: quantiles, spectrum, spread of tr K, constants of the bound, ratios
    #[arg(long, conflicts_with_all = ["json", "dry_run"])]
    full: bool,
    /// Print report/summary.json and nothing else: what the tables say, for programs
    #[arg(long, conflicts_with = "dry_run")]
    pub(super) json: bool,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    sampling: SamplingArgs,
    #[command(flatten)]
    engine: EngineArgs,
}

impl Args {
    /// Whether all built-in grids are asked for.
    pub fn is_papers(&self) -> bool {
        matches!(self.builtin, Some(Named::Papers))
    }

    /// Refuses what a search for widths does not take.
    fn searches(&self) -> Result<(), Failure> {
        let of_networks = Spec { precision: None, ..self.flags()? } != Spec::default();
        if of_networks || !self.set.is_empty() || self.shard.is_some() || self.dry_run || self.full {
            return Err(Failure::refused(format!(
                "the study {NEEDED} takes --quick, --out, --json and the options of the device; ask eoc width for \
                 other networks",
            )));
        }
        Ok(())
    }

    /// The study that the options say.
    fn flags(&self) -> Result<Spec, Failure> {
        let Self { network, data, sampling, engine, .. } = self;
        let listed = network.widths.as_deref().map(parse_widths).transpose().map_err(NetworkError::Width)?;
        Ok(Spec {
            name: None,
            seeds: sampling.seeds.clone(),
            sampler: given(&sampling.sampler),
            precision: given(&engine.precision),
            layers: self.layers.then_some(true),
            spectrum: self.spectrum.then_some(true),
            independence: self.independence.then_some(true),
            activation: given(&network.activation),
            depth: given(&network.depth),
            widths: match (given(&network.width), listed) {
                (Some(widths), _) => Some(Widths::Scheduled(widths)),
                (None, listed) => listed.map(|list| Widths::Listed(vec![list])),
            },
            schedule: given(&network.schedule),
            outputs: given(&network.outputs),
            scale: given(&network.scale),
            source: given(&data.data),
            points: data.points.clone().map(|p| vec![p]),
            append_constant: data.append_constant.map(|beta| vec![beta]),
            normalize: given(&data.normalize),
            ..Spec::default()
        })
    }
}

/// Which study is to run, and where.
pub(super) struct Asked {
    /// The built-in study; None of a file.
    pub(super) builtin: Option<Builtin>,
    /// Its quick form.
    pub(super) quick: bool,
    /// The run directory, where it was said.
    pub(super) out: Option<PathBuf>,
    /// Whether one line is to be said of it, and options of other networks are refused.
    pub(super) brief: bool,
}

/// What became of a study.
pub(super) struct Ended {
    pub(super) status: Status,
    /// The claims of a built-in study.
    pub(super) claims: Vec<Claim>,
}

impl From<Status> for Ended {
    fn from(status: Status) -> Self {
        Self { status, claims: Vec::new() }
    }
}

/// Runs or resumes the study.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let builtin = match args.builtin {
        Some(Named::Needed) => {
            args.searches()?;
            return width::needed(args.quick, args.out.as_deref(), args.json, &args.engine, ctx);
        }
        Some(Named::Grid(builtin)) => builtin,
        // All of them at once are `papers::execute`, which calls `study` for each.
        Some(Named::Papers) | None => Builtin::FIRST,
    };
    let builtin = args.study.is_none().then_some(builtin);
    let asked = Asked { builtin, quick: args.quick, out: args.out.clone(), brief: false };
    study(args, &asked, ctx).map(|ended| ended.status)
}

/// Runs or resumes one study.
pub(super) fn study(args: &Args, asked: &Asked, ctx: &Context) -> Result<Ended, Failure> {
    // Nothing is begun while data are read.
    let reading = Watchdog::over_nothing(ctx);
    let plan = plan(args, asked)?;
    drop(reading);
    let study = examined(asked, &plan)?;
    if asked.brief && study.is_none() {
        return Err(Failure::refused(
            "--study papers examines the built-in studies as they are; leave out the options of network and data",
        ));
    }
    ctx.note(&study_notes(&plan));
    let precisions: Vec<Precision> = plan.cells().iter().map(|cell| cell.precision).collect();
    let shard = args.shard.unwrap_or(Shard::WHOLE);
    let threads = args.engine.threads.start()?;
    let out = asked.out.clone().unwrap_or_else(|| default_directory(&plan, shard));
    // What was committed survives any end; the report comes after it.
    let added = Arc::new(AtomicU64::new(0));
    let last = Arc::default();
    let watchdog = match args.dry_run {
        true => dry_run::watchdog(ctx),
        false => stopping::watchdog(&out, &added, &last, ctx),
    };
    let engine = args.engine.open(&precisions, &threads)?;
    let info = engine.info().clone();
    ctx.on_stop(match args.dry_run {
        true => dry_run::ON_STOP,
        false => ": finished samples are kept, seeds in hand are given up",
    });
    let settings = Settings { device: &info.name, threads: info.threads, batch: None, shard };
    let costs = run::check(&plan, engine.as_ref()).map_err(refused)?;
    let (limits, stop) = (Limits::default(), ctx.stop());
    let computing =
        Computing { engine: engine.as_ref(), costs: &costs, limits: &limits, settings: &settings, stop };
    if args.dry_run {
        return dry_run::execute(&plan, &out, &computing, ctx).map(Ended::from);
    }
    tracing::info!(cells = plan.cells().len(), seeds = %plan.asked(), "running in {}", out.display());
    let records = || {
        let name = format!("limits of {} in {}", plan.name(), shown(&out));
        let _shown = ctx.waiting(name, "cell", plan.cells().len() as u64);
        threads.install(|| run::limits(&plan, &limits, stop))
    };
    // A finished run is shown from wherever it lies, a read-only place too.
    let at_work = Directory::in_use(&out).unwrap_or(false);
    let there = if at_work { None } else { Reader::look(&out).map_err(stored::unusable)? };
    if let Some(changed) = there.as_ref().and_then(|reader| stored::changed_data(reader, &out, &plan)) {
        ctx.note(&changed);
    }
    let finished = there.map_or(Ok(false), |reader| reader.is_finished(&plan, shard));
    let finished = finished.map_err(stored::unusable)?;
    let mut store = match finished {
        true => None,
        false => {
            let open = || Store::open(&out, &plan, shard, session(&info), records);
            Some(patiently(stop, is_held, open).map_err(|error| unheld(error, &added, ctx, refused))?)
        }
    };
    if args.study.is_none() && !args.json && !asked.brief {
        let limits = records().map_err(|error| unheld(error, &added, ctx, refused))?;
        ctx.account(&builtin::statement(study.as_ref(), &plan, &limits, terminal::columns()))?;
    }
    let finish = || {
        let _watchdog = stopping::watchdog_of_report(&out, &added, ctx);
        finish(args, asked, &out, study.as_ref(), finished, &threads, ctx)
    };
    let Some(store) = &mut store else {
        drop(watchdog);
        return finish();
    };
    let meter = ctx.progress(format!("{} in {}", plan.name(), shown(&out)), "sample");
    let ended = run::run(&plan, store, &computing, &mut Counted::new(meter, &added, &last));
    drop(watchdog);
    let ended = ended.map_err(|error| unheld(error, &added, ctx, Failure::running));
    let Outcome { added: new, missing } = ended?;
    tracing::info!("{} added", counted(new, "sample"));
    if missing > 0 {
        return Err(stopping::short(new, missing, &out, ctx));
    }
    finish()
}

/// The built-in study that runs. What is claimed and foretold is of its networks, not of those that options put in
/// their place.
fn examined(asked: &Asked, plan: &Plan) -> Result<Option<Builtin>, Failure> {
    let Some(study) = asked.builtin else { return Ok(None) };
    let ours = Plan::new(study.spec(asked.quick)).map_err(Failure::unusable)?;
    Ok((plan.identity() == ours.identity()).then_some(study))
}

/// `eoc-runs/NAME-HASH8`, and a directory beside it for every shard: none of them is in the way of another.
pub fn default_directory(plan: &Plan, shard: Shard) -> PathBuf {
    let name = plan.directory_name();
    Path::new("eoc-runs").join(match shard.is_whole() {
        true => name,
        false => format!("{name}-shard-{}-of-{}", shard.index(), shard.count()),
    })
}

/// The study that the file, --set and the other options ask for, the later before the earlier.
fn plan(args: &Args, asked: &Asked) -> Result<Plan, Failure> {
    let base = match &args.study {
        None => asked.builtin.unwrap_or(Builtin::FIRST).spec(asked.quick),
        Some(path) => {
            let of = |error: anyhow::Error| {
                Failure::unusable(error.context(format!("study file {}", path.display())))
            };
            let unread = |error: std::io::Error| match path.to_str().map(str::parse::<Named>) {
                Some(Ok(_)) if error.kind() == std::io::ErrorKind::NotFound => Failure::refused(format!(
                    "there is no study file {0}; the built-in study of that name is --study {0}",
                    path.display()
                )),
                _ if path.join(STUDY).is_file() && path.join(STORE).is_file() => Failure::refused(format!(
                    "{} is a directory, and a study file is meant; the run in it is resumed by: eoc run {} --out {}",
                    path.display(),
                    for_shell(&path.join(STUDY).display().to_string()),
                    for_shell(&path.display().to_string())
                )),
                _ => of(error.into()),
            };
            let (text, directory) = input::study(path).map_err(unread)?;
            file::parse(&text).map_err(|e| of(e.into()))?.relative_to(&directory)
        }
    };
    let spec = base.overridden_by(assigned(&args.set)?).overridden_by(args.flags()?);
    input::check_kept(spec.source.as_deref().unwrap_or_default())?;
    Plan::new(spec).map_err(|error| {
        let error = worded(error);
        Failure::unusable(match &args.study {
            Some(path) => error.context(format!("study file {}", path.display())),
            None => error,
        })
    })
}

/// The list of an option, where it was given.
fn given<T: Clone>(values: &[T]) -> Option<Vec<T>> {
    (!values.is_empty()).then(|| values.to_vec())
}

/// The files of the report, and on stdout the table and where everything is, or what machines read. Where the run was
/// `finished` before, its directory may be one that cannot be written; then there is what goes to stdout alone.
fn finish(
    args: &Args,
    asked: &Asked,
    out: &Path,
    study: Option<&Builtin>,
    finished: bool,
    threads: &Threads,
    ctx: &Context,
) -> Result<Ended, Failure> {
    let reader = Reader::open(out).map_err(Failure::running)?;
    let rows = stored::summary(&reader).map_err(Failure::running)?;
    let answers = Answers::of(out);
    let report =
        threads.install(|| Report::of(rows, study.copied(), answers, None)).map_err(Failure::running)?;
    let written = match report.write(&reader, out, threads) {
        Ok(figures) => Some(figures),
        Err(error) if finished => {
            ctx.note(&format!("eoc: the report was not written again: {:#}\n", anyhow::Error::from(error)));
            None
        }
        Err(error) => {
            let kept = format!("all samples are kept in {}, and their report was not written", out.display());
            return Err(Failure::running(anyhow::Error::from(error).context(kept)));
        }
    };
    if asked.brief {
        if !args.json {
            let count = counted(report.claims.len(), "prediction");
            ctx.account(&format!("{}: {count} examined in {}\n", report.analysis.name, shown(out)))?;
        }
        return Ok(Ended { status: Status::Done, claims: report.claims });
    }
    if args.json {
        ctx.write(
            &summary_json(&report.analysis, &report.claims, report.widths()).map_err(Failure::running)?,
        )?;
        return Ok(Status::Done.into());
    }
    let room = terminal::columns();
    let mut text = report.text(room);
    if args.full {
        text += &format!("\n{}", table(&report.analysis, room));
    }
    for note in report.notes() {
        text += &format!("\n{}", paragraph("", &note, room));
    }
    text += &format!("\nRun directory: {}\n", shown(out));
    if let Some(figures) = written {
        let figures = counted(figures.len(), "figure");
        let files = format!("{PAGE}, {figures}, {SUMMARY}, {TABLE} (all of --full)");
        text += &paragraph(&format!("In its {REPORT}: "), &files, room);
    }
    ctx.print(&text)?;
    Ok(Status::Done.into())
}

/// The time to go knows what each cell costs; with a standard error the total is an estimate that moves.
impl Observer for Meter {
    fn progress(&mut self, progress: &Progress) {
        let Progress { rows, total, cell, cells, share, to_go } = *progress;
        self.report(rows, total, Some(share), to_go, format!("cell {} of {cells}", cell + 1));
    }
}
