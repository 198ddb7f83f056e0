//! `eoc bench --compile`: every pipeline that an adapter could need, compiled and not run.

use assert_cmd::Command;
use eoc_ntk::backend::Engine;
use eoc_ntk::backend::gpu::{Options, Pass};

use super::{open, skip};

fn bench(options: &[&str]) -> (Option<i32>, String, String) {
    let output =
        Command::cargo_bin("eoc").unwrap().args(["bench", "--compile"]).args(options).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_pipeline_is_compiled_and_its_time_printed() {
    let Some(gpu) = open(&Options::default()) else { return skip("bench --compile") };
    let (status, out, err) = bench(&["--device", &format!("gpu:{}", gpu.info().name)]);
    assert_eq!(status, Some(0), "{err}");
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].starts_with(&gpu.info().name), "{out}");
    let pipelines = &lines[1..lines.len() - 1];
    let end = format!("{} pipelines in ", pipelines.len());
    assert!(lines[lines.len() - 1].starts_with(&end) && out.ends_with("nothing was run\n"), "{out}");
    // Cooperative matrices are of few adapters.
    for pass in Pass::ALL.into_iter().filter(|pass| *pass != Pass::ProjectCooperative) {
        let of_pass = |line: &&str| {
            line.split("ms  ").nth(1).is_some_and(|rest| rest.starts_with(&format!("{} (", pass.name())))
        };
        assert!(pipelines.iter().any(of_pass), "no {} in {out}", pass.name());
    }
    // Each once, with a time.
    let mut names: Vec<&str> = pipelines.iter().map(|line| line.split_once(" ms  ").unwrap().1).collect();
    let times =
        pipelines.iter().map(|line| line.split_once(" ms  ").unwrap().0.trim().parse::<f64>().unwrap());
    assert!(times.sum::<f64>() > 0.0);
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{out}");
}

#[test]
fn what_is_no_one_gpu_is_refused() {
    for (options, what) in [
        (vec!["--device", "cpu"], "--compile is for one GPU"),
        (vec!["--device", "gpu:all"], "--compile is for one GPU"),
        (vec!["--device", "gpu:no such card"], "no such card"),
        (vec!["--tune"], "cannot be used with"),
        (vec!["--case", "16,1,4,256"], "cannot be used with"),
    ] {
        let (status, out, err) = bench(&options);
        assert_eq!(status, Some(2), "{options:?}: {err}");
        assert!(out.is_empty() && err.contains(what), "{options:?}: {out}{err}");
    }
}
