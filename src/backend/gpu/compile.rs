//! Every pipeline that a device could need, compiled; nothing runs. So the compilers of a driver can be tried where
//! there is no hardware behind it.

use std::fmt;
use std::time::Instant;

use super::GpuEngine;
use super::device::Device;
use super::module::{Pass, Storage};
use super::passes::{
    assemble, couple, draw, fused, gram, in_workgroup, probe, project, reduce, root, spectrum, transpose,
};
use super::tuning::{CLASSES, Tuning};
use crate::backend::EngineError;

/// One pipeline, compiled.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    /// Pass, type of the numbers in memory and constants.
    pub pipeline: Pipeline,
    /// Seconds that it took.
    pub seconds: f64,
}

/// What makes a pipeline on one device.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// Its shader.
    pub pass: Pass,
    /// What lies around it in memory.
    pub storage: Storage,
    /// Override constants.
    pub constants: Vec<(&'static str, f64)>,
}

impl fmt::Display for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let large = matches!(self.pass, Pass::RootLarge | Pass::SpectrumLarge);
        let storage = match self.storage {
            Storage::F32 if large => "f32, matrices in storage",
            Storage::F32 => "f32",
            Storage::F16 => "f16",
            Storage::F16Small => "f16, small matrices f32",
        };
        write!(f, "{} ({storage})", self.pass.name())?;
        self.constants.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

/// Rows of each class of tunings.
const ROWS: [u32; 3] = [CLASSES[0], CLASSES[1], CLASSES[1] + 1];
/// Matrices to factorise have a pipeline for every even size; these stand for all.
const SIZES: [u32; 6] = [2, 16, 32, 64, 128, 256];

impl GpuEngine {
    /// Compiles every pipeline that this device could need, as it is tuned, and tells of each; factorisations and
    /// spectra at some of their sizes. Ends at the first that the driver refuses.
    pub fn compile(
        &self,
        mut told: impl FnMut(&Compiled) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        for pipeline in pipelines(&self.device) {
            let start = Instant::now();
            self.device.pipeline(pipeline.pass, pipeline.storage, &pipeline.constants);
            let seconds = start.elapsed().as_secs_f64();
            self.device.check().map_err(|error| refused(&pipeline, error))?;
            told(&Compiled { pipeline, seconds })?;
        }
        Ok(())
    }
}

fn refused(pipeline: &Pipeline, error: EngineError) -> EngineError {
    match error {
        EngineError::Device { device, what } => {
            EngineError::Device { device, what: format!("{pipeline} was not compiled: {what}") }
        }
        other => other,
    }
}

/// All of them, in the order of the passes.
pub(super) fn pipelines(device: &Device) -> Vec<Pipeline> {
    let tuning = device.tuning();
    let mut all: Vec<Pipeline> = Vec::new();
    for pass in Pass::ALL {
        let storages = pass.storages().iter().filter(|s| **s == Storage::F32 || device.variant.f16);
        for storage in storages {
            for constants in constants(pass, device, &tuning) {
                let pipeline = Pipeline { pass, storage: *storage, constants };
                if !all.contains(&pipeline) {
                    all.push(pipeline);
                }
            }
        }
    }
    all
}

/// The sets of constants of a pass.
fn constants(pass: Pass, device: &Device, tuning: &Tuning) -> Vec<Vec<(&'static str, f64)>> {
    let target = device.target();
    let most = if device.algebra == 0 { u32::MAX } else { device.algebra };
    let sizes = SIZES.into_iter().filter(|size| *size <= most);
    let small = sizes.clone().filter(|size| in_workgroup(&target, *size));
    let large = sizes.filter(|size| !in_workgroup(&target, *size));
    match pass {
        Pass::Project => ROWS.map(|rows| project::plain_constants(tuning, rows).to_vec()).into(),
        Pass::ProjectCooperative => {
            let of = |tile| project::cooperative_constants(tile, target.subgroup).to_vec();
            device.variant.cooperative.map(of).into_iter().collect()
        }
        Pass::Gram => {
            // As many parts at a time as a layer has, up to those of the tuning.
            let of = |rows| (0..8).map(move |power| gram::constants(tuning, rows, 1 << power).to_vec());
            ROWS.into_iter().flat_map(of).collect()
        }
        Pass::Reduce => vec![reduce::constants().into()],
        Pass::Draw => vec![draw::constants().into()],
        Pass::Forward | Pass::Backward => {
            let rows = ROWS.into_iter().filter(|rows| fused::fits(device, *rows));
            rows.map(|rows| fused::constants(tuning, rows).to_vec()).collect()
        }
        Pass::Root => small.map(|size| root::constants(tuning, size).to_vec()).collect(),
        Pass::RootLarge => large.map(|size| root::constants(tuning, size).to_vec()).collect(),
        Pass::Transpose => vec![transpose::constants().into()],
        Pass::Couple => vec![couple::constants().into()],
        Pass::Assemble => vec![assemble::constants().into()],
        Pass::Spectrum => small.map(|size| spectrum::constants(tuning, size).to_vec()).collect(),
        Pass::SpectrumLarge => large.map(|size| spectrum::constants(tuning, size).to_vec()).collect(),
        Pass::Probe => vec![probe::constants().into()],
    }
}
