//! What an engine is asked to sample, in the form that every device starts from.

use std::sync::{Arc, OnceLock};

use super::{Precision, Refusal};
use crate::data::DataSet;
use crate::model::Network;
use crate::sampler::Sampler;
use crate::sampler::cost::Cost;

/// Where weights come from in the direct sampler.
#[derive(Clone, Debug)]
pub enum Weights {
    /// The streams of the seed.
    Drawn,
    /// These matrices W_1 … W_l, W_k row-major m_k × m_{k−1}.
    Explicit(Arc<Vec<Vec<f64>>>),
}

/// A network on points, normalised: φ is homogeneous, so rows go in with norm 1 and K is multiplied back by their norms.
#[derive(Clone, Debug)]
pub struct Job {
    /// The network.
    pub network: Network,
    /// Sampler.
    pub sampler: Sampler,
    /// Element type of the panels.
    pub precision: Precision,
    /// Weights of the direct sampler.
    pub weights: Weights,
    /// K_gia of every seed is made beside K, as if gradients were independent of activations; the conditional sampler only.
    pub independence: bool,
    /// n.
    pub n: usize,
    /// m_0.
    pub dim: usize,
    /// Rows x/‖x‖, n × m_0 row-major; a zero row stays zero.
    pub unit_rows: Vec<f64>,
    /// ‖x‖/√m_0.
    pub norms: Vec<f64>,
    /// Made when they are first asked for: nothing of size n² is there before a device has taken the job.
    cosines: OnceLock<Vec<f64>>,
}

impl Job {
    /// A network on points, with drawn weights.
    pub fn new(network: &Network, data: &DataSet, sampler: Sampler, precision: Precision) -> Self {
        let mut job = Self::outline(network, data.n(), data.dim(), sampler, precision);
        job.unit_rows.reserve_exact(data.values().len());
        for row in data.values().chunks_exact(data.dim()) {
            // Scaled by the largest entry first, so that squares neither overflow nor vanish.
            let largest = row.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            let scale = if largest > 0.0 { largest } else { 1.0 };
            let norm = row.iter().map(|x| (x / scale).powi(2)).sum::<f64>().sqrt();
            job.norms.push(scale * norm / (data.dim() as f64).sqrt());
            let divisor = if norm > 0.0 { norm } else { 1.0 };
            job.unit_rows.extend(row.iter().map(|x| x / scale / divisor));
        }
        job
    }

    /// The sizes of a job without its points: enough to [plan](super::Engine::plan) it, not to open it.
    pub fn outline(network: &Network, n: usize, dim: usize, sampler: Sampler, precision: Precision) -> Self {
        Self {
            network: network.clone(),
            sampler,
            precision,
            weights: Weights::Drawn,
            independence: false,
            n,
            dim,
            unit_rows: Vec::new(),
            norms: Vec::new(),
            cosines: OnceLock::new(),
        }
    }

    /// The same with norms ‖x‖/√m_0 of its points, or the least and the greatest of them: a device that cannot hold them
    /// does the job in another way.
    #[must_use]
    pub fn with_norms(self, norms: &[f64]) -> Self {
        Self { norms: norms.to_vec(), ..self }
    }

    /// The same with these weights W_1 … W_l in place of drawn ones, for the direct sampler.
    pub fn with_weights(self, matrices: Arc<Vec<Vec<f64>>>) -> Self {
        Self { weights: Weights::Explicit(matrices), sampler: Sampler::Direct, ..self }
    }

    /// The same with K_gia beside every kernel where this is true: see [`sampler::conditional`](crate::sampler::conditional). No bit
    /// of the kernel depends on it.
    pub fn with_independence(self, independence: bool) -> Self {
        Self { independence, ..self }
    }

    /// Refuses what no device does.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        match self.sampler {
            Sampler::Direct if self.independence => Err(Refusal::Independence),
            _ => Ok(()),
        }
    }

    /// C_0, the cosines of the rows, n × n, with 1 (or 0 for a zero row) on the diagonal.
    pub fn cosines(&self) -> &[f64] {
        self.cosines.get_or_init(|| {
            let (n, dim) = (self.n, self.dim);
            let row = |i: usize| &self.unit_rows[i * dim..(i + 1) * dim];
            let mut cosines = vec![0.0; n * n];
            for i in 0..n {
                for j in 0..=i {
                    let dot: f64 = row(i).iter().zip(row(j)).map(|(x, y)| x * y).sum();
                    let cosine = if i == j && self.norms[i] > 0.0 { 1.0 } else { dot.clamp(-1.0, 1.0) };
                    cosines[i * n + j] = cosine;
                    cosines[j * n + i] = cosine;
                }
            }
            cosines
        })
    }

    /// What one sample costs; given weights are not drawn.
    pub fn cost(&self) -> Cost {
        let cost = Cost::of(self.sampler, self.n, self.dim, &self.network);
        let cost = if self.independence { cost.with_independence(self.n, &self.network) } else { cost };
        match self.weights {
            Weights::Drawn => cost,
            Weights::Explicit(_) => Cost { normals: 0.0, ..cost },
        }
    }

    /// Whether no layer can be dead for a point that is not zero: weights are drawn, and no layer is so narrow that all its
    /// neurons may be silent at once. A neuron is where a slope is (nearly) zero and its preactivation falls on it, half the
    /// time, or where its deviates are zero, once in 2²⁰ at most; so many of them at once are no draw but a fault.
    pub(super) fn never_dead(&self) -> bool {
        let (below, above) = self.network.activation().unit_slopes();
        let one_sided = below.abs().min(above.abs()) < 1e-3;
        let least = if one_sided { 128 } else { 8 };
        matches!(self.weights, Weights::Drawn) && self.network.hidden().iter().all(|width| *width >= least)
    }

    /// Whether K(x_i, x_i) is above zero in every draw, and in the range of f64.
    pub(super) fn is_alive(&self, i: usize) -> bool {
        self.never_dead() && self.norms[i].powi(2) * self.network.scale() > 1e-200
    }

    /// q = n·m_l.
    pub fn q(&self) -> usize {
        self.n * self.network.outputs()
    }

    /// The slopes of φ/(σ√m_k) below, at and above zero in hidden layer k, with φ′(0) = a.
    pub fn slopes(&self, k: usize) -> [f64; 3] {
        let phi = self.network.activation();
        let (below, above) = phi.unit_slopes();
        let root = (self.width(k) as f64).sqrt();
        [below / root, phi.a() / phi.sigma() / root, above / root]
    }

    /// m_k for 0 ≤ k ≤ l.
    pub fn width(&self, k: usize) -> u64 {
        let hidden = self.network.hidden();
        match k {
            0 => self.dim as u64,
            k if k <= hidden.len() => hidden[k - 1],
            _ => self.network.outputs() as u64,
        }
    }
}

/// How a device will do a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobPlan {
    /// Seeds in up to about a second of work, at least one.
    pub seeds_per_batch: usize,
    /// Seeds computed at the same time.
    pub concurrent: usize,
    /// Panels (conditional) or weights (direct) stay in memory between the passes; else they are drawn again.
    pub keep: bool,
    /// Bytes of memory in use at the peak, all concurrent seeds together.
    pub bytes: u64,
    /// Estimated seconds for one seed on one worker.
    pub seconds_per_seed: f64,
    /// Useful floating-point operations of the passes over neurons or weights, for one seed.
    pub operations: f64,
    /// Normal deviates of one seed, each counted once.
    pub normals: f64,
}
