//! One prediction with what became of it: what finitely many networks can say of a statement, and how they are named.
//!
//! A statement without an unknown in it (an exact number, an inequality with its constant, a published value) can be
//! rejected, and *contradicts* means that it is, at [`Claim::level`]. Most statements of the papers are **orders**: a
//! number is at most a constant that no one knows times a function of the network, or has a limit as networks widen.
//! Such a constant bounds neither the ratio of two errors nor an exponent over a range of networks: any number of any
//! finite set of networks is below some constant. What can be seen is whether the constant that is needed grows over
//! the range; where its interval says that it does not, the numbers *agree* with the order, and everything else is
//! *undecided*.

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
    /// With which probability at most a true statement comes out as contradicted; None of an order or a limit, which no
    /// finite number of networks contradicts.
    #[serde(skip)]
    pub level: Option<f64>,
}

/// The level of a verdict that follows from one interval: what [`CONFIDENCE`](crate::stats::CONFIDENCE) leaves.
const LEVEL: f64 = 0.05;

/// What a number is held to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Held {
    /// Equal to a number that is known.
    Is(f64),
    /// The same, of networks that are known to differ by so much at most, relatively.
    Near(f64, f64),
    /// In a stretch whose ends are known, or open.
    Within(Option<f64>, Option<f64>),
    /// At least a number that is known, and at most the other up to a constant.
    From(f64, f64),
    /// At most a number, were the unknown constant of the statement the same at both ends of what is compared.
    Order(f64),
    /// Above a number, by an argument that is no proof, so that nothing contradicts it.
    Above(f64),
    /// A power that is approached as networks grow.
    Tends(f64),
}

impl Held {
    /// What follows of an interval of [`CONFIDENCE`](crate::stats::CONFIDENCE), and at which level.
    fn judge(self, found: &Found) -> (Verdict, Option<f64>) {
        let unless_contradicted = |verdict| match verdict {
            Verdict::Contradicts => Verdict::Undecided,
            other => other,
        };
        let level = Some(LEVEL);
        match self {
            Self::Is(number) => (found.is(number), level),
            Self::Within(from, to) => (found.within(from, to), level),
            Self::Near(number, apart) => {
                let (from, to) = (number * (1.0 - apart), number * (1.0 + apart));
                let closed = found.low.is_some() && found.high.is_some();
                let verdict = match (found.meets(from, to), closed) {
                    (false, _) => Verdict::Contradicts,
                    (true, true) => Verdict::Agrees,
                    (true, false) => Verdict::Undecided,
                };
                (verdict, level)
            }
            Self::From(from, to) => match found.within(Some(from), None) {
                Verdict::Contradicts => (Verdict::Contradicts, level),
                _ => (unless_contradicted(found.within(Some(from), Some(to))), level),
            },
            Self::Order(most) => (unless_contradicted(found.within(None, Some(most))), None),
            Self::Above(from) => {
                let above = found.low.is_some_and(|low| low > from);
                (if above { Verdict::Agrees } else { Verdict::Undecided }, None)
            }
            // The interval is to tell the power from none and from twice as much.
            Self::Tends(power) => {
                let apart = found
                    .within(Some(power.min(0.0).min(2.0 * power)), Some(power.max(0.0).max(2.0 * power)));
                let verdict = if apart == Verdict::Agrees { found.is(power) } else { Verdict::Undecided };
                (unless_contradicted(verdict), None)
            }
        }
    }
}

/// What is said below a list of verdicts; None where every statement in it can be contradicted.
pub(super) fn note_of_orders<'c>(claims: impl IntoIterator<Item = &'c Claim>) -> Option<&'static str> {
    claims.into_iter().any(|claim| claim.level.is_none()).then_some(
        "An order holds up to a constant that no one knows, and a limit for wide networks: numbers can agree with \
         either, and none contradicts it.",
    )
}

impl Claim {
    /// A number held to a prediction; the statement of the papers is still to be said.
    pub(super) fn new(statement: String, prediction: impl Into<String>, found: Found, held: Held) -> Self {
        let (verdict, level) = held.judge(&found);
        let mut prediction = prediction.into();
        match held {
            Held::Order(_) => prediction += " (order)",
            Held::From(..) => prediction += " (the upper end is an order)",
            _ => {}
        }
        Self { of: "", statement, prediction, found, verdict, level }
    }

    /// The same of a statement of the papers.
    pub(super) fn of(self, of: &'static str) -> Self {
        Self { of, ..self }
    }

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

/// An exponent in m, which is -1/2 for wide networks. `exact` is that of the exact spread of K(x,x) at the same widths,
/// which is said where the interval is not beyond it and does not hold -1/2: they are not wide enough then.
pub(super) fn of_wide_networks(statement: String, found: Found, exact: Option<f64>) -> Claim {
    let exact =
        exact.filter(|exact| found.meets(exact.min(-0.5), exact.max(-0.5)) && !found.meets(-0.5, -0.5));
    let here =
        exact.map_or(String::new(), |exact| format!(" ({} is exact for K(x,x) here)", significant(exact, 4)));
    Claim::new(statement, format!("-1/2 for wide networks{here}"), found, Held::Tends(-0.5))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(held: Held, low: f64, high: f64) -> Verdict {
        let found = Found { value: Some(0.5 * (low + high)), low: Some(low), high: Some(high) };
        Claim::new(String::new(), "", found, held).verdict
    }

    #[test]
    fn what_has_an_unknown_constant_is_never_contradicted() {
        let (agrees, contradicts, undecided) = (Verdict::Agrees, Verdict::Contradicts, Verdict::Undecided);
        for (low, high, order, known) in
            [(0.1, 0.9, agrees, agrees), (0.9, 1.1, undecided, undecided), (5.0, 9.0, undecided, contradicts)]
        {
            assert_eq!(
                (verdict(Held::Order(1.0), low, high), verdict(Held::Within(None, Some(1.0)), low, high)),
                (order, known)
            );
        }
        // A power: told from none and from twice as much, or nothing is said.
        for (low, high, said) in [
            (-0.6, -0.4, agrees),
            (-1.1, -0.4, undecided),
            (-0.6, 0.1, undecided),
            (-0.4, -0.3, undecided),
            (-0.9, -0.6, undecided),
        ] {
            assert_eq!(verdict(Held::Tends(-0.5), low, high), said, "{low} {high}");
        }
        // Below the lower end is known to be wrong, above the upper one may be.
        for (low, high, said) in
            [(0.1, 0.4, agrees), (-0.2, -0.1, contradicts), (0.6, 0.7, undecided), (-0.1, 0.4, undecided)]
        {
            assert_eq!(verdict(Held::From(0.0, 0.5), low, high), said, "{low} {high}");
        }
        for (low, high, said) in
            [(0.8, 0.98, agrees), (1.01, 1.4, agrees), (1.04, 1.4, contradicts), (0.5, 0.96, contradicts)]
        {
            assert_eq!(verdict(Held::Near(1.0, 0.03), low, high), said, "{low} {high}");
        }
        let open = Found { value: Some(0.5), low: Some(0.4), high: None };
        assert_eq!(Claim::new(String::new(), "1", open, Held::Near(1.0, 0.03)).verdict, undecided);
        let claims = [Held::Order(1.0), Held::Tends(-0.5), Held::Is(1.0)]
            .map(|held| Claim::new(String::new(), "1", open, held));
        assert_eq!(claims.each_ref().map(|claim| claim.level.is_some()), [false, false, true]);
        assert!(note_of_orders(&claims).is_some() && note_of_orders(&claims[2..]).is_none());
        assert_eq!((claims[0].prediction.as_str(), claims[2].prediction.as_str()), ("1 (order)", "1"));
    }

    #[test]
    fn an_exponent_of_narrow_networks_says_what_is_exact_there() {
        let found = Found { value: Some(-0.7), low: Some(-0.8), high: Some(-0.6) };
        let of = |exact| of_wide_networks(String::new(), found, exact).prediction;
        assert_eq!(of(Some(-0.7)), "-1/2 for wide networks (-0.7000 is exact for K(x,x) here)");
        assert_eq!(of(Some(-0.9)), "-1/2 for wide networks (-0.9000 is exact for K(x,x) here)");
        for exact in [Some(-0.55), None] {
            assert_eq!(of(exact), "-1/2 for wide networks");
        }
    }
}
