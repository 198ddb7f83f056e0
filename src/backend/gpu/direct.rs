//! The passes of the direct sampler over a layer, in tiles of weights that are drawn on the device, or uploaded where
//! they are given.
//!
//! ```text
//! forward    Z_k = A_{k−1}·W_kᵀ (+ 1·c_kᵀ)       sums C = A·Aᵀ  (last layer: N = A·W_lᵀ)
//! backward   U_k = B_{k+1}·W_{k+1},  B = D∘U      sums B·Bᵀ
//! ```

use std::sync::Arc;

use super::algebra::Algebra;
use super::batch::Group;
use super::executor::Run;
use super::panel::Panel;
use super::passes::View;
use super::passes::gram::{self, Gram};
use super::passes::project::{self, Operands, Project};
use super::recording::{Content, Recording};
use super::slab::{Slab, row_stride, slabs};
use super::sums::Sums;
use super::weight_tile::WeightTile;
use crate::backend::{EngineError, Weights};
use crate::rng::{Role, Tensor};

impl Group<'_> {
    /// Tile rows × columns of W_k, row-major, where weights are given.
    fn given(
        &self,
        recording: &mut Recording,
        k: usize,
        rows: Slab,
        columns: Slab,
    ) -> Result<Option<View>, EngineError> {
        let Weights::Explicit(theta) = &self.job.weights else { return Ok(None) };
        let (width, element) = (self.job.width(k - 1) as usize, self.layout.element);
        let tile = WeightTile { theta: Arc::clone(theta), layer: k, width, rows, columns, element };
        for (start, row) in tile.rows() {
            element.check_weights(row, k, start, width)?;
        }
        let buffer = recording.scratch(tile.bytes());
        let row = tile.stride() as u32;
        recording.upload(buffer, Content::Tile(tile));
        Ok(Some(View { buffer, seed: 0, row, element }))
    }

    /// Fills a slab of Z_k of every seed with the bias of layer k, from which the product goes on; false where it has
    /// none.
    fn begin_with_bias(&self, recording: &mut Recording, k: usize, slab: Slab, z: View) -> bool {
        let Some((bias, ones)) = self.job.bias(k) else { return false };
        let bias = &bias[slab.first as usize..][..slab.columns as usize];
        let rows: Vec<Vec<f64>> = ones.iter().map(|one| bias.iter().map(|c| c * one).collect()).collect();
        let of_seeds = self.seeds.iter().flat_map(|_| rows.iter().map(Vec::as_slice));
        let bytes = z.element.encode(of_seeds, z.row as usize, 1.0);
        recording.upload(z.buffer, Content::Bytes(bytes));
        true
    }

    /// All outputs as rows.
    fn all_outputs(&self) -> Slab {
        Slab { first: 0, columns: self.job.network.outputs() as u32 }
    }

    /// The input as a panel that all seeds share.
    fn input(&self, recording: &mut Recording) -> Panel {
        let (n, dim) = (self.job.n, self.job.dim as u64);
        let mut panel = Panel { slabs: Vec::new() };
        for slab in slabs(dim, self.layout.slab) {
            let (row, element) = (row_stride(slab.columns.into()), self.layout.element);
            let rows = (0..n).map(|i| {
                let start = i * dim as usize + slab.first as usize;
                &self.job.unit_rows[start..start + slab.columns as usize]
            });
            let buffer = recording.keep_values(&element.encode(rows, row as usize, element.lift(dim).into()));
            panel.slabs.push((slab, View { buffer, seed: 0, row: row as u32, element }));
        }
        panel
    }

    /// Z_k.
    fn z_of(&self, k: usize) -> Result<Panel, EngineError> {
        self.z[k].clone().ok_or_else(|| self.device.fault(format!("layer {k} has no preactivations")))
    }

    /// B_k, k < l.
    fn b_of(&mut self, recording: &mut Recording, k: usize) -> Panel {
        let (job, layout) = (self.job, self.layout);
        let hidden = 1..job.network.depth();
        let rooms = self.b.get_or_insert_with(|| {
            let widest = hidden.map(|k| job.width(k)).max().unwrap_or(1);
            let (element, seeds, q) = (layout.element, layout.seeds, job.q() as u64);
            [(); 2].map(|()| Panel::keep(recording, element, seeds, q, widest, layout.slab))
        });
        rooms[k % 2].within(job.q() as u64, job.width(k), layout.slab)
    }

    pub(super) fn direct_forward(
        &mut self,
        run: &mut Run,
        algebra: &mut dyn Algebra,
        k: usize,
    ) -> Result<(), EngineError> {
        let recording = &mut run.recording;
        let (n, outputs) = (self.job.n as u32, self.job.network.outputs() as u32);
        let (depth, slopes, slab) = (self.job.network.depth(), self.slopes(k), self.layout.slab);
        let (keys, count, last) = (self.keys, self.count(), k + 1 == depth);
        if self.z[0].is_none() {
            self.z[0] = Some(self.input(recording));
        }
        if self.z[k].is_none() {
            let (seeds, element) = (self.layout.seeds, self.layout.element);
            self.z[k] = Some(Panel::keep(recording, element, seeds, n.into(), self.job.width(k), slab));
        }
        let (below, own) = (self.z_of(k - 1)?, self.z_of(k)?);
        let mut c = Sums::new(recording, "A Aᵀ", count, [n, n], true, slab);
        let mut norm = last.then(|| Sums::new(recording, "A W_lᵀ", count, [n, outputs], false, slab));
        let sums = (below.slabs.len() > 1)
            .then(|| self.sums_beside(recording, n, slab.min(self.job.width(k))))
            .flatten();
        for (target, z) in &own.slabs {
            let begun = self.begin_with_bias(recording, k, *target, *z);
            for (index, (from, x)) in below.slabs.iter().enumerate() {
                let w = self.given(recording, k, *target, *from)?;
                let accumulate = if index > 0 || begun { project::ACCUMULATE } else { 0 };
                let partial_sums = if index + 1 < below.slabs.len() { project::PARTIAL } else { 0 };
                let block = Project {
                    rows: n,
                    inner: from.columns,
                    columns: target.columns,
                    outputs: 1,
                    source: if w.is_some() { project::SOURCE_TRANSPOSED } else { project::SOURCE_ROWS },
                    flags: project::ACTIVATE_X | accumulate | partial_sums,
                    tag: Tensor::tag(Role::Weight, k),
                    first_inner: from.first,
                    first_column: target.first,
                    operand_slopes: if k > 1 { self.slopes(k - 1) } else { self.unlifting_slopes(0) },
                    ..Project::default()
                };
                let operands = Operands { keys, x: *x, w, z: None, out: *z, sums };
                project::record(recording, count, block, &operands);
            }
            let block = Gram {
                columns: target.columns,
                first_column: target.first,
                slopes,
                source: gram::SOURCE_MATRIX,
                flags: gram::ACTIVATE_X | gram::ACTIVATE_Y,
                ..Gram::default()
            };
            c.add(recording, keys, block, *z, Some(*z));
            if let Some(norm) = &mut norm {
                let w = self.given(recording, depth, self.all_outputs(), *target)?;
                let source = if w.is_some() { gram::SOURCE_MATRIX } else { gram::SOURCE_COLUMNS };
                let tag = Tensor::tag(Role::Weight, depth);
                norm.add(recording, keys, Gram { source, tag, flags: gram::ACTIVATE_X, ..block }, *z, w);
            }
        }
        algebra.forward(run, k, c, norm)
    }

    pub(super) fn direct_backward(
        &mut self,
        run: &mut Run,
        algebra: &mut dyn Algebra,
        k: usize,
    ) -> Result<(), EngineError> {
        let recording = &mut run.recording;
        let (q, outputs) = (self.job.q() as u32, self.job.network.outputs() as u32);
        let (depth, slopes, slab) = (self.job.network.depth(), self.lifted_slopes(k), self.layout.slab);
        let (keys, count) = (self.keys, self.count());
        let own = self.b_of(recording, k);
        let hidden = k + 1 < depth;
        let above = if hidden {
            self.b_of(recording, k + 1)
        } else {
            Panel { slabs: vec![(self.all_outputs(), self.top(recording))] }
        };
        let z = self.z_of(k)?;
        let mut b_gram = Sums::new(recording, "B Bᵀ", count, [q, q], true, slab);
        let sums = (above.slabs.len() > 1)
            .then(|| self.sums_beside(recording, q, slab.min(self.job.width(k))))
            .flatten();
        // The top is 1 ⊗ I as it is.
        let unlift = if hidden { self.unlifting_slopes(k + 1) } else { [1.0; 4] };
        for ((target, b), (_, z)) in own.slabs.iter().zip(&z.slabs) {
            for (index, (from, x)) in above.slabs.iter().enumerate() {
                let w = self.given(recording, k + 1, *from, *target)?;
                let accumulate = if index > 0 { project::ACCUMULATE } else { 0 };
                let last = index + 1 == above.slabs.len();
                let finish = if last { project::DIFFERENTIATE } else { project::PARTIAL };
                let block = Project {
                    rows: q,
                    inner: from.columns,
                    columns: target.columns,
                    outputs,
                    source: if w.is_some() { project::SOURCE_MATRIX } else { project::SOURCE_COLUMNS },
                    flags: project::ACTIVATE_X | accumulate | finish,
                    tag: Tensor::tag(Role::Weight, k + 1),
                    first_inner: from.first,
                    first_column: target.first,
                    operand_slopes: unlift,
                    slopes,
                    ..Project::default()
                };
                let operands = Operands { keys, x: *x, w, z: Some(*z), out: *b, sums };
                project::record(recording, count, block, &operands);
            }
            let Slab { first, columns } = *target;
            let (source, flags) = (gram::SOURCE_MATRIX, gram::ACTIVATE_X | gram::ACTIVATE_Y);
            let slopes = self.unlifting_slopes(k);
            let block = Gram { columns, first_column: first, source, flags, slopes, ..Gram::default() };
            b_gram.add(recording, keys, block, *b, Some(*b));
        }
        algebra.backward(run, k, b_gram, None, None)
    }
}
