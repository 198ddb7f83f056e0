//! Help, completions and what the program says of itself.

use super::{Place, ran};

#[test]
fn what_is_no_command_is_refused_and_shells_complete_those_that_are() {
    let place = Place::new();
    place.refused("limits", "unrecognized subcommand 'limits'");
    for word in ["limits", "bogus"] {
        place.refused(word, "; eoc --help lists the commands");
    }
    for shell in ["bash", "zsh", "fish"] {
        let completions = place.done(&format!("completions {shell}"));
        assert!(completions.contains("status") && completions.contains("verbose"), "{completions}");
    }
    place.refused("--frobnicate", "unexpected argument '--frobnicate'");
    place.refused("completions tcsh", "'tcsh' for '[SHELL]'");
    place.refused("devices extra", "unexpected argument 'extra'");
}

#[test]
fn completions_and_man_pages_are_installed_in_one_step() {
    let place = Place::new();
    let said = place.done("completions --install here");
    assert!(said.contains("completions of bash, fish and zsh") && said.contains("man pages"), "{said}");
    let read = |path: &str| std::fs::read_to_string(place.path("here/share").join(path)).unwrap();
    for shell in
        ["bash-completion/completions/eoc", "fish/vendor_completions.d/eoc.fish", "zsh/site-functions/_eoc"]
    {
        assert!(read(shell).contains("activation"), "{shell}");
    }
    let page = read("man/man1/eoc-run.1");
    assert!(page.contains(".TH eoc-run 1") && page.contains("seeds"), "{page}");
    assert!(read("man/man1/eoc.1").contains("run(1)"));
    place.refused("completions", "<SHELL>");
    place.refused("completions bash --install here", "cannot be used with");
}

#[test]
fn every_help_has_an_example_that_parses() {
    let place = Place::new();
    for command in [
        "run",
        "limit",
        "sample",
        "weights",
        "kernel",
        "independence",
        "data",
        "export",
        "merge",
        "report",
        "status",
        "devices",
        "bench",
        "completions",
        "width",
        "slurm",
    ] {
        for flag in ["--help", "-h"] {
            let help = place.done(&format!("{command} {flag}"));
            assert!(help.contains("Example"), "{help}");
            assert!(help.contains(&format!("  eoc {command}")), "{help}");
            assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
            assert!(!help.contains("\\\""), "{help}");
        }
        let (short, long) = (place.done(&format!("{command} -h")), place.done(&format!("{command} --help")));
        assert!(short.len() < long.len() && place.done(&format!("help {command}")) == long, "{command}");
        // With --help behind it an example is parsed, options and values, and not run.
        let help = place.done(&format!("{command} --help")).replace("\\\n", " ");
        for example in help.lines().filter_map(|line| line.strip_prefix("  eoc ")) {
            let line = example.split(" > ").next().unwrap();
            assert_eq!(place.done(&format!("{line} --help")), place.done(&format!("{command} --help")));
        }
        let broken = place.run(&format!("{command} --no-such-option --help"));
        assert_eq!(broken.status, 2, "{command}");
    }
    let help = place.done("sample --help");
    for (option, default) in [
        ("--outputs", "[default: 1]"),
        ("--schedule", "[default: constant]"),
        ("--scale", "[default: 1]"),
        ("--sampler", "[default: auto]"),
        ("--device", "[default: auto]"),
        ("--precision", "[default: f32]"),
        ("--seeds", "[default: 1]"),
        ("--normalize", "[default: sphere for digits"),
    ] {
        // The text of the option may wrap between its words.
        let text = help.split_once(option).unwrap().1.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(default), "{option}: {help}");
    }
}

#[test]
fn bare_program_version_devices_and_completions() {
    let place = Place::new();
    let welcome = place.done("");
    assert!(
        welcome.contains("\n  eoc run\n") && welcome.lines().all(|line| line.chars().count() <= 80),
        "{welcome}"
    );
    for flag in ["--version", "-V"] {
        let version = place.done(flag);
        let expected = concat!("eoc ", env!("CARGO_PKG_VERSION"), " (commit ");
        assert!(version.starts_with(expected) && version.contains("stream layout 1, SIMD "), "{version}");
    }
    let devices: serde_json::Value = serde_json::from_str(&place.done("devices --json")).unwrap();
    // GPUs first, so that an index is what gpu:INDEX names; the CPU is last.
    let devices = devices.as_array().unwrap();
    let cpu = devices.last().unwrap();
    assert_eq!((&cpu["type"], &cpu["usable"]), (&"native".into(), &true.into()));
    assert!(cpu["threads"].as_u64().unwrap() >= 1 && cpu["simd"].is_string());
    for (index, device) in devices.iter().enumerate() {
        assert_eq!(device["index"], index);
        for field in [
            "name",
            "backend",
            "driver",
            "usable",
            "reason",
            "subgroup",
            "max_storage_binding",
            "max_buffer",
            "workgroup_memory",
        ] {
            assert!(device.get(field).is_some(), "{field}");
        }
        for feature in ["f16", "f64", "int64", "timestamps", "cooperative"] {
            assert!(device["features"].get(feature).is_some(), "{feature}");
        }
    }
    assert!(place.done("devices").contains("native"));
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(place.done(&format!("completions {shell}")).contains("activation"));
    }
}

#[test]
fn the_study_file_of_the_help_is_one_on_a_terminal_of_any_width() {
    let place = Place::new();
    for columns in ["40", "60", "80"] {
        let help = ran(&place.command("run --help").env("COLUMNS", columns).output().unwrap()).stdout;
        let (_, below) = help.split_once("\n  name = ").unwrap();
        let study = below.split_once("\n\n").unwrap().0;
        place.put("help.toml", format!("name = {study}\n").as_bytes());
        let said = place.done("run help.toml --device cpu --dry-run");
        assert!(said.contains(": 9 cells, "), "{columns}: {said}");
    }
}

/// What a column or a study is stands beside its name, and goes on there.
#[test]
fn lists_of_the_help_keep_their_indent() {
    let place = Place::new();
    for (command, from, to) in
        [("export", "\nColumns of samples", "\nWhat is undefined"), ("run", "\nBuilt-in studies", "")]
    {
        for columns in ["60", "80", "100"] {
            let help =
                ran(&place.command(&format!("{command} --help")).env("COLUMNS", columns).output().unwrap())
                    .stdout;
            let list = help.split_once(from).unwrap().1;
            let list = list.split_once(to).filter(|_| !to.is_empty()).map_or(list, |(list, _)| list);
            let lines: Vec<&str> = list.lines().skip(1).filter(|line| !line.is_empty()).collect();
            assert!(lines.len() > 12, "{help}");
            for line in lines {
                assert!(line.chars().count() <= columns.parse().unwrap(), "{line:?} of {columns}");
                assert!(
                    line.starts_with("  ") || line.starts_with("Columns of ") || line.ends_with(':'),
                    "{line:?} of {columns}"
                );
            }
        }
    }
}

#[test]
fn every_command_is_named_to_those_who_know_none() {
    let place = Place::new();
    let (help, welcome) = (place.done("--help"), place.done(""));
    let commands = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let names: Vec<&str> = commands
        .lines()
        .filter(|l| !l.starts_with("   "))
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    assert!(names.len() > 15 && names.contains(&"width") && names.contains(&"report"), "{help}");
    for name in names.into_iter().filter(|name| *name != "help") {
        assert!(welcome.contains(&format!("\n  eoc {name} ")), "{name}: {welcome}");
    }
}

#[test]
fn options_of_all_commands_stand_last_and_those_that_are_refused_nowhere() {
    let place = Place::new();
    for command in ["run", "export", "width", "limit"] {
        for flag in ["-h", "--help"] {
            let help = place.done(&format!("{command} {flag}"));
            let (own, all) = help.split_once("\nMessages:\n").unwrap();
            for option in ["--verbose", "--quiet", "--progress"] {
                assert!(!own.contains(option) && all.contains(option), "{command} {flag}: {help}");
            }
            assert!(!all.contains("--out <"), "{command} {flag}: {help}");
        }
    }
    let help = place.done("width --help");
    assert!(
        !help.contains("--width <") && !help.contains("--widths <") && help.contains("--schedule <"),
        "{help}"
    );
    let width = "width --tolerance 0.1 --confidence 0.9 --activation abs --depth 2 --data points.csv";
    place.refused(&format!("{width} --width 3"), "the width is what this command finds");
}
