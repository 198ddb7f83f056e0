//! W: the one inverse cosine distance that stands for those of all pairs.

use super::iterate::Omega;
use crate::math::linalg::{NoConvergence, eigenvalues};

/// Products with the matrix before the eigenvalues are computed instead.
const PRODUCTS: usize = 200;
/// Steps at most; from a good start three or four suffice, and where ω is flat the error halves at least.
const STEPS: usize = 60;

/// λ_1 of a symmetric matrix with a zero diagonal and positive entries beside it, n ≥ 2.
///
/// For x > 0 it lies between the least and the largest (Wx)_i/x_i (Collatz and Wielandt). These are closed in by x ←
/// Wx, from all ones, until rounding stops them; with points of very unequal distances, where that is slow, by the full
/// spectrum.
pub(super) fn largest_eigenvalue(matrix: &[f64], n: usize) -> Result<f64, NoConvergence> {
    let (mut x, mut width) = (vec![1.0; n], f64::INFINITY);
    for _ in 0..PRODUCTS {
        let next: Vec<f64> =
            matrix.chunks(n).map(|row| row.iter().zip(&x).map(|(a, b)| a * b).sum()).collect();
        let ratios = next.iter().zip(&x).map(|(a, b)| a / b);
        let (low, high) = ratios.fold((f64::INFINITY, 0.0), |(l, h): (f64, f64), v| (l.min(v), h.max(v)));
        let now = high - low;
        // A sum of n terms is right to about √n roundings; closer than n of them is as close as it comes.
        if now <= 2.0 * f64::EPSILON * high || now >= width && now <= n as f64 * f64::EPSILON * high {
            return Ok(low + 0.5 * now);
        }
        width = now;
        let largest = next.iter().fold(0.0, |m: f64, v| m.max(*v));
        x = next.iter().map(|v| v / largest).collect();
    }
    Ok(eigenvalues(matrix, n)?.last().copied().unwrap_or(0.0))
}

/// The larger solution W of ω^{∘k}(W) = target; `None` for a target that is no number.
///
/// From its bottom on ω is convex and rises, and so are its iterates: Newton's steps reach the right side of the
/// solution at once and fall towards it without overshooting. They are kept within the bottom and target − k·4Δ/(3π),
/// where the solution lies because a layer gains at least 4Δ/(3π). A target below the iterate of the bottom, which only
/// rounding makes, gives the bottom.
pub(super) fn solve(omega: &Omega, target: f64, k: usize, guess: Option<f64>) -> Option<f64> {
    if k == 0 || !target.is_finite() {
        return target.is_finite().then_some(target);
    }
    let bottom = omega.bottom();
    let top = (target - k as f64 * omega.least_gain()).max(bottom);
    let mut w = guess.map_or(top, |guess| guess.clamp(bottom, top));
    let mut beyond = false;
    for _ in 0..STEPS {
        let found = omega.iterate(w, k);
        // The two large numbers first: what is left is right to a rounding of the target.
        let excess = ((found.gain - target) + w) + found.gain_low;
        let step = excess / found.slope;
        let next = match excess > 0.0 {
            true if w <= bottom => return Some(bottom),
            true if found.slope > 0.0 => (w - step).max(bottom),
            // Once beyond the solution, what is at or below the target is rounding.
            true => return Some(w),
            false if beyond || excess == 0.0 => return Some(w),
            // From the left over the solution; the bottom itself has no slope.
            false if step.is_finite() && found.slope > 0.0 => (w - step).min(top),
            false => top,
        };
        if (next - w).abs() <= 2.0 * f64::EPSILON * w {
            return Some(next);
        }
        (w, beyond) = (next, true);
    }
    Some(w)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::activation::Activation;

    #[test]
    fn the_largest_eigenvalue_is_that_of_the_spectrum() {
        assert_eq!(largest_eigenvalue(&[0.0, 7.0, 7.0, 0.0], 2), Ok(7.0));
        for (n, near) in [(3, 1.0), (9, 2.0), (40, 1.5), (7, 1e6)] {
            let entry = |i: usize, j: usize| match (i.min(j), i.max(j)) {
                (i, j) if i == j => 0.0,
                (0, 1) => near,
                (i, j) => 1.4 + ((i * 31 + j * 17) % 11) as f64 / 40.0,
            };
            let matrix: Vec<f64> = (0..n * n).map(|k| entry(k / n, k % n)).collect();
            let (found, exact) = (largest_eigenvalue(&matrix, n).unwrap(), eigenvalues(&matrix, n).unwrap());
            assert!((found / exact[n - 1] - 1.0).abs() < 1e-14, "{n} {near}: {found} {}", exact[n - 1]);
        }
    }

    #[test]
    fn w_is_found_from_its_iterate_wherever_it_was() {
        for text in ["abs", "relu", "3,1", "1,0.01", "0.2,1"] {
            let omega = Omega::new(text.parse::<Activation>().unwrap());
            for w in [1.0, 1.1, 1.5, 3.0, 40.0, 1e6, 1e12].map(|w: f64| w.max(omega.bottom() * 1.001)) {
                for (k, guess) in [(0, None), (1, None), (2, Some(5.0)), (63, None), (5000, Some(1.0))] {
                    let found = omega.iterate(w, k);
                    let target = w + found.gain;
                    let solved = solve(&omega, target, k, guess).unwrap();
                    // A rounding of the target is as much over the slope in W.
                    let error = 4.0 * f64::EPSILON * target / found.slope;
                    assert!((solved - w).abs() <= error + 4.0 * f64::EPSILON * w, "{text} {w} {k}: {solved}");
                }
            }
            // Below the lowest that any W gives.
            let bottom = omega.bottom();
            let least = bottom + omega.iterate(bottom, 9).gain;
            for guess in [None, Some(2.0), Some(bottom)] {
                let found = solve(&omega, least * (1.0 - 1e-15), 9, guess).unwrap();
                // Where ω is flat a rounding of the target moves W by its root.
                assert!((found - bottom).abs() < 1e-7, "{text} {guess:?}: {found} {bottom}");
            }
            assert_eq!(solve(&omega, f64::INFINITY, 9, None), None);
        }
    }
}
