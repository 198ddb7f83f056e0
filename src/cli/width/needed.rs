//! The built-in study `needed`: the width that is needed, against the depth. It is a question to `eoc width`, with a
//! directory.

use std::path::{Path, PathBuf};

use clap::Parser;

use super::{Args, execute};
use crate::cli::args::EngineArgs;
use crate::cli::context::Context;
use crate::cli::failure::{Failure, Status};
use crate::cli::terminal;
use crate::report::paragraph;
use crate::study::builtin::NEEDED;
use crate::study::kept::Kept;
use crate::study::needed::{ABOUT, ACTIVATIONS, CLAIM, FORMS, Form, PREDICTION, SOURCE};

/// Options as typed after `eoc width`.
#[derive(clap::Parser)]
#[command(no_binary_name = true)]
struct Typed {
    #[command(flatten)]
    args: Args,
}

/// Runs it.
pub fn needed(
    quick: bool,
    out: Option<&Path>,
    json: bool,
    engine: &EngineArgs,
    ctx: &Context,
) -> Result<Status, Failure> {
    let [full, short] = &FORMS;
    let line = line(if quick { short } else { full });
    let typed =
        Typed::try_parse_from(line.split_whitespace()).map_err(|e| Failure::running(anyhow::anyhow!(e)))?;
    let mut args = Args { json, engine: engine.clone(), ..typed.args };
    let out = match out {
        Some(out) => out.to_owned(),
        None => default_directory(&args)?,
    };
    let words = ["width".to_owned()].into_iter().chain(line.split_whitespace().map(str::to_owned));
    args.words = Some(words.chain(["--out".to_owned(), out.display().to_string()]).collect());
    args.out = Some(out);
    if !json {
        let room = terminal::columns();
        let mut text = format!("Study {NEEDED}: {ABOUT}\n\n");
        text += &paragraph(&format!("{:<12}", "Claim"), CLAIM, room);
        text += &paragraph(&format!("{:<12}", "Prediction"), PREDICTION, room);
        text += &paragraph(&format!("{:<12}", "Work"), &format!("eoc width {line}"), room);
        ctx.account(&format!("{text}\n"))?;
    }
    execute(&args, ctx)
}

/// What it is behind `eoc width`.
fn line(form: &Form) -> String {
    let depths = form.depths.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    let activations = ACTIVATIONS.map(|phi| format!("--activation {phi}")).join(" ");
    format!(
        "--depth {depths} --tolerance {} --confidence {} {activations} --schedule constant,quadratic --data {SOURCE} \
         --resolution 1.5",
        form.tolerance, form.confidence
    )
}

/// One for both forms, which share networks.
fn default_directory(args: &Args) -> Result<PathBuf, Failure> {
    let cells = args.cells()?;
    let first = cells.first().ok_or_else(|| Failure::refused("no kind of network"))?;
    let name = Kept::directory_name(args.spec(first)?).map_err(Failure::unusable)?;
    Ok(Path::new("eoc-runs").join(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::activation::Activation;
    use crate::model::Schedule;

    /// What the library knows of the study is what is asked.
    #[test]
    fn the_question_is_that_of_the_study() {
        let typed = [
            "--depth 2,4,8,16 --tolerance 0.1 --confidence 0.95 --activation abs --activation relu --schedule \
             constant,quadratic --data digits:n=8 --resolution 1.5",
            "--depth 2,4,8 --tolerance 0.2 --confidence 0.9 --activation abs --activation relu --schedule \
             constant,quadratic --data digits:n=8 --resolution 1.5",
        ];
        for (typed, form) in typed.into_iter().zip(FORMS) {
            let line = line(&form);
            assert_eq!(line, typed);
            let args = Typed::try_parse_from(line.split_whitespace()).unwrap().args;
            let asked = args.question();
            assert_eq!((asked.tolerance, asked.probability), (form.tolerance, form.confidence));
            assert_eq!(args.data.data.last().unwrap().to_string(), SOURCE);
            let cells = args.cells().unwrap();
            let of = |phi: Activation, schedule, depth| {
                cells.iter().filter(|c| (c.activation, c.schedule, c.depth) == (phi, schedule, depth)).count()
            };
            let all = ACTIVATIONS.iter().flat_map(|phi| {
                let schedules = [Schedule::Constant, Schedule::Quadratic];
                schedules.map(|schedule| {
                    form.depths.iter().map(move |depth| of(*phi, schedule, *depth)).sum::<usize>()
                })
            });
            assert_eq!(all.sum::<usize>(), cells.len());
            assert_eq!(cells.len(), 4 * form.depths.len());
        }
    }
}
