//! `eoc width --out DIR`: draws are kept and read again, and no answer depends on it.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::support::eoc;

const SMALL: &str = "width --activation abs --depth 3 --data pair:angle=1 --device cpu --resolution 2 --tolerance 0.3 --confidence 0.8";

fn command(line: &str) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("eoc"));
    command.args(line.split_whitespace());
    command
}

/// The answer without its seconds.
fn answer(at: &Path, line: &str) -> Value {
    let (status, out, err) = eoc(at, &format!("{line} --json"));
    assert_eq!((status, err.as_str()), (0, ""), "eoc {line}");
    let mut value: Value = serde_json::from_str(&out).unwrap();
    value.as_object_mut().unwrap().remove("seconds").unwrap();
    value
}

/// The rows of a directory: cell key and seed with the deviation, by what an export says of them.
fn rows(at: &Path) -> Vec<String> {
    let (status, out, err) = eoc(at, "export kept --format csv");
    assert_eq!(status, 0, "{err}");
    let mut lines: Vec<String> = out
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            // All but the number of the cell, which the last question gives, and the seconds at the end.
            fields[1..fields.len() - 1].join(",")
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn an_answer_with_a_directory_is_that_without_and_what_is_there_is_not_drawn_again() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let kept = |line: &str| answer(at, &format!("{line} --out kept"));
    let first = kept(SMALL);
    assert_eq!(first, answer(at, SMALL));
    let drawn = rows(at);
    assert_eq!(drawn.len() as u64, first["networks"].as_u64().unwrap());
    // Again: nothing is drawn.
    assert_eq!(kept(SMALL), first);
    assert_eq!(rows(at), drawn);
    // Another tolerance, probability, norm and resolution of the same networks.
    let mut before = drawn;
    for more in ["--tolerance 0.25", "--confidence 0.9", "--norm lambda_min", "--resolution 1.5"] {
        let line = format!("{SMALL} {more}");
        assert_eq!(kept(&line), answer(at, &line), "{more}");
        let after = rows(at);
        assert!(
            before.iter().all(|row| after.binary_search(row).is_ok()),
            "{more}: every row is still there"
        );
        before = after;
    }
    let most: u64 = before.len() as u64;
    let all: u64 = ["", "--tolerance 0.25", "--confidence 0.9", "--norm lambda_min", "--resolution 1.5"]
        .iter()
        .map(|more| answer(at, &format!("{SMALL} {more}"))["networks"].as_u64().unwrap())
        .sum();
    assert!(most < all, "{most} rows for {all} networks: questions share draws");
}

#[test]
fn what_a_question_leaves_is_a_run_that_every_command_reads() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let (status, out, err) = eoc(at, &format!("{SMALL} --out kept"));
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("Every network is kept in kept") && out.contains("--out kept"), "{out}");
    let study = std::fs::read_to_string(at.join("kept/study.toml")).unwrap();
    assert!(study.contains("seeds = \"found\"") && study.contains("name = \"needed\""), "{study}");
    let (status, out, err) = eoc(at, "status kept");
    assert_eq!(status, 0, "{out}{err}");
    let missing = out.lines().find(|line| line.contains("missing"));
    assert!(missing.is_none_or(|line| line.contains("0 ")), "{out}");
    // Run again as a study it has all that it asks for, and with seeds it has more.
    let before = rows(at).len();
    assert_eq!(eoc(at, "run kept/study.toml --out kept").0, 0);
    assert_eq!(rows(at).len(), before);
    assert_eq!(eoc(at, "run kept/study.toml --out kept --seeds 2").0, 0);
    assert!(rows(at).len() >= before);
    assert_eq!(answer(at, &format!("{SMALL} --out kept")), answer(at, SMALL));
}

/// Waits until the store is there; it is killed in the middle of whatever it does then.
fn killed(at: &Path, line: &str) {
    let mut child: Child =
        command(line).current_dir(at).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !at.join("kept/run.sqlite").exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::thread::sleep(std::time::Duration::from_millis(100));
    // It may have come to its end by itself.
    let _ = child.kill();
    child.wait().unwrap();
}

#[test]
fn a_question_that_was_killed_or_limited_goes_on() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    killed(at, &format!("{SMALL} --out kept"));
    let limited = answer(at, &format!("{SMALL} --out kept --max-networks 150"));
    assert!(limited["undecided"].is_string() && limited["networks"].as_u64().unwrap() <= 150, "{limited}");
    assert_eq!(answer(at, &format!("{SMALL} --out kept")), answer(at, SMALL));
}

#[test]
fn a_directory_that_cannot_keep_them_is_refused_before_anything_is_drawn() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    std::fs::create_dir(at.join("other")).unwrap();
    std::fs::write(at.join("other/notes"), "x").unwrap();
    let (status, out, err) = eoc(at, &format!("{SMALL} --out other"));
    assert_eq!((status, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("holds no run") && err.lines().count() == 1, "{err}");
    let (status, _, err) = eoc(at, &format!("{SMALL} --data - --out kept"));
    assert_eq!(status, 2, "{err}");
    assert!(!at.join("kept").exists());
    // The directory of another study takes the draws in, and keeps its rows.
    let run =
        "run --activation abs --depth 3 --width 4,8 --data pair:angle=1 --device cpu --seeds 40 --out kept";
    assert_eq!(eoc(at, run).0, 0);
    let (status, _, err) = eoc(at, &format!("{SMALL} --out kept"));
    assert!(status == 0 && err.contains("kept holds the study ") && err.contains("its rows stay"), "{err}");
    assert_eq!(answer(at, &format!("{SMALL} --out kept")), answer(at, SMALL));
    assert!(rows(at).len() >= 80);
}

/// Searches ask for the draws that are there, and so does what comes of merging their directories.
#[test]
fn directories_of_searches_merge_and_lack_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    answer(at, &format!("{SMALL} --out abs"));
    answer(at, &format!("{} --out relu", SMALL.replace("abs", "relu")));
    for (dirs, out) in [("abs", "one"), ("abs relu", "both"), ("both relu", "kept")] {
        let (status, said, err) = eoc(at, &format!("merge {dirs} --out {out}"));
        assert_eq!((status, err.as_str()), (0, ""), "{said}");
        let text = std::fs::read_to_string(at.join(out).join("study.toml")).unwrap();
        assert!(text.contains("seeds = \"found\""), "{text}");
    }
    let count = |dir: &str| eoc(at, &format!("export {dir} --format csv")).1.lines().count() - 1;
    assert_eq!(count("kept"), count("abs") + count("relu"));
    let (_, status, _) = eoc(at, "status kept --json");
    let status: Value = serde_json::from_str(&status).unwrap();
    assert!(status["total"]["rows"].as_u64() > Some(0), "{status}");
    assert_eq!(status["total"]["rows"], status["total"]["total"]);
}

/// Of a batch of networks that takes minutes nothing is waited for: without the clock 32 of them would be counted.
#[test]
fn the_time_of_a_search_ends_it_within_a_batch() {
    let temp = tempfile::tempdir().unwrap();
    let asked = "width --confidence 0.9 --tolerance 1e-6 --precision f64 --activation relu --depth 3 --data \
                 sphere:n=3,dim=4,seed=0 --device cpu --max-time 0.2s";
    let found = answer(temp.path(), asked);
    assert_eq!(found["networks"], 0);
    assert!(found["undecided"].as_str().unwrap().contains("the time was over"), "{found}");
}
