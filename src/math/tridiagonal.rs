//! Householder's reduction of a small symmetric matrix to a tridiagonal one with the same eigenvalues, on one thread.
//!
//! From the last row up, a reflection H = I − τ·v·vᵀ turns what stands left of the diagonal into one entry
//! (Golub and Van Loan, Matrix Computations, section 8.3.1, from the other end):
//!
//! ```text
//! H A H = A − v·wᵀ − w·vᵀ      p = τ·A·v,   w = p − ½·τ·(vᵀp)·v
//! ```
//!
//! A matrix of 64 rows fills the first cache, so one pass over it both takes in the reflection before and multiplies
//! by the next: 4 multiply-adds for each entry read and written. Rows start at column 0 and only the lower triangle is
//! kept, but for the squares of [`side`] columns on the diagonal, which are kept whole: no vector is ever cut.
//! faer's reduction, a column of any length at a time, takes 3.8 times as long at 32 rows, 2.4 times at 128 and 1.7
//! times at 512 (`benches/record/2026-11-26-norms-zen3.csv`).
//!
//! The order of every sum is fixed by the size and the width of registers.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

/// A symmetric tridiagonal matrix.
pub(super) struct Tridiagonal {
    /// n entries.
    pub(super) diagonal: Vec<f64>,
    /// Left of each of them; the first is 0.
    pub(super) beside: Vec<f64>,
}

/// What is to become zero in a row counts as zero where the sum of its squares is at most this: an error far below the
/// rounding of a largest entry of 1, and safe from what underflow leaves of smaller squares.
const NEGLIGIBLE: f64 = 1e-60;

/// Of factor·A, whose largest entry is from 1 to 2, or less where A is subnormal. A is row-major, n × n and finite; its
/// lower triangle is read.
pub(super) fn tridiagonal(matrix: &[f64], n: usize, factor: f64) -> Tridiagonal {
    Arch::new().dispatch(Reduction { matrix, n, factor })
}

struct Reduction<'a> {
    matrix: &'a [f64],
    n: usize,
    factor: f64,
}

/// Columns of the squares on the diagonal: whole vectors, and both rows of a pair.
fn side<S: Simd>() -> usize {
    S::F64_LANES.max(2)
}

impl WithSimd for Reduction<'_> {
    type Output = Tridiagonal;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Tridiagonal {
        let n = self.n;
        let stride = n.next_multiple_of(side::<S>());
        let mut a = self.lower(side::<S>(), stride);
        let [mut diagonal, mut beside] = [vec![0.0; n], vec![0.0; n]];
        // Of the reflection before, and the next v; products with rows and with columns of the lower triangle.
        let [mut v, mut w, mut next, mut across, mut down] = std::array::from_fn(|_| vec![0.0; stride]);
        for i in (0..n).rev() {
            row(simd, &a[i * stride..(i + 1) * stride], i, [&v, &w], &mut next);
            diagonal[i] = next[i];
            // What earlier reflections left in rows and columns from i on meets these zeros in every sum.
            next[i..].fill(0.0);
            if i == 0 {
                break;
            }
            let tau;
            (beside[i], tau) = reflection(simd, &mut next, i);
            down.fill(0.0);
            for (j, rows) in (0..i).step_by(2).zip(a.chunks_exact_mut(2 * stride)) {
                let products = pair(simd, rows, j, [&v, &w, &next], &mut down);
                across[j..j + 2].copy_from_slice(&products);
            }
            companion(simd, tau, &next, [&across, &down], i, &mut w);
            std::mem::swap(&mut v, &mut next);
        }
        Tridiagonal { diagonal, beside }
    }
}

impl Reduction<'_> {
    /// The lower triangle in rows of so many columns, with the squares on the diagonal made whole; 0 elsewhere.
    fn lower(&self, side: usize, stride: usize) -> Vec<f64> {
        let (n, factor) = (self.n, self.factor);
        let mut a = vec![0.0; n * stride];
        for (i, row) in a.chunks_exact_mut(stride).enumerate() {
            row.iter_mut().zip(&self.matrix[i * n..=i * n + i]).for_each(|(a, value)| *a = value * factor);
            let end = (i + 1).next_multiple_of(side).min(n);
            (i + 1..end).for_each(|j| row[j] = self.matrix[j * n + i] * factor);
        }
        a
    }
}

/// Row i with the reflection before taken in.
#[inline(always)]
fn row<S: Simd>(simd: S, a: &[f64], i: usize, [v, w]: [&[f64]; 2], out: &mut [f64]) {
    let minus = [simd.splat_f64s(-v[i]), simd.splat_f64s(-w[i])];
    let (a, v, w) = (S::as_simd_f64s(a).0, S::as_simd_f64s(v).0, S::as_simd_f64s(w).0);
    for (((out, a), v), w) in S::as_mut_simd_f64s(out).0.iter_mut().zip(a).zip(v).zip(w) {
        *out = reflected(simd, *a, minus, [*v, *w]);
    }
}

/// a − v·wᵀ − w·vᵀ for one row, whose entries of v and w come negated.
#[inline(always)]
fn reflected<S: Simd>(simd: S, a: S::f64s, [v_row, w_row]: [S::f64s; 2], [v, w]: [S::f64s; 2]) -> S::f64s {
    simd.mul_add_e_f64s(w_row, v, simd.mul_add_e_f64s(v_row, w, a))
}

/// Turns the first i entries of a row, 0 beyond, into v. Returns the one entry that is left of them, and τ; where all
/// but the last are zero, v and τ are zero.
#[inline(always)]
fn reflection<S: Simd>(simd: S, x: &mut [f64], i: usize) -> (f64, f64) {
    let last = std::mem::take(&mut x[i - 1]);
    let rest = dot(simd, x, x);
    if rest <= NEGLIGIBLE {
        x[..i].fill(0.0);
        return (last, 0.0);
    }
    let length = (last * last + rest).sqrt();
    // Of the sign that adds up.
    let left = -length.copysign(last);
    x[i - 1] = last - left;
    (left, 1.0 / (length * (length + last.abs())))
}

/// Rows j and j + 1: takes in the reflection before, v and w, and returns their products with the next one, x. Adds
/// to `down` what their entries left of the square contribute as columns.
#[inline(always)]
fn pair<S: Simd>(simd: S, rows: &mut [f64], j: usize, [v, w, x]: [&[f64]; 3], down: &mut [f64]) -> [f64; 2] {
    let at = j / side::<S>() * side::<S>();
    let (left, square) = (0..at, at..at + side::<S>());
    let (first, second) = rows.split_at_mut(rows.len() / 2);
    let mut pair = Pair {
        minus_v: [simd.splat_f64s(-v[j]), simd.splat_f64s(-v[j + 1])],
        minus_w: [simd.splat_f64s(-w[j]), simd.splat_f64s(-w[j + 1])],
        x: [simd.splat_f64s(x[j]), simd.splat_f64s(x[j + 1])],
        sums: [simd.splat_f64s(0.0); 2],
    };
    let others = |columns: &Range<usize>| [&v[columns.clone()], &w[columns.clone()], &x[columns.clone()]];
    let rows = [&mut first[left.clone()], &mut second[left.clone()]];
    pair.pass::<S, true>(simd, rows, others(&left), &mut down[left]);
    let rows = [&mut first[square.clone()], &mut second[square.clone()]];
    pair.pass::<S, false>(simd, rows, others(&square), &mut down[square]);
    [simd.reduce_sum_f64s(pair.sums[0]), simd.reduce_sum_f64s(pair.sums[1])]
}

/// Two rows: their entries of v and w, negated, and of x; the sums of their products with x.
struct Pair<V> {
    minus_v: [V; 2],
    minus_w: [V; 2],
    x: [V; 2],
    sums: [V; 2],
}

impl<V: Copy> Pair<V> {
    /// Some columns of both rows, and of v, w and x; with `DOWN` they are rows too, by symmetry.
    #[inline(always)]
    fn pass<S: Simd<f64s = V>, const DOWN: bool>(
        &mut self,
        simd: S,
        [first, second]: [&mut [f64]; 2],
        [v, w, x]: [&[f64]; 3],
        down: &mut [f64],
    ) {
        let first = S::as_mut_simd_f64s(first).0;
        let end = first.len();
        let second = &mut S::as_mut_simd_f64s(second).0[..end];
        let (v, w) = (&S::as_simd_f64s(v).0[..end], &S::as_simd_f64s(w).0[..end]);
        let x = &S::as_simd_f64s(x).0[..end];
        let down = &mut S::as_mut_simd_f64s(down).0[..end];
        let Self { minus_v, minus_w, x: own, mut sums } = *self;
        for k in 0..end {
            let a = reflected(simd, first[k], [minus_v[0], minus_w[0]], [v[k], w[k]]);
            let b = reflected(simd, second[k], [minus_v[1], minus_w[1]], [v[k], w[k]]);
            first[k] = a;
            second[k] = b;
            sums[0] = simd.mul_add_e_f64s(a, x[k], sums[0]);
            sums[1] = simd.mul_add_e_f64s(b, x[k], sums[1]);
            if DOWN {
                down[k] = simd.mul_add_e_f64s(b, own[1], simd.mul_add_e_f64s(a, own[0], down[k]));
            }
        }
        self.sums = sums;
    }
}

/// w of the reflection v, τ from the products with A; 0 beyond the first i entries.
#[inline(always)]
fn companion<S: Simd>(simd: S, tau: f64, v: &[f64], [across, down]: [&[f64]; 2], i: usize, w: &mut [f64]) {
    let factor = simd.splat_f64s(tau);
    let sums = S::as_simd_f64s(across).0.iter().zip(S::as_simd_f64s(down).0);
    for (p, (across, down)) in S::as_mut_simd_f64s(w).0.iter_mut().zip(sums) {
        *p = simd.mul_f64s(factor, simd.add_f64s(*across, *down));
    }
    // What stands in the columns beyond stays as it is, and finite.
    w[i..].fill(0.0);
    let factor = simd.splat_f64s(-0.5 * tau * dot(simd, v, w));
    for (w, v) in S::as_mut_simd_f64s(w).0.iter_mut().zip(S::as_simd_f64s(v).0) {
        *w = simd.mul_add_e_f64s(factor, *v, *w);
    }
}

/// xᵀy of rows whose length is a multiple of a vector's.
#[inline(always)]
fn dot<S: Simd>(simd: S, x: &[f64], y: &[f64]) -> f64 {
    let (x, x_last) = S::as_simd_f64s(x).0.as_chunks::<2>();
    let (y, y_last) = S::as_simd_f64s(y).0.as_chunks::<2>();
    let (mut even, mut odd) = (simd.splat_f64s(0.0), simd.splat_f64s(0.0));
    for (x, y) in x.iter().zip(y) {
        even = simd.mul_add_e_f64s(x[0], y[0], even);
        odd = simd.mul_add_e_f64s(x[1], y[1], odd);
    }
    if let ([x], [y]) = (x_last, y_last) {
        even = simd.mul_add_e_f64s(*x, *y, even);
    }
    simd.reduce_sum_f64s(simd.add_f64s(even, odd))
}

#[cfg(test)]
mod tests {
    use pulp::{Scalar, Scalar128b, Scalar256b, Scalar512b};

    use super::*;
    use crate::math::linalg::{eigenvalues, max_abs};
    use crate::rng::{Role, Stream};

    /// By the registers of this machine, and in vectors of 1, 2, 4 and 8 numbers.
    fn by_all_widths(matrix: &[f64], n: usize, factor: f64) -> [Tridiagonal; 5] {
        let reduction = || Reduction { matrix, n, factor };
        [
            tridiagonal(matrix, n, factor),
            reduction().with_simd(Scalar),
            reduction().with_simd(Scalar128b),
            reduction().with_simd(Scalar256b),
            reduction().with_simd(Scalar512b),
        ]
    }

    /// Asserts that T has the eigenvalues of A, to n·ε of the largest.
    fn check(matrix: &[f64], n: usize) {
        let factor = 0.5f64.powf(max_abs(matrix).log2().floor());
        let expected: Vec<f64> = eigenvalues(matrix, n).unwrap().iter().map(|value| value * factor).collect();
        let allowed = 4.0 * n as f64 * f64::EPSILON * max_abs(&expected);
        for Tridiagonal { diagonal, beside } in by_all_widths(matrix, n, factor) {
            let mut dense = vec![0.0; n * n];
            for i in 0..n {
                dense[i * n + i] = diagonal[i];
                if i > 0 {
                    dense[i * n + i - 1] = beside[i];
                }
            }
            for (found, expected) in eigenvalues(&dense, n).unwrap().into_iter().zip(&expected) {
                assert!((found - expected).abs() <= allowed, "{n} rows: {found} is not {expected}");
            }
        }
    }

    fn symmetric(stream: &mut Stream, n: usize) -> Vec<f64> {
        let rows: Vec<f64> = (0..n * n).map(|_| stream.normal()).collect();
        (0..n * n).map(|k| rows[k] + rows[k % n * n + k / n]).collect()
    }

    #[test]
    fn eigenvalues_stay() {
        let mut stream = Stream::new(5, Role::Data);
        for n in (1..=20).chain([31, 32, 33, 64, 100, 130]) {
            check(&symmetric(&mut stream, n), n);
        }
    }

    /// The last row is reduced first, as it is given: at 1e−155 to 1e−162 its squares are subnormal, with few digits,
    /// at 1e−300 they are zero.
    #[test]
    fn rows_that_are_nearly_zero() {
        let mut stream = Stream::new(7, Role::Data);
        for n in [3, 4, 5, 8, 17, 40] {
            let given = symmetric(&mut stream, n);
            for small in [0.0, 1e-10, 1e-14, 1e-25, 1e-29, 1e-30, 1e-31, 1e-155, 1e-160, 1e-162, 1e-300] {
                let mut matrix = given.clone();
                (0..n - 1).for_each(|k| matrix[(n - 1) * n + k] *= small);
                (0..n - 1).for_each(|k| matrix[k * n + n - 1] *= small);
                check(&matrix, n);
            }
        }
        // Of [[1, 0, s], [0, 1, 0], [s, 0, 1]] the eigenvalues are 1 − s, 1 and 1 + s: without an s of 1e−14, wrong ones.
        for (s, left) in [(1e-14, true), (1e-29, true), (1e-31, false)] {
            let matrix = [1.0, 0.0, s, 0.0, 1.0, 0.0, s, 0.0, 1.0];
            for t in by_all_widths(&matrix, 3, 1.0) {
                let expected = if left { s } else { 0.0 };
                assert!((t.beside[2].abs() - expected).abs() <= 1e-15 * s, "{s}: {:?}", t.beside);
            }
        }
    }

    #[test]
    fn only_the_lower_triangle_is_read() {
        let n = 11;
        let lower = |i: usize, j: usize| ((7 * i + 3 * j) % 5) as f64 - 2.0;
        let full: Vec<f64> = (0..n * n).map(|k| lower((k / n).max(k % n), (k / n).min(k % n))).collect();
        let junk: Vec<f64> = (0..n * n).map(|k| if k % n > k / n { f64::NAN } else { full[k] }).collect();
        for (a, b) in by_all_widths(&full, n, 0.5).into_iter().zip(by_all_widths(&junk, n, 0.5)) {
            assert_eq!((a.diagonal, a.beside), (b.diagonal, b.beside));
        }
    }
}
