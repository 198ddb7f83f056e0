//! Text from files, names and arguments before it reaches a terminal.
//!
//! A terminal acts on control characters, and shows text out of order or not at all after others. They are written as
//! `\x1b` or `\u{202e}` instead, here and nowhere else: every sentence, note and table passes through this module on
//! its way out, so that whoever quotes something need not think of it.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{PoisonError, RwLock};

/// A word longer than this is cut in the middle: nobody reads it, and it would push the rest off the screen.
const LONGEST_WORD: usize = 600;
/// A sentence longer than this is cut at its end.
const LONGEST_SENTENCE: usize = 6000;

/// What was typed with ends of lines in it.
static TYPED: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// Remembers what was typed: an end of a line within it is none of the sentences that quote it.
pub fn typed(args: &[OsString]) {
    let whole = args.iter().filter_map(|arg| arg.to_str());
    // The parser quotes an argument, the value behind its sign, or an item of a list by itself.
    let parts = whole.flat_map(|arg| {
        let value = arg.split_once('=').map_or("", |(_, value)| value);
        [arg, value].into_iter().chain(arg.split(',')).chain(value.split(','))
    });
    // An end of a line alone would be found in every sentence.
    let odd = parts.filter(|text| text.contains(['\n', '\r']) && !text.trim().is_empty()).map(str::to_owned);
    *TYPED.write().unwrap_or_else(PoisonError::into_inner) = odd.collect();
}

/// The same text with what was typed so in one line.
pub fn quoted(text: &str) -> String {
    let typed = TYPED.read().unwrap_or_else(PoisonError::into_inner);
    typed.iter().fold(text.to_owned(), |text, typed| text.replace(typed.as_str(), &word(typed)))
}

/// One line: its lines follow each other, and everything in them that does not show is escaped.
pub fn visible(text: &str) -> String {
    let text = quoted(text);
    let lines = text.lines().map(str::trim_ascii).filter(|line| !line.is_empty());
    let words =
        |line: &str| line.split(' ').map(|word| shorten(&escaped(word, ""))).collect::<Vec<_>>().join(" ");
    let sentence = lines.map(words).collect::<Vec<_>>().join(" ");
    match sentence.char_indices().nth(LONGEST_SENTENCE) {
        Some((end, _)) => format!("{}…", &sentence[..end]),
        None => sentence,
    }
}

/// Text of several lines, such as a table: the same, but lines, spaces and lengths stay.
pub fn visible_lines(text: &str) -> String {
    escaped(text, "\n\t")
}

/// A word within a sentence, with everything in it that ends a line or does not show: for what would be lost later, such
/// as an argument in a sentence of its parser.
pub fn word(text: &str) -> String {
    escaped(text, "")
}

/// A word for a shell: in quotes where anything in it could mean something else, byte by byte where a terminal would
/// act on it.
pub fn for_shell(text: &str) -> String {
    if word(text) != text {
        return format!("$'{}'", text.bytes().map(|byte| format!("\\x{byte:02x}")).collect::<String>());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:=,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A path in a line of text: no end of a line within it.
pub fn shown(path: &Path) -> String {
    escaped(&path.display().to_string(), "")
}

/// A writer of rows and JSON, which programs read as they are: only on a terminal, where no program reads, is what that
/// would act on escaped.
pub struct Escaped<W> {
    out: W,
    escapes: bool,
    /// The first bytes of a character whose others have not come yet.
    cut: Vec<u8>,
}

impl<W: IsTerminal> Escaped<W> {
    /// Writes to a file, a pipe or a terminal.
    pub fn of(out: W) -> Self {
        Self { escapes: out.is_terminal(), out, cut: Vec::new() }
    }
}

impl<W: Write> Write for Escaped<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.escapes {
            return self.out.write(bytes);
        }
        self.cut.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.cut) {
            Ok(text) => text.len(),
            // Only the end is cut; what is no text at all is shown as such.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => self.cut.len(),
        };
        let text = visible_lines(&String::from_utf8_lossy(&self.cut[..whole]));
        self.cut.drain(..whole);
        self.out.write_all(text.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
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
        assert_eq!(visible("two\n lines\tand\r\n\n more\n"), "two lines\\x09and more");
        assert_eq!(visible("a  b.npy"), "a  b.npy", "no space of a name is lost");
        assert_eq!(word("a\n\x1b[0m b"), "a\\x0a\\x1b[0m b");
        assert_eq!(visible("‖K−K∞‖ φ 中 é"), "‖K−K∞‖ φ 中 é");
        assert_eq!(shown(Path::new("a\nb/c d\t.npy")), "a\\x0ab/c d\\x09.npy");
        assert_eq!(visible_lines("a\tb\n\x07 c\r\n"), "a\tb\n\\x07 c\\x0d\n");
    }

    #[test]
    fn a_writer_escapes_on_a_terminal_alone() {
        let text = "φ,\x1b[2J\u{9b}\u{202e}\n中,2\n";
        for (escapes, expected) in [(true, "φ,\\x1b[2J\\x9b\\u{202e}\n中,2\n"), (false, text)] {
            // Cut anywhere, within characters too.
            for size in 1..text.len() {
                let mut out = Escaped { out: Vec::new(), escapes, cut: Vec::new() };
                text.as_bytes().chunks(size).for_each(|part| out.write_all(part).unwrap());
                assert_eq!(String::from_utf8(out.out).unwrap(), expected);
            }
        }
    }

    #[test]
    fn long_fields_are_cut() {
        let text = visible(&format!("field {} is no number", "x".repeat(100_000)));
        assert!(text.starts_with("field xxx") && text.ends_with("x is no number") && text.len() < 600);
        assert!(visible(&"word ".repeat(100_000)).chars().count() <= LONGEST_SENTENCE + 1);
    }

    #[test]
    fn the_shell_reads_back_what_was_quoted() {
        for text in
            ["a/b.toml", "with space", "it's", "$HOME `x` \"y\"", "", "a\\b", "-n", "ä*?", "new\nline", "''"]
        {
            let script = format!("printf %s {}", for_shell(text));
            let output = std::process::Command::new("bash").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text, "{script}");
        }
        assert_eq!(for_shell("/runs/width"), "/runs/width");
    }
}
