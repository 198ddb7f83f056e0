//! Files that are not read here: what they are, by their first bytes, and how they become what is read.
//!
//! Names say little: workbooks are called `.csv`, archives `.bin`, and a download that went wrong is a page of HTML.

/// Bytes of a file that tell what it is; the mark of a tar archive is the last of them.
pub(super) const FIRST: usize = 512;

/// A file that is not read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    /// What it is, such as `a Parquet file`.
    pub(super) what: &'static str,
    /// What to do with it.
    pub(super) then: Then,
}

/// How a file that is not read here becomes one that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Whatever is in it, by this command.
    Unpack(&'static str),
    /// It stands for another file, which this command brings.
    Fetch(&'static str),
    /// Where it holds points, in this way.
    Points(&'static str),
}

impl Foreign {
    /// A sentence for who gave it as points.
    pub(super) fn of_points(self) -> String {
        match self.then {
            Then::Unpack(command) => format!("this is {}; unpack it first ({command})", self.what),
            Then::Fetch(command) => format!("this is {}; fetch that first ({command})", self.what),
            Then::Points(way) => format!("this is {}; {way}", self.what),
        }
    }

    /// A sentence for who gave it as weights.
    pub(super) fn of_weights(self) -> String {
        match self.then {
            Then::Unpack(_) | Then::Fetch(_) => self.of_points(),
            Then::Points(_) => format!("this is {}; weights are read from .safetensors", self.what),
        }
    }
}

const SHEET: &str = "save its sheet as CSV UTF-8";
const H5PY: &str = "write its array with numpy.save(NEW, h5py.File(FILE)[\"NAME\"][:])";
const PICTURE: &str = "give the pixels of all pictures as one .npy, a picture a row";
const JSON: &str = "write it as an array with numpy.save(NEW, numpy.array(json.load(open(FILE))))";
const OF_R: &str = "in R, write.csv(X, NEW, row.names = FALSE) writes what is read here";
const UNPACK_TAR: &str = "tar -xf FILE";

/// First bytes, what they begin, and what to do with it. None of them begins a number or a name.
const KNOWN: [(&[u8], &str, Then); 41] = [
    (b"\x1f\x8b", "compressed by gzip", Then::Unpack("gunzip -k FILE")),
    (b"\x1f\x9d", "compressed by compress", Then::Unpack("uncompress FILE")),
    (b"\xfd7zXZ\0", "compressed by xz", Then::Unpack("xz -dk FILE")),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", Then::Unpack("zstd -d FILE")),
    (b"\x04\x22\x4d\x18", "compressed by lz4", Then::Unpack("lz4 -dk FILE NEW")),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", Then::Unpack("7z x FILE")),
    (b"Rar!\x1a\x07", "a RAR archive", Then::Unpack("unrar x FILE")),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an Excel workbook (.xls) or another file of Office",
        Then::Points(SHEET),
    ),
    (
        b"PAR1\x15",
        "a Parquet file",
        Then::Points("write it with numpy.save(NEW, pandas.read_parquet(FILE).to_numpy())"),
    ),
    (
        b"ARROW1\0\0",
        "an Arrow (Feather) file",
        Then::Points("write it with numpy.save(NEW, pandas.read_feather(FILE).to_numpy())"),
    ),
    (
        b"FEA1\0",
        "a Feather file",
        Then::Points("write it with numpy.save(NEW, pandas.read_feather(FILE).to_numpy())"),
    ),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", Then::Points(H5PY)),
    (b"MATLAB 7.3 MAT-file", "a file of MATLAB (HDF5)", Then::Points(H5PY)),
    (
        b"MATLAB 5.0 MAT-file",
        "a file of MATLAB",
        Then::Points("write its array with numpy.save(NEW, scipy.io.loadmat(FILE)[\"NAME\"])"),
    ),
    (b"CDF\x01", "a netCDF file", Then::Points("write its array as .npy")),
    (b"CDF\x02", "a netCDF file", Then::Points("write its array as .npy")),
    (b"CDF\x05", "a netCDF file", Then::Points("write its array as .npy")),
    (b"SIMPLE  =", "a FITS file", Then::Points("write its array as .npy")),
    (b"SQLite format 3\0", "an SQLite data base", Then::Points("write the rows of a table as CSV")),
    (b"X\n\0\0", "a file of R (.rds)", Then::Points(OF_R)),
    (b"RDX2\n", "a file of R (.RData)", Then::Points(OF_R)),
    (b"RDX3\n", "a file of R (.RData)", Then::Points(OF_R)),
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)", Then::Points(PICTURE)),
    (b"\xff\xd8\xff", "a picture (JPEG)", Then::Points(PICTURE)),
    (b"GIF87a", "a picture (GIF)", Then::Points(PICTURE)),
    (b"GIF89a", "a picture (GIF)", Then::Points(PICTURE)),
    (b"II*\0", "a picture (TIFF)", Then::Points(PICTURE)),
    (b"MM\0*", "a picture (TIFF)", Then::Points(PICTURE)),
    (b"%PDF-", "a PDF document", Then::Points("save its table as CSV")),
    (b"{\\rtf", "a text document (RTF)", Then::Points("save it as plain text")),
    (b"GGUF\x01\0", "a GGUF file of weights", Then::Points("a data set is points, a row each")),
    (b"GGUF\x02\0", "a GGUF file of weights", Then::Points("a data set is points, a row each")),
    (b"GGUF\x03\0", "a GGUF file of weights", Then::Points("a data set is points, a row each")),
    (b"{", "JSON", Then::Points(JSON)),
    (b"<!", "a page of HTML", Then::Points("download the file itself, or save its table as CSV")),
    (b"<html", "a page of HTML", Then::Points("download the file itself, or save its table as CSV")),
    (b"<?xml", "XML", Then::Points("save its table as CSV")),
    (
        b"%%MatrixMarket",
        "a MatrixMarket file",
        Then::Points("write it with numpy.save(NEW, scipy.io.mmread(FILE).toarray())"),
    ),
    (b"@relation", "an ARFF file", Then::Points("give the lines below @data alone")),
    (b"@RELATION", "an ARFF file", Then::Points("give the lines below @DATA alone")),
    (
        b"version https://git-lfs.github.com/",
        "the pointer that Git LFS keeps in place of a file",
        Then::Fetch("git lfs pull"),
    ),
];

/// What a file with these first bytes, up to [`FIRST`] of them, is; None of what may be read here and of what is not
/// known. Zip archives are known by what is in them.
pub(super) fn known(first: &[u8]) -> Option<Foreign> {
    if let Some(&(_, what, then)) = KNOWN.iter().find(|(magic, ..)| first.starts_with(magic)) {
        return Some(Foreign { what, then });
    }
    let at = |start: usize, mark: &[u8]| first.get(start..).is_some_and(|rest| rest.starts_with(mark));
    let of = |what, then| Some(Foreign { what, then });
    match first {
        [b'B', b'Z', b'h', _, ..] if at(4, b"1AY&SY") => {
            of("compressed by bzip2", Then::Unpack("bunzip2 -k FILE"))
        }
        [0x80, 2..=5, ..] => of(
            "a pickle of Python",
            Then::Points(
                "write its array with numpy.save(NEW, numpy.asarray(pickle.load(open(FILE, \"rb\"))))",
            ),
        ),
        _ if at(257, b"ustar") => of("a tar archive", Then::Unpack(UNPACK_TAR)),
        // The length of a header, and the header.
        [_, _, _, _, 0, 0, 0, 0, b'{', ..] => {
            of("a file of weights (.safetensors)", Then::Points("a data set is points, a row each"))
        }
        _ if list(first) => of("JSON, or an array as it is printed", Then::Points(JSON)),
        _ => None,
    }
}

/// Whether text begins as a list does, with brackets around what is no name.
fn list(first: &[u8]) -> bool {
    let text = first.trim_ascii_start();
    text.strip_prefix(b"[").is_some_and(|rest| {
        matches!(rest.trim_ascii_start().first(), Some(b'[' | b'{' | b'"' | b'-' | b'+' | b'.' | b'0'..=b'9'))
    })
}

/// What a zip archive with files of these names is.
pub(super) fn archive<'n>(names: impl Iterator<Item = &'n str>) -> Foreign {
    let names: Vec<&str> = names.collect();
    let any = |of: fn(&str) -> bool| names.iter().any(|name| of(name));
    let (what, then) = if any(|name| name.starts_with("xl/")) {
        ("an Excel workbook (.xlsx)", Then::Points(SHEET))
    } else if any(|name| name == "content.xml") {
        ("a document of OpenOffice (.ods)", Then::Points(SHEET))
    } else if any(|name| name == "data.pkl" || name.ends_with("/data.pkl")) {
        (
            "a file of PyTorch",
            Then::Points(
                "write its tensor with numpy.save(NEW, torch.load(FILE, weights_only=True).numpy())",
            ),
        )
    } else if any(|name| name == "model.weights.h5") {
        ("a model of Keras", Then::Points("a data set is points, a row each"))
    } else {
        ("a zip archive", Then::Unpack("unzip FILE"))
    };
    Foreign { what, then }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        let check = |first: &[u8], what: &str| {
            assert!(known(first).is_some_and(|found| found.what.contains(what)), "{what}");
        };
        for table in [&b"PAR1,PAR2\n1,2\n"[..], b"GGUF,x\n", b"GIF8,y\n", b"FEA1;FEA2\n", b"ARROW1,z\n"] {
            assert_eq!(known(table), None, "names of columns are no mark");
        }
        check(b"BZh91AY&SY...", "bzip2");
        check(b"\x80\x04\x95", "pickle");
        check(b" [[1, 2]]", "JSON");
        check(b"\x40\0\0\0\0\0\0\0{\"W1\"", "safetensors");
        let mut tar = vec![b'a'; FIRST];
        tar[257..262].copy_from_slice(b"ustar");
        check(&tar, "tar");
        for (magic, what, _) in KNOWN {
            check(magic, what);
        }
        // What tables begin with.
        for text in ["1,2", "x,y", "[a],[b]", "BZh9,x", "-1 2", "\"a\"", "# x", "GIF,x", "P,K", "(1, 2)", ""]
        {
            assert_eq!(known(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn archives_are_known_by_what_is_in_them() {
        let check = |names: &[&str], what: &str| {
            assert!(archive(names.iter().copied()).what.contains(what), "{names:?}");
        };
        check(&["[Content_Types].xml", "xl/workbook.xml"], "Excel");
        check(&["mimetype", "content.xml"], "OpenOffice");
        check(&["archive/data.pkl", "archive/data/0"], "PyTorch");
        check(&["points.csv"], "zip");
    }
}
