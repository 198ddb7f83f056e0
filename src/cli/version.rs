//! `eoc --version`.

use super::context::Context;
use super::failure::{Failure, Status};
use crate::backend::Engine;
use crate::backend::cpu::CpuEngine;
use crate::rng::LAYOUT_VERSION;

/// Version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Commit it was built from, or `unknown`.
pub const COMMIT: &str = env!("EOC_COMMIT");

/// Prints version, commit, stream layout and SIMD level on one line.
pub fn execute(ctx: &Context) -> Result<Status, Failure> {
    let simd = CpuEngine::new(1)?.info().driver.clone();
    ctx.print(&format!("eoc {VERSION} (commit {COMMIT}, stream layout {LAYOUT_VERSION}, SIMD {simd})\n"))?;
    Ok(Status::Done)
}
