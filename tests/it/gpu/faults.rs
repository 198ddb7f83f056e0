//! A device that is refused, lost or too small: a sentence, and everything finished is kept.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eoc_ntk::backend::gpu::{Choice, GpuEngine, Kind, Options, list};
use eoc_ntk::backend::{
    DeviceInfo, Drawn, Engine, EngineError, Job, JobPlan, Precision, Sampling, Stop, Wanted,
};
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::Network;
use eoc_ntk::sampler::Sampler;
use eoc_ntk::study::run::{self, Computing, Observer, Progress, RunError, Settings};
use eoc_ntk::study::store::{Reader, Session, Store};
use eoc_ntk::study::{Limits, Plan, Shard, file};

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
        let sampling = gpu.open(Job::new(&network, &data, sampler, Precision::F32)).unwrap();
        assert!(sampling.kernels(&[1, 2], &Stop::never()).is_ok());
        gpu.lose();
        for _ in 0..2 {
            let error = sampling.kernels(&[1, 2], &Stop::never()).unwrap_err();
            assert!(matches!(error, EngineError::Device { .. }), "{error}");
            assert!(error.to_string().contains(&gpu.info().name), "{error}");
        }
    }
    // Another device of the same adapter goes on.
    assert!(
        gpu.open(Job::new(&network, &data, Sampler::Direct, Precision::F32))
            .unwrap()
            .kernels(&[1], &Stop::never())
            .is_ok()
    );
}

/// A GPU that is lost after so many batches of four seeds.
struct Failing(Arc<GpuEngine>, usize);

impl Engine for Failing {
    fn info(&self) -> &DeviceInfo {
        self.0.info()
    }

    fn plan(&self, job: &Job) -> Result<JobPlan, EngineError> {
        Ok(JobPlan { seeds_per_batch: 4, ..self.0.plan(job)? })
    }

    fn open(&self, job: Job) -> Result<Box<dyn Sampling>, EngineError> {
        let (plan, left) = (self.plan(&job)?, AtomicUsize::new(self.1));
        Ok(Box::new(FailingSampling { engine: Arc::clone(&self.0), plan, inner: self.0.open(job)?, left }))
    }
}

struct FailingSampling {
    engine: Arc<GpuEngine>,
    plan: JobPlan,
    inner: Box<dyn Sampling>,
    left: AtomicUsize,
}

impl Sampling for FailingSampling {
    fn plan(&self) -> &JobPlan {
        &self.plan
    }

    fn draw(&self, seeds: &[u64], wanted: &Wanted, stop: &Stop) -> Result<Vec<Drawn>, EngineError> {
        if self.left.load(Ordering::Relaxed) == 0 {
            self.engine.lose();
        }
        self.left.store(self.left.load(Ordering::Relaxed).saturating_sub(1), Ordering::Relaxed);
        self.inner.draw(seeds, wanted, stop)
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
    let gpu = Arc::new(gpu);
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
    let failing = Failing(Arc::clone(&gpu), 3);
    let costs = run::check(&plan, &failing).unwrap();
    {
        let (limits, stop) = (Limits::default(), Stop::never());
        let records = || run::limits(&plan, &limits, &stop);
        let mut store = Store::open(&dir, &plan, Shard::WHOLE, session(), records).unwrap();
        let settings = Settings { device: &gpu.info().name, threads: 2, batch: None, shard: Shard::WHOLE };
        let computing =
            Computing { engine: &failing, costs: &costs, limits: &limits, settings: &settings, stop: &stop };
        let error = run::run(&plan, &mut store, &computing, &mut Silent).unwrap_err();
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
    // A batch of two, which are the threads, and two of four.
    let expected: Vec<(u64, String)> = (0..10).map(|seed| (seed, gpu.info().name.clone())).collect();
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
    assert_eq!(devices.iter().filter(|d| d.starts_with("cpu ")).count(), 14);
}

#[test]
fn what_the_device_cannot_do_is_refused_before_the_start() {
    let Some(gpu) = open(&Options { memory: Some(1 << 20), ..Options::default() }) else {
        return skip("refusals");
    };
    let network = Network::new(Activation::RELU, vec![50, 50], 1).unwrap();
    let refused = |n: usize, precision| match gpu.open(Job::new(
        &network,
        &points(n, 3, 1),
        Sampler::Direct,
        precision,
    )) {
        Err(EngineError::Refused(refusal)) => refusal.to_string(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted"),
    };
    assert!(refused(2, Precision::F64).contains("CPU"));
    let sentence = refused(2000, Precision::F32);
    assert!(sentence.contains("iB of") && sentence.contains("2000 points"), "{sentence}");
}

/// Within two seconds, as it is promised; a machine with much else to do is given more.
#[cfg(unix)]
#[test]
fn a_signal_ends_a_wide_sample_on_the_device() {
    let Some(gpu) = open(&Options::default()) else { return skip("a signal on the device") };
    let place = tempfile::tempdir().unwrap();
    let network = "sample --activation relu --depth 3 --width 600000000 --data sphere:n=8,dim=4,seed=0 --seeds 2 --out k.npy";
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_eoc"))
        .args(network.split(' '))
        .args(["--device", &format!("gpu:{}", gpu.info().name)])
        .current_dir(place.path())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_secs(4));
    let clock = std::time::Instant::now();
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(
        said.contains("eoc: stopping: nothing is written") && said.ends_with("eoc: interrupted\n"),
        "{said}"
    );
    assert!(clock.elapsed().as_secs() < 10, "{:?}", clock.elapsed());
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn unknown_devices_are_refused_with_those_there_are() {
    if open(&Options::default()).is_none() {
        return skip("unknown devices");
    }
    for choice in [Choice::Index(99), Choice::Named("no such card".to_owned())] {
        let error = match GpuEngine::new(&choice, 1) {
            Err(EngineError::Refused(refusal)) => refusal.to_string(),
            _ => panic!("accepted"),
        };
        assert!(error.contains(&list()[0].name), "{error}");
    }
    // A software adapter is no real GPU.
    if list().iter().all(|d| d.kind == Kind::Software) {
        assert!(matches!(GpuEngine::new(&Choice::BestReal, 1), Err(EngineError::Refused(_))));
    }
}
