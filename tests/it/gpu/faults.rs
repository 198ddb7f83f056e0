//! A device that is refused, lost or too small: a sentence, and everything finished is kept.

use std::cell::Cell;
use std::fs;
use std::sync::atomic::AtomicBool;

use eoc_ntk::backend::gpu::{Choice, GpuEngine, Kind, Options, list};
use eoc_ntk::backend::{Engine, EngineError, MeasuredSample, Precision};
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::Network;
use eoc_ntk::sampler::{Sampler, Sampling};
use eoc_ntk::stats::Reference;
use eoc_ntk::study::run::{self, Estimate, KernelSource, Observer, Progress, RunError, Settings};
use eoc_ntk::study::store::{Reader, Session, Store};
use eoc_ntk::study::{Cell as StudyCell, Plan, Shard, file};

use super::super::support::points;
use super::{open, skip};

const STUDY: &str = "name = 'lost'\nseeds = 24\n[network]\nactivation = 'relu'\ndepth = 3\nwidth = 50\n[data]\n\
                     source = 'sphere:n=4,dim=3,seed=1'\n";

#[test]
fn a_lost_device_is_an_error_from_then_on() {
    let Some(gpu) = open(&Options::default()) else { return skip("a lost device") };
    let network = Network::new(Activation::RELU, vec![50, 50], 1).unwrap();
    let data = points(4, 3, 1);
    for sampler in [Sampler::Direct, Sampler::Conditional] {
        let gpu = open(&Options::default()).unwrap();
        let sampling = Sampling::new(&gpu, &network, &data, sampler, Precision::F32).unwrap();
        assert!(sampling.batch(&[1, 2]).is_ok());
        gpu.lose();
        for _ in 0..2 {
            let error = sampling.batch(&[1, 2]).unwrap_err();
            assert!(matches!(error, EngineError::Device { .. }), "{error}");
            assert!(error.to_string().contains(&gpu.info().name), "{error}");
        }
    }
    // Another device of the same adapter goes on.
    assert!(
        Sampling::new(&gpu, &network, &data, Sampler::Direct, Precision::F32).unwrap().batch(&[1]).is_ok()
    );
}

/// Kernels from a GPU that is lost after so many batches.
struct Failing<'e> {
    engine: &'e GpuEngine,
    sampling: Sampling<'e>,
    left: Cell<usize>,
}

impl KernelSource for Failing<'_> {
    fn batch_size(&self) -> usize {
        4
    }
    fn estimate(&self) -> Estimate {
        self.sampling.estimate()
    }
    fn measure(&self, seeds: &[u64], reference: &Reference) -> Result<Vec<MeasuredSample>, EngineError> {
        if self.left.get() == 0 {
            self.engine.lose();
        }
        self.left.set(self.left.get().saturating_sub(1));
        self.sampling.measure(seeds, reference)
    }
}

struct Silent;

impl Observer for Silent {
    fn progress(&mut self, _: &Progress) {}
}

/// Lost in the middle of a run: the finished rows stay, and the CPU goes on with the rest.
#[test]
fn a_run_outlives_its_device() {
    let Some(gpu) = open(&Options::default()) else { return skip("a run outlives its device") };
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("run");
    let plan = Plan::new(file::parse(STUDY).unwrap()).unwrap();
    let session = || Session {
        started: 0,
        version: String::new(),
        commit: String::new(),
        device: gpu.info().name.clone(),
        driver: String::new(),
        threads: 2,
    };
    let open_cell = |cell: &StudyCell| -> Result<Box<dyn KernelSource + '_>, EngineError> {
        let sampling = Sampling::new(&gpu, &cell.network, &cell.data.points, cell.sampler, cell.precision)?;
        Ok(Box::new(Failing { engine: &gpu, sampling, left: Cell::new(3) }))
    };
    let costs = run::check(&plan, &open_cell).unwrap();
    {
        let mut store = Store::open(&dir, &plan, Shard::WHOLE, session(), || run::limits(&plan)).unwrap();
        let settings = Settings { device: &gpu.info().name, threads: 2, batch: None, shard: Shard::WHOLE };
        let stop = AtomicBool::new(false);
        let error =
            run::run(&plan, &mut store, &open_cell, &costs, &settings, &stop, &mut Silent).unwrap_err();
        assert!(matches!(error, RunError::Engine { source: EngineError::Device { .. }, .. }), "{error}");
    }
    let mut kept = Vec::new();
    Reader::open(&dir)
        .unwrap()
        .for_each(|row| {
            kept.push((row.seed, row.device.to_string()));
            Ok::<(), eoc_ntk::study::store::StoreError>(())
        })
        .unwrap();
    let expected: Vec<(u64, String)> = (0..12).map(|seed| (seed, gpu.info().name.clone())).collect();
    assert_eq!(kept, expected);
    fs::write(temp.path().join("lost.toml"), STUDY).unwrap();
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_eoc"))
        .args(["run", "lost.toml", "--out", "run", "--device", "cpu"])
        .current_dir(temp.path())
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
    let mut devices = Vec::new();
    Reader::open(&dir)
        .unwrap()
        .for_each(|row| {
            devices.push(row.device.to_string());
            Ok::<(), eoc_ntk::study::store::StoreError>(())
        })
        .unwrap();
    assert_eq!(devices.len(), 24);
    assert_eq!(devices.iter().filter(|d| d.starts_with("cpu ")).count(), 12);
}

#[test]
fn what_the_device_cannot_do_is_refused_before_the_start() {
    let Some(gpu) = open(&Options { memory: Some(1 << 20), ..Options::default() }) else {
        return skip("refusals");
    };
    let network = Network::new(Activation::RELU, vec![50, 50], 1).unwrap();
    let refused = |n: usize, precision| match Sampling::new(
        &gpu,
        &network,
        &points(n, 3, 1),
        Sampler::Direct,
        precision,
    ) {
        Err(EngineError::Refused(sentence)) => sentence,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted"),
    };
    assert!(refused(2, Precision::F64).contains("CPU"));
    let sentence = refused(2000, Precision::F32);
    assert!(sentence.contains("GiB") && sentence.contains("2000 points"), "{sentence}");
}

#[test]
fn unknown_devices_are_refused_with_those_there_are() {
    if open(&Options::default()).is_none() {
        return skip("unknown devices");
    }
    for choice in [Choice::Index(99), Choice::Named("no such card".to_owned())] {
        let error = match GpuEngine::new(&choice, 1) {
            Err(EngineError::Refused(sentence)) => sentence,
            _ => panic!("accepted"),
        };
        assert!(error.contains(&list()[0].name), "{error}");
    }
    // A software adapter is no real GPU.
    if list().iter().all(|d| d.kind == Kind::Software) {
        assert!(matches!(GpuEngine::new(&Choice::BestReal, 1), Err(EngineError::Refused(_))));
    }
}
