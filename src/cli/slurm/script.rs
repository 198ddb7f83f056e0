//! The two batch scripts: an array with a task for each shard, and a job that merges what the tasks leave.
//!
//! What Slurm does decides their form. Before its time limit a job gets the signal asked for with --signal, here to the
//! batch script alone (`B:`), and bash runs a trap only between commands of the foreground: so eoc runs in the
//! background and the script waits. RequeueExit is a setting of the cluster, so the script requeues itself. A
//! dependency `afterok` waits for ever once a task was requeued: so the merge job depends `afterany`, and merging says
//! what is missing. A killed script is not requeued, a lost node's is: submitting again resumes both.

use super::quote::directive;
use crate::cli::escape::for_shell;
use crate::cli::version::VERSION;

/// Seconds before the time limit at which eoc is asked to stop, which takes it two; Slurm may signal up to a minute
/// earlier.
const GRACE: u32 = 45;

/// What the scripts are made of, validated; paths are absolute.
pub struct Job<'a> {
    /// Name of the study.
    pub name: &'a str,
    /// N.
    pub shards: u32,
    /// This program.
    pub program: &'a str,
    /// Directory of the job.
    pub dir: &'a str,
    /// GPUs of a task.
    pub gpus: Option<u32>,
    /// CPUs of a task.
    pub cpus: Option<u32>,
    /// Time limit of a task.
    pub time: Option<&'a str>,
    /// Partition.
    pub partition: Option<&'a str>,
    /// Further options.
    pub options: &'a [String],
}

impl Job<'_> {
    fn header(&self, kind: &str, log: &str, special: &[String]) -> String {
        let mut options = vec![format!("--job-name=eoc-{}{kind}", self.name), "--ntasks=1".to_owned()];
        options.extend_from_slice(special);
        options.push("--open-mode=append".to_owned());
        options.push(format!("--output={}", directive(&format!("{}/logs/{log}", self.dir))));
        options.extend(self.partition.map(|p| format!("--partition={p}")));
        options.extend_from_slice(self.options);
        let lines: String = options.iter().map(|option| format!("#SBATCH {option}\n")).collect();
        format!("#!/bin/bash\n{lines}# Made by eoc {VERSION}: eoc slurm --help\n\n")
    }

    fn paths(&self) -> String {
        format!("eoc={}\ndir={}\n", for_shell(self.program), for_shell(self.dir))
    }

    /// The array script.
    pub fn array(&self) -> String {
        let mut special = vec![
            format!("--array=0-{}", self.shards - 1),
            "--requeue".to_owned(),
            format!("--signal=B:USR1@{GRACE}"),
        ];
        special.extend(self.time.map(|t| format!("--time={t}")));
        special.extend(self.cpus.map(|c| format!("--cpus-per-task={c}")));
        special.extend(self.gpus.map(|g| format!("--gres=gpu:{g}")));
        let device = match self.gpus {
            None => "",
            Some(1) => " --device gpu",
            Some(_) => " --device gpu:all",
        };
        let mut text = self.header("", "shard-%a.txt", &special);
        text += &self.paths();
        text += &format!("shards={}\n", self.shards);
        text += &BODY.replace("DEVICE", device);
        text
    }

    /// The merge script.
    pub fn merge(&self) -> String {
        let mut text = self.header("-merge", "merge.txt", &[]);
        text += &self.paths();
        text += &format!("again={}\n", for_shell(&self.submit_line()));
        text + MERGE
    }

    /// One line for a shell that submits both.
    pub fn submit_line(&self) -> String {
        let script = |name: &str| for_shell(&format!("{}/{name}", self.dir));
        format!(
            "sbatch --dependency=afterany:$(sbatch --parsable {} | cut -d';' -f1) {}",
            script(ARRAY_FILE),
            script(MERGE_FILE)
        )
    }
}

/// Name of the array script.
pub const ARRAY_FILE: &str = "array.sbatch";
/// Name of the merge script.
pub const MERGE_FILE: &str = "merge.sbatch";

/// What a task writes into its log before it starts eoc, after `shard I`.
const BEGUN: &str = ": eoc begins";
/// What a task writes into its log when eoc has ended; the status follows. `eoc status` reads both.
pub const ENDED: &str = "eoc ended with status ";

/// Whether a line of a log is that of a task before it starts eoc.
pub fn begins(line: &str) -> bool {
    line.strip_prefix("shard ")
        .is_some_and(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(BEGUN))
}

const BODY: &str = r#"
# The signal before the time limit, and that of a cancelled or preempted job, go on to eoc, which keeps what is finished.
pid=
signal=
pass() {
    signal=$1
    [ -z "$pid" ] || kill -s "$1" "$pid" 2>/dev/null
}
trap 'pass USR1' USR1
trap 'pass TERM' TERM

# eoc status reads this line and the one below.
echo "shard $SLURM_ARRAY_TASK_ID: eoc begins on ${SLURMD_NODENAME:-$HOSTNAME}" >&2
"$eoc" run "$dir/study.toml" --shard "$SLURM_ARRAY_TASK_ID/$shards" --out "$dir/shard-$SLURM_ARRAY_TASK_ID" \
    --threads "${SLURM_CPUS_ON_NODE:-1}"DEVICE &
pid=$!
[ -z "$signal" ] || kill -s "$signal" "$pid"
while
    signal=
    wait "$pid"
    status=$?
    # A signal ends the wait and not eoc: wait again for its own status.
    [ -n "$signal" ]
do :; done
echo "eoc ended with status $status" >&2

# 75: the time limit is near, new samples were finished and the shard can be resumed (without a new one the status is 1: a task
# started again would not come further); 138: the signal came before eoc could listen.
if [ "$status" = 75 ] || [ "$status" = 138 ]; then
    # Slurm ends this script once it has taken the request, and a script that ended by itself before that has failed and is not
    # started again: so it waits to be ended. A busy Slurm may refuse the first request.
    for wait in 2 4 8 0; do
        scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" && exec sleep 600
        sleep "$wait"
    done
    exit 75
fi
exit "$status"
"#;

const MERGE: &str = r#"
# A shard whose task never began has no run; what it lacks is listed as missing.
begun=()
for shard in "$dir"/shard-*; do
    [ -f "$shard/run.sqlite" ] && begun+=("$shard")
done
if [ "${#begun[@]}" = 0 ]; then
    echo "no shard in $dir has begun; run them with: $again" >&2
    exit 1
fi
if ! "$eoc" merge "${begun[@]}" --out "$dir/merged"; then
    echo "to run what is missing and merge again: $again" >&2
    exit 1
fi
# Nothing is left to run: this prints the table and draws the figure.
"$eoc" run "$dir/study.toml" --out "$dir/merged"
"#;
