//! What is kept of each GPU between runs: its tuning, and that it has passed the self-test, each a small file per
//! adapter, driver and version in the user's cache directory.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::failure::Failure;
use super::version::{COMMIT, VERSION};
use crate::backend::gpu::{Choice, Description, Found, GpuEngine, Options, Tuning, find};
use crate::backend::{EngineError, Refusal};
use crate::{Threads, files};

/// What a file holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// Name of the adapter.
    device: String,
    /// Its driver.
    driver: String,
    /// Version of this program.
    version: String,
    tuning: Tuning,
}

/// Opens a GPU as it was tuned, or with the defaults of its kind.
pub fn open(choice: &Choice, threads: &Threads) -> Result<GpuEngine, EngineError> {
    let found = find(choice).map_err(|e| Refusal::Adapter(e.to_string()))?;
    open_found(&found, threads, Options::default())
}

/// The same for an adapter that was found, with other options.
pub fn open_found(found: &Found, threads: &Threads, options: Options) -> Result<GpuEngine, EngineError> {
    let tuning = load(&found.description);
    tracing::info!("{}: {}", found.description.name, if tuning.is_some() { "tuned" } else { "not tuned" });
    let options = Options { tuning, ..options };
    let identity = tested(&found.description, &options);
    let Some(file) = folder().filter(|_| options.self_test).map(|folder| path(&folder, "tested", &identity))
    else {
        return GpuEngine::on(found, threads, &options);
    };
    let passed = fs::read_to_string(&file).is_ok_and(|text| text == identity);
    let engine = GpuEngine::on(found, threads, &Options { self_test: !passed, ..options })?;
    if !passed {
        // A cache that cannot be written is no error: the test is run again.
        let kept = file.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok())
            && files::write(&file, identity.as_bytes()).is_ok();
        tracing::debug!(
            "{}: self-test {}",
            found.description.name,
            if kept { "remembered" } else { "not remembered" }
        );
    }
    Ok(engine)
}

/// What a self-test has tried: this adapter and driver with the shaders of this build as they were tuned.
fn tested(description: &Description, options: &Options) -> String {
    let tuning = options.tuning.unwrap_or_default();
    let of_build = format!("eoc {VERSION} ({COMMIT})\nprofile {}\n{tuning}\n", options.profile);
    format!("{}\n{}\ngpu:{}\n{of_build}", description.name, driver(description), description.index)
}

/// The tuning of an adapter that was kept; none where there is none, or it is of another driver or version.
pub fn load(description: &Description) -> Option<Tuning> {
    load_from(&folder()?, description)
}

fn load_from(folder: &Path, description: &Description) -> Option<Tuning> {
    let text = fs::read_to_string(of_tuning(folder, description)).ok()?;
    let record: Record = toml::from_str(&text).ok()?;
    let same = record.device == description.name
        && record.driver == driver(description)
        && record.version == VERSION;
    (same && record.tuning.runs_on(description)).then_some(record.tuning)
}

/// Refuses where a tuning could not be kept, before anything is measured.
pub fn check_folder() -> Result<(), Failure> {
    let folder = needed_folder()?;
    let made = fs::create_dir_all(&folder).and_then(|()| tempfile::NamedTempFile::new_in(&folder));
    made.map(drop).map_err(|error| {
        let what = format!("the tuning could not be kept in {}: {}", folder.display(), error.kind());
        Failure::refused(format!("{what}; set XDG_CACHE_HOME to a directory that can be written"))
    })
}

/// Keeps a tuning; returns where.
pub fn save(description: &Description, tuning: Tuning) -> Result<PathBuf, Failure> {
    save_in(&needed_folder()?, description, tuning)
}

fn needed_folder() -> Result<PathBuf, Failure> {
    folder().ok_or_else(|| {
        Failure::refused("there is no directory to keep the tuning in; set XDG_CACHE_HOME or HOME to one")
    })
}

fn save_in(folder: &Path, description: &Description, tuning: Tuning) -> Result<PathBuf, Failure> {
    let path = of_tuning(folder, description);
    let record = Record {
        device: description.name.clone(),
        driver: driver(description),
        version: VERSION.to_owned(),
        tuning,
    };
    let write = || -> anyhow::Result<()> {
        let text = toml::to_string(&record)?;
        fs::create_dir_all(folder)?;
        Ok(files::write(&path, text.as_bytes())?)
    };
    match write() {
        Ok(()) => Ok(path),
        Err(error) => {
            Err(Failure::running(error.context(format!("{} could not be written", path.display()))))
        }
    }
}

fn driver(description: &Description) -> String {
    format!("{} {}", description.backend, description.driver)
}

/// Where it is kept.
fn folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").or_else(|| set("LOCALAPPDATA"));
    Some(cache.or_else(|| Some(set("HOME")?.join(".cache")))?.join("eoc"))
}

/// The file of the tuning of an adapter.
fn of_tuning(folder: &Path, description: &Description) -> PathBuf {
    path(folder, "tuning", &format!("{}\n{}\n{VERSION}", description.name, driver(description)))
        .with_extension("toml")
}

/// The file of a kind about what a text identifies.
fn path(folder: &Path, kind: &str, identity: &str) -> PathBuf {
    let hash: String =
        Sha256::digest(identity.as_bytes()).iter().take(8).map(|b| format!("{b:02x}")).collect();
    folder.join(format!("{kind}-{hash}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::gpu::Kind;

    fn card(name: &str, workgroup_memory: u32) -> Description {
        Description {
            index: 0,
            name: name.to_owned(),
            backend: "vulkan".to_owned(),
            driver: "driver 1".to_owned(),
            kind: Kind::Discrete,
            reason: None,
            subgroup: [32, 32],
            max_storage_binding: 1 << 31,
            max_buffer: 1 << 31,
            workgroup_memory,
            f16: true,
            f64: true,
            int64: true,
            timestamps: true,
            cooperative: Vec::new(),
        }
    }

    #[test]
    fn a_tuning_is_of_its_adapter_alone() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("not").join("there yet");
        let (one, other) = (card("one", 48 << 10), card("other", 48 << 10));
        let tuning = Tuning { gram: [[4, 4], [8, 4], [16, 1]], ..Tuning::default() };
        assert_eq!(load_from(&folder, &one), None);
        let path = save_in(&folder, &one, tuning).unwrap();
        assert_eq!((load_from(&folder, &one), load_from(&folder, &other)), (Some(tuning), None));
        // Another driver is another device; so is one whose memory the tuning does not fit.
        let newer = Description { driver: "driver 2".to_owned(), ..one.clone() };
        fs::copy(&path, of_tuning(&folder, &newer)).unwrap();
        assert_eq!(load_from(&folder, &newer), None);
        assert_eq!(load_from(&folder, &card("one", 8 << 10)), None);
        // What cannot be read is as good as none, and a value out of range is not taken.
        let text = fs::read_to_string(&path).unwrap();
        for broken in [
            "",
            "tuning = 3",
            &text.replace("[tuning]", "[tuning]\nsquare = 3"),
            &text.replace("[4, 4]", "[3, 4]"),
        ] {
            fs::write(&path, broken).unwrap();
            assert_eq!(load_from(&folder, &one), None, "{broken}");
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    }
}
