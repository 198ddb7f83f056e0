//! One finished sample.

use std::sync::Arc;

use super::{Record, fields};
use crate::backend::MeasuredSample;

fields! {
    /// The statistics of one sample; NaN where one is undefined (null), as a relative deviation from K∞ = 0.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Statistics from (sample: &MeasuredSample) {
        deviation_op: f64 = sample.statistics.deviation_op, "", "operator norm of K/n − K∞/n";
        deviation_fro: f64 = sample.statistics.deviation_fro, "", "Frobenius norm of K/n − K∞/n";
        deviation_max: f64 = sample.statistics.deviation_max, "", "largest entry of |K/n − K∞/n|";
        relative_op: f64 = sample.statistics.relative_op, "", "deviation_op over the operator norm of K∞/n";
        relative_fro: f64 = sample.statistics.relative_fro, "", "deviation_fro over the Frobenius norm of K∞/n";
        relative_max: f64 = sample.statistics.relative_max, "", "deviation_max over the largest entry of |K∞/n|";
        lambda_min: f64 = sample.statistics.lambda_min, "", "least eigenvalue of K/n";
        lambda_max: f64 = sample.statistics.lambda_max, "", "largest eigenvalue of K/n";
        trace: f64 = sample.statistics.trace, "", "trace of K/n";
        output_norm: f64 = sample.output_norm, "", "Frobenius norm of the outputs N";
    }
}

fields! {
    /// One finished sample: whose it is, its statistics, and what it took, which belongs to no promise of equal bytes.
    #[derive(Clone, Debug)]
    pub struct Row {
        cell: usize, "", "index of the cell, from 0 in the order of the plan";
        seed: u64, "", "seed of the draw";
        /// Its statistics.
        values: Statistics;
        device: Arc<str>, "", "device that computed it";
        seconds: f64, "s", "time that it took: that of its batch over the seeds in it";
    }
}

impl Record for Row {
    const TABLE: &'static str = "samples";
    const KEYS: usize = 2;

    fn renumber(&mut self, cell: usize) {
        self.cell = cell;
    }
}
