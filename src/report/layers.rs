//! What the rows of the layers of a cell come to: exponents in the layer and ratios, from which claims are judged.

use super::lines::Measured;
use super::summary::CellSummary;
use crate::stats::bootstrap;
use crate::stats::{Centre, ExponentFit, Moments, NoFit, SeedTable, exponent};
use crate::study::table::LayerRow;

/// The first layer of a fit: below, one layer is a large step.
pub(super) const FROM: u64 = 8;

/// What the layers of one cell say.
#[derive(Clone, Debug, PartialEq)]
pub struct Layers {
    /// Exponent in k − 1 of the median of `cosine_max`, from layer 8 on.
    pub cosine: Result<ExponentFit, NoFit>,
    /// Exponent in k of the median of `norm_max`.
    pub norm: Result<ExponentFit, NoFit>,
    /// Exponent in k of the median of `icd_mean`.
    pub icd: Result<ExponentFit, NoFit>,
    /// The median of `gradient_norm_max` at layer 1 over that at half the depth.
    pub gradient_norm: Option<Measured>,
    /// The same of `gradient_inner_max`.
    pub gradient_inner: Option<Measured>,
    /// The mean over seeds of `icd_mean`, by layer from 1.
    pub icd_mean: Vec<Moments>,
    /// The finished seeds, ascending.
    pub seeds: Vec<u64>,
    /// For each of them, the largest `term_op` of its layers.
    pub largest_term: Vec<f64>,
}

impl Layers {
    /// From the rows of a cell; None where none were kept.
    pub(super) fn of(summary: &CellSummary) -> Option<Self> {
        let depth = summary.cell.depth;
        if summary.layers.is_empty() || summary.layers.iter().any(|rows| rows.len() as u64 != depth) {
            return None;
        }
        let column = |k: u64, of: fn(&LayerRow) -> f64| -> Vec<f64> {
            summary.layers.iter().map(|rows| of(&rows[k as usize - 1])).collect()
        };
        let table = |layers: &[u64], of: fn(&LayerRow) -> f64| {
            let columns: Vec<Vec<f64>> = layers.iter().map(|k| column(*k, of)).collect();
            let rows = columns.iter().map(|values| (summary.seeds.as_slice(), values.as_slice()));
            SeedTable::joint(&rows.collect::<Vec<_>>())
        };
        let all: Vec<u64> = (FROM.min(depth)..=depth).collect();
        let fit = |of: fn(&LayerRow) -> f64, less: u64| {
            let x: Vec<f64> = all.iter().map(|k| (k - less) as f64).collect();
            exponent(&x, &table(&all, of), Centre::Median)
        };
        // Layer l has no product of layers behind it.
        let ends = [1, (depth / 2).max(1)];
        let ratio = |of: fn(&LayerRow) -> f64| Measured::of(&table(&ends, of), bootstrap::ratio);
        let term = |rows: &Vec<LayerRow>| rows.iter().map(|row| row.term_op).fold(f64::NAN, f64::max);
        Some(Self {
            cosine: fit(|row| row.cosine_max, 1),
            norm: fit(|row| row.norm_max, 0),
            icd: fit(|row| row.icd_mean, 0),
            gradient_norm: ratio(|row| row.gradient_norm_max),
            gradient_inner: ratio(|row| row.gradient_inner_max),
            icd_mean: (1..=depth).map(|k| moments(&column(k, |row| row.icd_mean))).collect(),
            seeds: summary.seeds.clone(),
            largest_term: summary.layers.iter().map(term).collect(),
        })
    }
}

fn moments(values: &[f64]) -> Moments {
    Moments::of(&values.iter().copied().filter(|v| !v.is_nan()).collect::<Vec<_>>())
}
