//! A store that is taken away, replaced or cut while it is in use, and a system that gives no more: each a sentence of
//! ours that says what happened to which file, what is kept and what to do.

use std::process::{Child, Stdio};
use std::time::Instant;

use super::failing::{SLOW, failing, shim, skip};
use super::*;

/// What only SQLite or the system would say.
const NOT_OURS: [&str; 6] =
    ["unable to open", "disk I/O", "Error code", "malformed", "os error", "database is"];

/// One sentence with these parts and none of another program's.
fn says(output: &Output, status: i32, parts: &[&str]) {
    refused(output, status, parts);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(NOT_OURS.iter().all(|part| !said.contains(part)), "{said}");
}

/// A run of SLOW that has some rows, and goes on.
fn at_work(at: &Path) -> Child {
    fs::write(at.join("slow.toml"), SLOW.replace("100000", "1000000000")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_eoc"));
    command.args(["run", "slow.toml", "--out", "run", "--device", "cpu"]).current_dir(at);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !rows(&at.join("run")).is_ok_and(|rows| !rows.is_empty()) {
        assert!(child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(300));
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

#[cfg(unix)]
#[test]
fn a_store_that_is_taken_from_a_run_is_said_to_be() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let (store, aside) = (at.join("run/run.sqlite"), at.join("run/aside"));
    let other = {
        run_into(&at.join("other"), &plan(STUDY), STRAIGHT).unwrap();
        at.join("other/run.sqlite")
    };
    let kept = "finished samples are in the file that was there before, and nowhere else; put that one back";
    type Does<'a> = &'a dyn Fn();
    let cases: [(Does, &[&str]); 4] = [
        (&|| (), &["run/run.sqlite was removed or moved away while it was in use", kept]),
        (
            &|| fs::copy(&other, &store).map(drop).unwrap(),
            &["run/run.sqlite was replaced by another file while it was in use", kept],
        ),
        (
            &|| fs::create_dir(&store).unwrap(),
            &["run/run.sqlite was replaced by another file while it was in use", kept],
        ),
        (
            &|| fs::write(&store, "mine").unwrap(),
            &["run/run.sqlite was replaced by another file while it was in use", kept],
        ),
    ];
    for (does, parts) in cases {
        let child = at_work(at);
        fs::rename(&store, &aside).unwrap();
        does();
        says(&child.wait_with_output().unwrap(), 1, parts);
        // Put back, it is resumed with all that was finished.
        let _ = fs::remove_file(&store).or_else(|_| fs::remove_dir(&store));
        let _ = fs::remove_file(at.join("run/run.sqlite-journal"));
        fs::rename(&aside, &store).unwrap();
        let before = rows(&at.join("run")).unwrap();
        let seeds = (before.len() + 2).to_string();
        let run = ["run", "slow.toml", "--seeds", &seeds, "--out", "run", "--device", "cpu"];
        assert_eq!(eoc(at, &run).status.code(), Some(0));
        assert_eq!(rows(&at.join("run")).unwrap()[..before.len()], before);
        fs::remove_dir_all(at.join("run")).unwrap();
    }
}

/// Cut or written over in its place, a store is damaged, whoever finds it.
#[cfg(unix)]
#[test]
fn a_store_that_is_cut_under_a_run_is_damaged() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let store = at.join("run/run.sqlite");
    let open = || fs::File::options().write(true).open(&store).unwrap();
    let cases: [&dyn Fn(); 2] = [&|| open().set_len(0).unwrap(), &|| {
        use std::io::Write;
        open().write_all(&[7; 4096]).unwrap()
    }];
    for damage in cases {
        let child = at_work(at);
        damage();
        says(
            &child.wait_with_output().unwrap(),
            1,
            &["run/run.sqlite is damaged or no run store (", "restore it"],
        );
        for command in [&["status", "run"][..], &["export", "run", "--format", "csv"], &["report", "run"]] {
            says(&eoc(at, command), 2, &["run/run.sqlite is damaged or no run store (", "restore it"]);
        }
        fs::remove_dir_all(at.join("run")).unwrap();
    }
}

/// However few files may be open, what cannot be done is said with the limit, and what was there stays.
#[cfg(target_os = "linux")]
#[test]
fn a_limit_on_open_files_is_named_wherever_it_is_met() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    fs::write(at.join("slow.toml"), SLOW).unwrap();
    let run = "run slow.toml --device cpu --threads 1 --progress none --seeds";
    assert_eq!(eoc(at, &format!("{run} 4 --out run").split(' ').collect::<Vec<_>>()).status.code(), Some(0));
    assert_eq!(eoc(at, &["merge", "run", "--out", "merged"]).status.code(), Some(0));
    let before = contents(&at.join("merged"));
    let kept = rows(&at.join("run")).unwrap();
    let new = format!("{run} 4 --out new");
    let more = format!("{run} 6 --out run");
    let commands = [
        "status run",
        "export run --format csv",
        "report run",
        "merge run merged --out merged",
        "merge run --out to",
        &new,
        &more,
    ];
    let mut refusals = [0; 7];
    for files in 5..=12 {
        for (line, refusals) in commands.iter().zip(&mut refusals) {
            let program = env!("CARGO_BIN_EXE_eoc");
            let script = format!("ulimit -n {files}; exec '{program}' {line}");
            let output = Command::new("sh").args(["-c", &script]).current_dir(at).output().unwrap();
            if output.status.code() != Some(0) {
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(said.contains("(ulimit -n)") && said.lines().count() == 1, "{files}, {line}: {said}");
                // What the system calls it may be said of other files than ours.
                let sqlite = ["unable to open", "disk I/O", "Error code"];
                assert!(sqlite.iter().all(|part| !said.contains(part)), "{files}, {line}: {said}");
                *refusals += 1;
            }
            if line.ends_with("merged") && output.status.code() != Some(0) {
                assert!(contents(&at.join("merged")) == before, "{files}, {line}");
            }
            if line.ends_with("to") && output.status.code() != Some(0) {
                assert!(!at.join("to").exists(), "{files}, {line}");
            }
            for made in ["to", "new"] {
                let _ = fs::remove_dir_all(at.join(made));
            }
        }
    }
    assert!(refusals.iter().all(|count| *count > 0), "{refusals:?}");
    assert_eq!(rows(&at.join("run")).unwrap()[..kept.len()], kept);
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fails_is_said_to_and_keeps_what_was_finished() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let Some(shim) = shim(at) else { return skip("no C compiler") };
    fs::write(at.join("slow.toml"), SLOW).unwrap();
    let run = ["run", "slow.toml", "--out", "run", "--device", "cpu"];
    assert_eq!(eoc(at, &[&run[..], &["--seeds", "100"]].concat()).status.code(), Some(0));
    let before = rows(&at.join("run")).unwrap();
    // EIO, ENOSPC and EDQUOT once some bytes were written.
    for (code, what, does) in [
        ("5", "its disk or file system fails (I/O error)", "look at that disk"),
        ("28", "the disk is full", "make room on that disk"),
        ("122", "the disk quota is used up", "remove files"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eoc"));
        command.args(run).current_dir(at).env("LD_PRELOAD", &shim).env("EOC_TEST_ERRNO", code);
        command.env("EOC_TEST_QUOTA", "400000").env("EOC_TEST_PLACE", "/run/");
        let parts = [
            "cannot write run/run.sqlite: ",
            what,
            "; finished samples are kept; ",
            does,
            "the same command resumes",
        ];
        says(&command.output().unwrap(), 1, &parts);
        let kept = rows(&at.join("run")).unwrap();
        assert!(kept.len() >= before.len() && kept[..before.len()] == before);
    }
    // Which rolls back what was not finished: a reader would do so in a copy.
    assert_eq!(eoc(at, &[&run[..], &["--seeds", "1000"]].concat()).status.code(), Some(0));
    // Read at once, in the header, and among the rows.
    let length = fs::metadata(at.join("run/run.sqlite")).unwrap().len();
    for bytes in [0, 4096, length / 2] {
        let bytes = bytes.to_string();
        let set = [("EOC_TEST_READ", bytes.as_str()), ("EOC_TEST_PLACE", "/run/")];
        for (command, status) in [
            (&["status", "run"][..], 1),
            (&["export", "run", "--format", "csv", "--out", "rows.csv"], 1),
            (&["merge", "run", "--out", "merged"], 1),
        ] {
            let output = failing(at, &shim, set, command);
            says(
                &output,
                status,
                &["run/run.sqlite: its disk or file system fails (I/O error)", "look at that disk"],
            );
            assert!(!at.join("rows.csv").exists() && !at.join("merged").exists());
        }
    }
}

/// A place that may be read and not written: mounted so, or of somebody else. Its finished runs are shown.
#[cfg(target_os = "linux")]
#[test]
fn a_place_that_cannot_be_written_is_said_to_be_one() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let Some(shim) = shim(at) else { return skip("no C compiler") };
    fs::write(at.join("slow.toml"), SLOW).unwrap();
    let run = ["run", "slow.toml", "--out", "run", "--device", "cpu", "--seeds"];
    assert_eq!(eoc(at, &[&run[..], &["4"]].concat()).status.code(), Some(0));
    let before = contents(&at.join("run"));
    for (code, what) in [("30", "its file system can only be read; "), ("13", "permission is denied; ")] {
        let set = [("EOC_TEST_OPEN", code), ("EOC_TEST_PLACE", "run/")];
        let output = failing(at, &shim, set, &[&run[..], &["8"]].concat());
        says(&output, 2, &["cannot write run/", what, "the same command resumes"]);
        let output = failing(at, &shim, set, &["merge", "run", "--out", "run"]);
        says(&output, 2, &["cannot write run/", what, "nothing was merged"]);
        for command in
            [&["status", "run"][..], &["export", "run", "--format", "csv"], &[&run[..], &["4"]].concat()]
        {
            let output = failing(at, &shim, set, command);
            assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        }
        assert!(contents(&at.join("run")) == before);
    }
    // The store alone, which is found when it is written.
    let set = [("EOC_TEST_OPEN", "30"), ("EOC_TEST_PLACE", "run.sqlite")];
    let output = failing(at, &shim, set, &[&run[..], &["8"]].concat());
    says(
        &output,
        2,
        &["cannot write run/run.sqlite: its file system can only be read; finished samples are kept"],
    );
    let output =
        failing(at, &shim, set, &[&["run", "slow.toml", "--out", "new"], &run[4..], &["8"]].concat());
    says(&output, 2, &["cannot create new/run.sqlite: its file system can only be read; make it writable"]);
    assert!(!at.join("new").exists());
}

/// A signal that comes while a lock is taken is no reason to refuse a directory.
#[cfg(target_os = "linux")]
#[test]
fn a_lock_that_a_signal_interrupts_is_taken_again() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let Some(shim) = shim(at) else { return skip("no C compiler") };
    fs::write(at.join("slow.toml"), SLOW).unwrap();
    // EINTR.
    let set = [("EOC_TEST_FLOCK", "4"), ("EOC_TEST_TIMES", "3")];
    for command in
        [&["run", "slow.toml", "--out", "run", "--device", "cpu", "--seeds", "4"][..], &["status", "run"]]
    {
        let output = failing(at, &shim, set, command);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Two runs that a removed lock lets at one store are told of each other.
#[test]
fn rows_that_another_process_has_added_meanwhile_are_said_to_be() {
    let (_temp, dir) = finished();
    let more = plan(&STUDY.replace("24", "26"));
    let mut store = open_store(&dir, &more).unwrap();
    let mut there = Vec::new();
    let each = |row: &Row| {
        there.push(row.clone());
        Ok::<(), StoreError>(())
    };
    Reader::open(&dir).unwrap().for_each(each).unwrap();
    let error = store.insert(&[there.remove(0).into()]).unwrap_err();
    assert!(matches!(error, StoreError::Raced { .. }) && error.is_of_the_machine(), "{error}");
}
