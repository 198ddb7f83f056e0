//! What a terminal is given: text without what it would act on, and no binary file.

use super::Place;
use super::tables::shown;

/// The CSV column of this name, as another reader sees it.
fn column(csv: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let at = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|record| record.unwrap()[at].to_owned()).collect()
}

#[cfg(unix)]
#[test]
fn names_reach_a_program_as_they_are_and_a_terminal_escaped() {
    let place = Place::new();
    let name = "e\u{1b}[31m\"v',\u{9b}2J\u{202e}il.csv";
    place.put(name, b"1,2\n3,4\n");
    place.done(&format!(
        "run --activation abs --depth 2 --width 4 --data {name} --normalize sphere --seeds 2 --device cpu --set name=t \
         --out t"
    ));
    for line in
        ["export t --format csv", "export t --format csv --out -", "export t --table cells --format csv"]
    {
        let ran = place.run(line);
        assert_eq!(ran.status, 0, "{line}: {}", ran.stderr);
        let labels = column(&ran.stdout, "data");
        assert!(!labels.is_empty() && labels.iter().all(|label| label.ends_with(name)), "{line}: {labels:?}");
    }
    if let Err(why) = shown(&place, 80, "status t") {
        return println!("SKIPPED: {why}");
    }
    for line in [
        "export t --format csv",
        "export t --format csv --out -",
        "export t --format csv --out /dev/stdout",
        "export t --format json",
        "status t",
        "status t --json",
        "report t",
        "run t/study.toml --out t --json",
        &format!("limit --activation abs --depth 2 --data '{}' --json", name.replace('\'', "'\\''")),
    ] {
        let text = shown(&place, 80, line).unwrap();
        let acts = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!text.contains(acts) && !text.is_empty(), "eoc {line}: {text:?}");
        if line.starts_with("export") {
            assert!(text.contains("\\x9b2J\\u{202e}il.csv"), "eoc {line}: {text:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_terminal_is_no_place_for_a_binary_file() {
    let place = Place::new();
    if let Err(why) = shown(&place, 80, "limit --activation abs --depth 2 --data points.csv") {
        return println!("SKIPPED: {why}");
    }
    for line in [
        "limit --activation abs --depth 2 --data points.csv --out -",
        "sample --activation abs --depth 2 --width 4 --data points.csv --device cpu --out -",
        "data points.csv --out -",
        "data points.csv --out /dev/stdout",
        "data points.csv --out /dev/tty",
        "weights --widths 3 --data points.csv --seed 1 --out -",
    ] {
        let told = shown(&place, 80, line).expect_err(line);
        assert!(told.contains("is a terminal, and the file is binary; name a file"), "eoc {line}: {told}");
    }
    // What goes elsewhere from a terminal does.
    for line in ["data points.csv --out - | wc -c", "data points.csv --out - > p.npy"] {
        shown(&place, 80, line).unwrap();
    }
    assert_eq!(std::fs::read(place.path("p.npy")).unwrap().len(), 128 + 6 * 8);
}
