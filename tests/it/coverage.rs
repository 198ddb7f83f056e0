//! Every interval that is reported covers what it is about as often as it says, over studies of real networks.
//!
//! Studies of one point, whose spread is known exactly and whose kernel K(x,x) has a light tail at wide networks and a
//! heavy one where the depth nears the width. What has no formula (quantiles, probabilities) is taken from all seeds of
//! all studies together. In the ordinary form 150 studies, which tell 0.95 from 0.85; `EOC_FULL=1` takes 1000 and also
//! studies of eight digits, and asks for 0.926 everywhere. The doc of `stats::spread` has the numbers over more laws.

use eoc_ntk::Threads;
use eoc_ntk::answer::Networks;
use eoc_ntk::backend::cpu::CpuEngine;
use eoc_ntk::backend::{Precision, Stop};
use eoc_ntk::data::{DataSet, Normalize, Source};
use eoc_ntk::limit::relative_sd_diagonal;
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::Network;
use eoc_ntk::sampler::Sampler;
use eoc_ntk::stats::bootstrap::ratio;
use eoc_ntk::stats::{
    CONFIDENCE, Centre, Interval, KernelStatistics, Moments, QUANTILES, SeedTable, exponent, mean_interval,
    quantile, spread, tail_probability,
};

use super::support::{cell_of, kernels};

fn full() -> bool {
    std::env::var_os("EOC_FULL").is_some_and(|v| v == "1")
}

/// What studies at least have to cover: 0.926 of 1000; of 150, five standard errors below 0.95 and no less sharp.
fn studies() -> (usize, f64) {
    if full() { (1000, 0.926) } else { (150, 0.86) }
}

fn network(phi: &str, width: u64, depth: usize) -> Network {
    Network::new(phi.parse().unwrap(), vec![width; depth - 1], 1).unwrap()
}

/// Traces of the kernel on `data`, of `count` seeds.
fn traces(data: &DataSet, network: &Network, count: usize) -> Vec<f64> {
    let n = data.n();
    let of = |kernel: &[f64]| (0..n).map(|i| kernel[i * n + i]).sum::<f64>() / n as f64;
    let samples = kernels(network, data, Sampler::Conditional, Precision::F64, 0..count as u64);
    samples.iter().map(|sample| of(&sample.kernel)).collect()
}

/// How often intervals hold the truth.
fn coverage(intervals: impl Iterator<Item = Interval>, truth: f64) -> f64 {
    let held: Vec<bool> = intervals.map(|interval| interval.contains(truth)).collect();
    held.iter().filter(|held| **held).count() as f64 / held.len() as f64
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The percentile interval of the spread, which undercovers.
fn percentile(values: &[f64]) -> Interval {
    let seeds: Vec<u64> = (0..values.len() as u64).collect();
    let squares: Vec<f64> = values.iter().map(|v| v * v).collect();
    let table = SeedTable::joint(&[(&seeds, values), (&seeds, &squares)]);
    let unbiased = values.len() as f64 / (values.len() as f64 - 1.0);
    let statistic = |means: &[f64]| Some((unbiased * (means[1] / (means[0] * means[0]) - 1.0)).sqrt());
    table.interval(CONFIDENCE, Centre::Mean, statistic).unwrap()
}

#[test]
fn the_interval_of_the_spread_covers_under_light_and_heavy_tails() {
    let (count, least) = studies();
    let point = DataSet::new(vec![1.0], 1).unwrap();
    let all_seeds: &[usize] = if full() { &[8, 16, 64, 256, 1024] } else { &[16, 64] };
    for (phi, width, depth) in
        [("abs", 64, 4), ("relu", 64, 4), ("relu", 16, 4), ("abs", 8, 8), ("relu", 8, 8)]
    {
        let network = network(phi, width, depth);
        let exact = relative_sd_diagonal(network.activation(), network.hidden());
        for &seeds in all_seeds {
            let values = traces(&point, &network, seeds * count);
            let of = |study: &[f64]| spread(study).unwrap().interval.unwrap();
            let held = coverage(values.chunks(seeds).map(of), exact);
            let open = values.chunks(seeds).filter(|s| of(s).high.is_none()).count() as f64 / count as f64;
            eprintln!(
                "spread, {phi} width {width} depth {depth} ({exact:.2}), {seeds} seeds: {held:.3}, open {open:.2}"
            );
            assert!(held >= least, "{phi} {width} {depth}, {seeds} seeds: {held}");
            // An open side that says nothing would cover too: light tails have both sides.
            assert!(exact > 0.5 || open < 0.03, "{phi} {width} {depth}, {seeds} seeds: {open} open");
        }
    }
    // The interval that was here before fails by the same count.
    let network = network("relu", 16, 4);
    let exact = relative_sd_diagonal(network.activation(), network.hidden());
    let values = traces(&point, &network, 16 * count);
    assert!(coverage(values.chunks(16).map(percentile), exact) < 0.84);
}

#[test]
fn intervals_of_quantiles_probabilities_exponents_and_means_cover() {
    let (count, least) = studies();
    let point = DataSet::new(vec![1.0], 1).unwrap();
    let seeds = 64;
    for (phi, depth, widths) in [("abs", 4, [32u64, 64, 128]), ("relu", 8, [8, 16, 32])] {
        // |K(x,x) − l| of every width and seed; a seed draws the same deviates at every width.
        let cells: Vec<Vec<f64>> = widths
            .iter()
            .map(|&width| traces(&point, &network(phi, width, depth), seeds * count))
            .map(|kernels| kernels.iter().map(|k| (k - depth as f64).abs()).collect())
            .collect();
        let deviations = &cells[1];
        let pool = sorted(deviations);
        for p in QUANTILES {
            let truth = quantile(&pool, p, CONFIDENCE).unwrap().estimate;
            let of = |study: &[f64]| quantile(&sorted(study), p, CONFIDENCE).unwrap().interval;
            let held = coverage(deviations.chunks(seeds).map(of), truth);
            eprintln!("quantile {p} (and the constant of the bound, in proportion), {phi}: {held:.3}");
            assert!(held >= least, "quantile {p}, {phi}: {held}");
        }
        let threshold = quantile(&pool, 0.8, CONFIDENCE).unwrap().estimate;
        let above = |values: &[f64]| values.iter().filter(|v| **v > threshold).count() as u64;
        let truth = above(deviations) as f64 / deviations.len() as f64;
        let of = |study: &[f64]| tail_probability(above(study), seeds as u64, CONFIDENCE);
        let held = coverage(deviations.chunks(seeds).map(of), truth);
        eprintln!("tail probability, {phi}: {held:.3}");
        assert!(held >= least, "tail probability, {phi}: {held}");
        let x = widths.map(|m| m as f64);
        let fit = |rows: Vec<&[f64]>| {
            let ids: Vec<u64> = (0..rows[0].len() as u64).collect();
            let columns: Vec<(&[u64], &[f64])> = rows.iter().map(|row| (&ids[..], *row)).collect();
            exponent(&x, &SeedTable::joint(&columns), Centre::Median).unwrap()
        };
        let ids = [0u64];
        let truth = {
            let medians: Vec<f64> =
                cells.iter().map(|c| quantile(&sorted(c), 0.5, CONFIDENCE).unwrap().estimate).collect();
            let columns: Vec<(&[u64], &[f64])> =
                medians.iter().map(|m| (&ids[..], std::slice::from_ref(m))).collect();
            exponent(&x, &SeedTable::joint(&columns), Centre::Median).unwrap().exponent
        };
        let of =
            |i: usize| fit(cells.iter().map(|c| &c[i * seeds..(i + 1) * seeds]).collect()).interval.unwrap();
        let held = coverage((0..count).map(of), truth);
        eprintln!("exponent in m, {phi}: {held:.3}");
        assert!(held >= least, "exponent, {phi}: {held}");
        // A mean is shown with one standard error; a verdict asks for an interval, open above where the tail is heavy.
        let law = Moments::of(deviations);
        let truth = law.mean().unwrap();
        let law_spread = law.variance().unwrap().sqrt() / truth;
        let of = |study: &[f64]| mean_interval(&Moments::of(study), law_spread, CONFIDENCE).unwrap();
        let held = coverage(deviations.chunks(seeds).map(of), truth);
        eprintln!("mean of |K(x,x) − l|, {phi}: {held:.3}");
        assert!(held >= least, "mean, {phi}: {held}");
    }
}

/// Every interval of a report, in studies of 64 seeds of eight digits; the truth is that of all seeds of all studies.
#[test]
fn every_interval_covers_in_studies_of_digits() {
    if !full() {
        eprintln!("SKIPPED: studies of digits need EOC_FULL=1");
        return;
    }
    let (count, least) = studies();
    let seeds = 64;
    let data = "digits:n=8".parse::<Source>().unwrap().load().unwrap().normalized(Normalize::Sphere);
    let engine = CpuEngine::new(2).unwrap();
    let threads = Threads::new(2).unwrap();
    let widths = [64u64, 256, 1024];
    let check = |what: &str, held: f64| {
        eprintln!("{what}, digits: {held:.3}");
        assert!(held >= least, "{what}: {held}");
    };
    let mut of_activations: Vec<Vec<Vec<f64>>> = Vec::new();
    for activation in [Activation::ABS, Activation::RELU] {
        let cell = cell_of(activation, 4);
        let mut networks = Networks::new(&engine, &cell, &data, &Stop::never()).unwrap();
        let mut deviations = Vec::new();
        for width in widths {
            let all = networks.measured(width, 0..(seeds * count) as u64).unwrap().unwrap();
            let of =
                |f: fn(&KernelStatistics) -> f64| all.iter().map(|s| f(&s.statistics)).collect::<Vec<f64>>();
            let (relative, trace, lambda) = (of(|s| s.relative_op), of(|s| s.trace), of(|s| s.lambda_min));
            let name = format!("{activation}, width {width}");
            let pool = sorted(&relative);
            for p in QUANTILES {
                let truth = quantile(&pool, p, CONFIDENCE).unwrap().estimate;
                let of = |study: &[f64]| quantile(&sorted(study), p, CONFIDENCE).unwrap().interval;
                check(&format!("quantile {p}, {name}"), coverage(relative.chunks(seeds).map(of), truth));
            }
            let threshold = quantile(&pool, 0.8, CONFIDENCE).unwrap().estimate;
            let above = |values: &[f64]| values.iter().filter(|v| **v > threshold).count() as u64;
            let truth = above(&relative) as f64 / relative.len() as f64;
            let of = |study: &[f64]| tail_probability(above(study), seeds as u64, CONFIDENCE);
            check(&format!("tail probability, {name}"), coverage(relative.chunks(seeds).map(of), truth));
            let truth = spread(&trace).unwrap().value;
            let of = |i| spread(&trace[i * seeds..(i + 1) * seeds]).unwrap().interval.unwrap();
            let found = threads.install(|| (0..count).map(of).collect::<Vec<_>>());
            check(&format!("spread of tr K, {name}"), coverage(found.into_iter(), truth));
            let law = Moments::of(&lambda);
            let truth = law.mean().unwrap();
            let law_spread = law.variance().unwrap().sqrt() / truth;
            let of = |study: &[f64]| mean_interval(&Moments::of(study), law_spread, CONFIDENCE).unwrap();
            check(&format!("mean of λ_min, {name}"), coverage(lambda.chunks(seeds).map(of), truth));
            deviations.push(relative);
        }
        of_activations.push(deviations);
    }
    let ids: Vec<u64> = (0..seeds as u64).collect();
    let study = |cells: &[&Vec<f64>], i: usize| {
        let columns: Vec<(&[u64], &[f64])> =
            cells.iter().map(|c| (&ids[..], &c[i * seeds..(i + 1) * seeds])).collect();
        SeedTable::joint(&columns)
    };
    let median = |values: &[f64]| quantile(&sorted(values), 0.5, CONFIDENCE).unwrap().estimate;
    for (deviations, name) in of_activations.iter().zip(["abs", "relu"]) {
        let x = widths.map(|m| m as f64);
        let medians: Vec<[f64; 1]> = deviations.iter().map(|d| [median(d)]).collect();
        let columns: Vec<(&[u64], &[f64])> = medians.iter().map(|m| (&[0u64][..], &m[..])).collect();
        let truth = exponent(&x, &SeedTable::joint(&columns), Centre::Median).unwrap().exponent;
        let cells: Vec<&Vec<f64>> = deviations.iter().collect();
        let of = |i| exponent(&x, &study(&cells, i), Centre::Median).unwrap().interval.unwrap();
        let found = threads.install(|| (0..count).map(of).collect::<Vec<_>>());
        check(&format!("exponent in m, {name}"), coverage(found.into_iter(), truth));
    }
    for (k, width) in widths.iter().enumerate() {
        let cells = [&of_activations[0][k], &of_activations[1][k]];
        let truth = median(cells[0]) / median(cells[1]);
        let of = |i| study(&cells, i).interval(CONFIDENCE, Centre::Median, ratio).unwrap();
        let found = threads.install(|| (0..count).map(of).collect::<Vec<_>>());
        check(&format!("|s| : ReLU, width {width}"), coverage(found.into_iter(), truth));
    }
}
