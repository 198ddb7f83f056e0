//! What a sample costs: the one count of operations, deviates and factorisations, a pure function of n, m_l and the
//! widths.
//!
//! ```text
//! direct        W_1: m_1·m_0 deviates, 2n operations each (nothing goes back through W_1);
//!               W_k, 1 < k < l: a deviate and 2(n + q) operations each;  n² + q² a neuron for C and B Bᵀ
//! conditional   a hidden layer: n deviates (G) and 3n² + q² operations a neuron; where another lies below 2nq more (M);
//!               where another lies above q deviates (H), 4nq + 2q² operations, and two factorisations
//! both          W_l
//! ```

use super::Sampler;
use crate::model::Network;

/// An eigendecomposition of size s with its root takes as long as this times s³ of the operations of the passes, on one
/// core.
pub const EIGEN: f64 = 80.0;
/// The extreme eigenvalues of a kernel and of its deviation, which statistics need, take as long as this times q³
/// operations: 3.1 at 128 rows, 2.4 at 256, 5.2 at 64.
pub const SPECTRA: f64 = 4.0;
/// Operations of the passes that one core of a CPU does a second, measured on a 2.5 GHz Zen 3; only times to expect and
/// the sizes of batches depend on it.
pub const CORE_RATE: f64 = 2.5e10;
/// Operations of a factorisation of size s by Jacobi rotations, over s³.
pub const JACOBI: f64 = 53.0;
/// Operations that take as long as one deviate.
const DEVIATE: f64 = 60.0;

/// The cost of one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Floating-point operations of the passes over neurons or weights.
    pub operations: f64,
    /// Normal deviates, each counted once however often a device draws it.
    pub normals: f64,
    /// Σ s³ over the factorisations of s × s matrices between the passes.
    pub cubes: f64,
}

impl Cost {
    /// For n points of dimension m_0 and drawn weights.
    pub fn of(sampler: Sampler, n: usize, dim: usize, network: &Network) -> Self {
        let priced = |prices| Sizes::new(n, dim, network).priced(sampler, prices);
        Self {
            operations: priced(Prices { deviate: 0.0, operation: 1.0, cube: 0.0 }),
            normals: priced(Prices { deviate: 1.0, operation: 0.0, cube: 0.0 }),
            cubes: priced(Prices { deviate: 0.0, operation: 0.0, cube: 1.0 }),
        }
    }

    /// The same with K_gia beside K: 2q² + q² operations a neuron for B' and its Gram matrix in all hidden layers but
    /// the last, and a factorisation of every Gram matrix that is not that of K.
    pub fn with_independence(self, n: usize, network: &Network) -> Self {
        let q = (n * network.outputs()) as f64;
        let below_last = network.hidden().split_last().map_or(&[][..], |(_, below)| below);
        let neurons: f64 = below_last.iter().map(|&m| m as f64).sum();
        let roots = below_last.len().saturating_sub(1) as f64;
        Self {
            operations: self.operations + neurons * 3.0 * q * q,
            cubes: self.cubes + roots * q.powi(3),
            ..self
        }
    }
}

/// Cost of a sample with its statistics in units of an operation of one core of a CPU: what the time of a sample should
/// grow with.
pub fn expected_cost(sampler: Sampler, n: usize, dim: usize, network: &Network) -> f64 {
    relative_cost(sampler, n, dim, network) + SPECTRA * ((n * network.outputs()) as f64).powi(3)
}

/// Cost of a sample in units of an operation: what `auto` compares, so that these prices decide which sampler a row is
/// of.
pub fn relative_cost(sampler: Sampler, n: usize, dim: usize, network: &Network) -> f64 {
    let prices = Prices { deviate: DEVIATE, operation: 1.0, cube: EIGEN };
    Sizes::new(n, dim, network).priced(sampler, prices)
}

/// What is paid for one of each.
#[derive(Clone, Copy)]
struct Prices {
    deviate: f64,
    operation: f64,
    cube: f64,
}

struct Sizes {
    n: f64,
    q: f64,
    dim: f64,
    outputs: f64,
    widths: Vec<f64>,
}

impl Sizes {
    fn new(n: usize, dim: usize, network: &Network) -> Self {
        let outputs = network.outputs() as f64;
        let widths = network.hidden().iter().map(|&m| m as f64).collect();
        Self { n: n as f64, q: n as f64 * outputs, dim: dim as f64, outputs, widths }
    }

    fn priced(&self, sampler: Sampler, prices: Prices) -> f64 {
        let top = self.widths.last().copied().unwrap_or(self.dim);
        let last = self.outputs * top * (prices.deviate + prices.operation * 2.0 * self.n);
        last + match sampler {
            Sampler::Conditional => self.conditional(prices),
            Sampler::Direct => self.direct(prices),
        }
    }

    fn conditional(&self, Prices { deviate, operation, cube }: Prices) -> f64 {
        let (n, q) = (self.n, self.q);
        let Some((&first, above)) = self.widths.split_first() else { return 0.0 };
        let all: f64 = self.widths.iter().sum();
        let above_first: f64 = above.iter().sum();
        let below_last = all - above.last().copied().unwrap_or(first);
        all * (deviate * n + operation * 3.0 * n * n + operation * q * q)
            + above_first * operation * 2.0 * n * q
            + below_last * (deviate * q + operation * 4.0 * n * q + operation * 2.0 * q * q)
            + cube * above.len() as f64 * (n.powi(3) + q.powi(3))
    }

    fn direct(&self, Prices { deviate, operation, .. }: Prices) -> f64 {
        let (n, q) = (self.n, self.q);
        let first = self.widths.first().map_or(0.0, |m| m * self.dim);
        let between: f64 = self.widths.windows(2).map(|w| w[0] * w[1]).sum();
        let neurons: f64 = self.widths.iter().sum();
        first * (deviate + operation * 2.0 * n)
            + between * (deviate + operation * 2.0 * (n + q))
            + neurons * (operation * n * n + operation * q * q)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::activation::Activation;

    fn network(hidden: &[u64], outputs: usize) -> Network {
        Network::new(Activation::ABS, hidden.to_vec(), outputs).unwrap()
    }

    #[test]
    fn what_each_sampler_draws_is_counted_by_hand() {
        // n = 3, m_0 = 5, m_l = 2, q = 6.
        let of = |sampler, hidden: &[u64]| Cost::of(sampler, 3, 5, &network(hidden, 2));
        assert_eq!(
            of(Sampler::Direct, &[7]),
            Cost { operations: 14.0 * 6.0 + 35.0 * 6.0 + 7.0 * 45.0, normals: 14.0 + 35.0, cubes: 0.0 }
        );
        assert_eq!(
            of(Sampler::Conditional, &[7]),
            Cost { operations: 14.0 * 6.0 + 7.0 * (27.0 + 36.0), normals: 14.0 + 21.0, cubes: 0.0 }
        );
        let (lower, upper) = (7.0 * (27.0 + 36.0 + 72.0 + 72.0), 9.0 * (27.0 + 36.0 + 36.0));
        assert_eq!(
            of(Sampler::Conditional, &[7, 9]),
            Cost {
                operations: 18.0 * 6.0 + lower + upper,
                normals: 18.0 + 7.0 * 9.0 + 9.0 * 3.0,
                cubes: 27.0 + 216.0
            }
        );
        let operations = 18.0 * 6.0 + 35.0 * 6.0 + 63.0 * 18.0 + 16.0 * 45.0;
        assert_eq!(
            of(Sampler::Direct, &[7, 9]),
            Cost { operations, normals: 18.0 + 35.0 + 63.0, cubes: 0.0 }
        );
        let three = network(&[7, 9, 4], 2);
        let (cost, twin) = (Cost::of(Sampler::Conditional, 3, 5, &three), 16.0 * 3.0 * 36.0);
        let with = Cost { operations: cost.operations + twin, cubes: cost.cubes + 216.0, ..cost };
        assert_eq!(cost.with_independence(3, &three), with);
        let one = Cost::of(Sampler::Conditional, 3, 5, &network(&[7], 2));
        assert_eq!(
            one.with_independence(3, &network(&[7], 2)),
            one,
            "there is nothing that gradients could know"
        );
        let all = |cost: Cost| cost.operations + 60.0 * cost.normals + 80.0 * cost.cubes;
        for sampler in [Sampler::Direct, Sampler::Conditional] {
            for hidden in [&[][..], &[7], &[7, 9], &[3, 8, 20, 1]] {
                let relative = relative_cost(sampler, 3, 5, &network(hidden, 2));
                assert_eq!(relative, all(of(sampler, hidden)), "{sampler} {hidden:?}");
            }
        }
    }

    /// The cost by which `auto` chose before this was the one count, as it stood: every row that was ever drawn with
    /// `auto` must find its sampler again.
    mod before {
        use super::{Network, Sampler};

        const DEVIATE: f64 = 60.0;
        const EIGEN: f64 = 80.0;

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
    }

    #[test]
    fn auto_decides_by_the_bits_of_the_cost_that_it_always_had() {
        let mut chosen = [0, 0];
        for n in [1, 2, 3, 7, 16, 17, 64, 333, 1797, 20_000] {
            for dim in [1, 2, 16, 64, 333, 3072] {
                for outputs in [1, 2, 7, 40] {
                    for depth in [1, 2, 3, 4, 9, 33] {
                        for (m, step) in
                            [(1, 1), (9, 0), (64, 0), (100, 7), (4096, 0), (99_991, 13), (u32::MAX.into(), 0)]
                        {
                            let hidden: Vec<u64> =
                                (0..depth - 1).map(|k| (m + step * k).min(u32::MAX.into())).collect();
                            let network = network(&hidden, outputs);
                            let of = |sampler| {
                                let cost = relative_cost(sampler, n, dim, &network);
                                let old = before::relative_cost(sampler, n, dim, &network);
                                assert_eq!(
                                    cost.to_bits(),
                                    old.to_bits(),
                                    "{sampler} {n} {dim} {outputs} {hidden:?}"
                                );
                                cost
                            };
                            chosen[usize::from(of(Sampler::Conditional) <= of(Sampler::Direct))] += 1;
                        }
                    }
                }
            }
        }
        assert!(chosen.iter().all(|count| *count > 1000), "{chosen:?}");
    }
}
