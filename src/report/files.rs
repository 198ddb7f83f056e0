//! The figure and its numbers as files: NAME.svg and NAME.csv, written aside and renamed, so that a reader never
//! sees half a file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::analysis::Analysis;
use super::figure::{figure, plotted};

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
    write_aside(&files.csv, &|file| file.write_all(&points_csv(analysis)?))?;
    write_aside(&files.svg, &|file| file.write_all(svg.as_bytes()))?;
    Ok(Some(files))
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
        let s = &section.setting;
        for line in &section.lines {
            for (i, p) in plotted(analysis.axis, line) {
                let place = &line.points[i].place;
                csv.write_record([
                    place.activation.clone(),
                    place.a.to_string(),
                    place.b.to_string(),
                    place.depth.to_string(),
                    place.schedule.clone().unwrap_or_default(),
                    place.outputs.to_string(),
                    s.scale.to_string(),
                    s.data.clone(),
                    s.normalize.clone(),
                    s.n.to_string(),
                    s.precision.clone(),
                    place.width.map_or(String::new(), |m| m.to_string()),
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

/// Writes to a temporary file beside the target, flushes it to disk and renames it.
fn write_aside(path: &Path, write: &dyn Fn(&mut std::fs::File) -> io::Result<()>) -> Result<(), WriteError> {
    let attempt = || -> io::Result<()> {
        let mut builder = tempfile::Builder::new();
        // A temporary file is private by default; a report is as readable as any other new file.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
        write(file.as_file_mut())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    attempt().map_err(|source| WriteError { path: path.to_owned(), source })
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
