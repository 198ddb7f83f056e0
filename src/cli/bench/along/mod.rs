//! `eoc bench --along`: time and memory against one size, and the power of it that they grow with.

mod files;
mod table;

use std::path::PathBuf;

use self::table::{Row, slopes, table};
use super::case::{Case, Sizes, seconds_of};
use super::gpu::{BY_PASS, passes_of};
use super::memory::peak;
use crate::Threads;
use crate::backend::gpu::GpuEngine;
use crate::backend::{Engine, Precision};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::progress::Meter;
use crate::cli::units::counted;
use crate::math::whole;
use crate::sampler::Sampler;

/// A size that times are measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Along {
    /// Width
    M,
    /// Points
    N,
    /// Outputs
    #[value(name = "m_l")]
    Outputs,
    /// Depth
    L,
    /// Seeds of a batch
    Seeds,
}

impl Along {
    /// Its symbol.
    fn symbol(self) -> &'static str {
        match self {
            Self::M => "m",
            Self::N => "n",
            Self::Outputs => "m_l",
            Self::L => "l",
            Self::Seeds => "seeds",
        }
    }

    /// What it is, for an axis.
    fn label(self) -> &'static str {
        match self {
            Self::M => "m (neurons)",
            Self::N => "n (points)",
            Self::Outputs => "m_l (outputs)",
            Self::L => "depth l (weight matrices)",
            Self::Seeds => "seeds of a batch",
        }
    }

    /// What a time is of.
    fn unit(self) -> &'static str {
        match self {
            Self::Seeds => "a batch",
            _ => "a seed",
        }
    }

    /// The first and the last size where none is given.
    fn ends(self) -> (u64, u64) {
        match self {
            Self::M => (256, 8192),
            Self::N => (8, 128),
            Self::Outputs => (1, 16),
            Self::L => (2, 64),
            Self::Seeds => (1, 256),
        }
    }

    /// A case with this size in place of its own.
    fn put(self, size: u64, [n, outputs, depth, width]: Sizes) -> Sizes {
        match self {
            Self::M => [n, outputs, depth, size],
            Self::N => [size, outputs, depth, width],
            Self::Outputs => [n, size, depth, width],
            Self::L => [n, outputs, size, width],
            Self::Seeds => [n, outputs, depth, width],
        }
    }
}

/// What is measured, and where it goes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Growth")]
pub struct Args {
    /// Times against one size in place of the cases: m, n, m_l, l or seeds (of a batch); the other sizes are those of
    /// --case
    #[arg(long, value_name = "SIZE", conflicts_with_all = ["tune", "compile"], hide_possible_values = true)]
    pub along: Option<Along>,
    /// First size; every other is twice the one before
    #[arg(long, value_name = "SIZE", requires = "along", value_parser = size)]
    from: Option<u64>,
    /// Last size at most
    #[arg(long, value_name = "SIZE", requires = "along", value_parser = size)]
    to: Option<u64>,
    /// Also write the numbers as CSV and a figure as SVG, PDF and PNG into this directory
    #[arg(long, value_name = "DIR", requires = "along", value_parser = crate::cli::words::directory())]
    out: Option<PathBuf>,
}

fn size(text: &str) -> Result<u64, String> {
    whole(text).filter(|size| *size >= 1).ok_or_else(|| "give a size of 1 or more, as 256 or 4k".to_owned())
}

/// The case whose sizes are taken where none is given.
const CASE: Sizes = [32, 1, 4, 1024];
/// Sizes of which a slope can be told.
const LEAST: usize = 3;

impl Args {
    /// The sizes, each twice the one before.
    fn sizes(&self, along: Along) -> Result<Vec<u64>, Failure> {
        let ends = along.ends();
        let from =
            self.from.unwrap_or_else(|| self.to.map_or(ends.0, |to| ends.0.min((to >> (LEAST - 1)).max(1))));
        let to = self.to.unwrap_or_else(|| ends.1.max(from.saturating_mul(1 << LEAST)));
        let twice = |size: &u64| size.checked_mul(2).filter(|size| *size <= to);
        let sizes: Vec<u64> = std::iter::successors((from <= to).then_some(from), twice).collect();
        if sizes.len() < LEAST {
            let symbol = along.symbol();
            return Err(Failure::refused(format!(
                "a slope needs {LEAST} sizes, each twice the one before, and {symbol} from {from} to {to} has {}; \
                 give --to {} or more",
                sizes.len(),
                from.saturating_mul(1 << (LEAST - 1))
            )));
        }
        Ok(sizes)
    }
}

/// What is measured at every size.
#[derive(Clone, Copy)]
pub struct Growth<'p> {
    /// The size that grows.
    pub along: Along,
    /// The sizes that do not, where not the usual ones.
    pub base: Option<Sizes>,
    pub samplers: &'p [Sampler],
    pub precision: Precision,
    pub rounds: u32,
}

/// A device: what is timed, and the same GPU with timestamps.
#[derive(Clone, Copy)]
pub struct Engines<'e> {
    pub engine: &'e dyn Engine,
    pub timed: Option<&'e GpuEngine>,
}

/// Measures and prints; what was measured before a signal is printed too.
pub fn execute(
    args: &Args,
    plan: Growth,
    engines: Engines,
    threads: &Threads,
    ctx: &Context,
) -> Result<(), Failure> {
    let Growth { along, samplers, precision, rounds, .. } = plan;
    let sizes = args.sizes(along)?;
    let base = plan.base.unwrap_or(CASE);
    if along == Along::M && base[2] == 1 {
        return Err(Failure::refused("a network of depth 1 has no width; give --case a depth of 2 or more"));
    }
    let all: Vec<(u64, Sampler)> =
        samplers.iter().flat_map(|sampler| sizes.iter().map(|size| (*size, *sampler))).collect();
    // Refused before anything runs.
    let mut seconds = 0.0;
    for (size, sampler) in &all {
        let put = super::checked(along.put(*size, base)).map_err(Failure::refused)?;
        let seeds = (along == Along::Seeds).then_some(*size);
        seconds += Case::check(engines.engine, put, *sampler, precision, seeds)?;
    }
    let made = |directory: &PathBuf| {
        output::check_directory(directory, "times along a size", files::is_ours)?;
        output::make_directory(directory)
    };
    let _made = args.out.as_ref().map(made).transpose()?;
    let fixed = put_in_words(along, base);
    ctx.print(&head(engines.engine, along, &fixed))?;
    // The first round of a size warms up; on a GPU those by pass come last.
    let of_each = u64::from(rounds) + 1 + engines.timed.map_or(0, |_| BY_PASS);
    let name = format!("bench along {}", along.symbol());
    let mut meter = ctx.progress(name, "round").over(all.len() as u64 * of_each, of_each as f64 * seconds);
    let mut rows = Vec::new();
    let mut ended = Ok(());
    for (size, sampler) in all {
        let case = threads.install(|| Case::new(along.put(size, base), sampler, precision));
        match case.and_then(|case| row(&case, size, plan, engines, &mut meter, ctx)) {
            Ok(row) => rows.push(row),
            Err(failure) => {
                ended = Err(failure);
                break;
            }
        }
    }
    drop(meter);
    if !rows.is_empty() {
        let room = crate::cli::terminal::columns();
        ctx.print(&format!("\n{}\n{}", table(&rows, along).text(room), slopes(&rows, along, room)))?;
    }
    ended?;
    let Some(directory) = &args.out else { return Ok(()) };
    files::write(&rows, along, &fixed, engines.engine, directory)?;
    ctx.account(&format!("wrote {}\n", directory.join(files::NUMBERS).display()))
}

fn row(
    case: &Case,
    size: u64,
    plan: Growth,
    engines: Engines,
    meter: &mut Meter,
    ctx: &Context,
) -> Result<Row, Failure> {
    let sampling = case.open(engines.engine, plan.precision)?;
    let seeds = match plan.along {
        Along::Seeds => (0..size).collect(),
        _ => super::case::seeds(sampling.as_ref()),
    };
    let (times, _) = case.time_batches(sampling.as_ref(), &seeds, plan.rounds, meter, ctx)?;
    let (peak, count) = (peak(), seeds.len());
    // Of a batch, or of a seed of one.
    let unit = if plan.along == Along::Seeds { count as f64 } else { 1.0 };
    let passes = match engines.timed {
        Some(timed) => {
            let passes = passes_of(timed, case, &seeds, ctx)?;
            meter.advance(BY_PASS, BY_PASS as f64 * seconds_of(sampling.plan(), count));
            passes
        }
        None => Vec::new(),
    };
    let passes = passes.into_iter().map(|(pass, time)| (pass.name(), time.seconds / count as f64 * unit));
    Ok(Row {
        size,
        sampler: case.sampler,
        times: times.of(unit),
        seeds: count,
        peak,
        planned: sampling.plan().bytes,
        expected: case.expected_cost() * unit,
        passes: passes.collect(),
    })
}

/// The sizes that do not grow.
fn put_in_words(along: Along, [n, outputs, depth, width]: Sizes) -> String {
    let sizes = [(Along::N, n), (Along::Outputs, outputs), (Along::L, depth), (Along::M, width)];
    let fixed = sizes.iter().filter(|(size, _)| *size != along);
    fixed.map(|(size, value)| format!("{} = {value}", size.symbol())).collect::<Vec<_>>().join(", ")
}

fn head(engine: &dyn Engine, along: Along, fixed: &str) -> String {
    let info = engine.info();
    format!(
        "{}, {}\nmilliseconds {} against {}, {fixed}\n0.6·s + 0.4·|s| on points in 64 dimensions\n",
        info.name,
        counted(info.threads, "thread"),
        along.unit(),
        along.symbol()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(from: Option<u64>, to: Option<u64>) -> Args {
        Args { along: Some(Along::M), from, to, out: None }
    }

    #[test]
    fn sizes_double_and_are_three_at_least() {
        let sizes = |from, to| args(from, to).sizes(Along::M).ok();
        assert_eq!(sizes(None, None), Some(vec![256, 512, 1024, 2048, 4096, 8192]));
        assert_eq!(sizes(Some(3), Some(13)), Some(vec![3, 6, 12]));
        assert_eq!(sizes(Some(100_000), None), Some(vec![100_000, 200_000, 400_000, 800_000]));
        assert_eq!(sizes(None, Some(64)), Some(vec![16, 32, 64]));
        assert_eq!(sizes(Some(8), Some(31)), None);
        assert_eq!(sizes(Some(9), Some(8)), None);
        assert_eq!(sizes(Some(u64::MAX), None), None);
        let error = args(Some(8), Some(31)).sizes(Along::Seeds).unwrap_err().sentence().unwrap();
        assert!(error.contains("seeds from 8 to 31 has 2; give --to 32 or more"), "{error}");
    }
}
