//! What rounding adds to a deviation where sums over neurons are pairs of f32: a line of the table in
//! `answer/floor.rs`.

use eoc_ntk::answer::floor;
use eoc_ntk::backend::cpu::CpuEngine;
use eoc_ntk::backend::gpu::Options;
use eoc_ntk::backend::{Engine, Job, Precision, Stop};
use eoc_ntk::data::{DataSet, Source};
use eoc_ntk::limit::Limit;
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::Network;
use eoc_ntk::sampler::Sampler;
use eoc_ntk::stats::Reference;

use super::{open, skip};

/// Relative deviations in the three norms and the least eigenvalue over that of the limit's largest, seed by seed.
fn deviations(
    engine: &dyn Engine,
    network: &Network,
    data: &DataSet,
    (sampler, precision): (Sampler, Precision),
    reference: &Reference,
) -> Vec<[f64; 4]> {
    let sampling = engine.open(Job::new(network, data, sampler, precision)).unwrap();
    let seeds: Vec<u64> = (0..12).collect();
    let measured = sampling.statistics(&seeds, reference, &Stop::never()).unwrap();
    let of = |s: &eoc_ntk::stats::KernelStatistics| {
        [s.relative_op, s.relative_fro, s.relative_max, s.lambda_min / reference.norm_op()]
    };
    measured.iter().map(|sample| of(&sample.statistics)).collect()
}

/// The θ of a seed does not depend on the device, so that the difference from f64 on the CPU is rounding.
#[test]
fn pairs_of_f32_move_a_draw_by_as_much_as_the_table_says() {
    let Some(gpu) = open(&Options { f64_sums: Some(false), ..Options::default() }) else {
        return skip("the floor of pairs of f32");
    };
    let cpu = CpuEngine::new(2).unwrap();
    for (sampler, phi, depth, n, width) in [
        (Sampler::Conditional, "abs", 4, 32, 256),
        (Sampler::Conditional, "relu", 4, 32, 256),
        (Sampler::Direct, "abs", 4, 32, 256),
        (Sampler::Conditional, "abs", 20, 16, 128),
    ] {
        let data = format!("digits:n={n}").parse::<Source>().unwrap().load().unwrap();
        let activation = phi.parse::<Activation>().unwrap();
        let network = Network::new(activation, vec![width; depth - 1], 1).unwrap();
        let limit = Limit::new(&data, activation, depth, 1.0);
        let reference = Reference::new(limit.ntk(), n, 1).unwrap();
        let of = |engine: &dyn Engine, precision| {
            deviations(engine, &network, &data, (sampler, precision), &reference)
        };
        let (found, exact) = (of(&gpu, Precision::F32), of(&cpu, Precision::F64));
        let most = |range: std::ops::Range<usize>| {
            let off = |(x, y): (&[f64; 4], &[f64; 4])| {
                range.clone().map(|i| (x[i] - y[i]).abs()).fold(0.0, f64::max)
            };
            found.iter().zip(&exact).map(off).fold(0.0, f64::max)
        };
        // At depth 20 nearly singular Gram matrices amplify the 16 terms in f32: a draw moves by twelve times as much.
        let bound = floor(Precision::F32, depth, 0.0) / 200.0 * if depth > 4 { 25.0 } else { 1.0 };
        let (deviation, lambda) = (most(0..3), most(3..4));
        println!("{sampler}, {phi} | {depth} | {n} | {width} | {deviation:.1e} | {lambda:.0e} | {bound:.1e}");
        assert!(
            deviation > 0.0 && deviation.max(lambda) < bound,
            "{sampler} {phi} {depth}: {deviation:e} {lambda:e}"
        );
    }
}
