//! A report as files: the page, every figure as SVG, PDF and PNG and its numbers as CSV, summary.json and table.txt.
//! All are made before the first is written, and each is written aside and renamed, so that a reader never sees half a
//! file.

use std::io;
use std::path::{Path, PathBuf};

use super::analysis::Analysis;
use super::claim::Claim;
use super::figure::{Figure, FigureFormat};
use super::json::summary_json;
use super::names::{PAGE, SUMMARY, TABLE};
use super::page::{Page, page};
use super::short::short_table;
use super::table::table;
use super::widths;
use crate::study::builtin::NEEDED;
use crate::threads;

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

/// Writes one figure in one format, and its numbers beside it as CSV.
pub fn write_figure(figure: &Figure, path: &Path, format: FigureFormat) -> Result<(), WriteError> {
    let of = |path: &Path| {
        let path = path.to_owned();
        move |source| WriteError { path, source }
    };
    let picture = format.draw(figure).map_err(of(path))?;
    // The numbers first: a figure without them never stands alone.
    let numbers = path.with_extension("csv");
    crate::files::write(&numbers, &figure.csv).map_err(of(&numbers))?;
    crate::files::write(path, &picture).map_err(of(path))
}

/// Writes every figure into a directory that exists, in every format and with its numbers; `stems` are their names
/// without ending.
pub fn write_figures(figures: &[Figure], stems: &[String], directory: &Path) -> Result<(), WriteError> {
    let names: Vec<(&Figure, &String)> = figures.iter().zip(stems).collect();
    // A picture takes a while: as many at once as there are threads.
    let drawn = threads::map(names.len(), |i| FigureFormat::ALL.map(|format| format.draw(names[i].0)));
    let path = |stem: &str, ending: &str| directory.join(format!("{stem}.{ending}"));
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for ((figure, stem), pictures) in names.into_iter().zip(drawn) {
        files.push((path(stem, "csv"), figure.csv.clone()));
        for (format, picture) in FigureFormat::ALL.into_iter().zip(pictures) {
            let path = path(stem, format.ending());
            match picture {
                Ok(bytes) => files.push((path, bytes)),
                Err(source) => return Err(WriteError { path, source }),
            }
        }
    }
    for (path, bytes) in files {
        crate::files::write(&path, &bytes).map_err(|source| WriteError { path, source })?;
    }
    Ok(())
}

/// Writes the whole report into a directory, which is created with its parents, and gives back the names of the figures
/// without their endings. Pictures are drawn on the threads of the caller.
pub fn write_report(
    analysis: &Analysis,
    claims: &[Claim],
    figures: &[Figure],
    words: &Page,
    directory: &Path,
) -> Result<Vec<String>, WriteError> {
    let at = |name: &str| directory.join(name);
    let of = |path: PathBuf| move |source: io::Error| WriteError { path, source };
    // An earlier question has no figures: those of the last would lie on them.
    let needed = words.widths.last().map(widths::needed_figures).transpose();
    let needed = needed.map_err(of(directory.to_owned()))?.unwrap_or_default();
    let (stems, needed_stems) = (stems(analysis, figures, words), widths::stems(&needed));
    let json =
        summary_json(analysis, claims, &words.widths).map_err(|error| of(at(SUMMARY))(error.into()))?;
    let asked: String = words.widths.iter().rev().map(|q| widths::width_text(q, COLUMNS) + "\n").collect();
    let text = format!("{asked}{}\n{}", short_table(analysis, claims, COLUMNS), table(analysis, COLUMNS));
    let [shown, needed_shown] = [(figures, &stems), (&needed[..], &needed_stems)]
        .map(|(figures, stems)| figures.iter().zip(stems).collect::<Vec<_>>());
    let html = page(analysis, claims, [&shown, &needed_shown], words);
    crate::files::make_directory(directory).map_err(of(directory.to_owned()))?;
    let write = |name: &str, bytes: &[u8]| crate::files::write(&at(name), bytes).map_err(of(at(name)));
    write_figures(&needed, &needed_stems, directory)?;
    write_figures(figures, &stems, directory)?;
    write(SUMMARY, json.as_bytes())?;
    write(TABLE, text.as_bytes())?;
    // Last: what it leads to is there.
    write(PAGE, html.as_bytes())?;
    if !words.widths.is_empty() {
        widths::remove_others(&needed, directory);
    }
    Ok(needed_stems.into_iter().chain(stems).collect())
}

/// What the figures of the networks are called in the directory of a search, whose name those of its answers have.
const DRAWS: &str = "draws";

/// The names of the files of figures: that of the study, and behind it what the figure is of.
fn stems(analysis: &Analysis, figures: &[Figure], words: &Page) -> Vec<String> {
    let study = match stem(&analysis.name) {
        name if name == NEEDED && !words.widths.is_empty() => DRAWS.to_owned(),
        name => name,
    };
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
