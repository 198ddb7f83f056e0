//! Which device a name means, opened as it was tuned; and how many threads compute.

use std::str::FromStr;
use std::thread::available_parallelism;

use super::tuning;
use crate::backend::cpu::CpuEngine;
use crate::backend::gpu::{self, Choice, Description, Kind};
use crate::backend::{Engine, EngineError, Precision, Refusal, Several};
use crate::threads::{NoThreads, Threads};

/// More threads than this are a typing error, not a machine.
const MAX_THREADS: usize = 4096;

/// A device as named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The best there is: a real GPU, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// One GPU.
    Gpu(Choice),
    /// Every GPU that can be used.
    AllGpus,
}

/// The text names no device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("device \"{0}\" is unknown; use auto, cpu, gpu, gpu:INDEX, gpu:PART-OF-A-NAME or gpu:all")]
pub struct UnknownDevice(String);

impl FromStr for DeviceChoice {
    type Err = UnknownDevice;

    fn from_str(text: &str) -> Result<Self, UnknownDevice> {
        let unknown = || UnknownDevice(text.to_owned());
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu(Choice::Best)),
            "gpu:all" => Ok(Self::AllGpus),
            other => match other.strip_prefix("gpu:").ok_or_else(unknown)?.trim() {
                "" => Err(unknown()),
                part => {
                    Ok(Self::Gpu(part.parse().map_or_else(|_| Choice::Named(part.to_owned()), Choice::Index)))
                }
            },
        }
    }
}

/// Opens a device for work in these precisions, with these threads. `note` is told, in a sentence, of a GPU that was
/// passed over because it computes wrongly.
pub fn open(
    choice: &DeviceChoice,
    precisions: &[Precision],
    threads: &Threads,
    note: &dyn Fn(&str),
) -> Result<Box<dyn Engine>, EngineError> {
    let gpu = |choice: &Choice| tuning::open(choice, threads);
    let refused = |text: String| EngineError::from(Refusal::Adapter(text));
    match choice {
        // The CPU has no f16.
        DeviceChoice::Auto if precisions.contains(&Precision::F16) => match gpu(&Choice::BestHalf) {
            Ok(engine) => Ok(Box::new(engine)),
            Err(error) => Err(refused(format!(
                "precision f16 needs a GPU with 16-bit floats: {error}; use f32, or name a device"
            ))),
        },
        // A GPU has no f64; it is no choice for a study that asks for it.
        DeviceChoice::Auto if precisions.iter().all(|p| *p == Precision::F32) => {
            match gpu(&Choice::BestReal) {
                Ok(engine) => Ok(Box::new(engine)),
                Err(error) => {
                    // A GPU that was meant to be taken and is wrong is worth a word; none at all is not.
                    if matches!(error, EngineError::Refused(Refusal::SelfTest { .. })) {
                        note(&format!("{error}; the CPU is taken"));
                    }
                    tracing::info!("no GPU for device auto: {error}");
                    Ok(Box::new(CpuEngine::on(threads)))
                }
            }
        }
        DeviceChoice::Auto | DeviceChoice::Cpu => Ok(Box::new(CpuEngine::on(threads))),
        DeviceChoice::Gpu(choice) => Ok(Box::new(gpu(choice)?)),
        DeviceChoice::AllGpus => {
            let engines: Vec<Box<dyn Engine>> = all_gpus(&gpu::list())
                .into_iter()
                .map(|index| Ok(Box::new(gpu(&Choice::Index(index))?) as Box<dyn Engine>))
                .collect::<Result<_, EngineError>>()?;
            if engines.is_empty() {
                return Err(refused(format!("no GPU was found; {}", gpu::CURE)));
            }
            Ok(Box::new(Several::new(engines)?))
        }
    }
}

/// Why there are no threads to compute with.
#[derive(Debug, thiserror::Error)]
pub enum ThreadsError {
    /// None, or more than any machine has.
    #[error("threads {0} is out of range; use 1 to {MAX_THREADS} threads")]
    Count(usize),
    /// The system starts no more.
    #[error(transparent)]
    Refused(#[from] NoThreads),
}

/// How many threads compute: as many as were asked for, else as affinity and cgroup allow.
pub fn thread_count(asked: Option<usize>) -> Result<usize, ThreadsError> {
    match asked {
        // The standard library asks affinity and cgroup.
        None => Ok(available_parallelism().map_or(1, |n| n.get())),
        Some(n) if (1..=MAX_THREADS).contains(&n) => Ok(n),
        Some(n) => Err(ThreadsError::Count(n)),
    }
}

/// Starts them. Where nobody said how many and the system allows fewer, there are fewer.
pub fn start_threads(asked: Option<usize>) -> Result<Threads, ThreadsError> {
    let mut count = thread_count(asked)?;
    loop {
        match Threads::new(count) {
            Ok(threads) => return Ok(threads),
            Err(error) if asked.is_none() && count > 1 => {
                tracing::info!("{error}");
                count /= 2;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// What gpu:all is: every usable adapter, each card once.
fn all_gpus(list: &[Description]) -> Vec<usize> {
    let usable = || list.iter().filter(|d| d.reason.is_none());
    // A software adapter beside a real GPU would only hold it up.
    let real = usable().any(|d| d.kind != Kind::Software);
    let chosen = || usable().filter(|d| !real || d.kind != Kind::Software);
    // Two graphics interfaces, or two drivers, list the same cards: all of a name are taken from where its first one
    // is.
    let first = |name: &str| chosen().find(|d| d.name == name).map(|d| (&d.backend, &d.driver));
    chosen().filter(|d| first(&d.name) == Some((&d.backend, &d.driver))).map(|d| d.index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_gpus_are_the_real_ones_each_once() {
        let check = |adapters: &[(&str, &str, Kind)], expected: &[usize]| {
            let describe = |(index, &(name, backend, kind)): (usize, &(&str, &str, Kind))| Description {
                index,
                name: name.to_owned(),
                backend: backend.to_owned(),
                driver: format!("{backend} 1.0"),
                kind,
                reason: (name == "broken").then(|| "it is".to_owned()),
                subgroup: [32, 32],
                max_storage_binding: 0,
                max_buffer: 0,
                workgroup_memory: 0,
                f16: false,
                f64: false,
                int64: false,
                timestamps: false,
                cooperative: Vec::new(),
            };
            let list: Vec<Description> = adapters.iter().enumerate().map(describe).collect();
            assert_eq!(all_gpus(&list), expected, "{adapters:?}");
        };
        let (real, soft) = (Kind::Discrete, Kind::Software);
        check(&[], &[]);
        check(&[("soft", "vulkan", soft)], &[0]);
        check(&[("soft", "vulkan", soft), ("A", "vulkan", real), ("A", "vulkan", real)], &[1, 2]);
        check(
            &[("A", "vulkan", real), ("A", "vulkan", real), ("A", "dx12", real), ("A", "dx12", real)],
            &[0, 1],
        );
        check(&[("broken", "vulkan", real), ("A", "dx12", real), ("B", "dx12", real)], &[1, 2]);
    }
}
