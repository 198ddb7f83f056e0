//! What the gradient independence assumption costs, by width: Proposition 17 of arXiv 2501.14724.

use super::analysis::{Analysis, Line, Section};
use super::axis::Axis;
use super::claim::{Claim, named};
use super::found::Found;
use super::headings::Labels;
use crate::stats::{Centre, SeedTable, exponent};

/// One claim for each line along the width: the cost falls as 1/m, nearer to -1 than to the -1/2 of K itself. The proposition is
/// an upper bound of the order 1/m for wide networks; a 95 % bootstrap interval of the exponent decides, so that a true claim is
/// contradicted at most one time in twenty.
pub(super) fn independence_claims(analysis: &Analysis, section: &Section) -> Vec<Claim> {
    let labels = Labels::of(Axis::Width, &section.lines.iter().map(|line| &line.cell).collect::<Vec<_>>());
    let of = |line: &Line| {
        let points =
            || line.points.iter().filter_map(|p| Some((Axis::Width.value(&p.cell)?, p.cost.as_ref()?)));
        let x: Vec<f64> = points().map(|(m, _)| m).collect();
        let rows: Vec<(&[u64], &[f64])> =
            points().map(|(_, cost)| (cost.seeds.as_slice(), cost.relative.as_slice())).collect();
        if x.len() < 2 || analysis.axis != Axis::Width {
            return None;
        }
        let found = Found::from(exponent(&x, &SeedTable::joint(&rows), Centre::Median).as_ref());
        let who = named(analysis, section, &labels, &line.cell);
        Some(Claim {
            of: "C Prop. 17",
            statement: format!(
                "{who}: exponent in m of the median of ‖K−K_gia‖/‖K∞‖, gradients drawn as if independent"
            ),
            prediction: "at most -3/4: as 1/m, not as m^(-1/2)".into(),
            found,
            verdict: found.within(None, Some(-0.75)),
        })
    };
    section.lines.iter().filter_map(of).collect()
}
