//! The small matrices on the device against those on the host: the same draws, and nothing read before the end.

use eoc_ntk::backend::Precision;
use eoc_ntk::backend::cpu::CpuEngine;
use eoc_ntk::backend::gpu::{GpuEngine, Options, Tuning};
use eoc_ntk::backend::{Drawn, Engine, Job, KernelSample, Stop, Wanted};
use eoc_ntk::data::DataSet;
use eoc_ntk::limit::Limit;
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::Network;
use eoc_ntk::sampler::Sampler;
use eoc_ntk::stats::{LayerReference, Reference};

use super::super::support::{points, relative};
use super::{open, skip};

/// Everything up to the largest size is factorised on the device.
fn on_device() -> Options {
    Options { algebra: Some(256), ..Options::default() }
}

fn net(phi: &str, hidden: &[u64], outputs: usize) -> Network {
    Network::new(phi.parse::<Activation>().unwrap(), hidden.to_vec(), outputs).unwrap()
}

fn reference(network: &Network, data: &DataSet) -> Reference {
    let limit = Limit::new(data, network.activation(), network.depth(), network.scale());
    Reference::new(limit.ntk(), data.n(), network.outputs()).unwrap()
}

fn kernels(
    engine: &GpuEngine,
    network: &Network,
    data: &DataSet,
    sampler: Sampler,
    seeds: &[u64],
) -> Vec<KernelSample> {
    engine
        .open(Job::new(network, data, sampler, Precision::F32))
        .unwrap()
        .kernels(seeds, &Stop::never())
        .unwrap()
}

/// Both samplers, shapes on both sides of the edges, f64 and pairs, workgroup memory and storage: the kernels of the
/// host's algebra up to its rounding, and statistics that are those of the kernels.
#[test]
fn the_device_factorises_as_the_host_does() {
    for (f64, f64_sums, squares_in_storage) in
        [(true, true, false), (true, true, true), (true, false, false), (false, false, false)]
    {
        let of = Options { f64, f64_sums: Some(f64_sums), ..on_device() };
        let host = Options { algebra: Some(0), ..of.clone() };
        let device = Options { squares_in_storage, checked: true, ..of };
        let (Some(host), Some(device)) = (open(&host), open(&device)) else {
            return skip("the algebra of the device");
        };
        for (phi, hidden, outputs, n, dim) in [
            ("relu", vec![7], 2, 3, 4),
            ("abs", vec![64, 257], 1, 17, 65),
            ("-0.4,0.7", vec![100, 1, 33], 3, 11, 5),
        ] {
            let (network, data) = (net(phi, &hidden, outputs), points(n, dim, 3));
            let reference = reference(&network, &data);
            for sampler in [Sampler::Direct, Sampler::Conditional] {
                let seeds = [3, 1 << 40, 5];
                let expected = kernels(&host, &network, &data, sampler, &seeds);
                let found = kernels(&device, &network, &data, sampler, &seeds);
                let mut off: Vec<f64> =
                    expected.iter().zip(&found).map(|(x, y)| relative(&y.kernel, &x.kernel)).collect();
                off.sort_by(f64::total_cmp);
                // The direct sampler factorises nothing: only the order of few operations differs.
                let bound = match (sampler, f64) {
                    (Sampler::Direct, true) => 1e-14,
                    (Sampler::Direct, false) => 1e-11,
                    (Sampler::Conditional, _) => 1e-5,
                };
                assert!(
                    off[1] <= bound && off[2] < 1e-2,
                    "{phi} {hidden:?} {n} {sampler} f64 {f64}: {off:?}"
                );
                for sample in &found {
                    let q = n * outputs;
                    assert!((0..q * q).all(|e| sample.kernel[e] == sample.kernel[e % q * q + e / q]));
                }
                let sampling = device.open(Job::new(&network, &data, sampler, Precision::F32)).unwrap();
                let measured = sampling.statistics(&seeds, &reference, &Stop::never()).unwrap();
                for (sample, measured) in found.iter().zip(&measured) {
                    let s = reference.measure(&sample.kernel).unwrap();
                    let close = |x: f64, y: f64| (x - y).abs() <= 1e-11 * s.lambda_max;
                    let m = measured.statistics;
                    assert_eq!((measured.seed, measured.output_norm), (sample.seed, sample.output_norm));
                    assert!(close(m.deviation_op, s.deviation_op) && close(m.deviation_fro, s.deviation_fro));
                    assert!(close(m.deviation_max, s.deviation_max) && close(m.trace, s.trace));
                    assert!(close(m.lambda_min, s.lambda_min) && close(m.lambda_max, s.lambda_max));
                    assert!((m.relative_op / s.relative_op - 1.0).abs() < 1e-9);
                    assert!(measured.statistics != measured_of_another(&measured.seed, &reference, &found));
                }
            }
        }
    }
}

/// The matrices of every layer come back with the rest, from the device as from the host, and move nothing else of a
/// seed.
#[test]
fn layers_are_those_of_the_cpu_on_either_side() {
    let cpu = CpuEngine::new(2).unwrap();
    let ways = [
        on_device(),
        Options { f64: false, checked: true, ..on_device() },
        Options { algebra: Some(0), ..on_device() },
    ];
    for options in ways {
        let Some(gpu) = open(&options) else { return skip("layers on a device") };
        let (network, data) = (net("relu", &[70, 33, 150], 2), points(5, 6, 3));
        let (reference, layers) = (reference(&network, &data), LayerReference::new(&network, &data));
        for sampler in [Sampler::Direct, Sampler::Conditional] {
            let draw = |engine: &dyn Engine, wanted: Wanted| -> Vec<Drawn> {
                let sampling = engine.open(Job::new(&network, &data, sampler, Precision::F32)).unwrap();
                sampling.draw(&[3, 1 << 40, 5], &wanted, &Stop::never()).unwrap()
            };
            let all = Wanted { layers: Some(&layers), matrices: true, ..Wanted::KERNEL };
            let rows = Wanted { statistics: Some(&reference), layers: Some(&layers), ..Wanted::default() };
            let (expected, found, measured) = (draw(&cpu, all), draw(&gpu, all), draw(&gpu, rows));
            let plain = draw(&gpu, Wanted::KERNEL);
            let statistics = draw(&gpu, Wanted { layers: None, ..rows });
            for (at, found) in found.iter().enumerate() {
                let what = format!("{sampler} {options:?} seed {at}");
                assert_eq!(found.kernel, plain[at].kernel, "{what}");
                assert_eq!(measured[at].statistics, statistics[at].statistics, "{what}");
                assert_eq!(measured[at].layers, found.layers, "{what}");
                let (x, y) = (found.matrices.as_ref().unwrap(), expected[at].matrices.as_ref().unwrap());
                assert!(relative(&x.activations, &y.activations) < 1e-5, "{what}");
                assert!(relative(&x.gradients, &y.gradients) < 1e-4, "{what}");
                assert!(
                    relative(&x.gradients, &expected[(at + 1) % 3].matrices.as_ref().unwrap().gradients)
                        > 1e-2
                );
                let pairs = found.layers.iter().flatten().zip(expected[at].layers.iter().flatten());
                for (x, y) in pairs.clone() {
                    assert_eq!((x.layer, x.pairs), (y.layer, y.pairs), "{what}");
                    let close = |x: f64, y: f64| (x - y).abs() < 1e-3;
                    assert!(
                        close(x.norm_max, y.norm_max) && close(x.icd_mean, y.icd_mean),
                        "{what}: {x:?} {y:?}"
                    );
                    assert!(close(x.gradient_inner_max, y.gradient_inner_max) && close(x.term_op, y.term_op));
                }
                assert_eq!(pairs.count(), 4, "{what}");
            }
        }
    }
}

/// The statistics of a kernel of another seed, which no comparison may take for this one's.
fn measured_of_another(
    seed: &u64,
    reference: &Reference,
    samples: &[KernelSample],
) -> eoc_ntk::stats::KernelStatistics {
    let other = samples.iter().find(|s| s.seed != *seed).unwrap();
    reference.measure(&other.kernel).unwrap()
}

/// Repeated, opposite and zero rows, and layers in which every unit is dead: ranks that fall, exact zeros that stay.
#[test]
fn singular_layers_keep_their_zeros() {
    let (Some(host), Some(device)) = (open(&Options { algebra: Some(0), ..on_device() }), open(&on_device()))
    else {
        return skip("singular layers on the device");
    };
    let rows = [[1.0, 2.0], [0.0, 0.0], [1.0, 2.0], [-1.0, -2.0], [3.0, -1.0]];
    let data = DataSet::new(rows.concat(), 2).unwrap();
    let network = net("relu", &[2, 3, 2], 2);
    let seeds: Vec<u64> = (0..40).collect();
    let found = kernels(&device, &network, &data, Sampler::Conditional, &seeds);
    let expected = kernels(&host, &network, &data, Sampler::Conditional, &seeds);
    let mut dead = 0;
    for (x, y) in found.iter().zip(&expected) {
        for e in 0..100 {
            let zero_point = (e / 10) / 2 == 1 || (e % 10) / 2 == 1;
            assert!(!zero_point || x.kernel[e] == 0.0, "seed {} entry {e}: {}", x.seed, x.kernel[e]);
            assert_eq!(x.kernel[e] == 0.0, y.kernel[e] == 0.0, "seed {} entry {e}", x.seed);
        }
        dead += usize::from(x.kernel[88] == 0.0);
        let scale = y.kernel.iter().fold(0f64, |m, v| m.max(v.abs()));
        let off = x.kernel.iter().zip(&y.kernel).fold(0f64, |m, (x, y)| m.max((x - y).abs()));
        assert!(off <= 1e-4 * scale, "seed {}: {off} {scale}", x.seed);
    }
    assert!(dead > 0, "no layer died: the case tests less than it says");
}

/// The same bytes whatever the batch, the pieces of work, and where the squares are.
#[test]
fn batches_and_places_move_no_bit() {
    let Some(gpu) = open(&on_device()) else { return skip("bits across batches on the device") };
    let (network, data) = (net("relu", &[300, 600, 130], 2), points(5, 7, 1));
    let reference = reference(&network, &data);
    for sampler in [Sampler::Direct, Sampler::Conditional] {
        let all = kernels(&gpu, &network, &data, sampler, &[0, 1, 2, 3, 4, 5, 6]);
        let some = kernels(&gpu, &network, &data, sampler, &[6, 2]);
        assert_eq!((&some[0], &some[1]), (&all[6], &all[2]), "{sampler}");
        assert_ne!(some[0].kernel, some[1].kernel);
        for options in
            [Options { work: Some(1e5), ..on_device() }, Options { squares_in_storage: true, ..on_device() }]
        {
            let other = open(&options).unwrap();
            assert_eq!(kernels(&other, &network, &data, sampler, &[0, 1, 2, 3, 4, 5, 6]), all, "{options:?}");
        }
        let measure = |seeds: &[u64]| {
            let sampling = gpu.open(Job::new(&network, &data, sampler, Precision::F32)).unwrap();
            sampling.statistics(seeds, &reference, &Stop::never()).unwrap()
        };
        assert_eq!(measure(&[4]), measure(&[0, 1, 2, 3, 4, 5, 6])[4..5]);
    }
}

/// No constant of a tuning moves a bit, and every alternative that a tuning run tries is right.
#[test]
fn tunings_move_no_bit() {
    let Some(gpu) = open(&on_device()) else {
        return skip("bits across tunings");
    };
    let cases =
        [(net("relu", &[300, 600, 130], 2), points(5, 7, 1)), (net("abs", &[270, 513], 1), points(35, 9, 1))];
    let all = |engine: &GpuEngine| {
        let each = cases.iter().flat_map(|(network, data)| {
            let of = move |sampler| kernels(engine, network, data, sampler, &[0, 1, 2]);
            [Sampler::Direct, Sampler::Conditional].map(of)
        });
        each.collect::<Vec<_>>()
    };
    let expected = all(&gpu);
    let (least, most) = (
        Tuning {
            project: [[16, 4], [16, 8], [16, 4]],
            gram: [[4, 2], [4, 4], [8, 1]],
            fused: [1, 1],
            square: [32, 32, 32],
        },
        Tuning {
            project: [[64, 2], [64, 4], [32, 8]],
            gram: [[8, 1], [8, 4], [8, 4]],
            fused: [2, 1],
            square: [256, 256, 64],
        },
    );
    for tuning in [least, most] {
        for fused in [true, false] {
            let other = open(&Options { tuning: Some(tuning), fused, ..on_device() }).unwrap();
            assert_eq!(other.info().tuning, tuning.to_string(), "the adapter cannot run it");
            assert_eq!(all(&other), expected, "{tuning}");
        }
    }
}

/// Points so large or small that f32 cannot hold their kernel are left to the host, and come out right.
#[test]
fn extreme_norms_stay_on_the_host() {
    let Some(gpu) = open(&Options { f64: false, ..on_device() }) else { return skip("extreme norms") };
    let network = net("abs", &[20], 1);
    let rows = [3.0, 4.0, -1.0, 2.0];
    let plain = DataSet::new(rows.to_vec(), 2).unwrap();
    let huge = DataSet::new(rows.iter().map(|x| x * 1e30).collect(), 2).unwrap();
    let (x, y) = (
        kernels(&gpu, &network, &plain, Sampler::Conditional, &[1]),
        kernels(&gpu, &network, &huge, Sampler::Conditional, &[1]),
    );
    let scaled: Vec<f64> = y[0].kernel.iter().map(|k| k * 1e-60).collect();
    assert!(relative(&scaled, &x[0].kernel) < 1e-6, "{scaled:?} {:?}", x[0].kernel);
}

/// Activations that shrink below the range of f32 are an error that names the way out, never zeros.
#[test]
fn activations_out_of_range_are_an_error() {
    for f64 in [true, false] {
        let Some(gpu) = open(&Options { f64, ..on_device() }) else {
            return skip("range of f32 on the device");
        };
        let (network, data) = (net("abs", &[3; 1000], 1), points(2, 3, 1));
        for sampler in [Sampler::Direct, Sampler::Conditional] {
            let sampling = gpu.open(Job::new(&network, &data, sampler, Precision::F32)).unwrap();
            let error = sampling.kernels(&[1], &Stop::never()).unwrap_err().to_string();
            assert!(error.starts_with("seed 1") && error.contains("leave the range of f32"), "{error}");
        }
    }
}
