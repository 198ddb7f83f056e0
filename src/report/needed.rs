//! The figure of the width that is needed: m_low < m* ≤ m_high against the depth, as SVG with its points as CSV.
//!
//! Solid with markers: the geometric middle of each interval, with the interval as a band; a point without m_high stands at m_low.
//! Dashed, in the same colour: the width at which the bound of arXiv 2501.14724 meets the tolerance, with one constant for the line.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::plot::{LinePlot, LineStyle, ScatterPlot};
use kuva::prelude::{Layout, Plot, TickFormat};

use super::files::WriteError;

/// Colours that stay apart for the colour-blind and in print (Okabe and Ito 2008).
const COLOURS: [&str; 6] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#000000"];
/// Name of the files.
const STEM: &str = "needed";

/// An answer at a depth.
#[derive(Clone, Debug, PartialEq)]
pub struct Needed {
    /// What the networks of a line have in common, in words.
    pub line: String,
    /// l.
    pub depth: usize,
    /// m_low.
    pub low: u64,
    /// m_high; None where it is open.
    pub high: Option<u64>,
    /// The width of the theorem's shape; None where there is none.
    pub theorem: Option<f64>,
}

impl Needed {
    /// The least and the largest m* that is left.
    fn ends(&self) -> (f64, f64) {
        let low = self.low as f64 + 1.0;
        (low, self.high.map_or(low, |high| high as f64))
    }

    fn middle(&self) -> f64 {
        let (low, high) = self.ends();
        (low * high).sqrt()
    }
}

/// Writes `needed.svg` and `needed.csv` into a directory, which is created with its parents; returns the figure's path. None,
/// and nothing is written, where no line has two depths.
pub fn write_needed(points: &[Needed], title: &str, directory: &Path) -> Result<Option<PathBuf>, WriteError> {
    let Some(svg) = figure(points, title) else { return Ok(None) };
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| WriteError { path, source }
    };
    std::fs::create_dir_all(directory).map_err(at(directory))?;
    let (csv, picture) = (directory.join(format!("{STEM}.csv")), directory.join(format!("{STEM}.svg")));
    // The numbers first: a figure without them never stands alone.
    table(points).and_then(|bytes| crate::files::write(&csv, &bytes)).map_err(at(&csv))?;
    crate::files::write(&picture, svg.as_bytes()).map_err(at(&picture))?;
    Ok(Some(picture))
}

fn table(points: &[Needed]) -> io::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["line", "depth", "m_low", "m_high", "theorem"])?;
    for p in points {
        let high = p.high.map_or(String::new(), |high| high.to_string());
        let theorem = p.theorem.map_or(String::new(), |m| m.to_string());
        csv.write_record([p.line.clone(), p.depth.to_string(), p.low.to_string(), high, theorem])?;
    }
    csv.into_inner().map_err(|e| io::Error::other(e.to_string()))
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

fn figure(points: &[Needed], title: &str) -> Option<String> {
    let lines = lines(points);
    lines.iter().find(|(_, points)| points.iter().any(|p| p.depth != points[0].depth))?;
    let mut plots: Vec<Plot> = Vec::new();
    let mut legend = Vec::new();
    let entry = |label: &str, colour: &str, dashes: Option<&str>| LegendEntry {
        label: label.to_owned(),
        color: colour.to_owned(),
        shape: LegendShape::Line,
        dasharray: dashes.map(str::to_owned),
    };
    for ((line, points), colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let at = |value: &dyn Fn(&Needed) -> Option<f64>| -> Vec<(f64, f64)> {
            points.iter().filter_map(|p| Some((p.depth as f64, value(p)?))).collect()
        };
        let middles = at(&|p| Some(p.middle()));
        let drawn = |data: Vec<(f64, f64)>| LinePlot::new().with_data(data).with_color(*colour);
        let dashed = drawn(at(&|p| p.theorem)).with_stroke_width(1.5);
        plots.push(dashed.with_line_style(LineStyle::Custom("6 4".into())).into());
        let ends: Vec<(f64, f64)> = points.iter().map(|p| p.ends()).collect();
        let solid = drawn(middles.clone()).with_stroke_width(2.0);
        plots.push(solid.with_band(ends.iter().map(|e| e.0), ends.iter().map(|e| e.1)).into());
        plots.push(ScatterPlot::new().with_data(middles).with_color(*colour).with_size(3.5).into());
        legend.push(entry(line, colour, None));
    }
    legend.push(entry("theorem, one constant a line", "#555555", Some("3 2")));
    let depths = points.iter().map(|p| p.depth as f64);
    let widths = points.iter().flat_map(|p| [Some(p.ends().0), Some(p.ends().1), p.theorem]).flatten();
    let (x, y) = (range(depths), range(widths));
    let longest = legend.iter().map(|e| e.label.chars().count()).max().unwrap_or(0) as f64;
    let beside = 45.0 + 6.3 * longest;
    let layout = Layout::new(x, y)
        .with_log_scale()
        .with_x_axis_min(x.0)
        .with_x_axis_max(x.1)
        .with_y_axis_min(y.0)
        .with_y_axis_max(y.1)
        .with_tick_format(TickFormat::Custom(Arc::new(|v: f64| format!("{}", v.round()))))
        .with_width(760.0 + beside)
        .with_height(520.0)
        .with_title("the width that is needed".to_owned())
        .with_subtitle(title.to_owned())
        .with_subtitle_wrap(90)
        .with_x_label("depth l (weight matrices)")
        .with_y_label("m (neurons): m_low < m* ≤ m_high")
        .with_legend_entries(legend)
        .with_legend_position(LegendPosition::OutsideRightTop)
        .with_legend_width(beside);
    Some(kuva::render_to_svg(plots, layout))
}

/// All values, from a power of two below to one above.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, 1f64), |(a, b), v| (a.min(v), b.max(v)));
    ((low / 1.05).log2().floor().exp2(), (high * 1.05).log2().ceil().exp2())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(line: &str, depth: usize, low: u64, high: Option<u64>) -> Needed {
        Needed { line: line.into(), depth, low, high, theorem: Some(60.0 * depth as f64) }
    }

    #[test]
    fn a_line_of_two_depths_is_drawn_with_its_points_as_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let report = dir.path().join("a/report");
        let points = [
            point("|s|, constant", 2, 65, Some(97)),
            point("|s|, constant", 4, 245, None),
            point("ReLU", 2, 0, Some(1)),
        ];
        let svg = write_needed(&points, "within 0.1 with probability 0.9", &report).unwrap().unwrap();
        let text = std::fs::read_to_string(&svg).unwrap();
        for part in ["<svg", "depth l (weight matrices)", "|s|, constant", "ReLU", "theorem", "within 0.1"] {
            assert!(text.contains(part), "{part}");
        }
        let csv = std::fs::read_to_string(report.join("needed.csv")).unwrap();
        let expected = "line,depth,m_low,m_high,theorem\n\"|s|, constant\",2,65,97,120\n\"|s|, constant\",4,245,,240\nReLU,2,0,1,120\n";
        assert_eq!(csv, expected);
    }

    #[test]
    fn one_depth_makes_no_figure() {
        let dir = tempfile::tempdir().unwrap();
        let report = dir.path().join("report");
        assert_eq!(
            write_needed(&[point("a", 2, 1, Some(2)), point("b", 3, 1, Some(2))], "", &report).unwrap(),
            None
        );
        assert!(!report.exists());
    }
}
