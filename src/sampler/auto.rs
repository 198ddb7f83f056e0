//! Which sampler a network gets: the cheaper one by a cost model that is a pure function of n, m_l and the widths.
//!
//! The machine is not in it, or shards of one study would mix samplers.
//!
//! `benches/record` has what it chooses beside measured times.

use std::fmt;
use std::str::FromStr;

use super::Sampler;
use super::cost::relative_cost;
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

impl fmt::Display for SamplerChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Always(sampler) => sampler.fmt(f),
        }
    }
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
}
