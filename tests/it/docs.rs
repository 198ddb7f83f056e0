//! The book under `docs/` and the README say what is so: every command in them runs, in order, in one directory a page.
//!
//! ````text
//! ```sh                  lines that begin with `eoc ` are run and must end with status 0
//! ```sh status=2         … with this status
//! ```text checked        each line is in the output of the block of commands before, in this order; `…` stands for
//!                        anything; between a digit and something else, for further digits
//! ```toml file=NAME      is written to NAME in the directory of the page, before its commands run (any language)
//! ```text                output, or a command that needs what is not here; not run
//! ````

mod conventions;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a line of commands may begin with besides `eoc `: set-up that other tests do, or that is this suite itself.
const NOT_RUN: [&str; 3] = ["cargo ", "pip ", "scripts/"];
/// Options of other programs that the book names.
const FOREIGN: [&str; 15] = [
    "--release",
    "--locked",
    "--path",
    "--open",
    "--full",
    "--account",
    "--array",
    "--requeue",
    "--open-mode",
    "--signal",
    "--no-install-recommends",
    "--no-default-features",
    "--features",
    "--dependency",
    "--",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README and every page of the book.
fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> =
        fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.retain(|page| page.extension().is_some_and(|kind| kind == "md"));
    pages.push(root().join("README.md"));
    pages.sort();
    pages
}

/// A fenced block: the line of its first line, the words behind the fence, its lines.
struct Block {
    line: usize,
    info: Vec<String>,
    text: Vec<String>,
}

impl Block {
    fn is(&self, language: &str) -> bool {
        self.info.first().is_some_and(|word| word == language)
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.info.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }

    /// Commands with the line that each begins in; a line that ends with `\` goes on in the next.
    fn commands(&self) -> Vec<(usize, String)> {
        let mut commands: Vec<(usize, String)> = Vec::new();
        for (number, line) in (self.line..).zip(&self.text) {
            match commands.last_mut() {
                Some((_, last)) if last.ends_with('\\') => {
                    last.pop();
                    last.push_str(line.trim_start());
                }
                _ if line.trim().is_empty() || line.starts_with('#') => {}
                _ => commands.push((number, line.clone())),
            }
        }
        commands
    }
}

/// The fenced blocks of a page.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in (1..).zip(text.lines()) {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let info = info.split_whitespace().map(str::to_owned).collect();
                open = Some(Block { line: number + 1, info, text: Vec::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text.push(line.to_owned()),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    blocks
}

/// Whether the output has the pattern in one line from some line on; what follows that line.
fn find<'t>(output: &'t str, pattern: &str) -> Option<&'t str> {
    let end = |line: &str| line.len() + line.as_ptr() as usize - output.as_ptr() as usize;
    output.lines().find(|line| fits(line.trim(), pattern.trim())).map(|line| &output[end(line)..])
}

fn fits(line: &str, pattern: &str) -> bool {
    let Some((before, after)) = pattern.split_once('…') else { return line == pattern };
    let Some(rest) = line.strip_prefix(before) else { return false };
    let digits = !after.is_empty() && before.ends_with(|c: char| c.is_ascii_digit());
    let reach = if digits {
        rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len()
    } else {
        rest.len()
    };
    (0..=reach).any(|skip| rest.is_char_boundary(skip) && fits(&rest[skip..], after))
}

/// Runs the commands of a page, and says what is wrong, with page and line, and how many commands ran.
fn run(name: &str, text: &str) -> Result<usize, String> {
    let temp = tempfile::tempdir().unwrap();
    fixtures(temp.path());
    let (mut ran, mut output) = (0, String::new());
    let blocks = blocks(text);
    // A page may show a file below the command that takes it.
    for block in &blocks {
        if let Some(file) = block.value("file") {
            fs::write(temp.path().join(file), block.text.join("\n") + "\n").unwrap();
        }
    }
    for block in blocks {
        if block.is("sh") {
            output.clear();
            let expected: i32 = block.value("status").map_or(0, |status| status.parse().unwrap());
            for (line, command) in block.commands() {
                if NOT_RUN.iter().any(|start| command.starts_with(start)) {
                    continue;
                }
                if !command.starts_with("eoc ") && command != "eoc" {
                    return Err(format!("{name}:{line}: `{command}` is no command that this test knows"));
                }
                let (status, printed) = shell(temp.path(), &command);
                if status != Some(expected) {
                    return Err(format!(
                        "{name}:{line}: `{command}` ended with {status:?}, not {expected}:\n{printed}"
                    ));
                }
                output += &printed;
                ran += 1;
            }
        }
        if block.info.iter().any(|word| word == "checked") {
            let mut rest = output.as_str();
            for (line, pattern) in (block.line..).zip(&block.text) {
                rest = find(rest, pattern)
                    .ok_or_else(|| format!("{name}:{line}: `{pattern}` is not in the output:\n{output}"))?;
            }
        }
    }
    Ok(ran)
}

/// Status and output of a command line, with this program in front of the path.
fn shell(at: &Path, command: &str) -> (Option<i32>, String) {
    let program = Path::new(assert_cmd::cargo::cargo_bin!("eoc"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        program.parent().map(Path::to_path_buf).into_iter().chain(std::env::split_paths(&path)),
    );
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .current_dir(at)
        .env("PATH", path.unwrap())
        .env("XDG_CACHE_HOME", at.join("cache"));
    let output = shell.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

/// Binary files that pages use: an array of numpy, and images as MNIST comes.
fn fixtures(at: &Path) {
    fs::copy(root().join("tests/data/data_f8_little.npy"), at.join("points.npy")).unwrap();
    let mut images = vec![0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 3, 0, 0, 0, 3];
    images.extend((0..45u8).map(|i| i.wrapping_mul(37) % 251));
    let file = fs::File::create(at.join("train-images-idx3-ubyte.gz")).unwrap();
    let mut file = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    file.write_all(&images).unwrap();
    file.finish().unwrap();
}

#[test]
fn every_command_of_the_book_runs() {
    if !cfg!(unix) {
        eprintln!("SKIPPED: commands of the book: they are lines for a shell");
        return;
    }
    let mut faults = Vec::new();
    for page in pages() {
        let name = page.strip_prefix(root()).unwrap().display().to_string();
        match run(&name, &fs::read_to_string(&page).unwrap()) {
            Ok(ran) => println!("{name}: {ran} commands"),
            Err(fault) => faults.push(fault),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// The comparison fails where a page is wrong, and where only its output is.
#[test]
fn a_wrong_command_or_output_is_seen() {
    if !cfg!(unix) {
        return;
    }
    let page = |info: &str, command: &str, shown: &str| {
        run("page.md", &format!("```sh{info}\n{command}\n```\ntext\n```text checked\n{shown}\n```\n"))
    };
    let limit = "eoc limit --activation abs --depth 2 --width 100 --data pair:angle=1 --json";
    assert_eq!(page("", limit, "…\"relative_sd_diagonal\":0.1…"), Ok(1));
    assert_eq!(page(" status=2", "eoc limit --depth x", "eoc: …"), Ok(1));
    for (info, command, shown, says) in [
        ("", "eoc limit --no-such-option", "…", "ended with Some(2), not 0"),
        (" status=2", limit, "…", "ended with Some(0), not 2"),
        ("", limit, "…\"relative_sd_diagonal\":0.2…", "page.md:6: "),
        ("", limit, "…\"depths\":[1…,3]…", "is not in the output"),
        ("", "ls", "…", "is no command that this test knows"),
    ] {
        let fault = page(info, command, shown).unwrap_err();
        assert!(fault.starts_with("page.md:") && fault.contains(says), "{fault}");
    }
    assert!(fits("a 1.0002, b", "a 1.0…, b") && !fits("a 1.0, 2, b", "a 1.0…, b"));
}

/// Every page is in the index, and every link leads somewhere.
#[test]
fn pages_are_indexed_and_links_lead_somewhere() {
    let index = fs::read_to_string(root().join("docs/README.md")).unwrap();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        assert!(
            name == "README.md" || index.contains(&format!("({name})")),
            "docs/README.md does not list {name}"
        );
        assert!(
            !text.contains('@') || !text.lines().any(unfinished),
            "{name} has a place that is not filled in"
        );
        for link in text.split("](").skip(1) {
            let link = link.split([')', '#']).next().unwrap();
            let leads = link.is_empty() || link.contains("://") || page.parent().unwrap().join(link).exists();
            assert!(leads, "{name} links to {link}, which is not there");
        }
    }
}

/// A line that still is a mark such as `@TABLE@`.
fn unfinished(line: &str) -> bool {
    line.split('@')
        .skip(1)
        .step_by(2)
        .any(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase()))
}

/// What a page quotes in backticks exists: options in the help, files in the project, tests under their names.
#[test]
fn options_files_and_tests_that_pages_name_exist() {
    let known = options();
    assert!(known.contains("--activation") && known.contains("--shards"), "{known:?}");
    let tests = sources(&root().join("tests")) + &sources(&root().join("src"));
    for page in pages() {
        let name = page.strip_prefix(root()).unwrap().display().to_string();
        let text = fs::read_to_string(&page).unwrap();
        let fenced: Vec<String> = blocks(&text).into_iter().flat_map(|block| block.text).collect();
        let lines = fenced.iter().map(String::as_str).filter(|line| line.starts_with("eoc "));
        let prose: Vec<&str> = text.split("```").step_by(2).collect();
        let spans: Vec<&str> = prose.iter().flat_map(|part| part.split('`').skip(1).step_by(2)).collect();
        for word in lines.chain(spans.iter().copied()).flat_map(|line| line.split([' ', '='])) {
            let option = word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            let unknown = option.starts_with("--") && !known.contains(option) && !FOREIGN.contains(&option);
            assert!(!unknown, "{name} names {option}, which no help has");
        }
        for span in spans {
            let path = span.split("::").next().unwrap();
            let ours = ["tests/", "src/", "benches/", "scripts/", "docs/"]
                .iter()
                .any(|start| path.starts_with(start));
            assert!(
                !ours || path.contains(' ') || root().join(path).exists(),
                "{name} names {path}, which is not there"
            );
            let snake = span.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit());
            // Functions of neural-tangents end in _fn.
            let test = snake && span.matches('_').count() >= 3 && !span.ends_with("_fn");
            assert!(
                !test || tests.contains(&format!("fn {span}(")),
                "{name} names the test {span}, which is not there"
            );
        }
    }
}

/// Every option of every command, from the help.
fn options() -> BTreeSet<String> {
    let help = |arguments: &str| shell(root(), &format!("eoc {arguments} --help")).1;
    let top = help("");
    let commands = top.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands =
        commands.take_while(|line| !line.trim().is_empty()).filter(|line| !line.starts_with("     "));
    let mut text = top.clone();
    commands.filter_map(|line| line.split_whitespace().next()).for_each(|command| text += &help(command));
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter(|word| word.starts_with("--") && word.len() > 2).map(str::to_owned).collect()
}

/// All Rust below a folder.
fn sources(at: &Path) -> String {
    let entries = fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: PathBuf| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(kind) if kind == "rs" => fs::read_to_string(path).unwrap(),
        _ => String::new(),
    };
    entries.map(text).collect()
}
