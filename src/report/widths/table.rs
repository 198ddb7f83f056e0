//! The answers to a question as a table, a kind of network a row.

use super::words::{activation, data, kind, width_answer, width_of_theorem};
use super::{Differing, width_claims};
use crate::report::layout::{Layout, paragraph};
use crate::report::short::of_claims;
use crate::report::text::Align;
use crate::study::questions::WidthQuestion;

/// What the columns of the bound are.
pub(in crate::report) const CONSTANT: &str = "constant: the tolerance, as a deviation of K/n, over the bound \
     scale·(max ‖x‖²/m_0)·(Δ^-2 + l·√m_l)·κ²·m^(-1/2) of arXiv 2501.14724, without its logarithms, at m_low + 1 and at \
     m_high; were it equal in all lines, the bound would have the right shape. theorem: the width at which that bound \
     meets the tolerance, with one constant for each φ and schedule, the geometric mean of those in its lines that are \
     decided.";

/// The table in lines of at most `room` columns, and below it in lines of at most 80 what its columns are.
pub fn width_table(question: &WidthQuestion, room: usize) -> String {
    let mut text = layout(question, false).text(room);
    if question.cells.iter().any(|answer| answer.constant.is_some()) {
        text += &paragraph("", CONSTANT, room.min(80));
    }
    text
}

/// A question with its answers, the table of them, what is open, and what was predicted of them where a built-in study
/// asks it, in lines of at most `room` columns.
pub fn width_text(question: &WidthQuestion, room: usize) -> String {
    let mut text = paragraph("", &width_answer(question), room) + "\n";
    text += &width_table(question, room);
    for answer in &question.cells {
        if let Some(open) = &answer.undecided {
            text += &paragraph("", &format!("Undecided of {}: {open}.", kind(answer)), room);
        }
    }
    let verdicts = width_verdicts(question, room);
    if verdicts.is_empty() { text } else { text + "\n" + &verdicts }
}

/// What became of the predictions of the built-in study that asks this; empty of any other question.
pub fn width_verdicts(question: &WidthQuestion, room: usize) -> String {
    let claims = width_claims(question);
    if claims.is_empty() { String::new() } else { of_claims(&claims, room) }
}

/// The table as it is typed; `full` with the symbols of theory and with the networks that were drawn. Data, scale and
/// arithmetic are columns where they differ.
pub(in crate::report) fn layout(question: &WidthQuestion, full: bool) -> Layout {
    let differing = Differing::of(question);
    let mut names = ["φ", "schedule", "m_l", "l"].map(str::to_owned).to_vec();
    let mut aligns = vec![Align::Left, Align::Left, Align::Right, Align::Right];
    let more = [("data", differing.data), ("scale", differing.scales), ("drawn by", differing.arithmetic)];
    for (name, _) in more.into_iter().filter(|(_, differs)| *differs) {
        names.push(name.to_owned());
        aligns.push(Align::Left);
    }
    let mut table = Layout::new(names, aligns)
        .group([("m_low < m* ≤ m_high", Align::Right)])
        .group([("constant", Align::Right)])
        .group([("theorem", Align::Right)]);
    if full {
        table = table.group([("networks", Align::Right)]);
    }
    for answer in &question.cells {
        let high = answer.high.map_or_else(|| "-".to_owned(), |high| high.to_string());
        let show = |v: Option<f64>| v.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"));
        let constant = answer
            .constant
            .map_or_else(|| "-".to_owned(), |[low, high]| format!("{} … {}", show(low), show(high)));
        let phi = if full { activation(answer) } else { answer.activation.to_string() };
        let mut row =
            vec![phi, answer.schedule.to_string(), answer.outputs.to_string(), answer.depth.to_string()];
        let drawn = format!("{} {}", answer.sampler, answer.precision);
        let texts = [data(answer), answer.scale.to_string(), drawn];
        row.extend(more.iter().zip(texts).filter(|((_, differs), _)| *differs).map(|(_, text)| text));
        row.extend([
            format!("{} … {high}", answer.low),
            constant,
            width_of_theorem(question, answer).map_or_else(|| "-".to_owned(), |m| format!("{m:.0}")),
        ]);
        if full {
            row.push(answer.networks.to_string());
        }
        table.push(row);
    }
    table
}
