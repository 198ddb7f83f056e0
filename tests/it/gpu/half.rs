//! Panels in f16: the same draw as in f32 up to the rounding of f16, the same bytes however it is cut up, and a
//! sentence where a number would leave the range.

use std::fs;
use std::process::Command;

use eoc_ntk::backend::cpu::CpuEngine;
use eoc_ntk::backend::gpu::{Choice, GpuEngine, Kind, Options, list};
use eoc_ntk::backend::{Engine, EngineError, ExplicitKernel, Job, KernelSample, Precision, Stop};
use eoc_ntk::data::DataSet;
use eoc_ntk::data::weights::WeightMatrix;
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::Network;
use eoc_ntk::sampler::Sampler;

use super::super::support::{naive, points, relative};
use super::skip_half;

/// The adapter under test, if it has f16.
fn open(options: &Options) -> Option<GpuEngine> {
    super::open(options).filter(|gpu| gpu.description().f16)
}

fn net(phi: &str, hidden: &[u64], outputs: usize) -> Network {
    Network::new(phi.parse::<Activation>().unwrap(), hidden.to_vec(), outputs).unwrap()
}

fn kernels(
    engine: &dyn Engine,
    network: &Network,
    data: &DataSet,
    sampler: Sampler,
    precision: Precision,
    seeds: &[u64],
) -> Vec<KernelSample> {
    engine.open(Job::new(network, data, sampler, precision)).unwrap().kernels(seeds, &Stop::never()).unwrap()
}

/// Relative Frobenius distance of the kernel in f16 from that of the CPU in f32, the median over the seeds.
fn error(gpu: &GpuEngine, network: &Network, data: &DataSet, sampler: Sampler, seeds: &[u64]) -> f64 {
    let cpu = CpuEngine::new(2).unwrap();
    let half = kernels(gpu, network, data, sampler, Precision::F16, seeds);
    let single = kernels(&cpu, network, data, sampler, Precision::F32, seeds);
    let mut found: Vec<f64> = half.iter().zip(&single).map(|(x, y)| relative(&x.kernel, &y.kernel)).collect();
    found.sort_by(f64::total_cmp);
    found[found.len() / 2]
}

/// A kernel is a sum of l products of two sums over neurons, each of which an error of u = 2⁻¹¹ in every entry moves by
/// some u at most; a preactivation within rounding of zero may take the other slope. 8·u at depth 4 (measured: 1.6·u
/// and 0.9·u at width 1024).
const BOUND: f64 = 8.0 / 2048.0;

#[test]
fn kernels_are_those_of_f32_up_to_the_rounding_of_f16() {
    let Some(gpu) = open(&Options::default()) else { return skip_half("parity of f16") };
    let data = points(16, 64, 7);
    for (sampler, width) in
        [(Sampler::Direct, 1024), (Sampler::Conditional, 1024), (Sampler::Conditional, 200_000)]
    {
        let network = net("relu", &[width; 3], 1);
        let seeds: &[u64] = if width > 10_000 { &[3] } else { &[0, 1, 2, 3, 4] };
        let found = error(&gpu, &network, &data, sampler, seeds);
        println!("{sampler} width {width}: {found:.1e}");
        assert!(found < BOUND, "{sampler} {width}: {found}");
        // Rounded it is: f32 would be a thousand times nearer. Another seed is another kernel.
        assert!(found > 1e-5 || width > 10_000, "{sampler}: {found} is no rounding of f16");
        let (x, y) = (
            kernels(&gpu, &network, &data, sampler, Precision::F16, &[8]),
            kernels(&gpu, &network, &data, sampler, Precision::F16, &[9]),
        );
        assert!(
            relative(&x[0].kernel, &y[0].kernel) > if width > 10_000 { BOUND / 2.0 } else { 4.0 * BOUND }
        );
    }
}

/// Every way through the code once, as in f32: checked, without f64, panels drawn again, layers and products split.
#[test]
fn every_way_gives_the_draw() {
    let Some(plain) = open(&Options::default()) else { return skip_half("every way in f16") };
    let ways = [
        Options { checked: true, cooperative: false, ..Options::default() },
        Options { f64: false, int64: false, checked: true, ..Options::default() },
        Options { memory: Some(3 << 20), work: Some(1e6), checked: true, ..Options::default() },
        Options { max_binding: Some(1 << 20), checked: true, ..Options::default() },
    ];
    for (phi, hidden, outputs, n, dim) in [
        ("abs", vec![], 2, 3, 4),
        ("relu", vec![7], 2, 3, 4),
        ("0.6,0.4", vec![1], 1, 1, 1),
        ("abs", vec![64, 255, 257], 1, 17, 65),
        ("-0.4,0.7", vec![300, 100, 533], 3, 11, 5),
        ("relu", vec![40, 2050], 1, 5, 516),
    ] {
        let (network, data) = (net(phi, &hidden, outputs), points(n, dim, 3));
        for sampler in [Sampler::Direct, Sampler::Conditional] {
            let seeds = [3, 1 << 40, 5];
            let expected = kernels(&plain, &network, &data, sampler, Precision::F16, &seeds);
            let far = error(&plain, &network, &data, sampler, &seeds);
            assert!(far < 2.0 * BOUND, "{phi} {hidden:?} {sampler}: {far}");
            for options in &ways {
                let gpu = open(options).unwrap();
                let found = kernels(&gpu, &network, &data, sampler, Precision::F16, &seeds);
                let mut apart: Vec<f64> =
                    found.iter().zip(&expected).map(|(x, y)| relative(&x.kernel, &y.kernel)).collect();
                apart.sort_by(f64::total_cmp);
                // The same rounded numbers: only sums in another order may round a panel otherwise, here and there.
                assert!(
                    apart[1] < BOUND / 4.0,
                    "{phi} {hidden:?} {outputs} {n} {sampler} {options:?}: {apart:?}"
                );
            }
        }
    }
}

/// The same bytes whatever the batch and the slabs: partial sums stay f32.
#[test]
fn batches_and_slabs_move_no_bit() {
    let roomy = Options { work: Some(1e12), ..Options::default() };
    let Some(gpu) = open(&roomy) else { return skip_half("bits across batches in f16") };
    for n in [5, 20] {
        let (network, data) = (net("relu", &[300, 1100, 130], 2), points(n, 7, 1));
        for sampler in [Sampler::Direct, Sampler::Conditional] {
            let draw = |engine: &GpuEngine, seeds: &[u64]| {
                kernels(engine, &network, &data, sampler, Precision::F16, seeds)
            };
            let all = draw(&gpu, &[0, 1, 2, 3, 4]);
            let some = draw(&gpu, &[4, 2]);
            assert_eq!((&some[0], &some[1]), (&all[4], &all[2]), "{sampler}");
            assert_ne!(some[0].kernel, some[1].kernel);
            // On cooperative matrices the sum starts anew in every dispatch: cutting it up moves its last bits.
            let plain = Options { cooperative: false, ..roomy.clone() };
            let whole = draw(&open(&plain).unwrap(), &[0, 1, 2, 3, 4]);
            let split = open(&Options { work: Some(1e5), ..plain }).unwrap();
            assert_eq!(draw(&split, &[0, 1, 2, 3, 4]), whole, "{sampler}");
        }
    }
}

/// A zero row and dead layers are exact zeros, and nothing else is.
#[test]
fn zeros_are_exact() {
    let Some(gpu) = open(&Options::default()) else { return skip_half("zeros in f16") };
    let mut values: Vec<f64> = points(3, 4, 2).values().to_vec();
    values[4..8].fill(0.0);
    let data = DataSet::new(values, 4).unwrap();
    for sampler in [Sampler::Direct, Sampler::Conditional] {
        let mut dead = 0;
        for sample in kernels(
            &gpu,
            &net("relu", &[2, 2, 40], 1),
            &data,
            sampler,
            Precision::F16,
            &Vec::from_iter(0..40),
        ) {
            for at in 0..9 {
                let touches = at / 3 == 1 || at % 3 == 1;
                assert!(!touches || sample.kernel[at] == 0.0, "{sampler}: {:?}", sample.kernel);
            }
            dead += usize::from(sample.kernel[0] == 0.0);
        }
        // Both neurons of a layer are dead for a point with probability 1/4.
        assert!(dead > 5 && dead < 35, "{sampler}: {dead}");
    }
}

#[test]
fn given_weights_are_rounded_and_must_fit() {
    let (network, data) = (net("0.6,0.4", &[70, 300], 2), points(9, 33, 3));
    let Some(gpu) = open(&Options::default()) else { return skip_half("given weights in f16") };
    let drawn = naive::weights(&network, 33, 11);
    let given: Vec<WeightMatrix> =
        drawn.iter().map(|w| WeightMatrix { rows: w.len(), cols: w[0].len(), values: w.concat() }).collect();
    let expected = kernels(&gpu, &network, &data, Sampler::Direct, Precision::F16, &[11]).remove(0);
    let kernel = |weights: Vec<WeightMatrix>| {
        ExplicitKernel::new(&gpu, network.activation(), weights, 1.0, 33, Precision::F16)
            .and_then(|kernel| kernel.evaluate(&data, &Stop::never(), &|| {}))
    };
    let found = kernel(given.clone()).unwrap();
    // The weights round on the host here and on the device there, to the same numbers.
    assert!(relative(&found.kernel, &expected.kernel) < 1e-5);
    for wrong in [70_000.0, f64::INFINITY] {
        let mut given = given.clone();
        given[1].values[70 * 255 + 3] = wrong;
        match kernel(given) {
            Err(EngineError::Refused(refusal)) => {
                let sentence = refusal.to_string();
                assert!(sentence.contains("W2") && sentence.contains("row 255, column 3"), "{sentence}");
            }
            other => panic!("{other:?}"),
        }
    }
    // Weights that fit and a preactivation that does not: an error, never an infinite kernel.
    let mut given = given;
    given[0].values.iter_mut().for_each(|w| *w *= 15_000.0);
    given[1].values.iter_mut().for_each(|w| *w *= 15_000.0);
    assert!(matches!(kernel(given), Err(EngineError::Failed { .. })));
}

#[test]
fn what_cannot_be_f16_is_refused() {
    let Some(gpu) = open(&Options::default()) else { return skip_half("refusals of f16") };
    let refused = |engine: &dyn Engine, network: &Network| match engine.open(Job::new(
        network,
        &points(2, 3, 1),
        Sampler::Direct,
        Precision::F16,
    )) {
        Err(EngineError::Refused(refusal)) => refusal.to_string(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted"),
    };
    let network = net("relu", &[50, 50], 1);
    let without = super::open(&Options { f16: false, ..Options::default() }).unwrap();
    let sentence = refused(&without, &network);
    assert!(sentence.contains("16-bit floats") && sentence.contains(&gpu.info().name), "{sentence}");
    assert!(refused(&CpuEngine::new(1).unwrap(), &network).contains("GPU"));
    // Depth 400 at width 50 lets preactivations drift out of the range.
    let sentence = refused(&gpu, &net("relu", &[50; 400], 1));
    assert!(sentence.contains("drift") && sentence.contains("f16 has room for 8"), "{sentence}");
    if list().iter().all(|d| d.kind == Kind::Software) {
        assert!(matches!(GpuEngine::new(&Choice::BestHalf, 1), Err(EngineError::Refused(_))));
    }
}

/// A study in both precisions, from the command line: as many rows of each, and resumed without a new one.
#[test]
fn a_study_in_both_precisions_runs() {
    let Some(gpu) = open(&Options::default()) else { return skip_half("a study in f16") };
    let temp = tempfile::tempdir().unwrap();
    let study = "name = 'both'\nseeds = 6\nprecision = ['f32', 'f16']\n[network]\nactivation = 'relu'\ndepth = 3\nwidth = 40\n\
                 [data]\nsource = 'sphere:n=4,dim=3,seed=1'\n";
    fs::write(temp.path().join("study.toml"), study).unwrap();
    let eoc = |arguments: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_eoc")).args(arguments).current_dir(&temp).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let device = format!("gpu:{}", gpu.description().index);
    let run = ["run", "study.toml", "--out", "run", "--device", &device];
    for _ in 0..2 {
        let (code, _, errors) = eoc(&run);
        assert_eq!(code, Some(0), "{errors}");
        let (code, rows, _) = eoc(&["export", "run", "--format", "csv"]);
        assert_eq!(code, Some(0));
        let count = |precision: &str| rows.lines().filter(|l| l.contains(&format!(",{precision},"))).count();
        assert_eq!((count("f32"), count("f16")), (6, 6), "{rows}");
    }
    let (code, _, sentence) = eoc(&["run", "study.toml", "--out", "other", "--device", "cpu"]);
    assert_eq!(code, Some(2), "{sentence}");
    assert!(sentence.contains("precision f16 needs a GPU"), "{sentence}");
}
