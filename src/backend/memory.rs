//! Memory of the host.

/// Bytes that this machine, the cgroup of this process and the limit on its address space can still give.
pub fn available() -> u64 {
    static ONCE: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    *ONCE.get_or_init(|| physical().min(address_space().unwrap_or(u64::MAX)))
}

fn physical() -> u64 {
    // Where the machine does not say, nothing is refused.
    let Ok(mut system) = sysinfo::System::new() else { return u64::MAX };
    system.refresh_memory();
    let machine = system.available_memory();
    system.cgroup_limits().map_or(machine, |c| machine.min(c.free_memory))
}

/// What a limit on the address space (`ulimit -v`, as batch systems set it) leaves; None where there is none, and on
/// systems that do not say.
fn address_space() -> Option<u64> {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}")).ok();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    left(&read("limits")?, &read("status")?, threads as u64)
}

/// Address space that the allocator reserves for a thread when it first allocates.
const ARENA: u64 = 64 << 20;

/// The limit that `limits` names, less what `status` says is in use and what the allocator reserves, at most an eighth.
fn left(limits: &str, status: &str, threads: u64) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    // "unlimited" is no number.
    let limit: u64 = line.split_whitespace().next()?.parse().ok()?;
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    let size: u64 = size.split_whitespace().next()?.parse().ok()?;
    let reserved = threads.saturating_mul(ARENA).min(limit / 8);
    Some(limit.saturating_sub(size.saturating_mul(1024)).saturating_sub(reserved))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_on_the_address_space_leaves_what_is_not_used_yet() {
        let limits = |space: &str| {
            format!(
                "Limit   Soft Limit   Hard Limit   Units\nMax cpu time  7  7  seconds\nMax address space   {space}\n"
            )
        };
        let status = "Name:\teoc\nVmPeak:\t  900 kB\nVmSize:\t  500000 kB\n";
        let mib = 1 << 20;
        assert_eq!(
            left(&limits("1536000000  unlimited  bytes"), status, 1),
            Some(1_536_000_000 - 512_000_000 - 64 * mib)
        );
        // Of a small limit no more than an eighth is kept back.
        assert_eq!(left(&limits("1024000000  1024000000  bytes"), status, 64), Some(384_000_000));
        assert_eq!(left(&limits("1000  1000  bytes"), status, 1), Some(0));
        assert_eq!(left(&limits("unlimited  unlimited  bytes"), status, 1), None);
        assert_eq!(left("", status, 1), None);
    }
}
