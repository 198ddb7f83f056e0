//! `gram.wgsl` and `reduce.wgsl` against the sums in f64.

use super::{SEEDS, SLOPES, U, Values, deviate, device, keys};
use crate::backend::gpu::device::{Device, Options};
use crate::backend::gpu::executor::Run;
use crate::backend::gpu::module::Element;
use crate::backend::gpu::passes::gram::{self, Gram};
use crate::backend::gpu::passes::slopes;
use crate::backend::gpu::sums::{self, Sums};
use crate::rng::{Role, Tensor};

fn activate(z: f64) -> f64 {
    // The product is rounded to f32 on the device as here.
    f64::from((z * if z > 0.0 { SLOPES[2] } else { SLOPES[0] }) as f32)
}

/// Σ over neurons with both kinds of sums, all sources, against f64; a sum that is off by one part in 10⁸ of a
/// term is seen with f64 sums.
#[test]
fn gram_and_reduce_are_the_sum() {
    for (f64, f64_sums) in [(true, true), (true, false), (false, false)] {
        let options = Options { f64, f64_sums: Some(f64_sums), checked: true, ..Options::default() };
        let Some(device) = device(&options) else { return };
        for (rows_x, rows_y, columns) in
            [(1, 1, 1), (16, 17, 255), (5, 3, 257), (33, 2, 2600), (31, 65, 1025)]
        {
            for element in [Element::F32, Element::F16] {
                if element == Element::F16 && !device.variant.f16 {
                    continue;
                }
                for source in [gram::SOURCE_ROWS, gram::SOURCE_COLUMNS, gram::SOURCE_MATRIX] {
                    check_gram(&device, element, [rows_x, rows_y, columns], source, false);
                }
                check_gram(&device, element, [rows_x, rows_x, columns], gram::SOURCE_MATRIX, true);
            }
        }
    }
}

fn check_gram(
    device: &Device,
    element: Element,
    [rows_x, rows_y, columns]: [usize; 3],
    source: u32,
    symmetric: bool,
) {
    let x = Values::of(element, 1, rows_x, columns);
    let y = Values::of(element, if symmetric { 1 } else { 2 }, rows_y, columns);
    let first = 1u32 << 12;
    let tensors = SEEDS.map(|s| Tensor::new(s, Role::Forward, 3));
    let y_at = |seed: usize, j: usize, r: usize| match source {
        gram::SOURCE_ROWS => deviate(element, tensors[seed].normal(first + r as u32, j as u32)),
        gram::SOURCE_COLUMNS => deviate(element, tensors[seed].normal(j as u32, first + r as u32)),
        _ if symmetric => (activate(y.at(seed, j, r)), 0.0),
        _ => (y.at(seed, j, r), 0.0),
    };
    let block = Gram {
        columns: columns as u32,
        first_column: first,
        source,
        flags: gram::ACTIVATE_X | if symmetric { gram::ACTIVATE_Y } else { 0 },
        tag: Tensor::tag(Role::Forward, 3),
        slopes: slopes(SLOPES),
        ..Gram::default()
    };
    let mut run = Run::new(device);
    let recording = &mut run.recording;
    let keys = keys(recording);
    let (x_view, y_view) = (x.view(recording), y.view(recording));
    let size = [rows_x as u32, rows_y as u32];
    let mut total = Sums::new(recording, "X Yᵀ", SEEDS.len() as u32, size, symmetric, columns as u64);
    // Twice: the second time goes on from the first.
    for _ in 0..2 {
        total.add(recording, keys, block, x_view, Some(y_view));
    }
    let found = sums::read(&mut run, vec![total], &SEEDS, 1).unwrap().remove(0);
    for (seed, found) in found.iter().enumerate() {
        for i in 0..rows_x {
            for j in 0..if symmetric { i + 1 } else { rows_y } {
                let (mut sum, mut size, mut off) = (0.0, 0.0, 0.0);
                for r in 0..columns {
                    let (a, (b, b_off)) = (activate(x.at(seed, i, r)), y_at(seed, j, r));
                    (sum, size) = (sum + 2.0 * a * b, size + 2.0 * (a * b).abs());
                    off += 2.0 * (a * b_off).abs();
                }
                // f64: rounding of as many sums. Pairs: 16 terms of a chunk in f32, then 2⁻⁴⁶ or better.
                let exact = columns as f64 * f64::EPSILON;
                let rounding = if device.variant.f64_sums { exact } else { 16.0 * U };
                let error = (found[i * rows_y + j] - sum).abs();
                let bound = size * rounding + off + 1e-300;
                assert!(
                    error <= bound,
                    "{rows_x}x{rows_y}x{columns} {element:?} source {source}: {} {sum}",
                    found[i * rows_y + j]
                );
                let seen = !device.variant.f64_sums || off > 0.0 || 1e-8 * size / columns as f64 > bound;
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
    let rows =
        sums::rows_of_a_chunk(device.budget.binding, SEEDS.len() as u64, rows_y as u64, columns as u64);
    assert!(
        rows < rows_x as u64 && !rows.is_multiple_of(4),
        "{rows} rows fit: nothing is split, or only at tile edges"
    );
    check_gram(&device, Element::F32, [rows_x, rows_y, columns], gram::SOURCE_ROWS, false);
    check_gram(&device, Element::F32, [rows_x, rows_y, columns], gram::SOURCE_MATRIX, false);
    check_gram(&device, Element::F32, [rows_x, rows_x, columns], gram::SOURCE_MATRIX, true);
}

/// Pairs of f32 keep what f32 sums lose: 1 + 2⁻³⁰ + … over many chunks.
#[test]
fn pairs_of_floats_are_honest_sums() {
    for f64 in [false, true] {
        let options = Options { f64, f64_sums: Some(false), checked: true, ..Options::default() };
        let Some(device) = device(&options) else { return };
        check_pairs(&device);
    }
}

fn check_pairs(device: &Device) {
    let columns = 4096;
    let mut x = Values::new(1, 1, columns);
    // One large product, then small ones that plain f32 sums would all drop.
    for (at, value) in x.data.iter_mut().enumerate() {
        *value = if at % columns == 0 { 1.0 } else { 2f64.powi(-15) };
    }
    let mut run = Run::new(device);
    let recording = &mut run.recording;
    let mut total = Sums::new(recording, "X Xᵀ", SEEDS.len() as u32, [1, 1], true, columns as u64);
    let block = Gram { columns: columns as u32, source: gram::SOURCE_MATRIX, ..Gram::default() };
    let (view, keys) = (x.view(recording), keys(recording));
    total.add(recording, keys, block, view, Some(view));
    let found = sums::read(&mut run, vec![total], &SEEDS, 1).unwrap();
    let expected = 1.0 + 4095.0 * 2f64.powi(-30);
    // The 15 small ones beside the large one are lost in its chunk of f32.
    let lost = 15.0 * 2f64.powi(-30);
    assert!((found[0][0][0] - expected).abs() <= lost + 1e-12, "{} {expected}", found[0][0][0] - 1.0);
    assert!((found[0][0][0] - 1.0) > 3.7e-6, "the small terms are gone: a compiler saw through the barrier");
}
