//! Records of a text file: what encoding it has, where lines end, which are none.

use std::io::{BufRead, Cursor, Read};

use super::super::{Fault, malformed};
use super::field::cell_error;

/// Most bytes of a file that is decoded as a whole because it is no UTF-8.
const MAX_DECODED: u64 = 1 << 31;
/// Most bytes of a line, which a file that unpacks to nothing but one could make of memory.
const MAX_LINE: u64 = 1 << 31;
/// Most lines of one record, which a quote that is never closed would make of the rest of the file.
const MAX_JOINED: usize = 16;

/// A line, or several where a quoted field holds line ends.
pub(super) struct Record {
    /// Number of the first line, as an editor shows it.
    pub(super) line: usize,
    /// The text, without the line end.
    pub(super) text: String,
}

/// The records of a file one after another, without empty lines and comments.
pub(super) struct Lines<R> {
    source: Source<R>,
    /// Lines of the bytes in hand, last first: a file of an old Macintosh has no line feeds at all.
    pending: Vec<String>,
    line: usize,
    comments: usize,
    /// Lines of separators alone.
    hollow: usize,
    encoding: Option<&'static str>,
}

enum Source<R> {
    /// UTF-8, read as it comes.
    Stream(R),
    /// Another encoding, decoded.
    Decoded(Cursor<Vec<u8>>),
}

impl<R: BufRead> Lines<R> {
    /// Looks at the first bytes for the encoding.
    pub(super) fn new(mut file: R) -> Result<Self, Fault> {
        let start = file.fill_buf()?;
        let encoding = match start {
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
                return malformed("the file is UTF-32 text; save it as UTF-8");
            }
            [0xff, 0xfe, ..] => Some(("UTF-16, little-endian", u16::from_le_bytes as fn([u8; 2]) -> u16)),
            [0xfe, 0xff, ..] => Some(("UTF-16, big-endian", u16::from_be_bytes as fn([u8; 2]) -> u16)),
            _ => None,
        };
        let source = match encoding {
            None => Source::Stream(file),
            Some((_, word)) => Source::Decoded(Cursor::new(decode(file, word)?.into_bytes())),
        };
        let encoding = encoding.map(|e| e.0);
        Ok(Self { source, pending: Vec::new(), line: 0, comments: 0, hollow: 0, encoding })
    }

    /// What was done on the way.
    pub(super) fn notes(&self) -> Vec<String> {
        let encoding = self.encoding.map(|name| format!("the text is {name}"));
        let comments = match self.comments {
            0 => None,
            1 => Some("1 line that begins with # is skipped".to_owned()),
            many => Some(format!("{many} lines that begin with # are skipped")),
        };
        let hollow = match self.hollow {
            0 => None,
            1 => Some("1 line of separators without a value is skipped".to_owned()),
            many => Some(format!("{many} lines of separators without a value are skipped")),
        };
        encoding.into_iter().chain(comments).chain(hollow).collect()
    }

    /// The next record; none at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Record>, Fault> {
        loop {
            let Some(mut text) = self.line()? else { return Ok(None) };
            let line = self.line;
            if line == 1 && text.starts_with('\u{feff}') {
                text.drain(..'\u{feff}'.len_utf8());
            }
            if text.trim().is_empty() {
                continue;
            }
            // As spreadsheets write rows that were cleared.
            if text.chars().all(|c| matches!(c, ',' | ';' | '\t' | '|' | ' ')) {
                self.hollow += 1;
                continue;
            }
            if comment(&text) {
                self.comments += 1;
                continue;
            }
            while text.matches('"').count() % 2 == 1 {
                let more = if self.line - line < MAX_JOINED { self.line()? } else { None };
                let Some(more) = more else {
                    return malformed(format!("line {line} has a quote (\") that is not closed; close it"));
                };
                text.push('\n');
                text.push_str(&more);
            }
            return Ok(Some(Record { line, text }));
        }
    }

    /// The next line of the file, whatever it holds.
    fn line(&mut self) -> Result<Option<String>, Fault> {
        if let Some(line) = self.pending.pop() {
            self.line += 1;
            return Ok(Some(line));
        }
        let mut bytes = Vec::new();
        match &mut self.source {
            Source::Stream(file) => file.take(MAX_LINE).read_until(b'\n', &mut bytes)?,
            Source::Decoded(text) => text.read_until(b'\n', &mut bytes)?,
        };
        if bytes.len() as u64 == MAX_LINE {
            return malformed(format!(
                "line {} has {MAX_LINE} bytes or more; this is no table",
                self.line + 1
            ));
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.contains(&0) {
            return malformed(format!(
                "line {} holds a zero byte, as UTF-16 text without a mark and binary files do; save it as UTF-8 text",
                self.line + 1
            ));
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        let text = String::from_utf8(bytes).unwrap_or_else(|error| {
            self.encoding = Some("no UTF-8 and read as Windows-1252");
            windows(error.as_bytes())
        });
        self.pending = text.split('\r').rev().map(str::to_owned).collect();
        self.line += 1;
        Ok(self.pending.pop())
    }
}

/// The text of a file of 16-bit words.
fn decode(file: impl Read, word: fn([u8; 2]) -> u16) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    file.take(MAX_DECODED + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_DECODED {
        return malformed("the file is UTF-16 text and too large to be decoded; save it as UTF-8");
    }
    let words = bytes.chunks_exact(2).map(|pair| word([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(words).collect();
    match text {
        // A damaged file shows in an odd byte at its end, too.
        Ok(text) if bytes.len().is_multiple_of(2) => Ok(text),
        _ => malformed("the file begins as UTF-16 text but is none; save it as UTF-8"),
    }
}

/// Text of which every byte is a character, as older Windows programs write it. Numbers are the same in all such
/// encodings; names may come out wrong.
fn windows(bytes: &[u8]) -> String {
    let character = |byte: &u8| match byte {
        0x80 => '€',
        0x91 | 0x92 => '\u{2019}',
        0x93 | 0x94 => '\u{201d}',
        0x96 => '\u{2013}',
        0x97 => '\u{2014}',
        0x81..=0x9f => char::REPLACEMENT_CHARACTER,
        other => char::from(*other),
    };
    bytes.iter().map(character).collect()
}

/// Whether a line is a comment: it begins with # and not with a field that does, such as the # over a column of row
/// numbers, or what a spreadsheet writes into a cell that it could not compute.
fn comment(text: &str) -> bool {
    let Some(rest) = text.trim_start().strip_prefix('#') else { return false };
    let word = text.trim_start().split([',', ';', '\t', '|', ' ']).next().unwrap_or("");
    let separated = rest.trim_start_matches('#').starts_with([',', ';', '\t', '|']);
    // A line of nothing but # is a rule between sections.
    let rule = word.bytes().all(|b| b == b'#');
    !separated && (rule || !cell_error(word.trim_end()))
}
