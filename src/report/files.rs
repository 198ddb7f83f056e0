//! A report as files: NAME.svg and NAME.csv, summary.json and table.txt, written aside and renamed, so that a reader never
//! sees half a file.

use std::io;
use std::path::{Path, PathBuf};

use super::analysis::Analysis;
use super::claims::Claim;
use super::figure::{figure, plotted};
use super::json::summary_json;
use super::short::short_table;
use super::table::table;

/// Name of the file that holds the numbers for machines.
pub const SUMMARY: &str = "summary.json";
/// Name of the file that holds the whole table.
pub const TABLE: &str = "table.txt";
/// Columns of that table.
const COLUMNS: usize = 80;

/// Where the figure and the numbers it shows were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigureFiles {
    /// The figure.
    pub svg: PathBuf,
    /// Its points.
    pub csv: PathBuf,
}

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}", path.display())]
pub struct WriteError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// Writes the figure of a study and the CSV of its points into a directory, which is created with its parents. None,
/// and nothing is written, where no cell has a place on the axis and a positive deviation.
pub fn write_figure(analysis: &Analysis, directory: &Path) -> Result<Option<FigureFiles>, WriteError> {
    let Some(svg) = figure(analysis) else { return Ok(None) };
    std::fs::create_dir_all(directory).map_err(|source| WriteError { path: directory.to_owned(), source })?;
    let stem = stem(&analysis.name);
    let files = FigureFiles {
        svg: directory.join(format!("{stem}.svg")),
        csv: directory.join(format!("{stem}.csv")),
    };
    // The numbers first: a figure without them never stands alone.
    let write = |path: &Path, bytes: io::Result<Vec<u8>>| {
        let written = bytes.and_then(|bytes| crate::files::write(path, &bytes));
        written.map_err(|source| WriteError { path: path.to_owned(), source })
    };
    write(&files.csv, points_csv(analysis))?;
    write(&files.svg, Ok(svg.into_bytes()))?;
    Ok(Some(files))
}

/// Writes [`SUMMARY`] and [`TABLE`] into a directory, which is created with its parents.
pub fn write_report(analysis: &Analysis, claims: &[Claim], directory: &Path) -> Result<(), WriteError> {
    std::fs::create_dir_all(directory).map_err(|source| WriteError { path: directory.to_owned(), source })?;
    let write = |name: &str, text: &str| {
        let path = directory.join(name);
        crate::files::write(&path, text.as_bytes()).map_err(|source| WriteError { path, source })
    };
    let json = summary_json(analysis, claims)
        .map_err(|error| WriteError { path: directory.join(SUMMARY), source: error.into() })?;
    write(SUMMARY, &json)?;
    write(TABLE, &format!("{}\n{}", short_table(analysis, claims, COLUMNS), table(analysis, COLUMNS)))
}

/// The name of a study as a file name: what is neither letter, digit, dot, dash nor underscore becomes a dash.
fn stem(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let stem: String = name.chars().map(safe).collect();
    if stem.trim_matches('.').is_empty() { "figure".into() } else { stem }
}

/// The points of the figure: one row each, floats in shortest round-trip form, empty where there is no number.
pub fn points_csv(analysis: &Analysis) -> io::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record([
        "activation",
        "a",
        "b",
        "depth",
        "schedule",
        "outputs",
        "scale",
        "data",
        "normalize",
        "n",
        "precision",
        "width",
        "seeds",
        "median_relative_deviation",
        "interval_low",
        "interval_high",
        "relative_sd_diagonal",
    ])?;
    let number = |v: Option<f64>| v.map_or(String::new(), |v| v.to_string());
    for section in &analysis.sections {
        for line in &section.lines {
            for (i, p) in plotted(analysis.axis, line) {
                let cell = &line.points[i].cell;
                csv.write_record([
                    cell.activation.clone(),
                    cell.a.to_string(),
                    cell.b.to_string(),
                    cell.depth.to_string(),
                    cell.schedule.clone().unwrap_or_default(),
                    cell.outputs.to_string(),
                    cell.scale.to_string(),
                    cell.data.clone(),
                    cell.normalize.clone(),
                    cell.n.to_string(),
                    cell.precision.clone(),
                    cell.m.map_or(String::new(), |m| m.to_string()),
                    p.seeds.to_string(),
                    p.median.to_string(),
                    number(p.low),
                    number(p.high),
                    number(p.exact),
                ])?;
            }
        }
    }
    csv.into_inner().map_err(|e| io::Error::other(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_a_file_name() {
        assert_eq!(stem("first"), "first");
        assert_eq!(stem("a/b: c"), "a-b--c");
        assert_eq!(stem(".."), "figure");
        assert_eq!(stem(""), "figure");
    }
}
