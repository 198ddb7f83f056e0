//! `eoc sample`: the kernels themselves, batch by batch into the file, in ascending order of the seeds.

use std::path::PathBuf;

use super::args::{DataArgs, EngineArgs, NetworkArgs, SamplingArgs};
use super::context::Context;
use super::escape::shown;
use super::failure::{Failure, Status};
use super::layers_out::{LayersArgs, Size};
use super::output::{self, Summary};
use super::units::counted;
use crate::backend::{Job, LayerMatrices, Wanted};
use crate::data::npy::NpyWriter;

/// Shown below the help.
pub const EXAMPLES: &str = "\
The file is .npy 1.0, <f8, of shape (seeds, n*outputs, n*outputs): plain entries of the kernel, \
not divided by n, at index point*outputs + output. --layers-out writes what every layer k = 1 to l adds, as \
float64 arrays of one .npz file: activations[s, k-1] is A_(k-1) A_(k-1)^T and gradients[s, k-1] is B_k B_k^T, and \
the kernel of seed s is the scale times the sum over k of (activations repeated over outputs) * gradients.

Examples:
  eoc sample --activation relu --depth 4 --width 1024 --data digits:n=32 --seeds 64 --out k.npy
  eoc sample --activation -0.4,0.7 --widths 64,128,256 --data sphere:n=8,dim=16 --seeds 128..192 \\
      --sampler direct --precision f64 --out k.npy --layers-out layers.npz";

/// Most bytes of matrices of layers in one batch.
const BATCH_BYTES: usize = 256 << 20;

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    sampling: SamplingArgs,
    #[command(flatten)]
    engine: EngineArgs,
    /// File to write, or - for standard output; its directory must exist
    #[arg(long, value_name = "F.npy", required = true, help_heading = "Output")]
    out: PathBuf,
    #[command(flatten)]
    layers: LayersArgs,
}

/// Draws the kernels.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let network = args.network.config()?.network()?;
    let precision = args.engine.precision()?;
    let seeds = args.sampling.seeds();
    let data = args.data.load()?;
    let engine = args.engine.open_heard(&[precision], &args.engine.threads.start()?, ctx)?;
    let sampler = args.sampling.sampler()?.resolve(data.n(), data.dim(), &network);
    let job = Job::new(&network, &data, sampler, precision);
    let wanted = Wanted { matrices: args.layers.is_given(), ..Wanted::KERNEL };
    let kept = if wanted.matrices { LayerMatrices::entries(&job) } else { 0 };
    let sampling = engine.open(job)?;
    let step = sampling.plan().seeds_per_batch.min(BATCH_BYTES / (8 * kept).max(1)).max(1);
    let size = data.n() * network.outputs();
    let count = seeds.end - seeds.start;
    let shape = match usize::try_from(count) {
        Ok(count) if fits(&[count, size, size]) => [count, size, size],
        _ => {
            return Err(Failure::refused(format!(
                "{} of {size} x {size} entries would be more bytes than a file holds; ask for fewer seeds",
                counted(count, "kernel")
            )));
        }
    };
    // Before there is a file that one could ask about.
    ctx.on_stop(": nothing is written");
    let output = output::open(&args.out, output::array_bytes(&shape), &[args.data.file()])?;
    let sizes = Size { seeds: shape[0], depth: network.depth(), n: data.n(), outputs: network.outputs() };
    let mut layers = args.layers.open(&args.out, sizes, &[args.data.file()])?;
    tracing::info!(%sampler, batch = step, "sampling {}", counted(count, "seed"));
    let mut file = NpyWriter::new(output, &shape)?;
    let name = format!("kernels into {}", shown(&args.out));
    let mut progress = ctx.progress(name, "seed").over(count, count as f64);
    let mut start = seeds.start;
    while start < seeds.end {
        let end = seeds.end.min(start.saturating_add(step as u64));
        let batch: Vec<u64> = (start..end).collect();
        for drawn in sampling.draw(&batch, &wanted, ctx.stop())? {
            let kernel = drawn.kernel.as_ref().ok_or_else(|| drawn.lacks("entries of the kernel"))?;
            file.write(kernel)?;
            if let (Some(layers), Some(matrices)) = (&mut layers, &drawn.matrices) {
                layers.write(matrices)?;
            }
        }
        progress.advance(end - start, (end - start) as f64);
        start = end;
    }
    ctx.check()?;
    drop(progress);
    file.finish()?;
    let summary = Summary {
        path: &args.out,
        shape: output::shape(&shape),
        seeds: Some(seeds),
        sampler: Some(sampler.to_string()),
        device: &engine.info().name,
        precision: precision.to_string(),
    };
    output::announce(ctx, &summary)?;
    if let Some(layers) = layers {
        layers.finish(ctx, summary)?;
    }
    Ok(Status::Done)
}

/// Whether an array of f64 of this shape is below 2⁶³ bytes.
fn fits(shape: &[usize]) -> bool {
    shape.iter().try_fold(8i64, |bytes, &size| bytes.checked_mul(i64::try_from(size).ok()?)).is_some()
}
