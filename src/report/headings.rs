//! Headings of a table: the fields that name a network, and the setting of a section in words.

use std::sync::Arc;

use super::analysis::{Analysis, Section, Setting};
use super::axis::{Axis, Field};
use super::layout::{Layout, shortened};
use super::text::Align;
use crate::stats::CONFIDENCE;
use crate::study::table::CellRecord;
use crate::units::counted;

/// Letters of a name in a heading at most.
const NAME: usize = 48;

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
        let free =
            [Field::Activation, Field::Schedule, Field::Depth, Field::Outputs, Field::Points, Field::Width];
        let point = axis.fields();
        let free = free.into_iter().filter(|field| !point.contains(field));
        // The activation is always a column: tables of one look like tables of several.
        let (line, same) = free.partition(|f| *f == Field::Activation || f.varies(cells()));
        Self { line, point, same }
    }

    fn all(&self) -> impl Iterator<Item = Field> + Clone {
        self.line.iter().chain(self.point).copied()
    }

    /// A table with a column for each.
    pub(super) fn layout(&self) -> Layout {
        layout(self.all())
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
        let free = [Field::Schedule, Field::Depth, Field::Outputs, Field::Points, Field::Width];
        let free = free.into_iter().filter(|f| !axis.fields().contains(f));
        let differ = free.filter(|f| f.varies(cells.iter().map(|cell| &***cell)));
        Self(std::iter::once(Field::Activation).chain(differ).collect())
    }

    /// A table with a column for each.
    pub(super) fn layout(&self) -> Layout {
        Layout::new(self.0.iter().map(|f| f.header().to_owned()).collect(), vec![Align::Left; self.0.len()])
    }

    pub(super) fn row(&self, cell: &CellRecord) -> Vec<String> {
        self.0.iter().map(|f| f.text(cell)).collect()
    }

    /// The same in words.
    pub(super) fn words(&self, cell: &CellRecord) -> Vec<String> {
        self.0.iter().filter_map(|f| f.words(cell)).collect()
    }
}

/// A table whose rows are named by these fields.
pub(super) fn layout(fields: impl Iterator<Item = Field> + Clone) -> Layout {
    Layout::new(fields.clone().map(|f| f.header().to_owned()).collect(), fields.map(Field::align).collect())
}

/// Index of the data source in [`describe`].
pub(super) const DATA: usize = 0;

/// The setting, part by part; a part that says nothing is None, so that parts of two settings can be compared.
pub(super) fn describe(setting: &Setting) -> Vec<Option<String>> {
    let data = match setting.cell.normalize.as_str() {
        "none" => setting.data.clone(),
        how => format!("{} on the {how}", setting.data),
    };
    vec![
        Some(data),
        setting.n.map(|n| counted(n as usize, "point")),
        (setting.cell.scale != 1.0).then(|| format!("scale {}", setting.cell.scale)),
        Some(format!("{} sampler", setting.samplers.join(" and "))),
        Some(setting.cell.precision.clone()),
    ]
}

/// `first: digits:n=32 on the sphere, 32 points, …`: parts with commas in lines of at most `room` columns, of a name
/// and of each part the end where it is long.
pub(super) fn wrap(name: &str, parts: &[String], room: usize) -> String {
    let most = NAME.min(room.saturating_sub(4));
    let (mut text, mut line) = (String::new(), name.to_owned());
    for (i, part) in parts.iter().enumerate() {
        let last = i + 1 == parts.len();
        let part = shortened(part, most);
        if !line.trim().is_empty() && length(&text, &line) + part.chars().count() + 1 > room {
            text += line.trim_end();
            text += "\n  ";
            // The indent is in the text already.
            line.clear();
        }
        line += &part;
        line += if last { "" } else { ", " };
    }
    text + &line
}

/// Columns that the line in hand takes, of which the indent may stand in the text already.
fn length(text: &str, line: &str) -> usize {
    line.chars().count() + if text.is_empty() { 0 } else { 2 }
}

/// The heading of a section: the study, the setting, what its networks have in common, and the seeds.
pub(super) fn heading(name: &str, section: &Section, fields: &Fields, room: usize) -> String {
    let all = || section.lines.iter().flat_map(|l| &l.points);
    let (least, most) = all().map(|p| p.seeds).fold((usize::MAX, 0), |(a, b), s| (a.min(s), b.max(s)));
    let seeds = if least == most {
        format!("{} per cell", counted(most, "seed"))
    } else {
        format!("{least} to {most} seeds per cell")
    };
    let mut parts = describe(&section.setting);
    let order = [Field::Depth, Field::Outputs, Field::Schedule, Field::Width];
    let network =
        order.iter().filter(|f| fields.same.contains(f)).filter_map(|f| all().find_map(|p| f.words(&p.cell)));
    // Data and points first, then the network, then how it was computed.
    parts.splice(2..2, network.map(Some));
    parts.push(Some(seeds));
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    wrap(&format!("{}: ", shortened(name, NAME.min(room / 2))), &parts, room)
}

/// What is shown of a study without a finished seed.
pub(super) fn nothing_yet(analysis: &Analysis) -> String {
    format!("{}: no seed is finished yet\n", analysis.name)
}

/// How many cells are in no section; nothing where all are.
pub(super) fn empty_cells(analysis: &Analysis) -> String {
    match analysis.empty_cells {
        0 => String::new(),
        count => format!("{} without a finished seed\n\n", counted(count, "cell")),
    }
}

/// `95 % interval`.
pub(super) fn percent() -> String {
    format!("{:.0} % interval", 100.0 * CONFIDENCE)
}
