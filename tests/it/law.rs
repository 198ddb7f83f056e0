//! The two samplers draw from one law, and its exact moments are the ones that the theory derives.
//!
//! All seeds are fixed: a run either always passes or always fails. Error rate of this module on a correct program,
//! had the seeds been drawn anew: at most 1 in 1000 over all two-sample tests together (Bonferroni), and each z-score
//! is allowed 4.5 standard errors (7e−6 each). `EOC_FULL=1` (`scripts/test --full`) takes 20 times the draws.

use eoc_ntk::backend::Precision;
use eoc_ntk::data::DataSet;
use eoc_ntk::limit::relative_sd_diagonal;
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::Network;
use eoc_ntk::sampler::Sampler;

use super::support::kolmogorov_smirnov;
use super::support::naive::{self, Fault};
use super::support::{kernels, points};

/// Family-wise error rate of all two-sample tests of this module.
const FAMILY: f64 = 1e-3;
/// At least as many as there are: 8 cases × 2 precisions × 8 functionals, 3 near pairs, 3 networks × 8 functionals.
const TESTS: f64 = 160.0;

fn size(reduced: usize) -> u64 {
    let full = std::env::var_os("EOC_FULL").is_some_and(|v| v == "1");
    reduced as u64 * if full { 20 } else { 1 }
}

fn network(phi: &str, hidden: &[u64], outputs: usize) -> Network {
    Network::new(phi.parse::<Activation>().unwrap(), hidden.to_vec(), outputs).unwrap()
}

/// Functionals of K whose laws are compared: signed log1p of random linear functionals, of the norm and of the trace.
/// K at tiny widths has a kurtosis in the thousands, so plain means would say nothing.
fn functionals(kernel: &[f64], q: usize) -> Vec<f64> {
    let log = |x: f64| x.signum() * x.abs().ln_1p();
    let mut out = vec![
        log(kernel.iter().map(|x| x * x).sum::<f64>().sqrt()),
        log((0..q).map(|i| kernel[i * q + i]).sum()),
        log(kernel[q * q - 1]),
        log(kernel[(q - 1) * q]),
        log(kernel[1]),
    ];
    let mut stream = eoc_ntk::rng::Stream::new(99, eoc_ntk::rng::Role::Bootstrap);
    for _ in 0..3 {
        let direction: Vec<f64> = (0..q * q).map(|_| stream.normal()).collect();
        out.push(log(kernel.iter().zip(&direction).map(|(k, d)| k * d).sum()));
    }
    out
}

/// (mean − expected) in standard errors.
fn z_score(values: &[f64], expected: f64) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean - expected) / (variance / n).sqrt()
}

/// For each functional, its values over the seeds.
fn table(draws: impl Iterator<Item = Vec<f64>>, q: usize) -> Vec<Vec<f64>> {
    let rows: Vec<Vec<f64>> = draws.map(|k| functionals(&k, q)).collect();
    (0..rows[0].len()).map(|f| rows.iter().map(|r| r[f]).collect()).collect()
}

fn least_p(x: &[Vec<f64>], y: &[Vec<f64>]) -> f64 {
    x.iter().zip(y).map(|(x, y)| kolmogorov_smirnov(x, y)).fold(1.0, f64::min)
}

fn sampled(
    net: &Network,
    data: &DataSet,
    sampler: Sampler,
    precision: Precision,
    first: u64,
    n: u64,
) -> Vec<Vec<f64>> {
    let q = data.n() * net.outputs();
    table(kernels(net, data, sampler, precision, first..first + n).into_iter().map(|s| s.kernel), q)
}

/// Three points on the sphere of norm √3, with a repeated, an opposite and a zero row as asked.
fn singular(kind: &str) -> DataSet {
    let base = sphere(points(2, 3, 8));
    let mut values = base.values().to_vec();
    match kind {
        "plain" => values.extend([1.0, 1.0, -1.0]),
        "repeated" => values.extend_from_slice(base.row(0)),
        "opposite" => values.extend(base.row(1).iter().map(|v| -v)),
        _ => values.extend([0.0; 3]),
    }
    DataSet::new(values, 3).unwrap()
}

fn sphere(data: DataSet) -> DataSet {
    let dim = data.dim();
    let unit = |row: &[f64]| {
        let norm = row.iter().map(|v| v * v).sum::<f64>().sqrt() / (dim as f64).sqrt();
        row.iter().map(|v| v / norm).collect::<Vec<_>>()
    };
    DataSet::new((0..data.n()).flat_map(|i| unit(data.row(i))).collect(), dim).unwrap()
}

#[test]
fn both_samplers_have_one_law() {
    let cases = [
        ("abs", vec![1, 1, 1], 2, "plain"),
        ("relu", vec![2, 3], 2, "plain"),
        ("relu", vec![2, 2, 2], 3, "plain"),
        ("0.6,0.4", vec![3, 1, 4], 2, "repeated"),
        ("-0.4,0.7", vec![4, 2], 3, "opposite"),
        ("abs", vec![5, 6, 3], 1, "zero"),
        ("relu", vec![6, 5, 4, 3], 2, "repeated"),
        ("identity", vec![2, 5], 2, "plain"),
    ];
    let draws = size(4000);
    for (phi, hidden, outputs, kind) in cases {
        let (net, data) = (network(phi, &hidden, outputs), singular(kind));
        let direct = sampled(&net, &data, Sampler::Direct, Precision::F64, 0, draws);
        for precision in [Precision::F32, Precision::F64] {
            let conditional = sampled(&net, &data, Sampler::Conditional, precision, 1 << 40, draws);
            let p = least_p(&direct, &conditional);
            assert!(p > FAMILY / TESTS, "{phi} {hidden:?} {outputs} {kind} {precision}: p = {p}");
        }
    }
}

/// The comparison rejects each fault that a conditional step could have.
#[test]
fn the_comparison_of_laws_can_fail() {
    let data = singular("plain");
    let rows: Vec<&[f64]> = (0..3).map(|i| data.row(i)).collect();
    let draws = 5000;
    let nets = [("abs", vec![1, 1, 1]), ("0.6,0.4", vec![1, 2, 2]), ("identity", vec![2, 1])]
        .map(|(phi, hidden)| network(phi, &hidden, 2));
    let q = 6;
    let direct = nets.each_ref().map(|net| sampled(net, &data, Sampler::Direct, Precision::F64, 0, draws));
    for fault in
        [Fault::None, Fault::NoRegression, Fault::NoProjection, Fault::WrongFanIn, Fault::SwappedOutputs]
    {
        let p = nets.iter().zip(&direct).map(|(net, direct)| {
            let draw = |seed| naive::conditional_kernel(net, &rows, seed + (1 << 40), fault);
            least_p(direct, &table((0..draws).map(draw), q))
        });
        let p = p.fold(1.0, f64::min);
        assert_eq!(p > FAMILY / TESTS, fault == Fault::None, "{fault:?}: p = {p}");
    }
}

/// E K(x,x) = l·‖x‖²/m_0 at every width, also for rows of norm 1 and 1e−8 side by side, by plain means where the
/// widths are large enough for one.
#[test]
fn mean_of_the_diagonal() {
    let base = singular("plain");
    let mut values = base.values().to_vec();
    values.iter_mut().skip(3).take(3).for_each(|v| *v *= 1e-8);
    let data = DataSet::new(values, 3).unwrap();
    let draws = size(20_000);
    for (phi, hidden) in [("abs", vec![30, 40]), ("relu", vec![24, 36, 48]), ("0.6,0.4", vec![64])] {
        let net = network(phi, &hidden, 2);
        for sampler in [Sampler::Direct, Sampler::Conditional] {
            let samples = kernels(&net, &data, sampler, Precision::F32, 0..draws);
            for i in 0..3 {
                let norm = data.row(i).iter().map(|v| v * v).sum::<f64>();
                let expected = net.depth() as f64 * norm / 3.0;
                let values: Vec<f64> = samples.iter().map(|s| s.kernel[(2 * i + 1) * 7] / expected).collect();
                let z = z_score(&values, 1.0);
                assert!(z.abs() < 4.5, "{phi} {hidden:?} {sampler} point {i}: z = {z}");
                let off = z_score(&values, 1.04);
                assert!(off.abs() > 4.5, "{phi} {hidden:?} {sampler}: 4 % off goes unseen, z = {off}");
            }
        }
    }
}

/// Points 1e−3, 1e−5 and 1e−7 apart: the rank cut must not move E log K(x,x), which too small a cut did by 5 %.
#[test]
fn near_equal_points() {
    let draws = size(4000);
    for (index, angle) in [1e-3f64, 1e-5, 1e-7].into_iter().enumerate() {
        let data =
            DataSet::new(vec![2f64.sqrt(), 0.0, 2f64.sqrt() * angle.cos(), 2f64.sqrt() * angle.sin()], 2)
                .unwrap();
        let net = network("relu", &[32, 32, 32], 1);
        let log = |sampler, first| -> Vec<f64> {
            let samples = kernels(&net, &data, sampler, Precision::F32, first..first + draws);
            samples.iter().map(|s| s.kernel[3].ln()).collect()
        };
        let direct = log(Sampler::Direct, 1 << 30);
        let conditional = log(Sampler::Conditional, (7 << 30) * (1 + index as u64));
        let p = kolmogorov_smirnov(&direct, &conditional);
        assert!(p > FAMILY / TESTS, "{angle}: p = {p}");
        let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
        let z = z_score(&conditional, mean(&direct)) / 2f64.sqrt();
        assert!(z.abs() < 4.5, "{angle}: z = {z}");
    }
}

/// E[K(x,x)²]/E[K(x,x)]² is the exact spread of the theory, at uneven widths and several activations, for both
/// samplers; half the width is seen.
#[test]
fn second_moment_of_the_diagonal() {
    let draws = size(20_000);
    for (phi, hidden) in [("relu", vec![40, 25, 60]), ("abs", vec![30, 50]), ("0.6,0.4", vec![24, 36])] {
        let net = network(phi, &hidden, 2);
        let data = singular("plain");
        let ratio = |hidden: &[u64]| 1.0 + relative_sd_diagonal(net.activation(), hidden).powi(2);
        for sampler in [Sampler::Direct, Sampler::Conditional] {
            let samples = kernels(&net, &data, sampler, Precision::F32, 0..draws);
            let squares: Vec<f64> =
                samples.iter().map(|s| (s.kernel[2 * 7] / net.depth() as f64).powi(2)).collect();
            let z = z_score(&squares, ratio(&hidden));
            assert!(z.abs() < 4.5, "{phi} {hidden:?} {sampler}: z = {z}");
            let narrower: Vec<u64> = hidden.iter().map(|m| m / 2).collect();
            let off = z_score(&squares, ratio(&narrower));
            assert!(off.abs() > 4.5, "{phi} {hidden:?} {sampler}: half the width goes unseen, z = {off}");
        }
    }
}
