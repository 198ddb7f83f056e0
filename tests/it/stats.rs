//! Statistics against scipy, intervals against simulation, and the tests of equality in law against known laws.

use crate::support::{Family, chi_square, kolmogorov_smirnov, kolmogorov_smirnov_to, mean_is, means_agree};
use eoc_ntk::rng::{Role, Stream};
use eoc_ntk::stats::{CONFIDENCE, Moments, QUANTILES, order_ranks, quantile, quantiles, tail_probability};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("../data/stats_golden.json")).unwrap()
}

fn number(v: &Value, key: &str) -> f64 {
    v[key].as_f64().unwrap()
}

fn count(v: &Value, key: &str) -> u64 {
    v[key].as_u64().unwrap()
}

/// The deterministic samples of stats_golden.py.
fn weyl(count: u64, step: f64, power: f64) -> Vec<f64> {
    (1..=count).map(|i| (i as f64 * step % 1.0).powf(power)).collect()
}

fn normals(seed: u64, count: usize) -> Vec<f64> {
    let mut stream = Stream::new(seed, Role::Data);
    (0..count).map(|_| stream.normal()).collect()
}

#[track_caller]
fn close(found: f64, expected: f64, relative: f64) {
    assert!((found - expected).abs() <= relative * expected.abs().max(1e-12), "{found} is not {expected}");
}

#[test]
fn tail_probabilities_agree_with_scipy() {
    for case in golden()["clopper_pearson"].as_array().unwrap() {
        let found = tail_probability(count(case, "hits"), count(case, "trials"), number(case, "confidence"));
        close(found.low.unwrap(), number(case, "low"), 1e-9);
        close(found.high.unwrap(), number(case, "high"), 1e-9);
    }
}

#[test]
fn ranks_agree_with_scipy() {
    for case in golden()["order_ranks"].as_array().unwrap() {
        let found = order_ranks(count(case, "count"), number(case, "probability"), CONFIDENCE);
        assert_eq!(found, (case["low"].as_u64(), case["high"].as_u64()), "{case}");
    }
}

#[test]
fn quantiles_agree_with_numpy() {
    for case in golden()["quantiles"].as_array().unwrap() {
        let mut values = weyl(count(case, "count"), number(case, "step"), number(case, "power"));
        values.push(f64::NAN);
        let found = quantiles(&values);
        assert_eq!(found.len(), QUANTILES.len());
        for (q, expected) in found.iter().zip(case["estimates"].as_array().unwrap()) {
            close(q.estimate, expected.as_f64().unwrap(), 1e-12);
        }
    }
}

#[test]
fn moments_agree_with_numpy() {
    for case in golden()["moments"].as_array().unwrap() {
        let m = Moments::of(&weyl(count(case, "count"), number(case, "step"), number(case, "power")));
        close(m.mean().unwrap(), number(case, "mean"), 1e-13);
        close(m.variance().unwrap(), number(case, "variance"), 1e-13);
        close(m.standard_error().unwrap(), number(case, "error"), 1e-13);
    }
}

/// How often the interval of a quantile holds it, for a law whose quantile is known: exponential, or the number of
/// heads in two tosses, which has atoms.
fn coverage(samples: usize, probability: f64, true_quantile: f64, law: impl Fn(f64) -> f64) -> f64 {
    let experiments = 4000;
    let held = (0..experiments).filter(|&e| {
        let mut stream = Stream::new(e, Role::Data);
        // A uniform deviate from the distribution function of a normal one.
        let uniform = |z: f64| 0.5 * statrs::function::erf::erfc(-z / std::f64::consts::SQRT_2);
        let mut x: Vec<f64> = (0..samples).map(|_| law(uniform(stream.normal()))).collect();
        x.sort_by(f64::total_cmp);
        quantile(&x, probability, 0.95).unwrap().interval.contains(true_quantile)
    });
    held.count() as f64 / experiments as f64
}

#[test]
fn quantile_intervals_cover_as_often_as_they_say() {
    // Four standard errors of a frequency of 0.95 in 4000 experiments are 0.014.
    let exponential = |u: f64| -(-u).ln_1p();
    let heads = |u: f64| f64::from(u8::from(u > 0.25) + u8::from(u > 0.75));
    for (samples, p) in [(64, 0.5), (64, 0.9), (64, 0.99), (20, 0.05), (200, 0.75)] {
        let held = coverage(samples, p, -(1.0f64 - p).ln(), exponential);
        assert!(held >= 0.936, "{samples} {p}: {held}");
        let held = coverage(samples, p, heads(p), heads);
        assert!(held >= 0.936, "{samples} {p}, with ties: {held}");
    }
    // The same count for a wrong quantile fails, so it can fail.
    assert!(coverage(64, 0.5, 1.1, exponential) < 0.8);
}

#[test]
fn kolmogorov_smirnov_agrees_with_scipy() {
    for case in golden()["kolmogorov_smirnov"].as_array().unwrap() {
        let x = weyl(count(case, "n"), 0.618_033_988_749_894_9, 1.0);
        let y = weyl(count(case, "m"), 0.414_213_562_373_095_15, number(case, "power"));
        let tolerance = if case["exact"].as_bool().unwrap() { 1e-9 } else { 0.02 };
        close(kolmogorov_smirnov(&x, &y), number(case, "p"), tolerance);
        close(kolmogorov_smirnov(&y, &x), number(case, "p"), tolerance);
    }
}

#[test]
fn equality_in_law_is_rejected_as_rarely_as_the_level_says() {
    // 2000 experiments at level 0.05: 100 ± 4·9.7; the small exact test is discrete and may reject less.
    let rate = |p: &dyn Fn(u64) -> f64| (0..2000).filter(|&e| p(e) <= 0.05).count();
    let pair = |e: u64, n: usize| (normals(2 * e, n), normals(2 * e + 1, n));
    let check = |name: &str, found: usize| assert!((61..=139).contains(&found), "{name}: {found}");
    check(
        "exact, 300",
        rate(&|e| {
            let (x, y) = pair(e, 300);
            kolmogorov_smirnov(&x, &y)
        }),
    );
    check(
        "limit law, 1200",
        rate(&|e| {
            let (x, y) = pair(e, 1200);
            kolmogorov_smirnov(&x, &y)
        }),
    );
    check("one sample, 300", rate(&|e| kolmogorov_smirnov_to(&normals(e, 300), normal_cdf)));
    check("mean, 300", rate(&|e| mean_is(&normals(e, 300), 0.0)));
    check(
        "two means, 300",
        rate(&|e| {
            let (x, y) = pair(e, 300);
            means_agree(&x, &y)
        }),
    );
    check("counts", rate(&|e| quarters(&normals(e, 400))));
}

fn normal_cdf(z: f64) -> f64 {
    0.5 * statrs::function::erf::erfc(-z / std::f64::consts::SQRT_2)
}

/// Pearson's test of the four quarters of a normal law.
fn quarters(z: &[f64]) -> f64 {
    let mut counts = [0; 4];
    z.iter().for_each(|&z| counts[((normal_cdf(z) * 4.0) as usize).min(3)] += 1);
    chi_square(&counts, &[z.len() as f64 / 4.0; 4], 3)
}

#[test]
fn small_shifts_and_scales_are_rejected() {
    let (x, y) = (normals(1, 20_000), normals(2, 20_000));
    let changed = |scale: f64, shift: f64| y.iter().map(|z| scale * z + shift).collect::<Vec<f64>>();
    assert!(kolmogorov_smirnov(&x, &y) > 1e-3);
    assert!(kolmogorov_smirnov(&x, &changed(1.0, 0.08)) < 1e-3);
    assert!(kolmogorov_smirnov(&x, &changed(1.12, 0.0)) < 1e-3);
    assert!(kolmogorov_smirnov_to(&changed(1.07, 0.0), normal_cdf) < 1e-3);
    assert!(mean_is(&changed(1.0, 0.04), 0.0) < 1e-3);
    assert!(means_agree(&x, &changed(1.0, 0.08)) < 1e-3);
    assert!(quarters(&changed(1.1, 0.0)) < 1e-3);
    // Small samples too, where the test is exact: every value of one below every value of the other.
    let p = kolmogorov_smirnov(&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0]);
    close(p, 2.0 / 70.0, 1e-12);
    // Equal values are no difference.
    assert_eq!(kolmogorov_smirnov(&[1.0, 1.0, 2.0], &[1.0, 1.0, 2.0]), 1.0);
}

#[test]
fn a_family_rejects_at_its_own_level() {
    let family = |ps: &[f64]| {
        let mut family = Family::at_level(0.05);
        ps.iter().enumerate().for_each(|(i, &p)| family.test(format!("test {i}"), p));
        family
    };
    family(&[0.02, 0.5, 0.9]).check();
    // Holm: 0.016 ≤ 0.05/3, then 0.024 ≤ 0.05/2, then 0.06 > 0.05.
    assert_eq!(family(&[0.06, 0.024, 0.016]).rejected().len(), 2);
    family(&[0.5, 0.9, 0.016]).check_rejects();
    assert!(std::panic::catch_unwind(|| family(&[0.01]).check()).is_err());
    assert!(std::panic::catch_unwind(|| family(&[0.5]).check_rejects()).is_err());
    assert!(std::panic::catch_unwind(|| family(&[]).check()).is_err());
    assert!(std::panic::catch_unwind(|| family(&[f64::NAN])).is_err());
    // Under true hypotheses any rejection at all is as rare as the level: 2000 families of 5, 100 ± 39.
    let false_positives = (0..2000u64).filter(|e| {
        let mut family = Family::at_level(0.05);
        for t in 0..5 {
            family.test("mean", mean_is(&normals(5 * e + t, 200), 0.0));
        }
        !family.rejected().is_empty()
    });
    let found = false_positives.count();
    assert!((61..=139).contains(&found), "{found}");
}
