//! `project.wgsl` and `project_cooperative.wgsl` against the product in f64, and the range of f16.

use half::f16;

use super::{SEEDS, SLOPES, U, U16, Values, deviate, device, keys, rounding};
use crate::backend::gpu::device::{Device, Options};
use crate::backend::gpu::executor::Run;
use crate::backend::gpu::module::{Element, Pass};
use crate::backend::gpu::passes::project::{self, Operands, Project};
use crate::backend::gpu::passes::slopes as padded;
use crate::rng::{Role, Tensor};

/// Flags of a product that are tried together.
const FLAGS: [u32; 4] = [
    0,
    project::ACTIVATE_X | project::ACCUMULATE,
    project::ACTIVATE_W | project::DIFFERENTIATE,
    project::ACTIVATE_X | project::ACCUMULATE | project::PARTIAL,
];
const SOURCES: [u32; 4] =
    [project::SOURCE_ROWS, project::SOURCE_COLUMNS, project::SOURCE_MATRIX, project::SOURCE_TRANSPOSED];
/// Rows, terms and columns on both sides of every tile edge, never square.
const SHAPES: [[usize; 3]; 6] =
    [[1, 1, 1], [15, 17, 129], [17, 16, 127], [33, 31, 65], [65, 5, 257], [4, 70, 64]];

/// out = X·W with everything on, in every type.
#[test]
fn project_is_the_product() {
    for (int64, checked) in [(true, true), (false, false)] {
        let Some(device) = device(&Options { int64, checked, cooperative: false, ..Options::default() })
        else {
            return;
        };
        for shape in SHAPES {
            for source in SOURCES {
                for flags in FLAGS {
                    for (panel, x) in [
                        (Element::F32, Element::F32),
                        (Element::F16, Element::F16),
                        (Element::F16, Element::F32),
                    ] {
                        if panel == Element::F32 || device.variant.f16 {
                            check_project(&device, shape, source, flags, [panel, x], SLOPES);
                        }
                    }
                }
            }
        }
    }
}

/// The same on cooperative matrices, with slopes whose ratios are powers of two and with others; and they are used.
#[test]
fn cooperative_project_is_the_product() {
    for checked in [true, false] {
        let Some(device) = device(&Options { checked, profile: true, ..Options::default() }) else { return };
        if device.variant.cooperative.is_none() {
            use std::io::Write;
            let _ =
                writeln!(std::io::stderr(), "SKIPPED: cooperative matrices: this adapter has none for f16");
            return;
        }
        let element = [Element::F16; 2];
        for [rows, inner, columns] in [[17, 1, 1], [33, 15, 63], [31, 17, 65], [65, 33, 129], [129, 70, 257]]
        {
            for source in SOURCES {
                for flags in FLAGS {
                    // φ of W is left to project.wgsl.
                    let flags = flags & !project::ACTIVATE_W;
                    for slopes in [SLOPES, [-0.3, 0.1, 0.7]] {
                        check_project(&device, [rows, inner, columns], source, flags, element, slopes);
                    }
                }
            }
        }
        let passes = device.profile.as_ref().map(|p| p.take()).unwrap_or_default();
        if device.description.timestamps {
            assert!(passes.iter().any(|(pass, _)| *pass == Pass::ProjectCooperative), "it was never used");
            assert!(passes.iter().all(|(pass, _)| *pass != Pass::Project), "project.wgsl was used");
        }
    }
}

fn check_project(
    device: &Device,
    [rows, inner, columns]: [usize; 3],
    source: u32,
    flags: u32,
    [panel, operand]: [Element; 2],
    slopes: [f64; 3],
) {
    let drawn = source == project::SOURCE_ROWS || source == project::SOURCE_COLUMNS;
    // Activation of drawn weights has no meaning.
    let flags = if drawn { flags & !project::ACTIVATE_W } else { flags };
    let has = |flag: u32| flags & flag != 0;
    let slopes = slopes.map(|s| f64::from(s as f32));
    let slope = |z: f64| if z > 0.0 { slopes[2] } else { slopes[0] };
    let outputs = if rows % 5 == 0 { 5 } else { 1 };
    let (x, z) = (Values::of(operand, 1, rows, inner), Values::of(panel, 3, rows / outputs, columns));
    let (out, start) = (Values::of(panel, 2, rows, columns), Values::of(Element::F32, 2, rows, columns));
    let turned = source == project::SOURCE_TRANSPOSED;
    let w = if turned { Values::of(panel, 4, columns, inner) } else { Values::of(panel, 4, inner, columns) };
    let (first_inner, first_column) = (8u32, 1 << 20);
    let tensors = SEEDS.map(|s| Tensor::new(s, Role::Backward, 9));
    let weight = |seed: usize, k: usize, c: usize| {
        let (c_drawn, k_drawn) = (first_column + c as u32, first_inner + k as u32);
        match source {
            project::SOURCE_ROWS => deviate(panel, tensors[seed].normal(c_drawn, k_drawn)),
            project::SOURCE_COLUMNS => deviate(panel, tensors[seed].normal(k_drawn, c_drawn)),
            project::SOURCE_MATRIX => (w.at(seed, k, c), 0.0),
            _ => (w.at(seed, c, k), 0.0),
        }
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
        operand_slopes: padded(slopes),
        slopes: padded(slopes),
        ..Project::default()
    };
    let mut run = Run::new(device);
    let recording = &mut run.recording;
    let [x_view, z_view, w_view, out_view] = [&x, &z, &w, &out].map(|values| values.view(recording));
    let (keys, beside) = (keys(recording), start.view(recording));
    let sums = (panel == Element::F16).then_some(beside.buffer);
    let operands = Operands { keys, x: x_view, w: Some(w_view), z: Some(z_view), out: out_view, sums };
    project::record(recording, SEEDS.len() as u32, block, &operands);
    // In f16 sums that go on lie beside the result, in f32.
    let found = match sums {
        Some(sums) if has(project::PARTIAL) => start.read(run, sums),
        _ => out.read(run, out_view.buffer),
    };
    let cooperative = device.variant.cooperative.is_some() && panel == Element::F16 && rows > 16;
    let exact_ratio = (slopes[0] / slopes[2]).abs().log2().fract() == 0.0;
    for seed in 0..SEEDS.len() {
        for row in 0..rows {
            for c in 0..columns {
                let begin = if has(project::ACCUMULATE) { start.at(seed, row, c) } else { 0.0 };
                let (mut sum, mut size, mut off) = (begin, begin.abs(), 0.0);
                for k in 0..inner {
                    let (mut a, (mut b, b_off)) = (x.at(seed, row, k), weight(seed, k, c));
                    a = if has(project::ACTIVATE_X) { a * slope(a) } else { a };
                    b = if has(project::ACTIVATE_W) { b * slope(b) } else { b };
                    sum += a * b;
                    size += (a * b).abs();
                    off += (a * b_off).abs();
                }
                let mut value = found.at(seed, row, c);
                // One rounding a term and one of its operand, one a chunk; tensor cores cut off where others round.
                // Where slopes have no exact ratio, X is rounded as it enters them.
                let mut bound = U * size * 2.0 * (inner as f64 + 3.0) + off + 1e-30;
                if cooperative && has(project::ACTIVATE_X) && !exact_ratio {
                    bound += U16 * size;
                }
                if has(project::DIFFERENTIATE) {
                    let factor = slope(z.at(seed, row / outputs, c));
                    (sum, bound) = (sum * factor, bound * factor.abs() + U * (sum * factor).abs());
                }
                value -= sum;
                bound += rounding(found.element, sum);
                assert!(
                    value.abs() <= bound,
                    "{rows}x{inner}x{columns} {panel:?} {operand:?} source {source} flags {flags} at {seed},{row},{c}: \
                     off by {value}, {bound} allowed of {sum}"
                );
            }
        }
    }
}

/// B of a layer of 10⁶ and of 4·10⁹ neurons, of which some thousand are computed: no entry is flushed, each is right to
/// 2⁻¹¹, and without the power of two many would not be.
#[test]
fn nothing_is_flushed_at_great_width() {
    let Some(device) = device(&Options { checked: true, ..Options::default() }) else { return };
    if !device.variant.f16 {
        return;
    }
    let (rows, columns) = (1, 4000);
    let (top, z) = (Values::of(Element::F32, 1, rows, 1), Values::of(Element::F16, 3, rows, columns));
    let out = Values::of(Element::F16, 2, rows, columns);
    for width in [1_000_000u64, 4_000_000_000] {
        let slope = 1.0 / (width as f64).sqrt();
        // (wrong to more than 2⁻¹¹, below the normal numbers)
        let count = |lift: f64| {
            let mut run = Run::new(&device);
            let recording = &mut run.recording;
            let [x, z, out_view] = [&top, &z, &out].map(|values| values.view(recording));
            let keys = keys(recording);
            let block = Project {
                rows: rows as u32,
                inner: 1,
                columns: columns as u32,
                outputs: 1,
                source: project::SOURCE_COLUMNS,
                flags: project::DIFFERENTIATE,
                tag: Tensor::tag(Role::Weight, 4),
                slopes: padded([slope * lift; 3]),
                ..Project::default()
            };
            let operands = Operands { keys, x, w: None, z: Some(z), out: out_view, sums: None };
            project::record(recording, SEEDS.len() as u32, block, &operands);
            let found = out.read(run, out_view.buffer);
            let (mut wrong, mut flushed) = (0, 0);
            for (seed, s) in SEEDS.iter().enumerate() {
                for c in 0..columns {
                    let (w, _) = deviate(Element::F16, Tensor::new(*s, Role::Weight, 4).normal(0, c as u32));
                    let exact = top.at(seed, 0, 0) * w * slope;
                    let value = found.at(seed, 0, c);
                    // Entries that are next to nothing beside the others are no matter.
                    if exact.abs() > 4e-4 * slope {
                        wrong += usize::from((value / lift - exact).abs() > 1.001 * U16 * exact.abs());
                        flushed += usize::from(value.abs() < f16::MIN_POSITIVE.to_f64());
                    }
                }
            }
            (wrong, flushed)
        };
        assert_eq!(count(Element::F16.lift(width).into()), (0, 0), "{width}");
        let (wrong, flushed) = count(1.0);
        assert!(
            wrong > 100 && flushed > 300,
            "{width}: {wrong} wrong and {flushed} flushed without the power of two"
        );
    }
}
