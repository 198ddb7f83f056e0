//! Layers against their definitions: from explicit weights for `direct`, in law for `conditional`, and published
//! values.

use eoc_ntk::backend::cpu::CpuEngine;
use eoc_ntk::backend::{Drawn, Engine, Job, Precision, Stop, Wanted};
use eoc_ntk::data::DataSet;
use eoc_ntk::limit::Limit;
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::{Network, Schedule};
use eoc_ntk::sampler::Sampler;
use eoc_ntk::stats::{LayerReference, LayerStatistics, Reference};

use super::support::naive::{self, Mat};
use super::support::{Family, kolmogorov_smirnov, points, relative};

fn network(phi: &str, hidden: &[u64], outputs: usize) -> Network {
    Network::new(phi.parse::<Activation>().unwrap(), hidden.to_vec(), outputs).unwrap()
}

/// Three points of several norms, then one of each kind that leaves something out.
fn hard_points() -> DataSet {
    let base = points(3, 4, 8);
    let mut values = base.values().to_vec();
    values.extend(base.row(0).iter().map(|v| 2.0 * v));
    values.extend(base.row(1).iter().map(|v| -v));
    values.extend([0.0; 4]);
    DataSet::new(values, 4).unwrap()
}

/// What is wanted of the layers, and the kernel.
fn drawn(net: &Network, data: &DataSet, sampler: Sampler, precision: Precision, seeds: &[u64]) -> Vec<Drawn> {
    let reference = LayerReference::new(net, data);
    let wanted = Wanted { layers: Some(&reference), matrices: true, ..Wanted::KERNEL };
    let engine = CpuEngine::new(2).unwrap();
    let sampling = engine.open(Job::new(net, data, sampler, precision)).unwrap();
    sampling.draw(seeds, &wanted, &Stop::never()).unwrap()
}

/// A fault to plant in the oracle.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// The matrices of the layer above.
    LayerOff,
    /// The limit of the layer above.
    WrongRho,
    /// A product of slopes that begins a layer late.
    WrongSlopes,
}

/// The definitions of a row, loop by loop: (layer, values in the order of the columns, pairs).
fn by_definition(
    net: &Network,
    data: &DataSet,
    matrices: &[(Mat, Mat)],
    fault: Fault,
) -> Vec<(usize, [f64; 7], u64)> {
    let (n, m, l, dim) = (data.n(), net.outputs(), net.depth(), data.dim() as f64);
    let delta = net.activation().delta();
    let norm = |i: usize| data.row(i).iter().map(|v| v * v).sum::<f64>().sqrt();
    // Points on one line are so but for rounding, of which an angle would be 1e-8.
    let parallel = |rho: f64| if rho.abs() > 1.0 - 1e-14 { rho.signum() } else { rho };
    let rho_0 = |i: usize, j: usize| -> f64 {
        let dot: f64 = data.row(i).iter().zip(data.row(j)).map(|(x, y)| x * y).sum();
        parallel((dot / (norm(i) * norm(j))).clamp(-1.0, 1.0))
    };
    let two_pi = 2.0 / std::f64::consts::PI;
    let step = |r: f64| r + delta * two_pi * ((1.0 - r * r).max(0.0).sqrt() - r * r.acos());
    let slope = |r: f64| 1.0 - delta * two_pi * r.acos();
    // ρ_k by k, from 0.
    let cosines = |i: usize, j: usize| {
        let mut all = vec![rho_0(i, j)];
        (0..l).for_each(|k| all.push(parallel(step(all[k]))));
        all
    };
    let largest = |values: &[f64]| values.iter().fold(f64::NAN, |most: f64, v| most.max(v.abs()));
    let live: Vec<usize> = (0..n).filter(|i| norm(*i) > 0.0).collect();
    let row = |k: usize| {
        let drawn = if fault == Fault::LayerOff && k < l { k + 1 } else { k };
        let (a, b) = &matrices[drawn - 1];
        let of = |k: usize| if fault == Fault::WrongRho { k } else { k - 1 };
        let product = |rho: &[f64]| -> f64 {
            let first = if fault == Fault::WrongSlopes { k + 1 } else { k };
            (first..l).map(|j| slope(rho[j - 1])).product()
        };
        let mean = |i: usize, j: usize| (0..m).map(|o| b[i * m + o][j * m + o]).sum::<f64>() / m as f64;
        let norms: Vec<f64> = live.iter().map(|&i| (a[i][i] * dim).sqrt() / norm(i) - 1.0).collect();
        let squares: Vec<f64> = live.iter().map(|&i| mean(i, i) - 1.0).collect();
        let (mut cosine, mut icd, mut inner) = (vec![], vec![], vec![]);
        for (at, &i) in live.iter().enumerate() {
            for &j in &live[..at] {
                let rho = cosines(i, j);
                inner.push(mean(i, j) - product(&rho));
                let size = (a[i][i] * a[j][j]).sqrt();
                if size == 0.0 {
                    continue;
                }
                let (found, limit) = (a[i][j] / size, rho[of(k)]);
                cosine.push(found - limit);
                let w = |rho: f64| ((1.0 - rho) / 2.0).powf(-0.5);
                if 1.0 - found > 1e-13 && 1.0 - limit > 1e-13 {
                    icd.push((w(found) - w(limit)).abs());
                }
            }
        }
        let mut term = vec![0.0; n * m * n * m];
        for (at, entry) in term.iter_mut().enumerate() {
            let (r, c) = (at / (n * m), at % (n * m));
            let (i, j) = (r / m, c / m);
            if norm(i) * norm(j) == 0.0 {
                continue;
            }
            let rho = if i == j { vec![1.0; l + 1] } else { cosines(i, j) };
            let limit = norm(i) * norm(j) / dim * rho[of(k)] * product(&rho);
            let limit = if r % m == c % m { limit } else { 0.0 };
            *entry = net.scale() * (a[i][j] * b[r][c] - limit) / n as f64;
        }
        let spectrum = eoc_ntk::math::linalg::eigenvalues(&term, n * m).unwrap();
        let pairs = icd.len() as u64;
        let icd_mean = icd.iter().sum::<f64>() / pairs as f64;
        let values = [
            largest(&norms),
            largest(&cosine),
            icd_mean,
            largest(&icd),
            largest(&squares),
            largest(&inner),
            largest(&spectrum),
        ];
        (k, values, pairs)
    };
    (1..=l).map(row).collect()
}

fn found(layers: &[LayerStatistics]) -> Vec<(usize, [f64; 7], u64)> {
    let row = |s: &LayerStatistics| {
        let values = [
            s.norm_max,
            s.cosine_max,
            s.icd_mean,
            s.icd_max,
            s.gradient_norm_max,
            s.gradient_inner_max,
            s.term_op,
        ];
        (s.layer, values, s.pairs)
    };
    layers.iter().map(row).collect()
}

/// The largest difference of two tables, relative to numbers above one; what one of them leaves out is as far as can
/// be.
fn difference(x: &[(usize, [f64; 7], u64)], y: &[(usize, [f64; 7], u64)]) -> f64 {
    assert_eq!(x.len(), y.len());
    let mut most = 0.0;
    for ((k, x, pairs), (other, y, others)) in x.iter().zip(y) {
        if k != other || pairs != others {
            return f64::INFINITY;
        }
        for (x, y) in x.iter().zip(y) {
            most = match (x.is_nan(), y.is_nan()) {
                (true, true) => most,
                (false, false) => f64::max(most, (x - y).abs() / y.abs().max(1.0)),
                _ => f64::INFINITY,
            };
        }
    }
    most
}

/// Matrices and rows from explicit weights, with points that leave something out and layers that die.
#[test]
fn layers_of_direct_are_those_of_its_weights() {
    let mut dead = 0;
    for (phi, hidden, outputs, data) in [
        ("abs", vec![], 2, points(3, 4, 3)),
        ("abs", vec![7, 5], 1, points(4, 3, 3)),
        ("relu", vec![2, 3, 2], 2, hard_points()),
        ("relu", vec![1, 2], 1, hard_points()),
        ("abs", vec![6, 4, 5], 3, hard_points()),
        ("0.6,0.4", vec![33, 17], 2, hard_points()),
        ("identity", vec![5], 1, points(1, 2, 1)),
    ] {
        let net = network(phi, &hidden, outputs).with_scale(0.75).unwrap();
        let rows: Vec<&[f64]> = (0..data.n()).map(|i| data.row(i)).collect();
        let q = data.n() * outputs;
        for seed in 11..16 {
            let what = format!("{phi} {hidden:?} {outputs} seed {seed}");
            let weights = naive::weights(&net, data.dim(), seed);
            let expected = naive::layer_matrices(&net, &weights, &rows);
            let exact = &drawn(&net, &data, Sampler::Direct, Precision::F64, &[seed])[0];
            let matrices = exact.matrices.as_ref().unwrap();
            let flat = |of: fn(&(Mat, Mat)) -> &Mat| {
                expected.iter().flat_map(|l| of(l).concat()).collect::<Vec<_>>()
            };
            assert!(relative(&matrices.activations, &flat(|l| &l.0)) < 1e-13, "{what}");
            assert!(relative(&matrices.gradients, &flat(|l| &l.1)) < 1e-13, "{what}");
            // K is what they add up to.
            let mut kernel = vec![0.0; q * q];
            let layers =
                matrices.activations.chunks(data.n() * data.n()).zip(matrices.gradients.chunks(q * q));
            for (a, b) in layers {
                for (at, entry) in kernel.iter_mut().enumerate() {
                    *entry += 0.75 * a[at / q / outputs * data.n() + at % q / outputs] * b[at];
                }
            }
            assert!(relative(&kernel, exact.kernel.as_ref().unwrap()) < 1e-14, "{what}");
            let rows = by_definition(&net, &data, &expected, Fault::None);
            let layers = found(exact.layers.as_ref().unwrap());
            assert!(difference(&layers, &rows) < 1e-6, "{what}:\n{layers:?}\n{rows:?}");
            // Where a pair is nearly parallel w has fewer digits; everything else has them all.
            let close = layers.iter().zip(&rows).all(|((_, x, _), (_, y, _))| {
                [0, 1, 4, 5, 6].iter().all(|&c| x[c].is_nan() || (x[c] - y[c]).abs() < 1e-12 * y[c].max(1.0))
            });
            assert!(close, "{what}:\n{layers:?}\n{rows:?}");
            dead += usize::from(layers.iter().any(|(_, values, _)| values[0] == 1.0));
            if hidden.len() > 1 && data.n() > 1 {
                for fault in [Fault::LayerOff, Fault::WrongRho, Fault::WrongSlopes] {
                    let wrong = by_definition(&net, &data, &expected, fault);
                    assert!(difference(&layers, &wrong) > 1e-3, "{what}: {fault:?} goes unseen");
                }
            }
            // Narrow layers bring pairs so near to each other that f32 takes them for parallel.
            if hidden.first().is_some_and(|width| *width > 30) {
                let single = &drawn(&net, &data, Sampler::Direct, Precision::F32, &[seed])[0];
                let single = found(single.layers.as_ref().unwrap());
                assert!(difference(&single, &rows) < 1e-3, "{what} in f32:\n{single:?}\n{rows:?}");
            }
        }
    }
    assert!(dead > 3, "too few dead layers: {dead}");
}

/// What is asked of a seed moves nothing else of it, and what is not asked for is not there.
#[test]
fn a_seed_is_the_same_with_and_without_its_layers() {
    let (net, data) = (network("relu", &[40, 30], 2), points(5, 4, 3));
    let limit = Limit::new(&data, net.activation(), net.depth(), 1.0);
    let (reference, layers) = (Reference::new(limit.ntk(), 5, 2).unwrap(), LayerReference::new(&net, &data));
    let engine = CpuEngine::new(2).unwrap();
    let seeds: Vec<u64> = (0..5).collect();
    for sampler in [Sampler::Direct, Sampler::Conditional] {
        for precision in [Precision::F32, Precision::F64] {
            let sampling = engine.open(Job::new(&net, &data, sampler, precision)).unwrap();
            let draw = |wanted: Wanted| sampling.draw(&seeds, &wanted, &Stop::never()).unwrap();
            let statistics = Some(&reference);
            let plain = draw(Wanted { statistics, ..Wanted::KERNEL });
            let all = draw(Wanted { statistics, layers: Some(&layers), matrices: true, ..Wanted::KERNEL });
            let alone = draw(Wanted { layers: Some(&layers), ..Wanted::default() });
            for ((plain, all), alone) in plain.iter().zip(&all).zip(&alone) {
                assert_eq!((&plain.kernel, &plain.statistics), (&all.kernel, &all.statistics));
                assert_eq!((plain.seed, plain.output_norm), (all.seed, all.output_norm));
                assert!(plain.layers.is_none() && plain.matrices.is_none() && all.matrices.is_some());
                assert!(alone.kernel.is_none() && alone.statistics.is_none() && alone.matrices.is_none());
                assert_eq!(alone.layers, all.layers);
                assert_eq!(all.layers.as_ref().unwrap().len(), 3);
            }
        }
    }
}

/// Every column of every layer has the law that explicit weights give it; a shifted layer has another.
#[test]
fn layers_of_conditional_have_the_law_of_those_of_direct() {
    let mut family = Family::at_level(1e-3);
    let mut shifted = 1.0f64;
    for (phi, hidden, outputs) in [("relu", vec![3, 4, 5], 2), ("abs", vec![2, 5, 3], 1)] {
        let (net, data) = (network(phi, &hidden, outputs), hard_points());
        let draws = |sampler, precision, first: u64| -> Vec<Vec<f64>> {
            let seeds: Vec<u64> = (first..first + 1500).collect();
            let flat = |drawn: Drawn| -> Vec<f64> {
                let layers = found(drawn.layers.as_ref().unwrap());
                let code = |v: f64| if v.is_nan() { -1.0 } else { v.ln_1p() };
                layers
                    .iter()
                    .flat_map(|(_, v, pairs)| v.map(code).into_iter().chain([*pairs as f64]))
                    .collect()
            };
            drawn(&net, &data, sampler, precision, &seeds).into_iter().map(flat).collect()
        };
        let column = |rows: &[Vec<f64>], c: usize| rows.iter().map(|row| row[c]).collect::<Vec<_>>();
        let direct = draws(Sampler::Direct, Precision::F64, 0);
        for precision in [Precision::F32, Precision::F64] {
            let conditional = draws(Sampler::Conditional, precision, 1 << 40);
            for c in 0..direct[0].len() {
                let name = format!("{phi} {precision} layer {} column {}", c / 8 + 1, c % 8);
                family.test(name, kolmogorov_smirnov(&column(&direct, c), &column(&conditional, c)));
            }
            // The norm of the third layer is no norm of the second.
            shifted = shifted.min(kolmogorov_smirnov(&column(&direct, 16), &column(&conditional, 8)));
        }
    }
    assert!(shifted < 1e-6, "a layer off by one goes unseen: p = {shifted}");
    family.check();
}

/// Mean and standard deviation at three layers.
type Published = [(f64, f64); 3];

/// Figure 1 of arXiv 2501.14724: mean and standard deviation over 1000 networks of |w_k − its limit| at k = 8, 16, 32,
/// depth 32, |s|, read off the published curves.
const FIGURE_1: [(Schedule, u64, Published); 9] = [
    (Schedule::Constant, 16, [(3.200612, 3.648354), (11.27444, 16.4002), (51.75795, 95.5695)]),
    (Schedule::Constant, 32, [(1.672166, 1.613488), (4.894028, 5.641204), (16.95344, 23.25794)]),
    (Schedule::Constant, 64, [(1.069558, 0.9921916), (2.952897, 3.06037), (9.011418, 10.44257)]),
    (Schedule::Linear, 8, [(2.076212, 2.541449), (3.326739, 3.69691), (5.386696, 5.791448)]),
    (Schedule::Linear, 16, [(1.189432, 1.117988), (1.871099, 1.817386), (3.16396, 3.120227)]),
    (Schedule::Linear, 32, [(0.702158, 0.5714774), (1.134536, 0.9066876), (2.001637, 1.629836)]),
    (Schedule::Quadratic, 4, [(2.239871, 3.118266), (2.449384, 3.331732), (2.675643, 3.356772)]),
    (Schedule::Quadratic, 8, [(0.9839743, 1.033527), (1.148812, 1.123959), (1.316666, 1.219018)]),
    (Schedule::Quadratic, 16, [(0.6033077, 0.5611827), (0.7105545, 0.6450815), (0.8234329, 0.7168617)]),
];

/// The published pairs are of MNIST, whose w_1 has mean 1.721 and standard deviation 0.246. Here the angle of every
/// pair is drawn so that w_1 is normal with these moments; w_32 hardly remembers the rest of its law.
#[test]
fn errors_by_layer_are_the_published_ones() {
    if std::env::var_os("EOC_FULL").is_none_or(|v| v != "1") {
        println!("SKIPPED: Figure 1 of arXiv 2501.14724 runs with EOC_FULL=1");
        return;
    }
    let engine = CpuEngine::new(2).unwrap();
    let mut stream = eoc_ntk::rng::Stream::new(1, eoc_ntk::rng::Role::Data);
    let pairs: Vec<DataSet> = (0..1000)
        .map(|_| {
            let w: f64 = (1.720915 + 0.2463357 * stream.normal()).max(1.0 + 1e-9);
            let angle = 2.0 * w.recip().asin();
            DataSet::new(vec![1.0, 0.0, angle.cos(), angle.sin()], 2).unwrap()
        })
        .collect();
    let (mut worst, mut unlike) = (0.0f64, 0);
    for (schedule, m, published) in FIGURE_1 {
        let hidden = schedule.widths(m, 32).unwrap();
        let net = Network::new(Activation::ABS, hidden, 1).unwrap();
        let mut errors: Vec<Vec<f64>> = vec![Vec::new(); 32];
        for (seed, data) in (0..).zip(&pairs) {
            let reference = LayerReference::new(&net, data);
            let wanted = Wanted { layers: Some(&reference), ..Wanted::default() };
            let sampling = engine.open(Job::new(&net, data, Sampler::Conditional, Precision::F32)).unwrap();
            let drawn = sampling.draw(&[seed], &wanted, &Stop::never()).unwrap();
            for layer in drawn[0].layers.iter().flatten().filter(|layer| layer.pairs > 0) {
                errors[layer.layer - 1].push(layer.icd_mean);
            }
        }
        for (k, (mean, sd)) in [8, 16, 32].into_iter().zip(published) {
            let z = |k: usize| {
                let moments = eoc_ntk::stats::Moments::of(&errors[k - 1]);
                let error = moments.standard_error().unwrap().hypot(sd / 1000f64.sqrt());
                (moments.mean().unwrap() - mean) / error
            };
            println!("{schedule} {m} layer {k}: z = {:.2}", z(k));
            worst = worst.max(z(k).abs());
            // Half the depth is another number, in most of the curves by far.
            unlike += usize::from(z(k / 2).abs() > 4.0);
        }
    }
    // 27 comparisons: 3.6 standard errors are exceeded once in a hundred times.
    assert!(worst < 3.6, "{worst} standard errors");
    assert!(unlike > 13, "layers go untold: {unlike} of 27");
}
