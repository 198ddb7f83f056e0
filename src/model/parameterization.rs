//! Where the constants of a network stand, and with them what its trained parameters are.

use std::fmt;
use std::str::FromStr;

/// Which function of given weights a network is, and so which kernel they have.
///
/// φ(s) = a·s + b·|s| in both. With D_k = φ′(Z_k) times the constant of its layer, B_l = 1 ⊗ I and
/// B_k = D_k ∘ (B_{k+1}W_{k+1}), the kernel is the sum over all trained parameters of products of gradients,
/// K = Σ_k (A_{k−1}A_{k−1}ᵀ [+ 1 1ᵀ with a bias] ⊗ 1 1ᵀ) ∘ B_kB_kᵀ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parameterization {
    /// A_0 = X/√m_0, A_k = φ(A_{k−1}W_kᵀ)/(σ_φ√m_k): weights are of the order of 1 at any width, and there are no
    /// biases.
    #[default]
    Ntk,
    /// A_0 = X, A_k = φ(A_{k−1}W_kᵀ + 1c_kᵀ): no constants, biases c_k where there are any, as PyTorch, JAX and Keras
    /// have it.
    Standard,
}

/// The text names no parameterization.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parameterization \"{0}\" is unknown; use ntk or standard")]
pub struct UnknownParameterization(String);

impl fmt::Display for Parameterization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ntk => "ntk",
            Self::Standard => "standard",
        })
    }
}

impl FromStr for Parameterization {
    type Err = UnknownParameterization;

    fn from_str(text: &str) -> Result<Self, UnknownParameterization> {
        match text {
            "ntk" => Ok(Self::Ntk),
            "standard" => Ok(Self::Standard),
            other => Err(UnknownParameterization(other.to_owned())),
        }
    }
}
