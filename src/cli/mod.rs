//! Arguments → validated configuration → one command each.
//!
//! `args` is what was typed, `config` what it means; every command is a file with `Args` and `execute`.
//! `failure` maps errors to exit statuses, `context` holds output, progress and signals. Nothing below this
//! module prints or exits.

mod absent;
mod args;
mod bench;
mod builtin;
mod completions;
mod config;
mod context;
mod data;
mod device;
mod devices;
mod dry_run;
mod escape;
mod export;
mod failure;
mod help;
mod independence;
mod input;
mod kernel;
mod layers_out;
mod least;
mod limit;
mod merge;
mod moments;
mod output;
mod papers;
mod progress;
mod refused;
mod remedy;
mod report;
mod run;
mod sample;
mod session;
mod slurm;
mod status;
mod stopping;
mod stored;
mod terminal;
mod theory;
mod tuning;
mod units;
mod version;
mod watchdog;
mod weights;
mod welcome;
mod width;
mod words;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use self::context::{Call, Context, Speech};
use self::failure::{Failure, Status};
use self::watchdog::Watchdog;

/// What other programs of this library share with `eoc`, such as the Python package: devices by the same names, opened
/// as they were tuned, the same threads, and who added rows to a run.
pub mod shared {
    pub use super::device::{DeviceChoice, ThreadsError, UnknownDevice, open, start_threads, thread_count};
    pub use super::devices::json as devices;
    pub use super::report::{Answers, Report, Unwritten};
    pub use super::run::default_directory;
    pub use super::session::session;
    pub use super::stored::{Stored, summary};
    pub use super::version::{COMMIT, VERSION};
}

/// Samples the Neural Tangent Kernel of finite-width MLPs at the Edge Of Chaos.
///
/// The network is an MLP without biases, activation a*s + b*|s|, in NTK parameterisation. Kernels are drawn exactly in
/// law, in time linear in the width, and compared with their infinite-width limit.
#[derive(Parser, Debug)]
#[command(name = "eoc", disable_version_flag = true, max_term_width = 100, args_override_self = true)]
#[command(after_help = "Example:\n  eoc run\n\nWithout a command, eoc says what it can do.")]
struct Cli {
    /// Print version, commit, layout of the random streams and SIMD level
    #[arg(short = 'V', long)]
    version: bool,
    /// Say on stderr what is decided; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Messages")]
    verbose: u8,
    /// Say nothing on stderr but errors: no progress, no notes
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Messages")]
    quiet: bool,
    /// Progress on stderr: bar, lines (one at once, then one every 30 s) or none [default: bar on a terminal; elsewhere
    /// lines, the first after 30 s]
    #[arg(
        long,
        global = true,
        value_name = "HOW",
        value_enum,
        hide_possible_values = true,
        help_heading = "Messages"
    )]
    progress: Option<progress::Mode>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// The main job: a grid of networks times seeds into a run directory; resumes what it holds
    #[command(after_help = run::after_help())]
    Run(run::Args),
    /// The infinite-width limit of the kernel, its spectrum by depth, and the bound
    #[command(after_help = limit::EXAMPLES)]
    Limit(limit::Args),
    /// The kernels themselves, one per seed, as .npy
    #[command(after_help = sample::EXAMPLES)]
    Sample(sample::Args),
    /// The weights of a seed, as .safetensors
    #[command(after_help = weights::EXAMPLES)]
    Weights(weights::Args),
    /// The kernel of given weights, as .npy
    #[command(after_help = kernel::EXAMPLES)]
    Kernel(kernel::Args),
    /// How wide is wide enough: the smallest width within a tolerance of the limit, with its interval
    #[command(after_help = width::EXAMPLES)]
    Width(Box<width::Args>),
    /// What the gradient independence assumption costs, by width and by the angle of a pair of points
    #[command(after_help = independence::EXAMPLES)]
    Independence(Box<independence::Args>),
    /// A data source as a file
    #[command(after_help = data::EXAMPLES)]
    Data(data::Args),
    /// A table of a run directory (samples, layers, spectrum, independence or cells)
    #[command(after_help = export::after_help())]
    Export(export::Args),
    /// Page, figures and tables of run directories, from their rows
    #[command(after_help = report::EXAMPLES)]
    Report(report::Args),
    /// Shards of a study into one run directory
    #[command(after_help = merge::EXAMPLES)]
    Merge(merge::Args),
    /// How far a run is, how to make it again, and how to make one of its samples again
    #[command(after_help = status::EXAMPLES)]
    Status(status::Args),
    /// A study as a Slurm array of shards with a job that merges them
    #[command(after_help = slurm::EXAMPLES)]
    Slurm(slurm::Args),
    /// The devices of this machine
    #[command(after_help = devices::EXAMPLES)]
    Devices(devices::Args),
    /// Work, rate, fraction of the peak, and what binds
    #[command(after_help = bench::EXAMPLES)]
    Bench(bench::Args),
    /// Completions for a shell, on stdout
    #[command(after_help = completions::EXAMPLES)]
    Completions(completions::Args),
}

impl Cli {
    fn speech(&self) -> Speech {
        Speech { verbosity: self.verbose, quiet: self.quiet, progress: self.progress }
    }
}

/// The program: the exit status of what the arguments ask for, with the sentence on stderr where it fails.
///
/// `args` are those of a process, the name of the program first. `program` is the path by which another process starts
/// it, where that is not the running executable: a job of `eoc slurm` names it.
///
/// Signals that ask to stop are listened to from here on, by the whole process.
pub fn main(args: impl IntoIterator<Item = OsString>, program: Option<PathBuf>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let given = args.clone();
    escape::typed(&given);
    let words = args.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let result = match parsed(args) {
        Ok(cli) => {
            let ctx = Context::new(cli.speech(), Call { program, words });
            let unheard =
                |error| Failure::running(anyhow::Error::from(error).context("cannot listen to signals"));
            ctx.map_err(unheard).and_then(|ctx| {
                let result =
                    dispatch(&cli, &ctx).map_err(|failure| failure.at_a_time_limit(ctx.time_limit()));
                ctx.tell();
                result
            })
        }
        Err(error) => unparsed(&error, &given),
    };
    match result {
        Ok(status) => status as u8,
        Err(failure) => {
            if let Some(sentence) = failure.sentence() {
                // Nothing is left to do where stderr is closed as well.
                let _ = std::io::Write::write_all(
                    &mut std::io::stderr(),
                    format!("eoc: {sentence}\n").as_bytes(),
                );
            }
            failure.status as u8
        }
    }
}

/// What was typed.
fn parsed(args: Vec<OsString>) -> Result<Cli, clap::Error> {
    let mut command = help::finished(Cli::command());
    let matches = command.try_get_matches_from_mut(args)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

fn dispatch(cli: &Cli, ctx: &Context) -> Result<Status, Failure> {
    if cli.version {
        return version::execute(ctx);
    }
    let Some(command) = &cli.command else {
        return welcome::execute(ctx);
    };
    least::check(command)?;
    // Files are written aside and stores survive any end, so that a command which takes long in a step of its own, such
    // as reading a large file, can be ended there. Those that keep what is finished watch over themselves from where
    // they have read their data on, and say what that is; a merge looks at signals between rows, and removes the store
    // that it builds.
    let _watchdog = match command {
        Command::Run(_) | Command::Width(_) | Command::Merge(_) => None,
        _ => Some(Watchdog::over_nothing(ctx)),
    };
    match command {
        Command::Run(args) if args.is_papers() => papers::execute(args, ctx),
        Command::Run(args) => run::execute(args, ctx),
        Command::Limit(args) => limit::execute(args, ctx),
        Command::Sample(args) => sample::execute(args, ctx),
        Command::Weights(args) => weights::execute(args, ctx),
        Command::Kernel(args) => kernel::execute(args, ctx),
        Command::Data(args) => data::execute(args, ctx),
        Command::Export(args) => export::execute(args, ctx),
        Command::Slurm(args) => slurm::execute(args, ctx),
        Command::Devices(args) => devices::execute(args, ctx),
        Command::Bench(args) => bench::execute(args, ctx),
        Command::Completions(args) => completions::execute(args, ctx),
        Command::Merge(args) => merge::execute(args, ctx),
        Command::Report(args) => report::execute(args, ctx),
        Command::Status(args) => status::execute(args, ctx),
        Command::Width(args) => width::execute(args, ctx),
        Command::Independence(args) => independence::execute(args, ctx),
    }
}

/// The command of clap without what its help does not list, for completions.
fn command() -> clap::Command {
    let all = help::finished(Cli::command());
    let listed = all.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    clap::Command::new("eoc")
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .args(all.get_arguments().cloned())
        .subcommands(listed)
}

/// An error in words. Where clap leaves out its colours it also leaves out escape sequences that were typed, which we
/// show escaped: so the arguments are parsed again without colours, and that error is written as it is.
fn plain(error: &clap::Error, given: &[OsString]) -> String {
    let mut command = help::finished(Cli::command()).styles(clap::builder::Styles::plain());
    let again = command
        .try_get_matches_from_mut(given)
        .and_then(|matches| Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command)));
    again.err().map_or_else(|| error.to_string(), |again| again.render().ansi().to_string())
}

/// Help goes to stdout as it is; an error becomes one sentence.
fn unparsed(error: &clap::Error, given: &[OsString]) -> Result<Status, Failure> {
    if error.kind() == ErrorKind::InvalidUtf8
        && let Some(text) = given.iter().find(|text| text.to_str().is_none())
    {
        return Err(Failure::refused(format!(
            "the argument {text:?} is not UTF-8, which only the names of files and directories need not be"
        )));
    }
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return match error.print() {
            Ok(()) => Ok(Status::Done),
            Err(error) => Err(Failure::stdout(error)),
        };
    }
    let text = escape::quoted(&plain(error, given));
    let sentence: Vec<&str> = text
        .lines()
        .map(str::trim)
        // The usage line and the pointer to --help follow the message and its tips.
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty())
        .collect();
    let mut sentence = sentence.join("; ").trim_start_matches("error: ").replace(":; ", ": ");
    if error.kind() == ErrorKind::InvalidSubcommand {
        sentence += "; eoc --help lists the commands";
    }
    Err(Failure::refused(sentence))
}
