//! `eoc slurm`: the scripts with stand-ins for Slurm's commands, and on a real Slurm of two nodes.

use crate::support::without;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

mod fake;
mod real;

const PROGRAM: &str = env!("CARGO_BIN_EXE_eoc");

/// Two cells, of which a shard takes some seconds with `seeds` in the thousands.
fn study(seeds: u64) -> String {
    format!(
        "name = 'drama'\nseeds = {seeds}\n[network]\nactivation = ['abs', 'relu']\ndepth = 4\nwidth = 2048\n[data]\n\
         source = 'digits:n=16'\n"
    )
}

fn eoc(at: &Path, args: &[&str]) -> Output {
    Command::new(PROGRAM).args(args).current_dir(at).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs what must work; what it prints.
#[track_caller]
fn done(at: &Path, args: &[&str]) -> String {
    let output = eoc(at, args);
    assert_eq!(output.status.code(), Some(0), "eoc {args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// The rows of a run without device and seconds, which belong to no byte promise.
fn rows(at: &Path, dir: &Path) -> Vec<String> {
    let csv = done(at, &["export", dir.to_str().unwrap(), "--format", "csv"]);
    without(&csv, &["device", "seconds"])
}

/// A directory whose name needs quotes.
fn job_dir(at: &Path) -> PathBuf {
    at.join("a job's dir")
}
