//! The directory of a job: what may be there already, and how its files get there.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::script::ARRAY_FILE;
use crate::cli::failure::Failure;
use crate::cli::units::counted;
use crate::data::Output;
use crate::study::{Plan, file};

/// Refuses a directory that is none, one that holds something else, and one whose shards are of another study or
/// number.
pub fn check(dir: &Path, plan: &Plan, shards: u32) -> Result<(), Failure> {
    let refused = |why: String| Failure::refused(format!("{} {why}", dir.display()));
    let mut entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(refused(format!("cannot be used as a directory: {error}"))),
    };
    if entries.next().is_none() {
        return Ok(());
    }
    let Ok(script) = fs::read_to_string(dir.join(ARRAY_FILE)) else {
        return Err(refused("is not empty and no job of eoc slurm; give --out another directory".to_owned()));
    };
    let text = fs::read_to_string(dir.join("study.toml")).map_err(|error| {
        refused(format!("is a job of eoc slurm whose study.toml cannot be read: {error}"))
    })?;
    let there = file::parse(&text).ok().and_then(|spec| Plan::new(spec).ok());
    if there.is_none_or(|there| there.identity() != plan.identity()) {
        return Err(refused("holds the job of another study; give --out another directory".to_owned()));
    }
    match count(&script) {
        Some(count) if count == shards => Ok(()),
        count => Err(refused(format!(
            "holds a job of {}, not {shards}; give the same number or --out another directory",
            counted(count.unwrap_or(0), "shard")
        ))),
    }
}

/// How many shards the job in a directory has; None where there is no job.
pub fn shards_of(dir: &Path) -> Option<u32> {
    count(&fs::read_to_string(dir.join(ARRAY_FILE)).ok()?)
}

fn count(script: &str) -> Option<u32> {
    script.lines().find_map(|line| line.strip_prefix("shards="))?.parse().ok()
}

/// Writes the files, each whole or not at all, and the directory of the logs, which Slurm does not make itself.
pub fn write(dir: &Path, files: &[(&str, String)]) -> Result<(), Failure> {
    let logs = dir.join("logs");
    fs::create_dir_all(&logs).map_err(|error| {
        Failure::running(anyhow::Error::from(error).context(format!("cannot create {}", logs.display())))
    })?;
    for (name, text) in files {
        let mut file = Output::create(&dir.join(name))?;
        file.write(text.as_bytes())?;
        file.finish()?;
    }
    Ok(())
}
