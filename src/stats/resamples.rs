//! Which seeds a bootstrap draws: for each of [`RESAMPLES`] resamples as many places as there are seeds, with
//! replacement.
//!
//! Resample i draws from the bootstrap stream of seed i, so that its places are the same whatever is resampled. Most
//! intervals of a report are over equally many seeds: the places are drawn for the first of them and kept for the
//! others, up to [`KEPT`].
//!
//! A median of a resample needs no copy of its numbers. With the numbers of a cell in ascending order once, and c_k how
//! often the k-th of them was drawn, the r-th number (from 0) of the resample is the first at which c_0 + … + c_k
//! exceeds r.

use std::sync::{Arc, Mutex, PoisonError};

use rand::RngExt;

use super::quantile::{between, position};
use crate::rng::{Role, Stream};
use crate::threads;

/// Resamples per interval: the limits of a 95 % interval are its 25th and 975th values.
pub const RESAMPLES: u64 = 1000;

/// Places that are kept at most, four bytes each: those of 16 777 seeds, 64 MiB.
const KEPT: usize = 1 << 24;

/// The places for the number of seeds that was asked for last.
static LAST: Mutex<Option<(usize, Arc<Vec<u32>>)>> = Mutex::new(None);

/// The resamples of so many seeds.
pub(super) struct Resamples {
    seeds: usize,
    /// All places, resample by resample; None where they are drawn again whenever they are asked for.
    kept: Option<Arc<Vec<u32>>>,
}

impl Resamples {
    pub(super) fn of(seeds: usize) -> Self {
        if seeds.saturating_mul(RESAMPLES as usize) > KEPT {
            return Self { seeds, kept: None };
        }
        let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, kept)) = last.filter(|(size, _)| *size == seeds) {
            return Self { seeds, kept: Some(kept) };
        }
        let mut all = vec![0; seeds * RESAMPLES as usize];
        let mut resamples: Vec<(usize, &mut [u32])> = all.chunks_mut(seeds.max(1)).enumerate().collect();
        threads::for_each(&mut resamples, |(i, places)| draw(*i, places));
        let kept = Arc::new(all);
        // Whoever else drew as many at the same time drew the same.
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some((seeds, Arc::clone(&kept)));
        Self { seeds, kept: Some(kept) }
    }

    /// The places of resample i, in the order in which they are drawn; `scratch` has one for every seed.
    pub(super) fn places<'a>(&'a self, i: usize, scratch: &'a mut [u32]) -> &'a [u32] {
        match &self.kept {
            Some(kept) => &kept[i * self.seeds..(i + 1) * self.seeds],
            None => {
                draw(i, scratch);
                scratch
            }
        }
    }
}

fn draw(i: usize, places: &mut [u32]) {
    let mut stream = Stream::new(i as u64, Role::Bootstrap);
    let seeds = places.len() as u64;
    places.fill_with(|| stream.random_range(0..seeds) as u32);
}

/// The numbers of a cell in ascending order, each with its place.
pub(super) struct Ordered {
    values: Vec<f64>,
    places: Vec<u32>,
}

impl Ordered {
    pub(super) fn of(values: &[f64]) -> Self {
        let mut places: Vec<u32> = (0..values.len() as u32).collect();
        places.sort_unstable_by(|a, b| values[*a as usize].total_cmp(&values[*b as usize]));
        Self { values: places.iter().map(|at| values[*at as usize]).collect(), places }
    }

    /// The median of the numbers, each as often as its place was drawn, to the bit that of a copy of them; NaN of none.
    pub(super) fn median(&self, drawn: &[u32]) -> f64 {
        let Some((rank, share)) = position(self.values.len(), 0.5) else { return f64::NAN };
        let mut below = 0;
        let mut numbers = self.values.iter().zip(self.places.iter().map(|at| drawn[*at as usize] as usize));
        let reached = numbers.find(|(_, count)| {
            below += count;
            below > rank
        });
        let Some((&low, _)) = reached else { return f64::NAN };
        let next = if below > rank + 1 { None } else { numbers.find(|(_, count)| *count > 0) };
        between(low, share, || next.map_or(low, |(high, _)| *high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::select_quantile;

    #[test]
    fn the_median_of_counts_is_that_of_a_copy_to_the_bit() {
        for seeds in [1, 2, 3, 8, 9, 64, 257] {
            let mut stream = Stream::new(seeds as u64, Role::Data);
            // Some of them equal, some −0, some infinite.
            let number = |z: f64| if z > 1.5 { f64::INFINITY } else { (4.0 * z).round() / 3.0 };
            let values: Vec<f64> = (0..seeds).map(|_| number(stream.normal())).collect();
            let (ordered, resamples) = (Ordered::of(&values), Resamples::of(seeds));
            for i in 0..400 {
                let mut scratch = vec![0; seeds];
                let places = resamples.places(i, &mut scratch);
                let mut copy: Vec<f64> = places.iter().map(|at| values[*at as usize]).collect();
                let mut drawn = vec![0; seeds];
                places.iter().for_each(|at| drawn[*at as usize] += 1);
                let expected = select_quantile(&mut copy, 0.5).unwrap();
                assert_eq!(
                    ordered.median(&drawn).to_bits(),
                    expected.to_bits(),
                    "{seeds} seeds, resample {i}"
                );
            }
        }
        assert!(Ordered::of(&[]).median(&[]).is_nan());
    }

    #[test]
    fn what_is_kept_is_what_is_drawn() {
        let drawn = Resamples { seeds: 40, kept: None };
        // Another size between is no trap.
        for kept in [Resamples::of(40), Resamples::of(41), Resamples::of(40)] {
            if kept.seeds == 40 {
                let (mut one, mut two) = (vec![0; 40], vec![0; 40]);
                for i in [0, 7, 999] {
                    assert_eq!(kept.places(i, &mut one), drawn.places(i, &mut two));
                }
            }
        }
        assert!(Resamples::of(KEPT).kept.is_none());
        assert!(Resamples::of(0).places(999, &mut []).is_empty());
    }
}
