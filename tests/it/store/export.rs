//! Exported rows are the stored rows, to the bit, in every format.

use eoc_ntk::study::export::{Format, Table, Values, columns, export};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::*;

fn exported(dir: &Path, format: Format) -> Vec<u8> {
    exported_table(dir, Table::Samples, format)
}

fn exported_table(dir: &Path, table: Table, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    export(&Reader::open(dir).unwrap(), table, format, &mut out).unwrap();
    out
}

/// The columns of the table of samples, in the order that is promised.
const COLUMNS: [&str; 32] = [
    "cell",
    "seed",
    "activation",
    "a",
    "b",
    "depth",
    "schedule",
    "widths",
    "outputs",
    "scale",
    "data",
    "normalize",
    "n",
    "sampler",
    "precision",
    "deviation_op",
    "deviation_fro",
    "deviation_max",
    "relative_op",
    "relative_fro",
    "relative_max",
    "lambda_min",
    "lambda_max",
    "trace",
    "output_norm",
    "device",
    "seconds",
    "independence_op",
    "independence_fro",
    "independence_max",
    "independence_relative_op",
    "independence_deviation_op",
];

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
            let bits = statistics(row).iter().map(|v| (!v.is_nan()).then_some(v.to_bits())).collect();
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
        let bits = names().iter().map(|name| number(&row[at(name)])).collect();
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
        (
            integer("cell"),
            integer("seed"),
            TEXTS.map(text).to_vec(),
            names().into_iter().map(number).collect(),
        )
    };
    rows.iter().zip(&lines).map(flat).collect()
}

/// As programs have them in memory: what is undefined is NaN, or no text.
fn from_columns(dir: &Path) -> Vec<Flat> {
    let columns = columns(&Reader::open(dir).unwrap(), Table::Samples).unwrap();
    let of = |name: &str| &columns.iter().find(|(column, _)| column.name == name).unwrap().1;
    let integers = |name| match of(name) {
        Values::Integer(values) => values.clone(),
        other => panic!("{name}: {other:?}"),
    };
    let text = |name: &str, row: usize| match of(name) {
        Values::Text { texts, rows } => texts[rows[row] as usize].clone().unwrap_or_default(),
        Values::Integer(values) => values[row].to_string(),
        Values::Real(values) => values[row].to_string(),
    };
    let number = |name: &str, row: usize| match of(name) {
        Values::Real(values) => (!values[row].is_nan()).then(|| values[row].to_bits()),
        other => panic!("{name}: {other:?}"),
    };
    let (cells, seeds) = (integers("cell"), integers("seed"));
    let row = |i: usize| {
        let texts = TEXTS.iter().map(|name| text(name, i)).collect();
        (cells[i], seeds[i], texts, names().into_iter().map(|name| number(name, i)).collect())
    };
    (0..cells.len()).map(row).collect()
}

fn from_parquet(bytes: Vec<u8>) -> Vec<Flat> {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("rows.parquet");
    fs::write(&path, bytes).unwrap();
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let flat = |row: parquet::record::Row| {
        let header: Vec<&String> = row.get_column_iter().map(|(name, _)| name).collect();
        assert_eq!(header, COLUMNS);
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
        (
            integer("cell"),
            integer("seed"),
            TEXTS.map(text).to_vec(),
            names().into_iter().map(number).collect(),
        )
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
    assert_eq!(from_columns(&dir), expected);
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
    assert_eq!(from_columns(&dir), expected);
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
    assert!(from_columns(temp.path()).is_empty());
}

/// One row a cell, with what a plot of the samples needs, in the words of `eoc limit`.
#[test]
fn the_cells_are_a_table_too() {
    let (temp, dir) = finished();
    let out = exported_table(&dir, Table::Cells, Format::Csv);
    let mut csv = csv::Reader::from_reader(out.as_slice());
    let header: Vec<String> = csv.headers().unwrap().iter().map(str::to_owned).collect();
    let own = [
        "m",
        "schedules",
        "limit_lambda_min",
        "limit_lambda_max",
        "limit_op",
        "limit_fro",
        "limit_max",
        "relative_sd_diagonal",
        "bound_m",
        "bound",
        "bound_full",
        "theorem",
        "seeds",
    ];
    assert_eq!(header, [&COLUMNS[..1], &COLUMNS[2..15], &own].concat());
    let rows: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    let reader = Reader::open(&dir).unwrap();
    assert_eq!(rows.len(), reader.cells().len());
    for (index, (row, cell)) in rows.iter().zip(reader.cells()).enumerate() {
        let at = |name: &str| &row[header.iter().position(|h| h == name).unwrap()];
        assert_eq!((at("cell"), at("seeds")), (index.to_string().as_str(), "24"));
        assert_eq!((at("widths"), at("n")), (cell.widths.as_str(), "2"));
        // Listed widths stand at the narrowest.
        assert_eq!(at("m"), cell.widths.split(',').next().unwrap());
        let args = ["limit", "--activation", "relu", "--data", "pair:angle=0.5", "--json", "--widths"];
        let depth = (cell.depth).to_string();
        let rest = [cell.widths.as_str(), "--outputs", at("outputs"), "--depth", depth.as_str()];
        let limit: serde_json::Value =
            serde_json::from_slice(&eoc(temp.path(), &[&args[..], &rest].concat()).stdout).unwrap();
        let close = |name: &str, other: &serde_json::Value| {
            let (a, b) = (at(name).parse::<f64>().unwrap(), other.as_f64().unwrap());
            assert!((a - b).abs() <= 1e-12 * b.abs(), "{name} is {a}, and {b} in eoc limit");
        };
        let spectrum = limit["eigenvalues"].as_array().unwrap().last().unwrap();
        close("limit_lambda_min", &spectrum[0]);
        close("limit_lambda_max", &spectrum[1]);
        close("limit_op", &spectrum[1]);
        close("relative_sd_diagonal", &limit["relative_sd_diagonal"]);
        close("bound", &limit["bound"]["value"]);
        close("bound_m", &limit["bound"]["m"]);
        // Norms by which the deviations of every sample were divided.
        let mut samples = reader.rows_of(index, 0);
        let sample = samples.next().unwrap().unwrap().values;
        for (name, ratio) in [
            ("limit_op", sample.deviation_op / sample.relative_op),
            ("limit_fro", sample.deviation_fro / sample.relative_fro),
            ("limit_max", sample.deviation_max / sample.relative_max),
        ] {
            close(name, &ratio.into());
        }
    }
    let json: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_slice(&exported_table(&dir, Table::Cells, Format::Json)).unwrap();
    assert_eq!(json[2]["widths"], "4,5");
    assert!(json[2]["schedule"].is_null() && json[2].len() == header.len());
    let path = temp.path().join("cells.parquet");
    fs::write(&path, exported_table(&dir, Table::Cells, Format::Parquet)).unwrap();
    let parquet = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let rows: Vec<parquet::record::Row> = parquet.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    let m = |row: &parquet::record::Row| {
        row.get_column_iter().find(|(name, _)| *name == "m").map(|(_, m)| m.clone())
    };
    assert_eq!(rows.iter().map(m).collect::<Vec<_>>(), [3, 3, 4, 4].map(|m| Some(Field::Long(m))));
}

#[test]
fn a_number_that_a_cell_does_not_have_is_null() {
    let temp = tempfile::tempdir().unwrap();
    let study = "seeds = 1\n[network]\nactivation = 'identity'\ndepth = [1, 2]\nwidth = 3\n[data]\n\
                 source = 'pair:angle=0.5'\n";
    run_into(temp.path(), &plan(study), STRAIGHT).unwrap();
    let text = String::from_utf8(exported_table(temp.path(), Table::Cells, Format::Json)).unwrap();
    let cells: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert!(cells[0]["m"].is_null() && cells[0]["bound_m"].is_null(), "no hidden layer: {text}");
    assert!(cells[1]["m"] == 3 && cells[1]["bound"].is_null(), "the bound of a linear network: {text}");
    let path = temp.path().join("cells.parquet");
    fs::write(&path, exported_table(temp.path(), Table::Cells, Format::Parquet)).unwrap();
    let parquet = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let rows: Vec<String> = parquet.get_row_iter(None).unwrap().map(|r| r.unwrap().to_string()).collect();
    assert!(rows[0].contains("m: null") && rows[1].contains("m: 3"), "{rows:?}");
}

/// The help names every column of every table, with what it is.
#[test]
fn the_help_lists_the_columns() {
    let temp = tempfile::tempdir().unwrap();
    let help = String::from_utf8(eoc(temp.path(), &["export", "--help"]).stdout).unwrap();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for column in Table::ALL.into_iter().flat_map(Table::columns) {
        assert!(
            words(&help).contains(&words(&format!("{} {}", column.name, column.about))),
            "{}",
            column.name
        );
    }
    assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
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
    let cells = eoc(temp.path(), &["export", "run", "--format", "csv", "--table", "cells"]);
    assert_eq!(cells.stdout, exported_table(&dir, Table::Cells, Format::Csv));
    let table = |args: &[&str]| eoc(temp.path(), &[&["export", "run"], args].concat());
    refused(
        &table(&["--format", "csv", "--table", "rows"]),
        2,
        &["\"rows\"", "samples, layers, spectrum, independence or cells"],
    );
    refused(&table(&["--format", "npy", "--table", "cells", "--out", "m"]), 2, &["--table goes with"]);
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
