//! `eoc kernel` of networks that were trained elsewhere.

use super::*;
use crate::support::points;
use crate::support::relative;
use crate::support::trained::{Style, jacobian, kernel, named, parameters, safetensors};

/// Points as text that reads back as they are.
fn csv(data: &eoc_ntk::data::DataSet) -> String {
    let row = |i: usize| data.row(i).iter().map(|x| format!("{x:?}")).collect::<Vec<_>>().join(",");
    (0..data.n()).map(|i| row(i) + "\n").collect()
}

/// A place with the points and three files of one network, in F32 and F64.
fn trained() -> (Place, Vec<f64>) {
    let place = Place::new();
    let layers = parameters(&[4, 12, 9, 2], |_| true, 3);
    let data = points(5, 4, 2);
    place.put("x.csv", csv(&data).as_bytes());
    for (style, name) in [(Style::Own, "own"), (Style::PyTorch, "torch"), (Style::Flax, "flax")] {
        for (in_f64, dtype) in [(false, "f32"), (true, "f64")] {
            let bytes = safetensors(&named(&layers, style), in_f64);
            place.put(&format!("{name}-{dtype}.safetensors"), &bytes);
        }
    }
    let rows: Vec<&[f64]> = (0..5).map(|i| data.row(i)).collect();
    let expected = kernel(&jacobian("0.6,0.4".parse().unwrap(), &layers, &rows));
    (place, expected)
}

const GIVEN: &str = "--activation 0.6,0.4 --data x.csv --device cpu --parameterization standard";

#[test]
fn one_network_in_the_files_of_three_tools_has_one_kernel() {
    let (place, expected) = trained();
    for (precision, bound) in [("f64", 1e-14), ("f32", 1e-6)] {
        let mut first: Option<Vec<f64>> = None;
        for (name, says) in [
            ("own", ""),
            (
                "torch",
                "PyTorch's names, matrices are (out, in): layer 1 is 0.weight [12, 4] with 0.bias, 2 is 5.weight",
            ),
            (
                "flax",
                "Flax's names, matrices are (in, out): layer 1 is Dense_0/kernel [4, 12] with Dense_0/bias",
            ),
        ] {
            for dtype in ["f32", "f64"] {
                let file = format!("{name}-{dtype}.safetensors");
                let ran = place
                    .run(&format!("kernel --weights {file} {GIVEN} --precision {precision} --out k.npy"));
                assert_eq!(ran.status, 0, "{}", ran.stderr);
                let account = if says.is_empty() { String::new() } else { format!("eoc: {file}: {says}") };
                assert!(ran.stderr.starts_with(&account), "{}", ran.stderr);
                assert_eq!(ran.stderr.lines().count(), usize::from(!says.is_empty()), "{}", ran.stderr);
                let (shape, found) = place.array("k.npy");
                assert_eq!(shape, "(10, 10)");
                assert!(relative(&found, &expected) < bound, "{file}: {}", relative(&found, &expected));
                assert_eq!(*first.get_or_insert(found.clone()), found, "{file}");
            }
        }
    }
}

#[test]
fn what_a_network_is_not_is_said() {
    let (place, _) = trained();
    let ntk = "--activation relu --data x.csv --device cpu --out k.npy";
    place.refused(
        &format!("kernel --weights own-f32.safetensors {ntk}"),
        "tensor b1 and 2 more are biases, and networks in the ntk parameterization have none; use --parameterization standard",
    );
    place.refused(
        &format!("kernel --weights own-f32.safetensors {ntk} --parameterization mup"),
        "parameterization \"mup\" is unknown; use ntk or standard",
    );
    // An order that is no chain is refused with the tensors, and they can be named.
    let layers = parameters(&[4, 12, 9, 2], |_| false, 3);
    let names = ["input.weight", "hidden.weight", "output.weight"];
    let tensors: Vec<_> = named(&layers, Style::PyTorch)
        .into_iter()
        .zip(names)
        .map(|((_, shape, values), name)| (name.to_owned(), shape, values))
        .collect();
    place.put("names.safetensors", &safetensors(&tensors, false));
    let line = format!("kernel --weights names.safetensors {ntk} --parameterization standard");
    place.refused(
        &line,
        "the tensors are hidden.weight [9, 12], input.weight [12, 4], output.weight [2, 9]; use --tensors W,W,... to name them in \
         the order of the layers",
    );
    let ran = place.run(&format!("{line} --tensors {}", names.join(",")));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let (_, found) = place.array("k.npy");
    place.put("plain.safetensors", &safetensors(&named(&layers, Style::Own), false));
    place.done(&format!("kernel --weights plain.safetensors {ntk} --parameterization standard"));
    assert_eq!(place.array("k.npy").1, found);
    // Trained weights in the parameterization that they are not of: one line, and the kernel all the same.
    let ran = place.run(&format!("kernel --weights plain.safetensors {ntk}"));
    assert_eq!(ran.status, 0);
    check_sentence("kernel", &ran.stderr, "W2 is no draw from N(0,1), with root mean square 0.");
    assert!(ran.stderr.contains("--parameterization standard"), "{}", ran.stderr);
    place.done(&format!("-q kernel --weights plain.safetensors {ntk}"));
    place.put("model.pt", b"PK\x03\x04 and more bytes");
    place.refused(
        &format!("kernel --weights model.pt {ntk}"),
        "this is a file of PyTorch; convert its state dict with",
    );
}

#[test]
fn the_spectrum_is_that_of_the_kernel_over_n() {
    let (place, _) = trained();
    let given = format!("kernel --weights own-f64.safetensors {GIVEN} --precision f64 --out k.npy");
    let said = place.done(&format!("{given} --spectrum s.npy --eigenvectors v.npy"));
    assert!(said.contains("s.npy: shape (10,), ") && said.contains("v.npy: shape (10, 10), "), "{said}");
    let ((shape, values), (_, vectors), (_, kernel)) =
        (place.array("s.npy"), place.array("v.npy"), place.array("k.npy"));
    assert_eq!(shape, "(10,)");
    assert!(values.is_sorted() && values[9] > 0.0);
    let back: Vec<f64> = (0..100)
        .map(|at| {
            let part = |j: usize| 5.0 * values[j] * vectors[at / 10 * 10 + j] * vectors[at % 10 * 10 + j];
            (0..10).map(part).sum()
        })
        .collect();
    assert!(relative(&back, &kernel) < 1e-13);
    place.done(&format!("{given} --spectrum alone.npy"));
    assert!(relative(&place.array("alone.npy").1, &values) < 1e-13);
    place.refused(
        &format!("{given} --spectrum k.npy"),
        "--out and --spectrum name one file; give each its own",
    );
    place.refused(&format!("{given} --eigenvectors e.npy"), "--spectrum");
}

#[test]
fn a_kernel_against_other_points_is_a_part_of_that_of_all() {
    let (place, _) = trained();
    let given = format!("kernel --weights own-f32.safetensors {GIVEN} --normalize sphere");
    place.done(&format!("{given} --out all.npy"));
    let (_, all) = place.array("all.npy");
    let said =
        place.done(&format!("{given} --points 3..5 --against x.csv --against-points 3 --out part.npy"));
    assert!(said.contains("part.npy: shape (4, 6), "), "{said}");
    let (_, part) = place.array("part.npy");
    let expected: Vec<f64> = (6..10).flat_map(|i| all[i * 10..i * 10 + 6].to_vec()).collect();
    assert_eq!(part, expected);
    let against = format!("{given} --out x.npy --against");
    place.refused(
        &format!("{against} points.csv"),
        "the points of --against have 2 coordinates, and those of --data 4",
    );
    place.refused(&format!("{against} x.csv --spectrum s.npy"), "cannot be used with");
    place.refused(&format!("{against} missing.csv"), "cannot read missing.csv");
    place.refused(&format!("{given} --out x.npy --against-points 2"), "--against");
}
