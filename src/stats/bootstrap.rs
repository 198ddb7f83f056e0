//! Bootstrap intervals of statistics over cells that share their draws.
//!
//! The width is not in the key of a random stream, so the networks of one seed in different cells are made of the
//! same deviates and their deviations are correlated. Resampling therefore draws *seeds*, with replacement, and takes
//! every cell's number of a drawn seed: the pairing survives, and with it the gain in a ratio or a slope.
//!
//! What is resampled is a statistic of the centres of the cells, their medians or their means: an exponent, a ratio.
//! The interval is the percentile interval of [`RESAMPLES`] resamples. Resample i draws from the bootstrap stream of
//! seed i, so it is the same whatever the thread, and the same in every interval of a table of equal size. Source:
//! Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13.
//!
//! Cost: RESAMPLES × cells × seeds numbers read, half of them for medians, plus the statistic; shared by the threads of
//! [`Threads::install`](crate::Threads::install).

use super::Interval;
use super::quantile::select_quantile;
pub use super::resamples::RESAMPLES;
use super::resamples::{Ordered, Resamples};
use crate::threads;
use crate::units::are;

/// Seeds below which a resample has too few distinct values for an interval.
pub const FEWEST_SEEDS: usize = 8;

/// What stands for a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Centre {
    /// The median over seeds.
    Median,
    /// The mean over seeds.
    Mean,
}

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

    /// The centres of the cells; NaN where no seed is shared.
    pub fn centres(&self, centre: Centre) -> Vec<f64> {
        let median = |row: &Vec<f64>| select_quantile(&mut row.clone(), 0.5).unwrap_or(f64::NAN);
        let all = (0..self.seeds() as u32).collect::<Vec<_>>();
        match centre {
            Centre::Median => self.rows.iter().map(median).collect(),
            Centre::Mean => self.rows.iter().map(|row| mean(row, &all)).collect(),
        }
    }

    /// The percentile interval of a statistic of the centres, which is None where it is undefined.
    pub fn interval(
        &self,
        confidence: f64,
        centre: Centre,
        statistic: impl Fn(&[f64]) -> Option<f64> + Sync,
    ) -> Result<Interval, NoInterval> {
        Ok(self.resampled(centre, statistic)?.interval(confidence))
    }

    /// A statistic of the centres in every resample, of which intervals can be taken at several confidences.
    pub fn resampled(
        &self,
        centre: Centre,
        statistic: impl Fn(&[f64]) -> Option<f64> + Sync,
    ) -> Result<Resampled, NoInterval> {
        let seeds = self.seeds();
        if seeds < FEWEST_SEEDS {
            return Err(NoInterval::Seeds(seeds));
        }
        let resamples = Resamples::of(seeds);
        let ordered: Vec<Ordered> = match centre {
            Centre::Median => self.rows.iter().map(|row| Ordered::of(row)).collect(),
            Centre::Mean => Vec::new(),
        };
        let scratch = || (vec![0.0; self.cells()], vec![0; seeds], vec![0; seeds]);
        let one = |(centres, drawn, scratch): &mut (Vec<f64>, Vec<u32>, Vec<u32>), i: usize| {
            let places = resamples.places(i, scratch);
            match centre {
                Centre::Median => {
                    drawn.fill(0);
                    places.iter().for_each(|at| drawn[*at as usize] += 1);
                    centres.iter_mut().zip(&ordered).for_each(|(c, row)| *c = row.median(drawn));
                }
                Centre::Mean => {
                    centres.iter_mut().zip(&self.rows).for_each(|(c, row)| *c = mean(row, places))
                }
            }
            statistic(centres).filter(|v| v.is_finite())
        };
        let resampled: Option<Vec<f64>> =
            threads::map_with(RESAMPLES as usize, scratch, one).into_iter().collect();
        resampled.map(Resampled).ok_or(NoInterval::Undefined)
    }
}

/// The mean of the numbers at these places, added in their order.
fn mean(row: &[f64], places: &[u32]) -> f64 {
    places.iter().map(|at| row[*at as usize]).sum::<f64>() / places.len() as f64
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

    /// The lower limit that so many of such statistics have together at the confidence of one; None where so many
    /// resamples do not reach as far.
    pub fn low_of(&mut self, confidence: f64, count: usize) -> Option<f64> {
        let tail = (1.0 - confidence) / 2.0 / count as f64;
        (tail * self.0.len() as f64 >= 1.0).then(|| select_quantile(&mut self.0, tail))?
    }
}

/// The first of two centres over the second; None where it is undefined.
pub fn ratio(centres: &[f64]) -> Option<f64> {
    let [top, bottom] = centres else { return None };
    Some(top / bottom).filter(|ratio| ratio.is_finite())
}

/// The geometric mean of the ratios of centres 0 : 1, 2 : 3, …; None where one of them is undefined or not positive.
pub fn mean_ratio(centres: &[f64]) -> Option<f64> {
    let log = |pair: &[f64]| Some(ratio(pair)?.ln()).filter(|log| log.is_finite());
    let logs: Option<f64> = centres.chunks(2).map(log).sum();
    Some((logs? / (centres.len() / 2) as f64).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Role, Stream};
    use rand::RngExt;

    fn normals(seed: u64, count: usize) -> Vec<f64> {
        let mut stream = Stream::new(seed, Role::Data);
        (0..count).map(|_| stream.normal()).collect()
    }

    fn first(centres: &[f64]) -> Option<f64> {
        Some(centres[0])
    }

    /// The same by the definition: the numbers of every drawn seed copied, row by row.
    fn by_copies(table: &SeedTable, centre: Centre, statistic: fn(&[f64]) -> Option<f64>) -> Vec<f64> {
        let seeds = table.seeds();
        let one = |i: u64| {
            let mut stream = Stream::new(i, Role::Bootstrap);
            let drawn: Vec<usize> =
                (0..seeds).map(|_| stream.random_range(0..seeds as u64) as usize).collect();
            let centre = |row: &Vec<f64>| {
                let mut copy: Vec<f64> = drawn.iter().map(|&at| row[at]).collect();
                match centre {
                    Centre::Median => select_quantile(&mut copy, 0.5).unwrap(),
                    Centre::Mean => copy.iter().sum::<f64>() / seeds as f64,
                }
            };
            statistic(&table.rows.iter().map(centre).collect::<Vec<_>>()).unwrap()
        };
        (0..RESAMPLES).map(one).collect()
    }

    #[test]
    fn resamples_are_those_of_copied_numbers_to_the_bit_whatever_the_threads() {
        for seeds in [8, 65, 400] {
            let ids: Vec<u64> = (0..seeds).collect();
            let rows: Vec<Vec<f64>> = (0..4).map(|cell| normals(20 + cell, seeds as usize)).collect();
            let positive: Vec<Vec<f64>> =
                rows.iter().map(|row| row.iter().map(|z| z.exp()).collect()).collect();
            let table =
                SeedTable::joint(&positive.iter().map(|row| (&ids[..], &row[..])).collect::<Vec<_>>());
            for (centre, other) in [(Centre::Median, Centre::Mean), (Centre::Mean, Centre::Median)] {
                for statistic in [mean_ratio, |c: &[f64]| ratio(&c[..2])] {
                    let expected = by_copies(&table, centre, statistic);
                    let bits = |all: &[f64]| all.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                    let found = table.resampled(centre, statistic).unwrap();
                    assert_eq!(bits(&found.0), bits(&expected), "{centre:?} of {seeds}");
                    let threads = crate::Threads::new(3).unwrap();
                    let found = threads.install(|| table.resampled(centre, statistic).unwrap());
                    assert_eq!(bits(&found.0), bits(&expected), "{centre:?} of {seeds} on three threads");
                    assert_ne!(found, table.resampled(other, statistic).unwrap());
                }
            }
        }
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
        let interval = table.interval(0.95, Centre::Mean, first).unwrap();
        let half = 1.96 * crate::stats::Moments::of(&values).standard_error().unwrap();
        let centre = table.centres(Centre::Mean)[0];
        // The limits of 1000 resamples are known to about 0.08 standard errors: four of them.
        let tolerance = 0.16 * half;
        assert!((interval.low.unwrap() - (centre - half)).abs() < tolerance);
        assert!((interval.high.unwrap() - (centre + half)).abs() < tolerance);
        // The 90 % interval is another: 1.645/1.96 of the width.
        let narrow = table.interval(0.9, Centre::Mean, first).unwrap();
        assert!(narrow.high.unwrap() < interval.high.unwrap() - 0.05 * half);
        assert_eq!(table.interval(0.95, Centre::Mean, first), Ok(interval));
        // A limit of ten at once is that of 99.5 % of one; of fifty, a thousand resamples do not tell.
        let mut resampled = table.resampled(Centre::Mean, first).unwrap();
        assert_eq!(resampled.low_of(0.95, 1), interval.low);
        assert_eq!(resampled.low_of(0.95, 10), table.interval(0.995, Centre::Mean, first).unwrap().low);
        assert!(resampled.low_of(0.95, 10) < interval.low && resampled.low_of(0.95, 50).is_none());
    }

    #[test]
    fn pairing_survives() {
        // The second cell is twice the first, seed by seed: the ratio is exact in every joint resample.
        let values: Vec<f64> = normals(2, 64).iter().map(|z| z.exp()).collect();
        let double: Vec<f64> = values.iter().map(|v| 2.0 * v).collect();
        let seeds: Vec<u64> = (0..64).collect();
        let paired = SeedTable::joint(&[(&seeds, &double), (&seeds, &values)]);
        let interval = paired.interval(0.95, Centre::Median, ratio).unwrap();
        assert_eq!((interval.low, interval.high), (Some(2.0), Some(2.0)));
        // Another order of the seeds in one cell loses it.
        let turned: Vec<f64> = double.iter().rev().copied().collect();
        let unpaired = SeedTable::joint(&[(&seeds, &turned), (&seeds, &values)]);
        let interval = unpaired.interval(0.95, Centre::Median, ratio).unwrap();
        assert!(interval.high.unwrap() - interval.low.unwrap() > 0.1);
    }

    #[test]
    fn no_interval_has_a_reason() {
        let seeds: Vec<u64> = (0..8).collect();
        let few = SeedTable::joint(&[(&seeds[..7], &[1.0; 7])]);
        assert_eq!(few.interval(0.95, Centre::Mean, first), Err(NoInterval::Seeds(7)));
        let table = SeedTable::joint(&[(&seeds, &[1.0; 8]), (&seeds, &[0.0; 8])]);
        assert_eq!(table.interval(0.95, Centre::Median, ratio), Err(NoInterval::Undefined));
    }
}
