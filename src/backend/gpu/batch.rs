//! The seeds that a device has in hand: their streams, panels and small matrices.

use super::algebra::{Algebra, DeviceAlgebra, HostAlgebra};
use super::device::Device;
use super::module::Element;
use super::panel::{Panel, row_stride};
use super::passes::{self, View};
use super::plan::{Layout, Place};
use super::recording::Recording;
use crate::backend::{Batch, EngineError, Job, KernelSample, MeasuredSample};
use crate::math::root::Noise;
use crate::stats::Reference;
use crate::threads::Threads;

/// A group of seeds of one job, all computed together.
pub(super) struct GpuBatch<'e> {
    pub(super) device: &'e Device,
    pub(super) job: &'e Job,
    pub(super) layout: Layout,
    pub(super) seeds: Vec<u64>,
    pub(super) algebra: Box<dyn Algebra + 'e>,
    /// What is recorded and not yet read; none while a pass has it.
    recording: Option<Recording<'e>>,
    /// Keys of the seeds, `[seed]`.
    pub(super) keys: wgpu::Buffer,
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
    pub(super) fn new(device: &'e Device, host: &'e Threads, job: &'e Job, layout: Layout) -> Self {
        let depth = job.network.depth();
        let noise = noise(device);
        fn none<T>(count: usize) -> Vec<Option<T>> {
            (0..count).map(|_| None).collect()
        }
        let algebra: Box<dyn Algebra + 'e> = match layout.algebra {
            Place::Host => Box::new(HostAlgebra::new(device, host, job, layout.seeds, noise)),
            Place::Device => Box::new(DeviceAlgebra::new(device, job, noise)),
        };
        Self {
            device,
            job,
            layout,
            seeds: Vec::new(),
            algebra,
            recording: None,
            keys: device.storage(8 * layout.seeds),
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
        self.algebra.start(seeds);
    }

    /// How many seeds are in hand.
    pub(super) fn count(&self) -> u32 {
        self.seeds.len() as u32
    }

    /// What was recorded so far, to go on with; `keep` puts it back.
    pub(super) fn open(&mut self) -> Recording<'e> {
        self.recording.take().unwrap_or_else(|| Recording::new(self.device))
    }

    /// Keeps what is recorded for the next pass.
    pub(super) fn keep(&mut self, recording: Recording<'e>) {
        self.recording = Some(recording);
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

    /// The kernels of the seeds in hand.
    pub(super) fn kernels(&mut self) -> Result<Vec<KernelSample>, EngineError> {
        let mut recording = self.open();
        self.algebra.kernels(&mut recording)
    }

    /// Their statistics.
    pub(super) fn statistics(&mut self, reference: &Reference) -> Result<Vec<MeasuredSample>, EngineError> {
        let mut recording = self.open();
        self.algebra.statistics(&mut recording, reference)
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
        let mut recording = self.open();
        self.algebra.root(&mut recording, k)?;
        self.keep(recording);
        Ok(())
    }

    fn forward(&mut self, k: usize) -> Result<(), EngineError> {
        if self.layout.fused { self.fused_forward(k) } else { self.conditional_forward(k) }
    }

    fn backward(&mut self, k: usize) -> Result<(), EngineError> {
        if self.layout.fused { self.fused_backward(k) } else { self.conditional_backward(k) }
    }

    fn couple(&mut self, k: usize) -> Result<(), EngineError> {
        let mut recording = self.open();
        self.algebra.couple(&mut recording, k)?;
        self.keep(recording);
        Ok(())
    }

    fn forward_dense(&mut self, k: usize) -> Result<(), EngineError> {
        self.direct_forward(k)
    }

    fn backward_dense(&mut self, k: usize) -> Result<(), EngineError> {
        self.direct_backward(k)
    }
}

/// Rounding of a Gram matrix that this device sums.
fn noise(device: &Device) -> Noise {
    // Small matrices reach the panels as f32, whatever the panels are: two rows that differ by that rounding differ by ε² in the
    // matrix. Panels in f16 add nothing: the matrix is of the rounded panel, and the rounded panel is what every product takes.
    let epsilon = f64::from(f32::EPSILON);
    // Without f64 16 products at a time are added in f32.
    let sums = if device.variant.f64 { 0.0 } else { epsilon };
    Noise { panels: epsilon * epsilon, sums }
}
