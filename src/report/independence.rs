//! What the gradient independence assumption costs: Proposition 17 of arXiv 2501.14724, by width and by the angle of a
//! pair.

use super::analysis::{Analysis, Line, Point, Section};
use super::axis::Axis;
use super::claim::{Claim, Held, named};
use super::cost::Cost;
use super::found::Found;
use super::headings::{Fields, Labels, percent};
use super::layout::{Layout, paragraph};
use super::text::{Align, estimate, interval, significant};
use crate::independence::{LEVEL, Mean, Nearest, Samples};
use crate::stats::{Centre, Interval, SeedTable, exponent, holm};
use crate::units::counted;

/// Two claims for each line along the width.
///
/// - The cost falls as 1/m, nearer to -1 than to the -1/2 of K itself: an order, which a 95 % bootstrap interval of the
///   exponent agrees with or does not.
/// - The mean of an entry of K − K_gia is at most its bound, at every width and for pairs of every angle up to opposite
///   ones: the bound has cosines of hidden activations, so that nothing grows there. This one has its constant, and can
///   be contradicted. Judged where the interval reaches furthest, all intervals at once.
pub(super) fn independence_claims(analysis: &Analysis, section: &Section) -> Vec<Claim> {
    let labels = Labels::of(Axis::Width, &section.lines.iter().map(|line| &line.cell).collect::<Vec<_>>());
    let of = |line: &Line| {
        let points: Vec<(f64, &Cost)> = line
            .points
            .iter()
            .filter_map(|p| Some((Axis::Width.value(&p.cell)?, p.cost.as_ref()?)))
            .collect();
        if points.len() < 2 || analysis.axis != Axis::Width {
            return Vec::new();
        }
        let who = named(analysis, section, &labels, &line.cell);
        [Some(falls(&who, &points)), under_the_bound(&who, &points)].into_iter().flatten().collect()
    };
    section.lines.iter().flat_map(of).collect()
}

fn falls(who: &str, points: &[(f64, &Cost)]) -> Claim {
    let x: Vec<f64> = points.iter().map(|(m, _)| *m).collect();
    let rows: Vec<(&[u64], &[f64])> = points
        .iter()
        .map(|(_, cost)| (cost.samples.seeds.as_slice(), cost.samples.relative.as_slice()))
        .collect();
    let found = Found::from(exponent(&x, &SeedTable::joint(&rows), Centre::Median).as_ref());
    let statement =
        format!("{who}: exponent in m of the median of ‖K−K_gia‖/‖K∞‖, gradients drawn as if independent");
    Claim::new(statement, "at most -3/4: as 1/m, not as m^(-1/2)", found, Held::Order(-0.75)).of("C Prop. 17")
}

fn under_the_bound(who: &str, points: &[(f64, &Cost)]) -> Option<Claim> {
    let samples: Vec<(u64, &Samples)> = points.iter().map(|(m, cost)| (*m as u64, &cost.samples)).collect();
    let nearest = Nearest::of(&samples)?;
    let found = Found::from(&nearest);
    let statement = format!("{who}: |mean of an entry of K−K_gia| over its bound, {}", place(&nearest));
    Some(
        Claim::new(statement, "at most 1, at any angle", found, Held::Within(None, Some(1.0)))
            .of("C Prop. 17"),
    )
}

/// Which of how many groups of pairs and widths.
fn place(nearest: &Nearest) -> String {
    format!(
        "nearest of {} by angle and width (m = {}, angles {})",
        counted(nearest.groups, "mean"),
        nearest.m,
        angles(nearest.angles)
    )
}

fn angles([from, to]: [f64; 2]) -> String {
    if to - from < 5e-4 { format!("{from:.3}") } else { format!("{from:.3} to {to:.3}") }
}

impl From<&Nearest> for Found {
    fn from(nearest: &Nearest) -> Self {
        let Interval { low, high } = nearest.interval.unwrap_or(Interval { low: None, high: None });
        Self { value: Some(nearest.ratio), low, high }
    }
}

impl From<&Mean> for Found {
    fn from(mean: &Mean) -> Self {
        let Interval { low, high } = mean.interval.unwrap_or(Interval { low: None, high: None });
        Self { value: Some(mean.value), low, high }
    }
}

fn costs(section: &Section) -> impl Iterator<Item = (&Point, &Cost)> {
    section.lines.iter().flat_map(|l| &l.points).filter_map(|p| Some((p, p.cost.as_ref()?)))
}

/// Of every cell the cost, the medians of both deviations, and whether their laws are told apart; nothing where no
/// study asked for it.
pub(super) fn by_cell(section: &Section, fields: &Fields, room: usize) -> String {
    let title = "Independent gradients, medians of operator norms over n; p of one law of both deviations (exact test, \
        adjusted for all rows of this table):";
    let apart = apart(section).map_or(String::new(), |apart| paragraph("", &apart, room));
    let shown = |layout: Layout| paragraph("", title, room) + &layout.text(room) + &apart;
    layout_by_cell(section, fields).map_or(String::new(), shown)
}

/// p of every cell that was tested.
fn tested(section: &Section) -> Vec<f64> {
    costs(section).filter_map(|(_, cost)| cost.found.laws.map(|laws| laws.p_value)).collect()
}

/// In how many rows the two laws are told apart; None where nothing was tested.
pub(super) fn apart(section: &Section) -> Option<String> {
    let tested = tested(section);
    let below = holm(&tested).iter().filter(|p| **p <= LEVEL).count();
    let rows = counted(below, "row");
    match (tested.len(), below) {
        (0, _) => None,
        (_, 0) => Some(format!("No row tells the two laws apart at level {LEVEL}.")),
        (all, _) => Some(format!("In {rows} of {all} the two laws are told apart at level {LEVEL}.")),
    }
}

/// The table of it.
pub(super) fn layout_by_cell(section: &Section, fields: &Fields) -> Option<Layout> {
    costs(section).next()?;
    let mut adjusted = holm(&tested(section)).into_iter();
    let mut layout = fields
        .layout()
        .group([("K−K_gia : K∞", Align::Right), (&percent(), Align::Left)])
        .group([("K−K∞", Align::Right), ("K_gia−K∞", Align::Right), ("p", Align::Right)]);
    for line in &section.lines {
        for (i, point) in line.points.iter().enumerate() {
            let Some(Cost { found, .. }) = &point.cost else { continue };
            let p = found.laws.and_then(|_| adjusted.next());
            let mut row = fields.row(&point.cell, i == 0);
            row.extend(estimate(found.relative.as_ref()));
            row.extend([&found.deviation, &found.independent].map(|q| {
                let [value, _] = estimate(q.as_ref());
                value
            }));
            row.push(p.map_or("-".into(), |p| format!("{p:.4}")));
            layout.push(row);
        }
    }
    Some(layout)
}

/// Of every cell the mean of an entry of K − K_gia by the angle of a pair, beside its bound.
pub(super) fn by_angle(section: &Section, fields: &Fields, room: usize) -> String {
    if costs(section).all(|(_, cost)| cost.found.groups.is_empty()) {
        return String::new();
    }
    let percent = percent();
    let mut layout = fields
        .layout()
        .group([("angle", Align::Left), ("pairs", Align::Right)])
        .group([("mean", Align::Right), (&percent, Align::Left)])
        .group([("size", Align::Right), ("bound", Align::Right)]);
    for (point, cost) in costs(section) {
        let name = fields.row(&point.cell, true);
        for (i, group) in cost.found.groups.iter().enumerate() {
            let mut row = if i == 0 { name.clone() } else { vec![String::new(); name.len()] };
            row.extend([
                angles(group.angles),
                group.pairs.to_string(),
                significant(group.difference.value, 3),
                group.difference.interval.as_ref().map_or("-".into(), interval),
                significant(group.size, 3),
                significant(group.bound, 3),
            ]);
            layout.push(row);
        }
    }
    let title = "Entries of K−K_gia by the angle of a pair: mean, mean magnitude, and Proposition 17's bound of the \
        mean:";
    paragraph("", title, room) + &layout.text(room)
}
