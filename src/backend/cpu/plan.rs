//! Work, time and memory of a job on this machine, before it starts.

use super::layer::{self, BLOCK, CHUNK};
use super::real::LANES;
use crate::backend::memory::{available, gib};
use crate::backend::{EngineError, Job, Plan, Precision, Sampler, Weights};

/// Panels stay between the passes while those of all concurrent seeds fit the last cache; beyond it drawing them again is
/// faster than fetching them (40 against 51 ms at width 10⁵, n = 16, and 0.40 against 0.53 s at 10⁶).
const KEEP_PANELS: u64 = 40 << 20;
/// Weights stay up to this: a deviate costs more than its way from memory and back.
const KEEP_WEIGHTS: u64 = 2 << 30;
/// Sustained rates of one worker, measured on a 2.5 GHz Zen 3; only the batch size depends on them.
const FLOPS: f64 = 2.5e10;
const NORMALS: f64 = 4e8;
/// An eigendecomposition of size s costs about this many operations more than the products, times s³.
const EIGEN: f64 = 40.0;
/// The two spectra of a kernel that most users want next.
const NORMS: f64 = 40.0;

pub(super) fn no_half() -> EngineError {
    EngineError::Refused("precision f16 needs a GPU with 16-bit floats; on the CPU use f32 or f64".into())
}

pub(super) fn plan(job: &Job, threads: usize) -> Result<Plan, EngineError> {
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
    let sums = layer::wave(job.n, job.q()) as f64 * (n * n + n * q + q * q);
    let input = n * (n + job.dim as f64);
    let small = 8.0 * (layers * (3.0 * n * n + 2.0 * n * q) + 8.0 * q * q + 4.0 * n * q + sums + input);
    let scratch = 12.0 * (3.0 * n + 2.0 * q) * CHUNK as f64;
    let (flops, normals, fixed, kept) = match job.sampler {
        Sampler::Conditional => (
            neurons * (3.0 * n * n + 6.0 * n * q + 3.0 * q * q),
            neurons * (n + q),
            small + scratch,
            neurons * (2.0 * n + q) * element,
        ),
        Sampler::Direct => (
            weights * 2.0 * n * (1.0 + job.network.outputs() as f64) + neurons * (n * n + q * q),
            weights,
            small + scratch + element * (neurons * n + widest(job) * (n + 2.0 * q)),
            weights * element,
        ),
    };
    let explicit = matches!(job.weights, Weights::Explicit(_));
    let small_operations = match job.sampler {
        Sampler::Conditional => EIGEN * layers * (n.powi(3) + q.powi(3)),
        Sampler::Direct => 0.0,
    } + NORMS * q.powi(3);
    let seconds = (flops + small_operations) / FLOPS + normals / NORMALS;
    let budget = (KEEP_WEIGHTS as f64).min(available() as f64 / 2.0);
    let limit = match job.sampler {
        Sampler::Conditional => KEEP_PANELS as f64 / threads as f64,
        Sampler::Direct => budget,
    };
    let keep = !explicit && kept <= limit;
    let per_seed = if keep { fixed + kept } else { fixed };
    let concurrent = threads.min((budget / per_seed) as usize).max(1);
    let kernel_bytes = 8.0 * q * q;
    let batch = (threads as f64 / seconds).min(0.25 * budget / kernel_bytes).clamp(1.0, 4096.0) as usize;
    // A narrow network has too few blocks for all threads: its seeds must run side by side.
    let batch = if widest(job) < (threads * BLOCK) as f64 { batch.max(concurrent) } else { batch };
    let seeds_per_batch = if batch > concurrent { batch / concurrent * concurrent } else { batch.max(1) };
    let bytes = per_seed * concurrent as f64 + kernel_bytes * seeds_per_batch as f64;
    if bytes > available() as f64 {
        return Err(too_large(job, threads, bytes));
    }
    Ok(Plan {
        seeds_per_batch,
        concurrent,
        keep,
        bytes: bytes as u64,
        seconds_per_seed: seconds,
        operations: flops,
        normals,
    })
}

/// Why this much memory is too much, and what would need less.
fn too_large(job: &Job, threads: usize, bytes: f64) -> EngineError {
    let conditional = Job { sampler: Sampler::Conditional, ..job.clone() };
    let drawn = job.sampler == Sampler::Direct && matches!(job.weights, Weights::Drawn);
    let cure = match drawn && plan(&conditional, threads).is_ok() {
        true => "use --sampler conditional, whose memory does not grow with the width, or a smaller width",
        false => "use fewer points or outputs",
    };
    let widest = job.network.hidden().iter().max();
    EngineError::Refused(format!(
        "{} points with {} outputs{} need {} of memory for the {} sampler, and {} are available; {cure}",
        job.n,
        job.network.outputs(),
        widest.map_or_else(String::new, |m| format!(" at width {m}")),
        gib(bytes),
        job.sampler,
        gib(available() as f64)
    ))
}

fn widest(job: &Job) -> f64 {
    let widest = (0..job.network.depth()).map(|k| job.width(k)).max().unwrap_or(0);
    (widest as usize).next_multiple_of(LANES) as f64
}
