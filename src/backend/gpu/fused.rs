//! The conditional sampler where n and n·m_l fit one workgroup: a layer is one pass each way, slab by slab, and no panel is
//! stored. Rows are drawn once forward and once backward. The numbers are those of `conditional.rs`, which is the oracle.

use super::batch::GpuBatch;
use super::panel::slabs;
use super::passes::fused::{self, Fused, Operands};
use super::recording::Recording;
use super::sums::Sums;
use crate::backend::EngineError;
use crate::rng::{Role, Tensor};

impl GpuBatch<'_> {
    /// The block of a layer, for its first slab.
    fn fused_block(&self, k: usize) -> Fused {
        let (n, q, outputs) = (self.job.n as u32, self.job.q() as u32, self.job.network.outputs() as u32);
        let depth = self.job.network.depth();
        let last = k + 1 == depth;
        Fused {
            points: n,
            across: if last { outputs } else { q },
            outputs,
            forward_tag: Tensor::tag(Role::Forward, k),
            backward_tag: if last {
                Tensor::tag(Role::Weight, depth)
            } else {
                Tensor::tag(Role::Backward, k)
            },
            flags: if last { fused::LAST } else { 0 },
            slopes: self.slopes(k),
            ..Fused::default()
        }
    }

    pub(super) fn fused_forward(&mut self, k: usize) -> Result<(), EngineError> {
        let mut recording = self.open();
        let (count, slab) = (self.count(), self.layout.slab);
        let block = self.fused_block(k);
        let Some(root) = self.algebra.root_of(k - 1) else {
            return Err(self.device.fault(format!("layer {} has no root", k - 1)));
        };
        let mut c = Sums::new(&mut recording, "A Aᵀ", count, [block.points; 2], true, slab);
        let mut e = Sums::new(&mut recording, "A H", count, [block.points, block.across], false, slab);
        for slab in slabs(self.job.width(k), slab) {
            let block = Fused { columns: slab.columns, first_column: slab.first, ..block };
            let [gram, cross] = partials(&mut recording, [&c, &e], slab.columns);
            let operands = Operands { keys: &self.keys, root, gram: &gram, cross: &cross };
            fused::forward(&mut recording, count, block, &operands)?;
            c.add_partials(&mut recording, slab.columns, gram)?;
            e.add_partials(&mut recording, slab.columns, cross)?;
        }
        self.algebra.forward(&mut recording, k, c, Some(e))?;
        self.keep(recording);
        Ok(())
    }

    pub(super) fn fused_backward(&mut self, k: usize) -> Result<(), EngineError> {
        let mut recording = self.open();
        let (count, slab, q) = (self.count(), self.layout.slab, self.job.q() as u32);
        let mut block = self.fused_block(k);
        let crossed = k > 1;
        block.flags |= if crossed { fused::CROSS } else { 0 };
        let last = block.flags & fused::LAST != 0;
        let coupling = if last { None } else { self.algebra.coupling_of(k) };
        if !last && coupling.is_none() {
            return Err(self.device.fault(format!("layer {k} was not coupled")));
        }
        let Some(root) = self.algebra.root_of(k - 1) else {
            return Err(self.device.fault(format!("layer {} has no root", k - 1)));
        };
        let mut b = Sums::new(&mut recording, "B Bᵀ", count, [q, q], true, slab);
        // Made in any case, since a pass binds it.
        let mut m = Sums::new(&mut recording, "B G", count, [q, block.points], false, slab);
        for slab in slabs(self.job.width(k), slab) {
            let block = Fused { columns: slab.columns, first_column: slab.first, ..block };
            let [gram, cross] = partials(&mut recording, [&b, &m], slab.columns);
            let operands = Operands { keys: &self.keys, root, gram: &gram, cross: &cross };
            fused::backward(&mut recording, count, block, &operands, coupling.map(|(t, s_b)| (t, s_b)))?;
            b.add_partials(&mut recording, slab.columns, gram)?;
            if crossed {
                m.add_partials(&mut recording, slab.columns, cross)?;
            } else {
                recording.retire(cross);
            }
        }
        let m = if crossed { Some(m) } else { m.retire(&mut recording) };
        self.algebra.backward(&mut recording, k, b, m)?;
        self.keep(recording);
        Ok(())
    }
}

fn partials(recording: &mut Recording, sums: [&Sums; 2], columns: u32) -> [wgpu::Buffer; 2] {
    sums.map(|sums| sums.partials(recording, columns))
}
