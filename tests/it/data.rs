//! Files in and out: what NumPy wrote is read back, what is written reads back, and whatever is damaged is refused in
//! one sentence or is right. Nothing here may panic.

mod arrays;
mod tables;
mod weights;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use eoc_ntk::data::npy::NpyWriter;
use eoc_ntk::data::weights::{WeightFile, WeightMatrix};
use eoc_ntk::data::{DataError, DataSet, Normalize, Source};
use half::{bf16, f16};
use proptest::prelude::*;
use tempfile::TempDir;

/// A directory of files that lives as long as it.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn load(&self, name: &str, bytes: &[u8]) -> Result<DataSet, DataError> {
        load(&self.put(name, bytes))
    }
}

fn load(path: &Path) -> Result<DataSet, DataError> {
    path.to_str().unwrap().parse::<Source>().unwrap().load()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The error and its causes, as the program prints them.
fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", chain(cause)),
        None => error.to_string(),
    }
}

/// One sentence that names the file and says this.
fn check_refused<T: std::fmt::Debug>(path: &Path, result: Result<T, DataError>, says: &str) {
    let text = chain(&result.unwrap_err());
    assert!(text.contains(path.file_name().unwrap().to_str().unwrap()), "{text}");
    assert!(text.contains(says), "\"{text}\" does not say \"{says}\"");
    assert!(!text.contains('\n'), "{text}");
}

fn npy(descr: &str, fortran: bool, shape: &str, values: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    header(&format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n"), values)
}

fn header(text: &str, values: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(values);
    bytes
}

fn doubles(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn idx(kind: u8, shape: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, shape.len() as u8];
    bytes.extend(shape.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(values);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_constant_is_a_coordinate_behind_those_of_the_file() {
    let data = DataSet::new(vec![1.0, 2.0, -2.0, -4.0], 2).unwrap();
    let extended = data.clone().with_constant(0.5).unwrap();
    assert_eq!((extended.dim(), extended.values()), (3, &[1.0, 2.0, 0.5, -2.0, -4.0, 0.5][..]));
    assert_ne!(extended.hash(), data.hash());
    assert_eq!(extended.label(), "points with constant 0.5");
    let sphere = extended.normalized(eoc_ntk::data::Normalize::Sphere);
    assert!(sphere.row(0)[2] > sphere.row(1)[2] && sphere.row(1)[2] > 0.0);
    for beta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(chain(&data.clone().with_constant(beta).unwrap_err()).contains("no positive finite number"));
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let files = Files::new();
    let missing = files.0.path().join("missing.npy");
    check_refused(&missing, load(&missing), "cannot read");
    let directory = files.0.path().join("directory.npy");
    fs::create_dir(&directory).unwrap();
    check_refused(&directory, load(&directory), "cannot read");
    let path = files.put("b.npz", b"PK\x03\x04 and then nothing");
    check_refused(&path, load(&path), "no readable .npz archive");
    let mut empty = Vec::new();
    zip::ZipWriter::new(std::io::Cursor::new(&mut empty)).finish().unwrap();
    let path = files.put("c.npz", &empty);
    check_refused(&path, load(&path), "the arrays are: none");
}

/// Truncated at every byte, and with every byte replaced by several others, a file is refused or is a data set.
#[test]
fn no_damage_to_a_file_makes_a_panic() {
    let files = Files::new();
    let mut originals: Vec<(String, Vec<u8>)> = Vec::new();
    for name in ["data_f4_big.npy", "data_fortran.npy", "data_version2.npy", "data_stored.npz"] {
        originals.push((name.to_owned(), fs::read(fixture(name)).unwrap()));
    }
    let images = idx(8, &[2, 3], &[1, 2, 3, 4, 5, 6]);
    originals.push(("a.idx".to_owned(), images.clone()));
    originals.push(("b.gz".to_owned(), gzip(&images)));
    originals.push(("c.csv".to_owned(), b"x,y\n1,2\n3.5,-4e3\n".to_vec()));
    for (name, bytes) in &originals {
        let sound = files.load(name, bytes).unwrap();
        let mut refused = 0;
        for end in 0..bytes.len() {
            match files.load(name, &bytes[..end]) {
                Ok(_) if name.ends_with("csv") => {}
                // The end of a zip archive may be a comment; nothing of the array is missing then.
                Ok(data) => assert_eq!(data, sound, "{name} cut at {end}"),
                Err(error) => {
                    refused += 1;
                    assert!(!chain(&error).contains('\n'));
                }
            }
        }
        assert!(refused > 0);
        for at in 0..bytes.len() {
            for value in [0x00, 0x01, 0x27, 0x30, 0x7f, 0xff, bytes[at] ^ 0x10] {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                if let Err(error) = files.load(name, &damaged) {
                    assert!(!chain(&error).contains('\n'), "{name} with byte {at} = {value}: {error}");
                }
            }
        }
    }
}

/// One safetensors file from header text and values.
fn tensors(header: &str, values: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(values);
    bytes
}

fn weights(path: &Path, dim: usize) -> Result<Vec<WeightMatrix>, DataError> {
    Ok(WeightFile::open(path, dim)?.read()?.into_iter().map(|layer| layer.matrix).collect())
}

#[test]
fn hashes_are_frozen_and_tell_data_apart() {
    let set = |values: &[f64], dim| DataSet::new(values.to_vec(), dim).unwrap();
    let base = set(&[1.0, 2.0, 3.0, 0.0], 2);
    // SHA-256 of 2, 2 as u64 and of the four doubles, little-endian (Python's hashlib and struct).
    assert_eq!(base.hash(), "c424f586bc33d028c16a0a18d3fb6687149f77bc490895bae0c7ee5c08ba0faf");
    assert_eq!(base.hash(), set(&[1.0, 2.0, 3.0, -0.0], 2).hash());
    assert_ne!(base.hash(), set(&[1.0, 2.0, 3.0, 0.0], 4).hash());
    assert_ne!(base.hash(), set(&[1.0, 2.0, 3.0, 5e-324], 2).hash());
}

#[test]
fn data_sets_are_refused_in_one_sentence() {
    let check = |values: &[f64], dim, says: &str| {
        let text = DataSet::new(values.to_vec(), dim).unwrap_err().to_string();
        assert!(text.contains(says), "{text}");
    };
    check(&[], 3, "a data set of 0 rows and 3 columns is empty");
    check(&[1.0], 0, "0 columns is empty");
    check(&[1.0, 2.0, 3.0], 2, "3 values do not fill rows of 2 columns");
    check(&[1.0, 2.0, 3.0, f64::NAN], 2, "row 1, column 1 (from 0) is NaN");
    check(&[1.0, 2e60], 1, "row 1, column 0");
    check(&[1.0, 1e-61], 1, "row 1 (from 0)");
    // Zero, repeated and opposite rows are legal, small values beside large ones too.
    assert!(DataSet::new(vec![0.0, 0.0, 1.0, 1e-300, 1.0, 1e-300, -1.0, -0.0], 2).is_ok());
    let zero = DataSet::new(vec![0.0, 0.0, 3.0, 4.0], 2).unwrap().normalized(Normalize::Sphere);
    assert_eq!(zero.row(0), [0.0, 0.0]);
    assert!((zero.row(1)[0] - 0.6 * 2f64.sqrt()).abs() < 1e-15);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// What the writer writes, the reader reads, bit for bit.
    #[test]
    fn npy_round_trip(rows in 1usize..40, dim in 1usize..300, seed in 0u64..1000) {
        let files = Files::new();
        let source: Source = format!("gaussian:n={rows},dim={dim},seed={seed}").parse().unwrap();
        let data = source.load().unwrap();
        let path = files.0.path().join("a.npy");
        let mut file = NpyWriter::create(&path, &[rows, dim]).unwrap();
        for i in 0..rows {
            file.write(data.row(i)).unwrap();
        }
        file.finish().unwrap();
        let back = load(&path).unwrap();
        prop_assert_eq!(back.values(), data.values());
        prop_assert_eq!(back.hash(), data.hash());
    }

    /// Fortran order, both byte orders, and a text table say the same.
    #[test]
    fn orders_agree(rows in 1usize..8, dim in 1usize..8, values in proptest::collection::vec(-1e6f64..1e6, 64)) {
        let files = Files::new();
        let values = &values[..rows * dim];
        let shape = format!("({rows}, {dim})");
        let c = files.load("c.npy", &npy("<f8", false, &shape, &doubles(values))).unwrap();
        let columns: Vec<f64> = (0..rows * dim).map(|i| values[(i % rows) * dim + i / rows]).collect();
        let big: Vec<u8> = columns.iter().flat_map(|v| v.to_be_bytes()).collect();
        let fortran = files.load("f.npy", &npy(">f8", true, &shape, &big)).unwrap();
        let lines: Vec<String> = values
            .chunks(dim)
            .map(|row| row.iter().map(f64::to_string).collect::<Vec<_>>().join(","))
            .collect();
        let csv = files.load("t.csv", lines.join("\n").as_bytes()).unwrap();
        prop_assert_eq!(c.values(), values);
        prop_assert_eq!(fortran.values(), values);
        prop_assert_eq!(csv.values(), values);
    }

    /// Arbitrary bytes are refused or read, but no panic.
    #[test]
    fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[-0-9.,e\\n\" x]{0,60}") {
        let files = Files::new();
        for name in ["a.npy", "a.npz", "a.csv", "a.idx"] {
            let _ = files.load(name, &bytes);
        }
        let _ = files.load("b.csv", text.as_bytes());
        let _ = files.load("b.npy", &header(&text, &bytes));
        let _ = weights(&files.put("a.safetensors", &tensors(&text, &bytes)), 3);
        let _ = text.parse::<Source>();
    }
}
