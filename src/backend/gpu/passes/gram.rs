//! `gram.wgsl`: partial sums of X·Yᵀ over 256 neurons.

use bytemuck::{Pod, Zeroable};

use super::View;
use crate::backend::gpu::module::{Pass, Storage};
use crate::backend::gpu::profile::DispatchCost;
use crate::backend::gpu::recording::{Dispatch, Proxy, Recording};
use crate::backend::gpu::tuning::{Tuning, class};

/// Neurons of one partial sum, whatever the tile: no tuning moves a bit.
pub const PART: u32 = 256;
/// Neurons of one round.
pub const CHUNK: u32 = 16;
/// Y drawn: row of the stream = neuron, column of the stream = row of Y.
pub const SOURCE_ROWS: u32 = 0;
/// Y drawn: row of the stream = row of Y, column of the stream = neuron.
pub const SOURCE_COLUMNS: u32 = 1;
/// Y from memory.
pub const SOURCE_MATRIX: u32 = 2;
/// X is φ of what is in memory.
pub const ACTIVATE_X: u32 = 1;
/// Y is φ of what is in memory.
pub const ACTIVATE_Y: u32 = 2;
/// X and Y are one, and only the lower triangle is wanted.
pub const SYMMETRIC: u32 = 4;

/// The parameter block.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Gram {
    /// Rows of X in this dispatch.
    pub rows_x: u32,
    /// Rows of Y.
    pub rows_y: u32,
    /// Neurons.
    pub columns: u32,
    /// Parts of 256 neurons.
    pub parts: u32,
    /// First row of X.
    pub first_x: u32,
    /// First row of Y; multiple of 4.
    pub first_y: u32,
    /// Number of the first neuron in the stream; multiple of 4.
    pub first_column: u32,
    /// Where Y comes from.
    pub source: u32,
    /// What else is done.
    pub flags: u32,
    /// Layer and role of the stream.
    pub tag: u32,
    /// Stride of X.
    pub x_seed: u32,
    /// Stride of X.
    pub x_row: u32,
    /// Stride of Y.
    pub y_seed: u32,
    /// Stride of Y.
    pub y_row: u32,
    /// Tiles over the rows of Y.
    pub tiles_y: u32,
    /// 0.
    pub zero: u32,
    /// Slopes of φ for ACTIVATE_X and ACTIVATE_Y.
    pub slopes: [f32; 4],
}

/// Override constants for this many rows of X and Y at most and parts: threads over each, parts at a time, length of a
/// tile. A thread has 4 × 4 results; small matrices leave threads for several parts.
pub fn constants(tuning: &Tuning, rows: u32, parts: u32) -> [(&'static str, f64); 3] {
    let (threads, parts) = threads(tuning, rows, parts);
    [
        ("THREADS", f64::from(threads)),
        ("PARTS", f64::from(parts)),
        ("TILE", f64::from(parts * CHUNK * threads)),
    ]
}

fn threads(tuning: &Tuning, rows: u32, parts: u32) -> (u32, u32) {
    let [threads, at_a_time] = tuning.gram[class(rows)];
    (threads, at_a_time.min(parts.next_power_of_two()))
}

/// Buffers of a sum, X and Y of one type; `y` is left out where it is drawn.
pub(in crate::backend::gpu) struct Operands {
    pub(in crate::backend::gpu) keys: Proxy,
    pub(in crate::backend::gpu) x: View,
    pub(in crate::backend::gpu) y: Option<View>,
    pub(in crate::backend::gpu) partials: Proxy,
}

/// Records the partial sums for this many seeds; parts, tiles and strides of the block are filled in.
pub(in crate::backend::gpu) fn record(
    recording: &mut Recording,
    seeds: u32,
    mut block: Gram,
    operands: &Operands,
) {
    let Operands { keys, x, y, partials } = operands;
    (block.x_seed, block.x_row) = (x.seed, x.row);
    (block.y_seed, block.y_row) = y.map_or((0, 0), |y| (y.seed, y.row));
    block.parts = block.columns.div_ceil(PART);
    let rows = block.rows_x.max(block.rows_y);
    let tuning = recording.target().tuning;
    let (threads, parts) = threads(&tuning, rows, block.parts);
    let tiles_x = block.rows_x.div_ceil(4 * threads);
    block.tiles_y = block.rows_y.div_ceil(4 * threads);
    let [i, j, r] = [block.rows_x, block.rows_y, block.columns].map(f64::from);
    let each = f64::from(seeds);
    let symmetric = block.flags & SYMMETRIC != 0;
    let drawn = block.source != SOURCE_MATRIX;
    let from_y = if symmetric || drawn { 0.0 } else { j * r };
    let cost = DispatchCost {
        operations: each * i * j * r * if symmetric { 1.0 } else { 2.0 },
        bytes: each * (x.element.bytes() as f64 * (i * r + from_y) + 8.0 * i * j * f64::from(block.parts)),
        normals: if drawn { each * j * r * f64::from(tiles_x) } else { 0.0 },
        extra: 0.0,
    };
    let dispatch = Dispatch {
        pass: Pass::Gram,
        storage: Storage::of(x.element),
        constants: constants(&tuning, rows, block.parts).into(),
        buffers: vec![keys.read(), x.buffer.read(), y.unwrap_or(*x).buffer.read(), partials.write()],
        groups: [block.parts.div_ceil(parts), tiles_x * block.tiles_y, seeds],
        cost,
    };
    recording.dispatch(&block, dispatch);
}
