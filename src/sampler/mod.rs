//! The two samplers of one law, written once over the engines.
//!
//! `direct` draws every weight; `conditional` draws K(θ) from exactly the same law without forming any hidden weight,
//! in time linear in the width. Both are an order of calls on a [`Batch`](crate::backend::Batch).

mod auto;
mod conditional;
mod direct;
mod explicit;

pub use crate::backend::{KernelSample, MeasuredSample, Sampler};
pub use crate::data::weights::WeightMatrix;
pub use auto::{SamplerChoice, UnknownSampler, relative_cost};
pub use explicit::ExplicitKernel;

use std::ops::Range;

use crate::backend::{Engine, EngineError, Job, Plan, Precision, Script, Weights};
use crate::data::DataSet;
use crate::model::Network;
use crate::stats::Reference;

/// A network on a data set, ready to be sampled on an engine.
pub struct Sampling<'e> {
    engine: &'e dyn Engine,
    job: Job,
    plan: Plan,
    script: Script,
}

impl<'e> Sampling<'e> {
    /// Plans the work and checks it against the device and its memory; refuses what cannot run.
    pub fn new(
        engine: &'e dyn Engine,
        network: &Network,
        data: &DataSet,
        sampler: Sampler,
        precision: Precision,
    ) -> Result<Self, EngineError> {
        Self::of(engine, network, data, sampler, precision, Weights::Drawn)
    }

    fn of(
        engine: &'e dyn Engine,
        network: &Network,
        data: &DataSet,
        sampler: Sampler,
        precision: Precision,
        weights: Weights,
    ) -> Result<Self, EngineError> {
        let outline = Job::outline(network.clone(), data.n(), data.dim(), sampler, precision, weights);
        // Refused before anything of the size of the kernel is made.
        let plan = engine.plan(&outline)?;
        let job = outline.with_points(data.values());
        Ok(Self { engine, job, plan, script: script(sampler) })
    }

    /// How the engine will do it: memory, seeds at a time, estimated time.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Seeds that make up to about a second of work; at least one.
    pub fn batch_size(&self) -> usize {
        self.plan.seeds_per_batch
    }

    /// The kernels of these seeds, in this order. The same numbers however seeds are put into batches.
    pub fn batch(&self, seeds: &[u64]) -> Result<Vec<KernelSample>, EngineError> {
        self.engine.run(&self.job, &self.plan, seeds, self.script)
    }

    /// The statistics of the same kernels against K∞, made where the kernels are.
    pub fn measure(&self, seeds: &[u64], reference: &Reference) -> Result<Vec<MeasuredSample>, EngineError> {
        self.engine.measure(&self.job, &self.plan, seeds, self.script, reference)
    }

    /// The kernels of a range of seeds, in order, computed batch by batch; dropping the iterator cancels the rest.
    pub fn kernels(&self, seeds: Range<u64>) -> impl Iterator<Item = Result<KernelSample, EngineError>> + '_ {
        let size = self.batch_size() as u64;
        let starts = (seeds.start..seeds.end).step_by(size as usize);
        starts.flat_map(move |start| {
            let batch: Vec<u64> = (start..start.saturating_add(size).min(seeds.end)).collect();
            match self.batch(&batch) {
                Ok(samples) => samples.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            }
        })
    }
}

/// The order of calls that makes a sampler.
pub fn script(sampler: Sampler) -> Script {
    match sampler {
        Sampler::Direct => direct::script,
        Sampler::Conditional => conditional::script,
    }
}
