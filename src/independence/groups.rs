//! Pairs of points by their angle.

use super::{GroupFinding, Mean};
use crate::data::DataSet;
use crate::limit::{Limit, independence_bound};
use crate::model::Network;

/// Most groups.
const GROUPS: usize = 8;

/// Pairs of points of about one angle, and what was drawn of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Rows i < j.
    pairs: Vec<(usize, usize)>,
    /// Least and largest angle, in radians.
    angles: [f64; 2],
    /// Bound of |E(K − K_gia)| at a pair, the mean over the pairs.
    bound: f64,
    /// Mean over the pairs, seed by seed.
    differences: Vec<f64>,
    /// Σ over pairs and seeds of |difference|.
    sizes: f64,
}

/// All pairs of points that are not zero, in up to [`GROUPS`] groups of about equal size, of ascending angle.
pub(super) fn of(network: &Network, data: &DataSet) -> Vec<Group> {
    let n = data.n();
    let distances = Limit::new(data, network.activation(), 1, 1.0);
    let bound = independence_bound(network, data);
    let mut pairs: Vec<(f64, usize, usize)> = (0..n)
        .flat_map(|j| (0..j).map(move |i| (i, j)))
        .map(|(i, j)| (distances.deltas()[i * n + j], i, j))
        // Of a zero point there is none.
        .filter(|(distance, ..)| !distance.is_nan())
        .map(|(distance, i, j)| (2.0 * (distance / 2.0).sqrt().min(1.0).asin(), i, j))
        .collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let size = pairs.len().div_ceil(GROUPS).max(1);
    let group = |pairs: &[(f64, usize, usize)]| Group {
        angles: [pairs[0].0, pairs[pairs.len() - 1].0],
        bound: pairs.iter().map(|(_, i, j)| bound[i * n + j]).sum::<f64>() / pairs.len() as f64,
        pairs: pairs.iter().map(|(_, i, j)| (*i, *j)).collect(),
        differences: Vec::new(),
        sizes: 0.0,
    };
    pairs.chunks(size).map(group).collect()
}

impl Group {
    /// Takes the differences of a seed.
    pub(super) fn push(&mut self, difference: impl Fn(usize, usize) -> f64) {
        let mut sum = 0.0;
        for &(i, j) in &self.pairs {
            let difference = difference(i, j);
            sum += difference;
            self.sizes += difference.abs();
        }
        self.differences.push(sum / self.pairs.len() as f64);
    }

    pub(super) fn finding(&self) -> GroupFinding {
        GroupFinding {
            angles: self.angles,
            pairs: self.pairs.len(),
            difference: Mean::of(&self.differences),
            size: self.sizes / (self.pairs.len() * self.differences.len()) as f64,
            bound: self.bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_in_groups_of_ascending_angle_without_zero_points() {
        let turned = |angle: f64| [angle.cos(), 2.0 * angle.sin()];
        let mut values: Vec<f64> = (0..7).flat_map(|k| turned(0.4 * f64::from(k))).collect();
        values.extend([0.0, 0.0]);
        let data = DataSet::new(values, 2).unwrap();
        let network = Network::new("relu".parse().unwrap(), vec![9, 9], 1).unwrap();
        let mut groups = of(&network, &data);
        assert_eq!(groups.iter().map(|g| g.pairs.len()).sum::<usize>(), 21);
        assert!(groups.len() <= GROUPS && groups.windows(2).all(|g| g[0].angles[1] <= g[1].angles[0]));
        assert!(groups.iter().all(|g| g.pairs.iter().all(|(i, j)| i < j && *j < 7) && g.bound > 0.0));
        for seed in [1.0, 3.0] {
            groups[0].push(|_, _| -seed);
        }
        let finding = groups[0].finding();
        assert_eq!((finding.difference.value, finding.size), (-2.0, 2.0));
        assert!(of(&network, &DataSet::new(vec![1.0, 2.0], 2).unwrap()).is_empty(), "one point is no pair");
    }
}
