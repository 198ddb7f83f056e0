//! The questions about widths that a run directory was asked: kept with their answers, and shown in its report.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::support::eoc;

const ASKED: &str = "width --data pair:angle=1 --device cpu --resolution 2 --confidence 0.8 --out kept";
const KINDS: &str = "--activation abs --activation relu --depth 2,3";

#[track_caller]
fn done(at: &Path, line: &str) -> String {
    let (status, out, err) = eoc(at, line);
    assert_eq!((status, err.as_str()), (0, ""), "eoc {line}");
    out
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn read(at: &Path, name: &str) -> String {
    fs::read_to_string(at.join("kept").join(name)).unwrap()
}

/// The answers of a directory as its summary has them, without where they stand.
fn width(at: &Path) -> Vec<Value> {
    json(&read(at, "report/summary.json"))["width"].as_array().cloned().unwrap_or_default()
}

/// The column of the rows of an export, each value once.
fn distinct(at: &Path, column: &str) -> Vec<String> {
    let text = done(at, "export kept --format csv");
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let index = rows.headers().unwrap().iter().position(|name| name == column).unwrap();
    let mut values: Vec<String> = rows.records().map(|row| row.unwrap()[index].to_owned()).collect();
    values.sort();
    values.dedup();
    values
}

#[test]
fn the_report_has_every_question_with_all_of_its_networks() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let first = json(&done(at, &format!("{ASKED} {KINDS} --tolerance 0.5 --json")));
    let cells = first["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 4);
    // summary.json says of each what --json says.
    let kept = width(at);
    assert_eq!(kept.len(), 4);
    for (cell, kept) in cells.iter().zip(&kept) {
        assert_eq!(kept["question"], 0);
        for (key, value) in cell.as_object().unwrap() {
            assert_eq!(&kept[key], value, "{key}");
        }
    }
    // Networks of every kind are in the tables, the export and the status.
    let all = json(&read(at, "report/summary.json"));
    for depth in [2, 3] {
        for phi in ["abs", "relu"] {
            let there = all["cells"].as_array().unwrap().iter();
            let found = there.filter(|c| c["depth"] == depth && c["activation"] == phi).count();
            let looks = cells.iter().find(|c| c["depth"] == depth && c["activation"] == phi).unwrap();
            assert_eq!(found, looks["looks"].as_array().unwrap().len(), "{phi} {depth}");
        }
    }
    assert_eq!([distinct(at, "depth"), distinct(at, "activation")], [["2", "3"], ["abs", "relu"]]);
    let status = done(at, "status kept");
    let count = all["cells"].as_array().unwrap().len();
    assert!(status.contains(&format!("Cells:      {count} of {count} done")), "{status}");
    assert!(!status.contains("Others:"), "{status}");
    // The page: the answer before what else was found, each interval, figures, and how to ask it again.
    let page = read(at, "report/index.html");
    let place = |what: &str| page.find(what).unwrap_or_else(|| panic!("no {what}"));
    assert!(place("id=\"asked\"") < place("id=\"width\"") && place("id=\"width\"") < place("id=\"found\""));
    assert!(
        page.contains(
            "from which on with probability at least 0.8 the kernel is within 50 % (operator norm)"
        )
    );
    for cell in cells {
        let interval = format!("<td>{} … {}</td>", cell["m_low"], cell["m_high"]);
        assert!(page.contains(&interval), "{interval}");
    }
    assert!(page.contains("href=\"needed.pdf\"") && page.contains("href=\"draws.pdf\""));
    assert!(
        page.contains(
            "eoc width --tolerance 0.5 --confidence 0.8 --resolution 2 --depth 2,3 --activation relu"
        )
    );
    // The report made again is the same.
    fs::remove_dir_all(at.join("kept/report")).unwrap();
    let said = done(at, "report kept");
    assert!(said.contains("In every line m* is the smallest width"), "{said}");
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    assert_eq!(read(at, "report/index.html"), page);
    assert!(read(at, "report/table.txt").starts_with("In every line"));
    // The rows of a figure say of which networks they are.
    let csv = read(at, "report/needed-share.csv");
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let row = rows.records().next().unwrap().unwrap();
    assert_eq!((&row[7], &row[10], &row[14], &row[18]), ("abs", "2", "pair:angle=1", &row[2]));

    // Another question of one depth: it is the one whose figures there are.
    let out = done(at, &format!("{ASKED} --activation abs --depth 3,3 --tolerance 0.4"));
    assert!(
        out.contains("Report: kept/report/index.html") && out.contains("kept/report/needed-share.svg"),
        "{out}"
    );
    let kept = width(at);
    assert_eq!(kept.iter().map(|a| a["question"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 0, 0, 0, 1]);
    let page = read(at, "report/index.html");
    assert!(page.contains("2 questions were asked") && !page.contains("href=\"needed.pdf\""));
    assert!(!at.join("kept/report/needed.svg").exists() && at.join("kept/report/draws.svg").exists());
    // The first again: its answers are there once, and it is the last.
    done(at, &format!("{ASKED} {KINDS} --tolerance 0.5"));
    let kept = width(at);
    assert_eq!(kept.len(), 5);
    assert_eq!((kept[0]["tolerance"].as_f64(), kept[4]["tolerance"].as_f64()), (Some(0.4), Some(0.5)));
    assert!(at.join("kept/report/needed.svg").exists());
}

#[test]
fn a_search_that_was_broken_off_is_kept_until_one_comes_farther() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let line = format!("{ASKED} --activation abs --depth 3 --tolerance 0.3");
    done(at, &format!("{line} --max-networks 150"));
    let short = width(at);
    assert_eq!(short.len(), 1);
    let why = short[0]["undecided"].as_str().unwrap();
    assert!(why.contains("as many networks as allowed were drawn"), "{why}");
    assert!(
        read(at, "report/index.html").contains("<b class=\"undecided\">undecided</b> |s|, constant widths")
    );
    done(at, &line);
    let long = width(at);
    assert!(long.len() == 1 && long[0]["undecided"].is_null(), "{long:?}");
    assert!(long[0]["networks"].as_u64() > short[0]["networks"].as_u64());
    // A part of it says nothing new.
    done(at, &format!("{line} --max-networks 150"));
    assert_eq!(width(at), long);
}

#[test]
fn a_file_of_answers_that_cannot_be_read_keeps_nothing_else_from_being_shown() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let line = format!("{ASKED} --activation abs --depth 3 --tolerance 0.4");
    done(at, &line);
    let whole = read(at, "width.json");
    let path = at.join("kept/width.json");
    let narrow = whole.replacen("\"m_low\": ", "\"m_low\": 99", 1);
    for (text, says) in [
        (&whole[..whole.len() / 2], "it ends too early"),
        ("", "it ends too early"),
        ("no answers\u{1b}[31m", "is not as eoc writes it"),
        ("{\"format\": 1}", "is not as eoc writes it"),
        ("[1, 2]", "is not as eoc writes it"),
        (&whole.replacen("\"format\": 1", "\"format\": 2", 1), "has format 2, and this eoc reads format 1"),
        (&whole.replacen("\"norm\": \"op\"", "\"norm\": \"best\"", 1), "is not as eoc writes it"),
        (&whole.replacen("\"tolerance\": 0.4", "\"tolerance\": -1.0", 1), "tolerance -1 is out of range"),
        (narrow.as_str(), "holds no interval"),
    ] {
        fs::write(&path, text).unwrap();
        let (status, out, err) = eoc(at, "report kept");
        assert!(status == 0 && out.contains("median: of"), "{says}: {out}{err}");
        assert!(
            err.lines().count() == 1 && err.contains("width.json") && err.contains(says),
            "{says}: {err}"
        );
        let page = read(at, "report/index.html");
        assert!(!page.contains("id=\"width\"") && page.contains("its answers are not shown"), "{says}");
        assert!(json(&read(at, "report/summary.json")).get("width").is_none());
        // Nothing is asked over it, and nothing written.
        let (status, out, err) = eoc(at, &line);
        assert_eq!((status, out.as_str(), err.lines().count()), (2, "", 1), "{says}: {err}");
        assert!(err.contains(says) && err.contains("move the file away"), "{err}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    // Names in it are text on the page.
    fs::write(&path, whole.replace("pair:angle=1", "<script>alert(1)</script>")).unwrap();
    done(at, "report kept");
    let page = read(at, "report/index.html");
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script"));
    // Moved away, the same question finds its answer in the rows.
    fs::remove_file(&path).unwrap();
    let before = done(at, "export kept --format csv");
    done(at, &line);
    assert_eq!(done(at, "export kept --format csv"), before);
    let seconds = |text: &str| {
        text.lines().filter(|l| !l.contains("\"seconds\"")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(seconds(&read(at, "width.json")), seconds(&whole));
}

#[test]
fn merged_directories_have_the_answers_of_all() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let ask = |more: &str, out: &str| done(at, &format!("{} {more}", ASKED.replace("kept", out)));
    ask("--activation abs --depth 3 --tolerance 0.4", "one");
    ask("--activation relu --depth 3 --tolerance 0.4", "two");
    ask("--activation relu --depth 3 --tolerance 0.5", "two");
    ask("--activation abs --depth 3 --tolerance 0.4 --max-networks 100", "three");
    done(at, "merge one two three --out kept");
    let merged = read(at, "width.json");
    let all = json(&merged);
    let of = |question: usize| all["questions"][question]["cells"].as_array().unwrap().len();
    assert_eq!((all["questions"].as_array().unwrap().len(), of(0), of(1)), (2, 2, 1));
    assert!(all["questions"][0]["cells"][0]["undecided"].is_null(), "the search that came farther");
    done(at, "report kept");
    assert_eq!(width(at).len(), 3);
    done(at, "merge three two one --out again");
    assert_eq!(fs::read_to_string(at.join("again/width.json")).unwrap(), merged);
    done(at, "merge kept two --out kept");
    assert_eq!(read(at, "width.json"), merged);
    fs::write(at.join("three/width.json"), "{").unwrap();
    let (status, _, err) = eoc(at, "merge one three --out other");
    assert!(status == 2 && err.contains("three/width.json") && !at.join("other").exists(), "{err}");
}

#[test]
fn a_directory_of_which_nothing_was_asked_has_no_answers() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    done(
        at,
        "run --activation abs --depth 2 --width 4,8 --data pair:angle=1 --seeds 8 --device cpu --out kept",
    );
    assert!(json(&read(at, "report/summary.json")).get("width").is_none());
    assert!(!read(at, "report/index.html").contains("wide enough") && !at.join("kept/width.json").exists());
    // Asked later, its report has both, and its figures keep their names.
    let (status, _, _) = eoc(at, &format!("{ASKED} --activation abs --depth 2 --tolerance 0.4"));
    assert_eq!((status, width(at).len()), (0, 1));
    let page = read(at, "report/index.html");
    assert!(page.contains("id=\"width\"") && page.contains("href=\"first.pdf\""));
}
