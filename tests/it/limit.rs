//! The limit against 60-digit values, an independent formula, and the properties that every kernel has.

use std::f64::consts::PI;
use std::fs;

use eoc_ntk::data::DataSet;
use eoc_ntk::limit::{Limit, Profile, Spectrum};
use eoc_ntk::math::activation::Activation;
use proptest::prelude::*;

/// One line of tests/data/limit_golden.csv.
struct Golden {
    activation: (f64, f64),
    points: Vec<f64>,
    depth: usize,
    delta: f64,
    sum: f64,
}

fn golden() -> Vec<Golden> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/limit_golden.csv");
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines
        .map(|line| {
            let v: Vec<f64> = line.split(',').map(|field| field.parse().unwrap()).collect();
            Golden {
                activation: (v[0], v[1]),
                points: v[2..6].to_vec(),
                depth: v[6] as usize,
                delta: v[7],
                sum: v[8],
            }
        })
        .collect()
}

/// Largest errors over the golden values from `least` to `most` layers: of K∞ relative to √(K∞(x,x)K∞(x′,x′)), of δ
/// relative (that of 1/δ is the same to first order), with b of the activation off by the factor 1 + `fault`.
fn errors(values: &[Golden], depths: std::ops::Range<usize>, fault: f64) -> (f64, f64) {
    let (mut kernel, mut delta) = (0f64, 0f64);
    for value in values.iter().filter(|v| depths.contains(&v.depth)) {
        let (a, b) = value.activation;
        let data = DataSet::new(value.points.clone(), 2).unwrap();
        let limit = Limit::new(&data, Activation::new(a, b * (1.0 + fault)).unwrap(), value.depth, 1.0);
        let ntk = limit.ntk();
        let entry = ntk[1] / (ntk[0].sqrt() * ntk[3].sqrt());
        kernel = kernel.max((entry - value.sum / value.depth as f64).abs());
        delta = delta.max((limit.deltas()[1] / value.delta - 1.0).abs());
    }
    (kernel, delta)
}

#[test]
fn sixty_digit_values_to_depth_a_million() {
    let values = golden();
    assert!(values.len() > 800 && values.iter().any(|v| v.depth == 1_000_000));
    // Promised: 1e-10. Held: the error budget of the layer step, a few units of rounding at any depth.
    let (kernel, delta) = errors(&values, 1..usize::MAX, 0.0);
    eprintln!("largest errors: kernel {kernel:e}, delta {delta:e}");
    assert!(kernel < 1e-14 && delta < 2e-14, "{kernel:e} {delta:e}");
}

#[test]
fn a_change_of_the_activation_in_the_tenth_digit_is_told_apart() {
    // Only what depends on Δ: the tiny and zero Δ of the file hide a relative change of b.
    let mut values = golden();
    values.retain(|v| v.activation.1 >= 0.5 && v.activation.0 > 0.0);
    let (kernel, delta) = errors(&values, 64..1001, 1e-9);
    assert!(kernel > 1e-11 && delta > 1e-10, "{kernel:e} {delta:e}");
    let (kernel, delta) = errors(&values, 10_000..1_000_001, 1e-9);
    assert!(kernel > 1e-12 && delta > 1e-10, "{kernel:e} {delta:e}");
}

/// The kernel of neural-tangents' ABRelu(p, q) with W_std² = 2/(p²+q²) and no bias, for two points: its published
/// recursion (covariances and angles, in plain f64) with slope p below zero and q above.
fn neural_tangents(p: f64, q: f64, x: &[f64], y: &[f64], depth: usize) -> f64 {
    let dot = |u: &[f64], v: &[f64]| u.iter().zip(v).map(|(a, b)| a * b).sum::<f64>() / u.len() as f64;
    let (xx, yy, mut nngp) = (dot(x, x), dot(y, y), dot(x, y));
    let gain = 2.0 / (p * p + q * q);
    let mut ntk = nngp;
    for _ in 1..depth {
        let angle = (nngp / (xx * yy).sqrt()).acos();
        let dot_sigma = (p * p + q * q - (p - q).powi(2) * angle / PI) / 2.0;
        let root = (xx * yy - nngp * nngp).sqrt();
        nngp = gain * ((p - q).powi(2) * root / (2.0 * PI) + dot_sigma * nngp);
        ntk = gain * dot_sigma * ntk + nngp;
    }
    ntk
}

#[test]
fn convention_of_neural_tangents() {
    let (x, y) = ([0.3, -1.2, 0.8], [1.9, 0.4, -0.1]);
    let data = DataSet::new([x, y].concat(), 3).unwrap();
    for (p, q) in [(0.0, 1.0), (-1.0, 1.0), (0.1, 1.0), (-0.3, 2.0), (1.0, 1.0), (1.0, 0.0)] {
        let phi = Activation::new((p + q) / 2.0, (q - p) / 2.0).unwrap();
        for depth in [1, 2, 3, 9] {
            let found = Limit::new(&data, phi, depth, 1.0).ntk()[1];
            let expected = neural_tangents(p, q, &x, &y, depth);
            assert!((found - expected).abs() < 1e-13 * depth as f64, "{p} {q} {depth}: {found} {expected}");
        }
    }
    let relu = Limit::new(&data, Activation::RELU, 3, 1.0).ntk()[1];
    assert!((relu - neural_tangents(1e-9, 1.0, &x, &y, 3)).abs() > 1e-11);
}

#[test]
fn distances_of_rows_that_legal_data_may_hold() {
    // 0 and 1 equal, 2 opposite, 3 zero, 4 a multiple of 0, 5 of another magnitude.
    let x = [0.1, -0.2, 0.7];
    let rows = [x, x, x.map(|v| -v), [0.0; 3], x.map(|v| 4.0 * v), [1e30, 1e30, 0.0]];
    let data = DataSet::new(rows.concat(), 3).unwrap();
    for text in ["abs", "relu", "identity", "3,1"] {
        let phi: Activation = text.parse().unwrap();
        for depth in [1, 2, 50] {
            let limit = Limit::new(&data, phi, depth, 3.0);
            let (k, d) = (limit.ntk(), limit.deltas());
            assert_eq!((d[1], d[4], d[0]), (0.0, 0.0, 0.0));
            assert_eq!((k[1], k[4]), (k[0], 4.0 * k[0]));
            for i in 0..6 {
                assert!(k[3 * 6 + i].to_bits() == 0 && k[i * 6 + 3].to_bits() == 0 && d[3 * 6 + i].is_nan());
                assert_eq!(limit.nngp()[i * 6 + 3].to_bits(), 0);
            }
            if depth == 1 {
                assert_eq!((d[2], k[2]), (2.0, -k[0]));
            } else if text == "abs" {
                // |s| takes a point and its opposite to one activation, with slopes of opposite sign: S_2 = (−1)(−1) + 1 = 2.
                assert_eq!((d[2], k[2]), (0.0, k[0]));
            } else if text == "identity" {
                assert_eq!((d[2], k[2]), (2.0, -k[0]));
            }
            assert!(d.iter().all(|v| v.is_nan() || (0.0..=2.0).contains(v)));
            assert!(k.iter().chain(limit.nngp()).all(|v| v.is_finite()));
        }
    }
}

#[test]
fn opposite_points_under_relu() {
    // ρ = −1, 0, 1/π, …: S_2 = −ϱ′(−1) + 0 = 0 since ReLU has ϱ′(−1) = 0; S_3 = 0·ϱ′ + 1/π.
    let data = DataSet::new(vec![3.0, 4.0, -3.0, -4.0], 2).unwrap();
    for (depth, sum) in [(1, -1.0), (2, 0.0), (3, 1.0 / PI)] {
        let found = Limit::new(&data, Activation::RELU, depth, 1.0).ntk()[1];
        assert!((found - 12.5 * sum).abs() < 1e-14, "{depth}: {found}");
    }
}

#[test]
fn a_profile_ends_in_the_limit_and_agrees_with_it_on_the_way() {
    let data = DataSet::new((0..40).map(|k| f64::from(k * k % 17) - 6.0).collect(), 4).unwrap();
    let phi = Activation::RELU;
    let profile = Profile::new(&data, phi, 300, 2.5).unwrap();
    assert_eq!(profile.limit(), &Limit::new(&data, phi, 300, 2.5));
    // An entry is a function of its two rows and the depth, to the last bit: whatever other points there are.
    let pair = DataSet::new([data.row(7), data.row(2)].concat(), 4).unwrap();
    assert_eq!(Limit::new(&pair, phi, 300, 2.5).ntk()[1], profile.limit().ntk()[2 * 10 + 7]);
    for (i, &depth) in profile.depths().iter().enumerate() {
        let limit = Limit::new(&data, phi, depth, 2.5);
        assert_eq!(profile.deltas()[i], limit.deltas());
        assert_eq!(profile.spectra()[i], Spectrum::of(limit.ntk(), 10).unwrap());
        let trace: f64 = (0..10).map(|j| limit.ntk()[j * 11]).sum::<f64>() / 10.0;
        let sum: f64 = profile.spectra()[i].eigenvalues.iter().sum();
        assert!((sum / trace - 1.0).abs() < 1e-13);
    }
    // Near-equal points: λ_min of two points is (K(x,x) − K(x,x′))/2, condition about 4·10⁶ at depth 2.
    let (c, s) = (1.0, 1e-6);
    let close = DataSet::new(vec![1.0, 0.0, c, s], 2).unwrap();
    let condition = Profile::new(&close, Activation::ABS, 2, 1.0).unwrap().spectra()[1].condition_number;
    // S_2 = 2 − (2/π)θ to first order: condition (2 + S_2)/(2 − S_2) = 2π/θ.
    assert!((condition * s / (2.0 * PI) - 1.0).abs() < 1e-5, "{condition}");
}

/// n × dim values of which some rows repeat, oppose or scale others, or are zero.
fn rows() -> impl Strategy<Value = (Vec<f64>, usize)> {
    (1usize..9, 1usize..7).prop_flat_map(|(n, dim)| {
        let value = prop_oneof![4 => -3.0..3.0f64, 1 => Just(0.0)];
        let row = prop::collection::vec(value, dim);
        (prop::collection::vec((row, 0usize..8, 0usize..6), n), Just(dim)).prop_map(|(rows, dim)| {
            let mut all: Vec<Vec<f64>> = Vec::new();
            for (row, of, kind) in rows {
                let earlier = if all.is_empty() { row.clone() } else { all[of % all.len()].clone() };
                all.push(match kind {
                    0 => earlier,
                    1 => earlier.iter().map(|v| -v).collect(),
                    2 => earlier.iter().map(|v| v * 0.125 + 1e-9).collect(),
                    _ => row,
                });
            }
            (all.concat(), dim)
        })
    })
}

fn activation() -> impl Strategy<Value = Activation> {
    (-1.0..1.0f64, 0.05..1.0f64, 0usize..4).prop_map(|(a, b, kind)| match kind {
        0 => Activation::ABS,
        1 => Activation::RELU,
        2 => Activation::new(1.0, 0.0).unwrap(),
        _ => Activation::new(a, b).unwrap(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_limit_is_a_kernel((values, dim) in rows(), phi in activation(), depth in 1usize..40) {
        let data = DataSet::new(values, dim).unwrap();
        let n = data.n();
        let limit = Limit::new(&data, phi, depth, 1.0);
        for kernel in [limit.ntk(), limit.nngp()] {
            for i in 0..n {
                for j in 0..n {
                    prop_assert_eq!(kernel[i * n + j].to_bits(), kernel[j * n + i].to_bits());
                }
            }
            let eigenvalues = Spectrum::of(kernel, n).unwrap().eigenvalues;
            let most = eigenvalues[n - 1].max(f64::MIN_POSITIVE);
            prop_assert!(eigenvalues[0] >= -1e-14 * n as f64 * most, "{:?}", eigenvalues);
        }
        for i in 0..n {
            let square: f64 = data.row(i).iter().map(|v| v * v).sum();
            let mean = depth as f64 * square / dim as f64;
            prop_assert!((limit.ntk()[i * n + i] - mean).abs() <= 1e-14 * mean);
        }
    }

    #[test]
    fn order_of_points_and_their_lengths_commute(
        (values, dim) in rows(), phi in activation(), depth in 1usize..40, shift in 0usize..8,
        power in -100i32..100, scale in 0.1..10.0f64,
    ) {
        let n = values.len() / dim;
        let plain = Limit::new(&DataSet::new(values.clone(), dim).unwrap(), phi, depth, 1.0);
        let mut rotated = values.clone();
        rotated.rotate_left((shift % n) * dim);
        let rotated = Limit::new(&DataSet::new(rotated, dim).unwrap(), phi, depth, 1.0);
        // Rows times powers of two: exact in f64, so K must be multiplied exactly.
        let factor = |i: usize| 2f64.powi(power + i as i32);
        let longer = values.iter().enumerate().map(|(k, v)| v * factor(k / dim)).collect();
        let longer = Limit::new(&DataSet::new(longer, dim).unwrap(), phi, depth, 1.0);
        let scaled = Limit::new(&DataSet::new(values, dim).unwrap(), phi, depth, scale);
        for i in 0..n {
            for j in 0..n {
                let entry = plain.ntk()[i * n + j];
                let size = (plain.ntk()[i * n + i] * plain.ntk()[j * n + j]).sqrt();
                let (p, q) = ((i + n - shift % n) % n, (j + n - shift % n) % n);
                prop_assert_eq!(rotated.ntk()[p * n + q], entry);
                prop_assert_eq!(longer.ntk()[i * n + j], entry * factor(i) * factor(j));
                prop_assert!((scaled.ntk()[i * n + j] - scale * entry).abs() <= 1e-14 * scale * size);
            }
        }
    }

    #[test]
    fn distances_fall_with_depth((values, dim) in rows(), phi in activation(), depth in 1usize..200) {
        let data = DataSet::new(values, dim).unwrap();
        let (now, next) = (Limit::new(&data, phi, depth, 1.0), Limit::new(&data, phi, depth + 1, 1.0));
        for (d, e) in now.deltas().iter().zip(next.deltas()) {
            prop_assert!(d.is_nan() && e.is_nan() || e <= d);
        }
    }
}
