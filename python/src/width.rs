//! `eoc.width`: how wide is wide enough.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use eoc_ntk::answer::{
    self, Answer, Cell, CellError, DrawError, Ending, Networks, NoAnswer, Norm, Progress, Question,
};
use eoc_ntk::backend::EngineError;
use eoc_ntk::model::ShapeError;
use numpy::PyArray1;
use pyo3::prelude::*;

use crate::argument::{Given, NetworkArguments, PointArguments, number, refused, whole, word};
use crate::device::{EngineArguments, open};
use crate::failure::Failure;
use crate::working::working;

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
            first_seed: whole("first_seed", &self.first_seed)?.unwrap_or(0),
            ..default
        };
        if !(question.error_rate > 0.0 && question.error_rate < 1.0) {
            let alpha = question.error_rate;
            return Err(refused(format!(
                "alpha is {alpha}; give a probability above 0 and below 1, such as 0.05"
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
        let time = Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero());
        time.map(Some)
            .ok_or_else(|| refused(format!("max_seconds is {seconds}; give a positive number of seconds")))
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
    let (answer, stopped) = working(py, progress, |stop, done| {
        let opened = open(&place)?;
        let begun = Instant::now();
        let mut stopped = false;
        let mut observe = |progress: &Progress| {
            done.set(progress.networks, 0);
            stopped = time.is_some_and(|most| begun.elapsed() >= most);
            if stopped || stop.is_raised() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let found = || {
            let mut networks =
                Networks::new(opened.engine.as_ref(), &cell, &data, stop).map_err(no_question)?;
            let question = networks.question(&asked).map_err(no_question)?;
            answer::width(&question, &mut networks, &mut observe).map_err(no_answer)
        };
        let answer = opened.threads.install(found);
        Ok((opened.result(answer)?, stopped))
    })?;
    Ok(shown(py, &answer, stopped))
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

fn shown<'py>(py: Python<'py>, answer: &Answer, stopped: bool) -> Found<'py> {
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
        _ if stopped => "time",
        Ending::Resolved => "resolved",
        Ending::Networks => "networks",
        Ending::Seeds => "seeds",
        Ending::Widest => "widest",
        Ending::Contradiction => "contradiction",
        Ending::Stopped => "stopped",
    };
    (answer.low, answer.high, answer.networks, answer.exponent, ending, looks)
}
