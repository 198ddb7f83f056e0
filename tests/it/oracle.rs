//! The fast samplers against slow obvious versions of the same numbers.

use eoc_ntk::backend::cpu::CpuEngine;
use eoc_ntk::backend::{ExplicitKernel, Precision, Stop};
use eoc_ntk::data::DataSet;
use eoc_ntk::data::weights::WeightMatrix;
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::Network;
use eoc_ntk::sampler::Sampler;

use super::support::naive::{self, Fault};
use super::support::{kernels, points, relative};

fn network(phi: &str, hidden: &[u64], outputs: usize) -> Network {
    Network::new(phi.parse::<Activation>().unwrap(), hidden.to_vec(), outputs).unwrap()
}

fn rows(data: &DataSet) -> Vec<&[f64]> {
    (0..data.n()).map(|i| data.row(i)).collect()
}

/// `direct` in f64, in f32 and through explicit weights, against the Jacobian.
#[test]
fn direct_is_the_jacobian() {
    let check = |phi: &str, hidden: &[u64], outputs: usize, n: usize, dim: usize| {
        let net = network(phi, hidden, outputs).with_scale(0.75).unwrap();
        let data = points(n, dim, 3);
        let weights = naive::weights(&net, dim, 11);
        let (expected, norm) = naive::jacobian_kernel(&net, &weights, &rows(&data));
        let what = format!("{phi} {hidden:?} {outputs} {n} {dim}");
        let fast = &kernels(&net, &data, Sampler::Direct, Precision::F64, 11..12)[0];
        assert!(relative(&fast.kernel, &expected) < 1e-13, "{what}: {}", relative(&fast.kernel, &expected));
        assert!((fast.output_norm - norm).abs() <= 1e-13 * norm, "{what}");
        // f32 panels round at 6e-8; depth and width are small here.
        let single = &kernels(&net, &data, Sampler::Direct, Precision::F32, 11..12)[0];
        assert!(
            relative(&single.kernel, &expected) < 2e-6,
            "{what}: {}",
            relative(&single.kernel, &expected)
        );
        let given: Vec<WeightMatrix> = weights
            .iter()
            .map(|w| WeightMatrix { rows: w.len(), cols: w[0].len(), values: w.concat() })
            .collect();
        let engine = CpuEngine::new(2).unwrap();
        let phi = net.activation();
        let of = |weights: &[WeightMatrix]| {
            ExplicitKernel::new(&engine, phi, weights.to_vec(), 0.75, dim, Precision::F64).unwrap()
        };
        let explicit = of(&given).evaluate(&data, &Stop::never(), &|| {}).unwrap();
        assert_eq!(explicit.kernel, fast.kernel, "{what}: the θ of a seed gives the kernel of the seed");
        // The comparison sees one weight that is off by 1e-6, and one transposed pair of entries.
        let mut wrong = given.clone();
        wrong[0].values[0] += 1e-6;
        let k = of(&wrong).evaluate(&data, &Stop::never(), &|| {}).unwrap();
        let seen = relative(&k.kernel, &expected) > 1e-13;
        // Without a hidden layer the kernel is that of the data, whatever the weights.
        assert_eq!(seen, !hidden.is_empty(), "{what}: a changed weight goes unseen");
    };
    check("abs", &[], 3, 4, 5);
    check("abs", &[1], 1, 1, 1);
    check("0.6,0.4", &[5], 2, 3, 2);
    check("-0.4,0.7", &[17, 3], 2, 5, 7);
    check("relu", &[6, 16, 4], 1, 3, 65);
    check("leaky:0.1", &[15, 33, 2], 3, 2, 4);
}

/// Tiles of points move no bit of the kernel, however small they are.
#[test]
fn tiles_of_points_move_no_bit() {
    let (net, data) = (network("0.6,0.4", &[37, 130, 20], 2), points(11, 9, 3));
    let weights = naive::weights(&net, 9, 11);
    let given: Vec<WeightMatrix> = weights
        .iter()
        .map(|w| WeightMatrix { rows: w.len(), cols: w[0].len(), values: w.concat() })
        .collect();
    let engine = CpuEngine::new(2).unwrap();
    for precision in [Precision::F32, Precision::F64] {
        let kernel =
            || ExplicitKernel::new(&engine, net.activation(), given.clone(), 1.0, 9, precision).unwrap();
        assert_eq!(kernel().runs(11), 1);
        let whole = kernel().evaluate(&data, &Stop::never(), &|| {}).unwrap();
        for (rows, runs) in [(4, 55), (12, 6), (20, 3)] {
            let tiled = kernel().with_tile_rows(rows);
            let counted = std::cell::Cell::new(0);
            let tiled_kernel =
                tiled.evaluate(&data, &Stop::never(), &|| counted.set(counted.get() + 1)).unwrap();
            assert_eq!((tiled.runs(11), counted.get()), (runs, runs), "{rows}");
            assert_eq!(tiled_kernel.kernel, whole.kernel, "{rows} rows, {precision}");
            assert!((tiled_kernel.output_norm / whole.output_norm - 1.0).abs() < 1e-14);
        }
    }
}

/// Shapes on both sides of every block edge: 16 lanes, 128 neurons of a chunk, 2048 of a block.
#[test]
fn conditional_is_the_derivation() {
    let check = |phi: &str, hidden: &[u64], outputs: usize, n: usize, dim: usize| {
        let net = network(phi, hidden, outputs);
        let data = sphere(points(n, dim, 5));
        let what = format!("{phi} {hidden:?} {outputs} {n} {dim}");
        let expected = naive::conditional_kernel(&net, &rows(&data), 23, Fault::None);
        let fast = &kernels(&net, &data, Sampler::Conditional, Precision::F64, 23..24)[0];
        let error = relative(&fast.kernel, &expected);
        assert!(error < 1e-10, "{what}: {error}");
        let single = &kernels(&net, &data, Sampler::Conditional, Precision::F32, 23..24)[0];
        let error = relative(&single.kernel, &expected);
        assert!(error < 2e-5, "{what}: {error} in f32");
        // Every planted fault is seen where it can act; at great width its effect is below the bound.
        if hidden.len() > 1 && hidden[0] < 10_000 {
            for fault in [Fault::NoRegression, Fault::NoProjection, Fault::WrongFanIn] {
                let wrong = naive::conditional_kernel(&net, &rows(&data), 23, fault);
                assert!(relative(&fast.kernel, &wrong) > 1e-5, "{what}: {fault:?} goes unseen");
            }
        }
        if hidden.len() > 1 && outputs > 1 {
            let wrong = naive::conditional_kernel(&net, &rows(&data), 23, Fault::SwappedOutputs);
            assert!(relative(&fast.kernel, &wrong) > 1e-5, "{what}: swapped outputs go unseen");
        }
    };
    check("abs", &[], 2, 3, 4);
    check("relu", &[7], 2, 3, 4);
    check("abs", &[15, 16, 17], 1, 4, 6);
    check("relu", &[31, 33], 2, 3, 9);
    check("0.6,0.4", &[127, 128, 129, 130], 1, 5, 8);
    check("-0.4,0.7", &[64, 2047, 2049], 3, 2, 5);
    check("abs", &[4097, 20, 300], 1, 7, 16);
    // More than one wave of 64 blocks.
    check("abs", &[131_089, 3], 1, 1, 2);
}

fn sphere(data: DataSet) -> DataSet {
    let dim = data.dim();
    let mut values = Vec::new();
    for row in rows(&data) {
        let norm = row.iter().map(|v| v * v).sum::<f64>().sqrt();
        values.extend(row.iter().map(|v| v / norm * (dim as f64).sqrt()));
    }
    DataSet::new(values, dim).unwrap()
}

/// Rows of any norm, and a zero row: K is homogeneous, and exactly zero where a row is zero.
#[test]
fn rows_of_every_norm() {
    let base = sphere(points(3, 4, 9));
    let factors = [1.0, 1e-8, 3e4];
    let mut values: Vec<f64> =
        rows(&base).iter().zip(factors).flat_map(|(r, f)| r.iter().map(move |v| v * f)).collect();
    let data = DataSet::new(values.clone(), 4).unwrap();
    values.extend([0.0; 4]);
    let with_zero = DataSet::new(values, 4).unwrap();
    let net = network("relu", &[40, 30, 20], 2);
    for sampler in [Sampler::Direct, Sampler::Conditional] {
        for precision in [Precision::F32, Precision::F64] {
            let k = &kernels(&net, &data, sampler, precision, 4..5)[0].kernel;
            let unit = &kernels(&net, &base, sampler, precision, 4..5)[0].kernel;
            for i in 0..6 {
                for j in 0..6 {
                    let f = factors[i / 2] * factors[j / 2];
                    let size = (unit[i * 7] * unit[j * 7]).sqrt() * f;
                    let (value, expected) = (k[i * 6 + j], unit[i * 6 + j] * f);
                    assert!(
                        (value - expected).abs() <= 1e-5 * size,
                        "{sampler} {precision} {i} {j}: {value} {expected}"
                    );
                }
            }
            let k = &kernels(&net, &with_zero, sampler, precision, 4..5)[0].kernel;
            for i in 0..8 {
                for j in 0..8 {
                    assert_eq!(k[i * 8 + j] == 0.0, i >= 6 || j >= 6, "{sampler} {precision} {i} {j}");
                }
            }
        }
    }
}
