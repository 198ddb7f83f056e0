//! The final table of a study, plain text of at most 100 columns where the numbers allow it.

use super::analysis::{Analysis, Point, Section, UPPER};
use super::axis::{Axis, Field};
use super::beside;
use super::headings::{Fields, TERMINAL, describe, percent, wrap};
use super::text::{Align, columns, counted, digits_of_mean, interval, mean_and_error, significant};
use crate::math::known;
use crate::stats::Quantile;
use crate::stats::bootstrap::RESAMPLES;

/// The table of a study: for each section its cells, then what was found beside theory, cell by cell, and as exponents and
/// ratios; a legend that names every column.
pub fn table(analysis: &Analysis) -> String {
    let mut text = String::new();
    if analysis.sections.is_empty() {
        return format!("{}: no seed is finished yet\n", analysis.name);
    }
    for section in &analysis.sections {
        let fields = Fields::of(analysis.axis, section);
        text += &format!("{}\n\n", heading(&analysis.name, section, &fields));
        text += &points(section, &fields);
        text.push('\n');
        text += &beside::cells(section, &fields);
        text += &beside::exponents(section);
        text += &beside::ratios(section);
        text.push('\n');
    }
    if analysis.empty_cells > 0 {
        text += &format!("{} without a finished seed\n\n", counted(analysis.empty_cells, "cell", "cells"));
    }
    text + &legend(analysis)
}

/// `first: digits:n=32 (sphere), 32 points, depth 4, …; 64 seeds per cell`, broken where it is too long.
fn heading(name: &str, section: &Section, fields: &Fields) -> String {
    let all = || section.lines.iter().flat_map(|l| &l.points);
    let (least, most) = all().map(|p| p.seeds).fold((usize::MAX, 0), |(a, b), s| (a.min(s), b.max(s)));
    let seeds = if least == most {
        counted(most, "seed per cell", "seeds per cell")
    } else {
        format!("{least} to {most} seeds per cell")
    };
    let mut parts = describe(&section.setting);
    let order = [Field::Depth, Field::Outputs, Field::Schedule, Field::Width];
    let network =
        order.iter().filter(|f| fields.same.contains(f)).filter_map(|f| all().find_map(|p| f.words(&p.cell)));
    // Data and points first, then the network, then how it was computed.
    parts.splice(2..2, network.map(Some));
    parts.push(Some(seeds));
    wrap(&format!("{name}: "), &parts.into_iter().flatten().collect::<Vec<_>>())
}

fn points(section: &Section, fields: &Fields) -> String {
    let percent = percent();
    let upper = format!("{:.0} %", 100.0 * UPPER);
    let all = || section.lines.iter().flat_map(|l| &l.points);
    let limit_digits = all().map(|p| digits_of_mean(&p.lambda_min)).max().unwrap_or(4);
    let estimate = |q: &Option<Quantile>| q.map_or("-".into(), |q| significant(q.estimate, 3));
    let limits = |q: &Option<Quantile>| q.map_or("-".into(), |q| interval(&q.interval));
    let numbers = |point: &Point, with_upper_interval: bool| {
        let mut row = vec![estimate(&point.median), limits(&point.median)];
        // Without room for both, the interval stands alone: no figure goes without its error.
        if with_upper_interval {
            row.push(estimate(&point.upper));
        }
        row.push(limits(&point.upper));
        row.extend(least_eigenvalues(point, limit_digits));
        row
    };
    let make = |with_upper_interval: bool| {
        let mut align = fields.aligns();
        align.extend([Align::Right, Align::Left]);
        let mut header = fields.headers();
        header.extend(["median", &percent].map(str::to_owned));
        if with_upper_interval {
            align.extend([Align::Right, Align::Left]);
            header.extend([upper.clone(), percent.clone()]);
        } else {
            align.push(Align::Left);
            header.push(upper.clone());
        }
        align.extend([Align::Left, Align::Left]);
        header.extend(["λ_min of K/n", "limit"].map(str::to_owned));
        let mut rows = vec![header];
        for line in &section.lines {
            for (i, point) in line.points.iter().enumerate() {
                let mut row = fields.row(&point.cell, i == 0);
                row.extend(numbers(point, with_upper_interval));
                rows.push(row);
            }
        }
        columns(&align, &rows)
    };
    let full = make(true);
    if full.lines().all(|l| l.chars().count() <= TERMINAL) { full } else { make(false) }
}

/// The least eigenvalue of K/n, mean ± standard error, and that of K∞/n; `< x` where rounding hides how much there is.
fn least_eigenvalues(point: &Point, limit_digits: usize) -> [String; 2] {
    let [sampled, rounding] = point.lambda_rounding;
    let limit = point.cell.limit.lambda_min.unwrap_or(f64::NAN);
    [
        match point.lambda_min.mean() {
            Some(mean) if mean <= sampled && sampled > 0.0 => known(mean, sampled, 2),
            _ => mean_and_error(&point.lambda_min),
        },
        if limit <= rounding && rounding > 0.0 {
            known(limit, rounding, 2)
        } else {
            significant(limit, limit_digits)
        },
    ]
}

fn legend(analysis: &Analysis) -> String {
    let points = || analysis.sections.iter().flat_map(|s| &s.lines).flat_map(|l| &l.points);
    let listed = points().any(|p| p.cell.schedule.is_none() && p.cell.m.is_some());
    let widths = if listed { "of listed widths the narrowest" } else { "by the schedule" };
    let mut rows: Vec<[String; 2]> = vec![
        ["φ, m".into(), format!("activation; hidden widths are m_k = m, k·m or k²·m, {widths}")],
        ["l, m_l".into(), "depth, the number of weight matrices; number of outputs".into()],
        [
            format!("median, {:.0} %", 100.0 * UPPER),
            "quantiles over seeds of ‖K−K∞‖/‖K∞‖, operator norms, K at initialisation".into(),
        ],
        [percent(), "quantiles: for any law of K; ≥ or ≤ where so few seeds leave one side open".into()],
        [
            String::new(),
            format!("all else: {RESAMPLES} bootstrap resamples of the seeds, jointly over the cells;"),
        ],
        [
            String::new(),
            "tr K: hull of two intervals; ≥ where no upper limit would cover (heavy tails)".into(),
        ],
        ["λ_min, limit".into(), "least eigenvalue of K/n, mean ± standard error; the same of K∞/n".into()],
        ["tr K".into(), "standard deviation of the trace over its mean, as found".into()],
        [
            "K(x,x)".into(),
            "the same of a diagonal entry, exact; tr K has at most this, one point just this".into(),
        ],
        ["bound".into(), "(Δ^-2 + l·√m_l)·κ²·m^(-1/2), m = min m_k/k², modulo logarithms (arXiv".into()],
        [String::new(), "2501.14724); its exponents and ratios are those of bound : ‖K∞/n‖".into()],
    ];
    if analysis.axis == Axis::Delta {
        rows.insert(
            1,
            ["Δ".into(), "b²/(a²+b²) of φ(s) = a·s + b·|s|: 0 is linear, 1/2 ReLU, 1 is |s|".into()],
        );
    }
    columns(&[Align::Left; 2], &rows.into_iter().map(Vec::from).collect::<Vec<_>>())
}
