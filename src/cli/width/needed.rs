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

/// What it varies, and its time in full and quick on two cores.
pub const ABOUT: &str = "width needed by depth, constant and quadratic";
pub const TIME: [&str; 2] = ["10 minutes", "1 minute"];

const NETWORKS: &str =
    "--activation abs --activation relu --schedule constant,quadratic --data digits:n=8 --resolution 1.5";
const FULL: &str = "--depth 2,4,8,16 --tolerance 0.1 --confidence 0.95";
const QUICK: &str = "--depth 2,4,8 --tolerance 0.2 --confidence 0.9";

const CLAIM: &str = "widths m_k = k²·m suffice at every depth l: over ‖K∞/n‖ the bound asks for an m that does not \
                     grow with l, and for constant widths for one that grows as l².";
const PREDICTION: &str = "the m that is needed of quadratic widths stays bounded in l. That of constant widths grows; \
                          by the exact spread of K(x,x) as l, as long as it is far above the depth. Which is less, |s| \
                          or ReLU: |s|, whose bound is the smaller one.";

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
    let line = format!("{} {NETWORKS}", if quick { QUICK } else { FULL });
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

/// One for both forms, which share networks.
fn default_directory(args: &Args) -> Result<PathBuf, Failure> {
    let cells = args.cells()?;
    let first = cells.first().ok_or_else(|| Failure::refused("no kind of network"))?;
    let name = Kept::directory_name(args.spec(first)?).map_err(Failure::unusable)?;
    Ok(Path::new("eoc-runs").join(name))
}
