//! `--against`: the points of another source, for the kernel between both.

use crate::data::{DataSet, Normalize, PointRange, Source};

use crate::cli::args::DataArgs;
use crate::cli::failure::Failure;
use crate::cli::input::is_dash;
use crate::cli::units::counted;

/// The other points.
#[derive(clap::Args, Clone, Debug)]
pub struct AgainstArgs {
    /// Other points x', a source like --data: the kernel is K(x, x'), with a row for each output at a point of --data
    /// and a column for each at one of these
    #[arg(long, value_name = "SOURCE", value_hint = clap::ValueHint::FilePath, help_heading = "Data")]
    #[arg(conflicts_with_all = ["layers_out", "spectrum"])]
    against: Option<Source>,
    /// Rows of --against to use: a count, or A..B (A, not B), from 0 [default: all]
    #[arg(
        long,
        value_name = "COUNT|A..B",
        allow_hyphen_values = true,
        help_heading = "Data",
        requires = "against"
    )]
    against_points: Option<PointRange>,
}

impl AgainstArgs {
    /// The other points as arguments of a data source, to be prepared as those of `--data` are; None where there are
    /// none.
    pub fn source(&self, data: &DataArgs) -> Result<Option<DataArgs>, Failure> {
        let Some(against) = &self.against else { return Ok(None) };
        let stdin = |source: &Source| matches!(source, Source::File { path, .. } if is_dash(path));
        if stdin(against) && data.data.last().is_some_and(stdin) {
            return Err(Failure::refused(
                "--data and --against are both standard input; give one of them as a file",
            ));
        }
        Ok(Some(DataArgs {
            data: vec![against.clone()],
            points: self.against_points.clone(),
            append_constant: data.append_constant,
            normalize: data.normalize.clone(),
        }))
    }
}

/// Loads the other points, normalised as `points` were.
pub fn load(source: &mut DataArgs, normalize: Normalize, points: &DataSet) -> Result<DataSet, Failure> {
    source.normalize = vec![normalize];
    let other = source.load()?;
    if other.dim() != points.dim() {
        return Err(Failure::refused(format!(
            "the points of --against have {}, and those of --data {}; both go into one network",
            counted(other.dim(), "coordinate"),
            points.dim()
        )));
    }
    Ok(other)
}
