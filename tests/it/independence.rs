//! K_gia: the kernel that gradients independent of activations would give, drawn from the same deviates as K.
//!
//! Oracles: the conditional draw in its first form without its known part, number by number; and a network with other
//! weights on the way back than on the way forward, in law. All seeds are fixed. Error rate of the comparisons of laws
//! on a correct program, had the seeds been drawn anew: 1 in 1000 over all of them together.

use eoc_ntk::backend::cpu::CpuEngine;
use eoc_ntk::backend::{Drawn, Engine, EngineError, Job, Precision, Refusal, Stop, Wanted};
use eoc_ntk::data::DataSet;
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::Network;
use eoc_ntk::sampler::Sampler;
use eoc_ntk::stats::Reference;

use super::support::naive::{self, Fault};
use super::support::{Family, kernels, kolmogorov_smirnov, points, relative};

fn network(phi: &str, hidden: &[u64], outputs: usize) -> Network {
    Network::new(phi.parse::<Activation>().unwrap(), hidden.to_vec(), outputs).unwrap()
}

fn rows(data: &DataSet) -> Vec<&[f64]> {
    (0..data.n()).map(|i| data.row(i)).collect()
}

fn sphere(data: DataSet) -> DataSet {
    let dim = data.dim();
    let unit = |row: &[f64]| {
        let norm = row.iter().map(|v| v * v).sum::<f64>().sqrt() / (dim as f64).sqrt();
        row.iter().map(|v| v / norm).collect::<Vec<_>>()
    };
    DataSet::new((0..data.n()).flat_map(|i| unit(data.row(i))).collect(), dim).unwrap()
}

fn job(network: &Network, data: &DataSet, precision: Precision) -> Job {
    Job::new(network, data, Sampler::Conditional, precision).with_independence(true)
}

/// K and K_gia of seeds.
fn both(
    engine: &CpuEngine,
    network: &Network,
    data: &DataSet,
    precision: Precision,
    seeds: &[u64],
) -> Vec<Drawn> {
    let sampling = engine.open(job(network, data, precision)).unwrap();
    sampling.draw(seeds, &Wanted::KERNEL, &Stop::never()).unwrap()
}

/// Shapes on both sides of every block edge; K keeps every bit.
#[test]
fn the_independent_twin_is_the_draw_without_its_known_part() {
    let engine = CpuEngine::new(2).unwrap();
    let check = |phi: &str, hidden: &[u64], outputs: usize, n: usize, dim: usize| {
        let net = network(phi, hidden, outputs).with_scale(0.75).unwrap();
        let data = sphere(points(n, dim, 5));
        let what = format!("{phi} {hidden:?} {outputs} {n} {dim}");
        let of = |fault| naive::conditional_kernel(&net, &rows(&data), 23, fault);
        let expected = of(Fault::NoRegression);
        for (precision, bound) in [(Precision::F64, 1e-10), (Precision::F32, 2e-5)] {
            let drawn = &both(&engine, &net, &data, precision, &[23])[0];
            let plain = &kernels(&net, &data, Sampler::Conditional, precision, 23..24)[0];
            assert_eq!(drawn.kernel.as_ref(), Some(&plain.kernel), "{what}: K moves");
            assert_eq!(drawn.output_norm, plain.output_norm, "{what}");
            let independent = drawn.independent.as_ref().unwrap();
            let error = relative(independent, &expected);
            assert!(error < bound, "{what} {precision}: {error}");
            match hidden.len() {
                // No gradient knows a matrix that an activation knows.
                0 | 1 => assert_eq!(independent, &plain.kernel, "{what}"),
                _ => assert!(relative(independent, &plain.kernel) > 1e-4, "{what}: T goes unseen"),
            }
            if hidden.len() > 2 {
                assert!(
                    relative(independent, &of(Fault::LateDrop)) > 1e-4,
                    "{what}: a late drop goes unseen"
                );
            }
        }
    };
    check("abs", &[], 2, 3, 4);
    check("relu", &[7], 2, 3, 4);
    check("relu", &[31, 33], 2, 3, 9);
    check("0.6,0.4", &[127, 128, 129, 130], 1, 5, 8);
    check("-0.4,0.7", &[64, 2047, 2049], 3, 2, 5);
}

/// The law of K_gia is that of a network with fresh weights on the way back, at widths where K is another. (A T that is
/// dropped too late makes a law that is near it: number by number it is caught above.)
#[test]
fn the_independent_twin_has_the_law_of_fresh_weights_on_the_way_back() {
    let draws = 2500;
    let engine = CpuEngine::new(2).unwrap();
    let cases = [
        ("abs", vec![1, 1, 1], 2),
        ("relu", vec![3, 2, 3], 1),
        ("0.6,0.4", vec![2, 3, 1, 4], 2),
        ("identity", vec![2, 1], 1),
    ];
    let (mut equal, mut of_k) = (Family::at_level(1e-3), Family::at_level(1e-3));
    for (phi, hidden, outputs) in cases {
        let (net, data) = (network(phi, &hidden, outputs), sphere(points(3, 3, 8)));
        let q = 3 * outputs;
        let of = |seed| naive::independent_kernel(&net, &rows(&data), seed, seed + (1 << 50));
        let fresh: Vec<Vec<f64>> = (0..draws).map(of).collect();
        let direct = kernels(&net, &data, Sampler::Direct, Precision::F64, 1 << 41..(1 << 41) + draws);
        let direct: Vec<Vec<f64>> = direct.into_iter().map(|sample| sample.kernel).collect();
        let seeds: Vec<u64> = (1 << 40..(1 << 40) + draws).collect();
        let twins = [Precision::F32, Precision::F64].map(|precision| -> Vec<Vec<f64>> {
            let drawn = both(&engine, &net, &data, precision, &seeds);
            drawn.into_iter().map(|drawn| drawn.independent.unwrap()).collect()
        });
        let log = |x: f64| x.signum() * x.abs().ln_1p();
        let sum = |k: &[f64]| log(k.iter().sum());
        let trace = |k: &[f64]| log((0..q).map(|i| k[i * q + i]).sum());
        let off = |k: &[f64]| log(k[(q - 1) * q]);
        type Functional<'f> = (&'f str, &'f dyn Fn(&[f64]) -> f64);
        let functionals: [Functional; 3] = [("sum", &sum), ("trace", &trace), ("off the diagonal", &off)];
        for (name, functional) in functionals {
            let values = |kernels: &[Vec<f64>]| kernels.iter().map(|k| functional(k)).collect::<Vec<_>>();
            let (name, expected) = (format!("{phi} {hidden:?} {name}"), values(&fresh));
            for (twins, precision) in twins.iter().zip(["f32", "f64"]) {
                equal.test(format!("{name} {precision}"), kolmogorov_smirnov(&values(twins), &expected));
            }
            of_k.test(name, kolmogorov_smirnov(&values(&direct), &expected));
        }
    }
    equal.check();
    // K itself is told apart.
    of_k.check_rejects();
}

/// Neither threads nor memory move a bit of K_gia, and its statistics are those of the kernels.
#[test]
fn the_independent_twin_is_a_function_of_the_seed() {
    let (net, data) = (network("relu", &[300, 2500, 130], 2), points(5, 7, 1));
    let engine = |threads| CpuEngine::new(threads).unwrap();
    let seeds = [0, 1, 2, 3, 4];
    let reference = both(&engine(2), &net, &data, Precision::F32, &seeds);
    assert_ne!(reference[0].independent, reference[1].independent);
    for (engine, seeds) in
        [(engine(1), &seeds[..]), (engine(3), &seeds[1..3]), (engine(2).drawing_again(), &seeds[4..])]
    {
        let found = both(&engine, &net, &data, Precision::F32, seeds);
        assert_eq!(found, reference[seeds[0] as usize..][..seeds.len()]);
    }
    let limit = eoc_ntk::limit::Limit::new(&data, net.activation(), net.depth(), 1.0);
    let against = Reference::new(limit.ntk(), 5, 2).unwrap();
    let sampling = engine(2).open(job(&net, &data, Precision::F32)).unwrap();
    let wanted = Wanted { statistics: Some(&against), ..Wanted::default() };
    for (measured, drawn) in sampling.draw(&seeds, &wanted, &Stop::never()).unwrap().iter().zip(&reference) {
        let (kernel, independent) = (drawn.kernel.as_ref().unwrap(), drawn.independent.as_ref().unwrap());
        assert_eq!(measured.statistics, Some(against.measure(kernel).unwrap()));
        assert_eq!(measured.independence, Some(against.measure_independence(kernel, independent).unwrap()));
        assert_eq!(
            measured.independence.unwrap().deviation_op,
            against.measure(independent).unwrap().deviation_op
        );
        assert!(measured.kernel.is_none() && measured.independent.is_none());
    }
    // Not asked for, nothing is there.
    let plain = engine(2).open(Job::new(&net, &data, Sampler::Conditional, Precision::F32)).unwrap();
    let drawn = plain.draw(&seeds, &wanted, &Stop::never()).unwrap();
    assert!(drawn.iter().all(|drawn| drawn.independence.is_none() && drawn.independent.is_none()));
}

#[test]
fn the_direct_sampler_refuses_to_make_gradients_independent() {
    let (net, data) = (network("relu", &[8, 8], 1), points(3, 2, 1));
    let asked = Job::new(&net, &data, Sampler::Direct, Precision::F32).with_independence(true);
    match CpuEngine::new(1).unwrap().open(asked) {
        Err(EngineError::Refused(refusal @ Refusal::Independence)) => {
            assert!(
                !refusal.remedies().is_empty() && refusal.to_string().contains("conditional"),
                "{refusal}"
            );
        }
        _ => panic!("accepted"),
    }
}

/// Two points at an angle, four layers of ReLU, width 256: root mean square of the entry of (K − K_gia)/n off the
/// diagonal, against values of an independent implementation (0.024 at 0.5, 0.003 at 2.5, 0 at π).
#[test]
fn the_cost_of_independence_falls_with_the_angle_of_a_pair_and_is_nothing_at_opposite_points() {
    let engine = CpuEngine::new(2).unwrap();
    let root = 2f64.sqrt();
    let of = |turned: [f64; 2]| -> f64 {
        let data = DataSet::new([[root, 0.0], turned].concat(), 2).unwrap();
        let seeds: Vec<u64> = (0..600).collect();
        let drawn = both(&engine, &network("relu", &[256; 3], 1), &data, Precision::F64, &seeds);
        let difference =
            |d: &Drawn| (d.kernel.as_ref().unwrap()[1] - d.independent.as_ref().unwrap()[1]) / 2.0;
        (drawn.iter().map(|d| difference(d).powi(2)).sum::<f64>() / 600.0).sqrt()
    };
    let at = |angle: f64| of([root * angle.cos(), root * angle.sin()]);
    let found = [at(0.5), at(2.5), of([-root, 0.0])];
    assert!((0.021..0.027).contains(&found[0]) && (0.0020..0.0035).contains(&found[1]), "{found:?}");
    assert_eq!(found[2], 0.0);
}
