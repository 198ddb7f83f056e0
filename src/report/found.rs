//! A found number as machines read it, its value and the limits of its interval, null where open; and how it compares
//! with a prediction.

use std::fmt;

use serde::Serialize;

use super::lines::Measured;
use super::text::{interval, significant};
use crate::stats::{CONFIDENCE, ExponentFit, Interval, Moments, NoFit, NoInterval, Quantile, mean_interval};

/// How a prediction came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The interval of the found number holds the predicted one, or lies within the predicted stretch.
    Agrees,
    /// The interval excludes what was predicted, and the statement has no unknown that could mend it: it is rejected.
    Contradicts,
    /// Neither can be said.
    Undecided,
}

impl Verdict {
    pub(super) const ALL: [Self; 3] = [Self::Agrees, Self::Contradicts, Self::Undecided];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Contradicts => "contradicts",
            Self::Undecided => "undecided",
        }
    }

    /// What so many predictions do.
    pub(super) fn verb(self, count: usize) -> &'static str {
        match (self, count) {
            (Self::Agrees, 1) => "agrees",
            (Self::Agrees, _) => "agree",
            (Self::Contradicts, 1) => "is contradicted",
            (Self::Contradicts, _) => "are contradicted",
            (Self::Undecided, 1) => "is undecided",
            (Self::Undecided, _) => "are undecided",
        }
    }
}

/// As a table has it: `agrees`, `contradicts`, `undecided`.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A number and its interval; all of it None where there is no number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Found {
    /// The number.
    pub value: Option<f64>,
    /// The lower limit; None where it is open.
    pub low: Option<f64>,
    /// The upper limit; None where it is open.
    pub high: Option<f64>,
}

impl Found {
    fn new(value: f64, interval: &Result<Interval, NoInterval>) -> Self {
        let Interval { low, high } = interval.unwrap_or(Interval { low: None, high: None });
        Self { value: Some(value), low, high }
    }

    /// A mean of positive numbers of a law with this spread, standard deviation over mean.
    pub(super) fn of_mean(moments: &Moments, spread: f64) -> Self {
        let interval = mean_interval(moments, spread, CONFIDENCE);
        Self { value: moments.mean(), low: interval.and_then(|i| i.low), high: interval.and_then(|i| i.high) }
    }

    /// Whether the interval holds a number.
    pub(super) fn is(&self, number: f64) -> Verdict {
        match (self.low, self.high) {
            (Some(low), _) if number < low => Verdict::Contradicts,
            (_, Some(high)) if number > high => Verdict::Contradicts,
            (Some(_), Some(_)) => Verdict::Agrees,
            _ => Verdict::Undecided,
        }
    }

    /// Whether the interval lies within a stretch.
    pub fn within(&self, from: Option<f64>, to: Option<f64>) -> Verdict {
        let above = |limit: Option<f64>, end: f64| limit.is_some_and(|limit| limit > end);
        let below = |limit: Option<f64>, end: f64| limit.is_some_and(|limit| limit < end);
        if to.is_some_and(|to| above(self.low, to)) || from.is_some_and(|from| below(self.high, from)) {
            return Verdict::Contradicts;
        }
        let held = from.is_none_or(|from| self.low.is_some_and(|low| low >= from))
            && to.is_none_or(|to| self.high.is_some_and(|high| high <= to));
        if held { Verdict::Agrees } else { Verdict::Undecided }
    }

    /// Whether the interval has a number in common with a closed stretch.
    pub(super) fn meets(&self, from: f64, to: f64) -> bool {
        self.low.is_none_or(|low| low <= to) && self.high.is_none_or(|high| from <= high)
    }
}

impl From<&Measured> for Found {
    fn from(found: &Measured) -> Self {
        Self::new(found.value, &found.interval)
    }
}

impl From<Result<&ExponentFit, &NoFit>> for Found {
    fn from(fit: Result<&ExponentFit, &NoFit>) -> Self {
        fit.map_or(Self::default(), |fit| Self::new(fit.exponent, &fit.interval))
    }
}

impl From<Option<&Quantile>> for Found {
    fn from(quantile: Option<&Quantile>) -> Self {
        quantile.map_or(Self::default(), |q| Self::new(q.estimate, &Ok(q.interval)))
    }
}

/// `0.478 [0.450, 0.502]`, to four digits.
impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(value) = self.value else {
            return match (self.low, self.high) {
                (None, None) => f.write_str("no number"),
                (low, high) => f.write_str(&interval(&Interval { low, high })),
            };
        };
        f.write_str(&significant(value, 4))?;
        match (self.low, self.high) {
            (Some(low), Some(high)) => write!(f, " [{}, {}]", significant(low, 4), significant(high, 4)),
            (low, high) => write!(f, " ({})", interval(&Interval { low, high })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_where_the_interval_lies() {
        let of = |low, high| Found { value: Some(0.0), low, high };
        let both = of(Some(0.1), Some(0.4));
        for (number, verdict) in
            [(0.1, Verdict::Agrees), (0.05, Verdict::Contradicts), (0.5, Verdict::Contradicts)]
        {
            assert_eq!(both.is(number), verdict, "{number}");
        }
        // An open side decides nothing but what the other one excludes.
        let open = of(Some(0.1), None);
        assert_eq!((open.is(0.2), open.is(0.05)), (Verdict::Undecided, Verdict::Contradicts));
        assert_eq!(Found::default().is(0.0), Verdict::Undecided);
        let below = |found: Found| found.within(None, Some(0.3));
        assert_eq!(below(both), Verdict::Undecided);
        assert_eq!(below(of(None, Some(0.3))), Verdict::Agrees);
        assert_eq!(below(of(Some(0.31), None)), Verdict::Contradicts);
        assert_eq!(both.within(Some(0.0), Some(0.5)), Verdict::Agrees);
        assert_eq!(both.within(Some(0.41), None), Verdict::Contradicts);
        assert_eq!(below(Found::default()), Verdict::Undecided);
        assert!(
            both.meets(0.4, 1.0) && !both.meets(0.41, 1.0) && both.meets(0.0, 0.1) && !both.meets(0.0, 0.09)
        );
    }

    #[test]
    fn a_number_is_shown_with_its_interval() {
        let of = |low, high| Found { value: Some(0.5), low, high }.to_string();
        assert_eq!(of(Some(0.25), Some(1.0)), "0.5000 [0.2500, 1.000]");
        assert_eq!(of(Some(0.25), None), "0.5000 (≥ 0.250)");
        assert_eq!(Found::default().to_string(), "no number");
    }
}
