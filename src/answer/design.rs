//! Where to draw next: widths, stakes and how many seeds, from the draws so far.
//!
//! Nothing here can make an answer wrong, only dear: [`evidence`](super::evidence) holds for every choice that is made from the
//! past. The deviation is taken to fall about as m^−½, as it does at great width, so that y = deviation·√m has one law for
//! all widths near m*. With q its quantile at P and f its density there,
//!
//! ```text
//! m̂ = (q/T)²      dp/dlog m = ½ q f =: s at m̂      log m̂ has the error √(P(1−P)/N)/s
//! ```
//!
//! of N draws. Off m̂, log(p/(1−p)) is taken to grow linearly with log m. To show p ≠ P by a test on draws at width m takes about
//! log(1/α) over KL(p(m), P) networks; averaged over the error of m̂, this says what any pair of ends l < h costs, and the
//! cheapest pair with h/l ≤ resolution is drawn. As m̂ moves with what is learnt, so does the pair: no time is lost where p is nearly P.

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

    /// Over the error of m̂: how fast the logarithm of a wealth grows by a draw at this width, and the stake for it; first for
    /// the hypotheses above the width, then for those below.
    pub fn prospects(&self, width: u64) -> [(f64, f64); 2] {
        let base = self.probability;
        let variance = base * (1.0 - base);
        let mut sums = [(0.0, 0.0, 0.0); 2];
        for (node, weight) in NODES {
            let p = self.at(width, self.centre + self.error * node);
            let gain = p * (p / base).ln() + (1.0 - p) * ((1.0 - p) / (1.0 - base)).ln();
            let sum = &mut sums[usize::from(p < base)];
            sum.0 += weight;
            sum.1 += weight * gain;
            sum.2 += weight * (p - base).abs() / variance;
        }
        sums.map(|(weight, gain, stake)| (gain, if weight > 0.0 { stake / weight.max(0.5) } else { 0.0 }))
    }
}

/// deviation·√m, ascending, of the draws whose widths are within a factor of 3, or of 1.5 where most of these are so near.
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
