//! `eoc bench --compile`: every pipeline that one GPU could need, compiled by its driver; nothing runs.

use std::cell::RefCell;

use crate::Threads;
use crate::backend::gpu::{Choice, Options, find};
use crate::backend::{EngineError, Refusal};
use crate::cli::context::Context;
use crate::cli::device::DeviceChoice;
use crate::cli::failure::{Failure, Status};
use crate::cli::tuning;
use crate::cli::units::counted;

/// What sums over neurons are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Sums {
    /// f64
    F64,
    /// Pairs of f32
    Pairs,
}

/// The GPU that is meant.
pub fn choice(device: Option<&DeviceChoice>) -> Result<Choice, Failure> {
    match device {
        Some(DeviceChoice::Gpu(choice)) => Ok(choice.clone()),
        // Any GPU may be asked what it compiles, also one that is none.
        None | Some(DeviceChoice::Auto) => Ok(Choice::Best),
        Some(DeviceChoice::Cpu | DeviceChoice::AllGpus) => Err(Failure::refused(
            "--compile is for one GPU; name it as in --device gpu:0 (eoc devices lists them)",
        )),
    }
}

/// Compiles, and prints name and time of each.
pub fn execute(
    choice: &Choice,
    sums: Option<Sums>,
    threads: &Threads,
    ctx: &Context,
) -> Result<Status, Failure> {
    let found = find(choice).map_err(|e| EngineError::from(Refusal::Adapter(e.to_string())))?;
    // A device that computes nothing may compile everything: that is what this is for.
    let f64_sums = sums.map(|sums| sums == Sums::F64);
    let options = Options { self_test: false, f64_sums, ..Options::default() };
    let engine = tuning::open_found(&found, threads, options)?;
    let description = engine.description();
    ctx.print(&format!("{}, {} {}\n", description.name, description.backend, description.driver))?;
    let stopped = RefCell::new(None);
    let (mut count, mut seconds) = (0, 0.0);
    let compiled = engine.compile(|compiled| {
        (count, seconds) = (count + 1, seconds + compiled.seconds);
        let line = format!("{:>9.1} ms  {}\n", compiled.seconds * 1e3, compiled.pipeline);
        ctx.check().and_then(|()| ctx.print(&line)).map_err(|failure| {
            stopped.replace(Some(failure));
            EngineError::Stopped
        })
    });
    if let Some(failure) = stopped.into_inner() {
        return Err(failure);
    }
    compiled?;
    ctx.print(&format!("{} in {seconds:.2} s; nothing was run\n", counted(count, "pipeline")))?;
    Ok(Status::Done)
}
