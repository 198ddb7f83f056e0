//! Kernels of given parameters in the standard parameterization, biases included, against the Jacobian.

use eoc_ntk::backend::cpu::CpuEngine;
use eoc_ntk::backend::{Drawn, EngineError, ExplicitKernel, Precision, Stop, Wanted};
use eoc_ntk::data::DataSet;
use eoc_ntk::data::weights::{LayerWeights, Theta};
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::Parameterization;

use super::support::trained::{entry, jacobian, kernel, outputs, parameters};
use super::support::{points, relative};

fn phi(text: &str) -> Activation {
    text.parse().unwrap()
}

fn rows(data: &DataSet) -> Vec<&[f64]> {
    (0..data.n()).map(|i| data.row(i)).collect()
}

fn standard(layers: &[LayerWeights]) -> Theta {
    Theta::new(layers.to_vec(), Parameterization::Standard)
}

/// Rows of several norms, one of them zero.
fn uneven(n: usize, dim: usize) -> DataSet {
    let base = points(n, dim, 3);
    let factor = |i: usize| [1.0, 0.0, 30.0, 1e-3][i % 4];
    let values =
        rows(&base).into_iter().enumerate().flat_map(|(i, row)| row.iter().map(move |x| x * factor(i)));
    DataSet::new(values.collect(), dim).unwrap()
}

#[test]
fn the_kernel_of_a_network_with_biases_is_that_of_its_jacobian() {
    let engine = CpuEngine::new(2).unwrap();
    let check = |name: &str, sizes: &[usize], biased: &dyn Fn(usize) -> bool, n: usize| {
        let (layers, data) = (parameters(sizes, biased, 5), uneven(n, sizes[0]));
        let expected = jacobian(phi(name), &layers, &rows(&data));
        let values = outputs(phi(name), &layers, &rows(&data));
        let norm = values.iter().map(|f| f * f).sum::<f64>().sqrt();
        let expected: Vec<f64> = kernel(&expected).iter().map(|k| 0.75 * k).collect();
        let of = |layers: &[LayerWeights], precision| {
            let kernel =
                ExplicitKernel::new(&engine, phi(name), standard(layers), 0.75, sizes[0], precision).unwrap();
            let wanted = Wanted { matrices: true, ..Wanted::KERNEL };
            kernel.draw(&data, &wanted, &Stop::never(), &|| {}).unwrap()
        };
        for (precision, bound) in [(Precision::F64, 1e-14), (Precision::F32, 1e-6)] {
            let Drawn { kernel: found, output_norm, matrices, .. } = of(&layers, precision);
            let error = relative(&found.unwrap(), &expected);
            assert!(error < bound, "{name} {sizes:?} {precision}: {error}");
            assert!((output_norm - norm).abs() <= bound * norm, "{name} {sizes:?}: {output_norm} {norm}");
            // The terms of the layers add up to the kernel.
            let (matrices, q) = (matrices.unwrap(), n * sizes[sizes.len() - 1]);
            let mut sum = vec![0.0; q * q];
            let terms = matrices.activations.chunks(n * n).zip(matrices.gradients.chunks(q * q));
            for (activations, gradients) in terms {
                for at in 0..q * q {
                    let (i, j) = (at / q * n / q, at % q * n / q);
                    sum[at] += 0.75 * activations[i * n + j] * gradients[at];
                }
            }
            assert!(relative(&sum, &expected) < bound, "{name} {sizes:?} {precision}: terms");
        }
        // The comparison sees a weight or a bias that is off by 1e-6, and a bias that nobody trains.
        for k in 0..layers.len() - 1 {
            let mut wrong = layers.clone();
            match &mut wrong[k].bias {
                Some(bias) => bias[0] += 1e-6,
                None => wrong[k].matrix.values[0] += 1e-6,
            }
            let error = relative(&of(&wrong, Precision::F64).kernel.unwrap(), &expected);
            assert!(error > 1e-13, "{name} {sizes:?}: a change in layer {} goes unseen: {error}", k + 1);
        }
        if let Some(k) = layers.iter().position(|layer| layer.bias.is_some()) {
            let mut untrained = layers.clone();
            untrained[k].bias = None;
            assert!(relative(&of(&untrained, Precision::F64).kernel.unwrap(), &expected) > 1e-6);
        }
    };
    check("relu", &[5, 3], &|_| true, 4);
    check("relu", &[5, 3], &|_| false, 4);
    check("abs", &[3, 17, 2], &|_| true, 5);
    check("0.6,0.4", &[6, 20, 16, 3], &|_| true, 6);
    check("relu", &[7, 130, 40, 33, 2], &|_| true, 5);
    check("-0.4,0.7", &[4, 9, 33, 1], &|_| false, 7);
    // Some layers have biases and others none.
    check("leaky:0.1", &[4, 18, 15, 2], &|k| k == 1, 6);
    check("leaky:0.1", &[4, 18, 15, 2], &|k| k != 1, 6);
    check("relu", &[4, 18, 15, 2], &|k| k == 3, 6);
}

/// The Jacobian of the tests is that of finite differences: an independent look at the oracle itself.
#[test]
fn the_jacobian_of_the_tests_is_that_of_differences() {
    let (layers, data) = (parameters(&[3, 6, 5, 2], |_| true, 9), points(4, 3, 1));
    let jacobian = jacobian(phi("relu"), &layers, &rows(&data));
    let mut column = 0;
    for k in 0..layers.len() {
        for row in 0..layers[k].matrix.rows {
            for col in 0..=layers[k].matrix.cols {
                let at = |step: f64| {
                    let mut moved = layers.clone();
                    let cols = moved[k].matrix.cols;
                    match col < cols {
                        true => moved[k].matrix.values[row * cols + col] += step,
                        false => moved[k].bias.as_mut().unwrap()[row] += step,
                    }
                    outputs(phi("relu"), &moved, &rows(&data))
                };
                let (up, down) = (at(1e-6), at(-1e-6));
                for (i, (up, down)) in up.iter().zip(&down).enumerate() {
                    let difference = (up - down) / 2e-6;
                    assert!((difference - jacobian[i][column]).abs() < 1e-8, "parameter {column}, row {i}");
                }
                column += 1;
            }
        }
    }
    assert_eq!(column, jacobian[0].len());
}

/// Three layers with biases, ten outputs: n·m_l = 500 whole, and 5000 in tiles.
#[test]
fn tiles_of_ten_outputs_have_the_kernel_of_the_jacobian() {
    let sizes = [8, 24, 20, 10];
    let engine = CpuEngine::new(2).unwrap();
    let layers = parameters(&sizes, |_| true, 2);
    let data = points(500, 8, 4);
    let all = jacobian(phi("relu"), &layers, &rows(&data));
    let first = data.select(&"50".parse().unwrap()).unwrap();
    for (precision, bound) in [(Precision::F64, 1e-14), (Precision::F32, 1e-6)] {
        let of = ExplicitKernel::new(&engine, phi("relu"), standard(&layers), 1.0, 8, precision).unwrap();
        let found = of.evaluate(&first, &Stop::never(), &|| {}).unwrap().kernel;
        let expected = kernel(&all[..500].to_vec());
        assert!(relative(&found, &expected) < bound, "{precision}: {}", relative(&found, &expected));
        assert_eq!((of.runs(50), of.runs(500)), (1, 10));
        let large = of.evaluate(&data, &Stop::never(), &|| {}).unwrap().kernel;
        let same = (0..500).all(|i| large[i * 5000..][..500] == found[i * 500..][..500]);
        assert!(same, "tiles of points move bits");
        // Entries of every pair of tiles, some 50 000 of 25 million.
        let some: Vec<usize> = (0..5000 * 5000).step_by(499).collect();
        let of_some: Vec<f64> = some.iter().map(|at| large[*at]).collect();
        let expected: Vec<f64> = some.iter().map(|at| entry(&all, at / 5000, at % 5000)).collect();
        assert!(relative(&of_some, &expected) < bound, "{precision}");
        let symmetric = some.iter().all(|at| large[*at] == large[at % 5000 * 5000 + at / 5000]);
        assert!(symmetric);
    }
}

/// K(x, y) of two data sets are entries of the kernel of both together, bit for bit, in tiles of any size.
#[test]
fn a_kernel_against_other_points_is_a_part_of_the_kernel_of_all() {
    let engine = CpuEngine::new(2).unwrap();
    let layers = parameters(&[4, 33, 12, 3], |_| true, 6);
    let all = uneven(11, 4);
    let split = |of: &str| all.select(&of.parse().unwrap()).unwrap();
    for precision in [Precision::F32, Precision::F64] {
        let of =
            || ExplicitKernel::new(&engine, phi("0.6,0.4"), standard(&layers), 2.0, 4, precision).unwrap();
        let whole = of().evaluate(&all, &Stop::never(), &|| {}).unwrap().kernel;
        for cut in [1, 4, 10] {
            let (x, y) = (split(&format!("0..{cut}")), split(&format!("{cut}..11")));
            let width = 3 * (11 - cut);
            let expected: Vec<f64> =
                (0..3 * cut).flat_map(|i| whole[i * 33 + 3 * cut..][..width].to_vec()).collect();
            for (tile, runs) in [(2048, 1), (33, 1), (12, usize::MAX), (6, 10.max(cut * (11 - cut)))] {
                let of = of().with_tile_rows(tile);
                let counted = std::cell::Cell::new(0);
                let told = || counted.set(counted.get() + 1);
                let found = of.against(&x, &y, &Stop::never(), &told).unwrap();
                assert_eq!(found, expected, "{cut} {tile} {precision}");
                assert_eq!(of.runs_against(cut, 11 - cut), counted.get());
                assert!(runs == usize::MAX || counted.get() == runs, "{cut} {tile}: {}", counted.get());
            }
        }
        let other = points(2, 5, 1);
        assert!(of().against(&all, &other, &Stop::never(), &|| {}).is_err());
    }
}

/// The same network in both parameterizations: the function is one, and layer k's term differs by the square of what
/// its weights were multiplied by.
#[test]
fn terms_of_one_function_in_two_parameterizations_differ_by_the_squares_of_the_constants() {
    let engine = CpuEngine::new(2).unwrap();
    let (sizes, activation, data) = ([5, 40, 30, 2], phi("0.6,0.4"), points(6, 5, 8));
    let layers = parameters(&sizes, |_| false, 3);
    let constants: Vec<f64> = (0..3)
        .map(|k| if k == 0 { 5f64.sqrt() } else { activation.sigma() * (sizes[k] as f64).sqrt() })
        .collect();
    let mut ntk = layers.clone();
    for (layer, constant) in ntk.iter_mut().zip(&constants) {
        layer.matrix.values.iter_mut().for_each(|w| *w *= constant);
    }
    let of = |theta: Theta| {
        let wanted = Wanted { matrices: true, ..Wanted::KERNEL };
        let of = ExplicitKernel::new(&engine, activation, theta, 1.0, 5, Precision::F64).unwrap();
        of.draw(&data, &wanted, &Stop::never(), &|| {}).unwrap()
    };
    let (standard, ntk) = (of(standard(&layers)), of(Theta::new(ntk, Parameterization::Ntk)));
    assert!((standard.output_norm / ntk.output_norm - 1.0).abs() < 1e-14);
    let term = |drawn: &Drawn, k: usize| {
        let matrices = drawn.matrices.as_ref().unwrap();
        let (a, b) = (&matrices.activations[k * 36..][..36], &matrices.gradients[k * 144..][..144]);
        (0..144).map(|at| a[at / 24 * 6 + at % 12 / 2] * b[at]).collect::<Vec<f64>>()
    };
    for (k, constant) in constants.iter().enumerate() {
        let expected: Vec<f64> = term(&ntk, k).iter().map(|v| v * constant * constant).collect();
        assert!(relative(&term(&standard, k), &expected) < 1e-14, "layer {}", k + 1);
    }
}

#[test]
fn parameters_that_are_no_network_are_refused() {
    let engine = CpuEngine::new(1).unwrap();
    let sound = parameters(&[2, 3, 1], |_| true, 1);
    let check = |change: &dyn Fn(&mut Vec<LayerWeights>), parameterization, says: &str| {
        let mut layers = sound.clone();
        change(&mut layers);
        let theta = Theta::new(layers, parameterization);
        match ExplicitKernel::new(&engine, phi("relu"), theta, 1.0, 2, Precision::F64) {
            Err(EngineError::Refused(refusal)) => assert!(refusal.to_string().contains(says), "{refusal}"),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("not refused: {says}"),
        }
    };
    let standard = Parameterization::Standard;
    check(
        &|_| {},
        Parameterization::Ntk,
        "layer 1 has a bias, and networks in the ntk parameterization have none",
    );
    check(&|l| l[0].bias = Some(vec![0.0; 2]), standard, "the bias of layer 1 has 2 numbers, not 3");
    check(&|l| l[1].bias = Some(vec![f64::NAN]), standard, "c2 has NaN in row 0, column 0");
    check(&|l| l[1].matrix.values[2] = f64::INFINITY, standard, "W2 has inf in row 0, column 2");
    check(&|l| l.clear(), standard, "there are no weights");
    check(&|l| l.remove(0).matrix.rows = 0, standard, "W1 is 1 x 3");
}

/// Trained weights are far from N(0,1), drawn ones are not.
#[test]
fn weights_that_are_no_draw_are_told_from_those_that_are() {
    let small = Theta::new(parameters(&[4, 100, 100, 1], |_| false, 1), Parameterization::Ntk);
    let found = small.far_from_normal();
    assert_eq!(found.iter().map(|far| far.0).collect::<Vec<_>>(), [2, 3], "{found:?}");
    assert!(found.iter().all(|far| (0.1..0.2).contains(&far.1)), "{found:?}");
    let mut drawn = parameters(&[32, 4, 100, 1], |_| false, 1);
    for layer in &mut drawn {
        let factor = (layer.matrix.cols as f64).sqrt() / 1.4;
        layer.matrix.values.iter_mut().for_each(|w| *w *= factor);
    }
    assert_eq!(Theta::new(drawn, Parameterization::Ntk).far_from_normal(), []);
}
