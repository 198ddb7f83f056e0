//! What a seed cost, as the rows say.

use std::sync::Arc;

use super::{Chart, Dot, Lines, Look, Scale, Series, axis_label};
use crate::report::axis::{Axis, Field};
use crate::report::lines::{distinct, group};
use crate::report::summary::{CellSummary, StudySummary};
use crate::stats::select_quantile;

/// Median seconds a seed for each sampler, against the width; where there is one width alone, against what the report
/// goes along.
pub(super) fn seconds(study: &StudySummary, lines: &Lines) -> Option<Chart> {
    let timed: Vec<&CellSummary> =
        study.cells.iter().filter(|c| c.seconds.iter().any(|s| *s > 0.0) && c.cell.m.is_some()).collect();
    let axis = match lines.axis() {
        Axis::Delta => Axis::Width,
        _ if distinct(Axis::Width, &timed) > 1 => Axis::Width,
        other => other,
    };
    // What else a seed costs by, but for the axis itself.
    let counts = [Axis::Points, Axis::Outputs, Axis::Depth, Axis::Width];
    let others: Vec<Axis> = counts.into_iter().filter(|a| *a != axis).collect();
    let key = |c: &CellSummary| -> Vec<Option<u64>> {
        others.iter().map(|a| a.value(&c.cell).map(|v| v as u64)).collect()
    };
    let differs = |field: Field| field.varies(timed.iter().map(|c| &*c.cell));
    let curves = group(&timed, |c| (&c.cell.sampler, key(c), &c.cell.schedule));
    let mut series = Vec::new();
    for (colour, line) in curves.iter().enumerate() {
        let first = &line.first()?.cell;
        let mut parts = vec![first.sampler.clone()];
        let fields = [Field::Points, Field::Outputs, Field::Depth, Field::Schedule, Field::Width];
        let named = fields.into_iter().filter(|f| differs(*f) && !axis.fields().contains(f));
        parts.extend(named.filter_map(|f| f.words(first)));
        // Networks that differ in the activation alone take as long: one point for all of them.
        let dot = |cells: Vec<&CellSummary>| {
            let first = cells.first()?;
            let mut values: Vec<f64> = cells.iter().flat_map(|c| c.seconds.iter().copied()).collect();
            values.retain(|s| *s > 0.0);
            let seeds = Some(values.len() as u64);
            let mut at = |q| select_quantile(&mut values, q);
            let (y, low, high) = (at(0.5)?, at(0.25), at(0.75));
            let x = axis.value(&first.cell)?;
            let cell = (cells.len() == 1).then(|| Arc::clone(&first.cell));
            Some(Dot { x, y, low, high, seeds, cell })
        };
        let place = |c: &CellSummary| axis.value(&c.cell).map(f64::to_bits);
        let mut dots: Vec<Dot> = group(line, place).into_iter().filter_map(dot).collect();
        dots.sort_by(|a, b| a.x.total_cmp(&b.x));
        series.push(Series { label: parts.join(", "), look: Look::Measured, colour, named: true, dots });
    }
    series.first()?;
    let about = "Median of the seconds a seed took, as its row has it: the time of its batch divided by the seeds in \
                 it, on the devices that drew it; of all activations, and data sets of so many points, together. Error \
                 bars: from the 25 % to the 75 % quantile over seeds."
        .to_owned();
    let note = "markers: median over seeds; error bars: from the 25 % to the 75 % quantile of the seeds";
    let chart =
        lines.chart("time", "time of a seed", about, Scale::log("seconds a seed"), series).noted(note);
    Some(Chart { x: Scale::log(axis_label(axis, lines)), marks: Vec::new(), ..chart })
}
