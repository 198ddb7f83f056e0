//! What a built-in study predicted, against what was found: every verdict follows from an interval.
//!
//! A prediction is a stretch of numbers (a point, or an interval that may be open). It *agrees* where the interval of
//! the found number says so: holds the point, or lies within the stretch. It *contradicts* where the interval lies
//! outside altogether, and nothing in the statement is unknown: an order and a limit of wide networks are *undecided*
//! then ([`Held`]), as is everything else.

use super::analysis::{Analysis, Line, Point, Section};
use super::axis::Axis;
use super::claim::{Claim, Held, growth, named, of_wide_networks};
use super::finite_spectrum::{mean_eigenvalue, spectrum_approaches};
use super::fits::PowerFit;
use super::found::{Found, Verdict};
use super::headings::Labels;
use super::heavy;
use super::independence::independence_claims;
use super::layer_claims::layer_claims;
use super::rarely::tail_claims;
use super::ratios::Ratio;
use super::spectrum::spectrum_claims;
use super::text::{activation, significant};
use crate::study::builtin::Builtin;
use crate::units::counted;

/// What a study is held to.
#[derive(Clone, Copy)]
enum Rule {
    /// The exponent in m is -1/2.
    Width,
    /// The exponent in m_l is between 0 and 1/2.
    Outputs,
    /// |s| : φ is below 1 where 0 < Δ < 1.
    Before,
    /// Large deviations of the widest network are as rare as the theorem says.
    Tails,
    /// What is said of every layer.
    Layers,
    /// What independent gradients would change falls as 1/m.
    Independence,
    /// What the spectrum of K∞ is said to be, and that of K at finite width.
    Spectrum,
    /// The constant of the bound does not grow along an axis.
    Constant(Axis),
    /// At one point the spread of tr K is the exact one.
    Spread,
    /// At one point the mean of K is that of the limit.
    Mean,
}

impl Rule {
    /// The statement of the papers that it examines.
    fn examines(self) -> &'static str {
        match self {
            Self::Width | Self::Tails | Self::Constant(_) => "C Theorem 28",
            Self::Outputs => "C Prop. 6, 7, 9-11",
            Self::Before => "C, of Δ and κ",
            Self::Spread | Self::Mean => "second moment",
            // Their claims say themselves.
            Self::Spectrum | Self::Layers | Self::Independence => "",
        }
    }
}

fn rules(study: &Builtin) -> &'static [Rule] {
    match study.name {
        "first" => &[Rule::Width, Rule::Before],
        "width" | "deep" => &[Rule::Width, Rule::Spread, Rule::Mean],
        "million" => &[Rule::Width, Rule::Spread],
        "depth" => &[Rule::Constant(Axis::Depth)],
        "activation" => &[Rule::Before],
        "outputs" => &[Rule::Outputs, Rule::Constant(Axis::Outputs)],
        "points" => &[Rule::Constant(Axis::Points)],
        "tail" => &[Rule::Tails],
        "spectrum" => &[Rule::Spectrum],
        "layers" => &[Rule::Layers],
        "independence" => &[Rule::Independence],
        _ => &[],
    }
}

/// The claims of a built-in study, judged by what was found.
pub fn claims(study: &Builtin, analysis: &Analysis) -> Vec<Claim> {
    let mut claims = Vec::new();
    for rule in rules(study) {
        let from = claims.len();
        if let Rule::Spectrum = rule {
            claims.extend(spectrum_claims());
        }
        for section in &analysis.sections {
            match rule {
                Rule::Spectrum => {
                    claims.extend(mean_eigenvalue(section));
                    claims.extend(spectrum_approaches(analysis, section));
                }
                Rule::Independence => claims.extend(independence_claims(analysis, section)),
                Rule::Layers => claims.extend(layer_claims(analysis, section)),
                Rule::Width => claims.extend(exponents(analysis, section, Axis::Width)),
                Rule::Outputs => claims.extend(exponents(analysis, section, Axis::Outputs)),
                Rule::Before => claims.extend(before(section)),
                Rule::Tails => claims.extend(tail_claims(analysis, section)),
                Rule::Constant(axis) => claims.extend(constants(analysis, section, *axis)),
                Rule::Spread => claims.extend(one_point(analysis, section, spread)),
                Rule::Mean => claims.extend(one_point(analysis, section, mean)),
            }
        }
        for claim in claims[from..].iter_mut().filter(|claim| claim.of.is_empty()) {
            claim.of = rule.examines();
        }
    }
    claims
}

fn exponents(analysis: &Analysis, section: &Section, axis: Axis) -> Vec<Claim> {
    let fits: Vec<_> = section.fits.iter().filter(|fit| fit.axis == axis).collect();
    let labels = Labels::of(axis, &fits.iter().map(|fit| &fit.cell).collect::<Vec<_>>());
    let claim = |fit: &&PowerFit| {
        let found = Found::from(fit.exponent.as_ref());
        let statement = format!(
            "{}: exponent in {} of the median of ‖K−K∞‖/‖K∞‖",
            named(analysis, section, &labels, &fit.cell),
            axis.symbol()
        );
        match axis {
            Axis::Width => of_wide_networks(statement, found, fit.exact_exponent),
            // Fewer outputs are a block of more of them, so that no quantile falls; that much is no order.
            _ => Claim::new(statement, "from 0 to 1/2", found, Held::From(0.0, 0.5)),
        }
    };
    fits.iter().map(claim).collect()
}

/// |s| against every other activation: at the network where the interval of the ratio reaches highest, since what holds there
/// holds everywhere; but where one lies above 1 by the limits that hold for all networks at once, at that one. Both
/// bounds are orders: a ratio above 1 shows that of the two the constant of |s| is the larger, and contradicts neither.
fn before(section: &Section) -> Option<Claim> {
    let reach = |found: &Found| found.high.unwrap_or(f64::INFINITY);
    let floor = |found: &Found| found.low.filter(|low| *low > 1.0).unwrap_or(0.0);
    let between = |a: f64, b: f64| a != 0.0 && b != 0.0;
    let ratios = section.ratios.iter().filter(|r| !r.mean && between(r.cell.a, r.cell.b));
    let found = |ratio: &Ratio| {
        let found = ratio.found.as_ref().map_or(Found::default(), Found::from);
        Found { low: ratio.low_together, ..found }
    };
    let all: Vec<(Found, &Ratio)> = ratios.map(|ratio| (found(ratio), ratio)).collect();
    let (found, ratio) = all
        .iter()
        .max_by(|(a, _), (b, _)| floor(a).total_cmp(&floor(b)).then(reach(a).total_cmp(&reach(b))))?;
    let place = match &ratio.cell.m {
        Some(m) => format!("m = {m}"),
        None => format!("depth {}", ratio.cell.depth),
    };
    let networks = if all.len() == 1 { place } else { format!("largest of {}, at {place}", all.len()) };
    let statement = format!("|s| : {} of the medians ({networks})", activation(&ratio.cell));
    Some(Claim::new(statement, "below 1", *found, Held::Order(1.0)))
}

/// The constant at the far end of each line over that at the near end.
fn constants(analysis: &Analysis, section: &Section, axis: Axis) -> Vec<Claim> {
    if analysis.axis != axis {
        return Vec::new();
    }
    let labels = Labels::of(axis, &section.lines.iter().map(|line| &line.cell).collect::<Vec<_>>());
    let claim = |line: &Line| {
        let [first, .., last] = line.points.as_slice() else { return None };
        let found = growth(first.bound_constant.as_ref()?, last.bound_constant.as_ref()?);
        let at = |point: &Point| axis.value(&point.cell).unwrap_or(f64::NAN);
        let statement = format!(
            "{}: constant of the bound at {symbol} = {} over that at {symbol} = {}",
            named(analysis, section, &labels, &line.cell),
            at(last),
            at(first),
            symbol = axis.symbol()
        );
        Some(Claim::new(statement, "at most 1", found, Held::Order(1.0)))
    };
    section.lines.iter().filter_map(claim).collect()
}

/// What one point and one output show of the widest network of each line.
fn one_point(analysis: &Analysis, section: &Section, of: fn(&Point) -> Option<Claim>) -> Vec<Claim> {
    let labels = Labels::of(analysis.axis, &section.lines.iter().map(|line| &line.cell).collect::<Vec<_>>());
    let claim = |line: &Line| {
        let point = line.points.last().filter(|p| p.cell.n == 1 && p.cell.outputs == 1)?;
        let claim = of(point)?;
        let who = named(analysis, section, &labels, &line.cell);
        let at = point.cell.m.map_or(String::new(), |m| format!(", m = {m}"));
        Some(Claim { statement: format!("{who}{at}: {}", claim.statement), ..claim })
    };
    section.lines.iter().filter_map(claim).collect()
}

fn spread(point: &Point) -> Option<Claim> {
    let exact = point.cell.limit.relative_sd_diagonal?;
    let found = point.trace_spread.as_ref().map_or(Found::default(), Found::from);
    // What so many draws cannot resolve decides nothing.
    let needed = heavy::needed(&point.cell, point.seeds);
    let few = needed.map_or(String::new(), |n| {
        let (seeds, needed) = (counted(point.seeds, "seed"), significant(n.ceil(), 2));
        format!(" ({seeds}, of at least {needed} that would resolve it)")
    });
    let statement = format!("s.d. of K(x,x) over its mean{few}");
    let claim = Claim::new(statement, significant(exact, 4), found, Held::Is(exact));
    Some(if needed.is_some() { Claim { verdict: Verdict::Undecided, ..claim } } else { claim })
}

fn mean(point: &Point) -> Option<Claim> {
    let exact = point.cell.limit.lambda_min?;
    // A spread that f64 does not hold is none that a mean could be told of.
    let spread = point.cell.limit.relative_sd_diagonal.unwrap_or(f64::INFINITY);
    let found = Found::of_mean(&point.lambda_min, spread);
    Some(Claim::new("mean of K(x,x)".into(), significant(exact, 4), found, Held::Is(exact)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::papers::STATEMENTS;
    use crate::study::builtin::BUILTIN;

    #[test]
    fn every_built_in_study_is_held_to_something() {
        assert!(BUILTIN.iter().all(|study| !rules(study).is_empty()));
        let known = |name: &str| STATEMENTS.iter().any(|statement| statement.name == name);
        for rule in BUILTIN.iter().flat_map(rules) {
            assert!(known(rule.examines()) || rule.examines().is_empty(), "{}", rule.examines());
        }
    }
}
