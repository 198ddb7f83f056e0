//! One prediction with what became of it, and how the networks that it is of are named.

use serde::Serialize;

use super::analysis::{Analysis, Section};
use super::found::{Found, Verdict};
use super::headings::Labels;
use super::text::significant;
use crate::stats::Quantile;
use crate::study::table::CellRecord;

/// One prediction and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// The statement of the papers that it examines, a key of [`super::papers`].
    #[serde(skip)]
    pub of: &'static str,
    /// What was looked at: a number, and of which networks.
    pub statement: String,
    /// What it was predicted to be.
    pub prediction: String,
    /// What it was found to be.
    pub found: Found,
    /// How the two compare.
    pub verdict: Verdict,
}

impl Claim {
    /// The claim with its number and interval in a sentence.
    pub fn sentence(&self) -> String {
        format!("{}: {}, predicted {}", self.statement, self.found, self.prediction)
    }
}

/// Which networks of a section: the activation, what else tells lines apart, and the data where there are several.
pub(super) fn named(analysis: &Analysis, section: &Section, labels: &Labels, cell: &CellRecord) -> String {
    let mut words = labels.words(cell);
    if analysis.sections.len() > 1 {
        words.push(section.setting.data.clone());
    }
    words.join(", ")
}

/// An exponent in m that is -1/2 for wide networks, judged: what was predicted, and how it came out. Undecided, with the reason, where
/// the interval excludes -1/2 but not `exact`, the exponent of the exact spread of K(x,x) at the same widths: they are not wide
/// enough then.
pub(super) fn of_wide_networks(found: &Found, exact: Option<f64>) -> (String, Verdict) {
    let verdict = found.is(-0.5);
    match exact.filter(|exact| found.meets(exact.min(-0.5), exact.max(-0.5))) {
        Some(exact) if verdict == Verdict::Contradicts => {
            let exact = significant(exact, 4);
            (format!("-1/2 for wide networks ({exact} is exact for K(x,x) here)"), Verdict::Undecided)
        }
        _ => ("-1/2".to_owned(), verdict),
    }
}

/// The ratio of two positive quantiles; each limit from the limits of both.
pub(super) fn growth(from: &Quantile, to: &Quantile) -> Found {
    let over = |a: Option<f64>, b: Option<f64>| Some(a? / b?).filter(|v| v.is_finite());
    Found {
        value: over(Some(to.estimate), Some(from.estimate)),
        low: over(to.interval.low, from.interval.high),
        high: over(to.interval.high, from.interval.low),
    }
}
