//! Names in headers lead somewhere.
//!
//! A shader says in one line of its header what it is checked against: `// Twin: ` and names, separated by commas. A
//! name is a path of this crate, such as `backend::cpu::draw::panel` (a function, a type, a method or a module), or
//! another shader.

use std::fs;
use std::path::{Path, PathBuf};

use super::contract::shaders;

/// Whether a name leads to a shader or to something in `src/`.
fn resolves(name: &str) -> bool {
    if name.ends_with(".wgsl") {
        return shaders().join(name).is_file();
    }
    let parts: Vec<&str> = name.split("::").collect();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    // The longest path that is a file; what is left is an item, or a type and its method.
    (1..=parts.len()).rev().any(|length| {
        let module: PathBuf = source.join(parts[..length].iter().collect::<PathBuf>());
        let files = [module.with_extension("rs"), module.join("mod.rs")];
        let Some(text) = files.iter().find_map(|file| fs::read_to_string(file).ok()) else { return false };
        let has = |kinds: &[&str], item: &str| {
            let words = |line: &str| {
                let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
                words.map(str::to_owned).filter(|word| !word.is_empty()).collect::<Vec<_>>()
            };
            let named = |pair: &[String]| kinds.contains(&pair[0].as_str()) && pair[1] == item;
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            code.map(words).any(|line| line.windows(2).any(named))
        };
        match parts[length..] {
            [] => true,
            [item] => has(&["fn", "struct", "enum", "const", "trait", "type"], item),
            [owner, method] => {
                // Such as `impl<T: Real> Owner<T>`.
                let is_owner = |line: &str| line.starts_with("impl") && line.contains(&format!(" {owner}"));
                text.lines().any(is_owner) && has(&["fn"], method)
            }
            _ => false,
        }
    })
}

/// Names of the one line of a header that begins with `// Twin: `.
fn twins(text: &str) -> Vec<String> {
    let header = text.lines().take_while(|line| line.starts_with("//"));
    let lines: Vec<&str> = header.filter_map(|line| line.strip_prefix("// Twin: ")).collect();
    assert_eq!(lines.len(), 1, "one line that begins with `// Twin: `, found {lines:?}");
    lines[0].split(", ").map(str::to_owned).collect()
}

fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|e| e == end)).collect()
}

#[test]
fn twins_of_shaders_are_there() {
    let all = [shaders(), shaders().join("common")].map(|folder| files(&folder, "wgsl"));
    let mut count = 0;
    for path in all.iter().flatten() {
        for twin in twins(&fs::read_to_string(path).unwrap()) {
            assert!(resolves(&twin), "{}: there is no {twin}", path.display());
            assert_ne!(path.file_name().unwrap().to_str(), Some(twin.as_str()), "its own twin");
            count += 1;
        }
    }
    assert!(count >= all.iter().map(Vec::len).sum::<usize>());
    for nothing in
        ["math::root::no_such", "math::nothing", "Small::finish", "gone.wgsl", "math::root::Noise::no"]
    {
        assert!(!resolves(nothing), "{nothing}");
    }
}

/// The header of a file in `passes/` names the shaders that it records.
#[test]
fn passes_name_their_shaders() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/backend/gpu/passes");
    for path in files(&folder, "rs").iter().filter(|path| !path.ends_with("mod.rs")) {
        let text = fs::read_to_string(path).unwrap();
        let header: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let header = header.join(" ");
        let named: Vec<&str> = header.split('`').filter(|word| word.ends_with(".wgsl")).collect();
        assert!(!named.is_empty(), "{} names no shader", path.display());
        for shader in named {
            assert!(shaders().join(shader).is_file(), "{}: there is no {shader}", path.display());
        }
    }
}
