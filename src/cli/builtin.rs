//! What a built-in study says before it starts: its claim, and what theory predicts of this very plan.

use eoc_ntk::report::{Analysis, CellSummary, Columns, LimitValues, StudySummary, prediction};
use eoc_ntk::study::builtin::{BUILTIN, Builtin};
use eoc_ntk::study::run::{self, RunError};
use eoc_ntk::study::store::LimitRecord;
use eoc_ntk::study::{Cell, Plan};

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

/// The claim and the prediction of a study, with the numbers of the plan that will run.
pub fn statement(study: &Builtin, plan: &Plan) -> Result<String, RunError> {
    let limits = run::limits(plan)?;
    let cells = plan.cells().iter().zip(limits).map(|(cell, limit)| planned(cell, limit)).collect();
    let theory = Analysis::theory(&StudySummary { name: plan.name().to_owned(), cells });
    let [full, quick] = study.time;
    let seeds =
        plan.spec().seeds.as_ref().map_or_else(String::new, |s| format!(", {} seeds each", s.count()));
    let kinds = match plan.cells().len() {
        1 => "1 kind of network".to_owned(),
        count => format!("{count} kinds of network"),
    };
    let work = format!("{kinds}{seeds}. The full study takes about {full} on two cores, --quick {quick}.");
    let mut text = format!("Study {}: {}\n\n", plan.name(), study.about);
    text += &paragraph("Claim", study.claim);
    text += &paragraph("Prediction", study.prediction);
    text += &paragraph("In numbers", NUMBERS);
    text += &prediction(&theory);
    text += &paragraph("Work", &work);
    Ok(text + "\n")
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

/// A cell of which no seed is finished.
fn planned(cell: &Cell, limit: LimitRecord) -> CellSummary {
    let (network, phi) = (&cell.network, cell.network.activation());
    CellSummary {
        activation: phi.to_string(),
        a: phi.a(),
        b: phi.b(),
        depth: network.depth(),
        schedule: cell.schedule.map(|s| s.to_string()),
        width: cell.width,
        hidden: network.hidden().to_vec(),
        outputs: network.outputs(),
        scale: network.scale(),
        data: cell.data.points.label().to_owned(),
        normalize: cell.data.normalize.to_string(),
        n: cell.data.points.n(),
        sampler: cell.sampler.to_string(),
        precision: cell.precision.to_string(),
        seeds: Vec::new(),
        columns: Columns::default(),
        limit: LimitValues {
            lambda_min: limit.lambda_min.unwrap_or(f64::NAN),
            lambda_max: limit.lambda_max.unwrap_or(f64::NAN),
            relative_sd_diagonal: limit.relative_sd_diagonal,
            bound: limit.bound,
        },
    }
}
