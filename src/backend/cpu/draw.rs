//! Deviates into panels: lanes are neighbouring neurons (rows of the stream), rows are points (columns of the stream).

use super::real::{LANES, Real, Vector};
use crate::rng::Tensor;

/// `out[column][v]` = deviates of (first_row + 16·v + lane, column) for `columns` columns; lanes beyond `end_row` are
/// 0, which every later pass keeps at 0.
#[inline(always)]
pub fn panel<T: Real>(
    tensor: &Tensor,
    first_row: u64,
    end_row: u64,
    first_column: usize,
    columns: usize,
    out: &mut [Vector<T>],
) {
    let width = out.len() / columns;
    for v in 0..width {
        let base = first_row + (v * LANES) as u64;
        let rows: [u32; LANES] = std::array::from_fn(|l| (base as u32).wrapping_add(l as u32));
        let live = end_row.saturating_sub(base).min(LANES as u64) as usize;
        // Blocks of four columns share a counter; `first_column` is a multiple of four.
        for group in 0..columns.div_ceil(4) {
            let z = tensor.normals(rows, [(first_column / 4 + group) as u32; LANES]);
            for (w, z) in z.iter().enumerate() {
                let column = 4 * group + w;
                if column < columns {
                    let target = &mut out[column * width + v];
                    *target = z.map(T::from_f32);
                    if live < LANES {
                        target[live..].fill(T::ZERO);
                    }
                }
            }
        }
    }
}

/// `out[v]` = deviates of (row, 16·v + lane) from `first_column`, a multiple of 64; lanes beyond `end_column` are 0.
#[inline(always)]
pub fn row<T: Real>(tensor: &Tensor, row: u32, first_column: u64, end_column: u64, out: &mut [Vector<T>]) {
    for (part, target) in out.chunks_mut(4).enumerate() {
        let base = first_column + (part * 4 * LANES) as u64;
        let groups: [u32; LANES] = std::array::from_fn(|l| (base / 4) as u32 + l as u32);
        let z = tensor.normals([row; LANES], groups);
        for (v, vector) in target.iter_mut().enumerate() {
            for (l, value) in vector.iter_mut().enumerate() {
                let offset = v * LANES + l;
                let live = base + (offset as u64) < end_column;
                *value = if live { T::from_f32(z[offset % 4][offset / 4]) } else { T::ZERO };
            }
        }
    }
}
