//! How long samples take, by those that are there.

use crate::cli::failure::Failure;
use crate::model::{Network, parse_widths};
use crate::sampler::Sampler;
use crate::sampler::cost::relative_cost;
use crate::study::store::{CellRecord, Reader, StoreError};

/// Rows of a cell, and the seconds that they took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// Rows that are there, asked for or not.
    pub rows: u64,
    /// Of one process, for all of them.
    pub seconds: f64,
}

/// Of every cell.
pub fn times(reader: &Reader) -> Result<Vec<Times>, StoreError> {
    let mut times = vec![Times::default(); reader.cells().len()];
    reader.for_each(|row| {
        times[row.cell].rows += 1;
        times[row.cell].seconds += row.seconds;
        Ok::<(), StoreError>(())
    })?;
    Ok(times)
}

/// Seconds of a sample of every cell: its own, or by the cost model from those of the others.
pub fn pace(cells: &[CellRecord], times: &[Times]) -> Result<Vec<f64>, Failure> {
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
    // How many coordinates a point has is not stored; what is estimated of a cell without rows counts as many as
    // points.
    let n = record.n as usize;
    Some(relative_cost(sampler, n, n, &network))
}
