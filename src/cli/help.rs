//! The command line as clap sees it, with help that fits the terminal: short for `-h`, long for `--help`, paragraphs of
//! one line each that clap wraps, and values that shells complete.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::builder::StyledStr;
use clap::{Command, ValueHint};

/// Columns of a terminal that is none.
const COLUMNS: usize = 80;
/// Lines of an example that are longer are continued on the next.
const EXAMPLE: usize = 78;

/// The command with everything that follows from the rest: what is below the help, hints for shells, and the width.
pub fn finished(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    let command = names.iter().fold(command, |all, name| all.mut_subcommand(name, subcommand));
    // A pipe or a file has no width; a terminal is asked.
    match std::io::stdout().is_terminal() || std::env::var_os("COLUMNS").is_some() {
        true => command,
        false => command.term_width(COLUMNS),
    }
}

fn subcommand(command: Command) -> Command {
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
    let long = flowing(&text);
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

/// Lines of a paragraph joined, for clap to break; what is indented, as examples and files are, stays as it is, and a
/// command that is too long goes on below.
fn flowing(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.replace("\\\n", "").lines() {
        let plain = !line.is_empty() && !line.starts_with(' ');
        match lines.last_mut() {
            Some(last) if open && plain && !line.ends_with(':') => {
                last.push(' ');
                last.push_str(line);
            }
            _ => lines.push(if plain { line.to_owned() } else { continued(line) }),
        }
        open = plain && !line.ends_with(':');
    }
    lines.join("\n")
}

/// A command line, broken before an option where it is too long.
fn continued(line: &str) -> String {
    // Spaces within the line of a command are one each; what is aligned is no command.
    let Some(command) = line.strip_prefix("  ").filter(|c| c.starts_with("eoc ") && line.len() > EXAMPLE)
    else {
        return line.to_owned();
    };
    let mut lines = vec![" ".to_owned()];
    for word in command.replace(" --", "\n--").split('\n').flat_map(|part| part.split_inclusive('\n')) {
        let length = lines.last().map_or(0, String::len);
        if length + word.len() + 3 > EXAMPLE {
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
        assert_eq!(flowing(text), flows);
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
        let found = continued(&line);
        assert!(found.lines().count() > 1 && found.lines().all(|l| l.len() <= EXAMPLE), "{found}");
        let joined = found.replace(" \\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(joined, line.trim());
        assert_eq!(continued("  eoc run"), "  eoc run");
    }
}
