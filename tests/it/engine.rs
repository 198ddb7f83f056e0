//! What the engine promises: the same bytes whatever the batch, the threads and the memory.

use eoc_ntk::backend::cpu::CpuEngine;
use eoc_ntk::backend::{Engine, EngineError, Job, KernelSample, Precision, Stop};
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::Network;
use eoc_ntk::sampler::Sampler;

use super::support::{kernels, points, relative};

fn net(hidden: &[u64], outputs: usize) -> Network {
    Network::new(Activation::RELU, hidden.to_vec(), outputs).unwrap()
}

#[test]
fn threads_and_batches_do_not_move_a_bit() {
    let (network, data) = (net(&[300, 2500, 130], 2), points(5, 7, 1));
    for (sampler, precision) in [
        (Sampler::Direct, Precision::F32),
        (Sampler::Conditional, Precision::F32),
        (Sampler::Conditional, Precision::F64),
    ] {
        let reference = kernels(&network, &data, sampler, precision, 0..5);
        for threads in [1, 3, 4] {
            let engine = CpuEngine::new(threads).unwrap();
            let sampling = engine.open(Job::new(&network, &data, sampler, precision)).unwrap();
            let all = sampling.kernels(&[0, 1, 2, 3, 4], &Stop::never()).unwrap();
            assert_eq!(all, reference, "{threads} threads");
            let mixed: Vec<KernelSample> = sampling.kernels(&[4, 2], &Stop::never()).unwrap();
            assert_eq!((&mixed[0], &mixed[1]), (&reference[4], &reference[2]));
            assert_ne!(mixed[0].kernel, mixed[1].kernel);
        }
    }
}

/// Panels and weights that are drawn again are the ones that would have been kept.
#[test]
fn keeping_and_drawing_again_give_the_same_bits() {
    let (network, data) = (net(&[300, 2500, 130], 2), points(5, 7, 1));
    let engine = CpuEngine::new(2).unwrap();
    let redrawing = CpuEngine::new(2).unwrap().drawing_again();
    for sampler in [Sampler::Direct, Sampler::Conditional] {
        let drawn = |engine: &CpuEngine, keep| {
            let sampling = engine.open(Job::new(&network, &data, sampler, Precision::F32)).unwrap();
            assert_eq!(sampling.plan().keep, keep);
            sampling.kernels(&[8], &Stop::never()).unwrap()
        };
        assert_eq!(drawn(&redrawing, false), drawn(&engine, true), "{sampler}");
    }
}

/// The portable build of the passes and the widest one agree to rounding (they differ in fused products).
#[test]
fn instruction_sets_agree_to_rounding() {
    let (network, data) = (net(&[300, 250, 130], 2), points(5, 7, 1));
    let portable = CpuEngine::portable(2).unwrap();
    assert_eq!(portable.info().driver, "baseline");
    for sampler in [Sampler::Direct, Sampler::Conditional] {
        for (precision, bound) in [(Precision::F32, 3e-6), (Precision::F64, 1e-12)] {
            let fast = kernels(&network, &data, sampler, precision, 3..4);
            let slow = portable
                .open(Job::new(&network, &data, sampler, precision))
                .unwrap()
                .kernels(&[3], &Stop::never())
                .unwrap();
            let error = relative(&slow[0].kernel, &fast[0].kernel);
            assert!(error < bound, "{sampler} {precision}: {error}");
        }
    }
}

#[test]
fn what_cannot_run_is_refused_before_the_start() {
    let engine = CpuEngine::new(1).unwrap();
    let refused = |network: &Network, n: usize, precision| {
        let data = points(n, 2, 1);
        match engine.open(Job::new(network, &data, Sampler::Direct, precision)) {
            Err(EngineError::Refused(refusal)) => refusal.to_string(),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("accepted"),
        }
    };
    assert!(refused(&net(&[4], 1), 2, Precision::F16).contains("GPU"));
    // 400 000 × 400 000 entries of 8 bytes.
    assert!(refused(&net(&[4], 4000), 100, Precision::F32).contains("iB of memory"));
}

#[test]
fn kernels_come_in_order_and_stop_when_dropped() {
    let (network, data) = (net(&[20], 1), points(3, 2, 1));
    let engine = CpuEngine::new(2).unwrap();
    let sampling = engine.open(Job::new(&network, &data, Sampler::Conditional, Precision::F32)).unwrap();
    let seeds: Vec<u64> = sampling.kernels_of(7..u64::MAX / 4).take(9).map(|k| k.unwrap().seed).collect();
    assert_eq!(seeds, (7..16).collect::<Vec<_>>());
}
