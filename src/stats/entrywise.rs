//! Mean and standard deviation of every entry of a stream of matrices, mergeable: [`Moments`](super::Moments) side by
//! side, with one count and without extremes.
//!
//! Two numbers per entry whatever the number of matrices; sources and stability as there.

/// Count, means and second central moments of the matrices pushed so far, entry by entry.
#[derive(Clone, Debug, PartialEq)]
pub struct EntrywiseMoments {
    count: u64,
    mean: Vec<f64>,
    /// S = Σ (x − mean)².
    squares: Vec<f64>,
}

impl EntrywiseMoments {
    /// Of no matrices with this many entries: changes nothing when combined.
    pub fn identity(entries: usize) -> Self {
        Self { count: 0, mean: vec![0.0; entries], squares: vec![0.0; entries] }
    }

    /// Takes one matrix in, of as many entries.
    pub fn push(&mut self, matrix: &[f64]) {
        self.count += 1;
        let share = 1.0 / self.count as f64;
        for ((mean, squares), value) in self.mean.iter_mut().zip(&mut self.squares).zip(matrix) {
            let delta = value - *mean;
            *mean += delta * share;
            *squares += delta * (value - *mean);
        }
    }

    /// Of the matrices of both, which have as many entries.
    #[must_use]
    pub fn combine(mut self, other: &Self) -> Self {
        let count = self.count + other.count;
        if count == 0 {
            return self;
        }
        let share = other.count as f64 / count as f64;
        for (i, (mean, squares)) in self.mean.iter_mut().zip(&mut self.squares).enumerate() {
            let delta = other.mean[i] - *mean;
            *mean += delta * share;
            *squares += other.squares[i] + delta * delta * share * self.count as f64;
        }
        self.count = count;
        self
    }

    /// How many matrices.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their means; None of no matrices.
    pub fn mean(&self) -> Option<&[f64]> {
        (self.count > 0).then_some(&self.mean)
    }

    /// Their standard deviations, √(S/(N−1)); None of fewer than two matrices.
    pub fn standard_deviation(&self) -> Option<Vec<f64>> {
        let below = self.count.checked_sub(1).filter(|n| *n > 0)? as f64;
        Some(self.squares.iter().map(|s| (s / below).sqrt()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Moments;

    fn matrices(count: usize) -> Vec<Vec<f64>> {
        let entry = |i: usize, k: usize| 1e6 * k as f64 + ((i * 37 + k * 11) % 101) as f64;
        (0..count).map(|i| (0..3).map(|k| entry(i, k)).collect()).collect()
    }

    fn of(matrices: &[Vec<f64>]) -> EntrywiseMoments {
        let mut moments = EntrywiseMoments::identity(3);
        matrices.iter().for_each(|m| moments.push(m));
        moments
    }

    #[test]
    fn every_entry_has_its_own_moments() {
        let all = matrices(50);
        let whole = of(&all);
        for k in 0..3 {
            let column: Vec<f64> = all.iter().map(|m| m[k]).collect();
            let moments = Moments::of(&column);
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs().max(1.0);
            assert!(close(whole.mean().unwrap()[k], moments.mean().unwrap()));
            assert!(close(whole.standard_deviation().unwrap()[k], moments.variance().unwrap().sqrt()));
        }
    }

    #[test]
    fn any_split_gives_the_same_moments() {
        let all = matrices(50);
        let whole = of(&all);
        for at in [0, 1, 17, 49, 50] {
            let joined = of(&all[..at]).combine(&of(&all[at..]));
            assert_eq!(joined.count(), 50);
            let pairs =
                |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-9 * b.abs().max(1.0));
            assert!(pairs(joined.mean().unwrap(), whole.mean().unwrap()));
            let (a, b) = (joined.standard_deviation().unwrap(), whole.standard_deviation().unwrap());
            assert!(pairs(&a, &b), "{a:?} {b:?}");
        }
        assert!(of(&all[..1]).standard_deviation().is_none() && of(&[]).mean().is_none());
    }
}
