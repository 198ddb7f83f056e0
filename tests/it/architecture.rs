//! What ARCHITECTURE.md promises, read from the sources.

mod wording;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules in the order in which they may use each other: each only those before it.
const ORDER: [&str; 15] = [
    "units",
    "files",
    "threads",
    "math",
    "model",
    "rng",
    "data",
    "limit",
    "stats",
    "sampler",
    "backend",
    "answer",
    "independence",
    "study",
    "report",
];

/// The sources of a folder, or of the file that a module is.
fn sources(folder: &Path) -> Vec<PathBuf> {
    if !folder.is_dir() {
        return vec![folder.with_extension("rs")];
    }
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

/// What a source says outside its comments and its unit tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.fold(String::new(), |all, line| all + line + "\n")
}

/// The paths of a `use`, its groups taken apart: `crate::{a, b::{c, d}}` are crate::a, crate::b::c and crate::b::d.
fn expanded(text: &str) -> Vec<String> {
    let Some((before, group)) = text.split_once('{') else {
        return vec![text.split(" as ").next().unwrap().trim().to_owned()];
    };
    // A sentence with a brace in it is no group.
    let Some(end) = group.rfind('}') else { return Vec::new() };
    let group = &group[..end];
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(c);
    }
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.flat_map(|part| expanded(&format!("{}{part}", before.trim()))).collect()
}

/// All paths from `crate` or `super` on that code names, in `use` and elsewhere.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = String::new();
    for statement in code.split_inclusive(';') {
        // A `use` may follow attributes and items without a semicolon, and ends at this one.
        match statement.rfind("use ").filter(|_| statement.ends_with(';')) {
            Some(at) if statement[..at].chars().next_back().is_none_or(char::is_whitespace) => {
                let text = statement[at + 4..].trim_end_matches(';');
                found.extend(expanded(&text.split_whitespace().collect::<Vec<_>>().join(" ")));
                rest += &statement[..at];
            }
            _ => rest += statement,
        }
    }
    for start in ["crate::", "super::"] {
        for (at, _) in rest.match_indices(start) {
            let word = |c: &char| c.is_alphanumeric() || *c == '_' || *c == ':';
            let before = rest[..at].chars().next_back();
            if before.is_none_or(|c| !word(&c)) {
                found.push(rest[at..].chars().take_while(word).collect());
            }
        }
    }
    found
}

/// Module path of a source file: `src/study/store/row.rs` is study, store, row.
fn module(file: &Path) -> Vec<String> {
    let inside = file.strip_prefix(root()).unwrap().with_extension("");
    let parts = inside.iter().map(|part| part.to_str().unwrap().to_owned());
    parts.filter(|part| part != "mod" && part != "lib").collect()
}

/// A path as one from the root of the crate, None where it leaves the crate.
fn absolute(path: &str, module: &[String]) -> Option<Vec<String>> {
    let mut parts: Vec<&str> = path.split("::").collect();
    let mut base = module.to_vec();
    match parts[0] {
        "crate" => base.clear(),
        "super" => {}
        _ => return None,
    }
    while parts.first() == Some(&"super") {
        base.pop()?;
        parts.remove(0);
    }
    base.extend(parts.into_iter().filter(|part| *part != "crate").map(str::to_owned));
    Some(base)
}

/// Modules of this crate that a source names outside its comments.
fn uses(module: &[String], text: &str) -> Vec<String> {
    let all = paths(&code(text)).into_iter().filter_map(|path| absolute(&path, module));
    all.filter_map(|path| path.into_iter().next()).collect()
}

fn wrong_edges(module: &str, text: &str) -> Vec<String> {
    let rank = |name: &str| ORDER.iter().position(|m| *m == name);
    let own = rank(module).unwrap();
    let inside = [module.to_owned(), "file".to_owned()];
    uses(&inside, text).into_iter().filter(|name| rank(name).is_some_and(|r| r > own)).collect()
}

/// What folders hand on under names of their own: `pub use set::DataSet` in `data/mod.rs` makes data::DataSet mean
/// data::set::DataSet.
fn handed_on(files: &[PathBuf], known: &BTreeSet<Vec<String>>) -> BTreeMap<Vec<String>, Vec<String>> {
    let mut all = BTreeMap::new();
    for file in files.iter().filter(|file| file.ends_with("mod.rs")) {
        let own = module(file);
        for path in paths(&code(&fs::read_to_string(file).unwrap())) {
            let inside: Vec<String> =
                path.trim_start_matches("self::").split("::").map(str::to_owned).collect();
            let target = [own.clone(), inside.clone()].concat();
            let name = [&own[..], &inside[inside.len() - 1..]].concat();
            if inside.len() > 1 && known.contains(&target[..=own.len()]) && !known.contains(&name) {
                all.insert(name, target);
            }
        }
    }
    all
}

/// Files of one folder, or folders, that use each other in a circle.
fn circles() -> Vec<(String, Vec<String>)> {
    let files: Vec<PathBuf> = sources(&root()).into_iter().filter(|file| !is_test(file)).collect();
    let known: BTreeSet<Vec<String>> = files
        .iter()
        .flat_map(|file| (1..=module(file).len()).map(|k| module(file)[..k].to_vec()).collect::<Vec<_>>())
        .collect();
    let handed_on = handed_on(&files, &known);
    let mut edges: BTreeMap<Vec<String>, BTreeSet<(String, String)>> = BTreeMap::new();
    for file in &files {
        let own = module(file);
        for path in paths(&code(&fs::read_to_string(file).unwrap())) {
            let Some(mut path) = absolute(&path, &own) else { continue };
            // The first name that a folder hands on is what it stands for.
            while let Some((k, target)) = (1..=path.len()).find_map(|k| Some((k, handed_on.get(&path[..k])?)))
            {
                path = [&target[..], &path[k..]].concat();
            }
            for k in 1..own.len() {
                let sibling = path.len() > k && path[..k] == own[..k] && known.contains(&path[..=k]);
                if sibling && path[k] != own[k] {
                    let folder = edges.entry(own[..k].to_vec()).or_default();
                    folder.insert((own[k].clone(), path[k].clone()));
                }
            }
        }
    }
    let mut found = Vec::new();
    for (folder, edges) in edges {
        let nodes: BTreeSet<&String> = edges.iter().map(|edge| &edge.0).collect();
        let reached = |from: &String| -> BTreeSet<String> {
            let (mut seen, mut next) = (BTreeSet::new(), vec![from.clone()]);
            while let Some(node) = next.pop() {
                let all = edges.iter().filter(|e| e.0 == node).map(|e| e.1.clone());
                next.extend(all.filter(|to| seen.insert(to.clone())));
            }
            seen
        };
        let mut left = nodes.clone();
        while let Some(node) = left.pop_first() {
            let circle: Vec<String> = nodes
                .iter()
                .filter(|other| {
                    reached(node).contains(other.as_str()) && reached(other).contains(node.as_str())
                })
                .map(|node| (*node).clone())
                .collect();
            left.retain(|node| !circle.contains(node));
            if !circle.is_empty() {
                found.push((folder.join("::"), circle));
            }
        }
    }
    found
}

/// Unit tests in files of their own.
fn is_test(file: &Path) -> bool {
    file.ends_with("tests.rs") || file.parent().is_some_and(|folder| folder.ends_with("tests"))
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
    for text in [
        "use crate::sampler::direct;",
        "use crate::{math::root, sampler::{self, direct}};",
        "use super::super::sampler;",
        "fn f() { crate::sampler::f() }",
    ] {
        assert!(wrong_edges("math", text).iter().all(|name| name == "sampler"), "{text}");
        assert!(!wrong_edges("math", text).is_empty(), "{text}");
    }
    assert!(wrong_edges("math", "// crate::sampler\nuse super::root;").is_empty());
}

/// Circles that stand. A line here is a debt: say what it needs to go.
const CIRCLES: &[(&str, &[&str])] = &[
    // A sample has its further rows, and each of their tables says where in a sample they are.
    ("study::table", &["independence", "layer", "part", "spectrum"]),
];

#[test]
fn files_use_each_other_in_no_circle_but_those_that_stand() {
    let found = circles();
    for (folder, circle) in &found {
        let known = CIRCLES.iter().any(|(f, c)| f == folder && circle.iter().eq(c.iter()));
        assert!(known, "in {folder}, {} use each other in a circle", circle.join(", "));
    }
    // A debt that is paid goes from the list.
    assert_eq!(found.len(), CIRCLES.len(), "{found:?}");
}

/// Names that were given twice once. A type that others see has one meaning in the crate.
#[test]
fn names_that_once_meant_two_things_mean_one() {
    for name in ["Plan", "Work", "Place", "Wanted"] {
        let is = |line: &str| {
            ["struct", "enum"].iter().any(|kind| {
                line.strip_prefix(&format!("pub {kind} {name}"))
                    .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
            })
        };
        let files: Vec<PathBuf> = sources(&root())
            .into_iter()
            .filter(|file| fs::read_to_string(file).unwrap().lines().any(is))
            .collect();
        assert!(files.len() <= 1, "{name} is in {files:?}");
    }
}

/// What a crate is for that only a feature brings: which sources may name it.
const OPTIONAL: &[(&[&str], &[&str])] = &[
    (&["wgpu", "pollster", "futures_intrusive", "bytemuck"], &["backend/gpu"]),
    (&["rusqlite", "parquet"], &["study"]),
    (&["toml"], &["study", "cli"]),
    (&["csv"], &["study", "report"]),
    (&["tracing"], &["backend/gpu", "cli"]),
    (&["kuva", "resvg", "svg2pdf", "subsetter"], &["report"]),
    (
        &[
            "clap",
            "clap_complete",
            "indicatif",
            "signal_hook",
            "anyhow",
            "tracing_subscriber",
            "rustix",
            "terminal_size",
        ],
        &["cli"],
    ),
];

/// So that what is checked with all dependencies at hand (scripts/test) also builds with those of its features alone.
#[test]
fn a_crate_of_a_feature_is_named_only_where_the_feature_is() {
    for (crates, homes) in OPTIONAL {
        for file in sources(&root())
            .into_iter()
            .filter(|file| !homes.iter().any(|h| file.starts_with(root().join(h))))
        {
            let text = code(&fs::read_to_string(&file).unwrap());
            for name in *crates {
                // A module of ours may have the name of a crate.
                let named = text.match_indices(&format!("{name}::")).any(|(at, _)| {
                    let before = text[..at].trim_end_matches(' ');
                    let own = file.ends_with("data/read/mod.rs") && *name == "csv";
                    !own && !before.ends_with("::")
                        && !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
                        || before.ends_with("use") && !own
                });
                assert!(!named, "{} names the crate {name}", file.display());
            }
        }
    }
}

#[test]
fn nothing_below_the_command_line_prints_or_exits() {
    for module in ORDER {
        for file in sources(&root().join(module)) {
            let text = fs::read_to_string(&file).unwrap();
            if is_test(&file) {
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
