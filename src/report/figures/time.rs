//! What a seed cost, as the rows say.

use std::sync::Arc;

use super::{Chart, Dot, Look, Scale, Series};
use crate::report::axis::Axis;
use crate::report::lines::group;
use crate::report::summary::{CellSummary, StudySummary};
use crate::stats::select_quantile;

/// Median seconds a seed against the width, for each sampler.
pub(super) fn seconds(study: &StudySummary) -> Option<Chart> {
    let timed: Vec<&CellSummary> =
        study.cells.iter().filter(|c| c.seconds.iter().any(|s| *s > 0.0) && c.cell.m.is_some()).collect();
    let lines =
        group(&timed, |c| (&c.cell.sampler, c.cell.n, c.cell.outputs, c.cell.depth, &c.cell.schedule));
    let differ = |of: fn(&CellSummary) -> u64| timed.iter().any(|c| of(c) != of(timed[0]));
    let schedules = timed.iter().any(|c| c.cell.schedule != timed[0].cell.schedule);
    let several = [differ(|c| c.cell.n), differ(|c| c.cell.outputs), differ(|c| c.cell.depth)];
    let mut series = Vec::new();
    for (colour, line) in lines.iter().enumerate() {
        let first = &line.first()?.cell;
        let mut parts = vec![first.sampler.clone()];
        let counts = [("points", first.n), ("outputs", first.outputs), ("depth", first.depth)];
        parts.extend(
            counts.iter().zip(several).filter(|(_, s)| *s).map(|((what, v), _)| format!("{what} {v}")),
        );
        parts.extend(first.schedule.clone().filter(|_| schedules));
        // Networks that differ in the activation alone take as long: one point for all of a width.
        let dot = |cells: Vec<&CellSummary>| {
            let first = cells.first()?;
            let mut values: Vec<f64> = cells.iter().flat_map(|c| c.seconds.iter().copied()).collect();
            values.retain(|s| *s > 0.0);
            let seeds = Some(values.len() as u64);
            let mut at = |q| select_quantile(&mut values, q);
            let (y, low, high) = (at(0.5)?, at(0.25), at(0.75));
            let x = Axis::Width.value(&first.cell)?;
            let cell = (cells.len() == 1).then(|| Arc::clone(&first.cell));
            Some(Dot { x, y, low, high, seeds, cell })
        };
        let mut dots: Vec<Dot> = group(line, |c| c.cell.m).into_iter().filter_map(dot).collect();
        dots.sort_by(|a, b| a.x.total_cmp(&b.x));
        series.push(Series { label: parts.join(", "), look: Look::Measured, colour, named: true, dots });
    }
    series.first()?;
    let about = "Median of the seconds a seed took, as its row has it: the time of its batch divided by the seeds in it, on the \
                 devices that drew it; of all activations, and data sets of so many points, together. Error bars: from the 25 % \
                 to the 75 % quantile over seeds."
        .to_owned();
    Some(Chart {
        name: "time",
        title: format!("{}: time of a seed", crate::report::layout::shortened(&study.name, 32)),
        of: String::new(),
        about,
        x: Scale::log("m (neurons)"),
        y: Scale::log("seconds a seed"),
        series,
        marks: Vec::new(),
    })
}
