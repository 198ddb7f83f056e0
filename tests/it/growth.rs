//! `eoc bench --along`: time and memory against one size, as a user gets them.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use assert_cmd::Command;

fn eoc() -> Command {
    Command::cargo_bin("eoc").unwrap()
}

/// The table, the slope of the count by its formula, and the same numbers as files.
#[test]
fn the_count_grows_as_the_width_or_its_square() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("scaling");
    let ran = eoc()
        .args([
            "bench", "--along", "m", "--from", "512", "--to", "2_048", "--case", "2,1,3,7", "--rounds", "2",
        ])
        .args(["--device", "cpu", "--threads", "2", "--out"])
        .arg(&out)
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    assert!(said.contains("against m, n = 2, m_l = 1, l = 3"), "{said}");
    // Width 7 of the case is not measured.
    for size in ["512", "1024", "2048"] {
        assert!(said.matches(&format!(" {size} ")).count() >= 2, "{size}: {said}");
    }
    // n = q = 2, m_0 = 64, two hidden layers: a deviate is worth 60 operations, a factorisation 80 s³, the norms 4 q³.
    let conditional = |m: f64| 64.0 * m + m * (2.0 * 136.0 + 8.0 + 120.0 + 16.0 + 8.0) + 80.0 * 16.0 + 32.0;
    let direct = |m: f64| 64.0 * m + 64.0 * m * 64.0 + m * m * 68.0 + 2.0 * m * 8.0 + 32.0;
    let slope = |count: &dyn Fn(f64) -> f64| (count(2048.0) / count(512.0)).ln() / 4f64.ln();
    for (sampler, expected) in [("conditional", slope(&conditional)), ("direct", slope(&direct))] {
        let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let at = words.find(&format!("{sampler}: the time grows as m to the power ")).unwrap();
        let rest = &words[at..];
        let at = rest.find("factorisations grows as ").unwrap() + "factorisations grows as ".len();
        let found: f64 = rest[at..at + 4].parse().unwrap();
        assert!((found - expected).abs() < 0.006, "{sampler}: {found} {expected}");
    }
    let csv = std::fs::read(out.join("scaling.csv")).unwrap();
    let rows: Vec<HashMap<String, String>> =
        csv::Reader::from_reader(&csv[..]).deserialize().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), 2 * 3 * 2);
    for row in &rows {
        let number = |column: &str| row[column].parse::<f64>().unwrap();
        assert!(number("seconds") > 0.0 && number("seeds") >= 1.0 && number("planned") > 0.0, "{row:?}");
        let count =
            if row["sampler"] == "direct" { direct(number("size")) } else { conditional(number("size")) };
        assert!((number("count") / count - 1.0).abs() < 1e-12, "{row:?} {count}");
    }
    for ending in ["csv", "svg", "pdf", "png"] {
        assert!(out.join(format!("scaling-figure.{ending}")).metadata().unwrap().len() > 100);
    }
}

#[test]
fn the_seconds_of_a_batch_are_what_grows_with_its_seeds() {
    let ran = eoc()
        .args([
            "bench", "--along", "seeds", "--from", "2", "--to", "8", "--case", "2,1,2,64", "--rounds", "1",
        ])
        .args(["--device", "cpu", "--threads", "1", "--sampler", "direct"])
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("ms a batch") && words.contains("grows as 1.00"), "{said}");
    assert!(!words.contains("conditional:"), "{said}");
}

/// The files of one measurement may be replaced by another's; what is of something else stays as it is.
#[test]
fn a_directory_of_something_else_is_no_place_for_times() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("there");
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("run.sqlite"), "x").unwrap();
    std::fs::write(dir.path().join("x.npy"), "x").unwrap();
    for (out, sentence) in
        [(out.clone(), "holds no times along a size (run.sqlite)"), (dir.path().join("x.npy"), "cannot use")]
    {
        let args =
            ["bench", "--along", "m", "--to", "8", "--case", "1,1,2,1", "--rounds", "1", "--device", "cpu"];
        let ran = eoc().args(args).arg("--out").arg(&out).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{said}");
        assert!(said.contains(sentence) && said.trim_end().lines().count() == 1, "{said}");
        assert!(ran.stdout.is_empty());
    }
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 1);
}

#[test]
fn sizes_that_make_no_slope_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("scaling");
    for (args, sentence) in [
        (&["--along", "m", "--from", "8", "--to", "16"][..], "a slope needs 3 sizes"),
        (&["--along", "l", "--from", "0"], "give a size of 1 or more"),
        (&["--along", "width"], "invalid value 'width'"),
        (&["--from", "8"], "--along"),
        (&["--along", "n", "--to", "1e9"], "use fewer points"),
        (&["--along", "m", "--case", "2,1,1,8"], "a network of depth 1 has no width"),
        (&["--along", "seeds", "--from", "1e13", "--to", "4e13"], "is more than is timed at once"),
        (&["--along", "m", "--tune"], "cannot be used with"),
        (&["--along", "m", "--from", "1e12", "--sampler", "direct"], ""),
    ] {
        let ran = eoc().args(["bench", "--device", "cpu", "--out"]).arg(&out).args(args).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(sentence), "{args:?}: {said}");
        assert!(!out.exists(), "{args:?}");
    }
}

/// What was measured before a signal is shown; a directory in which nothing was written goes again, one that was there
/// stays.
#[cfg(unix)]
#[test]
fn a_signal_leaves_no_empty_directory() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("there")).unwrap();
    for out in ["new/times", "there"] {
        // Far more rounds than can finish.
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("eoc"))
            .args(["bench", "--along", "m", "--from", "4096", "--to", "16384", "--case", "16,1,4,1"])
            .args(["--rounds", "1000", "--device", "cpu", "--threads", "1", "--out", out])
            .current_dir(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The head of the table is printed when the directory is there.
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut String::new()).unwrap();
        assert!(dir.path().join(out).exists());
        let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        let ran = child.wait_with_output().unwrap();
        assert_eq!(ran.status.code(), Some(130), "{}", String::from_utf8_lossy(&ran.stderr));
    }
    let left: Vec<_> =
        std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["there"]);
    assert!(std::fs::read_dir(dir.path().join("there")).unwrap().next().is_none());
}
