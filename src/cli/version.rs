//! `eoc --version`.

use eoc_ntk::backend::Engine;
use eoc_ntk::backend::cpu::CpuEngine;
use eoc_ntk::rng::LAYOUT_VERSION;

use super::context::Context;
use super::failure::{Failure, Status};

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
