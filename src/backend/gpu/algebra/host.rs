//! The small matrices on the host: they come back once a layer and are factorised in f64, in parallel over the seeds.

use rayon::prelude::*;

use super::{Algebra, upload_turned};
use crate::backend::gpu::device::Device;
use crate::backend::gpu::executor::Run;
use crate::backend::gpu::passes::View;
use crate::backend::gpu::recording::{Proxy, Recording};
use crate::backend::gpu::sums::{self, Sums};
use crate::backend::small::{Coupling, Small};
use crate::backend::{Drawn, EngineError, Job, Stop, Weights};
use crate::math::root::Noise;
use crate::rng::{Role, Tensor};
use crate::stats::Reference;
use crate::threads::Threads;

/// The small matrices of a group of seeds.
pub(in crate::backend::gpu) struct HostAlgebra<'e> {
    device: &'e Device,
    threads: &'e Threads,
    stop: Stop,
    job: &'e Job,
    seeds: Vec<u64>,
    /// One for every seed that there is room for.
    small: Vec<Small<'e>>,
    /// S_kᵀ, at its layer.
    roots: Vec<Option<View>>,
    /// Tᵀ and S_Bᵀ, at their layer.
    couplings: Vec<Option<(View, View)>>,
    /// S'_Bᵀ, at its layer.
    independent: Vec<Option<View>>,
}

impl<'e> HostAlgebra<'e> {
    /// Room for this many seeds at a time; `noise` is the relative rounding of the sums, `layers` keeps the matrices of
    /// every layer.
    pub(in crate::backend::gpu) fn new(
        device: &'e Device,
        (threads, stop): (&'e Threads, &Stop),
        job: &'e Job,
        seeds: u64,
        noise: Noise,
        layers: bool,
    ) -> Self {
        let depth = job.network.depth();
        Self {
            device,
            threads,
            stop: stop.clone(),
            job,
            seeds: Vec::new(),
            small: (0..seeds).map(|_| Small::new(job, noise, layers)).collect(),
            roots: (0..depth).map(|_| None).collect(),
            couplings: (0..depth).map(|_| None).collect(),
            independent: (0..depth).map(|_| None).collect(),
        }
    }

    /// The seeds in hand, in parallel, results in their order; ends between two of them where a stop was asked for.
    fn each<T: Send>(
        &mut self,
        work: impl Fn(&mut Small<'e>) -> Result<T, EngineError> + Sync + Send,
    ) -> Result<Vec<T>, EngineError> {
        let (small, stop) = (&mut self.small[..self.seeds.len()], &self.stop);
        let one = |small| stop.check().and_then(|()| work(small));
        self.threads.install(|| small.par_iter_mut().map(one).collect())
    }

    /// Hands matrix after matrix to the small matrices of its seed.
    fn hand_in(
        &mut self,
        name: &str,
        matrices: Option<Vec<Vec<f64>>>,
        set: impl Fn(&mut Small<'e>, Vec<f64>) + Sync + Send,
    ) -> Result<(), EngineError> {
        let small = &mut self.small[..self.seeds.len()];
        // Else a seed would go on with the matrix of another.
        let Some(matrices) = matrices.filter(|matrices| matrices.len() == small.len()) else {
            let what = format!("{name} did not come back for each seed of {}", small.len());
            return Err(self.device.fault(what));
        };
        self.threads
            .install(|| small.par_iter_mut().zip(matrices).for_each(|(small, matrix)| set(small, matrix)));
        Ok(())
    }

    /// Reads the sums of layer k, those that there are.
    fn read<const N: usize>(
        &self,
        run: &mut Run,
        k: usize,
        sums: [Option<Sums>; N],
    ) -> Result<[Option<Vec<Vec<f64>>>; N], EngineError> {
        let there = sums.each_ref().map(Option::is_some);
        let sums = sums.into_iter().flatten().collect();
        let mut matrices = sums::read(run, sums, &self.seeds, k)?.into_iter();
        Ok(there.map(|there| there.then(|| matrices.next()).flatten()))
    }
}

impl Algebra for HostAlgebra<'_> {
    fn start(&mut self, seeds: &[u64]) {
        self.seeds = seeds.to_vec();
        for (small, &seed) in self.small.iter_mut().zip(seeds) {
            small.start(seed);
        }
    }

    fn root(&mut self, run: &mut Run, k: usize) -> Result<(), EngineError> {
        let n = self.job.n;
        let roots = if k > 0 {
            self.each(|small| small.root(k).map(<[f64]>::to_vec))?
        } else if self.roots[0].is_some() {
            return Ok(());
        } else {
            // The input is the same for every seed.
            vec![self.small[0].root(0)?.to_vec()]
        };
        let (seeds, recording) = (self.small.len(), &mut run.recording);
        let to = self.roots[k].map_or_else(|| room(recording, seeds, n * n), |old| old.buffer);
        self.roots[k] = Some(upload_turned(recording, to, &roots, [n, n]));
        Ok(())
    }

    fn forward(
        &mut self,
        run: &mut Run,
        k: usize,
        gram: Sums,
        cross: Option<Sums>,
    ) -> Result<(), EngineError> {
        let last = k + 1 == self.job.network.depth();
        let crossed = cross.is_some();
        let [gram, cross] = self.read(run, k, [Some(gram), cross])?;
        self.hand_in("C", gram, |small, c| drop(small.set_gram(k, c)))?;
        if crossed {
            let name = if last { "N" } else { "E" };
            self.hand_in(name, cross, |small, e| {
                if last { small.set_outputs(e) } else { small.set_forward_cross(k, e) }
            })?;
        }
        Ok(())
    }

    fn backward(
        &mut self,
        run: &mut Run,
        k: usize,
        gram: Sums,
        cross: Option<Sums>,
        independent: Option<Sums>,
    ) -> Result<(), EngineError> {
        let (crossed, twin) = (cross.is_some(), independent.is_some());
        let [gram, cross, independent] = self.read(run, k, [Some(gram), cross, independent])?;
        if twin {
            self.hand_in("B' B'ᵀ", independent, Small::set_independent_gram)?;
        }
        self.hand_in("B Bᵀ", gram, |small, gram| drop(small.set_back_gram(k, gram)))?;
        if crossed {
            let (n, q) = (self.job.n, self.job.q());
            let turned = |m: Vec<f64>| (0..n * q).map(|at| m[at % q * n + at / q]).collect();
            self.hand_in("M", cross, |small, m| small.set_back_cross(k, turned(m)))?;
        }
        Ok(())
    }

    fn couple(&mut self, run: &mut Run, k: usize) -> Result<(), EngineError> {
        let (n, q) = (self.job.n, self.job.q());
        let couplings = self.each(|small| small.couple(k))?;
        let independent: Vec<_> = couplings.iter().filter_map(|c| c.independent.clone()).collect();
        let both = couplings.into_iter().map(|Coupling { t, root, .. }| (t, root));
        let (t, root): (Vec<_>, Vec<_>) = both.unzip();
        let (seeds, recording) = (self.small.len(), &mut run.recording);
        let mut new = || (room(recording, seeds, n * q), room(recording, seeds, q * q));
        let to = self.couplings[k - 1].map_or_else(&mut new, |(t, root)| (t.buffer, root.buffer));
        let t = upload_turned(recording, to.0, &t, [n, q]);
        self.couplings[k - 1] = Some((t, upload_turned(recording, to.1, &root, [q, q])));
        if !independent.is_empty() {
            let to = self.independent[k - 1].map_or_else(|| room(recording, seeds, q * q), |old| old.buffer);
            self.independent[k - 1] = Some(upload_turned(recording, to, &independent, [q, q]));
        }
        Ok(())
    }

    fn root_of(&self, k: usize) -> Option<View> {
        self.roots[k]
    }

    fn coupling_of(&self, k: usize) -> Option<(View, View)> {
        self.couplings[k]
    }

    fn independent_of(&self, k: usize) -> Option<View> {
        self.independent[k]
    }

    fn kernels(&mut self, _run: &mut Run) -> Result<Vec<Drawn>, EngineError> {
        let job = self.job;
        self.each(|small| {
            if job.network.depth() == 1 {
                let outputs = input_outputs(job, small.seed());
                small.set_outputs(outputs);
            }
            small.finish()
        })
    }

    fn statistics(&mut self, run: &mut Run, _: &Reference, _: bool) -> Result<Vec<Drawn>, EngineError> {
        // Who asked makes them of the kernels.
        self.kernels(run)
    }
}

/// Kept room for a matrix of this many f32 for every seed.
fn room(recording: &mut Recording, seeds: usize, entries: usize) -> Proxy {
    recording.keep(4 * (seeds * entries) as u64)
}

/// N of a network without hidden layers, X·W_1ᵀ, in f64 on the host: too small a product for a device.
fn input_outputs(job: &Job, seed: u64) -> Vec<f64> {
    let (dim, outputs) = (job.dim, job.network.outputs());
    let tensor = Tensor::new(seed, Role::Weight, 1);
    let weights: Vec<f64> = match &job.weights {
        Weights::Explicit(theta) => theta.weights(1).to_vec(),
        Weights::Drawn => {
            let at = |k: usize| f64::from(tensor.normal((k / dim) as u32, (k % dim) as u32));
            (0..outputs * dim).map(at).collect()
        }
    };
    let dot = |x: &[f64], w: &[f64]| x.iter().zip(w).map(|(x, w)| x * w).sum::<f64>();
    let rows = job.unit_rows.chunks_exact(dim);
    rows.flat_map(|x| weights.chunks_exact(dim).map(move |w| dot(x, w))).collect()
}
