//! What the log of a Slurm task says of how it ended.

use std::fs;
use std::path::Path;

use crate::cli::slurm::{ENDED, begins};

/// What the log of a task ends with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// The status of eoc, where the task ended by itself.
    pub ended: Option<i32>,
    /// The last sentence of eoc.
    pub sentence: Option<String>,
}

impl Log {
    /// Of a log, which may not be there.
    pub fn read(path: &Path) -> Self {
        // A log may hold what other programs write.
        let bytes = fs::read(path).unwrap_or_default();
        Self::of(&String::from_utf8_lossy(&bytes))
    }

    fn of(text: &str) -> Self {
        // What stands before the last begin is of an earlier attempt.
        let mut log = Self::default();
        for line in text.lines() {
            if let Some(status) = line.strip_prefix(ENDED) {
                log.ended = status.trim().parse().ok();
            } else if let Some(sentence) = line.strip_prefix("eoc: ") {
                // Progress is no reason.
                if !sentence.starts_with("after ") {
                    log.sentence = Some(sentence.to_owned());
                }
            } else if begins(line) {
                log = Self::default();
            }
        }
        log
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_attempt_of_a_log_counts() {
        let attempt = "shard 3: eoc begins on node1\neoc: after 30 s: 4 %, 1 of 9 samples, x\neoc: stopped by the time-limit \
                       signal; all that\n";
        let log = |text: &str| Log::of(text);
        let open = log(attempt);
        assert_eq!(
            (open.ended, open.sentence.as_deref()),
            (None, Some("stopped by the time-limit signal; all that"))
        );
        let ended = log(&format!("{attempt}{ENDED}75\nslurmstepd: error: CANCELLED\n"));
        assert_eq!(ended.ended, Some(75));
        assert_eq!(log(&format!("{attempt}{ENDED}75\nshard 3: eoc begins on node2\n")), Log::default());
        assert_eq!(log(""), Log::default());
    }
}
