//! Study files and options that no study is made of: one sentence with the place and what is accepted, status 2,
//! nothing written.

use super::*;

/// A complete study under [network], to break in one place.
const NETWORK: &str = "[network]\nactivation = 'abs'\ndepth = 2\nwidth = 3\n";
const DATA: &str = "[data]\nsource = 'pair:angle=0.5'\n";

#[test]
fn malformed_studies_are_refused() {
    let table: &[(&str, &[&str])] = &[
        ("", &["no data", "--data"]),
        ("name = ''", &["line 1: name"]),
        ("name = '../up'", &["line 1: name", "../up", "letters"]),
        ("name = '.hidden'", &["line 1: name"]),
        ("name = 'a b'", &["line 1: name"]),
        ("name = 'ä'", &["line 1: name"]),
        ("name = 3", &["line 1: name", "the integer 3", "quotes"]),
        ("name = ['a', 'b']", &["line 1: name", "one value"]),
        ("seeds = 0", &["line 1: seeds", "A..B"]),
        ("seeds = -1", &["line 1: seeds", "A..B"]),
        ("seeds = 1.5", &["line 1: seeds", "seeds \"1.5\" are no range"]),
        ("seeds = '9..3'", &["line 1: seeds", "9..3"]),
        ("seeds = [1, 2]", &["line 1: seeds", "one value"]),
        ("seeds = 9223372036854775809", &["line 1"]),
        ("seeds = true", &["line 1: seeds", "true"]),
        ("seed = 3", &["line 1", "unknown key \"seed\"", "\"seeds\"?"]),
        ("sampler = 'fast'", &["line 1: sampler", "auto, direct or conditional"]),
        ("sampler = []", &["line 1: sampler", "empty list"]),
        ("sampler = ['auto', 3]", &["line 1: sampler", "the integer 3"]),
        ("precision = 'f128'", &["line 1: precision", "f32, f64 or f16"]),
        ("precision = 32", &["line 1: precision"]),
        ("width = 64", &["line 1", "\"width\"", "belongs under [network]"]),
        ("source = 'x'", &["line 1", "belongs under [data]"]),
        ("netwrok = 3", &["line 1", "\"network\"?"]),
        ("network = 3", &["line 1: network", "[network]"]),
        ("[network]\nname = 'a'", &["line 2", "belongs above all tables"]),
        ("[network]\nactivaton = 'abs'", &["line 2", "\"activation\"?"]),
        ("[network]\nactivation = 'tanh'", &["line 2: activation", "tanh", "leaky:ALPHA"]),
        ("[network]\nactivation = '0,0'", &["line 2: activation", "zero function"]),
        ("[network]\nactivation = [['abs']]", &["line 2: activation", "is a list"]),
        ("[network]\ndepth = '4x'", &["line 2: depth", "the text \"4x\"", "an integer from 1"]),
        ("[network]\ndepth = 2.5", &["line 2: depth", "integer"]),
        ("[network]\ndepth = -2", &["line 2: depth", "integer"]),
        ("[network]\ndepth = 99999999999999999999", &["line 2"]),
        ("[network]\nwidth = 3\nwidths = '3'", &["line 3", "exclude each other"]),
        ("[network]\nwidths = [3, 4]", &["line 2: widths", "\"64,128,256\""]),
        ("[network]\nwidths = '3,,4'", &["line 2: widths", "3,,4"]),
        ("[network]\nwidths = '3,0'", &["line 2: widths", "width 0 of hidden layer 2"]),
        ("[network]\nschedule = 'cubic'", &["line 2: schedule", "constant, linear or quadratic"]),
        ("[network]\noutputs = 'one'", &["line 2: outputs", "integer"]),
        ("[network]\nscale = '2'", &["line 2: scale", "number"]),
        ("[network.more]\nx = 1", &["line 1", "\"more\" under [network]"]),
        ("[data]\nsource = 'pair:degrees=3'", &["line 2: source", "pair:degrees=3", "angle"]),
        ("[data]\nsource = 'digits:m=3'", &["line 2: source", "digits:m=3"]),
        ("[data]\nsource = 5", &["line 2: source", "quotes"]),
        ("[data]\npoints = '3..3'", &["line 2: points", "A..B"]),
        ("[data]\npoints = 1.5", &["line 2: points", "8..16"]),
        ("[data]\nnormalize = 'cube'", &["line 2: normalize", "sphere", "none"]),
        ("[data]\nnormalise = 'sphere'", &["line 2", "\"normalize\"?"]),
        ("[dta]\nsource = 'x'", &["line 1", "\"data\"?"]),
        ("[extra]\n", &["line 1", "unknown key \"extra\""]),
        ("[[network]]\ndepth = 2", &["network"]),
        ("depth = 2\ndepth = 3", &["line 2", "TOML"]),
        ("a = = 3", &["line 1", "TOML"]),
        ("\n\nseeds = 3 4", &["line 3", "TOML"]),
        ("seeds = \"3", &["line 1", "TOML"]),
        ("{\"seeds\": 3}", &["line 1", "TOML"]),
        ("seeds = 2024-01-01", &["line 1: seeds", "a date"]),
        ("\u{0}", &["line 1", "TOML"]),
    ];
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("study.toml");
    for (text, parts) in table {
        fs::write(&path, text).unwrap();
        println!("{text:?}");
        let parts: Vec<&str> = ["study file study.toml: "].iter().chain(*parts).copied().collect();
        refused(&eoc(temp.path(), &["run", "study.toml"]), 2, &parts);
    }
    assert_eq!(contents(temp.path()).len(), 1, "nothing was written");
}

#[test]
fn studies_that_no_network_fits_are_refused() {
    let table: &[(&str, &[&str])] = &[
        (DATA, &["no activation"]),
        (NETWORK, &["no data"]),
        ("[network]\nactivation = 'abs'\n[data]\nsource = 'pair:angle=0.5'", &["no depth"]),
        (
            "[network]\nactivation = 'abs'\ndepth = 2\n[data]\nsource = 'pair:angle=0.5'",
            &["depth 2 needs hidden widths"],
        ),
        (
            "[network]\nactivation = 'abs'\ndepth = 0\nwidth = 3\n[data]\nsource = 'pair:angle=0.5'",
            &["depth 0"],
        ),
        (
            "[network]\nactivation = 'abs'\ndepth = 1\nwidth = 3\n[data]\nsource = 'pair:angle=0.5'",
            &["depth 1"],
        ),
        (
            "[network]\nactivation = 'abs'\ndepth = 3\nwidth = 0\n[data]\nsource = 'pair:angle=0.5'",
            &["width 0"],
        ),
        (
            "[network]\nactivation = 'abs'\ndepth = 9\nwidth = 4294967295\nschedule = 'linear'\n[data]\n\
             source = 'pair:angle=0.5'",
            &["hidden layer 2"],
        ),
        (
            "[network]\nactivation = 'abs'\nwidths = '3'\ndepth = 3\n[data]\nsource = 'pair:angle=0.5'",
            &["make them agree"],
        ),
        (
            "[network]\nactivation = 'abs'\nwidths = '3'\nschedule = 'linear'\n[data]\nsource = 'pair:angle=0.5'",
            &["leave it out"],
        ),
        (
            "[network]\nactivation = 'abs'\ndepth = 2\nwidth = 3\noutputs = 0\n[data]\nsource = 'pair:angle=0.5'",
            &["outputs 0"],
        ),
        (
            "[network]\nactivation = 'abs'\ndepth = 2\nwidth = 3\nscale = 0.0\n[data]\nsource = 'pair:angle=0.5'",
            &["scale 0"],
        ),
        (
            "[network]\nactivation = 'abs'\ndepth = 2\nwidth = 3\nscale = nan\n[data]\nsource = 'pair:angle=0.5'",
            &["scale NaN"],
        ),
        (
            "[network]\nactivation = 'abs'\ndepth = 2\nwidth = 3\n[data]\nsource = 'missing.npy'",
            &["missing.npy"],
        ),
        (
            "[network]\nactivation = 'abs'\ndepth = 2\nwidth = 3\n[data]\nsource = 'pair:angle=1'\npoints = 3",
            &["0..3", "2 rows"],
        ),
        (
            "precision = 'f16'\n[network]\nactivation = 'abs'\ndepth = 2\nwidth = 3\n[data]\nsource = 'pair:angle=1'",
            &["f16"],
        ),
    ];
    let temp = tempfile::tempdir().unwrap();
    for (text, parts) in table {
        fs::write(temp.path().join("study.toml"), text).unwrap();
        refused(&eoc(temp.path(), &["run", "study.toml"]), 2, parts);
    }
    assert_eq!(contents(temp.path()).len(), 1, "nothing was written");
    refused(&eoc(temp.path(), &["run", "nowhere.toml"]), 2, &["study file nowhere.toml"]);
    refused(&eoc(temp.path(), &["run", "."]), 2, &["study file ."]);
    fs::write(temp.path().join("study.toml"), [0xff, 0xfe, 0x00]).unwrap();
    refused(&eoc(temp.path(), &["run", "study.toml"]), 2, &["study file study.toml", "UTF-8"]);
    for shard in ["2/2", "-1/2", "0/0", "1", "1/x", "0/1000001"] {
        refused(&eoc(temp.path(), &["run", "--shard", shard]), 2, &["shard", shard, "I/N"]);
    }
    refused(&eoc(temp.path(), &["run", "--width", "0"]), 2, &["width 0"]);
    refused(&eoc(temp.path(), &["run", "--schedule", "linear", "--widths", "3,4,5"]), 2, &["--schedule"]);
    refused(&eoc(temp.path(), &["run", "--seeds", "0"]), 2, &["seeds"]);
    assert_eq!(contents(temp.path()).len(), 1, "nothing was written");
}

/// A grid that would fill memory is refused by its size alone.
#[test]
fn an_enormous_grid_is_refused_at_once() {
    let many = (1..=2000).map(|m| m.to_string()).collect::<Vec<_>>().join(", ");
    let text = format!(
        "[network]\nactivation = ['abs', 'relu']\ndepth = 2\nwidth = [{many}]\noutputs = [{many}]\n{DATA}"
    );
    let error = Plan::new(file::parse(&text).unwrap()).unwrap_err().to_string();
    assert_eq!(error, "the grid has 8000000 cells, more than the 100000 of one study; split it");
}

#[test]
fn options_win_over_the_file() {
    let temp = tempfile::tempdir().unwrap();
    let file = format!("name = 'base'\nseeds = 2\n{NETWORK}{DATA}");
    let resolved = |text: &str, args: &[&str]| {
        fs::write(temp.path().join("study.toml"), text).unwrap();
        let out = temp.path().join("run");
        let _ = fs::remove_dir_all(&out);
        let output = eoc(temp.path(), &[&["run", "study.toml", "--out", "run"], args].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read_to_string(out.join("study.toml")).unwrap()
    };
    let check = |text: &str, args: &[&str], lines: &[&str], without: &[&str]| {
        let resolved = resolved(text, args);
        for line in lines {
            assert!(resolved.lines().any(|l| l == *line), "{args:?}: no {line:?} in\n{resolved}");
        }
        for start in without {
            assert!(!resolved.lines().any(|l| l.starts_with(start)), "{args:?}: {start:?} in\n{resolved}");
        }
    };
    check(
        &file,
        &[],
        &["name = \"base\"", "seeds = \"0..2\"", "width = 3", "schedule = \"constant\""],
        &["widths"],
    );
    check(
        &file,
        &[
            "--seeds",
            "3..5",
            "--sampler",
            "direct",
            "--precision",
            "f64",
            "--activation",
            "-0.4,0.7",
            "--outputs",
            "2",
        ],
        &[
            "seeds = \"3..5\"",
            "sampler = \"direct\"",
            "precision = \"f64\"",
            "activation = \"-0.4,0.7\"",
            "outputs = 2",
        ],
        &[],
    );
    check(&file, &["--widths", "3,4"], &["widths = \"3,4\""], &["width ", "depth", "schedule"]);
    check(&file, &["--depth", "1"], &["depth = 1"], &["width", "schedule"]);
    check(
        &file,
        &["--depth", "3", "--schedule", "quadratic"],
        &["depth = 3", "schedule = \"quadratic\""],
        &[],
    );
    check(
        &file,
        &["--data", "digits:n=3"],
        &["source = \"digits:n=3\"", "normalize = \"sphere\""],
        &["points"],
    );
    check(
        &file,
        &["--points", "1..2", "--normalize", "sphere"],
        &["points = \"1..2\"", "normalize = \"sphere\""],
        &[],
    );
    let listed = file.replace("width = 3", "widths = ['3', '5']");
    check(&listed, &["--width", "4"], &["depth = 2", "width = 4"], &["widths"]);
}

/// A data file that was changed under its name makes other cells beside those that are there, and that is said once.
#[test]
fn a_data_file_that_changed_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let run =
        ["run", "--activation", "relu", "--depth", "3", "--width", "8", "--data", "c.csv", "--seeds", "4"];
    let run = [&run[..], &["--out", "d", "--device", "cpu"]].concat();
    let said = |text: &str| {
        fs::write(at.join("c.csv"), text).unwrap();
        let output = eoc(at, &run);
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(!said("1.5,2\n3,4\n").contains("changed"));
    assert!(!said("1.5,2\n3,4\n").contains("changed"));
    let changed = said("1.5,2\n3,-9\n");
    assert!(changed.contains("c.csv changed since d began"), "{changed}");
    // What is there by now is known.
    assert!(!said("1.5,2\n3,-9\n").contains("changed"));
    assert_eq!(rows(&at.join("d")).unwrap().len(), 8);
}

/// A directory that a build of numerics 2 has made is read, shown and exported as it is, and not added to: its cells
/// have other keys, and that is said, and nothing of changed data.
#[test]
fn directories_of_earlier_numerics_are_read_and_not_added_to() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    fs::create_dir(at.join("d")).unwrap();
    fs::write(at.join("d/run.sqlite"), include_bytes!("../../data/kept/numerics-2.sqlite")).unwrap();
    let exported = eoc(at, &["export", "d", "--format", "csv"]);
    let text = String::from_utf8(exported.stdout).unwrap();
    assert!(exported.status.success() && text.lines().count() == 5, "{text}");
    let report = eoc(at, &["report", "d"]);
    assert!(report.status.success(), "{}", String::from_utf8_lossy(&report.stderr));
    assert!(at.join("d/report/index.html").is_file());
    let row = eoc(at, &["status", "d", "--row", "0,1"]);
    assert!(row.status.success(), "{}", String::from_utf8_lossy(&row.stderr));
    let before = fs::read(at.join("d/run.sqlite")).unwrap();
    let run = ["run", "--activation", "relu", "--depth", "2", "--width", "8,16", "--data", "digits:n=3"];
    let ended = eoc(at, &[&run[..], &["--out", "d", "--device", "cpu", "--seeds", "3"]].concat());
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(said.contains("numerics version 2") && !said.contains("changed since"), "{said}");
    let width =
        ["width", "--tolerance", "0.3", "--confidence", "0.5", "--activation", "relu", "--depth", "2"];
    let asked = eoc(at, &[&width[..], &["--data", "digits:n=3", "--device", "cpu", "--out", "d"]].concat());
    let said = String::from_utf8_lossy(&asked.stderr);
    assert_eq!(asked.status.code(), Some(2), "{said}");
    assert!(said.starts_with("eoc: d was written with numerics version 2"), "{said}");
    assert_eq!(fs::read(at.join("d/run.sqlite")).unwrap(), before);
}
