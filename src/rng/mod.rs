//! Random streams: every deviate is a pure function of (seed, layer, role, row, column).
//!
//! Requirements came first: the same number whatever the batch, tile, shard, thread or device; no sequence to
//! walk; a twin in WGSL. A counter-based generator gives them all. What is given up is the speed of a sequential
//! generator, about a factor of two on a CPU.
//!
//! Layout, version [`LAYOUT_VERSION`]. Philox4x32-10 with
//!
//! ```text
//! key     = (seed mod 2³², seed div 2³²)                 0 ≤ seed < 2⁶³
//! counter = (row, column div 4, layer + 2²⁴·role, LAYOUT_VERSION)
//! ```
//!
//! Word `column mod 4` of the block belongs to the column; words 0 and 1, and words 2 and 3, make two normal
//! deviates each ([`normal`]). The width is not in the key, so networks of different widths share their draws and
//! comparisons between them are paired.
//!
//! A change of any number for a given seed is value-breaking: it raises the version, goes into the changelog, and
//! refuses to resume older runs.

pub mod normal;
pub mod philox;
mod stream;

pub use normal::{LANES, Lanes};
pub use stream::Stream;

/// Version of the mapping from (seed, layer, role, row, column) to deviates.
pub const LAYOUT_VERSION: u32 = 1;

/// Seeds are below 2⁶³, so that they fit a signed 64-bit column of the run store.
pub const SEED_LIMIT: u64 = 1 << 63;

/// What a deviate is for; part of the counter, so that no two uses share a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Role {
    /// W_k: row = neuron of layer k, column = neuron of layer k−1.
    Weight = 1,
    /// G_k of the conditional sampler: row = neuron of layer k, column = point.
    Forward = 2,
    /// H_k of the conditional sampler: row = neuron of layer k, column = point·m_l + output.
    Backward = 3,
    /// Generated data sets.
    Data = 4,
    /// Resampling of seeds for intervals.
    Bootstrap = 5,
}

/// The part of a counter that one tensor of one network shares: key and the two upper counter words.
#[derive(Clone, Copy, Debug)]
pub struct Tensor {
    key: [u32; 2],
    tag: u32,
}

impl Tensor {
    /// The deviates of one role in one layer (below 2²⁴) of the network of a seed.
    pub fn new(seed: u64, role: Role, layer: usize) -> Self {
        debug_assert!(seed < SEED_LIMIT && layer < 1 << 24);
        Self { key: [seed as u32, (seed >> 32) as u32], tag: Self::tag(role, layer) }
    }

    /// The counter word that says role and layer: layer + 2²⁴·role.
    pub fn tag(role: Role, layer: usize) -> u32 {
        layer as u32 | (role as u32) << 24
    }

    /// Words of the four columns 4·group … 4·group+3 in the given rows.
    #[inline(always)]
    pub fn words<const L: usize>(&self, rows: [u32; L], groups: [u32; L]) -> [[u32; L]; 4] {
        philox::philox4x32(self.key, [rows, groups, [self.tag; L], [LAYOUT_VERSION; L]])
    }

    /// Standard normal deviates of the four columns 4·group … 4·group+3 in the given rows.
    #[inline(always)]
    pub fn normals<const L: usize>(&self, rows: [u32; L], groups: [u32; L]) -> [[f32; L]; 4] {
        let [w0, w1, w2, w3] = self.words(rows, groups);
        let [[z0, z2], [z1, z3]] = normal::pairs([[w0, w2], [w1, w3]]);
        [z0, z1, z2, z3]
    }

    /// One deviate, the slow way; what every fast path must agree with.
    pub fn normal(&self, row: u32, column: u32) -> f32 {
        self.normals([row], [column / 4])[column as usize % 4][0]
    }
}
