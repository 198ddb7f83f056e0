//! Files in and out: what NumPy wrote is read back, what is written reads back, and whatever is damaged is refused in
//! one sentence or is right. Nothing here may panic.

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
fn what_numpy_wrote_is_read() {
    let check = |name: &str, first: f64, step: f64| {
        let data = load(&fixture(name)).unwrap();
        assert_eq!((data.n(), data.dim()), (3, 4), "{name}");
        let expected: Vec<f64> = (0..12).map(|i| first + step * f64::from(i)).collect();
        assert_eq!(data.values(), expected, "{name}");
        assert_eq!(data.label(), fixture(name).to_str().unwrap());
    };
    for kind in ["f2", "f4", "f8"] {
        check(&format!("data_{kind}_little.npy"), -2.5, 0.5);
        check(&format!("data_{kind}_big.npy"), -2.5, 0.5);
    }
    for name in ["i1_little", "i2_little", "i2_big", "i4_little", "i4_big", "i8_little", "i8_big"] {
        check(&format!("data_{name}.npy"), -5.0, 1.0);
    }
    for name in ["u1_little", "u2_little", "u4_big", "u8_little"] {
        check(&format!("data_{name}.npy"), 0.0, 1.0);
    }
    for name in ["data_fortran.npy", "data_version2.npy", "data_version3.npy", "data_stored.npz"] {
        check(name, -2.5, 0.5);
    }
    let archive = fixture("data_deflated.npz");
    let keyed = |key: &str| load(&PathBuf::from(format!("{}:{key}", archive.display())));
    assert_eq!(keyed("x").unwrap().row(0), [-2.5, -2.0, -1.5, -1.0]);
    assert_eq!(keyed("y").unwrap().row(2), [3.0, 4.0, 5.0, 6.0]);
    check_refused(&archive, keyed("z"), "there is no array \"z\"; the arrays are: x, y");
    check_refused(&archive, load(&archive), "name one as FILE.npz:KEY (the arrays are: x, y)");
}

#[test]
fn csv_tables_are_read() {
    let files = Files::new();
    let check = |text: &str, dim: usize, values: &[f64]| {
        let data = files.load("a.csv", text.as_bytes()).unwrap();
        assert_eq!((data.dim(), data.values()), (dim, values), "{text:?}");
    };
    check("1,2\n3,4\n", 2, &[1.0, 2.0, 3.0, 4.0]);
    check("x,y\n1,2\n3,4", 2, &[1.0, 2.0, 3.0, 4.0]);
    check("\u{feff}x,y\r\n1, -2.5e-3\r\n\r\n+3,4.\r\n", 2, &[1.0, -2.5e-3, 3.0, 4.0]);
    check("\"1\",\"2\"\n", 2, &[1.0, 2.0]);
    check("# made by hand\n7\n8\n", 1, &[7.0, 8.0]);
    check("\"x, first\",y\n1,2\n", 2, &[1.0, 2.0]);
    check("0\n0\n", 1, &[0.0, 0.0]);
}

#[test]
fn idx_files_are_read_plain_and_gzipped() {
    let files = Files::new();
    let images = idx(8, &[2, 2, 3], &[0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255]);
    for (name, bytes) in [("images-idx3-ubyte", images.clone()), ("images-idx3-ubyte.gz", gzip(&images))] {
        let data = files.load(name, &bytes).unwrap();
        assert_eq!((data.n(), data.dim()), (2, 6));
        assert_eq!(data.row(1), [250.0, 251.0, 252.0, 253.0, 254.0, 255.0]);
    }
    let signed = files.load("b.idx", &idx(0x0b, &[1, 2], &[0xff, 0xfe, 0x01, 0x00])).unwrap();
    assert_eq!(signed.values(), [-2.0, 256.0]);
    let float = files.load("c.idx", &idx(0x0d, &[1, 1], &1.5f32.to_be_bytes())).unwrap();
    assert_eq!(float.values(), [1.5]);
}

#[test]
fn malformed_npy_files_are_refused_in_one_sentence() {
    let files = Files::new();
    let check = |bytes: &[u8], says: &str| {
        let path = files.put("a.npy", bytes);
        check_refused(&path, load(&path), says);
    };
    let two = doubles(&[1.0, 2.0]);
    check(b"", "should begin with");
    check(b"\x93NUMP", "should begin with");
    check(b"PK\x03\x04aaaaaaaaaa", "should begin with");
    check(b"\x93NUMPY", "cut off before the length");
    check(b"\x93NUMPY\x01\x00\x10", "cut off before the length");
    check(b"\x93NUMPY\x04\x00\x10\x00", "version 4.0 is unknown; use version 1.0, 2.0 or 3.0");
    check(b"\x93NUMPY\x01\x01\x10\x00", "version 1.1 is unknown");
    check(b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "header is said to be 4294967295 bytes long");
    check(b"\x93NUMPY\x01\x00\x10\x00{", "cut off within its header of 16 bytes");
    check(b"\x93NUMPY\x01\x00\x01\x00\xff", "is no text");
    for (descr, says) in [
        ("<f16", "declares elements of type '<f16'; store floats of 2, 4 or 8 bytes"),
        ("<c8", "'<c8'"),
        ("|b1", "'|b1'"),
        ("|S3", "'|S3'"),
        ("|O", "'|O'"),
        ("<f", "'<f'"),
        ("<f+8", "'<f+8'"),
        ("<i3", "'<i3'"),
        ("|f8", "'|f8'"),
        ("=f8", "'=f8'"),
        ("<é8", "'<é8'"),
        ("", "type ''"),
    ] {
        check(&npy(descr, false, "(1, 2)", &two), says);
    }
    for (shape, says) in [
        ("()", "0 dimensions, shape (); a data set has 2"),
        ("(2,)", "1 dimensions, shape (2,)"),
        ("(1, 1, 3)", "the file is cut off"),
        ("(0, 2)", "shape 0 x 2 is empty"),
        ("(2, 0)", "shape 2 x 0 is empty"),
        ("(1, 3)", "declares 3 values but it holds 2"),
        ("(1, 1)", "goes on behind the 1 values"),
        ("(-1, 2)", "a shape that is no tuple of integers"),
        ("(1.0, 2)", "where ) should be"),
        ("(18446744073709551616, 2)", "a shape that is no tuple of integers"),
        ("(18446744073709551615, 18446744073709551615)", "too large; at most 268435456 numbers fit"),
        ("(4294967296, 4294967296)", "too large"),
        ("(268435457, 1)", "too large"),
        ("(1, 2", "a shape that is no tuple of integers"),
        ("(1 2)", "where ) should be"),
        ("1, 2)", "where ( should be"),
        ("[1, 2]", "where ( should be"),
        ("(,)", "a shape that is no tuple of integers"),
        ("None", "where ( should be"),
    ] {
        check(&npy("<f8", false, shape, &two), says);
    }
    let nested = "(".repeat(60_000);
    check(&npy("<f8", false, &nested, &two), "a shape that is no tuple of integers");
    for (text, says) in [
        ("", "where { should be"),
        ("{}", "lacks the key 'descr'"),
        ("{'descr': '<f8', 'shape': (1, 2)}", "lacks the key 'fortran_order'"),
        ("{'descr': '<f8', 'fortran_order': False}", "lacks the key 'shape'"),
        ("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", "not records"),
        ("{'descr': '<f8', 'fortran_order': 0, 'shape': (1, 2)}", "no True or False"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2)} x", "behind its closing brace"),
        ("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1, 2)}", "'descr' twice"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), 'x': 1}", "unknown key 'x'"),
        ("{'descr': '<f8' 'fortran_order': False, 'shape': (1, 2)}", "where } should be"),
        ("{descr: '<f8'}", "no quoted key"),
        ("{'descr", "no quoted key"),
        ("{'descr' '<f8'}", "where : should be"),
    ] {
        check(&header(text, &two), says);
    }
    check(&npy("<f8", false, "(1, 2)", &doubles(&[1.0, f64::NAN])), "row 0, column 1 (from 0) is NaN");
    check(&npy("<f8", false, "(2, 1)", &doubles(&[1.0, f64::INFINITY])), "row 1, column 0 (from 0) is inf");
    check(&npy("<f8", false, "(1, 2)", &doubles(&[1.0, -1e61])), "of magnitude at most 1e60");
    check(
        &npy("<f8", false, "(1, 2)", &doubles(&[0.0, 1e-61])),
        "row 0 (from 0) has no value of magnitude 1e-60",
    );
    check(&npy("<u8", false, "(1, 1)", &[255; 8]), "value 0 (from 0) is an integer beyond 2^53");
}

#[test]
fn malformed_csv_files_are_refused_in_one_sentence() {
    let files = Files::new();
    let check = |text: &[u8], says: &str| {
        let path = files.put("a.csv", text);
        check_refused(&path, load(&path), says);
    };
    check(b"", "the file is empty");
    check(b"\n\n", "the file is empty");
    check(b"x,y\n", "a header line but no row");
    check(b"x,y\nz,w\n1,2\n", "line 2, field 1 is \"z\", which is no number");
    check(b"1,2\n3,x\n", "line 2, field 2 is \"x\"");
    check(b"1,x\n3,4\n", "line 1, field 2 is \"x\"");
    check(b"1,2\n3\n", "line 2 has 1 fields but line 1 has 2");
    check(b"1,2\n\n3,4,5\n", "line 3 has 3 fields but line 1 has 2");
    check(b"x\n1,2\n", "line 2 has 2 fields but line 1 has 1");
    check(b"1;2\n3;x\n", "line 2, field 2 is \"x\"");
    check(b"1,2\n3,\n", "line 2, field 2 is \"\"");
    check(b"1,nan\n", "line 1, field 2 is \"nan\", which is a missing");
    check(b"1,2\n1,1e999\n", "line 2, field 2 is \"1e999\", which is beyond the largest");
    check(b"1,2\n1,0x10\n", "line 2, field 2 is \"0x10\"");
    check(b"1,2\n\xff,3\n", "line 2, field 1");
    check(b"1,2\n\"3,4\n", "line 2 has a quote (\") that is not closed");
}

/// A table as it is written, what is read of it, and what is said of it.
fn check_read(text: &[u8], dim: usize, values: &[f64], note: &str) {
    let data = Files::new().load("a.csv", text).unwrap();
    let shown = String::from_utf8_lossy(text);
    assert_eq!((data.dim(), data.values()), (dim, values), "{shown:?}");
    match note {
        "" => assert!(data.notes().is_empty(), "{shown:?}: {:?}", data.notes()),
        note => assert!(data.notes().len() == 1 && data.notes()[0].contains(note), "{:?}", data.notes()),
    }
}

#[test]
fn what_data_frame_libraries_write_by_default_is_read_as_meant() {
    let points = [0.5, 1.5, -2.0, 1.25, 0.25, 3.0];
    let read = |text: &str, note: &str| check_read(text.as_bytes(), 3, &points, note);
    // pandas: with and without index and header, names or numbers above the columns.
    read(",0,1,2\n0,0.5,1.5,-2.0\n1,1.25,0.25,3.0\n", "an index and is left out");
    read(",a,b,c\n0,0.5,1.5,-2.0\n1,1.25,0.25,3.0\n", "an index and is left out");
    read("0,1,2\n0.5,1.5,-2.0\n1.25,0.25,3.0\n", "line 1 is taken as column numbers");
    read("0,1,2\n0.5,1.5,-2\n1.25,0.25,3\n", "line 1 is taken as column numbers");
    read("a,b,c\n0.5,1.5,-2.0\n1.25,0.25,3.0\n", "");
    read("0.5,1.5,-2.0\n1.25,0.25,3.0\n", "");
    read("name,0,1,2\nbob,0.5,1.5,-2.0\neve,1.25,0.25,3.0\n", "holds names");
    read("Unnamed: 0,a,b,c\n0,0.5,1.5,-2.0\n1,1.25,0.25,3.0\n", "an index");
    read("date,a,b,c\n2020-01-01,0.5,1.5,-2.0\n2020-01-02,1.25,0.25,3.0\n", "holds names");
    // R: write.csv, write.csv2, write.table with and without names.
    read("\"\",\"V1\",\"V2\",\"V3\"\n\"1\",0.5,1.5,-2\n\"2\",1.25,0.25,3\n", "an index");
    read("\"\";\"V1\";\"V2\";\"V3\"\n\"1\";0,5;1,5;-2\n\"2\";1,25;0,25;3\n", "decimal commas");
    read("\"V1\" \"V2\" \"V3\"\n\"1\" 0.5 1.5 -2\n\"2\" 1.25 0.25 3\n", "the header has no name");
    read("\"a\" 0.5 1.5 -2\n\"b\" 1.25 0.25 3\n", "holds names");
    read("\"1\" 0.5 1.5 -2\n\"2\" 1.25 0.25 3\n", "holds names");
    // numpy.savetxt: blanks, and a header behind #.
    read("# x y z\n5.0e-01 1.5e+00 -2.0e+00\n1.25e+00 2.5e-01 3.0e+00\n", "1 line that begins with #");
    // Spreadsheets.
    read("a;b;c\r\n0,5;1,5;-2\r\n1,25;0,25;3\r\n", "semicolons");
    read("0.5\t1.5\t-2\r1.25\t0.25\t3\r", "tabs");
    read("0.5|1.5|-2\n1.25|0.25|3\n", "bars");
    read("a,b,c,\n0.5,1.5,-2,\n1.25,0.25,3,\n", "a separator ends every line");
    read("\"0.5\",\"1.5\",\"-2\"\n\"1.25\",\"0.25\",\"3\"\n", "");
    read("\"0\",\"1\",\"2\"\n0.5,1.5,-2\n1.25,0.25,3\n", "in quotes, is taken as the header");
    read("\"two\nlines\",b,c\n0.5,1.5,-2\n1.25,0.25,3\n", "");
    read("\u{feff}\n\n0.5,1.5,-2\n \n1.25,0.25,3", "");
    let text = "a,b,c\n0.5,1.5,-2\n1.25,0.25,3\n";
    let little: Vec<u8> =
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> =
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    check_read(&little, 3, &points, "UTF-16, little-endian");
    check_read(&big, 3, &points, "UTF-16, big-endian");
    // Rows of integers that count on are rows.
    check_read(b"1,2\n3,4\n", 2, &[1.0, 2.0, 3.0, 4.0], "");
    check_read(b"0,1,2\n", 3, &[0.0, 1.0, 2.0], "");
    check_read(b"1,2\n2,4\n3,6\n", 2, &[1.0, 2.0, 2.0, 4.0, 3.0, 6.0], "counts the rows and is taken as");
}

#[test]
fn tables_with_two_readings_and_odd_values_are_refused_by_line_and_field() {
    let files = Files::new();
    let check = |text: &[u8], says: &str| {
        let path = files.put("a.csv", text);
        check_refused(&path, load(&path), says);
    };
    check(b"0,1,2\n5,3,8\n4,4,4\n", "line 1 has two readings");
    check(b"0\n0.5\n1.5\n", "line 1 has two readings");
    check(b"0,0.5,1.5\n1,1.25,0.25\n2,-3.0,0.75\n", "the first column has two readings");
    check(b",a\n0.5,1\n0.7,2\n", "the first column has no name and two readings");
    check(b"id,a\n1,0.5\n2,0.7\n", "the first column, \"id\", has two readings");
    check(b"1,234;5,678\n2,345;6,789\n", "line 1 holds \"1,234\", with two readings");
    check(b"NA\n2\n3\n", "line 1, field 1 is \"NA\", which is a missing");
    check(b"1x\n2\n3\n", "line 1, field 1 is \"1x\"");
    check(b"NA,x\n2,3\n", "line 1, field 1 is \"NA\"");
    check(b"a,b\n1,\n", "line 2, field 2 is \"\", which is empty: a missing value");
    check(b"a,b\n1,-inf\n", "line 2, field 2 is \"-inf\", which is a missing or infinite value");
    check(b"a,b\n1,0x1F\n", "line 2, field 2 is \"0x1F\", which is hexadecimal");
    check(b"a,b\n1,\"1,234\"\n", "line 2, field 2 is \"1,234\", with two readings");
    check(b"a,b\n1,\"1,234.5\"\n", "marks between thousands");
    check(b"a,b\n1,1'234\n", "marks between thousands");
    check(b"a,b\n1,2,\n3,4,\n", "line 2 has 3 fields but line 1 has 2");
    check(b"1,2\n3,4\x00\n", "line 2 holds a zero byte");
    check(b"\xff\xfe1\x00,", "begins as UTF-16 text but is none");
    check(b"\xff\xfe\x00\x001\x00\x00\x00", "UTF-32");
    check(b"1,2\n3,\x1b[31m4\n", "line 2, field 2 is");
    check(b"sepal,species\n1,setosa\n2,virginica\n", "line 2, field 2 is \"setosa\"");
}

#[test]
fn arrays_of_more_dimensions_are_flattened_to_rows_and_say_so() {
    let files = Files::new();
    let values: Vec<f64> = (0..24).map(f64::from).collect();
    let c = files.load("c.npy", &npy("<f8", false, "(2, 3, 4)", &doubles(&values))).unwrap();
    assert_eq!((c.n(), c.dim(), c.values()), (2, 12, &values[..]));
    assert!(
        c.notes()[0].contains("shape (2, 3, 4) is read as 2 points of 12 coordinates"),
        "{:?}",
        c.notes()
    );
    // Fortran order: the first index varies fastest.
    let turned: Vec<f64> = (0..24).map(|i| values[(i % 2) * 12 + (i / 2 % 3) * 4 + i / 6]).collect();
    let fortran = files.load("f.npy", &npy("<f8", true, "(2, 3, 4)", &doubles(&turned))).unwrap();
    assert_eq!(fortran.values(), values);
    // What a set says stays with its rows.
    let part = c.select(&"1..2".parse().unwrap()).unwrap();
    assert_eq!(part.notes(), c.notes());
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
fn malformed_idx_files_are_refused_in_one_sentence() {
    let files = Files::new();
    let check = |bytes: &[u8], says: &str| {
        for (name, bytes) in [("a.idx", bytes.to_vec()), ("a.gz", gzip(bytes))] {
            let path = files.put(name, &bytes);
            check_refused(&path, load(&path), says);
        }
    };
    check(b"", "no known kind; use .npy, .npz or .csv by name, or IDX");
    check(b"hello", "no known kind");
    check(&[0, 0, 8], "no known kind");
    check(&idx(7, &[1, 1], &[1]), "the type, is 0x07; types are 0x08");
    check(&idx(8, &[], &[1]), "number of dimensions, is 0");
    check(&idx(8, &[3], &[1, 2, 3]), "one dimension, as files of labels have");
    check(&idx(8, &[1, 4], &[1, 2, 3]), "declares 4 values but it holds 3");
    check(&idx(8, &[1, 2], &[1, 2, 3]), "goes on behind the 2 values");
    check(&idx(8, &[0, 2], &[]), "shape 0 x 2 is empty");
    check(&idx(8, &[u32::MAX; 3], &[]), "too large");
    check(&idx(8, &[u32::MAX; 255], &[]), "too large");
    check(&[0, 0, 8, 3, 0, 0, 0, 1, 0, 0], "cut off at byte 8");
    let mut cut = gzip(&idx(8, &[100, 100], &[7; 10_000]));
    cut.truncate(cut.len() - 6);
    let path = files.put("cut.gz", &cut);
    check_refused(&path, load(&path), "damaged or cut off");
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
    WeightFile::open(path, dim)?.read()
}

#[test]
fn weights_of_every_type_are_read_in_the_order_of_their_names() {
    let files = Files::new();
    let values = [1.5, -2.0, 0.25, 3.0];
    let check = |dtype: &str, bytes: Vec<u8>| {
        let size = bytes.len() / 4;
        // W2 lies first in the file.
        let header = format!(
            r#"{{"W2":{{"dtype":"{dtype}","shape":[2,1],"data_offsets":[0,{}]}},"W1":{{"dtype":"{dtype}","shape":[1,2],"data_offsets":[{},{}]}}}}"#,
            2 * size,
            2 * size,
            4 * size
        );
        let matrices = weights(&files.put("w.safetensors", &tensors(&header, &bytes)), 2).unwrap();
        let expected = [
            WeightMatrix { rows: 1, cols: 2, values: values[2..].to_vec() },
            WeightMatrix { rows: 2, cols: 1, values: values[..2].to_vec() },
        ];
        assert_eq!(matrices, expected, "{dtype}");
    };
    check("F64", values.iter().flat_map(|v| v.to_le_bytes()).collect());
    check("F32", values.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect());
    check("F16", values.iter().flat_map(|v| f16::from_f64(*v).to_le_bytes()).collect());
    check("BF16", values.iter().flat_map(|v| bf16::from_f64(*v).to_le_bytes()).collect());
}

#[test]
fn malformed_weights_are_refused_in_one_sentence() {
    let files = Files::new();
    let check = |bytes: &[u8], says: &str| {
        let path = files.put("w.safetensors", bytes);
        check_refused(&path, weights(&path, 2), says);
    };
    let one = |name: &str, dtype: &str, shape: &str, bytes: usize| {
        let header =
            format!(r#"{{"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,{bytes}]}}}}"#);
        tensors(&header, &vec![0; bytes])
    };
    check(b"", "a file of 0 bytes is no .safetensors file");
    check(b"1234567", "a file of 7 bytes");
    check(
        &u64::MAX.to_le_bytes(),
        "declare a header of 18446744073709551615 bytes, but the file holds 0 more",
    );
    check(&tensors("{", b""), "header of the .safetensors file is malformed");
    check(&tensors("[]", b""), "malformed");
    check(&tensors(&"[".repeat(10_000), b""), "malformed");
    check(&tensors("{}", b""), "there are no tensors");
    check(&tensors("{}", b"1234"), "declares 0 bytes of values but the file holds 4");
    check(&one("W1", "F32", "[1,2]", 4), "malformed");
    check(&one("W0", "F32", "[1,2]", 8), "tensor W1 is missing among 1 tensors (W0)");
    check(&one("w1", "F32", "[1,2]", 8), "tensor W1 is missing");
    check(
        &one("W2", "F32", "[1,2]", 8),
        "tensor W1 is missing among 1 tensors (W2); they are called W1 to W1",
    );
    check(&one("W1", "I32", "[1,2]", 8), "tensor W1 is of type I32; use F32, F64, F16 or BF16");
    check(&one("W1", "X32", "[1,2]", 8), "malformed");
    check(&one("W1", "F32", "[2]", 8), "tensor W1 has shape [2]; a matrix has two dimensions");
    check(&one("W1", "F32", "[1,1,2]", 8), "tensor W1 has shape [1, 1, 2]");
    check(&one("W1", "F32", "[1,3]", 12), "its columns must be the 2 coordinates of the data");
    check(&one("W1", "F32", "[0,2]", 0), "tensor W1 has 0 rows");
    check(&one("W1", "F32", "[18446744073709551615,2]", 8), "malformed");
    let header = r#"{"W1":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]},"W2":{"dtype":"F32","shape":[1,2],"data_offsets":[24,32]}}"#;
    check(&tensors(header, &[0; 32]), "tensor W2 has shape [1, 2]; its columns must be the 3 rows of W1");
    check(&tensors(header, &[0; 31]), "declares 32 bytes of values but the file holds 31");
    let mut infinite = [0.0f32, 1.0].map(f32::to_le_bytes).concat();
    let header = r#"{"W1":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"#;
    assert!(weights(&files.put("w.safetensors", &tensors(header, &infinite)), 2).is_ok());
    infinite[4..].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
    check(&tensors(header, &infinite), "tensor W1, row 0, column 1 (from 0) is -inf");
    let sound = tensors(header, &[0; 8]);
    for end in 0..sound.len() {
        let path = files.put("cut.safetensors", &sound[..end]);
        check_refused(&path, weights(&path, 2), "");
        for value in [0, 0x22, 0x30, 0xff] {
            let mut damaged = sound.clone();
            damaged[end] = value;
            // Refused or read, but no panic.
            let _ = weights(&files.put("damaged.safetensors", &damaged), 2);
        }
    }
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
