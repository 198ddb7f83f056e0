//! The exponent of a power law, deviation ≈ C·x^β, over cells that share their draws.
//!
//! ```text
//! β = Σ_i w_i log centre_i,   w_i = (log x_i − mean log x) / Σ_j (log x_j − mean log x)²
//! ```
//!
//! the least-squares slope of the log of the centre (median or mean) of each cell against log x, with a bootstrap
//! interval in which seeds are resampled jointly over the cells ([`super::bootstrap`]). The cells have equal weights:
//! the spread of log deviation hardly depends on the width.

use super::bootstrap::{Centre, NoInterval, SeedTable};
use super::{CONFIDENCE, Interval};

/// A fitted power law.
#[derive(Clone, Debug, PartialEq)]
pub struct ExponentFit {
    /// β.
    pub exponent: f64,
    /// log C, natural.
    pub log_constant: f64,
    /// The bootstrap interval of β with [`CONFIDENCE`], or why there is none.
    pub interval: Result<Interval, NoInterval>,
    /// Seeds that all cells share.
    pub seeds: usize,
}

/// Why there is no fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoFit {
    /// Fewer than two different x.
    #[error("an exponent needs two different sizes")]
    Abscissae,
    /// The cells have no seed in common.
    #[error("no seed is finished in all cells")]
    Seeds,
    /// The centre of a cell is 0, whose logarithm does not exist.
    #[error("the deviation of a cell is 0, which has no logarithm")]
    Zero,
}

/// The exponent over cells: `x[i] > 0` belongs to row i of the table.
pub fn exponent(x: &[f64], table: &SeedTable, centre: Centre) -> Result<ExponentFit, NoFit> {
    let (weights, mean_log) = weights(x).ok_or(NoFit::Abscissae)?;
    if table.seeds() == 0 || table.cells() != x.len() {
        return Err(NoFit::Seeds);
    }
    let slope = |logs: &[f64]| logs.iter().zip(&weights).map(|(y, w)| y * w).sum::<f64>();
    let found = logs(&table.centres(centre)).ok_or(NoFit::Zero)?;
    let exponent = slope(&found);
    let mean_y = found.iter().sum::<f64>() / found.len() as f64;
    Ok(ExponentFit {
        exponent,
        log_constant: mean_y - exponent * mean_log,
        interval: table.interval(CONFIDENCE, centre, |centres| logs(centres).map(|y| slope(&y))),
        seeds: table.seeds(),
    })
}

/// The weights of the slope and the mean of log x; None unless two x differ and all are positive.
pub(super) fn weights(x: &[f64]) -> Option<(Vec<f64>, f64)> {
    let logs: Vec<f64> = x.iter().map(|x| x.ln()).collect();
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    let varies = logs.iter().any(|l| *l != logs[0]) && logs.iter().all(|l| l.is_finite());
    let spread: f64 = logs.iter().map(|l| (l - mean) * (l - mean)).sum();
    (varies && spread > 0.0).then(|| (logs.iter().map(|l| (l - mean) / spread).collect(), mean))
}

/// The logarithms of centres; None where one of them has none.
fn logs(centres: &[f64]) -> Option<Vec<f64>> {
    centres.iter().map(|v| (*v > 0.0 && v.is_finite()).then(|| v.ln())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Role, Stream};

    const WIDTHS: [f64; 4] = [64.0, 256.0, 1024.0, 4096.0];

    /// Deviations 3·m^β·|z|-like, half of whose randomness a seed shares over cells.
    fn cells(beta: f64, seeds: u64, experiment: u64) -> SeedTable {
        let ids: Vec<u64> = (0..seeds).collect();
        let mut shared = Stream::new(10_000 + 10 * experiment, Role::Data);
        let common: Vec<f64> = ids.iter().map(|_| 0.3 * shared.normal()).collect();
        let rows: Vec<Vec<f64>> = WIDTHS
            .iter()
            .enumerate()
            .map(|(i, m)| {
                let mut own = Stream::new(10_001 + 10 * experiment + i as u64, Role::Data);
                common.iter().map(|c| 3.0 * m.powf(beta) * (c + 0.3 * own.normal()).exp()).collect()
            })
            .collect();
        SeedTable::joint(&rows.iter().map(|r| (ids.as_slice(), r.as_slice())).collect::<Vec<_>>())
    }

    #[test]
    fn an_exact_power_law_is_found_exactly() {
        let ids: Vec<u64> = (0..16).collect();
        let rows: Vec<Vec<f64>> = WIDTHS.iter().map(|m| vec![3.0 * m.powf(-0.5); 16]).collect();
        let table =
            SeedTable::joint(&rows.iter().map(|r| (ids.as_slice(), r.as_slice())).collect::<Vec<_>>());
        for centre in [Centre::Median, Centre::Mean] {
            let fit = exponent(&WIDTHS, &table, centre).unwrap();
            assert!((fit.exponent + 0.5).abs() < 1e-14 && (fit.log_constant - 3f64.ln()).abs() < 1e-13);
            let interval = fit.interval.unwrap();
            assert!((interval.low.unwrap() + 0.5).abs() < 1e-14);
        }
    }

    #[test]
    fn the_interval_covers_the_true_exponent_as_often_as_it_says() {
        let experiments = 200;
        let mut covered = 0;
        let mut covered_wrong = 0;
        for e in 0..experiments {
            let fit = exponent(&WIDTHS, &cells(-0.5, 64, e), Centre::Median).unwrap();
            let interval = fit.interval.unwrap();
            covered += u64::from(interval.contains(-0.5));
            covered_wrong += u64::from(interval.contains(-0.44));
        }
        // 95 % of 200 is 190; P(fewer than 176) is 2e-5 at 95 %, and a percentile interval is close to that.
        assert!(covered >= 176, "{covered} of {experiments}");
        assert!(covered_wrong <= 100, "an exponent of -0.44 is not told from -0.5: {covered_wrong}");
    }

    #[test]
    fn what_has_no_fit_says_why() {
        let table = cells(-0.5, 16, 0);
        assert_eq!(exponent(&[64.0; 4], &table, Centre::Median), Err(NoFit::Abscissae));
        assert_eq!(exponent(&[64.0], &table, Centre::Median), Err(NoFit::Abscissae));
        assert_eq!(exponent(&[], &SeedTable::joint(&[]), Centre::Median), Err(NoFit::Abscissae));
        assert_eq!(exponent(&[0.0, 1.0], &table, Centre::Median), Err(NoFit::Abscissae));
        let zero = SeedTable::joint(&[(&[1, 2], &[0.0, 0.0]), (&[1, 2], &[1.0, 1.0])]);
        assert_eq!(exponent(&[1.0, 2.0], &zero, Centre::Median), Err(NoFit::Zero));
        let apart = SeedTable::joint(&[(&[1], &[1.0]), (&[2], &[1.0])]);
        assert_eq!(exponent(&[1.0, 2.0], &apart, Centre::Median), Err(NoFit::Seeds));
        let few = SeedTable::joint(&[(&[1, 2], &[4.0, 4.0]), (&[1, 2], &[2.0, 2.0])]);
        let fit = exponent(&[1.0, 4.0], &few, Centre::Median).unwrap();
        assert_eq!((fit.exponent, fit.interval), (-0.5, Err(NoInterval::Seeds(2))));
    }
}
