//! Help, completions and what the program says of itself.

use super::Place;

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
