//! From a run store to what a report is made of.

use std::path::Path;

use super::context::Context;
use super::escape::shown;
use super::failure::Failure;
use super::units::counted;
use super::watchdog::Watchdog;
use crate::report::{CellSummary, StudySummary};
use crate::rng::LAYOUT_VERSION;
use crate::study::store::{CellRecord, IndependenceRow, Reader, StoreError};
use crate::study::{Cell, NUMERICS_VERSION, Need, Plan};

/// Most seeds of a cell that a report looks at, so that neither its memory nor its time grows with the seeds of a
/// study; the first ones, which cells share. The median of so many is known to about 1 % of the spread.
pub const REPORTED_SEEDS: usize = 16384;

/// Rows that are read at once.
const CHUNK: usize = 8192;

/// What is finished of what was asked for, as plain data.
pub struct Stored {
    /// The cells with their rows.
    pub study: StudySummary,
    /// Whether there are more than `REPORTED_SEEDS` of a cell.
    pub more: bool,
    /// Rows that were not asked for: of earlier runs of the directory that were asked for more, or for other cells.
    pub others: u64,
}

/// Opens the store of a run directory; a signal is heard while another program holds it.
pub fn open(dir: &Path, ctx: &Context) -> Result<Reader, StoreError> {
    let _watchdog = Watchdog::over_nothing(ctx);
    Reader::open(dir)
}

/// Reads them.
pub fn summary(reader: &Reader) -> Result<Stored, StoreError> {
    let asked = &reader.cells()[..reader.shown_cells()];
    let mut cells: Vec<CellSummary> = asked.iter().cloned().map(CellSummary::new).collect();
    let mut others = 0;
    let manifest = reader.manifest();
    let mut needs: Vec<Need> =
        (0..cells.len()).map(|cell| manifest.asked.need(cell, manifest.shard)).collect();
    // Rows of a cell, and the first of them that is not among its samples.
    let mut counts = vec![(0, None); cells.len()];
    let mut samples = reader.samples(CHUNK);
    while let Some(sample) = samples.next()? {
        let row = &sample.row;
        if row.cell >= asked.len() {
            others += 1;
            continue;
        }
        let (cell, (rows, beyond)) = (&mut cells[row.cell], &mut counts[row.cell]);
        *rows += 1;
        needs[row.cell].push(row.seed, row.values.relative_fro);
        if !needs[row.cell].asks(row.seed) {
            continue;
        }
        if cell.seeds.len() == REPORTED_SEEDS {
            beyond.get_or_insert(row.seed);
        } else {
            cell.seeds.push(row.seed);
            cell.samples.push(row.values);
            if manifest.details.independence {
                let of = &mut cell.independence;
                of.seeds.push(row.seed);
                of.difference.push(row.independence.op);
                of.relative.push(row.independence.relative_op);
                of.deviation.push(row.values.deviation_op);
                of.independent.push(row.independence.deviation_op);
                of.angles.push(sample.independence.iter().map(IndependenceRow::statistics).collect());
            }
            if !sample.spectrum.is_empty() {
                if cell.spectra.limit.is_empty() {
                    cell.spectra.limit = sample.spectrum.iter().map(|row| row.limit).collect();
                }
                cell.spectra.seeds.push(sample.spectrum.iter().map(|row| row.lambda).collect());
            }
            if !sample.layers.is_empty() {
                cell.layers.push(sample.layers);
            }
            cell.seconds.push(row.seconds);
        }
    }
    let mut more = false;
    for ((cell, need), (rows, beyond)) in cells.iter_mut().zip(needs).zip(counts) {
        // Only now is it known where a standard error was reached.
        let end = need.end();
        let asked = cell.seeds.partition_point(|seed| *seed < end);
        cell.seeds.truncate(asked);
        cell.samples.truncate(asked);
        cell.layers.truncate(asked);
        cell.independence.truncate(asked);
        cell.spectra.seeds.truncate(asked);
        cell.seconds.truncate(asked);
        more |= beyond.is_some_and(|seed| seed < end);
        others += rows - need.missing().rows;
    }
    let mut cells: Vec<CellSummary> = cells.into_iter().flat_map(CellSummary::under_every_schedule).collect();
    if asked.len() > reader.asked_cells() {
        // They come of several studies, the last one first: all networks of one kind follow each other.
        cells.sort_by(|a, b| kind(&a.cell).cmp(&kind(&b.cell)));
    }
    let stopped_by_draws = manifest.asked.depends_on_draws();
    Ok(Stored { study: StudySummary { name: manifest.study.clone(), cells, stopped_by_draws }, more, others })
}

/// An order in which networks that differ in their width alone follow each other.
fn kind(cell: &CellRecord) -> impl Ord + '_ {
    let data = (&cell.data, &cell.normalize, &cell.precision, cell.scale.to_bits());
    (data, &cell.activation, &cell.schedule, cell.outputs, cell.depth, cell.m, &cell.widths, &cell.sampler)
}

/// Whether a cell that is stored is, but for the values of its points, one of a plan of this version.
pub fn differs_in_points(record: &CellRecord, cell: &Cell) -> bool {
    let data = &cell.data;
    record.key != cell.key()
        && record.data == data.points.label()
        && record.normalize == data.normalize.to_string()
        && record.activation == cell.network.activation().to_string()
        && record.widths == cell.widths_text()
        && record.outputs == cell.network.outputs() as u64
        && record.scale.to_bits() == cell.network.scale().to_bits()
        && record.sampler == cell.sampler.to_string()
        && record.precision == cell.precision.to_string()
}

/// Whether rows of a directory have the keys of this version: those of another differ in everything.
pub fn has_our_keys(reader: &Reader) -> bool {
    let manifest = reader.manifest();
    (manifest.stream_layout, manifest.numerics_version) == (LAYOUT_VERSION, NUMERICS_VERSION)
}

/// The data sets of a plan whose points the run of a directory has under the same name with other values: a file was
/// changed. Its networks are other cells, which the run adds beside those that are there.
pub fn changed_data(reader: &Reader, dir: &Path, plan: &Plan) -> Option<String> {
    // Of another version the run is refused with that.
    if !has_our_keys(reader) {
        return None;
    }
    let there = reader.cells();
    let changed = |cell: &&Cell| {
        there.iter().all(|r| r.key != cell.key()) && there.iter().any(|r| differs_in_points(r, cell))
    };
    let mut names: Vec<&str> =
        plan.cells().iter().filter(changed).map(|cell| cell.data.points.label()).collect();
    names.dedup();
    (!names.is_empty()).then(|| {
        format!(
            "eoc: {} changed since {} began: the points have other values under the same name, and their networks are drawn \
             beside those of before\n",
            names.join(", "),
            shown(dir)
        )
    })
}

/// Reading failed: the directory is unusable, unless the machine is.
pub fn unusable(error: StoreError) -> Failure {
    if error.is_of_the_machine() { Failure::running(error) } else { Failure::unusable(error) }
}

/// A cell in words: `relu, depth 4, widths 64,64,64, digits:n=32, conditional`.
pub fn describe(record: &CellRecord) -> String {
    let CellRecord { activation, depth, widths, data, sampler, .. } = record;
    let widths = match (&record.schedule, record.m) {
        _ if *depth == 1 => String::new(),
        (Some(schedule), Some(m)) => format!(", width {m} {schedule}"),
        _ => format!(", widths {widths}"),
    };
    let outputs =
        if record.outputs == 1 { String::new() } else { format!(", {}", counted(record.outputs, "output")) };
    let scale = if record.scale == 1.0 { String::new() } else { format!(", scale {}", record.scale) };
    let precision = if record.precision == "f32" { "" } else { &format!(" {}", record.precision) };
    format!("{activation}, depth {depth}{widths}{outputs}{scale}, {data}, {sampler}{precision}")
}
