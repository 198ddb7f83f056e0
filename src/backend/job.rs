//! What an engine is asked to sample, in the form that every device starts from.

use std::sync::{Arc, OnceLock};

use super::{Precision, Refusal};
use crate::data::DataSet;
use crate::data::weights::Theta;
use crate::math::linalg::max_abs;
use crate::model::{Network, Parameterization};
use crate::sampler::Sampler;
use crate::sampler::cost::Cost;

/// Where weights come from in the direct sampler.
#[derive(Clone, Debug)]
pub enum Weights {
    /// The streams of the seed.
    Drawn,
    /// These, with the biases beside them, in their parameterization.
    Explicit(Arc<Theta>),
}

/// A network on points, normalised: φ is homogeneous, so rows go in with norm 1 and K is multiplied back by their
/// norms.
///
/// Where a network has biases, a point is (x, 1), of norm s = √(‖x‖² + 1): x goes in as x/s, and what the biases are
/// multiplied by as 1/s. Then every Z and A is that of the network over s, gradients are as they are, and K is again
/// multiplied back.
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
    /// K_gia of every seed is made beside K, as if gradients were independent of activations; the conditional sampler
    /// only.
    pub independence: bool,
    /// n.
    pub n: usize,
    /// m_0.
    pub dim: usize,
    /// Rows x/‖x‖, n × m_0 row-major; a zero row stays zero. With biases x/√(‖x‖² + 1).
    pub unit_rows: Vec<f64>,
    /// What they are multiplied back by: ‖x‖/√m_0; in the standard parameterization ‖x‖, or √(‖x‖² + 1) with biases.
    pub norms: Vec<f64>,
    /// What biases are multiplied by at each point, 1/√(‖x‖² + 1); empty where there are none.
    ones: Vec<f64>,
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
            let most = max_abs(row);
            let scale = if most > 0.0 { most } else { 1.0 };
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
            ones: Vec::new(),
            cosines: OnceLock::new(),
        }
    }

    /// The same with norms ‖x‖/√m_0 of its points, or the least and the greatest of them: a device that cannot hold
    /// them does the job in another way.
    #[must_use]
    pub fn with_norms(self, norms: &[f64]) -> Self {
        Self { norms: norms.to_vec(), ..self }
    }

    /// The same with these parameters in place of drawn ones, for the direct sampler.
    pub fn with_weights(mut self, theta: Arc<Theta>) -> Self {
        if theta.parameterization == Parameterization::Standard {
            let biased = theta.has_biases();
            let root = (self.dim as f64).sqrt();
            for (norm, row) in self.norms.iter_mut().zip(self.unit_rows.chunks_exact_mut(self.dim)) {
                let of_row = *norm * root;
                *norm = if biased { of_row.hypot(1.0) } else { of_row };
                if biased {
                    row.iter_mut().for_each(|x| *x *= of_row / *norm);
                }
            }
            self.ones =
                if biased { self.norms.iter().map(|norm| norm.recip()).collect() } else { Vec::new() };
            self.cosines = OnceLock::new();
        }
        Self { weights: Weights::Explicit(theta), sampler: Sampler::Direct, ..self }
    }

    /// The same with K_gia beside every kernel where this is true: see
    /// [`sampler::conditional`](crate::sampler::conditional). No bit of the kernel depends on it.
    pub fn with_independence(self, independence: bool) -> Self {
        Self { independence, ..self }
    }

    /// Refuses what no device does.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        match self.sampler {
            Sampler::Direct if self.independence => Err(Refusal::Independence),
            _ if self.precision == Precision::F16
                && self.parameterization() == Parameterization::Standard =>
            {
                Err(Refusal::HalfStandard)
            }
            _ => Ok(()),
        }
    }

    /// That of given parameters; drawn ones are in NTK parameterization.
    pub fn parameterization(&self) -> Parameterization {
        match &self.weights {
            Weights::Drawn => Parameterization::Ntk,
            Weights::Explicit(theta) => theta.parameterization,
        }
    }

    /// c_k, where layer k has a bias, and what it is multiplied by at each point.
    pub fn bias(&self, k: usize) -> Option<(&[f64], &[f64])> {
        match &self.weights {
            Weights::Explicit(theta) if !self.ones.is_empty() => Some((theta.bias(k)?, &self.ones)),
            _ => None,
        }
    }

    /// Adds to A_{k−1}A_{k−1}ᵀ (the lower triangle counts) what the bias of layer k has: its gradient is that of
    /// weights on a neuron that is always 1.
    pub(super) fn add_bias(&self, k: usize, gram: &mut [f64]) {
        let Some((_, ones)) = self.bias(k) else { return };
        for (row, one) in gram.chunks_exact_mut(self.n).zip(ones) {
            row.iter_mut().zip(ones).for_each(|(entry, other)| *entry += one * other);
        }
    }

    /// C_0, the cosines of the rows, n × n, with 1 (or 0 for a zero row) on the diagonal; where layer 1 has a bias
    /// those of the points (x, 1).
    pub fn cosines(&self) -> &[f64] {
        self.cosines.get_or_init(|| {
            let (n, dim) = (self.n, self.dim);
            let row = |i: usize| &self.unit_rows[i * dim..(i + 1) * dim];
            let mut cosines = vec![0.0; n * n];
            for i in 0..n {
                for j in 0..=i {
                    let dot: f64 = row(i).iter().zip(row(j)).map(|(x, y)| x * y).sum();
                    let unit = i == j && self.norms[i] > 0.0 && self.ones.is_empty();
                    let cosine = if unit { 1.0 } else { dot.clamp(-1.0, 1.0) };
                    cosines[i * n + j] = cosine;
                    cosines[j * n + i] = cosine;
                }
            }
            self.add_bias(1, &mut cosines);
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

    /// Whether no layer can be dead for a point that is not zero: weights are drawn, and no layer is so narrow that all
    /// its neurons may be silent at once. A neuron is where a slope is (nearly) zero and its preactivation falls on it,
    /// half the time, or where its deviates are zero, once in 2²⁰ at most; so many of them at once are no draw but a
    /// fault.
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

    /// The slopes of φ/(σ√m_k) below, at and above zero in hidden layer k, with φ′(0) = a; in the standard
    /// parameterization those of φ.
    pub fn slopes(&self, k: usize) -> [f64; 3] {
        let phi = self.network.activation();
        if self.parameterization() == Parameterization::Standard {
            return [phi.a() - phi.b(), phi.a(), phi.a() + phi.b()];
        }
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
