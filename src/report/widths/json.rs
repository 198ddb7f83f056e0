//! Answers for programs.

use serde::Serialize;
use serde_json::Value;

use super::words::width_of_theorem;
use crate::study::questions::{WidthAnswer, WidthQuestion};

/// What is said of an answer, whatever it is about.
#[derive(Serialize)]
struct Interval<'a> {
    m_low: u64,
    m_high: Option<u64>,
    tolerance: f64,
    confidence: f64,
    alpha: f64,
    norm: String,
    looks: Vec<Look>,
    networks: u64,
    exponent: Option<f64>,
    undecided: Option<&'a str>,
    seconds: f64,
}

#[derive(Serialize)]
struct Look {
    m: u64,
    seeds: u64,
    inside: u64,
    low: f64,
    high: f64,
    decision: &'static str,
}

/// One of several kinds of network.
#[derive(Serialize)]
struct OfKind<'a> {
    activation: String,
    depth: usize,
    schedule: String,
    outputs: usize,
    #[serde(flatten)]
    interval: Interval<'a>,
    constant: Option<[Option<f64>; 2]>,
    theorem: Option<f64>,
}

/// One of several questions.
#[derive(Serialize)]
pub(in crate::report) struct Entry<'a> {
    question: usize,
    #[serde(flatten)]
    of: OfKind<'a>,
    absolute: bool,
    resolution: f64,
    first_seed: u64,
    scale: f64,
    n: u64,
    data: &'a str,
    normalize: &'a str,
    sampler: String,
    precision: String,
}

/// Every answer of a directory; `question` counts the questions from 0, the last is the one that was asked last.
pub(in crate::report) fn entries(questions: &[WidthQuestion]) -> Vec<Entry<'_>> {
    let mut all = Vec::new();
    for (index, question) in questions.iter().enumerate() {
        all.extend(question.cells.iter().map(|answer| Entry {
            question: index,
            of: of_kind(question, answer),
            absolute: question.absolute,
            resolution: question.resolution,
            first_seed: question.first_seed,
            scale: answer.scale,
            n: answer.n,
            data: &answer.data,
            normalize: &answer.normalize,
            sampler: answer.sampler.to_string(),
            precision: answer.precision.to_string(),
        }));
    }
    all
}

/// An answer as an object of `m_low`, `m_high`, `tolerance`, `confidence`, `alpha`, `norm`, `looks`, `networks`,
/// `exponent`, `undecided`, `seconds`; one of `several` kinds of network with its kind, and beside it the constants of the
/// bound and the width of the theorem.
pub fn width_json(
    question: &WidthQuestion,
    answer: &WidthAnswer,
    several: bool,
) -> serde_json::Result<Value> {
    match several {
        false => serde_json::to_value(interval(question, answer)),
        true => serde_json::to_value(of_kind(question, answer)),
    }
}

fn of_kind<'a>(question: &WidthQuestion, answer: &'a WidthAnswer) -> OfKind<'a> {
    OfKind {
        activation: answer.activation.to_string(),
        depth: answer.depth,
        schedule: answer.schedule.to_string(),
        outputs: answer.outputs,
        interval: interval(question, answer),
        constant: answer.constant,
        theorem: width_of_theorem(question, answer),
    }
}

fn interval<'a>(question: &WidthQuestion, answer: &'a WidthAnswer) -> Interval<'a> {
    let look = |look: &crate::study::questions::WidthLook| Look {
        m: look.m,
        seeds: look.seeds,
        inside: look.inside,
        low: look.low,
        high: look.high,
        decision: answer.decision(look.m).name(),
    };
    Interval {
        m_low: answer.low,
        m_high: answer.high,
        tolerance: question.tolerance,
        confidence: question.confidence,
        alpha: question.alpha,
        norm: question.norm.to_string(),
        looks: answer.looks.iter().map(look).collect(),
        networks: answer.networks,
        exponent: answer.exponent,
        undecided: answer.undecided.as_deref(),
        seconds: answer.seconds,
    }
}
