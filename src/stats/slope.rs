//! The slope of a time against a size, both as logarithms: 1 where twice the size takes twice as long.

use super::fit::weights;
use super::{CONFIDENCE, Interval, Moments, student_interval};

/// The least-squares slope of log y against log x; None unless all are positive and two x differ.
pub fn log_slope(x: &[f64], y: &[f64]) -> Option<f64> {
    let (weights, _) = weights(x)?;
    let positive = y.iter().all(|y| *y > 0.0 && y.is_finite());
    (positive && y.len() == x.len()).then(|| weights.iter().zip(y).map(|(w, y)| w * y.ln()).sum())
}

/// The slope of rounds of times, `rounds[r][i]` being a time at `x[i]`: the mean of the slopes of the rounds, and what
/// Student says of it with [`CONFIDENCE`]; no interval of fewer than two rounds.
pub fn slope_of_rounds(x: &[f64], rounds: &[Vec<f64>]) -> Option<(f64, Option<Interval>)> {
    let slopes: Option<Vec<f64>> = rounds.iter().map(|times| log_slope(x, times)).collect();
    let moments = Moments::of(&slopes?);
    Some((moments.mean()?, student_interval(&moments, CONFIDENCE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_of_powers_are_their_exponents() {
        let x = [64.0, 128.0, 256.0, 1024.0];
        for exponent in [-0.5, 0.0, 1.0, 2.0] {
            let y = x.map(|x: f64| 3.0 * x.powf(exponent));
            assert!((log_slope(&x, &y).unwrap() - exponent).abs() < 1e-14);
        }
        for (x, y) in [
            (&[1.0, 1.0][..], &[1.0, 2.0][..]),
            (&[1.0, 2.0], &[0.0, 2.0]),
            (&[1.0, 2.0], &[1.0, f64::NAN]),
            (&[-1.0, 2.0], &[1.0, 2.0]),
            (&[1.0, 2.0], &[1.0]),
            (&[], &[]),
        ] {
            assert_eq!(log_slope(x, y), None, "{x:?} {y:?}");
        }
    }

    #[test]
    fn the_error_is_that_of_the_rounds() {
        let x = [1.0, 2.0, 4.0];
        let round = |exponent: f64| x.map(|x: f64| x.powf(exponent)).to_vec();
        let (slope, interval) = slope_of_rounds(&x, &[round(0.9), round(1.0), round(1.1)]).unwrap();
        // s = 0.1, t of two degrees at 97.5 % is 4.302652729911275.
        let half = 0.1 / 3f64.sqrt() * 4.302_652_729_911_275;
        let interval = interval.unwrap();
        assert!((slope - 1.0).abs() < 1e-14);
        assert!((interval.low.unwrap() - (1.0 - half)).abs() < 1e-9);
        assert!((interval.high.unwrap() - (1.0 + half)).abs() < 1e-9);
        assert_eq!(slope_of_rounds(&x, &[round(1.0)]).unwrap().1, None);
        assert_eq!(slope_of_rounds(&x, &[]), None);
    }
}
