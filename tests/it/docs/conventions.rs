//! `docs/conventions.md`: kernels of other conventions, by central differences of their networks on the same weights,
//! against the program's kernel times the factor that the page states.

use eoc_ntk::backend::Precision;
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::Network;
use eoc_ntk::rng::{Role, Tensor};
use eoc_ntk::sampler::Sampler;

use crate::support::{kernels, points, relative};

const SEED: u64 = 3;
const POINTS: usize = 3;
const INPUTS: usize = 5;

/// A matrix as rows.
type Matrix = Vec<Vec<f64>>;

/// x Wᵀ.
fn layer(x: &Matrix, w: &Matrix) -> Matrix {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum();
    x.iter().map(|row| w.iter().map(|weights| dot(row, weights)).collect()).collect()
}

fn map(x: &Matrix, f: impl Fn(f64) -> f64) -> Matrix {
    x.iter().map(|row| row.iter().map(|&v| f(v)).collect()).collect()
}

/// Σ over the weights of layer k of products of derivatives, for each k: the terms of the kernel of a network.
fn terms(network: impl Fn(&[Matrix]) -> Matrix, weights: &[Matrix]) -> Vec<Vec<f64>> {
    let mut weights = weights.to_vec();
    let outputs = |weights: &[Matrix]| network(weights).concat();
    let size = outputs(&weights).len();
    (0..weights.len())
        .map(|k| {
            let mut term = vec![0.0; size * size];
            for r in 0..weights[k].len() {
                for c in 0..weights[k][r].len() {
                    let (at, step) = (weights[k][r][c], 1e-6);
                    weights[k][r][c] = at + step;
                    let above = outputs(&weights);
                    weights[k][r][c] = at - step;
                    let below = outputs(&weights);
                    weights[k][r][c] = at;
                    let slope: Vec<f64> =
                        above.iter().zip(&below).map(|(a, b)| (a - b) / (2.0 * step)).collect();
                    term.iter_mut().enumerate().for_each(|(i, t)| *t += slope[i / size] * slope[i % size]);
                }
            }
            term
        })
        .collect()
}

/// Σ_k factor_k · term_k.
fn sum(terms: &[Vec<f64>], factor: impl Fn(usize) -> f64) -> Vec<f64> {
    (0..terms[0].len()).map(|i| terms.iter().enumerate().map(|(k, t)| factor(k) * t[i]).sum()).collect()
}

#[test]
fn conventions_convert_as_the_page_says() {
    let widths = [INPUTS, 7, 6, 8];
    let deviations = [1.3, 0.9, 1.1, 1.7];
    let data = points(POINTS, INPUTS, 5);
    let x: Matrix = (0..POINTS).map(|i| data.row(i).to_vec()).collect();
    let root = |v: usize| (v as f64).sqrt();
    for (phi, outputs) in [("relu", 1), ("abs", 2), ("-0.4,0.7", 2), ("leaky:0.1", 1)] {
        let phi: Activation = phi.parse().unwrap();
        let (a, b) = (phi.a(), phi.b());
        let sigma = (a * a + b * b).sqrt();
        let network = Network::new(phi, vec![7, 6, 8], outputs).unwrap();
        let kernel = &kernels(&network, &data, Sampler::Direct, Precision::F64, SEED..SEED + 1)[0].kernel;
        let unit: Vec<Matrix> = (0..4)
            .map(|k| {
                let tensor = Tensor::new(SEED, Role::Weight, k + 1);
                let rows = if k < 3 { widths[k + 1] } else { outputs };
                let entry = |r: usize, c: usize| f64::from(tensor.normal(r as u32, c as u32));
                (0..rows).map(|r| (0..widths[k]).map(|c| entry(r, c)).collect()).collect()
            })
            .collect();
        let scaled = |factor: &dyn Fn(usize) -> f64| -> Vec<Matrix> {
            unit.iter().enumerate().map(|(k, w)| map(w, |v| v * factor(k))).collect()
        };
        let check = |found: &[f64], expected: &[f64], what: &str| {
            let error = relative(found, expected);
            assert!(error < 1e-8, "{phi:?}, {outputs} outputs, {what}: {error}");
        };
        // This program's own network, layer by layer.
        let ours = terms(
            |w| {
                let first = layer(&map(&x, |v| v / root(INPUTS)), &w[0]);
                (1..4).fold(first, |z, k| {
                    layer(&map(&z, |s| (a * s + b * s.abs()) / (sigma * root(widths[k]))), &w[k])
                })
            },
            &unit,
        );
        check(&sum(&ours, |_| 1.0), kernel, "ours");

        // neural-tangents: ABRelu(p, q) with slopes a − b and a + b, W_std/√fan_in in front of every layer.
        let (p, q) = (a - b, a + b);
        let theirs = |w: &[Matrix]| {
            let dense = |x: &Matrix, k: usize| map(&layer(x, &w[k]), |v| v * deviations[k] / root(widths[k]));
            (1..4).fold(dense(&x, 0), |z, k| dense(&map(&z, |s| p * s.min(0.0) + q * s.max(0.0)), k))
        };
        let factor =
            deviations[1..].iter().map(|s| (s * sigma).powi(2)).product::<f64>() * deviations[0].powi(2);
        let expected: Vec<f64> = kernel.iter().map(|k| factor * k).collect();
        check(&sum(&terms(theirs, &unit), |_| 1.0), &expected, "neural-tangents");

        // Standard parameterisation: the same function of weights s_k/√fan_in · N(0, 1).
        let plain = |w: &[Matrix]| {
            (1..4).fold(layer(&x, &w[0]), |z, k| layer(&map(&z, |s| a * s + b * s.abs()), &w[k]))
        };
        let standard = terms(plain, &scaled(&|k| deviations[k] / root(widths[k])));
        let weighted = sum(&ours, |k| factor * widths[k] as f64 / deviations[k].powi(2));
        check(&sum(&standard, |_| 1.0), &weighted, "standard");
        assert!(relative(&weighted, &expected) > 0.1, "the standard kernel is another one");

        // The papers: weights σ·N(0, 1), 1/√m_k in front of activations, inputs as they are.
        let paper = |w: &[Matrix]| {
            (1..4).fold(layer(&x, &w[0]), |z, k| {
                layer(&map(&z, |s| (a * s + b * s.abs()) / root(widths[k])), &w[k])
            })
        };
        let expected: Vec<f64> = kernel.iter().map(|k| INPUTS as f64 * k).collect();
        check(&sum(&terms(paper, &scaled(&|_| 1.0 / sigma)), |_| 1.0), &expected, "papers");
    }
}
