//! One kernel against its limit.
//!
//! With K = K(θ) of n points and m_l outputs, and K∞ ⊗ I the limit (n·m_l rows, point-major):
//!
//! ```text
//! deviation_x = ‖K/n − (K∞/n) ⊗ I‖_x        relative_x = deviation_x / ‖(K∞/n) ⊗ I‖_x        x = op, fro, max
//! lambda_min, lambda_max, trace of K/n
//! ```
//!
//! `op` is the largest |eigenvalue|, `fro` the Frobenius norm, `max` the largest entry in absolute value.
//!
//! Cost: two reductions to tridiagonal matrices of size n·m_l and three passes over the kernel. For K∞ = 0 (every point
//! is zero) the relative deviations are NaN, which a store writes as NULL.

use crate::math::extremes::{extremes, operator_norm};
use crate::math::linalg::{NoConvergence, eigenvalues, max_abs};
use crate::units::counted;

/// K∞/n of a data set and its norms, computed once for all seeds of a cell.
#[derive(Clone, Debug)]
pub struct Reference {
    /// K∞/n, n × n.
    limit: Vec<f64>,
    n: usize,
    outputs: usize,
    norm_op: f64,
    norm_fro: f64,
    norm_max: f64,
    eigenvalues: Vec<f64>,
}

/// The statistics of one sample; see the module for their definitions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KernelStatistics {
    /// Operator norm of the deviation of K/n.
    pub deviation_op: f64,
    /// Frobenius norm of the deviation of K/n.
    pub deviation_fro: f64,
    /// Largest entry of the deviation of K/n.
    pub deviation_max: f64,
    /// deviation_op over the operator norm of K∞/n; NaN where that is 0.
    pub relative_op: f64,
    /// deviation_fro over the Frobenius norm of (K∞/n) ⊗ I; NaN where that is 0.
    pub relative_fro: f64,
    /// deviation_max over the largest entry of K∞/n; NaN where that is 0.
    pub relative_max: f64,
    /// Least eigenvalue of K/n.
    pub lambda_min: f64,
    /// Largest eigenvalue of K/n.
    pub lambda_max: f64,
    /// Trace of K/n.
    pub trace: f64,
}

/// K(θ) against K_gia of the same draws, which has the law that gradients independent of activations would give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Independence {
    /// Operator norm of (K − K_gia)/n.
    pub op: f64,
    /// Frobenius norm of (K − K_gia)/n.
    pub fro: f64,
    /// Largest entry of |K − K_gia|/n.
    pub max: f64,
    /// op over the operator norm of K∞/n; NaN where that is 0.
    pub relative_op: f64,
    /// Operator norm of K_gia/n − K∞/n: what deviation_op is of K.
    pub deviation_op: f64,
}

/// Why a kernel cannot be compared with a limit.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MeasureError {
    /// A matrix has the wrong number of entries.
    #[error(
        "the {what} has {}; {} with {} need {expected}",
        counted(*found, "entry"),
        counted(*n, "point"),
        counted(*outputs, "output")
    )]
    Shape {
        /// Which matrix.
        what: &'static str,
        /// Entries found.
        found: usize,
        /// Entries needed.
        expected: usize,
        /// Points.
        n: usize,
        /// Outputs.
        outputs: usize,
    },
    /// A matrix holds values that are not finite.
    #[error("the spectrum of the {what} cannot be computed")]
    Spectrum {
        /// Which matrix.
        what: &'static str,
        /// What the eigenvalue solver says.
        #[source]
        source: NoConvergence,
    },
}

impl Reference {
    /// From K∞ (n × n, row-major, symmetric, scale included) of a network with this many outputs.
    pub fn new(limit_ntk: &[f64], n: usize, outputs: usize) -> Result<Self, MeasureError> {
        let what = "limit kernel";
        if n == 0 || outputs == 0 || limit_ntk.len() != n * n {
            return Err(MeasureError::Shape { what, found: limit_ntk.len(), expected: n * n, n, outputs });
        }
        let limit: Vec<f64> = limit_ntk.iter().map(|k| k / n as f64).collect();
        let eigenvalues = eigenvalues(&limit, n).map_err(|source| MeasureError::Spectrum { what, source })?;
        let norm_max = max_abs(&limit);
        Ok(Self {
            norm_op: max_abs(&eigenvalues),
            norm_fro: frobenius(&limit, norm_max) * (outputs as f64).sqrt(),
            norm_max,
            limit,
            n,
            outputs,
            eigenvalues,
        })
    }

    /// K∞/n, n × n.
    pub fn limit(&self) -> &[f64] {
        &self.limit
    }

    /// Operator norm of K∞/n.
    pub fn norm_op(&self) -> f64 {
        self.norm_op
    }

    /// Frobenius norm of (K∞/n) ⊗ I, the identity of size m_l.
    pub fn norm_fro(&self) -> f64 {
        self.norm_fro
    }

    /// Largest entry of |K∞/n|.
    pub fn norm_max(&self) -> f64 {
        self.norm_max
    }

    /// Eigenvalues of K∞/n in ascending order, each of multiplicity m_l in (K∞/n) ⊗ I.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// The statistics of K(θ), (n·m_l)² entries, symmetric, row and column i·m_l + o.
    pub fn measure(&self, kernel: &[f64]) -> Result<KernelStatistics, MeasureError> {
        self.check(kernel)?;
        let mut work = self.per_point(kernel);
        let trace = work.iter().step_by(self.q() + 1).sum();
        let (least, greatest) = extremes(&work, self.q()).map_err(spectrum)?;
        // In the same buffer, so that the deviation is of the rounded K/n.
        self.subtract_limit(&mut work);
        let most = max_abs(&work);
        let deviations = [self.norm(&work)?, frobenius(&work, most), most];
        Ok(self.statistics(deviations, [least, greatest], trace))
    }

    /// The same, and every eigenvalue of K(θ)/n in ascending order, of which the first and the last are those of the
    /// statistics.
    pub fn measure_all(&self, kernel: &[f64]) -> Result<(KernelStatistics, Vec<f64>), MeasureError> {
        let statistics = self.measure(kernel)?;
        let mut values = eigenvalues(&self.per_point(kernel), self.q()).map_err(spectrum)?;
        let (least, greatest) = (statistics.lambda_min, statistics.lambda_max);
        values.iter_mut().for_each(|lambda| *lambda = lambda.clamp(least, greatest));
        values[0] = least;
        values[self.q() - 1] = greatest;
        Ok((statistics, values))
    }

    /// K(θ) against K_gia, each as [`measure`](Self::measure) takes it.
    pub fn measure_independence(
        &self,
        kernel: &[f64],
        independent: &[f64],
    ) -> Result<Independence, MeasureError> {
        self.check(kernel)?;
        self.check(independent)?;
        let per_point = 1.0 / self.n as f64;
        let difference: Vec<f64> =
            kernel.iter().zip(independent).map(|(k, other)| (k - other) * per_point).collect();
        let (op, max) = (self.norm(&difference)?, max_abs(&difference));
        let mut deviation = self.per_point(independent);
        self.subtract_limit(&mut deviation);
        Ok(Independence {
            op,
            fro: frobenius(&difference, max),
            max,
            relative_op: ratio(op, self.norm_op),
            deviation_op: self.norm(&deviation)?,
        })
    }

    /// Rows of a kernel.
    fn q(&self) -> usize {
        self.n * self.outputs
    }

    fn check(&self, kernel: &[f64]) -> Result<(), MeasureError> {
        let (n, outputs, expected) = (self.n, self.outputs, self.q() * self.q());
        if kernel.len() == expected {
            return Ok(());
        }
        Err(MeasureError::Shape { what: "kernel", found: kernel.len(), expected, n, outputs })
    }

    /// K/n.
    fn per_point(&self, kernel: &[f64]) -> Vec<f64> {
        let per_point = 1.0 / self.n as f64;
        kernel.iter().map(|k| k * per_point).collect()
    }

    /// The operator norm of a symmetric matrix of the size of a kernel.
    fn norm(&self, matrix: &[f64]) -> Result<f64, MeasureError> {
        operator_norm(matrix, self.q()).map_err(spectrum)
    }

    /// Takes (K∞/n) ⊗ I from K/n.
    fn subtract_limit(&self, kernel: &mut [f64]) {
        let (n, outputs, q) = (self.n, self.outputs, self.q());
        for i in 0..n {
            for o in 0..outputs {
                let row = (i * outputs + o) * q;
                for j in 0..n {
                    kernel[row + j * outputs + o] -= self.limit[i * n + j];
                }
            }
        }
    }

    /// The statistics from the deviations (op, fro, max), the least and greatest eigenvalue and the trace of K/n.
    pub fn statistics(&self, deviations: [f64; 3], lambda: [f64; 2], trace: f64) -> KernelStatistics {
        let [deviation_op, deviation_fro, deviation_max] = deviations;
        let [lambda_min, lambda_max] = lambda;
        KernelStatistics {
            deviation_op,
            deviation_fro,
            deviation_max,
            relative_op: ratio(deviation_op, self.norm_op),
            relative_fro: ratio(deviation_fro, self.norm_fro),
            relative_max: ratio(deviation_max, self.norm_max),
            lambda_min,
            lambda_max,
            trace,
        }
    }
}

fn spectrum(source: NoConvergence) -> MeasureError {
    MeasureError::Spectrum { what: "kernel", source }
}

fn ratio(deviation: f64, norm: f64) -> f64 {
    if norm > 0.0 { deviation / norm } else { f64::NAN }
}

/// √Σx² of values of which `most` is the largest in absolute value, by which they are scaled so that squares neither overflow nor vanish.
fn frobenius(values: &[f64], most: f64) -> f64 {
    if most == 0.0 {
        return 0.0;
    }
    most * values.iter().map(|v| (v / most) * (v / most)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: [f64; 4] = [4.0, 2.0, 2.0, 4.0];

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-14 * b.abs().max(1.0), "{a} is not {b}");
    }

    #[test]
    fn one_output_by_hand() {
        let reference = Reference::new(&LIMIT, 2, 1).unwrap();
        assert_eq!((reference.norm_op(), reference.norm_max()), (3.0, 2.0));
        close(reference.norm_fro(), 10f64.sqrt());
        assert_eq!(reference.eigenvalues(), [1.0, 3.0]);
        // K/n − K∞/n = [[1, −2], [−2, 1]]: eigenvalues −1 and 3.
        let s = reference.measure(&[6.0, -2.0, -2.0, 6.0]).unwrap();
        close(s.deviation_op, 3.0);
        close(s.deviation_fro, 10f64.sqrt());
        close(s.deviation_max, 2.0);
        close(s.relative_op, 1.0);
        close(s.relative_fro, 1.0);
        close(s.relative_max, 1.0);
        close(s.lambda_min, 2.0);
        close(s.lambda_max, 4.0);
        close(s.trace, 6.0);
        let (same, eigenvalues) = reference.measure_all(&[6.0, -2.0, -2.0, 6.0]).unwrap();
        assert_eq!((same, eigenvalues.len()), (s, 2));
        close(eigenvalues[0], 2.0);
        close(eigenvalues[1], 4.0);
    }

    #[test]
    fn the_operator_norm_is_of_either_sign() {
        let reference = Reference::new(&LIMIT, 2, 1).unwrap();
        let s = reference.measure(&[0.0; 4]).unwrap();
        close(s.deviation_op, 3.0);
        close(s.relative_op, 1.0);
    }

    #[test]
    fn outputs_are_the_inner_index() {
        let reference = Reference::new(&LIMIT, 2, 3).unwrap();
        // K∞ ⊗ I_3, point-major, deviates by nothing.
        let kernel = |k: usize| {
            let (row, column) = (k / 6, k % 6);
            if row % 3 == column % 3 { LIMIT[row / 3 * 2 + column / 3] } else { 0.0 }
        };
        let exact: Vec<f64> = (0..36).map(kernel).collect();
        let s = reference.measure(&exact).unwrap();
        assert_eq!((s.deviation_op, s.deviation_fro, s.deviation_max), (0.0, 0.0, 0.0));
        close(s.trace, 12.0);
        close(s.lambda_min, 1.0);
        close(s.lambda_max, 3.0);
        // The same kernel with the two indices of a row exchanged is another matrix and must be told apart.
        let swapped: Vec<f64> = (0..36)
            .map(|k| {
                let swap = |r: usize| (r % 2) * 3 + r / 2;
                kernel(swap(k / 6) * 6 + swap(k % 6))
            })
            .collect();
        assert!(reference.measure(&swapped).unwrap().deviation_max > 0.5);
        // The relative Frobenius norm is over the limit of all outputs.
        let s = reference.measure(&[0.0; 36]).unwrap();
        close(s.relative_fro, 1.0);
    }

    #[test]
    fn a_kernel_against_its_independent_twin_by_hand() {
        let reference = Reference::new(&LIMIT, 2, 1).unwrap();
        // (K − K_gia)/n = [[1, −2], [−2, 1]] and K_gia/n − K∞/n = [[0, 1], [1, 0]].
        let s = reference.measure_independence(&[6.0, 0.0, 0.0, 6.0], &[4.0, 4.0, 4.0, 4.0]).unwrap();
        close(s.op, 3.0);
        close(s.fro, 10f64.sqrt());
        close(s.max, 2.0);
        close(s.relative_op, 1.0);
        close(s.deviation_op, 1.0);
        let zero = Reference::new(&[0.0; 4], 2, 1).unwrap();
        assert!(zero.measure_independence(&[0.0; 4], &[0.0; 4]).unwrap().relative_op.is_nan());
        assert!(reference.measure_independence(&[0.0; 4], &[0.0; 9]).is_err());
        assert!(reference.measure_independence(&[0.0; 9], &[0.0; 4]).is_err());
    }

    #[test]
    fn a_zero_limit_has_no_relative_deviation() {
        let reference = Reference::new(&[0.0; 4], 2, 1).unwrap();
        let s = reference.measure(&[0.0; 4]).unwrap();
        assert_eq!(s.deviation_op, 0.0);
        assert!(s.relative_op.is_nan() && s.relative_fro.is_nan() && s.relative_max.is_nan());
    }

    #[test]
    fn norms_of_tiny_and_huge_kernels() {
        for scale in [1e-200, 1e200] {
            let limit = LIMIT.map(|v| v * scale);
            let s = Reference::new(&limit, 2, 1).unwrap().measure(&limit.map(|v| 1.5 * v)).unwrap();
            for relative in [s.relative_op, s.relative_fro, s.relative_max] {
                close(relative, 0.5);
            }
        }
    }

    #[test]
    fn wrong_shapes_and_values_are_errors() {
        assert!(matches!(Reference::new(&LIMIT, 3, 1), Err(MeasureError::Shape { .. })));
        assert!(matches!(Reference::new(&[], 0, 1), Err(MeasureError::Shape { .. })));
        assert!(matches!(Reference::new(&[f64::NAN], 1, 1), Err(MeasureError::Spectrum { .. })));
        let reference = Reference::new(&LIMIT, 2, 2).unwrap();
        assert!(matches!(reference.measure(&LIMIT), Err(MeasureError::Shape { found: 4, expected: 16, .. })));
        assert!(matches!(reference.measure(&[f64::INFINITY; 16]), Err(MeasureError::Spectrum { .. })));
    }
}
