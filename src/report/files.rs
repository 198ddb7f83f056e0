//! A report as files: the page, every figure as SVG and its numbers as CSV, summary.json and table.txt. All are
//! made before the first is written, and each is written aside and renamed, so that a reader never sees half a file.

use std::io;
use std::path::{Path, PathBuf};

use super::analysis::Analysis;
use super::claim::Claim;
use super::figures::Figure;
use super::json::summary_json;
use super::names::{PAGE, SUMMARY, TABLE};
use super::page::{Page, page};
use super::short::short_table;
use super::table::table;

/// Columns of that table.
const COLUMNS: usize = 80;

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

/// Ending of the names of figures.
pub const ENDING: &str = "svg";

/// Writes one figure, and its numbers beside it as CSV.
pub fn write_figure(figure: &Figure, path: &Path) -> Result<(), WriteError> {
    let write = |path: &Path, bytes: &[u8]| {
        crate::files::write(path, bytes).map_err(|source| WriteError { path: path.to_owned(), source })
    };
    // The numbers first: a figure without them never stands alone.
    write(&path.with_extension("csv"), &figure.csv)?;
    write(path, figure.svg.as_bytes())
}

/// Writes the whole report into a directory, which is created with its parents, and gives back the names of the figures
/// without their endings.
pub fn write_report(
    analysis: &Analysis,
    claims: &[Claim],
    figures: &[Figure],
    words: &Page,
    directory: &Path,
) -> Result<Vec<String>, WriteError> {
    let at = |name: &str| directory.join(name);
    let of = |path: PathBuf| move |source: io::Error| WriteError { path, source };
    let stems = stems(analysis, figures);
    let json = summary_json(analysis, claims).map_err(|error| of(at(SUMMARY))(error.into()))?;
    let text = format!("{}\n{}", short_table(analysis, claims, COLUMNS), table(analysis, COLUMNS));
    let html = page(analysis, claims, &figures.iter().zip(&stems).collect::<Vec<_>>(), words);
    std::fs::create_dir_all(directory).map_err(of(directory.to_owned()))?;
    let write = |name: String, bytes: &[u8]| {
        let path = at(&name);
        crate::files::write(&path, bytes).map_err(of(path))
    };
    for (figure, stem) in figures.iter().zip(&stems) {
        write(format!("{stem}.csv"), &figure.csv)?;
        write(format!("{stem}.svg"), figure.svg.as_bytes())?;
    }
    write(SUMMARY.into(), json.as_bytes())?;
    write(TABLE.into(), text.as_bytes())?;
    // Last: what it leads to is there.
    write(PAGE.into(), html.as_bytes())?;
    Ok(stems)
}

/// The names of the files of figures: that of the study, and behind it what the figure is of.
fn stems(analysis: &Analysis, figures: &[Figure]) -> Vec<String> {
    let study = stem(&analysis.name);
    let name = |figure: &Figure| match figure.name {
        "" => study.clone(),
        name => format!("{study}-{name}"),
    };
    figures.iter().map(name).collect()
}

/// Bytes of a file name at most, of those that file systems allow, with room for what comes behind.
const NAME: usize = 120;

/// The name of a study as a file name: what is neither letter, digit, dot, dash nor underscore becomes a dash.
fn stem(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let mut stem: String = name.chars().map(safe).collect();
    while stem.len() > NAME {
        stem.pop();
    }
    if stem.trim_matches('.').is_empty() { "figure".into() } else { stem }
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
        assert_eq!(stem(&"é".repeat(300)).len(), NAME);
    }
}
