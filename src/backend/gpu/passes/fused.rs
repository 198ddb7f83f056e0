//! `forward.wgsl` and `backward.wgsl`: one layer of the conditional sampler in one pass each way.

use bytemuck::{Pod, Zeroable};

use super::View;
use super::gram::PART;
use crate::backend::gpu::device::Device;
use crate::backend::gpu::module::{Pass, Storage};
use crate::backend::gpu::profile::DispatchCost;
use crate::backend::gpu::recording::{Access, Dispatch, Proxy, Recording};
use crate::backend::gpu::tuning::{Tuning, class, fused_memory};

/// Neurons of one round.
pub const CHUNK: u32 = 16;
/// The layer is the last hidden one: H is W_lᵀ.
pub const LAST: u32 = 1;
/// M = GᵀBᵀ is wanted.
pub const CROSS: u32 = 2;

/// B' of K_gia is wanted: T counts as zero.
pub const INDEPENDENT: u32 = 4;

/// The parameter block of both.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Fused {
    /// n.
    pub points: u32,
    /// Columns of H: n·m_l, or m_l in the last hidden layer.
    pub across: u32,
    /// m_l.
    pub outputs: u32,
    /// Neurons.
    pub columns: u32,
    /// Parts of 256 neurons.
    pub parts: u32,
    /// Number of the first neuron in the stream; multiple of 256.
    pub first_column: u32,
    /// Layer and role of G.
    pub forward_tag: u32,
    /// Layer and role of H.
    pub backward_tag: u32,
    /// What else is done.
    pub flags: u32,
    /// Stride of the roots; 0 where all seeds share one.
    pub root_seed: u32,
    /// 0.
    pub zero: u32,
    /// Unused.
    pub pad_0: u32,
    /// Slopes of φ.
    pub slopes: [f32; 4],
}

/// Override constants for matrices of up to this many rows: threads over one side, parts at a time, lengths of the
/// tiles.
pub fn constants(tuning: &Tuning, rows: u32) -> [(&'static str, f64); 4] {
    let (side, parts) = shape(tuning, rows);
    [
        ("SIDE", f64::from(side)),
        ("PARTS", f64::from(parts)),
        ("SMALL", f64::from(4 * side * side)),
        ("PANEL", f64::from(CHUNK * side * parts)),
    ]
}

fn shape(tuning: &Tuning, rows: u32) -> (u32, u32) {
    let class = class(rows).min(1);
    ([4, 8][class], tuning.fused[class])
}

/// Whether this many rows fit one workgroup of a device.
pub(in crate::backend::gpu) fn fits(device: &Device, rows: u32) -> bool {
    let (side, parts) = shape(&device.tuning(), rows);
    rows <= 4 * side && fused_memory(side, parts) <= device.description.workgroup_memory && device.fused
}

/// Tᵀ and S_Bᵀ of the layer; none in the last hidden one.
pub(in crate::backend::gpu) type CouplingViews = Option<(View, View)>;

/// Buffers of a pass.
pub(in crate::backend::gpu) struct Operands {
    pub(in crate::backend::gpu) keys: Proxy,
    pub(in crate::backend::gpu) root: View,
    /// Partial sums C or B Bᵀ, and E (N) or Mᵀ.
    pub(in crate::backend::gpu) gram: Proxy,
    pub(in crate::backend::gpu) cross: Proxy,
}

/// Records the forward pass of this many seeds; parts and strides of the block are filled in.
pub(in crate::backend::gpu) fn forward(
    recording: &mut Recording,
    seeds: u32,
    block: Fused,
    operands: &Operands,
) {
    let Operands { keys, root, gram, cross } = operands;
    let buffers = vec![keys.read(), root.buffer.read(), gram.write(), cross.write()];
    let [n, across] = [block.points, block.across].map(f64::from);
    let operations = 3.0 * n * n + 2.0 * n * across;
    record(recording, Pass::Forward, seeds, block, *root, buffers, operations);
}

/// Records the backward pass of this many seeds.
pub(in crate::backend::gpu) fn backward(
    recording: &mut Recording,
    seeds: u32,
    block: Fused,
    operands: &Operands,
    coupling: CouplingViews,
) {
    let Operands { keys, root, gram, cross } = operands;
    // A binding must hold something, and nothing is read of it in the last hidden layer.
    let (t, s_b) = coupling.unwrap_or((*root, *root));
    let buffers = vec![
        keys.read(),
        root.buffer.read(),
        t.buffer.read(),
        s_b.buffer.read(),
        gram.write(),
        cross.write(),
    ];
    let (n, q) = (f64::from(block.points), f64::from(block.points * block.outputs));
    let known = if block.flags & INDEPENDENT == 0 { 2.0 * n * q } else { 0.0 };
    let coupled = if coupling.is_some() { known + 2.0 * q * q } else { 0.0 };
    let crossed = if block.flags & CROSS != 0 { 2.0 * n * q } else { 0.0 };
    // The rows are made again: 2n² operations more than those that count as useful.
    let operations = coupled + crossed + q * q;
    record(recording, Pass::Backward, seeds, block, *root, buffers, operations);
}

/// `operations`: useful ones of a neuron.
fn record(
    recording: &mut Recording,
    pass: Pass,
    seeds: u32,
    mut block: Fused,
    root: View,
    buffers: Vec<(Proxy, Access)>,
    operations: f64,
) {
    block.parts = block.columns.div_ceil(PART);
    block.root_seed = root.seed;
    let rows = block.points.max(block.points * block.outputs);
    let tuning = recording.target().tuning;
    let (_, parts) = shape(&tuning, rows);
    let neurons = f64::from(seeds) * f64::from(block.columns);
    let entries = f64::from(rows) * f64::from(block.points + rows);
    let dispatch = Dispatch {
        pass,
        storage: Storage::F32,
        constants: constants(&tuning, rows).into(),
        buffers,
        groups: [block.parts.div_ceil(parts), 1, seeds],
        cost: DispatchCost {
            operations: neurons * operations,
            bytes: f64::from(seeds) * f64::from(block.parts) * 8.0 * entries,
            normals: neurons * f64::from(block.points + block.across),
            extra: 0.0,
        },
    };
    recording.dispatch(&block, dispatch);
}
