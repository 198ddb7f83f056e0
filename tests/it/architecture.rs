//! What ARCHITECTURE.md promises, read from the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules in the order in which they may use each other: each only those before it.
const ORDER: [&str; 10] =
    ["math", "model", "rng", "data", "limit", "stats", "backend", "sampler", "study", "report"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Modules of this crate that a source names outside its comments.
fn uses(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut found = Vec::new();
    for line in code {
        for part in line.split("crate::").skip(1) {
            found.push(part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    found
}

fn wrong_edges(module: &str, text: &str) -> Vec<String> {
    let rank = |name: &str| ORDER.iter().position(|m| *m == name);
    let own = rank(module).unwrap();
    uses(text).into_iter().filter(|name| rank(name).is_some_and(|r| r > own)).collect()
}

#[test]
fn arrows_point_one_way() {
    for module in ORDER {
        for file in sources(&root().join(module)) {
            let text = fs::read_to_string(&file).unwrap();
            let wrong = wrong_edges(module, &text);
            assert!(wrong.is_empty(), "{} uses {wrong:?}", file.display());
        }
    }
    assert_eq!(wrong_edges("math", "use crate::sampler::direct;"), ["sampler"]);
}

#[test]
fn nothing_below_the_command_line_prints_or_exits() {
    for module in ORDER {
        for file in sources(&root().join(module)) {
            let text = fs::read_to_string(&file).unwrap();
            if file.ends_with("tests.rs") || file.parent().is_some_and(|folder| folder.ends_with("tests")) {
                continue;
            }
            for word in [
                "println!",
                "eprintln!",
                "print!(",
                "process::exit",
                "env::var",
                "env::args",
                "unsafe {",
                "wgpu::",
            ] {
                let code = text.lines().filter(|l| !l.trim_start().starts_with("//"));
                let has = code.into_iter().any(|l| l.contains(word));
                // wgpu has one home, and the one unsafe call in it says why.
                let home = file.starts_with(root().join("backend/gpu"))
                    && (word == "wgpu::" || word == "unsafe {" && text.contains("// SAFETY:"));
                assert!(!has || home, "{} has {word}", file.display());
            }
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut lengths = Vec::new();
    for file in sources(&root()) {
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.lines().count();
        assert!(text.starts_with("//!"), "{} has no module doc", file.display());
        assert!(lines <= 800, "{} has {lines} lines", file.display());
        lengths.push(lines);
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= 200, "median of {median} lines");
}
