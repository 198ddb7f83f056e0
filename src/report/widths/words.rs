//! A question and an answer in words, and the width that the theorem's shape asks for.

use crate::answer::Norm;
use crate::report::text;
use crate::study::questions::{WidthAnswer, WidthQuestion};

/// What is asked of a width, from a small letter on.
pub fn width_question(question: &WidthQuestion) -> String {
    let (t, p) = (question.tolerance, question.confidence);
    match (question.norm, question.absolute) {
        (Norm::LambdaMin, _) => {
            format!(
                "with probability at least {p} the least eigenvalue of the kernel is at least {} times that of its \
                 limit",
                (1e12 * (1.0 - t)).round() / 1e12
            )
        }
        (norm, true) => format!(
            "with probability at least {p} the kernel over n is within {t} ({}) of its limit",
            norm.words()
        ),
        (norm, false) => {
            format!(
                "with probability at least {p} the kernel is within {} % ({}) of its limit",
                percent(t),
                norm.words()
            )
        }
    }
}

/// T in per cent without the digits that the product adds.
fn percent(tolerance: f64) -> String {
    let text = format!("{:.10}", 100.0 * tolerance);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The answer in a sentence.
fn statement(question: &WidthQuestion, answer: &WidthAnswer) -> String {
    let within = capital(&width_question(question));
    let (low, alpha) = (answer.low, question.alpha);
    match answer.high {
        Some(high) if high - low == 1 => {
            format!("{within} from width m* = {high} on (error rate {alpha} in all).")
        }
        Some(high) => format!("{within} from width m* on, {low} < m* ≤ {high} (error rate {alpha} in all)."),
        None if low == 0 => format!("{within} from a width m* on of which nothing is decided yet."),
        None => format!("{within} from width m* on, m* > {low} (error rate {alpha} in all)."),
    }
}

/// One answer in a sentence, or what is said in every line of a table of several.
pub fn width_answer(question: &WidthQuestion) -> String {
    match &question.cells[..] {
        [one] => statement(question, one),
        _ => format!(
            "In every line m* is the smallest width from which on {}, with an error rate of {} for each line by itself.",
            width_question(question),
            question.alpha
        ),
    }
}

/// The same words with a capital.
fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// The width at which the bound with one constant for all networks of this activation and schedule (on the same data, of
/// the same scale) meets the tolerance. The bound falls as m^-1/2 exactly, so that the constant of a line grows as √m. A
/// line that is not decided says nothing of it: its middle would be that of all widths that were not looked at.
pub fn width_of_theorem(question: &WidthQuestion, one: &WidthAnswer) -> Option<f64> {
    let [low, _] = one.constant?;
    let of = |a: &WidthAnswer| {
        let phi = [a.activation.a(), a.activation.b(), a.scale].map(f64::to_bits);
        (phi, a.schedule, a.data.clone(), a.normalize.clone())
    };
    let line = question.cells.iter().filter(|a| a.undecided.is_none() && of(a) == of(one));
    let logs: Vec<f64> = line
        .filter_map(|a| match a.constant? {
            [Some(low), Some(high)] => Some(0.5 * (low * high).ln()),
            _ => None,
        })
        .collect();
    let constant = (logs.iter().sum::<f64>() / logs.len() as f64).exp();
    let width = (one.low + 1) as f64 * (constant / low?).powi(2);
    width.is_finite().then_some(width)
}

/// The activation as a theorist writes it.
pub(super) fn activation(answer: &WidthAnswer) -> String {
    text::symbol(&answer.activation.to_string(), answer.activation.a(), answer.activation.b())
}

/// The points of an answer in words.
pub(in crate::report) fn data(answer: &WidthAnswer) -> String {
    match answer.normalize.as_str() {
        "" | "none" => answer.data.clone(),
        how => format!("{} on the {how}", answer.data),
    }
}

/// Which networks an answer is about, in words.
pub(in crate::report) fn kind(answer: &WidthAnswer) -> String {
    let outputs = crate::units::counted(answer.outputs, "output");
    let (phi, schedule, depth) = (activation(answer), answer.schedule, answer.depth);
    format!("{phi}, {schedule} widths, {outputs}, depth {depth}")
}
