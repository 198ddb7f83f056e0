//! The direct sampler on one seed: every weight drawn from its counter, or given.
//!
//! ```text
//! forward   Z_k[i][r] = (c_k[r] +) Σ_j A_{k−1}[i][j]·W_k[r][j]  parallel over chunks of neurons r
//! backward  U_k[o][j] = Σ_r B_{k+1}[o][r]·W_{k+1}[r][j]        parallel over chunks of neurons j
//! ```
//!
//! Weights come in tiles of 16 rows × 128 columns, [column][row]: drawn twice, or kept between the passes where memory
//! allows, with the same bits. Sums are f32 (f64) within a tile and across tiles in order.

use pulp::Simd;

use super::dispatch::Pass;
use super::layer::{CHUNK, Layer};
use super::product::{gram, project, widen};
use super::real::{LANES, Real, Vector};
use super::room::Room;
use super::seed::{Drawing, Seed, SeedState, input};
use super::weights::Matrix;
use crate::backend::{Drawn, EngineError, Stop};
use crate::sampler::{DensePasses, direct};

/// One seed after another.
pub(super) struct DenseState<'j, T> {
    seed: Seed<'j>,
    /// Z_k of every hidden layer, chunk after chunk, [point][vector].
    z: Vec<Vec<Vec<Vector<T>>>>,
    /// A_k transposed, m_k × n, of the layer that was last passed on the way up; at first the unit rows.
    a: Vec<T>,
    /// B_{k+1} transposed, m_{k+1} × q.
    b: Vec<T>,
    /// Where that of the next layer goes: vectors change places with those above.
    next: Vec<T>,
    /// Tiles of W_k by (chunk of rows) that are kept: [column chunk][group of 16 rows][column].
    tiles: Vec<Vec<Vec<Vector<T>>>>,
}

/// One chunk of neurons forward.
struct ForwardChunk<'a, T> {
    layer: Layer<T>,
    weights: Matrix<'a>,
    /// c_k and what it is multiplied by at each point.
    bias: Option<(&'a [f64], &'a [f64])>,
    /// A_{k−1} transposed, m_{k−1} × n.
    below: &'a [T],
    first: u64,
    vectors: usize,
    z: &'a mut Vec<Vector<T>>,
    /// A_k of the chunk, transposed, [neuron][point].
    out: &'a mut [T],
    tiles: Option<&'a mut Vec<Vector<T>>>,
    room: &'a Room,
    stop: &'a Stop,
}

impl<T: Real> Pass for ForwardChunk<'_, T> {
    /// A Aᵀ of the chunk, n × n.
    type Output = Vec<f64>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<f64> {
        let (n, v) = (self.layer.n, self.vectors);
        let zero = [T::ZERO; LANES];
        // Kept tiles are drawn where they stay: copied there, they cost a seventh of a pass at width 1024.
        let mut scratch = [zero; CHUNK];
        let mut kept = match self.tiles {
            Some(tiles) => {
                tiles.resize(v * self.weights.columns as usize, zero);
                tiles.as_mut_slice()
            }
            None => &mut [],
        };
        // [group of 16 rows][point]
        let mut sums = vec![zero; v * n];
        if let Some((bias, ones)) = self.bias {
            let groups = bias[self.first as usize..].chunks(LANES);
            for (sums, bias) in sums.chunks_exact_mut(n).zip(groups) {
                for (sum, one) in sums.iter_mut().zip(ones) {
                    sum.iter_mut().zip(bias).for_each(|(sum, c)| *sum = T::from_f64(c * one));
                }
            }
        }
        for (column, count) in self.weights.column_chunks() {
            if self.stop.is_raised() {
                break;
            }
            let coefficients = &self.below[column as usize * n..(column as usize + count) * n];
            for group in 0..v {
                let tile = kept.split_off_mut(..count).unwrap_or(&mut scratch[..count]);
                self.weights.tile(self.first + (group * LANES) as u64, column, tile);
                project::<T, S, true>(coefficients, n, tile, &mut sums[group * n..(group + 1) * n], 1);
            }
        }
        self.z.clear();
        self.z.extend((0..n * v).map(|k| sums[(k % v) * n + k / v]));
        let mut a = vec![zero; n * v];
        self.layer.activate(self.z, &mut a);
        let mut wide = self.room.any(n * v * LANES);
        widen(&a, &mut wide);
        let mut sums = self.room.zeros(n * n);
        gram::<S, true>(simd, &wide, n, &wide, n, v * LANES, &mut sums);
        self.room.give(wide);
        scatter(&a, n, v, self.out);
        sums
    }
}

/// One chunk of neurons backward.
struct BackwardChunk<'a, T> {
    layer: Layer<T>,
    /// W_{k+1} and B_{k+1} transposed (m_{k+1} × q); none in the last hidden layer, where B comes from W_l.
    above: Option<(Matrix<'a>, &'a [T])>,
    last: Matrix<'a>,
    first: u64,
    vectors: usize,
    z: &'a [Vector<T>],
    /// B_k of the chunk, transposed, [neuron][row]; none in the first hidden layer.
    out: Option<&'a mut [T]>,
    /// Kept tiles of W_{k+1} by chunk of rows.
    tiles: &'a [Vec<Vector<T>>],
    room: &'a Room,
    stop: &'a Stop,
}

impl<T: Real> Pass for BackwardChunk<'_, T> {
    /// B Bᵀ of the chunk, q × q.
    type Output = Vec<f64>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<f64> {
        let Layer { q, outputs, width, .. } = self.layer;
        let v = self.vectors;
        let count = ((width - self.first) as usize).min(CHUNK);
        let zero = [T::ZERO; LANES];
        let mut u = vec![zero; q * v];
        match self.above {
            Some((weights, b)) => self.dense::<S>(weights, b, count, &mut u),
            None => {
                self.last.top(outputs, self.first, width, &mut u, v);
                let (top, rest) = u.split_at_mut(outputs * v);
                rest.chunks_exact_mut(outputs * v).for_each(|point| point.copy_from_slice(top));
            }
        }
        self.layer.differentiate_panel(self.z, &mut u, v);
        let mut wide = self.room.any(q * v * LANES);
        widen(&u, &mut wide);
        let mut sums = self.room.zeros(q * q);
        gram::<S, true>(simd, &wide, q, &wide, q, v * LANES, &mut sums);
        self.room.give(wide);
        if let Some(out) = self.out {
            scatter(&u, q, v, out);
        }
        sums
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
            if self.stop.is_raised() {
                return;
            }
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
            transpose_tile(tile, &mut turned, v);
            let coefficients = &b[row as usize * q..(row as usize + live) * q];
            project::<T, S, true>(coefficients, q, &turned[..live * v], u, v);
        }
    }
}

/// [column][row] → [row][vector of columns], square by square; missing columns become 0.
#[inline(always)]
fn transpose_tile<T: Real>(tile: &[Vector<T>], out: &mut [Vector<T>], v: usize) {
    let (squares, rest) = tile.as_chunks::<LANES>();
    for (c, square) in squares.iter().enumerate() {
        // A copy in the first cache: the tile itself is read across its lines, and may come from memory.
        let square = *square;
        transpose_square(&square, &mut out[c..], v);
    }
    if !rest.is_empty() {
        let mut square = [[T::ZERO; LANES]; LANES];
        square[..rest.len()].copy_from_slice(rest);
        transpose_square(&square, &mut out[squares.len()..], v);
    }
}

/// Row l goes to `out[l·v]`.
#[inline(always)]
fn transpose_square<T: Real>(square: &[Vector<T>; LANES], out: &mut [Vector<T>], v: usize) {
    for l in 0..LANES {
        out[l * v] = std::array::from_fn(|k| square[k][l]);
    }
}

/// Chunks of a layer: first neuron and vectors.
fn chunks<T: Real>(layer: &Layer<T>) -> impl Iterator<Item = (u64, usize)> + use<T> {
    let layer = *layer;
    (0..layer.blocks()).flat_map(move |b| layer.chunks_of(b))
}

impl<'j, T: Real> DenseState<'j, T> {
    pub(super) fn new(to: Drawing<'j>) -> Self {
        let depth = to.job.network.depth();
        let (z, tiles) = ((0..depth).map(|_| Vec::new()).collect(), (0..depth).map(|_| Vec::new()).collect());
        Self { seed: Seed::new::<T>(to), z, a: Vec::new(), b: Vec::new(), next: Vec::new(), tiles }
    }

    fn matrix(&self, k: usize) -> Matrix<'j> {
        Matrix::of(self.seed.job, self.seed.small.seed(), k)
    }
}

impl<T: Real> SeedState for DenseState<'_, T> {
    fn start(&mut self, seed: u64, inner: bool) {
        self.seed.start(seed, inner);
    }

    fn draw(&mut self) -> Result<Drawn, EngineError> {
        let depth = self.seed.job.network.depth();
        self.a = input(self.seed.job);
        direct::run(self, depth)?;
        self.seed.finish::<T>()
    }
}

impl<T: Real> DensePasses for DenseState<'_, T> {
    type Error = EngineError;

    fn forward(&mut self, k: usize) -> Result<(), EngineError> {
        let (layer, stop, room) = (self.seed.layer::<T>(k), self.seed.stop, &self.seed.room);
        let below = std::mem::take(&mut self.a);
        let mut next = std::mem::take(&mut self.next);
        next.resize(layer.n * layer.width as usize, T::ZERO);
        let mut z = std::mem::take(&mut self.z[k]);
        let mut tiles = std::mem::take(&mut self.tiles[k]);
        z.resize_with(layer.chunks(), Vec::new);
        tiles.resize_with(layer.chunks(), Vec::new);
        // W_1 is not needed on the way back.
        let keep = self.seed.keep && k > 1;
        let (weights, bias) = (self.matrix(k), self.seed.job.bias(k));
        let outs = next.chunks_mut(layer.n * CHUNK);
        let items = chunks(&layer).zip(z.iter_mut().zip(tiles.iter_mut()).zip(outs));
        let pass = |((first, vectors), ((z, tiles), out))| {
            let tiles = keep.then_some(tiles);
            ForwardChunk { layer, weights, bias, below: &below, first, vectors, z, out, tiles, room, stop }
        };
        let total = self.seed.summed(&layer, layer.n * layer.n, items, pass)?;
        let before = self.seed.small.set_gram(k, total);
        self.seed.room.give(before);
        self.z[k] = z;
        self.tiles[k] = tiles;
        (self.a, self.next) = (next, below);
        if self.seed.is_last(k) {
            let outputs = self.matrix(k + 1).outputs(&self.a, layer.n);
            self.seed.small.set_outputs(outputs);
        }
        Ok(())
    }

    fn backward(&mut self, k: usize) -> Result<(), EngineError> {
        let (layer, stop, room) = (self.seed.layer::<T>(k), self.seed.stop, &self.seed.room);
        let b = std::mem::take(&mut self.b);
        let above = (!self.seed.is_last(k)).then(|| (self.matrix(k + 1), b.as_slice()));
        let tiles = self.tiles.get(k + 1).map_or(&[][..], Vec::as_slice);
        let last = self.matrix(self.seed.job.network.depth());
        let (q, width) = (layer.q, layer.width as usize);
        let mut next = std::mem::take(&mut self.next);
        let taken = if k > 1 {
            next.resize(q * width, T::ZERO);
            next.as_mut_slice()
        } else {
            &mut []
        };
        let outs = taken.chunks_mut(q * CHUNK).map(Some).chain(std::iter::repeat_with(|| None));
        let items = chunks(&layer).zip(self.z[k].iter().zip(outs));
        let total = self.seed.summed(&layer, q * q, items, |((first, vectors), (z, out))| BackwardChunk {
            layer,
            above,
            last,
            first,
            vectors,
            z,
            out,
            tiles,
            room,
            stop,
        })?;
        let before = self.seed.small.set_back_gram(k, total);
        self.seed.room.give(before);
        (self.b, self.next) = (next, b);
        Ok(())
    }
}

/// A chunk [row][vector] transposed, [neuron][row], in squares that write whole lines of the cache.
#[inline(always)]
fn scatter<T: Real>(chunk: &[Vector<T>], rows: usize, v: usize, out: &mut [T]) {
    for (c, out) in out.chunks_mut(LANES * rows).enumerate() {
        for row in (0..rows).step_by(LANES) {
            let side = LANES.min(rows - row);
            // Where they stand, for an array of the rows themselves would be copied twice.
            let square: [&Vector<T>; LANES] =
                std::array::from_fn(|r| &chunk[(row + r.min(side - 1)) * v + c]);
            for (l, neuron) in out.chunks_exact_mut(rows).enumerate() {
                let turned: Vector<T> = std::array::from_fn(|r| square[r][l]);
                // A copy whose length is known is one store or two, and no call.
                match neuron[row..].first_chunk_mut::<LANES>() {
                    Some(whole) => *whole = turned,
                    None => neuron[row..].copy_from_slice(&turned[..side]),
                }
            }
        }
    }
}
