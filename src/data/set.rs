//! A validated data set in memory.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::error::DataError;
use super::limits::{LARGEST, MAX_VALUES, SMALLEST};
use super::points::PointRange;
use super::room::{copy, reserve};
use crate::math::linalg::max_abs;

/// What is done to every row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Normalize {
    /// Rows stay as they are.
    None,
    /// Every row is scaled to norm √m_0; a zero row, which has no direction, stays zero.
    Sphere,
}

/// n points of m_0 coordinates, row-major, finite, within [`SMALLEST`] and [`LARGEST`].
///
/// Zero rows, repeated rows and opposite rows are legal.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSet {
    values: Vec<f64>,
    dim: usize,
    label: String,
    /// The rows before normalisation, where they were normalised.
    given: Option<Vec<f64>>,
    notes: Vec<String>,
    from_file: bool,
}

impl DataSet {
    /// Points of `dim` coordinates, row-major; refuses no points, dim = 0, ragged rows, values that are not finite,
    /// beyond [`LARGEST`], and rows that are all below [`SMALLEST`] without being zero.
    pub fn new(values: Vec<f64>, dim: usize) -> Result<Self, DataError> {
        if dim == 0 || values.is_empty() {
            return Err(DataError::Empty { rows: values.len().checked_div(dim).unwrap_or(0), columns: dim });
        }
        if !values.len().is_multiple_of(dim) {
            return Err(DataError::Ragged { values: values.len(), columns: dim });
        }
        if values.len() > MAX_VALUES {
            return Err(DataError::TooLarge { rows: (values.len() / dim) as u128, columns: dim as u128 });
        }
        for (row, point) in values.chunks_exact(dim).enumerate() {
            // NaN is in no range.
            if let Some(column) = point.iter().position(|v| !(-LARGEST..=LARGEST).contains(v)) {
                return Err(DataError::Value { row, column, value: point[column] });
            }
            let most = max_abs(point);
            if most != 0.0 && most < SMALLEST {
                return Err(DataError::Vanishing { row });
            }
        }
        Ok(Self { values, dim, label: "points".to_owned(), given: None, notes: Vec::new(), from_file: false })
    }

    /// The same points under the name of their source.
    pub fn with_label(mut self, label: String) -> Self {
        self.label = label;
        self
    }

    /// The same points as those of a file, with what its reader has to say.
    pub(super) fn of_file(self, notes: Vec<String>) -> Self {
        Self { notes, from_file: true, ..self }
    }

    /// Whether the points are from a file.
    pub fn is_from_file(&self) -> bool {
        self.from_file
    }

    /// What a file's reader took, skipped or rearranged on the way to these points, a sentence each; for the user to
    /// see.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// n, the number of points.
    pub fn n(&self) -> usize {
        self.values.len() / self.dim
    }

    /// m_0, the number of coordinates.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Point i.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.dim..(i + 1) * self.dim]
    }

    /// Point i as it was before normalisation: cosine distances of near points survive only there.
    pub fn given_row(&self, i: usize) -> &[f64] {
        let given = self.given.as_ref().unwrap_or(&self.values);
        &given[i * self.dim..(i + 1) * self.dim]
    }

    /// All points, row-major, n × m_0.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The least and the largest norm of a row.
    pub fn norms(&self) -> (f64, f64) {
        let norm = |row: &[f64]| row.iter().map(|v| v * v).sum::<f64>().sqrt();
        let norms = self.values.chunks_exact(self.dim).map(norm);
        norms.fold((f64::INFINITY, 0.0), |(least, most), norm| (least.min(norm), most.max(norm)))
    }

    /// Where the points come from, in the canonical text of [`super::Source`], with the rows that were selected in
    /// brackets; `points` for a set made in memory.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The rows of a range; refuses one that reaches beyond the last row.
    pub fn select(&self, points: &PointRange) -> Result<Self, DataError> {
        let rows = points.rows();
        if rows.end > self.n() {
            let (points, label) = (points.to_string(), self.label.clone());
            return Err(DataError::PointsBeyond { points, rows: self.n(), label });
        }
        let part = |values: &[f64]| copy(&values[rows.start * self.dim..rows.end * self.dim]);
        let label = format!("{}[{points}]", self.label);
        let (given, notes) = (self.given.as_deref().map(part).transpose()?, self.notes.clone());
        Ok(Self { values: part(&self.values)?, label, given, notes, ..*self })
    }

    /// The points with a coordinate `beta` behind those they have, which is a bias of the first layer: no two of them
    /// are parallel unless they are equal. To be called before any normalisation.
    ///
    /// Refuses what is not positive, and what makes the set too large or out of range.
    pub fn with_constant(self, beta: f64) -> Result<Self, DataError> {
        if !(beta > 0.0 && beta.is_finite()) {
            return Err(DataError::Constant(beta));
        }
        let given = self.given.as_ref().unwrap_or(&self.values);
        let rows = given.chunks_exact(self.dim).flat_map(|row| row.iter().copied().chain([beta]));
        let mut extended = Vec::new();
        reserve(&mut extended, given.len() + given.len() / self.dim)?;
        extended.extend(rows);
        let set = Self::new(extended, self.dim + 1)?;
        let label = format!("{} with constant {beta}", self.label);
        Ok(Self { label, notes: self.notes, from_file: self.from_file, ..set })
    }

    /// The rows that are used, with a constant behind their coordinates where one is given: what a set is before any
    /// normalisation.
    pub fn prepared(&self, points: Option<&PointRange>, constant: Option<f64>) -> Result<Self, DataError> {
        let rows = match points {
            Some(points) => self.select(points)?,
            None => Self {
                values: copy(&self.values)?,
                given: self.given.as_deref().map(copy).transpose()?,
                label: self.label.clone(),
                notes: self.notes.clone(),
                ..*self
            },
        };
        let made = match constant {
            Some(beta) => rows.with_constant(beta)?,
            None => rows,
        };
        // What follows copies them without asking: normalised, and for work that goes on beside.
        reserve(&mut Vec::new(), 2 * made.values.len())?;
        Ok(made)
    }

    /// The same points normalised.
    pub fn normalized(mut self, normalize: Normalize) -> Self {
        if normalize == Normalize::Sphere {
            let target = (self.dim as f64).sqrt();
            self.given.get_or_insert_with(|| self.values.clone());
            for point in self.values.chunks_exact_mut(self.dim) {
                let norm = point.iter().map(|v| v * v).sum::<f64>().sqrt();
                if norm > 0.0 {
                    point.iter_mut().for_each(|v| *v *= target / norm);
                }
            }
        }
        self
    }

    /// Identity of the points: SHA-256, in hexadecimal, of n and m_0 as u64 and of the bits of every value, all
    /// little-endian; −0 counts as 0. The label does not enter.
    pub fn hash(&self) -> String {
        let mut sha = Sha256::new();
        sha.update((self.n() as u64).to_le_bytes());
        sha.update((self.dim as u64).to_le_bytes());
        for v in &self.values {
            // −0 + 0 = 0.
            sha.update((v + 0.0).to_bits().to_le_bytes());
        }
        sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for Normalize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Sphere => "sphere",
        })
    }
}

impl FromStr for Normalize {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        match text {
            "none" => Ok(Self::None),
            "sphere" => Ok(Self::Sphere),
            other => Err(DataError::UnknownNormalize(other.to_owned())),
        }
    }
}
