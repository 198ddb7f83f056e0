//! Text that fits a terminal: tables whose columns go on below where there is no room beside, names of rows that take a
//! line of their own where there is none even so, and words in lines.

use super::text::escaped;
use super::text::{Align, columns};

/// Pixels that a part of a table may take on a page.
const PAGE: usize = 860;
/// Pixels of a column: its margins, and each letter of its widest text.
const COLUMN: (usize, usize) = (16, 8);
/// Columns by which a line stands in below one that has the first part of its name.
const INDENT: usize = 2;

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

    /// The table; groups that have no room beside the first go on below it, under the same names of rows. What fits in
    /// no way goes on column by column; and where names leave no room for a column, their first parts stand in lines
    /// above the others, which are indented then.
    pub fn text(&self, room: usize) -> String {
        let width = |c: usize| 2 + self.rows.iter().map(|r| r[c].chars().count()).max().unwrap_or(0);
        let beside = self.beside(room, width);
        let indent = if beside == 0 { 0 } else { INDENT };
        let mut above: Vec<Vec<usize>> = Vec::new();
        for key in 0..beside {
            match above.last_mut() {
                Some(line) if line.iter().map(|&c| width(c)).sum::<usize>() + width(key) <= room => {
                    line.push(key)
                }
                _ => above.push(vec![key]),
            }
        }
        let above: Vec<Vec<String>> = above.iter().map(|keys| self.lines(keys)).collect();
        let named = indent + (beside..self.keys).map(width).sum::<usize>();
        let block = |shown: Vec<usize>| {
            let mut text = String::new();
            let shown: Vec<usize> = (beside..self.keys).chain(shown).collect();
            for (row, line) in self.lines(&shown).iter().enumerate() {
                // A name that says nothing new takes no line.
                for line in above.iter().map(|lines| &lines[row]).filter(|line| !line.is_empty()) {
                    text += &format!("{line}\n");
                }
                text += format!("{}{line}", " ".repeat(indent)).trim_end();
                text.push('\n');
            }
            text
        };
        self.blocks(room, named, width).into_iter().map(block).collect::<Vec<_>>().join("\n")
    }

    /// Some columns of every row.
    fn lines(&self, shown: &[usize]) -> Vec<String> {
        let aligns: Vec<Align> = shown.iter().map(|&c| self.aligns[c]).collect();
        let row = |row: &Vec<String>| shown.iter().map(|&c| row[c].clone()).collect();
        let text = columns(&aligns, &self.rows.iter().map(row).collect::<Vec<Vec<String>>>());
        text.lines().map(str::to_owned).collect()
    }

    /// The first of the columns of names that stand beside numbers: 0 where all do.
    fn beside(&self, room: usize, width: impl Fn(usize) -> usize) -> usize {
        let all = self.keys..self.keys + self.groups.iter().sum::<usize>();
        let column = all.map(&width).max().unwrap_or(0);
        let mut group = 0;
        self.groups.iter().fold(self.keys, |at, &size| {
            group = group.max((at..at + size).map(&width).sum());
            at + size
        });
        let named = |first: usize| (first..self.keys).map(&width).sum::<usize>();
        if named(0) + column <= room {
            return 0;
        }
        // Numbers that belong together stay so where at least one name has room beside them.
        let fits = |wide: usize| (1..self.keys).find(|&first| INDENT + named(first) + wide <= room);
        fits(group).or_else(|| fits(column)).unwrap_or(self.keys)
    }

    /// The columns of each part of a table that is so wide at most, beside names of this width.
    fn blocks(&self, room: usize, named: usize, width: impl Fn(usize) -> usize) -> Vec<Vec<usize>> {
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
        blocks.into_iter().map(|(_, shown)| shown).collect()
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
            let shown: Vec<usize> = (0..self.keys).chain(shown).collect();
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
        let named = (0..self.keys).map(width).sum();
        self.blocks(PAGE, named, width).into_iter().map(table).collect::<String>() + &more
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
    fn long_names_of_rows_stand_above_their_numbers() {
        let headers = ["φ", "m_k", "l", "m_l", "n", "m"].map(str::to_owned).to_vec();
        let aligns = [Align::Left, Align::Left, Align::Right, Align::Right, Align::Right, Align::Right];
        let mut table = Layout::new(headers, aligns.to_vec())
            .group([("seeds", Align::Right)])
            .group([("median", Align::Right), ("95 % interval", Align::Left)]);
        let values = ["1000", "0.123", "[0.120, 0.125]"];
        for keys in [
            ["|s|", "k²·m", "4", "1", "32", "64"],
            ["", "", "", "", "", "1024"],
            ["ReLU", "m", "16", "10", "32", "64"],
        ] {
            table.push(keys.into_iter().chain(values).map(str::to_owned).collect());
        }
        // All names have room beside the widest column from 47 columns on.
        assert_eq!(table.text(47).lines().next(), Some("  φ     m_k    l  m_l   n     m  seeds  median"));
        let narrow = table.text(40);
        let (first, second) = narrow.split_once("\n\n").unwrap();
        let expected = [
            "  φ     m_k    l  m_l",
            "     n     m  seeds",
            "  |s|   k²·m   4    1",
            "    32    64   1000",
            "        1024   1000",
            "  ReLU  m     16   10",
            "    32    64   1000",
        ];
        assert_eq!(first.lines().collect::<Vec<_>>(), expected);
        assert_eq!(second.lines().nth(1), Some("     n     m  median  95 % interval"));
        let words = |text: &str| {
            let mut all: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            all.sort();
            all.dedup();
            all
        };
        for room in 24..=120 {
            let text = table.text(room);
            assert!(text.lines().all(|line| line.chars().count() <= room), "{room}: {text}");
            assert_eq!(words(&text), words(&table.text(200)), "{room}: {text}");
        }
    }

    #[test]
    fn words_stay_whole_and_long_names_keep_their_end() {
        assert_eq!(paragraph("a ", "bb cc dd", 7), "a bb cc\n  dd\n");
        assert_eq!(paragraph("a ", "longer-than-this b", 7), "a longer-than-this\n  b\n");
        assert_eq!(shortened("/home/someone/data.npy", 9), "…data.npy");
        assert_eq!(shortened("data.npy", 8), "data.npy");
    }
}
