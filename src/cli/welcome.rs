//! Bare `eoc`.

use clap::Command;
use clap::builder::StyledStr;

use super::context::Context;
use super::failure::{Failure, Status};
use super::terminal;
use crate::report::paragraph;

const ABOUT: &str = "eoc samples the Neural Tangent Kernel of finite-width MLPs at the Edge Of Chaos, exactly in law, \
                     and measures how it concentrates around its infinite-width limit.";

const FIRST: &str =
    "First run, a built-in study on handwritten digits, seconds (eoc run --help lists the others):";

/// Says what the program can do, and the command for a first run.
pub fn execute(ctx: &Context) -> Result<Status, Failure> {
    ctx.print(&text(terminal::columns()))?;
    Ok(Status::Done)
}

fn text(room: usize) -> String {
    let line = |command: &Command| {
        let about = command.get_about().map(StyledStr::to_string).unwrap_or_default();
        paragraph(&format!("  eoc {:<14}", command.get_name()), &about, room)
    };
    let all = super::command();
    let commands: String = all.get_subcommands().map(line).collect();
    let first = paragraph("", FIRST, room);
    let help = paragraph("", "Every command explains itself: eoc COMMAND --help", room);
    format!("{}\n{commands}\n{first}\n  eoc run\n\n{help}", paragraph("", ABOUT, room))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_terminal_shows_it_whole() {
        for room in [40, 80, 120] {
            let text = text(room);
            assert!(text.lines().all(|line| line.chars().count() <= room), "{text}");
            assert!(text.contains("\n  eoc completions   Completions") && text.contains("\n  eoc run\n"));
        }
    }
}
