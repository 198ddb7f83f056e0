//! Tables and paragraphs fit the terminal, and 80 columns where there is none.

use std::process::{Command, Stdio};

use super::Place;

/// What the program writes on a terminal of this many columns, by the command `script`; why it cannot be seen, where it
/// cannot.
pub(super) fn shown(place: &Place, columns: usize, line: &str) -> Result<String, String> {
    let eoc = assert_cmd::cargo::cargo_bin!("eoc");
    let command = format!("stty rows 24 cols {columns}; '{}' {line}", eoc.display());
    let mut script = Command::new("script");
    script.args(["-qec", &command, "/dev/null"]).current_dir(place.path("")).env("TERM", "dumb");
    match script.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).replace('\r', ""))
        }
        Ok(output) => Err(format!("script: {}", String::from_utf8_lossy(&output.stdout))),
        Err(error) => Err(format!("script: {error}")),
    }
}

/// Words that cannot be broken, and commands to copy, may be longer.
fn check(line: &str, columns: usize, text: &str) {
    for row in text.lines() {
        let word = row.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0);
        let fits = row.chars().count() <= columns.max(word + 12) || row.contains("eoc ");
        assert!(fits, "eoc {line}, {columns} columns: {row:?} in\n{text}");
    }
}

const RUN: &str = "run --activation abs --activation relu --depth 3 --width 4,8 --data points.csv --normalize sphere --seeds 9 \
                   --device cpu --set name=t --out t";

#[test]
fn tables_fit_the_terminal_and_80_columns_where_there_is_none() {
    let place = Place::new();
    place.done(RUN);
    let lines = [
        "limit --activation abs --depth 12 --width 64 --data points.csv --normalize sphere",
        "limit --activation abs --depth 3 --width 8 --data points.csv -q",
        "devices",
        "status t",
        "status t t",
        "width --tolerance 0.5 --confidence 0.8 --activation abs --depth 2 --data pair:angle=1 --resolution 2 --max-networks 400 \
         --device cpu",
        "width --tolerance 0.5 --confidence 0.8 --activation abs --activation relu --depth 2,3 --data pair:angle=1 --resolution 4 \
         --max-networks 100 --device cpu",
        "independence --activation relu --depth 3 --width 8,16 --data points.csv --normalize sphere --seeds 20 --device cpu",
    ];
    let runs = [RUN.to_owned(), format!("{RUN} --full"), RUN.replace("--out t", "--out u --dry-run")];
    let lines: Vec<String> = lines.map(str::to_owned).into_iter().chain(runs).collect();
    for line in &lines {
        check(line, 80, &place.done(line));
    }
    let bench = place.done("bench --case 3,1,2,8 --rounds 1 --device cpu");
    check("bench", 80, &bench);
    for line in &lines {
        for columns in [40, 44, 60] {
            match shown(&place, columns, line) {
                Ok(text) => check(line, columns, &text),
                Err(why) => return println!("SKIPPED: {why}"),
            }
        }
    }
    // A wide terminal has the same numbers as a narrow one.
    let numbers = |text: &str| {
        let mut all: Vec<String> =
            text.split_whitespace().filter(|word| word.contains("e-")).map(str::to_owned).collect();
        all.sort();
        all
    };
    let [wide, narrow] = [100, 44].map(|columns| numbers(&shown(&place, columns, &lines[0]).unwrap()));
    assert_eq!(wide, narrow);
}
