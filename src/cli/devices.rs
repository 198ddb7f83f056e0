//! `eoc devices`.

use serde_json::json;

use super::args::EngineArgs;
use super::context::Context;
use super::failure::{Failure, Status};

/// Shown below the help.
pub const EXAMPLES: &str = "\
Examples:
  eoc devices
  eoc devices --json

Sizes are in bytes. Fields that only a GPU has are null for the CPU.";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An array of objects, one per device
    #[arg(long)]
    json: bool,
}

/// Prints what there is to compute with.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let engine = EngineArgs { device: None, precision: None, threads: None }.open()?;
    let info = engine.info();
    let text = if args.json {
        let cpu = json!({
            "index": 0,
            "name": info.name,
            "backend": "cpu",
            "driver": null,
            "type": "native",
            "usable": true,
            "reason": null,
            "subgroup": null,
            "max_storage_binding": null,
            "max_buffer": null,
            "workgroup_memory": null,
            "features": { "f16": false, "f64": true, "int64": true, "timestamps": false, "cooperative": [] },
            "threads": info.threads,
            "simd": info.simd,
        });
        format!("{:#}\n", json!([cpu]))
    } else {
        format!("0  {}  native, {} threads, SIMD {}, usable\n", info.name, info.threads, info.simd)
    };
    ctx.print(&text)?;
    Ok(Status::Done)
}
