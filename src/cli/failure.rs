//! What ends the program: a status, and the sentence that goes with it.

use std::io;

use super::escape::visible;
use super::remedy;
use crate::backend::EngineError;
use crate::data::DataError;
use crate::model::NetworkError;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All done.
    Done = 0,
    /// Failed while running; what was finished is kept.
    Failed = 1,
    /// Unusable arguments or input: nothing started, nothing written.
    Unusable = 2,
    /// Stopped by the time-limit signal; can be resumed.
    TimeLimit = 75,
    /// Interrupted by a signal.
    Interrupted = 130,
}

/// An error with the status it ends the program with.
#[derive(Debug)]
pub struct Failure {
    /// The status.
    pub status: Status,
    /// The sentence for stderr; none where the end is quiet.
    pub error: Option<anyhow::Error>,
}

impl Failure {
    /// Unusable arguments or input, status 2.
    pub fn unusable(error: impl Into<anyhow::Error>) -> Self {
        Self { status: Status::Unusable, error: Some(error.into()) }
    }

    /// Unusable arguments or input, in one sentence, status 2.
    pub fn refused(sentence: impl Into<String>) -> Self {
        Self::unusable(anyhow::Error::msg(sentence.into()))
    }

    /// Failed while running, status 1.
    pub fn running(error: impl Into<anyhow::Error>) -> Self {
        Self { status: Status::Failed, error: Some(error.into()) }
    }

    /// A signal asked to stop, status 130.
    pub fn interrupted() -> Self {
        Self { status: Status::Interrupted, error: Some(anyhow::Error::msg("interrupted")) }
    }

    /// The same of a command that keeps nothing: 130 says that somebody interrupted it, and a batch system that stopped
    /// it at its time limit would start it again for ever.
    pub fn at_a_time_limit(self, reached: bool) -> Self {
        if reached && self.status == Status::Interrupted {
            return Self::running(anyhow::anyhow!(
                "stopped by the time-limit signal, and nothing is kept; give it more time"
            ));
        }
        self
    }

    /// Writing to stdout failed: quiet where the reader has closed the pipe.
    pub fn stdout(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self { status: Status::Done, error: None }
        } else {
            Self::running(anyhow::Error::from(error).context("cannot write to standard output"))
        }
    }

    /// The error and its causes on one line, and what would help, with what a terminal would act on escaped.
    pub fn sentence(&self) -> Option<String> {
        let error = self.error.as_ref()?;
        let found = visible(&format!("{error:#}"));
        Some(match remedy::of(error) {
            // It may hold names and the values of variables, too.
            Some(remedy) => format!("{found}; {}", visible(&remedy)),
            None => found,
        })
    }
}

/// An error without a status of its own happened while running.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::running(error)
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        match error {
            DataError::Write { source, .. } if source.kind() == io::ErrorKind::BrokenPipe => {
                Self { status: Status::Done, error: None }
            }
            // Something was computed when a file is written.
            DataError::Write { .. } => Self::running(error),
            _ => Self::unusable(error),
        }
    }
}

impl From<NetworkError> for Failure {
    fn from(error: NetworkError) -> Self {
        Self::unusable(error)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Refused(_) => Self::unusable(error),
            EngineError::Stopped => Self::interrupted(),
            EngineError::Device { .. } | EngineError::Failed { .. } | EngineError::OutOfRange { .. } => {
                Self::running(error)
            }
        }
    }
}
