//! The order of the draws of one question, as a state that is asked for the next stage and given what was drawn.
//!
//! 1. *Start.* 32 seeds at a width below the one at which the exact spread of K(x,x) would meet the question, then 32
//!    at half the width that these point to, until it no longer moves by more than a factor.
//! 2. *Explore.* Seeds at half the estimated width, where they cost half, until the estimate is about as good as the
//!    resolution.
//! 3. *Decide.* Seeds at both ends of the interval that is cheapest to show, see [`design`](super::design); the first
//!    of these seeds is new, so that a stake never knows its own draw.
//!
//! Every seed is staked upon by what is expected of it, so that a search that is cut short says what its draws exclude;
//! before it decides, a tenth of the wealth at the start and what that wins: what these stakes lose is then 4 % of what
//! has to be won. Simulated (132 questions of four laws, P, m*, resolutions and first guesses, 60 searches each, at most
//! 60 000 networks): as many networks as without these stakes where p follows a power of the width (0.97 to 1.01 of them,
//! geometric means of the questions of a law), 0.35 of them where p jumps at m*. Stakes without a reserve needed 1.3 to
//! 1.4 times as many where p follows a power, and twice as many from a first guess that is 8 times too wide.
//!
//! A stage and all that is in it follows from the draws before it alone: not from the time, the threads or how a device
//! groups its seeds.

use std::collections::BTreeMap;
use std::ops::Range;

use super::design::{Draw, Estimate, Prospect};
use super::evidence::{Bet, Evidence};
use super::{Ending, Question};

/// Seeds of each step of the start.
const START: u64 = 32;
/// Steps after which the start ends in any case.
const STARTS: usize = 8;
/// Fewest seeds of a later stage.
const STAGE: u64 = 64;
/// Below this width nothing is saved by exploring at half of it, and the power law is not near.
const NARROW: f64 = 64.0;
/// Standard errors from P at which the draws at one width are taken for clear, for where to draw next.
const CLEAR: f64 = 3.5;
/// Part of Kelly's stake that is placed: in simulation, what needs fewest networks.
const CAUTION: f64 = 0.85;
/// Wealth that is not staked before the search decides. What is lost by then costs log(1/0.9) of the log(1/α) that is
/// needed, 4 % at α = 0.05.
const RESERVE: f64 = 0.9;

/// Seeds to draw at some widths.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Ascending.
    pub widths: Vec<u64>,
    /// The seeds, the same at every width.
    pub seeds: Range<u64>,
    /// What is known of m* before it.
    estimate: Estimate,
    /// Wealth of a hypothesis that is not staked.
    reserve: f64,
}

/// The state of a question.
pub struct Search<'q> {
    question: &'q Question,
    /// Widths that may be drawn, ascending.
    grid: Vec<u64>,
    evidence: Evidence,
    draws: Vec<Draw>,
    /// Draws inside, and all, by width.
    seen: BTreeMap<u64, (u64, u64)>,
    /// Logarithm of the width about which draws are looked at.
    about: f64,
    phase: Phase,
    next_seed: u64,
}

/// How far a search is; it never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// After so many steps of the start.
    Start(usize),
    Explore,
    Decide,
}

impl<'q> Search<'q> {
    pub fn new(question: &'q Question) -> Self {
        let grid = grid(question.resolution, question.widest);
        let guess = (question.guess / 4.0).clamp(1.0, question.widest as f64);
        Self {
            evidence: Evidence::new(question.probability, question.error_rate),
            draws: Vec::new(),
            seen: BTreeMap::new(),
            about: guess.ln(),
            phase: Phase::Start(0),
            next_seed: question.first_seed,
            grid,
            question,
        }
    }

    /// The draws so far, in the order in which they were taken in.
    pub fn draws(&self) -> &[Draw] {
        &self.draws
    }

    /// m_low and m_high; None where all is excluded.
    pub fn interval(&self) -> Option<(u64, Option<u64>)> {
        self.evidence.interval()
    }

    /// Why nothing is left to decide, once that is so.
    pub fn ending(&self) -> Option<Ending> {
        let Some((low, high)) = self.interval() else { return Some(Ending::Contradiction) };
        let narrow = |high: u64| high - low <= 1 || high as f64 <= self.question.resolution * low as f64;
        match high {
            Some(high) if narrow(high) => Some(Ending::Resolved),
            _ => (low >= self.question.widest).then_some(Ending::Widest),
        }
    }

    /// What to draw next, or why nothing is to be drawn any more.
    pub fn next(&mut self) -> Result<Stage, Ending> {
        if let Some(ending) = self.ending() {
            return Err(ending);
        }
        let (low, high) = self.interval().unwrap_or((0, None));
        let (estimate, widths, seeds) = self.planned(low, high);
        let networks = self.draws.len() as u64;
        let left = self.question.max_networks.map_or(u64::MAX, |most| most.saturating_sub(networks));
        let seeds = seeds.min(left / widths.len() as u64).min(self.question.last_seed - self.next_seed);
        if seeds == 0 {
            return Err(if self.next_seed == self.question.last_seed {
                Ending::Seeds
            } else {
                Ending::Networks
            });
        }
        let reserve = if self.phase == Phase::Decide { 0.0 } else { RESERVE };
        Ok(Stage { widths, seeds: self.next_seed..self.next_seed + seeds, estimate, reserve })
    }

    /// Takes in what was drawn of the next seeds of a stage: by width, then by seed.
    pub fn take(&mut self, stage: &Stage, deviations: &[Vec<f64>]) {
        let seeds = deviations.iter().map(Vec::len).min().unwrap_or(0);
        for seed in 0..seeds {
            let of_seed: Vec<f64> = deviations.iter().map(|drawn| drawn[seed]).collect();
            let inside: Vec<bool> = of_seed.iter().map(|d| *d <= self.question.tolerance).collect();
            // From the seeds before this one, those of the same stage too: where they contradict what was expected, the
            // stakes follow at once.
            let bets: Vec<Bet> = stage.widths.iter().map(|w| self.bet(&stage.estimate, *w)).collect();
            self.evidence.observe(&bets, &inside, stage.reserve);
            for (&width, deviation) in stage.widths.iter().zip(of_seed) {
                let seen = self.seen.entry(width).or_default();
                seen.0 += u64::from(deviation <= self.question.tolerance);
                seen.1 += 1;
                self.draws.push(Draw { width, deviation });
            }
        }
        self.next_seed += seeds as u64;
    }

    /// What is known of m*, where to draw next and how many seeds.
    fn planned(&mut self, low: u64, high: Option<u64>) -> (Estimate, Vec<u64>, u64) {
        if self.draws.is_empty() {
            let width = self.on_grid(self.about.exp());
            return (self.first_guess(), vec![width], START);
        }
        let estimate = self.estimate(low, high);
        self.about = estimate.centre.min((self.question.widest as f64).ln());
        let centre = self.about.exp();
        let apart = self.on_grid(if centre < NARROW { centre } else { 0.5 * centre });
        if let Phase::Start(steps) = self.phase {
            let near = (self.about - (self.draws[self.draws.len() - 1].width as f64).ln()).abs() < 1.2;
            if steps + 1 < STARTS && !(steps > 0 && near) {
                self.phase = Phase::Start(steps + 1);
                return (estimate, vec![apart], START);
            }
            self.phase = Phase::Explore;
        }
        let goal = 0.45 * self.question.resolution.ln().max((1.0 / centre).ln_1p());
        let networks = self.draws.len() as u64;
        if self.phase == Phase::Explore && estimate.error > goal && networks < (9.0 / (goal * goal)) as u64 {
            // The error falls as 1/√N; no further than another half of what there is in one step.
            let wanted = networks as f64 * ((estimate.error / goal).powi(2) - 1.0);
            return (estimate, vec![apart], (wanted as u64).min(networks / 2).max(STAGE));
        }
        self.phase = Phase::Decide;
        let (widths, seeds) = self.ends(&estimate, low, high);
        (estimate, widths, seeds)
    }

    /// The estimate of the power law, held between the widths of which the draws by themselves, or all together, say on
    /// which side of m* they are.
    fn estimate(&self, low: u64, high: Option<u64>) -> Estimate {
        let p = self.question.probability;
        let score = |&(inside, all): &(u64, u64)| {
            let all = all as f64;
            (inside as f64 - p * all) / (p * (1.0 - p) * all).sqrt()
        };
        let narrow = self.seen.iter().filter(|(_, seen)| score(seen) < -CLEAR).map(|(width, _)| *width).max();
        let enough = self.seen.iter().filter(|(_, seen)| score(seen) > CLEAR).map(|(width, _)| *width).min();
        let low = narrow.max((low > 0).then_some(low)).map(|width| (width as f64).ln());
        let high = [enough, high].into_iter().flatten().min().map(|width| (width as f64).ln());
        Estimate::new(&self.draws, self.about, self.question).between(low, high)
    }

    /// The pair of ends that is cheapest to show, as far as they are not shown already, and how many seeds to draw.
    fn ends(&self, estimate: &Estimate, low: u64, high: Option<u64>) -> (Vec<u64>, u64) {
        let (resolution, spread) =
            (self.question.resolution, 2.0 * self.question.resolution.ln() + 3.0 * estimate.error);
        let from = (self.about - spread).exp();
        let to = (self.about + spread).exp();
        let prospects = |width| self.prospects(estimate, width);
        let inside = |w: &u64| *w > low && high.is_none_or(|high| *w < high);
        let candidates =
            self.grid.iter().copied().filter(|w| inside(w) && (from..=to).contains(&(*w as f64)));
        let mut best: Option<(f64, [(u64, f64); 2])> = None;
        for l in std::iter::once(low).chain(candidates) {
            let reach = (resolution * l as f64) as u64;
            let next = self.grid.partition_point(|w| *w <= l);
            let last = self.grid.partition_point(|w| *w <= reach);
            // The next width where none is within reach, and none above the widest.
            let h = self.grid.get(next.max(last.saturating_sub(1))).copied();
            let h = h.map_or(l, |h| high.map_or(h, |high| h.min(high)));
            let networks = |lacks: f64, side: Prospect| lacks / side.growth.max(1e-9);
            let below = match l > low {
                true => networks(self.evidence.lacks_up_to(l), prospects(l)[1]),
                false => 0.0,
            };
            let above = match h > l && high.is_none_or(|high| h < high) {
                true => networks(self.evidence.lacks_above(h), prospects(h)[0]),
                false => 0.0,
            };
            let cost = below * l as f64 + above * h as f64;
            if below + above > 0.0 && best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, [(l, below), (h, above)]));
            }
        }
        let ends = best.map_or([(self.on_grid(self.about.exp()), 1.0), (0, 0.0)], |(_, ends)| ends);
        let needed = || ends.iter().filter(|(_, networks)| *networks > 0.0);
        let widths = needed().map(|(width, _)| *width).collect();
        let least = needed().map(|(_, networks)| *networks).fold(f64::INFINITY, f64::min);
        let seeds = (self.draws.len() as f64 / 10.0).min(least) as u64;
        (widths, seeds.max(STAGE))
    }

    fn prospects(&self, estimate: &Estimate, width: u64) -> [Prospect; 2] {
        estimate.prospects(width, self.seen.get(&width).copied().unwrap_or_default())
    }

    /// What is staked on the draws at a width.
    fn bet(&self, estimate: &Estimate, width: u64) -> Bet {
        let [enough, narrow] = self.prospects(estimate, width);
        Bet { width, enough: CAUTION * enough.stake, narrow: CAUTION * narrow.stake }
    }

    /// What is taken to be known of m* before anything is drawn: that it is about the guess, to a factor of 2 or so.
    fn first_guess(&self) -> Estimate {
        let centre = self.question.guess.clamp(1.0, self.question.widest as f64).ln();
        Estimate {
            centre,
            error: std::f64::consts::LN_2,
            steepness: 1.0,
            probability: self.question.probability,
        }
    }

    /// The largest width of the grid that is at most this, or the least.
    fn on_grid(&self, width: f64) -> u64 {
        let end = self.grid.partition_point(|w| *w as f64 <= width * (1.0 + 1e-9));
        self.grid[end.saturating_sub(1)]
    }
}

/// Widths round(2^(j/2^i)) up to the widest, which is among them, with the least i that has sixteen steps in the
/// resolution: the grid of a finer resolution holds that of a coarser one, and none depends on the question otherwise,
/// so that questions share draws.
fn grid(resolution: f64, widest: u64) -> Vec<u64> {
    let mut steps = 1u32;
    while 16.0 / f64::from(steps) > resolution.log2() * (1.0 + 1e-9) && steps < 1 << 12 {
        steps *= 2;
    }
    let mut grid: Vec<u64> = (0..)
        .map(|j| (f64::from(j) / f64::from(steps)).exp2().round() as u64)
        .take_while(|w| *w < widest)
        .collect();
    grid.push(widest);
    grid.dedup();
    grid
}
