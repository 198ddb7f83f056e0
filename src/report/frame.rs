//! How large a drawing is, and the colours and markers of its curves.

use kuva::plot::scatter::MarkerShape;

use super::chart::{Look, Series};

/// Colours that stay apart for the colour-blind and in print (Okabe and Ito 2008), yellow left out.
const COLOURS: [&str; 7] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"];
/// Of guides.
pub(super) const GREY: &str = "#777777";
/// Of what is of curves of several colours, in the legend.
pub(super) const ANY: &str = "#444444";
/// Markers of the first round of colours, the second, and so on.
const MARKERS: [MarkerShape; 4] =
    [MarkerShape::Circle, MarkerShape::Square, MarkerShape::Triangle, MarkerShape::Diamond];
/// How large a drawing is, and how much text a line of it takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    /// Width, and height of the axes with their labels.
    pub(super) size: (f64, f64),
    /// Characters of a line of the title.
    pub(super) title: usize,
    /// And of a line of what is below it.
    pub(super) subtitle: usize,
    /// And of a line of the legend and of the note.
    pub(super) line: usize,
    /// And of a line of the label of the horizontal axis.
    pub(super) x_label: usize,
    /// Size of the labels of the axes.
    pub(super) label: u32,
}

impl Frame {
    /// For a page and for paper.
    pub(super) const PAGE: Self =
        Self { size: (720.0, 470.0), title: 74, subtitle: 100, line: 84, x_label: 80, label: 15 };
    /// For a phone.
    pub(super) const PHONE: Self =
        Self { size: (380.0, 400.0), title: 34, subtitle: 46, line: 40, x_label: 36, label: 13 };
}

/// The colour of a curve.
pub(super) fn colour(series: &Series) -> &'static str {
    if series.look == Look::Guide { GREY } else { COLOURS[series.colour % COLOURS.len()] }
}

/// The marker of a curve.
pub(super) fn marker(series: &Series) -> MarkerShape {
    match series.look {
        Look::Published => MarkerShape::Diamond,
        _ => MARKERS[series.colour / COLOURS.len() % MARKERS.len()],
    }
}
