//! `eoc data`: the points of a source as an array.

use std::path::PathBuf;

use super::args::{DataArgs, NORMALIZATIONS};
use super::context::Context;
use super::failure::{Failure, Status};
use super::output::{self, Summary};
use super::words::{self, number, words};
use crate::data::npy::NpyWriter;
use crate::data::{Normalize, PointRange, Source};

/// Shown below the help.
pub const EXAMPLES: &str = "\
The file is .npy 1.0, <f8, of shape (points, coordinates), and holds the points as a network sees them: the same \
kernels come from it with --data F.npy as from the source. The raw rows of the digits, 0 to 16, are those of --normalize \
none.

Examples:
  eoc data digits:n=32 --out digits.npy
  eoc data sphere:n=16,dim=8,seed=1 --out - > sphere.npy
  eoc data images-idx3-ubyte.gz --points 1000..2000 --normalize sphere --out images.npy";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// digits:n=N, sphere:n=N,dim=D,seed=S, gaussian:n=N,dim=D,seed=S, pair:angle=RADIANS, or a file: .npy,
    /// .npz[:KEY], .csv (numbers, no label column), IDX (also .gz), or - for one of them on standard input
    #[arg(value_name = "SOURCE", value_hint = clap::ValueHint::FilePath, value_parser = words::source())]
    source: Source,
    /// Rows to use: a count, or A..B (A, not B), from 0 [default: all]
    #[arg(long, value_name = "COUNT|A..B", allow_hyphen_values = true)]
    points: Option<PointRange>,
    /// A constant to append to every row, before --normalize
    #[arg(long, value_name = "BETA", allow_negative_numbers = true, value_parser = number)]
    append_constant: Option<f64>,
    /// sphere: every row to norm sqrt(dim); none: rows as they are [default: sphere for digits, else none]
    #[arg(long, value_name = "RULE", value_parser = words::<Normalize>(NORMALIZATIONS), hide_possible_values = true)]
    normalize: Option<Normalize>,
    /// File to write, or - for standard output; its directory must exist
    #[arg(long, value_name = "F.npy", required = true, help_heading = "Output")]
    out: PathBuf,
}

/// Writes the points.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let Args { source, points, append_constant, normalize, out } = args;
    let source = DataArgs {
        data: vec![source.clone()],
        points: points.clone(),
        append_constant: *append_constant,
        normalize: normalize.iter().copied().collect(),
    };
    let data = source.load()?;
    let shape = [data.n(), data.dim()];
    let output = output::open(out, output::array_bytes(&shape), &[source.file()])?;
    let named = out.extension().map(|ending| ending.to_ascii_lowercase());
    if let Some(ending) = named.filter(|ending| ending == "csv" || ending == "npz" || ending == "txt") {
        return Err(Failure::refused(format!(
            "--out {} would hold .npy and be read as .{}; name it .npy",
            out.display(),
            ending.display()
        )));
    }
    let mut file = NpyWriter::new(output, &shape)?;
    (0..data.n()).try_for_each(|row| file.write(data.row(row)))?;
    file.finish()?;
    let summary = Summary {
        path: out,
        shape: output::shape(&shape),
        seeds: None,
        sampler: None,
        device: "cpu",
        precision: "f64".to_owned(),
    };
    output::announce(ctx, &summary)?;
    Ok(Status::Done)
}
