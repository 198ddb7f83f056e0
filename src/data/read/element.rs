//! Numbers as bytes: what .npy and IDX files are made of.

use std::io::Read;

use half::f16;

use super::{Fault, malformed};
use crate::data::MAX_VALUES;
use crate::data::room::reserve;
use crate::units::counted;

/// Kind of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Float,
    Signed,
    Unsigned,
}

/// Kind, bytes and byte order of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    kind: Kind,
    bytes: usize,
    big_endian: bool,
}

impl Element {
    /// Floats of 2, 4 or 8 bytes, integers of 1, 2, 4 or 8; nothing else.
    pub(super) fn new(kind: Kind, bytes: usize, big_endian: bool) -> Option<Self> {
        let known: &[usize] = if kind == Kind::Float { &[2, 4, 8] } else { &[1, 2, 4, 8] };
        known.contains(&bytes).then_some(Self { kind, bytes, big_endian })
    }

    /// The value of exactly `self.bytes` bytes; none where f64 does not hold the integer exactly.
    fn decode(self, bytes: &[u8]) -> Option<f64> {
        let mut word = [0; 8];
        // Little-endian, in the low bytes of a word.
        for (i, &byte) in bytes.iter().enumerate() {
            word[if self.big_endian { bytes.len() - 1 - i } else { i }] = byte;
        }
        let word = u64::from_le_bytes(word);
        match self.kind {
            Kind::Float => Some(match self.bytes {
                2 => f16::from_bits(word as u16).to_f64(),
                4 => f64::from(f32::from_bits(word as u32)),
                _ => f64::from_bits(word),
            }),
            Kind::Unsigned => exact(i128::from(word)),
            Kind::Signed => {
                let unused = 64 - 8 * self.bytes as u32;
                exact(i128::from((word << unused) as i64 >> unused))
            }
        }
    }

    /// All `rows` × `columns` values in the order of the file, which must end behind them.
    pub(super) fn read_all(self, file: &mut dyn Read, rows: u64, columns: u64) -> Result<Vec<f64>, Fault> {
        let count = match u128::from(rows) * u128::from(columns) {
            0 => {
                return malformed(format!(
                    "the shape {rows} x {columns} is empty; give at least one row and column"
                ));
            }
            count if count > MAX_VALUES as u128 => {
                return malformed(format!(
                    "the shape {rows} x {columns} is too large; at most {MAX_VALUES} numbers fit"
                ));
            }
            count => count as usize,
        };
        let mut values = Vec::new();
        let mut buffer = vec![0; 8192 * self.bytes];
        while values.len() < count {
            let wanted = (count - values.len()).min(8192) * self.bytes;
            let got = fill(file, &mut buffer[..wanted])?;
            reserve(&mut values, got / self.bytes)?;
            for bytes in buffer[..got - got % self.bytes].chunks_exact(self.bytes) {
                match self.decode(bytes) {
                    Some(value) => values.push(value),
                    None => {
                        return malformed(format!(
                            "value {} (from 0) is an integer beyond 2^53 that a double does not hold exactly; store \
                             floats",
                            values.len()
                        ));
                    }
                }
            }
            if got < wanted {
                return malformed(format!(
                    "the file is cut off: its shape {rows} x {columns} declares {} but it holds {}",
                    counted(count, "value"),
                    values.len()
                ));
            }
        }
        // Reading on also lets a decoder check its sum.
        if fill(file, &mut [0])? != 0 {
            return malformed(format!(
                "the file goes on behind the {} of its shape, {rows} x {columns}; one file holds one array",
                counted(count, "value")
            ));
        }
        Ok(values)
    }
}

fn exact(integer: i128) -> Option<f64> {
    let value = integer as f64;
    (value as i128 == integer).then_some(value)
}

/// Reads until the buffer is full or the file ends; the number of bytes read.
pub(super) fn fill(file: &mut dyn Read, buffer: &mut [u8]) -> Result<usize, Fault> {
    let mut got = 0;
    while got < buffer.len() {
        match file.read(&mut buffer[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(got)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_in_both_byte_orders() {
        let check = |kind, bytes: &[u8], value: Option<f64>| {
            let mut reversed = bytes.to_vec();
            reversed.reverse();
            let element = |big| Element::new(kind, bytes.len(), big).unwrap();
            assert_eq!(element(false).decode(bytes), value);
            assert_eq!(element(true).decode(&reversed), value);
        };
        check(Kind::Float, &1.5f64.to_le_bytes(), Some(1.5));
        check(Kind::Float, &(-0.1f32).to_le_bytes(), Some(f64::from(-0.1f32)));
        check(Kind::Float, &[0x00, 0xc1], Some(-2.5));
        check(Kind::Signed, &[0xff], Some(-1.0));
        check(Kind::Signed, &(-300i16).to_le_bytes(), Some(-300.0));
        check(Kind::Signed, &i32::MIN.to_le_bytes(), Some(f64::from(i32::MIN)));
        check(Kind::Signed, &i64::MIN.to_le_bytes(), Some(i64::MIN as f64));
        check(Kind::Signed, &i64::MAX.to_le_bytes(), None);
        check(Kind::Unsigned, &[0xff], Some(255.0));
        check(Kind::Unsigned, &65535u16.to_le_bytes(), Some(65535.0));
        check(Kind::Unsigned, &(1u64 << 53).to_le_bytes(), Some((1u64 << 53) as f64));
        check(Kind::Unsigned, &((1u64 << 53) + 1).to_le_bytes(), None);
        assert_eq!(Element::new(Kind::Float, 1, false), None);
        assert_eq!(Element::new(Kind::Float, 16, false), None);
        assert_eq!(Element::new(Kind::Signed, 3, false), None);
    }
}
