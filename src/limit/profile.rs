//! The limit by depth: cosine distances and the spectrum of K∞/n at the depths that a report shows.

use super::Limit;
use super::pairs::Pairs;
use super::theory::{Builder, Theory};
use crate::data::DataSet;
use crate::math::activation::Activation;
use crate::math::linalg::{NoConvergence, eigenvalues};

/// The depths shown for a network of depth l: 1 … min(l, 64), then powers of two, then l.
pub fn reported_depths(depth: usize) -> Vec<usize> {
    let mut depths: Vec<usize> = (1..=depth.min(64)).collect();
    depths.extend((7..usize::BITS).map(|k| 1usize << k).take_while(|&d| d < depth));
    if depth > 64 {
        depths.push(depth);
    }
    depths
}

/// Eigenvalues of K∞/n, each of multiplicity m_l in the full matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// n values in ascending order, as computed: those of a singular matrix are zero up to rounding, of either sign.
    pub eigenvalues: Vec<f64>,
    /// λ_max/λ_min; infinite where λ_min ≤ n·2⁻⁵²·λ_max, which f64 cannot tell from a singular matrix.
    pub condition_number: f64,
}

impl Spectrum {
    /// Of `kernel`/n, `kernel` n × n and symmetric.
    pub fn of(kernel: &[f64], n: usize) -> Result<Self, NoConvergence> {
        // Entries range over 1e±230 with the data; squares of them are formed on the way.
        let largest = kernel.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        let unit = if largest > 0.0 { largest } else { 1.0 };
        let scaled: Vec<f64> = kernel.iter().map(|v| v / unit).collect();
        let mut values = eigenvalues(&scaled, n)?;
        let (least, most) = (values.first().copied().unwrap_or(0.0), values.last().copied().unwrap_or(0.0));
        let resolved = least > n as f64 * f64::EPSILON * most;
        let condition_number = if resolved { most / least } else { f64::INFINITY };
        values.iter_mut().for_each(|v| *v *= unit / n as f64);
        Ok(Self { eigenvalues: values, condition_number })
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
        Ok(Self { limit: Limit::of(&pairs), depths, deltas, spectra, theory: theory.finish() })
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

    /// What theory says beside the spectra; `None` where it says nothing: at Δ = 0, for fewer than two points, for points
    /// on one line through the origin (parallel, opposite or zero).
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
}
