//! What a study may keep of a sample beside its row: rows of further tables, each there where the study asks for it.
//!
//! To add such a table is to add its [`Record`] with a [`Part`], a line to [`each_part`], a field to [`Sample`] and to
//! [`Details`], and its name to `NAMES`; store, check, merge and export follow. Columns of the samples that are null
//! unless a study asks for them go with one of these tables, so that no directory has them of some samples alone.

use std::fmt;
use std::str::FromStr;

use super::{CellRecord, IndependenceRow, LayerRow, Record, Row, SpectrumRow};

/// The further tables and columns that a study fills, all of them for every sample of a directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Rows of every layer.
    pub layers: bool,
    /// Rows of every eigenvalue.
    pub spectrum: bool,
    /// The columns of independent gradients in the rows of the samples, and rows of pairs of points by their angle.
    pub independence: bool,
}

/// The names of the tables.
const NAMES: [&str; 3] = ["layers", "spectrum", "independence"];

impl Details {
    /// Whether only the rows of the samples are kept.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    fn flags(&mut self) -> [&mut bool; NAMES.len()] {
        [&mut self.layers, &mut self.spectrum, &mut self.independence]
    }
}

/// The names of the tables with commas between them.
impl fmt::Display for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut of = *self;
        let names = NAMES.into_iter().zip(of.flags()).filter(|(_, flag)| **flag).map(|(name, _)| name);
        f.write_str(&names.collect::<Vec<_>>().join(","))
    }
}

/// The text names a table that there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no table \"{0}\"")]
pub struct NoSuchTable(String);

impl FromStr for Details {
    type Err = NoSuchTable;

    fn from_str(text: &str) -> Result<Self, NoSuchTable> {
        let mut details = Self::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let place = NAMES.iter().position(|name| *name == part);
            let flag = place.and_then(|place| details.flags().into_iter().nth(place));
            *flag.ok_or_else(|| NoSuchTable(part.to_owned()))? = true;
        }
        Ok(details)
    }
}

/// One finished sample with all that is kept of it: what one transaction writes, and what merges or is refused as a
/// whole.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its row.
    pub row: Row,
    /// Its layers from 1 to l, where the study asks for them.
    pub layers: Vec<LayerRow>,
    /// Its eigenvalues in ascending order, where the study asks for them.
    pub spectrum: Vec<SpectrumRow>,
    /// Its pairs of points by their angle, where the study asks for independence.
    pub independence: Vec<IndependenceRow>,
}

impl From<Row> for Sample {
    fn from(row: Row) -> Self {
        Self { row, layers: Vec::new(), spectrum: Vec::new(), independence: Vec::new() }
    }
}

/// A kind of row of which a sample has several, under a key that begins with the cell and the seed of the sample.
pub trait Part: Record + Clone {
    /// Whether these details have it.
    fn is_in(details: Details) -> bool;

    /// How many rows a sample of a cell has.
    fn per_sample(cell: &CellRecord) -> u64;

    /// The number of the cell and the seed of the sample that the row belongs to.
    fn sample(&self) -> (usize, u64);

    /// Those of a sample.
    fn rows_in(sample: &Sample) -> &Vec<Self>;

    /// Those of a sample, to be filled.
    fn rows_in_mut(sample: &mut Sample) -> &mut Vec<Self>;
}

/// Does something for every kind of [`Part`], under the name that stands before the arrow.
macro_rules! each_part {
    ($Part:ident => $do:block) => {{
        {
            type $Part = $crate::study::table::LayerRow;
            $do
        }
        {
            type $Part = $crate::study::table::SpectrumRow;
            $do
        }
        {
            type $Part = $crate::study::table::IndependenceRow;
            $do
        }
    }};
}
pub(crate) use each_part;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_read_back_and_every_part_is_one_of_them() {
        for text in ["", "layers", "spectrum,independence", "layers,spectrum"] {
            assert_eq!(text.parse::<Details>().map(|d| d.to_string()), Ok(text.to_owned()));
        }
        assert_eq!("layers,eigen".parse::<Details>(), Err(NoSuchTable("eigen".to_owned())));
        let mut named = Vec::new();
        each_part!(Part => {
            let details: Details = Part::TABLE.parse().unwrap();
            assert!(Part::is_in(details) && !Part::is_in(Details::default()));
            named.push(Part::TABLE);
        });
        assert_eq!(named, NAMES);
    }
}
