//! K of given parameters, on as many points as the matrix itself leaves room for.
//!
//! ```text
//! ntk        A_0 = X/√m_0,  A_k = φ(A_{k−1}W_kᵀ)/(σ_φ√m_k)          standard   A_0 = X,  A_k = φ(A_{k−1}W_kᵀ + 1c_kᵀ)
//! K = Σ_k (A_{k−1}A_{k−1}ᵀ [+ 1 1ᵀ with a bias] ⊗ 1 1ᵀ) ∘ B_kB_kᵀ,  the products of the gradients of all parameters
//! ```
//!
//! The kernel is computed in tiles of points: a tile pair (a, b) is one run of the direct sampler on the points of
//! both, and gives the blocks (a, a), (a, b) and (b, b). Activations and gradients of a point know nothing of the other
//! points, so the tiles move no bit. Cost: the forward and backward passes run (tiles − 1) times, which is less than
//! the Gram matrices once a tile has as many rows as the layers have neurons; memory of a device is that of two tiles.

use std::ops::Range;
use std::sync::Arc;

use super::{
    Drawn, Engine, EngineError, Job, KernelSample, LayerMatrices, Precision, Refusal, Remedy, Sampler, Stop,
    Wanted,
};
use crate::data::DataSet;
use crate::data::weights::Theta;
use crate::math::activation::Activation;
use crate::model::{Network, Parameterization};

/// Rows of the kernel in two tiles together.
const TILE_ROWS: usize = 2048;

/// The parameters of a network, ready to be evaluated on points.
pub struct ExplicitKernel<'e> {
    engine: &'e dyn Engine,
    network: Network,
    theta: Arc<Theta>,
    dim: usize,
    precision: Precision,
    tile_rows: usize,
}

impl<'e> ExplicitKernel<'e> {
    /// A network of parameters on points of `dim` coordinates: matrices W_1 … W_l, a chain of shapes that starts at
    /// `dim`, with biases where the parameterization has them. `scale` multiplies K. A list of matrices alone is in NTK
    /// parameterization.
    ///
    /// Refuses what is no chain, a bias of another length than its layer, any bias in NTK parameterization, and numbers
    /// that are not finite.
    pub fn new(
        engine: &'e dyn Engine,
        activation: Activation,
        theta: impl Into<Theta>,
        scale: f64,
        dim: usize,
        precision: Precision,
    ) -> Result<Self, EngineError> {
        let theta = theta.into();
        let outputs = check(&theta, dim)?;
        let rows = theta.layers.iter().map(|layer| layer.matrix.rows as u64);
        let hidden = rows.take(theta.layers.len() - 1).collect();
        let network = Network::new(activation, hidden, outputs).and_then(|n| n.with_scale(scale));
        let network = network.map_err(Refusal::from)?;
        Ok(Self { engine, network, theta: Arc::new(theta), dim, precision, tile_rows: TILE_ROWS })
    }

    /// What an error says of given weights, which have no seed, and what may help: what leaves the range of one
    /// arithmetic may fit the other. An error that is not of them stays what it is.
    pub fn explained(error: EngineError, precision: Precision) -> Result<(String, Remedy), EngineError> {
        let (EngineError::Failed { layer, what, .. } | EngineError::OutOfRange { layer, what, .. }) = error
        else {
            return Err(error);
        };
        let place = if layer > 0 { format!("layer {layer}: ") } else { String::new() };
        let remedy = match precision {
            Precision::F64 => Remedy::SmallerWeights,
            Precision::F32 | Precision::F16 => Remedy::Precision(Precision::F64),
        };
        Ok((format!("the kernel of these weights: {place}{what}"), remedy))
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

    /// K(x, y) for the points x of one data set and y of another, (n·m_l) × (n′·m_l), row-major: the rows of `data` in
    /// the rows, as predictions at x from y take it. The entries are those of K on the points of both, bit for bit.
    pub fn against(
        &self,
        data: &DataSet,
        other: &DataSet,
        stop: &Stop,
        after_run: &dyn Fn(),
    ) -> Result<Vec<f64>, EngineError> {
        for points in [data, other] {
            self.check_points(points)?;
        }
        let outputs = self.network.outputs();
        let columns = other.n() * outputs;
        let mut kernel = vec![0.0; data.n() * outputs * columns];
        for (rows, of_other) in self.tiles_against(data.n(), other.n()) {
            let first = &data.values()[rows.start * self.dim..rows.end * self.dim];
            let second = &other.values()[of_other.start * self.dim..of_other.end * self.dim];
            let pair = DataSet::new([first, second].concat(), self.dim).map_err(Refusal::from)?;
            let drawn = self.run(&pair, &Wanted::KERNEL, stop)?;
            let part = drawn.kernel.as_ref().ok_or_else(|| drawn.lacks("entries of the kernel"))?;
            let (height, width) = (rows.len() * outputs, of_other.len() * outputs);
            for (row, entries) in part.chunks_exact(height + width).take(height).enumerate() {
                let start = (rows.start * outputs + row) * columns + of_other.start * outputs;
                kernel[start..start + width].copy_from_slice(&entries[height..]);
            }
            after_run();
        }
        Ok(kernel)
    }

    /// Runs of the sampler that this many points against this many others take.
    pub fn runs_against(&self, n: usize, other: usize) -> usize {
        self.tiles_against(n, other).len()
    }

    /// Pairs of tiles of two data sets, each pair within the rows of a tile: a small set is whole in every pair.
    fn tiles_against(&self, n: usize, other: usize) -> Vec<(Range<usize>, Range<usize>)> {
        let points = (self.tile_rows / self.network.outputs()).max(2);
        let half = points / 2;
        let size = if other <= half { points - other } else { half };
        let size_other = if n <= half { points - n } else { points - half };
        let split = |n: usize, size: usize| (0..n).step_by(size).map(move |k| k..n.min(k + size));
        split(n, size).flat_map(|rows| split(other, size_other).map(move |of| (rows.clone(), of))).collect()
    }

    fn check_points(&self, data: &DataSet) -> Result<(), Refusal> {
        if data.dim() == self.dim {
            return Ok(());
        }
        Err(Refusal::Coordinates { found: data.dim(), expected: self.dim })
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
        self.check_points(data)?;
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
        let sampling = self.engine.open(job.with_weights(Arc::clone(&self.theta)))?;
        Ok(sampling.draw(&[0], wanted, stop)?.remove(0))
    }
}

/// Refuses parameters that are no network on points of `dim` coordinates; the number of its outputs.
fn check(theta: &Theta, dim: usize) -> Result<usize, Refusal> {
    let mut below = dim;
    for (layer, given) in (1..).zip(&theta.layers) {
        let w = &given.matrix;
        if w.cols != below || w.values.len() != w.rows * w.cols || w.rows == 0 {
            return Err(Refusal::Chain { layer, rows: w.rows, columns: w.cols, below });
        }
        let bias = given.bias.as_deref();
        if bias.is_some() && theta.parameterization == Parameterization::Ntk {
            return Err(Refusal::BiasOfNtk { layer });
        }
        if let Some(bias) = bias.filter(|bias| bias.len() != w.rows) {
            return Err(Refusal::Bias { layer, found: bias.len(), neurons: w.rows });
        }
        for (name, values, columns) in
            [('W', w.values.as_slice(), w.cols), ('c', bias.unwrap_or_default(), 1)]
        {
            if let Some(at) = values.iter().position(|value| !value.is_finite()) {
                let (row, column, value) = (at / columns, at % columns, values[at]);
                return Err(Refusal::Parameter { name, layer, row, column, value });
            }
        }
        below = w.rows;
    }
    if theta.layers.is_empty() { Err(Refusal::NoWeights) } else { Ok(below) }
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
