//! What a study varies: the numbers along which its cells are lined up, and the fields by which its lines are told
//! apart.

use std::borrow::Cow;

use super::text::{Align, activation, significant};
use crate::math::activation::Activation;
use crate::study::table::CellRecord;
use crate::units::counted;

/// A number along which the points of a line follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// m, or the narrowest hidden width where the widths were listed.
    Width,
    /// l.
    Depth,
    /// m_l.
    Outputs,
    /// n, of data sets that differ in nothing else.
    Points,
    /// Δ of the activation.
    Delta,
}

impl Axis {
    /// Every axis; where two have equally many values, the earlier is taken.
    pub const ALL: [Self; 5] = [Self::Width, Self::Depth, Self::Outputs, Self::Points, Self::Delta];
    /// Those along which a power is expected, and fitted.
    pub(super) const POWERS: [Self; 4] = [Self::Width, Self::Depth, Self::Outputs, Self::Points];

    /// Where a cell stands; None where it has no such number.
    pub fn value(self, cell: &CellRecord) -> Option<f64> {
        match self {
            Self::Width => cell.m.map(|m| m as f64),
            Self::Depth => Some(cell.depth as f64),
            Self::Outputs => Some(cell.outputs as f64),
            Self::Points => Some(cell.n as f64),
            Self::Delta => delta(cell),
        }
    }

    /// What cells of one setting have in common that differ along this axis at most.
    pub(super) fn key(self, cell: &CellRecord) -> LineKey<'_> {
        LineKey {
            phi: (self != Self::Delta).then(|| phi(cell)),
            depth: (self != Self::Depth).then_some(cell.depth),
            outputs: (self != Self::Outputs).then_some(cell.outputs),
            points: (self != Self::Points).then_some(cell.n),
            // A list of widths has as many entries as the depth says, and the narrowest stands for all of it.
            width: if self == Self::Depth { cell.m } else { None },
            widths: matches!(self, Self::Outputs | Self::Points | Self::Delta)
                .then_some(cell.widths.as_str()),
            schedule: cell.schedule.as_deref(),
        }
    }

    /// The fields that say where a point stands.
    pub(super) fn fields(self) -> &'static [Field] {
        match self {
            Self::Width => &[Field::Width],
            Self::Depth => &[Field::Depth],
            Self::Outputs => &[Field::Outputs],
            Self::Points => &[Field::Points],
            Self::Delta => &[Field::Activation, Field::Delta],
        }
    }

    /// The symbol.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Width => "m",
            Self::Depth => "l",
            Self::Outputs => "m_l",
            Self::Points => "n",
            Self::Delta => "Δ",
        }
    }
}

/// Equal for cells of one line; None where a line leaves it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct LineKey<'c> {
    phi: Option<(u64, u64)>,
    depth: Option<u64>,
    outputs: Option<u64>,
    points: Option<u64>,
    width: Option<u64>,
    widths: Option<&'c str>,
    schedule: Option<&'c str>,
}

/// (a, b) as something that can be hashed; 0 and −0 are one.
pub(super) fn phi(cell: &CellRecord) -> (u64, u64) {
    ((cell.a + 0.0).to_bits(), (cell.b + 0.0).to_bits())
}

/// What the data sets of cells along n have in common: the source without how many of its rows are used, `digits:n` of
/// `digits:n=32`, `rows.npy[0..n]` of `rows.npy[0..32]`.
pub(super) fn family(data: &str) -> Cow<'_, str> {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if let Some((head, tail)) = data.split_once("[0..")
        && let Some((rows, rest)) = tail.split_once(']')
        && number(rows)
    {
        return format!("{head}[0..n]{rest}").into();
    }
    for source in ["digits:n", "sphere:n", "gaussian:n"] {
        if let Some(count) = data.strip_prefix(source).and_then(|rest| rest.strip_prefix('=')) {
            let rest = count.trim_start_matches(|c: char| c.is_ascii_digit());
            // Rows that do not begin with the first are no part of a larger set.
            return if rest.starts_with('[') { data.into() } else { format!("{source}{rest}").into() };
        }
    }
    data.into()
}

/// Δ = b²/(a²+b²).
fn delta(cell: &CellRecord) -> Option<f64> {
    Activation::new(cell.a, cell.b).ok().map(|phi| phi.delta())
}

/// One property of a network that a table may show as a column, a heading or a legend as words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Activation,
    Delta,
    Schedule,
    Depth,
    Outputs,
    Points,
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
            Self::Points => Axis::Points.symbol(),
            Self::Width => Axis::Width.symbol(),
        }
    }

    pub(super) fn align(self) -> Align {
        match self {
            Self::Activation | Self::Delta | Self::Schedule => Align::Left,
            Self::Depth | Self::Outputs | Self::Points | Self::Width => Align::Right,
        }
    }

    /// What stands in the column; a dash where the network has no such thing.
    pub(super) fn text(self, cell: &CellRecord) -> String {
        match self {
            Self::Activation => activation(cell),
            Self::Delta => delta(cell).map_or("-".into(), |d| significant(d, 3)),
            Self::Schedule => match cell.schedule.as_deref() {
                Some("constant") => "m".into(),
                Some("linear") => "k·m".into(),
                Some("quadratic") => "k²·m".into(),
                Some(other) => other.into(),
                None if cell.m.is_some() => "listed".into(),
                None => "-".into(),
            },
            Self::Depth => cell.depth.to_string(),
            Self::Outputs => cell.outputs.to_string(),
            Self::Points => cell.n.to_string(),
            Self::Width => cell.m.map_or("-".into(), |m| m.to_string()),
        }
    }

    /// The same in words; None where there is nothing to say.
    pub(super) fn words(self, cell: &CellRecord) -> Option<String> {
        match self {
            Self::Activation | Self::Delta => Some(activation(cell)),
            Self::Schedule => match &cell.schedule {
                Some(schedule) => Some(format!("{schedule} widths")),
                None => cell.m.map(|_| "listed widths".into()),
            },
            Self::Depth => Some(format!("depth {}", cell.depth)),
            Self::Outputs => Some(counted(cell.outputs as usize, "output")),
            Self::Points => Some(format!("n = {}", cell.n)),
            Self::Width => cell.m.map(|m| format!("m = {m}")),
        }
    }

    /// Whether this differs among networks; what a network does not have (the width at depth 1) is no difference.
    pub(super) fn varies<'c>(self, cells: impl Iterator<Item = &'c CellRecord>) -> bool {
        let mut words = cells.filter_map(|cell| self.words(cell));
        let first = words.next();
        words.any(|text| Some(text) != first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_sets_along_n_are_one_family() {
        for (data, expected) in [
            ("digits:n=32", "digits:n"),
            ("sphere:n=32,dim=16,seed=0", "sphere:n,dim=16,seed=0"),
            ("digits:n=64[0..8]", "digits:n=64[0..n]"),
            ("rows.npy[0..8] with constant 1", "rows.npy[0..n] with constant 1"),
            ("digits:n=64[8..16]", "digits:n=64[8..16]"),
            ("pair:angle=0.5", "pair:angle=0.5"),
            ("rows.npy", "rows.npy"),
        ] {
            assert_eq!(family(data), expected);
        }
    }
}
