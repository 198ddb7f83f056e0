//! Devices that compute nothing, or leave a pass out: refused when they are opened, and where they are not asked then,
//! no zeros come out of them.

use crate::backend::gpu::device::Options;
use crate::backend::gpu::passes::tests::{choice, device};
use crate::backend::gpu::{GpuEngine, Pass};
use crate::backend::{Engine, EngineError, Job, Precision, Refusal, Sampler, Stop, Wanted};
use crate::data::DataSet;
use crate::model::Network;
use crate::stats::Reference;

fn opened(options: &Options) -> Result<GpuEngine, EngineError> {
    GpuEngine::with(&choice(), 2, options)
}

/// What the self-test says of a device that leaves these passes out.
fn said(options: &Options) -> String {
    match opened(options) {
        Err(EngineError::Refused(refusal @ Refusal::SelfTest { .. })) => refusal.to_string(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("{:?}: taken", options.skipped),
    }
}

#[test]
fn a_device_that_does_nothing_is_refused() {
    if device(&Options::default()).is_none() {
        return;
    }
    let said = said(&Options { skipped: Pass::ALL.to_vec(), ..Options::default() });
    let nothing = "computes wrongly: in a self-test word 0 of row 1000 was 0x00000000, not 0x";
    assert!(said.contains(nothing), "{said}");
    // It opens where nobody asks, which is how its compilers are tried.
    let options = Options { self_test: false, skipped: Pass::ALL.to_vec(), ..Options::default() };
    assert!(opened(&options).is_ok());
}

/// Every pass that small jobs run is one that the self-test notices.
#[test]
fn a_device_that_leaves_a_pass_out_is_refused() {
    if device(&Options::default()).is_none() {
        return;
    }
    let host = Options { algebra: Some(0), ..Options::default() };
    let on_device = Options { algebra: Some(256), ..Options::default() };
    let apart = Options { fused: false, ..host.clone() };
    let (of_host, of_device, of_both) = (
        [Pass::Forward, Pass::Backward, Pass::Reduce, Pass::Project, Pass::Gram],
        [Pass::Root, Pass::Transpose, Pass::Couple, Pass::Assemble, Pass::Spectrum],
        [Pass::Project, Pass::Gram, Pass::Draw],
    );
    for (options, passes) in [(&host, &of_host[..]), (&on_device, &of_device), (&apart, &of_both)] {
        for pass in passes {
            let said = said(&Options { skipped: vec![*pass], ..options.clone() });
            assert!(said.contains(", not ") || said.contains("it failed"), "{pass:?}: {said}");
        }
    }
}

/// What is zero in a kernel and must not be is an error, in a run as well.
#[test]
fn kernels_of_zeros_are_an_error() {
    if device(&Options::default()).is_none() {
        return;
    }
    let network = Network::new("relu".parse().unwrap(), vec![200, 150], 1).unwrap();
    let data = DataSet::new(vec![1.0, 2.0, -3.0, 1.0], 2).unwrap();
    let reference = Reference::new(&[1.0, 0.0, 0.0, 1.0], 2, 1).unwrap();
    let statistics = Wanted { statistics: Some(&reference), ..Wanted::default() };
    let all_but =
        |kept: &[Pass]| Pass::ALL.into_iter().filter(|pass| !kept.contains(pass)).collect::<Vec<_>>();
    for f64 in [true, false] {
        for (skipped, wanted, what) in [
            (all_but(&[]), Wanted::KERNEL, "K(x, x) of point 0 is 0"),
            (all_but(&[Pass::Spectrum]), statistics, "K(x, x) of point 0 is 0"),
            // No activations: every layer would be dead.
            (all_but(&[Pass::Assemble]), Wanted::KERNEL, "NaN"),
            (all_but(&[Pass::Assemble, Pass::Spectrum]), statistics, "NaN"),
        ] {
            let (self_test, algebra) = (false, Some(256));
            let said = format!("{skipped:?} left out, {wanted:?}");
            let options = Options { f64, self_test, algebra, skipped, ..Options::default() };
            let gpu = opened(&options).unwrap();
            let job = Job::new(&network, &data, Sampler::Direct, Precision::F32);
            let error = gpu.open(job).unwrap().draw(&[4], &wanted, &Stop::never()).unwrap_err().to_string();
            assert!(error.starts_with("seed 4") && error.contains(what), "{said}: {error}");
        }
    }
}
