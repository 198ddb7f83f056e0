//! Seeds that are asked for cell by cell: what becomes of studies of one name that asked for different seeds of their
//! cells and were merged. Each cell is then done when it has what was asked of it, and not what was asked of others.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use super::SeedRange;

/// The seeds of every cell: ascending ranges that do not touch each other; none where those are meant that are there,
/// whichever they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wishes(Vec<Vec<Range<u64>>>);

impl Wishes {
    /// Of ranges in any order, which may overlap.
    pub fn new(cells: impl IntoIterator<Item = Vec<Range<u64>>>) -> Self {
        Self(cells.into_iter().map(joined).collect())
    }

    /// Those of a cell.
    pub fn of(&self, cell: usize) -> &[Range<u64>] {
        self.0.get(cell).map_or(&[], Vec::as_slice)
    }

    /// How many cells there are.
    pub fn cells(&self) -> usize {
        self.0.len()
    }

    /// Whether of some cell those are meant that are there.
    pub fn has_found(&self) -> bool {
        self.0.iter().any(Vec::is_empty)
    }

    /// The seeds that are asked of every cell; None where cells differ, or there are several ranges.
    pub fn common(&self) -> Option<SeedRange> {
        let first = self.0.first()?;
        match first.as_slice() {
            _ if self.0.iter().any(|ranges| ranges != first) => None,
            [] => Some(SeedRange::FOUND),
            [range] => SeedRange::new(range.clone()).ok(),
            _ => None,
        }
    }

    /// The seeds of all cells and those between them; None where nothing but what is there is asked for.
    pub fn hull(&self) -> Option<SeedRange> {
        let ranges = || self.0.iter().flatten();
        let start = ranges().map(|range| range.start).min()?;
        SeedRange::new(start..ranges().map(|range| range.end).max()?).ok()
    }

    /// Cells that follow each other with the same seeds: how many, and which seeds.
    fn runs(&self) -> Vec<(usize, &[Range<u64>])> {
        self.0.chunk_by(|a, b| a == b).map(|run| (run.len(), run[0].as_slice())).collect()
    }

    /// For people: `0..8 of 2 cells, 0..16 of 1 cell`.
    pub fn words(&self) -> String {
        let words = |(count, ranges): (usize, &[Range<u64>])| {
            format!("{} of {}", text(ranges, " and "), crate::units::counted(count, "cell"))
        };
        self.runs().into_iter().map(words).collect::<Vec<_>>().join(", ")
    }
}

/// `COUNT*RANGES` with semicolons, such as `2*0..8;1*0..16,20..24;1*found`.
impl fmt::Display for Wishes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run = |(count, ranges): (usize, &[Range<u64>])| format!("{count}*{}", text(ranges, ","));
        f.write_str(&self.runs().into_iter().map(run).collect::<Vec<_>>().join(";"))
    }
}

/// The text says no seeds of cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoWishes;

impl FromStr for Wishes {
    type Err = NoWishes;

    fn from_str(text: &str) -> Result<Self, NoWishes> {
        let mut cells = Vec::new();
        for run in text.split(';') {
            let (count, ranges) = run.split_once('*').ok_or(NoWishes)?;
            let range = |part: &str| part.parse::<SeedRange>().map(|seeds| seeds.range());
            let ranges: Vec<Range<u64>> = match ranges {
                FOUND => Vec::new(),
                ranges => ranges.split(',').map(range).collect::<Result<_, _>>().map_err(|_| NoWishes)?,
            };
            let count: usize =
                count.parse().ok().filter(|count| *count <= super::MAX_CELLS).ok_or(NoWishes)?;
            cells.extend(std::iter::repeat_n(ranges, count));
        }
        Ok(Self::new(cells))
    }
}

/// The word for those that are there.
const FOUND: &str = "found";

fn text(ranges: &[Range<u64>], between: &str) -> String {
    if ranges.is_empty() {
        return FOUND.to_owned();
    }
    ranges.iter().map(|range| format!("{}..{}", range.start, range.end)).collect::<Vec<_>>().join(between)
}

/// Ranges that overlap or touch as one, ascending.
fn joined(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut all: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match all.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => all.push(range),
        }
    }
    all
}

#[cfg(test)]
// Lists of ranges, of which some have one.
#[allow(clippy::single_range_in_vec_init)]
mod tests {
    use super::*;

    #[test]
    fn wishes_read_back_and_nothing_else_is_taken_for_some() {
        let wishes = Wishes::new([vec![0..8], vec![4..8, 0..4], vec![0..4, 6..9], vec![], vec![0..2, 1..5]]);
        assert_eq!(wishes.to_string(), "2*0..8;1*0..4,6..9;1*found;1*0..5");
        assert_eq!(
            wishes.words(),
            "0..8 of 2 cells, 0..4 and 6..9 of 1 cell, found of 1 cell, 0..5 of 1 cell"
        );
        assert_eq!(wishes.to_string().parse(), Ok(wishes.clone()));
        assert_eq!(wishes.hull().map(|seeds| seeds.to_string()), Some("0..9".to_owned()));
        assert_eq!((wishes.cells(), wishes.of(2), wishes.of(9)), (5, &[0..4, 6..9][..], &[][..]));
        for text in ["", "2", "2*", "2*8..0", "x*0..8", "2*0..8;", "99999999999*0..8", "-1*0..8"] {
            assert_eq!(text.parse::<Wishes>(), Err(NoWishes), "{text}");
        }
    }

    #[test]
    fn what_all_cells_have_in_common_is_one_range_or_the_word() {
        let common = |cells: &[&[Range<u64>]]| {
            Wishes::new(cells.iter().map(|ranges| ranges.to_vec())).common().map(|seeds| seeds.to_string())
        };
        assert_eq!(common(&[&[0..8], &[4..8, 0..4]]), Some("0..8".to_owned()));
        assert_eq!(common(&[&[], &[]]), Some("found".to_owned()));
        assert_eq!(
            [common(&[&[0..8], &[0..9]]), common(&[&[0..8], &[]]), common(&[&[0..2, 3..4]])],
            [const { None }; 3]
        );
    }
}
