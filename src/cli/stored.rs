//! From a run store to what a report is made of.

use eoc_ntk::model::parse_widths;
use eoc_ntk::report::{CellSummary, Columns, LimitValues, StudySummary};
use eoc_ntk::study::Need;
use eoc_ntk::study::store::{CellRecord, RELATIVE_FRO, Reader, StoreError};

/// Most seeds of a cell that a report looks at, so that neither its memory nor its time grows with the seeds of a study; the
/// first ones, which cells share. The median of so many is known to about 1 % of the spread.
pub const REPORTED_SEEDS: usize = 16384;

/// What is finished of what was asked for, as plain data.
pub struct Stored {
    /// The cells with their rows.
    pub study: StudySummary,
    /// Whether there are more than [`REPORTED_SEEDS`] of a cell.
    pub more: bool,
    /// Rows that were not asked for, by an earlier run of the directory that was asked for more.
    pub others: u64,
}

/// Reads them.
pub fn summary(reader: &Reader) -> Result<Stored, StoreError> {
    let mut cells: Vec<CellSummary> = reader.cells().iter().map(cell).collect();
    let manifest = reader.manifest();
    let mut needs: Vec<Need> =
        (0..cells.len()).map(|cell| manifest.asked.need(cell, manifest.shard)).collect();
    // Rows of a cell, and the first of them that is not among its columns.
    let mut counts = vec![(0, None); cells.len()];
    reader.for_each(|row| {
        let (cell, (rows, beyond)) = (&mut cells[row.cell], &mut counts[row.cell]);
        *rows += 1;
        needs[row.cell].push(row.seed, row.values[RELATIVE_FRO]);
        if cell.seeds.len() == REPORTED_SEEDS {
            beyond.get_or_insert(row.seed);
        } else if row.seed >= needs[row.cell].bounds().start {
            cell.seeds.push(row.seed);
            for (column, value) in columns(&mut cell.columns).into_iter().zip(row.values) {
                column.push(value);
            }
        }
        Ok::<(), StoreError>(())
    })?;
    let (mut more, mut others) = (false, 0);
    for ((cell, need), (rows, beyond)) in cells.iter_mut().zip(needs).zip(counts) {
        // Only now is it known where a standard error was reached.
        let end = need.end();
        let asked = cell.seeds.partition_point(|seed| *seed < end);
        cell.seeds.truncate(asked);
        columns(&mut cell.columns).into_iter().for_each(|column| column.truncate(asked));
        more |= beyond.is_some_and(|seed| seed < end);
        others += rows - need.missing().rows;
    }
    Ok(Stored { study: StudySummary { name: manifest.study.clone(), cells }, more, others })
}

/// The columns in the order of the statistics of a row.
fn columns(c: &mut Columns) -> [&mut Vec<f64>; 10] {
    [
        &mut c.deviation_op,
        &mut c.deviation_fro,
        &mut c.deviation_max,
        &mut c.relative_op,
        &mut c.relative_fro,
        &mut c.relative_max,
        &mut c.lambda_min,
        &mut c.lambda_max,
        &mut c.trace,
        &mut c.output_norm,
    ]
}

fn cell(record: &CellRecord) -> CellSummary {
    CellSummary {
        activation: record.activation.clone(),
        a: record.a,
        b: record.b,
        depth: record.depth as usize,
        schedule: record.schedule.clone(),
        width: record.width,
        // Empty at depth 1. What a verified store holds was written from such a list.
        hidden: parse_widths(&record.widths).unwrap_or_default(),
        outputs: record.outputs as usize,
        scale: record.scale,
        data: record.data.clone(),
        normalize: record.normalize.clone(),
        n: record.n as usize,
        sampler: record.sampler.clone(),
        precision: record.precision.clone(),
        seeds: Vec::new(),
        columns: Columns::default(),
        limit: LimitValues {
            lambda_min: record.limit.lambda_min.unwrap_or(f64::NAN),
            lambda_max: record.limit.lambda_max.unwrap_or(f64::NAN),
            relative_sd_diagonal: record.limit.relative_sd_diagonal,
            bound: record.limit.bound,
        },
    }
}

/// A cell in words: `relu, depth 4, widths 64,64,64, digits:n=32, conditional`.
pub fn describe(record: &CellRecord) -> String {
    let CellRecord { activation, depth, widths, data, sampler, .. } = record;
    let widths = match (&record.schedule, record.width) {
        _ if *depth == 1 => String::new(),
        (Some(schedule), Some(m)) => format!(", width {m} {schedule}"),
        _ => format!(", widths {widths}"),
    };
    let outputs = if record.outputs == 1 { String::new() } else { format!(", {} outputs", record.outputs) };
    let scale = if record.scale == 1.0 { String::new() } else { format!(", scale {}", record.scale) };
    let precision = if record.precision == "f32" { "" } else { &format!(" {}", record.precision) };
    format!("{activation}, depth {depth}{widths}{outputs}{scale}, {data}, {sampler}{precision}")
}
