//! Arguments as typed → validated configuration.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::args::{DataArgs, EngineArgs, NetworkArgs, SamplingArgs, ThreadArgs};
use super::context::{Context, note};
use super::device::{self, DeviceChoice, ThreadsError};
use super::escape::shown;
use super::failure::Failure;
use super::input;
use super::units::counted;
use super::watchdog::Watchdog;
use crate::backend::{Engine, Precision};
use crate::data::{DataSet, Normalize, Source};
use crate::math::activation::Activation;
use crate::math::number;
use crate::model::{Network, NetworkError, Resolved, Shape, ShapeError, parse_widths};
use crate::sampler::SamplerChoice;
use crate::study::{CellData, Plan, SeedRange};
use crate::threads::{NoThreads, Threads};

/// A network whose hidden widths may be left open.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkConfig {
    /// φ, where it was given.
    pub activation: Option<Activation>,
    /// Everything else.
    pub shape: Resolved,
}

impl NetworkArgs {
    /// Everything validated, widths or not.
    pub fn config(&self) -> Result<NetworkConfig, Failure> {
        let depth = single("--depth", &self.depth)?;
        let width = single("--width", &self.width)?;
        let schedule = single("--schedule", &self.schedule)?;
        let outputs = single("--outputs", &self.outputs)?;
        let scale = single("--scale", &self.scale)?;
        let widths = self.widths.as_deref().map(parse_widths).transpose().map_err(NetworkError::Width)?;
        let shape = Shape { depth, width, schedule, widths, outputs, scale };
        Ok(NetworkConfig {
            activation: self.activation.last().copied(),
            shape: shape.resolve().map_err(worded)?,
        })
    }
}

/// The one value of an option that is a list for `eoc run` alone.
fn single<T: Copy>(option: &str, values: &[T]) -> Result<Option<T>, Failure> {
    match values {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        more => Err(Failure::refused(format!(
            "{option} has {}, and this command takes one; eoc run takes a list",
            counted(more.len(), "value")
        ))),
    }
}

/// What is wrong with a network, in terms of the options that it was given by.
pub fn worded(error: ShapeError) -> Failure {
    Failure::refused(match error {
        ShapeError::NoDepth => {
            "the depth is missing; give --depth L (the number of weight matrices) or --widths \
                                M1,M2,..."
                .to_owned()
        }
        ShapeError::NoWidths { depth } => format!(
            "the widths are missing; depth {depth} needs --width M or --widths with {}",
            counted(depth - 1, "hidden width")
        ),
        ShapeError::Both => "--width and --widths exclude each other; keep one of them".to_owned(),
        ShapeError::NoHiddenLayer { listed } => format!(
            "{} has no meaning at depth 1, which has no hidden layer; leave it out",
            if listed { "--widths" } else { "--width" }
        ),
        ShapeError::Disagree { widths, depth } => format!(
            "--widths lists {} but --depth {depth} has {}; make them agree or leave out --depth",
            counted(widths.len(), "hidden width"),
            counted(depth - 1, "hidden layer")
        ),
        ShapeError::ScheduleAlone => {
            "--schedule needs --width M, of which it makes the width of each layer".to_owned()
        }
        ShapeError::ScheduleOfList => {
            "--schedule goes with --width, not with --widths, which lists every hidden layer; leave it out"
                .to_owned()
        }
        ShapeError::Network(error) => return error.into(),
    })
}

impl NetworkConfig {
    /// φ; refuses where it was not given.
    pub fn activation(&self) -> Result<Activation, Failure> {
        self.activation.ok_or_else(|| {
            Failure::refused(
                "the activation is missing; give --activation abs, relu, identity, leaky:ALPHA or A,B",
            )
        })
    }

    /// The network; refuses where activation or widths were not given.
    pub fn network(&self) -> Result<Network, Failure> {
        self.network_with(self.activation()?)
    }

    /// The network with this activation, for what does not depend on one.
    pub fn network_with(&self, activation: Activation) -> Result<Network, Failure> {
        let hidden = self.shape.hidden().map_err(worded)?.to_vec();
        Ok(Network::new(activation, hidden, self.shape.outputs)?.with_scale(self.shape.scale)?)
    }
}

impl DataArgs {
    /// The file of the points, where they are in one.
    pub fn file(&self) -> Option<&Path> {
        match self.data.last() {
            Some(Source::File { path, .. }) => Some(path),
            _ => None,
        }
    }

    /// The points, selected, before normalisation, and the normalisation to apply.
    pub fn load_raw(&self) -> Result<(DataSet, Normalize), Failure> {
        let source = self.data.last().ok_or_else(|| {
            Failure::refused(
                "the data are missing; give --data digits:n=32 or another source (eoc sample --help lists them)",
            )
        })?;
        let data = input::load(source)?.prepared(self.points.as_ref(), self.append_constant)?;
        let normalize = single("--normalize", &self.normalize)?;
        Ok((data, normalize.unwrap_or(source.default_normalize())))
    }

    /// The points, selected and normalised.
    pub fn load(&self) -> Result<DataSet, Failure> {
        let (data, normalize) = self.load_raw()?;
        note(&data_notes(&data, normalize));
        Ok(data.normalized(normalize))
    }

    /// The same where a signal is heard meanwhile, though the reader does not hear it.
    pub fn load_heard(&self, ctx: &Context) -> Result<DataSet, Failure> {
        let _watchdog = Watchdog::over_nothing(ctx);
        self.load()
    }
}

/// What to say on stderr of data before it is used: what its reader took, skipped or rearranged, and whether the rows
/// of a file keep different norms. Empty where nothing is to be said.
pub fn data_notes(data: &DataSet, normalize: Normalize) -> String {
    let label = shown(Path::new(data.label()));
    let mut notes: String = data.notes().iter().map(|note| format!("eoc: {label}: {note}\n")).collect();
    let (least, most) = data.norms();
    if data.is_from_file() && normalize == Normalize::None && most - least > UNEQUAL * most {
        // Five digits.
        let short = |norm: f64| number(format!("{norm:.4e}").parse().unwrap_or(norm));
        notes += &format!(
            "eoc: {label}: rows are taken as they are, with norms from {} to {}; --normalize sphere would scale each to \
             the same\n",
            short(least),
            short(most)
        );
    }
    notes
}

/// The same of all data sets of a study, each thing once.
pub fn study_notes(plan: &Plan) -> String {
    let mut notes = String::new();
    let mut last: Option<&Arc<CellData>> = None;
    for cell in plan.cells() {
        // The cells of a data set follow each other.
        if last.is_none_or(|last| !Arc::ptr_eq(last, &cell.data)) {
            for line in data_notes(&cell.data.points, cell.data.normalize).split_inclusive('\n') {
                if !notes.contains(line) {
                    notes += line;
                }
            }
        }
        last = Some(&cell.data);
    }
    notes
}

/// Norms that differ by less, relative to the largest, are equal up to the rounding of f32.
const UNEQUAL: f64 = 1e-6;

impl SamplingArgs {
    /// The sampler asked for.
    pub fn sampler(&self) -> Result<SamplerChoice, Failure> {
        Ok(single("--sampler", &self.sampler)?.unwrap_or(SamplerChoice::Auto))
    }

    /// The seeds asked for.
    pub fn seeds(&self) -> Range<u64> {
        self.seeds.as_ref().map_or(0..1, SeedRange::range)
    }
}

impl EngineArgs {
    /// The precision asked for.
    pub fn precision(&self) -> Result<Precision, Failure> {
        Ok(single("--precision", &self.precision)?.unwrap_or(Precision::F32))
    }

    /// The same where a signal is heard meanwhile, though the driver does not hear it.
    pub fn open_heard(
        &self,
        precisions: &[Precision],
        threads: &Threads,
        ctx: &Context,
    ) -> Result<Box<dyn Engine>, Failure> {
        let _watchdog = Watchdog::over_nothing(ctx);
        self.open(precisions, threads)
    }

    /// Opens the device for work in these precisions, with these threads.
    pub fn open(&self, precisions: &[Precision], threads: &Threads) -> Result<Box<dyn Engine>, Failure> {
        let choice = self.device.as_ref().unwrap_or(&DeviceChoice::Auto);
        Ok(device::open(choice, precisions, threads, &|text| note(&format!("{text}\n")))?)
    }
}

impl ThreadArgs {
    /// Starts them, once for a command.
    pub fn start(&self) -> Result<Threads, Failure> {
        device::start_threads(self.threads).map_err(|error| match error {
            ThreadsError::Refused(NoThreads { threads, reason }) => {
                let fewer = if threads > 1 { "give --threads a smaller number, or " } else { "" };
                Failure::refused(format!(
                    "{} could not be started: {reason}; {fewer}raise the limit on processes (ulimit -u)",
                    counted(threads, "worker thread")
                ))
            }
            error => Failure::unusable(error),
        })
    }
}
