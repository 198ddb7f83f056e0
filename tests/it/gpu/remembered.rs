//! That a GPU has passed its self-test is remembered between processes, for its driver and this build.

use std::fs;

use assert_cmd::Command;
use eoc_ntk::backend::Engine;
use eoc_ntk::backend::gpu::Options;

use super::{open, skip};

#[test]
fn a_self_test_is_run_once_for_an_adapter_and_again_where_it_cannot_be_remembered() {
    let Some(gpu) = open(&Options::default()) else { return skip("remembered self-tests") };
    let (device, place) = (format!("gpu:{}", gpu.info().name), tempfile::tempdir().unwrap());
    let cache = place.path().join("cache");
    // Whether the test was run, as the log says.
    let tested = |cache: &std::path::Path| {
        let mut command = Command::cargo_bin("eoc").unwrap();
        command.args([
            "sample",
            "--activation",
            "abs",
            "--depth",
            "2",
            "--width",
            "4",
            "--data",
            "pair:angle=1",
        ]);
        command.args(["--device", &device, "--out", "k.npy", "-v"]).current_dir(place.path());
        let output = command.env("XDG_CACHE_HOME", cache).output().unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{log}");
        log.contains("self-test passed")
    };
    assert!(tested(&cache) && !tested(&cache));
    let kept: Vec<_> = fs::read_dir(cache.join("eoc")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    // Of another driver, as the file says.
    let text = fs::read_to_string(&kept[0]).unwrap();
    assert!(text.starts_with(&format!("{}\n", gpu.info().name)), "{text}");
    fs::write(&kept[0], text.replace(&gpu.description().driver, "another")).unwrap();
    assert!(tested(&cache) && !tested(&cache));
    // A cache that is a file can be neither read nor written, which is no error.
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(tested(&file) && tested(&file));
}
