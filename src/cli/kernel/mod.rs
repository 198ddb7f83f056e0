//! `eoc kernel`: K of given weights on given data.

mod against;
mod given;
mod spectrum;

use std::path::PathBuf;
use std::sync::Mutex;

use crate::backend::{EngineError, ExplicitKernel, Precision, Wanted, available_memory};
use crate::data::npy::NpyWriter;
use crate::math::activation::Activation;
use crate::model::check_scale;

use super::args::{DataArgs, EngineArgs};
use super::config::data_notes;
use super::context::{Context, note};
use super::escape::shown;
use super::failure::{Failure, Status};
use super::input::is_dash;
use super::layers_out::{LayersArgs, Size};
use super::output::{self, Summary};
use super::remedy::advice;
use super::units;
use super::words::number;
use against::AgainstArgs;
use given::GivenArgs;
use spectrum::SpectrumArgs;

/// Shown below the help.
pub const EXAMPLES: &str = "\
Depth, widths and outputs follow from the shapes of the weights. ntk: x/sqrt(m_0) goes in, every hidden layer is \
phi(W h)/(sigma*sqrt(m_k)), and the weights are from N(0,1), as eoc weights draws them. standard: x itself goes in, every \
hidden layer is phi(W h + c), and the kernel is the sum over all weights and biases of products of gradients. Give \
such a network the points as it was trained on them: --normalize none for raw digits.

Tensors are F32, F64, F16 or BF16 and called W1 to Wl, of shape [m_k, m_(k-1)], and b1 to bl; or as PyTorch calls \
them (0.weight, layers.0.weight, fc1.weight, stored as (out, in), with .bias beside), or Flax (Dense_0/kernel, stored as \
(in, out)), taken in the natural order of their names where their shapes chain. --tensors names them where not; a vector behind \
a matrix is its bias.

The file is .npy 1.0, <f8, of shape (n*outputs, n*outputs): plain entries of the kernel, not divided by n. \
--layers-out writes what every layer adds to it, as in eoc sample, of one seed; activations of a layer with a bias have the \
1 of the bias in them. --against takes other points x' beside the points x of --data, and the kernel is then K(x, x'), of shape \
(n*outputs, n'*outputs), for predictions at x from x'. --spectrum writes the eigenvalues of the kernel divided by n.

Examples:
  eoc kernel --weights theta.safetensors --activation abs --data digits:n=32 --out kernel.npy
  eoc kernel --weights model.safetensors --parameterization standard --activation relu --data points.npy --out kernel.npy
  eoc kernel --weights model.safetensors --tensors encoder.weight,head.weight --parameterization standard \
--activation relu --data points.npy --out kernel.npy --spectrum eigenvalues.npy
  eoc kernel --weights theta.safetensors --activation abs --data digits:n=1797 --points 1000..1797 --against digits:n=1000 \
--out test.npy";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    given: GivenArgs,
    /// Activation a*s + b*|s|: abs, relu, identity, leaky:ALPHA (slope below zero) or A,B (two numbers)
    #[arg(long, value_name = "PHI", required = true, allow_hyphen_values = true)]
    activation: Activation,
    /// Constant that multiplies the kernel [default: 1]
    #[arg(long, value_name = "C", allow_negative_numbers = true, value_parser = number)]
    scale: Option<f64>,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    against: AgainstArgs,
    #[command(flatten)]
    engine: EngineArgs,
    /// File to write, or - for standard output; its directory must exist
    #[arg(long, value_name = "F.npy", required = true, help_heading = "Output")]
    out: PathBuf,
    #[command(flatten)]
    layers: LayersArgs,
    #[command(flatten)]
    spectrum: SpectrumArgs,
}

/// Computes the kernel.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let scale = args.scale.unwrap_or(1.0);
    check_scale(scale)?;
    let precision = args.engine.precision()?;
    let [values, vectors] = args.spectrum.paths();
    output::distinct(&[("--out", Some(args.out.as_path())), args.layers.path(), values, vectors])?;
    let mut source = args.against.source(&args.data)?;
    let stdin = |source: &DataArgs| source.file().is_some_and(is_dash);
    if is_dash(args.given.path()) && (stdin(&args.data) || source.as_ref().is_some_and(stdin)) {
        return Err(Failure::refused(
            "weights and points are both standard input; give one of them as a file",
        ));
    }
    let (raw, normalize) = args.data.load_raw()?;
    note(&data_notes(&raw, normalize));
    let data = raw.normalized(normalize);
    let other = source.as_mut().map(|source| against::load(source, normalize, &data)).transpose()?;
    let given = args.given.open(data.dim())?;
    let engine = args.engine.open_heard(&[precision], &args.engine.threads.start()?, ctx)?;
    let shapes = given.shapes();
    let outputs = shapes.last().map_or(0, |last| last.0);
    let rows = data.n() as u128 * outputs as u128;
    let columns = other.as_ref().map_or(rows, |other| other.n() as u128 * outputs as u128);
    let of_layers = if args.layers.is_given() { shapes.len() as u128 } else { 0 };
    let n = data.n() as u128;
    let beside = of_layers * (rows * rows + n * n) + args.spectrum.matrices() * rows * rows;
    check_memory([rows, columns], beside, given.bytes()?)?;
    let (rows, columns) = (rows as usize, columns as usize);
    let inputs =
        [args.data.file(), source.as_ref().and_then(|source| source.file()), Some(args.given.path())];
    let output = output::open(&args.out, output::array_bytes(&[rows, columns]), &inputs)?;
    let sizes = Size { seeds: 1, depth: shapes.len(), n: data.n(), outputs };
    let mut layers = args.layers.open(&args.out, sizes, &inputs)?;
    let mut spectrum = args.spectrum.open(rows, &inputs)?;
    let explicit =
        ExplicitKernel::new(engine.as_ref(), args.activation, given.read()?, scale, data.dim(), precision)?;
    let tiles = match &other {
        Some(other) => explicit.runs_against(data.n(), other.n()),
        None => explicit.runs(data.n()),
    } as u64;
    let meter = ctx.progress(format!("kernel into {}", shown(&args.out)), "tile").over(tiles, tiles as f64);
    let meter = Mutex::new(meter);
    ctx.on_stop(": nothing is written");
    let told = || drop(meter.lock().map(|mut meter| meter.advance(1, 1.0)));
    let (kernel, matrices) = match &other {
        Some(other) => (explicit.against(&data, other, ctx.stop(), &told), None),
        None => {
            let wanted = Wanted { matrices: layers.is_some(), ..Wanted::KERNEL };
            let drawn = explicit.draw(&data, &wanted, ctx.stop(), &told);
            let mut drawn = drawn.map_err(|e| failed(e, precision))?;
            let kernel = drawn.kernel.take();
            (kernel.ok_or_else(|| drawn.lacks("entries of the kernel")), drawn.matrices)
        }
    };
    let mut kernel = kernel.map_err(|e| failed(e, precision))?;
    drop(meter);
    if let Some(spectrum) = &mut spectrum {
        kernel = spectrum.find(ctx, kernel, data.n())?;
    }
    let mut file = NpyWriter::new(output, &[rows, columns])?;
    file.write(&kernel)?;
    file.finish()?;
    if let (Some(layers), Some(matrices)) = (&mut layers, &matrices) {
        layers.write(matrices)?;
    }
    let summary = Summary {
        path: &args.out,
        shape: output::shape(&[rows, columns]),
        seeds: None,
        sampler: None,
        device: &engine.info().name,
        precision: precision.to_string(),
    };
    output::announce(ctx, &summary)?;
    if let Some(spectrum) = spectrum {
        spectrum.finish(ctx, &summary)?;
    }
    if let Some(layers) = layers {
        layers.finish(ctx, summary)?;
    }
    Ok(Status::Done)
}

/// Refuses a kernel of these rows and columns, with this many entries of other matrices beside it, for which the memory
/// that the parameters leave is too small.
fn check_memory([rows, columns]: [u128; 2], beside: u128, parameters: u128) -> Result<(), Failure> {
    let bytes = 8 * (rows * columns + beside);
    if parameters + bytes <= u128::from(available_memory()) {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "a kernel of {rows} x {columns} entries{} needs {} of memory beside {} of the weights, and {} are available; use fewer \
         points",
        if beside > 0 { " with the matrices that are asked for beside it" } else { "" },
        units::bytes(bytes),
        units::bytes(parameters),
        units::bytes(available_memory())
    )))
}

fn failed(error: EngineError, precision: Precision) -> Failure {
    match ExplicitKernel::explained(error, precision) {
        Ok((what, remedy)) => {
            let advice = advice(&[remedy]).map_or_else(String::new, |advice| format!("; {advice}"));
            Failure::running(anyhow::anyhow!("{what}{advice}"))
        }
        Err(error) => error.into(),
    }
}
