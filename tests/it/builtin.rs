//! The built-in studies as a user meets them: what is refused, what is said before the start and at the end.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::legible::{drawings, faults};
use eoc_ntk::study::builtin::BUILTIN;

fn names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|study| study.name)
}

fn eoc(at: &Path, line: &str) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("eoc"));
    command.args(line.split_whitespace()).current_dir(at).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn unknown_and_contradicting_names_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    let study = "[network]\nactivation = 'abs'\ndepth = 2\nwidth = 3\n[data]\nsource = 'pair:angle=0.5'\n";
    fs::write(temp.path().join("study.toml"), study).unwrap();
    let utf_16: Vec<u8> = study.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(temp.path().join("utf-16.toml"), utf_16).unwrap();
    fs::write(temp.path().join("latin-1.toml"), b"name = 'na\xefve'\n").unwrap();
    fs::write(temp.path().join("points.npy"), b"\x93NUMPY\x01\0v\0{'descr'").unwrap();
    for (line, says) in [
        ("run --study wide", "use first, width, depth, activation, "),
        ("run --study wide", "or needed (the search for widths), or papers (the quick forms of all grids)"),
        ("run --study", "--study <NAME>"),
        ("run --study Width", "no built-in study is called \"Width\""),
        ("run first", "the built-in study of that name is --study first"),
        ("run utf-16.toml", "it is text in UTF-16, and TOML is UTF-8; save it as UTF-8"),
        ("run latin-1.toml", "it is text in Latin-1 or another encoding"),
        ("run points.npy", "it is no text; a study file is TOML"),
        ("run study.toml --study width", "cannot be used with"),
        ("run --study width study.toml", "cannot be used with"),
        ("run study.toml --quick", "cannot be used with"),
        ("run --study width --widths 3,x", "no list of integers"),
        ("run --study width --depth 0", "depth 0"),
    ] {
        let output = eoc(temp.path(), line);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "eoc {line}: {stderr}");
        assert!(output.stdout.is_empty(), "eoc {line}");
        assert!(
            stderr.starts_with("eoc: ") && stderr.lines().count() == 1 && stderr.contains(says),
            "{stderr}"
        );
    }
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 4, "nothing was written");
}

/// The claim and the prediction stand before the table, in a pipe too; where options change the networks, only what
/// theory has for these.
#[test]
fn each_says_claim_and_prediction_before_its_table() {
    let temp = tempfile::tempdir().unwrap();
    for (name, options) in names().map(|name| (name, " --width 4")).chain([("first", "")]) {
        let _ = fs::remove_dir_all(temp.path().join(name));
        let output =
            eoc(temp.path(), &format!("run --study {name} --quick --seeds 8{options} --out {name} --full"));
        let stdout = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output.stderr));
        let at = |what: &str| stdout.find(what).unwrap_or_else(|| panic!("{name}: no {what:?} in\n{stdout}"));
        let ours = options.is_empty();
        for part in ["\nClaim ", "\nPrediction ", "The full study takes"] {
            assert_eq!(stdout.contains(part), ours, "{name}{options}: {part:?} in\n{stdout}");
        }
        let order = [
            at(&format!("Study {name}: ")),
            at(if ours { "\nClaim " } else { "networks of the options" }),
            at("\nIn numbers "),
            at("8 seeds each"),
            at(&format!("\n{name}: {}", if name == "spectrum" { "sphere:n=32" } else { "digits:n" })),
            at("\nVerdict: "),
            at("Spread of tr K"),
            at("Run directory: "),
        ];
        assert!(order.is_sorted(), "{name}: {order:?}");
        fits(&stdout);
        fits(&fs::read_to_string(temp.path().join(name).join("report/table.txt")).unwrap());
        assert_eq!(stdout.contains("predictions, "), ours, "only what was predicted has a verdict: {stdout}");
        assert!(
            !stdout.split_whitespace().any(|word| ["NaN", "inf", "-inf"].contains(&word)),
            "{name}:\n{stdout}"
        );
        legible(&temp.path().join(name).join("report"), name);
    }
}

#[track_caller]
fn fits(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}\n{text}", line.chars().count());
    }
}

#[test]
fn the_gallery_has_every_study() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/figures");
    let output = Command::new("bash")
        .args([script.as_os_str(), "--list".as_ref()])
        .env("EOC", assert_cmd::cargo::cargo_bin!("eoc"))
        .output()
        .unwrap();
    let stdout = text(&output.stdout);
    let found: Vec<&str> = stdout.split_whitespace().collect();
    assert_eq!(found, names().chain(["needed"]).collect::<Vec<_>>(), "{}", text(&output.stderr));
}

/// Every drawing of a report, for wide pages and for narrow ones: no text is cut or lies on another, and no two
/// curves have one name.
#[track_caller]
fn legible(report: &Path, name: &str) {
    let html = fs::read_to_string(report.join("index.html")).unwrap();
    let drawn = drawings(&html);
    assert!(
        drawn.len() >= 8 && report.join(format!("{name}.svg")).exists(),
        "{name}: {} drawings",
        drawn.len()
    );
    for svg in drawn {
        let found = faults(&svg);
        let title = svg.split('"').nth(3).unwrap_or_default();
        assert!(found.is_empty(), "{title}: {found:#?}");
    }
    for entry in fs::read_dir(report).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "csv") {
            continue;
        }
        let mut reader = csv::Reader::from_path(&path).unwrap();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let mut curves: Vec<[&str; 2]> =
            rows.iter().filter(|row| &row[1] == "measured").map(|row| [&row[0], &row[2]]).collect();
        let count = curves.len();
        curves.sort_unstable();
        curves.dedup();
        assert_eq!(curves.len(), count, "{}: two curves have one name", path.display());
    }
}

/// Where there is no terminal, no line is longer than 80 columns.
#[test]
fn few_seeds_and_limits_fit_80_columns() {
    let temp = tempfile::tempdir().unwrap();
    for name in names() {
        let output =
            eoc(temp.path(), &format!("run --study {name} --quick --seeds 4 --width 3 --out {name}"));
        fits(&text(&output.stdout));
        assert_eq!(output.status.code(), Some(0), "{name}");
    }
    fits(&text(&eoc(temp.path(), "").stdout));
    fs::write(temp.path().join("rows.csv"), "1,0\n0,0\n2,0\n-1,0\n0.3,1e-9\n").unwrap();
    for line in [
        "--activation relu --depth 40 --data digits:n=8 --width 1000",
        "--activation 0,1 --depth 1000000 --data pair:angle=1e-6",
        "--activation -0.123456789,0.987654321 --depth 4 --widths 1234567,7654321,7777777 --data rows.csv --outputs 7",
    ] {
        let output = eoc(temp.path(), &format!("limit {line}"));
        assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
        fits(&text(&output.stdout));
    }
}

#[test]
fn the_numbers_of_a_prediction_are_of_the_plan_that_runs() {
    let temp = tempfile::tempdir().unwrap();
    let limit = eoc(temp.path(), "limit --activation relu --depth 3 --width 70 --data digits:n=4 --json");
    let limit: serde_json::Value = serde_json::from_slice(&limit.stdout).unwrap();
    let exact = limit["relative_sd_diagonal"].as_f64().unwrap();
    let options = "--activation relu --depth 3 --width 70 --data digits:n=4 --seeds 8 --out run";
    let stdout = text(&eoc(temp.path(), &format!("run {options}")).stdout);
    let before = stdout.split_once("\nfirst: ").unwrap().0;
    let row = before.lines().find(|l| l.trim_start().starts_with("ReLU  70 ")).unwrap();
    assert!(row.contains(&format!("{exact:.3}")), "{exact} is not in {row:?}");
    assert!(before.contains("1 kind of network, 8 seeds each"), "{before}");
}

#[test]
fn the_help_lists_them() {
    let temp = tempfile::tempdir().unwrap();
    let help = text(&eoc(temp.path(), "run --help").stdout);
    for name in names() {
        assert!(help.lines().any(|l| l.starts_with(&format!("  {name} "))), "{name} is not in\n{help}");
    }
}
