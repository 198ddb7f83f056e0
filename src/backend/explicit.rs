//! K of given weights, on as many points as the matrix itself leaves room for.
//!
//! The kernel is computed in tiles of points: a tile pair (a, b) is one run of the direct sampler on the points of
//! both, and gives the blocks (a, a), (a, b) and (b, b). Activations and gradients of a point know nothing of the other
//! points, so the tiles move no bit. Cost: the forward and backward passes run (tiles − 1) times, which is less than
//! the Gram matrices once a tile has as many rows as the layers have neurons; memory of a device is that of two tiles.

use std::ops::Range;
use std::sync::Arc;

use super::{
    Drawn, Engine, EngineError, Job, KernelSample, LayerMatrices, Precision, Refusal, Sampler, Stop, Wanted,
};
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
    weights: Arc<Vec<Vec<f64>>>,
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
        let mut below = dim;
        for (w, layer) in weights.iter().zip(1..) {
            if w.cols != below || w.values.len() != w.rows * w.cols || w.rows == 0 {
                return Err(Refusal::Chain { layer, rows: w.rows, columns: w.cols, below }.into());
            }
            below = w.rows;
        }
        if weights.is_empty() {
            return Err(Refusal::NoWeights.into());
        }
        let hidden = weights.iter().map(|w| w.rows as u64).take(weights.len() - 1).collect();
        let network = Network::new(activation, hidden, below).and_then(|n| n.with_scale(scale));
        let network = network.map_err(Refusal::from)?;
        let matrices = weights.into_iter().map(|w| w.values).collect();
        let weights = Arc::new(matrices);
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

    /// K on a data set. `after_run` is called after each of [`runs`](Self::runs); once `stop` is raised nothing comes
    /// of it.
    pub fn evaluate(
        &self,
        data: &DataSet,
        stop: &Stop,
        after_run: &dyn Fn(),
    ) -> Result<KernelSample, EngineError> {
        let Drawn { seed, output_norm, kernel, .. } = self.draw(data, &Wanted::KERNEL, stop, after_run)?;
        Ok(KernelSample { seed, kernel: kernel.unwrap_or_default(), output_norm })
    }

    /// The same, with the matrices of the layers where they are wanted; statistics are not made here.
    pub fn draw(
        &self,
        data: &DataSet,
        wanted: &Wanted,
        stop: &Stop,
        after_run: &dyn Fn(),
    ) -> Result<Drawn, EngineError> {
        let wanted = &Wanted { matrices: wanted.matrices, ..Wanted::KERNEL };
        if data.dim() != self.dim {
            return Err(Refusal::Coordinates { found: data.dim(), expected: self.dim }.into());
        }
        let tiles = self.tiles(data.n());
        if let [_] = tiles.as_slice() {
            let drawn = self.run(data, wanted, stop)?;
            after_run();
            return Ok(drawn);
        }
        let outputs = self.network.outputs();
        let q = data.n() * outputs;
        let (n, depth) = (data.n(), self.network.depth());
        let mut kernel = vec![0.0; q * q];
        let mut layers = wanted.matrices.then(|| LayerMatrices {
            activations: vec![0.0; depth * n * n],
            gradients: vec![0.0; depth * q * q],
        });
        let mut squares = 0.0;
        for (index, a) in tiles.iter().enumerate() {
            for b in &tiles[index + 1..] {
                let points: Vec<usize> = a.clone().chain(b.clone()).collect();
                let values = points.iter().flat_map(|&i| data.row(i)).copied().collect();
                let pair = DataSet::new(values, self.dim).map_err(Refusal::from)?;
                let drawn = self.run(&pair, wanted, stop)?;
                if let Some(part) = &drawn.kernel {
                    place(part, &points, outputs, &mut kernel, q);
                }
                if let (Some(whole), Some(part)) = (&mut layers, &drawn.matrices) {
                    let (of, size) = (points.len(), points.len() * outputs);
                    let grams = whole.activations.chunks_exact_mut(n * n);
                    for (whole, part) in grams.zip(part.activations.chunks_exact(of * of)) {
                        place(part, &points, 1, whole, n);
                    }
                    let gradients = whole.gradients.chunks_exact_mut(q * q);
                    for (whole, part) in gradients.zip(part.gradients.chunks_exact(size * size)) {
                        place(part, &points, outputs, whole, q);
                    }
                }
                // ‖N‖² of every tile is in as many pairs as there are other tiles.
                squares += drawn.output_norm.powi(2) / (tiles.len() - 1) as f64;
                after_run();
            }
        }
        let output_norm = squares.sqrt();
        Ok(Drawn { output_norm, kernel: Some(kernel), matrices: layers, ..Drawn::default() })
    }

    fn run(&self, data: &DataSet, wanted: &Wanted, stop: &Stop) -> Result<Drawn, EngineError> {
        let job = Job::new(&self.network, data, Sampler::Direct, self.precision);
        let sampling = self.engine.open(job.with_weights(Arc::clone(&self.weights)))?;
        Ok(sampling.draw(&[0], wanted, stop)?.remove(0))
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
