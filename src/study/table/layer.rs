//! One layer of one finished sample.

use super::{CellRecord, Details, Part, Record, Sample, fields};
use crate::stats::LayerStatistics;

fields! {
    /// How far layer k = 1 … l of a sample is from its limit; x_k feeds W_k, x_1 is the input. NaN where nothing
    /// defines a number (null). Definitions: [`LayerReference`](crate::stats::LayerReference).
    #[derive(Clone, Debug, PartialEq)]
    pub struct LayerRow from (cell: usize, seed: u64, of: &LayerStatistics) {
        cell: usize = cell, "", "index of the cell, from 0 in the order of the plan";
        seed: u64 = seed, "", "seed of the draw";
        layer: u64 = of.layer as u64, "", "k, from 1: x_k feeds W_k, and x_1 is the input";
        norm_max: f64 = of.norm_max, "", "largest |‖x_k(x_i)‖/‖x_i‖ − 1| over points";
        cosine_max: f64 = of.cosine_max, "", "largest deviation of a cosine of x_k from its limit, over pairs";
        icd_mean: f64 = of.icd_mean, "", "mean of |w_k − its limit| over pairs, w = ((1−ρ)/2)^−½ of their cosine ρ";
        icd_max: f64 = of.icd_max, "", "largest |w_k − its limit| over pairs";
        gradient_norm_max: f64 = of.gradient_norm_max, "", "largest |b_ii − 1|, b the mean of B_kB_kᵀ over outputs";
        gradient_inner_max: f64 = of.gradient_inner_max, "", "largest |b_ij − Π ϱ′| over pairs";
        term_op: f64 = of.term_op, "", "operator norm of this layer's term of K/n minus its limit";
        pairs: u64 = of.pairs, "", "pairs that count for icd: neither at the input nor in the draw parallel";
    }
}

impl Record for LayerRow {
    const TABLE: &'static str = "layers";
    const KEYS: usize = 3;

    fn renumber(&mut self, cell: usize) {
        self.cell = cell;
    }
}

impl Part for LayerRow {
    fn is_in(details: Details) -> bool {
        details.layers
    }

    fn per_sample(cell: &CellRecord) -> u64 {
        cell.depth
    }

    fn sample(&self) -> (usize, u64) {
        (self.cell, self.seed)
    }

    fn rows_in(sample: &Sample) -> &Vec<Self> {
        &sample.layers
    }

    fn rows_in_mut(sample: &mut Sample) -> &mut Vec<Self> {
        &mut sample.layers
    }
}
