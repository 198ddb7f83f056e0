//! Which rows of a source are used.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use super::DataError;
use crate::math::whole;

/// A non-empty range of rows, from text `COUNT` (0..COUNT) or `A..B` (A, not B).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointRange(Range<usize>);

impl PointRange {
    /// The rows of a range; refuses an empty one.
    pub fn new(rows: Range<usize>) -> Result<Self, DataError> {
        if rows.is_empty() {
            return Err(DataError::Points(format!("{}..{}", rows.start, rows.end)));
        }
        Ok(Self(rows))
    }

    /// The rows, counted from 0.
    pub fn rows(&self) -> Range<usize> {
        self.0.clone()
    }
}

impl FromStr for PointRange {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let wrong = || DataError::Points(text.to_owned());
        let number = |part: &str| whole::<usize>(part).ok_or_else(wrong);
        let rows = match text.split_once("..") {
            None => 0..number(text)?,
            Some((first, end)) => number(first)?..number(end)?,
        };
        Self::new(rows).map_err(|_| wrong())
    }
}

impl fmt::Display for PointRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.0.start, self.0.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counts_or_half_open_ranges() {
        let rows = |text: &str| text.parse::<PointRange>().map(|points| points.rows());
        assert_eq!(rows("3").unwrap(), 0..3);
        assert_eq!(rows("8..16").unwrap(), 8..16);
        assert_eq!("3".parse::<PointRange>().unwrap().to_string(), "0..3");
        for text in
            ["", "0", "3..3", "4..3", "-1", "1..", "..3", "1.5", "1...3", "1..2..3", "99999999999999999999"]
        {
            assert!(rows(text).is_err(), "{text}");
        }
    }
}
