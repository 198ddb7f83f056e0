//! Several run directories at once, and the directory of a Slurm job, which stands for its shards.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::look::{self, Run, STATES, State};
use crate::cli::failure::Failure;
use crate::cli::slurm::shards_of;
use crate::cli::stored::unusable;
use crate::cli::units::{counted, duration};
use crate::files::place;
use crate::report::{Align, Layout, paragraph};
use crate::study::STORE;
use crate::study::store::Reader;

/// Columns of the name of a directory.
const NAME: usize = 24;
/// Most reasons that are told one by one.
const REASONS: usize = 10;

/// All that were asked about.
pub struct Survey {
    runs: Vec<Run>,
}

/// Whether this is the directory of a Slurm job.
pub fn is_job(dir: &Path) -> bool {
    !dir.join(STORE).exists() && shards_of(dir).is_some()
}

impl Survey {
    /// Looks at every directory.
    pub fn of(dirs: &[PathBuf]) -> Result<Self, Failure> {
        let shards = |dir: &PathBuf| shards_of(dir).filter(|_| is_job(dir));
        // A shard that is named beside its job is a line of the job.
        let of_jobs: HashSet<PathBuf> = dirs
            .iter()
            .flat_map(|dir| (0..shards(dir).unwrap_or(0)).map(|index| place(&look::shard(dir, index))))
            .collect();
        let mut runs = Vec::new();
        for dir in dirs {
            match shards(dir) {
                None if of_jobs.contains(&place(dir)) => {}
                None => runs.push(look::run(dir)?),
                Some(count) => runs.extend(look::job(dir, count)?),
            }
        }
        if let (true, [dir, ..]) =
            (runs.iter().all(|run| run.study.is_none() && run.state == State::Missing), dirs)
            && !is_job(dir)
            && let Err(error) = Reader::open(dir)
        {
            return Err(unusable(error));
        }
        look::foresee(&mut runs)?;
        Ok(Self { runs })
    }

    fn count(&self, state: State) -> usize {
        self.runs.iter().filter(|run| run.state == state).count()
    }

    fn rows(&self) -> u64 {
        self.runs.iter().map(|run| run.rows).sum()
    }

    fn total(&self) -> Option<u64> {
        self.runs.iter().map(|run| run.total).try_fold(0, |sum: u64, total| Some(sum.saturating_add(total?)))
    }

    /// Of all that run.
    fn rate(&self) -> Option<f64> {
        let running = self.runs.iter().filter(|run| run.state == State::Running);
        running.map(|run| run.rate).try_fold(0.0, |sum, rate| Some(sum + rate?)).filter(|rate| *rate > 0.0)
    }

    /// The longest.
    fn to_go(&self) -> Option<f64> {
        self.runs.iter().map(|run| run.to_go).try_fold(0.0, |most, to_go| Some(f64::max(most, to_go?)))
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let runs: Vec<Value> = self.runs.iter().map(Run::json).collect();
        let mut total = json!({
            "rows": self.rows(), "total": self.total(), "rate": self.rate(), "to_go": self.to_go(),
        });
        for (state, word) in STATES {
            total[word] = self.count(state).into();
        }
        json!({ "directories": runs, "total": total })
    }

    /// For people, in `room` columns: a line each, the sum, and why what failed has failed.
    pub fn table(&self, room: usize) -> String {
        let mut table = Layout::new(vec!["directory".to_owned()], vec![Align::Left])
            .group([("state", Align::Left)])
            .group([("samples", Align::Right), ("done", Align::Right)])
            .group([("samples/s", Align::Right), ("to go", Align::Right)]);
        let name = NAME.min(room / 2);
        for run in &self.runs {
            table.push(vec![
                ending(&run.name, name),
                run.state.word().to_owned(),
                of(run.rows, run.total),
                percent(run.rows, run.total),
                rate(run.rate),
                run.to_go.map_or("?".to_owned(), duration),
            ]);
        }
        table.push(vec![
            "total".to_owned(),
            String::new(),
            of(self.rows(), self.total()),
            percent(self.rows(), self.total()),
            rate(self.rate()),
            self.to_go().map_or("?".to_owned(), duration),
        ]);
        let mut text = table.text(room);
        let states: Vec<String> = STATES
            .iter()
            .map(|(state, word)| (self.count(*state), word))
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        text += &format!("\n{}: {}\n", counted(self.runs.len(), "directory"), states.join(", "));
        let failed: Vec<(&str, &str)> =
            self.runs.iter().filter_map(|run| Some((run.name.as_str(), run.reason.as_deref()?))).collect();
        for (name, reason) in failed.iter().take(REASONS) {
            text += &paragraph("", &format!("{name}: {reason}"), room);
        }
        if failed.len() > REASONS {
            text += &format!("and {} more that failed\n", failed.len() - REASONS);
        }
        text
    }
}

/// The end of a long name, which tells shards apart.
fn ending(name: &str, most: usize) -> String {
    let length = name.chars().count();
    if length <= most {
        name.to_owned()
    } else {
        format!("…{}", name.chars().skip(length + 1 - most).collect::<String>())
    }
}

fn of(rows: u64, total: Option<u64>) -> String {
    format!("{rows}/{}", total.map_or("?".to_owned(), |total| total.to_string()))
}

fn percent(rows: u64, total: Option<u64>) -> String {
    // All is not said before it is done.
    total.map_or("?".to_owned(), |total| {
        format!("{} %", (u128::from(rows) * 100).checked_div(total.into()).unwrap_or(100))
    })
}

fn rate(rate: Option<f64>) -> String {
    match rate {
        None => "-".to_owned(),
        Some(rate) if rate < 100.0 => format!("{rate:.2}"),
        Some(rate) => format!("{rate:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_down_and_the_end_of_a_long_name_is_kept() {
        let name = "/scratch/users/someone/eoc-runs/width-0123abcd-slurm/shard-417";
        assert_eq!(ending(name, NAME), "…123abcd-slurm/shard-417");
        assert_eq!(ending("shard-417", NAME), "shard-417");
        assert_eq!(
            (percent(0, Some(0)), percent(999, Some(1000)), percent(1, None)),
            ("100 %".into(), "99 %".into(), "?".into())
        );
    }
}
