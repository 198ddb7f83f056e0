//! Values that were published of networks that a study draws too.

use crate::study::table::CellRecord;

/// The error of inverse cosine distances at a layer, mean and s.d. of |w_k − its limit| over pairs of points: Figure 1
/// of arXiv 2501.14724, |s|, depth 32, m = 16, 1000 random pairs from MNIST with a network each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Published {
    pub(super) schedule: &'static str,
    /// k.
    pub(super) layer: u64,
    pub(super) mean: f64,
    pub(super) sd: f64,
}

const fn at(schedule: &'static str, layer: u64, mean: f64, sd: f64) -> Published {
    Published { schedule, layer, mean, sd }
}

const FIGURE_1: [Published; 9] = [
    at("constant", 8, 3.200_612, 3.648_354),
    at("constant", 16, 11.274_44, 16.400_2),
    at("constant", 32, 51.757_95, 95.569_5),
    at("linear", 8, 1.189_432, 1.117_988),
    at("linear", 16, 1.871_099, 1.817_386),
    at("linear", 32, 3.163_96, 3.120_227),
    at("quadratic", 8, 0.603_307_7, 0.561_182_7),
    at("quadratic", 16, 0.710_554_5, 0.645_081_5),
    at("quadratic", 32, 0.823_432_9, 0.716_861_7),
];

impl Published {
    /// Pairs behind each value.
    pub(super) const PAIRS: f64 = 1000.0;

    /// Those of the networks of a cell: two points, which are to be about as far apart as the published pairs.
    pub(super) fn of(cell: &CellRecord) -> impl Iterator<Item = &'static Self> {
        let theirs = cell.m == Some(16) && cell.a == 0.0 && cell.n == 2 && cell.depth == 32;
        FIGURE_1.iter().filter(move |one| theirs && cell.schedule.as_deref() == Some(one.schedule))
    }
}
