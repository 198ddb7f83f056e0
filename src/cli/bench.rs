//! `eoc bench`: work, rate, fraction of the peak and what binds, on fixed cases whose answer is checked first.

use std::fmt::Write;
use std::time::Instant;

use eoc_ntk::backend::cpu::{CpuEngine, Peaks};
use eoc_ntk::backend::{Engine, Precision};
use eoc_ntk::data::DataSet;
use eoc_ntk::limit::Limit;
use eoc_ntk::math::activation::Activation;
use eoc_ntk::math::root::root;
use eoc_ntk::model::Network;
use eoc_ntk::rng::{Role, Stream};
use eoc_ntk::sampler::{KernelSample, Sampler, Sampling};
use eoc_ntk::stats::Reference;

use super::args::EngineArgs;
use super::context::Context;
use super::failure::{Failure, Status};

/// Shown below the help.
pub const EXAMPLES: &str = "\
Times are wall-clock milliseconds per seed on all threads, everything included: draws, products, small algebra and the
norms of the deviation. Each is the median of the rounds, with the least and the greatest. Before a case is timed its
mean kernel is held against the exact one. Shares are of the time of one worker: draws at the measured rate of the
generator, factorisations and norms measured one by one; what is left is products and traffic.

Examples:
  eoc bench
  eoc bench --case 32,4,4,1024 --sampler conditional --rounds 9";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// One case: points, outputs, depth, width [default: the cases that the peers are measured on]
    #[arg(long, value_name = "N,M_L,L,M", value_parser = case)]
    case: Option<[u64; 4]>,
    /// Sampler: direct or conditional [default: both]
    #[arg(long, value_name = "NAME", value_parser = sampler)]
    sampler: Option<Sampler>,
    /// Timed rounds of each case
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    #[command(flatten)]
    engine: EngineArgs,
}

/// Points, outputs, depth and width on which autodiff tools were measured.
const CASES: [[u64; 4]; 6] = [
    [16, 1, 4, 256],
    [16, 1, 4, 1024],
    [16, 1, 4, 4096],
    [32, 4, 4, 256],
    [32, 4, 4, 1024],
    [64, 1, 8, 1024],
];

fn case(text: &str) -> Result<[u64; 4], String> {
    let numbers: Result<Vec<u64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    let numbers = numbers.ok().and_then(|n| <[u64; 4]>::try_from(n).ok());
    let valid = numbers.filter(|n| n.iter().all(|&x| x >= 1) && n[0] <= 100_000 && n[2] <= 1_000_000);
    valid.ok_or_else(|| {
        "give four positive integers: points, outputs, depth, width, as 16,1,4,1024".to_owned()
    })
}

fn sampler(text: &str) -> Result<Sampler, String> {
    match text {
        "direct" => Ok(Sampler::Direct),
        "conditional" => Ok(Sampler::Conditional),
        _ => Err("use direct or conditional".to_owned()),
    }
}

/// Measures and prints.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let precision = args.engine.precision()?;
    let engine = CpuEngine::new(args.engine.threads()?)?;
    let peaks = engine.peaks();
    let info = engine.info();
    ctx.print(&format!(
        "{}, {} threads, {}; {precision}\n\
         peaks: {:.0} M normals/s, {:.0} GFLOP/s (f32 product), {:.1} GB/s (copy)\n\n\
         n,m_l,l,m       sampler      ms per seed (least, greatest)   GFLOP/s  of peak  Mnormal/s  \
         draws  factor  norms  rest  binds\n",
        info.name,
        info.threads,
        info.driver,
        peaks.normals / 1e6,
        peaks.operations / 1e9,
        peaks.copy / 1e9
    ))?;
    let cases = args.case.map_or_else(|| CASES.to_vec(), |case| vec![case]);
    for case in cases {
        for sampler in [Sampler::Conditional, Sampler::Direct] {
            ctx.check()?;
            if args.sampler.is_none_or(|s| s == sampler) {
                let line = measure(&engine, case, sampler, precision, args.rounds, &peaks, ctx)?;
                ctx.print(&line)?;
            }
        }
    }
    Ok(Status::Done)
}

fn measure(
    engine: &CpuEngine,
    case: [u64; 4],
    sampler: Sampler,
    precision: Precision,
    rounds: u32,
    peaks: &Peaks,
    ctx: &Context,
) -> Result<String, Failure> {
    let [n, outputs, depth, width] = case;
    let phi = Activation::new(0.6, 0.4).map_err(Failure::unusable)?;
    let hidden = vec![width; depth as usize - 1];
    let network = Network::new(phi, hidden, outputs as usize).map_err(Failure::unusable)?;
    let data = points(n as usize)?;
    let limit = Limit::new(&data, phi, depth as usize, 1.0);
    let reference = Reference::new(limit.ntk(), n as usize, outputs as usize).map_err(Failure::running)?;
    let sampling = Sampling::new(engine, &network, &data, sampler, precision)?;
    let plan = sampling.plan().clone();
    let threads = engine.info().threads;
    let seeds: Vec<u64> = (0..plan.seeds_per_batch.min(1000) as u64).collect();
    // The first batch warms up and is verified.
    verify(&sampling.batch(&seeds)?, &network)?;
    let mut times = Vec::new();
    for _ in 0..rounds {
        ctx.check()?;
        let start = Instant::now();
        let samples = sampling.batch(&seeds)?;
        norms(&samples, &reference, threads)?;
        times.push(start.elapsed().as_secs_f64() / seeds.len() as f64);
    }
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    // Shares, in seconds of one worker.
    let total = median * threads as f64;
    let redrawn = if plan.keep { 1.0 } else { 2.0 };
    let draws = redrawn * plan.normals * threads as f64 / peaks.normals;
    let sample = &sampling.batch(&[0])?[0];
    let q = (n * outputs) as usize;
    let layers = depth.saturating_sub(2) as f64;
    let factor = match sampler {
        Sampler::Direct => 0.0,
        Sampler::Conditional => {
            let small = limit.nngp().to_vec();
            let of =
                |matrix: &[f64], size, pseudo| timed(|| root(matrix, size, f64::EPSILON, pseudo).is_ok());
            layers * (of(&small, n as usize, true) + of(&sample.kernel, q, false))
        }
    };
    let spectra = timed(|| reference.measure(&sample.kernel).is_ok());
    let rest = (total - draws - factor - spectra).max(0.0);
    let parts =
        [("draws", draws), ("factorisation", factor), ("norms", spectra), ("products and traffic", rest)];
    let binds = parts.iter().max_by(|x, y| x.1.total_cmp(&y.1)).map_or("", |p| p.0);
    let share = |part: f64| format!("{:.0} %", 100.0 * part / total);
    let rate = plan.operations / median;
    let mut line = String::new();
    let name = case.map(|x| x.to_string()).join(",");
    let least = times.first().copied().unwrap_or(median) * 1e3;
    let greatest = times.last().copied().unwrap_or(median) * 1e3;
    let time = format!("{:.4} ({least:.4}, {greatest:.4})", median * 1e3);
    let _ = writeln!(
        line,
        "{name:<15} {:<12} {time:<30} {:>8.1} {:>8} {:>10.0}  {:>5} {:>7} {:>6} {:>5}  {binds}",
        sampler.to_string(),
        rate / 1e9,
        format!("{:.0} %", 100.0 * rate / peaks.operations),
        plan.normals / median / 1e6,
        share(draws),
        share(factor),
        share(spectra),
        share(rest)
    );
    Ok(line)
}

/// Normal points on the sphere of norm √64, those of seed 7.
fn points(n: usize) -> Result<DataSet, Failure> {
    let mut stream = Stream::new(7, Role::Data);
    let dim = 64;
    let mut values: Vec<f64> = (0..n * dim).map(|_| stream.normal()).collect();
    for row in values.chunks_exact_mut(dim) {
        let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt() / (dim as f64).sqrt();
        row.iter_mut().for_each(|x| *x /= norm);
    }
    Ok(DataSet::new(values, dim)?)
}

/// E K(x,x) = l at every width; the mean over points and seeds within six standard errors, or the figure is worthless.
fn verify(samples: &[KernelSample], network: &Network) -> Result<(), Failure> {
    let values: Vec<f64> = samples
        .iter()
        .map(|s| {
            let q = (s.kernel.len() as f64).sqrt() as usize;
            (0..q).map(|i| s.kernel[i * q + i]).sum::<f64>() / (q * network.depth()) as f64
        })
        .collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let spread = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0) / count;
    // One kernel has no standard error: it must be positive and of the right size.
    let bound = if count > 7.0 { 6.0 * spread.sqrt() } else { 0.9 };
    if (mean - 1.0).abs() <= bound + 1e-9 {
        return Ok(());
    }
    Err(Failure::running(anyhow::anyhow!(
        "the mean of K(x,x)/l is {mean}, and 1 was expected within {bound}"
    )))
}

fn norms(samples: &[KernelSample], reference: &Reference, threads: usize) -> Result<(), Failure> {
    let chunk = samples.len().div_ceil(threads).max(1);
    let ok = std::thread::scope(|scope| {
        let workers: Vec<_> = samples
            .chunks(chunk)
            .map(|part| scope.spawn(|| part.iter().all(|s| reference.measure(&s.kernel).is_ok())))
            .collect();
        workers.into_iter().all(|w| w.join().unwrap_or(false))
    });
    if ok { Ok(()) } else { Err(Failure::running(anyhow::anyhow!("a spectrum did not converge"))) }
}

/// Median seconds of several calls.
fn timed(mut call: impl FnMut() -> bool) -> f64 {
    let mut times: Vec<f64> = (0..9)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(call());
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
