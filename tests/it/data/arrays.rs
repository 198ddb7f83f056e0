//! Arrays: .npy, .npz and IDX files.

use super::*;

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
fn an_array_that_an_archive_has_twice_is_refused() {
    let files = Files::new();
    let member = |values: &[f64]| npy("<f8", false, "(1, 2)", &doubles(values));
    let mut zip = Archive::default();
    for (name, values) in [("x.npy", [1.0, 2.0]), ("y.npy", [3.0, 4.0]), ("x.npy", [5.0, 6.0])] {
        zip.add(name, &member(&values));
    }
    let path = files.put("a.npz", &zip.finish());
    let keyed = |key: &str| load(&PathBuf::from(format!("{}:{key}", path.display())));
    check_refused(&path, keyed("x"), "array x is in the archive 2 times");
    assert_eq!(keyed("y").unwrap().values(), [3.0, 4.0]);
}

/// A zip archive of stored files, with any names: libraries refuse to write a name twice.
#[derive(Default)]
struct Archive {
    files: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Archive {
    fn add(&mut self, name: &str, content: &[u8]) {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let size = (content.len() as u32).to_le_bytes();
        let length = (name.len() as u16).to_le_bytes();
        let common = [
            &[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0],
            &crc.sum().to_le_bytes()[..],
            &size,
            &size,
            &length,
            &[0, 0],
        ]
        .concat();
        let offset = (self.files.len() as u32).to_le_bytes();
        self.directory
            .extend([b"PK\x01\x02\x14\x00", &common[..], &[0; 10], &offset, name.as_bytes()].concat());
        self.files.extend([b"PK\x03\x04", &common[..], name.as_bytes(), content].concat());
        self.count += 1;
    }

    fn finish(self) -> Vec<u8> {
        let count = self.count.to_le_bytes();
        let [size, start] = [&self.directory, &self.files].map(|part| (part.len() as u32).to_le_bytes());
        let end = [b"PK\x05\x06\0\0\0\0", &count[..], &count, &size, &start, &[0, 0]].concat();
        [self.files, self.directory, end].concat()
    }
}

#[test]
fn what_a_file_is_its_bytes_say_and_not_its_name() {
    let files = Files::new();
    let array = npy("<f8", false, "(2, 2)", &doubles(&[1.0, 2.0, 3.0, 4.0]));
    let mut zip = Archive::default();
    zip.add("x.npy", &array);
    let zip = zip.finish();
    let images = idx(8, &[2, 1, 2], &[1, 2, 3, 4]);
    let text = b"1,2\n3,4\n".to_vec();
    for (kind, bytes) in [("npy", &array), ("npz", &zip), ("idx", &images), ("csv", &text)] {
        for name in ["points", "points.data", "points.bin", "points.v2", kind] {
            assert_eq!(files.load(name, bytes).unwrap().values(), [1.0, 2.0, 3.0, 4.0], "{kind} as {name}");
        }
        if kind != "npz" {
            for name in ["points.gz", "points.csv.gz", "points.csv", "images-idx3-ubyte.gz"] {
                assert_eq!(
                    files.load(name, &gzip(bytes)).unwrap().values(),
                    [1.0, 2.0, 3.0, 4.0],
                    "{kind} as {name}"
                );
            }
        }
    }
    let tabs = files.put("a.tsv.gz", &gzip(b"0,1\n0,5\n"));
    check_refused(&tabs, load(&tabs), "two readings");
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain("1,2\n".encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(files.load("points", &utf16).unwrap().values(), [1.0, 2.0]);
}

#[test]
fn files_of_other_kinds_are_named_with_what_to_do() {
    let files = Files::new();
    let mut excel = Archive::default();
    excel.add("[Content_Types].xml", b"<?xml");
    excel.add("xl/workbook.xml", b"<?xml");
    let excel = excel.finish();
    let mut zip = Archive::default();
    zip.add("points.csv", b"1,2\n");
    let zip = zip.finish();
    let mut tar = vec![b'a'; 1024];
    tar[257..262].copy_from_slice(b"ustar");
    for (bytes, says) in [
        (&excel[..], "this is an Excel workbook (.xlsx); save its sheet as CSV UTF-8"),
        (&zip, "this is a zip archive; unpack it first (unzip FILE)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "an Excel workbook (.xls)"),
        (b"\xfd7zXZ\0\0\x04", "compressed by xz; unpack it first (xz -dk FILE)"),
        (b"BZh91AY&SY\0\0", "compressed by bzip2; unpack it first (bunzip2 -k FILE)"),
        (b"\x28\xb5\x2f\xfd\0", "compressed by zstd"),
        (b"PAR1\x15\0", "a Parquet file; write it with numpy.save(NEW, pandas.read_parquet(FILE)"),
        (b"ARROW1\0\0", "an Arrow (Feather) file"),
        (b"\x89HDF\r\n\x1a\n\0", "an HDF5 file"),
        (b"\x80\x04\x95\0", "a pickle of Python"),
        (b"MATLAB 5.0 MAT-file, Platform", "a file of MATLAB"),
        (b"SQLite format 3\0\x10", "an SQLite data base"),
        (b"\x89PNG\r\n\x1a\n\0", "a picture (PNG)"),
        (b"{\"points\": [[1, 2]]}", "this is JSON"),
        (b"[[1.5, 2], [3, 4]]", "this is JSON"),
        (b"<!DOCTYPE html>", "a page of HTML"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
        (&tar, "a tar archive; unpack it first (tar -xf FILE)"),
    ] {
        for name in ["a.csv", "a.npy", "a.npz", "a", "a.bin"] {
            let path = files.put(name, bytes);
            check_refused(&path, load(&path), says);
        }
        let path = files.put("a.gz", &gzip(bytes));
        check_refused(&path, load(&path), "within gzip, this is ");
    }
    let path = files.put("b.gz", &gzip(&gzip(b"1,2\n")));
    check_refused(&path, load(&path), "compressed by gzip again");
    let path = files.put("b.bin", b"\x01\x02\x03");
    check_refused(&path, load(&path), "of no known kind; use .npy, .npz, .csv or IDX");
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
    check(b"PK\x03\x04aaaaaaaaaa", "no readable .npz archive");
    check(b"\x93NUMPY", "cut off before the length");
    check(b"\x93NUMPY\x01\x00\x10", "cut off before the length");
    check(b"\x93NUMPY\x04\x00\x10\x00", "version 4.0 is unknown; use version 1.0, 2.0 or 3.0");
    check(b"\x93NUMPY\x01\x01\x10\x00", "version 1.1 is unknown");
    check(b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "header is said to be 4294967295 bytes long");
    check(b"\x93NUMPY\x01\x00\x10\x00{", "cut off within its header of 16 bytes");
    check(b"\x93NUMPY\x01\x00\x01\x00\xff", "is no text");
    for (descr, says) in [
        ("<f16", "declares elements of type '<f16'; store floats of 2, 4 or 8 bytes"),
        ("<c8", "'<c8', which are complex (numpy.hstack"),
        ("|b1", "'|b1', which are true or false"),
        ("|S3", "'|S3', which are text"),
        ("|O", "'|O', which are objects of Python"),
        ("<V2", "'<V2', which NumPy does not know"),
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
        ("(2,)", "1 dimension, shape (2,)"),
        ("(1, 1, 3)", "the file is cut off"),
        ("(0, 2)", "shape 0 x 2 is empty"),
        ("(2, 0)", "shape 2 x 0 is empty"),
        ("(1, 3)", "declares 3 values but it holds 2"),
        ("(1, 1)", "goes on behind the 1 value of its shape"),
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
fn malformed_idx_files_are_refused_in_one_sentence() {
    let files = Files::new();
    let check = |bytes: &[u8], says: &str| {
        for (name, bytes) in [("a.idx", bytes.to_vec()), ("a.gz", gzip(bytes))] {
            let path = files.put(name, &bytes);
            check_refused(&path, load(&path), says);
        }
    };
    check(&[0, 0, 8], "no IDX file, which begins with two zero bytes");
    for bytes in [&b""[..], b"hello", &[0, 1, 8, 3]] {
        let path = files.put("a.idx", bytes);
        check_refused(&path, load(&path), "no IDX file");
    }
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
