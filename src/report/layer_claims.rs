//! What the proofs of arXiv 2501.14724 say layer by layer, against the rows of layers.
//!
//! Layer k has x_k, the activations that feed W_k, and B_k, the gradients behind it. The widths that the statements are of are
//! k²·m, so they are held to the networks of that schedule, the widest m of each line; Remark 13 is of all three. Every
//! verdict follows from a bootstrap interval of 95 % over seeds, jointly over the layers of a network: it is wrong one time in
//! twenty. Where a sample has no number in a layer (a network that died) it is left out of the layer's statistic.

use super::analysis::{Analysis, Point, Section};
use super::axis::Axis;
use super::claim::{Claim, named, of_wide_networks};
use super::found::{Found, Verdict};
use super::headings::Labels;
use super::layers::{FROM, Layers};
use super::published::Published;
use super::text::significant;
use crate::stats::{Centre, SeedTable, exponent};
use crate::study::table::CellRecord;

/// Half of an interval of 1 − 0.05/9 in standard errors: all nine published values at once with 95 %.
const NINE: f64 = 2.773;

/// The exponent that log k has over the layers of a fit.
fn of_the_logarithm(depth: u64) -> Option<f64> {
    let x: Vec<f64> = (FROM.min(depth)..=depth).map(|k| k as f64).collect();
    let logs: Vec<[f64; 1]> = x.iter().map(|k| [k.ln()]).collect();
    let rows: Vec<(&[u64], &[f64])> = logs.iter().map(|v| (&[0u64][..], &v[..])).collect();
    exponent(&x, &SeedTable::joint(&rows), Centre::Median).ok().map(|fit| fit.exponent)
}

/// Every claim about layers of a section.
pub(super) fn layer_claims(analysis: &Analysis, section: &Section) -> Vec<Claim> {
    let labels = Labels::of(Axis::Width, &section.lines.iter().map(|line| &line.cell).collect::<Vec<_>>());
    let mut claims = Vec::new();
    for line in &section.lines {
        let Some(point) = line.points.iter().rev().find(|p| p.layers.is_some()) else { continue };
        let Some(layers) = &point.layers else { continue };
        let m = point.cell.m.map_or(String::new(), |m| format!(", m = {m}"));
        let who = format!("{}{m}", named(analysis, section, &labels, &point.cell));
        let schedule = point.cell.schedule.as_deref();
        let mut of = Vec::new();
        if schedule == Some("quadratic") {
            of.extend(by_layer(&point.cell, layers));
        }
        of.extend(remark_13(&point.cell, schedule, layers));
        claims.extend(
            of.into_iter().map(|claim| Claim { statement: format!("{who}: {}", claim.statement), ..claim }),
        );
        claims.extend(line.points.iter().flat_map(published));
        claims.extend(terms(&who, schedule, &line.points));
    }
    claims
}

fn claim(of: &'static str, statement: String, prediction: String, found: Found, verdict: Verdict) -> Claim {
    Claim { of, statement, prediction, found, verdict }
}

/// Propositions 24 to 27 with quadratic widths.
fn by_layer(cell: &CellRecord, layers: &Layers) -> Vec<Claim> {
    let last = cell.depth;
    let mut claims = Vec::new();
    if let Some(most) = of_the_logarithm(last) {
        let found = Found::from(layers.norm.as_ref());
        let statement = format!("exponent in k of the largest error of a norm, layers {FROM} to {last}");
        let prediction = format!("at most {}, that of log k", significant(most, 3));
        claims.push(claim("C Prop. 24", statement, prediction, found, found.within(None, Some(most))));
    }
    let found = Found::from(layers.cosine.as_ref());
    let statement = format!("exponent in k-1 of the largest error of a cosine, layers {FROM} to {last}");
    claims.push(claim("C Prop. 25", statement, "at most -2".into(), found, found.within(None, Some(-2.0))));
    // Of the order log((l−1)/k): at layer 1 over half the depth.
    let half = (last / 2).max(1);
    let most = ((last - 1) as f64).ln() / ((last - 1) as f64 / half as f64).ln();
    for (name, what, found) in [
        ("C Prop. 16, 26", "squared norm of a gradient", &layers.gradient_norm),
        ("C Prop. 27", "inner product of gradients", &layers.gradient_inner),
    ] {
        let found = found.as_ref().map_or(Found::default(), Found::from);
        let statement = format!("largest error of a {what}, at layer 1 over layer {half}");
        let prediction = format!("at most {}, as of log((l-1)/k)", significant(most, 3));
        claims.push(claim(name, statement, prediction, found, found.within(None, Some(most))));
    }
    claims
}

/// The error of inverse cosine distances by schedule.
fn remark_13(cell: &CellRecord, schedule: Option<&str>, layers: &Layers) -> Option<Claim> {
    let logarithm = of_the_logarithm(cell.depth)?;
    let (most, word) = match schedule? {
        // Flat but for what the logarithm of the bound allows.
        "quadratic" => (logarithm, format!("at most {}: flat, or as log k", significant(logarithm, 3))),
        "linear" => (1.0, "at most 1: linear".to_owned()),
        _ => (2.0, "at most 2: quadratic".to_owned()),
    };
    let found = Found::from(layers.icd.as_ref());
    let statement =
        format!("exponent in k of the error of inverse cosine distances, layers {FROM} to {}", cell.depth);
    Some(claim("C Remark 13", statement, word, found, found.within(None, Some(most))))
}

/// The published values, of networks as they are.
fn published(point: &Point) -> Vec<Claim> {
    let Some(layers) = &point.layers else { return Vec::new() };
    let of = |one: &Published| {
        let ours = layers.icd_mean.get(one.layer as usize - 1)?;
        let ratio = ours.mean()? / one.mean;
        let error = ratio
            * (ours.standard_error()? / ours.mean()?).hypot(one.sd / one.mean / Published::PAIRS.sqrt());
        let found =
            Found { value: Some(ratio), low: Some(ratio - NINE * error), high: Some(ratio + NINE * error) };
        let (schedule, k) = (one.schedule, one.layer);
        let statement = format!(
            "{schedule} widths, m = 16: mean error of inverse cosine distances at layer {k} over the published one"
        );
        Some(claim("C Remark 13", statement, "1".into(), found, found.is(1.0)))
    };
    Published::of(&point.cell).filter_map(of).collect()
}

/// The largest contribution of a layer, from one m to the next: it falls as the whole does.
fn terms(who: &str, schedule: Option<&str>, points: &[Point]) -> Option<Claim> {
    let of: Vec<(&Point, &Layers)> = points.iter().filter_map(|p| Some((p, p.layers.as_ref()?))).collect();
    if schedule != Some("quadratic") || of.len() < 2 {
        return None;
    }
    let x: Vec<f64> = of.iter().filter_map(|(p, _)| Axis::Width.value(&p.cell)).collect();
    let rows: Vec<(&[u64], &[f64])> =
        of.iter().map(|(_, layers)| (layers.seeds.as_slice(), layers.largest_term.as_slice())).collect();
    let exact: Option<Vec<[f64; 1]>> =
        of.iter().map(|(p, _)| p.cell.limit.relative_sd_diagonal.map(|sd| [sd])).collect();
    let exact = exact.and_then(|exact| {
        let rows: Vec<(&[u64], &[f64])> = exact.iter().map(|v| (&[0u64][..], &v[..])).collect();
        exponent(&x, &SeedTable::joint(&rows), Centre::Median).ok().map(|fit| fit.exponent)
    });
    let fit = exponent(&x, &SeedTable::joint(&rows), Centre::Median);
    let found = Found::from(fit.as_ref());
    let (prediction, verdict) = of_wide_networks(&found, exact);
    let statement =
        format!("{who}: exponent in m of the largest contribution of a layer to K/n, from its limit");
    Some(claim("C, related work", statement, prediction, found, verdict))
}
