//! The memory without which a command is not begun: where the system gives no more, the process is killed in the midst
//! of it.

use super::Command;
use super::failure::Failure;
use super::units;
use crate::backend::available_memory;

/// For commands that read and write rows: what they hold does not grow with the study.
const OF_ROWS: u64 = 64 << 20;
/// For those that compute or draw, beside what depends on the networks and is asked for later: threads, their arenas,
/// fonts.
const OF_KERNELS: u64 = 96 << 20;

/// Refuses a command where less is left than any use of it takes.
pub fn check(command: &Command) -> Result<(), Failure> {
    let least = match command {
        Command::Status(_)
        | Command::Export(_)
        | Command::Merge(_)
        | Command::Slurm(_)
        | Command::Completions(_)
        | Command::Data(_) => OF_ROWS,
        _ => OF_KERNELS,
    };
    let left = available_memory();
    if left >= least {
        return Ok(());
    }
    let [least, left] = units::apart(least.into(), left.into());
    Err(Failure::refused(format!(
        "{left} of memory is left to this process, and this command takes {least} at least; raise its limits (ulimit \
         -v, ulimit -d, the memory of the batch job)"
    )))
}
