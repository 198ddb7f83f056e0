//! What would help against an error of the library, in the words of the command line.

use eoc_ntk::study::export::ExportError;
use eoc_ntk::study::merge::MergeError;
use eoc_ntk::study::run::RunError;
use eoc_ntk::study::store::{Remedy, StoreError};

/// The remedy of an error or of one of its causes; none where none is known.
pub fn of(error: &anyhow::Error) -> Option<&'static str> {
    error.chain().find_map(|cause| store(cause)?.remedy()).map(words)
}

/// The error of a run directory that this is, or that it hands on.
fn store<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e StoreError> {
    let run = || match error.downcast_ref() {
        Some(RunError::Store(error)) => Some(error),
        _ => None,
    };
    let merge = || match error.downcast_ref() {
        Some(MergeError::Store(error)) => Some(error),
        _ => None,
    };
    let export = || match error.downcast_ref() {
        Some(ExportError::Store(error)) => Some(error),
        _ => None,
    };
    error.downcast_ref().or_else(run).or_else(merge).or_else(export)
}

fn words(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::DirectoryForRun => "give a new or empty directory, or one that eoc run has written",
        Remedy::DirectoryOfRun => "give a directory that eoc run has written",
        Remedy::WaitOrOtherDirectory => "wait for it to end, or give another --out",
        Remedy::OtherDirectoryOrStudy => {
            "give another --out, or resume what is there with the study.toml in it"
        }
        Remedy::OtherDirectoryOrVersion => {
            "give another directory, or use the version of eoc that began this one"
        }
        Remedy::CopyOrOtherDirectory => "restore it from a copy, or start anew in another directory",
    }
}
