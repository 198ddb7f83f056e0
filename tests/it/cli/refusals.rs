//! What is refused before anything starts.

use std::process::Command;

use super::{NETWORK, Place};

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
        ("--activation abs --depth 3", "depth 3 needs --width M or --widths with 2 hidden widths"),
        ("--activation abs --depth 1 --width 8", "--width has no meaning at depth 1"),
        ("--activation abs --depth 1 --widths 8", "--widths has no meaning at depth 1"),
        ("--activation abs --depth 3 --width 0", "width 0 of hidden layer 1 is out of range"),
        ("--activation abs --depth 3 --width -8", "'-8' for '--width <M>'"),
        ("--activation abs --depth 3 --width 1e-3", "'1e-3' for '--width <M>'"),
        (
            "--activation abs --depth 3 --width 8,9",
            "--width has 2 values, and this command takes one; eoc run takes a list",
        ),
        ("--activation abs --depth 3 --width 4294967296", "width 4294967296 of hidden layer 1"),
        (
            "--activation abs --depth 9 --width 99999999 --schedule quadratic",
            "width 4899999951 of hidden layer 7 is out of range",
        ),
        ("--activation abs --depth 3 --width 8 --widths 8,8", "'--width <M>' cannot be used with '--widths"),
        ("--activation abs --depth 3 --widths 8,8 --schedule linear", "cannot be used with"),
        ("--activation abs --depth 3 --schedule linear", "--schedule needs --width M"),
        ("--activation abs --depth 3 --width 8 --schedule cubic", "schedule \"cubic\" is unknown"),
        (
            "--activation abs --depth 3 --widths 8",
            "--widths lists 1 hidden width but --depth 3 has 2 hidden layers",
        ),
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
        ("--data nan.csv", "nan.csv: line 2, field 2 is \"nan\", which is a missing or infinite value"),
        ("--data ragged.csv", "ragged.csv: line 2 has 1 field but line 1 has 2"),
        ("--data words.csv", "words.csv: line 2, field 2 is \"four\""),
        ("--data empty.csv", "empty.csv: the file is empty"),
        ("--data text.txt", "text.txt: there is a header line but no row of numbers below it"),
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
        ("--out k.npy --seeds 9223372036854775808", "would be more bytes than a file holds"),
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
fn a_bench_without_the_memory_is_refused_before_it_measures() {
    let place = Place::new();
    place.refused(
        "bench --device cpu --case 100000,1,2,16",
        "a sample of 100000 points with 1 output at width 16 needs",
    );
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

/// Data that do not fit under a limit on memory end in a sentence, whatever they come from; an abort has status 134.
#[cfg(target_os = "linux")]
#[test]
fn data_that_memory_cannot_hold_are_refused() {
    let place = Place::new();
    // 60000 x 1000 zeros of four bytes, on no disk.
    let header = format!("{:<117}\n", "{'descr': '<f4', 'fortran_order': False, 'shape': (60000, 1000), }");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(header.as_bytes());
    place.put("big.npy", &bytes);
    let file = std::fs::File::options().write(true).open(place.path("big.npy")).unwrap();
    file.set_len(bytes.len() as u64 + 240_000_000).unwrap();
    let row = format!("{}\n", vec!["1"; 1000].join(","));
    place.put("big.csv", row.repeat(30_000).as_bytes());
    let before = place.names();
    let limit = "limit --activation relu --depth 3";
    for (limits, line, says) in [
        (
            "-v 600000",
            "data sphere:n=1e5,dim=1000 --out b.npy".to_owned(),
            "needs 763 MiB of memory for one copy",
        ),
        ("-v 600000", format!("{limit} --data big.npy --points 4"), "big.npy: a data set of"),
        (
            "-v 600000",
            "run --activation abs --depth 2 --width 4 --data big.npy --device cpu".to_owned(),
            "a data set of",
        ),
        ("-v 300000", format!("{limit} --data big.csv --points 4"), "big.csv: a data set of"),
        ("-d 150000", format!("{limit} --data sphere:n=3000,dim=4"), "use --points for fewer points"),
        ("-v 90000", format!("{limit} --data digits:n=2"), "of memory is left to this process"),
    ] {
        let program = assert_cmd::cargo::cargo_bin!("eoc");
        let script = format!("ulimit {limits}; exec '{}' {line}", program.display());
        let output =
            std::process::Command::new("sh").args(["-c", &script]).current_dir(place.0.path()).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        super::check_sentence(&line, &String::from_utf8_lossy(&output.stderr), says);
        assert_eq!(place.names(), before, "{line}");
    }
}

/// What a terminal would act on is escaped wherever an argument is quoted, and nothing of it is lost: by the parser of
/// arguments, by readers of values, and by what looks for files.
#[test]
fn every_quoted_argument_is_escaped_and_whole() {
    let place = Place::new();
    let odd = "\u{1b}[31mr  d\u{1b}[0m\u{202e}\nUsage: x";
    let shown = "\\x1b[31mr  d\\x1b[0m\\u{202e}\\x0aUsage: x";
    let option = format!("--{odd}");
    for args in [
        &["run", "--seeds", odd][..],
        &["run", "--device", odd],
        &["run", "--width", odd],
        &["run", "--study", odd],
        &["run", "--shard", odd],
        &["run", "--set", odd],
        &["run", &option],
        &["limit", "--data", odd, "--activation", "abs", "--depth", "2"],
        &["limit", "--activation", odd],
        &["sample", odd],
        &["export", "folder", "--format", odd],
        &["export", "folder", "--format", "csv", "--table", odd],
        &["report", "folder", "--x", odd],
        &["status", "folder", "--row", odd],
        &["status", odd],
        &["merge", odd, "--out", "out"],
        &["run", odd],
        &["--progress", odd],
        &[odd],
    ] {
        let output = place.command("").args(args).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said:?}");
        assert!(said.contains(shown), "{args:?}: {said:?}");
        assert!(said.trim_end().chars().all(|c| !c.is_control() && c != '\u{202e}'), "{args:?}: {said:?}");
    }
}
