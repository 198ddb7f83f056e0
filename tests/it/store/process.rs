//! The program itself: killed, interrupted, out of disk.

use crate::support::without;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::*;

/// About two seconds of tiny networks on two cores, in both samplers.
const TINY: &str = "name = 'tiny'\nseeds = 6000\nsampler = ['direct', 'conditional']\n[network]\nactivation = 'relu'\n\
                    depth = 3\nwidth = [1, 4, 16]\noutputs = 2\n[data]\nsource = 'sphere:n=4,dim=3,seed=1'\n";

/// Rows of a run without device and seconds, as the program exports them.
fn csv(at: &Path, dir: &str) -> Vec<String> {
    let output = eoc(at, &["export", dir, "--format", "csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    without(&text, &["device", "seconds"])
}

fn start(at: &Path, args: &[&str]) -> Child {
    // The processor, whatever else this machine has: what is tested is the run.
    Command::new(env!("CARGO_BIN_EXE_eoc"))
        .args(args)
        .args(["--device", "cpu"])
        .current_dir(at)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Ends a program without a word, as a power cut or the kernel would.
fn kill_9(mut child: Child) -> bool {
    let alive = child.try_wait().unwrap().is_none();
    // One that has just ended by itself is no error.
    child.kill().unwrap();
    child.wait().unwrap();
    alive
}

/// Kills at random moments, every third time within a commit where one is seen: no row that was seen is lost, every row
/// has the bytes of an uninterrupted run, and so has the end. `EOC_FULL=1` kills 200 times. Nothing here depends on how
/// fast the machine is but the share of the kills that hit a run at work.
#[test]
fn kill_9_at_any_moment_loses_no_finished_row() {
    let full = std::env::var_os("EOC_FULL").is_some_and(|v| v == "1");
    let moments = if full { 200 } else { 16 };
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    fs::write(at.join("tiny.toml"), TINY).unwrap();
    let clock = Instant::now();
    assert_eq!(eoc(at, &["run", "tiny.toml", "--out", "straight", "--device", "cpu"]).status.code(), Some(0));
    let whole = clock.elapsed();
    let expected = rows(&at.join("straight")).unwrap();
    assert_eq!(expected.len(), 6 * 6000);
    let (mut kills, mut round, mut seen) = (0, 0, 0);
    for attempt in 0.. {
        let name = format!("killed-{round}");
        let dir = at.join(&name);
        let threads = (1 + attempt % 3).to_string();
        let mut child = start(at, &["run", "tiny.toml", "--out", &name, "--threads", &threads]);
        let moment = whole.mul_f64((mix(attempt) % 1000) as f64 / 1000.0);
        let clock = Instant::now();
        let commits = |dir: &Path| attempt % 3 == 0 && dir.join("run.sqlite-journal").exists();
        while clock.elapsed() < moment && !commits(&dir) && child.try_wait().unwrap().is_none() {
            sleep(Duration::from_micros(200));
        }
        kills += u64::from(kill_9(child));
        if dir.join("run.sqlite").exists() {
            let there = rows(&dir).unwrap();
            assert!(there.len() >= seen, "{} rows after {seen}", there.len());
            assert!(there.iter().all(|row| expected.binary_search(row).is_ok()), "kill {kills}");
            seen = there.len();
        }
        let last = kills == moments;
        if last {
            let output = eoc(at, &["run", "tiny.toml", "--out", &name, "--device", "cpu"]);
            assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
            seen = rows(&dir).unwrap().len();
        }
        if seen == expected.len() {
            assert_eq!(rows(&dir).unwrap(), expected);
            assert_eq!(csv(at, &name), csv(at, "straight"));
            (round, seen) = (round + 1, 0);
        }
        if last {
            break;
        }
    }
}

/// A study that no machine finishes while a test looks at it.
fn endless() -> String {
    TINY.replace("6000", "1000000000")
}

/// Waits, as long as the machine takes, until a program at work has brought a directory to a state; panics where it
/// ends before.
fn await_state(child: &mut Child, reached: impl Fn() -> bool) {
    while !reached() {
        assert_eq!(child.try_wait().unwrap(), None, "the run ended before it got there");
        sleep(Duration::from_millis(5));
    }
}

#[cfg(unix)]
#[test]
fn signals_keep_what_is_finished_and_can_be_resumed() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    fs::write(at.join("tiny.toml"), endless()).unwrap();
    for signal in ["INT", "TERM"] {
        let mut child = start(at, &["run", "tiny.toml", "--out", signal]);
        let dir = at.join(signal);
        // Until there is something to keep; how long that takes is up to the machine.
        await_state(&mut child, || dir.join("run.sqlite").exists() && !rows(&dir).unwrap().is_empty());
        let before = rows(&dir).unwrap();
        let kill =
            Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        stopped(&child.wait_with_output().unwrap(), 130, &["interrupted", "resumes"]);
        let kept = rows(&dir).unwrap();
        assert_eq!(kept[..before.len()], before, "what was finished is kept");
    }
}

/// The answer to the first Ctrl-C, once, and then what [`refused`] looks at.
fn stopped(output: &Output, status: i32, parts: &[&str]) {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    let (answer, rest) = text.split_once('\n').unwrap();
    assert!(
        answer.starts_with("eoc: stopping: ") && answer.ends_with("; a second Ctrl-C ends at once"),
        "{text}"
    );
    refused(&Output { stderr: rest.as_bytes().to_vec(), ..output.clone() }, status, parts);
}

/// A layer of 6·10⁸ neurons takes minutes, on any machine: its seed is given up soon after the signal, nothing that was
/// not there before is left, and the status says what a batch system should do. The time that it took is printed.
#[cfg(unix)]
#[test]
fn a_wide_seed_in_hand_is_given_up_at_a_signal() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let network = "--activation relu --depth 3 --width 600000000 --data sphere:n=8,dim=4,seed=0 --threads 1 --seeds 2 --out";
    for (command, out, signal, status, part) in [
        ("run", "int", "INT", 130, "2 samples are missing"),
        ("run", "usr1", "USR1", 1, "before one new sample was finished; 2 samples are missing"),
        ("sample", "int.npy", "INT", 130, "interrupted"),
        ("sample", "usr1.npy", "USR1", 1, "stopped by the time-limit signal, and nothing is kept"),
    ] {
        let args: Vec<&str> = [command].into_iter().chain(network.split(' ')).chain([out]).collect();
        let mut child = start(at, &args);
        // A store is there once the first seed is about to begin; of the other there is nothing to see.
        match command {
            "run" => await_state(&mut child, || at.join(out).join("run.sqlite").exists()),
            _ => sleep(Duration::from_secs(1)),
        }
        sleep(Duration::from_millis(500));
        assert_eq!(child.try_wait().unwrap(), None, "{command} ended by itself");
        let clock = Instant::now();
        let kill =
            Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let output = child.wait_with_output().unwrap();
        let seconds = clock.elapsed().as_secs_f64();
        println!("{command} ended {seconds:.3} s after SIG{signal}");
        assert!(seconds < 10.0, "{command}, SIG{signal}: {seconds} s");
        match signal {
            "INT" => stopped(&output, status, &[part]),
            _ => refused(&output, status, &[part]),
        }
        if command == "run" {
            assert_eq!(rows(&at.join(out)).unwrap(), []);
        } else {
            assert!(!at.join(out).exists(), "an unfinished file is left");
        }
    }
}

#[test]
fn a_second_process_is_refused_and_kill_9_leaves_no_lock() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    fs::write(at.join("tiny.toml"), endless()).unwrap();
    let mut first = start(at, &["run", "tiny.toml", "--out", "run"]);
    await_state(&mut first, || at.join("run/run.sqlite").exists());
    refused(
        &eoc(at, &["run", "tiny.toml", "--out", "run", "--device", "cpu"]),
        2,
        &["in use by another eoc run"],
    );
    first.kill().unwrap();
    first.wait().unwrap();
    fs::write(at.join("one.toml"), TINY.replace("6000", "1")).unwrap();
    let again = eoc(at, &["run", "one.toml", "--out", "run", "--device", "cpu"]);
    assert_eq!(again.status.code(), Some(0), "{}", String::from_utf8_lossy(&again.stderr));
}

/// A directory that is moved away under a run, or removed, is told so; what was moved is resumed where it is.
#[cfg(unix)]
#[test]
fn a_directory_that_goes_away_under_a_run_is_said_in_those_words() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    fs::write(at.join("tiny.toml"), endless()).unwrap();
    for moved in [true, false] {
        let mut child = start(at, &["run", "tiny.toml", "--out", "run"]);
        let store = at.join("run/run.sqlite");
        await_state(&mut child, || {
            store.exists() && rows(&at.join("run")).is_ok_and(|rows| !rows.is_empty())
        });
        match moved {
            true => fs::rename(at.join("run"), at.join("away")).unwrap(),
            // The run may be making a journal in it.
            false => while fs::remove_dir_all(at.join("run")).is_err() {},
        }
        let output = child.wait_with_output().unwrap();
        refused(&output, 1, &["run was moved or removed while it was in use; finished samples are in it"]);
        assert!(!at.join("run").exists());
    }
    let kept = rows(&at.join("away")).unwrap();
    fs::write(at.join("few.toml"), TINY.replace("6000", "3")).unwrap();
    assert_eq!(eoc(at, &["run", "few.toml", "--out", "away", "--device", "cpu"]).status.code(), Some(0));
    assert!(rows(&at.join("away")).unwrap().len() >= kept.len());
}

/// A signal at once, when the program has just begun to listen, is answered without a word of what is not there.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_at_once_names_nothing_that_is_not_there() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    fs::write(at.join("tiny.toml"), endless()).unwrap();
    for (wait, dry) in [(0, false), (5, false), (20, false), (0, true), (100, true)] {
        let option = if dry { &["--dry-run"][..] } else { &[] };
        let mut child = start(at, &[&["run", "tiny.toml", "--out", "run"], option].concat());
        let listens = |status: String| {
            let caught =
                status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim().to_owned();
            // SIGINT is the second signal, and listened to before SIGUSR1, the tenth.
            u64::from_str_radix(&caught, 16).unwrap() & 0x200 != 0
        };
        let status = format!("/proc/{}/status", child.id());
        await_state(&mut child, || listens(fs::read_to_string(&status).unwrap()));
        sleep(Duration::from_millis(wait));
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{said}");
        let last = said.lines().last().unwrap();
        if dry {
            assert_eq!(last, "eoc: interrupted while the time of a sample was measured; nothing was written");
            assert!(!at.join("run").exists());
        } else if last.contains(" in run") {
            let none = rows(&at.join("run")).unwrap().is_empty();
            assert_eq!(none, last.contains("before one new sample was finished"), "{last}");
            fs::remove_dir_all(at.join("run")).unwrap();
        } else {
            assert!(!at.join("run/run.sqlite").exists(), "{last}");
        }
    }
}

/// The signal of a batch system before its time limit: status 75, also where SIGTERM follows at once, and the run is
/// resumed.
#[cfg(unix)]
#[test]
fn the_time_limit_signal_has_a_status_of_its_own() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    fs::write(at.join("tiny.toml"), endless()).unwrap();
    for (dir, then) in [("alone", None), ("followed", Some("-TERM"))] {
        let mut child = start(at, &["run", "tiny.toml", "--out", dir]);
        // Without a new sample the status would be another.
        let store = at.join(dir).join("run.sqlite");
        await_state(&mut child, || store.exists() && !rows(&at.join(dir)).unwrap().is_empty());
        let id = child.id().to_string();
        for signal in ["-USR1"].into_iter().chain(then) {
            // The second finds a program that has ended where it is that fast.
            let _ = Command::new("kill").args([signal, &id]).stderr(Stdio::null()).status().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        let parts = ["time-limit signal", "the same command resumes"];
        let second = String::from_utf8_lossy(&output.stderr).contains("eoc: stopping");
        if second {
            stopped(&output, 75, &parts)
        } else {
            refused(&output, 75, &parts)
        }
        let kept = rows(&at.join(dir)).unwrap();
        fs::write(at.join("few.toml"), TINY.replace("6000", "3")).unwrap();
        assert_eq!(eoc(at, &["run", "few.toml", "--out", dir, "--device", "cpu"]).status.code(), Some(0));
        assert!(rows(&at.join(dir)).unwrap().len() >= kept.len().max(18));
    }
}

/// The limit of thousands of points is one decomposition that nothing breaks off: a signal ends the process in its
/// midst. A task that ends so without a new sample is not to be started again.
#[cfg(unix)]
#[test]
fn a_signal_is_heard_while_the_limit_of_many_points_is_computed() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let line = "run --activation relu --depth 3 --width 64 --data sphere:n=3000,dim=4 --device cpu --seeds 50 --out d";
    let args: Vec<&str> = line.split(' ').collect();
    for (signal, status, part) in [
        ("-USR1", 1, "before one new sample was finished, in the middle of a step"),
        ("-INT", 130, "interrupted in the middle of a step"),
    ] {
        let child = start(at, &args);
        std::thread::sleep(Duration::from_millis(1000));
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(said.contains(part), "{said}");
    }
}

/// Runs with the size of any file limited to this many bytes.
#[cfg(unix)]
fn limited(at: &Path, bytes: u64, args: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_eoc");
    // POSIX counts ulimit -f in blocks of 512 bytes.
    let script = format!("ulimit -f {} && exec '{program}' {args}", bytes / 512);
    Command::new("sh").args(["-c", &script]).current_dir(at).output().unwrap()
}

#[cfg(unix)]
#[test]
fn a_full_disk_keeps_what_was_finished() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let study = "name = 'slow'\nseeds = 100000\n[network]\nactivation = 'relu'\ndepth = 3\nwidth = 64\n[data]\n\
                 source = 'digits:n=32'\n";
    fs::write(at.join("slow.toml"), study).unwrap();
    // Rows that are there before the disk fills: how many a commit holds depends on the machine, so that none of a fast
    // machine's may fit.
    let output = eoc(at, &["run", "slow.toml", "--seeds", "300", "--out", "run", "--device", "cpu"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let before = csv(at, "run");
    assert_eq!(before.len(), 301);
    // Far fewer bytes than 100000 rows need.
    let output = limited(at, 256 << 10, "run slow.toml --out run --device cpu");
    refused(
        &output,
        1,
        &["cannot write", "run.sqlite", "(ulimit -f)", "finished samples are kept; raise that limit"],
    );
    let kept = csv(at, "run");
    assert_eq!(kept[..301], before, "what was finished before the disk was full is kept");
    // As many seeds as were kept and a few more; the rows kept are among them.
    let seeds = (kept.len() + 99).to_string();
    for dir in ["run", "fresh"] {
        let output = eoc(at, &["run", "slow.toml", "--seeds", &seeds, "--out", dir, "--device", "cpu"]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let resumed = csv(at, "run");
    assert_eq!(resumed[..kept.len()], kept);
    assert_eq!(resumed, csv(at, "fresh"));
    // No room for the plan: nothing is left behind.
    let output = limited(at, 4096, "run slow.toml --out none --device cpu");
    refused(&output, 1, &["cannot create", "run.sqlite", "(ulimit -f); raise that limit"]);
    assert!(!at.join("none").exists());
    let output = limited(at, 8192, "export run --format csv --out rows.csv");
    refused(&output, 1, &["rows.csv"]);
    assert!(!at.join("rows.csv").exists());
    // A merge that does not fit leaves what was there, or nothing.
    let says = [
        "cannot create merged/run.sqlite",
        "(ulimit -f); nothing was merged; raise that limit, and merge again",
    ];
    // Before the tables, within them, and within the rows.
    let sizes = [4096, 16384, 65536];
    for bytes in sizes {
        refused(&limited(at, bytes, "merge run --out merged"), 1, &says);
        assert!(!at.join("merged").exists());
    }
    assert_eq!(eoc(at, &["merge", "run", "--out", "merged"]).status.code(), Some(0));
    let before = contents(&at.join("merged"));
    for bytes in sizes {
        refused(&limited(at, bytes, "merge run fresh --out merged"), 1, &says);
        assert!(contents(&at.join("merged")) == before, "what was there is there");
    }
}

#[test]
fn the_default_directory_is_by_name_and_study() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    fs::write(at.join("tiny.toml"), TINY).unwrap();
    let run = |args: &[&str]| {
        let output = eoc(at, &[&["run", "tiny.toml", "--device", "cpu"], args].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let table = run(&["--seeds", "8"]);
    assert_eq!(run(&["--seeds", "8"]), table, "a finished run prints the same table at once");
    run(&["--seeds", "4..9"]);
    let names = || fs::read_dir(at.join("eoc-runs")).unwrap().count();
    assert_eq!(names(), 1, "seeds do not make another study");
    run(&["--seeds", "2", "--width", "5", "--sampler", "direct", "--precision", "f64"]);
    assert_eq!(names(), 2);
    let dir = fs::read_dir(at.join("eoc-runs")).unwrap().next().unwrap().unwrap().file_name();
    let dir = dir.to_str().unwrap();
    assert!(dir.starts_with("tiny-") && dir.len() == "tiny-".len() + 8, "{dir}");
    assert!(table.contains("tiny"), "{table}");
}
