//! Progress on stderr: lines in a log, a bar on a terminal, nothing where it is not wanted.

use std::process::Command;

use super::{NETWORK, Place, ran};

/// The program on a terminal of this many columns, by the command `script`; what it writes there, or why it cannot be
/// seen.
fn on_a_terminal(place: &Place, columns: u32, line: &str) -> Result<String, String> {
    let eoc = assert_cmd::cargo::cargo_bin!("eoc");
    let command = format!("stty rows 24 cols {columns}; '{}' {line} > /dev/null", eoc.display());
    let mut script = Command::new("script");
    script.args(["-qec", &command, "/dev/null"]).current_dir(place.path("")).env("TERM", "xterm");
    match script.stdin(std::process::Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(output) => Err(format!("script: {}", String::from_utf8_lossy(&output.stdout))),
        Err(error) => Err(format!("script: {error}")),
    }
}

#[test]
fn lines_begin_at_once_where_they_are_asked_for_and_say_how_much_of_what_is_done() {
    let place = Place::new();
    let run = "run --activation abs --depth 2 --width 4,400 --data points.csv --normalize sphere --seeds 3 --device cpu \
               --set name=mine --out made";
    let ran = place.run(&format!("{run} --progress lines"));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert!(lines[0].starts_with("eoc: after 0 s: 0 %, 0 of 6 samples, cell 1 of 2, "), "{}", ran.stderr);
    assert!(lines.last().unwrap().contains(": 100 %, 6 of 6 samples, cell 2 of 2, "), "{}", ran.stderr);
    assert!(lines.iter().all(|line| line.ends_with(" in made")), "{}", ran.stderr);
    // A bar needs a terminal.
    for (line, what) in [
        (
            format!("sample {NETWORK} --data points.csv --seeds 3 --out k.npy --progress bar"),
            "of 3 seeds, kernels into k.npy",
        ),
        (
            "weights --widths 3 --data points.csv --seed 1 --out w.safetensors --progress lines".into(),
            "of 4 neurons",
        ),
        (
            "kernel --activation abs --data points.csv --weights w.safetensors --out k.npy --progress lines"
                .into(),
            "1 of 1 tile, ",
        ),
        ("export made --format npy --out moments --progress lines".into(), "of 6 kernels, made into moments"),
    ] {
        let ran = place.run(&line);
        assert!(
            ran.status == 0 && ran.stderr.contains(what) && ran.stderr.contains(": 100 %, "),
            "{line}: {}",
            ran.stderr
        );
    }
}

#[test]
fn bench_says_how_many_of_its_rounds_are_done() {
    let place = Place::new();
    let ran = place.run("bench --case 3,1,2,8 --rounds 2 --device cpu --progress lines");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    // Two samplers, each with two rounds and one to warm up.
    assert!(ran.stderr.starts_with("eoc: after 0 s: 0 %, 0 of 6 rounds, bench\n"), "{}", ran.stderr);
    assert!(ran.stderr.ends_with(": 100 %, 6 of 6 rounds, bench\n"), "{}", ran.stderr);
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
}

#[test]
fn a_log_stays_empty_while_a_run_is_short_and_quiet_silences_notes() {
    let place = Place::new();
    let line = format!("sample {NETWORK} --data points.csv --seeds 3 --out k.npy");
    let noted = place.run_with_notes(&line);
    assert!(
        noted.stderr.lines().count() == 1 && noted.stderr.contains("rows are taken as they are"),
        "{}",
        noted.stderr
    );
    for quiet in ["--quiet", "-q", "--quiet --progress lines"] {
        let ran = place.run_with_notes(&format!("{line} {quiet}"));
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{quiet}");
        assert_eq!(ran.stdout, noted.stdout, "results are said");
    }
    let none = place.run_with_notes(&format!("{line} --progress none"));
    assert_eq!(none.stderr, noted.stderr);
    place.refused(&format!("{line} --quiet --seeds 0 --out x.npy"), "0");
    place.refused(&format!("{line} --quiet -v"), "cannot be used with");
    place.refused(&format!("{line} --progress dots"), "bar, lines, none");
}

/// Some hundred milliseconds of work, so that the bar is drawn; on 40 columns no line of it is longer.
#[test]
fn a_bar_fits_the_terminal_and_has_no_colours() {
    let place = Place::new();
    let line = "sample --activation relu --depth 6 --width 20000 --data digits:n=16 --seeds 24 --device cpu --out k.npy";
    let text = match on_a_terminal(&place, 40, line) {
        Ok(text) => text,
        Err(why) => return println!("SKIPPED: {why}"),
    };
    assert!(text.contains('%') && text.contains("of 24 seeds"), "{text:?}");
    // What a terminal is told begins with an escape; colours end with an m.
    let plain: String = text
        .split('\x1b')
        .enumerate()
        .map(|(i, part)| {
            let rest = part.trim_start_matches(|c: char| i > 0 && !c.is_ascii_alphabetic());
            assert!(i == 0 || !rest.starts_with('m'), "{text:?}");
            if i > 0 { rest.get(1..).unwrap_or("").to_owned() } else { rest.to_owned() }
        })
        .collect();
    for line in plain.split(['\r', '\n']) {
        assert!(line.chars().count() <= 40, "{line:?} in {text:?}");
    }
    let none = on_a_terminal(&place, 40, &format!("{line} --progress none")).unwrap();
    assert!(!none.contains('%'), "{none:?}");
}

#[test]
fn help_has_colours_where_a_terminal_wants_them() {
    let place = Place::new();
    let eoc = assert_cmd::cargo::cargo_bin!("eoc");
    let seen = |set: &str| {
        let command = format!("{set} '{}' --help", eoc.display());
        let mut script = Command::new("script");
        script.args(["-qec", &command, "/dev/null"]).current_dir(place.path("")).env("TERM", "xterm");
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            script.env_remove(name);
        }
        Some(ran(&script.stdin(std::process::Stdio::null()).output().ok()?).stdout)
    };
    let Some(text) = seen("") else { return println!("SKIPPED: there is no command script") };
    assert!(text.contains("Usage"), "{text:?}");
    assert!(text.contains("\x1b["), "a terminal that says nothing gets colours: {text:?}");
    for set in ["NO_COLOR=1", "CLICOLOR=0"] {
        assert!(!seen(set).unwrap().contains("\x1b["), "{set}");
    }
}
