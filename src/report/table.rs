//! The whole table of a study, plain text that fits a terminal.

use super::analysis::{Analysis, Point, Section, UPPER};
use super::axis::Axis;
use super::beside;
use super::eigenvalue_tables;
use super::headings::{Fields, empty_cells, heading, nothing_yet, percent};
use super::independence;
use super::layout::paragraph;
use super::text::{Align, digits_of_mean, estimate, mean_and_error, significant};
use crate::math::known;
use crate::stats::bootstrap::RESAMPLES;

/// The table of a study: for each section its cells, then what was found beside theory, cell by cell, and as exponents
/// and ratios; a legend that names every column. In lines of at most `room` columns: what has no place beside goes on
/// below.
pub fn table(analysis: &Analysis, room: usize) -> String {
    let mut text = String::new();
    if analysis.sections.is_empty() {
        return nothing_yet(analysis);
    }
    for section in &analysis.sections {
        let fields = Fields::of(analysis.axis, section);
        text += &heading(&analysis.name, section, &fields, room);
        text += "\n\n";
        text += &points(section, &fields, room);
        text.push('\n');
        text += &beside::spreads(section, &fields, room);
        text.push('\n');
        text += &beside::constants(section, &fields, room);
        text.push('\n');
        text += &beside::rare(section, &fields, room);
        text += &beside::conditions(section, room);
        text.push('\n');
        text += &beside::tails(section, &fields, room);
        text.push('\n');
        text += &beside::exponents(section, room);
        text += &beside::ratios(section, room);
        text.push('\n');
        for more in [
            eigenvalue_tables::by_place(section, &fields, room),
            independence::by_angle(section, &fields, room),
        ] {
            if !more.is_empty() {
                text += &format!("{more}\n");
            }
        }
    }
    text + &empty_cells(analysis) + &legend(analysis, room)
}

fn points(section: &Section, fields: &Fields, room: usize) -> String {
    let (percent, upper) = (percent(), format!("{:.0} %", 100.0 * UPPER));
    let all = || section.lines.iter().flat_map(|l| &l.points);
    let limit_digits = all().map(|p| digits_of_mean(&p.lambda_min)).max().unwrap_or(4);
    let mut layout = fields
        .layout()
        .group([("median", Align::Right), (&percent, Align::Left)])
        .group([(&upper, Align::Right), (&percent, Align::Left)])
        .group([("λ_min of K/n", Align::Left), ("limit", Align::Left)]);
    for line in &section.lines {
        for (i, point) in line.points.iter().enumerate() {
            let mut row = fields.row(&point.cell, i == 0);
            for found in [&point.median, &point.upper] {
                row.extend(estimate(found.as_ref()));
            }
            row.extend(least_eigenvalues(point, limit_digits));
            layout.push(row);
        }
    }
    layout.text(room)
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

fn legend(analysis: &Analysis, room: usize) -> String {
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
        [
            percent(),
            format!(
                "quantiles: for any law of K; ≥ or ≤ where so few seeds leave one side open. All else: {RESAMPLES} \
                 bootstrap resamples of the seeds, jointly over the cells; tr K: hull of two intervals; ≥ where no \
                 upper limit would cover (heavy tails)"
            ),
        ],
        ["λ_min, limit".into(), "least eigenvalue of K/n, mean ± standard error; the same of K∞/n".into()],
        ["tr K".into(), "standard deviation of the trace over its mean, as found".into()],
        [
            "K(x,x)".into(),
            "the same of a diagonal entry, exact; tr K has at most this, one point just this".into(),
        ],
        [
            "bound".into(),
            "(Δ^-2 + l·√m_l)·κ²·m^(-1/2), m = min m_k/k², modulo logarithms (arXiv 2501.14724); its exponents and \
             ratios are those of bound : ‖K∞/n‖"
                .into(),
        ],
        [
            "in full".into(),
            "the constant over the bound with its logarithms; - where one of them is not positive".into(),
        ],
        [
            "1 - 16/m".into(),
            "the probability of the theorem; 1 - 1/m: once in m draws, which has an upper limit from 3.7·m seeds on".into(),
        ],
        [
            "> t".into(),
            "share of seeds beyond t, Clopper–Pearson; s = 2·√log m times s.d. : mean of K(x,x), of order √(log m/m)".into(),
        ],
    ];
    if analysis.axis == Axis::Delta {
        rows.insert(
            1,
            ["Δ".into(), "b²/(a²+b²) of φ(s) = a·s + b·|s|: 0 is linear, 1/2 ReLU, 1 is |s|".into()],
        );
    }
    let width = rows.iter().map(|[head, _]| head.chars().count()).max().unwrap_or(0);
    rows.iter().map(|[head, text]| paragraph(&format!("  {head:<width$}  "), text, room)).collect()
}
