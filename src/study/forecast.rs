//! What a study will cost, before it starts: operations, memory, and time from a calibration of about a second.
//!
//! ```text
//! seconds of a seed = estimate of the engine · ratio,     ratio = measured / estimated of some cells, log-linear between
//! ```
//!
//! The engine estimates a seed on one worker from its operations; what batches, threads, caches and the measurement
//! make of it here is the ratio, measured on a few cells of each sampler and precision, from the least to the
//! costliest. A cell of which one seed alone takes too long is measured on its narrower twin: same depth, data and
//! sampler, all hidden widths divided. Nothing is written.

use std::time::{Duration, Instant};

use super::Missing;
use super::measure::Limits;
use super::plan::Plan;
use super::run::{Against, Computing, RunError, batch_size, draw};
use crate::backend::JobPlan;
use crate::model::Network;

/// Cells that are measured, of all samplers and precisions together.
const PROBES: usize = 10;
/// Seconds, by the engine's estimate, beyond which a single seed is not drawn for a calibration.
const TOO_LONG: f64 = 10.0;
/// Seconds of a row on its way into the store.
const STORING: f64 = 5e-6;

/// What one cell will cost.
#[derive(Clone, Debug, PartialEq)]
pub struct CellForecast {
    /// By the engine, for one seed.
    pub estimate: JobPlan,
    /// Seconds that a seed will add to the run.
    pub seconds: f64,
    /// Seeds still to run; with a standard error, at least and at most.
    pub seeds: (u64, u64),
}

/// What a study will cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Cell by cell.
    pub cells: Vec<CellForecast>,
    /// Seconds before the first and between the cells.
    pub fixed: f64,
    /// Most bytes in use at a time.
    pub bytes: u64,
    /// Whether every kind of cell was measured; else the engine's estimate stands for those whose single seed takes too
    /// long to try, whatever their width.
    pub calibrated: bool,
}

impl Forecast {
    /// Seconds of the run, at least and at most.
    pub fn seconds(&self) -> (f64, f64) {
        let sum = |seeds: fn(&CellForecast) -> u64| {
            self.cells.iter().map(|c| c.seconds * seeds(c) as f64).sum::<f64>() + self.fixed
        };
        (sum(|c| c.seeds.0), sum(|c| c.seeds.1))
    }

    /// A sum over all seeds that will run at least, such as that of the operations.
    pub fn total(&self, of: fn(&JobPlan) -> f64) -> f64 {
        self.cells.iter().map(|c| of(&c.estimate) * c.seeds.0 as f64).sum()
    }
}

/// One cell, measured.
struct Probe {
    estimated: f64,
    ratio: f64,
    /// Seconds to open the cell and its limit.
    opening: f64,
}

/// Foresees the cost of what is `missing` of every cell, in about `budget`.
pub fn forecast(
    plan: &Plan,
    missing: &[Missing],
    computing: &Computing,
    budget: Duration,
) -> Result<Forecast, RunError> {
    let estimates = computing.costs;
    let mut kinds: Vec<(String, Vec<usize>)> = Vec::new();
    for (index, cell) in plan.cells().iter().enumerate() {
        let kind = format!("{} {}", cell.sampler, cell.precision);
        match kinds.iter_mut().find(|(name, _)| *name == kind) {
            Some((_, cells)) => cells.push(index),
            None => kinds.push((kind, vec![index])),
        }
    }
    let each = (PROBES / kinds.len().max(1)).max(2);
    let picked: Vec<(usize, Vec<usize>)> =
        kinds.iter().map(|(_, cells)| spread(cells, estimates, each)).enumerate().collect();
    let count: usize = picked.iter().map(|(_, cells)| cells.len()).sum();
    let share = budget.as_secs_f64() / count.max(1) as f64;
    let mut cells =
        vec![CellForecast { estimate: JobPlan::default(), seconds: 0.0, seeds: (0, 0) }; estimates.len()];
    let (mut opening, mut probed, mut calibrated) = (0.0, 0.0, true);
    for (kind, picked) in picked {
        let mut probes = Vec::new();
        for cell in picked {
            let Some(probe) = probe(cell, plan, computing, share)? else {
                continue;
            };
            opening += probe.opening;
            probed += 1.0;
            probes.push(probe);
        }
        calibrated &= !probes.is_empty();
        for &index in &kinds[kind].1 {
            let estimate = estimates[index].clone();
            let missing = &missing[index];
            let most = match plan.asked().target() {
                None => missing.count(),
                Some(_) if missing.gaps.is_empty() => 0,
                Some(_) => plan.asked().range().count().saturating_sub(missing.rows),
            };
            let one = estimate.seconds_per_seed;
            let seconds = one * ratio(&probes, one) + STORING;
            cells[index] = CellForecast { estimate, seconds, seeds: (missing.count(), most) };
        }
    }
    // Every cell is opened once; cells that share a limit are fewer than this takes them for.
    let fixed = opening / f64::max(probed, 1.0) * cells.len() as f64;
    let bytes = estimates.iter().map(|e| e.bytes).max().unwrap_or(0);
    Ok(Forecast { cells, fixed, bytes, calibrated })
}

/// At most `count` of the cells, from the least to the costliest.
fn spread(cells: &[usize], estimates: &[JobPlan], count: usize) -> Vec<usize> {
    let mut sorted = cells.to_vec();
    sorted.sort_by(|&a, &b| estimates[a].seconds_per_seed.total_cmp(&estimates[b].seconds_per_seed));
    let last = sorted.len() - 1;
    let count = count.min(sorted.len());
    let mut picked: Vec<usize> = (0..count).map(|i| sorted[last * i / (count - 1).max(1)]).collect();
    picked.dedup();
    picked
}

/// Draws and measures seeds of a cell, or of its narrower twin, as the run does.
fn probe(index: usize, plan: &Plan, computing: &Computing, share: f64) -> Result<Option<Probe>, RunError> {
    let Computing { engine, costs, settings, stop, .. } = *computing;
    let failed = |source| RunError::Engine { cell: index, source };
    let limit = |source| RunError::Limit { cell: index, source };
    let (mut twin, details) = (plan.cells()[index].clone(), plan.details());
    let mut estimated = costs[index].seconds_per_seed;
    while estimated > 2.0 * share {
        let Some(narrower) = narrower(&twin.network) else { break };
        twin.network = narrower;
        estimated = engine.plan(&twin.outline()).map_err(failed)?.seconds_per_seed;
    }
    if estimated > TOO_LONG {
        return Ok(None);
    }
    let start = Instant::now();
    let sampling = engine.open(twin.job()).map_err(failed)?;
    // Without what other cells have left: their limit is part of what opening takes.
    let measure = Limits::default().of(&twin).map_err(limit)?;
    let against = Against::new(&twin, &measure, details);
    let opening = start.elapsed().as_secs_f64();
    let threads = settings.threads.max(1);
    let fit = batch_size(sampling.as_ref(), &twin, details, settings);
    let count = (share * threads as f64 / estimated).clamp(1.0, fit as f64) as u64;
    let run = |count: u64| {
        let seeds: Vec<u64> = (0..count).collect();
        let start = Instant::now();
        draw(sampling.as_ref(), (index, &twin), &against, &seeds, stop)?;
        Ok::<f64, RunError>(start.elapsed().as_secs_f64())
    };
    // The first touch of memory and devices is no part of a long run.
    if count > 1 {
        run(count.min(threads as u64))?;
    }
    let seconds = run(count)? / count as f64;
    // By the estimate of the cell itself its twin's ratio is placed among the others.
    Ok(Some(Probe { estimated: costs[index].seconds_per_seed, ratio: seconds / estimated, opening }))
}

/// The network with half of every hidden width; none where nothing is left to halve.
fn narrower(network: &Network) -> Option<Network> {
    let half: Vec<u64> = network.hidden().iter().map(|m| m.div_ceil(2)).collect();
    if half == network.hidden() {
        return None;
    }
    let network_with = Network::new(network.activation(), half, network.outputs());
    network_with.and_then(|n| n.with_scale(network.scale())).ok()
}

/// Log-linear between the probes, constant beyond them.
fn ratio(probes: &[Probe], estimated: f64) -> f64 {
    let above = probes.iter().position(|p| p.estimated >= estimated);
    match above {
        Some(0) => probes[0].ratio,
        None => probes.last().map_or(1.0, |p| p.ratio),
        Some(i) => {
            let (a, b) = (&probes[i - 1], &probes[i]);
            let t = (estimated / a.estimated).ln() / (b.estimated / a.estimated).ln();
            (a.ratio.ln() * (1.0 - t) + b.ratio.ln() * t).exp()
        }
    }
}
