//! The two products of every pass, on one chunk of neurons that fits the first cache.
//!
//! ```text
//! project  out[i][r] (+)= Σ_j coefficients[j][i] · x[j][r]      small matrix × panel, in the panel's type
//! gram     sums[i][j] += Σ_r x[i][r] · y[j][r]                  panel × panelᵀ, in f64 throughout
//! ```
//!
//! Neurons r are the vector lanes, so any number of points uses full registers. The order of every sum is fixed by
//! the shapes and the instruction set: neither threads nor batches move a bit. `gram` is f64 because
//! the small matrices decide how far two devices agree at depth: f32 sums cost up to 1e−2 at depth 100, f64 sums
//! 5e−5 (f32 panels against all-f64).

use pulp::Simd;

use super::real::{LANES, Real, Vector};

/// Rows of the result that `project` keeps in registers.
const TILE: usize = 4;

/// `out[i] (+)= Σ_j coefficients[j·n_out + i]·x[j]` for i < n_out; `x` and `out` hold `columns` vectors a row.
#[inline(always)]
pub fn project<T: Real, S: Simd, const ADD: bool>(
    coefficients: &[T],
    n_out: usize,
    x: &[Vector<T>],
    out: &mut [Vector<T>],
    columns: usize,
) {
    // Made once and copied for every tile: making it takes a division, as long as two products of a tile.
    let rows = x.chunks_exact(columns).zip(coefficients.chunks_exact(n_out));
    // Four rows of f64 would be all the registers of 128 bits there are, and more with what is multiplied.
    let tile = if size_of::<T>() == 8 && S::F64_LANES == 2 { 2 } else { TILE };
    let mut i = 0;
    while i + tile <= n_out {
        let out = &mut out[i * columns..];
        match tile {
            2 => project_tile::<T, S, ADD, 2>(&rows, i, out, columns),
            _ => project_tile::<T, S, ADD, TILE>(&rows, i, out, columns),
        }
        i += tile;
    }
    while i < n_out {
        project_tile::<T, S, ADD, 1>(&rows, i, &mut out[i * columns..], columns);
        i += 1;
    }
}

/// Rows `first` to `first + I` of the result; each of `rows` is a row of the panel and its coefficients.
#[inline(always)]
fn project_tile<'a, T: Real, S: Simd, const ADD: bool, const I: usize>(
    rows: &(impl Iterator<Item = (&'a [Vector<T>], &'a [T])> + Clone),
    first: usize,
    out: &mut [Vector<T>],
    columns: usize,
) {
    for c in 0..columns {
        let mut sums = [[T::ZERO; LANES]; I];
        for (row, weights) in rows.clone() {
            let v = &row[c];
            let w = &weights[first..first + I];
            for i in 0..I {
                for l in 0..LANES {
                    sums[i][l] = w[i].mul_add::<S>(v[l], sums[i][l]);
                }
            }
        }
        // Sums are taken by a constant index: by another they would have to stand in memory all the time.
        for i in 0..I {
            let target = &mut out[i * columns + c];
            for l in 0..LANES {
                target[l] = if ADD { target[l] + sums[i][l] } else { sums[i][l] };
            }
        }
    }
}

/// `sums[i·n_y + j] += Σ_r x[i][r]·y[j][r]`; rows of `rows` values, a multiple of 16.
/// With `LOWER` (x = y) only entries with j ≤ i are certain to be right; the others are left alone or partly summed.
///
/// The vectors are spelt out: left to the compiler, the tile is turned on its side and shuffled, at half the speed.
/// Four rows by three columns are twelve sums in sixteen registers, seven loads for twelve products. Of registers of
/// 128 bits there are 32 (NEON), enough for four columns; three would be shuffled even so.
#[inline(always)]
pub fn gram<S: Simd, const LOWER: bool>(
    simd: S,
    x: &[f64],
    n_x: usize,
    y: &[f64],
    n_y: usize,
    rows: usize,
    sums: &mut [f64],
) {
    let x = |i: usize| S::as_simd_f64s(&x[i * rows..(i + 1) * rows]).0;
    let y = |j: usize| S::as_simd_f64s(&y[j * rows..(j + 1) * rows]).0;
    let mut i = 0;
    while i < n_x {
        let tall = i + 4 <= n_x;
        let height = if tall { 4 } else { 1 };
        let end = if LOWER { (i + height).min(n_y) } else { n_y };
        let mut j = 0;
        while j < end {
            // Four columns that do not fit are two and two: a single one would leave most of the multipliers idle.
            let across = match (end - j, S::F64_LANES) {
                (1, _) => 1,
                (4.., 2) => 4,
                (2 | 4, _) | (_, 2) => 2,
                _ => 3,
            };
            let target = &mut sums[i * n_y + j..];
            let rows = || [x(i), x(i + 1), x(i + 2), x(i + 3)];
            match (tall, across) {
                (true, 4) => gram_tile(simd, rows(), [y(j), y(j + 1), y(j + 2), y(j + 3)], target, n_y),
                (true, 3) => gram_tile(simd, rows(), [y(j), y(j + 1), y(j + 2)], target, n_y),
                (true, 2) => gram_tile(simd, rows(), [y(j), y(j + 1)], target, n_y),
                (true, _) => gram_tile(simd, rows(), [y(j)], target, n_y),
                (false, 4) => gram_tile(simd, [x(i)], [y(j), y(j + 1), y(j + 2), y(j + 3)], target, n_y),
                (false, 3) => gram_tile(simd, [x(i)], [y(j), y(j + 1), y(j + 2)], target, n_y),
                (false, 2) => gram_tile(simd, [x(i)], [y(j), y(j + 1)], target, n_y),
                (false, _) => gram_tile(simd, [x(i)], [y(j)], target, n_y),
            }
            j += across;
        }
        i += height;
    }
}

#[inline(always)]
fn gram_tile<S: Simd, const I: usize, const J: usize>(
    simd: S,
    x: [&[S::f64s]; I],
    y: [&[S::f64s]; J],
    sums: &mut [f64],
    stride: usize,
) {
    let steps = x[0].len();
    // One comparison here spares one for every load below. Rows of two lengths would be a fault of the caller, and half
    // a sum.
    assert!(x.iter().chain(&y).all(|row| row.len() == steps), "rows of a Gram product differ in length");
    let mut partial = [[simd.splat_f64s(0.0); J]; I];
    for s in 0..steps {
        for i in 0..I {
            for j in 0..J {
                partial[i][j] = simd.mul_add_e_f64s(x[i][s], y[j][s], partial[i][j]);
            }
        }
    }
    for i in 0..I {
        for j in 0..J {
            sums[i * stride + j] += simd.reduce_sum_f64s(partial[i][j]);
        }
    }
}

/// Vectors as f64 rows for [`gram`].
#[inline(always)]
pub fn widen<T: Real>(x: &[Vector<T>], out: &mut [f64]) {
    for (target, value) in out.iter_mut().zip(x.as_flattened()) {
        *target = value.to_f64();
    }
}
