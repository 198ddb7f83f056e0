//! Means over seeds by the angle of a pair, under their bounds.

use super::{Mean, Samples};
use crate::stats::{AngleStatistics, CONFIDENCE, Interval, Moments, student_interval};

/// Pairs of points of about one angle.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupFinding {
    /// Least and largest angle, in radians.
    pub angles: [f64; 2],
    /// How many pairs.
    pub pairs: u64,
    /// Mean of an entry of K − K_gia over pairs and seeds; plain entries, not divided by n.
    pub difference: Mean,
    /// Mean of |entry of K − K_gia| of a pair, over pairs and seeds.
    pub size: f64,
    /// What Proposition 17 bounds the mean by, the mean over the pairs.
    pub bound: f64,
}

/// Of all groups and widths that where |mean of an entry of K − K_gia| comes nearest to the bound of Proposition 17:
/// where its interval reaches furthest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    /// The width m.
    pub m: u64,
    /// Least and largest angle of the pairs, in radians.
    pub angles: [f64; 2],
    /// |mean| over its bound; at most 1, as the proposition says.
    pub ratio: f64,
    /// Its interval: Student's, with so much confidence of each that those of all groups and widths hold at once. None
    /// of fewer than `FEWEST` seeds.
    pub interval: Option<Interval>,
    /// How many groups and widths there were.
    pub groups: usize,
}

/// Seeds from which on a mean has an interval here: with fewer its error is a guess, and so many intervals at once are
/// of its tail.
pub const FEWEST: u64 = 16;

/// One group of every seed.
fn of_group(angles: &[Vec<AngleStatistics>], group: usize) -> impl Iterator<Item = &AngleStatistics> {
    angles.iter().filter_map(move |groups| groups.get(group))
}

/// The groups that have pairs, over seeds.
pub(super) fn findings(angles: &[Vec<AngleStatistics>]) -> Vec<GroupFinding> {
    let groups = angles.first().map_or(0, Vec::len);
    let finding = |group: usize| {
        let first = of_group(angles, group).next().filter(|first| first.pairs > 0)?;
        let differences: Vec<f64> = of_group(angles, group).map(|g| g.difference).collect();
        let sizes: Vec<f64> = of_group(angles, group).map(|g| g.size).collect();
        Some(GroupFinding {
            angles: first.angles,
            pairs: first.pairs,
            difference: Mean::of(&differences),
            size: sizes.iter().sum::<f64>() / sizes.len() as f64,
            bound: first.bound,
        })
    };
    (0..groups).filter_map(finding).collect()
}

impl Nearest {
    /// Of the samples of several widths, each with its m; None where no group of pairs has a bound.
    pub fn of(samples: &[(u64, &Samples)]) -> Option<Self> {
        let mut all: Vec<(u64, [f64; 2], f64, Moments)> = Vec::new();
        for (m, samples) in samples {
            for group in 0..samples.angles.first().map_or(0, Vec::len) {
                let Some(first) = of_group(&samples.angles, group).next() else { continue };
                // Without pairs there is nothing, and without a bound (depth 2, a linear network) nothing to be under.
                if first.pairs > 0 && first.bound > 0.0 {
                    let values: Vec<f64> = of_group(&samples.angles, group).map(|g| g.difference).collect();
                    all.push((*m, first.angles, first.bound, Moments::of(&values)));
                }
            }
        }
        let groups = all.len();
        let one = |(m, angles, bound, moments): (u64, [f64; 2], f64, Moments)| {
            let together = 1.0 - (1.0 - CONFIDENCE) / groups as f64;
            let interval = student_interval(&moments, together).filter(|_| moments.count() >= FEWEST);
            // Of an interval of a mean that of its magnitude.
            let magnitude = |Interval { low, high }: Interval| {
                let (low, high) = (low? / bound, high? / bound);
                let least = if low <= 0.0 && high >= 0.0 { 0.0 } else { low.abs().min(high.abs()) };
                Some(Interval { low: Some(least), high: Some(low.abs().max(high.abs())) })
            };
            let (ratio, interval) = (moments.mean()?.abs() / bound, interval.and_then(magnitude));
            Some(Self { m, angles, ratio, interval, groups })
        };
        let reach = |n: &Self| n.interval.and_then(|i| i.high).unwrap_or(n.ratio);
        all.into_iter().filter_map(one).max_by(|a, b| reach(a).total_cmp(&reach(b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Role, Stream};

    /// Two widths of four groups whose means are so many times their bounds.
    fn drawn(experiment: u64, seeds: u64, ratio: f64) -> Vec<(u64, Samples)> {
        let of = |m: u64| {
            let mut stream = Stream::new(100 * experiment + m, Role::Data);
            let angles = |_| {
                let shared = stream.normal();
                let group = |group: usize| {
                    // Skewed, as products of many factors are.
                    let noise = (0.5 * (shared + stream.normal())).exp() - 0.25f64.exp();
                    let difference = (ratio + noise) / m as f64;
                    let angles = [group as f64 / 2.0, group as f64 / 2.0 + 0.5];
                    let (bound, size) = (1.0 / m as f64, difference.abs());
                    AngleStatistics { group, pairs: 3, angles, difference, size, bound }
                };
                (0..4).map(group).collect::<Vec<_>>()
            };
            Samples { angles: (0..seeds).map(angles).collect(), ..Samples::default() }
        };
        [(64, of(64)), (256, of(256))].into()
    }

    fn of(samples: &[(u64, Samples)]) -> Option<Nearest> {
        Nearest::of(&samples.iter().map(|(m, samples)| (*m, samples)).collect::<Vec<_>>())
    }

    #[test]
    fn the_group_that_reaches_furthest_decides() {
        let mut samples = drawn(0, 64, 0.1);
        for seed in &mut samples[1].1.angles {
            seed[2].difference *= -9.0;
        }
        let found = of(&samples).unwrap();
        assert_eq!((found.m, found.angles, found.groups), (256, [1.0, 1.5], 8));
        let interval = found.interval.unwrap();
        assert!(interval.low.unwrap() <= found.ratio && found.ratio < interval.high.unwrap(), "{found:?}");
        assert_eq!(of(&drawn(0, 15, 0.1)).unwrap().interval, None);
        assert_eq!(of(&[]), None);
    }

    /// Where the means are just their bounds, a bound is called broken no more often than the level says.
    #[test]
    fn a_bound_that_holds_is_called_broken_as_seldom_as_the_level_says() {
        let experiments = 200;
        let broken = |ratio: f64, seeds: u64| {
            let one = |e: u64| of(&drawn(e, seeds, ratio)).unwrap().interval.unwrap().low > Some(1.0);
            (0..experiments).filter(|&e| one(e)).count()
        };
        for seeds in [16, 64] {
            // 5 % of 200 is 10; P(more than 20) is 1e-3 at 5 %.
            let found = broken(1.0, seeds);
            assert!(found <= 20, "{found} of {experiments} at {seeds}");
        }
        assert_eq!(broken(3.0, 64), experiments as usize, "three times the bound goes unseen");
    }
}
