//! The seeds that a device has in hand: their streams, panels and small matrices.

use super::algebra::{Algebra, DeviceAlgebra, HostAlgebra};
use super::device::Device;
use super::executor::Run;
use super::module::Element;
use super::panel::Panel;
use super::passes::{self, View};
use super::plan::{Placement, Side};
use super::recording::{Content, Proxy, Recording};
use super::slab::row_stride;
use crate::backend::{Drawn, EngineError, Job, Stop, Wanted};
use crate::math::root::Noise;
use crate::sampler::{ConditionalPasses, DensePasses};
use crate::threads::Threads;

/// A group of seeds of one job, all computed together: what the calls of a sampler are recorded into.
pub(super) struct GpuBatch<'e> {
    group: Group<'e>,
    algebra: Box<dyn Algebra + 'e>,
    run: Run<'e>,
}

/// The seeds and their panels.
pub(super) struct Group<'e> {
    pub(super) device: &'e Device,
    pub(super) job: &'e Job,
    pub(super) layout: Placement,
    pub(super) seeds: Vec<u64>,
    /// Keys of the seeds, `[seed]`.
    pub(super) keys: Proxy,
    /// Conditional: panels of the layers, where they are kept.
    pub(super) kept: Vec<Option<Kept>>,
    /// Direct: Z_k of the layers; 0 is the input.
    pub(super) z: Vec<Option<Panel>>,
    /// Direct: room for B of the layers of even and of odd number, as wide as the widest: a layer needs the one above.
    pub(super) b: Option<[Panel; 2]>,
    /// B_l = 1_n ⊗ I, q × m_l.
    top: Option<View>,
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
    pub(super) fn new(
        device: &'e Device,
        host: &'e Threads,
        job: &'e Job,
        layout: Placement,
        wanted: &Wanted,
        stop: &Stop,
    ) -> Self {
        let depth = job.network.depth();
        let noise = noise(device);
        let mut run = Run::new(device).until(stop);
        fn none<T>(count: usize) -> Vec<Option<T>> {
            (0..count).map(|_| None).collect()
        }
        let layers = wanted.needs_matrices();
        let algebra: Box<dyn Algebra + 'e> = match layout.algebra {
            Side::Host => Box::new(HostAlgebra::new(device, (host, stop), job, layout.seeds, noise, layers)),
            Side::Device => Box::new(DeviceAlgebra::new(device, job, noise, layers)),
        };
        let keys = run.recording.keep(8 * layout.seeds);
        let (seeds, b, top) = (Vec::new(), None, None);
        let group = Group { device, job, layout, seeds, keys, kept: none(depth), z: none(depth), b, top };
        Self { group, algebra, run }
    }

    /// Begins these seeds, at most as many as there is room for.
    pub(super) fn start(&mut self, seeds: &[u64]) {
        self.group.seeds = seeds.to_vec();
        let keys: Vec<[u32; 2]> = seeds.iter().map(|&s| [s as u32, (s >> 32) as u32]).collect();
        let keys = Content::Bytes(bytemuck::cast_slice(&keys).to_vec());
        self.run.recording.upload(self.group.keys, keys);
        self.algebra.start(seeds);
    }

    /// The seeds in hand, with their statistics in place of the kernels where only those are wanted.
    pub(super) fn finish(&mut self, wanted: &Wanted) -> Result<Vec<Drawn>, EngineError> {
        match (wanted.kernel, wanted.statistics) {
            (false, Some(reference)) => self.algebra.statistics(&mut self.run, reference, wanted.spectrum),
            _ => self.algebra.kernels(&mut self.run),
        }
    }
}

impl Group<'_> {
    /// How many seeds are in hand.
    pub(super) fn count(&self) -> u32 {
        self.seeds.len() as u32
    }

    /// B_l.
    pub(super) fn top(&mut self, recording: &mut Recording) -> View {
        let (q, outputs) = (self.job.q(), self.job.network.outputs());
        *self.top.get_or_insert_with(|| {
            let mut flat = vec![0f32; q * outputs];
            (0..q).for_each(|row| flat[row * outputs + row % outputs] = 1.0);
            let buffer = recording.keep_values(&flat);
            View { buffer, seed: 0, row: outputs as u32, element: Element::F32 }
        })
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
    pub(super) fn sums_beside(&self, recording: &mut Recording, rows: u32, columns: u64) -> Option<Proxy> {
        let bytes = 4 * self.layout.seeds * u64::from(rows) * row_stride(columns);
        (self.layout.element == Element::F16).then(|| recording.scratch(bytes))
    }
}

impl ConditionalPasses for GpuBatch<'_> {
    type Error = EngineError;

    fn root(&mut self, k: usize) -> Result<(), EngineError> {
        self.algebra.root(&mut self.run, k)
    }

    fn forward(&mut self, k: usize) -> Result<(), EngineError> {
        let (run, algebra) = (&mut self.run, &mut *self.algebra);
        if self.group.layout.fused {
            self.group.fused_forward(run, algebra, k)
        } else {
            self.group.conditional_forward(run, algebra, k)
        }
    }

    fn backward(&mut self, k: usize) -> Result<(), EngineError> {
        let (run, algebra) = (&mut self.run, &mut *self.algebra);
        if self.group.layout.fused {
            self.group.fused_backward(run, algebra, k)
        } else {
            self.group.conditional_backward(run, algebra, k)
        }
    }

    fn couple(&mut self, k: usize) -> Result<(), EngineError> {
        self.algebra.couple(&mut self.run, k)
    }
}

impl DensePasses for GpuBatch<'_> {
    type Error = EngineError;

    fn forward(&mut self, k: usize) -> Result<(), EngineError> {
        self.group.direct_forward(&mut self.run, &mut *self.algebra, k)
    }

    fn backward(&mut self, k: usize) -> Result<(), EngineError> {
        self.group.direct_backward(&mut self.run, &mut *self.algebra, k)
    }
}

/// Rounding of a Gram matrix that this device sums.
fn noise(device: &Device) -> Noise {
    // Small matrices reach the panels as f32, whatever the panels are: two rows that differ by that rounding differ by
    // ε² in the matrix. Panels in f16 add nothing: the matrix is of the rounded panel, and the rounded panel is what
    // every product takes.
    let epsilon = f64::from(f32::EPSILON);
    // Without sums in f64 16 products at a time are added in f32.
    let sums = if device.variant.f64_sums { 0.0 } else { epsilon };
    Noise { panels: epsilon * epsilon, sums }
}
