//! The searches for widths that a directory keeps, as commands that make them again.

use std::path::Path;

use crate::answer::Norm;
use crate::cli::escape::for_shell;
use crate::model::Schedule;
use crate::sampler::SamplerChoice;
use crate::study::questions::{self, QuestionsError, WidthAnswer, WidthQuestion};

/// The commands, a line each, without a line's beginning; none where no question was asked.
pub fn commands(dir: &Path) -> Result<Vec<String>, QuestionsError> {
    Ok(questions::read(dir)?.iter().flat_map(of_question).collect())
}

/// One for all networks that differ in their depth alone.
fn of_question(question: &WidthQuestion) -> Vec<String> {
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    for answer in &question.cells {
        let rest = rest(answer);
        match lines.iter_mut().find(|(there, _)| *there == rest) {
            Some((_, depths)) => depths.push(answer.depth.to_string()),
            None => lines.push((rest, vec![answer.depth.to_string()])),
        }
    }
    let asked = asked(question);
    lines
        .into_iter()
        .map(|(rest, depths)| format!("eoc width {asked} --depth {} {rest} --out again", depths.join(",")))
        .collect()
}

/// What is asked, without what is the default.
fn asked(question: &WidthQuestion) -> String {
    let mut text = format!("--tolerance {} --confidence {}", question.tolerance, question.confidence);
    if question.norm != Norm::Op {
        text += &format!(" --norm {}", question.norm);
    }
    if question.absolute {
        text += " --absolute";
    }
    for (option, value, default) in
        [("--alpha", question.alpha, 0.05), ("--resolution", question.resolution, 1.25)]
    {
        if value != default {
            text += &format!(" {option} {value}");
        }
    }
    if question.first_seed != 0 {
        text += &format!(" --seeds {}..", question.first_seed);
    }
    text
}

/// Of which networks, but for their depth.
fn rest(answer: &WidthAnswer) -> String {
    let (data, points, constant) = source(&answer.data, answer.n);
    let mut text = format!("--activation {}", for_shell(&answer.activation.to_string()));
    if answer.schedule != Schedule::Constant {
        text += &format!(" --schedule {}", answer.schedule);
    }
    if answer.outputs != 1 {
        text += &format!(" --outputs {}", answer.outputs);
    }
    if answer.scale != 1.0 {
        text += &format!(" --scale {}", answer.scale);
    }
    text += &format!(" --data {}", for_shell(data));
    for (option, value) in [("--points", points), ("--append-constant", constant)] {
        text += &value.map_or(String::new(), |value| format!(" {option} {}", for_shell(value)));
    }
    if !answer.normalize.is_empty() {
        text += &format!(" --normalize {}", for_shell(&answer.normalize));
    }
    if answer.sampler != SamplerChoice::Auto {
        text += &format!(" --sampler {}", answer.sampler);
    }
    let precision = answer.precision.to_string();
    if precision == "f32" { text } else { text + &format!(" --precision {precision}") }
}

/// The data source of a label of n points, the rows that were selected from it and the constant that was appended to
/// them, `SOURCE[A..B] with constant C`.
pub fn source(label: &str, n: u64) -> (&str, Option<&str>, Option<&str>) {
    let (rows, constant) = match label.rsplit_once(" with constant ") {
        Some((rows, constant)) if constant.parse::<f64>().is_ok() => (rows, Some(constant)),
        _ => (label, None),
    };
    let selected = rows.strip_suffix(']').and_then(|text| text.rsplit_once('['));
    match selected {
        Some((source, points)) if is_range_of(points, n) => (source, Some(points), constant),
        _ => (rows, None, constant),
    }
}

fn is_range_of(text: &str, count: u64) -> bool {
    let ends =
        text.split_once("..").and_then(|(a, b)| Some((a.parse::<u64>().ok()?, b.parse::<u64>().ok()?)));
    ends.is_some_and(|(a, b)| b.checked_sub(a) == Some(count))
}
