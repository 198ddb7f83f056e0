//! The program as a user meets it: statuses, sentences, files, and nothing left behind where it refuses.

mod commands;
mod files;
mod habits;
mod help;
mod independence;
mod layers_out;
mod numbers;
mod progress;
mod refusals;
mod tables;
mod terminals;
mod threads;
mod trained;
mod wording;

use std::fs;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A directory in which the program runs.
struct Place(TempDir);

/// What a run of the program gave.
struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Place {
    /// With a few files to read.
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.put("points.csv", b"1,2\n3,4\n-1,0.5\n");
        place.put("huge.npy", b"\x93NUMPY\x01\x00\x46\x00{'descr': '<f8', 'fortran_order': False, 'shape': (99999999, 99999), } \n");
        place.put("nan.csv", b"1,2\n3,nan\n");
        place.put("large.csv", b"1,-1e300\n");
        place.put("ragged.csv", b"1,2\n3\n");
        place.put("words.csv", b"1,2\n3,four\n");
        place.put("empty.csv", b"");
        place.put("text.txt", b"hello");
        place.put("bad.safetensors", b"12345678{}");
        fs::create_dir(place.path("folder")).unwrap();
        place
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("eoc"));
        command.args(line.split_whitespace()).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    /// The run without what is said of the data, whose rows have unequal norms in most files here.
    fn run(&self, line: &str) -> Ran {
        self.run_with_notes(line).without_notes()
    }

    fn run_with_notes(&self, line: &str) -> Ran {
        ran(&self.command(line).output().unwrap())
    }

    /// Runs what must work.
    fn done(&self, line: &str) -> String {
        let ran = self.run(line);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "eoc {line}");
        ran.stdout
    }

    /// Runs what must be refused: status 2, one sentence that says this, nothing written.
    fn refused(&self, line: &str, says: &str) {
        let before = self.names();
        let ran = self.run(line);
        assert_eq!(ran.status, 2, "eoc {line}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "eoc {line}");
        check_sentence(line, &ran.stderr, says);
        assert_eq!(self.names(), before, "eoc {line} has written something");
    }

    fn names(&self) -> Vec<std::ffi::OsString> {
        let mut names: Vec<_> =
            fs::read_dir(self.0.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    }

    /// An array that the program has written: its shape as text, and its values.
    fn array(&self, name: &str) -> (String, Vec<f64>) {
        let bytes = fs::read(self.path(name)).unwrap();
        let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let header = std::str::from_utf8(&bytes[10..start]).unwrap();
        let shape = header.split_once("'shape': ").unwrap().1.split_once(", }").unwrap().0;
        let values =
            bytes[start..].chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect();
        (shape.to_owned(), values)
    }
}

impl Ran {
    /// Without the line that says of data of unequal norms that its rows are taken as they are.
    fn without_notes(mut self) -> Self {
        let said = self.stderr.split_inclusive('\n');
        self.stderr = said.filter(|line| !line.contains(": rows are taken as they are")).collect();
        self
    }
}

/// Name of the CPU in lines and rows.
fn cpu() -> String {
    use eoc_ntk::backend::Engine;
    eoc_ntk::backend::cpu::CpuEngine::new(1).unwrap().info().name.clone()
}

fn ran(output: &Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Ran { status: output.status.code().unwrap(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

fn check_sentence(line: &str, stderr: &str, says: &str) {
    assert!(stderr.starts_with("eoc: ") && stderr.ends_with('\n'), "eoc {line}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "eoc {line}: {stderr}");
    assert!(!stderr.contains("panicked"), "eoc {line}: {stderr}");
    assert!(stderr.contains(says), "eoc {line}: \"{}\" does not say \"{says}\"", stderr.trim_end());
}

const NETWORK: &str = "--activation abs --depth 3 --width 8";
