//! Where second moments are heavy-tailed: what so many draws cannot say, and that the exact value stands beside it.

use super::analysis::Point;
use super::text::{activation, significant};
use crate::limit::least_draws;
use crate::math::activation::Activation;
use crate::model::parse_widths;
use crate::study::table::CellRecord;
use crate::units::counted;

/// s.d. : mean of K(x,x), exact, from which on a tail counts as heavy: the second moment is twice the square of the
/// mean.
const HEAVY: f64 = 1.0;
/// Relative standard error of the mean of K² that is asked for.
const RELATIVE: f64 = 0.1;

/// The draws without which the second moment of K(x,x) is certainly not known to [`RELATIVE`]; None where so many are
/// there, and where the tail is not heavy.
pub(super) fn needed(cell: &CellRecord, draws: usize) -> Option<f64> {
    cell.limit.relative_sd_diagonal.filter(|sd| *sd >= HEAVY)?;
    let phi = Activation::new(cell.a, cell.b).ok()?;
    let needed = least_draws(phi, &parse_widths(&cell.widths).ok()?, RELATIVE);
    (needed > draws as f64).then_some(needed)
}

/// A sentence for the networks whose second moment so many draws cannot resolve, with the worst of them; empty where
/// none.
pub(super) fn sentence<'p>(points: impl Iterator<Item = &'p Point>) -> String {
    let all: Vec<(&Point, f64)> =
        points.filter_map(|p| Some((p, needed(&p.cell, p.seeds).filter(|_| p.seeds > 0)?))).collect();
    let Some((worst, draws)) = all.iter().max_by(|(_, a), (_, b)| a.total_cmp(b)) else {
        return String::new();
    };
    let m = worst.cell.m.map_or(String::new(), |m| format!(", m = {m}"));
    let draws = if draws.is_finite() { significant(draws.ceil(), 2) } else { "more than 1e308".into() };
    format!(
        "the seeds of {} cannot resolve a second moment to {:.0} % ({}, depth {}{m}: {} of at least {draws}); the \
         exact spread of K(x,x) stands for it.",
        counted(all.len(), "network"),
        100.0 * RELATIVE,
        activation(&worst.cell),
        worst.cell.depth,
        worst.seeds
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::relative_sd_diagonal;
    use crate::study::table::LimitRecord;

    #[test]
    fn deep_networks_of_small_width_ask_for_more_draws_than_there_are() {
        let cell = |hidden: &[u64]| CellRecord {
            a: 0.5,
            b: 0.5,
            widths: hidden.iter().map(u64::to_string).collect::<Vec<_>>().join(","),
            limit: LimitRecord {
                relative_sd_diagonal: Some(relative_sd_diagonal(Activation::RELU, hidden)),
                ..LimitRecord::default()
            },
            ..CellRecord::default()
        };
        // R − 1 = 6 at half the width: 600 draws are the least.
        let needed_there = needed(&cell(&[64; 32]), 500).unwrap();
        assert!((550.0..650.0).contains(&needed_there), "{needed_there}");
        assert_eq!(needed(&cell(&[64; 32]), 1000), None);
        assert_eq!(needed(&cell(&[1024; 3]), 2), None, "a light tail");
        assert_eq!(needed(&cell(&[]), 2), None);
    }
}
