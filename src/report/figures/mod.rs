//! The figures of a study, each from stored rows only: what is plotted, against what, beside which theory.
//!
//! | file | figure |
//! | --- | --- |
//! | `deviation` | ‖K−K∞‖/‖K∞‖ along the axis of the report, all seeds, beside the exact spread of K(x,x); the constant of the bound; \|s\| : φ |
//! | `law` | how the deviation is distributed: tails with the level 1/m, histograms |
//! | `layers` | errors of every layer beside published ones, where the study kept them |
//! | `independence` | the cost of independent gradients along the axis and by the angle of a pair, where the study kept it |
//! | `spread` | the spread of tr K beside the exact one of K(x,x) |
//! | `spectrum` | least eigenvalue and condition number of K/n beside those of K∞/n; all eigenvalues where the study kept them |
//! | `time` | seconds a seed |

mod deviation;
mod independence;
mod law;
mod layers;
mod spectrum;
mod spread;
mod time;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use super::analysis::{Analysis, Line, Point, Section};
use super::axis::{Axis, Field};
use super::chart::{Chart, Dot, Look, Scale, Series};
use super::figure::Figure;
use super::headings::{DATA, describe};
use super::summary::{CellSummary, StudySummary};
use crate::stats::select_quantile;
use crate::study::table::CellRecord;

/// Points of single seeds in a figure at most, all networks together.
const CLOUD: usize = 1200;
/// Lines up to which each has its band and the points of its seeds.
const FEW: usize = 4;

/// All figures for which there are numbers, the main one first.
pub fn figures(study: &StudySummary, analysis: &Analysis) -> io::Result<Vec<Figure>> {
    charts(study, analysis).into_iter().map(Chart::figure).collect()
}

/// The main figure as characters, so many columns wide; None where there is nothing to plot.
pub fn plot(study: &StudySummary, analysis: &Analysis, columns: usize) -> Option<String> {
    let chart = deviation::main(&Lines::of(study, analysis))?;
    Some(super::characters::plot(&chart, columns))
}

fn charts(study: &StudySummary, analysis: &Analysis) -> Vec<Chart> {
    let lines = Lines::of(study, analysis);
    let mut all = vec![
        deviation::main(&lines),
        law::tails(&lines),
        law::histograms(&lines),
        deviation::constants(&lines),
        deviation::ratios(&lines),
        spread::spreads(&lines),
        spectrum::least(&lines),
        spectrum::condition(&lines),
        spectrum::spectra(&lines),
        independence::independence(&lines),
        independence::angles(&lines),
    ];
    all.extend(layers::layers(&lines).into_iter().map(Some));
    all.push(time::seconds(study));
    all.into_iter().flatten().filter_map(Chart::drawable).collect()
}

/// Everything that figures along the axis of a report share.
struct Lines<'a> {
    analysis: &'a Analysis,
    all: Vec<Curve<'a>>,
    samples: HashMap<*const CellRecord, &'a CellSummary>,
}

/// A line with what it is called.
struct Curve<'a> {
    section: &'a Section,
    line: &'a Line,
    label: String,
    /// Index of its colour.
    colour: usize,
}

impl<'a> Lines<'a> {
    fn of(study: &'a StudySummary, analysis: &'a Analysis) -> Self {
        let pairs: Vec<(&Section, &Line)> =
            analysis.sections.iter().flat_map(|s| s.lines.iter().map(move |l| (s, l))).collect();
        let named = |(colour, &(section, line)): (usize, &(&'a Section, &'a Line))| Curve {
            section,
            line,
            label: label(analysis.axis, &pairs, section, line),
            colour,
        };
        let samples = study.cells.iter().map(|c| (Arc::as_ptr(&c.cell), c)).collect();
        Self { analysis, all: pairs.iter().enumerate().map(named).collect(), samples }
    }

    fn axis(&self) -> Axis {
        self.analysis.axis
    }

    /// The samples of a point.
    fn samples(&self, point: &Point) -> Option<&'a CellSummary> {
        self.samples.get(&Arc::as_ptr(&point.cell)).copied()
    }

    fn points(&self) -> impl Iterator<Item = &'a Point> {
        self.all.iter().flat_map(|c| &c.line.points)
    }

    /// Whether there are so few lines that each can have its band and the points of its seeds.
    fn few(&self) -> bool {
        self.all.len() <= FEW
    }

    /// A curve over the points of a line; what has no place on the axis is left out.
    fn series(&self, curve: &Curve, look: Look, named: bool, dot: impl Fn(&Point) -> Option<Dot>) -> Series {
        let place = |p: &Point| {
            let x = self.axis().value(&p.cell)?;
            Some(Dot { x, cell: Some(Arc::clone(&p.cell)), ..dot(p)? })
        };
        Series {
            label: curve.label.clone(),
            look,
            colour: curve.colour,
            named,
            dots: curve.line.points.iter().filter_map(place).collect(),
        }
    }

    /// The middle half of a statistic over seeds, shaded, where there are few lines.
    fn halves(&self, statistic: fn(&crate::study::table::Statistics) -> f64) -> Vec<Series> {
        let band = |curve: &Curve| {
            self.series(curve, Look::Band, false, |p| {
                let mut column = self.samples(p)?.column(statistic);
                column.retain(|v| v.is_finite());
                let mut at = |q| select_quantile(&mut column, q);
                Some(Dot { y: at(0.5)?, low: at(0.25), high: at(0.75), ..Dot::default() })
            })
        };
        if self.few() { self.all.iter().map(band).collect() } else { Vec::new() }
    }

    /// A statistic of single seeds, the first of every cell, where there are few lines; and how many of how many.
    fn cloud(&self, statistic: fn(&crate::study::table::Statistics) -> f64) -> (Vec<Series>, usize, usize) {
        let cells = self.points().count().max(1);
        let shown = (CLOUD / cells).max(4);
        let most = self.points().map(|p| p.seeds).max().unwrap_or(0);
        if !self.few() {
            return (Vec::new(), 0, most);
        }
        let cloud = |curve: &Curve| {
            let of = |p: &Point| {
                let (x, cell) = (self.axis().value(&p.cell), self.samples(p));
                let cell = cell.zip(x).map(|(cell, x)| (cell, x, Arc::clone(&p.cell)));
                cell.into_iter().flat_map(move |(cell, x, record)| {
                    let seeds = cell.seeds.iter().zip(&cell.samples).take(shown);
                    seeds.map(move |(&seed, sample)| Dot {
                        x,
                        y: statistic(sample),
                        seeds: Some(seed),
                        cell: Some(Arc::clone(&record)),
                        ..Dot::default()
                    })
                })
            };
            Series {
                label: curve.label.clone(),
                look: Look::Samples,
                colour: curve.colour,
                named: false,
                dots: curve.line.points.iter().flat_map(of).collect(),
            }
        };
        (self.all.iter().map(cloud).collect(), shown.min(most), most)
    }

    /// The axis along which lines go.
    fn x(&self) -> Scale {
        let label = x_label(self);
        let linear = self.axis() == Axis::Delta;
        Scale { label, log: !linear, ends: linear.then_some((-0.07, 1.07)) }
    }

    /// Where on the axis known activations stand.
    fn marks(&self) -> Vec<(f64, &'static str)> {
        match self.axis() {
            Axis::Delta => vec![(0.0, "linear"), (0.5, "ReLU"), (1.0, "|s|")],
            _ => Vec::new(),
        }
    }

    /// A figure along the axis.
    fn chart(&self, name: &'static str, title: &str, about: String, y: Scale, series: Vec<Series>) -> Chart {
        let title = format!("{}: {title}", super::layout::shortened(&self.analysis.name, 32));
        let of = self.setting();
        Chart { name, title, of, about, x: self.x(), y, series, marks: self.marks() }
    }

    /// What all networks have in common.
    fn setting(&self) -> String {
        let Some(first) = self.all.first() else { return String::new() };
        let mut parts: Vec<String> = match self.analysis.sections.len() {
            1 => describe(&first.section.setting).into_iter().take(2).flatten().collect(),
            _ => Vec::new(),
        };
        let fields = [Field::Depth, Field::Outputs, Field::Schedule, Field::Width].into_iter();
        for field in fields.filter(|f| !self.axis().fields().contains(f)) {
            if !field.varies(self.points().map(|p| &*p.cell)) {
                parts.extend(self.points().find_map(|p| field.words(&p.cell)));
            }
        }
        let most = self.points().map(|p| p.seeds).max().unwrap_or(0);
        let seeds = crate::units::counted(most, "seed");
        parts.push(if self.points().all(|p| p.seeds == most) { seeds } else { format!("up to {seeds}") });
        parts.join(", ")
    }
}

fn x_label(lines: &Lines) -> String {
    let mut schedules: Vec<_> =
        lines.points().filter(|p| p.cell.m.is_some()).map(|p| p.cell.schedule.as_deref()).collect();
    schedules.sort_unstable();
    schedules.dedup();
    match (lines.axis(), &schedules[..]) {
        (Axis::Depth, _) => "depth l (weight matrices)",
        (Axis::Outputs, _) => "number of outputs m_l",
        (Axis::Points, _) => "number of points n",
        (Axis::Delta, _) => "Δ = b²/(a²+b²) of the activation a·s + b·|s|",
        (Axis::Width, [Some("constant")]) => "width m of the hidden layers (neurons)",
        (Axis::Width, [Some("linear")]) => "m (neurons), hidden widths m_k = k·m",
        (Axis::Width, [Some("quadratic")]) => "m (neurons), hidden widths m_k = k²·m",
        (Axis::Width, [None]) => "narrowest hidden width (neurons)",
        (Axis::Width, _) => "m (neurons), hidden widths by the schedule",
    }
    .to_owned()
}

/// The activation, and what else tells the lines of a figure apart.
fn label(axis: Axis, lines: &[(&Section, &Line)], section: &Section, line: &Line) -> String {
    let fields = [Field::Activation, Field::Schedule, Field::Depth, Field::Outputs, Field::Width];
    let differs =
        |f: &Field| !axis.fields().contains(f) && f.varies(lines.iter().map(|(_, line)| &*line.cell));
    let mut parts: Vec<String> = fields
        .into_iter()
        .filter(|f| differs(f) || (*f == Field::Activation && axis != Axis::Delta))
        .filter_map(|f| f.words(&line.cell))
        .collect();
    parts.extend(setting_label(&lines.iter().map(|(s, _)| *s).collect::<Vec<_>>(), section));
    if parts.is_empty() { "median over seeds".into() } else { parts.join(", ") }
}

/// What tells the setting of a section from those of the others: the data say how many points there are, and the sampler
/// tells only sections apart that differ in nothing else.
fn setting_label(sections: &[&Section], section: &Section) -> Vec<String> {
    let all: Vec<_> = sections.iter().map(|s| describe(&s.setting)).collect();
    let own = describe(&section.setting);
    let differs = |i: usize| all.iter().any(|s| s[i] != own[i]);
    let only = |i: usize| all.iter().any(|s| (0..own.len()).all(|j| (s[j] != own[j]) == (i == j)));
    let shown = |i: &usize| if *i == DATA { differs(*i) } else { only(*i) };
    let short = |text: String| super::layout::shortened(&text, 36);
    (0..own.len()).filter(shown).filter_map(|i| own[i].clone().map(short)).collect()
}
