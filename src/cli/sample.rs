//! `eoc sample`: the kernels themselves, batch by batch into the file, in ascending order of the seeds.

use std::path::PathBuf;

use eoc_ntk::backend::Job;
use eoc_ntk::data::npy::NpyWriter;

use super::args::{DataArgs, EngineArgs, NetworkArgs, SamplingArgs};
use super::context::Context;
use super::failure::{Failure, Status};
use super::output::{self, Summary};
use super::units::counted;

/// Shown below the help.
pub const EXAMPLES: &str = "\
The file is .npy 1.0, <f8, of shape (seeds, n*outputs, n*outputs): plain entries of the kernel, \
not divided by n, at index point*outputs + output.

Examples:
  eoc sample --activation relu --depth 4 --width 1024 --data digits:n=32 --seeds 64 --out k.npy
  eoc sample --activation -0.4,0.7 --widths 64,128,256 --data sphere:n=8,dim=16 --seeds 128..192 \\
      --sampler direct --precision f64 --out k.npy";

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
}

/// Draws the kernels.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let network = args.network.config()?.network()?;
    let precision = args.engine.precision()?;
    let seeds = args.sampling.seeds();
    let data = args.data.load()?;
    let engine = args.engine.open(&[precision], &args.engine.threads.start()?)?;
    let sampler = args.sampling.sampler()?.resolve(data.n(), data.dim(), &network);
    let sampling = engine.open(Job::new(&network, &data, sampler, precision))?;
    let step = sampling.plan().seeds_per_batch.max(1);
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
    let output = output::open(&args.out, output::array_bytes(&shape), &[args.data.file()])?;
    tracing::info!(%sampler, batch = step, "sampling {}", counted(count, "seed"));
    let mut file = NpyWriter::new(output, &shape)?;
    let name = format!("kernels into {}", args.out.display());
    let mut progress = ctx.progress(name, "seed").over(count, count as f64);
    ctx.on_stop(": nothing is written");
    let mut start = seeds.start;
    while start < seeds.end {
        let end = seeds.end.min(start.saturating_add(step as u64));
        let batch: Vec<u64> = (start..end).collect();
        for sample in sampling.kernels(&batch, ctx.stop())? {
            file.write(&sample.kernel)?;
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
    Ok(Status::Done)
}

/// Whether an array of f64 of this shape is below 2⁶³ bytes.
fn fits(shape: &[usize]) -> bool {
    shape.iter().try_fold(8i64, |bytes, &size| bytes.checked_mul(i64::try_from(size).ok()?)).is_some()
}
