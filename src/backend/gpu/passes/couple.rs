//! `couple.wgsl`: a product of small matrices.

use bytemuck::{Pod, Zeroable};

use crate::backend::gpu::module::{Pass, Storage};
use crate::backend::gpu::profile::DispatchCost;
use crate::backend::gpu::recording::{Dispatch, Proxy, Recording};

const WORKGROUP: u32 = 64;
/// A is stored turned.
pub const TRANSPOSE: u32 = 1;
/// The product is subtracted from D.
pub const SUBTRACT: u32 = 2;

/// The parameter block.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Couple {
    /// Rows of the result.
    pub rows: u32,
    /// Terms.
    pub inner: u32,
    /// Columns of the result.
    pub columns: u32,
    /// What else is done.
    pub flags: u32,
    /// 0.
    pub zero: u32,
    /// Unused.
    pub pad_0: u32,
    /// Unused.
    pub pad_1: u32,
    /// Unused.
    pub pad_2: u32,
}

/// Override constants.
pub fn constants() -> [(&'static str, f64); 1] {
    [("WORKGROUP", f64::from(WORKGROUP))]
}

/// Buffers of a product; `d` is left out where nothing is subtracted.
pub(in crate::backend::gpu) struct Operands {
    pub(in crate::backend::gpu) a: Proxy,
    pub(in crate::backend::gpu) b: Proxy,
    pub(in crate::backend::gpu) d: Option<Proxy>,
    pub(in crate::backend::gpu) out: Proxy,
}

/// Records the product for this many seeds.
pub(in crate::backend::gpu) fn record(
    recording: &mut Recording,
    seeds: u32,
    block: Couple,
    operands: &Operands,
) {
    let Operands { a, b, d, out } = operands;
    let [rows, inner, columns] = [block.rows, block.inner, block.columns].map(f64::from);
    let each = f64::from(seeds);
    let dispatch = Dispatch {
        pass: Pass::Couple,
        storage: Storage::F32,
        constants: constants().into(),
        buffers: vec![a.read(), b.read(), d.unwrap_or(*a).read(), out.write()],
        groups: [(block.rows * block.columns).div_ceil(WORKGROUP), 1, seeds],
        cost: DispatchCost {
            operations: each * 2.0 * rows * inner * columns,
            bytes: each * 8.0 * (rows * inner + inner * columns + rows * columns),
            normals: 0.0,
            extra: each * 2.0 * rows * inner * columns * (recording.target().small_cost - 1.0),
        },
    };
    recording.dispatch(&block, dispatch);
}
