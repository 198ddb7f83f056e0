//! The state of one seed: panels that are kept, and its small matrices.

use pulp::Arch;
use rayon::prelude::*;

use super::conditional::LayerState;
use super::dense::DenseState;
use super::dispatch::{self, Pass};
use super::layer::{Layer, Streams};
use super::real::Real;
use crate::backend::small::Small;
use crate::backend::{Batch, EngineError, Job, KernelSample};
use crate::math::root::Noise;
use crate::rng::{Role, Tensor};

/// One seed of a job on the CPU.
pub(super) struct SeedState<'j, T> {
    pub(super) job: &'j Job,
    pub(super) keep: bool,
    pub(super) arch: Arch,
    /// Blocks of this seed run in parallel.
    pub(super) inner: bool,
    pub(super) small: Small<'j>,
    /// Conditional: layers 1 … l−1 at their index, 0 unused but for the root of the input.
    pub(super) layers: Vec<LayerState<T>>,
    /// Direct.
    pub(super) dense: DenseState<T>,
}

impl<'j, T: Real> SeedState<'j, T> {
    pub(super) fn new(job: &'j Job, keep: bool, arch: Arch) -> Self {
        Self {
            job,
            keep,
            arch,
            inner: false,
            small: Small::new(job, Noise::of_panels(T::GRAM_NOISE)),
            layers: (0..job.network.depth()).map(|_| LayerState::default()).collect(),
            dense: DenseState::default(),
        }
    }

    pub(super) fn start(&mut self, seed: u64, inner: bool) {
        self.inner = inner;
        self.small.start(seed);
    }

    /// The constants of layer k, 1 ≤ k < l.
    pub(super) fn layer(&self, k: usize) -> Layer {
        let [below, at_zero, above] = self.job.slopes(k);
        Layer {
            width: self.job.width(k),
            n: self.job.n,
            q: self.job.q(),
            outputs: self.job.network.outputs(),
            below,
            at_zero,
            above,
        }
    }

    pub(super) fn streams(&self, k: usize) -> Streams {
        let seed = self.small.seed();
        Streams {
            forward: Tensor::new(seed, Role::Forward, k),
            backward: Tensor::new(seed, Role::Backward, k),
            last: Tensor::new(seed, Role::Weight, self.job.network.depth()),
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

    pub(super) fn finish(&mut self) -> Result<KernelSample, EngineError> {
        if self.job.network.depth() == 1 {
            let outputs = super::dense::input_outputs(self);
            self.small.set_outputs(outputs);
        }
        self.small.finish()
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
