//! The command line as clap sees it, with help that fits the terminal: short for `-h`, long for `--help`, what stands
//! below it broken here, where its indent and its comments are known, and values that shells complete.

use std::path::PathBuf;

use clap::builder::StyledStr;
use clap::{Arg, Command, ValueHint};
use terminal_size::{Width, terminal_size_of};

use super::width::REFUSED;
use crate::report::paragraph;

/// Columns of a terminal that is none, and the most that lines of words have.
const COLUMNS: usize = 80;
const MOST: usize = 100;
/// Lines of an example that are longer are continued on the next.
const EXAMPLE: usize = 78;
/// What stands beside a name or a value begins at this column at most, and is never narrower.
const BESIDE: usize = 24;

/// The command with everything that follows from the rest: what is below the help, hints for shells, the width, and
/// without the options that a command knows only to refuse them.
pub fn finished(command: Command) -> Command {
    let room = room();
    let refused = |arg: Arg| if REFUSED.contains(&arg.get_id().as_str()) { arg.hide(true) } else { arg };
    let command = command.mut_subcommand("width", |width| width.mut_args(refused));
    let names: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    let command = names.iter().fold(command, |all, name| all.mut_subcommand(name, |c| subcommand(c, room)));
    command.term_width(room)
}

/// Columns of the help: of a terminal, else what COLUMNS says, else those of a terminal that is none.
fn room() -> usize {
    let terminal = terminal_size_of(std::io::stdout()).map(|(Width(columns), _)| usize::from(columns));
    let said = || std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let found = terminal.or_else(said).filter(|columns| *columns > 0);
    found.map_or(COLUMNS, |columns| columns.clamp(BESIDE, MOST))
}

fn subcommand(command: Command, room: usize) -> Command {
    let path = clap::value_parser!(PathBuf).type_id();
    let command = command.mut_args(move |arg| {
        // Shells offer files for whatever says nothing of itself.
        let says = arg.get_value_hint() != ValueHint::Unknown || arg.get_value_parser().type_id() == path;
        let long = arg.get_help().map(StyledStr::to_string).filter(|_| arg.get_long_help().is_none());
        let arg = match long {
            Some(long) => arg.help(in_short(&long)).long_help(long),
            None => arg,
        };
        if says || !arg.get_action().takes_values() { arg } else { arg.value_hint(ValueHint::Other) }
    });
    let Some(text) = command.get_after_help().map(StyledStr::to_string) else { return command };
    let long = flowing(&text, room);
    let short = long.find("Example").map_or("", |at| &long[at..]);
    // The examples alone, up to the next paragraph.
    let short = short.split("\n\n").next().unwrap_or_default();
    command.after_help(short.to_owned()).after_long_help(long)
}

/// What `-h` says of an option: what it is, without the list of its values behind a colon, and its default.
fn in_short(long: &str) -> String {
    let (text, default) = long.split_at(long.find(" [default").unwrap_or(long.len()));
    // Where the values stand first, they are all that is said.
    let named = text.starts_with(char::is_uppercase);
    let what = text.split_once(": ").filter(|_| named).map_or(text, |(what, _)| what);
    format!("{what}{default}")
}

/// Lines of a paragraph joined and broken again where `room` ends; what is indented, as examples and files are, stays
/// as it is where it fits.
fn flowing(text: &str, room: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    // Whether the last line is of a paragraph that goes on, and whether it is of a command that does.
    let (mut open, mut command) = (false, false);
    for line in text.lines() {
        let plain = !line.is_empty() && !line.starts_with(' ');
        match lines.last_mut() {
            Some(last) if command || (open && plain && !line.ends_with(':')) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ => lines.push(line.to_owned()),
        }
        open = plain && !line.ends_with(':');
        // Another program's command is left as it is.
        command = lines.last().is_some_and(|last| last.starts_with("  eoc ") && last.ends_with('\\'));
        if let (true, Some(last)) = (command, lines.last_mut()) {
            *last = last.trim_end_matches('\\').trim_end().to_owned();
        }
    }
    let fitted: Vec<String> = lines.iter().map(|line| fitted(line, room)).collect();
    fitted.join("\n")
}

/// A line in as many as it needs: a paragraph, a command, a value with its comment, or a name with what it is.
fn fitted(line: &str, room: usize) -> String {
    if line.starts_with("  eoc ") {
        return continued(line, room.saturating_sub(COLUMNS - EXAMPLE));
    }
    if line.chars().count() <= room {
        return line.to_owned();
    }
    if !line.starts_with(' ') {
        return paragraph("", line, room).trim_end().to_owned();
    }
    if let Some(at) = line.rfind("  # ") {
        return commented(&line[..at], at + 2, &line[at + 4..], room);
    }
    let name = line.trim_start();
    let indent = line.len() - name.len();
    let Some(at) = name.find("  ").map(|at| indent + at) else { return line.to_owned() };
    let about = line[at..].trim_start();
    let head = &line[..line.len() - about.len()];
    match head.chars().count() {
        beside if beside <= BESIDE && 2 * BESIDE <= room => paragraph(head, about, room),
        _ => format!("{}\n{}", head.trim_end(), paragraph(&" ".repeat(2 * indent + 2), about, room)),
    }
    .trim_end()
    .to_owned()
}

/// A value of a file with its comment, every line of which is a comment by itself: beside the value or below it.
fn commented(value: &str, column: usize, comment: &str, room: usize) -> String {
    let beside = column + BESIDE <= room;
    let column = if beside { column } else { 2 };
    let text = paragraph("", comment, room.saturating_sub(column + 2));
    let mut lines: Vec<String> = text.lines().map(|line| format!("{:column$}# {line}", "")).collect();
    match lines.first_mut() {
        Some(first) if beside => *first = format!("{value:column$}{}", first.trim_start()),
        _ => lines.insert(0, value.trim_end().to_owned()),
    }
    lines.join("\n")
}

/// A command line, broken before an option where it is too long.
fn continued(line: &str, room: usize) -> String {
    // Spaces within the line of a command are one each; what is aligned is no command.
    let Some(command) = line.strip_prefix("  ").filter(|_| line.len() > room) else {
        return line.to_owned();
    };
    let mut lines = vec![" ".to_owned()];
    for word in command.replace(" --", "\n--").split('\n') {
        let length = lines.last().map_or(0, String::len);
        if length + word.len() + 3 > room {
            lines.push("     ".to_owned());
        }
        if let Some(last) = lines.last_mut() {
            last.push(' ');
            last.push_str(word.trim());
        }
    }
    lines.join(" \\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_flow_and_what_is_indented_stays() {
        let text = "One paragraph\nin two lines.\n\nKeys:\n  a = 1   # one\n  b = 2\n\nExamples:\n  eoc run\nNext:\n  x";
        let flows = "One paragraph in two lines.\n\nKeys:\n  a = 1   # one\n  b = 2\n\nExamples:\n  eoc run\nNext:\n  x";
        assert_eq!(flowing(text, 80), flows);
        assert_eq!(flowing("One paragraph\nin two lines.", 16), "One paragraph in\ntwo lines.");
        let other = "  hq submit -- sh -c \\\n    'eoc run'";
        assert_eq!(flowing(other, 80), other);
    }

    #[test]
    fn what_is_indented_goes_on_under_itself_and_a_comment_stays_one() {
        assert_eq!(
            fitted("  seed  the number of the draw of this row of the table of all rows", 48),
            "  seed  the number of the draw of this row of\n        the table of all rows"
        );
        let long = "  a_name_of_more_letters_than_most  what it is, in words that go on";
        assert_eq!(
            fitted(long, 50),
            "  a_name_of_more_letters_than_most\n      what it is, in words that go on"
        );
        let value = "  # seeds = 3    # one two three four five six seven";
        assert_eq!(
            fitted(value, 42),
            "  # seeds = 3    # one two three four five\n                 # six seven"
        );
        assert_eq!(fitted(value, 38), "  # seeds = 3\n  # one two three four five six seven");
    }

    #[test]
    fn a_short_help_says_what_an_option_is() {
        assert_eq!(in_short("Device: auto, cpu, gpu [default: auto]"), "Device [default: auto]");
        assert_eq!(in_short("sphere: every row to norm 1"), "sphere: every row to norm 1");
        assert_eq!(in_short("Number of outputs [default: 1]"), "Number of outputs [default: 1]");
    }

    #[test]
    fn a_long_command_goes_on_below() {
        let line = format!("  eoc sample {}--out k.npy", "--option 12345 ".repeat(8));
        let found = continued(&line, EXAMPLE);
        assert!(found.lines().count() > 1 && found.lines().all(|l| l.len() <= EXAMPLE), "{found}");
        let joined = found.replace(" \\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(joined, line.trim());
        assert_eq!(continued("  eoc run", EXAMPLE), "  eoc run");
    }
}
