//! The exact spread of a diagonal entry K(x,x) over networks of given hidden widths n_1 … n_H, H = l − 1.
//!
//! With C′ = 4Δ(1−Δ), C = 2 + 3C′ and P(i..j) = Π_{k=i..j} (1 + C/n_k),
//!
//! ```text
//! E[K(x,x)²]/E[K(x,x)]² = l⁻² Σ_{i,j=1..l} P(1..p−1) Z(p..q−1) P(q..H),   p = min(i,j), q = max(i,j)
//! ```
//!
//! where Z follows a linear recursion of (D, S, X) over its layers (derived for this project; the test below writes it
//! out). Here it is summed in one sweep. Let V be the sum over p of P(1..p−1)·(state of the range that starts at p),
//! divided by P(1..k−1) before layer k, where it is bounded by k. In the variables v = V_D + V_S, S = V_S, X = V_X and
//! the deficit u = (k−1) − v, with c = 1 + C/n:
//!
//! ```text
//! v ← [(1 − 1/n)v + (1+C′)(v + 2S + X)/n + 1 + C′/n]/c     u ← [u + (Ck − C′ − C′v − (1+C′)(2S + X))/n]/c
//! S ← (1+C′)/n·(v + 2S + X + 1)/c                          X ← (1 − 1/n)(2S + X)/c
//!
//! ratio = P(1..H)·l⁻² Σ_q (1 + 2v_q)       ratio − 1 = (P(1..H) − 1)·l⁻² Σ_q (1 + 2v_q) − 2l⁻² Σ_q u_q
//! ```
//!
//! The second form keeps its digits at great width, where the ratio is nearly 1; log P is a sum of log1p, so depth 10⁶
//! at width 1 does not overflow on the way. Cost O(l). It holds for every diagonal entry, any number of outputs.

use crate::math::activation::Activation;
use crate::math::double::two_sum;

/// √(E[K(x,x)²]/E[K(x,x)]² − 1) for these hidden widths; 0 without a hidden layer.
///
/// Infinite where the value exceeds f64 (deep networks of small width). Widths are at least 1.
pub fn relative_sd_diagonal(activation: Activation, hidden: &[u64]) -> f64 {
    let c_prime = 4.0 * activation.delta() * activation.linear_share();
    let c = 2.0 + 3.0 * c_prime;
    let (mut v, mut u, mut s, mut x) = (0.0f64, 0.0f64, 0.0f64, 0.0f64);
    let (mut log_p, mut ends, mut deficits) = (Sum::default(), Sum::default(), Sum::default());
    ends.add(1.0);
    for (layer, &width) in (1..).zip(hidden) {
        let n = width as f64;
        let k = f64::from(layer);
        let growth = 1.0 + c / n;
        let pull = (1.0 + c_prime) * (2.0 * s + x);
        let next_u = (u + (c * k - c_prime - c_prime * v - pull) / n) / growth;
        let next_v = ((1.0 - 1.0 / n) * v + ((1.0 + c_prime) * v + pull) / n + 1.0 + c_prime / n) / growth;
        let next_s = (1.0 + c_prime) / n * (v + 2.0 * s + x + 1.0) / growth;
        x = (1.0 - 1.0 / n) * (2.0 * s + x) / growth;
        (u, v, s) = (next_u, next_v, next_s);
        log_p.add((c / n).ln_1p());
        ends.add(1.0 + 2.0 * v);
        deficits.add(u);
    }
    let depth = (hidden.len() + 1) as f64;
    // Each below 1 in magnitude: the sums are at most l².
    let ends = ends.value / depth / depth;
    let deficits = deficits.value / depth / depth;
    let log_p = log_p.value;
    if log_p + ends.ln() > 100.0 {
        // The 1 no longer counts, and the ratio itself may exceed f64 where its root does not.
        return (0.5 * (log_p + ends.ln())).exp();
    }
    // ratio − 1 ≥ 0 but for rounding.
    (log_p.exp_m1() * ends - 2.0 * deficits).max(0.0).sqrt()
}

/// A compensated running sum.
#[derive(Default)]
struct Sum {
    value: f64,
    low: f64,
}

impl Sum {
    fn add(&mut self, term: f64) {
        (self.value, self.low) = two_sum(self.value, term + self.low);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The double sum as it stands, in quadratic time; `fault` is added to the coefficient C′ of the state alone.
    fn slow(activation: Activation, hidden: &[u64], fault: f64) -> f64 {
        let (a2, b2) = (activation.a().powi(2), activation.b().powi(2));
        let delta = b2 / (a2 + b2);
        let c_prime = 4.0 * delta * (1.0 - delta);
        let p = |range: &[u64]| -> f64 {
            range.iter().map(|&n| 1.0 + (2.0 + 3.0 * c_prime) / n as f64).product()
        };
        let c_prime = c_prime + fault;
        let z = |range: &[u64]| -> f64 {
            let Some((&first, rest)) = range.split_first() else { return 1.0 };
            let n = first as f64;
            let (mut d, mut s, mut x) = ((n - 1.0) / n, (1.0 + c_prime) / n, 0.0);
            for &width in rest {
                let n = width as f64;
                let q = (n - 1.0) / n;
                (d, s, x) = (q * (d + s), (1.0 + c_prime) / n * (d + 3.0 * s + x), q * (2.0 * s + x));
            }
            d + s
        };
        let l = hidden.len() + 1;
        let mut sum = 0.0;
        for i in 0..l {
            for j in 0..l {
                let (first, last) = (i.min(j), i.max(j));
                sum += p(&hidden[..first]) * z(&hidden[first..last]) * p(&hidden[last..]);
            }
        }
        (sum / (l * l) as f64 - 1.0).sqrt()
    }

    fn widths() -> Vec<Vec<u64>> {
        let uneven = (0..40).map(|k| 1 + (k * k * 7 + 3 * k) % 23).collect();
        vec![
            vec![1],
            vec![2],
            vec![32; 8],
            vec![1; 12],
            vec![3, 1, 4, 1, 5, 9, 2, 6],
            uneven,
            vec![1000, 5, 700],
        ]
    }

    #[test]
    fn one_sweep_equals_the_double_sum() {
        for text in ["abs", "relu", "identity", "0.6,0.4", "-0.4,0.7"] {
            let phi: Activation = text.parse().unwrap();
            for hidden in widths() {
                let (fast, exact) = (relative_sd_diagonal(phi, &hidden), slow(phi, &hidden, 0.0));
                assert!((fast / exact - 1.0).abs() < 1e-12, "{text} {hidden:?}: {fast} {exact}");
                if hidden.len() > 1 {
                    assert!((fast / slow(phi, &hidden, 1e-9) - 1.0).abs() > 1e-12, "{text} {hidden:?}");
                }
            }
        }
    }

    #[test]
    fn known_values() {
        // Width 32, depth 9, ReLU: E K²/(E K)² = 2.412.
        let ratio = relative_sd_diagonal(Activation::RELU, &[32; 8]).powi(2) + 1.0;
        assert!((ratio - 2.412).abs() < 5e-4, "{ratio}");
        assert_eq!(relative_sd_diagonal(Activation::RELU, &[]), 0.0);
        // One hidden layer of |s|, width n: K = (|z|² + Σ w²)/(2 scale) with |φ′| = 1: both parts are chi-squares of n
        // degrees over n, so the variance of their mean is (2/n + 2/n)/4 = 1/n.
        for n in [1u64, 2, 77, 1 << 20, (1 << 32) - 1] {
            let sd = relative_sd_diagonal(Activation::ABS, &[n]);
            assert!((sd * (n as f64).sqrt() - 1.0).abs() < 1e-14, "{n}: {sd}");
        }
    }

    #[test]
    fn great_widths_keep_their_digits() {
        // The spread is an expansion in 1/n: n·sd² at n and 4n differ by O(1/n).
        for text in ["abs", "relu", "0.6,0.4"] {
            let phi: Activation = text.parse().unwrap();
            let of = |n: u64| relative_sd_diagonal(phi, &[n; 7]).powi(2) * n as f64;
            assert!((of(1 << 29) / of(1 << 31) - 1.0).abs() < 1e-7, "{text}");
        }
    }

    #[test]
    fn great_depths_do_not_overflow_on_the_way() {
        let deep = vec![2000u64; 999_999];
        let sd = relative_sd_diagonal(Activation::ABS, &deep);
        // P alone is exp(10⁶·log(1.001)), beyond f64; its root is not.
        assert!(sd.is_finite() && (sd.ln() / (0.5 * 1e6 * 0.001f64.ln_1p()) - 1.0).abs() < 0.05, "{sd}");
        assert_eq!(relative_sd_diagonal(Activation::RELU, &vec![1; 999_999]), f64::INFINITY);
        let quadratic: Vec<u64> = (1..100_000u64).map(|k| (k * k).min(u64::from(u32::MAX))).collect();
        assert!(relative_sd_diagonal(Activation::RELU, &quadratic).is_finite());
    }
}
