//! Work, time and memory of a job on this machine, before it starts.

use super::layer::{self, BLOCK, CHUNK};
use super::real::LANES;
use crate::backend::memory::available;
use crate::backend::{
    EngineError, Job, JobPlan, Memory, MemoryPlace, Precision, Refusal, Remedy, Sampler, Weights,
};
use crate::sampler::cost::{CORE_RATE, EIGEN, SPECTRA};

/// Panels stay between the passes while those of all concurrent seeds fit the last cache; beyond it drawing them again
/// is faster than fetching them (40 against 51 ms at width 10⁵, n = 16, and 0.40 against 0.53 s at 10⁶).
const KEEP_PANELS: u64 = 40 << 20;
/// Weights stay up to this: a deviate costs more than its way from memory and back.
const KEEP_WEIGHTS: u64 = 2 << 30;
/// Deviates that one worker draws a second, measured on a 2.5 GHz Zen 3; only the batch size depends on it.
const NORMALS: f64 = 4e8;

pub(super) fn no_half() -> EngineError {
    Refusal::Half { device: None }.into()
}

pub(super) fn plan(job: &Job, threads: usize) -> Result<JobPlan, EngineError> {
    job.check()?;
    let element = match job.precision {
        Precision::F16 => return Err(no_half()),
        Precision::F32 => 4.0,
        Precision::F64 => 8.0,
    };
    let depth = job.network.depth();
    let (n, q) = (job.n as f64, job.q() as f64);
    let hidden = || (1..depth).map(|k| job.width(k) as f64);
    let neurons: f64 = hidden().sum();
    let layers = (depth - 1) as f64;
    let weights: f64 = (1..=depth).map(|k| job.width(k) as f64 * job.width(k - 1) as f64).sum();
    // Small matrices of every layer, and the kernel with its scratch.
    let twin = if job.independence { 1.0 } else { 0.0 };
    let sums = layer::wave(job.n, job.q()) as f64 * (n * n + n * q + (1.0 + twin) * q * q);
    let input = n * (n + job.dim as f64);
    let small = 8.0
        * (layers * (3.0 * n * n + 2.0 * n * q) + (8.0 + 4.0 * twin) * q * q + 4.0 * n * q + sums + input);
    let scratch = 12.0 * (3.0 * n + 2.0 * q) * CHUNK as f64;
    let (fixed, kept) = match job.sampler {
        Sampler::Conditional => (small + scratch, neurons * (2.0 * n + q) * element),
        Sampler::Direct => {
            (small + scratch + element * (neurons * n + widest(job) * (n + 2.0 * q)), weights * element)
        }
    };
    let explicit = matches!(job.weights, Weights::Explicit(_));
    let cost = job.cost();
    // Most users want the spectra of a kernel next.
    let small_operations = EIGEN * cost.cubes + SPECTRA * q.powi(3);
    let seconds = (cost.operations + small_operations) / CORE_RATE + cost.normals / NORMALS;
    let budget = (KEEP_WEIGHTS as f64).min(available() as f64 / 2.0);
    let limit = match job.sampler {
        Sampler::Conditional => KEEP_PANELS as f64 / threads as f64,
        Sampler::Direct => budget,
    };
    let keep = !explicit && kept <= limit;
    let per_seed = if keep { fixed + kept } else { fixed };
    let concurrent = threads.min((budget / per_seed) as usize).max(1);
    let kernel_bytes = 8.0 * (1.0 + twin) * q * q;
    let batch = (threads as f64 / seconds).min(0.25 * budget / kernel_bytes).clamp(1.0, 4096.0) as usize;
    // A narrow network has too few blocks for all threads: its seeds must run side by side.
    let batch = if widest(job) < (threads * BLOCK) as f64 { batch.max(concurrent) } else { batch };
    let seeds_per_batch = if batch > concurrent { batch / concurrent * concurrent } else { batch.max(1) };
    let bytes = per_seed * concurrent as f64 + kernel_bytes * seeds_per_batch as f64;
    if bytes > available() as f64 {
        return Err(too_large(job, threads, bytes));
    }
    Ok(JobPlan {
        seeds_per_batch,
        concurrent,
        keep,
        bytes: bytes as u64,
        seconds_per_seed: seconds,
        operations: cost.operations,
        normals: cost.normals,
    })
}

/// Why this much memory is too much, and what would need less.
fn too_large(job: &Job, threads: usize, bytes: f64) -> EngineError {
    let conditional = Job::outline(&job.network, job.n, job.dim, Sampler::Conditional, job.precision);
    let drawn = job.sampler == Sampler::Direct && matches!(job.weights, Weights::Drawn);
    let remedies: &[Remedy] = match drawn && plan(&conditional, threads).is_ok() {
        true => &[Remedy::SamplerConditional, Remedy::SmallerWidth],
        false => &[Remedy::FewerPoints],
    };
    let memory = Memory {
        points: job.n,
        outputs: job.network.outputs(),
        width: job.network.hidden().iter().max().copied(),
        sampler: job.sampler,
        place: MemoryPlace::Cpu,
        needed: bytes as u64,
        available: available(),
        remedies,
    };
    Refusal::Memory(Box::new(memory)).into()
}

fn widest(job: &Job) -> f64 {
    let widest = (0..job.network.depth()).map(|k| job.width(k)).max().unwrap_or(0);
    (widest as usize).next_multiple_of(LANES) as f64
}
