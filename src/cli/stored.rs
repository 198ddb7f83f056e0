//! From a run store to what a report is made of.

use eoc_ntk::model::parse_widths;
use eoc_ntk::report::{CellSummary, Columns, LimitValues, StudySummary};
use eoc_ntk::study::store::{CellRecord, Reader, StoreError};

/// Most seeds of a cell that a report looks at, so that neither its memory nor its time grows with the seeds of a study; the
/// first ones, which cells share. The median of so many is known to about 1 % of the spread.
pub const REPORTED_SEEDS: usize = 16384;

/// What is finished as plain data, and whether there is more than [`REPORTED_SEEDS`] of a cell.
pub fn summary(reader: &Reader) -> Result<(StudySummary, bool), StoreError> {
    let mut cells: Vec<CellSummary> = reader.cells().iter().map(cell).collect();
    let mut more = false;
    reader.for_each(|row| {
        let cell = &mut cells[row.cell];
        if cell.seeds.len() == REPORTED_SEEDS {
            more = true;
            return Ok(());
        }
        cell.seeds.push(row.seed);
        let c = &mut cell.columns;
        let columns = [
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
        ];
        for (column, value) in columns.into_iter().zip(row.values) {
            column.push(value);
        }
        Ok::<(), StoreError>(())
    })?;
    Ok((StudySummary { name: reader.manifest().study.clone(), cells }, more))
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
