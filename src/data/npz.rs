//! Writes `.npz`: a zip archive of `.npy` arrays of f64, not compressed, as `numpy.savez` does.
//!
//! Arrays grow side by side, such as by a part for every seed, and need no memory: each waits in a file without a name
//! until all are whole, beside the archive where that is possible. Sizes are written in the Zip64 form throughout, so
//! that none is too large.
//!
//! Source: PKWARE, ".ZIP File Format Specification" 6.3.9, sections 4.3 and 4.5.3.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};

use flate2::Crc;

use super::npy::header;
use super::{DataError, Output};
use crate::files::directory;

/// Bytes that are copied at a time.
const PIECE: usize = 1 << 16;
/// Says that a number stands in the Zip64 field.
const IN_ZIP64: [u8; 4] = [0xff; 4];
/// The version that reads Zip64: 4.5.
const VERSION: [u8; 2] = [45, 0];

/// Arrays being written side by side.
pub struct NpzWriter {
    output: Output,
    arrays: Vec<Array>,
}

struct Array {
    name: &'static str,
    /// Header and values so far.
    content: BufWriter<File>,
    sum: Crc,
    bytes: u64,
    /// Values still to come.
    left: usize,
}

impl NpzWriter {
    /// Starts an archive of arrays of these names and shapes.
    pub fn new(output: Output, arrays: &[(&'static str, &[usize])]) -> Result<Self, DataError> {
        let failed = |source| DataError::Create { path: output.path().to_owned(), source };
        let start = |&(name, shape): &(&'static str, &[usize])| {
            let left = shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
            let left = left.ok_or_else(|| invalid("an array has too many values"))?;
            let content = BufWriter::new(
                tempfile::tempfile_in(directory(output.path())).or_else(|_| tempfile::tempfile())?,
            );
            let mut array = Array { name, content, sum: Crc::new(), bytes: 0, left };
            array.add(&header(shape))?;
            Ok(array)
        };
        let arrays = arrays.iter().map(start).collect::<io::Result<_>>().map_err(failed)?;
        Ok(Self { output, arrays })
    }

    /// The next values of an array, by its place among the arrays; last index fastest.
    pub fn write(&mut self, array: usize, values: &[f64]) -> Result<(), DataError> {
        let written =
            self.arrays.get_mut(array).ok_or_else(|| invalid("there is no such array")).and_then(|array| {
                let left = array.left.checked_sub(values.len());
                array.left = left.ok_or_else(|| invalid("more values than its shape has"))?;
                values.chunks(PIECE / 8).try_for_each(|part| {
                    array.add(&part.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())
                })
            });
        written.map_err(|source| DataError::Write { path: self.output.path().to_owned(), source })
    }

    /// Makes the file durable under its name; refuses where values of a shape are missing.
    pub fn finish(self) -> Result<(), DataError> {
        let Self { mut output, arrays } = self;
        let path = output.path().to_owned();
        let failed = |source| DataError::Write { path: path.clone(), source };
        let (mut offset, mut directory, count) = (0u64, Vec::new(), arrays.len() as u64);
        for array in arrays {
            if array.left > 0 {
                return Err(failed(invalid("fewer values than its shape has")));
            }
            let head = array.local();
            output.write(&head)?;
            directory.extend(array.central(offset));
            offset += head.len() as u64 + array.bytes;
            let mut content = array.content.into_inner().map_err(|e| failed(e.into_error()))?;
            content.rewind().map_err(failed)?;
            let mut piece = vec![0; PIECE];
            loop {
                match content.read(&mut piece).map_err(failed)? {
                    0 => break,
                    length => output.write(&piece[..length])?,
                }
            }
        }
        output.write(&directory)?;
        output.write(&end(count, directory.len() as u64, offset))?;
        output.finish()
    }
}

impl Array {
    fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.bytes += bytes.len() as u64;
        self.content.write_all(bytes)
    }

    /// The header that stands before its content.
    fn local(&self) -> Vec<u8> {
        let bytes = self.bytes.to_le_bytes();
        [&b"PK\x03\x04"[..], &self.common(20), self.file_name().as_bytes(), &[1, 0, 16, 0], &bytes, &bytes]
            .concat()
    }

    /// Its entry of the directory at the end.
    fn central(&self, offset: u64) -> Vec<u8> {
        let bytes = self.bytes.to_le_bytes();
        let head = [&b"PK\x01\x02"[..], &VERSION, &self.common(28), &[0; 10], &IN_ZIP64].concat();
        let field = [&[1, 0, 24, 0][..], &bytes, &bytes, &offset.to_le_bytes()].concat();
        [&head[..], self.file_name().as_bytes(), &field].concat()
    }

    /// What both have: version, no flags, stored, the first day of 1980, check sum, sizes, lengths of name and Zip64
    /// field.
    fn common(&self, field: u16) -> Vec<u8> {
        let name = (self.file_name().len() as u16).to_le_bytes();
        let sum = self.sum.sum().to_le_bytes();
        [&VERSION[..], &[0, 0, 0, 0, 0, 0, 0x21, 0], &sum, &IN_ZIP64, &IN_ZIP64, &name, &field.to_le_bytes()]
            .concat()
    }

    fn file_name(&self) -> String {
        format!("{}.npy", self.name)
    }
}

/// The end of the archive: the directory has so many entries and bytes, and begins there.
fn end(count: u64, bytes: u64, offset: u64) -> Vec<u8> {
    let numbers = [count, count, bytes, offset].map(u64::to_le_bytes).concat();
    let zip64 = [&b"PK\x06\x06"[..], &44u64.to_le_bytes(), &VERSION, &VERSION, &[0; 8], &numbers].concat();
    let locator = [&b"PK\x06\x07\0\0\0\0"[..], &(offset + bytes).to_le_bytes(), &[1, 0, 0, 0]].concat();
    let entries = (count as u16).to_le_bytes();
    [&zip64[..], &locator, b"PK\x05\x06\0\0\0\0", &entries, &entries, &IN_ZIP64, &IN_ZIP64, &[0, 0]].concat()
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;
    use zip::ZipArchive;

    #[test]
    fn arrays_that_grow_side_by_side_are_read_back_by_another_hand() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npz");
        let shapes: [(&str, &[usize]); 2] = [("first", &[2, 2]), ("second", &[2, 1, 3])];
        let mut npz = NpzWriter::new(Output::create(&path).unwrap(), &shapes).unwrap();
        for part in [1.0, 2.0] {
            npz.write(0, &[part, -part]).unwrap();
            npz.write(1, &[part, 0.5, f64::NAN]).unwrap();
        }
        assert!(npz.write(0, &[1.0]).is_err() && npz.write(2, &[]).is_err());
        npz.finish().unwrap();
        let mut archive = ZipArchive::new(Cursor::new(std::fs::read(&path).unwrap())).unwrap();
        for (name, shape, values) in [
            ("first.npy", "(2, 2)", vec![1.0, -1.0, 2.0, -2.0]),
            ("second.npy", "(2, 1, 3)", vec![1.0, 0.5, f64::NAN, 2.0, 0.5, f64::NAN]),
        ] {
            let (mut found, mut bytes) = (archive.by_name(name).unwrap(), Vec::new());
            // The reader compares the check sum.
            found.read_to_end(&mut bytes).unwrap();
            let (head, content) = bytes.split_at(128);
            assert!(String::from_utf8_lossy(head).contains(shape));
            assert_eq!(content, values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>());
        }
        let npz = NpzWriter::new(Output::create(&dir.path().join("b.npz")).unwrap(), &shapes).unwrap();
        assert!(npz.finish().is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing half-written is left");
    }
}
