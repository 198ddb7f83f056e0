//! What sentences in the sources may say.

use std::fs;

use super::{ORDER, code, is_test, root, sources};

/// String literals of code, without their escapes taken apart.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // A quote as a character, or the one behind a backslash, begins no text.
            '\'' if chars.peek() == Some(&'"') => {
                chars.next();
            }
            '"' => {
                let mut text = String::new();
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    text.push(c);
                    if c == '\\' {
                        text.extend(chars.next());
                    }
                }
                found.push(text);
            }
            _ => {}
        }
    }
    found
}

/// Whether a text names an option: two dashes and a letter.
fn names_an_option(text: &str) -> bool {
    text.match_indices("--").any(|(at, _)| {
        let before = text[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '-')
            && text[at + 2..].starts_with(|c: char| c.is_ascii_lowercase())
    })
}

/// Files whose texts have two dashes before a word for another reason: a style sheet names its colours so.
const NAMING_OPTIONS: &[&str] = &["report/page/style.rs"];

#[test]
fn the_library_names_no_option_of_the_command_line() {
    assert!(names_an_option("use --precision f64") && !names_an_option("a--b, --- and 1 -- 2"));
    assert_eq!(literals("f('\"', \"a \\\" b\", \"c\")"), ["a \\\" b", "c"]);
    for module in ORDER {
        for file in sources(&root().join(module)) {
            if is_test(&file) || NAMING_OPTIONS.iter().any(|name| file == root().join(name)) {
                continue;
            }
            let text = code(&fs::read_to_string(&file).unwrap());
            let naming: Vec<String> =
                literals(&text).into_iter().filter(|text| names_an_option(text)).collect();
            assert!(naming.is_empty(), "{} names options: {naming:?}", file.display());
        }
    }
}

/// Words behind a number that end with an s and count nothing; units of measure have no singular in letters.
const NO_PLURALS: &[&str] = &[
    "is", "has", "was", "as", "its", "this", "goes", "says", "needs", "names", "holds", "lists", "makes",
    "does", "reads", "asks", "passes", "ends", "gives", "declares", "beyond", "lets", "writes", "ms",
    "numerics", "times", "stands",
];

/// Numbers that are written into a text before a plural: `{n} points`, which is wrong where n is 1. A number with
/// decimals is a measure, a constant in capitals is known, and `1 to 5 seeds` and `1 x 5 entries` have one word for
/// both.
fn plurals(text: &str) -> Vec<String> {
    let text = joined(text);
    let mut found = Vec::new();
    for (at, _) in text.match_indices("} ") {
        let Some(start) = text[..at].rfind('{') else { continue };
        let slot = &text[start + 1..at];
        let word = |text: &str| text.chars().take_while(|c| c.is_ascii_alphabetic()).collect::<String>();
        let rest = &text[at + 2..];
        let mut noun = word(rest);
        if ["hidden", "new", "finished", "missing", "different", "more", "whole"].contains(&noun.as_str()) {
            noun = word(&rest[(noun.len() + 1).min(rest.len())..]);
        }
        let constant = slot.chars().any(char::is_uppercase);
        let measure = slot.contains(['.', '>', '<']) && slot.contains(':');
        let range = text[..start].ends_with("} to ") || text[..start].ends_with("} x ");
        let counts = noun.len() > 1 && noun.ends_with('s') && !NO_PLURALS.contains(&noun.as_str());
        let rate = rest[noun.len().min(rest.len())..].starts_with('/');
        if counts && !constant && !measure && !range && !rate {
            found.push(format!("{{{slot}}} {noun}"));
        }
    }
    found
}

/// A literal over several lines as it is read.
fn joined(text: &str) -> String {
    let mut lines = text.split("\\\n");
    let first = lines.next().unwrap_or("").to_owned();
    lines.fold(first, |all, line| all + line.trim_start())
}

/// Sentences in which a number before a plural is never 1.
const MANY: &[&str] = &[
    // The grid has more than a million.
    "{0} cells",
    // None, or more than go together.
    "{0} directories",
    // Names of schedules.
    "{schedule} widths",
    // Fewer or more.
    "{what} values",
    // One is said in other words.
    "{all} cases",
    // The match has an arm for one.
    "{many} lines",
    "{count} samples",
];

/// Counts are said by `units::counted`, which knows of one.
#[test]
fn no_sentence_counts_one_of_many() {
    assert_eq!(plurals("{n} points of {} hidden widths, {n} x {m} entries"), ["{n} points", "{} widths"]);
    assert_eq!(plurals("{} \\\n    rows"), ["{} rows"]);
    let fine = "{x} is {MOST} seeds, {:.1} samples, {} samples/s, {a} to {b} seeds, {} of rows, {n} has";
    assert!(plurals(fine).is_empty(), "{:?}", plurals(fine));
    for file in sources(&root()).into_iter().filter(|file| !is_test(file)) {
        let text = code(&fs::read_to_string(&file).unwrap());
        let wrong: Vec<String> = literals(&text)
            .iter()
            .flat_map(|text| plurals(text))
            .filter(|found| !MANY.contains(&found.as_str()))
            .collect();
        assert!(wrong.is_empty(), "{} counts {wrong:?}; say it by units::counted", file.display());
    }
}
