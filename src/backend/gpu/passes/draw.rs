//! `draw.wgsl`: deviates into a panel.

use bytemuck::{Pod, Zeroable};

use super::View;
use crate::backend::gpu::module::{Pass, Storage};
use crate::backend::gpu::profile::DispatchCost;
use crate::backend::gpu::recording::{Dispatch, Proxy, Recording};

const WORKGROUP: u32 = 64;

/// The parameter block.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Draw {
    /// Rows of the panel: columns of the stream.
    pub rows: u32,
    /// Neurons.
    pub columns: u32,
    /// Number of the first neuron in the stream.
    pub first: u32,
    /// Layer and role of the stream.
    pub tag: u32,
    /// Stride of the panel.
    pub out_seed: u32,
    /// Stride of the panel.
    pub out_row: u32,
    /// Unused.
    pub pad_0: u32,
    /// Unused.
    pub pad_1: u32,
}

/// Override constants.
pub fn constants() -> [(&'static str, f64); 1] {
    [("WORKGROUP", f64::from(WORKGROUP))]
}

/// Records the draw for this many seeds.
pub(in crate::backend::gpu) fn record(
    recording: &mut Recording,
    seeds: u32,
    mut block: Draw,
    keys: Proxy,
    out: View,
) {
    (block.out_seed, block.out_row) = (out.seed, out.row);
    let normals = f64::from(seeds) * f64::from(block.rows) * f64::from(block.columns);
    let dispatch = Dispatch {
        pass: Pass::Draw,
        storage: Storage::of(out.element),
        constants: constants().into(),
        buffers: vec![keys.read(), out.buffer.write()],
        groups: [block.columns.div_ceil(WORKGROUP), block.rows.div_ceil(4), seeds],
        cost: DispatchCost {
            operations: 0.0,
            bytes: out.element.bytes() as f64 * normals,
            normals,
            extra: 0.0,
        },
    };
    recording.dispatch(&block, dispatch);
}
