//! `spectrum.wgsl`: the statistics of the kernel of every seed against the limit.

use bytemuck::{Pod, Zeroable};

use super::square::{self, Square};
use crate::backend::gpu::module::{Pass, Storage};
use crate::backend::gpu::profile::DispatchCost;
use crate::backend::gpu::recording::{Dispatch, Proxy, Recording};
use crate::backend::gpu::tuning::Tuning;

/// The parameter block.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Spectrum {
    /// Rows of a kernel: points times outputs.
    pub size: u32,
    /// n.
    pub points: u32,
    /// m_l.
    pub outputs: u32,
    /// 0.
    pub zero: u32,
    /// Entries off the diagonal that count as zero, the largest entry being 1.
    pub tiny: f32,
    /// Unused.
    pub pad_0: u32,
    /// Unused.
    pub pad_1: u32,
    /// Unused.
    pub pad_2: u32,
}

/// Override constants.
pub fn constants(tuning: &Tuning, size: u32) -> [(&'static str, f64); 4] {
    square::constants(tuning, size)
}

/// Records the statistics of this many seeds.
pub(in crate::backend::gpu) fn record(
    recording: &mut Recording,
    seeds: u32,
    [points, outputs]: [u32; 2],
    kernel: Proxy,
    limit: Proxy,
    results: Proxy,
) {
    let target = *recording.target();
    let size = points * outputs;
    let block = Spectrum { size, points, outputs, tiny: square::tiny(&target, size), ..Spectrum::default() };
    let place = Square::of(&target, size);
    let pass = if place == Square::Workgroup { Pass::Spectrum } else { Pass::SpectrumLarge };
    let mut buffers = vec![kernel.read(), limit.read(), results.write()];
    let work = place.work(recording, 2 * u64::from(seeds), size);
    buffers.extend(work.map(Proxy::write));
    let (each, s) = (f64::from(seeds), f64::from(size));
    let dispatch = Dispatch {
        pass,
        storage: Storage::F32,
        constants: constants(&target.tuning, size).into(),
        buffers,
        groups: [seeds, 2, 1],
        cost: DispatchCost {
            operations: each * 2.0 * square::operations(size, false),
            bytes: each * 8.0 * s * s,
            normals: 0.0,
            extra: f64::from(seeds) * (target.small_cost - 1.0) * 2.0 * square::operations(size, false),
        },
    };
    recording.dispatch(&block, dispatch);
}
