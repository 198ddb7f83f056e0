//! The spread of tr K over seeds beside the exact one of K(x,x).

use super::{Chart, Dot, Lines, Look, Scale};
use crate::stats::CONFIDENCE;

/// Standard deviation over mean, of the trace as found and of a diagonal entry as computed.
pub(super) fn spreads(lines: &Lines) -> Option<Chart> {
    lines.all.first()?;
    let found = |p: &super::Point| {
        let spread = p.trace_spread.as_ref()?;
        let interval = spread.interval.ok();
        Some(Dot {
            y: spread.value,
            low: interval.and_then(|i| i.low),
            high: interval.and_then(|i| i.high),
            seeds: Some(p.seeds as u64),
            ..Dot::default()
        })
    };
    let mut series: Vec<_> = lines.all.iter().map(|c| lines.series(c, Look::Measured, true, found)).collect();
    let mut named = true;
    for curve in &lines.all {
        let exact = |p: &super::Point| Some(Dot { y: p.cell.limit.relative_sd_diagonal?, ..Dot::default() });
        let mut exact = lines.series(curve, Look::Theory, named, exact);
        exact.label = "theory: exact s.d. of K(x,x) over its mean, which tr K cannot exceed".into();
        named &= exact.dots.is_empty();
        series.push(exact);
    }
    let about = format!(
        "Markers: standard deviation of tr K over seeds, divided by its mean; error bars: {:.0} % interval, open above \
         (no upper bar) where the tail is so heavy that none would cover. Dashed, in the same colours: the exact value \
         for one diagonal entry K(x,x). Diagonal entries have one law and correlations of at most 1, so that tr K has \
         at most this spread, and at one point and one output just this.",
        100.0 * CONFIDENCE
    );
    let y = Scale::log("s.d. of tr K : mean");
    let note =
        format!("error bars: {:.0} % interval, open above where there is no upper bar", 100.0 * CONFIDENCE);
    Some(lines.chart("spread", "spread of tr K over seeds", about, y, series).noted(note))
}
