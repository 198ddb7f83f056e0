//! The figures of the width that is needed: m_low < m* ≤ m_high against the depth, and what it was found from.

use std::io;
use std::path::{Path, PathBuf};

use super::chart::{Chart, Dot, Look, Scale, Series};
use super::figure::Figure;
use super::files::{WriteError, write_figures};
use crate::answer::Answer;

/// What the names of its files begin with.
const STEM: &str = "needed";

/// An answer about one kind of network.
#[derive(Clone, Debug, PartialEq)]
pub struct Needed {
    /// What the networks of a line have in common, in words.
    pub line: String,
    /// l.
    pub depth: usize,
    /// m_low, m_high and the widths that were looked at.
    pub answer: Answer,
    /// The width of the theorem's shape; None where there is none.
    pub theorem: Option<f64>,
    /// The constants of the bound that m_low + 1 and m_high make, each None where there is none.
    pub constant: [Option<f64>; 2],
}

impl Needed {
    /// The middle of two limits by their ratio, at the lower one where no upper is known.
    fn dot(&self, low: f64, high: Option<f64>) -> Dot {
        let (x, y) = (self.depth as f64, high.map_or(low, |high| (low * high).sqrt()));
        Dot { x, y, low: Some(low), high, seeds: Some(self.answer.networks), ..Dot::default() }
    }

    /// The widths that m* can be.
    fn width(&self) -> Dot {
        self.dot(self.answer.low as f64 + 1.0, self.answer.high.map(|high| high as f64))
    }
}

/// The figures of answers to one question, which is that a network is near enough with the probability `share`: the
/// widths against the depth with the shape of the bound, the shares that were found at every width, the constants of
/// the bound and the networks that were drawn. What is against the depth is there where a line has two depths.
pub fn needed_figures(points: &[Needed], question: &str, share: f64) -> io::Result<Vec<Figure>> {
    let deep = lines(points).iter().any(|(_, points)| points.iter().any(|p| p.depth != points[0].depth));
    let mut charts = vec![shares(points, question, share)];
    if deep {
        charts.insert(0, widths(points, question));
        charts.extend([constants(points, question), networks(points, question)]);
    }
    charts.into_iter().filter_map(Chart::drawable).map(Chart::figure).collect()
}

/// Writes them into a directory, which is created with its parents, each as SVG, PDF and PNG with its numbers as CSV;
/// returns the path of the first, None where there is none and nothing is written.
pub fn write_needed(figures: &[Figure], directory: &Path) -> Result<Option<PathBuf>, WriteError> {
    if figures.is_empty() {
        return Ok(None);
    }
    let stems: Vec<String> = figures
        .iter()
        .map(|figure| match figure.name {
            "" => STEM.to_owned(),
            name => format!("{STEM}-{name}"),
        })
        .collect();
    crate::files::make_directory(directory)
        .map_err(|source| WriteError { path: directory.to_owned(), source })?;
    write_figures(figures, &stems, directory)?;
    Ok(Some(directory.join(format!("{}.svg", stems[0]))))
}

/// A figure against the depth.
fn against_depth(name: &'static str, title: &str, question: &str, about: String, y: Scale) -> Chart {
    Chart {
        name,
        title: title.to_owned(),
        of: question.to_owned(),
        about,
        note: String::new(),
        x: Scale::log("depth l (weight matrices)"),
        y,
        series: Vec::new(),
        marks: Vec::new(),
    }
}

/// A curve for each line.
fn measured(points: &[Needed], dot: impl Fn(&Needed) -> Option<Dot>) -> Vec<Series> {
    let of = |(colour, (line, points)): (usize, (&str, Vec<&Needed>))| {
        let dots = points.into_iter().filter_map(&dot).collect();
        Series { label: line.to_owned(), look: Look::Measured, colour, named: true, dots }
    };
    lines(points).into_iter().enumerate().map(of).collect()
}

fn widths(points: &[Needed], question: &str) -> Chart {
    let mut series = measured(points, |p| Some(p.width()));
    for (colour, (line, points)) in lines(points).iter().enumerate() {
        let at = |p: &&Needed| Some(Dot { x: p.depth as f64, y: p.theorem?, ..Dot::default() });
        let dots = points.iter().filter_map(at).collect();
        series.push(Series { label: (*line).to_owned(), look: Look::Theory, colour, named: false, dots });
    }
    let about = "The smallest width m* from which on a network is near enough to its limit, against the depth. Error \
                 bars: the widths that m* can be, m_low + 1 to m_high; markers: their geometric middle, or m_low + 1 \
                 where no m_high is known (then without an upper bar). Dashed, in the same colours: the width at which \
                 the bound of arXiv 2501.14724 meets the tolerance, with one constant for each line that is fitted to \
                 what is decided of it.";
    let y = Scale::log("m (neurons): m_low < m* ≤ m_high");
    let note = "error bars: the widths that m* can be, open above where there is no upper bar; dashed, in the same \
                colours: the shape of the theorem, with a constant fitted to each curve";
    Chart { series, ..against_depth("", "the width that is needed", question, about.to_owned(), y) }
        .noted(note)
}

fn shares(points: &[Needed], question: &str, share: f64) -> Chart {
    let deep = points.iter().any(|p| p.depth != points[0].depth);
    let mut series = Vec::new();
    for (colour, point) in points.iter().enumerate() {
        let dot = |look: &crate::answer::Look| Dot {
            x: look.width as f64,
            y: look.inside as f64 / look.seeds as f64,
            low: Some(look.low),
            high: Some(look.high),
            seeds: Some(look.seeds),
            cell: None,
        };
        let label = if deep { format!("{}, depth {}", point.line, point.depth) } else { point.line.clone() };
        let dots = point.answer.looks.iter().filter(|look| look.seeds > 0).map(dot).collect();
        series.push(Series { label, look: Look::Measured, colour, named: true, dots });
    }
    let ends =
        series.iter().flat_map(|s| &s.dots).fold((f64::INFINITY, 0f64), |(a, b), d| (a.min(d.x), b.max(d.x)));
    let level = [ends.0, ends.1].map(|x| Dot { x, y: share, ..Dot::default() }).to_vec();
    series.push(Series {
        label: format!("{share}, the probability that is asked for"),
        look: Look::Guide,
        colour: 0,
        named: true,
        dots: level,
    });
    let about = "The share of the networks drawn at a width that are near enough, of every width that the search \
                 looked at. Error bars: what holds the probability of this width by itself, at all times of the search \
                 at once, with its error rate. What the search answers follows from all widths together.";
    let x = Scale::log("m (neurons)");
    let y =
        Scale { label: "share of the networks near enough".into(), log: false, ends: Some((-0.03, 1.03)) };
    let chart = against_depth("share", "how many networks are near enough", question, about.to_owned(), y);
    let note = "error bars: what holds the probability of this width, at all times of the search at once";
    Chart { x, series, ..chart }.noted(note)
}

fn constants(points: &[Needed], question: &str) -> Chart {
    let series = measured(points, |p| Some(p.dot(p.constant[0]?, p.constant[1])));
    let about = "The tolerance, as a deviation of K/n, over the right side of the bound of arXiv 2501.14724 without its \
                 logarithms, at m_low + 1 and at m_high (error bars; markers: their geometric middle). Were it the same at every depth, the \
                 bound would have the right shape.";
    let y = Scale::log("tolerance : bound");
    let note = "error bars: from m_low + 1 to m_high; markers: their geometric middle";
    let chart = against_depth("constant", "the constant that the width makes", question, about.to_owned(), y);
    Chart { series, ..chart }.noted(note)
}

fn networks(points: &[Needed], question: &str) -> Chart {
    let networks = |p: &Needed| Dot {
        x: p.depth as f64,
        y: p.answer.networks as f64,
        seeds: Some(p.answer.networks),
        ..Dot::default()
    };
    let series = measured(points, |p| Some(networks(p)));
    let about =
        "How many networks the search drew until its answer was as narrow as asked for, all widths together.";
    let y = Scale::log("networks drawn");
    Chart { series, ..against_depth("networks", "what the answer took", question, about.to_owned(), y) }
}

/// The points of each line, lines in the order in which they come.
fn lines(points: &[Needed]) -> Vec<(&str, Vec<&Needed>)> {
    let mut lines: Vec<(&str, Vec<&Needed>)> = Vec::new();
    for point in points {
        match lines.iter_mut().find(|(line, _)| *line == point.line) {
            Some((_, points)) => points.push(point),
            None => lines.push((&point.line, vec![point])),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Decision, Ending};

    fn point(line: &str, depth: usize, low: u64, high: Option<u64>) -> Needed {
        let (seeds, inside, decision) = (40, 38, Decision::Enough);
        let look = crate::answer::Look { width: low + 1, seeds, inside, low: 0.8, high: 1.0, decision };
        let answer =
            Answer { low, high, ending: Ending::Resolved, looks: vec![look], networks: 100, exponent: None };
        let constant = [Some(0.25), high.map(|_| 0.5)];
        Needed { line: line.into(), depth, answer, theorem: Some(60.0 * depth as f64), constant }
    }

    fn rows(figure: &Figure) -> Vec<String> {
        let csv = String::from_utf8(figure.csv.clone()).unwrap();
        csv.lines().skip(1).map(|line| line.trim_end_matches(',').to_owned()).collect()
    }

    #[test]
    fn the_numbers_of_the_figures_are_those_of_the_answers() {
        let points = [
            point("|s|, constant", 2, 65, Some(97)),
            point("|s|, constant", 4, 245, None),
            point("ReLU", 2, 0, Some(1)),
        ];
        let figures = needed_figures(&points, "within 0.1 with probability 0.9", 0.9).unwrap();
        assert_eq!(figures.iter().map(|f| f.name).collect::<Vec<_>>(), ["", "share", "constant", "networks"]);
        for part in ["<svg", "depth l (weight matrices)", "|s|, constant", "ReLU", "theorem", "within 0.1"] {
            assert!(figures[0].svg.contains(part), "{part}");
        }
        let middle = (66.0f64 * 97.0).sqrt();
        assert_eq!(
            rows(&figures[0])[..4],
            [
                format!("\"|s|, constant\",measured,2,{middle},66,97,100"),
                "\"|s|, constant\",measured,4,246,246,,100".into(),
                "ReLU,measured,2,1,1,1,100".into(),
                "\"|s|, constant\",theory,2,120".into(),
            ]
        );
        assert_eq!(rows(&figures[1])[1], "\"|s|, constant, depth 4\",measured,246,0.95,0.8,1,40");
        assert_eq!(rows(&figures[2])[1], "\"|s|, constant\",measured,4,0.25,0.25,,100");
        assert_eq!(rows(&figures[3])[2], "ReLU,measured,2,100,,,100");
    }

    #[test]
    fn one_depth_makes_nothing_against_the_depth() {
        let points = [point("a", 2, 1, Some(2)), point("b", 3, 1, Some(2))];
        let figures = needed_figures(&points, "", 0.9).unwrap();
        assert_eq!(figures.iter().map(|f| f.name).collect::<Vec<_>>(), ["share"]);
        let dir = tempfile::tempdir().unwrap();
        let report = dir.path().join("a/report");
        assert_eq!(write_needed(&[], &report).unwrap(), None);
        assert!(!report.exists());
        assert_eq!(write_needed(&figures, &report).unwrap(), Some(report.join("needed-share.svg")));
        let mut names: Vec<_> = std::fs::read_dir(&report)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["csv", "pdf", "png", "svg"].map(|ending| format!("needed-share.{ending}")));
    }
}
