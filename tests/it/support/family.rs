//! A family of tests with one false-positive rate (Holm 1979): whatever the dependence between the tests, the
//! probability that any true hypothesis is rejected is at most the level.

/// Named p-values and the level of them all together.
#[derive(Clone, Debug)]
pub struct Family {
    level: f64,
    tests: Vec<(String, f64)>,
}

impl Family {
    /// An empty family with this probability of any false rejection.
    pub fn at_level(level: f64) -> Self {
        Self { level, tests: Vec::new() }
    }

    /// Adds a p-value; one that is no probability is a broken test.
    pub fn test(&mut self, name: impl Into<String>, p: f64) {
        let name = name.into();
        assert!((0.0..=1.0).contains(&p), "{name}: {p} is no p-value");
        self.tests.push((name, p));
    }

    /// The least p-value and its name.
    pub fn least(&self) -> Option<&(String, f64)> {
        self.tests.iter().min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// What Holm's procedure rejects: in ascending order of p, while p_i ≤ level/(tests − i).
    pub fn rejected(&self) -> Vec<&(String, f64)> {
        let mut order: Vec<_> = self.tests.iter().collect();
        order.sort_by(|a, b| a.1.total_cmp(&b.1));
        let count = order.len();
        let stop = (0..count).find(|&i| order[i].1 > self.level / (count - i) as f64).unwrap_or(count);
        order.truncate(stop);
        order
    }

    /// Panics when anything is rejected, or when there was nothing to reject.
    #[track_caller]
    pub fn check(&self) {
        assert!(!self.tests.is_empty(), "a family without tests");
        let rejected = self.rejected();
        assert!(
            rejected.is_empty(),
            "rejected at family-wise level {} of {} tests: {rejected:?}",
            self.level,
            self.tests.len()
        );
    }

    /// Panics unless something is rejected: for the sibling of a test that plants a fault.
    #[track_caller]
    pub fn check_rejects(&self) {
        assert!(!self.rejected().is_empty(), "nothing is rejected; least p-value: {:?}", self.least());
    }
}
