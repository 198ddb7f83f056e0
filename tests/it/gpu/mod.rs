//! The GPU engine on whatever adapter there is; CI has lavapipe, a software adapter.
//!
//! Without an adapter these tests say SKIPPED and are counted by `scripts/test`; with EOC_REQUIRE_GPU=1, which CI sets,
//! a missing adapter is a failure. EOC_TEST_ADAPTER names another adapter than the first.

mod algebra;
mod compile;
mod faults;
mod floor;
mod half;
mod independence;
mod law;
mod parity;
mod remembered;
mod trained;

use eoc_ntk::backend::gpu::{Choice, GpuEngine, Options};

/// The adapter under test; none where there is none and none is required.
pub fn open(options: &Options) -> Option<GpuEngine> {
    let choice = match std::env::var("EOC_TEST_ADAPTER") {
        Ok(name) => Choice::Named(name),
        Err(_) => Choice::Best,
    };
    match GpuEngine::with(&choice, 2, options) {
        Ok(engine) => Some(engine),
        Err(error) if std::env::var("EOC_REQUIRE_GPU").is_ok_and(|v| v == "1") => {
            panic!("EOC_REQUIRE_GPU is set: {error}")
        }
        Err(_) => None,
    }
}

/// The same for a test that needs an adapter with 16-bit floats.
pub fn skip_half(test: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "SKIPPED: {test}: no GPU adapter with 16-bit floats");
}

/// Says that a test could not run here; written past the capture of the test harness, so that it is seen and counted.
pub fn skip(test: &str) {
    use std::io::Write;
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: {test}: no GPU adapter; install a Vulkan driver such as mesa-vulkan-drivers"
    );
}
