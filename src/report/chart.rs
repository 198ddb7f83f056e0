//! A figure as data: curves on two axes, drawn by `drawing.rs` and written as CSV here, so that what is drawn and
//! what is written are the same numbers.

use std::io;
use std::sync::Arc;

use crate::study::table::CellRecord;

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
    /// What markers, error bars and shades are, in the drawing itself.
    pub(super) note: String,
    pub(super) x: Scale,
    pub(super) y: Scale,
    pub(super) series: Vec<Series>,
    /// Words at a place of the horizontal axis, with a line.
    pub(super) marks: Vec<(f64, &'static str)>,
}

impl Chart {
    /// With what its markers, error bars and shades are.
    pub(super) fn noted(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

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
