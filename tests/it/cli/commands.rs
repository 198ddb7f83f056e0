//! What the commands compute, as a user meets it.

use std::fs;

use eoc_ntk::data::Source;

use super::{Place, check_sentence, cpu};

/// The same commands with a GPU: one line, files as on the CPU, the same kernels up to rounding.
#[test]
fn commands_run_on_a_gpu() {
    let place = Place::new();
    let Some(gpu) = crate::gpu::open(&Default::default()) else {
        return crate::gpu::skip("commands on a GPU");
    };
    let (index, name) = (gpu.description().index, &gpu.description().name);
    let net = "--activation relu --widths 40,30 --outputs 2 --data points.csv";
    let line =
        place.done(&format!("sample {net} --seeds 3 --device gpu:{index} --sampler direct --out g.npy"));
    let expected = format!("seeds 0..3, sampler direct, device {name}, precision f32\n");
    assert!(line.starts_with("g.npy: shape (3, 6, 6), ") && line.ends_with(&expected), "{line}");
    place.done(&format!("sample {net} --seeds 3 --device cpu --sampler direct --out c.npy"));
    let ((shape, on_gpu), (cpu_shape, on_cpu)) = (place.array("g.npy"), place.array("c.npy"));
    assert_eq!(shape, cpu_shape);
    assert!(crate::support::relative(&on_gpu, &on_cpu) < 1e-4);
    place.done("weights --widths 40,30 --outputs 2 --data points.csv --seed 1 --out w.safetensors");
    place.done("kernel --weights w.safetensors --activation relu --data points.csv --device gpu --out k.npy");
    let (_, of_weights) = place.array("k.npy");
    assert!(crate::support::relative(&of_weights, &on_gpu[36..72]) < 1e-4);
    let table = place.done("run --width 16 --activation relu --seeds 8 --device gpu --out run");
    assert!(table.contains("ReLU"), "{table}");
    assert!(place.done("export run --format csv").contains(name));
    place.refused(
        &format!("sample {net} --device gpu --precision f64 --out x.npy"),
        "precision f64 runs on the CPU",
    );
    let bench = place.done("bench --device gpu --case 3,1,3,16 --rounds 1 --quiet");
    assert!(bench.contains("project") && bench.contains("cpu : gpu"), "{bench}");
}

#[test]
fn samples_are_written_in_the_order_of_their_seeds() {
    let place = Place::new();
    let line = "--widths 5,3 --data points.csv --outputs 2 --threads 2";
    let one = place.done(&format!("sample --activation -0.4,0.7 {line} --seeds 2..7 --out a.npy"));
    let expected =
        format!("a.npy: shape (5, 6, 6), seeds 2..7, sampler conditional, device {}, precision f32\n", cpu());
    let direct = expected.replace("conditional", "direct");
    assert!(one == expected || one == direct, "{one}");
    place.done(&format!("sample --activation=-0.4,0.7 {line} --seeds 4..6 --out b.npy --depth 3"));
    let ((shape, all), (_, part)) = (place.array("a.npy"), place.array("b.npy"));
    assert_eq!(shape, "(5, 6, 6)");
    assert_eq!(all[2 * 36..4 * 36], part);
    for kernel in all.chunks(36) {
        for i in 0..6 {
            assert!(kernel[i * 7] > 0.0);
            for j in 0..6 {
                assert_eq!(kernel[i * 6 + j].to_bits(), kernel[j * 6 + i].to_bits());
            }
        }
    }
    assert_ne!(all[..36], all[36..72]);
}

/// θ of a seed, exported and loaded, has the kernel that `direct` draws for the seed.
#[test]
fn weights_of_a_seed_have_its_kernel() {
    let place = Place::new();
    let network = "--activation relu --widths 7,5 --outputs 2 --scale 3";
    for precision in ["f32", "f64"] {
        let direct = format!("--sampler direct --precision {precision}");
        place.done(&format!("sample {network} --data points.csv {direct} --seeds 6..7 --out s.npy"));
        let line = place.done(&format!("weights {network} --data points.csv --seed 6 --out w.safetensors"));
        assert_eq!(
            line,
            "w.safetensors: shape W1 (7, 2) W2 (5, 7) W3 (2, 5), seeds 6..7, sampler none, device cpu, precision f32\n"
        );
        let given = "--weights w.safetensors --activation relu --scale 3 --data points.csv";
        let line = place.done(&format!("kernel {given} --precision {precision} --out k.npy"));
        let expected = format!(
            "k.npy: shape (6, 6), seeds none, sampler none, device {}, precision {precision}\n",
            cpu()
        );
        assert_eq!(line, expected);
        let ((_, drawn), (shape, given)) = (place.array("s.npy"), place.array("k.npy"));
        assert_eq!(shape, "(6, 6)");
        let norm = given.iter().map(|v| v * v).sum::<f64>().sqrt();
        let error = drawn.iter().zip(&given).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt() / norm;
        let bound = if precision == "f32" { 1e-5 } else { 1e-12 };
        assert!(error < bound, "{precision}: {error}");
        // Another seed is another kernel.
        place.done(&format!("sample {network} --data points.csv {direct} --seeds 7..8 --out s.npy"));
        let other = place.array("s.npy").1.iter().zip(&given).map(|(a, b)| (a - b).abs()).sum::<f64>();
        assert!(other / norm > 1e-2);
    }
    place.refused(
        "kernel --weights w.safetensors --activation relu --data digits:n=2 --out x.npy",
        "tensor W1 has shape [7, 2]; its columns must be the 64 coordinates of the data",
    );
}

#[test]
fn limits_need_no_widths() {
    let place = Place::new();
    let line = place.done("limit --activation abs --depth 3 --data points.csv --outputs 2 --out l.npy");
    assert_eq!(line, "l.npy: shape (6, 6), seeds none, sampler none, device cpu, precision f64\n");
    let (shape, values) = place.array("l.npy");
    assert_eq!(shape, "(6, 6)");
    // l·‖x‖²/m_0 on the diagonal, zero between outputs.
    assert!((values[0] - 3.0 * 5.0 / 2.0).abs() < 1e-12 && values[1] == 0.0 && values[7] == values[0]);
    let json: serde_json::Value =
        serde_json::from_str(&place.done("limit --activation abs --depth 3 --data points.csv --json"))
            .unwrap();
    assert!(json["widths"].is_null() && json["bound"].is_null() && json["relative_sd_diagonal"].is_null());
    assert_eq!(json["depths"], serde_json::json!([1, 2, 3]));
    let wide = "limit --activation relu --depth 3 --width 100 --data points.csv";
    let json: serde_json::Value =
        serde_json::from_str(&place.done(&format!("{wide} --json --out m.npy"))).unwrap();
    assert_eq!(json["widths"], serde_json::json!([100, 100]));
    assert!(json["bound"]["m"].as_f64() == Some(25.0) && place.path("m.npy").exists());
    let table = place.done(wide);
    assert!(table.contains("condition") && table.contains("bound "), "{table}");
    assert!(table.contains("1-cos is the cosine distance of two points"), "{table}");
    // Depth 1 has no hidden layer and needs no width.
    place.done("limit --activation abs --depth 1 --data pair:angle=1e-6");
    place.done("sample --activation abs --depth 1 --data pair:angle=1e-6 --out one.npy");
}

/// Every key of the object, by the path to it; entries of lists have that of the list.
fn keys(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) => map.iter().for_each(|(key, value)| {
            found.push(key.clone());
            keys(value, found);
        }),
        serde_json::Value::Array(list) => list.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

#[test]
fn the_json_of_a_limit_holds_the_limit_and_its_help_every_key() {
    let place = Place::new();
    let line =
        "limit --activation relu --depth 40 --width 100 --data points.csv --normalize sphere --outputs 2";
    let json: serde_json::Value =
        serde_json::from_str(&place.done(&format!("{line} --json --out l.npy"))).unwrap();
    let (_, limit) = place.array("l.npy");
    for i in 0..3 {
        for j in 0..3 {
            let (found, expected) = (json["ntk"][i][j].as_f64().unwrap(), limit[2 * i * 6 + 2 * j]);
            // The reader of JSON may be off by a unit in the last place.
            assert!((found / expected - 1.0).abs() < 1e-15, "({i}, {j}): {found} and {expected}");
        }
    }
    let help = place.done("limit --help");
    let words: Vec<&str> = help.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let mut all = Vec::new();
    keys(&json, &mut all);
    assert!(all.len() > 20, "{all:?}");
    for key in all {
        assert!(words.contains(&key.as_str()), "{key} is not in the help");
    }
}

#[test]
fn points_and_normalisation_reach_the_kernel() {
    let place = Place::new();
    let limit = |options: &str| {
        place.done(&format!("limit --activation relu --depth 2 {options} --out l.npy"));
        place.array("l.npy").1
    };
    let all = limit("--data points.csv");
    assert_eq!(limit("--data points.csv --points 1..3")[0], all[4]);
    let sphere = limit("--data points.csv --normalize sphere");
    assert!((0..3).all(|i| (sphere[i * 4] - 2.0).abs() < 1e-14));
    // The digits are on the sphere unless told otherwise.
    let digits = limit("--data digits:n=2");
    assert!((digits[0] - 2.0).abs() < 1e-14);
    let raw: Source = "digits:n=1".parse().unwrap();
    let norm = raw.load().unwrap().values().iter().map(|v| v * v).sum::<f64>();
    assert!((limit("--data digits:n=2 --normalize none")[0] / (2.0 * norm / 64.0) - 1.0).abs() < 1e-14);
}

/// Where |s| of few neurons falls by ten thousand decades, f32 would give exact zeros.
#[test]
fn what_leaves_the_range_of_f32_is_an_error() {
    let place = Place::new();
    let deep = "--activation abs --depth 1000 --width 4 --data points.csv --out k.npy --device cpu";
    for sampler in ["direct", "conditional"] {
        let line = format!("sample {deep} --sampler {sampler}");
        let ran = place.run(&line);
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
        check_sentence(&line, &ran.stderr, "fall below the range of f32");
        check_sentence(&line, &ran.stderr, "use --precision f64");
        place.done(&format!("{line} --precision f64"));
        let (_, kernel) = place.array("k.npy");
        assert!(kernel[0] > 0.0 && kernel[0] < 1e-60, "{}", kernel[0]);
        fs::remove_file(place.path("k.npy")).unwrap();
    }
    // A dead layer is exactly zero at any precision, and no error.
    place.done(
        "sample --activation relu --depth 9 --width 1 --data points.csv --seeds 50 --out k.npy --device cpu",
    );
    let (_, kernels) = place.array("k.npy");
    assert!(kernels.chunks(9).any(|kernel| kernel.iter().all(|v| *v == 0.0)));
    // Weights that are given: too large for f32, not for f64.
    let header = br#"{"W1":{"dtype":"F64","shape":[1,2],"data_offsets":[0,16]},"W2":{"dtype":"F64","shape":[1,1],"data_offsets":[16,24]}}"#;
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    [1e39f64, 1e39, 1e39].iter().for_each(|w| file.extend(w.to_le_bytes()));
    place.put("large.safetensors", &file);
    let line =
        "kernel --weights large.safetensors --activation abs --data points.csv --out x.npy --device cpu";
    let ran = place.run(line);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    check_sentence(line, &ran.stderr, "the kernel of these weights: ");
    check_sentence(line, &ran.stderr, "; use --precision f64");
    assert!(!ran.stderr.contains("seed"), "{}", ran.stderr);
    place.done(&format!("{line} --precision f64"));
}
