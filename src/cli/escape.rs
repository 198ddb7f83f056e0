//! Text from files, names and arguments before it reaches a terminal.
//!
//! A terminal acts on control characters, and shows text out of order or not at all after others. They are written as
//! `\x1b` or `\u{202e}` instead, here and nowhere else: every sentence, note and table passes through this module on
//! its way out, so that whoever quotes something need not think of it.

use std::fmt::Write;
use std::path::Path;

/// A word longer than this is cut in the middle: nobody reads it, and it would push the rest off the screen.
const LONGEST_WORD: usize = 600;
/// A sentence longer than this is cut at its end.
const LONGEST_SENTENCE: usize = 6000;

/// One line: white space of any kind becomes one space between words, everything that does not show is escaped.
pub fn visible(text: &str) -> String {
    let words: Vec<String> = text.split_ascii_whitespace().map(|word| shorten(&escaped(word, ""))).collect();
    let sentence = words.join(" ");
    match sentence.char_indices().nth(LONGEST_SENTENCE) {
        Some((end, _)) => format!("{}…", &sentence[..end]),
        None => sentence,
    }
}

/// Text of several lines, such as a table: the same, but lines, spaces and lengths stay.
pub fn visible_lines(text: &str) -> String {
    escaped(text, "\n\t")
}

/// A path in a line of text: no end of a line within it.
pub fn shown(path: &Path) -> String {
    escaped(&path.display().to_string(), "")
}

fn escaped(text: &str, but: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        // Writing to a string cannot fail.
        let _ = match c {
            c if but.contains(c) || !acts(c) => shown.write_char(c),
            c if (c as u32) < 0x100 => write!(shown, "\\x{:02x}", c as u32),
            c => write!(shown, "\\u{{{:x}}}", c as u32),
        };
    }
    shown
}

/// Whether a character does something to a terminal or to the order of its neighbours, or is never seen.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A word with its middle left out where it is too long.
fn shorten(word: &str) -> String {
    let count = word.chars().count();
    if count <= LONGEST_WORD {
        return word.to_owned();
    }
    let start: String = word.chars().take(LONGEST_WORD / 2).collect();
    let end: String = word.chars().skip(count - LONGEST_WORD / 4).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_acts_on_passes() {
        assert_eq!(
            visible("a \x1b[31m\u{9b}2J \u{202e}b\u{7f}\0"),
            "a \\x1b[31m\\x9b2J \\u{202e}b\\x7f\\x00"
        );
        assert_eq!(visible("two\n lines\tand\r\nmore"), "two lines and more");
        assert_eq!(visible("‖K−K∞‖ φ 中 é"), "‖K−K∞‖ φ 中 é");
        assert_eq!(shown(Path::new("a\nb/c d\t.npy")), "a\\x0ab/c d\\x09.npy");
        assert_eq!(visible_lines("a\tb\n\x07 c\r\n"), "a\tb\n\\x07 c\\x0d\n");
    }

    #[test]
    fn long_fields_are_cut() {
        let text = visible(&format!("field {} is no number", "x".repeat(100_000)));
        assert!(text.starts_with("field xxx") && text.ends_with("x is no number") && text.len() < 600);
        assert!(visible(&"word ".repeat(100_000)).chars().count() <= LONGEST_SENTENCE + 1);
    }
}
