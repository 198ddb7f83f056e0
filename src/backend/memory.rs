//! Memory of the host.

/// Bytes that this machine, or the cgroup of this process, can still give.
pub fn available() -> u64 {
    static ONCE: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    *ONCE.get_or_init(|| {
        // Where the machine does not say, nothing is refused.
        let Ok(mut system) = sysinfo::System::new() else { return u64::MAX };
        system.refresh_memory();
        let machine = system.available_memory();
        system.cgroup_limits().map_or(machine, |c| machine.min(c.free_memory))
    })
}

/// Bytes as text.
pub(super) fn gib(bytes: f64) -> String {
    format!("{:.1} GiB", bytes / (1u64 << 30) as f64)
}
