//! `eoc bench`: work, rate, fraction of the peak and what binds, on fixed cases whose answer is checked first.

mod along;
mod case;
mod compile;
mod cpu;
mod gpu;
mod memory;
mod tune;

use self::case::{Case, Sizes};
use super::args::EngineArgs;
use super::context::Context;
use super::device::DeviceChoice;
use super::failure::{Failure, Status};
use super::tuning;
use super::units::counted;
use super::words::count;
use crate::Threads;
use crate::backend::cpu::CpuEngine;
use crate::backend::gpu::Choice;
use crate::backend::{Engine, Precision};
use crate::math::whole;
use crate::sampler::Sampler;

/// Shown below the help.
pub const EXAMPLES: &str = "\
Times are wall-clock milliseconds per seed on all threads, everything included: draws, products, small algebra and the
norms of the deviation. Each is the median of the rounds, with the least and the greatest. Before a case is timed its
mean kernel is held against the exact one. Shares are of the time of one worker: draws at the measured rate of the
generator, factorisations and norms measured one by one; what is left is products and traffic.
With a GPU the same cases run on the CPU engine in the same run, and the passes of one batch are timed by timestamps on the
device: useful operations, bytes and deviates, counted from the shapes, and the fraction of the peak that each reaches.
A tuning is kept in the user's cache directory for the adapter, driver and version that it was measured with. Every run
records it in its manifest. It moves no bit of a result.
With --along one size doubles from --from to --to, the others being those of --case: the table has time and memory at every size, and
below it stands the power of the size that the time grows with, its interval, and the power that the count says.
With --compile the driver compiles all that the program could ask of a GPU; it needs no self-test, so it also tries the
compilers of drivers that have no hardware behind them.

Examples:
  eoc bench
  eoc bench --case 32,4,4,1024 --sampler conditional --rounds 9
  eoc bench --device gpu --case 32,1,4,1024
  eoc bench --along m --from 256 --to 65536 --sampler conditional --out scaling
  eoc bench --tune
  eoc bench --compile --device gpu";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// One case: points, outputs, depth, width [default: the cases that the peers are measured on]
    #[arg(long, value_name = "N,M_L,L,M", value_parser = case)]
    case: Option<Sizes>,
    /// Sampler: direct or conditional [default: both]
    #[arg(long, value_name = "NAME", value_parser = sampler)]
    sampler: Option<Sampler>,
    /// Timed rounds of each case
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = rounds)]
    rounds: u32,
    /// Measure which constants of the shaders are fastest on this GPU, some seconds, and keep them for later runs
    #[arg(long, conflicts_with_all = ["case", "sampler", "rounds", "precision"])]
    tune: bool,
    /// Compile every shader that this GPU could need and print name and time of each; nothing is run
    #[arg(long, conflicts_with_all = ["case", "sampler", "rounds", "precision", "tune"])]
    compile: bool,
    /// Sums over neurons in f64 or in pairs of f32, where the kind of the GPU does not say: a card that is none has no
    /// name
    #[arg(long, value_name = "KIND", requires = "compile", hide = true)]
    sums: Option<compile::Sums>,
    #[command(flatten)]
    growth: along::Args,
    #[command(flatten)]
    engine: EngineArgs,
}

/// Points, outputs, depth and width on which autodiff tools were measured.
const CASES: [Sizes; 6] = [
    [16, 1, 4, 256],
    [16, 1, 4, 1024],
    [16, 1, 4, 4096],
    [32, 4, 4, 256],
    [32, 4, 4, 1024],
    [64, 1, 8, 1024],
];

fn case(text: &str) -> Result<Sizes, String> {
    let numbers: Result<Vec<u64>, _> = text.split(',').map(count::<u64>).collect();
    let numbers = numbers.ok().and_then(|n| Sizes::try_from(n).ok());
    let four = numbers.ok_or_else(|| {
        "give four positive integers: points, outputs, depth, width, as 16,1,4,1024".to_owned()
    });
    checked(four?)
}

/// Sizes of which there is a case.
fn checked(sizes: Sizes) -> Result<Sizes, String> {
    match sizes {
        sizes if sizes.contains(&0) => {
            Err("give four positive integers: points, outputs, depth, width, as 16,1,4,1024".to_owned())
        }
        [n, ..] if n > 100_000 => Err(format!("a case has 100000 points at most, and this one {n}")),
        [_, _, depth, _] if depth > 1_000_000 => {
            Err(format!("a case has a depth of 1000000 at most, and this one {depth}"))
        }
        sizes => Ok(sizes),
    }
}

fn rounds(text: &str) -> Result<u32, String> {
    let rounds = whole(text).filter(|rounds| (1..=1000).contains(rounds));
    rounds.ok_or_else(|| "give a number of rounds from 1 to 1000".to_owned())
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
    let threads = args.engine.threads.start()?;
    if args.compile {
        return compile::execute(&compile::choice(args.engine.device.as_ref())?, args.sums, &threads, ctx);
    }
    if args.tune {
        return match gpu_of(&args.engine, precision, &threads)? {
            Some(choice) => tune::execute(&choice, &threads, ctx),
            None => Err(Failure::refused(
                "--tune is for a GPU, and none is meant; name one with --device gpu (eoc devices lists them)",
            )),
        };
    }
    let sizes = args.case.map_or_else(|| CASES.to_vec(), |case| vec![case]);
    let samplers = [Sampler::Conditional, Sampler::Direct];
    let samplers = samplers.into_iter().filter(|s| args.sampler.is_none_or(|wanted| wanted == *s));
    if let Some(along) = args.growth.along {
        let samplers = &samplers.collect::<Vec<_>>();
        let plan = along::Growth { along, base: args.case, samplers, precision, rounds: args.rounds };
        let bench = gpu_of(&args.engine, precision, &threads)?
            .map(|choice| gpu::Bench::new(&choice, &threads))
            .transpose()?;
        let cpu = CpuEngine::on(&threads);
        let engines = match &bench {
            Some(bench) => along::Engines { engine: bench.engines().0, timed: Some(bench.engines().1) },
            None => along::Engines { engine: &cpu, timed: None },
        };
        return along::execute(&args.growth, plan, engines, &threads, ctx).map(|()| Status::Done);
    }
    let wanted = || sizes.iter().flat_map(|sizes| samplers.clone().map(move |sampler| (*sizes, sampler)));
    // Seconds of a batch of every case, as planned.
    let check = |engine: &dyn Engine, precision| -> Result<f64, Failure> {
        wanted().map(|(sizes, sampler)| Case::check(engine, sizes, sampler, precision, None)).sum()
    };
    let name = || match args.case {
        Some(_) => "bench".to_owned(),
        None => format!("bench of {}", counted(wanted().count(), "case")),
    };
    // The first round of a case warms up.
    let (of_each, count) = (u64::from(args.rounds) + 1, wanted().count() as u64);
    let case = |(sizes, sampler)| threads.install(|| Case::new(sizes, sampler, precision));
    let cases = wanted().map(case);
    if let Some(choice) = gpu_of(&args.engine, precision, &threads)? {
        let on_gpu = check(&tuning::open(&choice, &threads)?, precision)?;
        let on_cpu = check(&CpuEngine::on(&threads), gpu::beside(precision))?;
        let bench = gpu::Bench::new(&choice, &threads)?;
        ctx.print(&bench.head())?;
        let seconds = (of_each + gpu::BY_PASS) as f64 * on_gpu + of_each as f64 * on_cpu;
        let mut meter = ctx.progress(name(), "round").over(count * (2 * of_each + gpu::BY_PASS), seconds);
        for case in cases {
            ctx.print(&bench.lines(&case?, args.rounds, &mut meter, ctx)?)?;
        }
    } else {
        let engine = CpuEngine::on(&threads);
        let seconds = of_each as f64 * check(&engine, precision)?;
        let peaks = engine.peaks();
        ctx.print(&cpu::head(&engine, &peaks))?;
        let mut meter = ctx.progress(name(), "round").over(count * of_each, seconds);
        for case in cases {
            ctx.print(&cpu::line(&engine, &case?, args.rounds, &peaks, &mut meter, ctx)?)?;
        }
    }
    Ok(Status::Done)
}

/// The GPU that is asked for, or that `auto` takes.
fn gpu_of(engine: &EngineArgs, precision: Precision, threads: &Threads) -> Result<Option<Choice>, Failure> {
    match &engine.device {
        Some(DeviceChoice::Cpu) => Ok(None),
        Some(DeviceChoice::Gpu(choice)) => Ok(Some(choice.clone())),
        Some(DeviceChoice::AllGpus) => {
            Err(Failure::refused("eoc bench measures one device; name it as in gpu:0"))
        }
        None | Some(DeviceChoice::Auto) => {
            let real = || tuning::open(&Choice::BestReal, threads).is_ok();
            Ok(match precision {
                Precision::F16 => Some(Choice::BestHalf),
                Precision::F32 => real().then_some(Choice::BestReal),
                Precision::F64 => None,
            })
        }
    }
}
