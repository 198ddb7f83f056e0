//! One eigenvalue of one finished sample.

use super::{CellRecord, Details, Part, Record, Sample, fields};

/// Most rows of a kernel whose eigenvalues are kept, n·m_l.
pub const MOST_EIGENVALUES: usize = 256;

fields! {
    /// An eigenvalue of K/n of a sample, beside that of K∞/n of the same place in ascending order.
    #[derive(Clone, Debug, PartialEq)]
    pub struct SpectrumRow from (cell: usize, seed: u64, index: usize, lambda: f64, of_limit: f64) {
        cell: usize = cell, "", "index of the cell, from 0 in the order of the plan";
        seed: u64 = seed, "", "seed of the draw";
        index: u64 = index as u64, "", "place of the eigenvalue, from 0 in ascending order";
        lambda: f64 = lambda, "", "eigenvalue of K/n";
        limit: f64 = of_limit, "", "eigenvalue of K∞/n at the same place, all outputs";
    }
}

impl SpectrumRow {
    /// Every eigenvalue of a sample; `limit` are those of K∞/n for one output, each as many times as there are outputs.
    pub fn of_sample(cell: usize, seed: u64, eigenvalues: &[f64], limit: &[f64]) -> Vec<Self> {
        let outputs = eigenvalues.len() / limit.len().max(1);
        let of =
            |(index, &lambda): (usize, &f64)| Self::of(cell, seed, index, lambda, limit[index / outputs]);
        eigenvalues.iter().enumerate().map(of).collect()
    }
}

impl Record for SpectrumRow {
    const TABLE: &'static str = "spectrum";
    const KEYS: usize = 3;

    fn renumber(&mut self, cell: usize) {
        self.cell = cell;
    }
}

impl Part for SpectrumRow {
    fn is_in(details: Details) -> bool {
        details.spectrum
    }

    fn per_sample(cell: &CellRecord) -> u64 {
        cell.n * cell.outputs
    }

    fn sample(&self) -> (usize, u64) {
        (self.cell, self.seed)
    }

    fn rows_in(sample: &Sample) -> &Vec<Self> {
        &sample.spectrum
    }

    fn rows_in_mut(sample: &mut Sample) -> &mut Vec<Self> {
        &mut sample.spectrum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_stand_beside_those_of_the_limit_of_every_output() {
        let rows = SpectrumRow::of_sample(2, 7, &[0.1, 0.2, 0.9, 1.1], &[0.25, 1.0]);
        let found: Vec<_> = rows.iter().map(|r| (r.cell, r.seed, r.index, r.lambda, r.limit)).collect();
        assert_eq!(
            found,
            [(2, 7, 0, 0.1, 0.25), (2, 7, 1, 0.2, 0.25), (2, 7, 2, 0.9, 1.0), (2, 7, 3, 1.1, 1.0)]
        );
    }
}
