//! `eoc export`: the rows of a run directory, of its samples or of its cells, or the moments of its kernels.

use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use super::args::{EngineArgs, ThreadArgs};
use super::context::Context;
use super::device::DeviceChoice;
use super::escape::{Escaped, shown};
use super::failure::{Failure, Status};
use super::input::is_dash;
use super::stored::{self, unusable};
use super::units::counted;
use super::words::{directory, words};
use super::{moments, output};
use crate::backend::Stop;
use crate::data::{DataError, Output};
use crate::study::STORE;
use crate::study::export::{ExportError, Format, Table, export};

/// What is exported, column by column, with examples.
pub fn after_help() -> String {
    let mut text = String::new();
    for table in Table::ALL {
        text += &format!("{}:\n", headline(table));
        for column in table.columns() {
            let unit = if column.unit.is_empty() { String::new() } else { format!(" ({})", column.unit) };
            text += &format!("  {:<20}  {}{unit}\n", column.name, column.about);
        }
        text.push('\n');
    }
    text + NOTES
}

fn headline(table: Table) -> &'static str {
    match table {
        Table::Samples => "Columns of samples, one row a finished sample in (cell, seed) order",
        Table::Layers => "Columns of layers, one row a layer of a sample, where the study asks for them",
        Table::Spectrum => {
            "Columns of spectrum, one row an eigenvalue of a sample, where the study asks for them"
        }
        Table::Independence => {
            "Columns of independence, one row a group of pairs of about one angle, where the study asks for it"
        }
        Table::Cells => "Columns of cells, one row a cell",
    }
}

const NOTES: &str = "\
What is undefined or infinite is empty in CSV and null elsewhere. JSON is one array of objects. The
directory is not changed and may be one that is still running.

npy is the entrywise mean and standard deviation (divided by N - 1) of the kernels of every cell, over
the seeds in the directory: CELL-mean.npy and CELL-sd.npy of shape (n*outputs, n*outputs) in the
directory --out, and cells.csv with the number of seeds. Beside them CELL-kernel.svg, .pdf and .png: heat
maps of K of the first seed, of its limit, of their difference and of the standard deviation, with their
entries as .csv. A run does not store kernels, so they are drawn again: it takes as long as the run did,
needs its data, and memory for five kernels beside the batch.

Examples:
  eoc export eoc-runs/first-0123abcd --format csv > rows.csv
  eoc export eoc-runs/first-0123abcd --table cells --format csv
  eoc export eoc-runs/first-0123abcd --format parquet --out rows.parquet
  eoc export eoc-runs/first-0123abcd --format npy --out moments";

/// What shells offer.
const FORMATS: &[&str] = &["csv", "json", "parquet", "npy"];
const TABLES: &[&str] = &Table::NAMES;

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run directory
    #[arg(value_name = "DIR", value_parser = directory())]
    dir: PathBuf,
    /// csv, json or parquet: the rows; npy: mean and standard deviation of the kernels
    #[arg(long, value_name = "FORMAT", value_parser = words::<What>(FORMATS), hide_possible_values = true)]
    format: What,
    /// Rows of which table: samples, layers, spectrum or independence (of a study that asks for them, as layers = true)
    /// or cells [default: samples]
    #[arg(long, value_name = "TABLE", value_parser = words::<TableName>(TABLES), hide_possible_values = true)]
    table: Option<TableName>,
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

/// A table by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TableName(Table);

impl FromStr for TableName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Table::ALL.into_iter().find(|table| table.name() == text);
        let names = Table::NAMES.join(", ");
        let names = names.rsplit_once(", ").map_or(names.clone(), |(all, last)| format!("{all} or {last}"));
        found.map(Self).ok_or_else(|| format!("table \"{text}\" is unknown; use {names}"))
    }
}

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Rows(Format),
    Moments,
}

impl FromStr for What {
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
    let table = args.table.map(|TableName(table)| table);
    let format = match (args.format, &args.out) {
        (What::Moments, _) if table.is_some() => {
            return Err(Failure::refused(
                "--table goes with --format csv, json or parquet, which have rows; leave it out",
            ));
        }
        (What::Moments, Some(out)) if !is_dash(out) => {
            let engine = EngineArgs {
                device: args.device.clone(),
                precision: Vec::new(),
                threads: args.threads.clone(),
            };
            return moments::execute(&args.dir, out, &engine, ctx);
        }
        (What::Moments, _) => {
            return Err(Failure::refused("npy writes several files; give --out DIR, such as --out moments"));
        }
        (What::Rows(_), _) if args.device.is_some() || args.threads.threads.is_some() => {
            return Err(Failure::refused(
                "--device and --threads go with --format npy, which draws kernels; leave them out",
            ));
        }
        (What::Rows(format), _) => format,
    };
    if format == Format::Parquet && args.out.as_deref().is_none_or(is_dash) {
        return Err(Failure::refused(
            "parquet is a binary format; give --out FILE, such as --out rows.parquet",
        ));
    }
    let reader = stored::open(&args.dir, ctx).map_err(unusable)?;
    if let Some(absent) = table.filter(|table| !table.is_in(reader.manifest().details)) {
        return Err(Failure::refused(format!(
            "{} has no {name}; a study with {name} = true has them, and a directory of its own",
            args.dir.display(),
            name = absent.name()
        )));
    }
    // Every row first: what is damaged is refused before anything is written.
    reader.count_rows().map_err(unusable)?;
    let table = table.unwrap_or_default();
    tracing::info!("exporting the table {}", table.name());
    match &args.out {
        None => {
            let mut out = Heard { out: Escaped::of(io::stdout()), stop: ctx.stop() };
            match export(&reader, table, format, &mut out) {
                Err(_) if ctx.stop().is_raised() => return Err(Failure::interrupted()),
                Err(ExportError::Write(error)) => return Err(Failure::stdout(error)),
                Err(ExportError::Store(error)) => return Err(Failure::running(error)),
                Ok(_) => {}
            }
        }
        Some(path) => {
            let store = args.dir.join(STORE);
            // Parquet is binary.
            let start = |path, inputs| match format {
                Format::Parquet => output::open(path, 0, inputs),
                Format::Csv | Format::Json => output::open_text(path, inputs),
            };
            let sink = Sink { output: start(path, &[Some(&store)])?, failed: None };
            let mut sink = Heard { out: sink, stop: ctx.stop() };
            let done = export(&reader, table, format, &mut sink);
            let sink = sink.out;
            if let Some(error) = sink.failed {
                return Err(error.into());
            }
            let count = match done {
                Err(_) if ctx.stop().is_raised() => return Err(Failure::interrupted()),
                done => done.map_err(Failure::running)?,
            };
            sink.output.finish()?;
            return output::say(
                ctx,
                &format!("{}: {}, format {format}\n", shown(path), counted(count, "row")),
            );
        }
    }
    Ok(Status::Done)
}

/// A writer that a signal ends.
struct Heard<'s, W> {
    out: W,
    stop: &'s Stop,
}

impl<W: Write> Write for Heard<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.stop.is_raised() {
            true => Err(io::Error::other("asked to stop")),
            false => self.out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
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
