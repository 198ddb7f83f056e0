//! What a device does at best through this interface: deviates, a large product, a large copy; for the fractions that
//! `eoc bench` prints.

use std::time::Instant;

use super::GpuEngine;
use super::adapter::Kind;
use super::executor::Run;
use super::module::Element;
use super::passes::View;
use super::passes::probe::{self, Probe};
use super::passes::project::{self, Operands, Project};
use crate::backend::EngineError;

/// Rates of one device; each the best of several rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GpuPeaks {
    /// Normal deviates a second.
    pub normals: f64,
    /// f32 operations a second of a large product by `project.wgsl`.
    pub operations: f64,
    /// Bytes a second moved (read and written) by a copy far larger than the caches.
    pub copy: f64,
}

const ROUNDS: usize = 4;

impl GpuEngine {
    /// Measures the peaks, some seconds on a software adapter.
    pub fn peaks(&self) -> Result<GpuPeaks, EngineError> {
        // A processor that plays a GPU is three orders slower: as long, not as much.
        let scale = if self.device.description.kind == Kind::Software { 1 } else { 256 };
        let best =
            |work: f64, task: &mut dyn FnMut() -> Result<(), EngineError>| -> Result<f64, EngineError> {
                let mut best = 0f64;
                for _ in 0..ROUNDS {
                    let start = Instant::now();
                    task()?;
                    best = best.max(work / start.elapsed().as_secs_f64());
                }
                Ok(best)
            };
        let (count, rounds) = (1u32 << 14, 16 * scale);
        let normals = 4.0 * f64::from(count) * f64::from(rounds);
        let block = Probe { count, rounds, ..Probe::default() };
        let normals = best(normals, &mut || probe::run(&self.device, block).map(drop))?;
        Ok(GpuPeaks { normals, operations: self.product(scale, &best)?, copy: self.copy(scale, &best)? })
    }

    fn product(&self, scale: u32, best: &Best) -> Result<f64, EngineError> {
        let (rows, inner, columns) = (64u32, 256u32, 1024 * scale.min(64));
        let mut run = Run::new(&self.device);
        let mut room = |rows: u32, row: u32| View {
            buffer: run.recording.keep_values(&vec![0.5f32; (rows * row) as usize]),
            seed: 0,
            row,
            element: Element::F32,
        };
        let (x, w, out) = (room(rows, inner), room(inner, columns), room(rows, columns));
        // The uploads are no part of a round.
        run.read(&[(out.buffer, 4)])?;
        let block = Project {
            rows,
            inner,
            columns,
            outputs: 1,
            source: project::SOURCE_MATRIX,
            ..Project::default()
        };
        let repeats = scale.div_ceil(16);
        let work = 2.0 * f64::from(rows) * f64::from(inner) * f64::from(columns) * f64::from(repeats);
        best(work, &mut || {
            let operands = Operands { keys: x.buffer, x, w: Some(w), z: None, out, sums: None };
            for _ in 0..repeats {
                project::record(&mut run.recording, 1, block, &operands);
            }
            run.read(&[(out.buffer, 4)]).map(drop)
        })
    }

    fn copy(&self, scale: u32, best: &Best) -> Result<f64, EngineError> {
        let bytes = (64u64 << 20).min(self.device.budget.binding / 4 * 4);
        let mut run = Run::new(&self.device);
        let (from, to) = (run.recording.keep(bytes), run.recording.keep(bytes));
        run.recording.clear(from);
        run.recording.copy(from, to, bytes);
        run.read(&[(to, 4)])?;
        let repeats = scale.div_ceil(8);
        best(2.0 * bytes as f64 * f64::from(repeats), &mut || {
            for _ in 0..repeats {
                run.recording.copy(from, to, bytes);
            }
            run.read(&[(to, 4)]).map(drop)
        })
    }
}

type Best<'a> = dyn Fn(f64, &mut dyn FnMut() -> Result<(), EngineError>) -> Result<f64, EngineError> + 'a;
