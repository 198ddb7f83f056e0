//! Weights of the direct sampler, drawn from their counters or given: in tiles, and W_l row by row.

use super::draw;
use super::layer::{CHUNK, CHUNK_VECTORS, output_weights};
use super::real::{LANES, Real, Vector};
use crate::backend::{Job, Weights};
use crate::rng::{Role, Tensor};

/// W_k, from its stream or from a matrix.
#[derive(Clone, Copy)]
enum Source<'a> {
    Drawn(Tensor),
    Matrix(&'a [f64]),
}

/// One weight matrix.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    source: Source<'a>,
    /// m_k.
    pub(super) rows: u64,
    /// m_{k−1}.
    pub(super) columns: u64,
}

impl<'a> Matrix<'a> {
    /// W_k of a seed.
    pub(super) fn of(job: &'a Job, seed: u64, k: usize) -> Self {
        let source = match &job.weights {
            Weights::Drawn => Source::Drawn(Tensor::new(seed, Role::Weight, k)),
            Weights::Explicit(theta) => Source::Matrix(theta.weights(k)),
        };
        Self { source, rows: job.width(k), columns: job.width(k - 1) }
    }

    /// Columns first_column … +out.len() of rows first_row … +16, zero outside the matrix.
    #[inline(always)]
    pub(super) fn tile<T: Real>(&self, first_row: u64, first_column: u64, out: &mut [Vector<T>]) {
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
    pub(super) fn column_chunks(&self) -> impl Iterator<Item = (u64, usize)> + use<> {
        let columns = self.columns;
        (0..columns).step_by(CHUNK).map(move |c| (c, (columns - c).min(CHUNK as u64) as usize))
    }

    /// W_l over a chunk of neurons of the layer below it, [output][vector].
    #[inline(always)]
    pub(super) fn top<T: Real>(
        &self,
        outputs: usize,
        first: u64,
        width: u64,
        out: &mut [Vector<T>],
        v: usize,
    ) {
        match self.source {
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

    /// N, n × m_l in f64, if this is W_l and `below` the transposed activations (m_{l−1} × n) that it takes.
    pub(super) fn outputs<T: Real>(&self, below: &[T], n: usize) -> Vec<f64> {
        let outputs = self.rows as usize;
        let mut out = vec![0.0; n * outputs];
        for o in 0..outputs {
            let mut sums = vec![0.0; n];
            for (first, count) in self.column_chunks() {
                let mut row = [[T::ZERO; LANES]; CHUNK_VECTORS];
                self.row(o, first, &mut row);
                let neurons = below[first as usize * n..].chunks_exact(n);
                for (w, a) in row.as_flattened()[..count].iter().zip(neurons) {
                    sums.iter_mut().zip(a).for_each(|(sum, a)| *sum += w.to_f64() * a.to_f64());
                }
            }
            out.iter_mut().skip(o).step_by(outputs).zip(sums).for_each(|(out, sum)| *out = sum);
        }
        out
    }

    /// Row o from column `first`.
    fn row<T: Real>(&self, o: usize, first: u64, out: &mut [Vector<T>]) {
        match self.source {
            Source::Drawn(tensor) => draw::row(&tensor, o as u32, first, self.columns, out),
            Source::Matrix(values) => {
                for (k, value) in out.as_flattened_mut().iter_mut().enumerate() {
                    let column = first + k as u64;
                    let at = (o as u64 * self.columns + column) as usize;
                    *value = if column < self.columns { T::from_f64(values[at]) } else { T::ZERO };
                }
            }
        }
    }
}
