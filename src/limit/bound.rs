//! The right side of the concentration bound of arXiv 2501.14724.
//!
//! For hidden widths k²·m, ‖K(θ) − K∞‖/n is, with probability 1 − O(1/m) and up to logarithms and a constant, at most
//!
//! ```text
//! (Δ⁻² + m_l^½·l) · κ² · m^−½
//! ```
//!
//! For other widths m = min_k m_k/k² is the largest m whose quadratic schedule fits under them.

use serde::Serialize;

use crate::model::Network;

/// The bound of one network, without its unknown constant and logarithms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// m = min_k m_k/k², a positive real number.
    pub m: f64,
    /// (Δ⁻² + m_l^½·l)·κ²·m^−½. The scale of the network does not enter.
    pub value: f64,
}

/// The bound, or `None` where there is none: no hidden layer (K is K∞), or Δ = 0 (the bound is infinite).
pub fn bound(network: &Network) -> Option<Bound> {
    let m = network
        .hidden()
        .iter()
        .enumerate()
        .map(|(i, &width)| width as f64 / ((i + 1) as f64).powi(2))
        .reduce(f64::min)?;
    let delta = network.activation().delta();
    let depth_term = (network.outputs() as f64).sqrt() * network.depth() as f64;
    let kappa = network.activation().kappa();
    let value = (delta.powi(-2) + depth_term) * kappa * kappa / m.sqrt();
    value.is_finite().then_some(Bound { m, value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::activation::Activation;

    #[test]
    fn by_hand() {
        // ReLU: Δ⁻² = 4, κ² = 2; widths 64, 128, 90 give m = min(64, 32, 10) = 10.
        let network = Network::new(Activation::RELU, vec![64, 128, 90], 9).unwrap();
        let found = bound(&network).unwrap();
        assert_eq!(found.m, 10.0);
        assert!((found.value - (4.0 + 3.0 * 4.0) * 2.0 / 10f64.sqrt()).abs() < 1e-13);
        assert_eq!(bound(&Network::new(Activation::ABS, vec![], 1).unwrap()), None);
        assert_eq!(bound(&Network::new("identity".parse().unwrap(), vec![5], 1).unwrap()), None);
    }
}
