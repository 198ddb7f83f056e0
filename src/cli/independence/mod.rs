//! `eoc independence`: what the gradient independence assumption costs, by width and by angle.

mod words;

use serde_json::{Value, json};

use super::args::{DataArgs, EngineArgs, NetworkArgs};
use super::context::Context;
use super::failure::{Failure, Status};
use super::terminal;
use super::units::counted;
use crate::data::DataSet;
use crate::independence::{AtWidth, Finding, GroupFinding, IndependenceError, LEVEL, Mean, Samples, Setup};
use crate::model::{Network, Schedule};
use crate::report;
use crate::rng::SEED_LIMIT;
use crate::sampler::{Sampler, SamplerChoice};
use crate::stats::{ExponentFit, Interval, NoFit, PERMUTATIONS, Quantile};
use crate::study::SeedRange;

/// Shown below the help.
pub const EXAMPLES: &str = "\
K is drawn twice from the same random numbers: as it is, and as K_gia, where the weights on the way back know nothing of those on \
the way forward. Of every width are shown, over n and in operator norm: the median of the coupled difference K - K_gia of a \
network, alone and over the norm of the limit; the medians of the deviation of K and of K_gia from the limit; the mean of the \
second minus the first, seed by seed; and p, of a test whether both deviations have one law.

The test: deviations of K of every other seed against those of K_gia of the seeds between, which share no draw; the \
Kolmogorov-Smirnov distance of the two among those of 4999 random ways to call one half K. It is exact: where the laws are one, p is \
at most 0.05 with probability at most 0.05. p is adjusted by Holm's procedure, so that this holds of all widths together.

By angle: pairs of points in up to 8 groups of about equal size; the mean over pairs and seeds of an entry of K - K_gia (not \
divided by n; over outputs the mean of those on one output) with its interval, the mean of its absolute value, and the bound of \
the first by Proposition 17 of arXiv 2501.14724, at the cosines of the limit (of hidden layers: nothing grows at opposite inputs), \
with the norms of the weights bounded by Gordon's inequality. A line says where, of all angles and widths, the mean is nearest to \
its bound, with intervals that hold for all at once (from 16 seeds on), and whether the bound holds there.

Keys of --json: activation, depth, outputs, scale, data, n, precision, device, level, permutations, widths[] {m, widths, seeds, \
independence_op, independence_relative_op, deviation_op, independence_deviation_op (medians), shift (a mean), laws{distance, \
p_value, adjusted, differ}, angles[] {from, to, pairs, difference, size, bound}}, nearest{m, from, to, means, ratio (found), \
verdict}, exponents{independence_op, deviation_op, independence_deviation_op}. A number that was found is {value, low, high}, 95 %; null: open, or undefined.

Examples:
  eoc independence --activation relu --depth 4 --width 64,256,1024 --data digits:n=8
  eoc independence --activation abs --depth 6 --width 128 --schedule quadratic \\
      --data pair:angle=0.5 --seeds 1000 --json";

/// Seeds unless told otherwise.
const SEEDS: u64 = 256;

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    data: DataArgs,
    /// conditional, or auto, which is that here: direct has the same weights forward and backward
    #[arg(long, value_name = "NAME", help_heading = "Sampling")]
    sampler: Option<SamplerChoice>,
    /// Seeds of every width: a count, or A..B (A, not B), from 0 [default: 256]
    #[arg(long, value_name = "COUNT|A..B", allow_hyphen_values = true, help_heading = "Sampling")]
    seeds: Option<SeedRange>,
    #[command(flatten)]
    engine: EngineArgs,
    /// Print JSON
    #[arg(long, help_heading = "Output")]
    json: bool,
}

/// Everything that was drawn and found.
struct Found<'a> {
    networks: Vec<(u64, Network)>,
    data: &'a DataSet,
    samples: Vec<(u64, Samples)>,
    finding: Finding,
}

/// Draws, compares, prints.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let networks = args.networks()?;
    let seeds = args.seeds.as_ref().map_or(0..SEEDS.min(SEED_LIMIT), SeedRange::range);
    let precision = args.engine.precision()?;
    let data = args.data.load_heard(ctx)?;
    let threads = args.engine.threads.start()?;
    let engine = args.engine.open_heard(&[precision], &threads, ctx)?;
    let sampler = match args.sampler {
        Some(SamplerChoice::Always(sampler)) => sampler,
        Some(SamplerChoice::Auto) | None => Sampler::Conditional,
    };
    let setup = Setup { engine: &*engine, data: &data, sampler, precision, stop: ctx.stop() };
    for (_, network) in &networks {
        setup.check(network).map_err(refused)?;
    }
    ctx.on_stop(": nothing is printed");
    let count = seeds.end - seeds.start;
    let cost = |network: &Network| network.hidden().iter().sum::<u64>() as f64;
    let total: f64 = networks.iter().map(|(_, network)| cost(network) * count as f64).sum();
    let name = format!("independence of {}", data.label());
    let mut progress = ctx.progress(name, "network").over(count * networks.len() as u64, total);
    let mut samples = Vec::new();
    for (m, network) in &networks {
        let mut observe = |drawn: u64| progress.advance(drawn, drawn as f64 * cost(network));
        match setup.sample(network, seeds.clone(), &mut observe).map_err(broken)? {
            Some(drawn) => samples.push((*m, drawn)),
            None => break,
        }
    }
    drop(progress);
    ctx.check()?;
    let finding = threads.install(|| Finding::of(&samples));
    let found = Found { networks, data: &data, samples, finding };
    if args.json {
        let device = &engine.info().name;
        ctx.write(&format!("{}\n", found.json(device, &precision.to_string())))?;
    } else {
        ctx.print(&words::text(&found, terminal::columns()))?;
    }
    Ok(Status::Done)
}

fn refused(error: IndependenceError) -> Failure {
    match error {
        // Its remedies are found by what it is.
        IndependenceError::Engine(error) => Failure::unusable(error),
        error => Failure::unusable(error),
    }
}

fn broken(error: IndependenceError) -> Failure {
    match error {
        IndependenceError::Engine(error) => Failure::running(error),
        error => Failure::running(error),
    }
}

impl Args {
    /// The networks, each with its m, in ascending order of m.
    fn networks(&self) -> Result<Vec<(u64, Network)>, Failure> {
        let several = |option: &str| {
            Failure::refused(format!("{option} has several values, and this command takes one"))
        };
        let args = &self.network;
        if args.activation.len() > 1 {
            return Err(several("--activation"));
        }
        if args.width.len() < 2 {
            let config = args.config()?;
            let network = config.network()?;
            let narrowest = network.hidden().iter().copied().min();
            let m = args.width.first().copied().or(narrowest).unwrap_or(0);
            return Ok(vec![(m, network)]);
        }
        let mut widths = args.width.clone();
        widths.sort_unstable();
        widths.dedup();
        let one = |m: u64| {
            let config = NetworkArgs { width: vec![m], ..args.clone() }.config()?;
            Ok((m, config.network()?))
        };
        widths.into_iter().map(one).collect()
    }
}

fn interval(value: f64, interval: Option<Interval>) -> Value {
    let limits = interval.unwrap_or(Interval { low: None, high: None });
    json!({"value": value, "low": limits.low, "high": limits.high})
}

fn median(found: Option<&Quantile>) -> Value {
    found.map_or(Value::Null, |q| interval(q.estimate, Some(q.interval)))
}

fn mean(found: &Mean) -> Value {
    interval(found.value, found.interval)
}

fn exponent(found: &Result<ExponentFit, NoFit>) -> Value {
    found.as_ref().map_or(Value::Null, |fit| interval(fit.exponent, fit.interval.ok()))
}

impl Found<'_> {
    fn network(&self) -> &Network {
        &self.networks[0].1
    }

    fn json(&self, device: &str, precision: &str) -> Value {
        let network = self.network();
        let width = |(index, at): (usize, &AtWidth)| {
            let ((m, network), (_, samples)) = (&self.networks[index], &self.samples[index]);
            let angle = |g: &GroupFinding| {
                json!({
                    "from": g.angles[0], "to": g.angles[1], "pairs": g.pairs, "difference": mean(&g.difference),
                    "size": g.size, "bound": g.bound,
                })
            };
            let laws = at.laws.zip(at.adjusted).map(|(laws, adjusted)| {
                json!({
                    "distance": laws.distance, "p_value": laws.p_value, "adjusted": adjusted,
                    "differ": adjusted <= LEVEL,
                })
            });
            json!({
                "m": m,
                "widths": network.hidden(),
                "seeds": samples.seeds.len(),
                "independence_op": median(at.difference.as_ref()),
                "independence_relative_op": median(at.relative.as_ref()),
                "deviation_op": median(at.deviation.as_ref()),
                "independence_deviation_op": median(at.independent.as_ref()),
                "shift": mean(&at.shift),
                "laws": laws,
                "angles": at.groups.iter().map(angle).collect::<Vec<_>>(),
            })
        };
        json!({
            "activation": network.activation().to_string(),
            "depth": network.depth(),
            "outputs": network.outputs(),
            "scale": network.scale(),
            "data": self.data.label(),
            "n": self.data.n(),
            "precision": precision,
            "device": device,
            "level": LEVEL,
            "permutations": PERMUTATIONS,
            "widths": self.finding.widths.iter().enumerate().map(width).collect::<Vec<_>>(),
            "nearest": self.finding.nearest.as_ref().map(|nearest| {
                let ratio = report::Found::from(nearest);
                json!({
                    "m": nearest.m, "from": nearest.angles[0], "to": nearest.angles[1], "means": nearest.groups,
                    "ratio": ratio, "verdict": ratio.within(None, Some(1.0)),
                })
            }),
            "exponents": {
                "independence_op": exponent(&self.finding.difference),
                "deviation_op": exponent(&self.finding.deviation),
                "independence_deviation_op": exponent(&self.finding.independent),
            },
        })
    }

    /// What the table is of.
    fn title(&self) -> String {
        let network = self.network();
        format!(
            "{}, depth {}, {}; {}, {}; {} at every width",
            network.activation(),
            network.depth(),
            counted(network.outputs(), "output"),
            self.data.label(),
            counted(self.data.n(), "point"),
            counted(self.samples.first().map_or(0, |(_, s)| s.seeds.len()), "seed"),
        )
    }
}

/// How the widths of a network follow from its m, where they do not repeat it.
fn rule(m: u64, network: &Network) -> Option<Schedule> {
    let is = |schedule: &Schedule| schedule.widths(m, network.depth()).is_ok_and(|w| w == network.hidden());
    [Schedule::Linear, Schedule::Quadratic].into_iter().find(is)
}
