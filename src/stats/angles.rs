//! Entries of K − K_gia by the angle of a pair of points, beside what Proposition 17 of arXiv 2501.14724 bounds their
//! mean by ([`independence_bound`]).
//!
//! The pairs of points that are not zero are in groups of about equal size, of ascending angle. Of every sample and
//! group are taken the mean of the entries and the mean of their magnitudes; only the first has a bound, since the
//! proposition is about a mean over draws.

use crate::data::DataSet;
use crate::limit::{Limit, independence_bound};
use crate::model::Network;

/// Most groups.
const GROUPS: usize = 8;

/// What was drawn of pairs of points of about one angle, in one sample. NaN where the group has no pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AngleStatistics {
    /// Which group, from 0 at the least angles.
    pub group: usize,
    /// How many pairs.
    pub pairs: u64,
    /// Least and largest angle of their inputs, in radians.
    pub angles: [f64; 2],
    /// Mean over the pairs of an entry of K − K_gia, plain and not over n; over outputs the mean of those on one
    /// output.
    pub difference: f64,
    /// Mean of the magnitude of the same.
    pub size: f64,
    /// What bounds the magnitude of the mean of `difference` over draws: the mean over the pairs.
    pub bound: f64,
}

/// The groups of a data set with the bounds of a network on it, made once for all seeds.
#[derive(Clone, Debug)]
pub struct AngleReference {
    n: usize,
    outputs: usize,
    groups: Vec<Group>,
}

/// Pairs of points of about one angle.
#[derive(Clone, Debug)]
struct Group {
    /// Rows i < j.
    pairs: Vec<(usize, usize)>,
    angles: [f64; 2],
    bound: f64,
}

/// How many groups there are of n points, whatever the points: some without pairs where few points are not zero.
pub fn angle_groups(n: u64) -> u64 {
    (n.saturating_mul(n.saturating_sub(1)) / 2).min(GROUPS as u64)
}

impl AngleReference {
    /// The groups of these points for this network. O(n² l²) time.
    pub fn new(network: &Network, data: &DataSet) -> Self {
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
        let count = angle_groups(n as u64) as usize;
        let group = |g: usize| {
            let pairs = &pairs[g * pairs.len() / count..(g + 1) * pairs.len() / count];
            let angle = |pair: Option<&(f64, usize, usize)>| pair.map_or(f64::NAN, |(angle, ..)| *angle);
            Group {
                angles: [angle(pairs.first()), angle(pairs.last())],
                bound: pairs.iter().map(|(_, i, j)| bound[i * n + j]).sum::<f64>() / pairs.len() as f64,
                pairs: pairs.iter().map(|(_, i, j)| (*i, *j)).collect(),
            }
        };
        Self { n, outputs: network.outputs(), groups: (0..count).map(group).collect() }
    }

    /// Every group in one sample: K and K_gia, (n·m_l) × (n·m_l), point-major.
    pub fn measure(&self, kernel: &[f64], independent: &[f64]) -> Vec<AngleStatistics> {
        let (outputs, q) = (self.outputs, self.n * self.outputs);
        let entry = |(i, j): &(usize, usize)| {
            let at = |o: usize| (i * outputs + o) * q + j * outputs + o;
            (0..outputs).map(|o| kernel[at(o)] - independent[at(o)]).sum::<f64>() / outputs as f64
        };
        let of = |(index, group): (usize, &Group)| {
            let count = group.pairs.len() as f64;
            let sum = |of: fn(f64) -> f64| group.pairs.iter().map(|pair| of(entry(pair))).sum::<f64>();
            AngleStatistics {
                group: index,
                pairs: group.pairs.len() as u64,
                angles: group.angles,
                difference: sum(|d| d) / count,
                size: sum(f64::abs) / count,
                bound: group.bound,
            }
        };
        self.groups.iter().enumerate().map(of).collect()
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
        let network = Network::new("relu".parse().unwrap(), vec![9, 9], 2).unwrap();
        let reference = AngleReference::new(&network, &data);
        let groups = &reference.groups;
        assert_eq!(groups.iter().map(|g| g.pairs.len()).sum::<usize>(), 21);
        assert!(groups.len() == 8 && groups.windows(2).all(|g| g[0].angles[1] <= g[1].angles[0]));
        assert!(groups.iter().all(|g| g.pairs.iter().all(|(i, j)| i < j && *j < 7) && g.bound > 0.0));
        // Entries of equal outputs alone count; those of a pair are −1 and 3.
        let q = 16;
        let mut kernel = vec![7.0; q * q];
        for (i, j) in groups.iter().flat_map(|g| &g.pairs) {
            kernel[2 * i * q + 2 * j] = -1.0;
            kernel[(2 * i + 1) * q + 2 * j + 1] = 3.0;
        }
        let zero = vec![0.0; q * q];
        let found = reference.measure(&kernel, &zero);
        assert!(found.iter().all(|g| (g.difference, g.size) == (1.0, 1.0)), "{found:?}");
        let found = reference.measure(&zero, &kernel);
        assert!(found.iter().all(|g| (g.difference, g.size) == (-1.0, 1.0)), "{found:?}");
    }

    /// As many groups as the points say, so that every sample of a cell has as many rows.
    #[test]
    fn groups_without_pairs_are_there_and_undefined() {
        let network = Network::new("relu".parse().unwrap(), vec![9, 9], 1).unwrap();
        let of = |values: Vec<f64>| {
            let data = DataSet::new(values, 1).unwrap();
            let q = data.n() * data.n();
            AngleReference::new(&network, &data).measure(&vec![1.0; q], &vec![0.0; q])
        };
        assert!(of(vec![1.0]).is_empty());
        let found = of(vec![1.0, 0.0, 2.0]);
        assert_eq!((found.len() as u64, angle_groups(3)), (3, 3));
        let pairs: Vec<u64> = found.iter().map(|g| g.pairs).collect();
        assert_eq!(pairs.iter().sum::<u64>(), 1);
        for group in found {
            assert_eq!(group.difference.is_nan(), group.pairs == 0);
            assert_eq!(group.angles[0].is_nan(), group.pairs == 0);
        }
        assert_eq!([angle_groups(0), angle_groups(1), angle_groups(2), angle_groups(1000)], [0, 0, 1, 8]);
    }
}
