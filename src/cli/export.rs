//! `eoc export`: the sample rows of a run directory, or the moments of its kernels.

use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use eoc_ntk::data::{DataError, Output};
use eoc_ntk::study::STORE;
use eoc_ntk::study::export::{ExportError, Format, export};
use eoc_ntk::study::store::{Reader, StoreError};

use super::args::{DeviceChoice, EngineArgs, ThreadArgs};
use super::context::Context;
use super::failure::{Failure, Status};
use super::{moments, output};

/// Shown below the help.
pub const EXAMPLES: &str = "\
Rows come in (cell, seed) order. deviation_* is of K/n from its limit in operator norm, Frobenius
norm and largest entry, relative_* divides by the same norm of the limit; lambda_min, lambda_max
and trace are of K/n, output_norm is the Frobenius norm of the outputs; seconds are per sample. What
is undefined is empty in CSV and null elsewhere. JSON is one array of objects. The directory is not
changed and may be one that is still running.

npy is the entrywise mean and standard deviation (divided by N - 1) of the kernels of every cell, over
the seeds in the directory: CELL-mean.npy and CELL-sd.npy of shape (n*outputs, n*outputs) in the
directory --out, and cells.csv with the number of seeds. A run does not store kernels, so they are drawn
again: it takes as long as the run did, needs its data, and memory for two kernels beside the batch.

Examples:
  eoc export eoc-runs/first-0123abcd --format csv > rows.csv
  eoc export eoc-runs/first-0123abcd --format parquet --out rows.parquet
  eoc export eoc-runs/first-0123abcd --format npy --out moments";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run directory
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// csv, json or parquet: the rows; npy: mean and standard deviation of the kernels
    #[arg(long, value_name = "FORMAT")]
    format: Wanted,
    /// File to write; its directory must exist [default: standard output, except for parquet]. For npy a directory,
    /// created with its parents
    #[arg(long, value_name = "FILE|DIR")]
    out: Option<PathBuf>,
    /// For npy: device, as for eoc run
    #[arg(long, value_name = "NAME")]
    device: Option<DeviceChoice>,
    #[command(flatten)]
    threads: ThreadArgs,
}

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Rows(Format),
    Moments,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "npy" => Ok(Self::Moments),
            _ => text.parse().map(Self::Rows).map_err(|_| {
                format!(
                    "format \"{text}\" is unknown; use csv, json or parquet for the rows, npy for the kernels"
                )
            }),
        }
    }
}

/// Writes the rows.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let format = match (args.format, &args.out) {
        (Wanted::Moments, Some(out)) => {
            let engine = EngineArgs {
                device: args.device.clone(),
                precision: Vec::new(),
                threads: args.threads.clone(),
            };
            return moments::execute(&args.dir, out, &engine, ctx);
        }
        (Wanted::Moments, None) => {
            return Err(Failure::refused("npy writes several files; give --out DIR, such as --out moments"));
        }
        (Wanted::Rows(_), _) if args.device.is_some() || args.threads.threads.is_some() => {
            return Err(Failure::refused(
                "--device and --threads go with --format npy, which draws kernels; leave them out",
            ));
        }
        (Wanted::Rows(format), _) => format,
    };
    if format == Format::Parquet && args.out.is_none() {
        return Err(Failure::refused(
            "parquet is a binary format; give --out FILE, such as --out rows.parquet",
        ));
    }
    let reader = Reader::open(&args.dir).map_err(unusable)?;
    // Every row first: what is damaged is refused before anything is written.
    let count = reader.verify_rows().map_err(unusable)?;
    tracing::info!("exporting {count} rows");
    match &args.out {
        None => {
            let mut out = io::stdout();
            match export(&reader, format, &mut out) {
                Err(ExportError::Write(error)) => return Err(Failure::stdout(error)),
                Err(ExportError::Store(error)) => return Err(Failure::running(error)),
                Ok(_) => {}
            }
        }
        Some(path) => {
            let store = args.dir.join(STORE);
            let mut sink = Sink { output: output::open(path, 0, &[Some(&store)])?, failed: None };
            let done = export(&reader, format, &mut sink);
            if let Some(error) = sink.failed {
                return Err(error.into());
            }
            done.map_err(Failure::running)?;
            sink.output.finish()?;
            ctx.check()?;
            return output::say(ctx, path, &format!("{}: {count} rows, format {format}\n", path.display()));
        }
    }
    ctx.check()?;
    Ok(Status::Done)
}

/// Reading failed: the directory is unusable, unless the machine is.
pub fn unusable(error: StoreError) -> Failure {
    if error.is_of_the_machine() { Failure::running(error) } else { Failure::unusable(error) }
}

/// An output file behind the trait of writers; keeps the error that says which file.
struct Sink {
    output: Output,
    failed: Option<DataError>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.output.write(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => {
                self.failed = Some(error);
                Err(io::Error::other("the output file could not be written"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
