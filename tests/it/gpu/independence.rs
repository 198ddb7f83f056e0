//! K_gia on the GPU: that of the CPU, beside a kernel of which no bit moves.

use eoc_ntk::backend::cpu::CpuEngine;
use eoc_ntk::backend::gpu::{GpuEngine, Options};
use eoc_ntk::backend::{Drawn, Engine, EngineError, Job, Precision, Refusal, Stop, Wanted};
use eoc_ntk::data::DataSet;
use eoc_ntk::limit::Limit;
use eoc_ntk::model::Network;
use eoc_ntk::sampler::Sampler;
use eoc_ntk::stats::Reference;

use super::super::support::{points, relative};
use super::{open, skip};

const SEEDS: [u64; 3] = [3, 1 << 40, 5];

fn net(phi: &str, hidden: &[u64], outputs: usize) -> Network {
    Network::new(phi.parse().unwrap(), hidden.to_vec(), outputs).unwrap()
}

fn drawn(
    engine: &dyn Engine,
    network: &Network,
    data: &DataSet,
    precision: Precision,
    independence: bool,
    wanted: &Wanted,
) -> Vec<Drawn> {
    let job = Job::new(network, data, Sampler::Conditional, precision).with_independence(independence);
    engine.open(job).unwrap().draw(&SEEDS, wanted, &Stop::never()).unwrap()
}

/// Relative distance of K_gia, the median over the seeds; and K is what it is without.
fn distance(gpu: &GpuEngine, network: &Network, data: &DataSet, precision: Precision) -> f64 {
    let cpu = CpuEngine::new(2).unwrap();
    let expected = drawn(&cpu, network, data, Precision::F32, true, &Wanted::KERNEL);
    let found = drawn(gpu, network, data, precision, true, &Wanted::KERNEL);
    let plain = drawn(gpu, network, data, precision, false, &Wanted::KERNEL);
    let mut distances: Vec<f64> = found
        .iter()
        .zip(&plain)
        .zip(&expected)
        .map(|((found, plain), expected)| {
            assert_eq!((found.seed, &found.kernel), (plain.seed, &plain.kernel), "K moves");
            assert_eq!(found.output_norm, plain.output_norm);
            relative(found.independent.as_ref().unwrap(), expected.independent.as_ref().unwrap())
        })
        .collect();
    distances.sort_by(f64::total_cmp);
    distances[1]
}

/// Both kinds of sums, algebra on the device and on the host, panels kept and drawn again, fused and step by step,
/// slabs.
#[test]
fn every_way_gives_the_independent_twin_of_the_cpu() {
    let ways = [
        Options { checked: true, ..Options::default() },
        Options { fused: false, checked: true, ..Options::default() },
        Options { f64: false, int64: false, checked: true, ..Options::default() },
        Options { f64_sums: Some(false), checked: true, ..Options::default() },
        Options { memory: Some(3 << 20), work: Some(1e6), fused: false, checked: true, ..Options::default() },
    ];
    for options in ways {
        let Some(gpu) = open(&options) else { return skip("K_gia on a GPU") };
        for (phi, hidden, outputs, n) in [
            ("abs", vec![], 2, 3),
            ("abs", vec![64, 255, 257], 1, 17),
            ("-0.4,0.7", vec![300, 9, 33], 3, 11),
            ("relu", vec![40, 70, 30, 50], 1, 5),
        ] {
            let (network, data) = (net(phi, &hidden, outputs), points(n, 7, 3));
            let found = distance(&gpu, &network, &data, Precision::F32);
            let bound = if options.f64 && options.f64_sums.is_none() { 4e-6 } else { 2e-5 };
            assert!(found < bound, "{phi} {hidden:?} {outputs} {n} {options:?}: {found}");
        }
    }
    // More rows than a device factorises: the small matrices come back once a layer.
    let Some(gpu) = open(&Options { f64: false, ..Options::default() }) else { return };
    let found = distance(&gpu, &net("relu", &[90, 80, 100], 1), &points(70, 9, 3), Precision::F32);
    assert!(found < 1e-4, "{found}");
}

#[test]
fn half_panels_hold_the_independent_twin_too() {
    let Some(gpu) = open(&Options::default()).filter(|gpu| gpu.description().f16) else {
        return skip("K_gia in f16");
    };
    let found = distance(&gpu, &net("relu", &[300, 200, 500], 2), &points(6, 7, 3), Precision::F16);
    assert!(found < 5e-3, "{found}");
}

/// In one pass and step by step the same bits; and the statistics are those of the kernels, and of K those without
/// K_gia.
#[test]
fn fused_passes_and_statistics_of_the_independent_twin() {
    for (f64, f64_sums) in [(true, true), (true, false), (false, false)] {
        let of = |fused| open(&Options { f64, f64_sums: Some(f64_sums), fused, ..Options::default() });
        let [plain, fused] = [false, true].map(of);
        let (Some(plain), Some(fused)) = (plain, fused) else { return skip("bits of K_gia") };
        for (hidden, outputs, n) in [(vec![513, 256, 31], 1, 32), (vec![300, 70, 1000], 3, 5)] {
            let (network, data) = (net("0.6,0.4", &hidden, outputs), points(n, 9, 3));
            let of = |gpu: &GpuEngine, independence, wanted: &Wanted| {
                drawn(gpu, &network, &data, Precision::F32, independence, wanted)
            };
            let kernels = of(&fused, true, &Wanted::KERNEL);
            assert_eq!(of(&plain, true, &Wanted::KERNEL), kernels, "{hidden:?} f64 {f64}");
            let limit = Limit::new(&data, network.activation(), network.depth(), 1.0);
            let reference = Reference::new(limit.ntk(), n, outputs).unwrap();
            let wanted = Wanted { statistics: Some(&reference), ..Wanted::default() };
            let (with, without) = (of(&fused, true, &wanted), of(&fused, false, &wanted));
            for ((with, without), drawn) in with.iter().zip(&without).zip(&kernels) {
                assert_eq!((with.statistics, with.output_norm), (without.statistics, without.output_norm));
                let (kernel, independent) =
                    (drawn.kernel.as_ref().unwrap(), drawn.independent.as_ref().unwrap());
                let expected = reference.measure_independence(kernel, independent).unwrap();
                assert_eq!((with.independence, without.independence), (Some(expected), None));
                assert!(with.kernel.is_none() && with.independent.is_none());
            }
        }
    }
}

#[test]
fn a_gpu_refuses_independence_of_the_direct_sampler() {
    let Some(gpu) = open(&Options::default()) else { return skip("refusal of K_gia") };
    let job = Job::new(&net("relu", &[8, 8], 1), &points(3, 2, 1), Sampler::Direct, Precision::F32);
    let found = gpu.open(job.with_independence(true));
    assert!(matches!(found.err(), Some(EngineError::Refused(Refusal::Independence))));
}
