//! What a study is asked for by --set, and what to say of what was asked for nowhere.

use super::failure::Failure;
use crate::model::ShapeError;
use crate::study::{Absent, PlanError, Spec, file};

/// Why there is no plan; what is missing can be given by an option too.
pub(super) fn worded(error: PlanError) -> anyhow::Error {
    let flag = match &error {
        PlanError::Missing(Absent::Data) => "--data",
        PlanError::Missing(Absent::Activation) => "--activation",
        PlanError::Missing(Absent::Depth) => "--depth, --widths",
        PlanError::Missing(Absent::Seeds) => "--seeds",
        PlanError::Network { depth: Some(depth), source: ShapeError::NoWidths { .. } } => {
            return anyhow::anyhow!(
                "depth {depth} needs hidden widths; give --width, --widths, or width = 256 under [network]"
            );
        }
        _ => return error.into(),
    };
    let PlanError::Missing(wanted) = error else { return error.into() };
    anyhow::anyhow!("the study has no {}; give {flag}, or {}", wanted.name(), wanted.in_a_file())
}

/// What --set says; of several for one key the last.
pub(super) fn assigned(assignments: &[String]) -> Result<Spec, Failure> {
    assignments.iter().try_fold(Spec::default(), |before, text| {
        let of = |error| Failure::unusable(anyhow::Error::from(error).context(format!("--set {text}")));
        let spec = file::parse_assignment(text).map_err(of)?;
        // Either way of saying it takes the place of the other.
        let before = match (&spec.seeds, spec.standard_error) {
            (Some(_), _) => Spec { standard_error: None, ..before },
            (_, Some(_)) => Spec { seeds: None, ..before },
            _ => before,
        };
        Ok(spec.or(before))
    })
}
