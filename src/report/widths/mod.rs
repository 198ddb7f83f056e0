//! How wide is wide enough: the questions that a run directory was asked, in words, as tables and figures, and for
//! programs. Everything here follows from the answers that are kept there ([`WidthQuestion`]).

mod claims;
mod figures;
mod json;
mod table;
mod words;

pub use claims::width_claims;
pub use figures::needed_figures;
pub(super) use figures::{remove_others, stems};
pub use json::width_json;
pub(super) use json::{Entry, entries};
pub(super) use table::{CONSTANT, layout};
pub use table::{width_table, width_text, width_verdicts};
pub(super) use words::{data, kind};
pub use words::{width_answer, width_of_theorem, width_question};

use crate::study::questions::{WidthAnswer, WidthQuestion};

/// What the networks of a question differ in, beside their depth.
struct Differing {
    schedules: bool,
    outputs: bool,
    data: bool,
    scales: bool,
    arithmetic: bool,
}

impl Differing {
    fn of(question: &WidthQuestion) -> Self {
        let several = |of: fn(&WidthAnswer) -> String| {
            let mut all = question.cells.iter().map(of);
            let first = all.next();
            all.any(|other| Some(other) != first)
        };
        Self {
            schedules: several(|a| a.schedule.to_string()),
            outputs: several(|a| a.outputs.to_string()),
            data: several(|a| format!("{} {} {}", a.data, a.normalize, a.n)),
            scales: several(|a| a.scale.to_string()),
            arithmetic: several(|a| format!("{} {}", a.sampler, a.precision)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Norm;
    use crate::sampler::SamplerChoice;
    use crate::study::questions::WidthLook;

    /// Within 10 % with probability 0.9.
    pub(super) fn question(cells: Vec<WidthAnswer>) -> WidthQuestion {
        WidthQuestion {
            tolerance: 0.1,
            confidence: 0.9,
            norm: Norm::Op,
            absolute: false,
            alpha: 0.05,
            resolution: 1.5,
            first_seed: 0,
            cells,
        }
    }

    pub(super) fn answer(activation: &str, depth: usize, low: u64, high: Option<u64>) -> WidthAnswer {
        WidthAnswer {
            key: format!("{activation} {depth}"),
            activation: activation.parse().unwrap(),
            depth,
            schedule: crate::model::Schedule::Constant,
            outputs: 1,
            scale: 1.0,
            sampler: SamplerChoice::Auto,
            precision: crate::backend::Precision::F32,
            data: "digits:n=8".to_owned(),
            normalize: "sphere".to_owned(),
            n: 8,
            low,
            high,
            looks: vec![WidthLook { m: low + 1, seeds: 40, inside: 38, low: 0.8, high: 1.0 }],
            networks: 100,
            exponent: None,
            constant: Some([Some(0.25), high.map(|_| 0.5)]),
            undecided: high.is_none().then(|| "how far above".to_owned()),
            seconds: 1.0,
        }
    }
}
