//! What `eoc run`, `eoc merge`, `eoc status` and `eoc export` say of studies, as a user meets it.

use super::*;

const SMALL: &str = "name = 'small'\nseeds = 8\n[network]\nactivation = ['abs', 'relu']\ndepth = 3\nwidth = [5, 300]\n\
                     outputs = 2\n[data]\nsource = 'sphere:n=4,dim=3,seed=1'\npoints = '1..4'\n";

fn done(at: &Path, line: &str) -> String {
    let mut args: Vec<&str> = line.split_whitespace().collect();
    // What is compared to the last bit is drawn on one device.
    if ["run ", "sample "].iter().any(|command| line.starts_with(command)) || line.contains("--format npy") {
        args.extend(["--device", "cpu"]);
    }
    let output = eoc(at, &args);
    let said = String::from_utf8(output.stderr).unwrap();
    // Data of unequal norms are taken as they are, with a line that says so.
    let said: String =
        said.split_inclusive('\n').filter(|l| !l.contains(": rows are taken as they are")).collect();
    assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "{line}");
    String::from_utf8(output.stdout).unwrap()
}

fn place() -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("small.toml"), SMALL).unwrap();
    temp
}

#[test]
fn assignments_stand_between_the_file_and_the_options() {
    let temp = place();
    let at = temp.path();
    let resolved = |line: &str| {
        let _ = fs::remove_dir_all(at.join("run"));
        done(at, &format!("run small.toml --out run {line}"));
        fs::read_to_string(at.join("run/study.toml")).unwrap()
    };
    let check = |line: &str, lines: &[&str], without: &[&str]| {
        let text = resolved(line);
        assert!(lines.iter().all(|l| text.lines().any(|there| there == *l)), "{line}: {lines:?} in\n{text}");
        assert!(!without.iter().any(|start| text.lines().any(|l| l.starts_with(start))), "{line}:\n{text}");
    };
    check("--set seeds=2 --set network.depth=2", &["seeds = \"0..2\"", "depth = 2"], &[]);
    check("--set seeds=2 --seeds 3", &["seeds = \"0..3\""], &[]);
    check("--set seeds=2 --set seeds=4..7", &["seeds = \"4..7\""], &[]);
    check("--set network.width=9 --set network.widths=3,4", &["widths = \"3,4\""], &["width ", "depth"]);
    check(
        "--set network.activation=[\"abs\"] --set precision=f64",
        &["activation = \"abs\"", "precision = \"f64\""],
        &[],
    );
    check(
        "--set data.source=digits:n=2",
        &["source = \"digits:n=2\"", "normalize = \"sphere\""],
        &["points"],
    );
    check("--set data.source=digits:n=2 --set data.normalize=none", &["normalize = \"none\""], &[]);
    check("--set standard_error=10", &["standard_error = 10.0", "max_seeds = 1048576"], &["seeds"]);
    check(
        "--set standard_error=10 --set max_seeds=99 --seeds 2",
        &["seeds = \"0..2\""],
        &["standard_error", "max_seeds"],
    );
    check("--set name=other", &["name = \"other\""], &[]);
    let _ = fs::remove_dir_all(at.join("run"));
    for (set, parts) in [
        (
            "network.dept=8",
            &["--set network.dept=8", "unknown key \"dept\" under [network]", "is it \"depth\"?"][..],
        ),
        ("depth=8", &["unknown key \"depth\"", "belongs under [network]"]),
        ("network.depth", &["KEY=VALUE", "network.depth=8"]),
        ("=8", &["KEY=VALUE"]),
        ("network.depth=", &["depth", "the text \"\""]),
        ("network.depth=-1", &["depth", "an integer from 1"]),
        ("network.depth=[2,", &["--set network.depth=[2,", "TOML"]),
        ("network.activation=tanh", &["activation \"tanh\""]),
        ("network=3", &["network is a table"]),
        ("a b=3", &["KEY=VALUE"]),
        ("seeds=0", &["seeds \"0\""]),
        ("standard_error=0", &["standard_error: is the integer 0", "a positive number"]),
        ("standard_error=nan", &["standard_error", "a positive number"]),
        ("max_seeds=63", &["max_seeds: is the integer 63", "from 64"]),
        ("max_seeds=64", &["max_seeds goes with standard_error"]),
    ] {
        let output = eoc(at, &["run", "small.toml", "--out", "run", "--set", set]);
        refused(&output, 2, parts);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            !error.contains("line 1") && !error.contains("line 0"),
            "an assignment has no lines: {error}"
        );
    }
    fs::write(at.join("both.toml"), format!("standard_error = 0.1\n{SMALL}")).unwrap();
    refused(&eoc(at, &["run", "both.toml"]), 2, &["both.toml: line ", "exclude each other"]);
    assert!(!at.join("run").exists() && !at.join("eoc-runs").exists());
}

#[test]
fn a_dry_run_says_what_it_would_cost_and_writes_nothing() {
    let temp = place();
    let at = temp.path();
    let text = done(at, "run small.toml --dry-run --out run");
    assert!(text.contains("4 cells, seeds 0..8; 0 samples are there"), "{text}");
    assert!(text.contains("Samples:   32\n") && text.contains("Time:      about "), "{text}");
    assert!(
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains("relu, depth 3, width 300 constant, 2 outputs, sphere:n=4,dim=3,seed=1[1..4]"),
        "{text}"
    );
    let shard = done(at, "run small.toml --dry-run --shard 1/2");
    assert!(
        shard.contains("Samples:   16\n") && shard.contains("-shard-1-of-2 (nothing was written)"),
        "{shard}"
    );
    let until = done(at, "run small.toml --dry-run --set standard_error=0.01 --set max_seeds=1000");
    assert!(
        until.contains("Samples:   256..4000\n") && until.contains("if every cell needs its most seeds"),
        "{until}"
    );
    assert_eq!(contents(at).len(), 1, "nothing was written");
    // What is there already is not counted again.
    done(at, "run small.toml --out run --seeds 6");
    let before = contents(&at.join("run"));
    let rest = done(at, "run small.toml --dry-run --out run");
    assert!(rest.contains("24 samples are there") && rest.contains("Samples:   8\n"), "{rest}");
    assert_eq!(contents(&at.join("run")), before);
    refused(&eoc(at, &["run", "--dry-run", "--out", "run"]), 2, &["holds another study", "small-"]);
    let many = done(at, "run small.toml --dry-run --seeds 9223372036854775808 --out none");
    assert!(many.contains("Samples:   36893488147419103232\n"), "{many}");
    refused(
        &eoc(at, &["run", "small.toml", "--dry-run", "--precision", "f16", "--device", "cpu"]),
        2,
        &["f16"],
    );
}

/// The operations are those of the formulas: twice the seeds, twice the cost.
#[test]
fn the_cost_of_a_dry_run_is_that_of_its_seeds() {
    let temp = place();
    let cost = |seeds: u32| {
        let text = done(temp.path(), &format!("run small.toml --dry-run --seeds {seeds}"));
        let line = text.lines().find_map(|l| l.strip_prefix("Cost:")).unwrap().trim().to_owned();
        line.split_once(' ').unwrap().0.parse::<f64>().unwrap()
    };
    assert!((cost(2000) / cost(1000) - 2.0).abs() < 0.02);
}

#[test]
fn shards_have_directories_of_their_own_and_merge_to_one_run() {
    let temp = place();
    let at = temp.path();
    done(at, "run small.toml --out straight");
    let expected = rows(&at.join("straight")).unwrap();
    let mut names = vec![done(at, "run small.toml --seeds 1")];
    for i in 0..3 {
        names.push(done(at, &format!("run small.toml --shard {i}/3")));
    }
    let dirs: Vec<String> =
        contents(&at.join("eoc-runs")).into_iter().map(|(name, _)| format!("eoc-runs/{name}")).collect();
    assert_eq!(dirs.len(), 4, "{dirs:?}");
    let shards: Vec<&str> = dirs.iter().map(String::as_str).filter(|name| name.contains("-shard-")).collect();
    let part = eoc(at, &["merge", shards[2], shards[0], "--out", "part"]);
    let (listed, error) = (String::from_utf8(part.stdout).unwrap(), String::from_utf8(part.stderr).unwrap());
    assert_eq!(part.status.code(), Some(1), "{error}");
    assert!(listed.lines().all(|line| line.chars().count() <= 80), "{listed}");
    assert_eq!(listed.lines().filter(|line| line.starts_with("missing: cell ")).count(), 4, "{listed}");
    let words: Vec<&str> = listed.split_whitespace().collect();
    assert_eq!(words.windows(2).filter(|pair| pair == &["seeds", "2..5"]).count(), 4, "{listed}");
    assert!(listed.contains("missing: cell 1 (abs, depth 3, width 300 constant"), "{listed}");
    assert!(error.contains("12 of 32 samples are missing") && error.lines().count() == 1, "{error}");
    // A directory under two names is one.
    let merged = done(at, &format!("merge {} {}/ --out whole", shards.join(" "), shards[1]));
    assert!(
        merged.starts_with("whole: 32 samples of study small-") && merged.ends_with(" from 3 directories\n"),
        "{merged}"
    );
    assert_eq!(rows(&at.join("whole")).unwrap(), expected);
    // As the sentence says.
    done(at, "run part/study.toml --out part");
    assert_eq!(rows(&at.join("part")).unwrap(), expected);
    assert!(done(at, "export whole --format csv").lines().count() == 33);
}

#[test]
fn status_tells_how_far_a_run_is_and_changes_nothing() {
    let temp = place();
    let at = temp.path();
    done(at, "run small.toml --out run");
    let before = contents(&at.join("run"));
    let text = done(at, "status run");
    for line in [
        "Cells:      4 of 4 done\n",
        "Samples:    32 of 32 done\n",
        "To go:      nothing\n",
        "run, not running\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert_eq!(contents(&at.join("run")), before);
    // A part: a shard of a longer run that was cut off.
    fs::copy(at.join("run/study.toml"), at.join("small.toml")).unwrap();
    let held = open_shard(
        &at.join("run"),
        &plan(&SMALL.replace("seeds = 8", "seeds = 40")),
        Shard::new(0, 2).unwrap(),
    )
    .unwrap();
    let text = done(at, "status run");
    for part in [
        "seeds 0..40, shard 0/2",
        "run, running\n",
        "0 of 4 done\n",
        "32 of 80 done\n",
        "Next:       cell 0, abs",
        "To go:      about ",
    ] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    drop(held);
    assert!(done(at, "status run").contains("not running"));
    refused(&eoc(at, &["status", "."]), 2, &["holds no run"]);
    refused(&eoc(at, &["status", "run", "--row", "4,0"]), 2, &["no row of cell 4, seed 0"]);
    refused(&eoc(at, &["status", "run", "--row", "0,9"]), 2, &["no row of cell 0, seed 9"]);
    refused(&eoc(at, &["status", "run", "--row", "0"]), 2, &["CELL,SEED"]);
}

#[test]
fn a_run_can_be_reproduced_from_its_status() {
    let temp = place();
    let at = temp.path();
    done(at, "run small.toml --out run --shard 1/2");
    let text = done(at, "status run --reproduce");
    for part in [
        "# Study small-",
        "stream layout 1",
        "Stream layout 1",
        "by eoc 0",
        "on cpu ",
        "The same bytes in every sample row",
        "eoc run again.toml --shard 1/2 --device cpu --out again",
    ] {
        assert!(text.to_lowercase().contains(&part.to_lowercase()), "no {part:?} in\n{text}");
    }
    fs::write(at.join("again.toml"), text).unwrap();
    done(at, "run again.toml --shard 1/2 --out again");
    assert_eq!(rows(&at.join("again")).unwrap(), rows(&at.join("run")).unwrap());
}

/// Where rows are of several devices no one command draws all their bytes again, and none is said to.
#[test]
fn rows_of_several_devices_are_reproduced_device_by_device() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let plan = plan(STUDY);
    run_into(&at.join("run"), &plan, How { stop_after: 3, device: "cpu avx2+fma", ..STRAIGHT }).unwrap();
    let one = done(at, "status run --reproduce");
    assert!(one.contains("# The same bytes in every sample row"), "{one}");
    assert!(one.contains("#   eoc run again.toml --device cpu --out again\n"), "{one}");
    run_into(&at.join("run"), &plan, How { device: "Card 9", ..STRAIGHT }).unwrap();
    let text = done(at, "status run --reproduce");
    for part in [
        "# The rows are of several devices",
        "eoc run again.toml --device 'gpu:Card 9' --out again-1   # 84 rows are from Card 9\n",
        "eoc run again.toml --device cpu --out again-2   # 12 rows are from cpu avx2+fma\n",
    ] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    assert!(!text.contains("The same bytes in every sample row"), "{text}");
    fs::write(at.join("again.toml"), text).unwrap();
    let output = eoc(at, &["run", "again.toml", "--dry-run", "--device", "cpu"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The table is of what was asked for, whatever an earlier run has left in the directory.
#[test]
fn the_table_counts_what_was_asked_for() {
    let temp = place();
    let at = temp.path();
    done(at, "run small.toml --seeds 50 --out run");
    let few = done(at, "run small.toml --seeds 7 --out few");
    let some = done(at, "run small.toml --seeds 7 --out run");
    assert!(few.contains("7 seeds per cell") && !few.contains("did not ask for"), "{few}");
    assert!(some.contains("Without 172 samples in the directory that this run did not ask for"), "{some}");
    let table = |text: &str| text.split_once("\nRun directory").unwrap().0.to_owned();
    assert!(table(&some).starts_with(table(&few).trim_end()), "{some}\n{few}");
    // A standard error that the first 64 seeds reach does not look at the rest.
    done(at, "run small.toml --seeds 100 --out run");
    let reached = done(at, "run small.toml --set standard_error=1000 --out run");
    assert!(reached.contains("64 seeds per cell"), "{reached}");
    let line = done(at, "export run --format csv --out rows.csv");
    assert_eq!(line, "rows.csv: 400 rows, format csv\n");
    assert_eq!(fs::read_to_string(at.join("rows.csv")).unwrap().lines().count(), 401);
}

/// The values of an array that the program has written.
fn array(path: &Path) -> Vec<f64> {
    let bytes = fs::read(path).unwrap();
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    bytes[start..].chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
}

/// The line that status prints draws the kernel whose statistics the row holds.
#[test]
fn any_row_names_the_sample_that_makes_it_again() {
    let temp = place();
    let at = temp.path();
    let file = at.join("my points.csv");
    fs::write(&file, "1,2\n3,4\n-1,0.5\n2,2\n").unwrap();
    let source = |text: &str| SMALL.replace("sphere:n=4,dim=3,seed=1", text);
    let deep = "name = 'one'\nseeds = 4\n[network]\nactivation = '-0.4,0.7'\ndepth = 1\nscale = 2.5\n[data]\nsource = 'digits:n=3'\n";
    for (i, text) in [SMALL.to_owned(), source(file.to_str().unwrap()), deep.to_owned()].iter().enumerate() {
        let (study, dir) = (format!("{i}.toml"), i.to_string());
        fs::write(at.join(&study), text).unwrap();
        done(at, &format!("run {study} --out {dir}"));
        for (cell, seed, values) in rows(&at.join(&dir)).unwrap().into_iter().step_by(5) {
            let text = done(at, &format!("status {dir} --row {cell},{seed}"));
            let line = text.lines().next().unwrap();
            assert!(line.starts_with("eoc sample "), "{text}");
            let script = line.replacen("eoc", &format!("'{}'", env!("CARGO_BIN_EXE_eoc")), 1);
            let status = Command::new("sh")
                .args(["-c", &script])
                .current_dir(at)
                .stdout(std::process::Stdio::null())
                .status();
            assert!(status.unwrap().success(), "{line}");
            let kernel = array(&at.join("kernel.npy"));
            let q = kernel.len().isqrt();
            let reader = Reader::open(&at.join(&dir)).unwrap();
            let n = reader.cells()[cell].n as f64;
            let trace: f64 = (0..q).map(|i| kernel[i * (q + 1)] / n).sum();
            let stored = f64::from_bits(values[index("trace")]);
            assert!((trace - stored).abs() <= 1e-13 * stored, "{line}: {trace} is not {stored}");
        }
    }
}

/// The line of a row whose points have changed in the file would draw another kernel.
#[test]
fn a_row_of_points_that_have_changed_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    fs::write(at.join("points.csv"), "1,2\n3,4\n").unwrap();
    done(at, "run --activation abs --depth 2 --width 8 --data points.csv --seeds 2 --device cpu --out run");
    let line = done(at, "status run --row 0,1");
    assert!(line.starts_with("eoc sample "), "{line}");
    fs::write(at.join("points.csv"), "1,2\n3,5\n").unwrap();
    let output = eoc(at, &["status", "run", "--row", "0,1"]);
    refused(&output, 2, &["points.csv have changed since this row was drawn", "bring them back"]);
    // Of a file that is not here nothing is known, and the line is true where it is.
    fs::remove_file(at.join("points.csv")).unwrap();
    assert_eq!(done(at, "status run --row 0,1"), line);
}

#[test]
fn moments_are_those_of_the_kernels_of_the_seeds_that_are_there() {
    let temp = place();
    let at = temp.path();
    done(at, "run small.toml --out run --seeds 2..9");
    done(at, "run small.toml --out run --seeds 12..13");
    let line = done(at, "export run --format npy --out a/moments");
    assert!(line.starts_with("a/moments: 4 of 4 cells, 32 kernels drawn, device cpu "), "{line}");
    let table = fs::read_to_string(at.join("a/moments/cells.csv")).unwrap();
    assert!(table.contains("\n3,8,\"relu, depth 3, width 300"), "{table}");
    let network =
        "--activation relu --depth 3 --width 300 --outputs 2 --data sphere:n=4,dim=3,seed=1 --points 1..4";
    let mut kernels = Vec::new();
    for seeds in ["2..9", "12..13"] {
        done(at, &format!("sample {network} --seeds {seeds} --out k.npy"));
        kernels.extend(array(&at.join("k.npy")).chunks(36).map(<[f64]>::to_vec));
    }
    assert_eq!(kernels.len(), 8);
    let (mean, sd) = (array(&at.join("a/moments/0003-mean.npy")), array(&at.join("a/moments/0003-sd.npy")));
    assert_eq!((mean.len(), sd.len()), (36, 36));
    for k in 0..36 {
        let average = kernels.iter().map(|m| m[k]).sum::<f64>() / 8.0;
        let spread = (kernels.iter().map(|m| (m[k] - average).powi(2)).sum::<f64>() / 7.0).sqrt();
        assert!((mean[k] - average).abs() < 1e-14 && (sd[k] - spread).abs() < 1e-13, "{k}");
        assert!(sd[k] > 1e-3);
    }
    // The heat maps: K of the first seed, the limit, their difference, the spread.
    done(at, &format!("limit {network} --out limit.npy"));
    let limit = array(&at.join("limit.npy"));
    let csv = fs::read_to_string(at.join("a/moments/0003-kernel.csv")).unwrap();
    for (k, line) in csv.lines().skip(1).enumerate() {
        let found: Vec<f64> = line.split(',').map(|v| v.parse().unwrap()).collect();
        let place = [(k / 6 + 1) as f64, (k % 6 + 1) as f64];
        assert_eq!(found, [&place[..], &[kernels[0][k], limit[k], kernels[0][k] - limit[k], sd[k]]].concat());
    }
    assert_eq!(csv.lines().count(), 37);
    let svg = fs::read_to_string(at.join("a/moments/0003-kernel.svg")).unwrap();
    assert!(svg.contains("K(θ) of seed 2") && svg.contains("over 8 seeds"), "{svg}");
    // Neither threads nor a merge of shards move a bit; an earlier export is replaced.
    let before = contents(&at.join("a/moments"));
    done(at, "export run --format npy --out a/moments --threads 3");
    assert_eq!(contents(&at.join("a/moments")), before);
    // One seed has a mean and no spread.
    done(at, "run small.toml --out one --seeds 1");
    done(at, "export one --format npy --out one-moments");
    let names: Vec<String> = contents(&at.join("one-moments")).into_iter().map(|(name, _)| name).collect();
    let files = ["kernel.csv", "kernel.pdf", "kernel.png", "kernel.svg", "mean.npy"];
    let expected = (0..4).flat_map(|cell| files.map(|file| format!("000{cell}-{file}")));
    assert_eq!(names, expected.chain(["cells.csv".to_owned()]).collect::<Vec<_>>());
    refused(&eoc(at, &["export", "run", "--format", "npy"]), 2, &["--out DIR"]);
    refused(&eoc(at, &["export", "run", "--format", "npy", "--out", "run"]), 2, &["not empty", "no export"]);
    refused(&eoc(at, &["export", "run", "--format", "npy", "--out", "small.toml"]), 2, &["small.toml"]);
    refused(&eoc(at, &["export", "run", "--format", "csv", "--threads", "2"]), 2, &["--format npy"]);
    // Data that are no longer those of the run.
    fs::write(at.join("x.csv"), "1,2\n3,4\n").unwrap();
    done(at, "run small.toml --set data.source=x.csv --points 2 --out file");
    fs::write(at.join("x.csv"), "1,2\n3,5\n").unwrap();
    refused(&eoc(at, &["export", "file", "--format", "npy", "--out", "m"]), 2, &["bring back the data"]);
    assert!(!at.join("m").exists());
}
