//! Reports from made-up stored results: the numbers in tables, figures and CSV, and what is said where there are none.

use crate::support::study::{cell, first, main_figure, record, widths};
use eoc_ntk::report::{
    Analysis, Axis, Claim, Measured, Ratio, StudySummary, Verdict, claims, short_table, table,
};
use eoc_ntk::stats::{NoFit, NoInterval};
use eoc_ntk::study::builtin::Builtin;

fn median(values: &[f64]) -> f64 {
    let mut v = values.to_vec();
    v.sort_by(f64::total_cmp);
    let half = v.len() / 2;
    if v.len() % 2 == 1 { v[half] } else { 0.5 * (v[half - 1] + v[half]) }
}

#[track_caller]
fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-12 * b.abs().max(1e-3), "{a} is not {b}");
}

#[test]
fn the_numbers_are_those_of_the_columns() {
    let study = first(64);
    let analysis = Analysis::new(&study);
    assert_eq!(analysis.sections.len(), 1);
    let section = &analysis.sections[0];
    assert_eq!((analysis.axis, section.lines.len()), (Axis::Width, 2));
    let points = section.lines.iter().flat_map(|l| &l.points);
    for (point, cell) in points.zip(&study.cells) {
        assert_eq!((point.cell.m, point.seeds), (cell.cell.m, 64));
        close(point.median.unwrap().estimate, median(&cell.column(|s| s.relative_op)));
        let within = cell.samples.iter().filter(|s| s.relative_op <= point.upper.unwrap().estimate).count();
        assert_eq!(within, 57, "the 90 % quantile of 64 is between the 57th and the 58th");
        let mean = cell.samples.iter().map(|s| s.lambda_min).sum::<f64>() / 64.0;
        close(point.lambda_min.mean().unwrap(), mean);
        // The deviation is three times the relative one, and the bound is known.
        let constant = point.bound_constant.unwrap();
        close(constant.estimate, 3.0 * point.upper.unwrap().estimate / cell.cell.limit.bound.unwrap());
        assert!(constant.interval.contains(constant.estimate) && constant.interval.low.is_some());
        close(point.relative_bound.unwrap(), cell.cell.limit.bound.unwrap() / 3.0);
        let trace = cell.column(|s| s.trace);
        let mean = trace.iter().sum::<f64>() / 64.0;
        let sd = (trace.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / 63.0).sqrt();
        let spread = point.trace_spread.as_ref().unwrap();
        close(spread.value, sd / mean);
        assert!(spread.interval.unwrap().contains(spread.value));
    }
    // ReLU was made 2.3/1.1 of |s|, seed by seed: the ratio is exact and so is its interval.
    for ratio in &section.ratios {
        close(found(ratio).value, 1.1 / 2.3);
        close(found(ratio).interval.unwrap().low.unwrap(), 1.1 / 2.3);
        close(ratio.exact.unwrap(), 1.1 / 2.3);
        close(ratio.bound.unwrap(), 0.5);
    }
    assert_eq!(
        section.ratios.iter().map(|r| r.mean).collect::<Vec<_>>(),
        [false, false, false, false, false, true]
    );
    assert_eq!(section.fits.len(), 2);
    for fit in &section.fits {
        assert_eq!((fit.axis, fit.range), (Axis::Width, Some((64.0, 16384.0))));
        let found = fit.exponent.as_ref().unwrap();
        assert!(found.interval.unwrap().contains(found.exponent) && (found.exponent + 0.5).abs() < 0.05);
        close(fit.exact_exponent.unwrap(), -0.5);
        close(fit.bound_exponent.unwrap(), -0.5);
    }
}

fn found(ratio: &Ratio) -> &Measured {
    ratio.found.as_ref().unwrap()
}

#[track_caller]
fn fits(text: &str, room: usize) {
    for line in text.lines() {
        assert!(line.chars().count() <= room, "{} columns: {line}", line.chars().count());
        assert_eq!(line, line.trim_end());
    }
}

#[test]
fn the_table_fits_a_terminal_and_lines_up() {
    let study = first(64);
    let text = table(&Analysis::new(&study), 80);
    fits(&text, 80);
    let place = |line: &str, what: &str| {
        line.find(what).map(|at| line[..at].chars().count()).unwrap_or_else(|| panic!("no {what} in {line}"))
    };
    for (column, what) in [("median", "["), ("limit", "0.0123000")] {
        let header = text.lines().find(|l| l.contains(column) && l.contains("  φ  ")).unwrap();
        let rows: Vec<&str> = text.lines().skip_while(|l| *l != header).skip(1).take(10).collect();
        let at = if what == "[" { "95 %" } else { column };
        for row in &rows {
            assert_eq!(place(row, what), place(header, at), "{row}");
        }
        assert!(rows[0].trim_start().starts_with("|s|") && rows[5].trim_start().starts_with("ReLU"));
    }
    for said in
        ["64 seeds per cell", "depth 4", "constant widths", "predicted -1/2", "|s| : ReLU", "1000 bootstrap"]
    {
        assert!(text.contains(said), "{said} is not in\n{text}");
    }
}

#[test]
fn numbers_stay_whole_and_all_there_in_terminals_of_any_width() {
    let mut study = first(64);
    study.name = "a study with a name that is longer than any line of a terminal would have it".into();
    for (i, cell) in study.cells.iter_mut().enumerate() {
        let outputs = [1, 1_000_000][i % 5 % 2];
        let cell = record(cell);
        cell.data = format!("{}digits.npy", "/a/long/way/to".repeat(20));
        (cell.outputs, cell.m) = (outputs, cell.m.map(|m| m * 1000));
        if cell.activation == "relu" {
            cell.activation = "-0.12345678901234567,0.7654321".into();
            (cell.a, cell.b) = (-0.123_456_789_012_345_67, 0.765_432_1);
        }
    }
    let analysis = Analysis::new(&study);
    let numbers = |text: &str| -> Vec<String> {
        let mut all: Vec<String> = text
            .split_whitespace()
            .filter(|w| w.contains("e-") || w.contains("0."))
            .map(str::to_owned)
            .collect();
        all.sort();
        all.dedup();
        all
    };
    for say in [|a: &Analysis, room| table(a, room), |a: &Analysis, room| short_table(a, &[], room)] {
        let wide = say(&analysis, 200);
        for room in [60, 80, 100] {
            let text = say(&analysis, room);
            fits(&text, room);
            assert_eq!(numbers(&text), numbers(&wide), "{room}");
        }
        assert!(wide.contains("…") && wide.contains("to/a/long/way/todigits.npy on the sphere"), "{wide}");
        assert!(wide.contains("-0.123457,0.765432"), "{wide}");
    }
}

#[test]
fn the_short_table_has_medians_exponents_and_a_verdict() {
    let analysis = Analysis::new(&first(64));
    let text = short_table(&analysis, &[], 80);
    let point = &analysis.sections[0].lines[1].points[0];
    let row = text.lines().find(|l| l.starts_with("  ReLU     64")).unwrap();
    let found: f64 = row.split_whitespace().nth(3).unwrap().parse().unwrap();
    assert!((found / point.median.unwrap().estimate - 1.0).abs() < 5e-3, "{row}");
    assert_eq!(row.split_whitespace().nth(2), Some("64"), "the seeds: {row}");
    assert!(text.contains("Exponent in m, predicted -1/2") && text.contains("64 … 16384"), "{text}");
    let verdict = text.lines().skip_while(|l| !l.starts_with("Verdict: ")).collect::<Vec<_>>().join(" ");
    assert!(
        verdict.split_whitespace().collect::<Vec<_>>().join(" ").ends_with("in 2 of 2 cases."),
        "{verdict}"
    );
    for left_out in ["λ_min", "tr K", "constant of"] {
        assert!(!text.contains(left_out), "{left_out}");
    }
}

#[test]
fn what_is_missing_says_why() {
    let text = |study: &StudySummary| table(&Analysis::new(study), 80);
    let one = StudySummary::new("one", vec![cell("abs", 4, 64, 64, 0.1)]);
    assert!(text(&one).contains("an exponent needs two different sizes"));
    let few = first(3);
    let said = text(&few);
    let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("an interval needs 8 seeds that all cells share, 3 seeds are there"), "{said}");
    assert!(said.contains("no limits"), "{said}");
    let none = first(0);
    assert_eq!(text(&none), "first: no seed is finished yet\n");
    let mut partial = first(64);
    partial.cells[3] = cell("abs", 4, 4096, 0, 0.1);
    let analysis = Analysis::new(&partial);
    assert_eq!(analysis.empty_cells, 1);
    assert_eq!(analysis.sections[0].lines[0].points.len(), 4);
    assert_eq!(analysis.sections[0].ratios.iter().filter(|r| !r.mean).count(), 4);
    assert!(table(&analysis, 80).contains("1 cell without a finished seed"));
    // A run that was cut short: the last cell has 10 seeds, intervals are over the shared ones.
    let mut cut = first(64);
    cut.cells[9] = cell("relu", 4, 16384, 10, 2.3 / 128.0);
    let analysis = Analysis::new(&cut);
    assert_eq!(analysis.sections[0].fits[1].exponent.as_ref().unwrap().seeds, 10);
    assert_eq!(analysis.sections[0].fits[0].exponent.as_ref().unwrap().seeds, 64);
    assert!(table(&analysis, 80).contains("10 to 64 seeds per cell"));
}

#[test]
fn zero_deviations_and_zero_limits_are_no_numbers() {
    let mut zero = first(16);
    zero.cells[1].samples.iter_mut().for_each(|s| s.relative_op = 0.0);
    let analysis = Analysis::new(&zero);
    assert_eq!(analysis.sections[0].fits[0].exponent, Err(NoFit::Zero));
    let text = table(&analysis, 80);
    assert!(text.contains("the deviation of a cell is 0, which has no logarithm"), "{text}");
    // The ratio at that width is 0, its logarithm is not in the mean.
    assert!(analysis.sections[0].ratios.iter().any(|r| r.mean && r.found.is_none()));

    let mut null = first(16);
    for cell in &mut null.cells {
        cell.samples.iter_mut().for_each(|s| s.relative_op = f64::NAN);
        record(cell).limit.relative_sd_diagonal = None;
        record(cell).limit.bound = None;
    }
    let analysis = Analysis::new(&null);
    assert_eq!(analysis.sections[0].fits[0].exponent, Err(NoFit::Seeds));
    assert!(analysis.sections[0].ratios.iter().all(|r| r.found.is_none()));
    assert!(!table(&analysis, 80).contains("NaN"));
    assert_eq!(main_figure(&null), None);
}

#[test]
fn a_sampler_chosen_by_width_is_one_line_and_a_crossed_one_two() {
    let mut auto = first(16);
    for cell in auto.cells.iter_mut().filter(|c| c.cell.m == Some(64)) {
        record(cell).sampler = "direct".into();
    }
    let analysis = Analysis::new(&auto);
    assert_eq!(analysis.sections.len(), 1);
    assert_eq!(analysis.sections[0].setting.samplers, ["conditional", "direct"]);
    let mut crossed = first(16);
    let mut direct = first(16).cells;
    direct.iter_mut().for_each(|c| record(c).sampler = "direct".into());
    crossed.cells.extend(direct);
    let analysis = Analysis::new(&crossed);
    assert_eq!(analysis.sections.len(), 2);
    assert!(analysis.sections.iter().all(|s| s.lines.iter().all(|l| l.points.len() == 5)));
}

#[test]
fn listed_widths_stand_at_the_narrowest() {
    let mut study = first(16);
    for cell in &mut study.cells {
        let cell = record(cell);
        cell.schedule = None;
        let m = cell.m.unwrap();
        cell.widths = widths(&[4 * m, m, 2 * m]);
    }
    let analysis = Analysis::new(&study);
    let widths: Vec<_> = analysis.sections[0].lines[0].points.iter().map(|p| p.cell.m).collect();
    assert_eq!(widths, [64, 256, 1024, 4096, 16384].map(Some));
    assert!(table(&analysis, 80).contains("listed widths"));
    assert!(main_figure(&study).unwrap().svg.contains("narrowest hidden width"));
}

#[test]
fn the_shared_draws_are_used() {
    // The same study with the seeds of ReLU in another order: the same medians, a wider interval of the ratio.
    let paired = Analysis::new(&first(64));
    let mut study = first(64);
    for cell in study.cells.iter_mut().filter(|c| c.cell.activation == "relu") {
        cell.samples.reverse();
    }
    let turned = Analysis::new(&study);
    let (a, b) = (found(&paired.sections[0].ratios[0]), found(&turned.sections[0].ratios[0]));
    close(a.value, b.value);
    let width = |r: &Measured| {
        let interval = r.interval.unwrap();
        interval.high.unwrap() - interval.low.unwrap()
    };
    assert!(width(a) < 1e-12 && width(b) > 0.01);
    assert_eq!(found(&Analysis::new(&first(7)).sections[0].ratios[0]).interval, Err(NoInterval::Seeds(7)));
}

fn of_first(change: impl Fn(&mut eoc_ntk::report::CellSummary)) -> Vec<Claim> {
    let mut study = first(64);
    study.cells.iter_mut().for_each(change);
    claims(&Builtin::FIRST, &Analysis::new(&study))
}

#[test]
fn verdicts_follow_from_intervals() {
    let verdicts = |claims: &[Claim]| claims.iter().map(|c| c.verdict).collect::<Vec<_>>();
    let found = of_first(|_| ());
    assert_eq!(verdicts(&found), [Verdict::Agrees; 3], "{found:?}");
    let ratio = &found[2];
    assert!((ratio.found.value.unwrap() - 1.1 / 2.3).abs() < 1e-12 && ratio.prediction == "below 1 (order)");
    assert!(ratio.statement.contains("|s| : ReLU"), "{ratio:?}");
    // Deviations that fall as m^(-1/4), and a ReLU that is closer than |s|.
    let flatter = of_first(|cell| {
        let m = cell.cell.m.unwrap() as f64;
        let relu = if cell.cell.activation == "relu" { 0.1 } else { 1.0 };
        cell.samples.iter_mut().for_each(|s| s.relative_op *= m.powf(0.25) * relu);
    });
    let undecided = Verdict::Undecided;
    assert_eq!(verdicts(&flatter), [undecided; 3], "{flatter:?}");
    assert!(
        flatter[2].found.low.unwrap() > 1.0 && flatter.iter().all(|claim| claim.level.is_none()),
        "{flatter:?}"
    );
    // Networks whose exact spread does the same are not wide enough to tell.
    let narrow = of_first(|cell| {
        let m = cell.cell.m.unwrap() as f64;
        record(cell).limit.relative_sd_diagonal = Some(m.powf(-0.25));
        cell.samples.iter_mut().for_each(|s| s.relative_op *= m.powf(0.2));
    });
    assert_eq!(verdicts(&narrow[..2]), [Verdict::Undecided; 2], "{narrow:?}");
    assert!(narrow[0].prediction.contains("-0.2500 is exact"), "{narrow:?}");
    // No interval decides nothing.
    let few = claims(&Builtin::FIRST, &Analysis::new(&first(4)));
    assert_eq!(verdicts(&few), [Verdict::Undecided; 3], "{few:?}");
    let text = short_table(&Analysis::new(&first(64)), &flatter, 80);
    assert!(
        text.contains("Verdict: of 3 predictions, 3 are undecided.")
            && text.contains("\n  undecided:   |s|: ")
            && text.contains("\n  An order holds up to a constant")
    );
    fits(&text, 80);
}
