//! One layer of one sample against its limit: what the proofs of concentration bound, layer by layer.
//!
//! x_k are the activations that feed W_k (x_1 is the input), ρ_k(i, j) the cosine of those of points i and j, w_k =
//! ((1−ρ_k)/2)^−½ their inverse cosine distance, and b_k(i, j) the mean over outputs o of (B_k B_kᵀ)[(i,o),(j,o)], 1 at
//! k = l. With the limits of [`layer_limits`]:
//!
//! ```text
//! norm_max             max_i |‖x_k(i)‖/‖x_i‖ − 1|                     arXiv 2501.14724, Proposition 24
//! cosine_max           max over pairs |ρ_k − its limit|                Proposition 25
//! icd_mean, icd_max    mean, max over pairs |w_k − its limit|          Remark 13, Figure 1
//! gradient_norm_max    max_i |b_k(i,i) − 1|                            Propositions 16 and 26
//! gradient_inner_max   max over pairs |b_k(i,j) − Π ϱ′|                Propositions 15 and 27
//! term_op              operator norm of this layer's term of K/n from its limit
//! ```
//!
//! **What is left out.** Zero points, of everything: they have neither a direction nor a limit. A point that died in a
//! layer (every ReLU silent) has no cosine there. w is infinite where two points are parallel: pairs that are so at the
//! input, or whose limits become so (opposite points under |s|), and pairs that a draw made parallel up to the rounding
//! of its panels. `pairs` counts what is left for w; where nothing is left a number is NaN.

use super::MeasureError;
use crate::data::DataSet;
use crate::limit::{LayerLimit, layer_limits};
use crate::math::extremes::operator_norm;
use crate::model::Network;

/// How far one layer of one sample is from its limit; see the module for the definitions. NaN where nothing defines a
/// number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerStatistics {
    /// Layer k, from 1.
    pub layer: usize,
    /// Largest relative error of a norm.
    pub norm_max: f64,
    /// Largest error of a cosine.
    pub cosine_max: f64,
    /// Mean error of an inverse cosine distance.
    pub icd_mean: f64,
    /// Largest error of an inverse cosine distance.
    pub icd_max: f64,
    /// Largest error of the squared norm of a gradient.
    pub gradient_norm_max: f64,
    /// Largest error of an inner product of gradients.
    pub gradient_inner_max: f64,
    /// Operator norm of the deviation of this layer's term of K/n.
    pub term_op: f64,
    /// Pairs that enter `icd_mean` and `icd_max`.
    pub pairs: u64,
}

/// The limits of every layer of a network on a data set, made once for all seeds.
#[derive(Clone, Debug)]
pub struct LayerReference {
    n: usize,
    outputs: usize,
    scale: f64,
    /// ‖x_i‖/√m_0.
    norms: Vec<f64>,
    limits: Vec<LayerLimit>,
}

impl LayerReference {
    /// The limits of this network on these points.
    pub fn new(network: &Network, data: &DataSet) -> Self {
        let root = (data.dim() as f64).sqrt();
        let norm = |i: usize| crate::math::double::UnitRow::new(data.row(i)).norm / root;
        Self {
            n: data.n(),
            outputs: network.outputs(),
            scale: network.scale(),
            norms: (0..data.n()).map(norm).collect(),
            limits: layer_limits(data, network.activation(), network.depth()),
        }
    }

    /// Bytes of it, for whoever keeps several.
    pub fn bytes(&self) -> usize {
        16 * self.n * self.n * self.limits.len()
    }

    /// Layer k, 1 ≤ k ≤ l, from two small matrices of a draw, row-major, of which the lower triangles are read: `gram`
    /// (n × n) of the activations that feed W_k, for input rows of norm 1, and `gradients` (n·m_l × n·m_l,
    /// point-major), which is B_kB_kᵀ, or None at the last layer, where it is 1 for equal outputs and 0 else. Cosine
    /// distances up to `parallel` are rounding of the draw. Errors: what is not finite has no norm.
    pub fn measure(
        &self,
        k: usize,
        gram: &[f64],
        gradients: Option<&[f64]>,
        parallel: f64,
    ) -> Result<LayerStatistics, MeasureError> {
        let (n, limit) = (self.n, &self.limits[k - 1]);
        let is_point = |i: &usize| self.norms[*i] > 0.0;
        let root = |i: usize| gram[i * n + i].sqrt();
        let mut norm = Largest::default();
        let (mut cosine, mut icd, mut inner) = (Largest::default(), Largest::default(), Largest::default());
        let (mut gradient_norm, mut sum, mut pairs) = (Largest::default(), 0.0, 0);
        for i in (0..n).filter(is_point) {
            norm.take(root(i) - 1.0);
            gradient_norm.take(self.mean_gradient(gradients, i, i) - 1.0);
            for j in (0..i).filter(is_point) {
                let entry = i * n + j;
                inner.take(self.mean_gradient(gradients, i, j) - limit.gradients[entry]);
                let size = root(i) * root(j);
                if size == 0.0 {
                    continue;
                }
                // The input is not drawn: its distances are known to more digits than its products are.
                let delta = if k == 1 { limit.deltas[entry] } else { 1.0 - gram[entry] / size };
                cosine.take(delta - limit.deltas[entry]);
                if delta > parallel && limit.deltas[entry] > parallel {
                    let error = inverse_distance(delta) - inverse_distance(limit.deltas[entry]);
                    icd.take(error);
                    sum += error.abs();
                    pairs += 1;
                }
            }
        }
        Ok(LayerStatistics {
            layer: k,
            norm_max: norm.value(),
            cosine_max: cosine.value(),
            icd_mean: if pairs > 0 { sum / pairs as f64 } else { f64::NAN },
            icd_max: icd.value(),
            gradient_norm_max: gradient_norm.value(),
            gradient_inner_max: inner.value(),
            term_op: self.term(gram, gradients, limit)?,
            pairs,
        })
    }

    /// The mean over outputs of (B Bᵀ)[(i,o),(j,o)], j ≤ i.
    fn mean_gradient(&self, gradients: Option<&[f64]>, i: usize, j: usize) -> f64 {
        let Some(gradients) = gradients else { return 1.0 };
        let (m, q) = (self.outputs, self.n * self.outputs);
        (0..m).map(|o| gradients[(i * m + o) * q + j * m + o]).sum::<f64>() / m as f64
    }

    /// ‖(scale·(A Aᵀ ⊗ 1 1ᵀ) ∘ B Bᵀ − its limit)/n‖. At the last layer every output has the same block, and nothing
    /// lies between two of them.
    fn term(&self, gram: &[f64], gradients: Option<&[f64]>, limit: &LayerLimit) -> Result<f64, MeasureError> {
        let (n, m) = (self.n, if gradients.is_some() { self.outputs } else { 1 });
        let q = n * m;
        let mut deviation = vec![0.0; q * q];
        for i in 0..n {
            for j in 0..=i {
                let size = self.scale * self.norms[i] * self.norms[j] / n as f64;
                if size == 0.0 {
                    continue;
                }
                let entry = i * n + j;
                let expected = (1.0 - limit.deltas[entry]) * limit.gradients[entry];
                for o in 0..m {
                    // Of the block of a point with itself the lower triangle.
                    for p in 0..if i == j { o + 1 } else { m } {
                        let at = (i * m + o) * q + j * m + p;
                        let found = gram[entry] * gradients.map_or(1.0, |gradients| gradients[at]);
                        deviation[at] = size * if o == p { found - expected } else { found };
                    }
                }
            }
        }
        operator_norm(&deviation, q)
            .map_err(|source| MeasureError::Spectrum { what: "term of a layer", source })
    }
}

/// w = ((1−ρ)/2)^−½ of a cosine distance 1 − ρ.
fn inverse_distance(delta: f64) -> f64 {
    (0.5 * delta).sqrt().recip()
}

/// The largest of numbers in absolute value; NaN of none, and where one is NaN.
#[derive(Default)]
struct Largest(Option<f64>);

impl Largest {
    fn take(&mut self, value: f64) {
        let size = value.abs();
        if self.0.is_none_or(|most| size > most || size.is_nan()) {
            self.0 = Some(size);
        }
    }

    fn value(&self) -> f64 {
        self.0.unwrap_or(f64::NAN)
    }
}
