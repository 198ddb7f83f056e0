//! Memory of the host.

/// Bytes that this machine, the cgroup of this process and the limits on its memory can still give.
pub fn available() -> u64 {
    static ONCE: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    *ONCE.get_or_init(|| physical().min(address_space().unwrap_or(u64::MAX)))
}

fn physical() -> u64 {
    // Where the machine does not say, nothing is refused.
    let Ok(mut system) = sysinfo::System::new() else { return u64::MAX };
    system.refresh_memory();
    // A machine without any memory left would not get here, so that 0 means that the system could not be asked.
    let machine = match system.available_memory() {
        0 => return u64::MAX,
        machine => machine,
    };
    system.cgroup_limits().map_or(machine, |c| machine.min(c.free_memory))
}

/// What limits on the address space and on data (`ulimit -v` and `-d`, as batch systems set them) leave; None where
/// there is none, and on systems that do not say.
fn address_space() -> Option<u64> {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}")).ok();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    left(&read("limits")?, &read("status")?, threads as u64)
}

/// Address space that the allocator reserves for a thread when it first allocates.
const ARENA: u64 = 64 << 20;

/// What of these a process may have at most, and what says how much it has.
const LIMITED: [(&str, &str); 2] = [("Max address space", "VmSize:"), ("Max data size", "VmData:")];

/// The limits that `limits` names, less what `status` says is in use and what the allocator reserves, at most an
/// eighth.
fn left(limits: &str, status: &str, threads: u64) -> Option<u64> {
    let number = |text: &str, name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        // "unlimited" is no number.
        line.split_whitespace().next()?.parse().ok()
    };
    let of = |(most, used): (&str, &str)| {
        let (limit, size) = (number(limits, most)?, number(status, used)?);
        // A thread's arena is address space that it may come to use, and no data before that.
        let arenas = if used == "VmSize:" { threads.saturating_mul(ARENA) } else { 0 };
        Some(limit.saturating_sub(size.saturating_mul(1024)).saturating_sub(arenas.min(limit / 8)))
    };
    LIMITED.into_iter().filter_map(of).min()
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
        let data =
            format!("{}Max data size  400000000  unlimited  bytes\n", limits("unlimited  unlimited  bytes"));
        assert_eq!(
            left(&data, &format!("{status}VmData:\t  100000 kB\n"), 4),
            Some(400_000_000 - 102_400_000)
        );
    }
}
