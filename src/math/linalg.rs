//! The spectrum of small symmetric matrices in f64, by faer, one thread: parallelism is over seeds.
//!
//! Matrices are row-major slices of n·n values; only the lower triangle is read.

use faer::linalg::solvers::SelfAdjointEigen;
use faer::{MatRef, Side};

/// The eigenvalue iteration did not converge, which finite symmetric matrices do not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the eigenvalues of a {size} x {size} matrix did not converge; it holds values that are not finite")]
pub struct NoConvergence {
    /// Rows of the matrix.
    pub size: usize,
}

/// The largest absolute value, 0 of none; what is not a number is passed over.
pub fn max_abs(values: &[f64]) -> f64 {
    // Side by side, since each comparison waits for the one before it; the largest is the same in any order.
    let (eights, rest) = values.as_chunks::<8>();
    let mut most = [0.0; 8];
    for eight in eights {
        most.iter_mut().zip(eight).for_each(|(most, v)| *most = f64::max(*most, v.abs()));
    }
    let rest = rest.iter().map(|v| v.abs());
    most.into_iter().chain(rest).fold(0.0, f64::max)
}

/// Eigenvalues in ascending order.
pub fn eigenvalues(matrix: &[f64], n: usize) -> Result<Vec<f64>, NoConvergence> {
    if !matrix.iter().all(|v| v.is_finite()) {
        return Err(NoConvergence { size: n });
    }
    // Row-major read as column-major is the transpose: the lower triangle becomes the upper one.
    MatRef::from_column_major_slice(matrix, n, n)
        .self_adjoint_eigenvalues(Side::Upper)
        .map_err(|_| NoConvergence { size: n })
}

/// Eigenvalues in ascending order and eigenvectors; vector j is `vectors[j*n .. (j+1)*n]`.
pub fn eigen(matrix: &[f64], n: usize) -> Result<(Vec<f64>, Vec<f64>), NoConvergence> {
    if !matrix.iter().all(|v| v.is_finite()) {
        return Err(NoConvergence { size: n });
    }
    let view = MatRef::from_column_major_slice(matrix, n, n);
    let eigen = SelfAdjointEigen::new(view, Side::Upper).map_err(|_| NoConvergence { size: n })?;
    let values = eigen.S().column_vector().iter().copied().collect();
    let mut vectors = Vec::with_capacity(n * n);
    for j in 0..n {
        vectors.extend(eigen.U().col(j).iter().copied());
    }
    Ok((values, vectors))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spectrum_of_a_known_matrix() {
        // Second difference matrix: eigenvalues 2 − 2 cos(πj/(n+1)). The upper triangle is junk: it is not read.
        let n = 7;
        let a: Vec<f64> = (0..n * n)
            .map(|k| match (k / n, k % n) {
                (i, j) if j > i => f64::MAX,
                (i, j) if i == j => 2.0,
                (i, j) if i == j + 1 => -1.0,
                _ => 0.0,
            })
            .collect();
        let expected: Vec<f64> =
            (1..=n).map(|j| 2.0 - 2.0 * (std::f64::consts::PI * j as f64 / (n + 1) as f64).cos()).collect();
        let values = eigenvalues(&a, n).unwrap();
        let (again, vectors) = eigen(&a, n).unwrap();
        for j in 0..n {
            assert!((values[j] - expected[j]).abs() < 1e-14 && (again[j] - expected[j]).abs() < 1e-14);
            let v = &vectors[j * n..(j + 1) * n];
            let av0 = 2.0 * v[0] - v[1];
            assert!((av0 - expected[j] * v[0]).abs() < 1e-14);
        }
    }

    #[test]
    fn the_largest_value_is_found_wherever_it_stands() {
        for length in [0, 1, 7, 8, 9, 40] {
            for at in 0..length {
                let mut values: Vec<f64> = (0..length).map(|k| k as f64 / 100.0).collect();
                values[at] = -3.0;
                assert_eq!(max_abs(&values), 3.0, "{at} of {length}");
                values[at] = f64::NAN;
                assert!(max_abs(&values) < 1.0);
            }
        }
        assert_eq!(max_abs(&[]), 0.0);
    }

    #[test]
    fn what_is_not_finite_is_an_error() {
        assert!(eigenvalues(&[f64::NAN], 1).is_err());
        assert!(eigen(&[1.0, 0.0, f64::INFINITY, 1.0], 2).is_err());
    }
}
