//! What a person reads of an answer: the widths that were looked at, or a line for each kind of network; then the
//! answer in words.

use std::path::Path;

use super::super::{escape, terminal, units};
use super::{Args, Found, Stop};
use crate::answer::{Answer, Decision, Ending, Progress};
use crate::report::{Align, Layout, PAGE, paragraph, width_answer, width_table, width_verdicts};
use crate::rng::SEED_LIMIT;
use crate::study::REPORT;
use crate::study::questions::WidthQuestion;

/// What is known while it runs.
pub fn so_far(progress: &Progress) -> String {
    match progress.high {
        Some(high) => format!("{} < m* ≤ {high}", progress.low),
        None => format!("m* > {}", progress.low),
    }
}

/// What is known when the drawing broke.
pub fn known(progress: &Progress) -> String {
    format!("when {} had shown {}", units::counted(progress.networks, "network"), so_far(progress))
}

/// The kinds of network that a search did not come to; None where there are none.
pub fn not_begun(left: usize) -> Option<String> {
    (left > 0).then(|| format!("{} of network more, which were not begun", units::counted(left, "kind")))
}

/// The table, in `room` columns.
pub fn table(found: &[Found], asked: &WidthQuestion, room: usize) -> String {
    match found {
        [one] => looks(one, room),
        _ => width_table(asked, room),
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
    let each = format!(
        "In brackets: what the networks of a width say of it alone, with an error rate of {} for each width. What m* is \
         follows from all networks together.",
        found.question.error_rate
    );
    table.text(room) + &paragraph("", &each, room.min(SENTENCE))
}

/// Columns of a sentence at most.
const SENTENCE: usize = 80;

/// What is open and why; None where nothing is.
pub fn undecided(answer: &Answer, error_rate: f64, stopped: Stop) -> Option<String> {
    let why = match answer.ending {
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
                error_rate
            ));
        }
    };
    let low = answer.low;
    let open = match answer.high {
        Some(high) if low == 0 => format!("where up to {high}"),
        Some(high) => format!("where between {low} and {high}, a ratio of {:.3}", high as f64 / low as f64),
        None if low == 0 => "everything".to_owned(),
        None => format!("how far above {low}, as no width is known to be enough"),
    };
    Some(format!("{open}, because {why}"))
}

/// The answer in words.
pub fn sentences(args: &Args, found: &[Found], asked: &WidthQuestion, kinds: usize) -> String {
    let mut text = String::from("\n");
    text += &wrapped(&width_answer(asked));
    if args.words.is_some() {
        text += &width_verdicts(asked, terminal::columns().min(SENTENCE));
    }
    for f in found {
        if let Some(open) = &f.shown.undecided {
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
    if let Some(left) = not_begun(kinds - found.len()) {
        text += &wrapped(&format!("Undecided: {left}."));
    }
    let networks: u64 = found.iter().map(|f| f.answer.networks).sum();
    let seconds: f64 = found.iter().map(|f| f.shown.seconds).sum();
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
    text
}

/// The command that tells more; `typed` is what asked for this, behind the name of the program.
pub fn for_more(args: &Args, found: &[Found], stopped: Stop, typed: &[String]) -> String {
    format!("For more: {}\n", more(args, stopped, found, typed))
}

/// Where the report is, and the first of the figures of the answer.
pub fn report(directory: &Path, figures: &[String]) -> String {
    let path = |name: &str| escape::visible(&directory.join(REPORT).join(name).display().to_string());
    let figure = figures.first().map(|stem| wrapped(&format!("Figure: {}", path(&format!("{stem}.svg")))));
    wrapped(&format!("Report: {}", path(PAGE))) + &figure.unwrap_or_default()
}

/// A sentence in lines that the terminal has, and of at most 80 columns.
pub fn wrapped(sentence: &str) -> String {
    paragraph("", sentence, terminal::columns().min(SENTENCE))
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
    let (first, end) = args.seeds.unwrap_or((0, SEED_LIMIT));
    let last = found.iter().map(|f| first + f.answer.networks).max().unwrap_or(first);
    match (stopped, args.max_networks) {
        (Stop::Time, _) => replaced(&["--max-time"], None),
        // The same again, to its end.
        (Stop::Signal, _) => {}
        (Stop::Not, Some(most)) if ended(Ending::Networks) => {
            replaced(&["--max-networks"], Some(most.saturating_mul(4).to_string()));
        }
        // There are no seeds above the last of all, but those from 0 on.
        _ if ended(Ending::Seeds) && end == SEED_LIMIT => replaced(&["--seeds"], None),
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
