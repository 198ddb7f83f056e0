//! One finished sample.

use std::sync::Arc;

use super::{Record, fields};
use crate::backend::MeasuredSample;
use crate::stats;

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
    /// K of one sample against K_gia of the same draws; NaN (null) where the study does not ask for it.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Independence from (found: Option<stats::Independence>) {
        op as independence_op: f64 = found.map_or(f64::NAN, |i| i.op), "",
            "operator norm of (K − K_gia)/n; null unless the study has independence";
        fro as independence_fro: f64 = found.map_or(f64::NAN, |i| i.fro), "", "Frobenius norm of the same";
        max as independence_max: f64 = found.map_or(f64::NAN, |i| i.max), "", "largest entry of the same, in magnitude";
        relative_op as independence_relative_op: f64 = found.map_or(f64::NAN, |i| i.relative_op), "",
            "independence_op over the operator norm of K∞/n";
        deviation_op as independence_deviation_op: f64 = found.map_or(f64::NAN, |i| i.deviation_op), "",
            "operator norm of K_gia/n − K∞/n";
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
        /// What independent gradients would make of it.
        independence: Independence;
    }
}

impl Record for Row {
    const TABLE: &'static str = "samples";
    const KEYS: usize = 2;

    fn renumber(&mut self, cell: usize) {
        self.cell = cell;
    }
}
