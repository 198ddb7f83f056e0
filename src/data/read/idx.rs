//! IDX, the format of MNIST and its like, plain or gzipped.
//!
//! Two zero bytes, a type, the number of dimensions, each dimension as u32, the values; all big-endian. The first
//! dimension counts the points, the others are flattened; values stay as they are.
//!
//! Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use super::element::{Element, Kind, fill};
use super::{Fault, Table, malformed};

/// The points of a file, known by its first bytes.
pub(super) fn read(mut file: BufReader<File>) -> Result<Table, Fault> {
    let gzipped = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    if gzipped { points(&mut MultiGzDecoder::new(file)) } else { points(&mut file) }
}

fn points(file: &mut dyn Read) -> Result<Table, Fault> {
    let mut magic = [0; 4];
    if fill(file, &mut magic)? < 4 || magic[..2] != [0, 0] {
        return malformed(
            "the file is of no known kind; use .npy, .npz or .csv by name, or IDX (plain or gzipped), which begins \
             with two zero bytes",
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
