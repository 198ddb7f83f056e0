//! Panels: rows × neurons of one layer for every seed, in slabs of neurons that fit one storage binding.

use super::module::Element;
use super::passes::View;
use super::recording::{Proxy, Recording};
use super::slab::{Slab, row_stride, slabs};

/// A panel of a whole layer.
#[derive(Clone)]
pub(super) struct Panel {
    /// Its slabs and where they are.
    pub(super) slabs: Vec<(Slab, View)>,
}

impl Panel {
    /// Kept room for this many seeds and rows.
    pub(super) fn keep(
        recording: &mut Recording,
        element: Element,
        seeds: u64,
        rows: u64,
        width: u64,
        slab: u64,
    ) -> Self {
        let view = |slab: Slab| {
            let buffer = recording.keep(bytes(element, seeds, rows, slab.columns.into()));
            (slab, view(buffer, element, rows, slab.columns.into()))
        };
        Self { slabs: slabs(width, slab).into_iter().map(view).collect() }
    }

    /// The same in the room of a panel of at least this width and as many rows.
    pub(super) fn within(&self, rows: u64, width: u64, slab: u64) -> Self {
        let slabs = slabs(width, slab).into_iter().zip(&self.slabs);
        let own = |(slab, (_, room)): (Slab, &(Slab, View))| {
            (slab, view(room.buffer, room.element, rows, slab.columns.into()))
        };
        Self { slabs: slabs.map(own).collect() }
    }
}

/// Scratch of a recording for rows × columns of every seed.
pub(super) fn room(recording: &mut Recording, element: Element, seeds: u64, rows: u64, columns: u64) -> View {
    let buffer = recording.scratch(bytes(element, seeds, rows, columns));
    view(buffer, element, rows, columns)
}

fn bytes(element: Element, seeds: u64, rows: u64, columns: u64) -> u64 {
    element.bytes() * seeds * rows * row_stride(columns)
}

fn view(buffer: Proxy, element: Element, rows: u64, columns: u64) -> View {
    let row = row_stride(columns);
    View { buffer, seed: (rows * row) as u32, row: row as u32, element }
}
