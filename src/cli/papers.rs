//! `eoc run --study papers`: the quick form of every built-in study, and one table of what the papers say and what was
//! found.

use std::path::PathBuf;

use super::builtin::PAPERS;
use super::context::Context;
use super::escape::shown;
use super::failure::{Failure, Status};
use super::output;
use super::run::{Args, Asked, study};
use super::terminal;
use crate::report::Claim;
use crate::report::papers::{papers_json, papers_table};
use crate::study::builtin::BUILTIN;

/// The table, and what machines read of it.
const FILES: [&str; 2] = ["papers.txt", "papers.json"];
/// Columns of the table in its file.
const COLUMNS: usize = 80;

/// Runs or resumes every study in a directory of its own, then says what the papers say and what was found.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    if args.dry_run || args.shard.is_some() {
        return Err(Failure::refused(
            "--study papers runs every built-in study, one after another; give --dry-run and --shard one of them by \
             its name",
        ));
    }
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from("eoc-runs").join(PAPERS));
    output::check_directory(&out, &format!("run of --study {PAPERS}"), is_ours)?;
    let mut found: Vec<(&'static str, Vec<Claim>)> = Vec::new();
    for builtin in BUILTIN {
        let asked =
            Asked { builtin: Some(builtin), quick: true, out: Some(out.join(builtin.name)), brief: true };
        found.push((builtin.name, study(args, &asked, ctx)?.claims));
    }
    let json = papers_json(&found).map_err(Failure::running)?;
    for (name, text) in FILES.into_iter().zip([papers_table(&found, COLUMNS), json.clone()]) {
        let cannot = |e: std::io::Error| anyhow::Error::from(e).context(format!("cannot write {name}"));
        crate::files::write(&out.join(name), text.as_bytes()).map_err(|e| Failure::running(cannot(e)))?;
    }
    if args.json {
        ctx.write(&json)?;
        return Ok(Status::Done);
    }
    let files = FILES.join(", ");
    let table = papers_table(&found, terminal::columns());
    ctx.print(&format!("\n{table}\nRun directories: {}/NAME; beside them {files}\n", shown(&out)))?;
    Ok(Status::Done)
}

/// Whether a file or directory is one of an earlier run of this command.
fn is_ours(name: &str) -> bool {
    FILES.contains(&name) || BUILTIN.iter().any(|study| study.name == name)
}
