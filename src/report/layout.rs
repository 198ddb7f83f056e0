//! Text that fits a terminal: tables whose columns go on below where there is no room beside, and words in lines.

use super::text::escaped;
use super::text::{Align, columns};

/// Pixels that a part of a table may take on a page.
const PAGE: usize = 860;
/// Pixels of a column: its margins, and each letter of its widest text.
const COLUMN: (usize, usize) = (16, 8);

/// A table that fits a number of columns. Its first columns name a row; the others are in groups that stay together,
/// such as a number and its interval.
#[derive(Clone, Debug)]
pub struct Layout {
    keys: usize,
    groups: Vec<usize>,
    aligns: Vec<Align>,
    rows: Vec<Vec<String>>,
}

impl Layout {
    /// A table with the columns that name its rows.
    pub fn new(headers: Vec<String>, aligns: Vec<Align>) -> Self {
        Self { keys: headers.len(), groups: Vec::new(), aligns, rows: vec![headers] }
    }

    /// Columns that stay together.
    pub fn group<const N: usize>(mut self, columns: [(&str, Align); N]) -> Self {
        self.groups.push(N);
        for (header, align) in columns {
            self.aligns.push(align);
            self.rows[0].push(header.to_owned());
        }
        self
    }

    /// A row: its name, and a text for every column of every group.
    pub fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Whether there is no row below the header.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }

    /// The table; groups that have no room beside the first go on below it, under the same names of rows. What fits
    /// in no way goes on column by column.
    pub fn text(&self, room: usize) -> String {
        let width = |c: usize| 2 + self.rows.iter().map(|r| r[c].chars().count()).max().unwrap_or(0);
        let block = |shown: Vec<usize>| {
            let aligns: Vec<Align> = shown.iter().map(|&c| self.aligns[c]).collect();
            let row = |row: &Vec<String>| shown.iter().map(|&c| row[c].clone()).collect();
            columns(&aligns, &self.rows.iter().map(row).collect::<Vec<Vec<String>>>())
        };
        self.blocks(room, width).into_iter().map(block).collect::<Vec<_>>().join("\n")
    }

    /// The columns of each part of a table that is so wide at most.
    fn blocks(&self, room: usize, width: impl Fn(usize) -> usize) -> Vec<Vec<usize>> {
        let named: usize = (0..self.keys).map(&width).sum();
        let mut pieces = Vec::new();
        let mut at = self.keys;
        for &size in &self.groups {
            let wide: usize = (at..at + size).map(&width).sum();
            if named + wide <= room {
                pieces.push(at..at + size);
            } else {
                pieces.extend((at..at + size).map(|c| c..c + 1));
            }
            at += size;
        }
        let mut blocks: Vec<(usize, Vec<usize>)> = Vec::new();
        for piece in pieces {
            let wide: usize = piece.clone().map(&width).sum();
            match blocks.last_mut() {
                Some((taken, block)) if *taken + wide <= room => {
                    *taken += wide;
                    block.extend(piece);
                }
                _ => blocks.push((named + wide, piece.collect())),
            }
        }
        blocks.into_iter().map(|(_, shown)| (0..self.keys).chain(shown).collect()).collect()
    }
}

impl Layout {
    /// The table as HTML, of so many rows at most, and how many more there are; what has no room beside goes on
    /// below, as in text.
    pub(super) fn html(&self, most: usize) -> String {
        let letters = |text: &str| text.chars().count();
        // Headers may be broken between words.
        let head = |c: usize| self.rows[0][c].split(' ').map(letters).max().unwrap_or(0);
        let body = |c: usize| self.rows[1..].iter().map(|r| letters(&r[c])).max().unwrap_or(0);
        let width = |c: usize| COLUMN.0 + COLUMN.1 * head(c).max(body(c));
        let more = match (self.rows.len() - 1).saturating_sub(most) {
            0 => String::new(),
            more => format!("<p>and {} more</p>\n", crate::units::counted(more, "row")),
        };
        let table = |shown: Vec<usize>| {
            let row = |tag: &str, row: &[String]| {
                let cell = |&c: &usize| {
                    let class = if self.aligns[c] == Align::Left { " class=\"left\"" } else { "" };
                    format!("<{tag}{class}>{}</{tag}>", escaped(&row[c]))
                };
                format!("<tr>{}</tr>\n", shown.iter().map(cell).collect::<String>())
            };
            let rows: String = self.rows[1..].iter().take(most).map(|r| row("td", r)).collect();
            let head = row("th", &self.rows[0]);
            let table = format!("<table>\n<thead>{head}</thead>\n<tbody>\n{rows}</tbody>\n</table>\n");
            format!("<div class=\"scroll\">\n{table}</div>\n")
        };
        self.blocks(PAGE, width).into_iter().map(table).collect::<String>() + &more
    }
}

/// A word and what is to be said of it, in lines of at most `room` columns, the later ones under the text.
///
/// ```
/// let text = eoc_ntk::report::paragraph("Claim  ", "one two three", 15);
/// assert_eq!(text, "Claim  one two\n       three\n");
/// ```
pub fn paragraph(head: &str, text: &str, room: usize) -> String {
    let indent = head.chars().count();
    let (mut lines, mut line, mut length) = (String::new(), head.to_owned(), indent);
    for word in text.split_whitespace() {
        let letters = word.chars().count();
        if length > indent && length + letters > room {
            lines += line.trim_end();
            lines.push('\n');
            (line, length) = (" ".repeat(indent), indent);
        }
        line += word;
        line.push(' ');
        length += letters + 1;
    }
    lines + line.trim_end() + "\n"
}

/// A name of at most `room` characters: its end, behind `…`, where it is longer.
pub(super) fn shortened(name: &str, room: usize) -> String {
    let letters = name.chars().count();
    if letters <= room {
        return name.to_owned();
    }
    std::iter::once('…').chain(name.chars().skip(letters + 1 - room)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_without_room_go_on_below() {
        let mut table = Layout::new(vec!["φ".into()], vec![Align::Left])
            .group([("m", Align::Right)])
            .group([("median", Align::Right), ("interval", Align::Left)]);
        assert!(table.is_empty());
        table.push(["|s|", "64", "0.123", "[0.1, 0.2]"].map(str::to_owned).to_vec());
        assert_eq!(table.text(80), "  φ     m  median  interval\n  |s|  64   0.123  [0.1, 0.2]\n");
        assert_eq!(
            table.text(25),
            "  φ     m\n  |s|  64\n\n  φ    median  interval\n  |s|   0.123  [0.1, 0.2]\n"
        );
        assert_eq!(table.html(5).matches("<table>").count(), 1);
        assert!(table.html(0).contains("and 1 row more"));
        let narrow = table.text(18);
        assert!(narrow.contains("\n\n  φ    interval\n  |s|  [0.1, 0.2]\n"), "{narrow}");
    }

    #[test]
    fn words_stay_whole_and_long_names_keep_their_end() {
        assert_eq!(paragraph("a ", "bb cc dd", 7), "a bb cc\n  dd\n");
        assert_eq!(paragraph("a ", "longer-than-this b", 7), "a longer-than-this\n  b\n");
        assert_eq!(shortened("/home/someone/data.npy", 9), "…data.npy");
        assert_eq!(shortened("data.npy", 8), "data.npy");
    }
}
