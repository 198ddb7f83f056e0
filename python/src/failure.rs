//! What went wrong, as an exception: ValueError for what is unusable, RuntimeError for what broke while running, with
//! what would help in terms of parameters.

use std::error::Error;
use std::fmt::Write;

use eoc_ntk::backend::{EngineError, Precision, Refusal, Remedy, Sampler};
use eoc_ntk::cli::shared::ThreadsError;
use eoc_ntk::data::DataError;
use eoc_ntk::model::{NetworkError, ShapeError};
use pyo3::PyErr;
use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError, PyValueError};

/// Why there is no result.
#[derive(Debug)]
pub enum Failure {
    /// The arguments, or what they ask for: ValueError.
    Unusable(String),
    /// Something broke while running: RuntimeError.
    Broke(String),
    /// It was asked to stop: KeyboardInterrupt.
    Stopped,
}

impl Failure {
    /// What cannot be used, from an error of the library.
    pub fn unusable(error: &(dyn Error + 'static)) -> Self {
        Self::Unusable(sentence(error))
    }

    /// What broke while running.
    pub fn broke(error: &(dyn Error + 'static)) -> Self {
        Self::Broke(sentence(error))
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unusable(sentence) => PyValueError::new_err(sentence),
            Failure::Broke(sentence) => PyRuntimeError::new_err(sentence),
            Failure::Stopped => PyKeyboardInterrupt::new_err(()),
        }
    }
}

/// An error and its causes on one line, and what would help.
pub fn sentence(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut remedies: &[Remedy] = &[];
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(engine) = cause.downcast_ref::<EngineError>() {
            remedies = engine.remedies();
        }
        next = cause.source();
        if let Some(source) = next {
            // Writing to a string does not fail.
            let _ = write!(text, ": {source}");
        }
    }
    advised(text, remedies)
}

/// A sentence with what would help: one of these or another, where there are any.
pub fn advised(text: String, remedies: &[Remedy]) -> String {
    let words: Vec<&str> = remedies.iter().map(|remedy| word(*remedy)).collect();
    if words.is_empty() { text } else { format!("{text}; use {}", words.join(" or ")) }
}

fn word(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::SamplerConditional => "sampler=\"conditional\", whose memory does not grow with the width,",
        Remedy::Sampler(Sampler::Direct) => "sampler=\"direct\"",
        Remedy::Sampler(Sampler::Conditional) => "sampler=\"conditional\"",
        Remedy::SmallerWidth => "a smaller width",
        Remedy::WiderLayers => "wider layers",
        Remedy::FewerPoints => "fewer points or outputs",
        Remedy::SmallerWeights => "smaller weights",
        Remedy::StandardParameterization => "parameterization=\"standard\"",
        Remedy::Precision(Precision::F16) => "precision=\"f16\"",
        Remedy::Precision(Precision::F32) => "precision=\"f32\"",
        Remedy::Precision(Precision::F64) => "precision=\"f64\" with device=\"cpu\"",
        Remedy::DeviceCpu => "device=\"cpu\"",
        Remedy::DeviceByDevice => "device=\"gpu:INDEX\" for each, with a part of the seeds",
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Refused(_) => Self::unusable(&error),
            EngineError::Stopped => Self::Stopped,
            EngineError::Device { .. } | EngineError::Failed { .. } | EngineError::OutOfRange { .. } => {
                Self::broke(&error)
            }
        }
    }
}

macro_rules! unusable {
    ($($Error:ty),*) => { $(
        impl From<$Error> for Failure {
            fn from(error: $Error) -> Self {
                Self::unusable(&error)
            }
        }
    )* };
}

unusable!(Refusal, ShapeError, NetworkError, DataError);

impl From<ThreadsError> for Failure {
    fn from(error: ThreadsError) -> Self {
        Self::unusable(&error)
    }
}
