//! The right side of the concentration bound of arXiv 2501.14724 (Theorems 1 and 28), and what the theorem asks for.
//!
//! For hidden widths k²·m, ‖K(θ) − K∞‖/n is, with probability 1 − O(1/m) and up to one constant, at most
//!
//! ```text
//! full  = scale · (max ‖x_i‖²/m_0) · (Δ⁻² + (log l + √m_l)·l) · √(log(l·n) · log m) · κ² · m^−½
//! value = scale · (max ‖x_i‖²/m_0) · (Δ⁻² + m_l^½·l) · κ² · m^−½                  the same modulo logarithms
//! ```
//!
//! For other widths m = min_k m_k/k² is the largest m whose quadratic schedule fits under them. The paper's inputs are
//! not divided by √m_0, so its kernel is m_0 times ours; hence the division. Norms are those of the rows in use,
//! normalised or not.

use std::fmt;

use serde::Serialize;

use crate::data::DataSet;
use crate::model::Network;
use crate::units::short;

/// The bound of one network on one data set, without its unknown constant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// m = min_k m_k/k², a positive real number.
    pub m: f64,
    /// The right side modulo logarithms.
    pub value: f64,
    /// The right side in full; None where a logarithm is not positive: m ≤ 1.
    pub full: Option<f64>,
}

/// The bound, or `None` where there is none: no hidden layer (K is K∞), Δ = 0 (the bound is infinite), or a data set
/// whose squared norms times `scale` are beyond f64.
pub fn bound(network: &Network, data: &DataSet) -> Option<Bound> {
    let m = quadratic_width(network.hidden())?;
    let activation = network.activation();
    let (kappa, outputs) = (activation.kappa(), network.outputs() as f64);
    let size = network.scale() * (data.norms().1.powi(2) / data.dim() as f64);
    let depth_term = outputs.sqrt() * network.depth() as f64;
    let value = size * (activation.delta().powi(-2) + depth_term) * kappa * kappa / m.sqrt();
    let full = logarithms(network, data.n()).map(|factor| value * factor).filter(|v| v.is_finite());
    value.is_finite().then_some(Bound { m, value, full })
}

/// m = min_k m_k/k² of hidden widths; None where there are none.
pub fn quadratic_width(hidden: &[u64]) -> Option<f64> {
    hidden.iter().zip(1u32..).map(|(&width, k)| width as f64 / f64::from(k).powi(2)).reduce(f64::min)
}

/// What the logarithms multiply the bound by for a network on `n` points: [`Bound::full`] over [`Bound::value`]. It
/// does not depend on the points otherwise. None where there is no bound, or a logarithm is not positive.
pub fn logarithms(network: &Network, n: usize) -> Option<f64> {
    let m = quadratic_width(network.hidden())?;
    let (depth, root) = (network.depth() as f64, (network.outputs() as f64).sqrt());
    let inverse = network.activation().delta().powi(-2);
    let under_root = (depth * n as f64).ln() * m.ln();
    let factor = (inverse + (depth.ln() + root) * depth) / (inverse + root * depth) * under_root.sqrt();
    (m > 1.0 && depth > 1.0 && factor.is_finite()).then_some(factor)
}

/// Two rows of a data set on one line through the origin, numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parallel {
    /// The rows, ascending.
    pub rows: [usize; 2],
    /// Whether they point in opposite directions.
    pub opposite: bool,
}

/// What keeps the theorem from speaking of a network on a data set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unmet {
    /// There is one point.
    OnePoint,
    /// A row is zero, which is parallel to every other. Rows count from 0.
    ZeroRow(usize),
    /// Two rows are parallel.
    ParallelRows(Parallel),
    /// Δ = 0: the activation is linear.
    Linear,
    /// There is no hidden layer: K is K∞.
    NoHiddenLayer,
    /// Hidden widths are not k²·m; the bound then is that of the largest m whose k²·m fit under them.
    Widths(f64),
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnePoint => write!(f, "needs n ≥ 2"),
            Self::ZeroRow(row) => write!(f, "row {row} is zero"),
            Self::ParallelRows(Parallel { rows: [i, j], opposite: false }) => {
                write!(f, "rows {i} and {j} are parallel")
            }
            Self::ParallelRows(Parallel { rows: [i, j], opposite: true }) => {
                write!(f, "rows {i} and {j} are parallel, in opposite directions")
            }
            Self::Linear => write!(f, "needs Δ > 0"),
            Self::NoHiddenLayer => write!(f, "needs a hidden layer"),
            Self::Widths(m) => {
                write!(f, "widths are not k²·m, of which m = {} is the largest that fits", short(*m))
            }
        }
    }
}

/// The conditions of the theorem that a data set and the activation's Δ do not meet, given the parallel pair that
/// [`super::Profile::parallel`] found.
pub fn unmet_by_points(data: &DataSet, parallel: Option<Parallel>, delta: f64) -> Vec<Unmet> {
    let zero = (0..data.n()).find(|&i| data.row(i).iter().all(|v| *v == 0.0));
    let mut unmet = Vec::new();
    unmet.extend((data.n() < 2).then_some(Unmet::OnePoint));
    unmet.extend(zero.map(Unmet::ZeroRow));
    unmet.extend(parallel.map(Unmet::ParallelRows));
    unmet.extend((delta == 0.0).then_some(Unmet::Linear));
    unmet
}

/// The conditions of the theorem that a network on a data set does not meet, in words; None where all hold.
pub fn unmet(network: &Network, data: &DataSet, parallel: Option<Parallel>) -> Option<String> {
    let mut unmet = unmet_by_points(data, parallel, network.activation().delta());
    unmet.extend(unmet_by_widths(network.hidden()));
    let words: Vec<String> = unmet.iter().map(Unmet::to_string).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// The condition of the theorem that the hidden widths do not meet.
pub fn unmet_by_widths(hidden: &[u64]) -> Option<Unmet> {
    let Some(m) = quadratic_width(hidden) else { return Some(Unmet::NoHiddenLayer) };
    let quadratic = hidden.iter().zip(1u32..).all(|(&w, k)| w as f64 == m * f64::from(k).powi(2));
    (!quadratic).then_some(Unmet::Widths(m))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Normalize;
    use crate::math::activation::Activation;

    fn close(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-14, "{found} {expected}");
    }

    #[test]
    fn by_hand() {
        // Norms² 25, 1 and 4 in two coordinates, scale 3. ReLU: Δ⁻² = 4, κ² = 2. Widths 64, 128, 90: m = min(64, 32,
        // 10) = 10.
        let data = DataSet::new(vec![3.0, 4.0, 1.0, 0.0, 0.0, -2.0], 2).unwrap();
        let network = Network::new(Activation::RELU, vec![64, 128, 90], 9).unwrap().with_scale(3.0).unwrap();
        let found = bound(&network, &data).unwrap();
        assert_eq!(found.m, 10.0);
        let size = 3.0 * 25.0 / 2.0;
        close(found.value, size * (4.0 + 3.0 * 4.0) * 2.0 / 10f64.sqrt());
        let logs = (12f64.ln() * 10f64.ln()).sqrt();
        let full = size * (4.0 + (4f64.ln() + 3.0) * 4.0) * logs * 2.0 / 10f64.sqrt();
        close(found.full.unwrap(), full);
        close(logarithms(&network, 3).unwrap(), found.full.unwrap() / found.value);
        // On the sphere of radius √m_0 the data drop out.
        let sphere = bound(&network, &data.clone().normalized(Normalize::Sphere)).unwrap();
        close(sphere.value, found.value / 12.5);
        // m = 1: log m = 0.
        let narrow = bound(&Network::new(Activation::ABS, vec![1, 4], 1).unwrap(), &data).unwrap();
        assert_eq!((narrow.m, narrow.full), (1.0, None));
        assert_eq!(bound(&Network::new(Activation::ABS, vec![], 1).unwrap(), &data), None);
        assert_eq!(bound(&Network::new("identity".parse().unwrap(), vec![5], 1).unwrap(), &data), None);
    }

    #[test]
    fn what_the_theorem_asks_for_is_looked_at_one_by_one() {
        let data = DataSet::new(vec![1.0, 0.0, 0.0, 0.0], 2).unwrap();
        assert_eq!(unmet_by_points(&data, None, 0.5), [Unmet::ZeroRow(1)]);
        let one = DataSet::new(vec![1.0, 0.0], 2).unwrap();
        assert_eq!(unmet_by_points(&one, None, 0.0), [Unmet::OnePoint, Unmet::Linear]);
        assert_eq!(unmet_by_widths(&[5, 20, 45]), None);
        assert_eq!(unmet_by_widths(&[5, 20, 46]), Some(Unmet::Widths(5.0)));
        assert_eq!(unmet_by_widths(&[]), Some(Unmet::NoHiddenLayer));
        let pair = Unmet::ParallelRows(Parallel { rows: [3, 7], opposite: false });
        assert_eq!(pair.to_string(), "rows 3 and 7 are parallel");
    }
}
