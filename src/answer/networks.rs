//! Networks as a source of deviations: the one place that knows how kernels are sampled.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::sync::Arc;

use super::floor::{floor, two_digits};
use super::{Answer, Draws, NoQuestion, Norm, Question};
use crate::backend::{Engine, EngineError, Job, MeasuredSample, Precision, Sampling, Stop};
use crate::data::DataSet;
use crate::limit::{Limit, bound, relative_sd_diagonal};
use crate::math::activation::Activation;
use crate::math::number;
use crate::model::{Network, NetworkError, Schedule};
use crate::sampler::SamplerChoice;
use crate::stats::{KernelStatistics, MeasureError, Reference};

/// Widths that are kept open.
const OPENED: usize = 3;
/// Widths beyond this are not drawn, whatever the schedule.
const WIDEST: u64 = u32::MAX as u64;

/// Networks that differ in their width alone, and what of them is asked about.
#[derive(Clone, Debug)]
pub struct Cell {
    /// φ.
    pub activation: Activation,
    /// l.
    pub depth: usize,
    /// How the hidden widths follow from m.
    pub schedule: Schedule,
    /// m_l.
    pub outputs: usize,
    /// Constant in front of K and K∞.
    pub scale: f64,
    /// Which sampler draws.
    pub sampler: SamplerChoice,
    /// Arithmetic of the panels.
    pub precision: Precision,
    /// Which number is the deviation.
    pub norm: Norm,
    /// The norm itself rather than over that of the limit.
    pub absolute: bool,
}

/// Networks of which no width can be asked for.
#[derive(Debug, thiserror::Error)]
pub enum CellError {
    /// No hidden layer.
    #[error(
        "depth 1 has no hidden layer and its kernel is its limit, so that there is no width to find; use depth 2 or \
         more"
    )]
    NoHiddenLayer,
    /// The limit is zero, or has no least eigenvalue above its rounding.
    #[error(
        "the {norm} of the limit is {}, and a deviation relative to it has no meaning; use points that are not \
         zero{more}",
        number(*.value)
    )]
    ZeroLimit {
        /// In words.
        norm: &'static str,
        /// What else is needed.
        more: &'static str,
        /// What it is.
        value: f64,
    },
    /// The least eigenvalue is never below (1 − T) of that of the limit for T of 1 or more.
    #[error(
        "tolerance {0} asks nothing of the least eigenvalue, which is never negative; use a tolerance below 1"
    )]
    AsksNothing(f64),
    /// A kernel of zeros would be within the tolerance. Narrow and deep networks have kernels near zero and wide ones
    /// are near the limit, so that the probability falls with the width before it grows.
    #[error(
        "at tolerance {} a kernel of zeros would be within, and the probability does not grow with the width; use one \
         below {}",
        number(*.tolerance),
        number(*.below)
    )]
    ZeroWithin {
        /// T.
        tolerance: f64,
        /// What a kernel of zeros deviates by.
        below: f64,
    },
    /// The least eigenvalue is compared with that of the limit alone.
    #[error(
        "the least eigenvalue is asked about as a share of that of the limit, so that an absolute deviation has no \
         meaning with lambda_min; leave it out"
    )]
    AbsoluteEigenvalue,
    /// Rounding is not small beside the tolerance.
    #[error("tolerance {} is below {}, the least that precision {precision} can resolve here; use a larger one{remedy}", number(*.tolerance), number(*.floor))]
    BelowFloor {
        /// T.
        tolerance: f64,
        /// The least T.
        floor: f64,
        /// The precision.
        precision: Precision,
        /// Another way out.
        remedy: &'static str,
    },
    /// The question cannot be asked.
    #[error(transparent)]
    Question(#[from] NoQuestion),
    /// No network of this shape.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The limit cannot be measured.
    #[error(transparent)]
    Limit(#[from] MeasureError),
}

/// The networks of a cell on a data set and a device.
pub struct Networks<'a> {
    engine: &'a dyn Engine,
    cell: &'a Cell,
    data: &'a DataSet,
    reference: Arc<Reference>,
    stop: Stop,
    opened: BTreeMap<u64, Box<dyn Sampling>>,
}

impl<'a> Networks<'a> {
    /// Computes the limit; refuses what has no answer. Once `stop` is raised the seeds in hand are given up.
    pub fn new(
        engine: &'a dyn Engine,
        cell: &'a Cell,
        data: &'a DataSet,
        stop: &Stop,
    ) -> Result<Self, CellError> {
        if cell.depth < 2 {
            return Err(CellError::NoHiddenLayer);
        }
        if cell.norm == Norm::LambdaMin && cell.absolute {
            return Err(CellError::AbsoluteEigenvalue);
        }
        cell.network(1)?;
        let limit = Limit::new(data, cell.activation, cell.depth, cell.scale);
        let reference = Reference::new(limit.ntk(), data.n(), cell.outputs)?;
        let value = cell.norm.of_limit(&reference);
        let lambda = cell.norm == Norm::LambdaMin;
        // The limit has about 14 digits; what is below them is no eigenvalue.
        let least = if lambda { 1e-12 * reference.norm_op() } else { 0.0 };
        if value <= least && (lambda || !cell.absolute) {
            let more = if lambda { " and no two of which are parallel" } else { "" };
            return Err(CellError::ZeroLimit { norm: cell.norm.words(), more, value });
        }
        let reference = Arc::new(reference);
        Ok(Self { engine, cell, data, reference, stop: stop.clone(), opened: BTreeMap::new() })
    }

    /// The question with what these networks make of it: the widest that can be drawn and where to start. Refuses one
    /// that they cannot answer.
    pub fn question(&self, question: &Question) -> Result<Question, CellError> {
        question.check()?;
        let (cell, tolerance) = (self.cell, question.tolerance);
        if cell.norm == Norm::LambdaMin && tolerance >= 1.0 {
            return Err(CellError::AsksNothing(tolerance));
        }
        // A limit of zeros is what a kernel of zeros equals at every width: there is nothing that falls.
        let below = if cell.absolute { cell.norm.of_limit(&self.reference) } else { 1.0 };
        if cell.norm != Norm::LambdaMin && below > 0.0 && tolerance >= below {
            return Err(CellError::ZeroWithin { tolerance, below });
        }
        // Rounding is of the size of the kernel; the deviation is measured in units of `unit`.
        let norm = self.reference.norm_op();
        let unit = match (cell.norm, cell.absolute) {
            (Norm::Op | Norm::Fro | Norm::Max, true) => 1.0 / norm,
            (Norm::LambdaMin, _) => cell.norm.of_limit(&self.reference) / norm,
            (_, false) => 1.0,
        };
        let trace = self.reference.eigenvalues().iter().sum::<f64>();
        let floor = two_digits(floor(cell.precision, cell.depth, trace / norm) / unit);
        if tolerance < floor {
            let f64_helps = cell.precision != Precision::F64;
            let remedy = if f64_helps { " or precision f64" } else { "" };
            return Err(CellError::BelowFloor { tolerance, floor, precision: cell.precision, remedy });
        }
        let widest = self.widest();
        let guess = self.guess(tolerance * unit, question.probability, widest);
        Ok(Question { widest, guess, ..question.clone() })
    }

    /// Which networks they are.
    pub fn cell(&self) -> &Cell {
        self.cell
    }

    /// K∞ as kernels are compared with it.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The constants that m_low + 1 and m_high make of the bound of arXiv 2501.14724 (without its logarithms): the
    /// tolerance as an absolute deviation over the bound. None where the norm is not [`Norm::Op`], or the bound does
    /// not exist (Δ = 0); of m_high while it is not known.
    pub fn constant(&self, question: &Question, answer: &Answer) -> Option<[Option<f64>; 2]> {
        if self.cell.norm != Norm::Op {
            return None;
        }
        let unit = if self.cell.absolute { 1.0 } else { self.reference.norm_op() };
        let at =
            |m: u64| Some(question.tolerance * unit / bound(&self.cell.network(m).ok()?, self.data)?.value);
        at(1)?;
        Some([at(answer.low + 1), answer.high.and_then(at)])
    }

    /// The widest m whose hidden widths can all be drawn.
    fn widest(&self) -> u64 {
        let largest = |m: u64| self.cell.schedule.widths(m, self.cell.depth).is_ok();
        let (mut good, mut bad) = (1, WIDEST + 1);
        while bad - good > 1 {
            let middle = good + (bad - good) / 2;
            if largest(middle) { good = middle } else { bad = middle }
        }
        good
    }

    /// The width at which a normal law with the exact spread of K(x,x) would meet the question.
    fn guess(&self, tolerance: f64, probability: f64, widest: u64) -> f64 {
        use statrs::distribution::{ContinuousCDF, Normal};
        let z = Normal::standard().inverse_cdf(0.5 + 0.5 * probability);
        let spread = |m: u64| {
            let widths = self.cell.schedule.widths(m, self.cell.depth).unwrap_or_default();
            relative_sd_diagonal(self.cell.activation, &widths)
        };
        let (mut narrow, mut wide) = (1, widest);
        while wide - narrow > 1 {
            let middle = narrow + (wide - narrow) / 2;
            if z * spread(middle) > tolerance { narrow = middle } else { wide = middle }
        }
        wide as f64
    }

    fn at(&mut self, width: u64) -> Result<&dyn Sampling, DrawError> {
        // A search draws at two widths at a time and comes back to few; what is open may hold the memory of a device.
        if self.opened.len() >= OPENED && !self.opened.contains_key(&width) {
            self.opened.clear();
        }
        match self.opened.entry(width) {
            Entry::Occupied(opened) => Ok(&**opened.into_mut()),
            Entry::Vacant(place) => {
                let network = self.cell.network(width)?;
                let sampler = self.cell.sampler.resolve(self.data.n(), self.data.dim(), &network);
                let job = Job::new(&network, self.data, sampler, self.cell.precision);
                Ok(&**place.insert(self.engine.open(job)?))
            }
        }
    }
}

impl Cell {
    /// The network of width m.
    pub fn network(&self, width: u64) -> Result<Network, NetworkError> {
        let widths = self.schedule.widths(width, self.depth)?;
        Network::new(self.activation, widths, self.outputs)?.with_scale(self.scale)
    }
}

/// Why a deviation could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// No network of this width.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The device.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A deviation that is no number.
    #[error("seed {seed}: its deviation is {value}, which must be finite")]
    NotFinite {
        /// The seed.
        seed: u64,
        /// What was found.
        value: f64,
    },
}

impl Networks<'_> {
    /// The networks of these seeds at this width, measured, in this order; None where it was asked to stop and gave
    /// them up.
    pub fn measured(
        &mut self,
        width: u64,
        seeds: Range<u64>,
    ) -> Result<Option<Vec<MeasuredSample>>, DrawError> {
        let (reference, stop) = (Arc::clone(&self.reference), self.stop.clone());
        let sampling = self.at(width)?;
        let step = sampling.plan().seeds_per_batch.max(1);
        let mut found = Vec::new();
        for start in seeds.clone().step_by(step) {
            let batch: Vec<u64> = (start..seeds.end.min(start.saturating_add(step as u64))).collect();
            match sampling.statistics(&batch, &reference, &stop) {
                Err(EngineError::Stopped) => return Ok(None),
                samples => found.extend(samples?),
            }
        }
        Ok(Some(found))
    }

    /// The deviation that is asked about of one network.
    pub fn deviation(&self, seed: u64, statistics: &KernelStatistics) -> Result<f64, DrawError> {
        let value = self.cell.norm.deviation(statistics, &self.reference, self.cell.absolute);
        if value.is_finite() { Ok(value) } else { Err(DrawError::NotFinite { seed, value }) }
    }
}

impl Draws for Networks<'_> {
    type Error = DrawError;

    fn deviations(&mut self, width: u64, seeds: Range<u64>) -> Result<Option<Vec<f64>>, DrawError> {
        let Some(samples) = self.measured(width, seeds)? else { return Ok(None) };
        samples.iter().map(|s| self.deviation(s.seed, &s.statistics)).collect::<Result<_, _>>().map(Some)
    }

    fn at_once(&mut self, width: u64) -> u64 {
        self.at(width).map_or(1, |sampling| sampling.plan().seeds_per_batch as u64)
    }
}
