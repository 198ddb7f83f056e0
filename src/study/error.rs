//! Why a study cannot be planned.

use crate::data::DataError;
use crate::model::ShapeError;

/// Most cells of one study.
pub const MAX_CELLS: usize = 100_000;

/// Why a study cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The name would not do as a directory.
    #[error("name: {0}")]
    Name(String),
    /// Something that has no default was not given.
    #[error("the study has no {}; give {}", .0.name(), .0.in_a_file())]
    Missing(Absent),
    /// Values that contradict each other.
    #[error("{0}")]
    Conflict(String),
    /// The product of the lists.
    #[error("the grid has {0} cells, more than the {MAX_CELLS} of one study; split it")]
    TooMany(u128),
    /// A network of the grid.
    #[error("{}", network(*depth))]
    Network {
        /// Its depth, where it says one.
        depth: Option<usize>,
        /// What is wrong.
        source: ShapeError,
    },
    /// Its data.
    #[error("data source {label}")]
    Data {
        /// The source.
        label: String,
        /// What is wrong.
        source: DataError,
    },
}

fn network(depth: Option<usize>) -> String {
    depth.map_or_else(|| "network".to_owned(), |depth| format!("network of depth {depth}"))
}

/// What a study cannot do without and nothing stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// Points.
    Data,
    /// An activation.
    Activation,
    /// A depth, or a list of widths.
    Depth,
    /// Seeds.
    Seeds,
}

impl Absent {
    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Activation => "activation",
            Self::Depth => "depth",
            Self::Seeds => "seeds",
        }
    }

    /// A line of a study file that gives it.
    pub fn in_a_file(self) -> &'static str {
        match self {
            Self::Data => "source = \"digits:n=32\" under [data]",
            Self::Activation => "activation = \"abs\" under [network]",
            Self::Depth => "depth = 4 under [network], or list the widths",
            Self::Seeds => "seeds = 64",
        }
    }
}
