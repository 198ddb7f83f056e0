//! Writes `.npy` version 1.0, `<f8`, C order: the header with the whole shape first, then values as they come.
//!
//! Source: "A simple file format for NumPy arrays" (numpy.lib.format).

use std::io;
use std::path::Path;

use super::{DataError, Output};

/// The header, magic to newline, is a multiple of this long.
const ALIGNMENT: usize = 64;

/// An array being written.
pub struct NpyWriter {
    output: Output,
    /// Values still to come.
    left: usize,
    buffer: Vec<u8>,
}

impl NpyWriter {
    /// Starts an array of this shape and writes its header; refuses one of more values than can be counted.
    pub fn new(mut output: Output, shape: &[usize]) -> Result<Self, DataError> {
        let Some(left) = shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size)) else {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "the array has too many values");
            return Err(DataError::Create { path: output.path().to_owned(), source });
        };
        output.write(&header(shape))?;
        Ok(Self { output, left, buffer: Vec::new() })
    }

    /// Starts the array as a file of its own, see [`Output::create`].
    pub fn create(path: &Path, shape: &[usize]) -> Result<Self, DataError> {
        Self::new(Output::create(path)?, shape)
    }

    /// The next values, last index fastest.
    pub fn write(&mut self, values: &[f64]) -> Result<(), DataError> {
        // Kernels are large; a bounded part is turned into bytes at a time.
        for part in values.chunks(8192) {
            self.buffer.clear();
            self.buffer.extend(part.iter().flat_map(|v| v.to_le_bytes()));
            self.output.write(&self.buffer)?;
        }
        self.left = self.left.checked_sub(values.len()).ok_or_else(|| self.wrong("more"))?;
        Ok(())
    }

    /// Makes the file durable under its name; refuses where values of the shape are missing.
    pub fn finish(self) -> Result<(), DataError> {
        if self.left > 0 {
            return Err(self.wrong("fewer"));
        }
        self.output.finish()
    }

    fn wrong(&self, what: &str) -> DataError {
        let source = io::Error::new(io::ErrorKind::InvalidInput, format!("{what} values than its shape has"));
        DataError::Write { path: self.output.path().to_owned(), source }
    }
}

/// The head of a file of this shape.
pub(super) fn header(shape: &[usize]) -> Vec<u8> {
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    // Python writes a tuple of one as (3,).
    let comma = if shape.len() == 1 { "," } else { "" };
    let text =
        format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}{comma}), }}", sizes.join(", "));
    let before = 10 + text.len() + 1;
    let padding = before.next_multiple_of(ALIGNMENT) - before;
    let length = (text.len() + padding + 1) as u16;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(length.to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(std::iter::repeat_n(b' ', padding));
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes that NumPy 2.4 writes for `np.save(f, np.zeros((3,)))`, shapes (2, 3, 4) and ().
    #[test]
    fn headers_are_those_of_numpy() {
        let check = |shape: &[usize], text: &str| {
            let bytes = header(shape);
            assert_eq!(bytes.len() % 64, 0);
            assert_eq!(bytes[..10], [0x93, b'N', b'U', b'M', b'P', b'Y', 1, 0, 118, 0]);
            assert_eq!(std::str::from_utf8(&bytes[10..]).unwrap().trim_end(), text);
            assert_eq!(bytes.last(), Some(&b'\n'));
        };
        check(&[3], "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }");
        check(&[2, 3, 4], "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3, 4), }");
        check(&[], "{'descr': '<f8', 'fortran_order': False, 'shape': (), }");
    }

    #[test]
    fn the_shape_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npy");
        let mut npy = NpyWriter::create(&path, &[2, 2]).unwrap();
        npy.write(&[1.0, 2.0, 3.0]).unwrap();
        assert!(npy.write(&[4.0, 5.0]).is_err());
        let mut npy = NpyWriter::create(&path, &[2, 2]).unwrap();
        npy.write(&[1.0, 2.0, 3.0]).unwrap();
        assert!(npy.finish().is_err());
        assert!(!path.exists());
        let many = NpyWriter::create(&path, &[1 << 33, 1 << 33]);
        assert!(matches!(many, Err(DataError::Create { .. })));
    }
}
