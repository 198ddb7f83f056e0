//! A tile of given weights, as the direct sampler uploads it.

use std::fmt;
use std::sync::Arc;

use super::module::Element;
use super::slab::{Slab, row_stride};
use crate::data::weights::Theta;

/// Rows × columns of W_k, row-major, rows padded to the stride of a panel.
#[derive(Clone)]
pub(super) struct WeightTile {
    /// All parameters of the network.
    pub(super) theta: Arc<Theta>,
    /// k.
    pub(super) layer: usize,
    /// m_{k−1}.
    pub(super) width: usize,
    pub(super) rows: Slab,
    pub(super) columns: Slab,
    pub(super) element: Element,
}

impl WeightTile {
    /// Elements from one row to the next.
    pub(super) fn stride(&self) -> u64 {
        row_stride(self.columns.columns.into())
    }

    /// Bytes of all.
    pub(super) fn bytes(&self) -> u64 {
        self.element.bytes() * u64::from(self.rows.columns) * self.stride()
    }

    /// Each row with the place of its first weight in W_k.
    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, &[f64])> {
        let matrix = self.theta.weights(self.layer);
        (0..self.rows.columns as usize).map(move |r| {
            let start = (self.rows.first as usize + r) * self.width + self.columns.first as usize;
            (start, &matrix[start..start + self.columns.columns as usize])
        })
    }

    /// As it lies on the device.
    pub(super) fn encode(&self) -> Vec<u8> {
        self.element.encode(self.rows().map(|(_, row)| row), self.stride() as usize, 1.0)
    }
}

impl fmt::Debug for WeightTile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |slab: &Slab| slab.first + slab.columns;
        let (rows, columns) = (&self.rows, &self.columns);
        write!(f, "W{}[{}..{}][{}..{}]", self.layer, rows.first, end(rows), columns.first, end(columns))
    }
}
