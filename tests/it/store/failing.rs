//! The program on file systems that fail: no locks, a quota that is used up, another program that holds the store.
//!
//! A library between the program and the system (`LD_PRELOAD`) fails as such a file system does: mounting one needs
//! root, and a quota is not felt by root. Where no C compiler is there, these tests say SKIPPED.

use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::*;

/// `flock` fails with EOC_TEST_FLOCK, as often as EOC_TEST_TIMES says, or always. Of files below EOC_TEST_PLACE writes
/// fail with EOC_TEST_ERRNO (EDQUOT without one) once EOC_TEST_QUOTA bytes went there, reads with EIO once EOC_TEST_READ
/// bytes came, opening for writing with EOC_TEST_OPEN, and syncs take five seconds while there is a file EOC_TEST_SLOW.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

int flock(int fd, int operation) {
    static _Atomic int failed;
    const char *failure = getenv("EOC_TEST_FLOCK"), *times = getenv("EOC_TEST_TIMES");
    if (failure && (!times || failed++ < atoi(times))) { errno = atoi(failure); return -1; }
    return ((int (*)(int, int))dlsym(RTLD_NEXT, "flock"))(fd, operation);
}

static _Atomic long long written, taken;

static int here(int fd) {
    const char *place = getenv("EOC_TEST_PLACE");
    if (!place) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return strstr(path, place) != NULL;
}

static void slow(int fd) {
    const char *file = getenv("EOC_TEST_SLOW");
    if (!file || access(file, F_OK) != 0 || !here(fd)) return;
    /* A signal ends a sleep. */
    for (unsigned left = 5; left; left = sleep(left)) {}
}

int fsync(int fd) {
    slow(fd);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd) {
    slow(fd);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}

static int full(int fd, size_t size) {
    const char *quota = getenv("EOC_TEST_QUOTA");
    if (!quota || !here(fd)) return 0;
    if (atomic_fetch_add(&written, (long long)size) + (long long)size <= atoll(quota)) return 0;
    const char *failure = getenv("EOC_TEST_ERRNO");
    errno = failure ? atoi(failure) : EDQUOT;
    return 1;
}

static int broken(int fd, size_t size) {
    const char *bytes = getenv("EOC_TEST_READ");
    if (!bytes || !here(fd)) return 0;
    if (atomic_fetch_add(&taken, (long long)size) + (long long)size <= atoll(bytes)) return 0;
    errno = EIO;
    return 1;
}

ssize_t read(int fd, void *to, size_t size) {
    if (broken(fd, size)) return -1;
    return ((ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read"))(fd, to, size);
}

ssize_t pread(int fd, void *to, size_t size, off_t at) {
    if (broken(fd, size)) return -1;
    return ((ssize_t (*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread"))(fd, to, size, at);
}

ssize_t pread64(int fd, void *to, size_t size, off_t at) {
    if (broken(fd, size)) return -1;
    return ((ssize_t (*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread64"))(fd, to, size, at);
}

static int closed(const char *path, int flags) {
    const char *failure = getenv("EOC_TEST_OPEN"), *place = getenv("EOC_TEST_PLACE");
    if (!failure || !place || !strstr(path, place) || (flags & O_ACCMODE) == O_RDONLY) return 0;
    errno = atoi(failure);
    return 1;
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    if (closed(path, flags)) return -1;
    return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open"))(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    if (closed(path, flags)) return -1;
    return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open64"))(path, flags, mode);
}

ssize_t write(int fd, const void *from, size_t size) {
    if (full(fd, size)) return -1;
    return ((ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write"))(fd, from, size);
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at) {
    if (full(fd, size)) return -1;
    return ((ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite"))(fd, from, size, at);
}

ssize_t pwrite64(int fd, const void *from, size_t size, off_t at) {
    if (full(fd, size)) return -1;
    return ((ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite64"))(fd, from, size, at);
}
"#;

pub(super) const SLOW: &str = "name = 'slow'\nseeds = 100000\n[network]\nactivation = 'relu'\ndepth = 3\nwidth = 64\n[data]\nsource = \
                    'digits:n=32'\n";

pub(super) fn skip(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: failing file systems: {why}");
}

/// The library, built in a directory.
pub(super) fn shim(at: &Path) -> Option<PathBuf> {
    fs::write(at.join("shim.c"), SHIM).unwrap();
    let library = at.join("shim.so");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o", "shim.so", "shim.c", "-ldl"])
        .current_dir(at)
        .output();
    built.is_ok_and(|output| output.status.success()).then_some(library)
}

/// The program on the failing file system.
pub(super) fn failing(at: &Path, shim: &Path, set: [(&str, &str); 2], args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eoc"));
    command.args(args).current_dir(at).env("LD_PRELOAD", shim);
    command.envs(set).output().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_system_without_locks_is_refused_with_nothing_written() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let Some(shim) = shim(at) else { return skip("no C compiler") };
    fs::write(at.join("slow.toml"), SLOW).unwrap();
    let args = ["run", "slow.toml", "--seeds", "4", "--out", "run", "--device", "cpu"];
    // ENOSYS, ENOLCK and EOPNOTSUPP.
    for code in ["38", "37", "95"] {
        let set = [("EOC_TEST_FLOCK", code), ("EOC_TEST_PLACE", "/")];
        let output = failing(at, &shim, set, &args);
        refused(&output, 2, &["cannot lock run/lock, whose file system has no locks"]);
        assert!(!at.join("run").exists(), "{code}");
    }
    // What was made elsewhere is read there all the same.
    assert_eq!(eoc(at, &args).status.code(), Some(0));
    let set = [("EOC_TEST_FLOCK", "38"), ("EOC_TEST_PLACE", "/")];
    let output = failing(at, &shim, set, &["status", "run"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(target_os = "linux")]
#[test]
fn a_quota_that_is_used_up_keeps_what_was_finished() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let Some(shim) = shim(at) else { return skip("no C compiler") };
    fs::write(at.join("slow.toml"), SLOW).unwrap();
    let run = ["run", "slow.toml", "--out", "run", "--device", "cpu"];
    assert_eq!(eoc(at, &[&run[..], &["--seeds", "100"]].concat()).status.code(), Some(0));
    let before = rows(&at.join("run")).unwrap();
    let set = [("EOC_TEST_QUOTA", "400000"), ("EOC_TEST_PLACE", "/run/")];
    let output = failing(at, &shim, set, &run);
    refused(
        &output,
        1,
        &["cannot write", "run.sqlite", "the disk quota is used up", "finished samples are kept"],
    );
    let kept = rows(&at.join("run")).unwrap();
    assert!(kept.len() >= before.len() && kept[..before.len()] == before);
    // With room again the same command goes on.
    let seeds = (kept.len() + 9).to_string();
    assert_eq!(eoc(at, &[&run[..], &["--seeds", &seeds]].concat()).status.code(), Some(0));
    // A file that does not fit is no half file.
    let set = [("EOC_TEST_QUOTA", "100"), ("EOC_TEST_PLACE", "/out/")];
    fs::create_dir(at.join("out")).unwrap();
    let output = failing(at, &shim, set, &["export", "run", "--format", "csv", "--out", "out/rows.csv"]);
    refused(&output, 1, &["out/rows.csv", "quota"]);
    assert_eq!(fs::read_dir(at.join("out")).unwrap().count(), 0);
}

/// A signal is answered within two seconds while another program reads the store; when it goes, the run goes on.
#[cfg(unix)]
#[test]
fn a_reader_that_holds_the_store_is_waited_for_and_a_signal_is_not() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    fs::write(at.join("slow.toml"), SLOW).unwrap();
    let run = ["run", "slow.toml", "--out", "run", "--device", "cpu"];
    assert_eq!(eoc(at, &[&run[..], &["--seeds", "20"]].concat()).status.code(), Some(0));
    let start = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eoc"));
        command.args(args).current_dir(at).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let reader = Connection::open(at.join("run/run.sqlite")).unwrap();
    let hold = || {
        reader.execute_batch("BEGIN").unwrap();
        reader.query_row("SELECT count(*) FROM samples", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(hold(), 20);
    // Few seeds, which are drawn and then wait for the disk.
    let mut child = start(&[&run[..], &["--seeds", "30"]].concat());
    std::thread::sleep(Duration::from_millis(1500));
    assert!(child.try_wait().unwrap().is_none(), "nothing is done before the reader has gone");
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(hold(), 30);
    let child = start(&run);
    std::thread::sleep(Duration::from_millis(1500));
    let clock = Instant::now();
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let waited = clock.elapsed();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(
        said.contains("another program holds the store") && said.contains("the same command resumes"),
        "{said}"
    );
    // Two seconds are promised; a machine with much else to do is given more.
    assert!(waited < Duration::from_secs(10), "{waited:?}");
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(rows(&at.join("run")).unwrap().len(), 30);
}

/// Of a store that another program has to itself nothing can be read; a signal is heard all the same.
#[cfg(unix)]
#[test]
fn a_signal_is_heard_where_the_store_is_held_exclusively() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    fs::write(at.join("slow.toml"), SLOW).unwrap();
    let run = ["run", "slow.toml", "--out", "run", "--device", "cpu", "--seeds", "4"];
    assert_eq!(eoc(at, &run).status.code(), Some(0));
    let other = Connection::open(at.join("run/run.sqlite")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    for args in [&["status", "run"][..], &["export", "run", "--format", "csv"], &["report", "run"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eoc"));
        command.args(args).current_dir(at).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(500));
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{args:?}: {said}");
    }
    // Without one, the store is waited for, and no longer than is useful.
    let output = eoc(at, &["status", "run"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() != Some(0) && said.contains("another program holds"), "{said}");
}

/// The names in a directory that are those of unfinished files.
fn unfinished(dir: &Path) -> usize {
    let names = fs::read_dir(dir).map(|entries| entries.map(|entry| entry.unwrap().file_name()));
    names.map_or(0, |names| names.filter(|name| name.to_string_lossy().starts_with(".eoc-")).count())
}

/// The program with syncs of files at `place` that take five seconds once it is `ready`, ended by SIGTERM where one has
/// `begun`.
#[cfg(target_os = "linux")]
fn ended_at(
    at: &Path,
    shim: &Path,
    place: &str,
    args: &[&str],
    [ready, begun]: [&dyn Fn() -> bool; 2],
) -> (Duration, Output) {
    let slow = at.join("slow");
    let mut command = Command::new(env!("CARGO_BIN_EXE_eoc"));
    command.args(args).current_dir(at).env("LD_PRELOAD", shim);
    command.env("EOC_TEST_PLACE", place).env("EOC_TEST_SLOW", &slow);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let wait = |until: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !until() {
            assert!(
                began.elapsed() < Duration::from_secs(300),
                "{args:?} ended before the disk was slow, or never came so far"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    wait(ready);
    fs::write(&slow, "").unwrap();
    // For longer than a sync of before takes.
    let since = std::cell::Cell::new(Instant::now());
    wait(&|| {
        if !begun() {
            since.set(Instant::now());
        }
        since.get().elapsed() > Duration::from_millis(600)
    });
    let clock = Instant::now();
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    fs::remove_file(&slow).unwrap();
    (clock.elapsed(), output)
}

/// While files of a report are written, a signal ends the program with every file whole and none that is not finished.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_while_a_report_is_written_leaves_whole_files() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let Some(shim) = shim(at) else { return skip("no C compiler") };
    fs::write(at.join("slow.toml"), SLOW).unwrap();
    let run = ["run", "slow.toml", "--out", "run", "--device", "cpu", "--seeds", "4"];
    let report = at.join("run/report");
    let check = |(waited, output): (Duration, Output), says: &str| {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(130), "{said}");
        assert!(said.contains(says), "{said}");
        // Two seconds are promised; a machine with much else to do is given more. Ten files at five seconds are 50.
        assert!(waited < Duration::from_secs(10), "{waited:?}");
        assert_eq!(unfinished(&report), 0, "{:?}", fs::read_dir(&report).unwrap().collect::<Vec<_>>());
        assert_eq!(rows(&at.join("run")).unwrap().len(), 4);
    };
    let written = || unfinished(&report) > 0;
    let when: [&dyn Fn() -> bool; 2] = [&|| true, &written];
    check(
        ended_at(at, &shim, "/report/", &run, when),
        "all samples are in run, and the same command writes it",
    );
    assert!(!report.join("index.html").exists());
    assert_eq!(eoc(at, &run).status.code(), Some(0));
    let page = fs::read(report.join("index.html")).unwrap();
    check(ended_at(at, &shim, "/report/", &["report", "run"], when), "interrupted");
    assert_eq!(fs::read(report.join("index.html")).unwrap(), page);
}

/// So does an export that is told to stop, and leaves nothing.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_during_an_export_leaves_no_file() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let Some(shim) = shim(at) else { return skip("no C compiler") };
    fs::write(at.join("slow.toml"), SLOW).unwrap();
    assert_eq!(
        eoc(at, &["run", "slow.toml", "--out", "run", "--device", "cpu", "--seeds", "4"]).status.code(),
        Some(0)
    );
    let out = at.join("out");
    fs::create_dir(&out).unwrap();
    let written = || unfinished(&out) > 0;
    let args = ["export", "run", "--format", "csv", "--out", "out/rows.csv"];
    let (_, output) = ended_at(at, &shim, "/out/", &args, [&|| true, &written]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0);
}

/// A disk that takes longer over the last commit than a signal allows loses what is in it, and nothing before.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_during_a_commit_that_takes_long_leaves_what_was_durable() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let Some(shim) = shim(at) else { return skip("no C compiler") };
    fs::write(at.join("slow.toml"), SLOW).unwrap();
    let run = ["run", "slow.toml", "--out", "run", "--device", "cpu"];
    let count = || rows(&at.join("run")).map_or(0, |rows| rows.len());
    let journal = at.join("run/run.sqlite-journal");
    let when: [&dyn Fn() -> bool; 2] = [&|| count() > 0, &|| journal.exists()];
    let (waited, output) = ended_at(at, &shim, "/run.sqlite", &run, when);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(
        said.contains("while the disk was at the last commit") && said.contains("the same command resumes"),
        "{said}"
    );
    assert!(waited < Duration::from_secs(10), "{waited:?}");
    let kept = count();
    assert!(kept > 0);
    let seeds = (kept + 3).to_string();
    assert_eq!(eoc(at, &[&run[..], &["--seeds", &seeds]].concat()).status.code(), Some(0));
    assert_eq!(count(), kept + 3);
}
