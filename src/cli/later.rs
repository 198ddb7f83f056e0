//! Commands of the design that are not there yet.

use std::ffi::OsString;

use super::failure::Failure;

/// Whatever was typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _rest: Vec<OsString>,
}

/// The sentence that says so.
pub fn failure(command: &str) -> Failure {
    Failure::refused(format!(
        "the command {command} is not there yet; eoc --help lists the commands that are"
    ))
}
