//! The small matrices of every layer of a seed: as a device sums them, and as they are handed out.
//!
//! A device fills them for input rows of norm 1, as it computes; `small::answer` measures them and multiplies the
//! norms back.

use super::{Job, Precision};
use crate::stats::{LayerReference, LayerStatistics, MeasureError};

/// What every layer adds to the kernel of one seed: K = scale · Σ_k (A_{k−1}A_{k−1}ᵀ ⊗ 1 1ᵀ) ∘ B_kB_kᵀ, to rounding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerMatrices {
    /// A_{k−1}A_{k−1}ᵀ for k = 1 … l, one after another; n × n, row-major, symmetric. A_{k−1}A_{k−1}ᵀ + 1 1ᵀ where
    /// layer k has a bias.
    pub activations: Vec<f64>,
    /// B_kB_kᵀ for k = 1 … l; (n·m_l) × (n·m_l), row-major, point-major, symmetric.
    pub gradients: Vec<f64>,
}

impl LayerMatrices {
    /// f64 numbers of one seed.
    pub fn entries(job: &Job) -> usize {
        job.network.depth() * (job.n * job.n + job.q() * job.q())
    }

    /// For input rows of norm 1: what is known before a draw, which is C_0 and B_lB_lᵀ; the rest is zero.
    pub(super) fn begun(job: &Job) -> Self {
        let (n, q, depth, outputs) = (job.n, job.q(), job.network.depth(), job.network.outputs());
        let mut activations = vec![0.0; depth * n * n];
        activations[..n * n].copy_from_slice(job.cosines());
        let mut gradients = vec![0.0; depth * q * q];
        let last = &mut gradients[(depth - 1) * q * q..];
        for (at, entry) in last.iter_mut().enumerate() {
            *entry = if at / q % outputs == at % q % outputs { 1.0 } else { 0.0 };
        }
        Self { activations, gradients }
    }

    /// Takes C_k, 0 < k < l, of which the lower triangle counts.
    pub(super) fn set_gram(&mut self, job: &Job, k: usize, gram: &[f64]) {
        symmetric(gram, job.n, &mut self.activations[k * job.n * job.n..]);
    }

    /// Takes B_kB_kᵀ, 0 < k < l, of which the lower triangle counts.
    pub(super) fn set_back_gram(&mut self, job: &Job, k: usize, gram: &[f64]) {
        let q = job.q();
        symmetric(gram, q, &mut self.gradients[(k - 1) * q * q..]);
    }

    /// Every layer against its limit, for input rows of norm 1.
    pub(super) fn measure(
        &self,
        job: &Job,
        reference: &LayerReference,
    ) -> Result<Vec<LayerStatistics>, MeasureError> {
        let (n, q, depth) = (job.n, job.q(), job.network.depth());
        let parallel = parallel(job.precision);
        let grams = self.activations.chunks_exact(n * n).zip(self.gradients.chunks_exact(q * q));
        let one = |(k, (gram, gradients))| {
            // The last one is known: every output has the same block.
            let gradients: Option<&[f64]> = (k < depth).then_some(gradients);
            reference.measure(k, gram, gradients, parallel)
        };
        (1..).zip(grams).map(one).collect()
    }

    /// With the norms of the rows in the activations.
    pub(super) fn with_norms(mut self, job: &Job) -> Self {
        let n = job.n;
        for gram in self.activations.chunks_exact_mut(n * n) {
            for (at, entry) in gram.iter_mut().enumerate() {
                *entry *= job.norms[at / n] * job.norms[at % n];
            }
        }
        self
    }
}

/// A matrix from its lower triangle.
fn symmetric(lower: &[f64], size: usize, to: &mut [f64]) {
    for row in 0..size {
        for column in 0..=row {
            let value = lower[row * size + column];
            to[row * size + column] = value;
            to[column * size + row] = value;
        }
    }
}

/// The largest cosine distance that is rounding: two panels that are parallel but for the rounding ε of every entry are
/// about ε²/2 apart, and their products are summed in f64.
fn parallel(precision: Precision) -> f64 {
    let epsilon = match precision {
        Precision::F16 => f64::exp2(-11.0),
        Precision::F32 => f64::exp2(-24.0),
        Precision::F64 => f64::exp2(-53.0),
    };
    16.0 * (epsilon * epsilon + f64::EPSILON)
}
