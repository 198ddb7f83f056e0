//! What a device is asked to do, as plain data: commands over proxies, in order. Nothing here has a device or memory.
//!
//! A proxy is the name and the size of a buffer. Scratch lives from the first command that names it to the last
//! (`schedule.rs` finds both and lets later scratch have its memory); a kept buffer lives as long as the executor
//! (`executor.rs`), across the recordings that it runs. What is read back starts as a pattern that is no number; what
//! survives of it is refused by whoever decodes it.

use std::ops::Range;

use super::module::{Pass, Storage, Variant};
use super::profile::DispatchCost;
use super::tuning::Tuning;
use super::weight_tile::WeightTile;

/// Parameter blocks start at multiples of this: the largest alignment that WebGPU allows a device to ask for.
pub(super) const ALIGNMENT: usize = 256;

/// What a recording must know of the device that will run it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) variant: Variant,
    pub(super) tuning: Tuning,
    /// Invocations of a subgroup, where it has one size.
    pub(super) subgroup: u32,
    /// Bytes of workgroup memory.
    pub(super) workgroup_memory: u32,
    /// Bytes of the largest storage binding.
    pub(super) binding: u64,
    /// Matrices in factorisation are in storage, whatever their size.
    pub(super) squares_in_storage: bool,
    /// f32 operations that one of the small matrices takes as long as.
    pub(super) small_cost: f64,
    /// Everything is checked, also what passes leave out.
    pub(super) checked: bool,
}

/// A buffer by name: at least this many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) id: u64,
    pub(super) bytes: u64,
    /// It outlives the recording.
    pub(super) kept: bool,
}

impl Proxy {
    /// As a binding of which a dispatch needs what is there.
    pub(super) fn read(self) -> (Self, Access) {
        (self, Access::Read)
    }

    /// As a binding of which a dispatch needs nothing that is there.
    pub(super) fn write(self) -> (Self, Access) {
        (self, Access::Write)
    }

    /// As a binding from which a dispatch goes on.
    pub(super) fn update(self) -> (Self, Access) {
        (self, Access::Update)
    }
}

/// What a dispatch does with a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// It needs what is there.
    Read,
    /// It needs nothing of what is there.
    Write,
    /// It goes on from what is there.
    Update,
}

/// One dispatch.
#[derive(Clone, Debug)]
pub(super) struct Dispatch {
    pub(super) pass: Pass,
    pub(super) storage: Storage,
    /// Override constants.
    pub(super) constants: Vec<(&'static str, f64)>,
    /// Bindings from 1, in order; 0 is the parameter block.
    pub(super) buffers: Vec<(Proxy, Access)>,
    pub(super) groups: [u32; 3],
    pub(super) cost: DispatchCost,
}

/// What the host sends.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Bytes(Vec<u8>),
    /// A tile of given weights, encoded when its turn comes: all tiles of a layer may be larger than the memory.
    Tile(WeightTile),
}

impl Content {
    /// Its length in bytes.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Tile(tile) => tile.bytes(),
        }
    }
}

/// One step of a recording.
#[derive(Clone, Debug)]
pub(super) enum Command {
    /// The range is that of the parameter block.
    Dispatch(Dispatch, Range<usize>),
    /// The first bytes of one buffer into another.
    Copy { from: Proxy, to: Proxy, bytes: u64 },
    /// The first bytes become what is no number in any form.
    Poison { to: Proxy, bytes: u64 },
    /// All bytes become 0.
    Clear { to: Proxy },
    /// From the host.
    Upload { to: Proxy, content: Content },
    /// The first bytes to the host.
    Download { from: Proxy, bytes: u64 },
}

/// Commands in order, and the parameter blocks of its dispatches.
#[derive(Clone, Debug)]
pub(super) struct Recording {
    target: Target,
    commands: Vec<Command>,
    blocks: Vec<u8>,
    next: u64,
}

impl Recording {
    pub(super) fn new(target: Target) -> Self {
        Self { target, commands: Vec::new(), blocks: Vec::new(), next: 0 }
    }

    /// The device that it is made for.
    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// Parameter blocks, each from a multiple of [`ALIGNMENT`] on.
    pub(super) fn blocks(&self) -> &[u8] {
        &self.blocks
    }

    /// What is recorded, leaving nothing; names are not given twice.
    pub(super) fn take(&mut self) -> Self {
        let rest = Self { next: self.next, ..Self::new(self.target) };
        std::mem::replace(self, rest)
    }

    /// Scratch of any content.
    pub(super) fn scratch(&mut self, bytes: u64) -> Proxy {
        self.proxy(bytes, false)
    }

    /// A buffer that later recordings of the same executor find as this one leaves it.
    pub(super) fn keep(&mut self, bytes: u64) -> Proxy {
        self.proxy(bytes, true)
    }

    fn proxy(&mut self, bytes: u64, kept: bool) -> Proxy {
        let id = self.next;
        self.next += 1;
        Proxy { id, bytes, kept }
    }

    /// Adds a dispatch with its parameter block.
    pub(super) fn dispatch<P: bytemuck::Pod>(&mut self, block: &P, dispatch: Dispatch) {
        let start = self.blocks.len();
        self.blocks.extend_from_slice(bytemuck::bytes_of(block));
        let range = start..self.blocks.len();
        self.blocks.resize(range.end.next_multiple_of(ALIGNMENT), 0);
        self.commands.push(Command::Dispatch(dispatch, range));
    }

    /// Adds a copy of the first bytes of a buffer.
    pub(super) fn copy(&mut self, from: Proxy, to: Proxy, bytes: u64) {
        self.commands.push(Command::Copy { from, to, bytes });
    }

    /// Fills the first bytes of a buffer with what is no number in any form.
    pub(super) fn poison(&mut self, to: Proxy, bytes: u64) {
        self.commands.push(Command::Poison { to, bytes });
    }

    /// The same where everything is checked: what a pass leaves out is then found by whoever reads its results.
    pub(super) fn poison_if_checked(&mut self, to: Proxy, bytes: u64) {
        if self.target.checked {
            self.poison(to, bytes);
        }
    }

    /// Fills a buffer with zeros.
    pub(super) fn clear(&mut self, to: Proxy) {
        self.commands.push(Command::Clear { to });
    }

    /// Sends these to the front of a buffer.
    pub(super) fn upload(&mut self, to: Proxy, content: Content) {
        self.commands.push(Command::Upload { to, content });
    }

    /// A kept buffer with these values.
    pub(super) fn keep_values<T: bytemuck::NoUninit>(&mut self, values: &[T]) -> Proxy {
        let bytes: &[u8] = bytemuck::cast_slice(values);
        let proxy = self.keep(bytes.len() as u64);
        self.upload(proxy, Content::Bytes(bytes.to_vec()));
        proxy
    }

    /// Asks for the first bytes of a buffer.
    pub(super) fn download(&mut self, from: Proxy, bytes: u64) {
        self.commands.push(Command::Download { from, bytes });
    }
}
