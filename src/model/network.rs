//! The network of the theory: an MLP without biases in NTK parameterisation, at the Edge Of Chaos.
//!
//! ```text
//! A_0 = X/√m_0;  Z_k = A_{k−1} W_kᵀ;  A_k = φ(Z_k)/(σ_φ √m_k);  N = A_{l−1} W_lᵀ;  W_k entries i.i.d. N(0,1)
//! ```
//!
//! `scale` multiplies K and its limit by one constant. Because φ is positively homogeneous, every other
//! placement of constants in front of unit Gaussian trained parameters is such a constant: σ² = 1/σ_φ² on every
//! layer is 1/σ_φ², inputs that are not divided by √m_0 are m_0. The standard parameterisation (trained
//! w ~ N(0, σ²/fan_in)) is another kernel and cannot be had by `scale`.

use super::width::{MAX_WIDTH, WidthError, checked_width};
use crate::math::activation::Activation;
use crate::math::number;

/// Layers are addressed by 24 bits of another.
const MAX_DEPTH: usize = (1 << 24) - 1;

/// A validated network: depth l ≥ 1, hidden widths m_1 … m_{l−1}, outputs m_l, activation, scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    activation: Activation,
    hidden: Vec<u64>,
    outputs: usize,
    scale: f64,
}

/// Why a network is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// depth = 0 or beyond the random streams.
    #[error("depth {0} is out of range; depth counts the weight matrices, 1 to 16777215")]
    Depth(usize),
    /// A hidden width is out of range.
    #[error(transparent)]
    Width(#[from] WidthError),
    /// No outputs, or more than the random streams address.
    #[error("outputs {0} is out of range; a network has 1 to 4294967295 outputs")]
    Outputs(usize),
    /// The scale is not a positive normal number.
    #[error(
        "scale {} is out of range; the scale multiplies the kernel and is a number from 1e-100 to 1e100",
        number(*.0)
    )]
    Scale(f64),
}

impl Network {
    /// A network with these hidden widths (none: depth 1) and this many outputs.
    pub fn new(activation: Activation, hidden: Vec<u64>, outputs: usize) -> Result<Self, NetworkError> {
        check_depth(hidden.len() + 1)?;
        for (i, &width) in hidden.iter().enumerate() {
            checked_width(i + 1, u128::from(width))?;
        }
        check_outputs(outputs)?;
        Ok(Self { activation, hidden, outputs, scale: 1.0 })
    }

    /// The same network with K multiplied by `scale` > 0.
    pub fn with_scale(mut self, scale: f64) -> Result<Self, NetworkError> {
        check_scale(scale)?;
        self.scale = scale;
        Ok(self)
    }

    /// φ.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// l, the number of weight matrices.
    pub fn depth(&self) -> usize {
        self.hidden.len() + 1
    }

    /// m_1 … m_{l−1}.
    pub fn hidden(&self) -> &[u64] {
        &self.hidden
    }

    /// m_l.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The constant in front of K and K∞.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

/// Depth within 1 … 2²⁴, for commands that know a depth but no widths.
pub fn check_depth(depth: usize) -> Result<(), NetworkError> {
    if (1..=MAX_DEPTH).contains(&depth) { Ok(()) } else { Err(NetworkError::Depth(depth)) }
}

/// Outputs within 1 … 2³²−1, for commands that know no widths.
pub fn check_outputs(outputs: usize) -> Result<(), NetworkError> {
    if outputs >= 1 && outputs as u64 <= MAX_WIDTH { Ok(()) } else { Err(NetworkError::Outputs(outputs)) }
}

/// Scale within 1e−100 … 1e100, for commands that know no widths.
pub fn check_scale(scale: f64) -> Result<(), NetworkError> {
    // NaN is in no range.
    if (1e-100..=1e100).contains(&scale) { Ok(()) } else { Err(NetworkError::Scale(scale)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_network() {
        let phi = Activation::ABS;
        assert!(matches!(Network::new(phi, vec![3, 0], 1), Err(NetworkError::Width(_))));
        assert!(matches!(Network::new(phi, vec![1 << 32], 1), Err(NetworkError::Width(_))));
        assert!(matches!(Network::new(phi, vec![], 0), Err(NetworkError::Outputs(0))));
        let net = Network::new(phi, vec![3, 2], 2).unwrap();
        assert_eq!(net.depth(), 3);
        for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(net.clone().with_scale(scale).is_err());
        }
    }
}
