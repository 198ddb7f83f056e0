//! `eoc completions`: of a shell on stdout; or of all shells, with the man pages, where they are looked for.

use std::path::{Path, PathBuf};

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use super::context::Context;
use super::failure::{Failure, Status};
use super::units::counted;

/// Shown below the help.
pub const EXAMPLES: &str = "\
Examples:
  eoc completions bash > ~/.local/share/bash-completion/completions/eoc
  eoc completions --install
  eoc completions --install /usr/local";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// bash, elvish, fish, powershell or zsh
    #[arg(required_unless_present = "install")]
    shell: Option<Shell>,
    /// Write completions and man pages below this directory [default: ~/.local]
    ///
    /// The completions of bash, fish and zsh and a man page of every command, below share; the directory is made where
    /// it is missing.
    #[arg(long, value_name = "PREFIX", num_args = 0..=1, conflicts_with = "shell", value_hint = clap::ValueHint::DirPath)]
    install: Option<Option<PathBuf>>,
}

/// Prints the completions, or writes the files.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    if let Some(shell) = args.shell {
        ctx.print(&String::from_utf8_lossy(&completions(shell)))?;
        return Ok(Status::Done);
    }
    let prefix = match args.install.clone().flatten() {
        Some(prefix) => prefix,
        None => home()
            .ok_or_else(|| Failure::refused("there is no home directory; give --install a directory"))?,
    };
    let share = prefix.join("share");
    let shells = [
        ("bash-completion/completions/eoc", Shell::Bash),
        ("fish/vendor_completions.d/eoc.fish", Shell::Fish),
        ("zsh/site-functions/_eoc", Shell::Zsh),
    ];
    for (path, shell) in shells {
        write(&share.join(path), &completions(shell))?;
    }
    let pages = pages().map_err(Failure::running)?;
    for (name, page) in &pages {
        write(&share.join("man/man1").join(name), page)?;
    }
    ctx.print(&format!(
        "{}: completions of bash, fish and zsh, {}\n",
        share.display(),
        counted(pages.len(), "man page")
    ))?;
    Ok(Status::Done)
}

fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "eoc", &mut text);
    text
}

/// `~/.local`.
fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").filter(|home| !home.is_empty()).map(|home| Path::new(&home).join(".local"))
}

/// The man page of the program and one of each command, by file name.
fn pages() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut all = super::command().version(super::version::VERSION);
    // Gives every command its name on a page and in a line.
    all.build();
    let page = |command: &Command| {
        let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
        let mut text = Vec::new();
        Man::new(command.clone()).title(&name).render(&mut text)?;
        Ok((format!("{name}.1"), text))
    };
    std::iter::once(&all).chain(all.get_subcommands()).map(page).collect()
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::running(anyhow::Error::from(error).context(format!("cannot write {}", path.display())))
    };
    path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(failed)?;
    crate::files::write(path, bytes).map_err(failed)
}
