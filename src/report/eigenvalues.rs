//! The eigenvalues of K/n over seeds, place by place, beside those of K∞/n; and how far they move as the width grows.
//!
//! By Weyl's inequality no eigenvalue is further from that of K∞ at the same place than ‖K−K∞‖, so that all of them are
//! within the bound of arXiv 2501.14724 where K is, and what they move by is at most of the order m^(-1/2).

use super::summary::CellSummary;
use crate::stats::{
    CONFIDENCE, Centre, ExponentFit, Moments, NoFit, Quantile, SeedTable, exponent, quantile,
};

/// The quantiles over seeds that are shown: in the middle the one with an interval.
pub(super) const SHOWN: [f64; 3] = [0.05, 0.5, 0.95];

/// A number of every seed beside that of the limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beside {
    /// That of K∞/n; None where it is infinite.
    pub limit: Option<f64>,
    /// Over seeds: at 5 %, the median, at 95 %; an infinite one is that of a matrix that is singular but for rounding.
    pub quantiles: [Quantile; 3],
}

/// The spectrum of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigenvalues {
    /// Place by place, from the least.
    pub places: Vec<Beside>,
    /// The median of the eigenvalues of a sample.
    pub middle: Beside,
    /// Largest over least.
    pub condition: Beside,
    /// The sum of a sample's over that of the limit; of the mean of K(x,x), which is known, so that its mean is 1 at
    /// every width.
    pub sum: Moments,
}

/// How the spectrum approaches that of the limit along the widths of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Approach {
    /// The exponent in m of the median of max_i |λ_i(K) − λ_i(K∞)|.
    pub moved: Result<ExponentFit, NoFit>,
    /// That of the median of |log of the condition number of K over that of K∞|.
    pub condition: Result<ExponentFit, NoFit>,
}

impl Beside {
    fn of(mut values: Vec<f64>, limit: f64) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        let [low, middle, high] = SHOWN.map(|p| quantile(&values, p, CONFIDENCE));
        Some(Self { limit: limit.is_finite().then_some(limit), quantiles: [low?, middle?, high?] })
    }

    /// The median with its interval.
    pub fn median(&self) -> &Quantile {
        &self.quantiles[1]
    }
}

impl Eigenvalues {
    /// Of a cell, whose least eigenvalues of K/n and of K∞/n are known up to `rounding`; None where its study did not
    /// keep them.
    pub(super) fn of(summary: &CellSummary, rounding: [f64; 2]) -> Option<Self> {
        let (limit, seeds) = (&summary.spectra.limit, &summary.spectra.seeds);
        if limit.is_empty() || seeds.is_empty() || seeds.iter().any(|seed| seed.len() != limit.len()) {
            return None;
        }
        let [sampled, known] = rounding;
        let total: f64 = limit.iter().sum();
        let sums: Vec<f64> = seeds.iter().map(|seed| seed.iter().sum::<f64>() / total).collect();
        let places = limit.iter().enumerate().map(|(at, &limit)| {
            let values = seeds.iter().map(|seed| seed[at]).collect();
            Beside::of(values, limit)
        });
        Some(Self {
            places: places.collect::<Option<_>>()?,
            middle: Beside::of(seeds.iter().map(|seed| middle(seed)).collect(), middle(limit))?,
            condition: Beside::of(
                seeds.iter().map(|seed| condition(seed, sampled)).collect(),
                condition(limit, known),
            )?,
            sum: Moments::of(&sums),
        })
    }
}

/// The median of numbers in ascending order.
fn middle(values: &[f64]) -> f64 {
    let half = values.len() / 2;
    if values.len() % 2 == 1 { values[half] } else { 0.5 * (values[half - 1] + values[half]) }
}

/// Largest over least; infinite where the least is within the rounding.
fn condition(values: &[f64], rounding: f64) -> f64 {
    match values {
        [least, ..] if *least > rounding.max(0.0) => values[values.len() - 1] / least,
        _ => f64::INFINITY,
    }
}

impl Approach {
    /// Along the widths m of cells; None where one of them has no eigenvalues.
    pub(super) fn of(m: &[f64], cells: &[&CellSummary]) -> Option<Self> {
        if cells.iter().any(|c| c.spectra.limit.is_empty() || c.spectra.seeds.len() != c.seeds.len()) {
            return None;
        }
        let fit = |of: fn(&[f64], &[f64]) -> f64| {
            let columns: Vec<Vec<f64>> = cells
                .iter()
                .map(|c| c.spectra.seeds.iter().map(|seed| of(seed, &c.spectra.limit)).collect())
                .collect();
            let rows: Vec<(&[u64], &[f64])> =
                cells.iter().zip(&columns).map(|(c, v)| (c.seeds.as_slice(), v.as_slice())).collect();
            exponent(m, &SeedTable::joint(&rows), Centre::Median)
        };
        Some(Self { moved: fit(moved), condition: fit(stretched) })
    }
}

/// The largest distance of eigenvalues of one place.
fn moved(found: &[f64], limit: &[f64]) -> f64 {
    found.iter().zip(limit).map(|(found, limit)| (found - limit).abs()).fold(0.0, f64::max)
}

/// |log of the condition number over that of the limit|; NaN where one of them is infinite.
fn stretched(found: &[f64], limit: &[f64]) -> f64 {
    let log = (condition(found, 0.0) / condition(limit, 0.0)).ln().abs();
    if log.is_finite() { log } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::summary::Spectra;
    use crate::study::table::CellRecord;

    fn summary(limit: &[f64], seeds: Vec<Vec<f64>>) -> CellSummary {
        CellSummary {
            seeds: (0..seeds.len() as u64).collect(),
            spectra: Spectra { limit: limit.to_vec(), seeds },
            ..CellSummary::new(CellRecord::default())
        }
    }

    #[test]
    fn quantiles_are_of_each_place() {
        let seeds = (0..21).map(|i| vec![f64::from(i), 100.0, 200.0 + f64::from(i)]).collect();
        let found = Eigenvalues::of(&summary(&[10.0, 100.0, 210.0], seeds), [0.5, 0.5]).unwrap();
        assert_eq!(found.places.len(), 3);
        assert_eq!(found.places[0].quantiles.map(|q| q.estimate), [1.0, 10.0, 19.0]);
        assert_eq!((found.middle.limit, found.middle.median().estimate), (Some(100.0), 100.0));
        // One least eigenvalue of 0 is a singular matrix, the last of the ascending condition numbers.
        assert_eq!(found.condition.limit, Some(21.0));
        assert!((found.sum.mean().unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(found.condition.median().estimate, 21.0);
        let singular = Eigenvalues::of(&summary(&[0.0, 1.0], vec![vec![-1e-9, 1.0]; 9]), [1e-6; 2]).unwrap();
        assert_eq!((singular.condition.limit, singular.condition.median().estimate), (None, f64::INFINITY));
        assert_eq!(singular.middle.limit, Some(0.5));
        assert_eq!(Eigenvalues::of(&summary(&[], Vec::new()), [0.0; 2]), None);
    }

    #[test]
    fn a_spectrum_approaches_as_it_moves() {
        let seeds = |m: f64| -> Vec<Vec<f64>> {
            let of = |i: i32| {
                let z = f64::from(i) / 10.0 - 0.95;
                vec![1.0 + 0.1 * z / m, 20.0 + z / m.sqrt()]
            };
            (0..20).map(of).collect()
        };
        let cells = [64.0, 256.0, 1024.0].map(|m| summary(&[1.0, 20.0], seeds(m)));
        let found = Approach::of(&[64.0, 256.0, 1024.0], &cells.each_ref()).unwrap();
        assert!((found.moved.unwrap().exponent + 0.5).abs() < 1e-9);
        let condition = found.condition.unwrap().exponent;
        assert!((-1.0..-0.4).contains(&condition), "{condition}");
        assert!(Approach::of(&[64.0], &[&CellSummary::new(CellRecord::default())]).is_none());
    }
}
