//! One case: its network and points, timed rounds, and the check that the answer is right before time is taken.

use std::time::Instant;

use super::memory::forget_peak;
use crate::backend::{Engine, Job, JobPlan, KernelSample, Precision, Sampling, available_memory};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::progress::Meter;
use crate::cli::units::counted;
use crate::data::DataSet;
use crate::limit::{Limit, relative_sd_diagonal};
use crate::math::activation::Activation;
use crate::model::Network;
use crate::rng::{Role, Stream};
use crate::sampler::Sampler;
use crate::sampler::cost::expected_cost;
use crate::stats::Reference;

/// Most seeds of a timed batch.
const MOST_SEEDS: usize = 8192;

/// Points, outputs, depth and width.
pub type Sizes = [u64; 4];

/// What is drawn and what it is measured against.
pub struct Case {
    /// Points, outputs, depth and width.
    pub sizes: Sizes,
    /// Sampler.
    pub sampler: Sampler,
    /// Arithmetic.
    pub precision: Precision,
    network: Network,
    data: DataSet,
    /// K∞.
    pub limit: Limit,
    /// K∞, ready to be compared with.
    pub reference: Reference,
}

/// Seconds per seed: median, least and greatest of the rounds, and each of them.
#[derive(Clone, Debug)]
pub struct Times {
    /// Median.
    pub median: f64,
    /// Least.
    pub least: f64,
    /// Greatest.
    pub greatest: f64,
    /// In the order of the rounds.
    pub rounds: Vec<f64>,
}

impl Times {
    /// From rounds, one at least.
    fn new(rounds: Vec<f64>) -> Self {
        let mut sorted = rounds.clone();
        sorted.sort_by(f64::total_cmp);
        Self {
            median: 0.5 * (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]),
            least: sorted[0],
            greatest: sorted[sorted.len() - 1],
            rounds,
        }
    }

    /// The same of so many of what the times are of.
    pub fn of(self, count: f64) -> Self {
        Self {
            median: self.median * count,
            least: self.least * count,
            greatest: self.greatest * count,
            rounds: self.rounds.into_iter().map(|seconds| seconds * count).collect(),
        }
    }

    /// Milliseconds as `median (least, greatest)`.
    pub fn text(&self) -> String {
        format!("{:.4} ({:.4}, {:.4})", self.median * 1e3, self.least * 1e3, self.greatest * 1e3)
    }
}

impl Case {
    /// Asks an engine whether it can do a case, before anything of its size is made; seconds of a batch, as planned, or
    /// of one of so many seeds.
    pub fn check(
        engine: &dyn Engine,
        sizes: Sizes,
        sampler: Sampler,
        precision: Precision,
        seeds: Option<u64>,
    ) -> Result<f64, Failure> {
        let (network, n) = (network(sizes)?, sizes[0] as usize);
        let plan = engine.plan(&Job::outline(&network, n, DIM, sampler, precision))?;
        let Some(seeds) = seeds else { return Ok(batch_seconds(&plan)) };
        // The kernels of the batch that is checked are held together.
        let kernels =
            sizes[0].saturating_mul(sizes[1]).saturating_pow(2).saturating_mul(8).saturating_mul(seeds);
        if seeds > MOST_SEEDS as u64 || kernels > available_memory() / 2 {
            return Err(Failure::refused(format!(
                "a batch of {} of {} is more than is timed at once ({MOST_SEEDS} seeds, half of the memory); give --to \
                 a smaller number",
                counted(seeds, "seed"),
                sizes.map(|x| x.to_string()).join(",")
            )));
        }
        Ok(seconds_of(&plan, seeds as usize))
    }

    /// A case with its limit.
    pub fn new(sizes: Sizes, sampler: Sampler, precision: Precision) -> Result<Self, Failure> {
        let [n, outputs, depth, _] = sizes;
        let network = network(sizes)?;
        let data = points(n as usize)?;
        let limit = Limit::new(&data, network.activation(), depth as usize, 1.0);
        let reference =
            Reference::new(limit.ntk(), n as usize, outputs as usize).map_err(Failure::running)?;
        Ok(Self { sizes, sampler, precision, network, data, limit, reference })
    }

    /// Its name in tables.
    pub fn name(&self) -> String {
        self.sizes.map(|x| x.to_string()).join(",")
    }

    /// n·m_l.
    pub fn q(&self) -> usize {
        (self.sizes[0] * self.sizes[1]) as usize
    }

    /// The case on an engine.
    pub fn open(&self, engine: &dyn Engine, precision: Precision) -> Result<Box<dyn Sampling>, Failure> {
        Ok(engine.open(Job::new(&self.network, &self.data, self.sampler, precision))?)
    }

    /// Times rounds of a batch, norms of the deviation included, once the first batch is found right. Returns the last
    /// kernel too.
    pub fn time(
        &self,
        sampling: &dyn Sampling,
        rounds: u32,
        meter: &mut Meter,
        ctx: &Context,
    ) -> Result<(Times, KernelSample), Failure> {
        self.time_batches(sampling, &seeds(sampling), rounds, meter, ctx)
    }

    /// The same of batches of these seeds, one at least.
    pub fn time_batches(
        &self,
        sampling: &dyn Sampling,
        seeds: &[u64],
        rounds: u32,
        meter: &mut Meter,
        ctx: &Context,
    ) -> Result<(Times, KernelSample), Failure> {
        let seconds = seconds_of(sampling.plan(), seeds.len());
        // The first batch warms up. Its kernels are no part of what is timed: one is kept.
        let first = sampling.kernels(seeds, ctx.stop())?;
        verify(&first, &self.network)?;
        let kernel = first.into_iter().next();
        meter.advance(1, seconds);
        forget_peak();
        let mut times = Vec::new();
        for _ in 0..rounds {
            let start = Instant::now();
            sampling.statistics(seeds, &self.reference, ctx.stop())?;
            times.push(start.elapsed().as_secs_f64() / seeds.len() as f64);
            meter.advance(1, seconds);
        }
        let Some(kernel) = kernel else {
            return Err(Failure::running(anyhow::anyhow!("a batch of no seeds")));
        };
        Ok((Times::new(times), kernel))
    }

    /// Operations of one core that a sample with its statistics should take as long as.
    pub fn expected_cost(&self) -> f64 {
        expected_cost(self.sampler, self.data.n(), DIM, &self.network)
    }
}

/// The seeds of a timed batch.
pub fn seeds(sampling: &dyn Sampling) -> Vec<u64> {
    (0..batch(sampling.plan()) as u64).collect()
}

fn batch(plan: &JobPlan) -> usize {
    plan.seeds_per_batch.min(MOST_SEEDS)
}

/// Seconds of a timed batch, as its engine plans it.
pub fn batch_seconds(plan: &JobPlan) -> f64 {
    seconds_of(plan, batch(plan))
}

/// Seconds of a batch of so many seeds, as its engine plans it.
pub fn seconds_of(plan: &JobPlan, seeds: usize) -> f64 {
    seeds as f64 * plan.seconds_per_seed / plan.concurrent.clamp(1, seeds.max(1)) as f64
}

fn network([_, outputs, depth, width]: Sizes) -> Result<Network, Failure> {
    let phi = Activation::new(0.6, 0.4).map_err(Failure::unusable)?;
    Network::new(phi, vec![width; depth as usize - 1], outputs as usize).map_err(Failure::unusable)
}

/// Coordinates of a point.
const DIM: usize = 64;

/// Normal points on the sphere of norm √64, those of seed 7.
fn points(n: usize) -> Result<DataSet, Failure> {
    let mut stream = Stream::new(7, Role::Data);
    let mut values: Vec<f64> = (0..n * DIM).map(|_| stream.normal()).collect();
    for row in values.chunks_exact_mut(DIM) {
        let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt() / (DIM as f64).sqrt();
        row.iter_mut().for_each(|x| *x /= norm);
    }
    Ok(DataSet::new(values, DIM)?)
}

/// E K(x,x) = l at every width: the mean over points and seeds within six standard errors, or the figure is worthless.
/// The standard error is that of the exact law. One estimated from so few networks would be far too small where depth
/// is not small beside the width: a few of the networks then carry the mean. A mean over points spreads at most as one
/// point does.
fn verify(samples: &[KernelSample], network: &Network) -> Result<(), Failure> {
    let values = samples.iter().map(|s| {
        let q = (s.kernel.len() as f64).sqrt() as usize;
        (0..q).map(|i| s.kernel[i * q + i]).sum::<f64>() / (q * network.depth()) as f64
    });
    let count = samples.len() as f64;
    let mean = values.sum::<f64>() / count;
    let bound = 6.0 * relative_sd_diagonal(network.activation(), network.hidden()) / count.sqrt();
    // A bound above 1 would let a kernel of zeros through.
    if mean > 0.0 && (mean - 1.0).abs() <= bound + 1e-9 {
        return Ok(());
    }
    Err(Failure::running(anyhow::anyhow!(
        "the mean of K(x,x)/l is {mean}, and 1 was expected within {bound}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Networks of one point with these values of K(x,x)/l.
    fn samples(values: &[f64], network: &Network) -> Vec<KernelSample> {
        let of = |(seed, value): (u64, &f64)| {
            let kernel = vec![value * network.depth() as f64];
            KernelSample { seed, kernel, output_norm: 1.0 }
        };
        (0..).zip(values).map(of).collect()
    }

    #[test]
    fn a_mean_is_held_against_the_exact_spread() {
        let verify = |values: &[f64], sizes| {
            let network = network(sizes).unwrap();
            super::verify(&samples(values, &network), &network).is_ok()
        };
        let wide = [1, 1, 4, 1 << 20];
        assert!(verify(&[1.0], wide) && verify(&[1.003, 0.998], wide));
        assert!(!verify(&[0.98], wide) && !verify(&[1.02; 8], wide));
        // So deep that a few networks in thousands carry the mean: all of these are small, as nearly all are.
        let deep = [1, 1, 256, 8];
        assert!(verify(&[1e-3, 2e-3, 1e-3, 5e-3, 1e-3, 2e-3, 1e-3, 1e-3], deep));
        for size in [wide, deep] {
            assert!(!verify(&[0.0; 8], size) && !verify(&[f64::NAN; 8], size));
        }
    }
}
