//! Small matrices that are summed over the neurons of a layer on the device, slab by slab, and read back as f64.
//!
//! The rows of a large matrix are split over several buffers, each with its partial sums within one binding.

use super::device::Device;
use super::executor::Run;
use super::passes::View;
use super::passes::gram::{self, Gram, PART, SYMMETRIC};
use super::passes::reduce::{self, MAX_ENTRIES, Reduce};
use super::recording::{Proxy, Recording};
use crate::backend::EngineError;

/// Bytes of one entry: an f64, or a pair of f32.
const ENTRY: u64 = 8;

/// One matrix X·Yᵀ per seed.
pub(super) struct Sums {
    /// For messages, such as `C`.
    name: &'static str,
    seeds: u32,
    rows_x: u32,
    rows_y: u32,
    /// Only the lower triangle is computed.
    symmetric: bool,
    chunks: Vec<Chunk>,
    begun: bool,
}

struct Chunk {
    first: u32,
    rows: u32,
    totals: Proxy,
}

impl Sums {
    /// Room for rows_x × rows_y sums of every seed over slabs of at most this many neurons; poisoned.
    pub(super) fn new(
        recording: &mut Recording,
        name: &'static str,
        seeds: u32,
        [rows_x, rows_y]: [u32; 2],
        symmetric: bool,
        slab: u64,
    ) -> Self {
        let rows = rows_of_a_chunk(recording.target().binding, seeds.into(), rows_y.into(), slab)
            .min(rows_x.into()) as u32;
        let starts = (0..rows_x).step_by(rows as usize);
        let chunks = starts.map(|first| {
            let rows = rows.min(rows_x - first);
            let bytes = ENTRY * u64::from(seeds) * u64::from(rows) * u64::from(rows_y);
            let totals = recording.scratch(bytes);
            recording.poison(totals, bytes);
            Chunk { first, rows, totals }
        });
        Self { name, seeds, rows_x, rows_y, symmetric, chunks: chunks.collect(), begun: false }
    }

    /// Adds the sums over one slab. Of the block only source, flags, tag, first column, columns and slopes count.
    pub(super) fn add(
        &mut self,
        recording: &mut Recording,
        keys: Proxy,
        block: Gram,
        x: View,
        y: Option<View>,
    ) {
        let parts = block.columns.div_ceil(PART);
        for chunk in &self.chunks {
            let partials = partials(recording, self.seeds, [chunk.rows, self.rows_y], block.columns);
            let flags = block.flags | if self.symmetric { SYMMETRIC } else { 0 };
            let block =
                Gram { rows_x: chunk.rows, rows_y: self.rows_y, first_x: chunk.first, flags, ..block };
            let operands = gram::Operands { keys, x, y, partials };
            gram::record(recording, self.seeds, block, &operands);
            self.reduce(recording, chunk, parts, partials);
        }
        self.begun = true;
    }

    /// Adds partial sums over one slab that another pass than `gram` has made: see [`partials`].
    pub(super) fn add_partials(
        &mut self,
        device: &Device,
        recording: &mut Recording,
        columns: u32,
        partials: Proxy,
    ) -> Result<(), EngineError> {
        let [chunk] = self.chunks.as_slice() else {
            return Err(device.fault(format!("the sums {} were split", self.name)));
        };
        self.reduce(recording, chunk, columns.div_ceil(PART), partials);
        self.begun = true;
        Ok(())
    }

    /// Adds partial sums to the totals of some rows.
    fn reduce(&self, recording: &mut Recording, chunk: &Chunk, parts: u32, partials: Proxy) {
        let entries = chunk.rows * self.rows_y;
        let block = Reduce { entries, parts, accumulate: u32::from(self.begun), zero: 0 };
        reduce::record(recording, self.seeds, block, partials, chunk.totals);
    }
}

/// Room for the partial sums of a rows_x × rows_y matrix over one slab of this many neurons.
pub(super) fn partials(
    recording: &mut Recording,
    seeds: u32,
    [rows_x, rows_y]: [u32; 2],
    columns: u32,
) -> Proxy {
    let entries = u64::from(seeds) * u64::from(rows_x) * u64::from(rows_y);
    let bytes = ENTRY * entries * u64::from(columns.div_ceil(PART));
    let partials = recording.scratch(bytes);
    recording.poison_if_checked(partials, bytes);
    partials
}

/// Rows of a matrix whose partial sums fit a binding and one dispatch of the reduction.
pub(super) fn rows_of_a_chunk(binding: u64, seeds: u64, rows_y: u64, slab: u64) -> u64 {
    let parts = slab.div_ceil(PART.into());
    let by_binding = binding / (ENTRY * seeds * rows_y * parts).max(1);
    by_binding.min(MAX_ENTRIES / rows_y).max(1)
}

impl Sums {
    /// The matrices where they stay on the device: `[seed][row][column]`, not split over rows by the plan.
    pub(super) fn into_whole(self, device: &Device) -> Result<Proxy, EngineError> {
        let mut chunks = self.chunks.into_iter();
        match (chunks.next(), chunks.next()) {
            (Some(chunk), None) => Ok(chunk.totals),
            _ => Err(device.fault(format!("the sums {} were split", self.name))),
        }
    }
}

/// Runs what is recorded and reads the matrices of every seed: `[matrix][seed]`, row-major. `seeds` names the seeds of
/// the batch and `layer` the layer in errors.
pub(super) fn read(
    run: &mut Run,
    sums: Vec<Sums>,
    seeds: &[u64],
    layer: usize,
) -> Result<Vec<Vec<Vec<f64>>>, EngineError> {
    let f64 = run.recording.target().variant.f64;
    let mut sources = Vec::new();
    for chunk in sums.iter().flat_map(|s| s.chunks.iter().map(move |c| (s, c))) {
        let (s, c) = chunk;
        sources.push((c.totals, ENTRY * u64::from(s.seeds) * u64::from(c.rows) * u64::from(s.rows_y)));
    }
    let mut parts = run.read(&sources)?.into_iter();
    let mut matrices = Vec::with_capacity(sums.len());
    for s in &sums {
        let mut of_seeds = vec![Vec::with_capacity((s.rows_x * s.rows_y) as usize); s.seeds as usize];
        for (chunk, bytes) in s.chunks.iter().zip(&mut parts) {
            let entries = decode(&bytes, f64);
            let size = (chunk.rows * s.rows_y) as usize;
            for (of_seed, entries) in of_seeds.iter_mut().zip(entries.chunks_exact(size)) {
                of_seed.extend_from_slice(entries);
            }
        }
        for (matrix, &seed) in of_seeds.iter().zip(seeds) {
            check(s, matrix, seed, layer)?;
        }
        matrices.push(of_seeds);
    }
    Ok(matrices)
}

/// Entries as the device stores them.
pub(super) fn encode(values: &[f64], f64: bool) -> Vec<u8> {
    if f64 {
        bytemuck::cast_slice(values).to_vec()
    } else {
        let pair = |v: f64| [v as f32, (v - f64::from(v as f32)) as f32];
        bytemuck::cast_slice(&values.iter().map(|v| pair(*v)).collect::<Vec<_>>()).to_vec()
    }
}

/// Entries as the host takes them.
pub(super) fn decode(bytes: &[u8], f64: bool) -> Vec<f64> {
    if f64 {
        bytemuck::pod_collect_to_vec(bytes)
    } else {
        let pairs: Vec<[f32; 2]> = bytemuck::pod_collect_to_vec(bytes);
        pairs.into_iter().map(|[high, low]| f64::from(high) + f64::from(low)).collect()
    }
}

/// Refuses what the device never wrote, and what is no number.
fn check(sums: &Sums, matrix: &[f64], seed: u64, layer: usize) -> Result<(), EngineError> {
    let columns = sums.rows_y as usize;
    let wrong = matrix.iter().enumerate().find(|(at, value)| {
        let (row, column) = (at / columns, at % columns);
        !value.is_finite() && (!sums.symmetric || column <= row)
    });
    wrong.map_or(Ok(()), |(at, value)| {
        let (row, column) = (at / columns, at % columns);
        let what = format!("entry ({row}, {column}) of {} came back from the device as {value}", sums.name);
        Err(EngineError::Failed { seed, layer, what })
    })
}
