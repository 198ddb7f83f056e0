//! `eoc status`: how far runs are, while they run or not; how to make a run again; how to make one of its samples
//! again.

mod again;
mod log;
mod look;
mod many;
mod pace;
mod searches;

use std::path::{Path, PathBuf};

pub use self::again::reproduce;
use self::again::{RowName, sample_line};
use self::many::Survey;
use self::pace::{pace, times};
use super::context::Context;
use super::escape::shown;
use super::failure::{Failure, Status};
use super::stored::{describe, unusable};
use super::terminal;
use super::units::{counted, duration};
use super::words::directory;
use crate::files::distinct;
use crate::report::paragraph;
use crate::study::store::Reader;
use crate::study::{Directory, Missing};

/// Shown below the help.
pub const EXAMPLES: &str = "\
Nothing is written, and runs may be at work. The time to go is that of one process: what is missing of every cell, \
times the seconds that its samples took so far, or, where it has none, those of the other cells in proportion to its \
cost.

Of several directories, and of the directory of a Slurm job, which stands for its shards, there is a line each, once: done, \
running (a process holds its lock), waiting (stopped by the time-limit signal, to be started again), failed (rows are \
missing and no process is at work, or the log of its task says so), or missing (not begun). The last line has the rate \
of all that run together, and the longest time to go.

--json prints one object. Its directories are an array of directory, study, shard (null for a whole), state (a word of \
those above), rows and total (samples that are there and that are asked for; total is null where no study is known), \
rate (samples a second of one process, null without samples), to_go (seconds, null where unknown) and reason (of a \
failure, else null); total has rows, total, rate, to_go as the last line has, and how many are done, running, waiting, \
failed and missing.

Examples:
  eoc status eoc-runs/first-0123abcd
  eoc status eoc-runs/width-0123abcd-shard-*
  eoc status eoc-runs/width-0123abcd-slurm --json
  eoc status eoc-runs/first-0123abcd --reproduce > again.toml
  eoc status eoc-runs/first-0123abcd --row 3,17";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run directories, or directories of Slurm jobs
    #[arg(value_name = "DIR", required = true, value_parser = directory())]
    dirs: Vec<PathBuf>,
    /// Print one object for programs; its keys are listed below
    #[arg(long, conflicts_with_all = ["reproduce", "row"])]
    json: bool,
    /// Print the study with the command, version and devices that made the run, as a study file
    #[arg(long, conflicts_with = "row")]
    reproduce: bool,
    /// Print the eoc sample line that draws the kernel of this row again
    #[arg(long, value_name = "CELL,SEED")]
    row: Option<RowName>,
}

/// Prints what is asked for.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let dirs = distinct(&args.dirs);
    let text = match (dirs.as_slice(), args.row) {
        ([dir], Some(row)) => sample_line(&Reader::open(dir).map_err(unusable)?, dir, row)?,
        ([dir], None) if args.reproduce => {
            reproduce(&Reader::open(dir).map_err(unusable)?, dir).map_err(unusable)?
        }
        (dirs, row) if row.is_some() || args.reproduce => {
            return Err(Failure::refused(format!(
                "--reproduce and --row are of one run, and {} are given; name one",
                counted(dirs.len(), "directory")
            )));
        }
        ([dir], _) if !args.json && !many::is_job(dir) => {
            fitted(&progress(&Reader::open(dir).map_err(unusable)?, dir)?, terminal::columns())
        }
        (dirs, _) => {
            let survey = Survey::of(dirs)?;
            if args.json {
                ctx.write(&format!("{:#}\n", survey.json()))?;
                return Ok(Status::Done);
            }
            survey.table(terminal::columns())
        }
    };
    ctx.print(&text)?;
    Ok(Status::Done)
}

/// Lines that are longer than the terminal go on below, behind their heads of this many columns.
fn fitted(text: &str, room: usize) -> String {
    let fit = |line: &str| match line.split_at_checked(HEAD) {
        Some((head, rest)) if line.chars().count() > room => paragraph(head, rest, room),
        _ => format!("{line}\n"),
    };
    text.lines().map(fit).collect()
}

/// Columns of the word before what is said.
const HEAD: usize = 12;

fn progress(reader: &Reader, dir: &Path) -> Result<String, Failure> {
    let manifest = reader.manifest();
    let missing = reader.missing().map_err(unusable)?;
    let times = times(reader).map_err(unusable)?;
    let at_work = Directory::in_use(dir).map_err(unusable)?;
    let (rows, total) = missing.iter().fold((0, 0u64), |(r, t), m| (r + m.rows, t.saturating_add(m.total)));
    let complete = |m: &&Missing| m.gaps.is_empty();
    let done = missing.iter().filter(complete).count();
    let stored: u64 = times.iter().map(|t| t.rows).sum();
    let mut text = format!(
        "Study:      {}, {}, seeds {}",
        manifest.directory_name(),
        counted(missing.len(), "cell"),
        manifest.asked
    );
    if !manifest.shard.is_whole() {
        text += &format!(", shard {}", manifest.shard);
    }
    text += &format!("\nDirectory:  {}, {}\n", shown(dir), if at_work { "running" } else { "not running" });
    text += &format!("Cells:      {done} of {} done\nSamples:    {rows} of {total} done", missing.len());
    if stored > rows {
        text += &format!(", and {} that are not asked for now", stored - rows);
    }
    text.push('\n');
    let others = &times[reader.shown_cells()..];
    if !others.is_empty() {
        let samples: u64 = others.iter().map(|t| t.rows).sum();
        text += &format!(
            "Others:     {} with {}, which its study does not ask for; --reproduce lists them\n",
            counted(others.len(), "cell"),
            counted(samples, "sample")
        );
    }
    let Some(hand) = missing.iter().position(|m| !m.gaps.is_empty()) else {
        return Ok(text + "To go:      nothing\n");
    };
    text += &format!("Next:       cell {hand}, {}\n", describe(&reader.cells()[hand]));
    let pace = pace(reader.cells(), &times)?;
    let seconds: f64 = missing.iter().zip(&pace).map(|(m, pace)| (m.total - m.rows) as f64 * pace).sum();
    if stored > 0 {
        let spent: f64 = times.iter().map(|t| t.seconds).sum();
        text += &format!(
            "Rate:       {:.3} samples/s there, {:.3} so far\n",
            1.0 / pace[hand],
            stored as f64 / spent
        );
        text += &format!("To go:      about {}\n", duration(seconds));
    } else {
        text += "To go:      unknown before the first samples; eoc run --dry-run calibrates\n";
    }
    Ok(text)
}
