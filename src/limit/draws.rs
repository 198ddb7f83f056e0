//! How many networks a second moment of K(x,x) asks for: where depth is near the width it is heavy-tailed, and some
//! hundred draws say little of it.
//!
//! The mean of K² over N draws has the relative standard error √((q − 1)/N), q = E[K⁴]/E[K²]². With R = E[K²]/E[K]²,
//! which is known exactly ([`super::relative_sd_diagonal`]), q has two exact lower bounds, for any activation and
//! hidden widths n_1 … n_H:
//!
//! 1. log E[K^p] is convex in p (Lyapunov), so E[K⁴] ≥ E[K²]³/E[K]², that is q ≥ R.
//! 2. K = Σ_k T_k with all terms T_k ≥ 0, and the terms behind layer j are the kernel of the layers behind it at the
//!    input A_j: their mean given the layers up to j is (l−j)·‖A_j‖². By Jensen's inequality E[K⁴] ≥ (l−j)⁴·E‖A_j‖⁸,
//!    and ‖A_k‖²/‖A_{k−1}‖² are independent means of n_k copies of Y = φ(z)²/σ_φ², z standard normal, so
//!
//! ```text
//! q ≥ R⁻²·max_j (1 − j/l)⁴·Π_{k≤j} (1 + 6κ_2/n_k + (4κ_3 + 3κ_2²)/n_k² + κ_4/n_k³)      κ_i the cumulants of Y
//! ```
//!
//! The first is the better one up to a depth of about half the width, the second grows as e^{20·l/n} (ReLU) beyond.
//! Both are below q, so the number of draws is *necessary*: fewer do not resolve the second moment, as many may not
//! either.

use crate::math::activation::Activation;

use super::relative_sd_diagonal;

/// Draws of K(x,x) without which the relative standard error of the mean of K² is larger than `relative` > 0, at these
/// hidden widths. A lower bound; infinite where it exceeds f64, 0 without a hidden layer.
pub fn least_draws(activation: Activation, hidden: &[u64], relative: f64) -> f64 {
    let spread = relative_sd_diagonal(activation, hidden);
    // log R; R itself may exceed f64 where the spread does not.
    let log_second = if spread < 1e100 { (spread * spread).ln_1p() } else { 2.0 * spread.ln() };
    let log_ratio = log_second.max(log_fourth(activation, hidden) - 2.0 * log_second);
    log_ratio.exp_m1() / (relative * relative)
}

/// Whether this many draws may give E[K(x,x)²] to a relative standard error of `relative`: false where they certainly
/// do not.
pub fn resolvable(draws: u64, activation: Activation, hidden: &[u64], relative: f64) -> bool {
    draws as f64 >= least_draws(activation, hidden, relative)
}

/// Logarithm of the second bound of E[K⁴]/E[K]⁴.
fn log_fourth(activation: Activation, hidden: &[u64]) -> f64 {
    // (2ab/(a²+b²))²; the slopes squared over a²+b² are 1 ± its root.
    let c = 4.0 * activation.delta() * activation.linear_share();
    let (m2, m3, m4) = (3.0 * (1.0 + c), 15.0 * (1.0 + 3.0 * c), 105.0 * (1.0 + 6.0 * c + c * c));
    let (k2, k3) = (m2 - 1.0, m3 - 3.0 * m2 + 2.0);
    let k4 = m4 - 4.0 * m3 - 3.0 * m2 * m2 + 12.0 * m2 - 6.0;
    let depth = (hidden.len() + 1) as f64;
    let (mut log, mut best) = (0.0, 0.0f64);
    for (layers, &width) in (1..).zip(hidden) {
        let n = width as f64;
        log += ((6.0 * k2 + (4.0 * k3 + 3.0 * k2 * k2 + k4 / n) / n) / n).ln_1p();
        best = best.max(log + 4.0 * (-f64::from(layers) / depth).ln_1p());
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_below_what_is_known_exactly() {
        // One hidden layer of |s|: K is the mean of 2n squares, and E K⁴/(E K²)² = (d+4)(d+6)/(d(d+2)), d = 2n.
        for n in [1u64, 2, 5, 100, 10_000] {
            let d = 2.0 * n as f64;
            let exact = (d + 4.0) * (d + 6.0) / (d * (d + 2.0)) - 1.0;
            let found = least_draws(Activation::ABS, &[n], 1.0);
            assert!(found <= exact && found > exact / 8.0, "{n}: {found} {exact}");
        }
        assert_eq!(least_draws(Activation::RELU, &[], 0.1), 0.0);
    }

    #[test]
    fn moments_of_one_layer_are_those_of_a_half_normal() {
        // ReLU of width 1: Y = 2z² for z > 0, E Y⁴ = 16·105/2; depth 2: (1/2)⁴ of it.
        let found = log_fourth(Activation::RELU, &[1]).exp();
        assert!((found / (840.0 / 16.0) - 1.0).abs() < 1e-13, "{found}");
        // Identity: a chi-square over its n degrees of freedom, E Y⁴ = (n+2)(n+4)(n+6)/n³.
        let n = 2.0;
        let found = log_fourth("identity".parse().unwrap(), &[2]).exp();
        assert!((found * 16.0 / ((n + 2.0) * (n + 4.0) * (n + 6.0) / (n * n * n)) - 1.0).abs() < 1e-13);
    }

    #[test]
    fn hundreds_of_draws_do_for_wide_networks_and_never_for_deep_ones() {
        let relu = Activation::RELU;
        assert!(resolvable(500, relu, &[1024; 3], 0.1));
        // Depth at half the width: R is 7, and 500 draws were seen 25 % low.
        assert!(!resolvable(500, relu, &[64; 32], 0.1) && resolvable(20_000, relu, &[64; 32], 0.1));
        // Depth at the width: the second bound.
        let deep = vec![256; 256];
        let first = relative_sd_diagonal(relu, &deep).powi(2);
        assert!(least_draws(relu, &deep, 1.0) > 50.0 * first);
        assert!(!resolvable(100_000, relu, &deep, 0.1));
        assert_eq!(least_draws(relu, &vec![1; 100_000], 0.1), f64::INFINITY);
    }
}
