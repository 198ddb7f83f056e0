//! Text that fits a terminal: tables whose columns go on below where there is no room beside, and words in lines.

use super::text::escaped;
use super::text::{Align, columns};

/// A table that fits a number of columns. Its first columns name a row; the others are in groups that stay together, such
/// as a number and its interval.
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

    /// The table; groups that have no room beside the first go on below it, under the same names of rows. What fits in no
    /// way goes on column by column.
    pub fn text(&self, room: usize) -> String {
        let width = |c: usize| 2 + self.rows.iter().map(|r| r[c].chars().count()).max().unwrap_or(0);
        let named: usize = (0..self.keys).map(width).sum();
        let mut pieces = Vec::new();
        let mut at = self.keys;
        for &size in &self.groups {
            let wide: usize = (at..at + size).map(width).sum();
            if named + wide <= room {
                pieces.push(at..at + size);
            } else {
                pieces.extend((at..at + size).map(|c| c..c + 1));
            }
            at += size;
        }
        let mut blocks: Vec<(usize, Vec<usize>)> = Vec::new();
        for piece in pieces {
            let wide: usize = piece.clone().map(width).sum();
            match blocks.last_mut() {
                Some((taken, block)) if *taken + wide <= room => {
                    *taken += wide;
                    block.extend(piece);
                }
                _ => blocks.push((named + wide, piece.collect())),
            }
        }
        let block = |(_, shown): &(usize, Vec<usize>)| {
            let shown = || (0..self.keys).chain(shown.iter().copied());
            let aligns: Vec<Align> = shown().map(|c| self.aligns[c]).collect();
            let rows: Vec<Vec<String>> =
                self.rows.iter().map(|row| shown().map(|c| row[c].clone()).collect()).collect();
            columns(&aligns, &rows)
        };
        blocks.iter().map(block).collect::<Vec<_>>().join("\n")
    }
}

impl Layout {
    /// The table as HTML, of so many rows at most, and how many more there are.
    pub(super) fn html(&self, most: usize) -> String {
        let row = |tag: &str, row: &[String]| {
            let cell = |(text, align): (&String, &Align)| {
                let class = if *align == Align::Left { " class=\"left\"" } else { "" };
                format!("<{tag}{class}>{}</{tag}>", escaped(text))
            };
            format!("<tr>{}</tr>\n", row.iter().zip(&self.aligns).map(cell).collect::<String>())
        };
        let body: String = self.rows[1..].iter().take(most).map(|r| row("td", r)).collect();
        let more = match (self.rows.len() - 1).saturating_sub(most) {
            0 => String::new(),
            more => format!("<p>and {} more</p>\n", crate::units::counted(more, "row")),
        };
        format!(
            "<table>\n<thead>{}</thead>\n<tbody>\n{body}</tbody>\n</table>\n{more}",
            row("th", &self.rows[0])
        )
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
