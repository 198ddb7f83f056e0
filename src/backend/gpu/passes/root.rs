//! `root.wgsl`: S and S⁺ of the Gram matrix of every seed.

use bytemuck::{Pod, Zeroable};

use super::square::{self, Square};
use crate::backend::EngineError;
use crate::backend::gpu::module::{Pass, Storage};
use crate::backend::gpu::profile::Work;
use crate::backend::gpu::recording::{Dispatch, Recording};
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
pub(in crate::backend::gpu) struct Operands<'a> {
    pub(in crate::backend::gpu) gram: &'a wgpu::Buffer,
    pub(in crate::backend::gpu) half: &'a wgpu::Buffer,
    pub(in crate::backend::gpu) pseudo: &'a wgpu::Buffer,
}

/// Records the roots of this many seeds; `noise` is the relative rounding of what the matrices were summed from.
pub(in crate::backend::gpu) fn record(
    recording: &mut Recording,
    seeds: u32,
    size: u32,
    noise: Noise,
    operands: &Operands,
) -> Result<(), EngineError> {
    let device = recording.device();
    let floor = noise.cut(size as usize, 0.0);
    let cut = (noise.cut(size as usize, 1.0) - floor) as f32;
    let tiny = square::tiny(device, size);
    let block = RootBlock { size, tiny, cut, floor: floor as f32, ..RootBlock::default() };
    let place = Square::of(device, size);
    let pass = if place == Square::Workgroup { Pass::Root } else { Pass::RootLarge };
    let mut buffers = vec![operands.gram.clone(), operands.half.clone(), operands.pseudo.clone()];
    let work = place.work(recording, u64::from(seeds), size);
    buffers.extend(work.clone());
    let s = f64::from(size);
    let dispatch = Dispatch {
        pass,
        pipeline: device.pipeline(pass, Storage::F32, &constants(&device.tuning(), size)),
        buffers,
        groups: [seeds, 1, 1],
        // The sweeps with vectors, and two products of s³ terms.
        work: Work {
            operations: f64::from(seeds) * (square::operations(size, true) + 5.0 * s.powi(3)),
            bytes: f64::from(seeds) * 24.0 * s * s,
            normals: 0.0,
            extra: f64::from(seeds)
                * (device.small_cost - 1.0)
                * (square::operations(size, true) + 5.0 * s.powi(3)),
        },
    };
    recording.dispatch(&block, dispatch)?;
    work.into_iter().for_each(|work| recording.retire(work));
    Ok(())
}
