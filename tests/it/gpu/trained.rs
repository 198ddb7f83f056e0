//! Kernels of given parameters with biases, against the Jacobian.

use eoc_ntk::backend::gpu::Options;
use eoc_ntk::backend::{EngineError, ExplicitKernel, Precision, Stop};
use eoc_ntk::data::DataSet;
use eoc_ntk::data::weights::{LayerWeights, Theta};
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::Parameterization;

use super::super::support::trained::{entry, jacobian, kernel, outputs, parameters};
use super::super::support::{points, relative};
use super::{open, skip};

fn rows(data: &DataSet) -> Vec<&[f64]> {
    (0..data.n()).map(|i| data.row(i)).collect()
}

/// Biases of some layers and of all, layers in one slab and in several, points in one tile and in several.
#[test]
fn the_kernel_of_a_network_with_biases_is_that_of_its_jacobian() {
    let phi: Activation = "0.6,0.4".parse().unwrap();
    for options in [
        Options { checked: true, ..Options::default() },
        // Tiles of weights of 256 × 256 and no larger.
        Options { max_binding: Some(300 << 10), checked: true, ..Options::default() },
    ] {
        let Some(gpu) = open(&options) else { return skip("biases") };
        for (sizes, biased) in [
            (vec![7, 70, 300, 2], [true, true, true]),
            (vec![290, 33, 40, 2], [false, true, false]),
            (vec![7, 70, 33, 1], [true, false, true]),
            (vec![7, 300, 33, 1], [false, false, false]),
        ] {
            let layers = parameters(&sizes, |k| biased[k - 1], 4);
            let data = points(6, sizes[0], 3);
            let jacobian = jacobian(phi, &layers, &rows(&data));
            let norm = outputs(phi, &layers, &rows(&data)).iter().map(|f| f * f).sum::<f64>().sqrt();
            let of = |layers: &[LayerWeights]| {
                let theta = Theta::new(layers.to_vec(), Parameterization::Standard);
                ExplicitKernel::new(&gpu, phi, theta, 1.0, sizes[0], Precision::F32).unwrap()
            };
            let found = of(&layers).evaluate(&data, &Stop::never(), &|| {}).unwrap();
            let error = relative(&found.kernel, &kernel(&jacobian));
            assert!(error < 1e-6, "{sizes:?}: {error}");
            assert!((found.output_norm / norm - 1.0).abs() < 1e-5, "{sizes:?}");
            let tiled = of(&layers).with_tile_rows(8).evaluate(&data, &Stop::never(), &|| {}).unwrap();
            assert_eq!(tiled.kernel, found.kernel, "tiles of points move no bit");
            let Some(k) = layers.iter().position(|layer| layer.bias.is_some()) else { continue };
            let mut wrong = layers.clone();
            wrong[k].bias.as_mut().unwrap()[0] += 0.5;
            let seen = of(&wrong).evaluate(&data, &Stop::never(), &|| {}).unwrap();
            assert!(relative(&seen.kernel, &found.kernel) > 1e-6, "{sizes:?}: a changed bias goes unseen");
        }
    }
}

/// n·m_l = 500 whole and 5000 in tiles, ten outputs.
#[test]
fn tiles_of_ten_outputs_have_the_kernel_of_the_jacobian() {
    let Some(gpu) = open(&Options::default()) else { return skip("tiles of ten outputs") };
    let phi: Activation = "relu".parse().unwrap();
    let (layers, data) = (parameters(&[8, 24, 20, 10], |_| true, 2), points(500, 8, 4));
    let all = jacobian(phi, &layers, &rows(&data));
    let theta = Theta::new(layers, Parameterization::Standard);
    let of = ExplicitKernel::new(&gpu, phi, theta, 1.0, 8, Precision::F32).unwrap();
    for n in [50, 500] {
        let points = data.select(&n.to_string().parse().unwrap()).unwrap();
        let found = of.evaluate(&points, &Stop::never(), &|| {}).unwrap().kernel;
        let q = 10 * n;
        let some: Vec<usize> = (0..q * q).step_by(q * q / 50_000).collect();
        let of_some: Vec<f64> = some.iter().map(|at| found[*at]).collect();
        let expected: Vec<f64> = some.iter().map(|at| entry(&all, at / q, at % q)).collect();
        assert!(relative(&of_some, &expected) < 1e-6, "{n}: {}", relative(&of_some, &expected));
    }
}

#[test]
fn half_precision_is_refused_in_the_standard_parameterization() {
    let Some(gpu) = open(&Options::default()) else { return skip("f16 in the standard parameterization") };
    if !gpu.description().f16 {
        return super::skip_half("f16 in the standard parameterization");
    }
    let theta = Theta::new(parameters(&[3, 5, 1], |_| true, 1), Parameterization::Standard);
    let of = ExplicitKernel::new(&gpu, Activation::RELU, theta, 1.0, 3, Precision::F16).unwrap();
    match of.evaluate(&points(2, 3, 1), &Stop::never(), &|| {}) {
        Err(EngineError::Refused(refusal)) => {
            assert!(
                refusal.to_string().starts_with("precision f16 holds the panels of the ntk"),
                "{refusal}"
            );
        }
        other => panic!("{other:?}"),
    }
}
