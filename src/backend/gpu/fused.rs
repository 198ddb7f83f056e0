//! The conditional sampler where n and n·m_l fit one workgroup: a layer is one pass each way, slab by slab, and no
//! panel is stored. Rows are drawn once forward and once backward. The numbers are those of `conditional.rs`, which is
//! the oracle.

use super::algebra::Algebra;
use super::batch::Group;
use super::executor::Run;
use super::passes::View;
use super::passes::fused::{self, Fused, Operands};
use super::slab::slabs;
use super::sums::{Sums, partials};
use crate::backend::EngineError;
use crate::rng::{Role, Tensor};

impl Group<'_> {
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

    pub(super) fn fused_forward(
        &self,
        run: &mut Run,
        algebra: &mut dyn Algebra,
        k: usize,
    ) -> Result<(), EngineError> {
        let recording = &mut run.recording;
        let (device, keys, count, slab) = (self.device, self.keys, self.count(), self.layout.slab);
        let block = self.fused_block(k);
        let root = self.root_below(algebra, k)?;
        let sizes = [[block.points; 2], [block.points, block.across]];
        let mut c = Sums::new(recording, "A Aᵀ", count, sizes[0], true, slab);
        let mut e = Sums::new(recording, "A H", count, sizes[1], false, slab);
        for slab in slabs(self.job.width(k), slab) {
            let block = Fused { columns: slab.columns, first_column: slab.first, ..block };
            let [gram, cross] = sizes.map(|size| partials(recording, count, size, slab.columns));
            fused::forward(recording, count, block, &Operands { keys, root, gram, cross });
            c.add_partials(device, recording, slab.columns, gram)?;
            e.add_partials(device, recording, slab.columns, cross)?;
        }
        algebra.forward(run, k, c, Some(e))
    }

    pub(super) fn fused_backward(
        &self,
        run: &mut Run,
        algebra: &mut dyn Algebra,
        k: usize,
    ) -> Result<(), EngineError> {
        let recording = &mut run.recording;
        let (device, keys, count, slab) = (self.device, self.keys, self.count(), self.layout.slab);
        let q = self.job.q() as u32;
        let mut block = self.fused_block(k);
        let crossed = k > 1;
        block.flags |= if crossed { fused::CROSS } else { 0 };
        let last = block.flags & fused::LAST != 0;
        let coupling = if last { None } else { algebra.coupling_of(k) };
        if !last && coupling.is_none() {
            return Err(device.fault(format!("layer {k} was not coupled")));
        }
        let root = self.root_below(algebra, k)?;
        let sizes = [[q, q], [q, block.points]];
        let mut b = Sums::new(recording, "B Bᵀ", count, sizes[0], true, slab);
        let mut m = crossed.then(|| Sums::new(recording, "B G", count, sizes[1], false, slab));
        let twin = self.independent_root(algebra, k)?;
        let mut independent = twin.map(|_| Sums::new(recording, "B' B'ᵀ", count, sizes[0], true, slab));
        for slab in slabs(self.job.width(k), slab) {
            let block = Fused { columns: slab.columns, first_column: slab.first, ..block };
            // Both in any case, since a pass binds them.
            let [gram, cross] = sizes.map(|size| partials(recording, count, size, slab.columns));
            fused::backward(recording, count, block, &Operands { keys, root, gram, cross }, coupling);
            b.add_partials(device, recording, slab.columns, gram)?;
            if let Some(m) = &mut m {
                m.add_partials(device, recording, slab.columns, cross)?;
            }
            if let (Some(root_b), Some(independent)) = (twin, &mut independent) {
                let block = Fused { flags: fused::INDEPENDENT, ..block };
                let [gram, cross] = sizes.map(|size| partials(recording, count, size, slab.columns));
                let operands = Operands { keys, root, gram, cross };
                fused::backward(recording, count, block, &operands, Some((root_b, root_b)));
                independent.add_partials(device, recording, slab.columns, gram)?;
            }
        }
        algebra.backward(run, k, b, m, independent)
    }

    /// S'_B of layer k: None in the last hidden layer, and where K_gia is not asked for.
    pub(super) fn independent_root(
        &self,
        algebra: &dyn Algebra,
        k: usize,
    ) -> Result<Option<View>, EngineError> {
        if !self.job.independence || k + 1 == self.job.network.depth() {
            return Ok(None);
        }
        let root = algebra.independent_of(k);
        root.map(Some)
            .ok_or_else(|| self.device.fault(format!("layer {k} was not coupled for independent gradients")))
    }

    /// The root of the layer below k.
    pub(super) fn root_below(&self, algebra: &dyn Algebra, k: usize) -> Result<View, EngineError> {
        algebra.root_of(k - 1).ok_or_else(|| self.device.fault(format!("layer {} has no root", k - 1)))
    }
}
