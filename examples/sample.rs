//! Kernels of random networks of finite width, and how far they are from their limit.

use eoc_ntk::backend::{Engine, Job, Precision, cpu::CpuEngine};
use eoc_ntk::data::DataSet;
use eoc_ntk::limit::Limit;
use eoc_ntk::math::activation::Activation;
use eoc_ntk::model::{Network, Schedule};
use eoc_ntk::sampler::SamplerChoice;

/// Prints the largest deviation of an entry for each width.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = DataSet::new(vec![1.0, 0.0, 0.6, 0.8, -0.8, 0.6], 2)?;
    let engine = CpuEngine::new(2)?;
    let mut worst = Vec::new();
    for width in [64, 1024, 16384] {
        let network = Network::new(Activation::ABS, Schedule::Constant.widths(width, 4)?, 1)?;
        let limit = Limit::new(&data, network.activation(), network.depth(), network.scale());
        let sampler = SamplerChoice::Auto.resolve(data.n(), data.dim(), &network);
        let sampling = engine.open(Job::new(&network, &data, sampler, Precision::F32))?;
        let mut largest = 0f64;
        for sample in sampling.kernels_of(0..32) {
            let sample = sample?;
            let entries = sample.kernel.iter().zip(limit.ntk());
            largest = entries.map(|(k, l)| (k - l).abs()).fold(largest, f64::max);
        }
        println!("width {width}: every entry of 32 networks is within {largest:.4} of its limit");
        worst.push(largest);
    }
    // 256 times as wide is about 16 times as near.
    assert!(worst[2] < worst[0] / 4.0);
    Ok(())
}
