//! `eoc devices`.

use serde_json::{Value, json};

use super::args::ThreadArgs;
use super::context::Context;
use super::failure::{Failure, Status};
use super::remedy::driver_files;
use super::terminal;
use super::units::counted;
use crate::Threads;
use crate::backend::cpu::{CPU, CpuEngine};
use crate::backend::gpu::{self, Description};
use crate::backend::{DeviceInfo, Engine};
use crate::report::paragraph;

/// Shown below the help.
pub const EXAMPLES: &str = "\
The number before a GPU is its INDEX in --device gpu:INDEX. Type is discrete, integrated, virtual, software (a processor
that plays a GPU: right, but slower than the CPU engine, so --device auto never takes it), other, or native (the CPU).

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
    let threads = ThreadArgs::default().start()?;
    let engine = CpuEngine::on(&threads);
    let gpus = gpu::list();
    let text = if args.json {
        format!("{:#}\n", described(&gpus, engine.info()))
    } else {
        let room = terminal::columns();
        let mut text: String = gpus.iter().map(|gpu| line(gpu, room)).collect();
        let info = engine.info();
        let cpu = format!("{CPU}: native, {}, SIMD {}, usable", counted(info.threads, "thread"), info.driver);
        text += &paragraph(&format!("{}  ", gpus.len()), &cpu, room);
        if gpus.is_empty() {
            let cure = driver_files().unwrap_or_else(|| gpu::CURE.to_owned());
            text += &paragraph("", &format!("No GPU was found; {cure}."), room);
        }
        text
    };
    ctx.print(&text)?;
    Ok(Status::Done)
}

/// The devices of this machine as `eoc devices --json` prints them.
pub fn json(threads: &Threads) -> Value {
    described(&gpu::list(), CpuEngine::on(threads).info())
}

fn described(gpus: &[Description], info: &DeviceInfo) -> Value {
    let mut all: Vec<Value> = gpus.iter().map(adapter).collect();
    all.push(cpu(gpus.len(), info));
    all.into()
}

fn line(d: &Description, room: usize) -> String {
    let usable =
        d.reason.as_ref().map_or_else(|| "usable".to_owned(), |reason| format!("not usable: {reason}"));
    let has = [(d.f64, "f64"), (d.f16, "f16"), (d.int64, "int64"), (d.timestamps, "timestamps")];
    let has: Vec<&str> = has.iter().filter(|h| h.0).map(|h| h.1).collect();
    let said = format!(
        "{}: {}, {} ({}), {}, {usable}",
        d.name,
        d.kind,
        d.backend,
        d.driver,
        if has.is_empty() { "f32 only".to_owned() } else { has.join(" ") }
    );
    paragraph(&format!("{}  ", d.index), &said, room)
}

fn adapter(d: &Description) -> Value {
    json!({
        "index": d.index,
        "name": d.name,
        "backend": d.backend,
        "driver": d.driver,
        "type": d.kind.to_string(),
        "usable": d.reason.is_none(),
        "reason": d.reason,
        "subgroup": d.subgroup,
        "max_storage_binding": d.max_storage_binding,
        "max_buffer": d.max_buffer,
        "workgroup_memory": d.workgroup_memory,
        "features": {
            "f16": d.f16,
            "f64": d.f64,
            "int64": d.int64,
            "timestamps": d.timestamps,
            "cooperative": d.cooperative,
        },
    })
}

fn cpu(index: usize, info: &DeviceInfo) -> Value {
    json!({
        "index": index,
        "name": CPU,
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
        "simd": info.driver,
    })
}
