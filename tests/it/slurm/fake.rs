//! Without a Slurm: what is refused, what the scripts say, and what they do under stand-ins for sbatch and scontrol.

use super::*;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A study in a directory of its own, and stand-ins that write down how they were called.
struct Place(tempfile::TempDir);

impl Place {
    fn new(seeds: u64) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.at().join("bin")).unwrap();
        fs::write(place.at().join("study.toml"), study(seeds)).unwrap();
        place
    }

    fn at(&self) -> &Path {
        self.0.path()
    }

    fn dir(&self) -> PathBuf {
        job_dir(self.at())
    }

    /// A command of this name that writes down its arguments and then does this.
    fn stand_in(&self, name: &str, does: &str) {
        let path = self.at().join("bin").join(name);
        let calls = self.at().join("calls");
        fs::write(&path, format!("#!/bin/bash\necho \"{name} $*\" >> '{}'\n{does}\n", calls.display()))
            .unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn calls(&self) -> Vec<String> {
        fs::read_to_string(self.at().join("calls")).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// With the stand-ins before everything else.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = format!("{}:{}", self.at().join("bin").display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).current_dir(self.at());
        command
    }

    fn write(&self, more: &[&str]) -> String {
        let dir = self.dir();
        let args = ["slurm", "study.toml", "--shards", "2", "--out", dir.to_str().unwrap()];
        let output = self.command(PROGRAM).args(args).args(more).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    fn script(&self, name: &str) -> String {
        fs::read_to_string(self.dir().join(name)).unwrap()
    }

    /// Task I of the array, as slurmd starts it.
    fn task(&self, index: u32) -> Child {
        self.command("bash")
            .arg(self.dir().join("array.sbatch"))
            .envs([("SLURM_ARRAY_JOB_ID", "77"), ("SLURM_CPUS_ON_NODE", "1")])
            .env("SLURM_ARRAY_TASK_ID", index.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn merge(&self) -> Output {
        self.command("bash").arg(self.dir().join("merge.sbatch")).output().unwrap()
    }
}

#[test]
fn what_no_job_is_made_of_is_refused() {
    let place = Place::new(4);
    let at = place.at();
    fs::write(at.join("broken.toml"), "seeds = 0").unwrap();
    fs::create_dir(at.join("full")).unwrap();
    fs::write(at.join("full/notes.txt"), "mine").unwrap();
    for (line, says) in [
        ("study.toml", "--shards <N>"),
        ("--shards 2", "the study is missing; give a study file"),
        ("--study needed --shards 2", "the study needed is a search"),
        ("--study papers --shards 2", "give --study one of them"),
        ("study.toml --shards 0", "from 1 to 900"),
        ("study.toml --shards 901", "from 1 to 900"),
        ("study.toml --shards -1", "from 1 to 900"),
        ("study.toml --shards two", "from 1 to 900"),
        ("study.toml --shards 2 --time 2h", "H:MM:SS"),
        ("study.toml --shards 2 --time 0", "H:MM:SS"),
        ("study.toml --shards 2 --time -1", "H:MM:SS"),
        ("study.toml --shards 2 --gpus 0", "positive integer"),
        ("study.toml --shards 2 --cpus x", "positive integer"),
        ("study.toml --shards 2 --partition a#b", "without blanks and quotes"),
        ("study.toml --shards 2 --sbatch=account", "begins with --"),
        ("study.toml --shards 2 --sbatch=--comment=\"x\"", "without blanks and quotes"),
        ("nowhere.toml --shards 2", "study file nowhere.toml"),
        ("broken.toml --shards 2", "line 1: seeds"),
        ("study.toml --shards 2 --out full", "is not empty"),
        ("study.toml --shards 2 --out study.toml", "cannot be used as a directory"),
        ("study.toml --shards 2 --out 100%", "'%'"),
    ] {
        let args: Vec<&str> = ["slurm"].into_iter().chain(line.split_whitespace()).collect();
        let output = eoc(at, &args);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "eoc slurm {line}: {stderr}");
        assert!(output.stdout.is_empty(), "eoc slurm {line}");
        assert!(
            stderr.starts_with("eoc: ") && stderr.lines().count() == 1 && stderr.contains(says),
            "{line}: {stderr}"
        );
    }
    // Where there is no Slurm, nothing is written on the way to submitting.
    let output = Command::new(PROGRAM)
        .args(["slurm", "study.toml", "--shards", "2", "--submit"])
        .env("PATH", at.join("full"))
        .current_dir(at)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("needs sbatch"));
    let mut names: Vec<_> = fs::read_dir(at).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["bin", "broken.toml", "full", "study.toml"]);
}

#[test]
fn the_scripts_say_what_was_asked_for() {
    let place = Place::new(4);
    let options =
        ["--time", "1-00:30", "--gpus", "2", "--cpus", "3", "--partition", "long", "--sbatch=--account=me"];
    let printed = place.write(&options);
    let (array, merge) = (place.script("array.sbatch"), place.script("merge.sbatch"));
    assert!(printed.contains(&array) && printed.contains(&merge));
    let directives = |script: &str| -> Vec<String> {
        script.lines().filter_map(|l| l.strip_prefix("#SBATCH ")).map(str::to_owned).collect()
    };
    let (of_array, of_merge) = (directives(&array), directives(&merge));
    for option in [
        "--array=0-1",
        "--requeue",
        "--signal=B:USR1@45",
        "--open-mode=append",
        "--time=1-00:30",
        "--gres=gpu:2",
        "--cpus-per-task=3",
        "--partition=long",
        "--account=me",
    ] {
        assert!(of_array.iter().any(|l| l == option), "{option} is not in\n{array}");
    }
    assert!(of_array.contains(&format!("--output=\"{}/logs/shard-%a.txt\"", place.dir().display())));
    assert!(array.contains("--device gpu:all"));
    assert!(of_merge.iter().any(|l| l == "--partition=long") && of_merge.iter().any(|l| l == "--account=me"));
    for absent in ["--array", "--gres", "--time", "--requeue"] {
        assert!(!of_merge.iter().any(|l| l.starts_with(absent)), "{absent} is in\n{merge}");
    }
    for script in ["array.sbatch", "merge.sbatch"] {
        assert!(Command::new("bash").arg("-n").arg(place.dir().join(script)).status().unwrap().success());
    }
    // The study as resolved, so that a task does what was planned here.
    assert!(place.script("study.toml").contains("seeds = \"0..4\""));
    // Once more, more seeds, the same study; then another number of shards, and another study.
    fs::write(place.at().join("study.toml"), study(5)).unwrap();
    place.write(&[]);
    assert!(
        place.script("study.toml").contains("seeds = \"0..5\"")
            && !place.script("array.sbatch").contains("gpu")
    );
    let dir = place.dir();
    let again = |shards: &str| {
        eoc(place.at(), &["slurm", "study.toml", "--shards", shards, "--out", dir.to_str().unwrap()])
    };
    assert!(text(&again("3").stderr).contains("a job of 2 shards, not 3"));
    fs::write(place.at().join("study.toml"), study(5).replace("2048", "2049")).unwrap();
    assert!(text(&again("2").stderr).contains("another study"));
}

#[test]
fn submitting_makes_the_merge_depend_on_the_array() {
    let place = Place::new(4);
    place.stand_in("sbatch", "[ \"$1\" = --version ] || echo '41;cluster'");
    // The jobs are submitted, whoever reads what is printed.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let unread = ["slurm", "study.toml", "--shards", "2", "--submit", "--out", "unread"];
    assert!(place.command(PROGRAM).args(unread).stdout(writer).status().unwrap().success());
    assert_eq!(place.calls().len(), 3, "{:?}", place.calls());
    fs::remove_file(place.at().join("calls")).unwrap();
    let printed = place.write(&["--submit"]);
    assert!(printed.ends_with("Submitted array job 41 and merge job 41.\n"), "{printed}");
    let dir = place.dir();
    let expected = [
        "sbatch --version".to_owned(),
        format!("sbatch --parsable {}/array.sbatch", dir.display()),
        format!("sbatch --parsable --dependency=afterany:41 {}/merge.sbatch", dir.display()),
    ];
    assert_eq!(place.calls(), expected);
    // The line that is printed without --submit does the same.
    fs::remove_file(place.at().join("calls")).unwrap();
    let printed = place.write(&[]);
    let line = printed.lines().last().unwrap();
    assert!(place.command("bash").args(["-c", line]).output().unwrap().status.success(), "{line}");
    let calls = place.calls();
    assert_eq!(calls[0], expected[1]);
    assert_eq!(calls[1], format!("sbatch --dependency=afterany:41 {}/merge.sbatch", dir.display()));
    // A cluster that refuses.
    place.stand_in(
        "sbatch",
        "[ \"$1\" = --version ] || { echo 'sbatch: error: invalid account' >&2; exit 1; }",
    );
    let args = ["slurm", "study.toml", "--shards", "2", "--submit", "--out", dir.to_str().unwrap()];
    let output = place.command(PROGRAM).args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("invalid account") && stderr.lines().count() == 1, "{stderr}");
}

/// The scripts under bash: a signal before the time limit, a requeue, a merge of a part and of the whole.
#[test]
fn tasks_end_their_batch_requeue_themselves_and_merge_to_one_run() {
    // Long enough on any machine to be met in the middle.
    let place = Place::new(200_000);
    // Refuses the first request, as a busy Slurm may.
    // As Slurm: what it has taken it ends, a moment later.
    let ends = "{ sleep 1; kill -TERM \"$PPID\"; } > /dev/null 2>&1 &";
    place.stand_in("scontrol", &format!("[ -e refused ] || {{ touch refused; exit 1; }}\n{ends}"));
    place.write(&[]);
    let nothing = place.merge();
    assert_eq!(nothing.status.code(), Some(1));
    assert!(
        text(&nothing.stderr).contains("no shard in")
            && text(&nothing.stderr).contains("sbatch --dependency")
    );

    let task = place.task(0);
    let store = place.dir().join("shard-0/run.sqlite");
    let patience = Instant::now();
    // Without one new sample the task would not be requeued.
    let begun = || store.exists() && rows(place.at(), &place.dir().join("shard-0")).len() > 1;
    while !begun() && patience.elapsed() < Duration::from_secs(30) {
        sleep(Duration::from_millis(50));
    }
    // To the batch script alone, as --signal=B: does.
    assert!(Command::new("kill").args(["-USR1", &task.id().to_string()]).status().unwrap().success());
    let output = task.wait_with_output().unwrap();
    assert_eq!(output.status.signal(), Some(15), "{:?} {}", output.status, text(&output.stderr));
    assert!(text(&output.stderr).contains("stopped by the time-limit signal"));
    assert_eq!(place.calls(), ["scontrol requeue 77_0"; 2]);
    assert!(rows(place.at(), &place.dir().join("shard-0")).len() > 1, "what was finished was kept");

    // A cancelled job ends without being requeued.
    let task = place.task(0);
    sleep(Duration::from_millis(500));
    assert!(Command::new("kill").args(["-TERM", &task.id().to_string()]).status().unwrap().success());
    assert_eq!(task.wait_with_output().unwrap().status.code(), Some(130));
    assert_eq!(place.calls().len(), 2);

    // Fewer seeds, so that it ends: both shards resume what is there.
    let few = 40;
    fs::write(place.at().join("study.toml"), study(few)).unwrap();
    place.write(&[]);
    assert_eq!(place.task(0).wait_with_output().unwrap().status.code(), Some(0));
    let part = place.merge();
    assert_eq!(part.status.code(), Some(1), "{}", text(&part.stdout));
    assert!(text(&part.stdout).contains("seeds 20..40"), "{}", text(&part.stdout));
    assert!(text(&part.stderr).contains("to run what is missing and merge again: sbatch"));
    assert_eq!(place.task(1).wait_with_output().unwrap().status.code(), Some(0));
    let whole = place.merge();
    assert_eq!(whole.status.code(), Some(0), "{}", text(&whole.stderr));
    assert!(text(&whole.stdout).contains("Exponent in m"), "{}", text(&whole.stdout));
    done(place.at(), &["run", "study.toml", "--out", "single"]);
    let merged: Vec<String> = rows(place.at(), &place.dir().join("merged"));
    let single = rows(place.at(), &place.at().join("single"));
    // Shard 0 had computed more seeds than are asked for in the end; they are no others.
    assert!(single.iter().all(|row| merged.contains(row)));
    assert_eq!(place.calls().len(), 2, "an ended task is not requeued");
}

#[test]
fn a_dry_run_prints_the_scripts_of_a_built_in_study_and_writes_nothing() {
    let place = Place::new(4);
    let line = ["slurm", "--study", "width", "--quick", "--shards", "3", "--dry-run", "--out", "none"];
    let printed = done(place.at(), &line);
    for part in ["#SBATCH --array=0-2\n", "#SBATCH --job-name=eoc-width\n", "Nothing was written."] {
        assert!(printed.contains(part), "no {part:?} in\n{printed}");
    }
    assert!(!place.at().join("none").exists());
    // The same scripts as without it.
    let dry = done(
        place.at(),
        &["slurm", "study.toml", "--shards", "2", "--dry-run", "--out", place.dir().to_str().unwrap()],
    );
    assert!(!place.dir().exists());
    place.write(&[]);
    assert!(dry.contains(&place.script("array.sbatch")) && dry.contains(&place.script("merge.sbatch")));
    for (line, says) in [
        (vec!["slurm", "study.toml", "--study", "width", "--shards", "2"], "cannot be used with"),
        (vec!["slurm", "--study", "depths", "--shards", "2"], "depths"),
        (vec!["slurm", "study.toml", "--shards", "2", "--dry-run", "--submit"], "cannot be used with"),
    ] {
        let output = eoc(place.at(), &line);
        assert!(
            output.status.code() == Some(2) && text(&output.stderr).contains(says),
            "{}",
            text(&output.stderr)
        );
    }
}

/// State, rows, total and reason of every shard, in their order, and the object of all.
fn states(place: &Place) -> (Vec<(String, u64, u64)>, serde_json::Value) {
    let text = done(place.at(), &["status", place.dir().to_str().unwrap(), "--json"]);
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let one = |run: &serde_json::Value| {
        (
            run["state"].as_str().unwrap().to_owned(),
            run["rows"].as_u64().unwrap(),
            run["total"].as_u64().unwrap(),
        )
    };
    (all["directories"].as_array().unwrap().iter().map(one).collect(), all)
}

#[test]
fn the_status_of_a_job_is_that_of_its_shards() {
    let place = Place::new(8);
    place.write(&[]);
    let state = |word: &str, rows: u64| (word.to_owned(), rows, 8);
    let (runs, all) = states(&place);
    assert_eq!(runs, [state("missing", 0), state("missing", 0)]);
    assert!(all["total"]["to_go"].is_null() && all["total"]["missing"] == 2, "{all}");

    assert_eq!(place.task(0).wait_with_output().unwrap().status.code(), Some(0));
    let (runs, all) = states(&place);
    assert_eq!(runs, [state("done", 8), state("missing", 0)]);
    // By what the samples of the other shard took.
    let (done_one, missing) = (&all["directories"][0], &all["directories"][1]);
    let expected = 8.0 / done_one["rate"].as_f64().unwrap();
    assert!((missing["to_go"].as_f64().unwrap() / expected - 1.0).abs() < 1e-9, "{all}");
    assert!(done_one["to_go"] == 0.0 && missing["rate"].is_null() && missing["shard"] == "1/2", "{all}");

    // Begun with fewer seeds than are asked for now, and then as its log says.
    let shard = place.dir().join("shard-1");
    let part = [
        "run",
        "study.toml",
        "--seeds",
        "4",
        "--shard",
        "1/2",
        "--device",
        "cpu",
        "--out",
        shard.to_str().unwrap(),
    ];
    done(place.at(), &part);
    let (runs, all) = states(&place);
    // Shard 1 of 2 has the seeds 4 to 7, and that of fewer seeds had 2 and 3.
    assert_eq!(runs[1], state("failed", 0));
    assert!(all["directories"][1]["reason"].as_str().unwrap().starts_with("8 samples missing"), "{all}");
    let log = |text: &str| fs::write(place.dir().join("logs/shard-1.txt"), text).unwrap();
    let begins = "shard 1: eoc begins on node1\n";
    log(&format!("{begins}eoc: the disk is full\neoc ended with status 1\n"));
    let table = done(place.at(), &["status", place.dir().to_str().unwrap()]);
    for part in [
        "2 directories: 1 done, 1 failed\n",
        "shard-1: eoc ended with status 1: the disk is full\n",
        " 8/16 ",
    ] {
        assert!(table.contains(part), "no {part:?} in\n{table}");
    }
    assert!(table.lines().take(4).all(|line| line.chars().count() <= 80), "{table}");
    log(&format!("{begins}eoc: stopped\neoc ended with status 75\n"));
    assert_eq!(states(&place).0[1], state("waiting", 0));
    let lock = fs::File::options().write(true).open(shard.join("lock")).unwrap();
    lock.lock().unwrap();
    log(&format!("{begins}eoc ended with status 75\n{begins}"));
    let (runs, all) = states(&place);
    assert_eq!(runs[1], state("running", 0));
    assert!(all["total"]["rate"].as_f64().unwrap() > 0.0 && all["total"]["running"] == 1, "{all}");
    drop(lock);

    // Any directories, by their names; what is of one run alone is refused.
    let (first, second) = (place.dir().join("shard-0"), place.at().join("nothing"));
    let (first, second) = (first.to_str().unwrap(), second.to_str().unwrap());
    let table = done(place.at(), &["status", first, second]);
    assert!(table.contains("2 directories: 1 done, 1 missing\n") && table.contains(" 8/? "), "{table}");
    let one = eoc(place.at(), &["status", first, second, "--reproduce"]);
    assert!(one.status.code() == Some(2) && text(&one.stderr).contains("2 directories are given"));
    let none = eoc(place.at(), &["status", second, second]);
    assert!(none.status.code() == Some(2) && text(&none.stderr).contains("there is no directory"));
}
