//! The passes of the conditional sampler over a layer, slab by slab.
//!
//! ```text
//! forward    Z = Sᵀ·Gᵀ                                    sums C = A·Aᵀ,  E = A·H  (last layer: N = A·W_lᵀ)
//! backward   U = Tᵀ·A + S_Bᵀ·Hᵀ  (last layer: B_l·W_l),  B = D∘U   sums B·Bᵀ,  Mᵀ = B·G
//!            for K_gia, in the same room once B is summed: B' = D∘(S'_Bᵀ·Hᵀ)   sums B'·B'ᵀ
//! ```
//!
//! G and H are drawn where they are needed, or once into panels where memory allows: the same numbers either way on
//! one device, since the choice is a function of the job and the device.

use super::algebra::Algebra;
use super::batch::{Group, Kept};
use super::executor::Run;
use super::panel::{Panel, room};
use super::passes::View;
use super::passes::draw::{self, Draw};
use super::passes::gram::{self, Gram};
use super::passes::project::{self, Operands, Project};
use super::recording::{Proxy, Recording};
use super::slab::{Slab, slabs};
use super::sums::Sums;
use crate::backend::EngineError;
use crate::rng::{Role, Tensor};

/// One slab of a layer and where its panels are.
#[derive(Clone, Copy)]
struct Part {
    slab: Slab,
    z: View,
    /// G and H, where they are kept.
    g: Option<View>,
    h: Option<View>,
}

impl Group<'_> {
    fn last(&self, k: usize) -> bool {
        k + 1 == self.job.network.depth()
    }

    /// The slabs of layer k with their panels; scratch that every slab uses again where panels are not kept.
    fn parts(&mut self, recording: &mut Recording, k: usize) -> Vec<Part> {
        let (n, q, width) = (self.job.n as u64, self.job.q() as u64, self.job.width(k));
        let (seeds, slab, last, element) =
            (self.layout.seeds, self.layout.slab, self.last(k), self.layout.element);
        if !self.layout.keep {
            let z = room(recording, element, seeds, n, slab.min(width));
            return slabs(width, slab).into_iter().map(|slab| Part { slab, z, g: None, h: None }).collect();
        }
        let kept = self.kept[k].get_or_insert_with(|| {
            let mut panel = |rows| Panel::keep(recording, element, seeds, rows, width, slab);
            Kept { g: panel(n), z: panel(n), h: (!last).then(|| panel(q)) }
        });
        let h = |at: usize| kept.h.as_ref().map(|h| h.slabs[at].1);
        let panels = kept.z.slabs.iter().zip(&kept.g.slabs).enumerate();
        panels.map(|(at, ((slab, z), (_, g)))| Part { slab: *slab, z: *z, g: Some(*g), h: h(at) }).collect()
    }

    /// Z of a slab from the root of the layer below.
    fn preactivations(
        &self,
        recording: &mut Recording,
        algebra: &dyn Algebra,
        k: usize,
        part: &Part,
    ) -> Result<(), EngineError> {
        let n = self.job.n as u32;
        let source = if part.g.is_some() { project::SOURCE_MATRIX } else { project::SOURCE_ROWS };
        let block = Project {
            rows: n,
            inner: n,
            columns: part.slab.columns,
            outputs: 1,
            source,
            tag: Tensor::tag(Role::Forward, k),
            first_column: part.slab.first,
            ..Project::default()
        };
        let x = self.root_below(algebra, k)?;
        let operands = Operands { keys: self.keys, x, w: part.g, z: None, out: part.z, sums: None };
        project::record(recording, self.count(), block, &operands);
        Ok(())
    }

    pub(super) fn conditional_forward(
        &mut self,
        run: &mut Run,
        algebra: &mut dyn Algebra,
        k: usize,
    ) -> Result<(), EngineError> {
        let recording = &mut run.recording;
        let (n, q, outputs) = (self.job.n as u32, self.job.q() as u32, self.job.network.outputs() as u32);
        let (last, depth, slopes) = (self.last(k), self.job.network.depth(), self.slopes(k));
        let across = if last { outputs } else { q };
        let parts = self.parts(recording, k);
        let (keys, count, slab) = (self.keys, self.count(), self.layout.slab);
        let mut c = Sums::new(recording, "A Aᵀ", count, [n, n], true, slab);
        let mut e = Sums::new(recording, "A H", count, [n, across], false, slab);
        for part in &parts {
            for (panel, role, rows) in [(part.g, Role::Forward, n), (part.h, Role::Backward, q)] {
                if let Some(panel) = panel {
                    let Slab { first, columns } = part.slab;
                    let block = Draw { rows, columns, first, tag: Tensor::tag(role, k), ..Draw::default() };
                    draw::record(recording, count, block, keys, panel);
                }
            }
            self.preactivations(recording, algebra, k, part)?;
            let block = Gram {
                columns: part.slab.columns,
                first_column: part.slab.first,
                slopes,
                flags: gram::ACTIVATE_X,
                ..Gram::default()
            };
            let flags = gram::ACTIVATE_X | gram::ACTIVATE_Y;
            let own = Gram { source: gram::SOURCE_MATRIX, flags, ..block };
            c.add(recording, keys, own, part.z, Some(part.z));
            let cross = if last {
                Gram { source: gram::SOURCE_COLUMNS, tag: Tensor::tag(Role::Weight, depth), ..block }
            } else if part.h.is_some() {
                Gram { source: gram::SOURCE_MATRIX, ..block }
            } else {
                Gram { source: gram::SOURCE_ROWS, tag: Tensor::tag(Role::Backward, k), ..block }
            };
            e.add(recording, keys, cross, part.z, part.h);
        }
        algebra.forward(run, k, c, Some(e))
    }

    pub(super) fn conditional_backward(
        &mut self,
        run: &mut Run,
        algebra: &mut dyn Algebra,
        k: usize,
    ) -> Result<(), EngineError> {
        let recording = &mut run.recording;
        let (n, q) = (self.job.n as u32, self.job.q() as u32);
        let top = self.top(recording);
        let parts = self.parts(recording, k);
        let (keys, count, slab) = (self.keys, self.count(), self.layout.slab);
        let mut b_gram = Sums::new(recording, "B Bᵀ", count, [q, q], true, slab);
        let mut cross = (k > 1).then(|| Sums::new(recording, "B G", count, [q, n], false, slab));
        let twin = self.independent_root(algebra, k)?;
        let mut independent = twin.map(|_| Sums::new(recording, "B' B'ᵀ", count, [q, q], true, slab));
        let (element, widest) = (self.layout.element, slab.min(self.job.width(k)));
        let b = room(recording, element, self.layout.seeds, q.into(), widest);
        let partial = self.sums_beside(recording, q, widest);
        // B lies lifted in f16; read as φ of itself with the inverse as its slope it is what it was.
        let slopes = self.unlifting_slopes(k);
        for part in &parts {
            if part.g.is_none() {
                self.preactivations(recording, algebra, k, part)?;
            }
            self.gradients(recording, algebra, k, part, top, (b, partial))?;
            let Slab { first, columns } = part.slab;
            let (source, flags) = (gram::SOURCE_MATRIX, gram::ACTIVATE_X | gram::ACTIVATE_Y);
            let block = Gram { columns, first_column: first, slopes, source, flags, ..Gram::default() };
            b_gram.add(recording, keys, block, b, Some(b));
            if let Some(cross) = &mut cross {
                let source = if part.g.is_some() { gram::SOURCE_MATRIX } else { gram::SOURCE_ROWS };
                let (flags, tag) = (gram::ACTIVATE_X, Tensor::tag(Role::Forward, k));
                cross.add(recording, keys, Gram { source, flags, tag, ..block }, b, part.g);
            }
            if let (Some(root), Some(independent)) = (twin, &mut independent) {
                self.fresh_gradients(recording, k, part, root, (b, None));
                independent.add(recording, keys, block, b, Some(b));
            }
        }
        algebra.backward(run, k, b_gram, cross, independent)
    }

    /// B of a slab.
    fn gradients(
        &self,
        recording: &mut Recording,
        algebra: &dyn Algebra,
        k: usize,
        part: &Part,
        top: View,
        (b, partial): (View, Option<Proxy>),
    ) -> Result<(), EngineError> {
        let (n, q, outputs) = (self.job.n as u32, self.job.q() as u32, self.job.network.outputs() as u32);
        let Slab { first, columns } = part.slab;
        let slopes = self.lifted_slopes(k);
        let block = Project { rows: q, columns, outputs, first_column: first, slopes, ..Project::default() };
        let (keys, count) = (self.keys, self.count());
        if self.last(k) {
            let block = Project {
                inner: outputs,
                source: project::SOURCE_COLUMNS,
                flags: project::DIFFERENTIATE,
                tag: Tensor::tag(Role::Weight, self.job.network.depth()),
                ..block
            };
            let operands = Operands { keys, x: top, w: None, z: Some(part.z), out: b, sums: None };
            project::record(recording, count, block, &operands);
            return Ok(());
        }
        let Some((t, root)) = algebra.coupling_of(k) else {
            return Err(self.device.fault(format!("layer {k} was not coupled")));
        };
        let known = Project {
            inner: n,
            source: project::SOURCE_MATRIX,
            flags: project::ACTIVATE_W | project::PARTIAL,
            operand_slopes: self.slopes(k),
            ..block
        };
        let operands = Operands { keys, x: t, w: Some(part.z), z: None, out: b, sums: partial };
        project::record(recording, count, known, &operands);
        self.fresh_gradients(recording, k, part, root, (b, Some(partial)));
        Ok(())
    }

    /// B = D∘(S_Bᵀ·Hᵀ) of a slab, or where there is something to go on from, U before it and sums in f32 beside, B =
    /// D∘(U + S_Bᵀ·Hᵀ).
    fn fresh_gradients(
        &self,
        recording: &mut Recording,
        k: usize,
        part: &Part,
        root: View,
        (b, onto): (View, Option<Option<Proxy>>),
    ) {
        let Slab { first, columns } = part.slab;
        let block = Project {
            rows: self.job.q() as u32,
            inner: self.job.q() as u32,
            columns,
            outputs: self.job.network.outputs() as u32,
            first_column: first,
            slopes: self.lifted_slopes(k),
            source: if part.h.is_some() { project::SOURCE_MATRIX } else { project::SOURCE_ROWS },
            flags: project::DIFFERENTIATE | if onto.is_some() { project::ACCUMULATE } else { 0 },
            tag: Tensor::tag(Role::Backward, k),
            ..Project::default()
        };
        let sums = onto.flatten();
        let operands = Operands { keys: self.keys, x: root, w: part.h, z: Some(part.z), out: b, sums };
        project::record(recording, self.count(), block, &operands);
    }
}
