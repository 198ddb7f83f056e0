//! The tuning run: for every constant its alternatives on a task of the shape that it is for, the fastest kept.

use std::time::{Duration, Instant};

use super::GpuEngine;
use super::adapter::Kind;
use super::executor::Run;
use super::module::Element;
use super::passes::fused::{self, Fused};
use super::passes::gram::{self, Gram};
use super::passes::project::{self, Project};
use super::passes::{View, root};
use super::recording::{Proxy, Recording};
use super::sums::{self, partials};
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
    /// Measures every alternative, tells each constant as it is settled, and returns the best of all. Before each
    /// alternative it tells nothing, for who wants to stop. The engine keeps the tuning that it had.
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
            self.choose(&name, &mut best, &all, set, &|r, i| task.project(r, i, rows), tell)?;
        }
        for (class, (name, rows)) in classes() {
            let set = |t: &mut Tuning, v: [u32; 2]| t.gram[class] = v;
            let all = [[4, 2], [4, 4], [4, 8], [4, 16], [8, 1], [8, 2], [8, 4], [16, 1]];
            let name = format!("gram, {name}");
            self.choose(&name, &mut best, &all, set, &|r, i| task.gram(r, i, rows), tell)?;
        }
        for (class, (name, rows)) in classes().take(2) {
            let set = |t: &mut Tuning, [v, _]: [u32; 2]| t.fused[class] = v;
            let all = [[1, 0], [2, 0], [4, 0]];
            let name = format!("forward and backward, {name}");
            self.choose(&name, &mut best, &all, set, &|r, i| task.forward(r, i, rows), tell)?;
        }
        for (class, (name, _)) in classes() {
            let set = |t: &mut Tuning, [v, _]: [u32; 2]| t.square[class] = v;
            let all = [[32, 0], [64, 0], [128, 0], [256, 0]];
            let name = format!("root and spectrum, {name}");
            self.choose(&name, &mut best, &all, set, &|r, i| task.roots(r, i, class), tell)?;
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
        task: &Recorded,
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
    fn time(&self, task: &Recorded) -> Result<f64, EngineError> {
        let mut work = Run::new(&self.device);
        let inputs = Inputs::new(&mut work.recording, seeds(self));
        let mut run = |repeats: u32| -> Result<Duration, EngineError> {
            let start = Instant::now();
            for _ in 0..repeats {
                task(&mut work.recording, &inputs);
            }
            work.read(&[(inputs.keys, 8)])?;
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
        Ok(times[ROUNDS / 2])
    }
}

type Tell<'a> = dyn FnMut(Option<&Trial>) -> Result<(), EngineError> + 'a;
/// A task, recorded once.
type Recorded<'a> = dyn Fn(&mut Recording, &Inputs) + 'a;

/// Seeds of a task: enough to fill a large card; a processor that plays one has few cores.
fn seeds(engine: &GpuEngine) -> u32 {
    if engine.device.description.kind == Kind::Software { 2 } else { 128 }
}

/// What all tasks read.
struct Inputs {
    keys: Proxy,
    /// Zeros, as many as the largest panel has.
    panel: Proxy,
    /// Gram matrices by rows, and how many there are.
    grams: [(u32, u32, Proxy); 3],
}

impl Inputs {
    fn new(recording: &mut Recording, seeds: u32) -> Self {
        let keys: Vec<[u32; 2]> = (0..seeds).map(|seed| [seed, 0]).collect();
        let keys = recording.keep_values(&keys);
        let panel = recording.keep(4 * u64::from(seeds * ROWS[2] * NEURONS));
        recording.clear(panel);
        let f64 = recording.target().variant.f64;
        let grams = ROOT_ROWS.map(|rows| {
            // About as many entries whatever the size.
            let count = (seeds * 16 * 16 / (rows * rows)).max(seeds / 8).max(1);
            let matrices = sums::encode(&matrix(rows).repeat(count as usize), f64);
            (rows, count, recording.keep_values(&matrices))
        });
        Self { keys, panel, grams }
    }

    /// A panel or small matrix of zeros.
    fn view(&self, rows: u32, columns: u32) -> View {
        View { buffer: self.panel, seed: rows * columns, row: columns, element: Element::F32 }
    }
}

/// The tasks.
struct Task<'e> {
    engine: &'e GpuEngine,
    seeds: u32,
}

impl<'e> Task<'e> {
    fn new(engine: &'e GpuEngine) -> Self {
        Self { engine, seeds: seeds(engine) }
    }

    /// Drawn weights times activations, as the direct sampler needs them.
    fn project(&self, recording: &mut Recording, inputs: &Inputs, rows: u32) {
        let buffer = recording.scratch(4 * u64::from(self.seeds * rows * NEURONS));
        let x = inputs.view(rows, NEURONS);
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
        let (keys, out) = (inputs.keys, View { buffer, ..x });
        let operands = project::Operands { keys, x, w: None, z: None, out, sums: None };
        project::record(recording, self.seeds, block, &operands);
    }

    /// The Gram matrix of a panel.
    fn gram(&self, recording: &mut Recording, inputs: &Inputs, rows: u32) {
        let x = inputs.view(rows, NEURONS);
        let partials = partials(recording, self.seeds, [rows; 2], NEURONS);
        let block = Gram {
            rows_x: rows,
            rows_y: rows,
            columns: NEURONS,
            source: gram::SOURCE_MATRIX,
            flags: gram::ACTIVATE_X | gram::ACTIVATE_Y | gram::SYMMETRIC,
            slopes: [0.5, 0.0, 1.0, 0.0],
            ..Gram::default()
        };
        let operands = gram::Operands { keys: inputs.keys, x, y: Some(x), partials };
        gram::record(recording, self.seeds, block, &operands);
    }

    /// A layer forward in one pass; backward has the same shape.
    fn forward(&self, recording: &mut Recording, inputs: &Inputs, rows: u32) {
        if !fused::fits(&self.engine.device, rows) {
            return;
        }
        let root = inputs.view(rows, rows);
        let [gram, cross] = [(); 2].map(|()| partials(recording, self.seeds, [rows; 2], NEURONS));
        let block = Fused {
            points: rows,
            across: rows,
            outputs: 1,
            columns: NEURONS,
            slopes: [0.5, 0.0, 1.0, 0.0],
            ..Fused::default()
        };
        let operands = fused::Operands { keys: inputs.keys, root, gram, cross };
        fused::forward(recording, self.seeds, block, &operands);
    }

    /// Roots of as many matrices.
    fn roots(&self, recording: &mut Recording, inputs: &Inputs, class: usize) {
        let (rows, count, gram) = inputs.grams[class];
        let [half, pseudo] = [(); 2].map(|()| recording.scratch(8 * u64::from(count * rows * rows)));
        let operands = root::Operands { gram, half, pseudo };
        root::record(recording, count, rows, Noise::of_panels(f64::EPSILON), &operands);
    }
}

/// A well-conditioned Gram matrix: 1 on the diagonal and falling off.
fn matrix(rows: u32) -> Vec<f64> {
    let rows = rows as usize;
    (0..rows * rows).map(|at| 1.0 / (1.0 + (at / rows).abs_diff(at % rows) as f64)).collect()
}
