//! The claims about large deviations: how fast they become rare with the width.

use super::analysis::{Analysis, Line, Point, Section};
use super::axis::Axis;
use super::claim::{Claim, Held, growth, named};
use super::found::Found;
use super::headings::Labels;
use super::tails::MISSES;
use super::text::significant;
use crate::stats::normal_tail;

/// Three for each line along the width, of its narrowest and its widest network.
///
/// - Beyond a fixed threshold the theorem has 16·e^(-c·m): rarer than any power, so over so many times the width at
///   most that part of the share. The threshold is the least of [`super::tails::THRESHOLDS`]. Agrees where the
///   intervals of both shares, 97.5 % on each side, leave no other ratio.
/// - Beyond c·√(log m/m), at every m > 16, the probability is at most 16/m; judged where the interval reaches furthest
///   beyond. c is that of one diagonal entry, so that more than that says only that the theorem's c is larger, at this
///   width.
/// - The quantile at 1 − 1/m over the bound in full grows no more than a normal law would have it grow.
///
/// All three have a constant that no one knows, and none can be contradicted.
pub(super) fn tail_claims(analysis: &Analysis, section: &Section) -> Vec<Claim> {
    if analysis.axis != Axis::Width {
        return Vec::new();
    }
    let labels = Labels::of(Axis::Width, &section.lines.iter().map(|line| &line.cell).collect::<Vec<_>>());
    let of = |line: &Line| {
        let who = named(analysis, section, &labels, &line.cell);
        let [first, .., last] = line.points.as_slice() else { return Vec::new() };
        let claims = [fixed(first, last), moving(&line.points), rare(first, last)];
        let named = |claim: Claim| Claim { statement: format!("{who}: {}", claim.statement), ..claim };
        claims.into_iter().flatten().map(named).collect()
    };
    section.lines.iter().flat_map(of).collect()
}

fn m(point: &Point) -> Option<f64> {
    point.cell.limit.bound_m
}

fn fixed(first: &Point, last: &Point) -> Option<Claim> {
    let (near, far) = (first.tails.fixed.first()?, last.tails.fixed.first()?);
    let over = |a: Option<f64>, b: Option<f64>| Some(a? / b?).filter(|v| v.is_finite());
    let found = Found {
        value: over(Some(far.share), Some(near.share)),
        low: over(far.interval.low, near.interval.high),
        high: over(far.interval.high, near.interval.low),
    };
    let most = m(first)? / m(last)?;
    let statement =
        format!("P(‖K−K∞‖/‖K∞‖ > {}) at m = {} over that at m = {}", near.threshold, m(last)?, m(first)?);
    let prediction = format!("at most {}: rarer than 1/m", significant(most, 3));
    Some(Claim::new(statement, prediction, found, Held::Order(most)))
}

fn moving(points: &[Point]) -> Option<Claim> {
    let [misses, _] = MISSES;
    let most = |m: f64| misses / m;
    let all = points.iter().filter_map(|p| Some((m(p).filter(|m| most(*m) < 1.0)?, p.tails.moving?)));
    let reach = |(m, tail): &(f64, super::Tail)| tail.interval.high.unwrap_or(1.0) / most(*m);
    let (m, tail) = all.max_by(|a, b| reach(a).total_cmp(&reach(b)))?;
    let found = tail.found();
    let c = tail.threshold / (m.ln() / m).sqrt();
    let statement = format!(
        "P(‖K−K∞‖/‖K∞‖ > c·√(log m/m)), c = {}, where it is largest for 16/m, m = {m}",
        significant(c, 3)
    );
    let prediction = format!("at most 16/m = {}", significant(most(m), 3));
    Some(Claim::new(statement, prediction, found, Held::Order(most(m))))
}

fn rare(first: &Point, last: &Point) -> Option<Claim> {
    let full = |point: &Point| point.tails.rare.iter().find(|r| r.misses == 1.0)?.full;
    let (from, to) = (m(first)?, m(last)?);
    let most = normal_tail(to)? / normal_tail(from)?;
    let found = match (full(first), full(last)) {
        (Some(first), Some(last)) => growth(&first, &last),
        _ => Found::default(),
    };
    let statement =
        format!("quantile at 1 - 1/m over the bound in full, at m = {to} over that at m = {from}");
    let prediction = format!("at most {}, as of a normal law", significant(most, 3));
    Some(Claim::new(statement, prediction, found, Held::Order(most)))
}
