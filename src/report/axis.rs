//! What a study varies: the numbers along which its cells are lined up, and the fields by which its lines are told apart.

use super::summary::CellSummary;
use super::text::{Align, activation, counted, significant};
use crate::math::activation::Activation;

/// A number along which the points of a line follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// m, or the narrowest hidden width where the widths were listed.
    Width,
    /// l.
    Depth,
    /// m_l.
    Outputs,
    /// Δ of the activation.
    Delta,
}

impl Axis {
    /// Every axis; where two have equally many values, the earlier is taken.
    pub const ALL: [Self; 4] = [Self::Width, Self::Depth, Self::Outputs, Self::Delta];

    /// Where a cell stands; None where it has no such number.
    pub fn value(self, place: &Place) -> Option<f64> {
        match self {
            Self::Width => place.width.map(|m| m as f64),
            Self::Depth => Some(place.depth as f64),
            Self::Outputs => Some(place.outputs as f64),
            Self::Delta => place.delta(),
        }
    }

    /// What cells of one setting have in common that differ along this axis at most.
    pub(super) fn key(self, cell: &CellSummary) -> LineKey<'_> {
        LineKey {
            phi: (self != Self::Delta).then(|| phi(cell)),
            depth: (self != Self::Depth).then_some(cell.depth),
            outputs: (self != Self::Outputs).then_some(cell.outputs),
            // A list of widths has as many entries as the depth says, and the narrowest stands for all of it.
            width: if self == Self::Depth { width(cell) } else { None },
            hidden: matches!(self, Self::Outputs | Self::Delta).then_some(&cell.hidden),
            schedule: cell.schedule.as_deref(),
        }
    }

    /// Where a cell stands, as [`value`](Self::value) of its place.
    pub(super) fn at(self, cell: &CellSummary) -> Option<f64> {
        match self {
            Self::Width => width(cell).map(|m| m as f64),
            Self::Depth => Some(cell.depth as f64),
            Self::Outputs => Some(cell.outputs as f64),
            Self::Delta => Activation::new(cell.a, cell.b).ok().map(|phi| phi.delta()),
        }
    }

    /// The fields that say where a point stands.
    pub(super) fn fields(self) -> &'static [Field] {
        match self {
            Self::Width => &[Field::Width],
            Self::Depth => &[Field::Depth],
            Self::Outputs => &[Field::Outputs],
            Self::Delta => &[Field::Activation, Field::Delta],
        }
    }

    /// The symbol.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Width => "m",
            Self::Depth => "l",
            Self::Outputs => "m_l",
            Self::Delta => "Δ",
        }
    }
}

/// Equal for cells of one line; None where a line leaves it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct LineKey<'c> {
    phi: Option<(u64, u64)>,
    depth: Option<usize>,
    outputs: Option<usize>,
    width: Option<u64>,
    hidden: Option<&'c Vec<u64>>,
    schedule: Option<&'c str>,
}

/// (a, b) as something that can be hashed; 0 and −0 are one.
pub(super) fn phi(cell: &CellSummary) -> (u64, u64) {
    ((cell.a + 0.0).to_bits(), (cell.b + 0.0).to_bits())
}

/// m, or the narrowest hidden width where the widths were listed.
pub(super) fn width(cell: &CellSummary) -> Option<u64> {
    cell.width.or_else(|| cell.hidden.iter().copied().min())
}

/// A network of the grid, as reports name it.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The activation as the plan has it.
    pub activation: String,
    /// Coefficient of s.
    pub a: f64,
    /// Coefficient of |s|.
    pub b: f64,
    /// l.
    pub depth: usize,
    /// m_l.
    pub outputs: usize,
    /// The schedule of the widths; None where they were listed, or at depth 1.
    pub schedule: Option<String>,
    /// m, or the narrowest hidden width where the widths were listed; None without a hidden layer.
    pub width: Option<u64>,
}

impl Place {
    /// Where a cell stands.
    pub fn of(cell: &CellSummary) -> Self {
        Self {
            activation: cell.activation.clone(),
            a: cell.a,
            b: cell.b,
            depth: cell.depth,
            outputs: cell.outputs,
            schedule: cell.schedule.clone(),
            width: width(cell),
        }
    }

    /// Δ = b²/(a²+b²).
    pub fn delta(&self) -> Option<f64> {
        Activation::new(self.a, self.b).ok().map(|phi| phi.delta())
    }
}

/// One property of a network that a table may show as a column, a heading or a legend as words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Activation,
    Delta,
    Schedule,
    Depth,
    Outputs,
    Width,
}

impl Field {
    /// Head of the column.
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::Activation => "φ",
            Self::Delta => Axis::Delta.symbol(),
            Self::Schedule => "m_k",
            Self::Depth => Axis::Depth.symbol(),
            Self::Outputs => Axis::Outputs.symbol(),
            Self::Width => Axis::Width.symbol(),
        }
    }

    pub(super) fn align(self) -> Align {
        match self {
            Self::Activation | Self::Delta | Self::Schedule => Align::Left,
            Self::Depth | Self::Outputs | Self::Width => Align::Right,
        }
    }

    /// What stands in the column; a dash where the network has no such thing.
    pub(super) fn text(self, place: &Place) -> String {
        match self {
            Self::Activation => activation(&place.activation).to_owned(),
            Self::Delta => place.delta().map_or("-".into(), |d| significant(d, 3)),
            Self::Schedule => match place.schedule.as_deref() {
                Some("constant") => "m".into(),
                Some("linear") => "k·m".into(),
                Some("quadratic") => "k²·m".into(),
                Some(other) => other.into(),
                None if place.width.is_some() => "listed".into(),
                None => "-".into(),
            },
            Self::Depth => place.depth.to_string(),
            Self::Outputs => place.outputs.to_string(),
            Self::Width => place.width.map_or("-".into(), |m| m.to_string()),
        }
    }

    /// The same in words; None where there is nothing to say.
    pub(super) fn words(self, place: &Place) -> Option<String> {
        match self {
            Self::Activation | Self::Delta => Some(activation(&place.activation).to_owned()),
            Self::Schedule => match &place.schedule {
                Some(schedule) => Some(format!("{schedule} widths")),
                None => place.width.map(|_| "listed widths".into()),
            },
            Self::Depth => Some(format!("depth {}", place.depth)),
            Self::Outputs => Some(counted(place.outputs, "output", "outputs")),
            Self::Width => place.width.map(|m| format!("m = {m}")),
        }
    }

    /// Whether this differs among networks; what a network does not have (the width at depth 1) is no difference.
    pub(super) fn varies<'p>(self, places: impl Iterator<Item = &'p Place>) -> bool {
        let mut words = places.filter_map(|place| self.words(place));
        let first = words.next();
        words.any(|text| Some(text) != first)
    }
}
