//! `eoc.width`: how wide is wide enough.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eoc_ntk::answer::{
    self, Answer, Cell, CellError, DrawError, Draws, Ending, Networks, NoAnswer, Norm, Progress, Question,
};
use eoc_ntk::backend::EngineError;
use eoc_ntk::model::ShapeError;
use numpy::PyArray1;
use pyo3::prelude::*;

use crate::argument::{
    Given, NetworkArguments, PointArguments, number, one_seed, refused, shown, whole, word,
};
use crate::device::{EngineArguments, open};
use crate::failure::Failure;
use crate::working::working_for;

/// What is asked, as given.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct QuestionArguments<'py> {
    tolerance: Given<'py>,
    confidence: Given<'py>,
    norm: Given<'py>,
    absolute: bool,
    alpha: Given<'py>,
    resolution: Given<'py>,
    max_networks: Given<'py>,
    max_seconds: Given<'py>,
    first_seed: Given<'py>,
}

impl QuestionArguments<'_> {
    fn question(&self) -> PyResult<Question> {
        let default = Question::default();
        let question = Question {
            tolerance: number("tolerance", &self.tolerance)?,
            probability: number("confidence", &self.confidence)?,
            error_rate: number("alpha", &self.alpha)?,
            resolution: number("resolution", &self.resolution)?,
            max_networks: whole("max_networks", &self.max_networks)?,
            first_seed: one_seed("first_seed", &self.first_seed)?,
            ..default
        };
        if !(question.error_rate > 0.0 && question.error_rate < 1.0) {
            return Err(refused(format!(
                "alpha is {}; give a probability above 0 and below 1, such as 0.05",
                shown(&self.alpha)
            )));
        }
        question.check().map_err(|error| Failure::unusable(&error))?;
        Ok(question)
    }

    fn time(&self) -> PyResult<Option<Duration>> {
        if self.max_seconds.is_none() {
            return Ok(None);
        }
        let seconds = number("max_seconds", &self.max_seconds)?;
        if seconds > 0.0 {
            // Beyond what can be counted nothing ends.
            return Ok(Duration::try_from_secs_f64(seconds).ok());
        }
        Err(refused(format!(
            "max_seconds is {}; give a positive number of seconds",
            shown(&self.max_seconds)
        )))
    }
}

/// m_low, m_high, networks, exponent, why it ended, and of every width that was looked at its numbers.
type Found<'py> = (u64, Option<u64>, u64, Option<f64>, &'static str, Looks<'py>);
/// m, seeds, inside, low, high, decision.
type Looks<'py> = ([Bound<'py, PyArray1<i64>>; 3], [Bound<'py, PyArray1<f64>>; 2], Vec<&'static str>);

/// Finds the width.
#[pyfunction]
pub fn width<'py>(
    py: Python<'py>,
    points: PointArguments<'py>,
    network: NetworkArguments<'py>,
    question: QuestionArguments<'py>,
    engine: EngineArguments<'py>,
    progress: Option<&Given<'py>>,
) -> PyResult<Found<'py>> {
    let (asked, time) = (question.question()?, question.time()?);
    let shape = network.open_shape()?;
    let precision = engine.precision()?;
    let cell = Cell {
        activation: network.activation()?,
        depth: shape.depth.ok_or_else(|| Failure::unusable(&ShapeError::NoDepth))?,
        schedule: network.schedule()?,
        outputs: shape.outputs.unwrap_or(1),
        scale: shape.scale.unwrap_or(1.0),
        sampler: engine.sampler()?,
        precision,
        norm: word::<Norm>("norm", &question.norm)?,
        absolute: question.absolute,
    };
    let data = points.data()?;
    let place = engine.place(&[precision])?;
    let record = Arc::new(Mutex::new(Record::default()));
    let kept = Arc::clone(&record);
    let answer = working_for(py, progress, time, move |stop, done| {
        let opened = open(&place, done)?;
        let mut observe = |progress: &Progress| {
            done.set(progress.networks, 0);
            if stop.is_raised() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let found = || {
            let networks = Networks::new(opened.engine.as_ref(), &cell, &data, stop).map_err(no_question)?;
            let question = networks.question(&asked).map_err(no_question)?;
            locked(&kept).question = Some(question.clone());
            answer::width(&question, &mut Recorded { networks, record: kept }, &mut observe)
                .map_err(no_answer)
        };
        let answer = opened.threads.install(found);
        opened.result(answer)
    })?;
    let answer = answer.unwrap_or_else(|| py.detach(|| locked(&record).answer()));
    Ok(found(py, &answer))
}

/// What was drawn so far: what is known when the time is over in the middle of a draw that cannot be broken off.
#[derive(Default)]
struct Record {
    /// Not yet while the limit is computed.
    question: Option<Question>,
    /// In the order of the draws.
    deviations: VecDeque<Vec<f64>>,
    /// Seeds at once, by width.
    at_once: BTreeMap<u64, u64>,
}

impl Record {
    /// The answer of these draws. A search is made of its draws alone, so that it is repeated as far as they go.
    fn answer(&mut self) -> Answer {
        let nothing = Answer {
            low: 0,
            high: None,
            ending: Ending::Stopped,
            looks: vec![],
            networks: 0,
            exponent: None,
        };
        let Some(question) = self.question.take() else { return nothing };
        answer::width(&question, self, &mut |_| ControlFlow::Continue(())).unwrap_or(nothing)
    }
}

impl Draws for Record {
    type Error = Infallible;

    fn deviations(&mut self, _: u64, _: Range<u64>) -> Result<Option<Vec<f64>>, Infallible> {
        Ok(self.deviations.pop_front())
    }

    fn at_once(&mut self, width: u64) -> u64 {
        self.at_once.get(&width).copied().unwrap_or(1)
    }
}

fn locked(record: &Mutex<Record>) -> impl std::ops::DerefMut<Target = Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Networks that keep a record.
struct Recorded<'a> {
    networks: Networks<'a>,
    record: Arc<Mutex<Record>>,
}

impl Draws for Recorded<'_> {
    type Error = DrawError;

    fn deviations(&mut self, width: u64, seeds: Range<u64>) -> Result<Option<Vec<f64>>, DrawError> {
        let drawn = self.networks.deviations(width, seeds)?;
        locked(&self.record).deviations.extend(drawn.clone());
        Ok(drawn)
    }

    fn at_once(&mut self, width: u64) -> u64 {
        let seeds = self.networks.at_once(width);
        locked(&self.record).at_once.insert(width, seeds);
        seeds
    }
}

/// What cannot be asked is unusable; a limit whose eigenvalues are not found broke.
fn no_question(error: CellError) -> Failure {
    match error {
        CellError::Limit(_) => Failure::broke(&error),
        _ => Failure::unusable(&error),
    }
}

/// A network too large for the device or its memory is unusable, where nothing was drawn yet; all else broke.
fn no_answer(error: NoAnswer<DrawError>) -> Failure {
    match &error {
        NoAnswer::Question(_) => Failure::unusable(&error),
        NoAnswer::Draws { source: DrawError::Engine(EngineError::Stopped), .. } => Failure::Stopped,
        NoAnswer::Draws { source, known, .. } => match source {
            DrawError::Network(_) | DrawError::Engine(EngineError::Refused(_)) if known.networks == 0 => {
                Failure::unusable(&error)
            }
            _ => Failure::broke(&error),
        },
    }
}

fn found<'py>(py: Python<'py>, answer: &Answer) -> Found<'py> {
    let whole = |of: fn(&answer::Look) -> u64| {
        // Counts and widths, below 2⁶³.
        PyArray1::from_iter(py, answer.looks.iter().map(|look| of(look) as i64))
    };
    let real = |of: fn(&answer::Look) -> f64| PyArray1::from_iter(py, answer.looks.iter().map(of));
    let looks = (
        [whole(|look| look.width), whole(|look| look.seeds), whole(|look| look.inside)],
        [real(|look| look.low), real(|look| look.high)],
        answer.looks.iter().map(|look| look.decision.name()).collect(),
    );
    let ending = match answer.ending {
        Ending::Resolved => "resolved",
        Ending::Networks => "networks",
        Ending::Seeds => "seeds",
        Ending::Widest => "widest",
        Ending::Contradiction => "contradiction",
        // After a signal there is no answer.
        Ending::Stopped => "time",
    };
    (answer.low, answer.high, answer.networks, answer.exponent, ending, looks)
}
