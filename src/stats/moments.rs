//! Mean, variance and extremes of a stream of numbers, mergeable.
//!
//! ```text
//! push:     mean += (x − mean)/N,   S += (x − mean_old)(x − mean_new)
//! combine:  S = S_1 + S_2 + δ²·N_1N_2/(N_1+N_2),   δ = mean_2 − mean_1
//! ```
//!
//! Sources: Welford 1962; Chan, Golub, LeVeque 1983. Stable where Σx² − (Σx)²/N cancels. Combining in another order
//! moves the last digits, so shards are combined in shard order.

/// Count, mean, second central moment, least and largest of the numbers pushed so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    count: u64,
    mean: f64,
    /// S = Σ (x − mean)².
    squares: f64,
    min: f64,
    max: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self::identity()
    }
}

impl Moments {
    /// Of no numbers: changes nothing when combined.
    pub fn identity() -> Self {
        Self { count: 0, mean: 0.0, squares: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }

    /// Of these numbers, in this order.
    pub fn of(values: &[f64]) -> Self {
        let mut moments = Self::identity();
        values.iter().for_each(|&v| moments.push(v));
        moments
    }

    /// Takes one number in.
    pub fn push(&mut self, value: f64) {
        self.count += 1;
        let delta = value - self.mean;
        self.mean += delta / self.count as f64;
        self.squares += delta * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Of the numbers of both.
    #[must_use]
    pub fn combine(self, other: Self) -> Self {
        if self.count == 0 {
            return other;
        }
        if other.count == 0 {
            return self;
        }
        let count = self.count + other.count;
        let share = other.count as f64 / count as f64;
        let delta = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + delta * share,
            squares: self.squares + other.squares + delta * delta * share * self.count as f64,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }

    /// How many numbers.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; None of no numbers.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// The unbiased variance, divided by N − 1; None of fewer than two numbers.
    pub fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }

    /// The standard error of the mean, √(variance/N); None of fewer than two numbers.
    pub fn standard_error(&self) -> Option<f64> {
        self.variance().map(|v| (v / self.count as f64).sqrt())
    }

    /// The least; None of no numbers.
    pub fn min(&self) -> Option<f64> {
        (self.count > 0).then_some(self.min)
    }

    /// The largest; None of no numbers.
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_cases_by_hand() {
        let none = Moments::identity();
        assert_eq!((none.mean(), none.variance(), none.min(), none.max()), (None, None, None, None));
        let one = Moments::of(&[3.0]);
        assert_eq!((one.mean(), one.variance(), one.standard_error()), (Some(3.0), None, None));
        let m = Moments::of(&[1.0, 2.0, 3.0, 6.0]);
        assert_eq!((m.count(), m.mean(), m.min(), m.max()), (4, Some(3.0), Some(1.0), Some(6.0)));
        assert!((m.variance().unwrap() - 14.0 / 3.0).abs() < 1e-15);
        assert!((m.standard_error().unwrap() - (14f64 / 12.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn a_large_mean_does_not_drown_the_variance() {
        let values: Vec<f64> = (0..1000).map(|i| 1e9 + f64::from(i % 2)).collect();
        let m = values.chunks(7).map(Moments::of).fold(Moments::identity(), Moments::combine);
        assert!((m.variance().unwrap() - 0.25 * 1000.0 / 999.0).abs() < 1e-6);
        // The textbook formula fails here, so the comparison above can fail.
        let sum: f64 = values.iter().sum();
        let squares: f64 = values.iter().map(|v| v * v).sum();
        assert!(((squares - sum * sum / 1000.0) / 999.0 - 0.25).abs() > 1e-2);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_moments(
            values in prop::collection::vec(-1e3..1e3f64, 0..60),
            at in 0usize..60,
        ) {
            let whole = Moments::of(&values);
            let (left, right) = values.split_at(at.min(values.len()));
            let joined = Moments::of(left).combine(Moments::of(right));
            prop_assert_eq!(whole.count(), joined.count());
            prop_assert_eq!((whole.min(), whole.max()), (joined.min(), joined.max()));
            if let (Some(a), Some(b)) = (whole.mean(), joined.mean()) {
                prop_assert!((a - b).abs() < 1e-11);
            }
            if let (Some(a), Some(b)) = (whole.variance(), joined.variance()) {
                prop_assert!((a - b).abs() < 1e-13 * (1.0 + a) * 100.0, "{} {}", a, b);
            }
            prop_assert_eq!(whole.combine(Moments::identity()), whole);
            prop_assert_eq!(Moments::identity().combine(whole), whole);
        }
    }
}
