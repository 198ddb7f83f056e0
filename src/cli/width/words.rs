//! What a person reads of an answer: the widths that were looked at, or a line for each kind of network; then the
//! answer in words.

use std::path::{Path, PathBuf};

use super::super::{escape, terminal, units};
use super::{Args, Found, Stop};
use crate::Threads;
use crate::answer::{Answer, Decision, Ending, Norm, Progress};
use crate::report::{Align, Layout, Needed, WriteError, needed_figures, paragraph, write_needed};
use crate::study::REPORT;

/// What is known while it runs.
pub fn so_far(progress: &Progress) -> String {
    match progress.high {
        Some(high) => format!("{} < m* ≤ {high}", progress.low),
        None => format!("m* > {}", progress.low),
    }
}

/// What is known when the drawing broke.
pub fn known(answer: &Answer) -> String {
    let interval = so_far(&Progress { low: answer.low, high: answer.high, networks: answer.networks });
    format!("{} had shown {interval}", units::counted(answer.networks, "network"))
}

/// The table, in `room` columns.
pub fn table(found: &[Found], room: usize) -> String {
    match found {
        [one] => looks(one, room),
        _ => cells(found, room),
    }
}

fn looks(found: &Found, room: usize) -> String {
    if found.answer.looks.is_empty() {
        return String::new();
    }
    let mut table = Layout::new(vec!["m".to_owned()], vec![Align::Right])
        .group([("networks", Align::Right), ("inside", Align::Right)])
        .group([("probability", Align::Right)])
        .group([("m* is", Align::Left)]);
    for look in &found.answer.looks {
        let decision = match look.decision {
            Decision::Enough => "at most this",
            Decision::TooNarrow => "above",
            Decision::Undecided => "not decided here",
        };
        let share = look.inside as f64 / look.seeds as f64;
        // Rounded outwards.
        let (low, high) = ((1e4 * look.low).floor() / 1e4, (1e4 * look.high).ceil() / 1e4);
        table.push(vec![
            look.width.to_string(),
            look.seeds.to_string(),
            look.inside.to_string(),
            format!("{share:.4} [{low:.4}, {high:.4}]"),
            decision.to_owned(),
        ]);
    }
    table.text(room)
}

fn cells(found: &[Found], room: usize) -> String {
    let names = ["φ", "schedule", "m_l", "l"].map(str::to_owned).to_vec();
    let mut table = Layout::new(names, vec![Align::Left, Align::Left, Align::Right, Align::Right])
        .group([("m_low < m* ≤ m_high", Align::Right)])
        .group([("constant", Align::Right)])
        .group([("theorem", Align::Right)]);
    for f in found {
        let high = f.answer.high.map_or_else(|| "-".to_owned(), |high| high.to_string());
        let show = |v: Option<f64>| v.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"));
        let constant = f
            .constant
            .map_or_else(|| "-".to_owned(), |[low, high]| format!("{} … {}", show(low), show(high)));
        table.push(vec![
            f.cell.activation.to_string(),
            f.cell.schedule.to_string(),
            f.cell.outputs.to_string(),
            f.cell.depth.to_string(),
            format!("{} … {high}", f.answer.low),
            constant,
            theorem(found, f).map_or_else(|| "-".to_owned(), |m| format!("{m:.0}")),
        ]);
    }
    let mut text = table.text(room);
    if found.iter().any(|f| f.constant.is_some()) {
        text += &paragraph("", CONSTANT, room.min(SENTENCE));
    }
    text
}

/// Columns of a sentence at most.
const SENTENCE: usize = 80;

const CONSTANT: &str = "constant: the tolerance, as a deviation of K/n, over the bound scale·(max ‖x‖²/m_0)·(Δ^-2 + \
     l·√m_l)·κ²·m^(-1/2) of arXiv 2501.14724, without its logarithms, at m_low + 1 and at m_high; were it equal in all \
     lines, the bound would have the right shape. theorem: the width at which that bound meets the tolerance, with one \
     constant for each φ and schedule, the geometric mean of those in its lines that are decided.";

/// The width at which the bound with one constant for all networks of this activation and schedule meets the tolerance.
/// The bound falls as m^-1/2 exactly, so that the constant of a line grows as √m. A line that is not decided says
/// nothing of it: its middle would be that of all widths that were not looked at.
pub fn theorem(found: &[Found], one: &Found) -> Option<f64> {
    let [low, _] = one.constant?;
    let line = found
        .iter()
        .filter(|f| f.answer.ending == Ending::Resolved)
        .filter(|f| (f.cell.activation, f.cell.schedule) == (one.cell.activation, one.cell.schedule));
    let logs: Vec<f64> = line
        .filter_map(|f| match f.constant? {
            [Some(low), Some(high)] => Some(0.5 * (low * high).ln()),
            _ => None,
        })
        .collect();
    let constant = (logs.iter().sum::<f64>() / logs.len() as f64).exp();
    let width = (one.answer.low + 1) as f64 * (constant / low?).powi(2);
    width.is_finite().then_some(width)
}

/// Writes the figures into the report of the run directory, and gives back where the first of them is; None where there
/// is no directory.
pub fn figure(args: &Args, found: &[Found], threads: &Threads) -> Result<Option<PathBuf>, WriteError> {
    let Some(dir) = &args.out else { return Ok(None) };
    let several = |of: fn(&Found) -> String| found.iter().any(|f| of(f) != of(&found[0]));
    let (outputs, schedules) =
        (several(|f| f.cell.outputs.to_string()), several(|f| f.cell.schedule.to_string()));
    let needed = |f: &Found| {
        // As the reports of studies have it.
        let mut line = match f.cell.activation.to_string().as_str() {
            "abs" => "|s|".to_owned(),
            "relu" => "ReLU".to_owned(),
            other => other.to_owned(),
        };
        if schedules {
            line.extend([", ", &f.cell.schedule.to_string(), " widths"]);
        }
        if outputs {
            line += &format!(", {}", units::counted(f.cell.outputs, "output"));
        }
        Needed {
            line,
            depth: f.cell.depth,
            answer: f.answer.clone(),
            theorem: theorem(found, f),
            constant: f.constant.unwrap_or_default(),
        }
    };
    let points: Vec<Needed> = found.iter().map(needed).collect();
    let report = dir.join(REPORT);
    let figures = needed_figures(&points, &within(args), args.question().probability);
    let figures = figures.map_err(|source| WriteError { path: report.clone(), source })?;
    threads.install(|| write_needed(&figures, &report))
}

/// What is open and why; None where nothing is.
pub fn undecided(found: &Found, stopped: Stop) -> Option<String> {
    let why = match found.answer.ending {
        Ending::Resolved => return None,
        Ending::Networks => "as many networks as allowed were drawn",
        Ending::Seeds => "the seeds ran out",
        Ending::Stopped if stopped == Stop::Time => "the time was over",
        Ending::Stopped => "it was interrupted",
        Ending::Widest => "no wider network can be drawn",
        Ending::Contradiction => {
            return Some(format!(
                "every width is excluded, which happens with probability at most {} if the probability of being within \
                 the tolerance grows with the width; try other seeds, and if it happens again, it does not grow",
                found.question.error_rate
            ));
        }
    };
    let low = found.answer.low;
    let open = match found.answer.high {
        Some(high) if low == 0 => format!("where up to {high}"),
        Some(high) => format!("where between {low} and {high}, a ratio of {:.3}", high as f64 / low as f64),
        None if low == 0 => "everything".to_owned(),
        None => format!("how far above {low}, as no width is known to be enough"),
    };
    Some(format!("{open}, because {why}"))
}

/// The answer in words; `typed` is what asked for it, behind the name of the program.
pub fn sentences(
    args: &Args,
    found: &[Found],
    kinds: usize,
    stopped: Stop,
    figure: Option<&Path>,
    typed: &[String],
) -> String {
    let mut text = String::from("\n");
    if let [one] = found {
        text += &wrapped(&statement(args, one));
    } else {
        text += &wrapped(&format!(
            "In every line m* is the smallest width from which on {}, with an error rate of {} for each line by \
             itself.",
            within(args),
            args.alpha
        ));
    }
    for f in found {
        if let Some(open) = undecided(f, stopped) {
            let cell = &f.cell;
            let which = match found.len() {
                1 => String::new(),
                _ => format!(
                    " of {}, {}, {}, depth {}",
                    cell.activation,
                    cell.schedule,
                    units::counted(cell.outputs, "output"),
                    cell.depth
                ),
            };
            text += &wrapped(&format!("Undecided{which}: {open}."));
        }
    }
    if found.len() < kinds {
        let left = units::counted(kinds - found.len(), "kind");
        text += &wrapped(&format!("Undecided: {left} of network more, which were not begun."));
    }
    let networks: u64 = found.iter().map(|f| f.answer.networks).sum();
    let seconds: f64 = found.iter().map(|f| f.seconds).sum();
    text += &wrapped(&format!(
        "It assumes that this probability grows with the width. {}, {}.",
        units::counted(networks, "network"),
        units::duration(seconds)
    ));
    if let Some(dir) = args.out.as_ref().filter(|_| networks > 0) {
        text += &wrapped(&format!(
            "Every network is kept in {}: another question of them draws only what is missing there.",
            escape::visible(&dir.display().to_string())
        ));
    }
    if let Some(path) = figure {
        text += &wrapped(&format!("Figure: {}", escape::visible(&path.display().to_string())));
    }
    text += &format!("For more: {}\n", more(args, stopped, found, typed));
    text
}

/// A sentence in lines that the terminal has, and of at most 80 columns.
pub fn wrapped(sentence: &str) -> String {
    paragraph("", sentence, terminal::columns().min(SENTENCE))
}

fn within(args: &Args) -> String {
    let (t, p) = (args.tolerance, args.confidence);
    match (args.norm, args.absolute) {
        (Norm::LambdaMin, _) => {
            format!(
                "with probability at least {p} the least eigenvalue of the kernel is at least {} times that of its \
                 limit",
                (1e12 * (1.0 - t)).round() / 1e12
            )
        }
        (norm, true) => format!(
            "with probability at least {p} the kernel over n is within {t} ({}) of its limit",
            norm.words()
        ),
        (norm, false) => {
            format!(
                "with probability at least {p} the kernel is within {} % ({}) of its limit",
                percent(t),
                norm.words()
            )
        }
    }
}

/// T in per cent without the digits that the product adds.
fn percent(tolerance: f64) -> String {
    let text = format!("{:.10}", 100.0 * tolerance);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn statement(args: &Args, found: &Found) -> String {
    let mut within = within(args);
    if let Some(first) = within.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let (low, alpha) = (found.answer.low, args.alpha);
    match found.answer.high {
        Some(high) if high - low == 1 => {
            format!("{within} from width m* = {high} on (error rate {alpha} in all).")
        }
        Some(high) => format!("{within} from width m* on, {low} < m* ≤ {high} (error rate {alpha} in all)."),
        None if low == 0 => format!("{within} from a width m* on of which nothing is decided yet."),
        None => format!("{within} from width m* on, m* > {low} (error rate {alpha} in all)."),
    }
}

/// The command that tells more: with more networks, time or seeds where these ended it, else a finer resolution; a
/// smaller error rate where one width is left.
fn more(args: &Args, stopped: Stop, found: &[Found], typed: &[String]) -> String {
    let mut words = typed.to_vec();
    let ended = |ending: Ending| found.iter().any(|f| f.answer.ending == ending);
    let exact = found.iter().all(|f| f.answer.high.is_some_and(|high| high - f.answer.low == 1));
    let mut replaced = |options: &[&str], value: Option<String>| {
        options.iter().for_each(|option| without(&mut words, option));
        words.extend(value.into_iter().flat_map(|value| [options[0].to_owned(), value]));
    };
    let first = args.seeds.map_or(0, |(first, _)| first);
    let last = found.iter().map(|f| first + f.answer.networks).max().unwrap_or(first);
    match (stopped, args.max_networks) {
        (Stop::Time, _) => replaced(&["--max-time"], None),
        // The same again, to its end.
        (Stop::Signal, _) => {}
        (Stop::Not, Some(most)) if ended(Ending::Networks) => {
            replaced(&["--max-networks"], Some(most.saturating_mul(4).to_string()));
        }
        _ if ended(Ending::Seeds) => replaced(&["--seeds"], Some(format!("{first}.."))),
        _ if ended(Ending::Contradiction) => replaced(&["--seeds"], Some(format!("{last}.."))),
        _ if exact => replaced(&["--alpha"], Some((args.alpha / 10.0).to_string())),
        _ => {
            let finer = 1.0 + (args.resolution - 1.0) / 2.5;
            let finer = ((finer * 100.0).round() / 100.0).max(if finer < 1.005 { 1.001 } else { 1.01 });
            replaced(&["--resolution"], Some(finer.to_string()));
        }
    }
    std::iter::once("eoc".to_owned())
        .chain(words.iter().map(|word| escape::for_shell(word)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Takes an option and its value out.
fn without(words: &mut Vec<String>, option: &str) {
    let with_value = format!("{option}=");
    while let Some(at) = words.iter().position(|w| w == option || w.starts_with(&with_value)) {
        let count = if words[at] == option { 2 } else { 1 };
        words.drain(at..words.len().min(at + count));
    }
}
