//! `eoc limit`: K∞, its spectrum and cosine distances by depth, and the theory around it.

use std::path::{Path, PathBuf};

use super::args::{DataArgs, NetworkArgs, ThreadArgs};
use super::context::Context;
use super::failure::{Failure, Status};
use super::input::is_dash;
use super::output::{self, Summary};
use super::units;
use super::{terminal, theory};
use crate::backend::available_memory;
use crate::data::npy::NpyWriter;
use crate::data::{DataSet, Output};
use crate::limit::{Limit, Profile, Report, Unmet, reported_depths, unmet_by_points, unmet_by_widths};
use crate::model::Resolved;
use crate::report::{Align, Layout, paragraph};

/// Shown below the help.
pub const EXAMPLES: &str = "\
The file is .npy 1.0, <f8, of shape (n*outputs, n*outputs): plain entries of the limit, not divided by \
n. Eigenvalues are those of the limit divided by n, with the digits that are right; '< x' and '> x' where \
zero or infinity cannot be told apart from what was computed. A cosine distance is 1 - cos of the angle \
between the last activations of two points. Depth d means the network of d weight matrices. No widths are \
needed; what depends on them, the bound and the spread of a diagonal entry, is shown where they are given. \
Rows count from 0.

Keys of --json: n; outputs; depth; activation{a, b, delta, kappa}; widths; depths (1 to 64, then powers of \
two, then the last); delta[depth][i][j], the cosine distances; inverse_delta, 1/delta; \
eigenvalues[depth][n], ascending, each of multiplicity outputs; condition_number[depth]; bound{m, value, \
full}: the right side of the theorem without its constant, without logarithms and in full; \
relative_sd_diagonal, of an entry K(x,x); eigenvalue_error[depth], a bound of the error of every \
eigenvalue; ntk[i][j], the limit itself for one output, not divided by n. null: infinite, undefined, or \
without widths.

Below the table stands what the companion paper (arXiv 2501.13225, Theorem 18) says of the spectrum, from one \
number W that stands for all pairs of points: w = ((1 - cos)/2)^(-1/2) of a pair becomes omega(w) in a layer, and \
W is chosen so that the largest eigenvalue of the matrix of w at depth d (zero diagonal) is (n-1) times omega \
iterated d-1 times at W (the larger W where there are two). Proposition 14 bounds every entry of the limit between \
points of unit norm by 3 pi w/(16 Delta) - 1/8: margin is the bound minus the entry where it is closest to its error.

Keys of theory in --json, by depth: w, xi, lambda_max, lambda_bulk, condition_number (null up to the depth \
4 xi/3), lower{...} the same with the least norm where norms differ; proposition_13{distance, depth, pair}, \
proposition_14{verdict, margin, error, depth, pair, constant}. theory is null at Delta = 0, for one point, and for \
points on one line through the origin.

Examples:
  eoc limit --activation relu --depth 8 --data digits:n=32
  eoc limit --activation abs --depth 1000000 --data pair:angle=1e-6 --json
  eoc limit --activation 0.6,0.4 --depth 4 --width 1024 --data digits:n=32 --out limit.npy";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    threads: ThreadArgs,
    /// File to write the limit to, or - for standard output; its directory must exist
    #[arg(long, value_name = "F.npy", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Print one JSON object; what is infinite is null
    #[arg(long, help_heading = "Output")]
    json: bool,
}

/// Computes the limit.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let config = args.network.config()?;
    let activation = config.activation()?;
    let network = config.shape.hidden.is_some().then(|| config.network()).transpose()?;
    if args.json && args.out.as_deref().is_some_and(is_dash) {
        return Err(Failure::refused("--json and --out - both go to standard output; give --out a file"));
    }
    let Resolved { depth, outputs, scale, .. } = config.shape;
    let data = args.data.load()?;
    let threads = args.threads.start()?;
    let by_depth = args.json || args.out.is_none();
    check_memory(&data, depth, by_depth)?;
    let size = data.n().saturating_mul(outputs);
    let bytes = output::array_bytes(&[size, size]);
    let open = |path: &Path| output::open(path, bytes, &[args.data.file()]);
    let output = args.out.as_deref().map(open).transpose()?;
    // Where nobody reads the account, the file is written all the same.
    let mut told = Ok(());
    let limit = if by_depth {
        let points = data.clone();
        let profile = move || Profile::new(&points, activation, depth, scale);
        let profile = ctx.wait(move || threads.install(profile))?.map_err(Failure::running)?;
        let report = match &network {
            Some(network) => Report::new(&profile, network, &data),
            None => Report::without_widths(&profile, activation, outputs),
        };
        if args.json {
            let json = serde_json::to_string(&report).map_err(Failure::running)?;
            told = ctx.write(&format!("{json}\n"));
        } else {
            let widths = network.as_ref().map(|network| unmet_by_widths(network.hidden()));
            let conditions =
                conditions(&unmet_by_points(&data, profile.parallel(), activation.delta()), widths);
            let room = terminal::columns();
            told = ctx.print(&(table(&profile, &report, &conditions, room) + &theory::text(&profile, room)));
        }
        profile.limit().clone()
    } else {
        let limit = move || Limit::new(&data, activation, depth, scale);
        ctx.wait(move || threads.install(limit))?
    };
    ctx.check()?;
    if let (Some(path), Some(output)) = (&args.out, output) {
        write(output, &limit, outputs)?;
        if !args.json {
            announce(ctx, path, size)?;
        }
    }
    told.map(|()| Status::Done)
}

/// Refuses what does not fit: a handful of n × n matrices, and two for each depth that is reported.
fn check_memory(data: &DataSet, depth: usize, by_depth: bool) -> Result<(), Failure> {
    let n = data.n() as u128;
    let matrices = if by_depth { 8 + 2 * reported_depths(depth).len() as u128 } else { 8 };
    let (bytes, available) = (8 * matrices * n * n, available_memory());
    if bytes > u128::from(available) {
        let [needed, available] = units::apart(bytes, available.into());
        return Err(Failure::refused(format!(
            "the limit of {} at this depth needs {needed} of memory, and {available} are available; use --points for \
             fewer points{}",
            units::counted(n, "point"),
            if by_depth { " or --out without --json for the limit alone" } else { "" }
        )));
    }
    Ok(())
}

/// Writes K∞ ⊗ I row by row.
fn write(output: Output, limit: &Limit, outputs: usize) -> Result<(), Failure> {
    let (n, size) = (limit.n(), limit.n() * outputs);
    let mut file = NpyWriter::new(output, &[size, size])?;
    let mut row = vec![0.0; size];
    for entries in limit.ntk().chunks(n) {
        for o in 0..outputs {
            row.fill(0.0);
            for (value, entry) in row[o..].iter_mut().step_by(outputs).zip(entries) {
                *value = *entry;
            }
            file.write(&row)?;
        }
    }
    Ok(file.finish()?)
}

fn announce(ctx: &Context, path: &Path, size: usize) -> Result<(), Failure> {
    let shape = output::shape(&[size, size]);
    let precision = "f64".to_owned();
    output::announce(ctx, &Summary { path, shape, seeds: None, sampler: None, device: "cpu", precision })
}

/// Digits of the table; those beyond are in the JSON.
const DIGITS: usize = 6;

/// What a person reads: one line for each reported depth, then what widths and theory add.
fn table(profile: &Profile, report: &Report, conditions: &str, room: usize) -> String {
    let mut lines = Layout::new(vec!["depth".to_owned()], vec![Align::Right])
        .group([("least 1-cos", Align::Right), ("largest 1-cos", Align::Right)])
        .group([("least λ", Align::Right), ("largest λ", Align::Right)])
        .group([("condition", Align::Right)]);
    let n = profile.limit().n();
    for ((depth, deltas), spectrum) in profile.depths().iter().zip(profile.deltas()).zip(profile.spectra()) {
        let pairs = || (0..n).flat_map(|i| (0..i).map(move |j| deltas[i * n + j])).filter(|d| !d.is_nan());
        let least = pairs().fold(f64::INFINITY, f64::min);
        let largest = pairs().fold(f64::NEG_INFINITY, f64::max);
        let show = |value: f64| if value.is_finite() { format!("{value:.5e}") } else { "-".to_owned() };
        lines.push(vec![
            depth.to_string(),
            show(least),
            show(largest),
            spectrum.least(DIGITS),
            spectrum.largest(DIGITS),
            spectrum.condition(DIGITS),
        ]);
    }
    let heading = "1-cos is the cosine distance of two points; λ is an eigenvalue of K/n, condition the largest over \
        the least.";
    let mut text = paragraph("", heading, room) + &lines.text(room);
    if let Some(bound) = report.bound() {
        let full = bound.full.map_or("-".to_owned(), |full| format!("{full:.6e}"));
        let line = format!(
            "at m = {}, without its constant: {:.6e}, with logarithms {full}",
            units::short(bound.m),
            bound.value
        );
        text += &paragraph("bound ", &line, room);
    }
    if let Some(sd) = report.relative_sd_diagonal() {
        let line = format!("relative standard deviation of a diagonal entry of the kernel: {sd:.6e}");
        text += &paragraph("", &line, room);
    }
    text + &paragraph("theorem: ", conditions, room)
}

/// The conditions of the theorem in one line: those of the points and the activation, and of the widths where they were
/// given.
fn conditions(by_points: &[Unmet], widths: Option<Option<Unmet>>) -> String {
    let given = widths.is_some();
    let unmet: Vec<&Unmet> = by_points.iter().chain(widths.as_ref().and_then(Option::as_ref)).collect();
    let all: Vec<String> = unmet.iter().map(ToString::to_string).collect();
    let cured = |u: &&Unmet| matches!(u, Unmet::ZeroRow(_) | Unmet::ParallelRows(_));
    let cure = if unmet.iter().any(cured) { " (see --append-constant)" } else { "" };
    match (all.is_empty(), given) {
        (true, true) => "its conditions hold".to_owned(),
        (true, false) => "its conditions on points and activation hold; no widths are given".to_owned(),
        (false, true) => format!("{}{cure}", all.join("; ")),
        (false, false) => format!("{}{cure}; no widths are given", all.join("; ")),
    }
}
