//! Memory and time of a job on a device, before it starts.

use super::device::{Budget, Device};
use super::module::Element;
use super::passes::fused;
use super::passes::gram::PART;
use super::passes::square_scratch;
use super::slab::row_stride;
use super::tuning::LEAST_COLUMNS;
use crate::backend::memory::available;
use crate::backend::small::Small;
use crate::backend::{
    EngineError, Job, JobPlan, Memory, MemoryPlace, Precision, Refusal, Remedy, Sampler, Weights,
};
use crate::sampler::cost::{CORE_RATE, Cost, EIGEN, JACOBI, SPECTRA};

/// How the seeds of a job lie on the device. `keep` is a function of the job and the device alone, since the compiler
/// of the device may round a deviate otherwise in another shader. `slab` is one too, and moves no bit but on
/// cooperative matrices; `seeds` moves none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placement {
    /// Seeds computed together.
    pub(super) seeds: u64,
    /// Neurons of a slab, multiple of 256.
    pub(super) slab: u64,
    /// Panels of the conditional sampler stay between the passes.
    pub(super) keep: bool,
    /// Type of the panels.
    pub(super) element: Element,
    /// A layer of the conditional sampler is one pass each way; no panel is stored.
    pub(super) fused: bool,
    /// Where the small matrices are; a function of the job and the device alone, like `keep`.
    pub(super) algebra: Side,
}

/// The side on which small matrices are factorised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// On the host, in f64.
    Host,
    /// On the device, one workgroup a matrix.
    Device,
}

impl Side {
    /// On the device up to the size that it takes. Numbers that f32 cannot hold stay on the host: norms of points
    /// beyond 1e±9, or any given weights. So does a network without hidden layers, which is no work.
    fn of(job: &Job, device: &Device) -> Self {
        let rows = job.n.max(job.q());
        let middling = |x: &f64| *x == 0.0 || (1e-9..1e9).contains(x);
        let drawn = matches!(job.weights, Weights::Drawn);
        let plain = job.norms.iter().all(middling) && middling(&job.network.scale());
        let here = drawn && plain && job.network.depth() > 1 && rows <= device.algebra as usize;
        if here { Self::Device } else { Self::Host }
    }
}

/// Groups of seeds in flight: while the host factorises for one, the device works on the other.
pub(super) const GROUPS_IN_FLIGHT: usize = 2;
/// Neurons of a slab at most, multiple of 256: every pass covers at least 64 in a workgroup, and a dispatch has at most
/// 65 535 workgroups in a dimension.
const MAX_SLAB: u64 = 65_535 * 4 * LEAST_COLUMNS as u64 / 256 * 256;
/// Most seeds of a group.
const MAX_SEEDS: u64 = 4096;
/// Most bytes of small matrices on the host.
const HOST_BYTES: u64 = 2 << 30;
/// Largest variance of the logarithm of a squared preactivation in f16.
const MAX_DRIFT: f64 = 8.0;
/// Seconds for one seed at the latest: what a launch and its read-back cost.
const LAUNCH: f64 = 1e-4;

pub(super) fn plan(job: &Job, device: &Device, threads: usize) -> Result<(JobPlan, Placement), EngineError> {
    job.check()?;
    match job.precision {
        Precision::F32 => {}
        Precision::F16 if device.variant.f16 => check_drift(job)?,
        Precision::F64 => return Err(Refusal::Double.into()),
        Precision::F16 => {
            return Err(Refusal::Half { device: Some(device.description.name.clone()) }.into());
        }
    }
    let too_large = |place, needed, available, remedies| {
        let memory = Memory {
            points: job.n,
            outputs: job.network.outputs(),
            width: job.network.hidden().iter().max().copied(),
            sampler: job.sampler,
            place,
            needed,
            available,
            remedies,
        };
        EngineError::from(Refusal::Memory(Box::new(memory)))
    };
    let host = Small::bytes(job);
    if host > available() {
        return Err(too_large(MemoryPlace::Host, host, available(), &[Remedy::FewerPoints]));
    }
    let side = Side::of(job, device);
    let rows = u32::try_from(job.n.max(job.q())).unwrap_or(u32::MAX);
    let element = Element::of(job.precision);
    let fused = job.sampler == Sampler::Conditional && element == Element::F32 && fused::fits(device, rows);
    let mut work = Demand::of(job, side, fused, device.small_cost);
    let budget = device.budget;
    let lanes = GROUPS_IN_FLIGHT as u64;
    let share = budget.memory / lanes;
    let widest = work.widest.next_multiple_of(PART.into());
    // One seed first: how much of a layer fits at a time, with its panels if they fit too.
    let slab_of = |work: &Demand, keep| {
        let mut slab = widest.min(MAX_SLAB);
        while slab > u64::from(PART) && !fits(work, &budget, share, 1, slab, keep) {
            slab = (slab / 2).next_multiple_of(PART.into());
        }
        slab
    };
    let keep = job.sampler == Sampler::Conditional
        && !fused
        && work.kept <= share / 2
        && 4 * work.rows * row_stride(widest) <= budget.binding
        && fits_memory(&work, &budget, share, 1, slab_of(&work, true), true);
    // Decided: K_gia moves no bit of K.
    work.small += work.twin;
    let slab = slab_of(&work, keep);
    if !fits(&work, &budget, share, 1, slab, keep) && !fits_memory(&work, &budget, share, 1, slab, keep) {
        let needed = work.bytes(1, slab, keep) * lanes;
        let name = device.description.name.clone();
        let device = MemoryPlace::Device { name, matrix: work.largest_small(), largest: budget.binding };
        return Err(too_large(device, needed, budget.memory, &[Remedy::FewerPoints, Remedy::DeviceCpu]));
    }
    let algebra = match side {
        Side::Host => (EIGEN * work.cubes + SPECTRA * work.spectra) / CORE_RATE / threads as f64,
        Side::Device => work.factorisation / budget.rate,
    };
    // What is not kept is drawn once on the way forward and once on the way back.
    let drawn = if keep { work.normals } else { 2.0 * work.normals };
    let seconds = work.operations / budget.rate + drawn / budget.normals + algebra;
    let by_host = HOST_BYTES.min(available() / 4) / lanes / host;
    let mut seeds = ((0.5 / seconds) as u64).min(by_host).clamp(1, MAX_SEEDS);
    while seeds > 1 && !fits(&work, &budget, share, seeds, slab, keep) {
        seeds = (seeds / 2).max(1);
    }
    let group = seeds * lanes;
    let per_batch = (1.0 / (seconds + LAUNCH / group as f64)) as u64;
    let per_batch =
        per_batch.clamp(1, lanes * MAX_SEEDS).min((256 << 20) / (8 * work.q * work.q).max(1)).max(1);
    let seeds_per_batch = if per_batch > group { per_batch / group * group } else { per_batch };
    let plan = JobPlan {
        seeds_per_batch: seeds_per_batch as usize,
        concurrent: group as usize,
        keep,
        bytes: work.bytes(seeds, slab, keep) * lanes,
        seconds_per_seed: seconds,
        operations: work.operations,
        normals: work.normals,
    };
    Ok((plan, Placement { seeds, slab, keep, element, fused, algebra: side }))
}

/// Refuses networks so deep for their widths that preactivations leave the range of f16. log ‖A_k‖² drifts like a
/// Gaussian of mean −V/2 and variance V, V = Σ ln(1 + C/m_k): with V = 8 preactivations four standard deviations down
/// are 5e−4 of what they were, and those a tenth of that are still normal numbers of f16. Given weights have a law of
/// their own.
fn check_drift(job: &Job) -> Result<(), EngineError> {
    let phi = job.network.activation();
    let c = 2.0 + 12.0 * phi.delta() * phi.linear_share();
    let drift: f64 = job.network.hidden().iter().map(|m| (c / *m as f64).ln_1p()).sum();
    if drift <= MAX_DRIFT || matches!(job.weights, Weights::Explicit(_)) {
        return Ok(());
    }
    Err(Refusal::Drift { layers: job.network.hidden().len(), drift, most: MAX_DRIFT }.into())
}

/// Sizes and work of one seed, as a device must have room and time for them.
struct Demand {
    n: u64,
    q: u64,
    outputs: u64,
    /// The larger of n and q.
    rows: u64,
    widest: u64,
    /// Bytes of panels that the conditional sampler may keep; of those that the direct one must.
    kept: u64,
    direct: bool,
    /// Type of the panels.
    element: Element,
    explicit: bool,
    /// Bytes of small matrices that stay.
    small: u64,
    /// Bytes of what K_gia needs beside, where it is asked for: itself, sums, a root.
    twin: u64,
    operations: f64,
    /// Deviates, each counted once.
    normals: f64,
    /// Σ s³ over the factorisations, and q³ for the spectra of the kernel.
    cubes: f64,
    spectra: f64,
    /// Where they are done, and the operations of all of them where that is the device.
    side: Side,
    /// Panels are not stored.
    fused: bool,
    factorisation: f64,
    /// f32 operations that the largest of them takes as long as, on the device.
    factorised: f64,
}

impl Demand {
    fn of(job: &Job, side: Side, fused: bool, small_cost: f64) -> Self {
        let depth = job.network.depth();
        let (n, q, outputs) = (job.n as u64, job.q() as u64, job.network.outputs() as u64);
        let hidden: Vec<u64> = (1..depth).map(|k| job.width(k)).collect();
        let padded: u64 = hidden.iter().map(|m| row_stride(*m)).sum();
        let layers = hidden.len() as u64;
        let direct = job.sampler == Sampler::Direct;
        let element = Element::of(job.precision);
        let size = element.bytes();
        let (nf, qf) = (n as f64, q as f64);
        let first = if direct { job.dim as u64 } else { 0 };
        let widest = hidden.iter().copied().chain([first, 1]).max().unwrap_or(1);
        let Cost { operations, normals, cubes } = job.cost();
        let kept = if direct {
            size * (n * padded + 2 * q * row_stride(widest) + n * row_stride(first))
        } else {
            size * padded * (2 * n + q)
        };
        // What stays on the host is f32 here; on the device C, S⁺, E and S_B, T in f64 too, the kernel and scratch.
        let (stay, scratch) = match side {
            Side::Host => (4 * (n * n + n * q + q * q), 0),
            Side::Device => {
                let squares = square_scratch(2, n.max(q) as u32);
                (
                    8 * (2 * n * n + n * q) + 4 * (n * n + n * q + q * q),
                    8 * (2 * n * n + 3 * n * q + 3 * q * q) + squares,
                )
            }
        };
        Self {
            n,
            q,
            outputs,
            rows: n.max(q),
            widest,
            kept,
            direct,
            element,
            explicit: matches!(job.weights, Weights::Explicit(_)),
            small: layers * stay + scratch + 4 * q * outputs,
            twin: if job.independence { q * q * (24 + 20 * layers) } else { 0 },
            operations,
            normals,
            cubes,
            spectra: qf.powi(3),
            side,
            fused,
            factorisation: JACOBI * small_cost * (cubes + qf.powi(3)),
            factorised: JACOBI * small_cost * nf.max(qf).powi(3),
        }
    }

    /// Bytes for a group of seeds. Poison and sums are counted once each.
    fn bytes(&self, seeds: u64, slab: u64, keep: bool) -> u64 {
        let parts = slab.div_ceil(PART.into());
        let sums = 16 * (self.n * self.n + self.n * self.q + self.q * self.q);
        let partials = 8 * parts * (self.rows * self.rows);
        let size = self.element.bytes();
        let panels = match (self.fused, self.direct || keep) {
            (true, _) => partials,
            (false, true) => self.kept,
            (false, false) => size * self.n * row_stride(slab),
        };
        let scratch = if self.direct || self.fused { 0 } else { size * self.q * row_stride(slab) };
        // Sums in f32 beside the panel that is computed.
        let beside = if self.element == Element::F16 { 4 * self.rows * row_stride(slab) } else { 0 };
        let tile = if self.explicit { size * slab * slab } else { 0 };
        seeds * (self.small + sums + partials + panels + scratch + beside) + tile
    }

    /// The largest small matrix of a seed that must lie in one binding, in bytes.
    fn largest_small(&self) -> u64 {
        let in_f32 = 4 * (self.rows * self.rows).max(self.q * self.outputs);
        match self.side {
            Side::Host => in_f32,
            Side::Device => in_f32.max(square_scratch(2, self.rows as u32)),
        }
    }

    /// The partial sums of a seed where they may not be split over bindings, in bytes.
    fn whole_sums(&self, slab: u64) -> u64 {
        match (self.side, self.fused) {
            (Side::Host, false) => 0,
            _ => 8 * slab.div_ceil(PART.into()) * self.rows * self.rows,
        }
    }

    /// Operations of the largest dispatch of one seed.
    fn dispatch(&self, slab: u64) -> f64 {
        let (rows, slab) = (self.rows as f64, slab as f64);
        let inner = if self.direct { slab } else { rows };
        let panels = slab * inner * (2.0 * rows + 60.0) + slab * rows * rows * 2.0;
        match self.side {
            Side::Host => panels,
            Side::Device => panels.max(self.factorised),
        }
    }
}

fn fits_memory(work: &Demand, budget: &Budget, share: u64, seeds: u64, slab: u64, keep: bool) -> bool {
    // The largest are of sums in f32, whatever the panels are.
    let panel = 4 * seeds * work.rows * row_stride(slab);
    let tile = if work.explicit { 4 * slab * slab } else { 0 };
    let small = work.largest_small().max(work.whole_sums(slab));
    let binding = panel.max(tile).max(seeds * small);
    work.bytes(seeds, slab, keep) <= share && binding <= budget.binding
}

fn fits(work: &Demand, budget: &Budget, share: u64, seeds: u64, slab: u64, keep: bool) -> bool {
    fits_memory(work, budget, share, seeds, slab, keep) && seeds as f64 * work.dispatch(slab) <= budget.work
}
