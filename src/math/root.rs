//! Square roots of Gram matrices that reveal rank, and the products around them, in f64.
//!
//! ```text
//! C = D E D with unit diagonal E;   E = V λ Vᵀ;   S = E^½ D,  S⁺ = D⁻¹ E^(−½);   SᵀS = C
//! ```
//!
//! The root is symmetric up to D, so it is a continuous function of C and a conditional draw is reproducible across
//! devices (a Cholesky factor loses several orders sooner). Eigenvalues of E up to 4·n·ε²·λ_max + 32·√n·ε' count as
//! zero, ε² and ε' as [`Noise`] says. Two points count as one below a relative distance of about √(2·cut), λ_max ≤ n:
//! at most n·3.4e−7 for f32 panels and f64 sums, ε' = 0. A zero on the diagonal (a zero row of X, a layer in which
//! every unit is dead for that point) gives exactly zero rows and columns in S and S⁺.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use super::linalg::{NoConvergence, eigen};

/// Relative rounding of what a Gram matrix was summed from, which decides its rank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Of the entries of the rows, squared: two rows that differ by rounding differ by so much in the matrix.
    pub panels: f64,
    /// Of the sums, where they are rounded above that; 0 where they are in f64.
    pub sums: f64,
}

impl Noise {
    /// Of rows whose sums lose nothing.
    pub fn of_panels(panels: f64) -> Self {
        Self { panels, sums: 0.0 }
    }

    /// Eigenvalues of an n × n matrix of unit diagonal up to this count as zero, `largest` being the largest of them.
    /// Errors σ of the sums are independent and reach 2σ√n in the operator norm; σ is about 4·`sums` where one sum has
    /// 16 terms (less where it has more), and this leaves four times that.
    pub fn cut(&self, n: usize, largest: f64) -> f64 {
        4.0 * n as f64 * self.panels * largest + 32.0 * (n as f64).sqrt() * self.sums
    }
}

/// S and S⁺ of one Gram matrix, row-major n × n.
#[derive(Clone, Debug, Default)]
pub struct Root {
    /// S, SᵀS = C.
    pub half: Vec<f64>,
    /// S⁺, the pseudo-inverse of S; empty if it was not asked for.
    pub pseudo: Vec<f64>,
}

/// The root of a Gram matrix of which the lower triangle is read; `with_pseudo` asks for S⁺ too.
pub fn root(gram: &[f64], n: usize, noise: Noise, with_pseudo: bool) -> Result<Root, NoConvergence> {
    let scale: Vec<f64> = (0..n).map(|i| gram[i * n + i].max(0.0).sqrt()).collect();
    let inverse: Vec<f64> = scale.iter().map(|&d| if d > 0.0 { 1.0 / d } else { 0.0 }).collect();
    let mut unit = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            unit[i * n + j] = gram[i * n + j] * inverse[i] * inverse[j];
        }
    }
    let (values, vectors) = eigen(&unit, n)?;
    let cut = noise.cut(n, values.last().copied().unwrap_or(0.0));
    let power = |exponent: fn(f64) -> f64| {
        let v = MatRef::from_column_major_slice(&vectors, n, n);
        let scaled =
            Mat::from_fn(n, n, |i, j| if values[j] > cut { v[(i, j)] * exponent(values[j]) } else { 0.0 });
        let mut out = Mat::zeros(n, n);
        matmul(out.as_mut(), Accum::Replace, scaled.as_ref(), v.transpose(), 1.0, Par::Seq);
        out
    };
    let half = power(f64::sqrt);
    // Eigenvectors of the rest may have rounding in a zero row; it must be exactly zero.
    let live = |i: usize, x: f64| if scale[i] > 0.0 { x } else { 0.0 };
    let half = entries(n, |i, j| live(i, half[(i, j)]) * scale[j]);
    let pseudo = if with_pseudo {
        let inverse_half = power(|x| 1.0 / x.sqrt());
        entries(n, |i, j| inverse[i] * live(j, inverse_half[(i, j)]))
    } else {
        Vec::new()
    };
    Ok(Root { half, pseudo })
}

/// a·b for row-major a (rows × inner) and b (inner × columns); with `transposed`, a is stored inner × rows.
pub fn product(
    a: &[f64],
    transposed: bool,
    b: &[f64],
    rows: usize,
    inner: usize,
    columns: usize,
) -> Vec<f64> {
    let a = if transposed {
        MatRef::from_column_major_slice(a, rows, inner)
    } else {
        MatRef::from_row_major_slice(a, rows, inner)
    };
    let b = MatRef::from_row_major_slice(b, inner, columns);
    // A row-major result is the column-major transpose.
    let mut out = Mat::zeros(columns, rows);
    matmul(out.as_mut(), Accum::Replace, b.transpose(), a.transpose(), 1.0, Par::Seq);
    let mut flat = Vec::with_capacity(rows * columns);
    for i in 0..rows {
        flat.extend(out.col(i).iter().copied());
    }
    flat
}

fn entries(n: usize, value: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    (0..n * n).map(|k| value(k / n, k % n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Gram matrix of 5 vectors in 3 dimensions, one of them zero, two of them equal, norms 1e−6 to 10.
    fn singular() -> (usize, Vec<f64>) {
        let rows = [[1.0, 2.0, 3.0], [0.0; 3], [1e-6, -1e-6, 0.0], [1.0, 2.0, 3.0], [-4.0, 0.5, 9.0]];
        let dot = |x: &[f64; 3], y: &[f64; 3]| x.iter().zip(y).map(|(a, b)| a * b).sum::<f64>();
        (5, entries(5, |i, j| dot(&rows[i], &rows[j])))
    }

    #[test]
    fn root_and_pseudo_inverse_of_a_singular_gram() {
        let (n, c) = singular();
        let r = root(&c, n, Noise::of_panels(f64::EPSILON), true).unwrap();
        let sts = product(&r.half, true, &r.half, n, n, n);
        for k in 0..n * n {
            let scale = (c[k / n * n + k / n] * c[k % n * n + k % n]).sqrt();
            assert!((sts[k] - c[k]).abs() <= 1e-14 * scale, "{k}: {} {}", sts[k], c[k]);
        }
        // C S⁺(S⁺)ᵀ C = C: S⁺ inverts on the range, and a wrong cut would not.
        let p = product(
            &c,
            false,
            &product(&r.pseudo, false, &product(&r.pseudo, true, &c, n, n, n), n, n, n),
            n,
            n,
            n,
        );
        for k in 0..n * n {
            let scale = (c[k / n * n + k / n] * c[k % n * n + k % n]).sqrt();
            assert!((p[k] - c[k]).abs() <= 1e-12 * scale, "{k}: {} {}", p[k], c[k]);
        }
        for i in 0..n {
            assert_eq!(
                (r.half[n + i], r.half[i * n + 1], r.pseudo[n + i], r.pseudo[i * n + 1]),
                (0.0, 0.0, 0.0, 0.0)
            );
        }
    }

    #[test]
    fn product_of_rectangles() {
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let b = [7.0, 8.0, 9.0];
        assert_eq!(product(&a, false, &b, 2, 3, 1), vec![50.0, 122.0]);
        assert_eq!(product(&a, true, &b, 2, 3, 1), vec![76.0, 100.0]);
    }
}
