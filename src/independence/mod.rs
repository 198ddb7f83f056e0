//! What the gradient independence assumption costs: K against K_gia, by width and by the angle of a pair.
//!
//! `sample` draws both kernels of seeds at one width, from the same deviates
//! ([`sampler::conditional`](crate::sampler::conditional)). [`Finding::of`] says of them:
//!
//! - the **coupled difference** ‖K − K_gia‖/n of a network, which falls as about 1/m; over several widths its exponent;
//! - the **means** of K − K_gia by the angle of a pair of points, beside the bound of Proposition 17
//!   ([`limit::independence_bound`](crate::limit::independence_bound)), which falls as 1/m too; and which of all groups
//!   of pairs and widths comes nearest to its bound, with intervals that hold for all of them at once;
//! - whether the **laws** of the deviation from K∞ differ: the deviations of K of every other seed against those of
//!   K_gia of the seeds between. Halves are taken because K and K_gia of one seed share their draws: their difference
//!   is known far better than either, but the two are not exchangeable where only their laws agree, and a test by signs
//!   or pairs would then have no level. With disjoint seeds the samples are independent, and a permutation test is
//!   exact ([`stats::same_law`](crate::stats::same_law)). What the pairs add is the mean of the difference of the
//!   deviations with its interval, which says which law is the wider and by how much.
//!
//! Source: arXiv 2501.14724, Proposition 17.

mod angles;

pub use angles::{GroupFinding, Nearest};

use std::ops::Range;

use crate::backend::{Drawn, Engine, EngineError, Job, Precision, Stop, Wanted};
use crate::data::DataSet;
use crate::limit::Limit;
use crate::model::Network;
use crate::sampler::Sampler;
use crate::stats::{
    AngleReference, AngleStatistics, Centre, ExponentFit, Interval, MeasureError, NoFit, Quantile, Reference,
    SameLaw, SeedTable, exponent, holm, quantile, same_law,
};

/// Probability with which the tests of all widths together call equal laws different.
pub const LEVEL: f64 = 0.05;

/// Most seeds of a width that the test looks at, the first ones: its time grows with them, and what so many do not tell
/// apart is of no account.
pub const TESTED: usize = 4096;

/// Networks of which nothing can be asked, or that could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum IndependenceError {
    /// No gradient knows a matrix that an activation knows.
    #[error(
        "at depth {0} no gradient knows a weight that an activation knows, and K is what independent gradients make of \
         it; use depth 3 or more"
    )]
    Shallow(usize),
    /// The limit cannot be measured.
    #[error(transparent)]
    Limit(#[from] MeasureError),
    /// The device.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A number that is none.
    #[error("seed {seed}: {what} is {value}, which must be finite")]
    NotFinite {
        /// The seed.
        seed: u64,
        /// Of what.
        what: &'static str,
        /// What was found.
        value: f64,
    },
}

/// Networks on points, and how they are drawn.
pub struct Setup<'a> {
    /// The device.
    pub engine: &'a dyn Engine,
    /// The points.
    pub data: &'a DataSet,
    /// Which sampler draws: any but the conditional one is refused by the device.
    pub sampler: Sampler,
    /// Arithmetic of the panels.
    pub precision: Precision,
    /// Gives up the seeds in hand once it is raised.
    pub stop: &'a Stop,
}

/// What was drawn of the networks of one width.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// The seeds, ascending.
    pub seeds: Vec<u64>,
    /// ‖K − K_gia‖/n of each.
    pub difference: Vec<f64>,
    /// The same over ‖K∞/n‖.
    pub relative: Vec<f64>,
    /// ‖K − K∞‖/n of each.
    pub deviation: Vec<f64>,
    /// ‖K_gia − K∞‖/n of each.
    pub independent: Vec<f64>,
    /// Groups of pairs of points of each of them, by their angle.
    pub angles: Vec<Vec<AngleStatistics>>,
}

impl Setup<'_> {
    /// Refuses what [`sample`](Self::sample) would refuse, before anything is drawn.
    pub fn check(&self, network: &Network) -> Result<(), IndependenceError> {
        if network.depth() < 3 {
            return Err(IndependenceError::Shallow(network.depth()));
        }
        self.engine.plan(&self.job(network))?;
        Ok(())
    }

    fn job(&self, network: &Network) -> Job {
        Job::new(network, self.data, self.sampler, self.precision).with_independence(true)
    }

    /// Draws K and K_gia of seeds, and tells `observe` how many after every batch. None where it was asked to stop.
    pub fn sample(
        &self,
        network: &Network,
        seeds: Range<u64>,
        observe: &mut dyn FnMut(u64),
    ) -> Result<Option<Samples>, IndependenceError> {
        self.check(network)?;
        let (data, outputs) = (self.data, network.outputs());
        let limit = Limit::new(data, network.activation(), network.depth(), network.scale());
        let reference = Reference::new(limit.ntk(), data.n(), outputs)?;
        let sampling = self.engine.open(self.job(network))?;
        let angles = AngleReference::new(network, data);
        let mut samples = Samples::default();
        let wanted = Wanted { statistics: Some(&reference), angles: Some(&angles), ..Wanted::KERNEL };
        let step = sampling.plan().seeds_per_batch.max(1) as u64;
        let mut start = seeds.start;
        while start < seeds.end {
            let end = start.saturating_add(step).min(seeds.end);
            let batch: Vec<u64> = (start..end).collect();
            let drawn = match sampling.draw(&batch, &wanted, self.stop) {
                Err(EngineError::Stopped) => return Ok(None),
                drawn => drawn?,
            };
            drawn.into_iter().try_for_each(|drawn| samples.push(drawn))?;
            observe(end - start);
            start = end;
        }
        Ok(Some(samples))
    }
}

impl Samples {
    /// Keeps the first so many seeds.
    pub fn truncate(&mut self, seeds: usize) {
        self.seeds.truncate(seeds);
        for column in [&mut self.difference, &mut self.relative, &mut self.deviation, &mut self.independent] {
            column.truncate(seeds);
        }
        self.angles.truncate(seeds);
    }

    fn push(&mut self, drawn: Drawn) -> Result<(), IndependenceError> {
        let seed = drawn.seed;
        let (Some(statistics), Some(independence), Some(angles)) =
            (drawn.statistics, drawn.independence, drawn.angles)
        else {
            let what = "the device left out what was asked for of independent gradients".to_owned();
            return Err(EngineError::Failed { seed, layer: 0, what }.into());
        };
        let finite = |what, value: f64| match value.is_finite() {
            true => Ok(value),
            false => Err(IndependenceError::NotFinite { seed, what, value }),
        };
        self.seeds.push(seed);
        self.difference.push(finite("the norm of K - K_gia", independence.op)?);
        // Undefined where the limit is zero.
        self.relative.push(independence.relative_op);
        self.deviation.push(finite("the deviation of K", statistics.deviation_op)?);
        self.independent.push(finite("the deviation of K_gia", independence.deviation_op)?);
        self.angles.push(angles);
        Ok(())
    }
}

/// What the samples of one width say.
#[derive(Clone, Debug, PartialEq)]
pub struct AtWidth {
    /// Median of ‖K − K_gia‖/n with its interval.
    pub difference: Option<Quantile>,
    /// The same over ‖K∞/n‖.
    pub relative: Option<Quantile>,
    /// Median of ‖K − K∞‖/n.
    pub deviation: Option<Quantile>,
    /// Median of ‖K_gia − K∞‖/n.
    pub independent: Option<Quantile>,
    /// Mean of ‖K_gia − K∞‖/n − ‖K − K∞‖/n, seed by seed.
    pub shift: Mean,
    /// Whether K and K_gia of different seeds have one law of the deviation; None where there are too few seeds.
    pub laws: Option<SameLaw>,
    /// p of `laws`, such that those at most [`LEVEL`] over all widths err with at most that probability together.
    pub adjusted: Option<f64>,
    /// Pairs by angle.
    pub groups: Vec<GroupFinding>,
}

/// A mean over seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Its interval by resampled seeds; None where there are too few.
    pub interval: Option<Interval>,
}

impl Mean {
    fn of(values: &[f64]) -> Self {
        let seeds: Vec<u64> = (0..values.len() as u64).collect();
        let table = SeedTable::joint(&[(&seeds, values)]);
        let interval = table.interval(crate::stats::CONFIDENCE, Centre::Mean, |means| Some(means[0]));
        Self { value: table.centres(Centre::Mean)[0], interval: interval.ok() }
    }
}

/// What the samples of several widths say.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Width by width, in the order of the samples.
    pub widths: Vec<AtWidth>,
    /// The exponent in m of the median of ‖K − K_gia‖/n.
    pub difference: Result<ExponentFit, NoFit>,
    /// That of ‖K − K∞‖/n.
    pub deviation: Result<ExponentFit, NoFit>,
    /// That of ‖K_gia − K∞‖/n.
    pub independent: Result<ExponentFit, NoFit>,
    /// Which group of pairs at which width comes nearest to its bound; None where no pair has one.
    pub nearest: Option<Nearest>,
}

impl Finding {
    /// Of the samples of several widths, each with its m.
    pub fn of(samples: &[(u64, Samples)]) -> Self {
        let mut widths: Vec<AtWidth> = samples.iter().map(|(_, samples)| AtWidth::of(samples)).collect();
        let tested: Vec<f64> = widths.iter().filter_map(|w| w.laws.map(|laws| laws.p_value)).collect();
        let mut adjusted = holm(&tested).into_iter();
        for width in &mut widths {
            width.adjusted = width.laws.and_then(|_| adjusted.next());
        }
        let x: Vec<f64> = samples.iter().map(|(m, _)| *m as f64).collect();
        let fit = |of: fn(&Samples) -> &Vec<f64>| {
            let rows: Vec<(&[u64], &[f64])> =
                samples.iter().map(|(_, s)| (s.seeds.as_slice(), of(s).as_slice())).collect();
            exponent(&x, &SeedTable::joint(&rows), Centre::Median)
        };
        Self {
            widths,
            difference: fit(|s| &s.difference),
            deviation: fit(|s| &s.deviation),
            independent: fit(|s| &s.independent),
            nearest: Nearest::of(&samples.iter().map(|(m, samples)| (*m, samples)).collect::<Vec<_>>()),
        }
    }
}

impl AtWidth {
    /// Of the samples of one width; p is not adjusted.
    pub fn of(samples: &Samples) -> Self {
        let median = |values: &[f64]| {
            let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            quantile(&sorted, 0.5, crate::stats::CONFIDENCE)
        };
        let shift: Vec<f64> =
            samples.independent.iter().zip(&samples.deviation).map(|(other, own)| other - own).collect();
        let every_other = |values: &[f64], first: usize| -> Vec<f64> {
            values.iter().copied().take(TESTED).skip(first).step_by(2).collect()
        };
        let enough = samples.seeds.len() >= 2 * crate::stats::bootstrap::FEWEST_SEEDS;
        let laws = enough
            .then(|| same_law(&every_other(&samples.deviation, 0), &every_other(&samples.independent, 1)));
        Self {
            difference: median(&samples.difference),
            relative: median(&samples.relative),
            deviation: median(&samples.deviation),
            independent: median(&samples.independent),
            shift: Mean::of(&shift),
            laws: laws.flatten(),
            adjusted: None,
            groups: angles::findings(&samples.angles),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Role, Stream};

    /// Samples of m whose difference is c/m·|z| and whose deviations are |z|/√m, those of K_gia times `factor`.
    fn samples(m: u64, seeds: u64, factor: f64, experiment: u64) -> (u64, Samples) {
        let mut stream = Stream::new(1000 * experiment + m, Role::Data);
        let mut samples = Samples::default();
        for seed in 0..seeds {
            let (z, noise) = (stream.normal(), stream.normal());
            samples.seeds.push(seed);
            samples.difference.push((3.0 + 0.3 * noise) / m as f64);
            samples.relative.push((3.0 + 0.3 * noise) / m as f64);
            let own = z.abs() / (m as f64).sqrt();
            samples.deviation.push(own);
            // Of the same draws: nearly the same number, whatever the law of either.
            samples.independent.push(factor * own + noise.abs() / m as f64 / 100.0);
        }
        (m, samples)
    }

    #[test]
    fn exponents_and_shifts_are_found() {
        let finding = Finding::of(&[samples(64, 100, 1.0, 1), samples(1024, 100, 1.0, 1)]);
        let fit = finding.difference.unwrap();
        assert!((fit.exponent + 1.0).abs() < 0.02, "{}", fit.exponent);
        assert!(fit.interval.unwrap().contains(-1.0));
        assert!((finding.deviation.unwrap().exponent + 0.5).abs() < 0.15);
        let shift = finding.widths[0].shift;
        assert!(
            shift.value > 0.0 && shift.interval.unwrap().low.unwrap() > 0.0,
            "the pairs resolve it: {shift:?}"
        );
        assert_eq!(Finding::of(&[samples(64, 100, 1.0, 1)]).difference, Err(NoFit::Abscissae));
    }

    /// K and K_gia of one seed are as coupled as can be, their laws one: rejected no more often than the level, over
    /// three widths.
    #[test]
    fn one_law_is_called_two_as_seldom_as_the_level_says() {
        let called = |factor: f64, seeds: u64, experiments: u64| {
            let rejects = |e: u64| {
                let widths: Vec<_> = [64, 256, 1024].map(|m| samples(m, seeds, factor, e)).into();
                let widths = Finding::of(&widths).widths;
                widths.iter().any(|w| w.adjusted.unwrap() <= LEVEL)
            };
            (0..experiments).filter(|e| rejects(*e)).count()
        };
        // 5 % of 100 is 5; P(more than 13) is 5e-4 at 5 %.
        let found = called(1.0, 32, 100);
        assert!(found <= 13, "{found} of 100");
        let found = called(2.0, 200, 5);
        assert_eq!(found, 5, "twice the deviation goes unseen");
        assert!(Finding::of(&[samples(64, 15, 1.0, 1)]).widths[0].laws.is_none());
    }
}
