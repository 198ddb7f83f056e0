//! The state of one seed: small matrices of every layer, panels that are kept, and the kernel that grows.

use pulp::Arch;
use rayon::prelude::*;

use super::conditional::LayerState;
use super::dense::DenseState;
use super::dispatch::{self, Pass};
use super::layer::{Layer, Streams};
use super::real::Real;
use crate::backend::{Batch, EngineError, Job, KernelSample};
use crate::rng::{Role, Tensor};

/// One seed of a job on the CPU.
pub(super) struct SeedState<'j, T> {
    pub(super) job: &'j Job,
    pub(super) keep: bool,
    pub(super) arch: Arch,
    pub(super) seed: u64,
    /// Blocks of this seed run in parallel.
    pub(super) inner: bool,
    /// C_k, 0 ≤ k < l; lower triangles.
    pub(super) grams: Vec<Vec<f64>>,
    /// N without the norms of the rows, n × m_l.
    pub(super) outputs: Vec<f64>,
    /// K without the norms of the rows, q × q, lower triangle.
    pub(super) kernel: Vec<f64>,
    /// Conditional: layers 1 … l−1 at their index, 0 unused but for the root of the input.
    pub(super) layers: Vec<LayerState<T>>,
    /// Direct.
    pub(super) dense: DenseState<T>,
}

impl<'j, T: Real> SeedState<'j, T> {
    pub(super) fn new(job: &'j Job, keep: bool, arch: Arch) -> Self {
        let depth = job.network.depth();
        let mut grams = vec![Vec::new(); depth];
        grams[0] = job.cosines.clone();
        Self {
            job,
            keep,
            arch,
            seed: 0,
            inner: false,
            grams,
            outputs: Vec::new(),
            kernel: Vec::new(),
            layers: (0..depth).map(|_| LayerState::default()).collect(),
            dense: DenseState::default(),
        }
    }

    pub(super) fn start(&mut self, seed: u64, inner: bool) {
        self.seed = seed;
        self.inner = inner;
        self.kernel.clear();
        self.kernel.resize(self.job.q() * self.job.q(), 0.0);
        self.outputs.clear();
    }

    /// The constants of layer k, 1 ≤ k < l.
    pub(super) fn layer(&self, k: usize) -> Layer {
        let phi = self.job.network.activation();
        let (below, above) = phi.unit_slopes();
        let width = self.job.width(k);
        let root = (width as f64).sqrt();
        Layer {
            width,
            n: self.job.n,
            q: self.job.q(),
            outputs: self.job.network.outputs(),
            below: below / root,
            at_zero: phi.a() / phi.sigma() / root,
            above: above / root,
        }
    }

    pub(super) fn streams(&self, k: usize) -> Streams {
        Streams {
            forward: Tensor::new(self.seed, Role::Forward, k),
            backward: Tensor::new(self.seed, Role::Backward, k),
            last: Tensor::new(self.seed, Role::Weight, self.job.network.depth()),
        }
    }

    /// Results of `pass(block)` for each item, in the order of the items.
    pub(super) fn blocks<I, P>(&self, items: Vec<I>, pass: impl Fn(usize, I) -> P + Sync) -> Vec<P::Output>
    where
        I: Send,
        P: Pass,
        P::Output: Send,
    {
        let arch = self.arch;
        if self.inner {
            let work = items.into_par_iter().enumerate();
            work.map(|(block, item)| dispatch::run(arch, pass(block, item))).collect()
        } else {
            let work = items.into_iter().enumerate();
            work.map(|(block, item)| dispatch::run(arch, pass(block, item))).collect()
        }
    }

    /// K += (C_{k−1} ⊗ 1 1ᵀ) ∘ (B_k B_kᵀ), lower triangle; C of the layer below is read from its lower triangle.
    pub(super) fn accumulate(&mut self, k: usize, b_gram: &[f64]) {
        let (n, q, outputs) = (self.job.n, self.job.q(), self.job.network.outputs());
        let gram = &self.grams[k - 1];
        for row in 0..q {
            let i = row / outputs;
            for column in 0..=row {
                let j = column / outputs;
                self.kernel[row * q + column] += gram[i * n + j] * b_gram[row * q + column];
            }
        }
    }

    pub(super) fn failed(&self, layer: usize, what: impl ToString) -> EngineError {
        EngineError::Failed { seed: self.seed, layer, what: what.to_string() }
    }

    /// The kernel with the term of the last layer, the norms of the rows and the scale.
    pub(super) fn finish(&mut self) -> Result<KernelSample, EngineError> {
        let (n, q, outputs) = (self.job.n, self.job.q(), self.job.network.outputs());
        let depth = self.job.network.depth();
        if depth == 1 {
            self.outputs = super::dense::input_outputs(self);
        }
        let last = &self.grams[depth - 1];
        let scale = self.job.network.scale();
        let mut kernel = vec![0.0; q * q];
        for row in 0..q {
            let (i, o) = (row / outputs, row % outputs);
            for column in 0..=row {
                let (j, p) = (column / outputs, column % outputs);
                // B_l B_lᵀ is 1 for equal outputs and 0 otherwise.
                let top = if o == p { last[i * n + j] } else { 0.0 };
                let norms = self.job.norms[i] * self.job.norms[j] * scale;
                let value = (self.kernel[row * q + column] + top) * norms;
                if !value.is_finite() {
                    return Err(self.failed(0, format!("entry ({row}, {column}) of the kernel is {value}")));
                }
                kernel[row * q + column] = value;
                kernel[column * q + row] = value;
            }
        }
        let square = |(k, value): (usize, &f64)| (value * self.job.norms[k / outputs]).powi(2);
        let output_norm = self.outputs.iter().enumerate().map(square).sum::<f64>().sqrt();
        Ok(KernelSample { seed: self.seed, kernel, output_norm })
    }
}

impl<T: Real> Batch for SeedState<'_, T> {
    fn root(&mut self, k: usize) -> Result<(), EngineError> {
        self.make_root(k)
    }

    fn forward(&mut self, k: usize) -> Result<(), EngineError> {
        self.forward_pass(k);
        Ok(())
    }

    fn backward(&mut self, k: usize) -> Result<(), EngineError> {
        self.backward_pass(k);
        Ok(())
    }

    fn couple(&mut self, k: usize) -> Result<(), EngineError> {
        self.make_coupling(k)
    }

    fn forward_dense(&mut self, k: usize) -> Result<(), EngineError> {
        self.dense_forward(k);
        Ok(())
    }

    fn backward_dense(&mut self, k: usize) -> Result<(), EngineError> {
        self.dense_backward(k);
        Ok(())
    }
}
