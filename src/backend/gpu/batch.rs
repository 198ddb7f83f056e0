//! The seeds that a device has in hand: their streams, panels and small matrices.

use rayon::prelude::*;

use super::device::Device;
use super::module::Element;
use super::panel::{Panel, row_stride};
use super::passes::{self, View};
use super::plan::Layout;
use super::recording::Recording;
use crate::backend::small::{Coupling, Small};
use crate::backend::{Batch, EngineError, Job, KernelSample, Weights};
use crate::rng::{Role, Tensor};

/// A group of seeds of one job, all computed together.
pub(super) struct GpuBatch<'e> {
    pub(super) device: &'e Device,
    pub(super) host: &'e rayon::ThreadPool,
    pub(super) job: &'e Job,
    pub(super) layout: Layout,
    pub(super) seeds: Vec<u64>,
    pub(super) small: Vec<Small<'e>>,
    /// Keys of the seeds, `[seed]`.
    pub(super) keys: wgpu::Buffer,
    /// Conditional: S_kᵀ, at its layer.
    pub(super) roots: Vec<Option<View>>,
    /// Conditional: Tᵀ and S_Bᵀ, at their layer.
    pub(super) couplings: Vec<Option<(View, View)>>,
    /// Conditional: panels of the layers, where they are kept.
    pub(super) kept: Vec<Option<Kept>>,
    /// Direct: Z_k of the layers; 0 is the input.
    pub(super) z: Vec<Option<Panel>>,
    /// Direct: B of the layer above.
    pub(super) b: Option<Panel>,
    /// B_l = 1_n ⊗ I, q × m_l.
    pub(super) top: Option<View>,
}

/// Panels of a layer of the conditional sampler.
pub(super) struct Kept {
    pub(super) g: Panel,
    pub(super) z: Panel,
    /// None in the last hidden layer.
    pub(super) h: Option<Panel>,
}

impl<'e> GpuBatch<'e> {
    /// Room for the groups of a job, one after another.
    pub(super) fn new(device: &'e Device, host: &'e rayon::ThreadPool, job: &'e Job, layout: Layout) -> Self {
        let depth = job.network.depth();
        let noise = noise(device, layout.element);
        fn none<T>(count: usize) -> Vec<Option<T>> {
            (0..count).map(|_| None).collect()
        }
        Self {
            device,
            host,
            job,
            layout,
            seeds: Vec::new(),
            small: (0..layout.seeds).map(|_| Small::new(job, noise)).collect(),
            keys: device.storage(8 * layout.seeds),
            roots: none(depth),
            couplings: none(depth),
            kept: none(depth),
            z: none(depth),
            b: None,
            top: None,
        }
    }

    /// Begins these seeds, at most as many as there is room for.
    pub(super) fn start(&mut self, seeds: &[u64]) {
        self.seeds = seeds.to_vec();
        let keys: Vec<[u32; 2]> = seeds.iter().map(|&s| [s as u32, (s >> 32) as u32]).collect();
        self.device.queue.write_buffer(&self.keys, 0, bytemuck::cast_slice(&keys));
        for (small, &seed) in self.small.iter_mut().zip(seeds) {
            small.start(seed);
        }
    }

    /// How many seeds are in hand.
    pub(super) fn count(&self) -> u32 {
        self.seeds.len() as u32
    }

    /// The small matrices of the seeds in hand, in parallel, results in the order of the seeds.
    pub(super) fn each<T: Send>(
        &mut self,
        work: impl Fn(&mut Small<'e>) -> Result<T, EngineError> + Sync + Send,
    ) -> Result<Vec<T>, EngineError> {
        let small = &mut self.small[..self.seeds.len()];
        self.host.install(|| small.par_iter_mut().map(work).collect())
    }

    /// Hands matrix after matrix to the small matrices of its seed.
    pub(super) fn hand_in(
        &mut self,
        matrices: Vec<Vec<f64>>,
        set: impl Fn(&mut Small<'e>, Vec<f64>) + Sync + Send,
    ) {
        let small = &mut self.small[..self.seeds.len()];
        self.host
            .install(|| small.par_iter_mut().zip(matrices).for_each(|(small, matrix)| set(small, matrix)));
    }

    /// Small matrices of the seeds on the device, each rows × columns as f32 and turned: `[seed][column][row]`.
    pub(super) fn upload_turned(&self, matrices: &[Vec<f64>], [rows, columns]: [usize; 2]) -> View {
        let mut flat = Vec::with_capacity(matrices.len() * rows * columns);
        for matrix in matrices {
            for column in 0..columns {
                flat.extend((0..rows).map(|row| matrix[row * columns + column] as f32));
            }
        }
        // One matrix serves all seeds.
        let seed = if matrices.len() == 1 { 0 } else { (rows * columns) as u32 };
        View { buffer: self.device.upload(&flat), seed, row: rows as u32, element: Element::F32 }
    }

    /// B_l.
    pub(super) fn top(&mut self) -> View {
        let (q, outputs) = (self.job.q(), self.job.network.outputs());
        let device = self.device;
        let make = || {
            let mut flat = vec![0f32; q * outputs];
            (0..q).for_each(|row| flat[row * outputs + row % outputs] = 1.0);
            View { buffer: device.upload(&flat), seed: 0, row: outputs as u32, element: Element::F32 }
        };
        self.top.get_or_insert_with(make).clone()
    }

    /// Slopes of hidden layer k.
    pub(super) fn slopes(&self, k: usize) -> [f32; 4] {
        passes::slopes(self.job.slopes(k))
    }

    /// Slopes of hidden layer k for what is kept as B_k, which f16 holds lifted.
    pub(super) fn lifted_slopes(&self, k: usize) -> [f32; 4] {
        self.slopes(k).map(|slope| slope * self.layout.element.lift(self.job.width(k)))
    }

    /// Slopes that read B_k or the input (k = 0) as they are from a panel that may hold them lifted.
    pub(super) fn unlifting_slopes(&self, k: usize) -> [f32; 4] {
        let slope = 1.0 / self.layout.element.lift(self.job.width(k));
        [slope, slope, slope, 0.0]
    }

    /// Room for sums in f32 beside a panel in f16 of this many rows; panels in f32 need none.
    pub(super) fn sums_beside(
        &self,
        recording: &mut Recording,
        rows: u32,
        columns: u64,
    ) -> Option<wgpu::Buffer> {
        let bytes = 4 * self.layout.seeds * u64::from(rows) * row_stride(columns);
        (self.layout.element == Element::F16).then(|| recording.scratch(bytes))
    }

    pub(super) fn finish(&mut self) -> Result<Vec<KernelSample>, EngineError> {
        let job = self.job;
        self.each(|small| {
            if job.network.depth() == 1 {
                let outputs = input_outputs(job, small.seed());
                small.set_outputs(outputs);
            }
            small.finish()
        })
    }
}

impl Drop for GpuBatch<'_> {
    fn drop(&mut self) {
        let panels = self.z.drain(..).flatten().chain(self.b.take());
        let kept = self.kept.drain(..).flatten().flat_map(|k| [Some(k.g), Some(k.z), k.h]).flatten();
        let mut buffers: Vec<wgpu::Buffer> = panels.chain(kept).flat_map(Panel::into_buffers).collect();
        buffers.push(self.keys.clone());
        self.device.give_back(buffers);
    }
}

impl Batch for GpuBatch<'_> {
    fn root(&mut self, k: usize) -> Result<(), EngineError> {
        let n = self.job.n;
        let roots = if k > 0 {
            self.each(|small| small.root(k).map(<[f64]>::to_vec))?
        } else if self.roots[0].is_some() {
            return Ok(());
        } else {
            // The input is the same for every seed.
            vec![self.small[0].root(0)?.to_vec()]
        };
        let root = self.upload_turned(&roots, [n, n]);
        if let Some(old) = self.roots[k].replace(root) {
            self.device.give_back([old.buffer]);
        }
        Ok(())
    }

    fn forward(&mut self, k: usize) -> Result<(), EngineError> {
        self.conditional_forward(k)
    }

    fn backward(&mut self, k: usize) -> Result<(), EngineError> {
        self.conditional_backward(k)
    }

    fn couple(&mut self, k: usize) -> Result<(), EngineError> {
        let (n, q) = (self.job.n, self.job.q());
        let couplings = self.each(|small| small.couple(k))?;
        let (t, root): (Vec<_>, Vec<_>) = couplings.into_iter().map(|Coupling { t, root }| (t, root)).unzip();
        let coupling = (self.upload_turned(&t, [n, q]), self.upload_turned(&root, [q, q]));
        if let Some((t, root)) = self.couplings[k - 1].replace(coupling) {
            self.device.give_back([t.buffer, root.buffer]);
        }
        Ok(())
    }

    fn forward_dense(&mut self, k: usize) -> Result<(), EngineError> {
        self.direct_forward(k)
    }

    fn backward_dense(&mut self, k: usize) -> Result<(), EngineError> {
        self.direct_backward(k)
    }
}

/// Relative rounding of a Gram matrix that this device sums, as `math::root` counts it.
fn noise(device: &Device, element: Element) -> f64 {
    // Panels round at ε: two rows that differ by rounding differ by ε² in the matrix.
    let panels = element.epsilon().powi(2);
    if device.variant.f64 {
        panels
    } else {
        // 16 products are added in f32, which leaves up to 8ε of their size; the signs of the errors of many chunks cancel.
        panels.max(f32::EPSILON.into())
    }
}

/// N of a network without hidden layers, X·W_1ᵀ, in f64 on the host: too small a product for a device.
fn input_outputs(job: &Job, seed: u64) -> Vec<f64> {
    let (dim, outputs) = (job.dim, job.network.outputs());
    let tensor = Tensor::new(seed, Role::Weight, 1);
    let weights: Vec<f64> = match &job.weights {
        Weights::Explicit(matrices) => matrices[0].clone(),
        Weights::Drawn => {
            let at = |k: usize| f64::from(tensor.normal((k / dim) as u32, (k % dim) as u32));
            (0..outputs * dim).map(at).collect()
        }
    };
    let dot = |x: &[f64], w: &[f64]| x.iter().zip(w).map(|(x, w)| x * w).sum::<f64>();
    let rows = job.unit_rows.chunks_exact(dim);
    rows.flat_map(|x| weights.chunks_exact(dim).map(move |w| dot(x, w))).collect()
}
