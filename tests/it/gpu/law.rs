//! The law of the conditional draw on the adapter: against direct at tiny widths, and the exact moments at one point.
//!
//! Fixed seeds; the family of all tests here has one false-positive rate of 1e−3 had the seeds been drawn anew (Holm).

use eoc_ntk::backend::gpu::{GpuEngine, Options};
use eoc_ntk::backend::{Engine, Job, Precision};
use eoc_ntk::data::DataSet;
use eoc_ntk::limit::relative_sd_diagonal;
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::Network;
use eoc_ntk::sampler::Sampler;

use super::super::support::naive::{self, Fault};
use super::super::support::{Family, kolmogorov_smirnov, mean_is, points};
use super::{open, skip, skip_half};

/// Signed logarithms of some functionals of K: plain means of K at tiny widths say nothing.
fn functionals(kernel: &[f64], q: usize) -> Vec<f64> {
    let log = |x: f64| x.signum() * x.abs().ln_1p();
    let norm = kernel.iter().map(|x| x * x).sum::<f64>().sqrt();
    vec![log(norm), log(kernel[0]), log(kernel[q * q - 1]), log(kernel[1]), log(kernel[(q - 1) * q])]
}

fn draws(
    engine: &dyn Engine,
    network: &Network,
    (sampler, precision): (Sampler, Precision),
    first: u64,
    count: u64,
) -> Vec<Vec<f64>> {
    let data = points(3, 4, 8);
    let sampling = engine.open(Job::new(network, &data, sampler, precision)).unwrap();
    let q = 3 * network.outputs();
    let rows: Vec<Vec<f64>> =
        sampling.kernels_of(first..first + count).map(|k| functionals(&k.unwrap().kernel, q)).collect();
    (0..5).map(|f| rows.iter().map(|r| r[f]).collect()).collect()
}

#[test]
fn both_samplers_have_one_law_on_the_device() {
    let Some(gpu) = open(&Options::default()) else { return skip("the law on the device") };
    both_samplers_have_one_law(&gpu, Precision::F32);
}

#[test]
fn both_samplers_have_one_law_in_f16() {
    match open(&Options::default()) {
        Some(gpu) if gpu.description().f16 => both_samplers_have_one_law(&gpu, Precision::F16),
        _ => skip_half("the law in f16"),
    }
}

fn both_samplers_have_one_law(gpu: &GpuEngine, precision: Precision) {
    let full = std::env::var_os("EOC_FULL").is_some_and(|v| v == "1");
    let count = if full { 40_000 } else { 1500 };
    let mut family = Family::at_level(1e-3);
    let mut wrong = Family::at_level(1e-3);
    for (phi, hidden) in [("abs", vec![1, 1, 1]), ("relu", vec![2, 3]), ("0.6,0.4", vec![3, 1, 4])] {
        let network = Network::new(phi.parse::<Activation>().unwrap(), hidden.clone(), 2).unwrap();
        let direct = draws(gpu, &network, (Sampler::Direct, precision), 0, count);
        let conditional = draws(gpu, &network, (Sampler::Conditional, precision), 1 << 40, count);
        for (f, (x, y)) in direct.iter().zip(&conditional).enumerate() {
            family.test(format!("{phi} {hidden:?} functional {f}"), kolmogorov_smirnov(x, y));
        }
        // The family sees what dropping a term of the conditional step does.
        if phi != "relu" {
            let data = points(3, 4, 8);
            let unit = |row: &[f64]| {
                let norm = row.iter().map(|v| v * v).sum::<f64>().sqrt() / 2.0;
                row.iter().map(|v| v / norm).collect::<Vec<f64>>()
            };
            let rows: Vec<Vec<f64>> = (0..3).map(|i| unit(data.row(i))).collect();
            let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
            let norms: Vec<f64> =
                (0..3).map(|i| data.row(i).iter().map(|v| v * v).sum::<f64>().sqrt() / 2.0).collect();
            let faulty: Vec<Vec<f64>> = (0..2000)
                .map(|seed| {
                    let mut k =
                        naive::conditional_kernel(&network, &rows, seed + (1 << 41), Fault::NoRegression);
                    (0..36).for_each(|at| k[at] *= norms[at / 12] * norms[at % 6 / 2]);
                    functionals(&k, 6)
                })
                .collect();
            for f in 0..5 {
                let y: Vec<f64> = faulty.iter().map(|r| r[f]).collect();
                wrong.test(format!("{phi} {f}"), kolmogorov_smirnov(&direct[f], &y));
            }
        }
    }
    // One point: the mean of K(x,x) and of its square are known exactly at every width.
    for sampler in [Sampler::Direct, Sampler::Conditional] {
        let network = Network::new(Activation::RELU, vec![40, 25, 60], 1).unwrap();
        let data = points(1, 4, 8);
        let size = 4.0 * data.row(0).iter().map(|v| v * v).sum::<f64>() / 4.0;
        let sampling = gpu.open(Job::new(&network, &data, sampler, precision)).unwrap();
        let values: Vec<f64> =
            sampling.kernels_of(0..4 * count).map(|k| k.unwrap().kernel[0] / size).collect();
        family.test(format!("mean, {sampler}"), mean_is(&values, 1.0));
        let squares: Vec<f64> = values.iter().map(|v| v * v).collect();
        let exact = 1.0 + relative_sd_diagonal(network.activation(), network.hidden()).powi(2);
        family.test(format!("second moment, {sampler}"), mean_is(&squares, exact));
        wrong.test(
            format!("second moment of half the width, {sampler}"),
            mean_is(&squares, 2.0 * exact - 1.0),
        );
    }
    println!("least p-value {:?}", family.least());
    family.check();
    wrong.check_rejects();
}

/// Points 1e−3 and 1e−5 apart on a device without f64, or without sums in it, whose rank cut is wider: log K(x,x) has
/// the law of the direct draw. A cut as for f64 passes too: with A·H in place of Q the law does not hang on the cut.
#[test]
fn near_equal_points_keep_their_law_without_f64() {
    for options in [
        Options { f64: false, ..Options::default() },
        Options { f64_sums: Some(false), ..Options::default() },
    ] {
        let Some(gpu) = open(&options) else { return skip("near points without f64") };
        near_equal_points_keep_their_law_on(&gpu);
    }
}

fn near_equal_points_keep_their_law_on(gpu: &GpuEngine) {
    let mut family = Family::at_level(1e-3);
    let mut wrong = Family::at_level(1e-3);
    for (index, angle) in [1e-3f64, 1e-5].into_iter().enumerate() {
        let root = 2f64.sqrt();
        let data = DataSet::new(vec![root, 0.0, root * angle.cos(), root * angle.sin()], 2).unwrap();
        let network = Network::new(Activation::RELU, vec![32, 32, 32], 1).unwrap();
        let log = |sampler, first: u64| -> Vec<f64> {
            let sampling = gpu.open(Job::new(&network, &data, sampler, Precision::F32)).unwrap();
            sampling.kernels_of(first..first + 2000).map(|k| k.unwrap().kernel[3].ln()).collect()
        };
        let direct = log(Sampler::Direct, 1 << 30);
        let conditional = log(Sampler::Conditional, (7 << 30) * (1 + index as u64));
        family.test(format!("{angle}"), kolmogorov_smirnov(&direct, &conditional));
        // A kernel that is larger by a factor e^0.2 is seen.
        let larger: Vec<f64> = conditional.iter().map(|x| x + 0.2).collect();
        wrong.test(format!("{angle}, larger"), kolmogorov_smirnov(&direct, &larger));
    }
    println!("least p-value {:?}", family.least());
    family.check();
    wrong.check_rejects();
}
