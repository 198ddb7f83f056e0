//! Bootstrap intervals of statistics over cells that share their draws.
//!
//! The width is not in the key of a random stream, so the networks of one seed in different cells are made of the
//! same deviates and their deviations are correlated. Resampling therefore draws *seeds*, with replacement, and takes
//! every cell's number of a drawn seed: the pairing survives, and with it the gain in a ratio or a slope.
//!
//! The interval is the percentile interval of [`RESAMPLES`] resamples. Resample i draws from the bootstrap stream of
//! seed i, so it is the same whatever the thread, and the same in every interval of a table of equal size.
//! Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13.
//!
//! Cost: RESAMPLES × cells × seeds numbers copied, plus the statistic; shared by the threads of
//! [`Threads::install`](crate::Threads::install).

use rand::RngExt;

use super::Interval;
use super::quantile::select_quantile;
use crate::rng::{Role, Stream};
use crate::threads;
use crate::units::are;

/// Resamples per interval: the limits of a 95 % interval are its 25th and 975th values.
pub const RESAMPLES: u64 = 1000;

/// Seeds below which a resample has too few distinct values for an interval.
pub const FEWEST_SEEDS: usize = 8;

/// One number per cell and seed, over the seeds that all cells have.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedTable {
    /// A row per cell, all of one length.
    rows: Vec<Vec<f64>>,
}

/// Why there is no interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoInterval {
    /// Too few seeds are finished in all cells.
    #[error("an interval needs {FEWEST_SEEDS} seeds that all cells share, {} there", are(*.0, "seed"))]
    Seeds(usize),
    /// The statistic is undefined in a resample.
    #[error("a resample of the seeds leaves the value undefined")]
    Undefined,
}

impl SeedTable {
    /// From (seeds, values) of each cell, seeds ascending. Seeds that a cell lacks, or whose value there is NaN, are
    /// left out of all.
    pub fn joint(cells: &[(&[u64], &[f64])]) -> Self {
        let value = |(seeds, values): &(&[u64], &[f64]), seed: u64| {
            let at = seeds.binary_search(&seed).ok()?;
            values.get(at).copied().filter(|v| !v.is_nan())
        };
        let shortest = cells.iter().map(|c| c.0).min_by_key(|s| s.len()).unwrap_or(&[]);
        let mut rows = vec![Vec::with_capacity(shortest.len()); cells.len()];
        for &seed in shortest {
            let joint: Option<Vec<f64>> = cells.iter().map(|cell| value(cell, seed)).collect();
            if let Some(joint) = joint {
                rows.iter_mut().zip(joint).for_each(|(row, v)| row.push(v));
            }
        }
        Self { rows }
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.rows.len()
    }

    /// Number of seeds that all cells share.
    pub fn seeds(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// The numbers of a cell, in the order of the shared seeds.
    pub fn row(&self, cell: usize) -> &[f64] {
        self.rows.get(cell).map_or(&[], Vec::as_slice)
    }

    /// The statistic of the table itself. It may move the numbers of a row about.
    pub fn value<T>(&self, statistic: impl Fn(&mut [Vec<f64>]) -> T) -> T {
        statistic(&mut self.rows.clone())
    }

    /// The percentile interval of a statistic, None where it is undefined. It is given the rows of a resample and may
    /// move the numbers of a row about.
    pub fn interval(
        &self,
        confidence: f64,
        statistic: impl Fn(&mut [Vec<f64>]) -> Option<f64> + Sync,
    ) -> Result<Interval, NoInterval> {
        Ok(self.resampled(statistic)?.interval(confidence))
    }

    /// A statistic of every resample, of which intervals can be taken at several confidences.
    pub fn resampled(
        &self,
        statistic: impl Fn(&mut [Vec<f64>]) -> Option<f64> + Sync,
    ) -> Result<Resampled, NoInterval> {
        let seeds = self.seeds();
        if seeds < FEWEST_SEEDS {
            return Err(NoInterval::Seeds(seeds));
        }
        let scratch = || (self.rows.clone(), vec![0; seeds]);
        let one = |(rows, drawn): &mut (Vec<Vec<f64>>, Vec<usize>), i: usize| {
            let mut stream = Stream::new(i as u64, Role::Bootstrap);
            drawn.fill_with(|| stream.random_range(0..seeds as u64) as usize);
            for (row, from) in rows.iter_mut().zip(&self.rows) {
                for (v, &at) in row.iter_mut().zip(drawn.iter()) {
                    *v = from[at];
                }
            }
            statistic(rows).filter(|v| v.is_finite())
        };
        let resampled: Option<Vec<f64>> =
            threads::map_with(RESAMPLES as usize, scratch, one).into_iter().collect();
        resampled.map(Resampled).ok_or(NoInterval::Undefined)
    }
}

/// A statistic of [`RESAMPLES`] resamples.
#[derive(Clone, Debug, PartialEq)]
pub struct Resampled(Vec<f64>);

impl Resampled {
    /// The percentile interval.
    pub fn interval(&mut self, confidence: f64) -> Interval {
        let tail = (1.0 - confidence) / 2.0;
        Interval { low: select_quantile(&mut self.0, tail), high: select_quantile(&mut self.0, 1.0 - tail) }
    }

    /// The lower limit that so many of such statistics have together at the confidence of one; None where so many resamples do not reach
    /// as far.
    pub fn low_of(&mut self, confidence: f64, count: usize) -> Option<f64> {
        let tail = (1.0 - confidence) / 2.0 / count as f64;
        (tail * self.0.len() as f64 >= 1.0).then(|| select_quantile(&mut self.0, tail))?
    }
}

/// The ratio of the medians of row 0 and row 1; None where it is undefined.
pub fn median_ratio(rows: &mut [Vec<f64>]) -> Option<f64> {
    let [top, bottom] = rows else { return None };
    let ratio = select_quantile(top, 0.5)? / select_quantile(bottom, 0.5)?;
    ratio.is_finite().then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normals(seed: u64, count: usize) -> Vec<f64> {
        let mut stream = Stream::new(seed, Role::Data);
        (0..count).map(|_| stream.normal()).collect()
    }

    fn mean(rows: &mut [Vec<f64>]) -> Option<f64> {
        Some(rows[0].iter().sum::<f64>() / rows[0].len() as f64)
    }

    #[test]
    fn the_table_holds_the_seeds_that_all_cells_share() {
        let nan = f64::NAN;
        let table = SeedTable::joint(&[
            (&[1, 2, 3, 5, 8], &[0.1, 0.2, 0.3, 0.5, 0.8]),
            (&[0, 2, 3, 5, 8], &[10.0, 12.0, nan, 15.0, 18.0]),
        ]);
        assert_eq!(table.rows, [vec![0.2, 0.5, 0.8], vec![12.0, 15.0, 18.0]]);
        assert_eq!((table.cells(), table.seeds()), (2, 3));
        assert_eq!(SeedTable::joint(&[]).seeds(), 0);
    }

    #[test]
    fn the_interval_of_a_mean_is_the_textbook_one() {
        let count = 400;
        let values = normals(1, count);
        let seeds: Vec<u64> = (0..count as u64).collect();
        let table = SeedTable::joint(&[(&seeds, &values)]);
        let interval = table.interval(0.95, mean).unwrap();
        let half = 1.96 * crate::stats::Moments::of(&values).standard_error().unwrap();
        let centre = table.value(mean).unwrap();
        // The limits of 1000 resamples are known to about 0.08 standard errors: four of them.
        let tolerance = 0.16 * half;
        assert!((interval.low.unwrap() - (centre - half)).abs() < tolerance);
        assert!((interval.high.unwrap() - (centre + half)).abs() < tolerance);
        // The 90 % interval is another: 1.645/1.96 of the width.
        let narrow = table.interval(0.9, mean).unwrap();
        assert!(narrow.high.unwrap() < interval.high.unwrap() - 0.05 * half);
        assert_eq!(table.interval(0.95, mean), Ok(interval));
        // A limit of ten at once is that of 99.5 % of one; of fifty, a thousand resamples do not tell.
        let mut resampled = table.resampled(mean).unwrap();
        assert_eq!(resampled.low_of(0.95, 1), interval.low);
        assert_eq!(resampled.low_of(0.95, 10), table.interval(0.995, mean).unwrap().low);
        assert!(resampled.low_of(0.95, 10) < interval.low && resampled.low_of(0.95, 50).is_none());
    }

    #[test]
    fn pairing_survives() {
        // The second cell is twice the first, seed by seed: the ratio is exact in every joint resample.
        let values: Vec<f64> = normals(2, 64).iter().map(|z| z.exp()).collect();
        let double: Vec<f64> = values.iter().map(|v| 2.0 * v).collect();
        let seeds: Vec<u64> = (0..64).collect();
        let paired = SeedTable::joint(&[(&seeds, &double), (&seeds, &values)]);
        let interval = paired.interval(0.95, median_ratio).unwrap();
        assert_eq!((interval.low, interval.high), (Some(2.0), Some(2.0)));
        // Another order of the seeds in one cell loses it.
        let turned: Vec<f64> = double.iter().rev().copied().collect();
        let unpaired = SeedTable::joint(&[(&seeds, &turned), (&seeds, &values)]);
        let interval = unpaired.interval(0.95, median_ratio).unwrap();
        assert!(interval.high.unwrap() - interval.low.unwrap() > 0.1);
    }

    #[test]
    fn no_interval_has_a_reason() {
        let seeds: Vec<u64> = (0..8).collect();
        let few = SeedTable::joint(&[(&seeds[..7], &[1.0; 7])]);
        assert_eq!(few.interval(0.95, mean), Err(NoInterval::Seeds(7)));
        let table = SeedTable::joint(&[(&seeds, &[1.0; 8]), (&seeds, &[0.0; 8])]);
        assert_eq!(table.interval(0.95, median_ratio), Err(NoInterval::Undefined));
    }
}
