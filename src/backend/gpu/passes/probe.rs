//! `probe.wgsl`: words and deviates of a range of counters.

use bytemuck::{Pod, Zeroable};

use crate::backend::EngineError;
use crate::backend::gpu::device::Device;
use crate::backend::gpu::executor::Run;
use crate::backend::gpu::module::{Pass, Storage};
use crate::backend::gpu::profile::DispatchCost;
use crate::backend::gpu::recording::Dispatch;

const WORKGROUP: u32 = 64;

/// Words and deviates, four for each row.
pub type Probed = (Vec<[u32; 4]>, Vec<[f32; 4]>);

/// The parameter block.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Probe {
    /// Seed mod 2³².
    pub key_low: u32,
    /// Seed div 2³².
    pub key_high: u32,
    /// Layer and role of the stream.
    pub tag: u32,
    /// First row of the stream.
    pub first: u32,
    /// Column of the stream div 4.
    pub group: u32,
    /// Rows.
    pub count: u32,
    /// Groups whose deviates are added up.
    pub rounds: u32,
    /// Unused.
    pub pad_0: u32,
}

/// Override constants.
pub fn constants() -> [(&'static str, f64); 1] {
    [("WORKGROUP", f64::from(WORKGROUP))]
}

/// Words and deviates of the rows of a block, four for each row.
pub(in crate::backend::gpu) fn run(device: &Device, block: Probe) -> Result<Probed, EngineError> {
    let bytes = 16 * u64::from(block.count);
    let mut run = Run::new(device);
    let recording = &mut run.recording;
    let (words, normals) = (recording.scratch(bytes), recording.scratch(bytes));
    recording.poison(normals, bytes);
    let dispatch = Dispatch {
        pass: Pass::Probe,
        storage: Storage::F32,
        constants: constants().into(),
        buffers: vec![words.write(), normals.write()],
        groups: [block.count.div_ceil(WORKGROUP), 1, 1],
        cost: DispatchCost {
            operations: 0.0,
            bytes: 2.0 * bytes as f64,
            normals: 4.0 * f64::from(block.count) * f64::from(block.rounds),
            extra: 0.0,
        },
    };
    recording.dispatch(&block, dispatch);
    let read = run.read(&[(words, bytes), (normals, bytes)])?;
    Ok((bytemuck::pod_collect_to_vec(&read[0]), bytemuck::pod_collect_to_vec(&read[1])))
}
