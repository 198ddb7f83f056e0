//! `reduce.wgsl`: partial sums added in the order of the neurons.

use bytemuck::{Pod, Zeroable};

use crate::backend::gpu::module::{Pass, Storage};
use crate::backend::gpu::profile::DispatchCost;
use crate::backend::gpu::recording::{Dispatch, Proxy, Recording};

/// Entries of one workgroup.
const WORKGROUP: u32 = 64;
/// Entries of one dispatch at most: 65 535 workgroups.
pub(in crate::backend::gpu) const MAX_ENTRIES: u64 = 65_535 * WORKGROUP as u64;

/// The parameter block.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Reduce {
    /// Entries of the matrix.
    pub entries: u32,
    /// Partial sums of each.
    pub parts: u32,
    /// 1: the sum goes on from what `totals` holds.
    pub accumulate: u32,
    /// 0.
    pub zero: u32,
}

/// Override constants.
pub fn constants() -> [(&'static str, f64); 1] {
    [("WORKGROUP", f64::from(WORKGROUP))]
}

/// Records the sum for this many seeds.
pub(in crate::backend::gpu) fn record(
    recording: &mut Recording,
    seeds: u32,
    block: Reduce,
    partials: Proxy,
    totals: Proxy,
) {
    let count = f64::from(seeds) * f64::from(block.entries);
    let terms = count * f64::from(block.parts);
    let totals = if block.accumulate != 0 { totals.update() } else { totals.write() };
    let dispatch = Dispatch {
        pass: Pass::Reduce,
        storage: Storage::F32,
        constants: constants().into(),
        buffers: vec![partials.read(), totals],
        groups: [block.entries.div_ceil(WORKGROUP), 1, seeds],
        cost: DispatchCost { operations: terms, bytes: 8.0 * (terms + count), normals: 0.0, extra: 0.0 },
    };
    recording.dispatch(&block, dispatch);
}
