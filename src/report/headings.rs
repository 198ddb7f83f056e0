//! Headings of a table: the fields that name a network, and the setting of a section in words.

use std::sync::Arc;

use super::analysis::{Section, Setting};
use super::axis::{Axis, Field};
use super::text::{Align, counted};
use crate::stats::CONFIDENCE;
use crate::study::table::CellRecord;

/// Columns of a terminal that the table fits.
pub(super) const TERMINAL: usize = 100;

/// The fields of the networks of a section: those that tell lines apart, those that tell points of a line apart, and
/// those that are the same throughout.
pub(super) struct Fields {
    line: Vec<Field>,
    point: &'static [Field],
    pub(super) same: Vec<Field>,
}

impl Fields {
    pub(super) fn of(axis: Axis, section: &Section) -> Self {
        let cells = || section.lines.iter().flat_map(|l| &l.points).map(|p| &*p.cell);
        let free = [Field::Activation, Field::Schedule, Field::Depth, Field::Outputs, Field::Width];
        let point = axis.fields();
        let free = free.into_iter().filter(|field| !point.contains(field));
        // The activation is always a column: tables of one look like tables of several.
        let (line, same) = free.partition(|f| *f == Field::Activation || f.varies(cells()));
        Self { line, point, same }
    }

    fn all(&self) -> impl Iterator<Item = Field> {
        self.line.iter().chain(self.point).copied()
    }

    pub(super) fn aligns(&self) -> Vec<Align> {
        self.all().map(Field::align).collect()
    }

    pub(super) fn headers(&self) -> Vec<String> {
        self.all().map(|f| f.header().to_owned()).collect()
    }

    /// The cells of a row that say which network it is; what only tells lines apart is said on the first row of each.
    pub(super) fn row(&self, cell: &CellRecord, first: bool) -> Vec<String> {
        let line = self.line.iter().map(|f| if first { f.text(cell) } else { String::new() });
        line.chain(self.point.iter().map(|f| f.text(cell))).collect()
    }
}

/// The fields that tell exponents apart: the activation, and what else differs.
pub(super) struct Labels(Vec<Field>);

impl Labels {
    pub(super) fn of(axis: Axis, cells: &[&Arc<CellRecord>]) -> Self {
        let free = [Field::Schedule, Field::Depth, Field::Outputs, Field::Width];
        let free = free.into_iter().filter(|f| !axis.fields().contains(f));
        let differ = free.filter(|f| f.varies(cells.iter().map(|cell| &***cell)));
        Self(std::iter::once(Field::Activation).chain(differ).collect())
    }

    pub(super) fn headers(&self) -> Vec<String> {
        self.0.iter().map(|f| f.header().to_owned()).collect()
    }

    pub(super) fn row(&self, cell: &CellRecord) -> Vec<String> {
        self.0.iter().map(|f| f.text(cell)).collect()
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

/// Index of the data source in [`describe`].
pub(super) const DATA: usize = 0;

/// The setting, part by part; a part that says nothing is None, so that parts of two settings can be compared.
pub(super) fn describe(setting: &Setting) -> Vec<Option<String>> {
    let data = match setting.cell.normalize.as_str() {
        "none" => setting.cell.data.clone(),
        how => format!("{} on the {how}", setting.cell.data),
    };
    vec![
        Some(data),
        Some(counted(setting.cell.n as usize, "point", "points")),
        (setting.cell.scale != 1.0).then(|| format!("scale {}", setting.cell.scale)),
        Some(format!("{} sampler", setting.samplers.join(" and "))),
        Some(setting.cell.precision.clone()),
    ]
}

/// Parts with commas, broken into lines of at most [`TERMINAL`] columns.
pub(super) fn wrap(start: &str, parts: &[String]) -> String {
    let (mut text, mut line) = (String::new(), start.to_owned());
    for (i, part) in parts.iter().enumerate() {
        let last = i + 1 == parts.len();
        if i > 0 && line.chars().count() + part.chars().count() + 1 > TERMINAL {
            text += line.trim_end();
            text += "\n  ";
            line.clear();
        }
        line += part;
        line += if last { "" } else { ", " };
    }
    text + &line
}

/// `95 % interval`.
pub(super) fn percent() -> String {
    format!("{:.0} % interval", 100.0 * CONFIDENCE)
}
