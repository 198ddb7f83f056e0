//! The figures of the width that is needed: m_low < m* ≤ m_high against the depth, and what it was found from.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::Differing;
use super::words::{activation, width_of_theorem, width_question};
use crate::report::chart::{Chart, Dot, Look, Scale, Series};
use crate::report::figure::{Figure, FigureFormat};
use crate::study::questions::{WidthAnswer, WidthLook, WidthQuestion};
use crate::study::table::CellRecord;
use crate::units::counted;

/// What the names of the files begin with.
const STEM: &str = "needed";
/// What the figures are called behind it.
const NAMES: [&str; 4] = ["", "share", "constant", "networks"];

/// An answer with what the figures need of it.
struct Needed<'a> {
    /// What the networks of a line have in common, in words.
    line: String,
    answer: &'a WidthAnswer,
    theorem: Option<f64>,
    record: CellRecord,
}

impl Needed<'_> {
    fn depth(&self) -> usize {
        self.answer.depth
    }

    /// The networks, or those of one width.
    fn cell(&self, m: Option<u64>) -> Option<Arc<CellRecord>> {
        Some(Arc::new(CellRecord { m, ..self.record.clone() }))
    }

    /// The middle of two limits by their ratio, at the lower one where no upper is known.
    fn dot(&self, low: f64, high: Option<f64>) -> Dot {
        let (x, y) = (self.depth() as f64, high.map_or(low, |high| (low * high).sqrt()));
        Dot { x, y, low: Some(low), high, seeds: Some(self.answer.networks), cell: self.cell(None) }
    }

    /// The widths that m* can be.
    fn width(&self) -> Dot {
        self.dot(self.answer.low as f64 + 1.0, self.answer.high.map(|high| high as f64))
    }
}

fn needed(question: &WidthQuestion) -> Vec<Needed<'_>> {
    let differing = Differing::of(question);
    let of = |answer| {
        let mut line = activation(answer);
        if differing.schedules {
            let schedule = answer.schedule;
            line += &format!(", {schedule} widths");
        }
        if differing.outputs {
            line += &format!(", {}", counted(answer.outputs, "output"));
        }
        if differing.data {
            line += &format!(", {}", answer.data);
        }
        if differing.scales {
            line += &format!(", scale {}", answer.scale);
        }
        if differing.arithmetic {
            line += &format!(", {} {}", answer.sampler, answer.precision);
        }
        Needed { line, theorem: width_of_theorem(question, answer), record: record(answer), answer }
    };
    question.cells.iter().map(of).collect()
}

/// The networks of an answer as a cell without a width.
fn record(answer: &WidthAnswer) -> CellRecord {
    CellRecord {
        activation: answer.activation.to_string(),
        a: answer.activation.a(),
        b: answer.activation.b(),
        depth: answer.depth as u64,
        schedule: Some(answer.schedule.to_string()),
        outputs: answer.outputs as u64,
        scale: answer.scale,
        data: answer.data.clone(),
        normalize: answer.normalize.clone(),
        n: answer.n,
        precision: answer.precision.to_string(),
        ..CellRecord::default()
    }
}

/// The figures of a question: the widths against the depth with the shape of the bound, the shares that were found at
/// every width, the constants of the bound and the networks that were drawn. What is against the depth is there where a
/// line has two depths.
pub fn needed_figures(question: &WidthQuestion) -> io::Result<Vec<Figure>> {
    let (points, asked) = (needed(question), width_question(question));
    let deep = lines(&points).iter().any(|(_, points)| points.iter().any(|p| p.depth() != points[0].depth()));
    let mut charts = vec![shares(&points, &asked, question.confidence)];
    if deep {
        charts.insert(0, widths(&points, &asked));
        charts.extend([constants(&points, &asked), networks(&points, &asked)]);
    }
    charts.into_iter().filter_map(Chart::drawable).map(Chart::figure).collect()
}

/// The names of the files of these figures, without their endings.
pub(in crate::report) fn stems(figures: &[Figure]) -> Vec<String> {
    figures.iter().map(|figure| stem(figure.name)).collect()
}

fn stem(name: &str) -> String {
    if name.is_empty() { STEM.to_owned() } else { format!("{STEM}-{name}") }
}

/// Removes the figures of an earlier question from a report, which are not among these; what cannot be removed stays.
pub(in crate::report) fn remove_others(figures: &[Figure], directory: &Path) {
    let here = |name: &&str| figures.iter().all(|figure| figure.name != *name);
    for name in NAMES.into_iter().filter(here) {
        for ending in FigureFormat::ALL.map(FigureFormat::ending).into_iter().chain(["csv"]) {
            let _ = std::fs::remove_file(directory.join(format!("{}.{ending}", stem(name))));
        }
    }
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
        let at = |p: &&Needed| {
            Some(Dot { x: p.depth() as f64, y: p.theorem?, cell: p.cell(None), ..Dot::default() })
        };
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
    let deep = points.iter().any(|p| p.depth() != points[0].depth());
    let mut series = Vec::new();
    for (colour, point) in points.iter().enumerate() {
        let dot = |look: &WidthLook| Dot {
            x: look.m as f64,
            y: look.inside as f64 / look.seeds as f64,
            low: Some(look.low),
            high: Some(look.high),
            seeds: Some(look.seeds),
            cell: point.cell(Some(look.m)),
        };
        let label =
            if deep { format!("{}, depth {}", point.line, point.depth()) } else { point.line.clone() };
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
    let series = measured(points, |p| {
        let [low, high] = p.answer.constant?;
        Some(p.dot(low?, high))
    });
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
        x: p.depth() as f64,
        y: p.answer.networks as f64,
        seeds: Some(p.answer.networks),
        cell: p.cell(None),
        ..Dot::default()
    };
    let series = measured(points, |p| Some(networks(p)));
    let about = "How many networks the search drew, all widths together.";
    let y = Scale::log("networks drawn");
    Chart { series, ..against_depth("networks", "what the answer took", question, about.to_owned(), y) }
}

/// The points of each line, lines in the order in which they come.
fn lines<'p>(points: &'p [Needed<'p>]) -> Vec<(&'p str, Vec<&'p Needed<'p>>)> {
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
    use crate::report::widths::tests::{answer, question};

    fn rows(figure: &Figure) -> Vec<String> {
        let csv = String::from_utf8(figure.csv.clone()).unwrap();
        csv.lines().skip(1).map(|line| line.trim_end_matches(',').to_owned()).collect()
    }

    #[test]
    fn the_numbers_of_the_figures_are_those_of_the_answers() {
        let question = question(vec![
            answer("abs", 2, 65, Some(97)),
            answer("abs", 4, 245, None),
            answer("relu", 2, 0, Some(1)),
        ]);
        let figures = needed_figures(&question).unwrap();
        assert_eq!(figures.iter().map(|f| f.name).collect::<Vec<_>>(), NAMES);
        for part in ["<svg", "depth l (weight matrices)", "|s|", "ReLU", "theorem", "within 10 %"] {
            assert!(figures[0].svg.contains(part), "{part}");
        }
        let middle = (66.0f64 * 97.0).sqrt();
        let theorem = width_of_theorem(&question, &question.cells[1]).unwrap();
        let of = |phi: &str, depth: u32, m: &str| {
            let [a, b] = if phi == "abs" { ["0", "1"] } else { ["0.5", "0.5"] };
            format!("{phi},{a},{b},{depth},constant,1,1,digits:n=8,sphere,8,f32,{m}")
                .trim_end_matches(',')
                .to_owned()
        };
        let found = rows(&figures[0]);
        assert_eq!(
            found[..3],
            [
                format!("|s|,measured,2,{middle},66,97,100,{}", of("abs", 2, "")),
                format!("|s|,measured,4,246,246,,100,{}", of("abs", 4, "")),
                format!("ReLU,measured,2,1,1,1,100,{}", of("relu", 2, "")),
            ]
        );
        assert_eq!(found[4], format!("|s|,theory,4,{theorem},,,,{}", of("abs", 4, "")));
        assert_eq!(
            rows(&figures[1])[1],
            format!("\"|s|, depth 4\",measured,246,0.95,0.8,1,40,{}", of("abs", 4, "246"))
        );
        assert_eq!(rows(&figures[2])[1], format!("|s|,measured,4,0.25,0.25,,100,{}", of("abs", 4, "")));
        assert_eq!(rows(&figures[3])[2], format!("ReLU,measured,2,100,,,100,{}", of("relu", 2, "")));
    }

    #[test]
    fn one_depth_makes_nothing_against_the_depth_and_older_figures_go() {
        let question = question(vec![answer("abs", 2, 1, Some(2)), answer("relu", 3, 1, Some(2))]);
        let figures = needed_figures(&question).unwrap();
        assert_eq!(stems(&figures), ["needed-share"]);
        let dir = tempfile::tempdir().unwrap();
        let files = ["needed.svg", "needed-share.csv", "needed-networks.png", "needed-tails.svg"];
        files.iter().for_each(|name| std::fs::write(dir.path().join(name), "").unwrap());
        remove_others(&figures, dir.path());
        let there = files.map(|name| dir.path().join(name).exists());
        assert_eq!(there, [false, true, false, true]);
    }
}
