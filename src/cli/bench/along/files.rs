//! The measured times as files: every round as CSV, and the figure.

use std::path::Path;

use super::Along;
use super::table::{Row, by_sampler, slope};
use crate::backend::Engine;
use crate::cli::failure::Failure;
use crate::cli::units::counted;
use crate::report::{Timed, WriteError, comma_separated, scaling_figure, write_figures};

/// Name of the file of numbers.
pub(super) const NUMBERS: &str = "scaling.csv";
/// Names of the files of the figure, without their endings.
const FIGURE: &str = "scaling-figure";

/// Whether a file is one of an earlier measurement.
pub(super) fn is_ours(name: &str) -> bool {
    name == NUMBERS || name.strip_prefix(FIGURE).is_some_and(|ending| ending.starts_with('.'))
}

/// The numbers, and the figure of them.
pub(super) fn write(
    rows: &[Row],
    along: Along,
    fixed: &str,
    engine: &dyn Engine,
    directory: &Path,
) -> Result<(), Failure> {
    let path = directory.join(NUMBERS);
    let numbers = numbers(rows, along, engine);
    numbers.and_then(|bytes| crate::files::write(&path, &bytes)).map_err(|e| cannot_write(&path, e))?;
    let timed = by_sampler(rows).filter_map(|rows| {
        let (slope, _, expected) = slope(rows)?;
        let at = |row: &Row| {
            (row.size as f64, [row.times.median, row.times.least, row.times.greatest], row.expected)
        };
        let points = rows.iter().map(at).collect();
        Some(Timed { name: rows[0].sampler.to_string(), slope, expected, points })
    });
    let device = format!("{}, {}", engine.info().name, counted(engine.info().threads, "thread"));
    let unit = format!("seconds {}", along.unit());
    let figure =
        scaling_figure(&timed.collect::<Vec<_>>(), along.label(), &unit, &format!("{device}; {fixed}"));
    let figures = figure.map_err(|e| cannot_write(directory, e))?;
    write_figures(figures.as_slice(), &[FIGURE.to_owned()], directory).map_err(Failure::running)
}

fn cannot_write(path: &Path, source: std::io::Error) -> Failure {
    Failure::running(WriteError { path: path.to_owned(), source })
}

/// A row for every sampler, size and round, and for every pass.
fn numbers(rows: &[Row], along: Along, engine: &dyn Engine) -> std::io::Result<Vec<u8>> {
    let mut records = Vec::new();
    let threads = engine.info().threads.to_string();
    let head = [
        "device", "threads", "sampler", "along", "size", "of", "round", "seconds", "seeds", "memory",
        "planned", "count",
    ];
    for row in rows {
        let fixed =
            [engine.info().name.clone(), threads.clone(), row.sampler.to_string(), along.symbol().to_owned()];
        let tail = [
            row.seeds.to_string(),
            row.peak.map(|bytes| bytes.to_string()).unwrap_or_default(),
            row.planned.to_string(),
            row.expected.to_string(),
        ];
        let mut record = |of: &str, round: String, seconds: f64| {
            let own = [row.size.to_string(), of.to_owned(), round, seconds.to_string()];
            records.push([&fixed[..], &own, &tail].concat());
        };
        for (round, seconds) in row.times.rounds.iter().enumerate() {
            record("all", round.to_string(), *seconds);
        }
        for (pass, seconds) in &row.passes {
            record(pass, String::new(), *seconds);
        }
    }
    comma_separated(&head, &records)
}
