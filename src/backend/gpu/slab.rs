//! Slabs: runs of neurons of a layer that fit one storage binding.

/// A run of neurons of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slab {
    /// Number of the first neuron.
    pub(super) first: u32,
    /// Neurons.
    pub(super) columns: u32,
}

/// The slabs of a layer: all of `slab` neurons but the last.
pub(super) fn slabs(width: u64, slab: u64) -> Vec<Slab> {
    let starts = (0..width).step_by(slab.max(1) as usize);
    starts.map(|first| Slab { first: first as u32, columns: (width - first).min(slab) as u32 }).collect()
}

/// Elements from one row to the next for this many neurons.
pub(super) fn row_stride(columns: u64) -> u64 {
    columns.next_multiple_of(64)
}
