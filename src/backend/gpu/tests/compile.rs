//! The list of pipelines that are compiled ahead.

use crate::backend::gpu::compile::pipelines;
use crate::backend::gpu::device::Options;
use crate::backend::gpu::passes::tests::{choice, device};
use crate::backend::gpu::{GpuEngine, Pass};
use crate::backend::{Engine, Job, Precision, Sampler, Stop, Wanted};
use crate::data::DataSet;
use crate::model::Network;
use crate::stats::Reference;

/// What jobs of several sizes compile is in the list; factorisations stand there for other sizes.
#[test]
fn what_jobs_need_is_in_the_list() {
    if device(&Options::default()).is_none() {
        return;
    }
    // Factorisations are slow on a software adapter: there with the fewest rows.
    let ways: [(bool, u32, &[usize]); 3] = [(true, 256, &[2]), (true, 0, &[20]), (false, 0, &[2, 33])];
    for (fused, algebra, sizes) in ways {
        let options = Options { fused, algebra: Some(algebra), ..Options::default() };
        let gpu = GpuEngine::with(&choice(), 2, &options).unwrap();
        for &n in sizes {
            let reference = Reference::new(&vec![1.0; n * n], n, 1).unwrap();
            let wanted = Wanted { statistics: Some(&reference), ..Wanted::default() };
            let network = Network::new("abs".parse().unwrap(), vec![70, 300], 1).unwrap();
            let data = DataSet::new((0..2 * n).map(|i| (i as f64).sin()).collect(), 2).unwrap();
            for (sampler, precision) in [
                (Sampler::Direct, Precision::F32),
                (Sampler::Conditional, Precision::F32),
                (Sampler::Direct, Precision::F16),
            ] {
                if precision == Precision::F16 && !gpu.device.variant.f16 {
                    continue;
                }
                let sampling = gpu.open(Job::new(&network, &data, sampler, precision)).unwrap();
                sampling.draw(&[1], &wanted, &Stop::never()).unwrap();
            }
        }
        let listed = pipelines(&gpu.device);
        let used = gpu.device.compiled();
        assert!(used.len() >= 6 && listed.len() > 20, "{} {}", used.len(), listed.len());
        for (pass, storage, constants) in used {
            let any_size =
                matches!(pass, Pass::Root | Pass::RootLarge | Pass::Spectrum | Pass::SpectrumLarge);
            let same = listed.iter().any(|pipeline| {
                let bits: Vec<u64> = pipeline.constants.iter().map(|c| c.1.to_bits()).collect();
                pipeline.pass == pass && pipeline.storage == storage && (any_size || bits == constants)
            });
            assert!(same, "{pass:?} {storage:?} {constants:?} is compiled by a job and not listed");
        }
    }
}
