//! `eoc kernel`: K of given weights on given data.

use std::path::PathBuf;
use std::sync::Mutex;

use super::args::{DataArgs, EngineArgs};
use super::context::Context;
use super::failure::{Failure, Status};
use super::input::{self, Input};
use super::layers_out::{LayersArgs, Size};
use super::output::{self, Summary};
use super::remedy::advice;
use super::units;
use super::words::number;
use crate::backend::{EngineError, ExplicitKernel, Precision, Remedy, Wanted, available_memory};
use crate::data::npy::NpyWriter;
use crate::data::weights::WeightFile;
use crate::math::activation::Activation;
use crate::model::check_scale;

/// Shown below the help.
pub const EXAMPLES: &str = "\
The weights are tensors W1 to Wl, W_k of shape [m_k, m_(k-1)], F32, F64, F16 or BF16, in NTK \
parameterisation: drawn from N(0,1). Depth, widths and outputs follow from their shapes. The file is .npy \
1.0, <f8, of shape (n*outputs, n*outputs): plain entries of the kernel, not divided by n. --layers-out writes what \
every layer adds to it, as in eoc sample, of one seed.

Example:
  eoc kernel --weights theta.safetensors --activation abs --data digits:n=32 --out kernel.npy";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The weights
    #[arg(long, value_name = "FILE", required = true)]
    weights: PathBuf,
    /// Activation a*s + b*|s|: abs, relu, identity, leaky:ALPHA (slope below zero) or A,B (two numbers)
    #[arg(long, value_name = "PHI", required = true, allow_hyphen_values = true)]
    activation: Activation,
    /// Constant that multiplies the kernel [default: 1]
    #[arg(long, value_name = "C", allow_negative_numbers = true, value_parser = number)]
    scale: Option<f64>,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    engine: EngineArgs,
    /// File to write, or - for standard output; its directory must exist
    #[arg(long, value_name = "F.npy", required = true, help_heading = "Output")]
    out: PathBuf,
    #[command(flatten)]
    layers: LayersArgs,
}

/// Computes the kernel.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let scale = args.scale.unwrap_or(1.0);
    check_scale(scale)?;
    let precision = args.engine.precision()?;
    let data = args.data.load()?;
    let given = Input::open(&args.weights)?;
    let file = WeightFile::open(given.path(), data.dim());
    let file = if input::is_dash(&args.weights) { file.map_err(input::named) } else { file }?;
    let engine = args.engine.open(&[precision], &args.engine.threads.start()?)?;
    let shapes = file.shapes();
    let bytes: u128 = shapes.iter().map(|&(rows, cols)| rows as u128 * cols as u128 * 8).sum();
    if bytes > u128::from(available_memory()) {
        return Err(Failure::refused(format!(
            "{}: the weights need {} of memory, and {} are available; use a smaller network",
            args.weights.display(),
            units::bytes(bytes),
            units::bytes(available_memory())
        )));
    }
    let size = data.n() as u128 * shapes.last().map_or(0, |last| last.0 as u128);
    let of_layers = if args.layers.is_given() { shapes.len() as u128 } else { 0 };
    let n = data.n() as u128;
    let kernel = 8 * (size * size + of_layers * (size * size + n * n));
    if bytes + kernel > u128::from(available_memory()) {
        return Err(Failure::refused(format!(
            "a kernel of {size} x {size} entries{} needs {} of memory beside {} of the weights, and {} are available; use fewer \
             points",
            if of_layers > 0 { " with the matrices of its layers" } else { "" },
            units::bytes(kernel),
            units::bytes(bytes),
            units::bytes(available_memory())
        )));
    }
    let size = size as usize;
    let inputs = [args.data.file(), Some(args.weights.as_path())];
    let output = output::open(&args.out, output::array_bytes(&[size, size]), &inputs)?;
    let outputs = shapes.last().map_or(0, |last| last.0);
    let sizes = Size { seeds: 1, depth: shapes.len(), n: data.n(), outputs };
    let mut layers = args.layers.open(&args.out, sizes, &inputs)?;
    let weights = file.read()?;
    let activation = args.activation;
    let explicit = ExplicitKernel::new(engine.as_ref(), activation, weights, scale, data.dim(), precision)?;
    let tiles = explicit.runs(data.n()) as u64;
    let meter = ctx.progress(format!("kernel into {}", args.out.display()), "tile").over(tiles, tiles as f64);
    let meter = Mutex::new(meter);
    ctx.on_stop(": nothing is written");
    let told = || drop(meter.lock().map(|mut meter| meter.advance(1, 1.0)));
    let wanted = Wanted { matrices: layers.is_some(), ..Wanted::KERNEL };
    let drawn = explicit.draw(&data, &wanted, ctx.stop(), &told).map_err(|e| failed(e, precision))?;
    drop(meter);
    let kernel = drawn.kernel.as_ref().ok_or_else(|| drawn.lacks("entries of the kernel"))?;
    let mut file = NpyWriter::new(output, &[size, size])?;
    file.write(kernel)?;
    file.finish()?;
    if let (Some(layers), Some(matrices)) = (&mut layers, &drawn.matrices) {
        layers.write(matrices)?;
    }
    let summary = Summary {
        path: &args.out,
        shape: output::shape(&[size, size]),
        seeds: None,
        sampler: None,
        device: &engine.info().name,
        precision: precision.to_string(),
    };
    output::announce(ctx, &summary)?;
    if let Some(layers) = layers {
        layers.finish(ctx, summary)?;
    }
    Ok(Status::Done)
}

/// Given weights have no seed, and what leaves the range of one arithmetic may fit the other.
fn failed(error: EngineError, precision: Precision) -> Failure {
    let (EngineError::Failed { layer, what, .. } | EngineError::OutOfRange { layer, what, .. }) = error
    else {
        return error.into();
    };
    let place = if layer > 0 { format!("layer {layer}: ") } else { String::new() };
    let remedy =
        if precision == Precision::F64 { Remedy::SmallerWeights } else { Remedy::Precision(Precision::F64) };
    let advice = advice(&[remedy]).map_or_else(String::new, |advice| format!("; {advice}"));
    Failure::running(anyhow::anyhow!("the kernel of these weights: {place}{what}{advice}"))
}
