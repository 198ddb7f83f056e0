//! Exported rows are the stored rows, to the bit, in every format.

use eoc_ntk::study::export::{COLUMNS, Format, export};
use eoc_ntk::study::store::STATISTICS;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::*;

fn exported(dir: &Path, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    export(&Reader::open(dir).unwrap(), format, &mut out).unwrap();
    out
}

/// Rows as texts and bits: `cell, seed`, the shared texts, the statistics (None where undefined).
type Flat = (u64, u64, Vec<String>, Vec<Option<u64>>);

fn stored(dir: &Path) -> Vec<Flat> {
    let reader = Reader::open(dir).unwrap();
    let mut all = Vec::new();
    reader
        .for_each(|row| {
            let cell = &reader.cells()[row.cell];
            let texts =
                [&cell.activation, &cell.widths, &cell.data, &cell.normalize, &cell.sampler, &cell.precision];
            let texts = texts.into_iter().cloned().collect();
            let bits = row.values.iter().map(|v| (!v.is_nan()).then_some(v.to_bits())).collect();
            all.push((row.cell as u64, row.seed, texts, bits));
            Ok::<(), StoreError>(())
        })
        .unwrap();
    all
}

const TEXTS: [&str; 6] = ["activation", "widths", "data", "normalize", "sampler", "precision"];

fn from_csv(bytes: &[u8]) -> Vec<Flat> {
    let mut reader = csv::Reader::from_reader(bytes);
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header, COLUMNS);
    let at = |name: &str| header.iter().position(|h| h == name).unwrap();
    let number = |text: &str| (!text.is_empty()).then(|| text.parse::<f64>().unwrap().to_bits());
    let flat = |row: csv::StringRecord| {
        let texts = TEXTS.map(|name| row[at(name)].to_owned()).to_vec();
        let bits = STATISTICS.map(|name| number(&row[at(name)])).to_vec();
        (row[0].parse().unwrap(), row[1].parse().unwrap(), texts, bits)
    };
    reader.records().map(|row| flat(row.unwrap())).collect()
}

fn from_json(bytes: &[u8]) -> Vec<Flat> {
    let rows: Vec<serde_json::Map<String, serde_json::Value>> = serde_json::from_slice(bytes).unwrap();
    let text = std::str::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with('{')).collect();
    assert_eq!(lines.len(), rows.len(), "one object a line");
    let flat = |(row, line): (&serde_json::Map<String, serde_json::Value>, &&str)| {
        assert_eq!(row.len(), COLUMNS.len());
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        // serde_json reads a number to the nearest f64 only with a feature; its text is parsed here instead.
        let number = |name: &str| {
            let rest = line.split_once(&format!("\"{name}\":")).unwrap().1;
            let number = rest.split([',', '}']).next().unwrap();
            (number != "null").then(|| number.parse::<f64>().unwrap().to_bits())
        };
        let integer = |name: &str| row[name].as_u64().unwrap();
        (integer("cell"), integer("seed"), TEXTS.map(text).to_vec(), STATISTICS.map(number).to_vec())
    };
    rows.iter().zip(&lines).map(flat).collect()
}

fn from_parquet(bytes: Vec<u8>) -> Vec<Flat> {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("rows.parquet");
    fs::write(&path, bytes).unwrap();
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let flat = |row: parquet::record::Row| {
        let names: Vec<&String> = row.get_column_iter().map(|(name, _)| name).collect();
        assert_eq!(names, COLUMNS);
        let field = |name: &str| row.get_column_iter().find(|(n, _)| *n == name).unwrap().1;
        let integer = |name: &str| match field(name) {
            Field::Long(i) => *i as u64,
            other => panic!("{name} is {other:?}"),
        };
        let text = |name: &str| match field(name) {
            Field::Str(text) => text.clone(),
            other => panic!("{name} is {other:?}"),
        };
        let number = |name: &str| match field(name) {
            Field::Double(x) => Some(x.to_bits()),
            Field::Null => None,
            other => panic!("{name} is {other:?}"),
        };
        (integer("cell"), integer("seed"), TEXTS.map(text).to_vec(), STATISTICS.map(number).to_vec())
    };
    reader.get_row_iter(None).unwrap().map(|row| flat(row.unwrap())).collect()
}

#[test]
fn every_format_reads_back_to_the_bit() {
    let (_temp, dir) = finished();
    let expected = stored(&dir);
    assert_eq!(expected.len(), 96);
    assert!(expected.iter().map(|r| (r.0, r.1)).is_sorted());
    assert_eq!(expected[24].2[..2], ["relu", "3"]);
    assert_eq!(expected[48].2[1], "4,5");
    assert_eq!(from_csv(&exported(&dir, Format::Csv)), expected);
    assert_eq!(from_json(&exported(&dir, Format::Json)), expected);
    assert_eq!(from_parquet(exported(&dir, Format::Parquet)), expected);
}

/// Where every point is zero, K∞ = 0 and relative deviations are undefined.
#[test]
fn what_is_undefined_is_empty_or_null() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("zero, or \"nothing\".csv"), "0,0\n0,0\n").unwrap();
    let study =
        "seeds = 3\n[network]\nactivation = 'abs'\ndepth = [1, 2]\nwidth = 3\n[data]\nsource = 'SOURCE'\n";
    let source = temp.path().join("zero, or \"nothing\".csv");
    let study = study.replace("SOURCE", source.to_str().unwrap());
    let dir = temp.path().join("run");
    run_into(&dir, &plan(&study), STRAIGHT).unwrap();
    let expected = stored(&dir);
    assert!(expected.iter().all(|row| row.3[3..6] == [None; 3] && row.3[0].is_some()));
    assert!(expected[0].2[2].ends_with("zero, or \"nothing\".csv"));
    assert_eq!(from_csv(&exported(&dir, Format::Csv)), expected);
    assert_eq!(from_json(&exported(&dir, Format::Json)), expected);
    assert_eq!(from_parquet(exported(&dir, Format::Parquet)), expected);
    let text = String::from_utf8(exported(&dir, Format::Json)).unwrap();
    assert!(text.contains("\"schedule\":null,\"widths\":\"\""), "depth 1 has no schedule: {text}");
}

#[test]
fn a_store_without_rows_exports_none() {
    let temp = tempfile::tempdir().unwrap();
    drop(open_store(temp.path(), &plan(STUDY)).unwrap());
    assert!(from_csv(&exported(temp.path(), Format::Csv)).is_empty());
    assert!(from_json(&exported(temp.path(), Format::Json)).is_empty());
    assert!(from_parquet(exported(temp.path(), Format::Parquet)).is_empty());
}

#[test]
fn the_program_exports_without_changing_the_directory() {
    let (temp, dir) = finished();
    let before = contents(&dir);
    let csv = eoc(temp.path(), &["export", "run", "--format", "csv"]);
    assert_eq!(csv.stdout, exported(&dir, Format::Csv));
    for (format, name) in [("csv", "a.csv"), ("json", "a.json"), ("parquet", "a.parquet")] {
        let output = eoc(temp.path(), &["export", "run", "--format", format, "--out", name]);
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
        assert_eq!(fs::read(temp.path().join(name)).unwrap(), exported(&dir, format.parse().unwrap()));
    }
    assert_eq!(contents(&dir), before);
    refused(&eoc(temp.path(), &["export", "run", "--format", "parquet"]), 2, &["--out"]);
    refused(&eoc(temp.path(), &["export", "run", "--format", "xml"]), 2, &["csv, json or parquet"]);
    refused(&eoc(temp.path(), &["export", "run", "--format", "csv", "--out", "no/a.csv"]), 2, &["no/a.csv"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_a_failure_while_running() {
    let (temp, _dir) = finished();
    for format in ["csv", "json", "parquet"] {
        let output = eoc(temp.path(), &["export", "run", "--format", format, "--out", "/dev/full"]);
        refused(&output, 1, &["/dev/full"]);
    }
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_eoc"))
        .args(["export", "run", "--format", "csv"])
        .current_dir(temp.path())
        .stdout(full)
        .output()
        .unwrap();
    refused(&output, 1, &["standard output"]);
}
