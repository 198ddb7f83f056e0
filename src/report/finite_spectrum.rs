//! The spectrum of K at finite width, held to that of K∞: what a study that kept eigenvalues says.
//!
//! - The sum of the eigenvalues is the trace, and E K(x,x) is known: its mean is that of the limit at every width.
//! - No eigenvalue moves by more than ‖K−K∞‖ (Weyl), which is of the order m^(-1/2) (arXiv 2501.14724, Theorem 28); the
//!   largest does move so, since its first-order term is a mean of entries of K−K∞.
//! - The logarithm of the condition number moves by at most that order, λ_1 and λ_n being off by it at most. It may
//!   fall faster: the least of many eigenvalues is pushed down by the others to second order, by 1/m, which is more
//!   than m^(-1/2) of a narrow network.

use super::analysis::{Analysis, Point, Section};
use super::axis::Axis;
use super::claim::{Claim, Held, named, of_wide_networks};
use super::fits::PowerFit;
use super::found::Found;
use super::headings::Labels;
use super::text::activation;
use crate::stats::{CONFIDENCE, Moments, mean_interval};
use crate::units::counted;

/// The statement of [`super::papers`] that these examine.
const OF: &str = "K at finite width";

/// The sum of all eigenvalues over that of the limit, of the widest network of every activation where it is furthest
/// from 1 in standard errors; intervals of all of them at once.
pub(super) fn mean_eigenvalue(section: &Section) -> Option<Claim> {
    let sums = || {
        let points = section.lines.iter().flat_map(|l| &l.points);
        points.filter_map(|p| Some((p, &p.eigenvalues.as_ref()?.sum)))
    };
    let widest: Vec<(&Point, &Moments)> = sums()
        .filter(|(p, _)| sums().all(|(q, _)| q.cell.activation != p.cell.activation || q.cell.m <= p.cell.m))
        .collect();
    let off = |sum: &Moments| {
        let error = sum.standard_error().filter(|error| *error > 0.0);
        sum.mean().zip(error).map_or(0.0, |(mean, error)| (mean - 1.0).abs() / error)
    };
    let (point, sum) = *widest.iter().max_by(|(_, a), (_, b)| off(a).total_cmp(&off(b)))?;
    let together = 1.0 - (1.0 - CONFIDENCE) / widest.len() as f64;
    // A sum of K(x,x) spreads no more, for its mean, than each of them.
    let spread = point.cell.limit.relative_sd_diagonal.unwrap_or(f64::INFINITY);
    let interval = mean_interval(sum, spread, together);
    let found =
        Found { value: sum.mean(), low: interval.and_then(|i| i.low), high: interval.and_then(|i| i.high) };
    let m = point.cell.m.map_or(String::new(), |m| format!(", m = {m}"));
    let statement = format!(
        "mean of the sum of the eigenvalues of K over that of K∞, furthest of {} ({}{m})",
        counted(widest.len(), "activation"),
        activation(&point.cell)
    );
    Some(Claim::new(statement, "1 at every width", found, Held::Is(1.0)).of(OF))
}

/// The exponents in m of the largest move of an eigenvalue and of the condition number.
pub(super) fn spectrum_approaches(analysis: &Analysis, section: &Section) -> Vec<Claim> {
    let fits: Vec<&PowerFit> = section.fits.iter().filter(|fit| fit.axis == Axis::Width).collect();
    let labels = Labels::of(Axis::Width, &fits.iter().map(|fit| &fit.cell).collect::<Vec<_>>());
    let of = |fit: &&PowerFit| {
        let approach = fit.approach.as_ref()?;
        let who = named(analysis, section, &labels, &fit.cell);
        let statement = |what: &str| format!("{who}: exponent in m of the median of {what}");
        let moved = Found::from(approach.moved.as_ref());
        let condition = Found::from(approach.condition.as_ref());
        let what = statement("|log of the condition number of K over that of K∞|");
        Some([
            of_wide_networks(statement("max |λ_i(K)−λ_i(K∞)|"), moved, fit.exact_exponent).of(OF),
            Claim::new(what, "at most -1/2", condition, Held::Order(-0.5)).of(OF),
        ])
    };
    fits.iter().filter_map(of).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::found::Verdict;
    use crate::report::summary::{CellSummary, Spectra, StudySummary};
    use crate::rng::{Role, Stream};
    use crate::study::table::{CellRecord, LimitRecord, Statistics};

    /// Two activations at three widths, whose eigenvalues stray from those of the limit by a power of m and a share
    /// that stays.
    fn study(seeds: u64, power: f64, bias: f64, exact: f64) -> Analysis {
        let limit = vec![1.0, 5.0, 20.0];
        let mut cells = Vec::new();
        for (activation, b) in [("abs", 1.0), ("relu", 0.5)] {
            for m in [64u64, 256, 1024] {
                let mut stream = Stream::new(m, Role::Data);
                let eigenvalues = |_| {
                    let scale = (m as f64).powf(power);
                    limit.iter().map(|l| l * (1.0 + bias + scale * stream.normal())).collect::<Vec<_>>()
                };
                let record = CellRecord {
                    activation: activation.into(),
                    a: 1.0 - b,
                    b,
                    depth: 4,
                    m: Some(m),
                    schedule: Some("constant".into()),
                    widths: format!("{m},{m},{m}"),
                    n: 3,
                    outputs: 1,
                    limit: LimitRecord {
                        relative_sd_diagonal: Some((m as f64).powf(exact)),
                        ..LimitRecord::default()
                    },
                    ..CellRecord::default()
                };
                cells.push(CellSummary {
                    seeds: (0..seeds).collect(),
                    samples: vec![Statistics::default(); seeds as usize],
                    spectra: Spectra { limit: limit.clone(), seeds: (0..seeds).map(eigenvalues).collect() },
                    ..CellSummary::new(record)
                });
            }
        }
        Analysis::new(&StudySummary::new("spectrum", cells))
    }

    fn verdicts(seeds: u64, power: f64, bias: f64, exact: f64) -> (Verdict, Vec<Verdict>) {
        let analysis = study(seeds, power, bias, exact);
        let section = &analysis.sections[0];
        let mean = mean_eigenvalue(section).unwrap();
        let others = spectrum_approaches(&analysis, section);
        assert!(mean.statement.contains("2 activations") && mean.statement.contains("m = 1024"), "{mean:?}");
        (mean.verdict, others.into_iter().map(|claim| claim.verdict).collect())
    }

    #[test]
    fn verdicts_follow_the_eigenvalues() {
        // Of two activations: the largest move of an eigenvalue, and the condition number.
        let of = |moved: Verdict, condition: Verdict| vec![moved, condition, moved, condition];
        let (agrees, contradicts, undecided) = (Verdict::Agrees, Verdict::Contradicts, Verdict::Undecided);
        assert_eq!(verdicts(256, -0.5, 0.0, -0.5), (agrees, of(agrees, undecided)));
        assert_eq!(verdicts(256, -1.0, 0.0, -0.5), (agrees, of(undecided, agrees)));
        assert_eq!(verdicts(256, -0.1, 0.0, -0.5).1, of(undecided, undecided));
        // Eigenvalues that stay apart by a tenth at every width.
        let (mean, others) = verdicts(256, -0.5, 0.1, -0.5);
        assert_eq!((mean, others[0]), (contradicts, undecided));
        assert_eq!(verdicts(4, -0.5, 0.0, -0.5).1, of(undecided, undecided));
    }

    #[test]
    fn a_study_without_eigenvalues_claims_nothing_of_them() {
        let mut analysis = study(16, -0.5, 0.0, -0.5);
        for section in &mut analysis.sections {
            section.fits.iter_mut().for_each(|fit| fit.approach = None);
            section.lines.iter_mut().flat_map(|l| &mut l.points).for_each(|p| p.eigenvalues = None);
        }
        assert!(mean_eigenvalue(&analysis.sections[0]).is_none());
        assert!(spectrum_approaches(&analysis, &analysis.sections[0]).is_empty());
    }
}
