//! Each pass against its twin in f64, element by element, with the bound that its operations allow.

use super::View;
use super::draw::{self, Draw};
use super::gram::{self, Gram};
use super::project::{self, Operands, Project};
use crate::backend::gpu::adapter::{Choice, find};
use crate::backend::gpu::device::{Device, Options};
use crate::backend::gpu::recording::Recording;
use crate::backend::gpu::sums::{self, Sums};
use crate::rng::{Role, Stream, Tensor};

/// Unit roundoff of f32.
const U: f64 = 1.0 / 16_777_216.0;
const SEEDS: [u64; 3] = [5, 1 << 33, 77];

/// The adapter under test: see `tests/it/gpu/mod.rs`.
pub(in crate::backend::gpu) fn device(options: &Options) -> Option<Device> {
    let choice = std::env::var("EOC_TEST_ADAPTER").map_or(Choice::Best, Choice::Named);
    let found = find(&choice).map_err(|e| e.to_string());
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

fn keys(device: &Device) -> wgpu::Buffer {
    device.upload(&SEEDS.map(|s| [s as u32, (s >> 32) as u32]))
}

/// Normal f32 values, `[seed][row][column]` with a row stride of 64·k.
struct Values {
    rows: usize,
    stride: usize,
    data: Vec<f32>,
}

impl Values {
    fn new(stream: u64, rows: usize, columns: usize) -> Self {
        let stride = columns.next_multiple_of(64);
        let mut stream = Stream::new(stream, Role::Data);
        // What lies beyond the columns must never be used: it is no number.
        let data = (0..SEEDS.len() * rows * stride)
            .map(|at| if at % stride < columns { stream.normal() as f32 } else { f32::NAN })
            .collect();
        Self { rows, stride, data }
    }

    fn view(&self, device: &Device) -> View {
        View {
            buffer: device.upload(&self.data),
            seed: (self.rows * self.stride) as u32,
            row: self.stride as u32,
        }
    }

    fn at(&self, seed: usize, row: usize, column: usize) -> f64 {
        f64::from(self.data[(seed * self.rows + row) * self.stride + column])
    }
}

const SLOPES: [f64; 3] = [-0.25, 0.125, 0.5];

fn activate(z: f64) -> f64 {
    // The product is rounded to f32 on the device as here.
    f64::from((z * if z > 0.0 { SLOPES[2] } else { SLOPES[0] }) as f32)
}

fn derivative(z: f64) -> f64 {
    if z > 0.0 { SLOPES[2] } else { SLOPES[0] }
}

/// out = X·W with everything on, shapes on both sides of every tile edge: rows, terms and columns are never square.
#[test]
fn project_is_the_product() {
    for (int64, checked) in [(true, true), (false, false)] {
        let Some(device) = device(&Options { int64, checked, ..Options::default() }) else { return };
        for (rows, inner, columns) in
            [(1, 1, 1), (15, 17, 129), (17, 16, 127), (33, 31, 65), (65, 5, 257), (4, 70, 64)]
        {
            for source in [
                project::SOURCE_ROWS,
                project::SOURCE_COLUMNS,
                project::SOURCE_MATRIX,
                project::SOURCE_TRANSPOSED,
            ] {
                for flags in [
                    0,
                    project::ACTIVATE_X | project::ACCUMULATE,
                    project::ACTIVATE_W | project::DIFFERENTIATE,
                ] {
                    check_project(&device, [rows, inner, columns], source, flags);
                }
            }
        }
    }
}

fn check_project(device: &Device, [rows, inner, columns]: [usize; 3], source: u32, flags: u32) {
    let drawn = source == project::SOURCE_ROWS || source == project::SOURCE_COLUMNS;
    // Activation of drawn weights has no meaning.
    let flags = if drawn { flags & !project::ACTIVATE_W } else { flags };
    let outputs = if rows % 5 == 0 { 5 } else { 1 };
    let (x, out, z) =
        (Values::new(1, rows, inner), Values::new(2, rows, columns), Values::new(3, rows / outputs, columns));
    let turned = source == project::SOURCE_TRANSPOSED;
    let w = if turned { Values::new(4, columns, inner) } else { Values::new(4, inner, columns) };
    let (first_inner, first_column) = (8u32, 1 << 20);
    let tensors = SEEDS.map(|s| Tensor::new(s, Role::Backward, 9));
    let weight = |seed: usize, k: usize, c: usize| match source {
        project::SOURCE_ROWS => {
            f64::from(tensors[seed].normal(first_column + c as u32, first_inner + k as u32))
        }
        project::SOURCE_COLUMNS => {
            f64::from(tensors[seed].normal(first_inner + k as u32, first_column + c as u32))
        }
        project::SOURCE_MATRIX => w.at(seed, k, c),
        _ => w.at(seed, c, k),
    };
    let block = Project {
        rows: rows as u32,
        inner: inner as u32,
        columns: columns as u32,
        outputs: outputs as u32,
        source,
        flags,
        tag: Tensor::tag(Role::Backward, 9),
        first_inner,
        first_column,
        operand_slopes: super::slopes(SLOPES),
        slopes: super::slopes(SLOPES),
        ..Project::default()
    };
    let (x_view, z_view, w_view, out_view) =
        (x.view(device), z.view(device), w.view(device), out.view(device));
    let keys = keys(device);
    let operands = Operands { keys: &keys, x: &x_view, w: Some(&w_view), z: Some(&z_view), out: &out_view };
    let mut recording = Recording::new(device);
    project::record(&mut recording, SEEDS.len() as u32, block, &operands).unwrap();
    let read = recording.read(&[(&out_view.buffer, 4 * out.data.len() as u64)]).unwrap();
    let found: Vec<f32> = bytemuck::pod_collect_to_vec(&read[0]);
    for seed in 0..SEEDS.len() {
        for row in 0..rows {
            for c in 0..columns {
                let start = if flags & project::ACCUMULATE != 0 { out.at(seed, row, c) } else { 0.0 };
                let (mut sum, mut size) = (start, start.abs());
                for k in 0..inner {
                    let (mut a, mut b) = (x.at(seed, row, k), weight(seed, k, c));
                    a = if flags & project::ACTIVATE_X != 0 { activate(a) } else { a };
                    b = if flags & project::ACTIVATE_W != 0 { activate(b) } else { b };
                    sum += a * b;
                    size += (a * b).abs();
                }
                let mut value = f64::from(found[(seed * rows + row) * out.stride + c]);
                if flags & project::DIFFERENTIATE != 0 {
                    // Slopes are powers of two: undoing them is exact.
                    value /= derivative(z.at(seed, row / outputs, c));
                }
                // One rounding a term, one a chunk; deviates within 6 ulp of their radius ≤ 6.6 (measured: 0 on lavapipe).
                let deviates = if drawn { 80.0 } else { 0.0 };
                let bound = U * size * (inner as f64 + 3.0 + deviates) + 1e-30;
                let error = (value - sum).abs();
                assert!(
                    error <= bound,
                    "{rows}x{inner}x{columns} source {source} flags {flags} at {seed},{row},{c}: {value} {sum}"
                );
            }
        }
    }
}

/// Σ over neurons with both kinds of sums, all sources, against f64; a sum that is off by one part in 10⁸ of a
/// term is seen with f64 sums.
#[test]
fn gram_and_reduce_are_the_sum() {
    for f64 in [true, false] {
        let Some(device) = device(&Options { f64, checked: true, ..Options::default() }) else {
            return;
        };
        for (rows_x, rows_y, columns) in [(1, 1, 1), (16, 17, 255), (5, 3, 257), (33, 2, 513), (31, 65, 1025)]
        {
            for source in [gram::SOURCE_ROWS, gram::SOURCE_COLUMNS, gram::SOURCE_MATRIX] {
                check_gram(&device, [rows_x, rows_y, columns], source, false);
            }
            check_gram(&device, [rows_x, rows_x, columns], gram::SOURCE_MATRIX, true);
        }
    }
}

fn check_gram(device: &Device, [rows_x, rows_y, columns]: [usize; 3], source: u32, symmetric: bool) {
    let x = Values::new(1, rows_x, columns);
    let y = Values::new(if symmetric { 1 } else { 2 }, rows_y, columns);
    let first = 1u32 << 12;
    let tensors = SEEDS.map(|s| Tensor::new(s, Role::Forward, 3));
    let y_at = |seed: usize, j: usize, r: usize| match source {
        gram::SOURCE_ROWS => f64::from(tensors[seed].normal(first + r as u32, j as u32)),
        gram::SOURCE_COLUMNS => f64::from(tensors[seed].normal(j as u32, first + r as u32)),
        _ if symmetric => activate(y.at(seed, j, r)),
        _ => y.at(seed, j, r),
    };
    let block = Gram {
        columns: columns as u32,
        first_column: first,
        source,
        flags: gram::ACTIVATE_X | if symmetric { gram::ACTIVATE_Y } else { 0 },
        tag: Tensor::tag(Role::Forward, 3),
        slopes: super::slopes(SLOPES),
        ..Gram::default()
    };
    let keys = keys(device);
    let (x_view, y_view) = (x.view(device), y.view(device));
    let mut recording = Recording::new(device);
    let size = [rows_x as u32, rows_y as u32];
    let mut total = Sums::new(&mut recording, "X Yᵀ", SEEDS.len() as u32, size, symmetric, columns as u64);
    // Twice: the second time goes on from the first.
    for _ in 0..2 {
        total.add(&mut recording, &keys, block, &x_view, Some(&y_view)).unwrap();
    }
    let found = sums::read(&mut recording, vec![total], &SEEDS, 1).unwrap().remove(0);
    for (seed, found) in found.iter().enumerate() {
        for i in 0..rows_x {
            for j in 0..if symmetric { i + 1 } else { rows_y } {
                let terms = (0..columns).map(|r| activate(x.at(seed, i, r)) * y_at(seed, j, r));
                let (sum, size) = terms.fold((0.0, 0.0), |(s, a), t| (s + 2.0 * t, a + 2.0 * t.abs()));
                let deviates = if source == gram::SOURCE_MATRIX { 0.0 } else { 80.0 * U };
                // f64: rounding of as many sums. Pairs: 16 terms of a chunk in f32, then 2⁻⁴⁶ or better.
                let exact = columns as f64 * f64::EPSILON;
                let rounding = if device.variant.f64 { exact } else { 16.0 * U };
                let error = (found[i * rows_y + j] - sum).abs();
                let bound = size * (deviates + rounding) + 1e-300;
                assert!(
                    error <= bound,
                    "{rows_x}x{rows_y}x{columns} source {source}: {} {sum}",
                    found[i * rows_y + j]
                );
                let seen = !device.variant.f64 || deviates > 0.0 || 1e-8 * size / columns as f64 > bound;
                assert!(seen || columns > 1000, "the bound is too wide to see anything");
            }
        }
    }
}

/// A matrix whose partial sums are larger than a binding is summed in chunks of its rows.
#[test]
fn large_sums_are_split_over_rows() {
    let max_binding = Some(1 << 20);
    let Some(device) = device(&Options { max_binding, checked: true, ..Options::default() }) else { return };
    let (rows_x, rows_y, columns) = (205, 131, 257);
    let rows = sums::rows_of_a_chunk(&device, SEEDS.len() as u64, rows_y as u64, columns as u64);
    assert!(
        rows < rows_x as u64 && !rows.is_multiple_of(4),
        "{rows} rows fit: nothing is split, or only at tile edges"
    );
    check_gram(&device, [rows_x, rows_y, columns], gram::SOURCE_ROWS, false);
    check_gram(&device, [rows_x, rows_y, columns], gram::SOURCE_MATRIX, false);
    check_gram(&device, [rows_x, rows_x, columns], gram::SOURCE_MATRIX, true);
}

/// Pairs of f32 keep what f32 sums lose: 1 + 2⁻³⁰ + … over many chunks.
#[test]
fn pairs_of_floats_are_honest_sums() {
    let Some(device) = device(&Options { f64: false, checked: true, ..Options::default() }) else { return };
    let columns = 4096;
    let mut x = Values::new(1, 1, columns);
    // One large product, then small ones that plain f32 sums would all drop.
    for (at, value) in x.data.iter_mut().enumerate() {
        *value = if at % columns == 0 { 1.0 } else { 2f32.powi(-15) };
    }
    let mut recording = Recording::new(&device);
    let mut total = Sums::new(&mut recording, "X Xᵀ", SEEDS.len() as u32, [1, 1], true, columns as u64);
    let block = Gram { columns: columns as u32, source: gram::SOURCE_MATRIX, ..Gram::default() };
    let view = x.view(&device);
    total.add(&mut recording, &keys(&device), block, &view, Some(&view)).unwrap();
    let found = sums::read(&mut recording, vec![total], &SEEDS, 1).unwrap();
    let expected = 1.0 + 4095.0 * 2f64.powi(-30);
    // The 15 small ones beside the large one are lost in its chunk of f32.
    let lost = 15.0 * 2f64.powi(-30);
    assert!((found[0][0][0] - expected).abs() <= lost + 1e-12, "{} {expected}", found[0][0][0] - 1.0);
    assert!((found[0][0][0] - 1.0) > 3.7e-6, "the small terms are gone: a compiler saw through the barrier");
}

#[test]
fn draw_fills_the_panel() {
    let Some(device) = device(&Options { checked: true, ..Options::default() }) else { return };
    let (rows, columns) = (7, 130);
    let out = Values::new(1, rows, columns);
    let view = out.view(&device);
    let mut recording = Recording::new(&device);
    let tag = Tensor::tag(Role::Forward, 2);
    let block = Draw { rows: rows as u32, columns: columns as u32, first: 500, tag, ..Draw::default() };
    draw::record(&mut recording, SEEDS.len() as u32, block, &keys(&device), &view).unwrap();
    let read = recording.read(&[(&view.buffer, 4 * out.data.len() as u64)]).unwrap();
    let found: Vec<f32> = bytemuck::pod_collect_to_vec(&read[0]);
    for (seed, s) in SEEDS.iter().enumerate() {
        let tensor = Tensor::new(*s, Role::Forward, 2);
        for row in 0..rows {
            for c in 0..columns {
                let (value, expected) =
                    (found[(seed * rows + row) * out.stride + c], tensor.normal(500 + c as u32, row as u32));
                assert!((value - expected).abs() <= 40.0 * U as f32, "{seed} {row} {c}: {value} {expected}");
            }
            // Nothing is written beyond the end.
            assert!(found[(seed * rows + row) * out.stride + columns].is_nan());
        }
    }
}

/// What the device never writes is refused, and so is an empty dispatch.
#[test]
fn surviving_poison_is_an_error() {
    let Some(device) = device(&Options { checked: true, ..Options::default() }) else { return };
    let mut recording = Recording::new(&device);
    let total = Sums::new(&mut recording, "A Aᵀ", SEEDS.len() as u32, [2, 2], false, 16);
    let error = sums::read(&mut recording, vec![total], &SEEDS, 4).unwrap_err().to_string();
    assert!(error.contains("seed 5, layer 4") && error.contains("entry (0, 0) of A Aᵀ"), "{error}");
    let mut recording = Recording::new(&device);
    let x = Values::new(1, 1, 1).view(&device);
    let operands = Operands { keys: &keys(&device), x: &x, w: None, z: None, out: &x };
    let error = project::record(&mut recording, 0, Project::default(), &operands).unwrap_err();
    assert!(error.to_string().contains("empty dispatch of project"), "{error}");
}
