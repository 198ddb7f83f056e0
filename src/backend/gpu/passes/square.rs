//! What `root.wgsl` and `spectrum.wgsl` share: the Jacobi iteration of one matrix by one workgroup.

use crate::backend::gpu::recording::{Proxy, Recording, Target};
use crate::backend::gpu::tuning::{Tuning, class};

/// Bytes of an entry, an f64 or a pair of f32.
const ENTRY: u64 = 8;
/// Sweeps that matrices of these sizes take, for the count of work.
const SWEEPS: f64 = 8.0;

/// Where the matrix of a workgroup and its vectors are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Square {
    /// In workgroup memory.
    Workgroup,
    /// In storage.
    Storage,
}

impl Square {
    /// Workgroup memory where it is large enough; the numbers are the same.
    pub(super) fn of(target: &Target, size: u32) -> Self {
        let rows = u64::from(rows(size));
        // The matrix, its vectors, and at most eight entries a row beside them.
        let bytes = ENTRY * (2 * area(size) + 8 * rows);
        let fits = bytes <= u64::from(target.workgroup_memory) && !target.squares_in_storage;
        if fits { Self::Workgroup } else { Self::Storage }
    }

    /// Scratch for this many matrices, where it is in storage.
    pub(super) fn work(self, recording: &mut Recording, matrices: u64, size: u32) -> Option<Proxy> {
        (self == Self::Storage).then(|| recording.scratch(scratch(matrices, size)))
    }
}

/// Whether matrices of this size are factorised in workgroup memory.
pub(in crate::backend::gpu) fn in_workgroup(target: &Target, size: u32) -> bool {
    Square::of(target, size) == Square::Workgroup
}

/// Bytes of scratch for this many matrices.
pub(in crate::backend::gpu) fn scratch(matrices: u64, size: u32) -> u64 {
    matrices * 2 * area(size) * ENTRY
}

/// Rows of the padded matrix: even.
fn rows(size: u32) -> u32 {
    size.next_multiple_of(2)
}

/// Entries of the padded matrix; the rows of its vectors are one longer (shaders/common/jacobi.wgsl).
fn area(size: u32) -> u64 {
    let rows = u64::from(rows(size));
    rows * (rows + 1)
}

/// Override constants for matrices of this size: threads, pairs of a round, entries and rows of the padded matrix.
pub(super) fn constants(tuning: &Tuning, size: u32) -> [(&'static str, f64); 4] {
    let rows = rows(size);
    [
        ("THREADS", f64::from(tuning.square[class(size)])),
        ("HALF", f64::from(rows / 2)),
        ("AREA", area(size) as f64),
        ("ROWS", f64::from(rows)),
    ]
}

/// What counts as zero off the diagonal of a matrix whose largest entry is 1: all of them together stay below the
/// rounding of the largest eigenvalue.
pub(super) fn tiny(target: &Target, size: u32) -> f32 {
    // Rounding of one operation of shaders/common/real_*.wgsl.
    let epsilon = if target.variant.f64 { 2f32.powi(-53) } else { 2f32.powi(-45) };
    epsilon / size as f32
}

/// Operations of the sweeps over one matrix.
pub(super) fn operations(size: u32, vectors: bool) -> f64 {
    // A sweep turns s²/2 pairs, each on both sides of s rows, one triangle; the vectors on one side.
    SWEEPS * f64::from(size).powi(3) * if vectors { 6.0 } else { 3.0 }
}
