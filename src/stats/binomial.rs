//! Binomial tails, and the exact interval of a probability that they give (Clopper and Pearson 1934).
//!
//! Tails are sums of point probabilities from the edge of the tail outwards, so a small tail keeps its relative
//! accuracy: about 1e−15·n·ln n, from the logarithm of the first term. Cost: O(√n) terms.

use statrs::function::gamma::ln_gamma;

use super::Interval;

/// P(B ≤ k) of B ~ Binomial(n, p).
pub(super) fn lower_tail(k: u64, n: u64, p: f64) -> f64 {
    lower(k, n, [p, 1.0 - p])
}

/// The same from p and 1 − p: the small one of them has digits that the other has lost.
fn lower(k: u64, n: u64, [p, rest]: [f64; 2]) -> f64 {
    if k >= n || p <= 0.0 {
        1.0
    } else if rest <= 0.0 {
        0.0
    } else if (k as f64) < n as f64 * p {
        sum_down(k, n, [p, rest])
    } else {
        // B ≥ k+1 is n−B ≤ n−k−1, the small side here.
        1.0 - sum_down(n - k - 1, n, [rest, p])
    }
}

/// P(B ≥ k) of B ~ Binomial(n, p).
pub(super) fn upper_tail(k: u64, n: u64, p: f64) -> f64 {
    if k == 0 {
        1.0
    } else if k > n {
        0.0
    } else {
        lower(n - k, n, [1.0 - p, p])
    }
}

/// Σ_{j≤k} P(B = j) from j = k downwards, 0 < p, 0 < 1 − p, k < n.
fn sum_down(k: u64, n: u64, [p, rest]: [f64; 2]) -> f64 {
    let odds = rest / p;
    let ln = |p: f64, rest: f64| if rest < p { (-rest).ln_1p() } else { p.ln() };
    let (nf, kf) = (n as f64, k as f64);
    let ln_choose = ln_gamma(nf + 1.0) - ln_gamma(kf + 1.0) - ln_gamma(nf - kf + 1.0);
    let mut term = (ln_choose + kf * ln(p, rest) + (nf - kf) * ln(rest, p)).exp();
    let mut sum = term;
    for j in (1..=k).rev() {
        term *= odds * j as f64 / (n - j + 1) as f64;
        sum += term;
        if term < 1e-18 * sum {
            break;
        }
    }
    sum.min(1.0)
}

/// The Clopper–Pearson interval of a probability after `hits` successes in `trials`: it covers with at least the
/// given confidence, (1 − confidence)/2 on either side. Both limits are always finite; (0, 1) of no trials.
pub fn tail_probability(hits: u64, trials: u64, confidence: f64) -> Interval {
    let tail = (1.0 - confidence) / 2.0;
    let hits = hits.min(trials);
    let low = if hits == 0 { 0.0 } else { solve(|p| upper_tail(hits, trials, p) < tail) };
    let high = if hits == trials { 1.0 } else { solve(|p| lower_tail(hits, trials, p) > tail) };
    Interval { low: Some(low), high: Some(high) }
}

/// The p in (0, 1) up to which `below` holds, by bisection to the last digit.
fn solve(below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_by_hand_and_by_sum() {
        // Binomial(4, ½): 1, 4, 6, 4, 1 sixteenths.
        for (k, sixteenths) in [(0, 1.0), (1, 5.0), (2, 11.0), (3, 15.0), (4, 16.0)] {
            assert!((lower_tail(k, 4, 0.5) - sixteenths / 16.0).abs() < 1e-14);
            assert!((upper_tail(4 - k, 4, 0.5) - sixteenths / 16.0).abs() < 1e-14);
        }
        assert_eq!((lower_tail(3, 9, 0.0), lower_tail(3, 9, 1.0), upper_tail(3, 9, 1.0)), (1.0, 0.0, 1.0));
        assert_eq!((lower_tail(0, 0, 0.3), upper_tail(1, 0, 0.3)), (1.0, 0.0));
        // Both tails of one point count it twice.
        for n in [1, 17, 1000] {
            for k in 0..=n {
                let both = lower_tail(k, n, 0.37) + upper_tail(k + 1, n, 0.37);
                assert!((both - 1.0).abs() < 1e-12, "{n} {k} {both}");
            }
        }
    }

    #[test]
    fn small_probabilities_keep_their_digits() {
        for p in [1e-9f64, 1e-12, 1e-20] {
            // P(B ≥ 1) = 1 − (1−p)^n and P(B ≥ n) = p^n.
            let some = upper_tail(1, 64, p) / -(64.0 * (-p).ln_1p()).exp_m1();
            let all = upper_tail(3, 3, p) / p.powi(3);
            assert!((some - 1.0).abs() < 1e-12 && (all - 1.0).abs() < 1e-12, "{p}: {some} {all}");
        }
        // One hit of n: the lower limit has (1 − p)^n = 0.975.
        let low = tail_probability(1, 100_000, 0.95).low.unwrap();
        assert!((low / -(0.975f64.ln() / 1e5).exp_m1() - 1.0).abs() < 1e-9, "{low}");
    }

    #[test]
    fn no_hits_and_only_hits() {
        let tail: f64 = 0.025;
        for n in [1u64, 7, 64] {
            let none = tail_probability(0, n, 0.95);
            assert_eq!(none.low, Some(0.0));
            assert!((none.high.unwrap() - (1.0 - tail.powf(1.0 / n as f64))).abs() < 1e-14);
            let all = tail_probability(n, n, 0.95);
            assert_eq!(all.high, Some(1.0));
            assert!((all.low.unwrap() - tail.powf(1.0 / n as f64)).abs() < 1e-14);
        }
        assert_eq!(tail_probability(0, 0, 0.95), Interval { low: Some(0.0), high: Some(1.0) });
    }

    #[test]
    fn covers_at_least_as_often_as_it_says() {
        // Exact: sum the binomial probabilities of the outcomes whose interval holds p.
        let coverage = |n: u64, p: f64, confidence: f64| -> f64 {
            (0..=n)
                .filter(|&k| tail_probability(k, n, confidence).contains(p))
                .map(|k| lower_tail(k, n, p) - if k == 0 { 0.0 } else { lower_tail(k - 1, n, p) })
                .sum()
        };
        let mut least: f64 = 1.0;
        for n in [1, 5, 23, 64] {
            for step in 1..40 {
                let p = f64::from(step) / 40.0;
                assert!(coverage(n, p, 0.95) >= 0.95 - 1e-12, "{n} {p}");
                least = least.min(coverage(n, p, 0.93));
            }
        }
        // An interval of slightly less confidence is caught by the same sum.
        assert!(least < 0.95);
    }
}
