//! The small matrices of one seed and the algebra between the passes, in f64 on the host, for every device.
//!
//! ```text
//! root(k)     C_k → S_k, S_k⁺
//! couple(k)   S_B = (B_k B_kᵀ)^½,  T = S⁺(M_k − (S⁺)ᵀ E S_B)  with S⁺, E of layer k−1
//! K          += (C_{k−1} ⊗ 1 1ᵀ) ∘ (B_k B_kᵀ)
//! ```
//!
//! Where K_gia is asked for, the same of B' beside it: S'_B = (B'_k B'_kᵀ)^½ and T = 0.
//!
//! A device hands in the sums of its passes and takes S, T and S_B back in the type of its panels. The matrices of
//! every layer are kept where they are asked for.

use super::{Drawn, EngineError, Job, LayerMatrices, Precision, Remedy, Wanted};
use crate::math::root::{Noise, product, root};
use crate::stats::MeasureError;

/// What one layer leaves behind; n × n, n × q and q × q, row-major.
#[derive(Default)]
struct Layer {
    /// S_k.
    half: Vec<f64>,
    /// S_k⁺.
    pseudo: Vec<f64>,
    /// E_k = A_k H_k.
    forward_cross: Vec<f64>,
    /// B_k B_kᵀ, lower triangle.
    back_gram: Vec<f64>,
    /// M_k = G_kᵀ B_kᵀ.
    back_cross: Vec<f64>,
}

/// T (n × q) and S_B (q × q) of a layer.
pub(super) struct Coupling {
    /// T.
    pub(super) t: Vec<f64>,
    /// S_B.
    pub(super) root: Vec<f64>,
    /// S'_B, where K_gia is asked for.
    pub(super) independent: Option<Vec<f64>>,
}

/// K_gia on its way.
struct Twin {
    /// K_gia without the norms of the rows, q × q, lower triangle.
    kernel: Vec<f64>,
    /// B' B'ᵀ of the layer in hand, lower triangle; None where it is B Bᵀ.
    back_gram: Option<Vec<f64>>,
}

/// The small matrices of one seed.
pub(super) struct Small<'j> {
    job: &'j Job,
    /// Relative rounding of the Gram matrices, which decides their rank.
    noise: Noise,
    seed: u64,
    /// C_k, 0 ≤ k < l; lower triangles.
    grams: Vec<Vec<f64>>,
    layers: Vec<Layer>,
    /// N without the norms of the rows, n × m_l.
    outputs: Vec<f64>,
    /// K without the norms of the rows, q × q, lower triangle.
    kernel: Vec<f64>,
    /// The same of independent gradients, where they are asked for.
    twin: Option<Twin>,
    /// Of the layers so far, where they are kept.
    kept: Option<LayerMatrices>,
    /// Whether they are.
    keep: bool,
    /// The first layer whose activations leave the range of f32 panels at some point.
    vanished: Option<usize>,
}

/// ‖A_k(x)‖² of a unit row below which f32 panels lose it: their entries, of 1e-30 and less, end at 1e-38, and their
/// products with each other long before.
const VANISHING: f64 = 1e-60;

impl<'j> Small<'j> {
    /// Room for the seeds of a job, one after another; `keep` keeps the matrices of every layer.
    pub(super) fn new(job: &'j Job, noise: Noise, keep: bool) -> Self {
        let depth = job.network.depth();
        let mut grams = vec![Vec::new(); depth];
        grams[0] = job.cosines().to_vec();
        let layers = (0..depth).map(|_| Layer::default()).collect();
        let (outputs, kernel) = (Vec::new(), Vec::new());
        let twin = job.independence.then(|| Twin { kernel: Vec::new(), back_gram: None });
        Self { job, noise, seed: 0, grams, layers, outputs, kernel, twin, kept: None, keep, vanished: None }
    }

    /// Bytes for one seed of a job, which a GPU counts on the host.
    #[cfg(feature = "gpu")]
    pub(super) fn bytes(job: &Job) -> u64 {
        let (n, q) = (job.n as u64, job.q() as u64);
        let layer = match job.sampler {
            super::Sampler::Direct => n * n,
            super::Sampler::Conditional => 3 * n * n + n * q,
        };
        let twin = if job.independence { 3 * q * q } else { 0 };
        // One layer's sums on their way, the kernel, and the scratch of a factorisation.
        8 * (job.network.depth() as u64 * layer + n * n + n * q + 6 * q * q + twin)
    }

    /// Begins a seed; what belongs to the input stays.
    pub(super) fn start(&mut self, seed: u64) {
        self.seed = seed;
        for kernel in std::iter::once(&mut self.kernel).chain(self.twin.as_mut().map(|twin| &mut twin.kernel))
        {
            kernel.clear();
            kernel.resize(self.job.q() * self.job.q(), 0.0);
        }
        if let Some(twin) = &mut self.twin {
            twin.back_gram = None;
        }
        self.outputs.clear();
        self.kept = self.keep.then(|| LayerMatrices::begun(self.job));
        self.vanished = None;
    }

    /// The seed in hand.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// Takes C_k (lower triangle), which becomes C_k + 1 1ᵀ below a layer with a bias. What it says of the range of the
    /// panels is an error of [`root`](Self::root) and [`finish`](Self::finish): a layer that is dead for a point is
    /// exactly zero there, and legal. Gives back C_k of the seed before.
    pub(super) fn set_gram(&mut self, k: usize, mut gram: Vec<f64>) -> Vec<f64> {
        let vanishes = |square: &f64| *square > 0.0 && *square < VANISHING;
        let f64_panels = self.job.precision == Precision::F64;
        if !f64_panels && gram.iter().step_by(self.job.n + 1).any(vanishes) {
            self.vanished.get_or_insert(k);
        }
        self.job.add_bias(k + 1, &mut gram);
        if let Some(kept) = &mut self.kept {
            kept.set_gram(self.job, k, &gram);
        }
        std::mem::replace(&mut self.grams[k], gram)
    }

    fn in_range(&self) -> Result<(), EngineError> {
        self.vanished.map_or(Ok(()), |layer| {
            let what = format!(
                "its activations fall below the range of {}, and with them the kernel",
                self.job.precision
            );
            let remedies = &[Remedy::Precision(Precision::F64)];
            Err(EngineError::OutOfRange { seed: self.seed, layer, what, remedies })
        })
    }

    /// Takes E_k = A_k H_k, n × q.
    pub(super) fn set_forward_cross(&mut self, k: usize, cross: Vec<f64>) {
        self.layers[k].forward_cross = cross;
    }

    /// Takes N, n × m_l, without the bias of the last layer, which is added here.
    pub(super) fn set_outputs(&mut self, mut outputs: Vec<f64>) {
        if let Some((bias, ones)) = self.job.bias(self.job.network.depth()) {
            for (row, one) in outputs.chunks_exact_mut(bias.len()).zip(ones) {
                row.iter_mut().zip(bias).for_each(|(output, c)| *output += c * one);
            }
        }
        self.outputs = outputs;
    }

    /// Takes B'_k B'_kᵀ (lower triangle), where it is not B_k B_kᵀ, before that.
    pub(super) fn set_independent_gram(&mut self, gram: Vec<f64>) {
        if let Some(twin) = &mut self.twin {
            twin.back_gram = Some(gram);
        }
    }

    /// Takes B_k B_kᵀ (lower triangle) and adds the term of layer k to K, and to K_gia that of its own matrix. Gives
    /// back what was there before.
    pub(super) fn set_back_gram(&mut self, k: usize, gram: Vec<f64>) -> Vec<f64> {
        let below = &self.grams[k - 1];
        add_term(&mut self.kernel, below, &gram, self.job);
        if let Some(twin) = &mut self.twin {
            add_term(&mut twin.kernel, below, twin.back_gram.as_ref().unwrap_or(&gram), self.job);
        }
        if let Some(kept) = &mut self.kept {
            kept.set_back_gram(self.job, k, &gram);
        }
        std::mem::replace(&mut self.layers[k].back_gram, gram)
    }

    /// Takes M_k = G_kᵀ B_kᵀ, n × q.
    pub(super) fn set_back_cross(&mut self, k: usize, cross: Vec<f64>) {
        self.layers[k].back_cross = cross;
    }

    /// S_k and S_k⁺, 0 ≤ k < l−1. The root of the input is made once: it is the same for every seed.
    pub(super) fn root(&mut self, k: usize) -> Result<&[f64], EngineError> {
        self.in_range()?;
        if k > 0 || self.layers[0].half.is_empty() {
            // The input comes in f64, whatever the panels are, and its S⁺ is never needed.
            let noise = if k == 0 { Noise::of_panels(f64::EPSILON) } else { self.noise };
            let root = root(&self.grams[k], self.job.n, noise, k > 0).map_err(|e| self.failed(k, e))?;
            self.layers[k].half = root.half;
            self.layers[k].pseudo = root.pseudo;
        }
        Ok(&self.layers[k].half)
    }

    /// T, S_B and S'_B for layer k−1 from the sums of layer k, k ≥ 2.
    pub(super) fn couple(&mut self, k: usize) -> Result<Coupling, EngineError> {
        let (n, q) = (self.job.n, self.job.q());
        // Nobody asks for the sums of the layer above again: at great depth they would be most of the memory.
        let gram = std::mem::take(&mut self.layers[k].back_gram);
        let cross = std::mem::take(&mut self.layers[k].back_cross);
        let twin = self.twin.as_mut().map(|twin| twin.back_gram.take());
        let half = |gram: &[f64]| {
            root(gram, q, self.noise, false).map(|root| root.half).map_err(|e| self.failed(k, e))
        };
        let s_b = half(&gram)?;
        let independent =
            twin.map(|gram| gram.map_or_else(|| Ok(s_b.clone()), |gram| half(&gram))).transpose()?;
        let below = &self.layers[k - 1];
        let e_s_b = product(&below.forward_cross, false, &s_b, n, q, q);
        let h_part = product(&below.pseudo, true, &e_s_b, n, n, q);
        let difference: Vec<f64> = cross.iter().zip(&h_part).map(|(m, e)| m - e).collect();
        let t = product(&below.pseudo, false, &difference, n, n, q);
        Ok(Coupling { t, root: s_b, independent })
    }

    /// An error of this seed.
    pub(super) fn failed(&self, layer: usize, what: impl ToString) -> EngineError {
        EngineError::Failed { seed: self.seed, layer, what: what.to_string() }
    }

    /// The kernels, with the term of the last layer, the norms of the rows and the scale.
    pub(super) fn finish(&mut self) -> Result<Drawn, EngineError> {
        self.in_range()?;
        let kernel = self.whole(&self.kernel)?;
        let independent = self.twin.as_ref().map(|twin| self.whole(&twin.kernel)).transpose()?;
        let outputs = self.job.network.outputs();
        let square = |(k, value): (usize, &f64)| (value * self.job.norms[k / outputs]).powi(2);
        let output_norm = self.outputs.iter().enumerate().map(square).sum::<f64>().sqrt();
        let (seed, matrices) = (self.seed, self.kept.take());
        Ok(Drawn { seed, output_norm, kernel: Some(kernel), independent, matrices, ..Drawn::default() })
    }

    /// A kernel from the sums of its terms below the last.
    fn whole(&self, sums: &[f64]) -> Result<Vec<f64>, EngineError> {
        let (n, q, outputs) = (self.job.n, self.job.q(), self.job.network.outputs());
        let last = &self.grams[self.job.network.depth() - 1];
        let scale = self.job.network.scale();
        let mut kernel = vec![0.0; q * q];
        for (row, sums) in sums.chunks_exact(q).enumerate() {
            let (i, o) = (row / outputs, row % outputs);
            for (j, sums) in sums[..=row].chunks(outputs).enumerate() {
                let norms = self.job.norms[i] * self.job.norms[j] * scale;
                for (p, sum) in sums.iter().enumerate() {
                    let column = j * outputs + p;
                    // B_l B_lᵀ is 1 for equal outputs and 0 otherwise.
                    let top = if o == p { last[i * n + j] } else { 0.0 };
                    let sum = sum + top;
                    let value = sum * norms;
                    if !value.is_finite() {
                        let what = format!("entry ({row}, {column}) of the kernel is {value}");
                        return Err(self.failed(0, what));
                    }
                    // Zero is right for a point of zeros and where a layer is dead, and then the last term is zero too.
                    if row == column && sum <= 0.0 && (top > 0.0 || self.job.is_alive(i)) {
                        return Err(self.failed(0, no_kernel(i, value)));
                    }
                    kernel[row * q + column] = value;
                    kernel[column * q + row] = value;
                }
            }
        }
        Ok(kernel)
    }
}

/// K += (C ⊗ 1 1ᵀ) ∘ (B Bᵀ), lower triangles; what stands above the diagonal in a block of outputs is added too, and
/// never read.
fn add_term(kernel: &mut [f64], below: &[f64], gram: &[f64], job: &Job) {
    let (n, q, outputs) = (job.n, job.q(), job.network.outputs());
    for (row, (kernel, gram)) in kernel.chunks_exact_mut(q).zip(gram.chunks_exact(q)).enumerate() {
        let i = row / outputs;
        let blocks = kernel.chunks_exact_mut(outputs).zip(gram.chunks_exact(outputs));
        for ((kernel, gram), c) in blocks.zip(&below[i * n..=i * n + i]) {
            kernel.iter_mut().zip(gram).for_each(|(k, g)| *k += c * g);
        }
    }
}

/// A diagonal entry of a kernel that no draw has.
pub(super) fn no_kernel(point: usize, value: f64) -> String {
    format!("K(x, x) of point {point} is {value}, and it is above zero in every draw")
}

/// What was wanted of a seed, from its kernels, or the statistics that a device has made, and the matrices of its
/// layers where they were kept.
pub(super) fn answer(job: &Job, mut drawn: Drawn, wanted: &Wanted) -> Result<Drawn, EngineError> {
    let seed = drawn.seed;
    let failed = |e: MeasureError| EngineError::Failed { seed, layer: 0, what: e.to_string() };
    if let Some(reference) = wanted.statistics {
        if drawn.statistics.is_none() || wanted.spectrum {
            let kernel = drawn.kernel.as_ref().ok_or_else(|| drawn.lacks("statistics"))?;
            // A whole spectrum costs more than all the statistics.
            let statistics = if wanted.spectrum {
                let (statistics, eigenvalues) = reference.measure_all(kernel).map_err(failed)?;
                drawn.eigenvalues = Some(eigenvalues);
                statistics
            } else {
                reference.measure(kernel).map_err(failed)?
            };
            // A device that has made statistics keeps them, whatever else is asked of it.
            drawn.statistics.get_or_insert(statistics);
        }
        if let (Some(kernel), Some(independent)) = (&drawn.kernel, &drawn.independent) {
            let found = reference.measure_independence(kernel, independent).map_err(failed)?;
            drawn.independence = Some(found);
        }
    }
    if let (Some(angles), Some(kernel), Some(independent)) =
        (wanted.angles, &drawn.kernel, &drawn.independent)
    {
        drawn.angles = Some(angles.measure(kernel, independent));
    }
    if !wanted.kernel {
        (drawn.kernel, drawn.independent) = (None, None);
    }
    let matrices = drawn.matrices.take();
    if wanted.needs_matrices() && matrices.is_none() {
        return Err(drawn.lacks("layers"));
    }
    if let (Some(reference), Some(matrices)) = (wanted.layers, &matrices) {
        drawn.layers = Some(matrices.measure(job, reference).map_err(failed)?);
    }
    drawn.matrices = matrices.filter(|_| wanted.matrices).map(|matrices| matrices.with_norms(job));
    Ok(drawn)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::backend::Sampler;
    use crate::data::DataSet;
    use crate::data::weights::Theta;
    use crate::model::Network;

    /// The kernel of a network whose last hidden layer is dead for its second point, which no device has drawn.
    fn finished(activation: &str, width: u64, points: [f64; 4], given: bool) -> Result<Vec<f64>, String> {
        let network = Network::new(activation.parse().unwrap(), vec![width], 1).unwrap();
        let data = DataSet::new(points.to_vec(), 2).unwrap();
        let job = Job::new(&network, &data, Sampler::Direct, Precision::F32);
        let job = if given { job.with_weights(Arc::new(Theta::from(Vec::new()))) } else { job };
        let mut small = Small::new(&job, Noise::of_panels(f64::EPSILON), false);
        small.start(9);
        small.set_gram(1, vec![1.0, 0.0, 0.0, 0.0]);
        small.set_back_gram(1, vec![1.0, 0.0, 0.0, 0.0]);
        small.set_outputs(vec![1.0, 0.0]);
        small.finish().map(|drawn| drawn.kernel.unwrap_or_default()).map_err(|error| error.to_string())
    }

    /// A layer that is dead for a point makes a zero, where a layer can be dead.
    #[test]
    fn a_kernel_is_zero_only_where_a_draw_can_make_it_so() {
        let points = [1.0, 2.0, -3.0, 1.0];
        for (activation, width) in
            [("relu", 200), ("relu", 128), ("abs", 8), ("identity", 8), ("0.6,0.4", 40)]
        {
            let error = finished(activation, width, points, false).unwrap_err();
            assert!(error.starts_with("seed 9") && error.contains("K(x, x) of point 1 is 0"), "{error}");
            // Given weights may be anything, and the kernel of a point of zeros is zero.
            assert!(finished(activation, width, points, true).is_ok());
            assert!(finished(activation, width, [1.0, 2.0, 0.0, 0.0], false).is_ok());
        }
        for (activation, width) in [("relu", 3), ("leaky:1e-9", 60), ("abs", 1), ("0.6,0.4", 7)] {
            let kernel = finished(activation, width, points, false).unwrap();
            assert!(kernel[0] > 0.0 && kernel[1..] == [0.0; 3], "{kernel:?}");
        }
    }
}
