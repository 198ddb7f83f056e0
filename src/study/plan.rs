//! The cells of a study: the product of its lists, validated, with the data loaded and every choice resolved.
//!
//! Order of the cells, the last varies fastest: source, points, normalize, sampler, precision, activation, depth,
//! outputs, scale, schedule, width (or widths). Cells whose rows would be the same rows (the same network reached by two
//! schedules, a value written twice, `auto` beside the sampler that it resolves to) are one cell, at the place and
//! with the labels of the first.
//!
//! The identity of a study is the SHA-256 of its name and of the keys and labels of its cells in order. Seeds are not in
//! it: a study with more seeds, or others, is the same study and resumes its directory.

use std::collections::HashSet;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::grid::{data, length, missing, networks};
use super::need::Asked;
use super::spec::{Spec, commas};
use super::value::check_name;
use super::{NUMERICS_VERSION, SeedRange};
use crate::backend::{Precision, Sampler};
use crate::data::{DataError, DataSet, Normalize};
use crate::model::{Network, NetworkError, Schedule};
use crate::rng::LAYOUT_VERSION;

/// Most cells of one study.
pub const MAX_CELLS: usize = 100_000;

/// The points of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellData {
    /// The points as the network sees them.
    pub points: DataSet,
    /// What was done to every row.
    pub normalize: Normalize,
    /// SHA-256 of the points before normalisation, in hexadecimal.
    pub hash: String,
}

/// One network on one data set with one sampler and precision: everything that its rows depend on but the seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The network.
    pub network: Network,
    /// The schedule that made the hidden widths; none where they were listed, and at depth 1.
    pub schedule: Option<Schedule>,
    /// The number m of which the schedule made them.
    pub width: Option<u64>,
    /// The points.
    pub data: Arc<CellData>,
    /// The sampler that runs.
    pub sampler: Sampler,
    /// The arithmetic.
    pub precision: Precision,
}

/// A validated study.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    spec: Spec,
    name: String,
    asked: Asked,
    cells: Vec<Cell>,
    identity: String,
}

/// Why a study cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The name would not do as a directory.
    #[error("name: {0}")]
    Name(String),
    /// Something that has no default was not given.
    #[error("the study has no {what}; give {how}")]
    Missing {
        /// What.
        what: &'static str,
        /// As a flag and in a file.
        how: &'static str,
    },
    /// Values that contradict each other.
    #[error("{0}")]
    Conflict(String),
    /// The product of the lists.
    #[error("the grid has {0} cells, more than the {MAX_CELLS} of one study; split it")]
    TooMany(u128),
    /// A network of the grid.
    #[error("network of depth {depth}")]
    Network {
        /// Its depth.
        depth: usize,
        /// What is wrong.
        source: NetworkError,
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

impl Plan {
    /// Resolves and validates a study; loads its data.
    pub fn new(spec: Spec) -> Result<Self, PlanError> {
        let spec = spec.resolved();
        let name = spec.name.clone().unwrap_or_default();
        check_name(&name).map_err(PlanError::Name)?;
        let asked = asked(&spec)?;
        let sources = spec.source.as_deref();
        let sources = sources.ok_or(missing("data", "--data, or source = \"digits:n=32\" under [data]"))?;
        let networks = networks(&spec)?;
        let per_data = networks.len() as u128 * length(&spec.sampler) * length(&spec.precision);
        let total = per_data * sources.len() as u128 * length(&spec.points) * length(&spec.normalize);
        if total > MAX_CELLS as u128 {
            return Err(PlanError::TooMany(total));
        }
        let mut cells = Vec::new();
        let mut seen = HashSet::new();
        for data in data(&spec, sources)? {
            for &choice in spec.sampler.iter().flatten() {
                for &precision in spec.precision.iter().flatten() {
                    for (network, schedule, width) in &networks {
                        let sampler = choice.resolve(data.points.n(), data.points.dim(), network);
                        let (network, data) = (network.clone(), Arc::clone(&data));
                        let cell =
                            Cell { network, schedule: *schedule, width: *width, data, sampler, precision };
                        if seen.insert(cell.key()) {
                            cells.push(cell);
                        }
                    }
                }
            }
        }
        let identity = identity(&name, &cells);
        Ok(Self { spec, name, asked, cells, identity })
    }

    /// The study as resolved; its text is the `study.toml` of a run directory.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Name of the study.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is asked of every cell: seeds, or a standard error.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// The cells, in the order of export.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Identity of the study: 64 hexadecimal digits of name, cells, stream layout and numerics version.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// `NAME-HASH8`, the directory below `eoc-runs` where this study runs unless told otherwise.
    pub fn directory_name(&self) -> String {
        format!("{}-{}", self.name, &self.identity[..8])
    }
}

impl Cell {
    /// The key of this cell's rows but for the seed: SHA-256, in hexadecimal, of network, data, sampler, precision,
    /// stream layout and numerics version.
    pub fn key(&self) -> String {
        let phi = self.network.activation();
        let mut sha = Sha256::new();
        for bits in [phi.a(), phi.b(), self.network.scale()].map(f64::to_bits) {
            sha.update(bits.to_le_bytes());
        }
        for integer in [self.network.outputs() as u64, self.network.hidden().len() as u64] {
            sha.update(integer.to_le_bytes());
        }
        for width in self.network.hidden() {
            sha.update(width.to_le_bytes());
        }
        let Self { sampler, precision, data, .. } = self;
        let rest = format!(
            "{} {} {sampler} {precision} layout {LAYOUT_VERSION} numerics {NUMERICS_VERSION}",
            data.hash, data.normalize
        );
        sha.update(rest);
        hexadecimal(&sha.finalize())
    }

    /// The hidden widths as text, `64,128,256`; empty at depth 1.
    pub fn widths_text(&self) -> String {
        commas(self.network.hidden())
    }
}

fn asked(spec: &Spec) -> Result<Asked, PlanError> {
    let conflict = |text: &str| PlanError::Conflict(text.to_owned());
    match (&spec.seeds, spec.standard_error, spec.max_seeds) {
        (Some(_), Some(_), _) => {
            Err(conflict("seeds and standard_error exclude each other; keep one of them"))
        }
        (_, None, Some(_)) => Err(conflict(
            "max_seeds goes with standard_error, which the study does not ask for; leave it out",
        )),
        (None, Some(target), Some(most)) => {
            let most = SeedRange::new(0..most).map_err(|error| PlanError::Conflict(error.to_string()))?;
            Ok(Asked::standard_error(target, most))
        }
        (Some(seeds), None, None) => Ok(Asked::seeds(seeds.clone())),
        // Resolved, neither is the case.
        (None, _, None) => Err(missing("seeds", "--seeds or seeds = 64")),
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn identity(name: &str, cells: &[Cell]) -> String {
    let mut sha = Sha256::new();
    sha.update(format!("{name} layout {LAYOUT_VERSION} numerics {NUMERICS_VERSION}\n"));
    for cell in cells {
        let schedule = cell.schedule.map_or_else(String::new, |s| s.to_string());
        sha.update(format!("{} {schedule}\n", cell.key()));
    }
    hexadecimal(&sha.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::file::parse;

    fn plan(text: &str) -> Result<Plan, PlanError> {
        Plan::new(parse(text).unwrap())
    }

    const SMALL: &str = "[data]\nsource='pair:angle=0.5'\n[network]\nactivation=['abs','relu']\n";

    #[test]
    fn the_grid_is_a_product_in_the_documented_order() {
        let text = format!("{SMALL}depth=[2,3]\nwidth=[4,5]\nschedule=['constant','linear']\noutputs=[1,2]");
        let plan = plan(&text).unwrap();
        let texts: Vec<String> = plan
            .cells()
            .iter()
            .map(|c| format!("{} {} {}", c.network.activation(), c.network.outputs(), c.widths_text()))
            .collect();
        // At depth 2 both schedules are the same network, and one cell.
        let half = ["1 4", "1 5", "2 4", "2 5"].map(str::to_owned).to_vec();
        let half: Vec<String> = half
            .into_iter()
            .chain(
                ["1 4,4", "1 5,5", "1 4,8", "1 5,10", "2 4,4", "2 5,5", "2 4,8", "2 5,10"].map(str::to_owned),
            )
            .collect();
        let expected: Vec<String> = ["abs", "relu"]
            .iter()
            .flat_map(|phi| half.iter().map(move |rest| format!("{phi} {rest}")))
            .collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn identity_is_of_the_cells_and_not_of_the_seeds() {
        let base = format!("{SMALL}depth=2\nwidth=4");
        let one = plan(&base).unwrap();
        let of = |text: &str| plan(text).unwrap().identity().to_owned();
        assert_eq!(one.identity(), of(&format!("seeds=77\n{base}")));
        assert_eq!(one.identity(), of(&one.spec().to_toml()), "the resolved study is the same study");
        for other in [
            format!("name='b'\n{base}"),
            format!("precision='f64'\n{base}"),
            format!("sampler='direct'\n{base}\nscale=2"),
            base.replace("0.5", "0.25"),
            base.replace("'abs',", ""),
            format!("{base}\noutputs=2"),
            format!("{SMALL}depth=2\nwidth=5"),
        ] {
            assert_ne!(one.identity(), of(&other), "{other}");
        }
    }

    #[test]
    fn refuses_what_cannot_be_planned() {
        let check = |text: &str, part: &str| {
            let error = anyhow::Error::from(plan(text).unwrap_err());
            assert!(format!("{error:#}").contains(part), "{text:?}: {error:#}");
        };
        check("", "no data");
        check("[data]\nsource='pair:angle=1'", "no activation");
        check(SMALL, "no depth");
        check(&format!("{SMALL}depth=2"), "no width");
        check(&format!("{SMALL}depth=1\nwidth=3"), "no meaning at depth 1");
        check(&format!("{SMALL}depth=0\nwidth=3"), "depth 0 is out of range");
        check(&format!("{SMALL}depth=2\nwidth=0"), "width 0 of hidden layer 1");
        check(&format!("{SMALL}depth=2\nwidth=3\noutputs=0"), "outputs 0");
        check(&format!("{SMALL}depth=2\nwidth=3\nscale=-1"), "scale -1");
        check(&format!("{SMALL}depth=3\nwidths='3'"), "make them agree");
        check(&format!("{SMALL}widths='3'\nschedule='linear'"), "leave it out");
        check(&format!("{SMALL}depth=1\nschedule='linear'"), "schedule needs a width");
    }
}
