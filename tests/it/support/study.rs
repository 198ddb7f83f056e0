//! Studies made up for reports: numbers with the shape of real ones, from a deterministic sequence.

use eoc_ntk::report::{CellSummary, Columns, LimitValues, StudySummary};
use eoc_ntk::rng::{Role, Stream};

/// A cell whose relative deviations are about `size`, lognormal over seeds, and whose seeds share half of their
/// spread with the other cells.
pub fn cell(activation: &str, depth: usize, width: u64, seeds: u64, size: f64) -> CellSummary {
    let phi: eoc_ntk::math::activation::Activation = activation.parse().unwrap();
    let mut own = Stream::new(width * 64 + depth as u64, Role::Data);
    let mut shared = Stream::new(1, Role::Data);
    let relative: Vec<f64> =
        (0..seeds).map(|_| size * (0.3 * shared.normal() + 0.3 * own.normal()).exp()).collect();
    let times = |c: f64| relative.iter().map(|r| c * r).collect::<Vec<f64>>();
    let lambda_min: Vec<f64> = relative.iter().map(|r| 0.0123 * (1.0 - 0.1 * r)).collect();
    CellSummary {
        activation: activation.into(),
        a: phi.a(),
        b: phi.b(),
        depth,
        schedule: (depth > 1).then(|| "constant".into()),
        width: (depth > 1).then_some(width),
        hidden: vec![width; depth - 1],
        outputs: 1,
        scale: 1.0,
        data: "digits:n=32".into(),
        normalize: "sphere".into(),
        n: 32,
        sampler: "conditional".into(),
        precision: "f32".into(),
        seeds: (0..seeds).collect(),
        columns: Columns {
            deviation_op: times(3.0),
            deviation_fro: times(3.1),
            deviation_max: times(0.1),
            relative_op: relative.clone(),
            relative_fro: times(1.0),
            relative_max: times(1.2),
            lambda_min,
            lambda_max: times(0.0).iter().map(|_| 3.0).collect(),
            trace: relative.iter().map(|r| 4.0 + r).collect(),
            output_norm: times(0.0).iter().map(|_| 1.0).collect(),
        },
        limit: LimitValues {
            lambda_min: 0.0123,
            lambda_max: 3.0,
            relative_sd_diagonal: (depth > 1).then_some(size * 1.3),
            bound: Some(4.0 * phi.kappa().powi(2) / (width as f64).sqrt()),
        },
    }
}

/// The shape of the first study: |s| and ReLU, depth 4, widths 64 to 16384 by factors of 4.
pub fn first(seeds: u64) -> StudySummary {
    let mut cells = Vec::new();
    for (activation, size) in [("abs", 1.1), ("relu", 2.3)] {
        for width in [64u64, 256, 1024, 4096, 16384] {
            cells.push(cell(activation, 4, width, seeds, size / (width as f64).sqrt()));
        }
    }
    StudySummary { name: "first".into(), cells }
}
