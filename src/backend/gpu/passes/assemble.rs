//! `assemble.wgsl`: the term of a layer into the kernel, and the end of it.

use bytemuck::{Pod, Zeroable};

use crate::backend::gpu::module::{Pass, Storage};
use crate::backend::gpu::profile::DispatchCost;
use crate::backend::gpu::recording::{Dispatch, Proxy, Recording};

const WORKGROUP: u32 = 64;
/// The kernel goes on from what it holds.
pub const ACCUMULATE: u32 = 1;
/// The term of the last layer and the norms of the points.
pub const FINISH: u32 = 2;
/// No layer can be dead for a point that is not zero.
pub const ALIVE: u32 = 4;

/// The parameter block.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Assemble {
    /// n.
    pub points: u32,
    /// m_l.
    pub outputs: u32,
    /// What is done.
    pub flags: u32,
    /// Stride of the Gram matrices; 0 where all seeds share one.
    pub gram_seed: u32,
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

/// Records it for this many seeds.
pub(in crate::backend::gpu) fn record(
    recording: &mut Recording,
    seeds: u32,
    block: Assemble,
    gram: Proxy,
    factor: Proxy,
    kernel: Proxy,
) {
    let size = block.points * block.outputs;
    let entries = f64::from(size) * f64::from(size) / 2.0;
    let kernel = if block.flags & ACCUMULATE != 0 { kernel.update() } else { kernel.write() };
    let dispatch = Dispatch {
        pass: Pass::Assemble,
        storage: Storage::F32,
        constants: constants().into(),
        buffers: vec![gram.read(), factor.read(), kernel],
        groups: [(size * size).div_ceil(WORKGROUP), 1, seeds],
        cost: DispatchCost {
            operations: f64::from(seeds) * 2.0 * entries,
            bytes: f64::from(seeds) * 24.0 * entries,
            normals: 0.0,
            extra: 0.0,
        },
    };
    recording.dispatch(&block, dispatch);
}
