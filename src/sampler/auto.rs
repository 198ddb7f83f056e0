//! Which sampler a network gets: the cheaper one by a cost model that is a pure function of n, m_l and the widths.
//!
//! The machine is not in it, or shards of one study would mix samplers.

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
const EIGEN: f64 = 20.0;

impl SamplerChoice {
    /// The sampler for n points of dimension m_0 ≈ n: the input is counted as n wide, which decides nothing in practice.
    pub fn resolve(self, n: usize, network: &Network) -> Sampler {
        match self {
            Self::Always(sampler) => sampler,
            Self::Auto if conditional(n, network) <= direct(n, network) => Sampler::Conditional,
            Self::Auto => Sampler::Direct,
        }
    }
}

/// Cost of a sample in units of the model: only ratios mean anything.
pub fn relative_cost(sampler: Sampler, n: usize, network: &Network) -> f64 {
    match sampler {
        Sampler::Conditional => conditional(n, network),
        Sampler::Direct => direct(n, network),
    }
}

fn sizes(n: usize, network: &Network) -> (f64, f64) {
    (n as f64, n as f64 * network.outputs() as f64)
}

fn conditional(n: usize, network: &Network) -> f64 {
    let (n, q) = sizes(n, network);
    let neurons: f64 = network.hidden().iter().map(|&m| m as f64).sum();
    let layers = network.hidden().len() as f64;
    neurons * (3.0 * n * n + 6.0 * n * q + 3.0 * q * q + DEVIATE * (n + q))
        + EIGEN * layers * (n.powi(3) + q.powi(3))
}

fn direct(n: usize, network: &Network) -> f64 {
    let (n, q) = sizes(n, network);
    let hidden = network.hidden();
    let between: f64 = hidden.windows(2).map(|w| w[0] as f64 * w[1] as f64).sum();
    let first = hidden.first().map_or(0.0, |&m| m as f64 * n);
    let neurons: f64 = hidden.iter().map(|&m| m as f64).sum();
    (between + first) * (DEVIATE + 2.0 * (n + q)) + neurons * (n * n + q * q)
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
        let check = |n, hidden: &[u64], outputs, expected| {
            let network = Network::new(Activation::ABS, hidden.to_vec(), outputs).unwrap();
            assert_eq!(SamplerChoice::Auto.resolve(n, &network), expected, "{n} {hidden:?} {outputs}");
        };
        check(16, &[4096; 3], 1, Sampler::Conditional);
        check(32, &[1024; 3], 4, Sampler::Conditional);
        check(512, &[8; 3], 4, Sampler::Direct);
        check(16, &[], 1, Sampler::Conditional);
    }
}
