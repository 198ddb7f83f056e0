//! Which number of a kernel is its deviation.

use std::fmt;
use std::str::FromStr;

use crate::stats::{KernelStatistics, Reference};

/// How far a kernel is from its limit, as one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// Operator norm of K/n − K∞/n.
    Op,
    /// Frobenius norm.
    Fro,
    /// Largest entry.
    Max,
    /// 1 − λ_min(K)/λ_min(K∞): at most T where λ_min(K) ≥ (1 − T)·λ_min(K∞), which is what proofs of convergence need.
    LambdaMin,
}

/// The text names no norm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("norm \"{0}\" is unknown; use op, fro, max or lambda_min")]
pub struct UnknownNorm(String);

impl Norm {
    /// The deviation, over the same norm of the limit unless `absolute`.
    pub fn deviation(self, statistics: &KernelStatistics, reference: &Reference, absolute: bool) -> f64 {
        match (self, absolute) {
            (Self::Op, false) => statistics.relative_op,
            (Self::Op, true) => statistics.deviation_op,
            (Self::Fro, false) => statistics.relative_fro,
            (Self::Fro, true) => statistics.deviation_fro,
            (Self::Max, false) => statistics.relative_max,
            (Self::Max, true) => statistics.deviation_max,
            (Self::LambdaMin, _) => 1.0 - statistics.lambda_min / Self::LambdaMin.of_limit(reference),
        }
    }

    /// The same norm of the limit K∞/n; its least eigenvalue for [`Norm::LambdaMin`].
    pub fn of_limit(self, reference: &Reference) -> f64 {
        match self {
            Self::Op => reference.norm_op(),
            Self::Fro => reference.norm_fro(),
            Self::Max => reference.norm_max(),
            Self::LambdaMin => reference.eigenvalues().first().copied().unwrap_or(0.0),
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Op => "operator norm",
            Self::Fro => "Frobenius norm",
            Self::Max => "largest entry",
            Self::LambdaMin => "least eigenvalue",
        }
    }
}

impl fmt::Display for Norm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Op => "op",
            Self::Fro => "fro",
            Self::Max => "max",
            Self::LambdaMin => "lambda_min",
        })
    }
}

impl FromStr for Norm {
    type Err = UnknownNorm;

    fn from_str(text: &str) -> Result<Self, UnknownNorm> {
        let all = [Self::Op, Self::Fro, Self::Max, Self::LambdaMin];
        all.into_iter().find(|norm| norm.to_string() == text).ok_or_else(|| UnknownNorm(text.to_owned()))
    }
}
