//! A figure as data: curves on two axes, drawn as SVG by one piece of code and written as CSV by another, so that what is
//! drawn and what is written are the same numbers.

use std::io;
use std::sync::Arc;

use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::plot::scatter::MarkerShape;
use kuva::plot::{LinePlot, LineStyle, ScatterPlot};
use kuva::prelude::{Layout, Plot, TickFormat};
use kuva::render::annotations::TextAnnotation;
use kuva::render::render::Scene;

use super::figure::Figure;
use super::ticks::{linear_range, log_range, tick};
use crate::study::table::CellRecord;

/// Colours that stay apart for the colour-blind and in print (Okabe and Ito 2008), yellow left out.
const COLOURS: [&str; 7] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"];
/// Of guides.
const GREY: &str = "#777777";
/// Markers of the first round of colours, the second, and so on.
const MARKERS: [MarkerShape; 4] =
    [MarkerShape::Circle, MarkerShape::Square, MarkerShape::Triangle, MarkerShape::Diamond];
/// Width of a figure, and height of its axes with their labels.
const SIZE: (f64, f64) = (720.0, 500.0);
/// Characters of a line of the title that the figure has room for.
const TITLE: usize = 74;
/// And of a line of what is below it.
const SUBTITLE: usize = 100;
/// Characters of a label of the legend.
const LABEL: usize = 84;

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// What was measured: markers on a line, with error bars where there are limits.
    Measured,
    /// The stretch between two numbers, shaded.
    Band,
    /// Single samples, faint.
    Samples,
    /// What theory says of the same networks: dashed.
    Theory,
    /// A grey dotted line of a known slope, or a level.
    Guide,
    /// A step function.
    Steps,
    /// Markers alone.
    Marks,
    /// What others published of the same networks: large diamonds.
    Published,
}

impl Look {
    /// The word for it in the CSV.
    fn word(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Band => "band",
            Self::Samples => "sample",
            Self::Theory => "theory",
            Self::Guide => "guide",
            Self::Steps => "steps",
            Self::Marks => "mark",
            Self::Published => "published",
        }
    }
}

/// A point of a curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Dot {
    pub(super) x: f64,
    pub(super) y: f64,
    /// The limits of its interval, None where open.
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    /// How many seeds it is of, or the seed that it is.
    pub(super) seeds: Option<u64>,
    /// The network that it is of.
    pub(super) cell: Option<Arc<CellRecord>>,
}

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Series {
    pub(super) label: String,
    pub(super) look: Look,
    /// Index of the colour: curves of one network have one.
    pub(super) colour: usize,
    /// Whether the legend names it.
    pub(super) named: bool,
    pub(super) dots: Vec<Dot>,
}

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) label: String,
    pub(super) log: bool,
    /// Its ends, where they do not follow from the points.
    pub(super) ends: Option<(f64, f64)>,
}

impl Scale {
    /// A logarithmic axis.
    pub(super) fn log(label: impl Into<String>) -> Self {
        Self { label: label.into(), log: true, ends: None }
    }
}

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chart {
    /// Behind the name of the study in the names of its files; empty for the main figure.
    pub(super) name: &'static str,
    pub(super) title: String,
    /// What all of it is of, below the title.
    pub(super) of: String,
    /// What is drawn, in sentences for the page.
    pub(super) about: String,
    pub(super) x: Scale,
    pub(super) y: Scale,
    pub(super) series: Vec<Series>,
    /// Words at a place of the horizontal axis, with a line.
    pub(super) marks: Vec<(f64, &'static str)>,
}

impl Chart {
    /// Whether a number has a place on an axis.
    fn shows(&self, dot: &Dot) -> bool {
        let fits = |scale: &Scale, v: f64| v.is_finite() && (!scale.log || v > 0.0);
        fits(&self.x, dot.x) && fits(&self.y, dot.y)
    }

    /// Leaves out what has no place on the axes, and curves of which nothing is left; None where nothing was measured.
    pub(super) fn drawable(mut self) -> Option<Self> {
        let series = std::mem::take(&mut self.series);
        for mut one in series {
            one.dots.retain(|dot| self.shows(dot));
            if !one.dots.is_empty() {
                self.series.push(one);
            }
        }
        let found =
            self.series.iter().any(|s| !matches!(s.look, Look::Theory | Look::Guide | Look::Published));
        found.then_some(self)
    }

    /// As what is shown and written.
    pub(super) fn figure(self) -> io::Result<Figure> {
        let (svg, csv) = (self.svg(), self.csv()?);
        Ok(Figure { name: self.name, title: self.title, about: self.about, svg, csv })
    }

    /// As SVG text, the same for the same numbers.
    pub(super) fn svg(&self) -> String {
        super::svg::text(&self.scene())
    }

    /// As what a renderer takes.
    pub(super) fn scene(&self) -> Scene {
        let mut plots: Vec<Plot> = Vec::new();
        let mut legend = Vec::new();
        // What is faint lies under what is not.
        let order = |s: &&Series| match s.look {
            Look::Band => 0,
            Look::Samples => 1,
            Look::Guide | Look::Theory => 2,
            Look::Measured | Look::Steps | Look::Marks | Look::Published => 3,
        };
        let mut sorted: Vec<&Series> = self.series.iter().collect();
        sorted.sort_by_key(order);
        sorted.iter().for_each(|s| plots.extend(self.drawn(s)));
        legend.extend(self.series.iter().filter(|s| s.named).map(entry));
        let (x, y) = (
            self.range(&self.x, |d| [Some(d.x), None, None]),
            self.range(&self.y, |d| [Some(d.y), d.low, d.high]),
        );
        // Words at the foot have a strip of their own.
        let y = match (self.marks.is_empty(), self.y.log) {
            (true, _) => y,
            (false, true) => (y.0 * (y.0 / y.1).powf(0.1), y.1),
            (false, false) => (y.0 - 0.1 * (y.1 - y.0), y.1),
        };
        let columns = columns(&legend);
        let rows = legend.len().div_ceil(columns) as f64;
        let mut layout = Layout::new(x, y)
            .with_x_axis_min(x.0)
            .with_x_axis_max(x.1)
            .with_y_axis_min(y.0)
            .with_y_axis_max(y.1)
            .with_tick_format(TickFormat::Custom(Arc::new(tick)))
            .with_width(SIZE.0)
            .with_height(SIZE.1 + 20.0 * rows)
            .with_title(self.title.clone())
            .with_title_size(16)
            .with_title_wrap(TITLE)
            .with_subtitle(self.of.clone())
            .with_subtitle_size(12)
            .with_subtitle_wrap(SUBTITLE)
            .with_label_size(15)
            .with_tick_size(13)
            .with_body_size(13)
            .with_x_label(self.x.label.clone())
            .with_y_label(self.y.label.clone())
            .with_legend_entries(legend)
            .with_legend_box(false)
            .with_legend_position(LegendPosition::OutsideBottomColumns)
            .with_legend_col_limit(columns);
        layout = match (self.x.log, self.y.log) {
            (true, true) => layout.with_log_scale(),
            (true, false) => layout.with_log_x(),
            (false, true) => layout.with_log_y(),
            (false, false) => layout,
        };
        for &(at, words) in &self.marks {
            let ends =
                LinePlot::new().with_data([(at, y.0), (at, y.1)]).with_color(GREY).with_stroke_width(0.8);
            plots.push(ends.with_line_style(LineStyle::Custom("1 3".into())).into());
            // Within the strip, on either kind of axis.
            let up = if self.y.log { y.0 * (y.1 / y.0).powf(0.03) } else { y.0 + 0.03 * (y.1 - y.0) };
            layout = layout.with_annotation(TextAnnotation::new(words, at, up).with_font_size(13));
        }
        kuva::render::render::render_multiple(plots, layout)
    }

    fn drawn(&self, series: &Series) -> Vec<Plot> {
        let colour = match series.look {
            Look::Guide => GREY,
            _ => COLOURS[series.colour % COLOURS.len()],
        };
        let points = || series.dots.iter().map(|d| (d.x, d.y));
        let line =
            |width: f64| LinePlot::new().with_data(points()).with_color(colour).with_stroke_width(width);
        let dashes = |text: &str| LineStyle::Custom(text.into());
        let marks = |size: f64| ScatterPlot::new().with_data(points()).with_color(colour).with_size(size);
        let marker = MARKERS[series.colour / COLOURS.len() % MARKERS.len()];
        match series.look {
            Look::Theory => vec![line(1.6).with_line_style(dashes("7 4")).into()],
            Look::Guide => vec![line(1.4).with_line_style(dashes("2 4")).into()],
            Look::Steps => vec![line(1.8).with_step().into()],
            Look::Samples => vec![marks(1.6).with_marker_opacity(0.28).into()],
            Look::Band => {
                let side =
                    |of: fn(&Dot) -> Option<f64>| series.dots.iter().map(move |d| of(d).unwrap_or(d.y));
                vec![line(0.0).with_band(side(|d| d.low), side(|d| d.high)).into()]
            }
            Look::Marks => vec![marks(4.5).with_marker(marker).into()],
            Look::Published => {
                vec![marks(7.0).with_marker(MarkerShape::Diamond).into()]
            }
            Look::Measured => {
                // On a logarithmic axis there is no place for an arm that reaches 0.
                let down = |d: &Dot| d.low.filter(|v| !self.y.log || *v > 0.0).map_or(0.0, |v| d.y - v);
                let arms = series.dots.iter().map(|d| (down(d), d.high.map_or(0.0, |v| v - d.y)));
                let arms: Vec<(f64, f64)> = arms.collect();
                vec![line(2.0).into(), marks(3.6).with_marker(marker).with_y_err_asymmetric(arms).into()]
            }
        }
    }

    /// The ends of an axis: its own, or round numbers about all that is drawn.
    fn range(&self, scale: &Scale, numbers: fn(&Dot) -> [Option<f64>; 3]) -> (f64, f64) {
        if let Some(ends) = scale.ends {
            return ends;
        }
        let all = self.series.iter().flat_map(|s| &s.dots).flat_map(numbers).flatten();
        let all = all.filter(|v| v.is_finite() && (!scale.log || *v > 0.0));
        if scale.log { log_range(all) } else { linear_range(all) }
    }

    /// As CSV: a row a point, floats in shortest round-trip form, empty where there is no number.
    pub(super) fn csv(&self) -> io::Result<Vec<u8>> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(COLUMNS)?;
        let number = |v: Option<f64>| v.map_or(String::new(), |v| v.to_string());
        for series in &self.series {
            for dot in &series.dots {
                let own = [
                    series.label.clone(),
                    series.look.word().into(),
                    dot.x.to_string(),
                    dot.y.to_string(),
                    number(dot.low),
                    number(dot.high),
                    dot.seeds.map_or(String::new(), |s| s.to_string()),
                ];
                csv.write_record(own.into_iter().chain(network(dot.cell.as_deref())))?;
            }
        }
        csv.into_inner().map_err(|e| io::Error::other(e.to_string()))
    }
}

/// Columns of the numbers of a figure: `seeds` is how many a point is of, of a sample its seed.
const COLUMNS: [&str; 19] = [
    "series",
    "kind",
    "x",
    "y",
    "low",
    "high",
    "seeds",
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
];

fn network(cell: Option<&CellRecord>) -> [String; 12] {
    let Some(cell) = cell else { return Default::default() };
    [
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
    ]
}

fn entry(series: &Series) -> LegendEntry {
    let marker = MARKERS[series.colour / COLOURS.len() % MARKERS.len()];
    let (shape, dashes) = match series.look {
        Look::Theory => (LegendShape::Line, Some("4 2")),
        Look::Guide => (LegendShape::Line, Some("2 2")),
        Look::Steps => (LegendShape::Line, None),
        Look::Samples => (LegendShape::CircleSize(2.0), None),
        Look::Band => (LegendShape::Rect, None),
        Look::Measured | Look::Marks => (LegendShape::Marker(marker), None),
        Look::Published => (LegendShape::Marker(MarkerShape::Diamond), None),
    };
    let colour = if series.look == Look::Guide { GREY } else { COLOURS[series.colour % COLOURS.len()] };
    LegendEntry {
        label: super::layout::shortened(&series.label, LABEL),
        color: colour.to_owned(),
        shape,
        dasharray: dashes.map(str::to_owned),
    }
}

/// Columns of the legend for which there is room.
fn columns(legend: &[LegendEntry]) -> usize {
    let longest = legend.iter().map(|e| e.label.chars().count()).max().unwrap_or(0) as f64;
    ((SIZE.0 - 110.0) / (40.0 + 8.0 * longest)).floor().clamp(1.0, 6.0) as usize
}
