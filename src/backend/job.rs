//! What an engine is asked to sample, in the form that every device starts from.

use std::fmt;
use std::sync::Arc;

use super::Precision;
use crate::model::Network;

/// A sampler of K(θ).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampler {
    /// Draws every weight.
    Direct,
    /// Draws from the same law without forming any hidden weight.
    Conditional,
}

impl fmt::Display for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "direct",
            Self::Conditional => "conditional",
        })
    }
}

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
    /// n.
    pub n: usize,
    /// m_0.
    pub dim: usize,
    /// Rows x/‖x‖, n × m_0 row-major; a zero row stays zero.
    pub unit_rows: Vec<f64>,
    /// ‖x‖/√m_0.
    pub norms: Vec<f64>,
    /// C_0, the cosines of the rows, n × n, with 1 (or 0 for a zero row) on the diagonal.
    pub cosines: Vec<f64>,
}

impl Job {
    /// A job from points (n × m_0 row-major, finite, squares in range).
    pub fn new(
        network: Network,
        values: &[f64],
        dim: usize,
        sampler: Sampler,
        precision: Precision,
        weights: Weights,
    ) -> Self {
        Self::outline(network, values.len() / dim, dim, sampler, precision, weights).with_points(values)
    }

    /// The sizes of a job without its points: enough to plan it before anything of size n² is made.
    pub fn outline(
        network: Network,
        n: usize,
        dim: usize,
        sampler: Sampler,
        precision: Precision,
        weights: Weights,
    ) -> Self {
        let (unit_rows, norms, cosines) = (Vec::new(), Vec::new(), Vec::new());
        Self { network, sampler, precision, weights, n, dim, unit_rows, norms, cosines }
    }

    /// The same job with its points.
    pub fn with_points(self, values: &[f64]) -> Self {
        let (n, dim) = (self.n, self.dim);
        let mut unit_rows = Vec::with_capacity(values.len());
        let mut norms = Vec::with_capacity(n);
        for row in values.chunks_exact(dim) {
            // Scaled by the largest entry first, so that squares neither overflow nor vanish.
            let largest = row.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            let scale = if largest > 0.0 { largest } else { 1.0 };
            let norm = row.iter().map(|x| (x / scale).powi(2)).sum::<f64>().sqrt();
            norms.push(scale * norm / (dim as f64).sqrt());
            let divisor = if norm > 0.0 { norm } else { 1.0 };
            unit_rows.extend(row.iter().map(|x| x / scale / divisor));
        }
        let row = |i: usize| &unit_rows[i * dim..(i + 1) * dim];
        let mut cosines = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let dot: f64 = row(i).iter().zip(row(j)).map(|(x, y)| x * y).sum();
                let cosine = if i == j && norms[i] > 0.0 { 1.0 } else { dot.clamp(-1.0, 1.0) };
                cosines[i * n + j] = cosine;
                cosines[j * n + i] = cosine;
            }
        }
        Self { unit_rows, norms, cosines, ..self }
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
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
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
