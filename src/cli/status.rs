//! `eoc status`: how far a run is, while it runs or not; how to make it again; how to make one of its samples again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use eoc_ntk::backend::cpu::CPU;
use eoc_ntk::model::{Network, parse_widths};
use eoc_ntk::sampler::Sampler;
use eoc_ntk::sampler::cost::relative_cost;
use eoc_ntk::study::store::{CellRecord, Reader, Statistics, StoreError};
use eoc_ntk::study::table::{Value, columns, values};
use eoc_ntk::study::{Directory, Missing};

use super::context::Context;
use super::escape::visible;
use super::failure::{Failure, Status};
use super::stored::{describe, unusable};
use super::units::{duration, utc};

/// Shown below the help.
pub const EXAMPLES: &str = "\
Nothing is written, and the run may be at work. The time to go is that of one process: what is
missing of every cell, times the seconds that its samples took so far, or, where it has none, those of
the other cells in proportion to its cost.

Examples:
  eoc status eoc-runs/first-0123abcd
  eoc status eoc-runs/first-0123abcd --reproduce > again.toml
  eoc status eoc-runs/first-0123abcd --row 3,17";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run directory
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Print the study with the command, version and devices that made the run, as a study file
    #[arg(long, conflicts_with = "row")]
    reproduce: bool,
    /// Print the eoc sample line that draws the kernel of this row again
    #[arg(long, value_name = "CELL,SEED")]
    row: Option<RowName>,
}

/// A row by its cell and seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RowName {
    cell: usize,
    seed: u64,
}

impl std::str::FromStr for RowName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let row = text.split_once(',').and_then(|(cell, seed)| {
            Some(Self { cell: cell.trim().parse().ok()?, seed: seed.trim().parse().ok()? })
        });
        row.ok_or_else(|| {
            format!("row \"{text}\" is none; write CELL,SEED as eoc export lists them, such as 3,17")
        })
    }
}

/// Prints what is asked for.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let reader = Reader::open(&args.dir).map_err(unusable)?;
    let text = match args.row {
        Some(row) => sample_line(&reader, args, row)?,
        None if args.reproduce => reproduce(&reader, args).map_err(unusable)?,
        None => progress(&reader, args)?,
    };
    ctx.print(&text)?;
    Ok(Status::Done)
}

fn progress(reader: &Reader, args: &Args) -> Result<String, Failure> {
    let manifest = reader.manifest();
    let missing = reader.missing().map_err(unusable)?;
    let times = times(reader).map_err(unusable)?;
    let at_work = Directory::in_use(&args.dir).map_err(unusable)?;
    let (rows, total) = missing.iter().fold((0, 0u64), |(r, t), m| (r + m.rows, t.saturating_add(m.total)));
    let complete = |m: &&Missing| m.gaps.is_empty();
    let done = missing.iter().filter(complete).count();
    let stored: u64 = times.iter().map(|t| t.rows).sum();
    let mut text = format!(
        "Study:      {}, {} cells, seeds {}",
        manifest.directory_name(),
        missing.len(),
        manifest.asked
    );
    if !manifest.shard.is_whole() {
        text += &format!(", shard {}", manifest.shard);
    }
    text += &format!(
        "\nDirectory:  {}, {}\n",
        args.dir.display(),
        if at_work { "running" } else { "not running" }
    );
    text += &format!("Cells:      {done} of {} done\nSamples:    {rows} of {total} done", missing.len());
    if stored > rows {
        text += &format!(", and {} that are not asked for now", stored - rows);
    }
    text.push('\n');
    let others = &times[reader.asked_cells()..];
    if !others.is_empty() {
        let samples: u64 = others.iter().map(|t| t.rows).sum();
        text += &format!(
            "Others:     {} cells with {samples} samples, of earlier studies; --reproduce lists them\n",
            others.len()
        );
    }
    let Some(hand) = missing.iter().position(|m| !m.gaps.is_empty()) else {
        return Ok(text + "To go:      nothing\n");
    };
    text += &format!("Next:       cell {hand}, {}\n", describe(&reader.cells()[hand]));
    let pace = pace(reader.cells(), &times)?;
    let seconds: f64 = missing.iter().zip(&pace).map(|(m, pace)| (m.total - m.rows) as f64 * pace).sum();
    if stored > 0 {
        let spent: f64 = times.iter().map(|t| t.seconds).sum();
        text += &format!(
            "Rate:       {:.3} samples/s there, {:.3} so far\n",
            1.0 / pace[hand],
            stored as f64 / spent
        );
        text += &format!("To go:      about {}\n", duration(seconds));
    } else {
        text += "To go:      unknown before the first samples; eoc run --dry-run calibrates\n";
    }
    Ok(text)
}

/// Rows of a cell, and the seconds that they took.
#[derive(Clone, Copy, Default)]
struct Times {
    rows: u64,
    seconds: f64,
}

fn times(reader: &Reader) -> Result<Vec<Times>, StoreError> {
    let mut times = vec![Times::default(); reader.cells().len()];
    reader.for_each(|row| {
        times[row.cell].rows += 1;
        times[row.cell].seconds += row.seconds;
        Ok::<(), StoreError>(())
    })?;
    Ok(times)
}

/// Seconds of a sample of every cell: its own, or by the cost model from those of the others.
fn pace(cells: &[CellRecord], times: &[Times]) -> Result<Vec<f64>, Failure> {
    let cost = |(index, cell)| {
        cost(cell).ok_or_else(|| {
            Failure::running(anyhow::anyhow!(
                "cell {index} of the store is no network that this eoc knows: activation {}, widths \"{}\", sampler {}",
                cell.activation,
                cell.widths,
                cell.sampler
            ))
        })
    };
    let costs: Vec<f64> = cells.iter().enumerate().map(cost).collect::<Result<_, _>>()?;
    let known = || times.iter().zip(&costs).filter(|(t, _)| t.rows > 0);
    let cost: f64 = known().map(|(t, cost)| t.rows as f64 * cost).sum();
    let per_cost = known().map(|(t, _)| t.seconds).sum::<f64>() / cost;
    let of = |(t, cost): (&Times, &f64)| if t.rows > 0 { t.seconds / t.rows as f64 } else { per_cost * cost };
    Ok(times.iter().zip(&costs).map(of).collect())
}

/// Cost of a seed by the cost model; None where the record, whose sums agree, is not what a plan makes.
fn cost(record: &CellRecord) -> Option<f64> {
    let hidden = match record.depth {
        1 => Vec::new(),
        _ => parse_widths(&record.widths).ok()?,
    };
    let network = Network::new(record.activation.parse().ok()?, hidden, record.outputs as usize).ok()?;
    let samplers = [Sampler::Direct, Sampler::Conditional];
    let sampler = samplers.into_iter().find(|sampler| sampler.to_string() == record.sampler)?;
    // How many coordinates a point has is not stored; what is estimated of a cell without rows counts as many as points.
    let n = record.n as usize;
    Some(relative_cost(sampler, n, n, &network))
}

fn reproduce(reader: &Reader, args: &Args) -> Result<String, StoreError> {
    let manifest = reader.manifest();
    let shard = match manifest.shard.is_whole() {
        true => String::new(),
        false => format!(" --shard {}", manifest.shard),
    };
    let sessions = reader.sessions()?;
    let builds: BTreeSet<_> = sessions.iter().map(|s| (&s.version, &s.commit)).collect();
    let same_build = builds.len() < 2;
    let rows = rows_by_device(reader)?;
    let mut text = format!(
        "# Study {}, identity {}\n# Stream layout {}, numerics {}\n",
        manifest.directory_name(),
        manifest.identity,
        manifest.stream_layout,
        manifest.numerics_version
    );
    for s in &sessions {
        text += &format!(
            "# Run from {} by eoc {} (commit {}) on {} ({}), {} threads\n",
            utc(s.started),
            s.version,
            s.commit,
            s.device,
            s.driver,
            s.threads
        );
    }
    let promise = match rows.len() {
        0 | 1 if same_build => "The same bytes in every sample row, by the same build on the same device:",
        0 | 1 => "The same rows up to rounding; several builds drew them, and no row says which:",
        _ => {
            "The rows are of several devices, which differ by rounding; each line draws those of its device again"
        }
    };
    text += &format!("# {promise}\n");
    if rows.len() > 1 {
        let by = if same_build {
            "with the same bytes, by the same build"
        } else {
            "up to rounding: builds differ"
        };
        text += &format!("# ({by}), and all others close to what they are here:\n");
    }
    text += &format!("#   eoc status {} --reproduce > again.toml\n", quoted(&args.dir.display().to_string()));
    let last = sessions.last().map(|s| (s.device.as_str().into(), 0));
    let several = rows.len() > 1;
    let devices = if rows.is_empty() { last.into_iter().collect() } else { rows };
    if devices.is_empty() {
        text += &format!("#   eoc run again.toml{shard} --out again\n");
    }
    for (index, (name, count)) in devices.iter().enumerate() {
        let (out, of) = match several {
            true => (format!("again-{}", index + 1), format!("   # {count} rows are from {name}")),
            false => ("again".to_owned(), String::new()),
        };
        text += &format!("#   eoc run again.toml{shard} --device {} --out {out}{of}\n", device(name));
    }
    text += &others(reader, args)?;
    Ok(text + "\n" + &manifest.text)
}

/// Most cells that are listed one by one.
const LISTED: usize = 40;

/// The cells that the study below does not ask for, as comments.
fn others(reader: &Reader, args: &Args) -> Result<String, StoreError> {
    let asked = reader.asked_cells();
    let others = &reader.cells()[asked..];
    if others.is_empty() {
        return Ok(String::new());
    }
    let counts = reader.count_rows()?;
    let count = others.len();
    let dir = quoted(&args.dir.display().to_string());
    let mut text = format!(
        "# The directory has {count} cells of earlier studies too, which this one does not ask for;\n"
    );
    text += &format!("# any row of theirs is drawn again by what eoc status {dir} --row CELL,SEED prints:\n");
    for (index, cell) in others.iter().enumerate().take(LISTED) {
        let words = visible(&describe(cell));
        text += &format!("#   cell {}, {} samples: {words}\n", asked + index, counts[asked + index]);
    }
    if count > LISTED {
        text += &format!("#   and {} more, which eoc export --table cells lists\n", count - LISTED);
    }
    Ok(text)
}

/// The devices that drew the rows, and how many each, by name.
fn rows_by_device(reader: &Reader) -> Result<BTreeMap<Arc<str>, u64>, StoreError> {
    let mut rows = BTreeMap::new();
    reader.for_each(|row| {
        *rows.entry(Arc::clone(&row.device)).or_default() += 1;
        Ok::<(), StoreError>(())
    })?;
    Ok(rows)
}

fn sample_line(reader: &Reader, args: &Args, name: RowName) -> Result<String, Failure> {
    let RowName { cell, seed } = name;
    let none = || {
        Failure::refused(format!(
            "{} has no row of cell {cell}, seed {seed}; eoc export lists those it has",
            args.dir.display()
        ))
    };
    let record = reader.cells().get(cell).ok_or_else(none)?;
    let row = reader.rows_of(cell, seed).next().map_err(unusable)?;
    let row = row.filter(|row| (row.cell, row.seed) == (cell, seed)).ok_or_else(none)?;
    let hidden = match record.depth {
        1 => "--depth 1".to_owned(),
        _ => format!("--widths {}", record.widths),
    };
    let (data, points, constant) = source(record);
    let CellRecord { activation, outputs, scale, normalize, sampler, precision, .. } = record;
    let mut rows = points.map_or_else(String::new, |points| format!(" --points {points}"));
    rows += &constant.map_or_else(String::new, |beta| format!(" --append-constant {beta}"));
    let mut text = format!(
        "eoc sample --activation {} {hidden} --outputs {outputs} --scale {scale} --data {}{rows} --normalize {normalize} \
         --sampler {sampler} --precision {precision} --device {} --seeds {seed}..{} --out kernel.npy\n",
        quoted(activation),
        quoted(data),
        device(&row.device),
        seed + 1
    );
    text += &format!("# its row, from device {}:", row.device);
    for (column, value) in columns::<Statistics>().iter().zip(values(&row.values)) {
        let value = if let Value::Real(x) = value { x } else { f64::NAN };
        text += &format!(" {} {value}", column.name);
    }
    Ok(text + "\n")
}

/// The data source of a cell, the rows that were selected from it and the constant that was appended to them,
/// `SOURCE[A..B] with constant C` in its label.
fn source(record: &CellRecord) -> (&str, Option<&str>, Option<&str>) {
    let (rows, constant) = match record.data.rsplit_once(" with constant ") {
        Some((rows, constant)) if constant.parse::<f64>().is_ok() => (rows, Some(constant)),
        _ => (record.data.as_str(), None),
    };
    let selected = rows.strip_suffix(']').and_then(|text| text.rsplit_once('['));
    match selected {
        Some((source, points)) if is_range_of(points, record.n) => (source, Some(points), constant),
        _ => (rows, None, constant),
    }
}

fn is_range_of(text: &str, count: u64) -> bool {
    let ends =
        text.split_once("..").and_then(|(a, b)| Some((a.parse::<u64>().ok()?, b.parse::<u64>().ok()?)));
    ends.is_some_and(|(a, b)| b.checked_sub(a) == Some(count))
}

/// The recorded name of a device as the option takes it; the instruction set of a CPU is none of its.
fn device(name: &str) -> String {
    match name.strip_prefix(CPU) {
        Some(rest) if rest.is_empty() || rest.starts_with(' ') => CPU.to_owned(),
        _ => quoted(&format!("gpu:{name}")),
    }
}

/// For a shell: in quotes where anything in it could mean something else, byte by byte where a terminal would act on it.
fn quoted(text: &str) -> String {
    if visible(text) != text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
        || text.contains(['\n', '\t'])
    {
        return format!("$'{}'", text.bytes().map(|byte| format!("\\x{byte:02x}")).collect::<String>());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:=,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}
