//! Pairs of points of about one angle in one finished sample, with and without independent gradients.

use super::{CellRecord, Details, Part, Record, Sample, fields};
use crate::stats::{AngleStatistics, angle_groups};

fields! {
    /// K against K_gia of the same draws at a group of pairs of points of about one angle; NaN (null) where the group
    /// has no pair. Definitions: [`AngleReference`](crate::stats::AngleReference).
    #[derive(Clone, Debug, PartialEq)]
    pub struct IndependenceRow from (cell: usize, seed: u64, of: &AngleStatistics) {
        cell: usize = cell, "", "index of the cell, from 0 in the order of the plan";
        seed: u64 = seed, "", "seed of the draw";
        group: u64 = of.group as u64, "", "group of pairs of points, from 0 at the least angles";
        pairs: u64 = of.pairs, "", "pairs in the group";
        angle_from: f64 = of.angles[0], "rad", "least angle of the inputs of a pair";
        angle_to: f64 = of.angles[1], "rad", "largest angle of the inputs of a pair";
        difference: f64 = of.difference, "", "mean over the pairs of an entry of K − K_gia, not over n";
        size: f64 = of.size, "", "mean over the pairs of the magnitude of the same";
        bound: f64 = of.bound, "", "Proposition 17's bound of the mean of difference over draws, mean over the pairs";
    }
}

impl IndependenceRow {
    /// The numbers of the row.
    pub fn statistics(&self) -> AngleStatistics {
        AngleStatistics {
            group: self.group as usize,
            pairs: self.pairs,
            angles: [self.angle_from, self.angle_to],
            difference: self.difference,
            size: self.size,
            bound: self.bound,
        }
    }
}

impl Record for IndependenceRow {
    const TABLE: &'static str = "independence";
    const KEYS: usize = 3;

    fn renumber(&mut self, cell: usize) {
        self.cell = cell;
    }
}

impl Part for IndependenceRow {
    fn is_in(details: Details) -> bool {
        details.independence
    }

    fn per_sample(cell: &CellRecord) -> u64 {
        angle_groups(cell.n)
    }

    fn sample(&self) -> (usize, u64) {
        (self.cell, self.seed)
    }

    fn rows_in(sample: &Sample) -> &Vec<Self> {
        &sample.independence
    }

    fn rows_in_mut(sample: &mut Sample) -> &mut Vec<Self> {
        &mut sample.independence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_gives_its_numbers_back() {
        let of = AngleStatistics {
            group: 3,
            pairs: 5,
            angles: [0.5, 0.75],
            difference: -0.125,
            size: 0.25,
            bound: 0.5,
        };
        assert_eq!(IndependenceRow::of(2, 7, &of).statistics(), of);
    }
}
