//! What ends a study before its first batch.

use super::failure::Failure;
use crate::backend::EngineError;
use crate::study::run::RunError;

/// Before the first batch: what is refused has status 2, a disk that fails status 1.
pub fn refused(error: RunError) -> Failure {
    match error {
        RunError::Engine { source: EngineError::Stopped, .. } => Failure::interrupted(),
        RunError::Store(ref store) if store.is_of_the_machine() => Failure::running(error),
        RunError::Engine { source: EngineError::Refused(_), .. } => Failure::unusable(error),
        RunError::Engine { .. } => Failure::running(error),
        _ => Failure::unusable(error),
    }
}
