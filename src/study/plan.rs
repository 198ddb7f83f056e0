//! The cells of a study: the product of its lists, validated, with the data loaded and every choice resolved.
//!
//! Order of the cells, the last varies fastest: source, points, append_constant, normalize, sampler, precision,
//! activation, depth, outputs, scale, schedule, width (or widths). Cells whose rows would be the same rows (the same
//! network reached by two schedules, a value written twice, `auto` beside the sampler that it resolves to) are one
//! cell, at the place and with the labels of the first; it knows every schedule that led to it.
//!
//! The identity of a study is the SHA-256 of its name, of the further tables that it fills, and of the keys and labels
//! of its cells in order. Seeds are not in it: a study with more seeds, or others, is the same study and resumes its
//! directory.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::cell::{Cell, CellData, hexadecimal};
use super::error::{Absent, PlanError};
use super::grid::{check_count, data, length, networks};
use super::need::Asked;
use super::spec::{Spec, Widths};
use super::table::{Details, MOST_EIGENVALUES};
use super::value::check_name;
use super::{NUMERICS_VERSION, SeedRange};
use crate::data::Source;
use crate::model::Network;
use crate::rng::LAYOUT_VERSION;
use crate::sampler::{Sampler, SamplerChoice};

/// A validated study.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    spec: Spec,
    name: String,
    asked: Asked,
    details: Details,
    cells: Vec<Cell>,
    identity: String,
}

impl Plan {
    /// Resolves and validates a study; loads its data.
    pub fn new(spec: Spec) -> Result<Self, PlanError> {
        Self::on(spec, data)
    }

    /// The same study with other numbers m for its schedules, on the data as they are loaded.
    pub fn at_widths(&self, widths: Vec<u64>) -> Result<Self, PlanError> {
        let mut loaded: Vec<Arc<CellData>> = Vec::new();
        for cell in &self.cells {
            if !loaded.iter().any(|data| Arc::ptr_eq(data, &cell.data)) {
                loaded.push(Arc::clone(&cell.data));
            }
        }
        Self::on(Spec { widths: Some(Widths::Scheduled(widths)), ..self.spec.clone() }, |_, _| Ok(loaded))
    }

    fn on(
        spec: Spec,
        data: impl FnOnce(&Spec, &[Source]) -> Result<Vec<Arc<CellData>>, PlanError>,
    ) -> Result<Self, PlanError> {
        let spec = spec.resolved();
        let name = spec.name.clone().unwrap_or_default();
        check_name(&name).map_err(PlanError::Name)?;
        let asked = asked(&spec)?;
        let sources = spec.source.as_deref();
        let sources = sources.ok_or(PlanError::Missing(Absent::Data))?;
        let networks = networks(&spec)?;
        let per_data = networks.len() as u128 * length(&spec.sampler) * length(&spec.precision);
        let per_source = length(&spec.points) * length(&spec.append_constant) * length(&spec.normalize);
        check_count(per_data * sources.len() as u128 * per_source)?;
        let details = spec.details();
        let mut cells: Vec<Cell> = Vec::new();
        let mut seen = HashMap::new();
        for data in data(&spec, sources)? {
            for &choice in spec.sampler.iter().flatten() {
                for &precision in spec.precision.iter().flatten() {
                    for (network, schedule, width) in &networks {
                        let sampler = match choice {
                            // The one sampler that can leave out what gradients know.
                            SamplerChoice::Auto if details.independence => Sampler::Conditional,
                            choice => choice.resolve(data.points.n(), data.points.dim(), network),
                        };
                        let independence = details.independence;
                        check_spectrum(details, &data, network)?;
                        let (network, data) = (network.clone(), Arc::clone(&data));
                        let (schedule, width) = (*schedule, *width);
                        let schedules = schedule.into_iter().collect();
                        let cell = Cell {
                            network,
                            schedule,
                            schedules,
                            width,
                            data,
                            sampler,
                            precision,
                            independence,
                        };
                        match seen.entry(cell.key()) {
                            Entry::Vacant(place) => {
                                place.insert(cells.len());
                                cells.push(cell);
                            }
                            Entry::Occupied(first) => cells[*first.get()].also(schedule),
                        }
                    }
                }
            }
        }
        let identity = identity(&name, details, &cells);
        Ok(Self { spec, name, asked, details, cells, identity })
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

    /// The further tables and columns that every sample has.
    pub fn details(&self) -> Details {
        self.details
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
        (None, _, None) => Err(PlanError::Missing(Absent::Seeds)),
    }
}

/// Eigenvalues are kept of kernels that are not too large.
fn check_spectrum(details: Details, data: &CellData, network: &Network) -> Result<(), PlanError> {
    let rows = data.points.n().saturating_mul(network.outputs());
    if !details.spectrum || rows <= MOST_EIGENVALUES {
        return Ok(());
    }
    Err(PlanError::Conflict(format!(
        "spectrum keeps every eigenvalue of kernels of at most {MOST_EIGENVALUES} rows, and {} with {} makes {rows}; \
         use fewer points or outputs, or leave spectrum out",
        data.points.label(),
        crate::units::counted(network.outputs(), "output")
    )))
}

fn identity(name: &str, details: Details, cells: &[Cell]) -> String {
    let mut sha = Sha256::new();
    sha.update(format!("{name} layout {LAYOUT_VERSION} numerics {NUMERICS_VERSION}\n"));
    if !details.is_empty() {
        sha.update(format!("with {details}\n"));
    }
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
    fn independence_is_drawn_by_the_sampler_that_can() {
        let narrow = format!("{SMALL}depth=3\nwidth=2\noutputs=9");
        let of = |text: &str| plan(text).unwrap().cells()[0].clone();
        assert_eq!((of(&narrow).sampler, of(&narrow).independence), (Sampler::Direct, false));
        let with = of(&format!("independence=true\n{narrow}"));
        assert_eq!((with.sampler, with.independence), (Sampler::Conditional, true));
        // Asked for by name it stays, for the device to refuse.
        let named = of(&format!("independence=true\nsampler='direct'\n{narrow}"));
        assert_eq!(named.sampler, Sampler::Direct);
        assert!(named.job().independence && named.outline().independence);
        let identity = |text: &str| plan(text).unwrap().identity().to_owned();
        assert_ne!(identity(&format!("independence=true\n{narrow}")), identity(&narrow));
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
        check(&format!("{SMALL}depth=2"), "depth 2 needs a width, or widths with 1 hidden width");
        check(&format!("{SMALL}depth=1\nwidth=3"), "no meaning at depth 1");
        check(&format!("{SMALL}depth=0\nwidth=3"), "depth 0 is out of range");
        check(&format!("{SMALL}depth=2\nwidth=0"), "width 0 of hidden layer 1");
        check(&format!("{SMALL}depth=2\nwidth=3\noutputs=0"), "outputs 0");
        check(
            &format!("spectrum=true\n{SMALL}depth=2\nwidth=3\noutputs=129"),
            "with 129 outputs makes 258; use fewer",
        );
        check(&format!("{SMALL}depth=2\nwidth=3\nscale=-1"), "scale -1");
        check(&format!("{SMALL}depth=3\nwidths='3'"), "make them agree");
        check(&format!("{SMALL}widths='3'\nschedule='linear'"), "leave it out");
        check(&format!("{SMALL}depth=1\nschedule='linear'"), "schedule needs a width");
    }
}
