//! The table of times, and their slopes in words.

use super::Along;
use crate::cli::bench::case::Times;
use crate::cli::units::bytes;
use crate::report::{Align, Layout, paragraph};
use crate::sampler::Sampler;
use crate::stats::{Interval, log_slope, slope_of_rounds};

/// One sampler at one size. Times are of a seed, or of a batch where the seeds of a batch are the size.
pub(super) struct Row {
    pub(super) size: u64,
    pub(super) sampler: Sampler,
    /// Seconds.
    pub(super) times: Times,
    /// Of a batch.
    pub(super) seeds: usize,
    /// Most memory of the process while the batches ran, where the system says.
    pub(super) peak: Option<u64>,
    /// Memory of the device, as planned.
    pub(super) planned: u64,
    /// Operations that should take as long.
    pub(super) expected: f64,
    /// Seconds of every pass on a GPU.
    pub(super) passes: Vec<(&'static str, f64)>,
}

/// The rows of each sampler, which stand together.
pub(super) fn by_sampler(rows: &[Row]) -> impl Iterator<Item = &[Row]> {
    rows.chunk_by(|a, b| a.sampler == b.sampler)
}

pub(super) fn table(rows: &[Row], along: Along) -> Layout {
    let right = |name| (name, Align::Right);
    let of = &*format!("ms {}", along.unit());
    let keys = ["sampler".to_owned(), along.symbol().to_owned()];
    let mut table = Layout::new(keys.to_vec(), vec![Align::Left, Align::Right])
        .group([right(of), right("least"), right("greatest"), right("times the one before")])
        .group([right("memory"), right("planned")]);
    let mut before: Option<&Row> = None;
    for row in rows {
        let ms = |seconds: f64| format!("{:.4}", 1e3 * seconds);
        let earlier = before.filter(|b| b.sampler == row.sampler);
        let ratio = earlier.map(|b| row.times.median / b.times.median);
        table.push(vec![
            row.sampler.to_string(),
            row.size.to_string(),
            ms(row.times.median),
            ms(row.times.least),
            ms(row.times.greatest),
            ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
            row.peak.map_or_else(|| "-".to_owned(), bytes),
            bytes(row.planned),
        ]);
        before = Some(row);
    }
    table
}

/// The slope of a sampler's times with its interval, and that of the count.
pub(super) fn slope(rows: &[Row]) -> Option<(f64, Option<Interval>, f64)> {
    let x: Vec<f64> = rows.iter().map(|row| row.size as f64).collect();
    let rounds = rows.iter().map(|row| row.times.rounds.len()).min()?;
    let round = |r: usize| rows.iter().map(|row| row.times.rounds[r]).collect();
    let (found, interval) = slope_of_rounds(&x, &(0..rounds).map(round).collect::<Vec<_>>())?;
    let expected: Vec<f64> = rows.iter().map(|row| row.expected).collect();
    Some((found, interval, log_slope(&x, &expected)?))
}

/// The slopes in words, and those of the passes of a GPU.
pub(super) fn slopes(rows: &[Row], along: Along, room: usize) -> String {
    let mut text = String::new();
    for rows in by_sampler(rows) {
        let Some((found, interval, expected)) = slope(rows) else { continue };
        let interval = match interval {
            Some(Interval { low: Some(low), high: Some(high) }) => format!(" [{low:.2}, {high:.2}]"),
            _ => String::new(),
        };
        let words = format!(
            "the time grows as {} to the power {found:.2}{interval}; the count of operations, deviates and \
             factorisations grows as {expected:.2}",
            along.symbol()
        );
        text += &paragraph(&format!("{}: ", rows[0].sampler), &words, room);
        text += &passes(rows, along, room);
    }
    text + &paragraph(
        "",
        "Slopes are of all sizes together. The intervals, 95 % over rounds, are of the noise within a size: what was \
         slow for all rounds of one size is not in them. A count that grows faster than the time says that small sizes \
         are bound by something else.",
        room,
    )
}

/// The passes of a GPU at every size, with the slope of each, and all of them together.
fn passes(rows: &[Row], along: Along, room: usize) -> String {
    let mut names: Vec<&str> = rows.iter().flat_map(|row| row.passes.iter().map(|pass| pass.0)).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return String::new();
    }
    let mut table = Layout::new(vec![format!("us {}", along.unit())], vec![Align::Left]);
    let sizes: Vec<String> = rows.iter().map(|row| row.size.to_string()).collect();
    for size in &sizes {
        table = table.group([(size.as_str(), Align::Right)]);
    }
    table = table.group([("slope", Align::Right)]);
    let of_pass = |name: &str, row: &Row| row.passes.iter().find(|pass| pass.0 == name).map(|pass| pass.1);
    let together = |row: &Row| row.passes.iter().map(|pass| pass.1).reduce(|sum, seconds| sum + seconds);
    for name in names.into_iter().chain(["together"]) {
        let at = |row: &Row| if name == "together" { together(row) } else { of_pass(name, row) };
        let seconds: Vec<Option<f64>> = rows.iter().map(at).collect();
        let x: Vec<f64> =
            rows.iter().zip(&seconds).filter(|(_, s)| s.is_some()).map(|(r, _)| r.size as f64).collect();
        let slope = log_slope(&x, &seconds.iter().flatten().copied().collect::<Vec<_>>());
        let number =
            |value: Option<f64>, digits| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"));
        let mut cells = vec![name.to_owned()];
        cells.extend(seconds.iter().map(|s| number(s.map(|s| 1e6 * s), 2)));
        cells.push(number(slope, 2));
        table.push(cells);
    }
    table.text(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows_of(exponent: f64) -> Vec<Row> {
        let row = |size: u64| {
            let second = 1e-3 * (size as f64).powf(exponent);
            let times = Times { median: second, least: second, greatest: second, rounds: vec![second; 3] };
            let (expected, passes) =
                (7.0 * (size as f64).powi(2), vec![("gram", second / 2.0), ("draw", second / 4.0)]);
            let (sampler, planned) = (Sampler::Direct, 1 << 20);
            Row { size, sampler, times, seeds: 5, peak: None, planned, expected, passes }
        };
        [4, 8, 16].map(row).into()
    }

    #[test]
    fn slopes_are_those_of_the_times_and_of_the_count() {
        let rows = rows_of(1.5);
        let (found, interval, expected) = slope(&rows).unwrap();
        assert!((found - 1.5).abs() < 1e-12 && (expected - 2.0).abs() < 1e-12);
        // Rounds that are all alike leave no doubt.
        let interval = interval.unwrap();
        assert!((interval.low.unwrap() - 1.5).abs() < 1e-9 && (interval.high.unwrap() - 1.5).abs() < 1e-9);
        let text = slopes(&rows, Along::M, 80);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("direct: the time grows as m to the power 1.50 [1.50, 1.50]"), "{text}");
        assert!(words.contains("grows as 2.00") && !text.contains("conditional"), "{text}");
        assert!(words.contains("gram 4000.00 11313.71 32000.00 1.50"), "{text}");
        assert!(words.contains("together 6000.00 16970.56 48000.00 1.50"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}
