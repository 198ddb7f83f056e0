//! What would help against an error of the library, in the words of the command line.

use crate::backend::{self, EngineError, Precision, Sampler, gpu};
use crate::data::DataError;
use crate::study::export::ExportError;
use crate::study::merge::MergeError;
use crate::study::questions::QuestionsError;
use crate::study::run::RunError;
use crate::study::store::{Advice, Obstacle, StoreError};

/// What would help where the answers of a directory cannot be read.
pub const ANSWERS: &str = "move the file away, and eoc width --out of the same questions finds them again from the \
                           networks that are there";

/// The remedy of an error or of one of its causes; none where none is known.
pub fn of(error: &anyhow::Error) -> Option<String> {
    let merge = error.chain().any(|cause| cause.downcast_ref::<MergeError>().is_some());
    let of_store = || error.chain().find_map(|cause| store(cause)?.remedy()).map(|r| words(r, merge));
    let engine = error.chain().find_map(|cause| cause.downcast_ref::<EngineError>());
    let unnamed = error.chain().any(|cause| matches!(cause.downcast_ref(), Some(DataError::Unnamed { .. })));
    let tensors =
        || unnamed.then(|| "use --tensors W,W,... to name them in the order of the layers".to_owned());
    let driver = || format!("{error:#}").contains(gpu::CURE).then(driver_files).flatten();
    let answers = || {
        let damaged = |cause: &QuestionsError| !matches!(cause, QuestionsError::Io { .. });
        error.chain().any(|cause| cause.downcast_ref().is_some_and(damaged)).then(|| ANSWERS.to_owned())
    };
    let room = || error.chain().find_map(|cause| room(cause.downcast_ref()?));
    engine
        .and_then(|engine| advice(engine.remedies()))
        .or_else(of_store)
        .or_else(tensors)
        .or_else(driver)
        .or_else(answers)
        .or_else(room)
}

/// What would help where a file could not be opened or written for want of something.
fn room(error: &std::io::Error) -> Option<String> {
    let what = match Obstacle::of(error)? {
        Obstacle::FileSize => "raise the limit on the size of a file (ulimit -f)",
        Obstacle::OpenFiles => "raise the limit on open files (ulimit -n)",
        what @ (Obstacle::Space | Obstacle::Quota | Obstacle::Memory) => against(what),
        // The error says it, and of which file.
        _ => return None,
    };
    Some(format!("{what}, and give the same command again"))
}

/// What would help against what the system refuses.
fn against(what: Obstacle) -> &'static str {
    match what {
        Obstacle::Space => "make room on that disk",
        Obstacle::Quota => "remove files or ask for a larger quota",
        Obstacle::FileSize | Obstacle::OpenFiles => "raise that limit",
        Obstacle::Memory => "give this process more memory",
        Obstacle::Permission => "change the permissions of the file or of its directory",
        Obstacle::ReadOnly => "make it writable, or use a directory on another one",
        Obstacle::Disk => "look at that disk, or at the connection to it",
        Obstacle::Directory => "move that directory away",
    }
}

/// Where the loader of Vulkan was told to look for drivers, which is then why it finds none elsewhere; None where it
/// was told nothing.
pub fn driver_files() -> Option<String> {
    let [name, files] = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].into_iter().find_map(|name| {
        let files = std::env::var_os(name).filter(|files| !files.is_empty())?;
        Some([name.to_owned(), files.to_string_lossy().into_owned()])
    })?;
    let lost = std::env::split_paths(&files).find(|file| !file.exists());
    let named = lost.map_or(files.clone(), |file| format!("{}, which is not there", file.display()));
    Some(format!(
        "the environment variable {name} lets Vulkan look for drivers nowhere but at {named}: unset it, or name the \
         file of a driver"
    ))
}

/// What would help against a device that refuses or fails: one of these or another; none where there are none.
pub fn advice(remedies: &[backend::Remedy]) -> Option<String> {
    let options: Vec<&str> = remedies.iter().map(|remedy| option(*remedy)).collect();
    (!options.is_empty()).then(|| format!("use {}", options.join(" or ")))
}

fn option(remedy: backend::Remedy) -> &'static str {
    use backend::Remedy;
    match remedy {
        Remedy::SamplerConditional => "--sampler conditional, whose memory does not grow with the width,",
        Remedy::Sampler(Sampler::Direct) => "--sampler direct",
        Remedy::Sampler(Sampler::Conditional) => "--sampler conditional",
        Remedy::SmallerWidth => "a smaller width",
        Remedy::WiderLayers => "wider layers",
        Remedy::FewerPoints => "fewer points or outputs",
        Remedy::SmallerWeights => "smaller weights",
        Remedy::StandardParameterization => "--parameterization standard",
        Remedy::Precision(Precision::F16) => "--precision f16",
        Remedy::Precision(Precision::F32) => "--precision f32",
        Remedy::Precision(Precision::F64) => "--precision f64 --device cpu",
        Remedy::DeviceCpu => "--device cpu",
        Remedy::DeviceByDevice => "--device gpu:INDEX for each, with --shard I/N and eoc merge for a study",
    }
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

/// In words, of a merge or not, which keeps what was there and no more.
fn words(advice: Advice, merge: bool) -> String {
    let again = |fix: &str, kept: bool| match (merge, kept) {
        (true, _) => format!("nothing was merged; {fix}, and merge again"),
        (false, true) => format!("finished samples are kept; {fix}, and the same command resumes"),
        (false, false) => format!("{fix}, and give the same command again"),
    };
    let words = match advice {
        Advice::DirectoryForRun => "give a new or empty directory, or one that eoc run has written",
        Advice::DirectoryOfRun => "give a directory that eoc run has written",
        Advice::WaitOrOtherDirectory => "wait for it to end, or give another --out",
        Advice::OtherDirectoryOrStudy => {
            "give another --out, or resume what is there with the study.toml in it"
        }
        Advice::OtherDirectoryOrDetails => {
            "give another --out, or ask for the same tables as the study.toml in it"
        }
        Advice::OtherDirectoryOrVersion => {
            "give another directory, or use the version of eoc that began this one"
        }
        Advice::PutBack | Advice::PutStoreBack if merge => "nothing was merged; put it back, and merge again",
        Advice::PutBack => {
            "finished samples are in it, wherever it is now; put it back or give its new place, and the same command \
             resumes"
        }
        Advice::PutStoreBack => {
            "finished samples are in the file that was there before, and nowhere else; put that one back, and the \
             same command resumes, or give another --out"
        }
        Advice::FileSystemWithLocks => {
            "give a directory on another file system, such as a local disk, and copy it when the run has ended"
        }
        Advice::CloseOther => {
            "finished samples are kept; close what has it open, such as a database viewer, and give the same command \
             again"
        }
        Advice::CopyOrOtherDirectory => "restore it from a copy, or start anew in another directory",
        Advice::Again => "finished samples are kept; give the same command again",
        Advice::Against { what, kept } => return again(against(what), kept),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_is_worded_wherever_in_the_chain_its_error_stands() {
        let refused = || EngineError::from(backend::Refusal::Half { device: None });
        let expected = Some("use --precision f32 or --precision f64 --device cpu".to_owned());
        assert_eq!(of(&anyhow::Error::from(refused())), expected);
        assert_eq!(of(&anyhow::Error::from(refused()).context("cell 3").context("study")), expected);
        assert_eq!(of(&anyhow::Error::msg("no device in it")), None);
        assert_eq!(of(&EngineError::Stopped.into()), None);
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let full = of(&anyhow::Error::from(full).context("cannot write a.npy"));
        assert_eq!(full, Some("make room on that disk, and give the same command again".to_owned()));
    }
}
