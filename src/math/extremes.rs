//! The least and the greatest eigenvalue of a small symmetric matrix: what norms and condition numbers need of a
//! spectrum.
//!
//! Householder's reduction to a tridiagonal matrix T, then bisection: the number of eigenvalues of T below x
//! is the number of negative pivots of T − x, exactly so for a matrix within a few ε·‖T‖ of T (Demmel, Applied
//! Numerical Linear Algebra, section 5.3.4). Both steps are backward stable, so the results are as good as those of a
//! whole spectrum, some √n·ε·‖A‖, in a third to an eighth of its time from 16 to 256 rows: most of the rest are
//! iterations for eigenvalues that nobody asked for.

use pulp::{Arch, Simd, WithSimd};

use super::linalg::{NoConvergence, max_abs};
use super::tridiagonal::{Tridiagonal, tridiagonal};

/// Points at which pivots are counted for each of the two eigenvalues.
const POINTS: usize = 8;
/// All points of both, side by side: enough to hide the latency of a division behind the others.
const LANES: usize = 2 * POINTS;

/// (least, greatest) eigenvalue of a row-major n × n matrix, n ≥ 1, of which the lower triangle is read.
///
/// A matrix with values that are not finite is an error.
pub fn extremes(matrix: &[f64], n: usize) -> Result<(f64, f64), NoConvergence> {
    let lower = || (0..n).map(|i| &matrix[i * n..=i * n + i]);
    let most = lower().map(max_abs).fold(0.0, f64::max);
    // No early end, which would keep the comparisons from being made side by side.
    let finite = lower().flatten().fold(true, |all, v| all & v.is_finite());
    if n == 0 || !finite {
        return Err(NoConvergence { size: n });
    }
    if most == 0.0 || n == 1 {
        return Ok((matrix[0], matrix[0]));
    }
    // By a power of two, which is exact: no square below overflows, and none that counts vanishes.
    let scale = power_of_two(most);
    // A power of two and its inverse scale alike, to the bit.
    let pivots = Pivots::of(tridiagonal(matrix, n, scale.recip()));
    let [least, greatest] = pivots.ends().map(|end| end * scale);
    // Equal ones are found from two sides, and may differ by their rounding.
    Ok((least.min(greatest), greatest.max(least)))
}

/// The operator norm of such a matrix: the larger of the two in absolute value.
pub fn operator_norm(matrix: &[f64], n: usize) -> Result<f64, NoConvergence> {
    extremes(matrix, n).map(|(least, greatest)| least.abs().max(greatest.abs()))
}

/// The greatest power of two that is not above x, a normal number at least.
fn power_of_two(x: f64) -> f64 {
    f64::from_bits(x.max(f64::MIN_POSITIVE).to_bits() & 0x7ff0_0000_0000_0000)
}

/// What counts of the pivots of T − x need of T.
struct Pivots {
    diagonal: Vec<f64>,
    /// Squares of the entries beside the diagonal; the first is 0.
    squares: Vec<f64>,
    /// Every eigenvalue is in between.
    bounds: (f64, f64),
    /// Least pivot that is told from zero.
    tiny: f64,
}

impl Pivots {
    fn of(Tridiagonal { diagonal, beside }: Tridiagonal) -> Self {
        let n = diagonal.len();
        // Gershgorin's discs, and room for the rounding of the pivots.
        let reach = |i: usize| beside[i].abs() + beside.get(i + 1).map_or(0.0, |b| b.abs());
        let low = (0..n).map(|i| diagonal[i] - reach(i)).fold(f64::INFINITY, f64::min);
        let high = (0..n).map(|i| diagonal[i] + reach(i)).fold(f64::NEG_INFINITY, f64::max);
        let room = 4.0 * n as f64 * f64::EPSILON * low.abs().max(high.abs());
        let squares: Vec<f64> = beside.iter().map(|b| b * b).collect();
        let tiny = f64::MIN_POSITIVE * squares.iter().fold(1.0, |most: f64, s| most.max(*s));
        Self { diagonal, squares, bounds: (low - room, high + room), tiny }
    }

    /// The least and the greatest eigenvalue. Every width of registers gives the same bits: there is nothing to round
    /// but quotients and differences.
    fn ends(&self) -> [f64; 2] {
        Arch::new().dispatch(self)
    }

    /// Eigenvalues below each point.
    #[inline(always)]
    fn counts(&self, points: &[f64; LANES]) -> [u64; LANES] {
        let mut pivots = [1.0; LANES];
        let mut below = [0; LANES];
        for (d, square) in self.diagonal.iter().zip(&self.squares) {
            for p in 0..LANES {
                let pivot = (d - points[p]) - square / pivots[p];
                pivots[p] = if pivot.abs() < self.tiny { -self.tiny } else { pivot };
                below[p] += u64::from(pivots[p] < 0.0);
            }
        }
        below
    }
}

impl WithSimd for &Pivots {
    type Output = [f64; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> [f64; 2] {
        let ranks = [0, self.diagonal.len() - 1];
        let mut intervals = [Interval::new(self.bounds); 2];
        while intervals.iter().any(|interval| interval.open) {
            let points: [f64; LANES] = std::array::from_fn(|p| intervals[p / POINTS].point(p % POINTS));
            let below = self.counts(&points);
            let (least, greatest) = below.split_at(POINTS);
            for ((interval, below), rank) in intervals.iter_mut().zip([least, greatest]).zip(ranks) {
                interval.narrow(below, rank as u64);
            }
        }
        intervals.map(|interval| 0.5 * (interval.low + interval.high))
    }
}

/// Where an eigenvalue is: an interval that shrinks to a ninth with every count until it is as narrow as the rounding
/// of the counts.
#[derive(Clone, Copy)]
struct Interval {
    low: f64,
    high: f64,
    width: f64,
    open: bool,
}

impl Interval {
    #[inline(always)]
    fn new((low, high): (f64, f64)) -> Self {
        let width = f64::EPSILON * low.abs().max(high.abs());
        Self { low, high, width, open: high - low > width }
    }

    #[inline(always)]
    fn point(&self, index: usize) -> f64 {
        let step = (self.high - self.low) / (POINTS + 1) as f64;
        self.low + step * (index + 1) as f64
    }

    /// Takes in how many eigenvalues are below each of its points, for the one that has `rank` others below it.
    #[inline(always)]
    fn narrow(&mut self, below: &[u64], rank: u64) {
        if !self.open {
            return;
        }
        // Points up to here have at most `rank` eigenvalues below them.
        let first = below.iter().position(|count| *count > rank).unwrap_or(POINTS);
        let high = if first < POINTS { self.point(first) } else { self.high };
        let low = if first > 0 { self.point(first - 1) } else { self.low };
        self.open = high - low < self.high - self.low;
        if self.open {
            (self.low, self.high) = (low, high);
            self.open = high - low > self.width;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::linalg::eigenvalues;
    use crate::rng::{Role, Stream};

    /// Asserts the two ends to within 2·n·ε·‖A‖ of the whole spectrum, which has an error of its own.
    fn check(matrix: &[f64], n: usize) {
        let (least, greatest) = extremes(matrix, n).unwrap();
        let all = eigenvalues(matrix, n).unwrap();
        let norm = all[0].abs().max(all[n - 1].abs());
        let allowed = 2.0 * n as f64 * f64::EPSILON * norm;
        assert!((least - all[0]).abs() <= allowed, "{n}: {least} is not {}", all[0]);
        assert!((greatest - all[n - 1]).abs() <= allowed, "{n}: {greatest} is not {}", all[n - 1]);
    }

    #[test]
    fn the_ends_of_a_spectrum_are_those_of_the_whole() {
        let mut stream = Stream::new(3, Role::Data);
        for n in [1, 2, 3, 5, 8, 17, 32, 64, 100] {
            let rows: Vec<f64> = (0..n * n).map(|_| stream.normal()).collect();
            let symmetric: Vec<f64> = (0..n * n).map(|k| rows[k] + rows[k % n * n + k / n]).collect();
            check(&symmetric, n);
            // A Gram matrix of rank n/2 with norms from 1 to 1e−12: eigenvalues that are zero, and many that are
            // nearly.
            let rank = n.div_ceil(2);
            let entry = |i: usize, j: usize| {
                let dot: f64 = (0..rank).map(|k| rows[i * n + k] * rows[j * n + k]).sum();
                dot * 10f64.powf(-12.0 * (i + j) as f64 / (2 * n) as f64)
            };
            check(&(0..n * n).map(|k| entry(k / n, k % n)).collect::<Vec<_>>(), n);
        }
    }

    #[test]
    fn matrices_whose_ends_are_known() {
        // Second differences: 2 − 2 cos(πj/(n+1)). The upper triangle is junk: it is not read.
        let n = 33;
        let second: Vec<f64> = (0..n * n)
            .map(|k| match (k / n, k % n) {
                (i, j) if j > i => f64::NAN,
                (i, j) if i == j => 2.0,
                (i, j) if i == j + 1 => -1.0,
                _ => 0.0,
            })
            .collect();
        let exact = |j: usize| 2.0 - 2.0 * (std::f64::consts::PI * j as f64 / (n + 1) as f64).cos();
        for scale in [1.0, 1e-200, 1e200] {
            let scaled: Vec<f64> = second.iter().map(|v| v * scale).collect();
            let (least, greatest) = extremes(&scaled, n).unwrap();
            assert!((least / scale - exact(1)).abs() < 1e-14 && (greatest / scale - exact(n)).abs() < 1e-14);
        }
        // Equal eigenvalues, and a matrix of which one entry is not zero.
        let four = |k: usize| if k / n == k % n { -4.0 } else { 0.0 };
        let (least, greatest) = extremes(&(0..n * n).map(four).collect::<Vec<_>>(), n).unwrap();
        assert!((least + 4.0).abs() < 1e-14 && (greatest + 4.0).abs() < 1e-14, "{least} {greatest}");
        let (least, greatest) = extremes(&[0.0, 0.0, 0.0, 7.0], 2).unwrap();
        assert!(least.abs() < 1e-14 && (greatest - 7.0).abs() < 1e-14, "{least} {greatest}");
        assert_eq!(extremes(&[0.0; 9], 3).unwrap(), (0.0, 0.0));
    }

    #[test]
    fn what_is_not_finite_is_an_error() {
        for value in [f64::NAN, f64::INFINITY] {
            assert!(extremes(&[1.0, 0.0, value, 1.0], 2).is_err());
        }
        assert!(extremes(&[], 0).is_err());
    }
}
