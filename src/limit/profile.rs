//! The limit by depth: cosine distances and the spectrum of K∞/n at the depths that a report shows.

use super::pairs::Pairs;
use super::theory::{Builder, Theory};
use super::{Limit, Parallel};
use crate::data::DataSet;
use crate::math::activation::Activation;
use crate::math::linalg::{NoConvergence, eigenvalues, max_abs};
use crate::math::{known, known_ratio};

/// The depths shown for a network of depth l: 1 … min(l, 64), then powers of two, then l.
pub fn reported_depths(depth: usize) -> Vec<usize> {
    let mut depths: Vec<usize> = (1..=depth.min(64)).collect();
    depths.extend((7..usize::BITS).map(|k| 1usize << k).take_while(|&d| d < depth));
    if depth > 64 {
        depths.push(depth);
    }
    depths
}

/// Error of an entry of K∞(x, x′), relative to √(K∞(x, x)·K∞(x′, x′)): what `tests/it/limit.rs` holds the limit to.
pub const ENTRY_ERROR: f64 = 1e-14;

/// Eigenvalues of K∞/n, each of multiplicity m_l in the full matrix.
///
/// They are those of a positive semidefinite matrix, known up to `error`: an entry is right up to
/// [`ENTRY_ERROR`]·√(K∞(x, x)·K∞(x′, x′)), so the matrix of errors has a Frobenius norm of at most [`ENTRY_ERROR`]
/// times the trace, and the solver adds at most n·2⁻⁵²·λ_max.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// n values in ascending order; what was computed below zero, by rounding, is 0.
    pub eigenvalues: Vec<f64>,
    /// Bound of the error of every eigenvalue.
    pub error: f64,
    /// λ_max/λ_min; infinite where λ_min ≤ `error`: the matrix may be singular.
    pub condition_number: f64,
}

impl Spectrum {
    /// Of `kernel`/n, `kernel` n × n and symmetric, a limit.
    pub fn of(kernel: &[f64], n: usize) -> Result<Self, NoConvergence> {
        // Entries range over 1e±230 with the data; squares of them are formed on the way.
        let most = max_abs(kernel);
        let unit = if most > 0.0 { most } else { 1.0 };
        let scaled: Vec<f64> = kernel.iter().map(|v| v / unit).collect();
        let trace: f64 = (0..n).map(|i| scaled[i * n + i]).sum();
        let mut values = eigenvalues(&scaled, n)?;
        let (least, most) = (values.first().copied().unwrap_or(0.0), values.last().copied().unwrap_or(0.0));
        let error = ENTRY_ERROR * trace + n as f64 * f64::EPSILON * most;
        let condition_number = if least > error { most / least } else { f64::INFINITY };
        values.iter_mut().for_each(|v| *v = v.max(0.0) * (unit / n as f64));
        Ok(Self { eigenvalues: values, error: error * (unit / n as f64), condition_number })
    }

    /// The least eigenvalue as text with the digits that are right, or below what it lies.
    pub fn least(&self, digits: usize) -> String {
        known(self.eigenvalues.first().copied().unwrap_or(f64::NAN), self.error, digits)
    }

    /// The largest eigenvalue as text with the digits that are right.
    pub fn largest(&self, digits: usize) -> String {
        known(self.eigenvalues.last().copied().unwrap_or(f64::NAN), self.error, digits)
    }

    /// The condition number as text with the digits that are right, or above what it lies.
    pub fn condition(&self, digits: usize) -> String {
        match (self.eigenvalues.first(), self.eigenvalues.last()) {
            (Some(&least), Some(&largest)) => known_ratio(largest, least, self.error, digits),
            _ => "-".to_owned(),
        }
    }
}

/// The limit at every reported depth, and K∞ itself at the last. Memory O(n²) per depth.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    limit: Limit,
    depths: Vec<usize>,
    deltas: Vec<Vec<f64>>,
    spectra: Vec<Spectrum>,
    theory: Option<Theory>,
}

impl Profile {
    /// One pass over all depths up to `depth`; see [`Limit::new`] for the arguments.
    pub fn new(
        data: &DataSet,
        activation: Activation,
        depth: usize,
        scale: f64,
    ) -> Result<Self, NoConvergence> {
        let mut pairs = Pairs::new(data, activation, scale);
        let depths = reported_depths(depth.max(1));
        let (mut deltas, mut spectra) = (Vec::new(), Vec::new());
        let mut theory = Builder::new(activation, pairs.n());
        for &d in &depths {
            pairs.advance_to(d);
            let (ntk, distances) = (pairs.ntk(), pairs.deltas());
            spectra.push(Spectrum::of(&ntk, pairs.n())?);
            theory.add(d, &ntk, &distances)?;
            deltas.push(distances);
        }
        let (limit, theory) = (Limit::of(&pairs), theory.finish());
        Ok(Self { limit, depths, deltas, spectra, theory })
    }

    /// K∞ at the full depth.
    pub fn limit(&self) -> &Limit {
        &self.limit
    }

    /// The reported depths, ascending; the last is that of the network.
    pub fn depths(&self) -> &[usize] {
        &self.depths
    }

    /// δ_{d−1} for the d-th reported depth, n × n each; see [`Limit::deltas`].
    pub fn deltas(&self) -> &[Vec<f64>] {
        &self.deltas
    }

    /// The first two rows that are parallel up to the rounding of their coordinates; zero rows are left out.
    pub fn parallel(&self) -> Option<Parallel> {
        self.limit.parallel()
    }

    /// What theory says beside the spectra; `None` where it says nothing: at Δ = 0, for fewer than two points, for
    /// points on one line through the origin (parallel, opposite or zero).
    pub fn theory(&self) -> Option<&Theory> {
        self.theory.as_ref()
    }

    /// The spectrum of K∞/n at each reported depth.
    pub fn spectra(&self) -> &[Spectrum] {
        &self.spectra
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depths_are_small_ones_then_powers_of_two_then_the_last() {
        assert_eq!(reported_depths(1), [1]);
        assert_eq!(reported_depths(64), (1..=64).collect::<Vec<_>>());
        assert_eq!(reported_depths(65)[63..], [64, 65]);
        assert_eq!(reported_depths(128)[63..], [64, 128]);
        assert_eq!(reported_depths(1000)[63..], [64, 128, 256, 512, 1000]);
    }

    #[test]
    fn singular_matrices_have_an_infinite_condition_number() {
        assert_eq!(Spectrum::of(&[2.0, 2.0, 2.0, 2.0], 2).unwrap().condition_number, f64::INFINITY);
        assert_eq!(Spectrum::of(&[0.0], 1).unwrap().condition_number, f64::INFINITY);
        let spectrum = Spectrum::of(&[2e200, 1e200, 1e200, 2e200], 2).unwrap();
        assert!((spectrum.condition_number - 3.0).abs() < 1e-14);
        assert!((spectrum.eigenvalues[1] / 1.5e200 - 1.0).abs() < 1e-14);
    }

    #[test]
    fn a_spectrum_says_what_is_known_of_it() {
        // Eigenvalues of K∞/n: 2 and 0, the latter up to 1e-14·(2 + 2)/2 + 2·2⁻⁵²·2.
        let singular = Spectrum::of(&[2.0, 2.0, 2.0, 2.0], 2).unwrap();
        assert_eq!((singular.least(7), singular.condition(7)), ("< 2.1e-14".into(), "> 9.5e13".into()));
        assert!(singular.eigenvalues[0] >= 0.0);
        // λ = 5e-13: known to 1.1e-14, so one digit.
        let near = Spectrum::of(&[1.0, 1.0 - 1e-12, 1.0 - 1e-12, 1.0], 2).unwrap();
        assert_eq!((near.least(7), near.condition(7)), ("5e-13".into(), "2e12".into()));
        assert_eq!(near.largest(7), "1.000000e0");
        let zero = Spectrum::of(&[0.0], 1).unwrap();
        assert_eq!((zero.least(7), zero.condition(7)), ("0".into(), "-".into()));
    }
}
