//! Whether two independent samples have one law: the two-sample Kolmogorov–Smirnov distance, judged by permutations.
//!
//! Where both have one law, every way to call N of the N + M numbers the first sample is as likely as the one that was
//! found. So with R ways drawn at random, the rank of the distance that was found among all R + 1 is uniform but for
//! ties, and
//!
//! ```text
//! p = (1 + #{resampled distance ≥ distance found}) / (R + 1)        P(p ≤ α) ≤ α for every α
//! ```
//!
//! **exactly**, whatever the law, with heavy tails, atoms and few numbers alike: no limit law is used. The distance
//! sees every difference of two laws, not that of their means alone. Numbers that share draws are not independent: give
//! the two sides different seeds.
//!
//! Source: Phipson and Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010), article 39.
//!
//! Cost: a sort, then R passes over the N + M numbers; shared by the threads of
//! [`Threads::install`](crate::Threads::install).

use rand::RngExt;

use crate::rng::{Role, Stream};
use crate::threads;

/// R.
pub const PERMUTATIONS: u64 = 4999;

/// Streams of the permutations are behind those of the bootstrap.
const FIRST_STREAM: u64 = 1 << 32;

/// What the test found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SameLaw {
    /// The largest distance of the two empirical distribution functions.
    pub distance: f64,
    /// p.
    pub p_value: f64,
}

/// Tests whether two independent samples of numbers have one law; None where one of them is empty or holds NaN.
pub fn same_law(x: &[f64], y: &[f64]) -> Option<SameLaw> {
    if x.is_empty() || y.is_empty() || x.iter().chain(y).any(|v| v.is_nan()) {
        return None;
    }
    let mut all: Vec<(f64, bool)> =
        x.iter().map(|&v| (v, true)).chain(y.iter().map(|&v| (v, false))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Whether a number is the last of its size: distances are taken behind all equal numbers.
    let ends: Vec<bool> =
        (0..all.len()).map(|k| all.get(k + 1).is_none_or(|next| next.0 > all[k].0)).collect();
    let labels: Vec<bool> = all.iter().map(|(_, first)| *first).collect();
    let found = distance(&labels, &ends, x.len());
    let one = |labels: &mut Vec<bool>, k: usize| {
        let mut stream = Stream::new(FIRST_STREAM + k as u64, Role::Bootstrap);
        // Any shuffle of what an earlier one left would depend on the threads.
        labels.clear();
        labels.extend(all.iter().map(|(_, first)| *first));
        for at in (1..labels.len()).rev() {
            labels.swap(at, stream.random_range(0..=at as u64) as usize);
        }
        distance(labels, &ends, x.len()) >= found
    };
    let further = threads::map_with(PERMUTATIONS as usize, Vec::new, one);
    let further = further.into_iter().filter(|further| *further).count();
    let (n, m) = (x.len() as f64, y.len() as f64);
    Some(SameLaw {
        distance: found as f64 / (n * m),
        p_value: (1 + further) as f64 / (PERMUTATIONS + 1) as f64,
    })
}

/// The distance times N·M, an integer, so that equal ones are equal.
fn distance(labels: &[bool], ends: &[bool], first: usize) -> i64 {
    let (n, m) = (first as i64, (labels.len() - first) as i64);
    let (mut gap, mut most) = (0i64, 0);
    for (&label, &end) in labels.iter().zip(ends) {
        gap += if label { m } else { -n };
        if end {
            most = most.max(gap.abs());
        }
    }
    most
}

/// The p-values of several tests, such that those at most α reject any true hypothesis with probability at most α,
/// whatever the dependence between the tests (Holm 1979).
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut most = 0f64;
    for (rank, &at) in order.iter().enumerate() {
        most = most.max(((p_values.len() - rank) as f64 * p_values[at]).min(1.0));
        adjusted[at] = most;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normals(seed: u64, count: usize) -> Vec<f64> {
        let mut stream = Stream::new(seed, Role::Data);
        (0..count).map(|_| stream.normal()).collect()
    }

    #[test]
    fn distances_by_hand() {
        let of = |x: &[f64], y: &[f64]| same_law(x, y).unwrap().distance;
        assert_eq!(of(&[1.0, 2.0], &[3.0, 4.0]), 1.0);
        assert_eq!(of(&[1.0, 3.0], &[2.0, 4.0]), 0.5);
        assert_eq!(of(&[1.0, 1.0], &[1.0, 1.0, 1.0]), 0.0);
        assert_eq!(same_law(&[1.0, 1.0], &[1.0, 1.0]).unwrap().p_value, 1.0);
        // Of the six ways to call two of four numbers the first sample, two are as far apart as can be.
        let p = same_law(&[1.0, 2.0], &[3.0, 4.0]).unwrap().p_value;
        assert!((p - 1.0 / 3.0).abs() < 0.03, "{p}");
        assert!(same_law(&[], &[1.0]).is_none() && same_law(&[1.0], &[f64::NAN]).is_none());
    }

    /// The level under equal laws: of numbers with heavy tails, and of few values; and what it sees.
    #[test]
    fn it_rejects_one_law_as_seldom_as_it_says_and_another_law_often() {
        let experiments = 200;
        let rejected = |of: &dyn Fn(Vec<f64>) -> Vec<f64>, other: &dyn Fn(Vec<f64>) -> Vec<f64>| {
            let one = |e: u64| {
                let (x, y) = (of(normals(2 * e, 24)), other(normals(2 * e + 1, 16)));
                same_law(&x, &y).unwrap().p_value <= 0.05
            };
            (0..experiments).filter(|&e| one(e)).count()
        };
        let heavy = |x: Vec<f64>| x.into_iter().map(|v| v.powi(5)).collect::<Vec<_>>();
        let atoms = |x: Vec<f64>| x.into_iter().map(|v| (2.0 * v).round()).collect::<Vec<_>>();
        let shifted = |x: Vec<f64>| x.into_iter().map(|v| (v + 1.5).powi(5)).collect::<Vec<_>>();
        // 5 % of 200 is 10; P(more than 22) is 2e-4 at 5 %, and P(fewer than 2) is 4e-4.
        let (of_heavy, of_atoms) = (rejected(&heavy, &heavy), rejected(&atoms, &atoms));
        assert!((2..=22).contains(&of_heavy) && of_atoms <= 22, "{of_heavy} and {of_atoms} of {experiments}");
        let found = rejected(&heavy, &shifted);
        assert!(found > 180, "a shift of 1.5 is seen {found} times of {experiments}");
    }

    #[test]
    fn adjusted_p_values_are_those_of_holm() {
        assert_eq!(holm(&[0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
        assert_eq!(holm(&[0.5, 0.9]), [1.0, 1.0]);
        assert_eq!(holm(&[]), [0.0; 0]);
    }
}
