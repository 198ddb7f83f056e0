//! Memory and time of a job on a device, before it starts.

use super::device::{Budget, Device};
use super::module::Element;
use super::panel::row_stride;
use super::passes::gram::PART;
use crate::backend::memory::{available, gib};
use crate::backend::small::Small;
use crate::backend::{EngineError, Job, Plan, Precision, Sampler, Weights};

/// How the seeds of a job lie on the device. `keep` is a function of the job and the device alone, since the compiler of the
/// device may round a deviate otherwise in another shader. `slab` is one too, and moves no bit but on cooperative matrices; `seeds`
/// moves none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Layout {
    /// Seeds computed together.
    pub(super) seeds: u64,
    /// Neurons of a slab, multiple of 256.
    pub(super) slab: u64,
    /// Panels of the conditional sampler stay between the passes.
    pub(super) keep: bool,
    /// Type of the panels.
    pub(super) element: Element,
}

/// Groups of seeds in flight: while the host factorises for one, the device works on the other.
pub(super) const LANES: usize = 2;
/// Neurons of a slab at most, multiple of 256: every pass covers at least 64 in a workgroup, and a dispatch has at most 65 535
/// workgroups in a dimension.
const MAX_SLAB: u64 = 65_535 * 64 / 256 * 256;
/// Most seeds of a group.
const MAX_SEEDS: u64 = 4096;
/// Operations of the host for an eigendecomposition of size s: this times s³; and what it does a second.
const EIGEN: f64 = 60.0;
const HOST_RATE: f64 = 5e9;
/// Most bytes of small matrices on the host.
const HOST_BYTES: u64 = 2 << 30;
/// Largest variance of the logarithm of a squared preactivation in f16.
const MAX_DRIFT: f64 = 8.0;
/// Seconds for one seed at the latest: what a launch and its read-back cost.
const LAUNCH: f64 = 1e-4;

pub(super) fn plan(job: &Job, device: &Device, threads: usize) -> Result<(Plan, Layout), EngineError> {
    match job.precision {
        Precision::F32 => {}
        Precision::F16 if device.variant.f16 => check_drift(job)?,
        Precision::F64 => {
            return Err(EngineError::Refused("precision f64 runs on the CPU; use --device cpu".to_owned()));
        }
        Precision::F16 => {
            return Err(EngineError::Refused(format!(
                "precision f16 needs a GPU with 16-bit floats, and {} has none; use f32",
                device.description.name
            )));
        }
    }
    let host = Small::bytes(job);
    if host as f64 > available() as f64 {
        return Err(EngineError::Refused(format!(
            "{} points with {} outputs need {} of memory on the host, and {} are available; use fewer points or outputs",
            job.n,
            job.network.outputs(),
            gib(host as f64),
            gib(available() as f64)
        )));
    }
    let work = Work::of(job);
    let budget = device.budget;
    let lanes = LANES as u64;
    let share = budget.memory / lanes;
    let widest = work.widest.next_multiple_of(PART.into());
    let keep = job.sampler == Sampler::Conditional
        && work.kept <= share / 2
        && 4 * work.rows * row_stride(widest) <= budget.binding;
    // One seed first: how much of a layer fits at a time.
    let mut slab = widest.min(MAX_SLAB);
    while slab > u64::from(PART) && !fits(&work, &budget, share, 1, slab, keep) {
        slab = (slab / 2).next_multiple_of(PART.into());
    }
    if !fits(&work, &budget, share, 1, slab, keep) && !fits_memory(&work, &budget, share, 1, slab, keep) {
        let needed = work.bytes(1, slab, keep) * lanes;
        return Err(EngineError::Refused(format!(
            "{} points with {} outputs need {} of device memory and matrices of {} at these widths, and {} and {} are planned \
             for on {}; use fewer points or outputs, or --device cpu",
            job.n,
            job.network.outputs(),
            gib(needed as f64),
            gib(work.largest_small() as f64),
            gib(budget.memory as f64),
            gib(budget.binding as f64),
            device.description.name
        )));
    }
    let algebra = EIGEN * work.cubes / HOST_RATE / threads as f64;
    let seconds = work.operations / budget.rate + work.normals / budget.normals + algebra;
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
    let plan = Plan {
        seeds_per_batch: seeds_per_batch as usize,
        concurrent: group as usize,
        keep,
        bytes: work.bytes(seeds, slab, keep) * lanes,
        seconds_per_seed: seconds,
        operations: work.operations,
        normals: work.normals,
    };
    Ok((plan, Layout { seeds, slab, keep, element: Element::of(job.precision) }))
}

/// Refuses networks so deep for their widths that preactivations leave the range of f16. log ‖A_k‖² drifts like a Gaussian of mean
/// −V/2 and variance V, V = Σ ln(1 + C/m_k): with V = 8 preactivations four standard deviations down are 5e−4 of what they were, and
/// those a tenth of that are still normal numbers of f16. Given weights have a law of their own.
fn check_drift(job: &Job) -> Result<(), EngineError> {
    let phi = job.network.activation();
    let c = 2.0 + 12.0 * phi.delta() * phi.linear_share();
    let drift: f64 = job.network.hidden().iter().map(|m| (c / *m as f64).ln_1p()).sum();
    if drift <= MAX_DRIFT || matches!(job.weights, Weights::Explicit(_)) {
        return Ok(());
    }
    Err(EngineError::Refused(format!(
        "precision f16 is too narrow for {} hidden layers of these widths: the logarithm of a squared preactivation drifts with \
         variance {drift:.1}, and f16 has room for {MAX_DRIFT}; use f32, or wider layers",
        job.network.hidden().len()
    )))
}

/// Sizes and work of one seed.
struct Work {
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
    operations: f64,
    normals: f64,
    /// Σ s³ over the factorisations.
    cubes: f64,
}

impl Work {
    fn of(job: &Job) -> Self {
        let depth = job.network.depth();
        let (n, q, outputs) = (job.n as u64, job.q() as u64, job.network.outputs() as u64);
        let hidden: Vec<u64> = (1..depth).map(|k| job.width(k)).collect();
        let padded: u64 = hidden.iter().map(|m| row_stride(*m)).sum();
        let neurons: f64 = hidden.iter().map(|m| *m as f64).sum();
        let layers = hidden.len() as u64;
        let direct = job.sampler == Sampler::Direct;
        let element = Element::of(job.precision);
        let size = element.bytes();
        let (nf, qf) = (n as f64, q as f64);
        let weights: f64 = (1..=depth).map(|k| job.width(k) as f64 * job.width(k - 1) as f64).sum();
        let first = if direct { job.dim as u64 } else { 0 };
        let widest = hidden.iter().copied().chain([first, 1]).max().unwrap_or(1);
        let (operations, normals, kept) = if direct {
            let operations = weights * 2.0 * (nf + qf) + neurons * (nf * nf + qf * qf);
            (
                operations,
                2.0 * weights,
                size * (n * padded + 2 * q * row_stride(widest) + n * row_stride(first)),
            )
        } else {
            let operations = neurons * (3.0 * nf * nf + 6.0 * nf * qf + 3.0 * qf * qf);
            (operations, neurons * (nf + qf), size * padded * (2 * n + q))
        };
        let cubes = if direct { qf.powi(3) } else { layers as f64 * (nf.powi(3) + qf.powi(3)) + qf.powi(3) };
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
            small: 4 * (layers * (n * n + n * q + q * q) + q * outputs),
            operations,
            normals,
            cubes,
        }
    }

    /// Bytes for a group of seeds. Poison and sums are counted once each.
    fn bytes(&self, seeds: u64, slab: u64, keep: bool) -> u64 {
        let parts = slab.div_ceil(PART.into());
        let sums = 16 * (self.n * self.n + self.n * self.q + self.q * self.q);
        let partials = 8 * parts * (self.rows * self.rows);
        let size = self.element.bytes();
        let panels = if self.direct || keep { self.kept } else { size * self.n * row_stride(slab) };
        let scratch = if self.direct { 0 } else { size * self.q * row_stride(slab) };
        // Sums in f32 beside the panel that is computed.
        let beside = if self.element == Element::F16 { 4 * self.rows * row_stride(slab) } else { 0 };
        let tile = if self.explicit { size * slab * slab } else { 0 };
        seeds * (self.small + sums + partials + panels + scratch + beside) + tile
    }

    /// The largest small matrix of a seed that must lie in one binding, in bytes.
    fn largest_small(&self) -> u64 {
        4 * (self.rows * self.rows).max(self.q * self.outputs)
    }

    /// Operations of the largest dispatch of one seed.
    fn dispatch(&self, slab: u64) -> f64 {
        let (rows, slab) = (self.rows as f64, slab as f64);
        let inner = if self.direct { slab } else { rows };
        slab * inner * (2.0 * rows + 60.0) + slab * rows * rows * 2.0
    }
}

fn fits_memory(work: &Work, budget: &Budget, share: u64, seeds: u64, slab: u64, keep: bool) -> bool {
    // The largest are of sums in f32, whatever the panels are.
    let panel = 4 * seeds * work.rows * row_stride(slab);
    let tile = if work.explicit { 4 * slab * slab } else { 0 };
    let binding = panel.max(tile).max(seeds * work.largest_small());
    work.bytes(seeds, slab, keep) <= share && binding <= budget.binding
}

fn fits(work: &Work, budget: &Budget, share: u64, seeds: u64, slab: u64, keep: bool) -> bool {
    fits_memory(work, budget, share, seeds, slab, keep) && seeds as f64 * work.dispatch(slab) <= budget.work
}
