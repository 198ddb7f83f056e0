//! Each pass against its twin in f64, element by element, with the bound that its operations allow. Here what all of
//! them use, and the small ones.

mod gram;
mod project;

use half::f16;

use super::View;
use super::draw::{self, Draw};
use super::project::{Operands, Project};
use crate::backend::gpu::adapter::{Choice, find};
use crate::backend::gpu::device::{Device, Options};
use crate::backend::gpu::executor::Run;
use crate::backend::gpu::module::Element;
use crate::backend::gpu::recording::{Proxy, Recording};
use crate::backend::gpu::sums::{self, Sums};
use crate::rng::{Role, Stream, Tensor};

/// Unit roundoff of f32.
const U: f64 = 1.0 / 16_777_216.0;
/// Unit roundoff of f16.
const U16: f64 = 1.0 / 2048.0;
const SEEDS: [u64; 3] = [5, 1 << 33, 77];

/// The adapter under test: see `tests/it/gpu/mod.rs`.
pub(in crate::backend::gpu) fn choice() -> Choice {
    std::env::var("EOC_TEST_ADAPTER").map_or(Choice::Best, Choice::Named)
}

/// The same, opened.
pub(in crate::backend::gpu) fn device(options: &Options) -> Option<Device> {
    let found = find(&choice()).map_err(|e| e.to_string());
    match found.and_then(|found| Device::open(&found, options).map_err(|e| e.to_string())) {
        Ok(device) => Some(device),
        Err(error) if std::env::var("EOC_REQUIRE_GPU").is_ok_and(|v| v == "1") => panic!("{error}"),
        Err(_) => {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "SKIPPED: a pass against its twin: no GPU adapter");
            None
        }
    }
}

fn keys(recording: &mut Recording) -> Proxy {
    recording.keep_values(&SEEDS.map(|s| [s as u32, (s >> 32) as u32]))
}

/// What a number is in memory.
fn kept(element: Element, x: f64) -> f64 {
    match element {
        Element::F32 => f64::from(x as f32),
        Element::F16 => f16::from_f64(x).to_f64(),
    }
}

/// How far a result may be from what it is rounded from.
fn rounding(element: Element, x: f64) -> f64 {
    match element {
        Element::F32 => 0.0,
        Element::F16 => U16 * x.abs() + 2f64.powi(-25),
    }
}

/// A deviate as it enters a product, and how far it may be off: a device whose deviate differs in the last bits may
/// round it to the f16 on the other side.
fn deviate(element: Element, z: f32) -> (f64, f64) {
    let z = f64::from(z);
    let ulps = 80.0 * U * z.abs().max(1.0);
    let rounded = kept(element, z);
    let off = [z - ulps, z + ulps].map(|near| (kept(element, near) - rounded).abs());
    // What is below the normal numbers of f16 rounds as the device does.
    let least = if z.abs() < 6.2e-5 { 6.2e-5 } else { 0.0 };
    (rounded, if element == Element::F16 { off[0].max(off[1]).max(least) } else { ulps })
}

/// Normal values, `[seed][row][column]` with a row stride of 64·k.
struct Values {
    rows: usize,
    stride: usize,
    element: Element,
    data: Vec<f64>,
}

impl Values {
    fn new(stream: u64, rows: usize, columns: usize) -> Self {
        Self::of(Element::F32, stream, rows, columns)
    }

    fn of(element: Element, stream: u64, rows: usize, columns: usize) -> Self {
        let stride = columns.next_multiple_of(64);
        let mut stream = Stream::new(stream, Role::Data);
        // What lies beyond the columns must never be used: it is no number.
        let data = (0..SEEDS.len() * rows * stride)
            .map(|at| if at % stride < columns { kept(element, stream.normal()) } else { f64::NAN })
            .collect();
        Self { rows, stride, element, data }
    }

    fn view(&self, recording: &mut Recording) -> View {
        let bytes = self.element.encode(self.data.chunks(self.stride), self.stride, 1.0);
        View {
            buffer: recording.keep_values(&bytes),
            seed: (self.rows * self.stride) as u32,
            row: self.stride as u32,
            element: self.element,
        }
    }

    fn at(&self, seed: usize, row: usize, column: usize) -> f64 {
        self.data[(seed * self.rows + row) * self.stride + column]
    }

    /// What the device has made of it.
    fn read(&self, mut run: Run, buffer: Proxy) -> Self {
        let bytes = self.element.bytes() * self.data.len() as u64;
        let read = run.read(&[(buffer, bytes)]).unwrap().remove(0);
        let data = match self.element {
            Element::F32 => {
                read.chunks_exact(4).map(|b| f64::from(bytemuck::pod_read_unaligned::<f32>(b))).collect()
            }
            Element::F16 => read.chunks_exact(2).map(|b| f16::from_ne_bytes([b[0], b[1]]).to_f64()).collect(),
        };
        Self { data, ..*self }
    }
}

const SLOPES: [f64; 3] = [-0.25, 0.125, 0.5];

#[test]
fn draw_fills_the_panel() {
    let Some(device) = device(&Options { checked: true, ..Options::default() }) else { return };
    let (rows, columns) = (7, 130);
    for element in [Element::F32, Element::F16] {
        if element == Element::F16 && !device.variant.f16 {
            continue;
        }
        let out = Values::of(element, 1, rows, columns);
        let mut run = Run::new(&device);
        let recording = &mut run.recording;
        let (view, keys) = (out.view(recording), keys(recording));
        let tag = Tensor::tag(Role::Forward, 2);
        let block = Draw { rows: rows as u32, columns: columns as u32, first: 500, tag, ..Draw::default() };
        draw::record(recording, SEEDS.len() as u32, block, keys, view);
        let found = out.read(run, view.buffer);
        for (seed, s) in SEEDS.iter().enumerate() {
            let tensor = Tensor::new(*s, Role::Forward, 2);
            for row in 0..rows {
                for c in 0..columns {
                    let (expected, off) = deviate(element, tensor.normal(500 + c as u32, row as u32));
                    let value = found.at(seed, row, c);
                    assert!(
                        (value - expected).abs() <= off,
                        "{element:?} {seed} {row} {c}: {value} {expected}"
                    );
                }
                // Nothing is written beyond the end.
                assert!(found.at(seed, row, columns).is_nan());
            }
        }
    }
}

/// What the device never writes is refused, and so is an empty dispatch.
#[test]
fn surviving_poison_is_an_error() {
    let Some(device) = device(&Options { checked: true, ..Options::default() }) else { return };
    let mut run = Run::new(&device);
    let total = Sums::new(&mut run.recording, "A Aᵀ", SEEDS.len() as u32, [2, 2], false, 16);
    let error = sums::read(&mut run, vec![total], &SEEDS, 4).unwrap_err().to_string();
    assert!(error.contains("seed 5, layer 4") && error.contains("entry (0, 0) of A Aᵀ"), "{error}");
    let recording = &mut run.recording;
    let (x, keys) = (Values::new(1, 1, 1).view(recording), keys(recording));
    let operands = Operands { keys, x, w: None, z: None, out: x, sums: None };
    super::project::record(recording, 0, Project::default(), &operands);
    let error = run.read(&[(x.buffer, 4)]).unwrap_err();
    assert!(error.to_string().contains("empty dispatch of project"), "{error}");
}
