//! What `eoc` says of numbers: of a file that it reads, of what it quotes, of the theorem.

use super::Place;

#[test]
fn what_was_taken_or_skipped_of_a_file_is_said_once_on_stderr() {
    let place = Place::new();
    let said = |line: &str| {
        let ran = place.run_with_notes(line);
        assert_eq!(ran.status, 0, "{line}: {}", ran.stderr);
        ran.stderr
    };
    let limit = "limit --activation relu --depth 3";
    let unequal = said(&format!("{limit} --data points.csv"));
    assert_eq!(unequal.lines().count(), 1, "{unequal}");
    assert!(unequal.starts_with("eoc: points.csv: rows are taken as they are, with norms from"), "{unequal}");
    assert!(unequal.contains("--normalize sphere"), "{unequal}");
    assert_eq!(said(&format!("{limit} --data points.csv --normalize sphere")), "");
    assert_eq!(said(&format!("{limit} --data digits:n=3 --normalize none")), "");
    place.put("pandas.csv", b",0,1\n0,3.0,4.0\n1,5.0,0.0\n");
    let pandas = said(&format!("{limit} --data pandas.csv"));
    assert!(pandas.lines().count() == 1 && pandas.contains("an index and is left out"), "{pandas}");
}

#[test]
fn nothing_that_a_terminal_acts_on_is_quoted_as_it_is() {
    let place = Place::new();
    place.put("escape.csv", b"1,2\n3,\x1b[31m4\n");
    place.put("\u{1b}[2J.csv", b"1,2\n3,x\n");
    let limit = "limit --activation relu --depth 3 --data";
    for line in [
        format!("{limit} escape.csv"),
        format!("{limit} \u{1b}[2J.csv"),
        format!("{limit} \u{202e}digits:n=3"),
        "limit --activation \u{1b}]0;x\u{7}".to_owned(),
        "\u{9b}31m".to_owned(),
        "run --set \u{1b}=3".to_owned(),
    ] {
        let ran = place.run_with_notes(&line);
        assert_eq!(ran.status, 2, "{line:?}: {}", ran.stderr);
        let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!ran.stderr.contains(acts), "{:?}", ran.stderr);
        // The parser of arguments leaves out what it quotes of them, the rest is written in letters.
        let shown = ran.stderr.contains("\\x") || ran.stderr.contains("\\u{202e}");
        assert!(shown || !line.contains("--data"), "{:?}", ran.stderr);
    }
}

#[test]
fn a_constant_parts_parallel_rows_and_the_theorem_says_what_it_needs() {
    let place = Place::new();
    place.put("parallel.csv", b"1,2\n0,1\n2,4\n");
    let limit = "limit --activation abs --depth 3 --width 8 --schedule quadratic --data parallel.csv";
    let table = place.done(limit);
    assert!(table.contains("theorem: rows 0 and 2 are parallel (see --append-constant)"), "{table}");
    assert!(table.contains("  < ") && table.contains("  > "), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    let table = place.done(&format!("{limit} --append-constant 0.5"));
    assert!(table.contains("theorem: its conditions hold"), "{table}");
    // Without widths, what is known of the others is said, and that they are not given.
    let limit_alone = "limit --activation abs --depth 3 --data";
    let table = place.done(&format!("{limit_alone} digits:n=3"));
    assert!(!table.contains("its conditions hold") && table.contains("no widths are given"), "{table}");
    let table = place.done(&format!("{limit_alone} parallel.csv"));
    assert!(table.contains("rows 0 and 2 are parallel") && table.contains("no widths are given"), "{table}");
    let json = |options: &str| -> serde_json::Value {
        serde_json::from_str(&place.done(&format!("{limit} {options} --json"))).unwrap()
    };
    // max ‖x‖² = 20 without and 20.25 with the constant, over 2 and 3 coordinates.
    let [plain, with, scaled] =
        ["", "--append-constant 0.5", "--scale 3"].map(|o| json(o)["bound"]["value"].as_f64().unwrap());
    assert!(
        (with / plain - (20.25 / 3.0) / (20.0 / 2.0)).abs() < 1e-12 && (scaled / plain - 3.0).abs() < 1e-12
    );
    place.refused(&format!("{limit} --append-constant -1"), "the constant to append, -1, is no positive");
}
