//! How much memory this process has had, where the system says.

/// Forgets how much memory this process has had, so that [`peak`] is of what comes after.
pub fn forget_peak() {
    // On systems that have it; elsewhere there is no peak either.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Most bytes of memory that this process has had at a time; None on systems that do not say.
pub fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_of_what_came_after_it_was_forgotten() {
        if peak().is_none() || std::fs::write("/proc/self/clear_refs", "5").is_err() {
            eprintln!("SKIPPED: this system does not say how much memory a process had");
            return;
        }
        let with = || {
            let large = vec![1u8; 256 << 20];
            assert!(std::hint::black_box(&large).iter().all(|x| *x == 1));
        };
        with();
        let before = peak().unwrap();
        forget_peak();
        // Other tests of this process have memory of their own, but not so much in the blink of an eye.
        let after = peak().unwrap();
        assert!(before >= 256 << 20 && after + (128 << 20) < before, "{before} {after}");
    }
}
