//! An interval for one probability that holds at every time at once (a confidence sequence).
//!
//! With k of n draws inside, the mixture of the likelihood over Beta(½, ½),
//!
//! ```text
//! M(p) = B(k+½, n−k+½)/B(½, ½) / (p^k (1−p)^{n−k}),
//! ```
//!
//! is a nonnegative martingale of mean 1 under the true p, so that {p : M(p) < 1/α} holds it at all times with
//! probability at least 1 − α (Ville; Robbins 1970). It may be looked at after every draw, and drawing may stop by what
//! is seen.

use statrs::function::beta::ln_beta;

/// (low, high) after `inside` of `draws`, α = `error_rate`; (0, 1) of no draws.
pub fn interval(inside: u64, draws: u64, error_rate: f64) -> (f64, f64) {
    let (k, out) = (inside.min(draws) as f64, draws.saturating_sub(inside) as f64);
    let bar = ln_beta(k + 0.5, out + 0.5) - ln_beta(0.5, 0.5) + error_rate.ln();
    // 0·ln 0 is 0.
    let term = |count: f64, p: f64| if count == 0.0 { 0.0 } else { count * p.ln() };
    let held = |p: f64| bar < term(k, p) + term(out, 1.0 - p);
    if draws == 0 {
        return (0.0, 1.0);
    }
    let centre = k / (k + out);
    (edge(centre, 0.0, &held), edge(centre, 1.0, &held))
}

/// The last p that is held on the way from `held_at` to `end`, by bisection to the last digit.
fn edge(held_at: f64, end: f64, held: &dyn Fn(f64) -> bool) -> f64 {
    if held(end) {
        return end;
    }
    let (mut inner, mut outer) = (held_at, end);
    loop {
        let middle = 0.5 * (inner + outer);
        if middle == inner || middle == outer {
            return outer;
        }
        if held(middle) {
            inner = middle;
        } else {
            outer = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_draw_by_hand() {
        // M(p) = B(1½, ½)/B(½, ½)/p = 1/(2p) after one draw inside: held where p > α/2.
        let (low, high) = interval(1, 1, 0.05);
        assert!((low - 0.025).abs() < 1e-15 && high == 1.0, "{low} {high}");
        let (low, high) = interval(0, 1, 0.05);
        assert!(low == 0.0 && (high - 0.975).abs() < 1e-15, "{low} {high}");
        assert_eq!(interval(0, 0, 0.05), (0.0, 1.0));
    }

    /// Exact, by the law of the walk: the probability that p is ever left out within 300 looks, one after every draw.
    #[test]
    fn it_holds_at_every_look_at_once() {
        let ever_out = |p: f64, holds: &dyn Fn(u64, u64) -> bool| {
            let mut law = vec![1.0];
            let mut out = 0.0;
            for n in 1..=300u64 {
                let mut next = vec![0.0; law.len() + 1];
                for (k, mass) in law.iter().enumerate() {
                    next[k] += mass * (1.0 - p);
                    next[k + 1] += mass * p;
                }
                for (k, mass) in next.iter_mut().enumerate() {
                    if !holds(k as u64, n) {
                        out += *mass;
                        *mass = 0.0;
                    }
                }
                law = next;
            }
            out
        };
        for p in [0.05, 0.5, 0.95] {
            let (alpha, mut once) = (0.1, 0.0);
            let sequence = ever_out(p, &|k, n| {
                let (low, high) = interval(k, n, alpha);
                low <= p && p <= high
            });
            assert!(sequence <= alpha, "{p}: {sequence}");
            // An interval for one look is not one for all: the same sum finds it out.
            let single = ever_out(p, &|k, n| crate::stats::tail_probability(k, n, 1.0 - alpha).contains(p));
            once += single;
            assert!(once > alpha, "{p}: {once}");
        }
    }
}
