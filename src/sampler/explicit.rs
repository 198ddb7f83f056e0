//! K of given weights, on as many points as the matrix itself leaves room for.
//!
//! The kernel is computed in tiles of points: a tile pair (a, b) is one run of the direct sampler on the points of both,
//! and gives the blocks (a, a), (a, b) and (b, b). Activations and gradients of a point know nothing of the other points, so the
//! tiles move no bit. Cost: the forward and backward passes run (tiles − 1) times, which is less than the Gram matrices
//! once a tile has as many rows as the layers have neurons; memory of a device is that of two tiles.

use std::ops::Range;
use std::sync::Arc;

use super::Sampling;
use crate::backend::{Engine, EngineError, KernelSample, Precision, Sampler, Weights};
use crate::data::DataSet;
use crate::data::weights::WeightMatrix;
use crate::math::activation::Activation;
use crate::model::Network;

/// Rows of the kernel in two tiles together.
const TILE_ROWS: usize = 2048;

/// W_1 … W_l with what they are weights of, ready to be evaluated on points.
pub struct ExplicitKernel<'e> {
    engine: &'e dyn Engine,
    network: Network,
    weights: Weights,
    dim: usize,
    precision: Precision,
    tile_rows: usize,
}

impl<'e> ExplicitKernel<'e> {
    /// Weights W_1 … W_l, a chain of shapes that starts at `dim` inputs; refuses what is none. `scale` multiplies K.
    pub fn new(
        engine: &'e dyn Engine,
        activation: Activation,
        weights: Vec<WeightMatrix>,
        scale: f64,
        dim: usize,
        precision: Precision,
    ) -> Result<Self, EngineError> {
        let refuse = |what: String| Err(EngineError::Refused(what));
        let mut below = dim;
        for (k, w) in weights.iter().enumerate() {
            if w.cols != below || w.values.len() != w.rows * w.cols || w.rows == 0 {
                return refuse(format!(
                    "W{} is {} x {}, and its columns must be the {below} outputs of the layer below",
                    k + 1,
                    w.rows,
                    w.cols
                ));
            }
            below = w.rows;
        }
        let hidden = weights.iter().map(|w| w.rows as u64).take(weights.len().saturating_sub(1)).collect();
        let network = Network::new(activation, hidden, below).and_then(|n| n.with_scale(scale));
        let network = match network {
            Ok(network) if !weights.is_empty() => network,
            Ok(_) => return refuse("there are no weights; a network has at least one matrix".into()),
            Err(e) => return refuse(e.to_string()),
        };
        let matrices = weights.into_iter().map(|w| w.values).collect();
        let weights = Weights::Explicit(Arc::new(matrices));
        Ok(Self { engine, network, weights, dim, precision, tile_rows: TILE_ROWS })
    }

    /// The same in tiles of another size: rows of the kernel in two tiles together, at least two points' worth.
    pub fn with_tile_rows(self, tile_rows: usize) -> Self {
        Self { tile_rows, ..self }
    }

    /// Runs of the sampler that this many points take.
    pub fn runs(&self, n: usize) -> usize {
        let tiles = self.tiles(n).len();
        if tiles < 2 { 1 } else { tiles * (tiles - 1) / 2 }
    }

    fn tiles(&self, n: usize) -> Vec<Range<usize>> {
        let outputs = self.network.outputs();
        if n * outputs <= self.tile_rows {
            return std::iter::once(0..n).collect();
        }
        let points = (self.tile_rows / 2 / outputs).max(1);
        (0..n).step_by(points).map(|first| first..n.min(first + points)).collect()
    }

    /// K on a data set. `after_run` is called after each of [`runs`](Self::runs).
    pub fn evaluate(&self, data: &DataSet, after_run: &dyn Fn()) -> Result<KernelSample, EngineError> {
        if data.dim() != self.dim {
            return Err(EngineError::Refused(format!(
                "the points have {} coordinates, not {}",
                data.dim(),
                self.dim
            )));
        }
        let tiles = self.tiles(data.n());
        if let [_] = tiles.as_slice() {
            let sample = self.run(data)?;
            after_run();
            return Ok(sample);
        }
        let outputs = self.network.outputs();
        let q = data.n() * outputs;
        let mut kernel = vec![0.0; q * q];
        let mut squares = 0.0;
        for (index, a) in tiles.iter().enumerate() {
            for b in &tiles[index + 1..] {
                let points: Vec<usize> = a.clone().chain(b.clone()).collect();
                let values = points.iter().flat_map(|&i| data.row(i)).copied().collect();
                let pair = DataSet::new(values, self.dim).map_err(|e| EngineError::Refused(e.to_string()))?;
                let sample = self.run(&pair)?;
                place(&sample.kernel, &points, outputs, &mut kernel, q);
                // ‖N‖² of every tile is in as many pairs as there are other tiles.
                squares += sample.output_norm.powi(2) / (tiles.len() - 1) as f64;
                after_run();
            }
        }
        Ok(KernelSample { seed: 0, kernel, output_norm: squares.sqrt() })
    }

    fn run(&self, data: &DataSet) -> Result<KernelSample, EngineError> {
        let weights = self.weights.clone();
        let sampling =
            Sampling::of(self.engine, &self.network, data, Sampler::Direct, self.precision, weights)?;
        Ok(sampling.batch(&[0])?.remove(0))
    }
}

/// A kernel of some of the points into its place.
fn place(part: &[f64], points: &[usize], outputs: usize, kernel: &mut [f64], q: usize) {
    let size = points.len() * outputs;
    for (i, &row) in points.iter().enumerate() {
        for o in 0..outputs {
            let source = &part[(i * outputs + o) * size..][..size];
            let target = &mut kernel[(row * outputs + o) * q..][..q];
            for (j, &column) in points.iter().enumerate() {
                target[column * outputs..][..outputs].copy_from_slice(&source[j * outputs..][..outputs]);
            }
        }
    }
}
