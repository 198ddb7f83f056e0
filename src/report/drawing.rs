//! A chart as what the renderer takes: axes and curves by the renderer, ticks, legend and note by ourselves, so that
//! every number of an axis is whole and no text lies on another.

use std::io;
use std::sync::Arc;

use kuva::plot::scatter::MarkerShape;
use kuva::plot::{LinePlot, LineStyle, ScatterPlot};
use kuva::prelude::{Layout, Plot, TickFormat};
use kuva::render::annotations::TextAnnotation;
use kuva::render::layout::ComputedLayout;
use kuva::render::render::{Primitive, Scene};

use super::chart::{Chart, Dot, Look, Scale, Series};
use super::figure::Figure;
use super::frame::{Frame, GREY, colour, marker};
use super::legend;
use super::ticks::{Ticks, linear_range, log_range, width_of};
use crate::units::counted;

/// Points of curves that a drawing has at most: more would be a stripe, and each is some lines of the page.
const POINTS: usize = 300;

/// Length of a tick without a number.
const MINOR: f64 = 3.0;

impl Chart {
    /// With so many points of curves at most, each from end to end; and how many of how many a curve has then, where
    /// points are left out. Steps and single samples were counted when they were made.
    fn thinned(&self, most: usize) -> (Self, Option<(usize, usize)>) {
        let curve = |s: &&Series| matches!(s.look, Look::Measured | Look::Theory | Look::Band);
        let measured = || self.series.iter().filter(|s| s.look == Look::Measured);
        let longest = measured().map(|s| s.dots.len()).max().unwrap_or(0);
        let room = (most / measured().count().max(1)).max(3);
        if longest <= room {
            return (self.clone(), None);
        }
        let mut thin = self.clone();
        for series in thin.series.iter_mut().filter(|s| curve(&&**s)) {
            let count = series.dots.len();
            if count > room {
                let kept = (0..room).map(|i| i * (count - 1) / (room - 1));
                series.dots = kept.map(|i| series.dots[i].clone()).collect();
            }
        }
        (thin, Some((room, longest)))
    }

    /// As what is shown and written.
    pub(super) fn figure(self) -> io::Result<Figure> {
        let (drawn, shown) = self.thinned(POINTS);
        let [svg, narrow] = [Frame::PAGE, Frame::PHONE].map(|frame| drawn.svg(&frame));
        let csv = self.csv()?;
        let mut about = self.about;
        if let Some((shown, of)) = shown {
            about += &format!(
                " Of curves of up to {}, {shown} of each are drawn, evenly chosen; the CSV has all.",
                counted(of, "point")
            );
        }
        Ok(Figure { name: self.name, title: self.title, about, svg, narrow, csv })
    }

    /// As SVG text, the same for the same numbers.
    pub(super) fn svg(&self, frame: &Frame) -> String {
        super::svg::text(&self.scene(frame))
    }

    /// As what a renderer takes.
    fn scene(&self, frame: &Frame) -> Scene {
        let mut plots: Vec<Plot> = Vec::new();
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
        let mut layout = self.layout(frame, x, y);
        for &(at, words) in &self.marks {
            let ends =
                LinePlot::new().with_data([(at, y.0), (at, y.1)]).with_color(GREY).with_stroke_width(0.8);
            plots.push(ends.with_line_style(LineStyle::Custom("1 3".into())).into());
            // Within the strip, on either kind of axis.
            let up = if self.y.log { y.0 * (y.1 / y.0).powf(0.03) } else { y.0 + 0.03 * (y.1 - y.0) };
            layout = layout.with_annotation(TextAnnotation::new(words, at, up).with_font_size(13));
        }
        let place = ComputedLayout::from_layout(&layout);
        let mut scene = kuva::render::render::render_multiple(plots, layout);
        self.minor_ticks(&mut scene, &place, x, y);
        legend::add(&mut scene, self, frame, place.margin_left);
        scene
    }

    /// Axes with their numbers, and margins in which these have room.
    fn layout(&self, frame: &Frame, x: (f64, f64), y: (f64, f64)) -> Layout {
        let layout = Layout::new(x, y)
            .with_x_axis_min(x.0)
            .with_x_axis_max(x.1)
            .with_y_axis_min(y.0)
            .with_y_axis_max(y.1)
            .with_width(frame.size.0)
            .with_height(frame.size.1)
            .with_title(self.title.clone())
            .with_title_size(16)
            .with_title_wrap(frame.title)
            .with_subtitle(self.of.clone())
            .with_subtitle_size(12)
            .with_subtitle_wrap(frame.subtitle)
            .with_label_size(frame.label)
            .with_tick_size(13)
            .with_body_size(13)
            .with_x_label(self.x.label.clone())
            .with_x_label_wrap(frame.x_label)
            .with_y_label(self.y.label.clone());
        let layout = match (self.x.log, self.y.log) {
            (true, true) => layout.with_log_scale(),
            (true, false) => layout.with_log_x(),
            (false, true) => layout.with_log_y(),
            (false, false) => layout,
        };
        let place = ComputedLayout::from_layout(&layout);
        let [mut ticks_x, ticks_y] = [Ticks::of(x, self.x.log), Ticks::of(y, self.y.log)];
        ticks_x.thin(|v| place.map_x(v));
        // The renderer leaves room for numbers as it would write them, which may be shorter than ours.
        let wider = (ticks_y.widest() - place.y_tick_label_px).max(0.0);
        let end = frame.size.0 - place.margin_right;
        let over = |(v, text): &(f64, String)| place.map_x(*v) + 0.5 * width_of(text) - end + 6.0;
        let right = ticks_x.texts().iter().map(over).fold(place.margin_right, f64::max);
        let format = |ticks: Ticks| TickFormat::Custom(Arc::new(move |v| ticks.text(v)));
        layout
            .with_x_tick_format(format(ticks_x))
            .with_y_tick_format(format(ticks_y))
            .with_force_margins(place.margin_left + wider, right)
            .with_y_label_offset(-wider, 0.0)
    }

    /// The ticks between the numbers of logarithmic axes, which show that they are.
    fn minor_ticks(&self, scene: &mut Scene, place: &ComputedLayout, x: (f64, f64), y: (f64, f64)) {
        let (left, foot) = (place.margin_left, place.height - place.margin_bottom);
        let mut line = |x1: f64, y1: f64, x2: f64, y2: f64| {
            let (stroke, stroke_width, stroke_dasharray) = ("#000000".into(), 0.8, None);
            scene.add(Primitive::Line { x1, y1, x2, y2, stroke, stroke_width, stroke_dasharray });
        };
        for at in Ticks::between(x, self.x.log).into_iter().map(|v| place.map_x(v)) {
            line(at, foot, at, foot + MINOR);
        }
        for at in Ticks::between(y, self.y.log).into_iter().map(|v| place.map_y(v)) {
            line(left - MINOR, at, left, at);
        }
    }

    fn drawn(&self, series: &Series) -> Vec<Plot> {
        let (colour, marker) = (colour(series), marker(series));
        let points = || series.dots.iter().map(|d| (d.x, d.y));
        let line =
            |width: f64| LinePlot::new().with_data(points()).with_color(colour).with_stroke_width(width);
        let dashes = |text: &str| LineStyle::Custom(text.into());
        let marks = |size: f64| ScatterPlot::new().with_data(points()).with_color(colour).with_size(size);
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
}
