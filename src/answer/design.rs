//! Where to draw next: widths, stakes and how many seeds, from the draws so far.
//!
//! Nothing here can make an answer wrong, only dear: [`evidence`](super::evidence) holds for every choice that is made
//! from the past. The deviation is taken to fall about as m^−½, as it does at great width, so that y = deviation·√m has
//! one law for all widths near m*. With q its quantile at P and f its density there,
//!
//! ```text
//! m̂ = (q/T)²      dp/dlog m = ½ q f =: s at m̂      log m̂ has the error √(P(1−P)/N)/s
//! ```
//!
//! of N draws. Off m̂, log(p/(1−p)) is taken to grow linearly with log m. To show p ≠ P by a test on draws at width m
//! takes about log(1/α) over KL(p(m), P) networks; averaged over the error of m̂, this says what any pair of ends l < h
//! costs, and the cheapest pair with h/l ≤ resolution is drawn. As m̂ moves with what is learnt, so does the pair: no
//! time is lost where p is nearly P.

use statrs::distribution::{Continuous, ContinuousCDF, Normal};

use super::Question;

/// A draw of the search.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    /// The width m.
    pub width: u64,
    /// The deviation.
    pub deviation: f64,
}

/// What the draws say of m*, for choosing where to look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// log m̂.
    pub centre: f64,
    /// Standard error of log m̂.
    pub error: f64,
    /// d log(p/(1−p)) / d log m.
    pub steepness: f64,
    /// P.
    pub probability: f64,
}

/// Draws in the smaller tail from which on quantiles are taken from the order of the draws; before, from a normal law.
const TAIL: f64 = 6.0;
/// Draws that the power law counts for where it fits, and where it does not.
const TRUSTED: f64 = 20_000.0;
const DOUBTED: f64 = 50.0;
/// Standard errors from which on the draws at a width contradict the law.
const CONTRADICTED: f64 = 3.5;
/// Nodes and weights of a five-point rule for a normal law.
const NODES: [(f64, f64); 5] = [
    (-2.856970013872806, 0.011257411327720691),
    (-1.355626179974266, 0.22207592200561265),
    (0.0, 0.5333333333333333),
    (1.355626179974266, 0.22207592200561265),
    (2.856970013872806, 0.011257411327720691),
];

impl Estimate {
    /// From at least two draws, those at widths near `about` (a logarithm of a width) if they are many.
    pub fn new(draws: &[Draw], about: f64, question: &Question) -> Self {
        let (p, tolerance) = (question.probability, question.tolerance);
        let y = scaled(draws, about);
        let n = y.len() as f64;
        let at = |p: f64| {
            let place = (p * n - 0.5).clamp(0.0, n - 1.0);
            let below = place.floor() as usize;
            let next = (below + 1).min(y.len() - 1);
            y[below] + (place - below as f64) * (y[next] - y[below])
        };
        let (quantile, density) = if n * p.min(1.0 - p) >= TAIL {
            let turned = |factor: f64| p * factor / (1.0 - p + p * factor);
            let (low, high) = (turned(0.5), turned(2.0));
            (at(p), (high - low) / (at(high) - at(low)))
        } else {
            let normal = Normal::standard();
            let mean = y.iter().sum::<f64>() / n;
            let sd = (y.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0).max(1.0)).sqrt();
            let z = normal.inverse_cdf(p);
            (mean + z * sd, normal.pdf(z) / sd)
        };
        let variance = p * (1.0 - p);
        // Where all draws are on one side little is known; these limits keep every number finite.
        let slope = (0.5 * quantile * density).max(0.05 * variance).min(50.0 * variance);
        Self {
            centre: (2.0 * (quantile.max(0.0) / tolerance).ln()).max(0.0),
            error: ((variance / n).sqrt() / slope).min(2.0),
            steepness: slope / variance,
            probability: p,
        }
    }

    /// p at a width if log m* were `centre`.
    fn at(&self, width: u64, centre: f64) -> f64 {
        let p = self.probability;
        let logit = (p / (1.0 - p)).ln() + self.steepness * ((width as f64).ln() - centre);
        1.0 / (1.0 + (-logit).exp())
    }

    /// The same with log m̂ between two logarithms of widths, of which the draws there show by themselves that m* lies
    /// between.
    pub fn between(self, low: Option<f64>, high: Option<f64>) -> Self {
        let outside =
            low.is_some_and(|low| self.centre <= low) || high.is_some_and(|high| self.centre >= high);
        let centre = match (outside, low, high) {
            (true, Some(low), Some(high)) => 0.5 * (low + high),
            (true, Some(low), None) => low + 0.5,
            (true, None, Some(high)) => (high - 0.5).max(0.0),
            _ => return self,
        };
        let error = self.error.max(0.5 * (centre - self.centre).abs()).min(2.0);
        Self { centre, error, ..self }
    }

    /// Over the error of m̂: how fast the logarithm of a wealth grows by a draw at this width, and the stake for it;
    /// first for the hypotheses above the width, then for those up to it. `seen` are the draws at this very width,
    /// inside and all: the more they are, the less the power law counts there.
    pub fn prospects(&self, width: u64, seen: (u64, u64)) -> [Prospect; 2] {
        let base = self.probability;
        let variance = base * (1.0 - base);
        let mut found = [Prospect::default(); 2];
        let law = NODES.map(|(node, weight)| (self.at(width, self.centre + self.error * node), weight));
        let count = self.count_of_law(&law, seen);
        for (p, weight) in law {
            let p = (p * count + seen.0 as f64) / (count + seen.1 as f64);
            let side = &mut found[usize::from(p < base)];
            side.growth += weight * (p * (p / base).ln() + (1.0 - p) * ((1.0 - p) / (1.0 - base)).ln());
            side.stake += weight * (p - base).abs() / variance;
            side.weight += weight;
        }
        // A side that is hardly possible has a small stake.
        found.map(|side| Prospect { stake: side.stake / side.weight.max(0.5), ..side })
    }

    /// As many draws at one width count as much as the power law through all: many, few where these draws contradict
    /// it.
    fn count_of_law(&self, law: &[(f64, f64)], (inside, all): (u64, u64)) -> f64 {
        if all == 0 {
            return TRUSTED;
        }
        let mean: f64 = law.iter().map(|(p, weight)| p * weight).sum();
        let spread: f64 = law.iter().map(|(p, weight)| weight * (p - mean) * (p - mean)).sum();
        let error = (mean * (1.0 - mean) / all as f64 + spread).sqrt();
        if (inside as f64 / all as f64 - mean).abs() > CONTRADICTED * error {
            return DOUBTED;
        }
        // The law holds these draws among others; ten times its own worth keeps them from being counted twice over.
        (10.0 * mean * (1.0 - mean) / spread.max(1e-12)).clamp(DOUBTED, TRUSTED)
    }
}

/// What a draw promises to one side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prospect {
    /// Expected growth of the logarithm of a wealth.
    pub growth: f64,
    /// Kelly's stake.
    pub stake: f64,
    weight: f64,
}

/// deviation·√m, ascending, of the draws whose widths are within a factor of 3, or of 1.5 where most of these are so
/// near.
fn scaled(draws: &[Draw], about: f64) -> Vec<f64> {
    let within = |factor: f64| -> Vec<f64> {
        let near = draws.iter().filter(|d| ((d.width as f64).ln() - about).abs() <= factor.ln());
        near.map(|d| d.deviation * (d.width as f64).sqrt()).collect()
    };
    let (nearest, near) = (within(1.5), within(3.0));
    let mut y = match (nearest.len() > 2 * near.len() / 3, near.len() >= 16) {
        (true, true) => nearest,
        (false, true) => near,
        (_, false) => within(f64::INFINITY),
    };
    y.sort_unstable_by(f64::total_cmp);
    y
}
