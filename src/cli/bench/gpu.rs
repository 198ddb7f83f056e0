//! A GPU beside the CPU engine, and its passes by timestamps.

use std::fmt::Write;

use super::case::{Case, batch_seconds, seeds};
use crate::Threads;
use crate::backend::cpu::CpuEngine;
use crate::backend::gpu::{Choice, GpuEngine, GpuPeaks, Options, Pass, PassTime, find};
use crate::backend::{Engine, EngineError, Precision, Refusal};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::progress::Meter;
use crate::cli::terminal;
use crate::cli::tuning;
use crate::cli::units::counted;
use crate::report::{Align, Layout};

/// Batches of a case by pass, beside those that are timed as a whole.
pub const BY_PASS: u64 = 2;

/// The arithmetic of the CPU beside a GPU: it has no f16.
pub fn beside(precision: Precision) -> Precision {
    match precision {
        Precision::F16 => Precision::F32,
        precision => precision,
    }
}

/// The passes of one batch of a case on a device with timestamps.
pub fn passes_of(
    timed: &GpuEngine,
    case: &Case,
    seeds: &[u64],
    ctx: &Context,
) -> Result<Vec<(Pass, PassTime)>, Failure> {
    let sampling = case.open(timed, case.precision)?;
    // The first batch compiles.
    sampling.statistics(seeds, &case.reference, ctx.stop())?;
    timed.take_profile();
    sampling.statistics(seeds, &case.reference, ctx.stop())?;
    Ok(timed.take_profile())
}

/// A GPU, its peaks, and what it is compared with.
pub struct Bench {
    engine: GpuEngine,
    /// The same device once more, with timestamps: they cost time of their own.
    timed: GpuEngine,
    cpu: CpuEngine,
    peaks: GpuPeaks,
}

impl Bench {
    /// Opens and measures.
    pub fn new(choice: &Choice, threads: &Threads) -> Result<Self, Failure> {
        let found = find(choice).map_err(|e| EngineError::from(Refusal::Adapter(e.to_string())))?;
        let engine = tuning::open_found(&found, threads, Options::default())?;
        let timed = tuning::open_found(&found, threads, Options { profile: true, ..Options::default() })?;
        let peaks = engine.peaks()?;
        Ok(Self { engine, timed, cpu: CpuEngine::on(threads), peaks })
    }

    /// The device, and the same with timestamps.
    pub fn engines(&self) -> (&GpuEngine, &GpuEngine) {
        (&self.engine, &self.timed)
    }

    /// Device, peaks and how to read the tables.
    pub fn head(&self) -> String {
        let info = self.engine.info();
        format!(
            "{}, {}, {} for the small algebra; beside cpu, {}\n\
             peaks: {:.0} M normals/s, {:.0} GFLOP/s (f32 product), {:.1} GB/s (copy)\n\
             sums over neurons in {}; {} ({})\n",
            info.name,
            info.driver,
            counted(info.threads, "thread"),
            self.cpu.info().driver,
            self.peaks.normals / 1e6,
            self.peaks.operations / 1e9,
            self.peaks.copy / 1e9,
            if self.engine.description().has_fast_f64() { "f64" } else { "pairs of f32" },
            info.tuning,
            if tuning::load(self.engine.description()).is_some() {
                "tuned"
            } else {
                "not tuned: eoc bench --tune"
            },
        )
    }

    /// Times of a case on both, and the passes of one batch.
    pub fn lines(
        &self,
        case: &Case,
        rounds: u32,
        meter: &mut Meter,
        ctx: &Context,
    ) -> Result<String, Failure> {
        let (gpu, _) = case.time(case.open(&self.engine, case.precision)?.as_ref(), rounds, meter, ctx)?;
        let beside = beside(case.precision);
        let label = if beside == case.precision { String::new() } else { format!(" in {beside}") };
        let (cpu, _) = case.time(case.open(&self.cpu, beside)?.as_ref(), rounds, meter, ctx)?;
        let mut text = format!(
            "\n{} {}: {} ms per seed; cpu{label} {}; cpu : gpu {:.3}\n",
            case.name(),
            case.sampler,
            gpu.text(),
            cpu.text(),
            cpu.median / gpu.median
        );
        let sampling = case.open(&self.timed, case.precision)?;
        let seeds = seeds(sampling.as_ref());
        let passes = passes_of(&self.timed, case, &seeds, ctx)?;
        meter.advance(BY_PASS, BY_PASS as f64 * batch_seconds(sampling.plan()));
        if passes.is_empty() {
            let timed = self.timed.description().timestamps;
            let why = if timed {
                "nothing of so small a case runs on the device"
            } else {
                "this device has no timestamps"
            };
            let _ = writeln!(text, "  no times by pass: {why}");
            return Ok(text);
        }
        let total: f64 = passes.iter().map(|(_, time)| time.seconds).sum();
        let right = |name| (name, Align::Right);
        let mut table = Layout::new(vec!["pass".to_owned()], vec![Align::Left])
            .group(["dispatches", "us per seed", "share"].map(right))
            .group(["GFLOP/s", "of peak"].map(right))
            .group(["GB/s", "of copy"].map(right))
            .group(["Mnormal/s", "of peak"].map(right))
            .group([("binds", Align::Left)]);
        for (pass, time) in &passes {
            table.push(self.row(pass.name(), time, total, seeds.len() as f64));
        }
        Ok(text + &table.text(terminal::columns()))
    }

    /// What a pass takes and reaches, in the columns of the table.
    fn row(&self, name: &str, time: &PassTime, total: f64, seeds: f64) -> Vec<String> {
        let rate = |amount: f64| if time.seconds > 0.0 { amount / time.seconds } else { 0.0 };
        let percent = |x: f64| format!("{:.0} %", 100.0 * x);
        let fractions = [
            ("operations", rate(time.operations) / self.peaks.operations),
            ("traffic", rate(time.bytes) / self.peaks.copy),
            ("normals", rate(time.normals) / self.peaks.normals),
        ];
        let binds = fractions.iter().max_by(|x, y| x.1.total_cmp(&y.1)).map_or("", |f| f.0);
        vec![
            name.to_owned(),
            time.dispatches.to_string(),
            format!("{:.2}", 1e6 * time.seconds / seeds),
            percent(time.seconds / total),
            format!("{:.1}", rate(time.operations) / 1e9),
            percent(fractions[0].1),
            format!("{:.2}", rate(time.bytes) / 1e9),
            percent(fractions[1].1),
            format!("{:.0}", rate(time.normals) / 1e6),
            percent(fractions[2].1),
            binds.to_owned(),
        ]
    }
}
