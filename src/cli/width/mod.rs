//! `eoc width`: the smallest width that is wide enough, for one kind of network or for several.

mod ask;
mod clock;
mod json;
mod needed;
mod question;
mod words;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ask::{Asking, Known};
use clock::Clock;
pub use needed::needed;
use question::{seeds, time};

use super::args::{DataArgs, EngineArgs, NetworkArgs};
use super::context::Context;
use super::failure::{Failure, Status};
use super::input;
use super::report;
use super::stopping::{self, status};
use super::terminal;
use super::watchdog::Watchdog;
use super::words::{count, number, words};
use crate::answer::{Answer, Cell, Norm, Question};
use crate::sampler::SamplerChoice;
use crate::study::questions::{WidthAnswer, WidthQuestion};

/// Shown below the help.
pub const EXAMPLES: &str = "\
The answer is an interval: m* lies above m_low and is at most m_high, with probability 1 - alpha over \
the draws, whenever and for whatever reason the drawing stops. It assumes that the probability of being within \
the tolerance grows with the width, and nothing else. Draws are those of the seeds 0, 1, 2, ..., so that the \
answer is the same on the same device whatever the threads. The error rate is that of one answer: another tolerance, \
resolution or alpha on the same seeds is another answer, and all of them together err with up to the sum of their \
rates; --seeds takes fresh ones.

--json prints m_low (0 if m* may be 1), m_high (null while no width is known to be enough), tolerance, confidence, \
alpha, norm, looks (by width: m, seeds, inside, and low, high, which hold the probability at this width by \
itself at every time with probability 1 - alpha, and decision), networks, exponent, undecided (null, or what is \
open and why), seconds. Of several kinds of network: cells, each with these and its activation, depth, schedule \
and outputs, and undecided, null or how many kinds were not begun.

--out DIR keeps every network in a run directory, as eoc run does: the same command resumes, another tolerance, \
probability, norm or resolution of the same networks reads what is there, with the same answer as without it, and eoc export, \
report and status read it. Questions and answers are kept there as well, and the report, which is made at the end, \
begins with them.

Examples:
  eoc width --tolerance 0.05 --confidence 0.95 --activation abs --depth 4 --data digits:n=32
  eoc width --within 0.1 --probability 0.9 --activation abs --activation relu --depth 2,4,8 \\
      --schedule quadratic --data sphere:n=16,dim=16 --resolution 1.5
  eoc width --norm lambda_min --tolerance 0.5 --confidence 0.95 --activation relu --depth 4 \\
      --data digits:n=32 --max-time 10m --json";

/// What shells offer.
const NORMS: &[&str] = &["op", "fro", "max", "lambda_min"];

/// Options of a network that the command takes only to say that it finds them.
pub const REFUSED: [&str; 2] = ["width", "widths"];

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Largest deviation accepted, over the norm of the limit unless --absolute
    #[arg(long, visible_alias = "within", value_name = "T", allow_negative_numbers = true)]
    #[arg(value_parser = number, help_heading = "Question")]
    tolerance: f64,
    /// Probability with which a network must be within the tolerance
    #[arg(long, visible_alias = "probability", value_name = "P", allow_negative_numbers = true)]
    #[arg(value_parser = number, help_heading = "Question")]
    confidence: f64,
    /// op (operator norm), fro (Frobenius), max (largest entry) of K - K_limit; or lambda_min: the least eigenvalue of
    /// K is at least (1 - T) times that of the limit
    #[arg(long, value_name = "NORM", default_value = "op", value_parser = words::<Norm>(NORMS), hide_possible_values = true)]
    #[arg(help_heading = "Question")]
    norm: Norm,
    /// The norm of the deviation of K/n itself, not over that of the limit
    #[arg(long)]
    #[arg(help_heading = "Question")]
    absolute: bool,
    /// Probability with which the interval may be wrong, in all
    #[arg(long, value_name = "A", default_value = "0.05", allow_negative_numbers = true)]
    #[arg(value_parser = number, help_heading = "Question")]
    alpha: f64,
    /// Stop where m_high is at most this many times m_low
    #[arg(long, value_name = "RATIO", default_value = "1.25", allow_negative_numbers = true)]
    #[arg(value_parser = number, help_heading = "Question")]
    resolution: f64,
    /// Most networks to draw, for each kind of network [default: no limit]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = count::<u64>, help_heading = "Question")]
    max_networks: Option<u64>,
    /// Stop after this time in all, such as 90s, 10m or 2h [default: no limit]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    #[arg(value_parser = time, help_heading = "Question")]
    max_time: Option<Duration>,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    data: DataArgs,
    /// direct (draws every weight), conditional (same law, cost linear in the width) or auto (the cheaper)
    /// [default: auto]
    #[arg(long, value_name = "NAME", help_heading = "Sampling")]
    sampler: Option<SamplerChoice>,
    /// First seed, as A..; or A..B to draw none from B on [default: 0..]
    #[arg(long, value_name = "A..", allow_hyphen_values = true, value_parser = seeds, help_heading = "Sampling")]
    seeds: Option<(u64, u64)>,
    #[command(flatten)]
    engine: EngineArgs,
    /// Run directory that keeps every network: resumed, and extended by another question of the same networks, which
    /// draws only what is missing
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath, help_heading = "Output")]
    out: Option<PathBuf>,
    /// Print JSON
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// The words behind `eoc` that ask the same, where they are not those of the command line.
    #[arg(skip)]
    words: Option<Vec<String>>,
}

/// A question about one kind of network, with the answer.
pub struct Found {
    cell: Cell,
    question: Question,
    answer: Answer,
    /// The same as a directory keeps it.
    shown: WidthAnswer,
}

/// Finds the widths.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let asked = args.question();
    asked.check().map_err(Failure::unusable)?;
    let cells = args.cells()?;
    if args.out.is_some() {
        input::check_kept(&args.data.data)?;
    }
    let kinds = cells.len();
    let data = args.data.load_heard(ctx)?;
    let threads = args.engine.threads.start()?;
    let engine = args.engine.open_heard(&[args.engine.precision()?], &threads, ctx)?;
    ctx.on_stop(": what is known by then is printed");
    let added = Arc::new(AtomicU64::new(0));
    let (engine, clock) = (&*engine, Clock::start(args.max_time, ctx.stop()));
    let known = Arc::new(Mutex::new(None));
    let watchdog = watchdog(args, &added, &known, ctx);
    let added_by = Arc::clone(&added);
    let asking = Asking { args, engine, data: &data, asked: &asked, ctx, clock, added: added_by, known };
    let (found, stopped) = asking.all(cells)?;
    drop(watchdog);
    let typed = args.words.as_deref().unwrap_or(ctx.words());
    let shown = WidthQuestion {
        cells: found.iter().map(|f| f.shown.clone()).collect(),
        ..WidthQuestion::of(&asked, &found[0].cell)
    };
    if args.json {
        let json = args.json(&shown, kinds).map_err(Failure::running)?;
        ctx.write(&format!("{json}\n"))?;
    } else {
        ctx.account(&words::table(&found, &shown, terminal::columns()))?;
        ctx.account(&words::sentences(args, &found, &shown, kinds))?;
    }
    if let (Some(out), false) = (&args.out, stopped == Stop::Signal) {
        let _watchdog = stopping::watchdog_of_report(out, &added, ctx);
        match report::again(out, &threads) {
            Ok(figures) if !args.json && !figures.is_empty() => ctx.account(&words::report(out, &figures))?,
            Ok(_) => {}
            Err(error) => ctx.note(&format!("eoc: no report: {error:#}\n")),
        }
    }
    if !args.json {
        ctx.account(&words::for_more(args, &found, stopped, typed))?;
    }
    if stopped != Stop::Signal {
        return Ok(Status::Done);
    }
    match status(ctx.time_limit(), added.load(Ordering::Relaxed)) {
        Status::Failed => Err(Failure::running(anyhow::Error::msg(nothing_kept(args.out.as_deref())))),
        status => Ok(status),
    }
}

/// Why a batch system must not start the task again.
fn nothing_kept(out: Option<&Path>) -> String {
    match out {
        Some(_) => {
            "stopped by the time-limit signal before one new network was kept; give the task more time"
                .to_owned()
        }
        None => "stopped by the time-limit signal; nothing is kept without --out DIR".to_owned(),
    }
}

/// The end of a search in a step that does not hear signals, such as the spectrum of thousands of points.
fn watchdog(args: &Args, added: &Arc<AtomicU64>, known: &Known, ctx: &Context) -> Watchdog {
    let (out, added, time_limit) = (args.out.clone(), Arc::clone(added), ctx.time_limit_flag());
    let known = Arc::clone(known);
    Watchdog::over(ctx, move || {
        let status = status(time_limit.load(Ordering::Relaxed), added.load(Ordering::Relaxed));
        let why = match status {
            Status::Failed => nothing_kept(out.as_deref()),
            Status::TimeLimit => "stopped by the time-limit signal".to_owned(),
            _ => "interrupted".to_owned(),
        };
        let known = known.lock().ok().and_then(|known| known.as_ref().map(words::known));
        let known = known.map_or(String::new(), |known| format!(", {known}"));
        let error =
            anyhow::Error::msg(format!("{why}, in the middle of a step that cannot be broken off{known}"));
        Failure { status, error: Some(error) }
    })
}

/// What broke off the drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nothing did.
    Not,
    /// A signal.
    Signal,
    /// The time was over.
    Time,
}
