//! The passes of the conditional sampler over a layer, slab by slab.
//!
//! ```text
//! forward    Z = Sᵀ·Gᵀ                                    sums C = A·Aᵀ,  E = A·H  (last layer: N = A·W_lᵀ)
//! backward   U = Tᵀ·A + S_Bᵀ·Hᵀ  (last layer: B_l·W_l),  B = D∘U   sums B·Bᵀ,  Mᵀ = B·G
//! ```
//!
//! G and H are drawn where they are needed, or once into panels where memory allows: the same numbers either way on
//! one device, since the choice is a function of the job and the device.

use super::batch::{GpuBatch, Kept};
use super::panel::{Panel, Slab, room, slabs};
use super::passes::View;
use super::passes::draw::{self, Draw};
use super::passes::gram::{self, Gram};
use super::passes::project::{self, Operands, Project};
use super::recording::Recording;
use super::sums::Sums;
use crate::backend::EngineError;
use crate::rng::{Role, Tensor};

/// Where one slab of a layer is.
struct Place {
    slab: Slab,
    z: View,
    /// G and H, where they are kept.
    g: Option<View>,
    h: Option<View>,
}

impl GpuBatch<'_> {
    fn last(&self, k: usize) -> bool {
        k + 1 == self.job.network.depth()
    }

    /// The slabs of layer k with their panels; scratch that every slab uses again where panels are not kept.
    fn places(&mut self, recording: &mut Recording, k: usize) -> Vec<Place> {
        let (n, q, width) = (self.job.n as u64, self.job.q() as u64, self.job.width(k));
        let (seeds, slab, last) = (self.layout.seeds, self.layout.slab, self.last(k));
        if !self.layout.keep {
            let z = room(recording, self.layout.element, seeds, n, slab.min(width));
            return slabs(width, slab)
                .into_iter()
                .map(|slab| Place { slab, z: z.clone(), g: None, h: None })
                .collect();
        }
        let device = self.device;
        let element = self.layout.element;
        let panel = |rows| Panel::new(device, element, seeds, rows, width, slab);
        let make = || Kept { g: panel(n), z: panel(n), h: (!last).then(|| panel(q)) };
        let kept = self.kept[k].get_or_insert_with(make);
        let views =
            |panel: &Panel| panel.slabs.iter().map(|(_, view)| Some(view.clone())).collect::<Vec<_>>();
        let none = || vec![None; kept.z.slabs.len()];
        let h = kept.h.as_ref().map_or_else(none, views);
        let panels = kept.z.slabs.iter().zip(views(&kept.g)).zip(h);
        panels.map(|(((slab, z), g), h)| Place { slab: *slab, z: z.clone(), g, h }).collect()
    }

    /// Z of a slab from the root of the layer below.
    fn preactivations(&self, recording: &mut Recording, k: usize, place: &Place) -> Result<(), EngineError> {
        let n = self.job.n as u32;
        let source = if place.g.is_some() { project::SOURCE_MATRIX } else { project::SOURCE_ROWS };
        let block = Project {
            rows: n,
            inner: n,
            columns: place.slab.columns,
            outputs: 1,
            source,
            tag: Tensor::tag(Role::Forward, k),
            first_column: place.slab.first,
            ..Project::default()
        };
        let Some(root) = self.algebra.root_of(k - 1) else {
            return Err(self.device.fault(format!("layer {} has no root", k - 1)));
        };
        let w = place.g.as_ref();
        let operands = Operands { keys: &self.keys, x: root, w, z: None, out: &place.z, sums: None };
        project::record(recording, self.count(), block, &operands)
    }

    pub(super) fn conditional_forward(&mut self, k: usize) -> Result<(), EngineError> {
        let (n, q, outputs) = (self.job.n as u32, self.job.q() as u32, self.job.network.outputs() as u32);
        let (last, depth, slopes) = (self.last(k), self.job.network.depth(), self.slopes(k));
        let across = if last { outputs } else { q };
        let mut recording = self.open();
        let places = self.places(&mut recording, k);
        let (count, slab) = (self.count(), self.layout.slab);
        let mut c = Sums::new(&mut recording, "A Aᵀ", count, [n, n], true, slab);
        let mut e = Sums::new(&mut recording, "A H", count, [n, across], false, slab);
        for place in &places {
            for (panel, role, rows) in [(&place.g, Role::Forward, n), (&place.h, Role::Backward, q)] {
                if let Some(panel) = panel {
                    let Slab { first, columns } = place.slab;
                    let block = Draw { rows, columns, first, tag: Tensor::tag(role, k), ..Draw::default() };
                    draw::record(&mut recording, count, block, &self.keys, panel)?;
                }
            }
            self.preactivations(&mut recording, k, place)?;
            let block = Gram {
                columns: place.slab.columns,
                first_column: place.slab.first,
                slopes,
                flags: gram::ACTIVATE_X,
                ..Gram::default()
            };
            let flags = gram::ACTIVATE_X | gram::ACTIVATE_Y;
            let own = Gram { source: gram::SOURCE_MATRIX, flags, ..block };
            c.add(&mut recording, &self.keys, own, &place.z, Some(&place.z))?;
            let cross = if last {
                Gram { source: gram::SOURCE_COLUMNS, tag: Tensor::tag(Role::Weight, depth), ..block }
            } else if place.h.is_some() {
                Gram { source: gram::SOURCE_MATRIX, ..block }
            } else {
                Gram { source: gram::SOURCE_ROWS, tag: Tensor::tag(Role::Backward, k), ..block }
            };
            e.add(&mut recording, &self.keys, cross, &place.z, place.h.as_ref())?;
        }
        self.release(&mut recording, places);
        self.algebra.forward(&mut recording, k, c, Some(e))?;
        self.keep(recording);
        Ok(())
    }

    pub(super) fn conditional_backward(&mut self, k: usize) -> Result<(), EngineError> {
        let (n, q) = (self.job.n as u32, self.job.q() as u32);
        let top = self.top();
        let mut recording = self.open();
        let places = self.places(&mut recording, k);
        let (count, slab) = (self.count(), self.layout.slab);
        let mut b_gram = Sums::new(&mut recording, "B Bᵀ", count, [q, q], true, slab);
        let mut cross = (k > 1).then(|| Sums::new(&mut recording, "B G", count, [q, n], false, slab));
        let (element, widest) = (self.layout.element, slab.min(self.job.width(k)));
        let b = room(&mut recording, element, self.layout.seeds, q.into(), widest);
        let partial = self.sums_beside(&mut recording, q, widest);
        // B lies lifted in f16; read as φ of itself with the inverse as its slope it is what it was.
        let slopes = self.unlifting_slopes(k);
        for place in &places {
            if place.g.is_none() {
                self.preactivations(&mut recording, k, place)?;
            }
            self.gradients(&mut recording, k, place, &top, (&b, partial.as_ref()))?;
            let Slab { first, columns } = place.slab;
            let (source, flags) = (gram::SOURCE_MATRIX, gram::ACTIVATE_X | gram::ACTIVATE_Y);
            let block = Gram { columns, first_column: first, slopes, source, flags, ..Gram::default() };
            b_gram.add(&mut recording, &self.keys, block, &b, Some(&b))?;
            if let Some(cross) = &mut cross {
                let source = if place.g.is_some() { gram::SOURCE_MATRIX } else { gram::SOURCE_ROWS };
                let (flags, tag) = (gram::ACTIVATE_X, Tensor::tag(Role::Forward, k));
                let block = Gram { source, flags, tag, ..block };
                cross.add(&mut recording, &self.keys, block, &b, place.g.as_ref())?;
            }
        }
        partial.into_iter().for_each(|sums| recording.retire(sums));
        self.release(&mut recording, places);
        recording.retire(b.buffer);
        self.algebra.backward(&mut recording, k, b_gram, cross)?;
        self.keep(recording);
        Ok(())
    }

    /// B of a slab.
    fn gradients(
        &self,
        recording: &mut Recording,
        k: usize,
        place: &Place,
        top: &View,
        (b, partial): (&View, Option<&wgpu::Buffer>),
    ) -> Result<(), EngineError> {
        let (n, q, outputs) = (self.job.n as u32, self.job.q() as u32, self.job.network.outputs() as u32);
        let Slab { first, columns } = place.slab;
        let slopes = self.lifted_slopes(k);
        let block = Project { rows: q, columns, outputs, first_column: first, slopes, ..Project::default() };
        let keys = &self.keys;
        if self.last(k) {
            let block = Project {
                inner: outputs,
                source: project::SOURCE_COLUMNS,
                flags: project::DIFFERENTIATE,
                tag: Tensor::tag(Role::Weight, self.job.network.depth()),
                ..block
            };
            let operands = Operands { keys, x: top, w: None, z: Some(&place.z), out: b, sums: None };
            return project::record(recording, self.count(), block, &operands);
        }
        let Some((t, root)) = self.algebra.coupling_of(k) else {
            return Err(self.device.fault(format!("layer {k} was not coupled")));
        };
        let known = Project {
            inner: n,
            source: project::SOURCE_MATRIX,
            flags: project::ACTIVATE_W | project::PARTIAL,
            operand_slopes: self.slopes(k),
            ..block
        };
        let operands = Operands { keys, x: t, w: Some(&place.z), z: None, out: b, sums: partial };
        project::record(recording, self.count(), known, &operands)?;
        let fresh = Project {
            inner: q,
            source: if place.h.is_some() { project::SOURCE_MATRIX } else { project::SOURCE_ROWS },
            flags: project::ACCUMULATE | project::DIFFERENTIATE,
            tag: Tensor::tag(Role::Backward, k),
            ..block
        };
        let (w, z) = (place.h.as_ref(), Some(&place.z));
        let operands = Operands { keys, x: root, w, z, out: b, sums: partial };
        project::record(recording, self.count(), fresh, &operands)
    }

    /// Retires the scratch of a pass.
    fn release(&self, recording: &mut Recording, places: Vec<Place>) {
        if !self.layout.keep {
            places.into_iter().take(1).for_each(|place| recording.retire(place.z.buffer));
        }
    }
}
