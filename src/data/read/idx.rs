//! IDX, the format of MNIST and its like.
//!
//! Two zero bytes, a type, the number of dimensions, each dimension as u32, the values; all big-endian. The first
//! dimension counts the points, the others are flattened; values stay as they are.
//!
//! Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".

use std::io::Read;

use super::element::{Element, Kind, fill};
use super::{Fault, Table, malformed};

/// The points of a file.
pub(super) fn read(file: &mut dyn Read) -> Result<Table, Fault> {
    let mut magic = [0; 4];
    if fill(file, &mut magic)? < 4 || magic[..2] != [0, 0] {
        return malformed(
            "the file is no IDX file, which begins with two zero bytes, a type and the number of dimensions",
        );
    }
    let (kind, bytes) = match magic[2] {
        0x08 => (Kind::Unsigned, 1),
        0x09 => (Kind::Signed, 1),
        0x0b => (Kind::Signed, 2),
        0x0c => (Kind::Signed, 4),
        0x0d => (Kind::Float, 4),
        0x0e => (Kind::Float, 8),
        other => {
            return malformed(format!(
                "byte 2 of the IDX file, the type, is {other:#04x}; types are 0x08, 0x09, 0x0b, 0x0c, 0x0d and 0x0e"
            ));
        }
    };
    let mut shape = Vec::new();
    for i in 0..usize::from(magic[3]) {
        let mut size = [0; 4];
        if fill(file, &mut size)? < 4 {
            return malformed(format!(
                "the IDX file is cut off at byte {}, within its dimensions",
                4 + 4 * i
            ));
        }
        shape.push(u64::from(u32::from_be_bytes(size)));
    }
    let [rows, others @ ..] = &shape[..] else {
        return malformed("byte 3 of the IDX file, the number of dimensions, is 0; points need at least 2");
    };
    if others.is_empty() {
        return malformed(
            "the IDX file has one dimension, as files of labels have; points need at least 2 dimensions",
        );
    }
    // Saturated, a size is still too large.
    let columns = others.iter().fold(1u64, |product, &size| product.saturating_mul(size));
    let element = Element::new(kind, bytes, true);
    let Some(element) = element else {
        return malformed("the type of the IDX file is unknown");
    };
    let values = element.read_all(file, *rows, columns)?;
    Ok(Table { values, columns: columns as usize, notes: Vec::new() })
}
