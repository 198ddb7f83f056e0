//! The passes of the direct sampler over a layer, in tiles of weights that are drawn on the device, or uploaded where they
//! are given.
//!
//! ```text
//! forward    Z_k = A_{k−1}·W_kᵀ                   sums C = A·Aᵀ  (last layer: N = A·W_lᵀ)
//! backward   U_k = B_{k+1}·W_{k+1},  B = D∘U      sums B·Bᵀ
//! ```

use super::batch::GpuBatch;
use super::panel::{Panel, Slab, row_stride};
use super::passes::View;
use super::passes::gram::{self, Gram};
use super::passes::project::{self, Operands, Project};
use super::recording::Recording;
use super::sums::Sums;
use crate::backend::{EngineError, Weights};
use crate::rng::{Role, Tensor};

impl GpuBatch<'_> {
    /// Tile rows × columns of W_k, row-major, where weights are given.
    fn given(
        &self,
        recording: &mut Recording,
        k: usize,
        rows: Slab,
        columns: Slab,
    ) -> Result<Option<View>, EngineError> {
        let Weights::Explicit(matrices) = &self.job.weights else { return Ok(None) };
        // An upload comes before everything recorded and not yet submitted, and its scratch may be in use there.
        recording.submit()?;
        let width = self.job.width(k - 1) as usize;
        let (row, element) = (row_stride(columns.columns.into()), self.layout.element);
        let starts = (0..rows.columns as usize)
            .map(|r| (rows.first as usize + r) * width + columns.first as usize)
            .collect::<Vec<_>>();
        let source = |&start: &usize| &matrices[k - 1][start..start + columns.columns as usize];
        for start in &starts {
            element.check_weights(source(start), k, *start, width)?;
        }
        let tile = element.encode(starts.iter().map(source), row as usize, 1.0);
        let buffer = recording.scratch(tile.len() as u64);
        self.device.queue.write_buffer(&buffer, 0, &tile);
        Ok(Some(View { buffer, seed: 0, row: row as u32, element }))
    }

    /// All outputs as rows.
    fn all_outputs(&self) -> Slab {
        Slab { first: 0, columns: self.job.network.outputs() as u32 }
    }

    /// The input as a panel that all seeds share.
    fn input(&self) -> Panel {
        let (n, dim) = (self.job.n, self.job.dim as u64);
        let mut panel = Panel { slabs: Vec::new() };
        for slab in super::panel::slabs(dim, self.layout.slab) {
            let (row, element) = (row_stride(slab.columns.into()), self.layout.element);
            let rows = (0..n).map(|i| {
                let start = i * dim as usize + slab.first as usize;
                &self.job.unit_rows[start..start + slab.columns as usize]
            });
            let bytes = element.encode(rows, row as usize, element.lift(dim).into());
            let buffer = self.device.upload(&bytes);
            panel.slabs.push((slab, View { buffer, seed: 0, row: row as u32, element }));
        }
        panel
    }

    pub(super) fn direct_forward(&mut self, k: usize) -> Result<(), EngineError> {
        let (n, outputs) = (self.job.n as u32, self.job.network.outputs() as u32);
        let (depth, slopes, slab) = (self.job.network.depth(), self.slopes(k), self.layout.slab);
        let (count, last) = (self.count(), k + 1 == depth);
        if self.z[0].is_none() {
            self.z[0] = Some(self.input());
        }
        if self.z[k].is_none() {
            let (seeds, element) = (self.layout.seeds, self.layout.element);
            self.z[k] = Some(Panel::new(self.device, element, seeds, n.into(), self.job.width(k), slab));
        }
        let mut recording = self.open();
        let (Some(below), Some(own)) = (&self.z[k - 1], &self.z[k]) else { return Ok(()) };
        let mut c = Sums::new(&mut recording, "A Aᵀ", count, [n, n], true, slab);
        let mut norm = last.then(|| Sums::new(&mut recording, "A W_lᵀ", count, [n, outputs], false, slab));
        let partial = (below.slabs.len() > 1)
            .then(|| self.sums_beside(&mut recording, n, slab.min(self.job.width(k))))
            .flatten();
        for (target, z) in &own.slabs {
            for (index, (from, x)) in below.slabs.iter().enumerate() {
                let tile = self.given(&mut recording, k, *target, *from)?;
                let accumulate = if index > 0 { project::ACCUMULATE } else { 0 };
                let partial_sums = if index + 1 < below.slabs.len() { project::PARTIAL } else { 0 };
                let block = Project {
                    rows: n,
                    inner: from.columns,
                    columns: target.columns,
                    outputs: 1,
                    source: if tile.is_some() { project::SOURCE_TRANSPOSED } else { project::SOURCE_ROWS },
                    flags: project::ACTIVATE_X | accumulate | partial_sums,
                    tag: Tensor::tag(Role::Weight, k),
                    first_inner: from.first,
                    first_column: target.first,
                    operand_slopes: if k > 1 { self.slopes(k - 1) } else { self.unlifting_slopes(0) },
                    ..Project::default()
                };
                let (keys, w, sums) = (&self.keys, tile.as_ref(), partial.as_ref());
                let operands = Operands { keys, x, w, z: None, out: z, sums };
                project::record(&mut recording, count, block, &operands)?;
                tile.into_iter().for_each(|tile| recording.retire(tile.buffer));
            }
            let block = Gram {
                columns: target.columns,
                first_column: target.first,
                slopes,
                source: gram::SOURCE_MATRIX,
                flags: gram::ACTIVATE_X | gram::ACTIVATE_Y,
                ..Gram::default()
            };
            c.add(&mut recording, &self.keys, block, z, Some(z))?;
            if let Some(norm) = &mut norm {
                let tile = self.given(&mut recording, depth, self.all_outputs(), *target)?;
                let source = if tile.is_some() { gram::SOURCE_MATRIX } else { gram::SOURCE_COLUMNS };
                let tag = Tensor::tag(Role::Weight, depth);
                let block = Gram { source, tag, flags: gram::ACTIVATE_X, ..block };
                norm.add(&mut recording, &self.keys, block, z, tile.as_ref())?;
                tile.into_iter().for_each(|tile| recording.retire(tile.buffer));
            }
        }
        partial.into_iter().for_each(|sums| recording.retire(sums));
        self.algebra.forward(&mut recording, k, c, norm)?;
        self.keep(recording);
        Ok(())
    }

    pub(super) fn direct_backward(&mut self, k: usize) -> Result<(), EngineError> {
        let (q, outputs) = (self.job.q() as u32, self.job.network.outputs() as u32);
        let (depth, slopes, slab) = (self.job.network.depth(), self.lifted_slopes(k), self.layout.slab);
        let (count, element) = (self.count(), self.layout.element);
        let own = Panel::new(self.device, element, self.layout.seeds, q.into(), self.job.width(k), slab);
        let above = match self.b.take() {
            Some(panel) if k + 1 < depth => panel,
            _ => Panel { slabs: vec![(self.all_outputs(), self.top())] },
        };
        let mut recording = self.open();
        let Some(z) = &self.z[k] else { return Ok(()) };
        let mut b_gram = Sums::new(&mut recording, "B Bᵀ", count, [q, q], true, slab);
        let partial = (above.slabs.len() > 1)
            .then(|| self.sums_beside(&mut recording, q, slab.min(self.job.width(k))))
            .flatten();
        // The top is 1 ⊗ I as it is.
        let unlift = if k + 1 < depth { self.unlifting_slopes(k + 1) } else { [1.0; 4] };
        for ((target, b), (_, z)) in own.slabs.iter().zip(&z.slabs) {
            for (index, (from, x)) in above.slabs.iter().enumerate() {
                let tile = self.given(&mut recording, k + 1, *from, *target)?;
                let accumulate = if index > 0 { project::ACCUMULATE } else { 0 };
                let last = index + 1 == above.slabs.len();
                let finish = if last { project::DIFFERENTIATE } else { project::PARTIAL };
                let block = Project {
                    rows: q,
                    inner: from.columns,
                    columns: target.columns,
                    outputs,
                    source: if tile.is_some() { project::SOURCE_MATRIX } else { project::SOURCE_COLUMNS },
                    flags: project::ACTIVATE_X | accumulate | finish,
                    tag: Tensor::tag(Role::Weight, k + 1),
                    first_inner: from.first,
                    first_column: target.first,
                    operand_slopes: unlift,
                    slopes,
                    ..Project::default()
                };
                let (keys, w, sums) = (&self.keys, tile.as_ref(), partial.as_ref());
                let operands = Operands { keys, x, w, z: Some(z), out: b, sums };
                project::record(&mut recording, count, block, &operands)?;
                tile.into_iter().for_each(|tile| recording.retire(tile.buffer));
            }
            let Slab { first, columns } = *target;
            let (source, flags) = (gram::SOURCE_MATRIX, gram::ACTIVATE_X | gram::ACTIVATE_Y);
            let slopes = self.unlifting_slopes(k);
            let block = Gram { columns, first_column: first, source, flags, slopes, ..Gram::default() };
            b_gram.add(&mut recording, &self.keys, block, b, Some(b))?;
        }
        partial.into_iter().for_each(|sums| recording.retire(sums));
        if k + 1 < depth {
            // No later pass reads it: its memory serves the layer below.
            above.into_buffers().for_each(|buffer| recording.retire(buffer));
        }
        self.b = Some(own);
        self.algebra.backward(&mut recording, k, b_gram, None)?;
        self.keep(recording);
        Ok(())
    }
}
