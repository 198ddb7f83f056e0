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
    fn what_is_not_finite_is_an_error() {
        assert!(eigenvalues(&[f64::NAN], 1).is_err());
        assert!(eigen(&[1.0, 0.0, f64::INFINITY, 1.0], 2).is_err());
    }
}
