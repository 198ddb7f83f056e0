//! How to make a run again, and how to make one of its samples again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::searches::{commands, source};
use crate::backend::cpu::CPU;
use crate::cli::escape::{for_shell, visible};
use crate::cli::failure::Failure;
use crate::cli::stored::{describe, differs_in_points, has_our_keys, unusable};
use crate::cli::units::{are, counted, utc};
use crate::study::store::{CellRecord, Manifest, Reader, Statistics, StoreError};
use crate::study::table::{Value, columns, values};
use crate::study::{Plan, Spec, file};

/// A row by its cell and seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowName {
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

/// The study with the command, version and devices that made the run.
pub fn reproduce(reader: &Reader, dir: &Path) -> Result<String, StoreError> {
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
            "# Run from {} by eoc {} (commit {}) on {} ({}), {}\n",
            utc(s.started),
            s.version,
            s.commit,
            s.device,
            s.driver,
            counted(s.threads, "thread")
        );
    }
    let searches = commands(dir);
    if let Err(error) = &searches {
        text += &format!(
            "# The searches for widths that were made here are not known: {}\n",
            visible(&error.to_string())
        );
    }
    let searches = searches.unwrap_or_default();
    if !searches.is_empty() {
        text += "# These searches for widths were made here; each draws the same networks again on the same device, and one \
                 that was broken off goes on from there:\n";
        text += &searches.iter().map(|command| format!("#   {}\n", visible(command))).collect::<String>();
    }
    if manifest.asked.is_of_found() {
        text += &format!(
            "# The study below asks for the rows that are there, and draws nothing elsewhere; any of them is drawn again by \
             what eoc status {} --row CELL,SEED prints.\n",
            for_shell(&dir.display().to_string())
        );
        return Ok(text + "\n" + &manifest.text);
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
    text += &format!("#   eoc status {} --reproduce > again.toml\n", for_shell(&dir.display().to_string()));
    let last = sessions.last().map(|s| (s.device.as_str().into(), 0));
    let several = rows.len() > 1;
    let devices = if rows.is_empty() { last.into_iter().collect() } else { rows };
    if devices.is_empty() {
        text += &format!("#   eoc run again.toml{shard} --out again\n");
    }
    for (index, (name, count)) in devices.iter().enumerate() {
        let (out, of) = match several {
            true => (format!("again-{}", index + 1), format!("   # {} from {name}", are(*count, "row"))),
            false => ("again".to_owned(), String::new()),
        };
        text += &format!("#   eoc run again.toml{shard} --device {} --out {out}{of}\n", device(name));
    }
    text += &others(reader, dir)?;
    if let Some(study) = of_all_seeds(manifest) {
        let asked = &manifest.asked;
        text += &format!(
            "# Its cells were asked for other seeds each ({asked}); this asks all of them, and what lies between, of \
             every cell:\n"
        );
        return Ok(text + "\n" + &study);
    }
    Ok(text + "\n" + &manifest.text)
}

/// The study with the seeds of all its cells, where it asks for seeds cell by cell, which no study file can.
fn of_all_seeds(manifest: &Manifest) -> Option<String> {
    let seeds = manifest.asked.wishes().filter(|_| manifest.asked.target().is_none())?.hull()?;
    let spec = file::parse(&manifest.text).ok()?;
    Some(Spec { seeds: Some(seeds), ..spec }.to_toml())
}

/// Most cells that are listed one by one.
const LISTED: usize = 40;

/// The cells that the study below does not ask for, as comments.
fn others(reader: &Reader, dir: &Path) -> Result<String, StoreError> {
    let asked = reader.shown_cells();
    let others = &reader.cells()[asked..];
    if others.is_empty() {
        return Ok(String::new());
    }
    let counts = reader.count_rows()?;
    let count = others.len();
    let dir = for_shell(&dir.display().to_string());
    let mut text = format!(
        "# The directory has {} of earlier studies too, which this one does not ask for;\n",
        counted(count, "cell")
    );
    text += &format!("# any row of theirs is drawn again by what eoc status {dir} --row CELL,SEED prints:\n");
    for (index, cell) in others.iter().enumerate().take(LISTED) {
        let words = visible(&describe(cell));
        text +=
            &format!("#   cell {}, {}: {words}\n", asked + index, counted(counts[asked + index], "sample"));
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

/// Refuses a row whose points are in a file that has changed: the line would draw the kernel of others.
fn same_points(reader: &Reader, record: &CellRecord) -> Result<(), Failure> {
    let text = &reader.manifest().text;
    // Of a file that is not there the line is true all the same, and a study of earlier cells says nothing of this one.
    let Ok(plan) = file::parse(text).map_err(drop).and_then(|spec| Plan::new(spec).map_err(drop)) else {
        return Ok(());
    };
    let same = plan.cells().iter().any(|cell| cell.key() == record.key);
    if same || !has_our_keys(reader) || !plan.cells().iter().any(|cell| differs_in_points(record, cell)) {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "the points of {} have changed since this row was drawn, and the same command would draw another kernel; bring \
         them back",
        record.data
    )))
}

/// The line that draws the kernel of a row again.
pub fn sample_line(reader: &Reader, dir: &Path, name: RowName) -> Result<String, Failure> {
    let RowName { cell, seed } = name;
    let none = || {
        Failure::refused(format!(
            "{} has no row of cell {cell}, seed {seed}; eoc export lists those it has",
            dir.display()
        ))
    };
    let record = reader.cells().get(cell).ok_or_else(none)?;
    same_points(reader, record)?;
    let row = reader.rows_of(cell, seed).next().map_err(unusable)?;
    let row = row.filter(|row| (row.cell, row.seed) == (cell, seed)).ok_or_else(none)?;
    let hidden = match record.depth {
        1 => "--depth 1".to_owned(),
        _ => format!("--widths {}", record.widths),
    };
    let (data, points, constant) = source(&record.data, record.n);
    let CellRecord { activation, outputs, scale, normalize, sampler, precision, .. } = record;
    let mut rows = points.map_or_else(String::new, |points| format!(" --points {points}"));
    rows += &constant.map_or_else(String::new, |beta| format!(" --append-constant {beta}"));
    let mut text = format!(
        "eoc sample --activation {} {hidden} --outputs {outputs} --scale {scale} --data {}{rows} --normalize {normalize} \
         --sampler {sampler} --precision {precision} --device {} --seeds {seed}..{} --out kernel.npy\n",
        for_shell(activation),
        for_shell(data),
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

/// The recorded name of a device as the option takes it; the instruction set of a CPU is none of its.
fn device(name: &str) -> String {
    match name.strip_prefix(CPU) {
        Some(rest) if rest.is_empty() || rest.starts_with(' ') => CPU.to_owned(),
        _ => for_shell(&format!("gpu:{name}")),
    }
}
