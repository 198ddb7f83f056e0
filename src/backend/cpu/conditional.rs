//! The conditional sampler on one seed: passes over blocks; the algebra between them is `backend::small`.

use super::layer::{Backward, BackwardSums, Forward, ForwardSums, Panels, wave};
use super::real::Real;
use super::seed::{Drawing, Seed, SeedState};
use crate::backend::small::Coupling;
use crate::backend::{Drawn, EngineError};
use crate::sampler::{ConditionalPasses, conditional};

/// One seed after another.
pub(super) struct ConditionalState<'j, T> {
    seed: Seed<'j>,
    /// Layers 1 … l−1 at their index; of 0, the input, only the root is used.
    layers: Vec<LayerState<T>>,
}

/// What one layer keeps between the passes.
struct LayerState<T> {
    /// S_k in the type of the panels, n × n.
    half: Vec<T>,
    /// T and S_B of this layer.
    coupling: Option<(Vec<T>, Vec<T>)>,
    /// S'_B of this layer.
    independent: Option<Vec<T>>,
    /// Panels by block, where they are kept.
    panels: Vec<Panels<T>>,
}

impl<T> Default for LayerState<T> {
    fn default() -> Self {
        Self { half: Vec::new(), coupling: None, independent: None, panels: Vec::new() }
    }
}

impl<'j, T: Real> ConditionalState<'j, T> {
    pub(super) fn new(to: Drawing<'j>) -> Self {
        let layers = (0..to.job.network.depth()).map(|_| LayerState::default()).collect();
        Self { seed: Seed::new::<T>(to), layers }
    }
}

impl<T: Real> SeedState for ConditionalState<'_, T> {
    fn start(&mut self, seed: u64, inner: bool) {
        self.seed.start(seed, inner);
    }

    fn draw(&mut self) -> Result<Drawn, EngineError> {
        let depth = self.seed.job.network.depth();
        conditional::run(self, depth)?;
        self.seed.finish::<T>()
    }
}

impl<T: Real> ConditionalPasses for ConditionalState<'_, T> {
    type Error = EngineError;

    fn root(&mut self, k: usize) -> Result<(), EngineError> {
        self.seed.stop.check()?;
        self.layers[k].half = cast(self.seed.small.root(k)?);
        Ok(())
    }

    fn forward(&mut self, k: usize) -> Result<(), EngineError> {
        let (layer, streams, keep) = (self.seed.layer::<T>(k), self.seed.streams(k), self.seed.keep);
        let (last, stop, room) = (self.seed.is_last(k), self.seed.stop, &self.seed.room);
        let mut panels = std::mem::take(&mut self.layers[k].panels);
        panels.resize_with(layer.blocks(), Panels::default);
        let below = &self.layers[k - 1].half;
        let (n, across) = (layer.n, if last { layer.outputs } else { layer.q });
        let mut total = ForwardSums { gram: room.zeros(n * n), cross: room.zeros(n * across) };
        let size = wave(layer.n, layer.q);
        for (wave, chunk) in panels.chunks_mut(size).enumerate() {
            let items = chunk.iter_mut().collect();
            let sums = self.seed.blocks(items, |block, panel: &mut Panels<T>| {
                panel.clear();
                let keep = keep.then_some(panel);
                Forward { layer, streams, root: below, last, block: wave * size + block, keep, room, stop }
            })?;
            for s in sums {
                room.add(&mut total.gram, s.gram);
                room.add(&mut total.cross, s.cross);
            }
        }
        let before = self.seed.small.set_gram(k, total.gram);
        self.seed.room.give(before);
        if last {
            self.seed.small.set_outputs(total.cross);
        } else {
            self.seed.small.set_forward_cross(k, total.cross);
        }
        self.layers[k].panels = panels;
        Ok(())
    }

    fn backward(&mut self, k: usize) -> Result<(), EngineError> {
        let (layer, streams, with_cross) = (self.seed.layer::<T>(k), self.seed.streams(k), k > 1);
        let (keep, stop, room) = (self.seed.keep, self.seed.stop, &self.seed.room);
        // Taken out: the coupling of one seed must not be met by the next.
        let coupling = self.layers[k].coupling.take();
        let independent = self.layers[k].independent.take();
        if coupling.is_some() == self.seed.is_last(k) {
            return Err(self
                .seed
                .small
                .failed(k, "its backward pass came before it was coupled to the layer above"));
        }
        let coupling = coupling.as_ref().map(|(t, s_b)| (t.as_slice(), s_b.as_slice()));
        let independent = independent.as_deref();
        let (below, state) = (&self.layers[k - 1].half, &self.layers[k]);
        let (n, q) = (layer.n, layer.q);
        let cross = if with_cross { n * q } else { 0 };
        let other = independent.map_or(0, |_| q * q);
        let mut total = BackwardSums {
            gram: room.zeros(q * q),
            cross: room.zeros(cross),
            independent: room.zeros(other),
        };
        let size = wave(layer.n, layer.q);
        for (wave, chunk) in state.panels.chunks(size).enumerate() {
            let sums = self.seed.blocks(chunk.iter().collect(), |block, panel: &Panels<T>| Backward {
                layer,
                streams,
                root: below,
                coupling,
                independent,
                with_cross,
                block: wave * size + block,
                kept: keep.then_some(panel),
                room,
                stop,
            })?;
            for s in sums {
                room.add(&mut total.gram, s.gram);
                room.add(&mut total.cross, s.cross);
                room.add(&mut total.independent, s.independent);
            }
        }
        if independent.is_some() {
            self.seed.small.set_independent_gram(total.independent);
        }
        let before = self.seed.small.set_back_gram(k, total.gram);
        self.seed.room.give(before);
        self.seed.small.set_back_cross(k, total.cross);
        Ok(())
    }

    fn couple(&mut self, k: usize) -> Result<(), EngineError> {
        self.seed.stop.check()?;
        let Coupling { t, root, independent } = self.seed.small.couple(k)?;
        let below = &mut self.layers[k - 1];
        below.coupling = Some((cast(&t), cast(&root)));
        below.independent = independent.as_deref().map(cast);
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
