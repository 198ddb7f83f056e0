//! What a built-in study says before it starts: its claim, and what theory predicts of this very plan.

use std::str::FromStr;

use super::units::counted;
use crate::report::{Analysis, CellSummary, StudySummary, paragraph, prediction, prediction_of_spectra};
use crate::study::builtin::{BUILTIN, Builtin, NEEDED, UnknownStudy};
use crate::study::store::{CellRecord, LimitRecord};
use crate::study::{Plan, needed};

/// The name of all grids at once.
pub const PAPERS: &str = "papers";

/// The grids, as shells offer them.
pub const GRIDS: &[&str] = NAMES.split_at(BUILTIN.len()).0;
/// Every name, the grids first.
pub const NAMES: &[&str] = &{
    let mut names = [NEEDED; BUILTIN.len() + 2];
    let mut at = 0;
    while at < BUILTIN.len() {
        names[at] = BUILTIN[at].name;
        at += 1;
    }
    names[at + 1] = PAPERS;
    names
};

/// A built-in study as it is named.
#[derive(Clone, Copy, Debug)]
pub enum Named {
    /// A grid.
    Grid(Builtin),
    /// The search for the width that is needed.
    Needed,
    /// The quick forms of all grids, and what the papers say of them.
    Papers,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let others = |grids: UnknownStudy| {
            format!(
                "{grids}, or {NEEDED} (the search for widths), or {PAPERS} (the quick forms of all grids)"
            )
        };
        match text {
            NEEDED => Ok(Self::Needed),
            PAPERS => Ok(Self::Papers),
            name => name.parse().map(Self::Grid).map_err(others),
        }
    }
}

/// The built-in studies, a line each, for the help.
pub fn list() -> String {
    let line = |(name, about, [full, quick]): (&str, &str, [&str; 2])| {
        format!("  {name:<11} {about} ({full}; quick {quick})\n")
    };
    let grids = BUILTIN.iter().map(|study| (study.name, study.about, study.time));
    grids.chain([(NEEDED, needed::ABOUT, needed::TIME)]).map(line).collect()
}

/// The numbers that theory has for the plan that will run, with the claim and the prediction of the study that it is;
/// None where options have made other networks of it, of which they may not hold. In lines of at most `room` columns.
pub fn statement(study: Option<&Builtin>, plan: &Plan, limits: &[LimitRecord], room: usize) -> String {
    let paragraph = |head: &str, text: &str| paragraph(&format!("{head:<12}"), text, room);
    let planned = |(cell, limit)| CellSummary::new(CellRecord::of(cell, limit));
    let cells = plan.cells().iter().zip(limits.iter().cloned()).map(planned);
    let cells = cells.flat_map(CellSummary::under_every_schedule).collect();
    let theory = Analysis::theory(&StudySummary::new(plan.name(), cells));
    let seeds = plan
        .spec()
        .seeds
        .as_ref()
        .map_or_else(String::new, |s| format!(", {} each", counted(s.count(), "seed")));
    let mut work = format!("{} of network{seeds}.", counted(plan.cells().len(), "kind"));
    let title = |what: &str| crate::report::paragraph(&format!("Study {}: ", plan.name()), what, room) + "\n";
    let mut text;
    match study {
        Some(study) => {
            let [full, quick] = study.time;
            work += &format!(" The full study takes about {full} on two cores, --quick {quick}.");
            text = title(study.about);
            text += &paragraph("Claim", study.claim);
            text += &paragraph("Prediction", study.prediction);
        }
        None => text = title("networks of the options, not of the built-in study"),
    }
    text += &paragraph("In numbers", NUMBERS);
    text += &prediction(&theory, room);
    if plan.details().spectrum {
        text += &prediction_of_spectra(&theory, room);
    }
    text += &paragraph("Work", &work);
    text + "\n"
}

const NUMBERS: &str = "s.d. is the exact standard deviation of a diagonal entry K(x,x) over its mean; bound is that of \
                       arXiv 2501.14724 over ‖K∞/n‖, modulo a constant and logarithms.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Stop;
    use crate::study::{Limits, run};

    /// Claim, prediction and numbers, in this order and in lines that a terminal has.
    #[test]
    fn every_study_states_itself() {
        for study in BUILTIN {
            let plan = Plan::new(study.spec(true)).unwrap();
            let limits = run::limits(&plan, &Limits::default(), &Stop::never()).unwrap();
            let text = statement(Some(&study), &plan, &limits, 80);
            let at =
                |what: &str| text.find(what).unwrap_or_else(|| panic!("{study}: no {what:?} in\n{text}"));
            let order = [
                at(&format!("Study {study}: {}", study.about)),
                at("\nClaim "),
                at("\nPrediction "),
                at("\nIn numbers "),
                at("seeds each. The full study takes about "),
            ];
            assert!(order.is_sorted(), "{study}: {order:?}");
            assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
            assert!(!text.split_whitespace().any(|word| ["NaN", "inf", "-inf"].contains(&word)), "{text}");
        }
    }
}
