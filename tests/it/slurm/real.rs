//! On a real Slurm of two nodes, which the test installs and starts on loopback: one task meets its time limit, one is
//! killed, one node is lost. What is merged in the end are the rows of a single run.
//!
//! In the ordinary form the time-limit signal is sent by scancel and the lost node declared down; with EOC_FULL=1 both
//! are left to Slurm, which takes a minute more.

use super::*;
use eoc_ntk::study::store::Reader;
use std::collections::HashMap;
use std::io::Write;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A running cluster; ends with the test.
struct Cluster {
    dir: PathBuf,
}

fn cluster_script(args: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slurm/cluster.sh");
    Command::new("bash").arg(script).args(args).output().unwrap()
}

impl Cluster {
    /// Installs and starts one, or says why this machine cannot.
    fn start(dir: PathBuf) -> Result<Self, String> {
        let at = dir.to_str().unwrap().to_owned();
        for args in [&["install"][..], &["start", &at]] {
            let output = cluster_script(args);
            if output.status.code() != Some(0) {
                let stderr = text(&output.stderr);
                let reason = stderr.lines().last().unwrap_or("no reason given").to_owned();
                // 77 says that it cannot work here; all else is a fault.
                assert_eq!(output.status.code(), Some(77), "cluster.sh {args:?}: {stderr}");
                drop(Self { dir });
                return Err(reason);
            }
        }
        Ok(Self { dir })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SLURM_CONF", self.dir.join("slurm.conf"));
        command
    }

    /// A command of Slurm; what it prints.
    fn slurm(&self, line: &str) -> String {
        let mut words = line.split_whitespace();
        let output = self.command(words.next().unwrap()).args(words).output().unwrap();
        text(&output.stdout)
    }

    /// Waits until a line of squeue satisfies this, looking after what a test cannot wait for.
    fn until(&self, what: &str, mut holds: impl FnMut(&str) -> bool) {
        let start = Instant::now();
        let mut held: HashMap<String, Instant> = HashMap::new();
        loop {
            let queue = self.slurm("squeue -h -a -r -o %i|%T|%r|%N");
            if holds(&queue) {
                return;
            }
            // A requeued task waits two minutes, because its node takes no credential that is older than the end of its
            // former run. Root may say that it need not wait: some seconds do, but in the second of that end the node
            // refuses the new run and Slurm counts the task as failed.
            for line in queue.lines().filter(|l| l.contains("|PENDING|BeginTime")) {
                let job = line.split('|').next().unwrap_or_default();
                let since = held.entry(job.to_owned()).or_insert_with(Instant::now);
                if since.elapsed() > Duration::from_secs(3) {
                    self.slurm(&format!("scontrol update JobId={job} StartTime=now"));
                }
            }
            let log = || fs::read_to_string(self.dir.join("slurmctld.log")).unwrap_or_default();
            assert!(start.elapsed() < Duration::from_secs(400), "{what} never came\n{queue}\n{}", log());
            sleep(Duration::from_millis(200));
        }
    }

    fn until_all_ended(&self) {
        self.until("the end of all jobs", |queue| queue.trim().is_empty());
    }

    /// A field of what Slurm knows of a job.
    fn field(&self, job: &str, name: &str) -> String {
        let known = self.slurm(&format!("scontrol show job {job}"));
        let value = known.split_whitespace().find_map(|w| w.strip_prefix(&format!("{name}=")));
        value.unwrap_or_else(|| panic!("{name} of job {job} in\n{known}")).to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        cluster_script(&["stop", self.dir.to_str().unwrap()]);
    }
}

/// Numbers of the two jobs from the last line of `eoc slurm --submit`.
fn submit(cluster: &Cluster, at: &Path, args: &[&str]) -> [String; 2] {
    let dir = job_dir(at);
    let fixed = ["slurm", "study.toml", "--shards", "4", "--out", dir.to_str().unwrap(), "--submit"];
    let output = cluster.command(PROGRAM).args(fixed).args(args).current_dir(at).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let stdout = text(&output.stdout);
    let numbers: Vec<String> = stdout
        .lines()
        .last()
        .unwrap()
        .split(|c: char| !c.is_ascii_digit())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    numbers.try_into().unwrap()
}

#[test]
fn a_time_limit_a_killed_task_and_a_lost_node_lose_no_row() {
    let full = std::env::var_os("EOC_FULL").is_some_and(|value| value == "1");
    // Short: munge's socket has a path of at most 107 bytes.
    let temp = tempfile::Builder::new().prefix("eoc").tempdir_in("/tmp").unwrap();
    let at = temp.path();
    let cluster = match Cluster::start(at.join("slurm")) {
        Ok(cluster) => cluster,
        Err(reason) => {
            // Past the capture of passing tests: scripts/test counts it.
            let _ = std::io::stderr().write_all(format!("SKIPPED: a real Slurm: {reason}\n").as_bytes());
            return;
        }
    };
    // The tasks must still run when all is done to them: some seconds, or past a time limit of a minute less 45 s.
    fs::write(at.join("study.toml"), study(if full { 40_000 } else { 10_000 })).unwrap();
    let [array, merge] = submit(&cluster, at, if full { &["--time", "1"] } else { &[] });
    let dir = job_dir(at);
    let shard = |index: &str| dir.join(format!("shard-{index}"));
    let running = |queue: &str| -> Vec<[String; 2]> {
        let line = |l: &str| {
            let fields: Vec<&str> = l.split('|').collect();
            let index = fields[0].split_once('_')?.1.to_owned();
            (fields[1] == "RUNNING").then(|| [index, fields[3].to_owned()])
        };
        queue.lines().filter_map(line).collect()
    };
    let mut tasks = Vec::new();
    cluster.until("four running tasks", |queue| {
        tasks = running(queue);
        // A task that is told of its time limit before it has a row ends for good.
        let has_rows = |dir: &Path| {
            let counts = Reader::open(dir).and_then(|reader| reader.count_rows());
            counts.is_ok_and(|counts| counts.iter().sum::<u64>() > 0)
        };
        tasks.len() == 4 && tasks.iter().all(|[index, _]| has_rows(&shard(index)))
    });
    let on = |node: &str| -> Vec<String> {
        tasks.iter().filter(|[_, n]| n == node).map(|[index, _]| index.clone()).collect()
    };
    let (first, lost) = (on("n1"), on("n2"));
    assert_eq!((first.len(), lost.len()), (2, 2), "{tasks:?}");
    let [limited, killed] = [&first[0], &first[1]];

    // One task is killed.
    let pattern = format!("shard {killed}/4 --out {}", dir.display());
    assert!(Command::new("pkill").args(["-KILL", "-f", &pattern]).status().unwrap().success());
    // One node is lost.
    assert!(cluster_script(&["lose", cluster.dir.to_str().unwrap(), "n2"]).status.success());
    // One task is told that its time ends.
    if !full {
        cluster.slurm("scontrol update NodeName=n2 State=DOWN Reason=lost");
        cluster.slurm(&format!("scancel --batch --signal=USR1 {array}_{limited}"));
    }
    cluster.until_all_ended();

    let state = |index: &str| cluster.field(&format!("{array}_{index}"), "JobState");
    assert_eq!(state(killed), "FAILED");
    let log = |name: &str| fs::read_to_string(dir.join("logs").join(name)).unwrap();
    for index in [limited, &lost[0], &lost[1]] {
        let said = log(&format!("shard-{index}.txt"));
        assert_eq!(state(index), "COMPLETED", "task {index} of {tasks:?}, {limited} limited: {said}");
        assert_ne!(cluster.field(&format!("{array}_{index}"), "Restarts"), "0", "task {index} was requeued");
    }
    assert!(log(&format!("shard-{limited}.txt")).contains("stopped by the time-limit signal"));
    // Merging ran all the same, and says what is missing.
    assert_eq!(cluster.field(&merge, "JobState"), "FAILED");
    assert!(log("merge.txt").contains("missing: cell 0") && log("merge.txt").contains("merge again: sbatch"));

    // The same command again runs what is missing, and nothing else.
    let [_, merge] = submit(&cluster, at, &[]);
    cluster.until_all_ended();
    assert_eq!(cluster.field(&merge, "JobState"), "COMPLETED", "{}", log("merge.txt"));
    assert!(log("merge.txt").contains("Exponent in m"), "the table is in its log");
    done(at, &["run", "study.toml", "--out", "single"]);
    assert!(
        rows(at, &dir.join("merged")) == rows(at, &at.join("single")),
        "other rows than those of a single run"
    );
}
