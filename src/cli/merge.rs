//! `eoc merge`: shards of a study, or grids of one name, into one run directory.

use std::path::PathBuf;

use super::context::Context;
use super::escape::{for_shell, shown};
use super::failure::{Failure, Status};
use super::stored::describe;
use super::terminal;
use super::units::counted;
use super::words::directory;
use crate::report::paragraph;
use crate::study::merge::{MergeError, Merged, merge};
use crate::study::questions::QuestionsError;
use crate::study::store::{Reader, STUDY};

/// Shown below the help.
pub const EXAMPLES: &str = "\
The order of the directories does not matter, and merging again changes nothing. Rows of one cell and
seed from one device must be equal, else nothing is merged and the status is 1. Where several devices
computed one, the least in byte order is kept, and how many there were is said. If seeds are missing, what
there is gets merged, the missing seeds are listed and the status is 1. --out is a run directory like any
other: eoc run resumes it, eoc export reads it. Runs of one name with other networks or data merge too: study.toml then asks
for the lists of all, or for the largest study where no lists have just those cells; a cell lacks only what was asked of it
in one of the runs, whatever was asked of others. Answers of eoc width come along. At most 900 directories at a time.

Examples:
  eoc merge eoc-runs/width-0123abcd-shard-*-of-4 --out eoc-runs/width-0123abcd
  eoc merge node1/run node2/run --out run";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run directories, such as those of eoc run --shard
    #[arg(value_name = "DIR", required = true, value_parser = directory())]
    dirs: Vec<PathBuf>,
    /// Run directory of the whole, created with its parents; may hold a part already
    #[arg(long, value_name = "DIR", value_parser = directory())]
    out: PathBuf,
}

/// Merges and says what is missing.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let merged = merge(&args.dirs, &args.out, &ctx.stop_flag()).map_err(refused)?;
    let Merged { study, directories, rows, devices_differ, missing } = &merged;
    let (out, room) = (shown(&args.out), terminal::columns());
    let of =
        format!("{} of study {study} from {}", counted(*rows, "sample"), counted(*directories, "directory"));
    let mut text = fitted(&format!("{out}: {of}"), room);
    if *devices_differ > 0 {
        let differ = match devices_differ {
            1 => "1 sample differs".to_owned(),
            count => format!("{count} samples differ"),
        };
        text += &fitted(&format!("{differ} between devices; the least in byte order was kept"), room);
    }
    let lacking: u128 = missing.iter().map(|m| u128::from(m.count())).sum();
    if lacking == 0 {
        ctx.account(&text)?;
        return Ok(Status::Done);
    }
    let reader = Reader::open(&args.out).map_err(Failure::running)?;
    let total: u128 = lacking + missing.iter().map(|m| u128::from(m.rows)).sum::<u128>();
    for (index, (cell, missing)) in reader.cells().iter().zip(missing).enumerate() {
        if missing.gaps.is_empty() {
            continue;
        }
        let gaps: Vec<String> =
            missing.gaps.iter().map(|gap| format!("{}..{}", gap.start, gap.end)).collect();
        let lacks = format!("cell {index} ({}): seeds {}", describe(cell), gaps.join(", "));
        text += &paragraph("missing: ", &lacks, room);
    }
    ctx.account(&text)?;
    // What the study of the whole asks for, it draws; of other cells the runs that were asked for them.
    let others = missing.iter().skip(reader.asked_cells()).any(|missing| !missing.gaps.is_empty());
    let rest = match others {
        false => {
            let [study, out] =
                [args.out.join(STUDY), args.out.clone()].map(|path| for_shell(&path.display().to_string()));
            format!("or run them with: eoc run {study} --out {out}")
        }
        true => {
            "or finish the runs that lack them (eoc run DIR/study.toml --out DIR) and merge again".to_owned()
        }
    };
    Err(Failure::running(anyhow::anyhow!(
        "{lacking} of {} {} missing; what there is is in {out}; merge again with the directories that hold the rest, \
         {rest}",
        counted(total, "sample"),
        if lacking == 1 { "is" } else { "are" }
    )))
}

/// A line that goes on below where it is longer than the terminal.
fn fitted(line: &str, room: usize) -> String {
    if line.chars().count() <= room { format!("{line}\n") } else { paragraph("", line, room) }
}

/// What cannot be used has status 2; what cannot be written, and rows that contradict each other, status 1.
fn refused(error: MergeError) -> Failure {
    match error {
        MergeError::Interrupted => Failure::interrupted(),
        MergeError::Conflict(_) => Failure::running(error),
        MergeError::Answers(error @ QuestionsError::Io { .. }) => Failure::running(error),
        MergeError::Answers(error) => Failure::unusable(error),
        MergeError::Store(ref store) if store.is_of_the_machine() => Failure::running(error),
        _ => Failure::unusable(error),
    }
}
