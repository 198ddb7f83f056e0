//! The direct operations of one seed: every weight drawn from its counter, or given.
//!
//! ```text
//! forward   Z_k[i][r] = Σ_j A_{k−1}[i][j]·W_k[r][j]            parallel over chunks of neurons r
//! backward  U_k[o][j] = Σ_r B_{k+1}[o][r]·W_{k+1}[r][j]        parallel over chunks of neurons j
//! ```
//!
//! Weights come in tiles of 16 rows × 128 columns, [column][row]: drawn twice, or kept between the passes where memory
//! allows, with the same bits. Sums are f32 (f64) within a tile and across tiles in order.

use pulp::Simd;

use super::conditional::add;
use super::dispatch::Pass;
use super::draw;
use super::layer::{CHUNK, CHUNK_VECTORS, Layer, output_weights, wave};
use super::product::{gram, mix, widen};
use super::real::{LANES, Real, Vector};
use super::seed::SeedState;
use crate::backend::Weights;
use crate::rng::{Role, Tensor};

/// Panels of the direct sampler.
pub(super) struct DenseState<T> {
    /// Z_k of every hidden layer, chunk after chunk, [point][vector].
    z: Vec<Vec<Vec<Vector<T>>>>,
    /// B_{k+1} transposed, m_{k+1} × q.
    b: Vec<T>,
    /// Tiles of W_k by (chunk of rows) that are kept: [column chunk][group of 16 rows][column].
    tiles: Vec<Vec<Vec<Vector<T>>>>,
}

impl<T> Default for DenseState<T> {
    fn default() -> Self {
        Self { z: Vec::new(), b: Vec::new(), tiles: Vec::new() }
    }
}

/// W_k, from its stream or from a matrix.
#[derive(Clone, Copy)]
enum Source<'a> {
    Drawn(Tensor),
    Matrix(&'a [f64]),
}

#[derive(Clone, Copy)]
struct Matrix<'a> {
    source: Source<'a>,
    rows: u64,
    columns: u64,
}

impl Matrix<'_> {
    /// Columns first_column … +out.len() of rows first_row … +16, zero outside the matrix.
    #[inline(always)]
    fn tile<T: Real>(&self, first_row: u64, first_column: u64, out: &mut [Vector<T>]) {
        match self.source {
            Source::Drawn(tensor) => {
                draw::panel(&tensor, first_row, self.rows, first_column as usize, out.len(), out);
            }
            Source::Matrix(values) => {
                for (c, vector) in out.iter_mut().enumerate() {
                    for (l, value) in vector.iter_mut().enumerate() {
                        let (row, column) = (first_row + l as u64, first_column + c as u64);
                        let inside = row < self.rows && column < self.columns;
                        let at = (row * self.columns + column) as usize;
                        *value = if inside { T::from_f64(values[at]) } else { T::ZERO };
                    }
                }
            }
        }
    }

    /// First column and number of columns of each chunk.
    fn column_chunks(&self) -> impl Iterator<Item = (u64, usize)> + use<> {
        let columns = self.columns;
        (0..columns).step_by(CHUNK).map(move |c| (c, (columns - c).min(CHUNK as u64) as usize))
    }
}

/// One chunk of neurons forward.
struct ForwardChunk<'a, T> {
    layer: Layer,
    weights: Matrix<'a>,
    /// A_{k−1} transposed, m_{k−1} × n.
    below: &'a [T],
    first: u64,
    vectors: usize,
    z: &'a mut Vec<Vector<T>>,
    tiles: Option<&'a mut Vec<Vector<T>>>,
}

impl<T: Real> Pass for ForwardChunk<'_, T> {
    /// A Aᵀ of the chunk, n × n.
    type Output = Vec<f64>;

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) -> Vec<f64> {
        let (n, v) = (self.layer.n, self.vectors);
        let zero = [T::ZERO; LANES];
        let mut tile = [zero; CHUNK];
        // [group of 16 rows][point]
        let mut sums = vec![zero; v * n];
        for (column, count) in self.weights.column_chunks() {
            let coefficients = &self.below[column as usize * n..(column as usize + count) * n];
            for group in 0..v {
                let tile = &mut tile[..count];
                self.weights.tile(self.first + (group * LANES) as u64, column, tile);
                mix::<T, S, true>(coefficients, n, n, tile, &mut sums[group * n..(group + 1) * n], 1);
                if let Some(kept) = self.tiles.as_deref_mut() {
                    kept.extend_from_slice(tile);
                }
            }
        }
        self.z.clear();
        self.z.extend((0..n * v).map(|k| sums[(k % v) * n + k / v]));
        let mut a = vec![zero; n * v];
        self.layer.activate(self.z, &mut a);
        let mut wide = vec![0.0; n * v * LANES];
        widen(&a, &mut wide);
        let mut out = vec![0.0; n * n];
        gram::<S, true>(simd, &wide, n, &wide, n, v * LANES, &mut out);
        out
    }
}

/// One chunk of neurons backward.
struct BackwardChunk<'a, T> {
    layer: Layer,
    /// W_{k+1} and B_{k+1} transposed (m_{k+1} × q); none in the last hidden layer, where B comes from W_l.
    above: Option<(Matrix<'a>, &'a [T])>,
    last: Matrix<'a>,
    first: u64,
    vectors: usize,
    z: &'a [Vector<T>],
    /// Kept tiles of W_{k+1} by chunk of rows.
    tiles: &'a [Vec<Vector<T>>],
}

/// B of a chunk, [row of B][vector], and its B Bᵀ.
struct BackwardOut<T> {
    b: Vec<Vector<T>>,
    gram: Vec<f64>,
}

impl<T: Real> Pass for BackwardChunk<'_, T> {
    type Output = BackwardOut<T>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> BackwardOut<T> {
        let Layer { q, outputs, width, .. } = self.layer;
        let v = self.vectors;
        let count = ((width - self.first) as usize).min(CHUNK);
        let zero = [T::ZERO; LANES];
        let mut u = vec![zero; q * v];
        match self.above {
            Some((weights, b)) => self.dense::<S>(weights, b, count, &mut u),
            None => {
                top_weights(&self.last, outputs, self.first, width, &mut u, v);
                let (top, rest) = u.split_at_mut(outputs * v);
                rest.chunks_exact_mut(outputs * v).for_each(|point| point.copy_from_slice(top));
            }
        }
        for (z, u) in self.z.chunks_exact(v).zip(u.chunks_exact_mut(outputs * v)) {
            u.chunks_exact_mut(v).for_each(|u| self.layer.differentiate(z, u));
        }
        let mut wide = vec![0.0; q * v * LANES];
        widen(&u, &mut wide);
        let mut out = vec![0.0; q * q];
        gram::<S, true>(simd, &wide, q, &wide, q, v * LANES, &mut out);
        BackwardOut { b: u, gram: out }
    }
}

impl<T: Real> BackwardChunk<'_, T> {
    #[inline(always)]
    fn dense<S: Simd>(&self, weights: Matrix, b: &[T], count: usize, u: &mut [Vector<T>]) {
        let (q, v) = (self.layer.q, self.vectors);
        let zero = [T::ZERO; LANES];
        let mut drawn = [zero; CHUNK];
        let mut turned = vec![zero; LANES * v];
        for row in (0..weights.rows).step_by(LANES) {
            let live = ((weights.rows - row) as usize).min(LANES);
            let kept = self.tiles.get(row as usize / CHUNK).filter(|t| !t.is_empty());
            let tile: &[Vector<T>] = if let Some(kept) = kept {
                // Tiles of a chunk of rows: column chunks of full width, then the last; groups within each.
                let chunk_first = row / CHUNK as u64 * CHUNK as u64;
                let groups = ((weights.rows - chunk_first).min(CHUNK as u64) as usize).div_ceil(LANES);
                let group = (row - chunk_first) as usize / LANES;
                let at = self.first as usize * groups + group * count;
                &kept[at..at + count]
            } else {
                weights.tile(row, self.first, &mut drawn[..count]);
                &drawn[..count]
            };
            turn(tile, &mut turned, v);
            let coefficients = &b[row as usize * q..(row as usize + live) * q];
            mix::<T, S, true>(coefficients, q, q, &turned[..live * v], u, v);
        }
    }
}

/// [column][row] → [row][vector of columns], in squares that stay in registers; missing columns become 0.
#[inline(always)]
fn turn<T: Real>(tile: &[Vector<T>], out: &mut [Vector<T>], v: usize) {
    for (c, columns) in tile.chunks(LANES).enumerate() {
        let mut square = [[T::ZERO; LANES]; LANES];
        square[..columns.len()].copy_from_slice(columns);
        for l in 0..LANES {
            out[l * v + c] = std::array::from_fn(|k| square[k][l]);
        }
    }
}

/// W_l over a chunk from whatever source, [output][vector].
#[inline(always)]
fn top_weights<T: Real>(
    last: &Matrix,
    outputs: usize,
    first: u64,
    width: u64,
    out: &mut [Vector<T>],
    v: usize,
) {
    match last.source {
        Source::Drawn(tensor) => output_weights(&tensor, outputs, first, width, out, v),
        Source::Matrix(values) => {
            for (o, row) in out.chunks_exact_mut(v).enumerate().take(outputs) {
                for (k, value) in row.as_flattened_mut().iter_mut().enumerate() {
                    let column = first + k as u64;
                    let at = (o as u64 * width + column) as usize;
                    *value = if column < width { T::from_f64(values[at]) } else { T::ZERO };
                }
            }
        }
    }
}

/// Chunks of a layer: first neuron and vectors.
fn chunks(layer: &Layer) -> impl Iterator<Item = (u64, usize)> + use<> {
    let layer = *layer;
    (0..layer.blocks()).flat_map(move |b| layer.chunks_of(b))
}

impl<T: Real> SeedState<'_, T> {
    fn matrix(&self, k: usize) -> Matrix<'_> {
        let source = match &self.job.weights {
            Weights::Drawn => Source::Drawn(Tensor::new(self.small.seed(), Role::Weight, k)),
            Weights::Explicit(matrices) => Source::Matrix(&matrices[k - 1]),
        };
        Matrix { source, rows: self.job.width(k), columns: self.job.width(k - 1) }
    }

    /// A_k transposed, m_k × n; for k = 0 the unit rows.
    fn transposed(&self, k: usize) -> Vec<T> {
        let (n, width) = (self.job.n, self.job.width(k) as usize);
        let mut out = vec![T::ZERO; n * width];
        if k == 0 {
            for (i, row) in self.job.unit_rows.chunks_exact(width).enumerate() {
                row.iter().enumerate().for_each(|(j, &x)| out[j * n + i] = T::from_f64(x));
            }
            return out;
        }
        let layer = self.layer(k);
        let mut a = Vec::new();
        for ((first, v), z) in chunks(&layer).zip(&self.dense.z[k]) {
            a.resize(n * v, [T::ZERO; LANES]);
            layer.activate(z, &mut a);
            scatter(&a, n, v, first, width, &mut out);
        }
        out
    }

    pub(super) fn dense_forward(&mut self, k: usize) {
        let layer = self.layer(k);
        let below = self.transposed(k - 1);
        let depth = self.job.network.depth();
        self.dense.z.resize_with(depth, Vec::new);
        self.dense.tiles.resize_with(depth, Vec::new);
        let mut z = std::mem::take(&mut self.dense.z[k]);
        let mut tiles = std::mem::take(&mut self.dense.tiles[k]);
        z.resize_with(layer.chunks(), Vec::new);
        tiles.resize_with(layer.chunks(), Vec::new);
        // W_1 is not needed on the way back.
        let keep = self.keep && k > 1;
        let weights = self.matrix(k);
        let mut total = vec![0.0; layer.n * layer.n];
        let mut items = chunks(&layer).zip(z.iter_mut().zip(tiles.iter_mut())).peekable();
        while items.peek().is_some() {
            let some = items.by_ref().take(wave(layer.n, layer.q)).collect();
            let grams = self.blocks(some, |_, ((first, vectors), (z, tiles))| {
                tiles.clear();
                ForwardChunk {
                    layer,
                    weights,
                    below: &below,
                    first,
                    vectors,
                    z,
                    tiles: keep.then_some(tiles),
                }
            });
            grams.iter().for_each(|g| add(&mut total, g));
        }
        drop(items);
        self.small.set_gram(k, total);
        self.dense.z[k] = z;
        self.dense.tiles[k] = tiles;
        if k + 1 == depth {
            let outputs = self.outputs_from(&self.transposed(k), k + 1);
            self.small.set_outputs(outputs);
        }
    }

    pub(super) fn dense_backward(&mut self, k: usize) {
        let layer = self.layer(k);
        let depth = self.job.network.depth();
        let b = std::mem::take(&mut self.dense.b);
        let above = (k + 1 < depth).then(|| (self.matrix(k + 1), b.as_slice()));
        let tiles = self.dense.tiles.get(k + 1).map_or(&[][..], Vec::as_slice);
        let last = self.matrix(depth);
        let (q, width) = (layer.q, layer.width as usize);
        let mut total = vec![0.0; q * q];
        let mut next = vec![T::ZERO; q * width];
        let all: Vec<_> = chunks(&layer).zip(&self.dense.z[k]).collect();
        for some in all.chunks(wave(layer.n, q)) {
            let parts = self.blocks(some.to_vec(), |_, ((first, vectors), z)| BackwardChunk {
                layer,
                above,
                last,
                first,
                vectors,
                z,
                tiles,
            });
            for (((first, v), _), part) in some.iter().zip(parts) {
                add(&mut total, &part.gram);
                scatter(&part.b, q, *v, *first, width, &mut next);
            }
        }
        self.small.set_back_gram(k, total);
        self.dense.b = next;
    }

    /// N of a layer's transposed activations, n × m_l, in f64.
    fn outputs_from(&self, below: &[T], depth: usize) -> Vec<f64> {
        let (n, outputs, weights) = (self.job.n, self.job.network.outputs(), self.matrix(depth));
        let mut out = vec![0.0; n * outputs];
        for o in 0..outputs {
            for (first, count) in weights.column_chunks() {
                let mut row = [[T::ZERO; LANES]; CHUNK_VECTORS];
                one_row(&weights, o, first, &mut row);
                for (w, a) in
                    row.as_flattened()[..count].iter().zip(below[first as usize * n..].chunks_exact(n))
                {
                    for i in 0..n {
                        out[i * outputs + o] += w.to_f64() * a[i].to_f64();
                    }
                }
            }
        }
        out
    }
}

/// Row o of W_l from column `first`.
fn one_row<T: Real>(weights: &Matrix, o: usize, first: u64, out: &mut [Vector<T>]) {
    match weights.source {
        Source::Drawn(tensor) => draw::row(&tensor, o as u32, first, weights.columns, out),
        Source::Matrix(values) => {
            for (k, value) in out.as_flattened_mut().iter_mut().enumerate() {
                let column = first + k as u64;
                let at = (o as u64 * weights.columns + column) as usize;
                *value = if column < weights.columns { T::from_f64(values[at]) } else { T::ZERO };
            }
        }
    }
}

/// N of a network without hidden layers: the input times W_1ᵀ.
pub(super) fn input_outputs<T: Real>(state: &SeedState<'_, T>) -> Vec<f64> {
    state.outputs_from(&state.transposed(0), 1)
}

/// A chunk [row][vector] into the transposed matrix [neuron][row].
fn scatter<T: Real>(chunk: &[Vector<T>], rows: usize, v: usize, first: u64, width: usize, out: &mut [T]) {
    let live = (width - first as usize).min(v * LANES);
    for r in 0..rows {
        let values = chunk[r * v..(r + 1) * v].as_flattened();
        for (k, &value) in values[..live].iter().enumerate() {
            out[(first as usize + k) * rows + r] = value;
        }
    }
}
