//! Which sampler a network gets: the cheaper one by a cost model that is a pure function of n, m_l and the widths.
//!
//! The machine is not in it, or shards of one study would mix samplers.
//!
//! ```text
//! direct        W_1: m_1·m_0 deviates, 2n operations each (nothing goes back through W_1);
//!               W_k, 1 < k < l: a deviate and 2(n + q) operations each;  n² + q² a neuron for C and B Bᵀ
//! conditional   a hidden layer: n deviates (G) and 3n² + q² operations a neuron; where another lies below 2nq more (M);
//!               where another lies above q deviates (H), 4nq + 2q² operations, and two factorisations
//! both          W_l
//! ```
//!
//! `benches/record` has what it chooses beside measured times.

use std::str::FromStr;

use super::Sampler;
use crate::model::Network;

/// What the user asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SamplerChoice {
    /// The cheaper of the two by the cost model.
    Auto,
    /// This one.
    Always(Sampler),
}

/// The text names no sampler.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sampler \"{0}\" is unknown; use auto, direct or conditional")]
pub struct UnknownSampler(String);

/// Operations that take as long as one deviate.
const DEVIATE: f64 = 60.0;
/// An eigendecomposition of size s costs this times s³ operations.
const EIGEN: f64 = 80.0;

impl SamplerChoice {
    /// The sampler for n points of dimension m_0.
    pub fn resolve(self, n: usize, dim: usize, network: &Network) -> Sampler {
        let cost = |sampler| relative_cost(sampler, n, dim, network);
        match self {
            Self::Always(sampler) => sampler,
            Self::Auto if cost(Sampler::Conditional) <= cost(Sampler::Direct) => Sampler::Conditional,
            Self::Auto => Sampler::Direct,
        }
    }
}

/// Cost of a sample in units of the model: only ratios mean anything.
pub fn relative_cost(sampler: Sampler, n: usize, dim: usize, network: &Network) -> f64 {
    let (n, q) = (n as f64, n as f64 * network.outputs() as f64);
    let widths: Vec<f64> = network.hidden().iter().map(|&m| m as f64).collect();
    let top = widths.last().copied().unwrap_or(dim as f64);
    let last = network.outputs() as f64 * top * (DEVIATE + 2.0 * n);
    last + match sampler {
        Sampler::Conditional => conditional(n, q, &widths),
        Sampler::Direct => direct(n, q, dim as f64, &widths),
    }
}

fn conditional(n: f64, q: f64, widths: &[f64]) -> f64 {
    let Some((&first, above)) = widths.split_first() else { return 0.0 };
    let all: f64 = widths.iter().sum();
    let above_first: f64 = above.iter().sum();
    let below_last = all - above.last().copied().unwrap_or(first);
    all * (DEVIATE * n + 3.0 * n * n + q * q)
        + above_first * 2.0 * n * q
        + below_last * (DEVIATE * q + 4.0 * n * q + 2.0 * q * q)
        + EIGEN * above.len() as f64 * (n.powi(3) + q.powi(3))
}

fn direct(n: f64, q: f64, dim: f64, widths: &[f64]) -> f64 {
    let first = widths.first().map_or(0.0, |m| m * dim);
    let between: f64 = widths.windows(2).map(|w| w[0] * w[1]).sum();
    let neurons: f64 = widths.iter().sum();
    first * (DEVIATE + 2.0 * n) + between * (DEVIATE + 2.0 * (n + q)) + neurons * (n * n + q * q)
}

impl FromStr for SamplerChoice {
    type Err = UnknownSampler;

    fn from_str(text: &str) -> Result<Self, UnknownSampler> {
        match text {
            "auto" => Ok(Self::Auto),
            "direct" => Ok(Self::Always(Sampler::Direct)),
            "conditional" => Ok(Self::Always(Sampler::Conditional)),
            other => Err(UnknownSampler(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::activation::Activation;

    #[test]
    fn wide_networks_are_conditional_and_narrow_ones_direct() {
        let check = |n, dim, hidden: &[u64], outputs, expected| {
            let network = Network::new(Activation::ABS, hidden.to_vec(), outputs).unwrap();
            let found = SamplerChoice::Auto.resolve(n, dim, &network);
            assert_eq!(found, expected, "{n} {dim} {hidden:?} {outputs}");
        };
        check(16, 64, &[4096; 3], 1, Sampler::Conditional);
        check(32, 64, &[1024; 3], 4, Sampler::Conditional);
        check(512, 64, &[8; 3], 4, Sampler::Direct);
        check(16, 64, &[], 1, Sampler::Conditional);
        // At depth 2 it is the input that decides.
        check(16, 784, &[100_000], 1, Sampler::Conditional);
        check(4, 3072, &[16], 1, Sampler::Conditional);
        check(64, 2, &[16], 1, Sampler::Direct);
        check(16, 64, &[u64::from(u32::MAX)], 1, Sampler::Conditional);
    }

    #[test]
    fn what_each_sampler_draws_is_counted_by_hand() {
        let cost = |sampler, hidden: &[u64]| {
            let network = Network::new(Activation::ABS, hidden.to_vec(), 2).unwrap();
            relative_cost(sampler, 3, 5, &network)
        };
        // n = 3, m_0 = 5, m_l = 2, q = 6; a deviate is 60 operations, an eigendecomposition of size s 80·s³.
        assert_eq!(cost(Sampler::Direct, &[7]), 14.0 * 66.0 + 35.0 * 66.0 + 7.0 * 45.0);
        assert_eq!(cost(Sampler::Conditional, &[7]), 14.0 * 66.0 + 7.0 * (180.0 + 27.0 + 36.0));
        let lower = 7.0 * (180.0 + 360.0 + 27.0 + 36.0 + 72.0 + 72.0);
        let upper = 9.0 * (180.0 + 27.0 + 36.0 + 36.0);
        let small = 80.0 * (27.0 + 216.0);
        assert_eq!(cost(Sampler::Conditional, &[7, 9]), 18.0 * 66.0 + lower + upper + small);
        let direct = 18.0 * 66.0 + 35.0 * 66.0 + 63.0 * (60.0 + 18.0) + 16.0 * 45.0;
        assert_eq!(cost(Sampler::Direct, &[7, 9]), direct);
    }
}
