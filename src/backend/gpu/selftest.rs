//! What a device must get right before it is given work: words, deviates, and small kernels of both samplers.
//!
//! A driver may take every pipeline and every dispatch and compute nothing, or compute wrongly, without an error
//! anywhere. So a device is asked once for what the CPU knows, and refused with the first difference. Its pipelines are
//! those that small jobs use. f16 is not tried here: few jobs use it, and its pipelines are others.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::adapter::Description;
use super::passes::probe::{self, Probe};
use super::{GpuEngine, device::Device};
use crate::backend::cpu::CpuEngine;
use crate::backend::{Drawn, Engine, EngineError, Job, Precision, Refusal, Sampler, Stop, Wanted};
use crate::data::DataSet;
use crate::math::activation::Activation;
use crate::model::Network;
use crate::rng::{Role, Tensor};
use crate::stats::Reference;
use crate::units::counted;

/// Deviates: relative to the radius of their pair, some ten times what WGSL lets a device differ by.
const DEVIATE: f64 = 1e-5;
/// Kernels of f32 panels at depth 3: relative to their largest entry, a hundred times what devices differ by. A pass
/// that is wrong, or misses a term, is off by more than a hundredth.
const KERNEL: f64 = 1e-4;
/// Seeds of both halves of the key.
const SEEDS: [u64; 2] = [7, (1 << 40) + 3];
/// Three points, none near another.
const POINTS: [f64; 12] = [1.0, -0.5, 0.25, 2.0, -1.5, 0.75, 1.0, 0.5, 0.25, 2.0, -1.0, -0.75];
/// Hidden widths: more than one tile of neurons, and no whole number of them.
const HIDDEN: [u64; 2] = [40, 40];

/// Devices that have passed in this process.
static PASSED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Refuses a device that computes wrongly. Asked once in a process for each device and driver.
pub(super) fn once(engine: &GpuEngine) -> Result<(), EngineError> {
    let Description { index, name, backend, driver, .. } = engine.description();
    let identity = format!("{index}\n{name}\n{backend}\n{driver}");
    let passed = || PASSED.lock().unwrap_or_else(PoisonError::into_inner);
    let broken = !engine.device.skipped().is_empty();
    if !broken && passed().contains(&identity) {
        return Ok(());
    }
    let refused =
        |what| Refusal::SelfTest { device: name.clone(), driver: format!("{backend} {driver}"), what };
    let start = Instant::now();
    differences(engine).map_err(refused)?;
    tracing::info!("{name}: self-test passed in {:.1} ms", 1e3 * start.elapsed().as_secs_f64());
    if !broken {
        passed().insert(identity);
    }
    Ok(())
}

/// The first difference, as a sentence.
fn differences(engine: &GpuEngine) -> Result<(), String> {
    stream(&engine.device)?;
    let failed = |error: EngineError| format!("it failed ({error})");
    let data = DataSet::new(POINTS.to_vec(), 4).map_err(|e| e.to_string())?;
    // Slopes of two sizes, and two outputs, so that n·m_l is not n.
    let activation = Activation::new(0.6, 0.4).map_err(|e| e.to_string())?;
    let network = Network::new(activation, HIDDEN.to_vec(), 2).map_err(|e| e.to_string())?;
    // Any limit will do: both devices compare with the same.
    let unit = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let reference = Reference::new(&unit, 3, 2).map_err(|e| e.to_string())?;
    let cpu = CpuEngine::on(&engine.host);
    for sampler in [Sampler::Conditional, Sampler::Direct] {
        let draw = |engine: &dyn Engine, precision, wanted: &Wanted| {
            let sampling = engine.open(Job::new(&network, &data, sampler, precision))?;
            sampling.draw(&SEEDS, wanted, &Stop::never())
        };
        let both = Wanted { statistics: Some(&reference), ..Wanted::KERNEL };
        let expected = draw(&cpu, Precision::F64, &both).map_err(failed)?;
        let kernels = draw(engine, Precision::F32, &Wanted::KERNEL).map_err(failed)?;
        // Without kernels a device may take other passes.
        let alone = Wanted { statistics: Some(&reference), ..Wanted::default() };
        let statistics = draw(engine, Precision::F32, &alone).map_err(failed)?;
        for ((expected, kernel), statistics) in expected.iter().zip(&kernels).zip(&statistics) {
            let of = |what: String| format!("{what} of seed {} of the {sampler} sampler", expected.seed);
            compare(&numbers(expected, true), &numbers(kernel, true)).map_err(of)?;
            compare(&numbers(expected, false), &numbers(statistics, false)).map_err(of)?;
        }
    }
    Ok(())
}

/// What is compared of a draw, with names: its kernel, or else its statistics, and ‖N‖.
fn numbers(drawn: &Drawn, of_kernel: bool) -> Vec<(String, f64)> {
    let mut all = vec![("‖N‖".to_owned(), drawn.output_norm)];
    if of_kernel {
        let size = SIZE;
        let kernel = drawn.kernel.iter().flatten().enumerate();
        all.extend(kernel.map(|(at, k)| (format!("entry ({}, {}) of the kernel", at / size, at % size), *k)));
    } else if let Some(s) = &drawn.statistics {
        let statistics = [
            ("the trace", s.trace),
            ("the largest eigenvalue", s.lambda_max),
            ("the least eigenvalue", s.lambda_min),
            ("the deviation in operator norm", s.deviation_op),
            ("the deviation in Frobenius norm", s.deviation_fro),
            ("the largest deviation of an entry", s.deviation_max),
        ];
        all.extend(statistics.map(|(name, value)| (name.to_owned(), value)));
    }
    all
}

/// Rows of a kernel: three points, two outputs.
const SIZE: usize = 6;

/// The first of the numbers that is off, in words: `NAME was FOUND, not EXPECTED, for …`.
fn compare(expected: &[(String, f64)], found: &[(String, f64)]) -> Result<(), String> {
    let largest = expected.iter().fold(0.0f64, |m, (_, value)| m.max(value.abs()));
    if expected.len() != found.len() {
        return Err(format!("{} came back, not {},", counted(found.len(), "number"), expected.len()));
    }
    let near = |x: f64, y: f64| (x - y).abs() <= KERNEL * largest;
    match expected.iter().zip(found).find(|((_, x), (_, y))| !near(*x, *y)) {
        None => Ok(()),
        Some(((name, x), (_, y))) => Err(format!("{name} was {y}, not {x:.6},")),
    }
}

/// Words bit for bit and deviates, for some counters with every part of the key in use.
fn stream(device: &Device) -> Result<(), String> {
    let (seed, role, layer, first, group, count) = (SEEDS[1], Role::Forward, 3, 1000u32, 5u32, 70u32);
    let block = Probe {
        key_low: seed as u32,
        key_high: (seed >> 32) as u32,
        tag: Tensor::tag(role, layer),
        first,
        group,
        count,
        rounds: 1,
        pad_0: 0,
    };
    let (words, normals) = probe::run(device, block).map_err(|error| format!("it failed ({error})"))?;
    let tensor = Tensor::new(seed, role, layer);
    for (row, (words, normals)) in (first..first + count).zip(words.iter().zip(&normals)) {
        let expected = tensor.words([row], [group]).map(|word| word[0]);
        if let Some(k) = (0..4).find(|&k| words[k] != expected[k]) {
            return Err(format!("word {k} of row {row} was {:#010x}, not {:#010x}", words[k], expected[k]));
        }
        let expected = tensor.normals([row], [group]).map(|normal| f64::from(normal[0]));
        let off = |k: usize| {
            let radius = expected[k / 2 * 2].hypot(expected[k / 2 * 2 + 1]);
            (f64::from(normals[k]) - expected[k]).abs() > DEVIATE * radius || !normals[k].is_finite()
        };
        if let Some(k) = (0..4).find(|&k| off(k)) {
            return Err(format!("deviate {k} of row {row} was {}, not {:.6}", normals[k], expected[k]));
        }
    }
    Ok(())
}
