//! Studies made up for reports: numbers with the shape of real ones, from a deterministic sequence.

use std::sync::Arc;

use eoc_ntk::report::{Analysis, CellSummary, Figure, StudySummary, figures};
use eoc_ntk::rng::{Role, Stream};
use eoc_ntk::study::table::{CellRecord, LimitRecord, Statistics};

/// The cell of a summary, to be changed.
pub fn record(summary: &mut CellSummary) -> &mut CellRecord {
    Arc::make_mut(&mut summary.cell)
}

/// A cell whose relative deviations are about `size`, lognormal over seeds, and whose seeds share half of their
/// spread with the other cells.
pub fn cell(activation: &str, depth: usize, width: u64, seeds: u64, size: f64) -> CellSummary {
    let phi: eoc_ntk::math::activation::Activation = activation.parse().unwrap();
    let mut own = Stream::new(width * 64 + depth as u64, Role::Data);
    let mut shared = Stream::new(1, Role::Data);
    let relative: Vec<f64> =
        (0..seeds).map(|_| size * (0.3 * shared.normal() + 0.3 * own.normal()).exp()).collect();
    let sample = |&r: &f64| Statistics {
        deviation_op: 3.0 * r,
        deviation_fro: 3.1 * r,
        deviation_max: 0.1 * r,
        relative_op: r,
        relative_fro: r,
        relative_max: 1.2 * r,
        lambda_min: 0.0123 * (1.0 - 0.1 * r),
        lambda_max: 3.0,
        trace: 4.0 + r,
        ..Statistics::default()
    };
    let cell = CellRecord {
        activation: activation.into(),
        a: phi.a(),
        b: phi.b(),
        depth: depth as u64,
        schedule: (depth > 1).then(|| "constant".into()),
        m: (depth > 1).then_some(width),
        widths: widths(&vec![width; depth - 1]),
        outputs: 1,
        scale: 1.0,
        data: "digits:n=32".into(),
        normalize: "sphere".into(),
        n: 32,
        sampler: "conditional".into(),
        precision: "f32".into(),
        limit: LimitRecord {
            lambda_min: Some(0.0123),
            lambda_max: Some(3.0),
            relative_sd_diagonal: (depth > 1).then_some(size * 1.3),
            bound: Some(4.0 * phi.kappa().powi(2) / (width as f64).sqrt()),
            ..LimitRecord::default()
        },
        ..CellRecord::default()
    };
    CellSummary {
        seeds: (0..seeds).collect(),
        samples: relative.iter().map(sample).collect(),
        seconds: vec![1e-3 * width as f64; seeds as usize],
        ..CellSummary::new(cell)
    }
}

/// Hidden widths as a cell has them.
pub fn widths(hidden: &[u64]) -> String {
    hidden.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

/// The shape of the first study: |s| and ReLU, depth 4, widths 64 to 16384 by factors of 4.
pub fn first(seeds: u64) -> StudySummary {
    let mut cells = Vec::new();
    for (activation, size) in [("abs", 1.1), ("relu", 2.3)] {
        for width in [64u64, 256, 1024, 4096, 16384] {
            cells.push(cell(activation, 4, width, seeds, size / (width as f64).sqrt()));
        }
    }
    StudySummary::new("first", cells)
}

/// The main figure of a study; None where there is none.
pub fn main_figure(study: &StudySummary) -> Option<Figure> {
    figures(study, &Analysis::new(study)).unwrap().into_iter().find(|figure| figure.name.is_empty())
}
