//! Rows made by an earlier build: until the numerics version is raised, no change may move a bit of them.
//!
//! `tests/data/kept/` holds two studies with the rows that the first build of numerics 4 (stream layout 1)
//! made of them, one on a CPU and one on a software adapter. A row is promised for a device of one name, so on any
//! other device the comparison is SKIPPED and counted. When numerics are raised on purpose, make the files anew with
//! the statistics that `eoc export` writes.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use assert_cmd::Command;

/// Columns of an export by name, and its rows.
fn rows(text: &str) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().unwrap()
}

/// The rows that the program makes of a kept study; none where this machine lacks the device.
fn made(study: &str, device: &str, name: &str) -> Option<Vec<HashMap<String, String>>> {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let study = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/kept").join(study);
    let mut run = Command::cargo_bin("eoc").unwrap();
    let run = run.arg("run").arg(study).args(["--device", device, "--threads", "2", "--out"]).arg(&out);
    let ran = run.output().unwrap();
    let export =
        Command::cargo_bin("eoc").unwrap().arg("export").arg(&out).args(["--format", "csv"]).output();
    let rows = rows(&String::from_utf8(export.unwrap().stdout).unwrap());
    // A GPU may be absent or another one; the CPU is always there.
    let said = String::from_utf8_lossy(&ran.stderr);
    let absent = ran.status.code() == Some(2) && said.contains("GPU") && device != "cpu";
    assert!(ran.status.success() || absent, "{said}");
    let found = rows.first().map_or("no such device", |row| row["device"].as_str()).to_owned();
    if found != name {
        // Past the capture of the test harness, so that it is seen and counted.
        let _ = writeln!(std::io::stderr(), "SKIPPED: rows kept from {name}: this machine has {found}");
        return None;
    }
    Some(rows)
}

/// Every kept value that differs from what was made, as a sentence.
fn differences(kept: &[HashMap<String, String>], made: &[HashMap<String, String>]) -> Vec<String> {
    assert_eq!(kept.len(), made.len());
    let mut found = Vec::new();
    for (kept, made) in kept.iter().zip(made) {
        for (column, value) in kept {
            if made[column] != *value {
                let (cell, seed) = (&kept["cell"], &kept["seed"]);
                found.push(format!("cell {cell}, seed {seed}, {column}: {value} is {} now", made[column]));
            }
        }
    }
    found
}

fn check(study: &str, kept: &str, device: &str, name: &str) {
    let kept = rows(kept);
    assert!(kept.len() >= 32 && kept[0].len() == 12, "a kept file lost rows or columns");
    let Some(mut made) = made(study, device, name) else { return };
    assert_eq!(differences(&kept, &made), Vec::<String>::new());
    // One digit is enough to be seen.
    let digit = made[1].get_mut("lambda_max").unwrap();
    let last = digit.pop().unwrap();
    digit.push(if last == '1' { '2' } else { '1' });
    assert_eq!(differences(&kept, &made).len(), 1);
}

#[test]
fn rows_of_the_cpu_are_those_of_the_build_before() {
    check("cpu.toml", include_str!("../data/kept/cpu.csv"), "cpu", "cpu avx2+fma");
}

#[test]
fn rows_of_a_software_adapter_are_those_of_the_build_before() {
    let name = "llvmpipe (LLVM 15.0.6, 256 bits)";
    check("gpu.toml", include_str!("../data/kept/gpu.csv"), "gpu:llvmpipe", name);
}
