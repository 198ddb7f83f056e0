//! `eoc slurm`: a study as a Slurm array with a dependent merge job.

mod place;
mod quote;
mod script;

use std::path::{Path, PathBuf};
use std::process::Command;

pub use self::place::shards_of;
use self::script::{ARRAY_FILE, Job, MERGE_FILE};
pub use self::script::{ENDED, begins};
use super::builtin::{self, Named, PAPERS};
use super::config::study_notes;
use super::context::Context;
use super::escape::shown;
use super::failure::{Failure, Status};
use super::input;
use super::words::{directory, words};
use crate::math::whole;
use crate::study::builtin::NEEDED;
use crate::study::{Plan, file};

/// Most shards of one array: what eoc merge takes at once, and below what Slurm allows unless told otherwise.
const MAX_SHARDS: u32 = 900;

/// Shown below the help.
pub const EXAMPLES: &str = "\
Writes study.toml, array.sbatch and merge.sbatch into DIR, which all nodes must see, as they must
see eoc and the data. A task of the array runs one shard. Near its time limit it stops and
requeues itself; on a lost node it is requeued by Slurm; a killed one is not. The merge job runs
when all tasks have ended: it merges the shards into DIR/merged and prints the table, or lists the
missing seeds and ends with status 1. Submitting again resumes what is missing and computes nothing
twice. Logs are in DIR/logs; eoc status DIR says how far each shard is.

Examples:
  eoc slurm study.toml --shards 16 --time 2:00:00 --cpus 8 --submit
  eoc slurm --study width --shards 4 --dry-run
  eoc slurm study.toml --shards 8 --gpus 1 --time 1-00 --partition gpu --sbatch=--account=physics

The same shards under other schedulers, on files that all see; then eoc merge r/* --out run.
GNU parallel:
  parallel eoc run study.toml --shard {}/8 --out r/{} ::: {0..7}
HyperQueue:
  hq submit --array 0-7 -- sh -c \\
    'eoc run study.toml --shard $HQ_TASK_ID/8 --out r/$HQ_TASK_ID'
Kubernetes, a Job with completionMode: Indexed, completions: 8, restartPolicy: OnFailure, command:
  sh -c 'I=$JOB_COMPLETION_INDEX; eoc run study.toml --shard $I/8 --out r/$I'
Ray, in Python with import ray, subprocess:
  line = 'eoc run study.toml --shard {0}/8 --out r/{0}'
  run = ray.remote(lambda i: subprocess.call(line.format(i).split()))
  print(ray.get([run.remote(i) for i in range(8)]))";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Study file, or - for standard input
    #[arg(value_name = "STUDY.toml")]
    study: Option<PathBuf>,
    /// Built-in study in place of a file, a grid of those that eoc run --help lists: needed is a search, which has no
    /// shards
    #[arg(long = "study", value_name = "NAME", conflicts_with = "study")]
    #[arg(value_parser = words::<Named>(builtin::GRIDS), hide_possible_values = true)]
    builtin: Option<Named>,
    /// The built-in study with fewer seeds
    #[arg(long, requires = "builtin")]
    quick: bool,
    /// Number of shards, each a task of the array: 1 to 900
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = shards)]
    shards: u32,
    /// Directory of the job, created with its parents [default: eoc-runs/NAME-HASH8-slurm]
    #[arg(long, value_name = "DIR", value_parser = directory())]
    out: Option<PathBuf>,
    /// GPUs of a task [default: none, and the CPU computes]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = positive)]
    gpus: Option<u32>,
    /// CPUs of a task, and threads of eoc [default: what Slurm gives, most often 1]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = positive)]
    cpus: Option<u32>,
    /// Time limit of a task as Slurm writes it: minutes, H:MM:SS or D-HH:MM:SS [default: that of the partition]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = time)]
    time: Option<String>,
    /// Partition [default: that of the cluster]
    #[arg(long, value_name = "NAME", value_parser = quote::plain)]
    partition: Option<String>,
    /// One more option for both jobs, such as --sbatch=--account=NAME; repeatable
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true, value_parser = option)]
    sbatch: Vec<String>,
    /// Submit both jobs
    #[arg(long)]
    submit: bool,
    /// Print the scripts and write nothing
    #[arg(long, conflicts_with = "submit")]
    dry_run: bool,
}

/// Writes and prints the scripts; submits them where asked to.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let plan = plan(args)?;
    ctx.note(&study_notes(&plan));
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| Path::new("eoc-runs").join(format!("{}-slurm", plan.directory_name())));
    let absolute = std::path::absolute(&out).map_err(|error| {
        Failure::unusable(anyhow::Error::from(error).context(format!("directory {}", out.display())))
    })?;
    let program = ctx
        .program()
        .map_err(|error| Failure::running(anyhow::Error::from(error).context("where this program lies")))?;
    let text =
        |what: &str, path| quote::path(path).map_err(|error| Failure::refused(format!("{what} {error}")));
    let job = Job {
        name: plan.name(),
        shards: args.shards,
        program: text("the program", &program)?,
        dir: text("the directory", &absolute)?,
        gpus: args.gpus,
        cpus: args.cpus,
        time: args.time.as_deref(),
        partition: args.partition.as_deref(),
        options: &args.sbatch,
    };
    let files = [("study.toml", plan.spec().to_toml()), (ARRAY_FILE, job.array()), (MERGE_FILE, job.merge())];
    place::check(&absolute, &plan, args.shards)?;
    if args.submit {
        sbatch_is_there()?;
    }
    if !args.dry_run {
        place::write(&absolute, &files)?;
    }
    let mut text = String::new();
    for (name, script) in &files[1..] {
        text += &format!("{}:\n\n{script}\n", shown(&absolute.join(name)));
    }
    if args.submit {
        ctx.account(&text)?;
        let array = sbatch(&[absolute.join(ARRAY_FILE).as_os_str().into()])?;
        let dependency = format!("--dependency=afterany:{array}");
        let merge = sbatch(&[dependency.into(), absolute.join(MERGE_FILE).as_os_str().into()])?;
        ctx.print(&format!("Submitted array job {array} and merge job {merge}.\n"))?;
    } else if args.dry_run {
        ctx.print(&format!("{text}Nothing was written.\n"))?;
    } else {
        ctx.print(&format!("{text}Submit with:\n  {}\n", job.submit_line()))?;
    }
    Ok(Status::Done)
}

/// The study, refused here and not by every task.
fn plan(args: &Args) -> Result<Plan, Failure> {
    let Some(path) = &args.study else {
        let study = match args.builtin {
            Some(Named::Grid(study)) => study,
            Some(Named::Needed) => {
                return Err(Failure::refused(format!(
                    "the study {NEEDED} is a search, where each draw depends on those before, and has no shards; \
                     eoc run --study {NEEDED} resumes"
                )));
            }
            Some(Named::Papers) => {
                return Err(Failure::refused(format!(
                    "{PAPERS} is the quick form of every built-in study, one after another; give --study one of them"
                )));
            }
            None => {
                return Err(Failure::refused(
                    "the study is missing; give a study file, - for one on standard input, or --study NAME",
                ));
            }
        };
        return Plan::new(study.spec(args.quick)).map_err(Failure::unusable);
    };
    let of =
        |error: anyhow::Error| Failure::unusable(error.context(format!("study file {}", path.display())));
    let (text, directory) = input::study(path).map_err(|e| of(e.into()))?;
    let spec = file::parse(&text).map_err(|e| of(e.into()))?.relative_to(&directory);
    input::check_kept(spec.source.as_deref().unwrap_or_default())?;
    Plan::new(spec).map_err(|e| of(e.into()))
}

/// Refuses, before anything is written, where Slurm is not there.
fn sbatch_is_there() -> Result<(), Failure> {
    match Command::new("sbatch").arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(Failure::refused(
            "--submit needs sbatch, which does not run here; call eoc where Slurm is, or leave out --submit",
        )),
    }
}

/// Submits a job; its number.
fn sbatch(args: &[std::ffi::OsString]) -> Result<String, Failure> {
    let failed = |why: String| Failure::running(anyhow::anyhow!("sbatch did not take the job: {why}"));
    let output = Command::new("sbatch").arg("--parsable").args(args).output();
    let output = output.map_err(|error| failed(error.to_string()))?;
    // On several clusters the number is followed by a semicolon and the name of one.
    let text = String::from_utf8_lossy(&output.stdout);
    let number = text.trim().split(';').next().unwrap_or_default().to_owned();
    if !output.status.success() || number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(failed(format!("{}{}", text, String::from_utf8_lossy(&output.stderr))));
    }
    Ok(number)
}

fn shards(text: &str) -> Result<u32, String> {
    let count = whole(text).filter(|n| (1..=MAX_SHARDS).contains(n));
    count.ok_or_else(|| format!("give a number of shards from 1 to {MAX_SHARDS}"))
}

fn positive(text: &str) -> Result<u32, String> {
    whole(text).filter(|n| *n > 0).ok_or_else(|| "give a positive integer such as 4".to_owned())
}

/// A time limit in one of Slurm's forms; not of zero.
fn time(text: &str) -> Result<String, String> {
    let (days, clock) = text.split_once('-').map_or((None, text), |(days, clock)| (Some(days), clock));
    let parts: Vec<&str> = days.into_iter().chain(clock.split(':')).collect();
    let numbers: Option<Vec<u32>> = parts
        .iter()
        .map(|p| p.parse().ok().filter(|_| p.len() < 6 && p.bytes().all(|b| b.is_ascii_digit())))
        .collect();
    let few = clock.split(':').count() <= 3;
    match numbers {
        Some(numbers) if few && numbers.iter().any(|n| *n > 0) => Ok(text.to_owned()),
        _ => {
            Err("give minutes, MM:SS, H:MM:SS, D-HH, D-HH:MM or D-HH:MM:SS, such as 90 or 2:00:00".to_owned())
        }
    }
}

fn option(text: &str) -> Result<String, String> {
    if !text.starts_with("--") {
        return Err(
            "give an option of sbatch that begins with --, such as --sbatch=--account=NAME".to_owned()
        );
    }
    quote::plain(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_slurm() {
        for text in ["1", "90", "30:00", "2:00:00", "1-00", "1-12:30", "2-00:00:01"] {
            assert_eq!(time(text), Ok(text.to_owned()));
        }
        for text in
            ["", "0", "0:00:00", "-5", "1:2:3:4", "2h", "1-", "1--2", "1.5", "2 00", "1-2-3", "999999"]
        {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
