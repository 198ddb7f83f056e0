//! Numbers of the host as they lie on the device, and the powers of two that keep them in the range of f16.
//!
//! Entries of B_k are of the order of 1/√m_k and those of the input of 1/√m_0, and the least normal f16 is 6.1e−5: at
//! width 10⁶ one entry of twenty would lie below. A panel of width m therefore holds 2^e times them, e = ⌊log₂ m / 2⌋,
//! a function of the width alone; the factor goes into the slopes that write a panel and its inverse into those that
//! read it, both exact in f32.

use half::f16;

use super::module::Element;
use crate::backend::{EngineError, Precision, Refusal};

/// What rounds to 2¹⁶ or more has no f16.
const F16_END: f64 = 65_520.0;

impl Element {
    /// Of the panels at this precision.
    pub(super) fn of(precision: Precision) -> Self {
        if precision == Precision::F16 { Self::F16 } else { Self::F32 }
    }

    /// Bytes of one.
    pub(super) fn bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }

    /// The power of two that entries of the order of 1/√width are multiplied by in memory.
    pub(super) fn lift(self, width: u64) -> f32 {
        match self {
            Self::F32 => 1.0,
            Self::F16 => (1u32 << (width.max(1).ilog2() / 2)) as f32,
        }
    }

    /// Rows of a matrix, each times `factor` and followed by zeros up to the stride.
    pub(super) fn encode<'a>(
        self,
        rows: impl Iterator<Item = &'a [f64]>,
        stride: usize,
        factor: f64,
    ) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (index, row) in rows.enumerate() {
            match self {
                Self::F32 => row.iter().for_each(|v| bytes.extend(((v * factor) as f32).to_ne_bytes())),
                Self::F16 => {
                    row.iter().for_each(|v| bytes.extend(f16::from_f64(v * factor).to_ne_bytes()));
                }
            }
            bytes.resize((index + 1) * stride * self.bytes() as usize, 0);
        }
        bytes
    }

    /// Refuses weights that this type has no finite number for. `first` is the place in W_k of the first of them,
    /// `columns` how many W_k has.
    pub(super) fn check_weights(
        self,
        weights: &[f64],
        k: usize,
        first: usize,
        columns: usize,
    ) -> Result<(), EngineError> {
        let outside = |w: &f64| self == Self::F16 && (w.is_nan() || w.abs() >= F16_END);
        weights.iter().position(outside).map_or(Ok(()), |at| {
            let (row, column) = ((first + at) / columns, (first + at) % columns);
            Err(Refusal::Weight { layer: k, row, column, value: weights[at] }.into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifted_entries_are_near_one_at_every_width() {
        for width in [1, 2, 3, 4, 100, 1 << 20, 100_000_000, u64::from(u32::MAX)] {
            let lift = f64::from(Element::F16.lift(width));
            let entry = lift / (width as f64).sqrt();
            assert!(entry > 0.5 && entry <= 1.0, "{width}: {entry}");
            // An entry of the input may be as large as its norm, which is 1.
            assert!(lift <= 32768.0 && lift.log2().fract() == 0.0, "{width}: {lift}");
            assert_eq!(Element::F32.lift(width), 1.0);
        }
    }

    #[test]
    fn rows_are_rounded_to_nearest_and_padded() {
        let rows = [[1.0, 1.0 + 1.0 / 2048.0 + 1e-6], [-3.0, 0.0]];
        let bytes = Element::F16.encode(rows.iter().map(|r| &r[..]), 4, 2.0);
        let found: Vec<f64> =
            bytes.chunks_exact(2).map(|b| f16::from_ne_bytes([b[0], b[1]]).to_f64()).collect();
        assert_eq!(found, [2.0, 2.0 + 2.0 / 1024.0, 0.0, 0.0, -6.0, 0.0, 0.0, 0.0]);
        let bytes = Element::F32.encode(rows.iter().map(|r| &r[..]), 2, 1.0);
        assert_eq!(bytes.len(), 16);
        assert_eq!(bytes[8..12], (-3f32).to_ne_bytes());
    }

    #[test]
    fn weights_beyond_the_range_are_named() {
        let check = |element: Element, w: f64| element.check_weights(&[0.0, 65519.0, w], 2, 4, 3);
        for w in [65520.0, -1e6, f64::INFINITY, f64::NAN] {
            let sentence = check(Element::F16, w).unwrap_err().to_string();
            assert!(sentence.contains("W2") && sentence.contains("row 2, column 0"), "{sentence}");
            assert!(check(Element::F32, w).is_ok());
        }
        assert!(check(Element::F16, -65519.0).is_ok());
    }
}
