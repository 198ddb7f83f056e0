//! The conditional operations of one seed: passes over blocks; the algebra between them is `backend::small`.

use super::layer::{Backward, BackwardSums, Forward, ForwardSums, Panels, wave};
use super::real::Real;
use super::seed::SeedState;
use crate::backend::EngineError;

/// What one layer keeps between the passes.
pub(super) struct LayerState<T> {
    /// S_k in the type of the panels, n × n.
    half: Vec<T>,
    /// T and S_B of this layer.
    coupling: Option<(Vec<T>, Vec<T>)>,
    /// Panels by block, where they are kept.
    panels: Vec<Panels<T>>,
}

impl<T> Default for LayerState<T> {
    fn default() -> Self {
        Self { half: Vec::new(), coupling: None, panels: Vec::new() }
    }
}

impl<T: Real> SeedState<'_, T> {
    pub(super) fn make_root(&mut self, k: usize) -> Result<(), EngineError> {
        self.layers[k].half = cast(self.small.root(k)?);
        Ok(())
    }

    pub(super) fn forward_pass(&mut self, k: usize) {
        let (layer, streams, keep) = (self.layer(k), self.streams(k), self.keep);
        let last = k + 1 == self.job.network.depth();
        let mut panels = std::mem::take(&mut self.layers[k].panels);
        panels.resize_with(layer.blocks(), Panels::default);
        let below = &self.layers[k - 1].half;
        let (n, across) = (layer.n, if last { layer.outputs } else { layer.q });
        let mut total = ForwardSums { gram: vec![0.0; n * n], cross: vec![0.0; n * across] };
        let size = wave(layer.n, layer.q);
        for (wave, chunk) in panels.chunks_mut(size).enumerate() {
            let items = chunk.iter_mut().collect();
            let sums = self.blocks(items, |block, panel: &mut Panels<T>| {
                panel.clear();
                let keep = keep.then_some(panel);
                Forward { layer, streams, root: below, last, block: wave * size + block, keep }
            });
            for s in sums {
                add(&mut total.gram, &s.gram);
                add(&mut total.cross, &s.cross);
            }
        }
        self.small.set_gram(k, total.gram);
        if last {
            self.small.set_outputs(total.cross);
        } else {
            self.small.set_forward_cross(k, total.cross);
        }
        self.layers[k].panels = panels;
    }

    pub(super) fn backward_pass(&mut self, k: usize) {
        let (layer, streams, with_cross) = (self.layer(k), self.streams(k), k > 1);
        let (below, state) = (&self.layers[k - 1].half, &self.layers[k]);
        let coupling = state.coupling.as_ref().map(|(t, s_b)| (t.as_slice(), s_b.as_slice()));
        let (n, q) = (layer.n, layer.q);
        let cross = if with_cross { n * q } else { 0 };
        let mut total = BackwardSums { gram: vec![0.0; q * q], cross: vec![0.0; cross] };
        let last = k + 1 == self.job.network.depth();
        let coupling = if last { None } else { coupling };
        let size = wave(layer.n, layer.q);
        for (wave, chunk) in state.panels.chunks(size).enumerate() {
            let sums = self.blocks(chunk.iter().collect(), |block, panel: &Panels<T>| Backward {
                layer,
                streams,
                root: below,
                coupling,
                with_cross,
                block: wave * size + block,
                kept: self.keep.then_some(panel),
            });
            for s in sums {
                add(&mut total.gram, &s.gram);
                add(&mut total.cross, &s.cross);
            }
        }
        self.small.set_back_gram(k, total.gram);
        self.small.set_back_cross(k, total.cross);
    }

    pub(super) fn make_coupling(&mut self, k: usize) -> Result<(), EngineError> {
        let coupling = self.small.couple(k)?;
        self.layers[k - 1].coupling = Some((cast(&coupling.t), cast(&coupling.root)));
        Ok(())
    }
}

impl<T> Panels<T> {
    fn clear(&mut self) {
        self.g.clear();
        self.z.clear();
        self.h.clear();
    }
}

fn cast<T: Real>(values: &[f64]) -> Vec<T> {
    values.iter().map(|&x| T::from_f64(x)).collect()
}

pub(super) fn add(total: &mut [f64], part: &[f64]) {
    for (t, p) in total.iter_mut().zip(part) {
        *t += p;
    }
}
