//! `project.wgsl` and, for the large ones of f16 where the adapter has them, `project_cooperative.wgsl`: out (+)= X·W,
//! then ∘ φ′ where asked.

use bytemuck::{Pod, Zeroable};

use super::View;
use crate::backend::gpu::module::{Element, Pass, Storage, Tile};
use crate::backend::gpu::profile::DispatchCost;
use crate::backend::gpu::recording::{Dispatch, Proxy, Recording};
use crate::backend::gpu::tuning::{Tuning, class};

/// Terms that are added up before they join the sum; multiple of 4.
pub const INNER: u32 = 16;
/// W drawn: row of the stream = column c, column of the stream = k.
pub const SOURCE_ROWS: u32 = 0;
/// W drawn: row of the stream = k, column of the stream = column c.
pub const SOURCE_COLUMNS: u32 = 1;
/// `W[k][c]` from memory.
pub const SOURCE_MATRIX: u32 = 2;
/// `W[k][c]` from memory at `[c][k]`.
pub const SOURCE_TRANSPOSED: u32 = 3;
/// X is φ of what is in memory.
pub const ACTIVATE_X: u32 = 1;
/// W is φ of what is in memory.
pub const ACTIVATE_W: u32 = 2;
/// The sums go on from what `out` holds.
pub const ACCUMULATE: u32 = 4;
/// The sums are multiplied by φ′(z).
pub const DIFFERENTIATE: u32 = 8;
/// A later dispatch goes on from these sums: they stay f32.
pub const PARTIAL: u32 = 16;
/// More rows than this are worth the tiles of cooperative matrices.
const FEW_ROWS: u32 = 16;
/// Subgroups of a workgroup of cooperative matrices.
const SUBGROUPS: u32 = 4;

/// The parameter block.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Project {
    /// Rows of X and of the result.
    pub rows: u32,
    /// Terms of this dispatch.
    pub inner: u32,
    /// Columns of the result.
    pub columns: u32,
    /// m_l: rows of the result that share a row of z.
    pub outputs: u32,
    /// Where W comes from.
    pub source: u32,
    /// What else is done.
    pub flags: u32,
    /// Layer and role of the stream.
    pub tag: u32,
    /// Number of the first term in the stream; multiple of 4.
    pub first_inner: u32,
    /// Number of the first column in the stream; multiple of 4.
    pub first_column: u32,
    /// Stride of X.
    pub x_seed: u32,
    /// Stride of X.
    pub x_row: u32,
    /// Stride of W.
    pub w_seed: u32,
    /// Stride of W.
    pub w_row: u32,
    /// Stride of the result.
    pub out_seed: u32,
    /// Stride of the result.
    pub out_row: u32,
    /// Stride of z.
    pub z_seed: u32,
    /// Stride of z.
    pub z_row: u32,
    /// Unused.
    pub pad_0: u32,
    /// Unused.
    pub pad_1: u32,
    /// Unused.
    pub pad_2: u32,
    /// Slopes of φ for ACTIVATE_X and ACTIVATE_W. Cooperative: over the largest of them, which is the last.
    pub operand_slopes: [f32; 4],
    /// Slopes of φ for DIFFERENTIATE.
    pub slopes: [f32; 4],
}

/// Override constants for this many rows: threads over columns, threads over rows, lengths of the two tiles. A thread
/// has 4 × 4 results, so few rows take few threads over rows.
pub fn plain_constants(tuning: &Tuning, rows: u32) -> [(&'static str, f64); 4] {
    let [columns, rows] = tuning.project[class(rows)];
    [
        ("THREADS_COLUMNS", f64::from(columns)),
        ("THREADS_ROWS", f64::from(rows)),
        ("W_TILE", f64::from(INNER * columns)),
        ("X_TILE", f64::from(INNER * rows)),
    ]
}

/// Override constants of cooperative matrices: subgroups, invocations, lengths of the tiles and of the stage.
pub fn cooperative_constants(tile: Tile, subgroup: u32) -> [(&'static str, f64); 5] {
    let (size, columns) = (tile.size(), 2 * tile.size() * SUBGROUPS);
    [
        ("SUBGROUPS", f64::from(SUBGROUPS)),
        ("WORKGROUP", f64::from(SUBGROUPS * subgroup)),
        ("W_TILE", f64::from(INNER * columns)),
        ("X_TILE", f64::from(INNER * 4 * size)),
        ("STAGE", f64::from(size * columns)),
    ]
}

/// Slopes over the largest of them, and the largest: where all are of one size, what they multiply is not rounded.
fn over_largest(slopes: [f32; 4]) -> [f32; 4] {
    let [below, at_zero, above, _] = slopes;
    let largest = below.abs().max(above.abs());
    if largest == 0.0 { [0.0; 4] } else { [below / largest, at_zero / largest, above / largest, largest] }
}

/// Buffers of a product; `w` and `z` are left out where nothing is read of them. W, z and the result have one type; X
/// has it too, or is f32. `sums` holds f32 at the strides of the result; f16 needs it for PARTIAL and ACCUMULATE.
pub(in crate::backend::gpu) struct Operands {
    pub(in crate::backend::gpu) keys: Proxy,
    pub(in crate::backend::gpu) x: View,
    pub(in crate::backend::gpu) w: Option<View>,
    pub(in crate::backend::gpu) z: Option<View>,
    pub(in crate::backend::gpu) out: View,
    pub(in crate::backend::gpu) sums: Option<Proxy>,
}

/// Records the product for this many seeds; strides of the block are those of the views.
pub(in crate::backend::gpu) fn record(
    recording: &mut Recording,
    seeds: u32,
    mut block: Project,
    operands: &Operands,
) {
    let Operands { keys, x, w, z, out, sums } = operands;
    (block.x_seed, block.x_row) = (x.seed, x.row);
    (block.w_seed, block.w_row) = w.map_or((0, 0), |w| (w.seed, w.row));
    (block.z_seed, block.z_row) = z.map_or((0, 0), |z| (z.seed, z.row));
    (block.out_seed, block.out_row) = (out.seed, out.row);
    // A binding must hold something: X is read in any case.
    let buffer = |view: &Option<View>| view.unwrap_or(*x).buffer.read();
    let accumulate = block.flags & ACCUMULATE != 0;
    let of_sums = |proxy: Proxy| if accumulate { proxy.update() } else { proxy.write() };
    let storage = match (out.element, x.element) {
        (Element::F32, _) => Storage::F32,
        (Element::F16, Element::F16) => Storage::F16,
        (Element::F16, Element::F32) => Storage::F16Small,
    };
    let in_place = storage == Storage::F32;
    let out_binding = if in_place { of_sums(out.buffer) } else { out.buffer.write() };
    let mut buffers = vec![keys.read(), x.buffer.read(), buffer(w), buffer(z), out_binding];
    if !in_place {
        buffers.push(of_sums(sums.unwrap_or_else(|| recording.scratch(4))));
    }
    let target = recording.target();
    let tile = target
        .variant
        .cooperative
        .filter(|_| storage == Storage::F16 && block.rows > FEW_ROWS && block.flags & ACTIVATE_W == 0);
    let (pass, columns, rows, constants);
    if let Some(tile) = tile {
        let slopes = if block.flags & ACTIVATE_X != 0 { block.operand_slopes } else { [1.0; 4] };
        block.operand_slopes = over_largest(slopes);
        (pass, columns, rows) = (Pass::ProjectCooperative, 2 * tile.size() * SUBGROUPS, 4 * tile.size());
        constants = cooperative_constants(tile, target.subgroup).to_vec();
    } else {
        let threads = target.tuning.project[class(block.rows)];
        (pass, columns, rows) = (Pass::Project, 4 * threads[0], 4 * threads[1]);
        constants = plain_constants(&target.tuning, block.rows).to_vec();
    }
    let size = out.element.bytes() as f64;
    let [r, k, c] = [block.rows, block.inner, block.columns].map(f64::from);
    let drawn = block.source == SOURCE_ROWS || block.source == SOURCE_COLUMNS;
    let each = f64::from(seeds);
    let cost = DispatchCost {
        operations: each * 2.0 * r * k * c,
        bytes: each * size * (r * c + if drawn { 0.0 } else { k * c }),
        normals: if drawn { each * k * c * f64::from(block.rows.div_ceil(rows)) } else { 0.0 },
        extra: 0.0,
    };
    let dispatch = Dispatch {
        pass,
        storage,
        constants,
        buffers,
        groups: [block.columns.div_ceil(columns), block.rows.div_ceil(rows), seeds],
        cost,
    };
    recording.dispatch(&block, dispatch);
}
