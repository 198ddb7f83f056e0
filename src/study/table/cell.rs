//! One cell of a study.

use super::fields;
use crate::limit::{Parallel, bound, relative_sd_diagonal, unmet};
use crate::stats::Reference;
use crate::study::cell::Cell;

fields! {
    /// What follows for a cell without a draw, from K∞ and the widths; None where a number is infinite or undefined.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct LimitRecord from (cell: &Cell, reference: &Reference, parallel: Option<Parallel>) {
        lambda_min as limit_lambda_min: Option<f64> = reference.eigenvalues().first().and_then(|l| finite(*l)), "",
            "least eigenvalue of K∞/n";
        lambda_max as limit_lambda_max: Option<f64> = reference.eigenvalues().last().and_then(|l| finite(*l)), "",
            "largest eigenvalue of K∞/n";
        norm_op as limit_op: Option<f64> = finite(reference.norm_op()), "", "operator norm of K∞/n";
        norm_fro as limit_fro: Option<f64> = finite(reference.norm_fro()), "", "Frobenius norm of K∞/n, all outputs";
        norm_max as limit_max: Option<f64> = finite(reference.norm_max()), "", "largest entry of |K∞/n|";
        relative_sd_diagonal: Option<f64> =
            finite(relative_sd_diagonal(cell.network.activation(), cell.network.hidden())), "",
            "exact standard deviation of K(x,x) over its mean at these widths";
        bound_m: Option<f64> = bound(&cell.network, &cell.data.points).and_then(|b| finite(b.m)), "",
            "min m_k/k², the m of the bound: the quadratic schedule that fits under the widths";
        bound: Option<f64> = bound(&cell.network, &cell.data.points).and_then(|b| finite(b.value)), "",
            "right side of the concentration bound, without its constant and logarithms";
        bound_full: Option<f64> = bound(&cell.network, &cell.data.points).and_then(|b| b.full).and_then(finite), "",
            "the same with its logarithms; null where one of them is not positive";
        theorem: Option<String> = unmet(&cell.network, &cell.data.points, parallel), "",
            "conditions of the theorem behind the bound that are not met; null where all hold";
    }
}

fields! {
    /// One cell: network, data, sampler and precision, and its limit.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct CellRecord from (cell: &Cell, limit: LimitRecord) {
        key: String = cell.key(), Store "", "key of its rows but for the seed, 64 hexadecimal digits";
        activation: String = cell.network.activation().to_string(), Repeated "", "activation, reads back as (a, b)";
        a: f64 = cell.network.activation().a(), Repeated "", "coefficient of s in φ(s) = a·s + b·|s|";
        b: f64 = cell.network.activation().b(), Repeated "", "coefficient of |s|";
        depth: u64 = cell.network.depth() as u64, Repeated "", "l, the number of weight matrices";
        schedule: Option<String> = cell.schedule.map(|s| s.to_string()), Repeated "",
            "constant, linear or quadratic; null where the widths were listed, and at depth 1";
        widths: String = cell.widths_text(), Repeated "", "hidden widths, as in 64,128,256; empty at depth 1";
        outputs: u64 = cell.network.outputs() as u64, Repeated "", "m_l, the number of outputs";
        scale: f64 = cell.network.scale(), Repeated "", "constant in front of K and K∞";
        data: String = cell.data.points.label().to_owned(), Repeated "", "data source as the study names it";
        normalize: String = cell.data.normalize.to_string(), Repeated "", "sphere or none";
        n: u64 = cell.data.points.n() as u64, Repeated "", "number of points";
        sampler: String = cell.sampler.to_string(), Repeated "", "sampler that runs: direct or conditional";
        precision: String = cell.precision.to_string(), Repeated "", "arithmetic: f32, f64 or f16";
        m: Option<u64> = cell.width.or(cell.network.hidden().iter().copied().min()), "neurons",
            "m of the schedule, the narrowest of listed widths; null at depth 1";
        schedules: Option<String> = names(cell.schedules.iter().map(|s| s.to_string()).collect()), "",
            "every schedule asked for that makes these widths, with commas; null where none does";
        /// What follows for it without a draw.
        limit: LimitRecord = limit;
    }
}

impl CellRecord {
    /// The m of the schedule; None where there is none.
    pub fn width(&self) -> Option<u64> {
        self.m.filter(|_| self.schedule.is_some())
    }

    /// Takes in what another study calls the same cell: all schedules that either knows, and the schedule of the other
    /// where it has one. The first hidden layer is the narrowest of every schedule, so that m is the same.
    pub(in crate::study) fn rename(&mut self, other: &Self) {
        let known = [&self.schedules, &other.schedules].map(|s| s.as_deref().unwrap_or_default().split(','));
        let known: Vec<String> =
            known.into_iter().flatten().filter(|s| !s.is_empty()).map(str::to_owned).collect();
        self.schedules = names(known);
        if other.schedule.is_some() {
            self.schedule.clone_from(&other.schedule);
        }
    }

    /// The cell once under every schedule that makes its widths, for reports along one: the networks are the same.
    pub fn under_every_schedule(self) -> Vec<Self> {
        let all: Vec<String> = self.schedules.iter().flat_map(|s| s.split(',')).map(str::to_owned).collect();
        if all.len() < 2 {
            return vec![self];
        }
        all.into_iter().map(|schedule| Self { schedule: Some(schedule), ..self.clone() }).collect()
    }
}

/// Names with commas between them, each once and in one order whoever came first; None where there are none.
fn names(mut names: Vec<String>) -> Option<String> {
    names.sort();
    names.dedup();
    (!names.is_empty()).then(|| names.join(","))
}

/// −0 is 0, as SQLite has it.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value + 0.0)
}
