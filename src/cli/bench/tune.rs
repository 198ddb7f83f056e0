//! `eoc bench --tune`: the constants of the shaders that are fastest on one GPU, measured and kept.

use std::cell::RefCell;

use crate::Threads;
use crate::backend::gpu::{Choice, GpuEngine, Options, Trial, find};
use crate::backend::{EngineError, Refusal};
use crate::cli::context::Context;
use crate::cli::escape::shown;
use crate::cli::failure::{Failure, Status};
use crate::cli::tuning;

/// Measures, prints every alternative and keeps the best.
pub fn execute(choice: &Choice, threads: &Threads, ctx: &Context) -> Result<Status, Failure> {
    tuning::check_folder()?;
    // From the defaults, not from an earlier tuning: the same start gives the same search.
    let found = find(choice).map_err(|e| EngineError::from(Refusal::Adapter(e.to_string())))?;
    let engine = GpuEngine::on(&found, threads, &Options::default())?;
    let description = engine.description();
    ctx.account(&format!("{}, {} {}\n", description.name, description.backend, description.driver))?;
    let stopped = RefCell::new(None);
    let found = engine.tune(|trial| {
        let told = |trial| ctx.account(&line(trial));
        ctx.check().and_then(|()| trial.map_or(Ok(()), told)).map_err(|failure| {
            stopped.replace(Some(failure));
            EngineError::Stopped
        })
    });
    if let Some(failure) = stopped.into_inner() {
        return Err(failure);
    }
    let best = found?;
    let path = tuning::save(engine.description(), best)?;
    ctx.print(&format!("{best}\nkept in {}\n", shown(&path)))?;
    Ok(Status::Done)
}

/// One constant: the alternatives from the fastest on.
fn line(trial: &Trial) -> String {
    let mut times: Vec<&(String, f64)> = trial.times.iter().collect();
    times.sort_by(|x, y| x.1.total_cmp(&y.1));
    let all: Vec<String> = times.iter().map(|(name, time)| format!("{name} {:.3} ms", time * 1e3)).collect();
    format!("{}: {}\n", trial.what, all.join(", "))
}
