//! `root.wgsl`: S and S⁺ of the Gram matrix of every seed.

use bytemuck::{Pod, Zeroable};

use super::square::{self, Square};
use crate::backend::gpu::module::{Pass, Storage};
use crate::backend::gpu::profile::DispatchCost;
use crate::backend::gpu::recording::{Dispatch, Proxy, Recording};
use crate::backend::gpu::tuning::Tuning;
use crate::math::root::Noise;

/// The parameter block.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct RootBlock {
    /// Rows of a matrix.
    pub size: u32,
    /// 0.
    pub zero: u32,
    /// Entries off the diagonal of the unit matrix that count as zero.
    pub tiny: f32,
    /// Eigenvalues up to this times the largest, and `floor` more, count as zero.
    pub cut: f32,
    /// See `cut`.
    pub floor: f32,
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

/// Buffers of the roots: Gram matrices in, S and S⁺ out; `[seed][i][j]`.
pub(in crate::backend::gpu) struct Operands {
    pub(in crate::backend::gpu) gram: Proxy,
    pub(in crate::backend::gpu) half: Proxy,
    pub(in crate::backend::gpu) pseudo: Proxy,
}

/// Records the roots of this many seeds; `noise` is the relative rounding of what the matrices were summed from.
pub(in crate::backend::gpu) fn record(
    recording: &mut Recording,
    seeds: u32,
    size: u32,
    noise: Noise,
    operands: &Operands,
) {
    let target = *recording.target();
    let floor = noise.cut(size as usize, 0.0);
    let cut = (noise.cut(size as usize, 1.0) - floor) as f32;
    let tiny = square::tiny(&target, size);
    let block = RootBlock { size, tiny, cut, floor: floor as f32, ..RootBlock::default() };
    let place = Square::of(&target, size);
    let pass = if place == Square::Workgroup { Pass::Root } else { Pass::RootLarge };
    let mut buffers = vec![operands.gram.read(), operands.half.write(), operands.pseudo.write()];
    let work = place.work(recording, u64::from(seeds), size);
    buffers.extend(work.map(Proxy::write));
    let s = f64::from(size);
    let dispatch = Dispatch {
        pass,
        storage: Storage::F32,
        constants: constants(&target.tuning, size).into(),
        buffers,
        groups: [seeds, 1, 1],
        // The sweeps with vectors, and two products of s³ terms.
        cost: DispatchCost {
            operations: f64::from(seeds) * (square::operations(size, true) + 5.0 * s.powi(3)),
            bytes: f64::from(seeds) * 24.0 * s * s,
            normals: 0.0,
            extra: f64::from(seeds)
                * (target.small_cost - 1.0)
                * (square::operations(size, true) + 5.0 * s.powi(3)),
        },
    };
    recording.dispatch(&block, dispatch);
}
