//! A figure of one's own numbers: any source of samples can fill the cells of a report.

use eoc_ntk::report::{Analysis, CellSummary, StudySummary, figures};
use eoc_ntk::study::table::{CellRecord, Statistics};

/// A cell whose deviations are about m^(−1/2).
fn cell(m: u64) -> CellSummary {
    let deviation = |seed: u64| (0.5 + (seed as f64 * 0.618).fract()) / (m as f64).sqrt();
    let sample = |seed: u64| Statistics { relative_op: deviation(seed), ..Statistics::default() };
    let (activation, schedule) = ("relu".into(), Some("constant".into()));
    let record =
        CellRecord { activation, a: 0.5, b: 0.5, depth: 2, schedule, m: Some(m), ..CellRecord::default() };
    let seeds: Vec<u64> = (0..16).collect();
    CellSummary {
        samples: seeds.iter().map(|&seed| sample(seed)).collect(),
        seeds,
        ..CellSummary::new(record)
    }
}

/// Prints what the figures are of.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let study = StudySummary::new("mine", [64, 256, 1024].map(cell).to_vec());
    let analysis = Analysis::new(&study);
    let figures = figures(&study, &analysis)?;
    for figure in &figures {
        println!("{}: {} bytes of SVG", figure.title, figure.svg.len());
    }
    let exponent = analysis.sections[0].fits[0].exponent.clone()?.exponent;
    println!("exponent in the width: {exponent:.3}");
    assert!((exponent + 0.5).abs() < 0.1 && !figures.is_empty());
    Ok(())
}
