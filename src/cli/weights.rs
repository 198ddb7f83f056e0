//! `eoc weights`: θ of a seed, row after row into the file.

use std::path::PathBuf;

use super::args::{DataArgs, NetworkArgs};
use super::context::Context;
use super::escape::shown;
use super::failure::{Failure, Status};
use super::output::{self, Summary};
use crate::data::weights::{draw_row, shapes, write};
use crate::math::activation::Activation;
use crate::math::whole;
use crate::rng::SEED_LIMIT;

/// Shown below the help.
pub const EXAMPLES: &str = "\
The file holds the tensors W1 to Wl, F32, W_k of shape [m_k, m_(k-1)], with entries from N(0,1) as in \
NTK parameterisation. The data only say how many coordinates W1 has; activation and scale change nothing \
and may be left out.

Example:
  eoc weights --depth 4 --width 1024 --data digits:n=1 --seed 7 --out theta.safetensors";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    data: DataArgs,
    /// Seed, below 2^63
    #[arg(long, help_heading = "Sampling", value_name = "S", required = true, allow_negative_numbers = true)]
    #[arg(value_parser = seed)]
    seed: u64,
    /// File to write, or - for standard output; its directory must exist
    #[arg(long, value_name = "F.safetensors", required = true, help_heading = "Output")]
    out: PathBuf,
}

fn seed(text: &str) -> Result<u64, String> {
    let seed = whole(text).filter(|seed| *seed < SEED_LIMIT);
    seed.ok_or_else(|| format!("give an integer from 0 to {}", SEED_LIMIT - 1))
}

/// Draws the weights.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let config = args.network.config()?;
    let network = config.network_with(config.activation.unwrap_or(Activation::ABS))?;
    let data = args.data.load()?;
    let shapes = shapes(&network, data.dim());
    // Widths are below 2³²: the sum of all rows fits.
    let rows = shapes.iter().map(|&(rows, _)| rows).sum();
    let name = format!("weights into {}", shown(&args.out));
    let cost = shapes.iter().map(|&(rows, cols)| rows as f64 * cols as f64).sum();
    let mut progress = ctx.progress(name, "neuron").over(rows, cost);
    let bytes = |&(rows, cols): &(u64, u64)| 4 * u128::from(rows) * u128::from(cols);
    let output = output::open(&args.out, shapes.iter().map(bytes).sum(), &[args.data.file()])?;
    write(output, &shapes, args.seed, |layer, row, out| {
        ctx.check()?;
        draw_row(args.seed, layer, row, out);
        progress.advance(1, out.len() as f64);
        Ok::<(), Failure>(())
    })?;
    drop(progress);
    let tensors = shapes.iter().enumerate().map(|(k, (rows, cols))| format!("W{} ({rows}, {cols})", k + 1));
    let summary = Summary {
        path: &args.out,
        shape: tensors.collect::<Vec<_>>().join(" "),
        seeds: Some(args.seed..args.seed + 1),
        sampler: None,
        device: "cpu",
        precision: "f32".to_owned(),
    };
    output::announce(ctx, &summary)?;
    Ok(Status::Done)
}
