//! Bare `eoc`.

use super::context::Context;
use super::failure::{Failure, Status};

const TEXT: &str = "\
eoc samples the Neural Tangent Kernel of finite-width MLPs at the Edge Of Chaos,
exactly in law, and measures how it concentrates around its infinite-width
limit.

  eoc run           a grid of networks times seeds, with table and figure
  eoc limit         the limit kernel, its spectrum by depth, and the bound
  eoc sample        the kernels themselves, one per seed
  eoc weights       the weights of a seed
  eoc kernel        the kernel of given weights
  eoc data          a data source as a file
  eoc merge         shards of a study into one run
  eoc export        the sample rows of a run, or mean and spread of its kernels
  eoc slurm         a study as a Slurm array with a merge job
  eoc status        how far a run is, and how to make it or a sample again
  eoc devices       the devices of this machine
  eoc bench         work, rate and fraction of the peak
  eoc completions   completions for your shell

First run, a built-in study on handwritten digits, seconds
(eoc run --help lists the others):

  eoc run

Every command explains itself: eoc COMMAND --help
";

/// Says what the program can do, and the command for a first run.
pub fn execute(ctx: &Context) -> Result<Status, Failure> {
    ctx.print(TEXT)?;
    Ok(Status::Done)
}
