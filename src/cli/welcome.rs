//! Bare `eoc`.

use super::context::Context;
use super::failure::{Failure, Status};
use super::terminal;
use crate::report::paragraph;

const ABOUT: &str = "eoc samples the Neural Tangent Kernel of finite-width MLPs at the Edge Of Chaos, exactly in law, and \
                     measures how it concentrates around its infinite-width limit.";

const COMMANDS: [(&str, &str); 13] = [
    ("run", "a grid of networks times seeds, with table and figure"),
    ("limit", "the limit kernel, its spectrum by depth, and the bound"),
    ("sample", "the kernels themselves, one per seed"),
    ("weights", "the weights of a seed"),
    ("kernel", "the kernel of given weights"),
    ("data", "a data source as a file"),
    ("merge", "shards of a study into one run"),
    ("export", "the sample rows of a run, or mean and spread of its kernels"),
    ("slurm", "a study as a Slurm array with a merge job"),
    ("status", "how far a run is, and how to make it or a sample again"),
    ("devices", "the devices of this machine"),
    ("bench", "work, rate and fraction of the peak"),
    ("completions", "completions for your shell"),
];

const FIRST: &str =
    "First run, a built-in study on handwritten digits, seconds (eoc run --help lists the others):";

/// Says what the program can do, and the command for a first run.
pub fn execute(ctx: &Context) -> Result<Status, Failure> {
    ctx.print(&text(terminal::columns()))?;
    Ok(Status::Done)
}

fn text(room: usize) -> String {
    let commands =
        COMMANDS.map(|(name, about)| paragraph(&format!("  eoc {name:<14}"), about, room)).concat();
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
            assert!(
                text.contains("\n  eoc completions   completions for your") && text.contains("\n  eoc run\n")
            );
        }
    }
}
