//! `eoc completions`.

use clap_complete::Shell;

use super::context::Context;
use super::failure::{Failure, Status};

/// Shown below the help.
pub const EXAMPLES: &str = "\
Example:
  eoc completions bash > ~/.local/share/bash-completion/completions/eoc";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// bash, elvish, fish, powershell or zsh
    shell: Shell,
}

/// Prints the completions.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "eoc", &mut text);
    ctx.print(&String::from_utf8_lossy(&text))?;
    Ok(Status::Done)
}
