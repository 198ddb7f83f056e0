//! The tables of the page: of each setting its cells, exponents and ratios.

use super::section;
use crate::report::analysis::{Analysis, Section, UPPER};
use crate::report::eigenvalue_tables;
use crate::report::fits::PowerFit;
use crate::report::headings::{Fields, Labels, heading, percent};
use crate::report::independence;
use crate::report::layout::Layout;
use crate::report::lines::Measured;
use crate::report::text::{Align, escaped, estimate, interval, mean_and_error, significant, slope};

/// Rows of a table at most; the files beside the page have all.
const ROWS: usize = 400;

/// All tables of a report.
pub(super) fn tables(analysis: &Analysis) -> String {
    let of = |one: &Section| {
        let fields = Fields::of(analysis.axis, one);
        let title = heading("", one, &fields, usize::MAX);
        let title = escaped(title.trim_start_matches([':', ' ']).trim());
        let head = if analysis.sections.len() > 1 { format!("<h3>{title}</h3>\n") } else { String::new() };
        head + &cells(one, &fields) + &exponents(one) + &ratios(one) + &further(one, &fields)
    };
    let body: String = analysis.sections.iter().map(of).collect();
    if body.is_empty() { String::new() } else { section("tables", "Tables", &body) }
}

/// What a study kept beside the statistics of its samples.
fn further(one: &Section, fields: &Fields) -> String {
    let eigenvalues = eigenvalue_tables::ends_layout(one, fields).map_or(String::new(), |layout| {
        table(
            &layout,
            "Eigenvalues of K/n and its condition number λ_max/λ_min: medians over seeds, each beside that \
            of K∞/n.",
        )
    });
    let independence = independence::layout_by_cell(one, fields).map_or(String::new(), |layout| {
        let about = format!(
            "K−K_gia : K∞: median of ‖K−K_gia‖/‖K∞‖, K_gia of the same draws as if gradients were independent of \
             activations. K−K∞, K_gia−K∞: medians of both deviations, over n. p: that of an exact test that both have \
             one law, adjusted for all rows of this table. {}",
            independence::apart(one).unwrap_or_default()
        );
        table(&layout, about.trim_end())
    });
    eigenvalues + &independence
}

/// A table, in parts that fit a page and scroll by themselves where it is narrow.
fn table(layout: &Layout, about: &str) -> String {
    format!("{}<p>{}</p>\n", layout.html(ROWS), escaped(about))
}

fn cells(one: &Section, fields: &Fields) -> String {
    let percent = percent();
    let upper = format!("{:.0} %", 100.0 * UPPER);
    let mut layout = fields
        .layout()
        .group([("seeds", Align::Right)])
        .group([("median", Align::Right), (&percent, Align::Left)])
        .group([(&upper, Align::Right), (&percent, Align::Left)])
        .group([
            ("s.d. : mean of tr K", Align::Right),
            (&percent, Align::Left),
            ("exact, K(x,x)", Align::Right),
        ])
        .group([("λ_min of K/n", Align::Left), ("limit", Align::Right)])
        .group([("constant", Align::Right), (&percent, Align::Left)]);
    for line in &one.lines {
        for (i, point) in line.points.iter().enumerate() {
            let mut row = fields.row(&point.cell, i == 0);
            row.push(point.seeds.to_string());
            row.extend(estimate(point.median.as_ref()));
            row.extend(estimate(point.upper.as_ref()));
            row.extend(measured(point.trace_spread.as_ref()));
            let number = |v: Option<f64>| v.map_or("-".into(), |v| significant(v, 3));
            row.push(number(point.cell.limit.relative_sd_diagonal));
            row.push(mean_and_error(&point.lambda_min));
            row.push(number(point.cell.limit.lambda_min));
            row.extend(estimate(point.bound_constant.as_ref()));
            layout.push(row);
        }
    }
    let about = format!(
        "median, {upper}: quantiles over seeds of ‖K−K∞‖/‖K∞‖, operator norms. exact, K(x,x): standard deviation of a \
         diagonal entry over its mean, which tr K has at most. λ_min: mean ± standard error over seeds, and that of \
         K∞/n. constant: {upper} quantile of ‖K−K∞‖/n over the bound of arXiv 2501.14724 without logarithms. A dash: \
         no such number."
    );
    table(&layout, &about)
}

fn measured(found: Option<&Measured>) -> [String; 2] {
    let Some(found) = found else { return ["-".into(), "-".into()] };
    [significant(found.value, 3), found.interval.as_ref().map_or("-".into(), interval)]
}

fn exponents(one: &Section) -> String {
    let mut text = String::new();
    let mut axes: Vec<_> = one.fits.iter().map(|f| f.axis).collect();
    axes.dedup();
    for axis in axes {
        let fits: Vec<&PowerFit> = one.fits.iter().filter(|f| f.axis == axis).collect();
        let labels = Labels::of(axis, &fits.iter().map(|f| &f.cell).collect::<Vec<_>>());
        let mut layout = labels
            .layout()
            .group([(&*format!("range of {}", axis.symbol()), Align::Left)])
            .group([("exponent", Align::Right), (&percent(), Align::Left)])
            .group([("K(x,x)", Align::Right), ("bound", Align::Right)]);
        for fit in fits {
            let mut row = labels.row(&fit.cell);
            row.push(
                fit.range
                    .map_or("-".into(), |(a, b)| if a == b { a.to_string() } else { format!("{a} … {b}") }),
            );
            row.extend(match &fit.exponent {
                Ok(found) => [
                    slope(found.exponent),
                    match found.interval.as_ref().map(|i| (i.low, i.high)) {
                        Ok((Some(low), Some(high))) => format!("[{}, {}]", slope(low), slope(high)),
                        _ => "-".into(),
                    },
                ],
                Err(_) => ["none".into(), "-".into()],
            });
            row.extend([fit.exact_exponent, fit.bound_exponent].map(|e| e.map_or("-".into(), slope)));
            layout.push(row);
        }
        let about = format!(
            "Exponent in {} of the median of ‖K−K∞‖/‖K∞‖; beside it those of the exact spread of K(x,x) and of the \
             bound over the same networks.",
            axis.symbol()
        );
        text += &table(&layout, &about);
    }
    text
}

fn ratios(one: &Section) -> String {
    if one.ratios.is_empty() {
        return String::new();
    }
    let labels =
        Labels::of(crate::report::axis::Axis::Delta, &one.ratios.iter().map(|r| &r.cell).collect::<Vec<_>>());
    let mut layout = labels
        .layout()
        .group([("ratio", Align::Right), (&percent(), Align::Left)])
        .group([("K(x,x)", Align::Right), ("bound", Align::Right)]);
    for ratio in &one.ratios {
        let mut row = labels.row(&ratio.cell);
        if ratio.mean {
            row.iter_mut().skip(1).for_each(|field| *field = "all".into());
        }
        row.extend(measured(ratio.found.as_ref()));
        row.extend([ratio.exact, ratio.bound].map(|v| v.map_or("-".into(), |v| significant(v, 3))));
        layout.push(row);
    }
    table(
        &layout,
        "|s| : φ of the medians at equal networks on the same seeds; below 1, |s| is the nearer to its limit.",
    )
}
