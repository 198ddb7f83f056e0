//! How a recording will be run, as plain data: what memory each proxy has, and where the commands are cut into pieces.
//!
//! Scratch has a slot from the first command that names it to the last; a later one of the same size class takes the
//! slot over. A piece is submitted as a whole. It stays well under a second, so that no watchdog ends it.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use super::recording::{Access, Command, Dispatch, Proxy, Recording};
use crate::units::counted;

/// Dispatches of one piece at most: bounds the parameter buffer and the timestamps.
const PIECE: usize = 1024;

/// What a device allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct DeviceLimits {
    /// Weight of one piece, unless a single dispatch has more.
    pub(super) weight: f64,
    /// Bytes of the largest buffer.
    pub(super) buffer: u64,
}

impl DeviceLimits {
    /// Size of a buffer of at least this many bytes (and at least one word): in steps of an eighth, so that what one
    /// use gives back fits the next.
    pub(super) fn size(&self, bytes: u64) -> u64 {
        let step = (bytes.next_power_of_two() / 8).max(256);
        let size = bytes.max(16).next_multiple_of(step);
        if size <= self.buffer { size } else { bytes }
    }
}

/// What is wrong with a recording: a fault of the program, found before anything is submitted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum Flaw {
    #[error("an empty dispatch of {0}")]
    Empty(&'static str),
    #[error("{command} reads a buffer of {bytes} B (number {id}) before anything has written it")]
    Unwritten { command: &'static str, id: u64, bytes: u64 },
    #[error("{command} of {wanted} B passes the end of a buffer of {bytes} B (number {id})")]
    TooLong { command: &'static str, wanted: u64, id: u64, bytes: u64 },
}

/// The plan of a recording.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Timetable {
    /// Bytes of the slots.
    pub(super) slots: Vec<u64>,
    /// Slot of each scratch proxy, by its number.
    pub(super) homes: HashMap<u64, usize>,
    /// Kept proxies that have content at its end.
    pub(super) written: Vec<u64>,
    /// Commands of the pieces, in order.
    pub(super) pieces: Vec<Range<usize>>,
}

/// What one command does with its buffers, poison aside.
fn accesses(command: &Command) -> Vec<(Proxy, Access)> {
    match command {
        Command::Dispatch(dispatch, _) => dispatch.buffers.clone(),
        Command::Copy { from, to, .. } => vec![(*from, Access::Read), (*to, Access::Write)],
        Command::Poison { to, .. } | Command::Clear { to } | Command::Upload { to, .. } => {
            vec![(*to, Access::Write)]
        }
        Command::Download { from, .. } => vec![(*from, Access::Read)],
    }
}

fn name(command: &Command) -> &'static str {
    match command {
        Command::Dispatch(dispatch, _) => dispatch.pass.name(),
        Command::Copy { .. } => "copy",
        Command::Poison { .. } => "poison",
        Command::Clear { .. } => "clear",
        Command::Upload { .. } => "upload",
        Command::Download { .. } => "download",
    }
}

impl Timetable {
    /// The plan of a recording; `has` says which kept proxies have content from before it.
    pub(super) fn of(
        recording: &Recording,
        limits: &DeviceLimits,
        has: impl Fn(u64) -> bool,
    ) -> Result<Self, Flaw> {
        let commands = recording.commands();
        let written = check(commands, has)?;
        let (slots, homes) = place(commands, limits);
        Ok(Self { slots, homes, written, pieces: cut(commands, limits) })
    }

    /// The listing of a recording with its plan.
    pub(super) fn listing<'a>(&'a self, recording: &'a Recording) -> Listing<'a> {
        Listing { schedule: self, recording }
    }
}

/// Refuses what cannot be meant; the kept proxies that are written.
fn check(commands: &[Command], has: impl Fn(u64) -> bool) -> Result<Vec<u64>, Flaw> {
    // True: written. False: only poisoned, which nothing but the host may see.
    let mut written: HashMap<u64, bool> = HashMap::new();
    let mut kept = Vec::new();
    for command in commands {
        let (to, wanted) = match command {
            Command::Dispatch(Dispatch { pass, groups, .. }, _) if groups.contains(&0) => {
                return Err(Flaw::Empty(pass.name()));
            }
            Command::Dispatch(..) | Command::Clear { .. } => (None, 0),
            Command::Copy { from, to, bytes } => (Some(if from.bytes < *bytes { from } else { to }), *bytes),
            Command::Poison { to: proxy, bytes } | Command::Download { from: proxy, bytes } => {
                (Some(proxy), *bytes)
            }
            Command::Upload { to, content } => (Some(to), content.len()),
        };
        if let Some(proxy) = to.filter(|proxy| wanted > proxy.bytes) {
            let (id, bytes) = (proxy.id, proxy.bytes);
            return Err(Flaw::TooLong { command: name(command), wanted, id, bytes });
        }
        let all = accesses(command);
        for (proxy, _) in all.iter().filter(|(_, access)| *access != Access::Write) {
            let there = match written.get(&proxy.id) {
                Some(whole) => *whole || matches!(command, Command::Download { .. }),
                None => proxy.kept && has(proxy.id),
            };
            if !there {
                let (id, bytes) = (proxy.id, proxy.bytes);
                return Err(Flaw::Unwritten { command: name(command), id, bytes });
            }
        }
        for (proxy, _) in all.iter().filter(|(_, access)| *access != Access::Read) {
            let poison = matches!(command, Command::Poison { .. });
            written.insert(proxy.id, !poison);
            kept.extend(Some(proxy.id).filter(|_| proxy.kept && !poison));
        }
    }
    kept.sort_unstable();
    kept.dedup();
    Ok(kept)
}

/// Slots, first come first served, each as soon as its last command is past.
fn place(commands: &[Command], limits: &DeviceLimits) -> (Vec<u64>, HashMap<u64, usize>) {
    let scratch = |command: &Command| {
        let all = accesses(command).into_iter().map(|(proxy, _)| proxy);
        all.filter(|proxy| !proxy.kept).collect::<Vec<_>>()
    };
    let mut last: HashMap<u64, usize> = HashMap::new();
    for (index, command) in commands.iter().enumerate() {
        last.extend(scratch(command).iter().map(|proxy| (proxy.id, index)));
    }
    let (mut slots, mut homes) = (Vec::new(), HashMap::new());
    let mut free: HashMap<u64, Vec<usize>> = HashMap::new();
    for (index, command) in commands.iter().enumerate() {
        let mut named = scratch(command);
        for proxy in &named {
            homes.entry(proxy.id).or_insert_with(|| {
                let size = limits.size(proxy.bytes);
                free.get_mut(&size).and_then(Vec::pop).unwrap_or_else(|| {
                    slots.push(size);
                    slots.len() - 1
                })
            });
        }
        // One buffer may be bound twice.
        named.sort_unstable_by_key(|proxy| proxy.id);
        named.dedup();
        for proxy in named.iter().filter(|proxy| last.get(&proxy.id) == Some(&index)) {
            if let Some(slot) = homes.get(&proxy.id) {
                free.entry(slots[*slot]).or_default().push(*slot);
            }
        }
    }
    (slots, homes)
}

/// Pieces of bounded weight. An upload begins one: it reaches the device before anything else of its piece.
fn cut(commands: &[Command], limits: &DeviceLimits) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let (mut start, mut weight, mut only_uploads) = (0, 0.0, true);
    for (index, command) in commands.iter().enumerate() {
        let upload = matches!(command, Command::Upload { .. });
        let own = match command {
            Command::Dispatch(dispatch, _) => dispatch.cost.weight(),
            _ => 0.0,
        };
        let full = index - start >= PIECE || weight > 0.0 && weight + own > limits.weight;
        if index > start && (full || upload && !only_uploads) {
            pieces.push(start..index);
            (start, weight, only_uploads) = (index, 0.0, true);
        }
        weight += own;
        only_uploads &= upload;
    }
    if start < commands.len() {
        pieces.push(start..commands.len());
    }
    pieces
}

/// A recording with its plan, line by line.
pub(super) struct Listing<'a> {
    schedule: &'a Timetable,
    recording: &'a Recording,
}

impl Listing<'_> {
    /// A buffer: where it is and how large it must be.
    fn buffer(&self, proxy: &Proxy) -> String {
        match self.schedule.homes.get(&proxy.id) {
            Some(slot) => format!("slot {slot} ({} B)", proxy.bytes),
            None => format!("kept {} ({} B)", proxy.id, proxy.bytes),
        }
    }
}

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, piece) in self.schedule.pieces.iter().enumerate() {
            writeln!(f, "piece {number}")?;
            for command in &self.recording.commands()[piece.clone()] {
                write!(f, "  {}", name(command))?;
                if let Command::Dispatch(Dispatch { groups: [x, y, z], .. }, _) = command {
                    write!(f, " {x}x{y}x{z}")?;
                }
                if let Command::Upload { content: super::recording::Content::Tile(tile), .. } = command {
                    write!(f, " {tile:?}")?;
                }
                for (at, (proxy, access)) in accesses(command).iter().enumerate() {
                    let access = match access {
                        Access::Read => "read",
                        Access::Write => "write",
                        Access::Update => "update",
                    };
                    write!(f, "{} {access} {}", if at > 0 { "," } else { "" }, self.buffer(proxy))?;
                }
                writeln!(f)?;
            }
        }
        let total: u64 = self.schedule.slots.iter().sum();
        writeln!(f, "{}, {total} B", counted(self.schedule.slots.len(), "slot"))
    }
}
