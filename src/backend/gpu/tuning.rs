//! Constants of the shaders that a device is tuned by: they change its speed and neither the order nor the operands of
//! any operation. So no bit of a result moves, unless a compiler fuses products in one shape of a workgroup and not in
//! another: none seen does (lavapipe 22 and 26, SwiftShader).
//!
//! Without a tuning run every kind of adapter has the same defaults. `GpuEngine::tune` measures the alternatives.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::adapter::Description;

/// Upper ends of the classes by rows; the last has no end.
pub(super) const CLASSES: [u32; 2] = [16, 32];

/// The constants of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// `project`: threads over columns and over rows, for up to 16, up to 32 and more rows.
    pub project: [[u32; 2]; 3],
    /// `gram`: threads over one side and parts at a time, for the same classes.
    pub gram: [[u32; 2]; 3],
    /// `forward` and `backward`: parts at a time, for up to 16 and up to 32 rows.
    pub fused: [u32; 2],
    /// `root` and `spectrum`: threads, for up to 16, up to 32 and more rows.
    pub square: [u32; 3],
}

/// Most invocations of a workgroup; every adapter has as many.
const INVOCATIONS: u32 = 256;
/// Threads over columns of `project`, each with four: a workgroup covers at least 64.
pub(super) const LEAST_COLUMNS: u32 = 16;
/// Bytes of four f32.
const FOUR: u32 = 16;
/// Neurons or terms of a tile.
const TILE: u32 = 16;

impl Default for Tuning {
    /// What an adapter has before it is tuned.
    fn default() -> Self {
        Self {
            project: [[32, 4], [32, 8], [16, 16]],
            gram: [[4, 4], [8, 2], [16, 1]],
            fused: [2, 1],
            square: [64, 128, 256],
        }
    }
}

impl Tuning {
    /// Whether an adapter can run these.
    pub fn runs_on(&self, description: &Description) -> bool {
        let memory = description.workgroup_memory;
        let threads = |n: u32| n >= 1 && n.is_power_of_two() && n <= INVOCATIONS;
        let project = self.project.iter().all(|[columns, rows]| {
            let tiles = FOUR * TILE * (columns + rows);
            // Fewer columns would be more workgroups than a dispatch may have (see `plan::MAX_SLAB`).
            threads(*columns)
                && *columns >= LEAST_COLUMNS
                && threads(*rows)
                && columns * rows <= INVOCATIONS
                && tiles <= memory
        });
        let gram = self.gram.iter().all(|[side, parts]| {
            // In f64.
            let tiles = 2 * 2 * FOUR * TILE * side * parts;
            threads(*side) && threads(*parts) && side * side * parts <= INVOCATIONS && tiles <= memory
        });
        let fused = self.fused.iter().zip([4, 8]).all(|(parts, side)| {
            // One part alone may not fit either: then the passes stay apart (see `passes::fused::fits`).
            let one = *parts == 1;
            threads(*parts)
                && 2 * side * side * parts <= INVOCATIONS
                && (one || fused_memory(side, *parts) <= memory)
        });
        let square = self.square.iter().all(|t| threads(*t));
        project && gram && fused && square
    }
}

/// Workgroup memory of `backward`: three small matrices, four tiles of rows in f32 and two in f64.
pub(super) fn fused_memory(side: u32, parts: u32) -> u32 {
    FOUR * (3 * 4 * side * side + 8 * TILE * side * parts)
}

/// The class of this many rows.
pub(super) fn class(rows: u32) -> usize {
    CLASSES.iter().position(|end| rows <= *end).unwrap_or(CLASSES.len())
}

impl fmt::Display for Tuning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs =
            |list: &[[u32; 2]]| list.iter().map(|[a, b]| format!("{a}x{b}")).collect::<Vec<_>>().join(",");
        let numbers = |list: &[u32]| list.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        write!(
            f,
            "project {} gram {} fused {} square {}",
            pairs(&self.project),
            pairs(&self.gram),
            numbers(&self.fused),
            numbers(&self.square)
        )
    }
}
