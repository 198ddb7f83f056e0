//! What a person reads of the cost of independence: by width, by angle, and in words; in lines that the terminal has.

use super::{Found, rule};
use crate::cli::units::counted;
use crate::independence::{LEVEL, Mean};
use crate::report::{Align, Layout, paragraph};
use crate::stats::{ExponentFit, Interval, NoFit, Quantile};

/// The whole answer; sentences are as wide as there is room for.
pub fn text(found: &Found, room: usize) -> String {
    let room = room.min(100);
    let mut text = paragraph("", &found.title(), room);
    text += &by_width(found, room);
    text += &by_angle(found, room);
    text.push('\n');
    for sentence in sentences(found) {
        text += &paragraph("", &sentence, room);
    }
    text
}

/// Three significant digits.
fn number(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if value == 0.0 => "0".to_owned(),
        _ if !value.is_finite() => "-".to_owned(),
        1e-3..1e4 => {
            let decimals = (2.0 - size.log10().floor()).clamp(0.0, 5.0) as usize;
            format!("{value:.decimals$}")
        }
        _ => format!("{value:.2e}"),
    }
}

fn limits(interval: Option<Interval>) -> String {
    match interval.map(|i| (i.low, i.high)) {
        Some((Some(low), Some(high))) => format!("[{}, {}]", number(low), number(high)),
        Some((Some(low), None)) => format!("≥ {}", number(low)),
        Some((None, Some(high))) => format!("≤ {}", number(high)),
        _ => "-".to_owned(),
    }
}

fn median(found: Option<&Quantile>) -> String {
    found.map_or_else(|| "-".to_owned(), |q| number(q.estimate))
}

fn by_width(found: &Found, room: usize) -> String {
    let mut table = Layout::new(vec!["m".to_owned()], vec![Align::Right])
        .group([("K - K_gia", Align::Right), ("95 %", Align::Left)])
        .group([("relative", Align::Right)])
        .group([("K - limit", Align::Right), ("K_gia - limit", Align::Right), ("p", Align::Right)]);
    for ((m, _), at) in found.samples.iter().zip(&found.finding.widths) {
        table.push(vec![
            m.to_string(),
            median(at.difference.as_ref()),
            limits(at.difference.map(|q| q.interval)),
            median(at.relative.as_ref()),
            median(at.deviation.as_ref()),
            median(at.independent.as_ref()),
            at.adjusted.map_or_else(|| "-".to_owned(), |p| format!("{p:.4}")),
        ]);
    }
    format!("\n{}", table.text(room))
}

/// At the least width, where there is most to see.
fn by_angle(found: &Found, room: usize) -> String {
    let (Some((m, _)), Some(at)) = (found.samples.first(), found.finding.widths.first()) else {
        return String::new();
    };
    if at.groups.is_empty() {
        return String::new();
    }
    let mut table = Layout::new(vec!["angle".to_owned()], vec![Align::Right])
        .group([("pairs", Align::Right)])
        .group([("mean", Align::Right), ("95 %", Align::Left)])
        .group([("size", Align::Right), ("bound", Align::Right)]);
    for group in &at.groups {
        let [from, to] = group.angles;
        let angle = if to - from < 5e-4 { format!("{from:.3}") } else { format!("{from:.3} … {to:.3}") };
        table.push(vec![
            angle,
            group.pairs.to_string(),
            number(group.difference.value),
            limits(group.difference.interval),
            number(group.size),
            number(group.bound),
        ]);
    }
    let title = paragraph("", &format!("entries of K - K_gia at m = {m}, by the angle of a pair"), room);
    format!("\n{title}{}", table.text(room))
}

fn exponent(what: &str, fit: &Result<ExponentFit, NoFit>) -> Option<String> {
    let fit = fit.as_ref().ok()?;
    let interval = match &fit.interval {
        Ok(Interval { low: Some(low), high: Some(high) }) => format!(" [{low:.3}, {high:.3}]"),
        _ => String::new(),
    };
    Some(format!("{what} goes as m^{:.3}{interval}", fit.exponent))
}

fn sentences(found: &Found) -> Vec<String> {
    let finding = &found.finding;
    let mut all = Vec::new();
    if let Some((m, network)) = found.networks.first()
        && let Some(schedule) = rule(*m, network)
    {
        all.push(format!("Hidden widths are {schedule} in the layer: m is that of the first."));
    }
    let exponents: Vec<String> = [
        exponent("The coupled difference", &finding.difference),
        exponent("the deviation of K", &finding.deviation),
        exponent("that of K_gia", &finding.independent),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !exponents.is_empty() {
        all.push(format!("{} (medians, 95 %).", exponents.join("; ")));
    }
    if let Some(nearest) = &finding.nearest {
        let ratio = crate::report::Found::from(nearest);
        let [from, to] = nearest.angles;
        all.push(format!(
            "|mean of an entry of K - K_gia| over the bound of Proposition 17, by angle and width: {ratio} where {} \
             nearest to it (m = {}, angles {from:.3} to {to:.3}), all intervals at once; predicted at most 1: {}.",
            match nearest.groups {
                1 => "the mean is".to_owned(),
                groups => format!("of {} one is", counted(groups, "mean")),
            },
            nearest.m,
            ratio.within(None, Some(1.0)),
        ));
    }
    let widths = || found.samples.iter().map(|(m, _)| *m).zip(&finding.widths);
    let tested = widths().filter(|(_, at)| at.adjusted.is_some()).count();
    let differ: Vec<String> = widths()
        .filter(|(_, at)| at.adjusted.is_some_and(|p| p <= LEVEL))
        .map(|(m, _)| m.to_string())
        .collect();
    all.push(match (tested, differ.as_slice()) {
        (0, _) => "Whether the two laws of the deviation differ is open: a test needs 16 seeds.".to_owned(),
        (_, []) => {
            format!("The laws of the two deviations are told apart at no width (level {LEVEL} in all).")
        }
        (_, differ) => {
            format!(
                "The laws of the two deviations differ at m = {} (level {LEVEL} in all).",
                differ.join(", ")
            )
        }
    });
    if let Some((m, at)) = widths().next() {
        let Mean { value, interval } = at.shift;
        let zero = interval.is_none_or(|i| i.contains(0.0));
        let which = match (zero, value < 0.0) {
            (true, _) => ", which may be nothing",
            (false, true) => ": independent gradients concentrate more",
            (false, false) => ": independent gradients concentrate less",
        };
        all.push(format!(
            "At m = {m} the deviation of K_gia is {} {} that of K in the mean over seeds{which}.",
            number(value.abs()),
            if value < 0.0 { "below" } else { "above" },
        ));
    }
    all
}
