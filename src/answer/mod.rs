//! How wide is wide enough: the smallest width m* at which the kernel is within a tolerance of its limit with a given
//! probability.
//!
//! With p(m) = P(deviation at width m ≤ T), m* = min {m : p(m) ≥ P}. [`width`] returns m_low < m* ≤ m_high, which holds
//! with probability at least 1 − α over the draws, whenever and for whatever reason it stops. It **assumes that p grows
//! with m**, and nothing else of the law. The argument is in [`evidence`], the choice of what to draw in [`design`] and
//! `search`.
//!
//! Simulated with a deviation ∼ |z|/√m, which is about the law of 32 digits at depth 4, P = 0.95, α = 0.05, m* from
//! 2000 to 4000 (200 searches each, 240 at 1.1):
//!
//! | resolution | networks, mean | median | 90 % | m* known beforehand | classical |
//! | --- | --- | --- | --- | --- | --- |
//! | 1.5 | 2800 | 2500 | 4500 | 1900 | 16 000 |
//! | 1.25 | 8300 | 7400 | 13 100 | 6300 | 61 000 |
//! | 1.1 | 46 000 | 41 000 | 78 000 | 34 000 | 380 000 |
//!
//! *m\* known beforehand* is a binomial test at each of m*/√resolution and m*·√resolution, α/2 each, of a size that
//! decides with probability 0.9. *Classical* bisects a grid of ratio √resolution over three standard errors of a start
//! of 100 networks, α over the number of its widths, each test of a size that decides with probability 0.9 where m* is
//! a half step away or more, 3.5 tests (from the normal approximation). Of 3000 searches at resolution 1.5, with three
//! laws, three missed m*. Where p is within 1e−9 of P everywhere and 3000 networks are drawn, the worst that can be, 2
//! of 2000 did. Of 400 searches each of networks of one point (one hidden layer, T = 0.2, P = 0.9, resolution 1.5),
//! whose laws give m* = 67 for |s|, 202 for ReLU and 182 for (0.6, 0.4), none missed it on either side. Of 20 on 32
//! digits at depth 4 (T = 0.25, P = 0.9) none missed m*, which a sweep of 3·10⁵ networks has between 204.4 and 208.0 (three
//! standard errors).
//!
//! Where p is nearly P at the one integer that would have to be decided (small m*), any number of networks may be
//! needed: give a number of networks, or a coarser resolution.
//!
//! Draws come through the trait [`Draws`]; [`Networks`] is the one that samples networks.
//!
//! ```
//! use std::ops::{ControlFlow, Range};
//! use eoc_ntk::answer::{Draws, Ending, Question, width};
//!
//! /// A deviation of |z|/√m with a z that only looks normal.
//! struct Example;
//! impl Draws for Example {
//!     type Error = std::convert::Infallible;
//!     fn deviations(&mut self, width: u64, seeds: Range<u64>) -> Result<Option<Vec<f64>>, Self::Error> {
//!         let z = |seed: u64| ((seed * 7919 % 1009) as f64 / 1009.0 - 0.5) * 3.0;
//!         Ok(Some(seeds.map(|seed| z(seed + 31 * width).abs() / (width as f64).sqrt()).collect()))
//!     }
//!     fn at_once(&mut self, _: u64) -> u64 {
//!         1000
//!     }
//! }
//!
//! let question = Question { tolerance: 0.1, probability: 0.9, ..Question::default() };
//! let answer = width(&question, &mut Example, &mut |_| ControlFlow::Continue(())).unwrap();
//! assert_eq!(answer.ending, Ending::Resolved);
//! assert!(answer.high.unwrap() as f64 <= 1.25 * answer.low as f64);
//! ```

pub mod design;
pub mod evidence;
mod floor;
mod measure;
mod networks;
mod search;
mod sequence;

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

pub use floor::floor;
pub use measure::{Norm, UnknownNorm};
pub use networks::{Cell, CellError, DrawError, Networks};
pub use sequence::interval;

use crate::rng::SEED_LIMIT;
use search::Search;

/// Where deviations come from.
pub trait Draws {
    /// What can go wrong.
    type Error;

    /// The deviation of the network of each of these seeds at this width, in this order; finite. The same number for a
    /// (width, seed) whenever it is asked for. None where it was asked to stop and gave them up.
    fn deviations(&mut self, width: u64, seeds: Range<u64>) -> Result<Option<Vec<f64>>, Self::Error>;

    /// Seeds to draw at this width between two looks at whether to go on, at least 1. Moves no number.
    fn at_once(&mut self, width: u64) -> u64;
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// T > 0: the largest deviation that is accepted.
    pub tolerance: f64,
    /// P, inside (0, 1): the probability with which a network must be within T.
    pub probability: f64,
    /// α, inside (0, 1): the probability with which the interval may miss m*, in all.
    pub error_rate: f64,
    /// Stops where m_high/m_low is at most this, above 1.
    pub resolution: f64,
    /// Most networks to draw.
    pub max_networks: Option<u64>,
    /// The first seed.
    pub first_seed: u64,
    /// The seed before which it ends.
    pub last_seed: u64,
    /// A width of the order of m*, from which to start.
    pub guess: f64,
    /// The widest width that can be drawn.
    pub widest: u64,
}

impl Default for Question {
    /// 0.05 with probability 0.95, at an error rate of 0.05 to a resolution of 1.25, from seed 0.
    fn default() -> Self {
        Self {
            tolerance: 0.05,
            probability: 0.95,
            error_rate: 0.05,
            resolution: 1.25,
            max_networks: None,
            first_seed: 0,
            last_seed: SEED_LIMIT,
            guess: 64.0,
            widest: u64::from(u32::MAX),
        }
    }
}

/// A question that cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NoQuestion {
    /// T ≤ 0, or no number.
    #[error(
        "tolerance {0} is out of range; it is a positive number such as 0.05, since no kernel of finite width equals \
         its limit"
    )]
    Tolerance(f64),
    /// P outside (0, 1).
    #[error(
        "confidence {0} is out of range; it is a probability above 0 and below 1 such as 0.95, since no number of \
         networks shows a probability of 1"
    )]
    Probability(f64),
    /// α outside (0, 1).
    #[error("error rate {0} is out of range; it is a probability above 0 and below 1 such as 0.05")]
    ErrorRate(f64),
    /// Resolution not above 1.
    #[error(
        "resolution {0} is out of range; it is the ratio of the two ends to reach, 1.001 or more, such as 1.25"
    )]
    Resolution(f64),
    /// No networks may be drawn.
    #[error("no network may be drawn; allow at least 1")]
    Networks,
    /// No seeds, no widths, or nowhere to start.
    #[error(
        "there is nothing to draw: seeds {first} up to {last}, widths up to {widest}, a first guess of {guess}"
    )]
    Nothing {
        /// The first seed.
        first: u64,
        /// The seed before which it ends.
        last: u64,
        /// The widest width.
        widest: u64,
        /// Where to start.
        guess: f64,
    },
}

impl Question {
    /// Whether it can be asked.
    pub fn check(&self) -> Result<(), NoQuestion> {
        let open = |p: f64| p > 0.0 && p < 1.0;
        if !(self.tolerance > 0.0 && self.tolerance.is_finite()) {
            return Err(NoQuestion::Tolerance(self.tolerance));
        }
        if !open(self.probability) {
            return Err(NoQuestion::Probability(self.probability));
        }
        if !open(self.error_rate) {
            return Err(NoQuestion::ErrorRate(self.error_rate));
        }
        if !(1.001..f64::INFINITY).contains(&self.resolution) {
            return Err(NoQuestion::Resolution(self.resolution));
        }
        if self.max_networks == Some(0) {
            return Err(NoQuestion::Networks);
        }
        let (first, last, widest, guess) = (self.first_seed, self.last_seed, self.widest, self.guess);
        if first >= last || widest == 0 || guess.is_nan() {
            return Err(NoQuestion::Nothing { first, last, widest, guess });
        }
        Ok(())
    }
}

/// Why the drawing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The interval is as narrow as asked for, or m_high = m_low + 1.
    Resolved,
    /// As many networks as allowed were drawn.
    Networks,
    /// The caller said so.
    Stopped,
    /// The seeds ran out.
    Seeds,
    /// m* is above the widest width that can be drawn.
    Widest,
    /// Every width is excluded. With a p that grows with m this happens with probability at most α; else p does not
    /// grow.
    Contradiction,
}

/// What the draws at one width showed by themselves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// m.
    pub width: u64,
    /// Networks drawn.
    pub seeds: u64,
    /// How many of them deviate by at most T.
    pub inside: u64,
    /// p(m) lies in [low, high]; of each width by itself this holds at all times at once with probability 1 − α.
    pub low: f64,
    /// The upper limit.
    pub high: f64,
    /// What all draws together decide of this width.
    pub decision: Decision,
}

/// Whether a width is wide enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// m* ≤ m.
    Enough,
    /// m* > m.
    TooNarrow,
    /// Not known.
    Undecided,
}

impl Decision {
    /// `enough`, `too narrow` or `undecided`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enough => "enough",
            Self::TooNarrow => "too narrow",
            Self::Undecided => "undecided",
        }
    }
}

/// The answer: m_low < m* ≤ m_high with probability at least 1 − α.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// m_low; 0 if m* may be 1.
    pub low: u64,
    /// m_high; None while no width is known to be enough.
    pub high: Option<u64>,
    /// Why the drawing ended.
    pub ending: Ending,
    /// By ascending width.
    pub looks: Vec<Look>,
    /// Networks drawn.
    pub networks: u64,
    /// β of median deviation ∼ m^β, over the widths of at least 32 networks; None of a single one. Descriptive.
    pub exponent: Option<f64>,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// m_low as known now.
    pub low: u64,
    /// m_high as known now.
    pub high: Option<u64>,
    /// Networks drawn so far.
    pub networks: u64,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoAnswer<E> {
    /// The question cannot be asked.
    #[error(transparent)]
    Question(#[from] NoQuestion),
    /// A deviation could not be drawn.
    #[error("width {width}")]
    Draws {
        /// The width.
        width: u64,
        /// What happened.
        source: E,
        /// What the draws before it show: the interval holds all the same, since what is drawn next never depends on
        /// why it ends.
        known: Box<Answer>,
    },
}

/// Draws until the question is answered or `observer`, which is called between draws, breaks off. What is known by then
/// is in the answer. Deterministic: what is drawn follows from the question and the draws alone.
pub fn width<D: Draws>(
    question: &Question,
    draws: &mut D,
    observer: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Answer, NoAnswer<D::Error>> {
    question.check()?;
    let mut search = Search::new(question);
    let ending = loop {
        let stage = match search.next() {
            Ok(stage) => stage,
            Err(ending) => break ending,
        };
        let step = stage.widths.iter().map(|width| draws.at_once(*width)).min().unwrap_or(1).max(1);
        let mut start = stage.seeds.start;
        let mut stopped = false;
        while start < stage.seeds.end && !stopped {
            let end = stage.seeds.end.min(start.saturating_add(step));
            let drawn = stage.widths.iter().map(|&width| {
                let drawn = draws.deviations(width, start..end);
                drawn.map_err(|source| (width, source))
            });
            let drawn = drawn.collect::<Result<Option<Vec<_>>, _>>().map_err(|(width, source)| {
                let known = Box::new(answer(question, &search, Ending::Stopped));
                NoAnswer::Draws { width, source, known }
            })?;
            let Some(drawn) = drawn else {
                stopped = true;
                break;
            };
            search.take(&stage, &drawn);
            start = end;
            let (low, high) = search.interval().unwrap_or((0, None));
            let progress = Progress { low, high, networks: search.draws().len() as u64 };
            stopped = observer(&progress).is_break();
        }
        // What the last stage decided is an answer, asked to stop or not.
        if stopped && search.ending().is_none() {
            break Ending::Stopped;
        }
    };
    Ok(answer(question, &search, ending))
}

fn answer(question: &Question, search: &Search, ending: Ending) -> Answer {
    let (low, high) = search.interval().unwrap_or((0, None));
    let mut by_width: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for draw in search.draws() {
        by_width.entry(draw.width).or_default().push(draw.deviation);
    }
    let look = |(&width, deviations): (&u64, &Vec<f64>)| {
        let seeds = deviations.len() as u64;
        let inside = deviations.iter().filter(|d| **d <= question.tolerance).count() as u64;
        let (least, most) = interval(inside, seeds, question.error_rate);
        let decision = match high {
            _ if width <= low => Decision::TooNarrow,
            Some(high) if width >= high => Decision::Enough,
            _ => Decision::Undecided,
        };
        Look { width, seeds, inside, low: least, high: most, decision }
    };
    Answer {
        low,
        high,
        ending,
        looks: by_width.iter().map(look).collect(),
        networks: search.draws().len() as u64,
        exponent: exponent(&by_width),
    }
}

/// The least-squares slope of log median deviation against log width, each width weighted by its draws.
fn exponent(by_width: &BTreeMap<u64, Vec<f64>>) -> Option<f64> {
    let points: Vec<(f64, f64, f64)> = by_width
        .iter()
        .filter(|(_, deviations)| deviations.len() >= 32)
        .map(|(width, deviations)| {
            let mut sorted = deviations.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            let (n, middle) = (sorted.len(), sorted.len() / 2);
            let median = 0.5 * (sorted[(n - 1) / 2] + sorted[middle]);
            ((*width as f64).ln(), median.ln(), n as f64)
        })
        .collect();
    let total: f64 = points.iter().map(|p| p.2).sum();
    let mean = |of: fn(&(f64, f64, f64)) -> f64| points.iter().map(|p| p.2 * of(p)).sum::<f64>() / total;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let covariance: f64 = points.iter().map(|p| p.2 * (p.0 - x) * (p.1 - y)).sum();
    let variance: f64 = points.iter().map(|p| p.2 * (p.0 - x) * (p.0 - x)).sum();
    let slope = covariance / variance;
    (points.len() > 1 && slope.is_finite()).then_some(slope)
}
