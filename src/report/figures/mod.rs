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
use crate::stats::{CONFIDENCE, select_quantile};
use crate::study::table::CellRecord;

/// Points of single seeds in a figure at most, all networks together.
const CLOUD: usize = 1200;
/// Lines up to which each has the points of its seeds.
const FEW: usize = 4;
/// Lines up to which each has its band too: more would lie on each other.
const SHADED: usize = 3;
/// What the only line of a figure is called.
const ALONE: &str = "measured";

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
    all.push(time::seconds(study, &lines));
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

    /// Whether there are so few lines that each can have the points of its seeds.
    fn few(&self) -> bool {
        self.all.len() <= FEW
    }

    /// Whether each can have its band.
    fn shaded(&self) -> bool {
        self.all.len() <= SHADED
    }

    /// What the figures of medians show.
    fn median_note(&self) -> String {
        let band = if self.shaded() { "; shaded: the middle half of the seeds" } else { "" };
        format!("markers: median over seeds; error bars: its {:.0} % interval{band}", 100.0 * CONFIDENCE)
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
        if self.shaded() { self.all.iter().map(band).collect() } else { Vec::new() }
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
        let label = axis_label(self.axis(), self);
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
        let note = String::new();
        Chart { name, title, of, about, note, x: self.x(), y, series, marks: self.marks() }
    }

    /// What all networks have in common.
    fn setting(&self) -> String {
        let Some(first) = self.all.first() else { return String::new() };
        let rule = |s: &Section| s.setting.cell.normalize.clone();
        let common = rule(first.section);
        let mut parts: Vec<String> = match &self.analysis.sections[..] {
            [one] => describe(&one.setting).into_iter().take(2).flatten().collect(),
            all if common != "none" && all.iter().all(|s| rule(s) == common) => {
                vec![format!("points on the {common}")]
            }
            _ => Vec::new(),
        };
        let fields =
            [Field::Activation, Field::Depth, Field::Outputs, Field::Schedule, Field::Width].into_iter();
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

/// What stands below an axis.
fn axis_label(axis: Axis, lines: &Lines) -> String {
    let mut schedules: Vec<_> =
        lines.points().filter(|p| p.cell.m.is_some()).map(|p| p.cell.schedule.as_deref()).collect();
    schedules.sort_unstable();
    schedules.dedup();
    match (axis, &schedules[..]) {
        (Axis::Depth, _) => "depth l (weight matrices)",
        (Axis::Outputs, _) => "number of outputs m_l",
        (Axis::Points, _) => "number of points n",
        (Axis::Delta, _) => "Δ = b²/(a²+b²) of the activation a·s + b·|s|",
        (Axis::Width, [Some("constant")]) => "width m of the hidden layers (neurons)",
        (Axis::Width, [Some("linear")]) => "m (neurons), widths m_k = k·m",
        (Axis::Width, [Some("quadratic")]) => "m (neurons), widths m_k = k²·m",
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
    let mut parts: Vec<String> =
        fields.into_iter().filter(differs).filter_map(|f| f.words(&line.cell)).collect();
    parts.extend(setting_label(&lines.iter().map(|(s, _)| *s).collect::<Vec<_>>(), section));
    if parts.is_empty() { ALONE.into() } else { parts.join(", ") }
}

/// What tells the setting of a section from those of the others: the data say how many points there are, and the
/// sampler tells only sections apart that differ in nothing else.
fn setting_label(sections: &[&Section], section: &Section) -> Vec<String> {
    let all: Vec<_> = sections.iter().map(|s| describe(&s.setting)).collect();
    let own = describe(&section.setting);
    let differs = |i: usize| all.iter().any(|s| s[i] != own[i]);
    let only = |i: usize| all.iter().any(|s| (0..own.len()).all(|j| (s[j] != own[j]) == (i == j)));
    let shown = |i: &usize| if *i == DATA { differs(*i) } else { only(*i) };
    let data: Vec<&str> = sections.iter().map(|s| s.setting.data.as_str()).collect();
    let rule = &section.setting.cell.normalize;
    let mut name = short_name(&data, &section.setting.data);
    if sections.iter().any(|s| s.setting.cell.normalize != *rule) {
        name += &if rule == "none" { ", rows as they are".to_owned() } else { format!(" on the {rule}") };
    }
    let text = |i: usize| if i == DATA { Some(name.clone()) } else { own[i].clone() };
    (0..own.len()).filter(shown).filter_map(text).collect()
}

/// Characters of the name of a data set in a legend, where so many tell it from the others.
const NAME: usize = 24;

/// A name of a data set that tells it from the others: all of it where it is short; else its kind and as many of its
/// properties as have room, or the end of a path from a folder on.
fn short_name(all: &[&str], own: &str) -> String {
    let forms = |name: &str| -> Vec<String> {
        let cut: Vec<usize> = match name.split_once(':') {
            Some((kind, _)) if !kind.contains('/') => {
                let commas = name.match_indices(',').map(|(at, _)| at);
                std::iter::once(kind.len()).chain(commas).collect()
            }
            _ => {
                let folders = name.rmatch_indices('/').map(|(at, _)| at + 1);
                return folders.map(|at| name[at..].to_owned()).chain([name.to_owned()]).collect();
            }
        };
        cut.into_iter().map(|at| name[..at].to_owned()).chain([name.to_owned()]).collect()
    };
    if own.chars().count() <= NAME {
        return own.to_owned();
    }
    let others: Vec<String> = all.iter().filter(|name| **name != own).flat_map(|name| forms(name)).collect();
    let mut apart = forms(own).into_iter().filter(|form| !others.contains(form));
    let Some(first) = apart.next() else { return own.to_owned() };
    // The longest that has room, of those that tell it apart.
    apart.take_while(|form| form.chars().count() <= NAME).last().unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_data_sets_are_short_and_tell_them_apart() {
        let sphere = |seed: u32| format!("sphere:n=16,dim=3,seed={seed}0000");
        let [one, two] = [sphere(1), sphere(2)];
        for (all, own, name) in [
            (
                vec!["digits:n=16", "sphere:n=16,dim=3,seed=1"],
                "sphere:n=16,dim=3,seed=1",
                "sphere:n=16,dim=3,seed=1",
            ),
            (vec!["digits:n=16", &one], one.as_str(), "sphere:n=16,dim=3"),
            (vec![&two, &one], one.as_str(), "sphere:n=16,dim=3,seed=10000"),
            (
                vec!["/home/someone/a/points.npy", "/home/someone/b/rows.npy"],
                "/home/someone/b/rows.npy",
                "b/rows.npy",
            ),
            (
                vec!["/home/someone-else/a/points.npy", "/home/someone-else/b/points.npy"],
                "/home/someone-else/b/points.npy",
                "b/points.npy",
            ),
        ] {
            let found = short_name(&all, own);
            assert!(found == name || (own.len() <= NAME && found == own), "{found} of {own} in {all:?}");
        }
    }
}
