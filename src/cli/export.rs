//! `eoc export`: the sample rows of a run directory.

use std::io::{self, Write};
use std::path::PathBuf;

use eoc_ntk::data::{DataError, Output};
use eoc_ntk::study::export::{ExportError, Format, export};
use eoc_ntk::study::store::{Reader, StoreError};

use super::context::Context;
use super::failure::{Failure, Status};
use super::output;

/// Shown below the help.
pub const EXAMPLES: &str = "\
Rows come in (cell, seed) order. deviation_* is of K/n from its limit in operator norm, Frobenius
norm and largest entry, relative_* divides by the same norm of the limit; lambda_min, lambda_max
and trace are of K/n, output_norm is the Frobenius norm of the outputs; seconds are per sample. What
is undefined is empty in CSV and null elsewhere. JSON is one array of objects. The directory is not
changed and may be one that is still running.

Examples:
  eoc export eoc-runs/first-0123abcd --format csv > rows.csv
  eoc export eoc-runs/first-0123abcd --format parquet --out rows.parquet";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run directory
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// csv, json or parquet
    #[arg(long, value_name = "FORMAT")]
    format: Format,
    /// File to write; its directory must exist [default: standard output, except for parquet]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Writes the rows.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    if args.format == Format::Parquet && args.out.is_none() {
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
            match export(&reader, args.format, &mut out) {
                Err(ExportError::Write(error)) => return Err(Failure::stdout(error)),
                Err(ExportError::Store(error)) => return Err(Failure::running(error)),
                Ok(_) => {}
            }
        }
        Some(path) => {
            let mut sink = Sink { output: output::open(path)?, failed: None };
            let done = export(&reader, args.format, &mut sink);
            if let Some(error) = sink.failed {
                return Err(error.into());
            }
            done.map_err(Failure::running)?;
            sink.output.finish()?;
        }
    }
    ctx.check()?;
    Ok(Status::Done)
}

/// Reading failed: the directory is unusable, unless the machine is.
fn unusable(error: StoreError) -> Failure {
    match error {
        StoreError::Sqlite { .. } => Failure::running(error),
        _ => Failure::unusable(error),
    }
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
