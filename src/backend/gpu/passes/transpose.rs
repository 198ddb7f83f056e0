//! `transpose.wgsl`: small matrices rounded to f32 and turned.

use bytemuck::{Pod, Zeroable};

use crate::backend::gpu::module::{Pass, Storage};
use crate::backend::gpu::profile::DispatchCost;
use crate::backend::gpu::recording::{Dispatch, Proxy, Recording};

const WORKGROUP: u32 = 64;

/// The parameter block.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Transpose {
    /// Rows of the matrix.
    pub rows: u32,
    /// Its columns.
    pub columns: u32,
    /// 0.
    pub zero: u32,
    /// Unused.
    pub pad_0: u32,
}

/// Override constants.
pub fn constants() -> [(&'static str, f64); 1] {
    [("WORKGROUP", f64::from(WORKGROUP))]
}

/// Records it for this many seeds.
pub(in crate::backend::gpu) fn record(
    recording: &mut Recording,
    seeds: u32,
    [rows, columns]: [u32; 2],
    matrix: Proxy,
    out: Proxy,
) {
    let block = Transpose { rows, columns, ..Transpose::default() };
    let dispatch = Dispatch {
        pass: Pass::Transpose,
        storage: Storage::F32,
        constants: constants().into(),
        buffers: vec![matrix.read(), out.write()],
        groups: [(rows * columns).div_ceil(WORKGROUP), 1, seeds],
        cost: DispatchCost {
            operations: 0.0,
            bytes: f64::from(seeds) * 12.0 * f64::from(rows) * f64::from(columns),
            normals: 0.0,
            extra: 0.0,
        },
    };
    recording.dispatch(&block, dispatch);
}
