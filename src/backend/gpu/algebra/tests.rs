//! The passes over small matrices against their twins on the host.

use crate::backend::gpu::adapter::{Description, Kind};
use crate::backend::gpu::device::{Device, Options};
use crate::backend::gpu::executor::Run;
use crate::backend::gpu::passes::tests::device;
use crate::backend::gpu::passes::{root, spectrum};
use crate::backend::gpu::recording::{Proxy, Recording};
use crate::backend::gpu::results;
use crate::backend::gpu::sums;
use crate::math::root::{Noise, product, root as host_root};
use crate::rng::{Role, Stream};
use crate::stats::Reference;

/// f64 and pairs of f32, in workgroup memory and in storage.
fn ways() -> [Options; 4] {
    let of =
        |f64, squares_in_storage| Options { f64, squares_in_storage, checked: true, ..Options::default() };
    [of(true, false), of(true, true), of(false, false), of(false, true)]
}

/// What a result of this device may be off by, relative to the size of the matrix.
fn rounding(device: &Device) -> f64 {
    if device.variant.f64 { 1e-15 } else { 1e-13 }
}

fn upload(recording: &mut Recording, matrices: &[Vec<f64>]) -> Proxy {
    let f64 = recording.target().variant.f64;
    recording.keep_values(&sums::encode(&matrices.concat(), f64))
}

/// As the device stores it, so that both sides start from the same matrix.
fn stored(device: &Device, matrix: Vec<f64>) -> Vec<f64> {
    sums::decode(&sums::encode(&matrix, device.variant.f64), device.variant.f64)
}

/// Rows of the largest matrix of a test. Those that only storage holds are tested once. llvmpipe before Mesa 26 leaves
/// every loop after 65 535 rounds of an invocation, which 131 rows take (and returns zeros); other software adapters
/// take too long.
fn largest(device: &Device, options: &Options) -> usize {
    let Description { kind, driver, .. } = &device.description;
    match (options.squares_in_storage && options.f64, *kind != Kind::Software || driver.contains("Mesa 26")) {
        (false, _) => 90,
        (true, false) => 100,
        (true, true) => 256,
    }
}

/// The Gram matrix of `size` normal vectors in `dim` dimensions of norms that differ by 10⁶; the third vector is zero
/// and the last is the first again. Above the diagonal is what no one may read.
fn gram(stream: &mut Stream, size: usize, dim: usize) -> Vec<f64> {
    let mut rows: Vec<Vec<f64>> = (0..size)
        .map(|i| {
            let scale = 10f64.powi([0, -3, 3][i % 3]);
            (0..dim).map(|_| if i == 2 { 0.0 } else { scale * stream.normal() }).collect()
        })
        .collect();
    if size > 3 {
        rows[size - 1] = rows[0].clone();
    }
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    (0..size * size)
        .map(|at| if at % size > at / size { f64::NAN } else { dot(&rows[at / size], &rows[at % size]) })
        .collect()
}

/// S and S⁺ of full and of singular matrices, with exact zeros where they belong, against faer.
#[test]
fn roots_are_those_of_the_host() {
    for options in ways() {
        let Some(device) = device(&options) else { return };
        let mut stream = Stream::new(9, Role::Data);
        for (size, dim) in [
            (1, 1),
            (2, 5),
            (3, 2),
            (5, 9),
            (16, 40),
            (17, 6),
            (32, 80),
            (33, 100),
            (50, 20),
            (97, 70),
            (131, 70),
            (256, 300),
        ] {
            if size > largest(&device, &options) {
                continue;
            }
            let matrices: Vec<Vec<f64>> =
                (0..3).map(|_| stored(&device, gram(&mut stream, size, dim))).collect();
            let bytes = 8 * (3 * size * size) as u64;
            let mut run = Run::new(&device);
            let recording = &mut run.recording;
            let gram = upload(recording, &matrices);
            let [half, pseudo] = [(); 2].map(|()| recording.scratch(bytes));
            let noise = Noise { panels: 1e-14, sums: 1e-14 };
            let mut worst = 0f64;
            recording.poison(half, bytes);
            root::record(recording, 3, size as u32, noise, &root::Operands { gram, half, pseudo });
            let read = run.read(&[(half, bytes), (pseudo, bytes)]).unwrap();
            let [half, pseudo] = [0, 1].map(|i| sums::decode(&read[i], device.variant.f64));
            for (at, matrix) in matrices.iter().enumerate() {
                let expected = host_root(matrix, size, noise, true).unwrap();
                let d: Vec<f64> = (0..size).map(|i| matrix[i * size + i].sqrt()).collect();
                let of = |all: &[f64]| all[at * size * size..(at + 1) * size * size].to_vec();
                let (half, pseudo) = (of(&half), of(&pseudo));
                // The inverse root is as large as the least eigenvalue that counts is small.
                let magnitude = (0..size * size).fold(1f64, |m, e| {
                    let i = e / size;
                    m.max((expected.pseudo[e] * d[i]).abs())
                });
                let bound = rounding(&device) * (size as f64) * magnitude.powi(3);
                for e in 0..size * size {
                    let (i, j) = (e / size, e % size);
                    if d[i] == 0.0 || d[j] == 0.0 {
                        assert_eq!((half[e], pseudo[e]), (0.0, 0.0), "{size} {i} {j}");
                        continue;
                    }
                    let off = ((half[e] - expected.half[e]) / d[j]).abs();
                    worst = worst.max(off / bound);
                    assert!(off <= bound, "{options:?} {size} S({i},{j}): {} {}", half[e], expected.half[e]);
                    let off = ((pseudo[e] - expected.pseudo[e]) * d[i]).abs();
                    assert!(
                        off <= bound,
                        "{options:?} {size} S⁺({i},{j}): {} {}",
                        pseudo[e],
                        expected.pseudo[e]
                    );
                }
                let again = product(&half, true, &half, size, size, size);
                for e in (0..size * size).filter(|e| e % size <= e / size) {
                    let off = (again[e] - matrix[e]).abs();
                    let bound = 30.0 * rounding(&device) * size as f64 * d[e / size] * d[e % size];
                    worst = worst.max(off / bound);
                    assert!(off <= bound, "{options:?} {size} SᵀS: {} {}", again[e], matrix[e]);
                }
            }
            println!("{} {size}: {worst:.1e} of the bound", device.variant.f64);
        }
    }
}

/// What is no number gives no number, in its own seed alone.
#[test]
fn a_broken_matrix_has_no_root() {
    for options in ways() {
        let Some(device) = device(&options) else { return };
        let size = 6;
        let identity: Vec<f64> =
            (0..size * size).map(|at| f64::from(u8::from(at % (size + 1) == 0))).collect();
        let mut broken = identity.clone();
        broken[3 * size + 1] = f64::NAN;
        let mut run = Run::new(&device);
        let recording = &mut run.recording;
        let gram = upload(recording, &[identity.clone(), broken, identity]);
        let bytes = 8 * (3 * size * size) as u64;
        let [half, pseudo] = [(); 2].map(|()| recording.scratch(bytes));
        let operands = root::Operands { gram, half, pseudo };
        root::record(recording, 3, size as u32, Noise::of_panels(1e-14), &operands);
        let read = run.read(&[(half, bytes)]).unwrap();
        let half = sums::decode(&read[0], device.variant.f64);
        let seeds: Vec<&[f64]> = half.chunks_exact(size * size).collect();
        assert!(seeds[1].iter().all(|v| v.is_nan()), "{:?}", seeds[1]);
        for seed in [seeds[0], seeds[2]] {
            assert!((0..size).all(|i| (seed[i * size + i] - 1.0).abs() < 1e-12) && seed[1] == 0.0);
        }
    }
}

/// Norms, spectrum and trace against faer, kernels of any sign and scale; a kernel off by one part in 10⁹ is told
/// apart.
#[test]
fn statistics_are_those_of_the_host() {
    for options in ways() {
        let Some(device) = device(&options) else { return };
        let mut stream = Stream::new(10, Role::Data);
        for (n, outputs, scale) in [
            (1, 1, 1.0),
            (2, 1, 1e6),
            (3, 3, 1e-6),
            (16, 1, 1.0),
            (11, 3, 1.0),
            (40, 1, 1.0),
            (49, 2, 1.0),
            (128, 2, 1.0),
        ] {
            let q = n * outputs;
            if q > largest(&device, &options) {
                continue;
            }
            let symmetric = |stream: &mut Stream, size: usize| {
                let mut matrix = vec![0.0; size * size];
                for i in 0..size {
                    for j in 0..=i {
                        let value = scale * (stream.normal() + if i == j { 3.0 } else { 0.0 });
                        matrix[i * size + j] = value;
                        matrix[j * size + i] = value;
                    }
                }
                stored(&device, matrix)
            };
            let reference = Reference::new(&symmetric(&mut stream, n), n, outputs).unwrap();
            let kernels: Vec<Vec<f64>> = (0..3).map(|_| symmetric(&mut stream, q)).collect();
            let limit: Vec<f64> = reference.limit().iter().copied().chain([1.0 / n as f64]).collect();
            let mut run = Run::new(&device);
            let recording = &mut run.recording;
            let (kernel, limit) = (upload(recording, &kernels), upload(recording, &[limit]));
            let bytes = 8 * (3 * results::RESULTS) as u64;
            let results = recording.scratch(bytes);
            recording.poison(results, bytes);
            let sizes = [n as u32, outputs as u32];
            spectrum::record(recording, 3, sizes, kernel, limit, results);
            let read = run.read(&[(results, bytes)]).unwrap();
            let found = sums::decode(&read[0], device.variant.f64);
            for (kernel, found) in kernels.iter().zip(found.chunks_exact(results::RESULTS)) {
                let compare = |kernel: &[f64]| {
                    let s = reference.measure(kernel).unwrap();
                    let expected = [
                        (results::LAMBDA_MIN, s.lambda_min),
                        (results::LAMBDA_MAX, s.lambda_max),
                        (results::TRACE, s.trace),
                        (results::DEVIATION_OP, s.deviation_op),
                        (results::DEVIATION_FRO, s.deviation_fro),
                        (results::DEVIATION_MAX, s.deviation_max),
                    ];
                    let off = expected.iter().map(|(result, e)| (found[*result] - e).abs());
                    off.fold(0f64, f64::max) / (scale * (q as f64).sqrt())
                };
                let (off, bound) = (compare(kernel), 20.0 * rounding(&device));
                println!("{} {n} {outputs}: {off:e}", device.variant.f64);
                assert!(off <= bound, "{options:?} {n} {outputs}: {off:e}");
                let mut other = kernel.clone();
                other[0] *= 1.0 + 1e-9;
                assert!(compare(&other) > bound, "{n} {outputs}: nothing would be seen");
            }
        }
    }
}
