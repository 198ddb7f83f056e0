//! The program as a user meets it: statuses, sentences, files, and nothing left behind where it refuses.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use eoc_ntk::data::Source;
use tempfile::TempDir;

/// A directory in which the program runs.
struct Place(TempDir);

/// What a run of the program gave.
struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Place {
    /// With a few files to read.
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.put("points.csv", b"1,2\n3,4\n-1,0.5\n");
        place.put("huge.npy", b"\x93NUMPY\x01\x00\x46\x00{'descr': '<f8', 'fortran_order': False, 'shape': (99999999, 99999), } \n");
        place.put("nan.csv", b"1,2\n3,nan\n");
        place.put("large.csv", b"1,-1e300\n");
        place.put("ragged.csv", b"1,2\n3\n");
        place.put("words.csv", b"1,2\n3,four\n");
        place.put("empty.csv", b"");
        place.put("text.txt", b"hello");
        place.put("bad.safetensors", b"12345678{}");
        fs::create_dir(place.path("folder")).unwrap();
        place
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("eoc"));
        command.args(line.split_whitespace()).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    fn run(&self, line: &str) -> Ran {
        ran(&self.command(line).output().unwrap())
    }

    /// Runs what must work.
    fn done(&self, line: &str) -> String {
        let ran = self.run(line);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "eoc {line}");
        ran.stdout
    }

    /// Runs what must be refused: status 2, one sentence that says this, nothing written.
    fn refused(&self, line: &str, says: &str) {
        let before = self.names();
        let ran = self.run(line);
        assert_eq!(ran.status, 2, "eoc {line}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "eoc {line}");
        check_sentence(line, &ran.stderr, says);
        assert_eq!(self.names(), before, "eoc {line} has written something");
    }

    fn names(&self) -> Vec<std::ffi::OsString> {
        let mut names: Vec<_> =
            fs::read_dir(self.0.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    }

    /// An array that the program has written: its shape as text, and its values.
    fn array(&self, name: &str) -> (String, Vec<f64>) {
        let bytes = fs::read(self.path(name)).unwrap();
        let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let header = std::str::from_utf8(&bytes[10..start]).unwrap();
        let shape = header.split_once("'shape': ").unwrap().1.split_once(", }").unwrap().0;
        let values =
            bytes[start..].chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect();
        (shape.to_owned(), values)
    }
}

/// Name of the CPU in lines and rows.
fn cpu() -> String {
    use eoc_ntk::backend::Engine;
    eoc_ntk::backend::cpu::CpuEngine::new(1).unwrap().info().name.clone()
}

fn ran(output: &Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Ran { status: output.status.code().unwrap(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

fn check_sentence(line: &str, stderr: &str, says: &str) {
    assert!(stderr.starts_with("eoc: ") && stderr.ends_with('\n'), "eoc {line}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "eoc {line}: {stderr}");
    assert!(!stderr.contains("panicked"), "eoc {line}: {stderr}");
    assert!(stderr.contains(says), "eoc {line}: \"{}\" does not say \"{says}\"", stderr.trim_end());
}

const NETWORK: &str = "--activation abs --depth 3 --width 8";

#[test]
fn malformed_networks_are_refused() {
    let place = Place::new();
    for (options, says) in [
        ("", "the depth is missing; give --depth L"),
        ("--depth 3 --width 8", "the activation is missing; give --activation"),
        ("--activation tanh --depth 3 --width 8", "activation \"tanh\" is unknown; use abs, relu"),
        ("--activation 1 --depth 3 --width 8", "activation \"1\" is unknown"),
        ("--activation 0,0 --depth 3 --width 8", "the zero function"),
        ("--activation -0,0 --depth 3 --width 8", "the zero function"),
        ("--activation nan,1 --depth 3 --width 8", "must be finite numbers"),
        ("--activation 1e200,1 --depth 3 --width 8", "1e-100 to 1e100"),
        ("--activation leaky: --depth 3 --width 8", "\"leaky:\" is unknown"),
        ("--activation leaky:inf --depth 3 --width 8", "must be finite"),
        ("--activation abs --depth 0 --width 8", "depth 0 is out of range"),
        ("--activation abs --depth 99999999 --width 8", "depth 99999999 is out of range"),
        ("--activation abs --depth -3 --width 8", "'-3' for '--depth <L>': give a positive integer"),
        ("--activation abs --depth 2.5 --width 8", "'2.5' for '--depth <L>'"),
        ("--activation abs --depth x --width 8", "'x' for '--depth <L>'"),
        ("--activation abs --depth", "a value is required for '--depth <L>'"),
        ("--activation abs --depth 3 --depth 4", "'--depth <L>' cannot be used multiple times"),
        ("--activation abs --depth 3", "depth 3 needs --width M or --widths with 2 hidden widths"),
        ("--activation abs --depth 1 --width 8", "--width has no meaning at depth 1"),
        ("--activation abs --depth 1 --widths 8", "--widths has no meaning at depth 1"),
        ("--activation abs --depth 3 --width 0", "width 0 of hidden layer 1 is out of range"),
        ("--activation abs --depth 3 --width -8", "'-8' for '--width <M>'"),
        ("--activation abs --depth 3 --width 1e3", "'1e3' for '--width <M>'"),
        ("--activation abs --depth 3 --width 4294967296", "width 4294967296 of hidden layer 1"),
        (
            "--activation abs --depth 9 --width 99999999 --schedule quadratic",
            "width 4899999951 of hidden layer 7 is out of range",
        ),
        ("--activation abs --depth 3 --width 8 --widths 8,8", "'--width <M>' cannot be used with '--widths"),
        ("--activation abs --depth 3 --widths 8,8 --schedule linear", "cannot be used with"),
        ("--activation abs --depth 3 --schedule linear", "--schedule needs --width M"),
        ("--activation abs --depth 3 --width 8 --schedule cubic", "schedule \"cubic\" is unknown"),
        ("--activation abs --depth 3 --widths 8", "--widths lists 1 hidden widths but --depth 3 has 2"),
        ("--activation abs --depth 3 --widths 8,8,8", "--widths lists 3 hidden widths"),
        ("--activation abs --widths 8,x", "widths \"8,x\" are no list of integers"),
        ("--activation abs --widths 8,", "are no list of integers"),
        ("--activation abs --widths 8,0", "width 0 of hidden layer 2"),
        ("--activation abs --widths -8", "widths \"-8\" are no list"),
        ("--activation abs --widths -3,4", "widths \"-3,4\" are no list"),
        ("--activation abs --depth 3 --width 8 --outputs 0", "outputs 0 is out of range"),
        ("--activation abs --depth 3 --width 8 --outputs 99999999999", "outputs 99999999999 is out of range"),
        ("--activation abs --depth 3 --width 8 --outputs -1", "'-1' for '--outputs <N>'"),
        ("--activation abs --depth 3 --width 8 --scale 0", "scale 0 is out of range"),
        ("--activation abs --depth 3 --width 8 --scale -1", "scale -1 is out of range"),
        ("--activation abs --depth 3 --width 8 --scale nan", "scale NaN is out of range"),
        ("--activation abs --depth 3 --width 8 --scale x", "'x' for '--scale <C>'"),
    ] {
        place.refused(&format!("sample {options} --data digits:n=2 --out k.npy"), says);
    }
}

#[test]
fn malformed_data_are_refused() {
    let place = Place::new();
    for (options, says) in [
        ("", "the data are missing; give --data"),
        ("--data digit:n=2", "data source \"digit:n=2\" is unknown; use digits:n=N"),
        ("--data digits", "key \"n\" is missing; n is an integer from 1 to 1797"),
        ("--data digits:n=0", "n = \"0\" is out of range; n is an integer from 1 to 1797"),
        ("--data digits:n=1798", "n = \"1798\" is out of range"),
        ("--data digits:n=-2", "n = \"-2\" is out of range"),
        ("--data digits:m=2", "key \"m\" is unknown; use n"),
        ("--data digits:n=2,n=3", "key \"n\" is given twice"),
        ("--data sphere:n=2", "key \"dim\" is missing"),
        ("--data sphere:n=2,dim=2,seed=-1", "seed = \"-1\" is out of range"),
        ("--data gaussian:n=99999,dim=99999", "at most 268435456 numbers fit"),
        ("--data pair:angle=x", "angle = \"x\" is no number"),
        ("--data pair:angle=inf", "a finite number of radians"),
        ("--data missing.npy", "cannot read missing.npy: No such file"),
        ("--data folder", "cannot read folder"),
        ("--data huge.npy", "huge.npy: the shape 99999999 x 99999 is too large"),
        ("--data nan.csv", "nan.csv: row 1, column 1 (from 0) is NaN"),
        ("--data ragged.csv", "ragged.csv: line 2 has 1 fields but line 1 has 2"),
        ("--data words.csv", "words.csv: line 2, field 2 is \"four\""),
        ("--data empty.csv", "empty.csv: the file is empty"),
        ("--data text.txt", "text.txt: the file is of no known kind; use .npy, .npz or .csv"),
        ("--data points.csv:x", "cannot read points.csv:x"),
        ("--data points.npz:", "no array is named behind the colon"),
        ("--data digits:n=4 --points 0", "points \"0\" is no range of rows"),
        ("--data digits:n=4 --points 2..2", "points \"2..2\" is no range"),
        ("--data digits:n=4 --points 3..2", "points \"3..2\" is no range"),
        ("--data digits:n=4 --points -1", "points \"-1\" is no range"),
        ("--data digits:n=4 --points -1..2", "points \"-1..2\" is no range"),
        ("--data large.csv", "large.csv: row 0, column 1 (from 0) is -1e300; values are"),
        ("--data digits:n=4 --points x", "points \"x\" is no range"),
        ("--data digits:n=4 --points 5", "points 0..5 reach beyond the 4 rows of digits:n=4"),
        ("--data points.csv --points 2..4", "points 2..4 reach beyond the 3 rows of points.csv"),
        ("--data digits:n=4 --normalize cube", "normalisation \"cube\" is unknown; use sphere"),
    ] {
        for command in ["sample --out k.npy", "limit", "weights --seed 1 --out w.safetensors"] {
            place.refused(&format!("{command} {NETWORK} {options}"), says);
        }
    }
}

#[test]
fn malformed_engines_seeds_and_files_are_refused() {
    let place = Place::new();
    for (options, says) in [
        ("--out k.npy --device tpu", "device \"tpu\" is unknown; use auto, cpu, gpu, gpu:INDEX"),
        ("--out k.npy --device gpu:", "device \"gpu:\" is unknown; use auto, cpu, gpu, gpu:INDEX"),
        ("--out k.npy --device gpux", "device \"gpux\" is unknown"),
        // With an adapter and without one these are no devices.
        ("--out k.npy --device gpu:987", "GPU"),
        ("--out k.npy --device gpu:no-such-card", "GPU"),
        ("--out k.npy --precision f16 --device cpu", "precision f16 needs a GPU"),
        ("--out k.npy --precision f8", "precision \"f8\" is unknown; use f32, f64 or f16"),
        ("--out k.npy --threads 0", "threads 0 is out of range; use 1 to 4096"),
        ("--out k.npy --threads 5000", "threads 5000 is out of range"),
        ("--out k.npy --threads -1", "'-1' for '--threads <N>'"),
        ("--out k.npy --sampler best", "sampler \"best\" is unknown; use auto, direct or conditional"),
        ("--out k.npy --seeds 0", "seeds \"0\" are no range; write a count such as 64"),
        ("--out k.npy --seeds 3..3", "seeds \"3..3\""),
        ("--out k.npy --seeds 4..3", "seeds \"4..3\""),
        ("--out k.npy --seeds -4", "seeds \"-4\""),
        ("--out k.npy --seeds -1..3", "seeds \"-1..3\" are no range; write a count such as 64"),
        ("--out k.npy --seeds 1000000000000000", "its file system has room for"),
        ("--out k.npy --scale 1e200", "scale 1e200 is out of range"),
        ("--out k.npy --seeds 1.5", "seeds \"1.5\""),
        ("--out k.npy --seeds 9223372036854775809", "at most 9223372036854775808"),
        ("--out k.npy --seeds 9223372036854775808", "are more bytes than a file holds"),
        ("", "required arguments were not provided: --out <F.npy>"),
        ("--out missing/k.npy", "cannot write missing/k.npy; name a file in a directory that exists"),
        ("--out folder", "cannot write folder"),
        ("--out points.csv/k.npy", "cannot write points.csv/k.npy"),
        ("--out k.npy --colour red", "unexpected argument '--colour'"),
        ("--out k.npy surplus", "unexpected argument 'surplus'"),
    ] {
        place.refused(&format!("sample {NETWORK} --data digits:n=2 {options}"), says);
    }
    for (options, says) in [
        ("--seed 9223372036854775808", "'--seed <S>': give an integer from 0 to 9223372036854775807"),
        ("--seed -1", "'-1' for '--seed <S>': give an integer from 0 to 9223372036854775807"),
        ("", "required arguments were not provided: --seed <S>"),
    ] {
        place.refused(&format!("weights {NETWORK} --data digits:n=2 --out w.safetensors {options}"), says);
    }
    for (options, says) in [
        ("--weights missing.safetensors --activation abs", "cannot read missing.safetensors"),
        ("--weights bad.safetensors --activation abs", "bad.safetensors: the first 8 bytes declare a header"),
        ("--weights folder --activation abs", "cannot read folder"),
        ("--weights bad.safetensors", "not provided: --activation <PHI>"),
        ("--weights bad.safetensors --activation abs --scale 0", "scale 0 is out of range"),
        ("--weights bad.safetensors --activation abs --depth 3", "unexpected argument '--depth'"),
    ] {
        place.refused(&format!("kernel --data digits:n=2 --out k.npy {options}"), says);
    }
    // Without widths the limit exists; the sampler needs them.
    place.refused(
        "limit --activation abs --depth 3 --data digits:n=2 --out missing/k.npy",
        "cannot write missing",
    );
}

#[test]
fn commands_that_are_not_there_yet_say_so_and_are_not_listed() {
    let place = Place::new();
    let help = place.done("--help");
    for command in ["report", "width", "independence"] {
        for rest in ["", "--help", "a b --tolerance 0.1 --out x"] {
            place.refused(
                &format!("{command} {rest}"),
                &format!("the command {command} is not there yet; eoc --help lists"),
            );
        }
        assert!(!help.contains(&format!("  {command} ")), "{help}");
    }
    place.refused("limits", "unrecognized subcommand 'limits'");
    for word in ["limits", "help", "bogus"] {
        place.refused(word, "; eoc --help lists the commands");
    }
    for shell in ["bash", "zsh", "fish"] {
        let completions = place.done(&format!("completions {shell}"));
        assert!(completions.contains("status") && completions.contains("verbose"), "{completions}");
        assert!(!completions.contains("independence"), "{completions}");
    }
    place.refused("--frobnicate", "unexpected argument '--frobnicate'");
    place.refused("completions tcsh", "'tcsh' for '<SHELL>'");
    place.refused("devices extra", "unexpected argument 'extra'");
}

#[test]
fn every_help_has_an_example_that_parses() {
    let place = Place::new();
    for command in [
        "run",
        "limit",
        "sample",
        "weights",
        "kernel",
        "export",
        "merge",
        "status",
        "devices",
        "bench",
        "completions",
    ] {
        for flag in ["--help", "-h"] {
            let help = place.done(&format!("{command} {flag}"));
            assert!(help.contains("Example"), "{help}");
            assert!(help.contains(&format!("  eoc {command}")), "{help}");
            assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
            assert!(!help.contains("\\\""), "{help}");
        }
        // With --help behind it an example is parsed, options and values, and not run.
        let help = place.done(&format!("{command} --help")).replace("\\\n", " ");
        for example in help.lines().filter_map(|line| line.strip_prefix("  eoc ")) {
            let line = example.split(" > ").next().unwrap();
            assert_eq!(place.done(&format!("{line} --help")), place.done(&format!("{command} --help")));
        }
        let broken = place.run(&format!("{command} --no-such-option --help"));
        assert_eq!(broken.status, 2, "{command}");
    }
    let help = place.done("sample --help");
    for (option, default) in [
        ("--outputs", "[default: 1]"),
        ("--schedule", "[default: constant]"),
        ("--scale", "[default: 1]"),
        ("--sampler", "[default: auto]"),
        ("--device", "[default: auto]"),
        ("--precision", "[default: f32]"),
        ("--seeds", "[default: 1]"),
        ("--normalize", "[default: sphere for digits"),
    ] {
        // The text of the option may wrap between its words.
        let text = help.split_once(option).unwrap().1.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(default), "{option}: {help}");
    }
}

#[test]
fn bare_program_version_devices_and_completions() {
    let place = Place::new();
    assert!(place.done("").contains("\n  eoc run\n"));
    for flag in ["--version", "-V"] {
        let version = place.done(flag);
        let expected = concat!("eoc ", env!("CARGO_PKG_VERSION"), " (commit ");
        assert!(version.starts_with(expected) && version.contains("stream layout 1, SIMD "), "{version}");
    }
    let devices: serde_json::Value = serde_json::from_str(&place.done("devices --json")).unwrap();
    // GPUs first, so that an index is what gpu:INDEX names; the CPU is last.
    let devices = devices.as_array().unwrap();
    let cpu = devices.last().unwrap();
    assert_eq!((&cpu["type"], &cpu["usable"]), (&"native".into(), &true.into()));
    assert!(cpu["threads"].as_u64().unwrap() >= 1 && cpu["simd"].is_string());
    for (index, device) in devices.iter().enumerate() {
        assert_eq!(device["index"], index);
        for field in [
            "name",
            "backend",
            "driver",
            "usable",
            "reason",
            "subgroup",
            "max_storage_binding",
            "max_buffer",
            "workgroup_memory",
        ] {
            assert!(device.get(field).is_some(), "{field}");
        }
        for feature in ["f16", "f64", "int64", "timestamps", "cooperative"] {
            assert!(device["features"].get(feature).is_some(), "{feature}");
        }
    }
    assert!(place.done("devices").contains("native"));
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(place.done(&format!("completions {shell}")).contains("activation"));
    }
}

/// The same commands with a GPU: one line, files as on the CPU, the same kernels up to rounding.
#[test]
fn commands_run_on_a_gpu() {
    let place = Place::new();
    let Some(gpu) = super::gpu::open(&Default::default()) else {
        return super::gpu::skip("commands on a GPU");
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
    assert!(super::support::relative(&on_gpu, &on_cpu) < 1e-4);
    place.done("weights --widths 40,30 --outputs 2 --data points.csv --seed 1 --out w.safetensors");
    place.done("kernel --weights w.safetensors --activation relu --data points.csv --device gpu --out k.npy");
    let (_, of_weights) = place.array("k.npy");
    assert!(super::support::relative(&of_weights, &on_gpu[36..72]) < 1e-4);
    let table = place.done("run --width 16 --activation relu --seeds 8 --device gpu --out run");
    assert!(table.contains("ReLU"), "{table}");
    assert!(place.done("export run --format csv").contains(name));
    place.refused(
        &format!("sample {net} --device gpu --precision f64 --out x.npy"),
        "precision f64 runs on the CPU",
    );
    let bench = place.done("bench --device gpu --case 3,1,3,16 --rounds 1");
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
    assert!(table.contains("condition number") && table.contains("bound"), "{table}");
    // Depth 1 has no hidden layer and needs no width.
    place.done("limit --activation abs --depth 1 --data pair:angle=1e-6");
    place.done("sample --activation abs --depth 1 --data pair:angle=1e-6 --out one.npy");
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

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_sentence_and_leaves_nothing() {
    let place = Place::new();
    let sample = format!("sample {NETWORK} --data digits:n=16 --seeds 40");
    for line in [
        format!("{sample} --out /dev/full"),
        format!("limit {NETWORK} --data digits:n=4 --out /dev/full"),
        format!("weights {NETWORK} --data digits:n=4 --seed 0 --out /dev/full"),
    ] {
        let ran = place.run(&line);
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{line}");
        check_sentence(&line, &ran.stderr, "cannot write /dev/full: No space left on device");
    }
    let before = place.names();
    // A limit of 8 blocks of 512 or 1024 bytes on the size of files; 40 kernels of 16 x 16 are 80 KiB.
    let program = assert_cmd::cargo::cargo_bin!("eoc");
    let script = format!("ulimit -f 8; exec {} {sample} --out k.npy", program.display());
    let output = Command::new("sh").args(["-c", &script]).current_dir(place.0.path()).output().unwrap();
    let ran = ran(&output);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    check_sentence(&sample, &ran.stderr, "cannot write k.npy: File too large");
    assert_eq!(place.names(), before);
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_can_be_the_file_and_a_closed_pipe_ends_quietly() {
    let place = Place::new();
    let sample = format!("sample {NETWORK} --data digits:n=4");
    let line = format!("{sample} --seeds 3");
    place.done(&format!("{line} --out a.npy"));
    let output = place.command(&format!("{line} --out /dev/stdout")).output().unwrap();
    assert_eq!(output.stdout, fs::read(place.path("a.npy")).unwrap());
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("/dev/stdout: shape (3, 4, 4)"));
    // Redirected to a file, it stays that file.
    let file = fs::File::create(place.path("b.npy")).unwrap();
    let status =
        place.command(&format!("{line} --out /dev/stdout")).stdout(file).stderr(Stdio::null()).status();
    assert!(status.unwrap().success());
    assert_eq!(fs::read(place.path("b.npy")).unwrap(), output.stdout);
    for line in ["--help".to_owned(), String::new(), format!("{sample} --seeds 2000 --out /dev/stdout")] {
        let mut child = place.command(&line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{line}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_run_and_leaves_nothing() {
    let place = Place::new();
    let before = place.names();
    // Far more seeds, layers and neurons than can finish.
    let sample = format!("sample {NETWORK} --data digits:n=8 --seeds 10000000 --out k.npy");
    let limit = "limit --activation relu --depth 16000000 --data digits:n=900 --out l.npy";
    let wide = "sample --activation abs --depth 3 --width 4000000000 --data digits:n=8 --out k.npy";
    let weights = "weights --widths 4000000 --data digits:n=8 --outputs 200 --seed 1 --out w.safetensors";
    for (line, signal) in
        [(&sample[..], "INT"), (&sample, "TERM"), (limit, "INT"), (wide, "TERM"), (weights, "INT")]
    {
        let mut child = place.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The file is started when the signals are heard.
        while place.names() == before {
            assert!(child.try_wait().unwrap().is_none(), "eoc {line} has ended");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let kill = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        let ran = ran(&child.wait_with_output().unwrap());
        assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (130, "", "eoc: interrupted\n"));
        assert_eq!(place.names(), before);
    }
}

#[test]
fn logs_go_to_stderr_and_only_when_asked() {
    let place = Place::new();
    let line = format!("sample {NETWORK} --data digits:n=2 --out k.npy");
    place.done(&line);
    let quiet = place.array("k.npy").1;
    let ran = place.run(&format!("-v {line}"));
    assert_eq!((ran.status, ran.stdout.lines().count()), (0, 1));
    assert!(ran.stderr.contains("sampling"), "{}", ran.stderr);
    assert_eq!(place.array("k.npy").1, quiet);
}

#[test]
fn an_existing_file_is_replaced_only_when_all_is_done() {
    let place = Place::new();
    place.put("k.npy", b"old");
    place.refused(&format!("sample {NETWORK} --data nan.csv --out k.npy"), "nan.csv");
    assert_eq!(fs::read(place.path("k.npy")).unwrap(), b"old");
    place.done(&format!("sample {NETWORK} --data digits:n=2 --out k.npy"));
    assert_eq!(place.array("k.npy").0, "(1, 2, 2)");
    assert!(place.names().iter().all(|name| !Path::new(name).to_string_lossy().starts_with('.')));
}

/// Files of terabytes are refused while they are a number, and inputs are not outputs.
#[test]
fn outputs_that_cannot_be_are_refused_at_once() {
    let place = Place::new();
    let room = "bytes, and its file system has room for";
    place.refused(
        "limit --activation abs --depth 3 --data digits:n=2 --outputs 4294967295 --out o.npy",
        &format!("o.npy would have 590295810083827744928 {room}"),
    );
    place.refused(
        "weights --widths 4294967295,4294967295 --data digits:n=1 --seed 1 --out w.safetensors",
        &format!("w.safetensors would have 73786977377169964800 {room}"),
    );
    place.done("weights --widths 3 --data points.csv --seed 1 --out w.safetensors");
    std::os::unix::fs::symlink(place.path("points.csv"), place.path("link.csv")).unwrap();
    for out in ["points.csv", "link.csv", "folder/../points.csv"] {
        for command in [
            format!("sample {NETWORK}"),
            "limit --activation abs --depth 3".to_owned(),
            "weights --widths 3 --seed 1".to_owned(),
            "kernel --activation abs --weights w.safetensors".to_owned(),
        ] {
            place.refused(
                &format!("{command} --data points.csv --out {out}"),
                &format!("--out {out} would overwrite the input points.csv"),
            );
        }
    }
    place.refused(
        "kernel --activation abs --weights w.safetensors --data points.csv --out w.safetensors",
        "--out w.safetensors would overwrite the input w.safetensors",
    );
    assert_eq!(fs::read(place.path("points.csv")).unwrap(), b"1,2\n3,4\n-1,0.5\n");
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

#[test]
fn a_bench_without_the_memory_is_refused_before_it_measures() {
    let place = Place::new();
    place.refused("bench --device cpu --case 100000,1,2,16", "100000 points with 1 outputs at width 16 need");
    let net = "--activation abs --depth 2 --width 4294967295 --data digits:n=9 --out k.npy --device cpu";
    place.refused(&format!("sample {net} --sampler direct"), "at width 4294967295 need");
    place.refused(&format!("sample {net} --sampler direct"), "use --sampler conditional, whose memory");
}

/// A tuning is for a GPU, measures nothing else, and needs a place to be kept in: refused before anything is measured.
#[test]
fn a_tuning_that_cannot_be_is_refused() {
    let place = Place::new();
    for (line, part) in [
        ("bench --tune --device cpu", "--tune is for a GPU"),
        ("bench --tune --case 4,1,2,8", "--case"),
        ("bench --tune --precision f16", "--precision"),
    ] {
        let ran = place.run(line);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{line}");
        assert!(ran.stderr.contains(part), "{line}: {}", ran.stderr);
    }
    // A file where the directory should be. Without a GPU the device is what is missing, as clearly.
    let output = Command::new(env!("CARGO_BIN_EXE_eoc"))
        .args(["bench", "--tune", "--device", "gpu"])
        .env("XDG_CACHE_HOME", place.path("text.txt"))
        .output()
        .unwrap();
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]), "{sentence}");
    assert!(sentence.contains("could not be kept in") || sentence.contains("no GPU was found"), "{sentence}");
}
