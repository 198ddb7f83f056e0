//! What a built-in study says before it starts: its claim, and what theory predicts of this very plan.

use eoc_ntk::report::{Analysis, CellSummary, StudySummary, prediction};
use eoc_ntk::study::Plan;
use eoc_ntk::study::builtin::{BUILTIN, Builtin};
use eoc_ntk::study::store::{CellRecord, LimitRecord};

use super::units::counted;

/// Columns of a line of text.
const COLUMNS: usize = 100;

/// The built-in studies, a line each, for the help.
pub fn list() -> String {
    let line = |study: &Builtin| {
        let [full, quick] = study.time;
        format!("  {:<11} {} ({full}; quick {quick})\n", study.name, study.about)
    };
    BUILTIN.iter().map(line).collect()
}

/// The numbers that theory has for the plan that will run, with the claim and the prediction of the study that it is; None
/// where options have made other networks of it, of which they may not hold.
pub fn statement(study: Option<&Builtin>, plan: &Plan, limits: &[LimitRecord]) -> String {
    let planned = |(cell, limit)| CellSummary::new(CellRecord::of(cell, limit));
    let cells = plan.cells().iter().zip(limits.iter().cloned()).map(planned).collect();
    let theory = Analysis::theory(&StudySummary { name: plan.name().to_owned(), cells });
    let seeds = plan
        .spec()
        .seeds
        .as_ref()
        .map_or_else(String::new, |s| format!(", {} each", counted(s.count(), "seed")));
    let mut work = format!("{} of network{seeds}.", counted(plan.cells().len(), "kind"));
    let mut text = format!("Study {}: ", plan.name());
    match study {
        Some(study) => {
            let [full, quick] = study.time;
            work += &format!(" The full study takes about {full} on two cores, --quick {quick}.");
            text += &format!("{}\n\n", study.about);
            text += &paragraph("Claim", study.claim);
            text += &paragraph("Prediction", study.prediction);
        }
        None => text += "networks of the options, not of the built-in study\n\n",
    }
    text += &paragraph("In numbers", NUMBERS);
    text += &prediction(&theory);
    text += &paragraph("Work", &work);
    text + "\n"
}

const NUMBERS: &str = "s.d. is the exact standard deviation of a diagonal entry K(x,x) over its mean; bound is that of \
                       arXiv 2501.14724 over ‖K∞/n‖, modulo a constant and logarithms.";

/// A word and what is to be said of it, broken into lines.
fn paragraph(head: &str, text: &str) -> String {
    let mut lines = vec![format!("{head:<12}")];
    for word in text.split_whitespace() {
        let line = lines.last_mut().map(|l| l.chars().count()).unwrap_or(0);
        if line + word.chars().count() > COLUMNS {
            lines.push(" ".repeat(12));
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(word);
            line.push(' ');
        }
    }
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use eoc_ntk::backend::Stop;
    use eoc_ntk::study::{Limits, run};

    /// Claim, prediction and numbers, in this order and in lines that a terminal has.
    #[test]
    fn every_study_states_itself() {
        for study in BUILTIN {
            let plan = Plan::new(study.spec(true)).unwrap();
            let limits = run::limits(&plan, &Limits::default(), &Stop::never()).unwrap();
            let text = statement(Some(&study), &plan, &limits);
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
            assert!(text.lines().all(|l| l.chars().count() <= COLUMNS), "{text}");
            assert!(!text.split_whitespace().any(|word| ["NaN", "inf", "-inf"].contains(&word)), "{text}");
        }
    }
}
