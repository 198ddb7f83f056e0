//! What computes: devices by the names that the program knows, opened once for a process.

use std::sync::{Arc, Mutex, PoisonError};

use eoc_ntk::Threads;
use eoc_ntk::backend::{Engine, Precision};
use eoc_ntk::cli::shared;
use pyo3::prelude::*;

use crate::argument::{Given, whole, word};
use crate::failure::Failure;
use crate::working::{Done, waiting};

/// Devices that stay open.
const OPEN: usize = 4;

/// What computes, as given.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct EngineArguments<'py> {
    sampler: Given<'py>,
    precision: Given<'py>,
    device: Given<'py>,
    threads: Given<'py>,
}

/// Which device, with how many threads.
#[derive(Clone, PartialEq)]
pub struct Place {
    /// A process that was forked has none of the threads of the first.
    process: u32,
    device: String,
    precisions: Vec<Precision>,
    threads: Option<usize>,
}

impl EngineArguments<'_> {
    /// The sampler, `auto` or one of its names.
    pub fn sampler(&self) -> PyResult<eoc_ntk::sampler::SamplerChoice> {
        word("sampler", &self.sampler)
    }

    /// The arithmetic.
    pub fn precision(&self) -> PyResult<Precision> {
        word("precision", &self.precision)
    }

    /// Which device, for work in these precisions.
    pub fn place(&self, precisions: &[Precision]) -> PyResult<Place> {
        let device: String = self.device.extract().map_err(|_| {
            Failure::Unusable(
                "device must be a name: auto, cpu, gpu, gpu:INDEX, gpu:PART-OF-A-NAME or gpu:all".to_owned(),
            )
        })?;
        // A name that means no device is refused before anything starts.
        device.parse::<shared::DeviceChoice>().map_err(|error| Failure::unusable(&error))?;
        let threads = whole("threads", &self.threads)?;
        shared::thread_count(threads).map_err(Failure::from)?;
        let mut precisions = precisions.to_vec();
        precisions.dedup();
        Ok(Place { process: std::process::id(), device, precisions, threads })
    }
}

/// An opened device with its threads.
#[derive(Clone)]
pub struct Opened {
    place: Place,
    /// Worker threads, which the device shares.
    pub threads: Threads,
    /// The device.
    pub engine: Arc<dyn Engine>,
}

static ALL: Mutex<Vec<Opened>> = Mutex::new(Vec::new());

/// Opens a device, or takes it from those that are open; what is to be said of it is a warning.
pub fn open(place: &Place, done: &Done) -> Result<Opened, Failure> {
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(opened) = all.iter().find(|opened| opened.place == *place) {
        return Ok(opened.clone());
    }
    let choice = place.device.parse().map_err(|error: shared::UnknownDevice| Failure::unusable(&error))?;
    let threads = shared::start_threads(place.threads)?;
    let engine = shared::open(&choice, &place.precisions, &threads, &|text| done.warn(text))?;
    let opened = Opened { place: place.clone(), threads, engine: Arc::from(engine) };
    if all.len() >= OPEN {
        all.remove(0);
    }
    all.push(opened.clone());
    Ok(opened)
}

impl Opened {
    /// Hands on the result of work on this device, which is opened anew where it broke.
    pub fn result<T>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
        if matches!(result, Err(Failure::Broke(_))) {
            let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|opened| opened.place != self.place);
        }
        result
    }
}

/// The devices of this machine as a JSON array.
#[pyfunction]
pub fn devices(py: Python<'_>) -> PyResult<String> {
    waiting(py, || Ok(shared::devices(&shared::start_threads(None)?).to_string()))
}
