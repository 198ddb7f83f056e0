//! What users of any command line expect: `-`, options given twice, whole numbers as people write them, lists,
//! completions.

use crate::support::without;
use std::fs;
use std::io::Write;
use std::process::Stdio;

use super::{NETWORK, Place, Ran, check_sentence, ran};

/// Runs a line with bytes on standard input; the bytes of standard output too.
fn fed(place: &Place, line: &str, bytes: &[u8]) -> (Ran, Vec<u8>) {
    let mut command = place.command(line);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    let stdout = output.stdout.clone();
    let text = std::process::Output { stdout: Vec::new(), ..output };
    (ran(&text).without_notes(), stdout)
}

#[test]
fn a_dash_is_standard_output() {
    let place = Place::new();
    for line in [
        format!("sample {NETWORK} --data points.csv --seeds 3"),
        format!("limit {NETWORK} --data points.csv"),
        "weights --widths 3 --data points.csv --seed 1".to_owned(),
        "data points.csv".to_owned(),
    ] {
        place.done(&format!("{line} --out file"));
        let (ran, bytes) = fed(&place, &format!("{line} --out -"), b"");
        assert_eq!(ran.status, 0, "{line}: {}", ran.stderr);
        assert!(
            ran.stderr.starts_with("-: shape ") && ran.stderr.lines().count() == 1,
            "{line}: {}",
            ran.stderr
        );
        assert_eq!(bytes, fs::read(place.path("file")).unwrap(), "{line}");
        assert!(!place.path("-").exists());
    }
    place.refused(&format!("limit {NETWORK} --data points.csv --json --out -"), "--json and --out -");
}

#[test]
fn a_dash_is_standard_input() {
    let place = Place::new();
    let line = format!("limit {NETWORK} --outputs 1");
    place.done("data points.csv --out points.npy");
    place.done(&format!("{line} --data points.csv --out l.npy"));
    let expected = fs::read(place.path("l.npy")).unwrap();
    for file in ["points.csv", "points.npy"] {
        let bytes = fs::read(place.path(file)).unwrap();
        let (ran, found) = fed(&place, &format!("{line} --data - --out -"), &bytes);
        assert_eq!((ran.status, found == expected), (0, true), "{file}: {}", ran.stderr);
    }
    let (ran, _) = fed(&place, &format!("{line} --data -"), b"1,2\n3,four\n");
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("standard input: line 2, field 2 is \"four\""), "{}", ran.stderr);
    place.done("weights --widths 3 --data points.csv --seed 1 --out w.safetensors");
    let kernel = "kernel --activation abs --data points.csv";
    place.done(&format!("{kernel} --weights w.safetensors --out k.npy"));
    let weights = fs::read(place.path("w.safetensors")).unwrap();
    let (ran, found) = fed(&place, &format!("{kernel} --weights - --out -"), &weights);
    assert_eq!((ran.status, found), (0, fs::read(place.path("k.npy")).unwrap()), "{}", ran.stderr);
    // A study, too; its data are a file, from which it can be resumed.
    let study = b"name = 'piped'\n[network]\nactivation = 'abs'\ndepth = 2\nwidth = 4\n[data]\nsource = 'points.csv'\n";
    let (ran, table) = fed(&place, "run - --device cpu --out run", study);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(String::from_utf8(table).unwrap().contains("piped") && place.path("run/study.toml").exists());
    place.refused("run --data -", "give --data a file instead of standard input");
}

/// What a shell hands on, `<(…)` and /dev/stdin, is read once and told by its first bytes.
#[cfg(target_os = "linux")]
#[test]
fn a_pipe_is_a_stream() {
    let place = Place::new();
    let limit = format!("limit {NETWORK} --outputs 1");
    place.done("data points.csv --out points.npy");
    place.done(&format!("{limit} --data points.csv --out l.npy"));
    place.done("weights --widths 3 --data points.csv --seed 1 --out w.safetensors");
    place.done("kernel --activation abs --data points.csv --weights w.safetensors --out k.npy");
    let program = assert_cmd::cargo::cargo_bin!("eoc");
    let shell = |script: String| {
        let script = script.replace("eoc ", &format!("'{}' ", program.display()));
        let output =
            std::process::Command::new("bash").args(["-c", &script]).current_dir(place.0.path()).output();
        ran(&output.unwrap()).without_notes()
    };
    for (script, expected) in [
        (format!("eoc {limit} --data <(cat points.csv) --out x.npy"), "l.npy"),
        (format!("eoc {limit} --data <(cat points.npy) --out x.npy"), "l.npy"),
        (format!("cat points.npy | eoc {limit} --data /dev/stdin --out x.npy"), "l.npy"),
        (format!("eoc {limit} --data /dev/stdin --out x.npy < points.csv"), "l.npy"),
        (format!("mkfifo p; cat points.csv > p & eoc {limit} --data p --out x.npy"), "l.npy"),
        ("eoc kernel --activation abs --data points.csv --weights <(cat w.safetensors) --out x.npy".into(), "k.npy"),
        ("eoc kernel --activation abs --data <(cat points.csv) --weights /dev/stdin --out x.npy < w.safetensors".into(), "k.npy"),
    ] {
        let ran = shell(script.clone());
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{script}");
        assert_eq!(fs::read(place.path("x.npy")).unwrap(), fs::read(place.path(expected)).unwrap(), "{script}");
    }
    let wrong = shell(format!("eoc {limit} --data <(printf '1,2\\n3,four\\n')"));
    assert!(wrong.status == 2 && wrong.stderr.contains("/dev/fd/"), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("line 2, field 2 is \"four\""), "{}", wrong.stderr);
    // A run directory has its data from a file.
    for line in [
        format!("run {NETWORK} --out run"),
        "width --tolerance 0.5 --confidence 0.5 --activation abs --depth 3 --out run".to_owned(),
    ] {
        let kept = shell(format!("eoc {line} --data <(cat points.csv)"));
        assert_eq!(kept.status, 2, "{line}: {}", kept.stderr);
        assert!(kept.stderr.contains("can be read but once; give --data a file"), "{line}: {}", kept.stderr);
        assert!(!place.path("run").exists());
    }
    let study = "[network]\nactivation = \"abs\"\ndepth = 2\nwidth = 4\n[data]\nsource = \"points.csv\"\n";
    place.put("s.toml", study.as_bytes());
    let ran =
        shell("eoc run <(cat s.toml) --set data.source=$PWD/points.csv --device cpu --out run".to_owned());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
}

/// Names of files need not be UTF-8; what is no name is named where it is not.
#[cfg(target_os = "linux")]
#[test]
fn names_of_any_bytes_are_taken_and_shown_in_one_line() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let odd = std::ffi::OsStr::from_bytes(b"x\xff.csv");
    fs::copy(place.path("points.csv"), place.0.path().join(odd)).unwrap();
    let with = |line: &str, args: &[&std::ffi::OsStr]| {
        ran(&place.command(line).args(args).output().unwrap()).without_notes()
    };
    let data = std::ffi::OsStr::new("--data");
    place.done(&format!("limit {NETWORK} --data points.csv --out l.npy"));
    let found = with(&format!("limit {NETWORK} --out x.npy"), &[data, odd]);
    assert_eq!((found.status, found.stderr.as_str()), (0, ""));
    assert_eq!(fs::read(place.path("x.npy")).unwrap(), fs::read(place.path("l.npy")).unwrap());
    let found = with("data --out y.npy", &[odd]);
    assert_eq!(found.status, 0, "{}", found.stderr);
    let refused = with(&format!("run {NETWORK} --out run"), &[data, odd]);
    check_sentence(
        "run",
        &refused.stderr,
        "x\\xFF.csv\" is not UTF-8, as the study.toml of a run directory is",
    );
    assert!(refused.status == 2 && !place.path("run").exists());
    let refused = with(&format!("limit {NETWORK} --data points.csv"), &["--activation".as_ref(), odd]);
    check_sentence("limit", &refused.stderr, "the argument \"x\\xFF.csv\" is not UTF-8");
    assert_eq!(refused.status, 2);
    // A line stays a line, whatever a file is called.
    let named = std::ffi::OsStr::new("a\nb");
    let run = format!("run {NETWORK} --data digits:n=3 --seeds 2 --device cpu");
    for (line, args) in [
        (run.as_str(), vec!["--out".as_ref(), named]),
        (&format!("sample {NETWORK} --data digits:n=3"), vec!["--out".as_ref(), "a\nb.npy".as_ref()]),
        ("data digits:n=3", vec!["--out".as_ref(), "a\nb.npy".as_ref()]),
        ("export --format csv", vec![named, "--out".as_ref(), "a\nb.csv".as_ref()]),
        ("merge --out m", vec![named]),
        ("merge", vec![named, "--out".as_ref(), "a\nm".as_ref()]),
        ("status", vec![named]),
        ("report", vec![named]),
        ("status m", vec![named]),
    ] {
        let found = with(line, &args);
        assert_eq!(found.status, 0, "{line}: {}", found.stderr);
        let text = found.stdout + &found.stderr;
        assert!(text.contains("a\\x0a") || line.starts_with("merge --out m"), "{line}: {text}");
        assert!(!text.lines().any(|line| line.starts_with("b")), "{line}: {text}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_limit_on_open_files_is_named() {
    let place = Place::new();
    let program = assert_cmd::cargo::cargo_bin!("eoc");
    let mut refused = 0;
    for (files, line) in [
        (4, format!("run {NETWORK} --data digits:n=3 --seeds 2 --device cpu --out run")),
        (5, format!("limit {NETWORK} --data points.csv")),
        (6, format!("sample {NETWORK} --data digits:n=3 --device cpu --out k.npy")),
    ] {
        let script = format!("ulimit -n {files}; exec '{}' {line}", program.display());
        let output =
            std::process::Command::new("sh").args(["-c", &script]).current_dir(place.0.path()).output();
        let ran = ran(&output.unwrap()).without_notes();
        // How many the system takes for the program itself differs.
        if ran.status != 0 {
            refused += 1;
            assert!(
                ran.stderr.contains("ulimit -n") && !ran.stderr.contains("0 B"),
                "{files}: {}",
                ran.stderr
            );
        }
    }
    assert!(refused > 0, "no limit was low enough to be met");
}

/// The copy of standard input that is read needs a place of its own.
#[cfg(unix)]
#[test]
fn a_place_without_room_for_standard_input_is_named() {
    let place = Place::new();
    let mut command = place.command("limit --activation abs --depth 2 --data -");
    let points = fs::File::open(place.path("points.csv")).unwrap();
    let ran = ran(&command.env("TMPDIR", "/nowhere").stdin(points).output().unwrap());
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    let says = "cannot keep a copy of standard input in /nowhere: entity not found; set TMPDIR to a directory with room";
    check_sentence("--data -", &ran.stderr, says);
    assert!(!ran.stderr.contains(".eoc-"), "{}", ran.stderr);
}

#[test]
fn a_dash_is_no_directory_and_no_binary_table() {
    let place = Place::new();
    place.put(
        "s.toml",
        b"seeds = 2\n[network]\nactivation = 'abs'\ndepth = 2\nwidth = 4\n[data]\nsource = 'points.csv'\n",
    );
    place.done("run s.toml --device cpu --out run");
    for line in [
        "run s.toml --out -",
        "merge run --out -",
        "merge - --out all",
        "status -",
        "export - --format csv",
        "slurm s.toml --shards 2 --out -",
    ] {
        place.refused(line, "- is standard input or output, and a directory is meant");
    }
    place.refused("export run --format npy --out -", "npy writes several files; give --out DIR");
    place.refused("export run --format parquet --out -", "parquet is a binary format; give --out FILE");
    place.refused("slurm --shards 2", "the study is missing; give a study file");
}

#[test]
fn of_an_option_given_twice_the_last_counts() {
    let place = Place::new();
    let once = "sample --activation relu --depth 3 --width 4 --data points.csv --seeds 2 --device cpu";
    place.done(&format!("{once} --out a.npy"));
    place.done(
        "sample --activation abs --activation relu --depth 9 --depth 3 --width 7 --width 4 --data digits:n=3 --data \
         points.csv --seeds 5 --seeds 2 --device gpu --device cpu --out b.npy --out c.npy",
    );
    assert_eq!(fs::read(place.path("a.npy")).unwrap(), fs::read(place.path("c.npy")).unwrap());
    assert!(!place.path("b.npy").exists());
}

#[test]
fn whole_numbers_are_written_as_people_do() {
    let place = Place::new();
    let line = |width: &str, seeds: &str, points: &str, threads: &str| {
        format!(
            "sample --activation abs --depth 2 --width {width} --seeds {seeds} --threads {threads} --data digits:n={points} \
             --points {points} --device cpu --out "
        )
    };
    place.done(&(line("2000", "1000..1002", "4", "2") + "a.npy"));
    for (width, seeds, points, threads) in
        [("2e3", "1e3..1002", "4", "2"), ("2k", "1_000..1_002", "0.4e1", "2e0")]
    {
        place.done(&(line(width, seeds, points, threads) + "b.npy"));
        assert_eq!(fs::read(place.path("a.npy")).unwrap(), fs::read(place.path("b.npy")).unwrap(), "{width}");
    }
}

/// Wherever a whole number is meant: of one seed, of the first of many, in a study file and in --set.
#[test]
fn whole_numbers_are_read_alike_everywhere() {
    let place = Place::new();
    let weights = |seed: &str, out: &str| {
        place.done(&format!("weights --widths 3 --data points.csv --seed {seed} --out {out}"));
        fs::read(place.path(out)).unwrap()
    };
    let expected = weights("1000", "a.safetensors");
    for seed in ["1k", "1e3", "1_000"] {
        assert_eq!(weights(seed, "b.safetensors"), expected, "{seed}");
    }
    place.refused(
        "weights --widths 3 --data points.csv --seed 1.5 --out c.safetensors",
        "give an integer from 0",
    );
    let file = "seeds = \"1k\"\n[network]\nactivation = 'abs'\ndepth = 2\nwidth = [\"1k\", 5]\n[data]\nsource = 'points.csv'\n";
    place.put("study.toml", file.as_bytes());
    let width = |options: &str| place.done(&format!("run study.toml {options} --device cpu --dry-run"));
    assert!(width("").contains(": 2 cells, seeds 0..1000;"));
    assert!(width("--set network.width=[1k,2e3,3]").contains(": 3 cells, "));
    assert!(width("--shard 0/1e1").contains("0/10"), "{}", width("--shard 0/1e1"));
    place.put("study.toml", file.replace("\"1k\", 5", "\"1x\"").as_bytes());
    place.refused(
        "run study.toml --device cpu",
        "width: is the text \"1x\"; write an integer from 1 such as 64 or \"10k\"",
    );
}

/// Cells of the study that these options of `eoc run` make.
fn cells(place: &Place, options: &str) -> usize {
    let text = place.done(&format!("run {options} --device cpu --dry-run"));
    let (_, cells) = text.lines().next().unwrap().split_once(": ").unwrap();
    cells.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn lists_make_a_grid() {
    let place = Place::new();
    let base = "--data points.csv --seeds 1";
    assert_eq!(cells(&place, &format!("{base} --activation abs --depth 3 --width 4")), 1);
    let all = "--activation abs --activation 0.6,0.4 --depth 3,4 --width 4,8 --outputs 1,2 --schedule constant,linear \
               --precision f32,f64 --sampler direct,conditional --scale 1,2.5 --normalize none,sphere";
    assert_eq!(cells(&place, &format!("{base} --data pair:angle=1 {all}")), 1 << 10);
    // Of lists too the last counts.
    assert_eq!(cells(&place, &format!("{base} --activation abs --depth 3 --width 4,8 --width 5")), 1);
}

#[test]
fn shells_complete_words_and_files_where_files_are_meant() {
    let place = Place::new();
    let bash = place.done("completions bash");
    let sample = bash
        .split_once("eoc__subcmd__sample)\n            opts")
        .or(bash.split_once("eoc__sample)\n            opts"));
    let sample = sample.unwrap().1;
    let of = |option: &str| {
        let (_, rest) = sample.split_once(&format!("                --{option})\n")).unwrap();
        rest.split_once("return 0").unwrap().0
    };
    for (option, words) in [
        ("activation", "abs relu identity"),
        ("schedule", "constant linear quadratic"),
        ("sampler", "auto direct conditional"),
        ("precision", "f32 f64 f16"),
        ("device", "auto cpu gpu gpu:all"),
        ("normalize", "sphere none"),
    ] {
        assert!(of(option).contains(&format!("compgen -W \"{words}\"")), "{option}: {}", of(option));
    }
    for words in [
        "op fro max lambda_min",
        "csv json parquet npy",
        "samples layers spectrum independence cells",
        "independence needed papers",
    ] {
        assert!(bash.contains(&format!("{words}\" --")), "{words}");
    }
    for option in ["width", "depth", "seeds", "threads", "widths"] {
        assert!(!of(option).contains("compgen"), "{option}: {}", of(option));
    }
    for option in ["data", "out"] {
        assert!(of(option).contains("compgen -f"), "{option}: {}", of(option));
    }
}

#[test]
fn a_data_source_is_a_file() {
    let place = Place::new();
    let line = place.done("data digits:n=5 --points 1..4 --out d.npy");
    assert_eq!(line, "d.npy: shape (3, 64), seeds none, sampler none, device cpu, precision f64\n");
    // The limit of the file is that of the source.
    for (data, out) in [("digits:n=5 --points 1..4", "a.npy"), ("d.npy", "b.npy")] {
        place.done(&format!("limit --activation relu --depth 3 --data {data} --out {out}"));
    }
    let ((_, a), (_, b)) = (place.array("a.npy"), place.array("b.npy"));
    assert!(crate::support::relative(&a, &b) < 1e-14);
    place.done("data digits:n=5 --normalize none --out raw.npy");
    let (shape, raw) = place.array("raw.npy");
    assert_eq!((shape.as_str(), &raw[..4]), ("(5, 64)", &[0.0, 0.0, 5.0, 13.0][..]));
    place.refused("data points.csv --out points.csv", "would overwrite the input points.csv");
    place.refused("data digits:n=2 --out x.CSV", "would hold .npy and be read as .csv");
    place.refused("data digits:n=0 --out x.npy", "n = \"0\" is out of range");
}

#[test]
fn relative_paths_of_a_study_are_taken_from_where_it_is() {
    let place = Place::new();
    fs::write(place.path("folder/near.csv"), "1,0\n0,1\n").unwrap();
    let study =
        "seeds = 2\n[network]\nactivation = 'abs'\ndepth = 2\nwidth = 4\n[data]\nsource = 'near.csv'\n";
    fs::write(place.path("folder/study.toml"), study).unwrap();
    place.done("run folder/study.toml --device cpu --out run");
    let rows = place.done("export run --format csv");
    // The resolved study means the same from anywhere.
    let again = place.done("status run --reproduce");
    fs::create_dir(place.path("elsewhere")).unwrap();
    fs::write(place.path("elsewhere/again.toml"), again).unwrap();
    place.done("run elsewhere/again.toml --device cpu --out again");
    let without_seconds = |text: &str| without(text, &["seconds"]);
    assert_eq!(without_seconds(&rows), without_seconds(&place.done("export again --format csv")));
    // An option is of the command line, and taken from there.
    place.done("run folder/study.toml --data points.csv --device cpu --out other");
    let line = place.done("run folder/study.toml --data folder/near.csv --device cpu --dry-run --out run");
    assert!(line.contains("; 2 samples are there") || line.contains("is there"), "{line}");
}
