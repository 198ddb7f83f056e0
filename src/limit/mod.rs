//! The infinite-width limit K∞ of the kernel, its spectrum by depth, and what theory says of the spread around it.
//!
//! With ρ_0 the cosine of two points, δ = 1 − ρ their cosine distance, Δ = b²/(a²+b²) and l the depth
//!
//! ```text
//! ϱ(ρ) = ρ + Δ(2/π)(√(1−ρ²) − ρ arccos ρ)      ρ_k = ϱ(ρ_{k−1})      ϱ′(ρ) = 1 − Δ(2/π) arccos ρ
//! K∞(x,x′) = scale · (‖x‖‖x′‖/m_0) · S_l        S_l = Σ_{k=1..l} ρ_{k−1} Π_{j=k..l−1} ϱ′(ρ_{j−1})
//! S_1 = ρ_0,   S_{d+1} = S_d ϱ′(ρ_{d−1}) + ρ_d
//! ```
//!
//! times the identity on the m_l outputs. **Depth d** everywhere means the network of d weight matrices: its kernel
//! sum is S_d, its last activations A_{d−1} (and outputs) have the cosines ρ_{d−1}, so the cosine distance reported
//! for depth d is **δ_{d−1}**, and at depth 1 it is that of the data.
//!
//! **Digits.** At least 10 of K∞ (relative to √(K∞(x,x)K∞(x′,x′))), of δ and of 1/δ, to depth 10⁶ and beyond; in fact
//! about 14, as `tests/it/limit.rs` shows against 60-digit values. `angle` has the layer step and its error budget,
//! `pairs` the distances of the data.
//!
//! **Zero rows** have no angle: their rows and columns of K∞ and of the NNGP kernel are exactly zero, and their cosine
//! distances, also from themselves, are NaN (null in JSON). Repeated rows have δ = 0 exactly, opposite ones δ = 2.
//!
//! Cost: O(n²·l) time, O(n²) memory, over all threads of the rayon pool; n = 32 at depth 10⁶ is 5·10⁸ layer steps.
//!
//! Source: Terjék and González-Sánchez, arXiv 2501.14724 and 2501.13225.

mod angle;
mod bound;
mod draws;
mod independence;
mod layers;
mod pairs;
mod profile;
mod report;
mod spread;
pub mod theory;

pub use bound::{
    Bound, Parallel, Unmet, bound, logarithms, quadratic_width, unmet, unmet_by_points, unmet_by_widths,
};
pub use draws::{least_draws, resolvable};
pub use independence::independence_bound;
pub use layers::{LayerLimit, layer_limits};
pub use profile::{ENTRY_ERROR, Profile, Spectrum, reported_depths};
pub use report::{ActivationConstants, Report};
pub use spread::relative_sd_diagonal;
pub use theory::Theory;

use crate::data::DataSet;
use crate::math::activation::Activation;
use pairs::Pairs;

/// K∞ and the NNGP kernel of one network on one data set, n × n each; the identity on the outputs is left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    n: usize,
    depth: usize,
    ntk: Vec<f64>,
    nngp: Vec<f64>,
    deltas: Vec<f64>,
    parallel: Option<Parallel>,
}

impl Limit {
    /// The limit at this depth, counted in weight matrices (0 is taken as 1), with K∞ and the NNGP kernel multiplied by
    /// `scale`.
    pub fn new(data: &DataSet, activation: Activation, depth: usize, scale: f64) -> Self {
        let mut pairs = Pairs::new(data, activation, scale);
        pairs.advance_to(depth);
        Self::of(&pairs)
    }

    fn of(pairs: &Pairs) -> Self {
        Self {
            n: pairs.n(),
            depth: pairs.depth(),
            ntk: pairs.ntk(),
            nngp: pairs.nngp(),
            deltas: pairs.deltas(),
            parallel: pairs.parallel(),
        }
    }

    /// n, the number of points.
    pub fn n(&self) -> usize {
        self.n
    }

    /// l, the number of weight matrices.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// K∞ without the factor I_{m_l}: n × n, row-major, exactly symmetric, scale included, not divided by n.
    pub fn ntk(&self) -> &[f64] {
        &self.ntk
    }

    /// The NNGP kernel, scale · (‖x‖‖x′‖/m_0) · ρ_{l−1}: n × n, row-major, exactly symmetric. It is the covariance of
    /// each output over networks; `scale` enters because a constant that multiplies K by c multiplies the outputs by
    /// √c.
    pub fn nngp(&self) -> &[f64] {
        &self.nngp
    }

    /// δ_{l−1}, the cosine distances of the last activations: n × n, row-major, in [0, 2], zero on the diagonal; NaN in
    /// rows and columns of zero points.
    pub fn deltas(&self) -> &[f64] {
        &self.deltas
    }

    /// The first two rows that are parallel up to the rounding of their coordinates; zero rows are left out.
    pub fn parallel(&self) -> Option<Parallel> {
        self.parallel
    }

    /// K∞ of a network of `outputs` outputs, (n·m_l) × (n·m_l), row-major, point-major index i·m_l + o.
    pub fn expand(&self, outputs: usize) -> Vec<f64> {
        let size = self.n * outputs;
        let mut full = vec![0.0; size * size];
        for i in 0..self.n {
            for j in 0..self.n {
                for o in 0..outputs {
                    full[(i * outputs + o) * size + j * outputs + o] = self.ntk[i * self.n + j];
                }
            }
        }
        full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expansion_puts_each_entry_on_a_diagonal_block() {
        let data = DataSet::new(vec![1.0, 0.0, 1.0, 2.0], 2).unwrap();
        let limit = Limit::new(&data, Activation::RELU, 3, 2.0);
        assert_eq!(limit.expand(1), limit.ntk());
        let full = limit.expand(3);
        for r in 0..6 {
            for c in 0..6 {
                let expected = if r % 3 == c % 3 { limit.ntk()[(r / 3) * 2 + c / 3] } else { 0.0 };
                assert_eq!(full[r * 6 + c], expected, "{r} {c}");
            }
        }
    }

    #[test]
    fn three_layers_by_hand() {
        // Orthogonal points under |s|: ρ = 0, 2/π, …; S_3 = (0·ϱ′(0) + ρ_1)·ϱ′(ρ_1) + ρ_2, ϱ′(0) = 0.
        let data = DataSet::new(vec![2.0, 0.0, 0.0, 5.0], 2).unwrap();
        let limit = Limit::new(&data, Activation::ABS, 3, 1.0);
        let two_pi = std::f64::consts::FRAC_2_PI;
        let r1 = two_pi;
        let r2 = r1 + two_pi * ((1.0 - r1 * r1).sqrt() - r1 * r1.acos());
        let sum = r1 * (1.0 - two_pi * r1.acos()) + r2;
        assert!((limit.ntk()[1] - 5.0 * sum).abs() < 1e-14);
        assert!((limit.nngp()[1] - 5.0 * r2).abs() < 1e-14);
        assert!((limit.deltas()[1] - (1.0 - r2)).abs() < 1e-15);
        assert_eq!((limit.ntk()[0], limit.ntk()[3]), (6.0, 37.5));
    }
}
