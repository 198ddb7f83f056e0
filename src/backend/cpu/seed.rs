//! What the states of both samplers share: one seed of a job, its small matrices, and how blocks of neurons are run.

use pulp::Arch;
use rayon::prelude::*;

use super::dispatch::{self, Pass};
use super::layer::{Layer, Streams, wave};
use super::real::Real;
use super::room::Room;
use super::weights::Matrix;
use crate::backend::small::Small;
use crate::backend::{Drawn, EngineError, Job, Stop, Wanted};
use crate::math::root::Noise;
use crate::rng::{Role, Tensor};

/// Panels and small matrices of one seed after another.
pub(super) trait SeedState: Send {
    /// Begins a seed; `inner` says that its blocks run in parallel.
    fn start(&mut self, seed: u64, inner: bool);
    /// Its kernel, K_gia where the job asks for it, and the matrices of its layers where they are wanted.
    fn draw(&mut self) -> Result<Drawn, EngineError>;
}

/// What the seeds of one request have in common.
#[derive(Clone, Copy)]
pub(super) struct Drawing<'j> {
    pub(super) job: &'j Job,
    /// Panels or weights stay between the passes.
    pub(super) keep: bool,
    pub(super) arch: Arch,
    pub(super) stop: &'j Stop,
    pub(super) wanted: &'j Wanted<'j>,
}

/// One seed of a job on the CPU, whatever the sampler.
pub(super) struct Seed<'j> {
    pub(super) job: &'j Job,
    /// Panels or weights stay between the passes.
    pub(super) keep: bool,
    pub(super) stop: &'j Stop,
    pub(super) small: Small<'j>,
    /// Of all that is summed.
    pub(super) room: Room,
    arch: Arch,
    /// Blocks of this seed run in parallel.
    inner: bool,
}

impl<'j> Seed<'j> {
    /// Room for the seeds of a job whose panels are of this type.
    pub(super) fn new<T: Real>(to: Drawing<'j>) -> Self {
        let Drawing { job, keep, arch, stop, wanted } = to;
        let small = Small::new(job, Noise::of_panels(T::GRAM_NOISE), wanted.needs_matrices());
        Self { job, keep, stop, small, room: Room::default(), arch, inner: false }
    }

    pub(super) fn start(&mut self, seed: u64, inner: bool) {
        self.inner = inner;
        self.small.start(seed);
    }

    /// Whether k is the last hidden layer.
    pub(super) fn is_last(&self, k: usize) -> bool {
        k + 1 == self.job.network.depth()
    }

    /// The constants of layer k, 1 ≤ k < l.
    pub(super) fn layer<T: Real>(&self, k: usize) -> Layer<T> {
        // Rounded here, once: in a pass the compiler would choose among f64 and round for every lane.
        let [below, at_zero, above] = self.job.slopes(k).map(T::from_f64);
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
    pub(super) fn blocks<I, P>(
        &self,
        items: Vec<I>,
        pass: impl Fn(usize, I) -> P + Sync,
    ) -> Result<Vec<P::Output>, EngineError>
    where
        I: Send,
        P: Pass,
        P::Output: Send,
    {
        let one = |(block, item)| {
            self.stop.check()?;
            Ok(dispatch::run(self.arch, pass(block, item)))
        };
        let results: Result<Vec<_>, _> = if self.inner {
            items.into_par_iter().enumerate().map(one).collect()
        } else {
            items.into_iter().enumerate().map(one).collect()
        };
        // A pass that saw the request itself has returned sums that are not complete.
        self.stop.check()?;
        results
    }

    /// What a pass returns for each chunk of a layer, so many numbers, added in the order of the chunks.
    pub(super) fn summed<T: Real, I, P>(
        &self,
        layer: &Layer<T>,
        length: usize,
        mut chunks: impl Iterator<Item = I>,
        pass: impl Fn(I) -> P + Sync,
    ) -> Result<Vec<f64>, EngineError>
    where
        I: Send,
        P: Pass<Output = Vec<f64>>,
    {
        // Parts are summed from +0 and hold no −0, so the first of them needs no zeros before it.
        let mut total: Option<Vec<f64>> = None;
        loop {
            let some: Vec<I> = chunks.by_ref().take(wave(layer.n, layer.q)).collect();
            if some.is_empty() {
                return Ok(total.unwrap_or_else(|| self.room.zeros(length)));
            }
            for part in self.blocks(some, |_, chunk| pass(chunk))? {
                match &mut total {
                    Some(total) => self.room.add(total, part),
                    None => total = Some(part),
                }
            }
        }
    }

    /// The kernels, once all passes have run.
    pub(super) fn finish<T: Real>(&mut self) -> Result<Drawn, EngineError> {
        if self.job.network.depth() == 1 {
            let weights = Matrix::of(self.job, self.small.seed(), 1);
            let outputs = weights.outputs(&input::<T>(self.job), self.job.n);
            self.small.set_outputs(outputs);
        }
        self.stop.check()?;
        self.small.finish()
    }
}

/// The unit rows transposed, m_0 × n.
pub(super) fn input<T: Real>(job: &Job) -> Vec<T> {
    let (n, dim) = (job.n, job.dim);
    let mut out = vec![T::ZERO; n * dim];
    for (i, row) in job.unit_rows.chunks_exact(dim).enumerate() {
        row.iter().enumerate().for_each(|(j, &x)| out[j * n + i] = T::from_f64(x));
    }
    out
}
