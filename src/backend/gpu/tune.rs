//! The tuning run: for every constant its alternatives on a task of the shape that it is for, the fastest kept.

use std::time::{Duration, Instant};

use super::GpuEngine;
use super::adapter::Kind;
use super::module::Element;
use super::passes::fused::{self, Fused};
use super::passes::gram::{self, Gram, PART};
use super::passes::project::{self, Project};
use super::passes::{View, root};
use super::recording::Recording;
use super::tuning::Tuning;
use crate::backend::EngineError;
use crate::math::root::Noise;

/// One constant and what was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// What is tuned, such as `gram, up to 16 rows`.
    pub what: String,
    /// Each alternative with the median of its rounds, in seconds.
    pub times: Vec<(String, f64)>,
    /// Place of the fastest.
    pub best: usize,
}

/// Timed rounds of an alternative.
const ROUNDS: usize = 5;
/// A round lasts at least this long.
const ROUND: Duration = Duration::from_millis(4);
/// Rows that stand for the three classes.
const ROWS: [u32; 3] = [16, 32, 128];
/// Those of the matrices that are factorised: the largest class is mostly of those that workgroup memory still holds.
const ROOT_ROWS: [u32; 3] = [16, 32, 48];
const ROWS_NAMES: [&str; 3] = ["up to 16 rows", "up to 32 rows", "more rows"];
/// Neurons of a task.
const NEURONS: u32 = 1024;

impl GpuEngine {
    /// Measures every alternative, tells each constant as it is settled, and returns the best of all. Before each alternative
    /// it tells nothing, for who wants to stop. The engine keeps the tuning that it had.
    pub fn tune(
        &self,
        mut tell: impl FnMut(Option<&Trial>) -> Result<(), EngineError>,
    ) -> Result<Tuning, EngineError> {
        let before = self.device.tuning();
        let found = self.search(before, &mut tell);
        self.device.set_tuning(before);
        found
    }

    fn search(&self, mut best: Tuning, tell: &mut Tell) -> Result<Tuning, EngineError> {
        let task = Task::new(self);
        let classes = || ROWS_NAMES.into_iter().zip(ROWS).enumerate();
        for (class, (name, rows)) in classes() {
            let set = |t: &mut Tuning, v: [u32; 2]| t.project[class] = v;
            let all = [[16, 4], [32, 4], [64, 4], [16, 8], [32, 8], [16, 16], [64, 2]];
            let name = format!("project, {name}");
            self.choose(&name, &mut best, &all, set, &|r| task.project(r, rows), tell)?;
        }
        for (class, (name, rows)) in classes() {
            let set = |t: &mut Tuning, v: [u32; 2]| t.gram[class] = v;
            let all = [[4, 2], [4, 4], [4, 8], [4, 16], [8, 1], [8, 2], [8, 4], [16, 1]];
            let name = format!("gram, {name}");
            self.choose(&name, &mut best, &all, set, &|r| task.gram(r, rows), tell)?;
        }
        for (class, (name, rows)) in classes().take(2) {
            let set = |t: &mut Tuning, [v, _]: [u32; 2]| t.fused[class] = v;
            let all = [[1, 0], [2, 0], [4, 0]];
            let name = format!("forward and backward, {name}");
            self.choose(&name, &mut best, &all, set, &|r| task.forward(r, rows), tell)?;
        }
        for (class, (name, _)) in classes() {
            let set = |t: &mut Tuning, [v, _]: [u32; 2]| t.square[class] = v;
            let all = [[32, 0], [64, 0], [128, 0], [256, 0]];
            let name = format!("root and spectrum, {name}");
            self.choose(&name, &mut best, &all, set, &|r| task.roots(r, class), tell)?;
        }
        Ok(best)
    }

    /// Tries the alternatives of one constant that this adapter can run and keeps the fastest.
    fn choose(
        &self,
        what: &str,
        best: &mut Tuning,
        alternatives: &[[u32; 2]],
        set: impl Fn(&mut Tuning, [u32; 2]),
        task: &dyn Fn(&mut Recording) -> Result<(), EngineError>,
        tell: &mut Tell,
    ) -> Result<(), EngineError> {
        let mut trial = Trial { what: what.to_owned(), times: Vec::new(), best: 0 };
        let mut settled = *best;
        for alternative in alternatives {
            let mut tuning = *best;
            set(&mut tuning, *alternative);
            if !tuning.runs_on(&self.device.description) {
                continue;
            }
            tell(None)?;
            self.device.set_tuning(tuning);
            let name =
                alternative.iter().filter(|v| **v > 0).map(u32::to_string).collect::<Vec<_>>().join("x");
            trial.times.push((name, self.time(task)?));
            if trial.times.last().map(|t| t.1) < trial.times.get(trial.best).map(|t| t.1)
                || trial.times.len() == 1
            {
                trial.best = trial.times.len() - 1;
                settled = tuning;
            }
        }
        *best = settled;
        tell(Some(&trial))
    }

    /// Median seconds of a task, compiled and warmed up first.
    fn time(&self, task: &dyn Fn(&mut Recording) -> Result<(), EngineError>) -> Result<f64, EngineError> {
        let flag = self.device.storage(8);
        let run = |repeats: u32| -> Result<Duration, EngineError> {
            let start = Instant::now();
            let mut recording = Recording::new(&self.device);
            for _ in 0..repeats {
                task(&mut recording)?;
            }
            recording.read(&[(&flag, 8)])?;
            Ok(start.elapsed())
        };
        run(1)?;
        // What a read-back costs by itself is spread over as many as fill a round.
        let mut repeats = 1;
        while repeats < 512 && run(repeats)? < ROUND {
            repeats *= 2;
        }
        let mut times = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            times.push(run(repeats)?.as_secs_f64() / f64::from(repeats));
        }
        times.sort_by(f64::total_cmp);
        self.device.give_back([flag]);
        Ok(times[ROUNDS / 2])
    }
}

type Tell<'a> = dyn FnMut(Option<&Trial>) -> Result<(), EngineError> + 'a;

/// The tasks: buffers that all of them share, sizes by the kind of the adapter.
struct Task<'e> {
    engine: &'e GpuEngine,
    seeds: u32,
    keys: wgpu::Buffer,
    /// Gram matrices by rows, and how many there are.
    grams: Vec<(u32, u32, wgpu::Buffer)>,
}

impl<'e> Task<'e> {
    fn new(engine: &'e GpuEngine) -> Self {
        // Enough to fill a large card; a processor that plays one has few cores.
        let seeds: u32 = if engine.device.description.kind == Kind::Software { 2 } else { 128 };
        let keys: Vec<[u32; 2]> = (0..seeds).map(|seed| [seed, 0]).collect();
        let grams = ROOT_ROWS.map(|rows| {
            // About as many entries whatever the size.
            let count = (seeds * 16 * 16 / (rows * rows)).max(seeds / 8).max(1);
            (rows, count, engine.device.upload_numbers(&matrix(rows).repeat(count as usize)))
        });
        Self { engine, seeds, keys: engine.device.upload(&keys), grams: grams.into() }
    }

    fn panel(&self, recording: &mut Recording, rows: u32) -> View {
        let buffer = recording.scratch(4 * u64::from(self.seeds * rows * NEURONS));
        View { buffer, seed: rows * NEURONS, row: NEURONS, element: Element::F32 }
    }

    /// Drawn weights times activations, as the direct sampler needs them.
    fn project(&self, recording: &mut Recording, rows: u32) -> Result<(), EngineError> {
        let (x, out) = (self.panel(recording, rows), self.panel(recording, rows));
        let block = Project {
            rows,
            inner: NEURONS / 4,
            columns: NEURONS,
            outputs: 1,
            source: project::SOURCE_ROWS,
            flags: project::ACTIVATE_X,
            operand_slopes: [0.5, 0.0, 1.0, 0.0],
            ..Project::default()
        };
        let operands = project::Operands { keys: &self.keys, x: &x, w: None, z: None, out: &out, sums: None };
        project::record(recording, self.seeds, block, &operands)?;
        [x, out].into_iter().for_each(|view| recording.retire(view.buffer));
        Ok(())
    }

    /// The Gram matrix of a panel.
    fn gram(&self, recording: &mut Recording, rows: u32) -> Result<(), EngineError> {
        let x = self.panel(recording, rows);
        let parts = u64::from(NEURONS.div_ceil(PART));
        let partials = recording.scratch(8 * u64::from(self.seeds * rows * rows) * parts);
        let flags = gram::ACTIVATE_X | gram::ACTIVATE_Y | gram::SYMMETRIC;
        let block = Gram {
            rows_x: rows,
            rows_y: rows,
            columns: NEURONS,
            source: gram::SOURCE_MATRIX,
            flags,
            slopes: [0.5, 0.0, 1.0, 0.0],
            ..Gram::default()
        };
        let operands = gram::Operands { keys: &self.keys, x: &x, y: Some(&x), partials: &partials };
        gram::record(recording, self.seeds, block, &operands)?;
        [x.buffer, partials].into_iter().for_each(|buffer| recording.retire(buffer));
        Ok(())
    }

    /// A layer forward in one pass; backward has the same shape.
    fn forward(&self, recording: &mut Recording, rows: u32) -> Result<(), EngineError> {
        if !fused::fits(&self.engine.device, rows) {
            return Ok(());
        }
        let buffer = recording.scratch(4 * u64::from(self.seeds * rows * rows));
        let root = View { buffer, seed: rows * rows, row: rows, element: Element::F32 };
        let parts = u64::from(NEURONS.div_ceil(PART));
        let [gram, cross] =
            [(); 2].map(|()| recording.scratch(8 * u64::from(self.seeds * rows * rows) * parts));
        let block = Fused {
            points: rows,
            across: rows,
            outputs: 1,
            columns: NEURONS,
            slopes: [0.5, 0.0, 1.0, 0.0],
            ..Fused::default()
        };
        let operands = fused::Operands { keys: &self.keys, root: &root, gram: &gram, cross: &cross };
        fused::forward(recording, self.seeds, block, &operands)?;
        [root.buffer, gram, cross].into_iter().for_each(|buffer| recording.retire(buffer));
        Ok(())
    }

    /// Roots of as many matrices.
    fn roots(&self, recording: &mut Recording, class: usize) -> Result<(), EngineError> {
        let (rows, count, gram) = &self.grams[class];
        let [half, pseudo] = [(); 2].map(|()| recording.scratch(8 * u64::from(count * rows * rows)));
        let operands = root::Operands { gram, half: &half, pseudo: &pseudo };
        root::record(recording, *count, *rows, Noise::of_panels(f64::EPSILON), &operands)?;
        [half, pseudo].into_iter().for_each(|buffer| recording.retire(buffer));
        Ok(())
    }
}

/// A well-conditioned Gram matrix: 1 on the diagonal and falling off.
fn matrix(rows: u32) -> Vec<f64> {
    let rows = rows as usize;
    (0..rows * rows).map(|at| 1.0 / (1.0 + (at / rows).abs_diff(at % rows) as f64)).collect()
}
