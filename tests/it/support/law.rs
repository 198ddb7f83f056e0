//! p-values for "these numbers have the same law, or that mean".
//!
//! Two samples that share random draws are not independent: give the two sides different seeds.

use statrs::function::erf::erfc;
use statrs::function::gamma::gamma_ur;

/// Largest product of sample sizes for which the two-sample test is exact.
const EXACT: usize = 1_000_000;

/// The two-sample Kolmogorov–Smirnov test, two-sided. Exact for small samples, else the limit law with the
/// correction of Stephens (1970), good to a few per cent from some tens of samples on. Ties make it conservative.
pub fn kolmogorov_smirnov(x: &[f64], y: &[f64]) -> f64 {
    let (x, y) = (ascending(x), ascending(y));
    let (n, m) = (x.len(), y.len());
    assert!(n > 0 && m > 0, "an empty sample");
    let d = distance(&x, &y);
    if n * m <= EXACT {
        return exact(d, n.min(m), n.max(m));
    }
    let effective = (n as f64 / (n + m) as f64 * m as f64).sqrt();
    limit_law(d, effective)
}

/// The one-sample test against a continuous distribution function.
pub fn kolmogorov_smirnov_to(x: &[f64], cdf: impl Fn(f64) -> f64) -> f64 {
    let x = ascending(x);
    let n = x.len() as f64;
    assert!(n > 0.0, "an empty sample");
    let d = x.iter().enumerate().fold(0f64, |d, (i, &v)| {
        let f = cdf(v);
        d.max(f - i as f64 / n).max((i + 1) as f64 / n - f)
    });
    limit_law(d, n.sqrt())
}

/// Whether the mean is this number, by the standard error: two-sided normal p-value. Needs a finite variance and
/// enough samples for the central limit; K at tiny widths has neither, test log(1+K) there.
pub fn mean_is(x: &[f64], mean: f64) -> f64 {
    let (found, error) = mean_and_error(x);
    two_sided(found - mean, error)
}

/// Whether two independent samples have the same mean; the same conditions.
pub fn means_agree(x: &[f64], y: &[f64]) -> f64 {
    let ((a, ea), (b, eb)) = (mean_and_error(x), mean_and_error(y));
    two_sided(a - b, ea.hypot(eb))
}

/// Pearson's test of counts against expected counts (each of some units at least), `free` degrees of freedom.
pub fn chi_square(counts: &[u64], expected: &[f64], free: usize) -> f64 {
    assert_eq!(counts.len(), expected.len());
    let statistic: f64 = counts.iter().zip(expected).map(|(&c, e)| (c as f64 - e).powi(2) / e).sum();
    if statistic == 0.0 { 1.0 } else { gamma_ur(free as f64 / 2.0, statistic / 2.0).clamp(0.0, 1.0) }
}

fn ascending(x: &[f64]) -> Vec<f64> {
    assert!(x.iter().all(|v| !v.is_nan()), "a sample holds NaN");
    let mut x = x.to_vec();
    x.sort_unstable_by(f64::total_cmp);
    x
}

fn mean_and_error(x: &[f64]) -> (f64, f64) {
    let moments = eoc_ntk::stats::Moments::of(x);
    (moments.mean().unwrap(), moments.standard_error().expect("two samples at least"))
}

fn two_sided(difference: f64, error: f64) -> f64 {
    if difference == 0.0 { 1.0 } else { erfc((difference / error).abs() / std::f64::consts::SQRT_2) }
}

/// The largest distance of the two empirical distribution functions, after all equal values.
fn distance(x: &[f64], y: &[f64]) -> f64 {
    let (mut i, mut j, mut d) = (0, 0, 0f64);
    while i < x.len() && j < y.len() {
        let v = x[i].min(y[j]);
        while i < x.len() && x[i] <= v {
            i += 1;
        }
        while j < y.len() && y[j] <= v {
            j += 1;
        }
        d = d.max((i as f64 / x.len() as f64 - j as f64 / y.len() as f64).abs());
    }
    d
}

/// P(D ≥ d) by counting the lattice paths that stay closer than d to the diagonal (Kim and Jennrich 1973); n ≤ m.
fn exact(d: f64, n: usize, m: usize) -> f64 {
    let (nf, mf) = (n as f64, m as f64);
    // Half a lattice step below d: D takes multiples of 1/(nm) only, and d itself counts as far.
    let allowed = (0.5 + (d * nf * mf - 1e-7).floor()) / (nf * mf);
    let mut paths: Vec<f64> = (0..=m).map(|j| if j as f64 / mf > allowed { 0.0 } else { 1.0 }).collect();
    for i in 1..=n {
        let weight = i as f64 / (i + m) as f64;
        let at = i as f64 / nf;
        paths[0] = if at > allowed { 0.0 } else { weight * paths[0] };
        for j in 1..=m {
            let far = (at - j as f64 / mf).abs() > allowed;
            paths[j] = if far { 0.0 } else { weight * paths[j] + paths[j - 1] };
        }
    }
    (1.0 - paths[m]).clamp(0.0, 1.0)
}

/// Q(λ) = 2 Σ (−1)^{j−1} exp(−2j²λ²) at λ = (√N + 0.12 + 0.11/√N)·d.
fn limit_law(d: f64, root: f64) -> f64 {
    let lambda = (root + 0.12 + 0.11 / root) * d;
    if lambda < 0.27 {
        // Q is 1 to ten digits, and the alternating series slow.
        return 1.0;
    }
    let term = |j: i32| (-2.0 * f64::from(j * j) * lambda * lambda).exp();
    let sum: f64 = (1..=100).map(|j| if j % 2 == 1 { term(j) } else { -term(j) }).sum();
    (2.0 * sum).clamp(0.0, 1.0)
}
