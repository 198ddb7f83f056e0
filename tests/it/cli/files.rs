//! Files, devices and pipes; signals and what they leave.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{NETWORK, Place, check_sentence, ran};

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
    assert!(ran.stderr.contains("; raise the limit on the size of a file (ulimit -f)"), "{}", ran.stderr);
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

/// What goes to stdout is an account of the work; whoever does not read it wants the work all the same.
#[test]
fn what_nobody_reads_is_done_all_the_same() {
    let place = Place::new();
    let unread = |line: &str| {
        // A pipe whose other end is closed before the program starts.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = place.command(line).stdout(writer).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{line}");
    };
    let study = "--activation abs --depth 2 --width 4 --data digits:n=3 --device cpu --set name=unread";
    unread(&format!("run {study} --seeds 40 --out unread"));
    assert_eq!(place.done("export unread --format csv").lines().count(), 41);
    unread(&format!("sample {NETWORK} --data digits:n=3 --out k.npy --layers-out l.npz"));
    assert!(place.path("l.npz").exists());
    unread(&format!("limit {NETWORK} --data digits:n=3 --out limit.npy --json"));
    assert!(place.path("limit.npy").exists());
    place.done(&format!("run {study} --seeds 3 --out other"));
    for dir in ["unread", "other"] {
        fs::remove_dir_all(place.path(dir).join("report")).unwrap();
    }
    unread("report unread other");
    assert!(place.path("unread/report").exists() && place.path("other/report").exists());
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
    let (nothing, silent) = (": nothing is written", "");
    for (line, signal, consequence) in [
        (&sample[..], "INT", nothing),
        (&sample, "TERM", nothing),
        (limit, "INT", silent),
        (wide, "TERM", nothing),
        (weights, "INT", silent),
    ] {
        let mut child = place.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The file is started when the signals are heard.
        while place.names() == before {
            assert!(child.try_wait().unwrap().is_none(), "eoc {line} has ended");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let kill = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        let ran = ran(&child.wait_with_output().unwrap());
        let said = format!("eoc: stopping{consequence}; a second Ctrl-C ends at once\neoc: interrupted\n");
        assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (130, "", said.as_str()));
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
    let room = "and its file system has room for";
    place.refused(
        "limit --activation abs --depth 3 --data digits:n=2 --outputs 4294967295 --out o.npy",
        &format!("o.npy would have 512.0 EiB, {room}"),
    );
    place.refused(
        "weights --widths 4294967295,4294967295 --data digits:n=1 --seed 1 --out w.safetensors",
        &format!("w.safetensors would have 64.0 EiB, {room}"),
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
