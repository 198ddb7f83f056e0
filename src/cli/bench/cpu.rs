//! The CPU engine: shares of draws, factorisation, norms and the rest.

use std::time::Instant;

use super::case::Case;
use crate::backend::Engine;
use crate::backend::cpu::{CpuEngine, Peaks};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::progress::Meter;
use crate::cli::units::counted;
use crate::math::root::{Noise, root};
use crate::sampler::Sampler;

/// Device, peaks and the head of the table.
pub fn head(engine: &CpuEngine, peaks: &Peaks) -> String {
    let info = engine.info();
    format!(
        "{}, {}, {}\n\
         peaks: {:.0} M normals/s, {:.0} GFLOP/s (f32 product), {:.1} GB/s (copy)\n\n\
         n,m_l,l,m       sampler      ms per seed (least, greatest)  GFLOP/s  of peak\n\
         {:16}Mnormal/s  draws  factor  norms  rest  binds\n",
        info.name,
        counted(info.threads, "thread"),
        info.driver,
        peaks.normals / 1e6,
        peaks.operations / 1e9,
        peaks.copy / 1e9,
        ""
    )
}

/// A case in the table, two lines.
pub fn line(
    engine: &CpuEngine,
    case: &Case,
    rounds: u32,
    peaks: &Peaks,
    meter: &mut Meter,
    ctx: &Context,
) -> Result<String, Failure> {
    let sampling = case.open(engine, case.precision)?;
    let (times, sample) = case.time(sampling.as_ref(), rounds, meter, ctx)?;
    let plan = sampling.plan();
    let threads = engine.info().threads as f64;
    // Shares, in seconds of one worker.
    let total = times.median * threads;
    let redrawn = if plan.keep { 1.0 } else { 2.0 };
    let draws = redrawn * plan.normals * threads / peaks.normals;
    let [n, _, depth, _] = case.sizes;
    let factor = match case.sampler {
        Sampler::Direct => 0.0,
        Sampler::Conditional => {
            let of = |matrix: &[f64], size, pseudo| {
                timed(|| root(matrix, size, Noise::of_panels(f64::EPSILON), pseudo).is_ok())
            };
            let each = of(case.limit.nngp(), n as usize, true) + of(&sample.kernel, case.q(), false);
            depth.saturating_sub(2) as f64 * each
        }
    };
    let spectra = timed(|| case.reference.measure(&sample.kernel).is_ok());
    let rest = (total - draws - factor - spectra).max(0.0);
    let parts =
        [("draws", draws), ("factorisation", factor), ("norms", spectra), ("products and traffic", rest)];
    let binds = parts.iter().max_by(|x, y| x.1.total_cmp(&y.1)).map_or("", |p| p.0);
    let share = |part: f64| format!("{:.0} %", 100.0 * part / total);
    let rate = plan.operations / times.median;
    Ok(format!(
        "{:<15} {:<12} {:<30} {:>7.1} {:>8}\n{:25.0} {:>6} {:>7} {:>6} {:>5}  {binds}\n",
        case.name(),
        case.sampler.to_string(),
        times.text(),
        rate / 1e9,
        format!("{:.0} %", 100.0 * rate / peaks.operations),
        plan.normals / times.median / 1e6,
        share(draws),
        share(factor),
        share(spectra),
        share(rest)
    ))
}

/// Median seconds of several calls.
fn timed(mut call: impl FnMut() -> bool) -> f64 {
    let mut times: Vec<f64> = (0..9)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(call());
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
