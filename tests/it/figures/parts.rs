//! Figures of what a study keeps beside its samples: layers, spectra, independent gradients.

use super::{close, drawn, named, number, quantile, rows};
use crate::support::study::{cell, record};
use eoc_ntk::independence::Samples;
use eoc_ntk::report::{CellSummary, StudySummary};
use eoc_ntk::stats::AngleStatistics;
use eoc_ntk::study::table::LayerRow;

/// A pair of points at depth 32, whose errors of inverse cosine distances are (seed + 1)·k.
fn pair(schedule: &str, m: u64) -> CellSummary {
    let mut cell = cell("abs", 32, m, 8, 0.3);
    let record = record(&mut cell);
    (record.schedule, record.n, record.data) = (Some(schedule.into()), 2, "pair:angle=1.24".into());
    let row = |seed: u64, layer: u64| LayerRow {
        cell: 0,
        seed,
        layer,
        norm_max: 0.1,
        cosine_max: 0.1,
        icd_mean: ((seed + 1) * layer) as f64,
        icd_max: 1.0,
        gradient_norm_max: 0.1,
        gradient_inner_max: 0.1,
        term_op: 0.1,
        pairs: 1,
    };
    cell.layers = (0..8).map(|seed| (1..=32).map(|layer| row(seed, layer)).collect()).collect();
    cell
}

/// Figure 1 of arXiv 2501.14724, m = 16, as its files have it: constant, linear, quadratic at layers 8, 16 and 32.
const PUBLISHED: [(&str, [f64; 3]); 3] = [
    ("constant", [3.200612, 11.27444, 51.75795]),
    ("linear", [1.189432, 1.871099, 3.163960]),
    ("quadratic", [0.6033077, 0.7105545, 0.8234329]),
];

#[test]
fn layers_stand_beside_the_published_values() {
    let cells = PUBLISHED.iter().flat_map(|(schedule, _)| [16, 64].map(|m| pair(schedule, m)));
    let mut study = StudySummary::new("layers", cells.collect());
    let all = drawn(&study);
    let figure = rows(named(&all, "layers"));
    let measured = |r: &&std::collections::BTreeMap<String, String>| r["kind"] == "measured";
    assert_eq!(figure.iter().filter(measured).count(), 6 * 32);
    for row in figure.iter().filter(measured) {
        close(number(row, "y"), 4.5 * number(row, "x"));
        // The sample variance of 1 … 8 is 6; two standard errors.
        close(number(row, "high") - number(row, "y"), 2.0 * (6f64 / 8.0).sqrt() * number(row, "x"));
    }
    for (schedule, values) in PUBLISHED {
        let found: Vec<_> =
            figure.iter().filter(|r| r["kind"] == "published" && r["schedule"] == schedule).collect();
        assert_eq!(found.len(), 3, "{schedule}");
        for ((row, value), layer) in found.into_iter().zip(values).zip([8.0, 16.0, 32.0]) {
            assert_eq!((number(row, "width"), number(row, "x")), (16.0, layer));
            close(number(row, "y"), value);
        }
    }
    let published = |study: &StudySummary| {
        let all = drawn(study);
        rows(named(&all, "layers")).iter().filter(|r| r["kind"] == "published").count()
    };
    // More networks than a figure has room for: the data set that has published values is shown, all widths of it.
    let more: Vec<CellSummary> = study
        .cells
        .iter()
        .cloned()
        .map(|mut cell| {
            (record(&mut cell).n, record(&mut cell).data) = (8, "digits:n=8".into());
            cell
        })
        .collect();
    study.cells.splice(0..0, more);
    assert_eq!(published(&study), 9);
    study.cells.iter_mut().for_each(|cell| record(cell).a = 0.5);
    assert_eq!(published(&study), 0, "of other networks");
}

#[test]
fn a_spectrum_is_of_the_eigenvalues_of_all_seeds() {
    let mut study = super::first(16);
    for cell in &mut study.cells {
        let spread = 1.0 / cell.cell.m.unwrap() as f64;
        cell.spectra.limit = vec![0.1, 0.2, 2.0];
        let of = |seed: u64| vec![0.1 - spread * seed as f64, 0.2, 2.0 + spread * (seed * seed) as f64];
        cell.spectra.seeds = (0..16).map(of).collect();
    }
    let all = drawn(&study);
    let figure = rows(named(&all, "spectrum"));
    for (kind, each) in [("measured", 3), ("band", 3), ("theory", 3)] {
        let found: Vec<_> = figure.iter().filter(|r| r["kind"] == kind).collect();
        assert!(found.len() >= 4 * each - 3, "{kind}: {}", found.len());
        for row in found {
            let cell = super::of(&study, row);
            let place = 3 - number(row, "x") as usize;
            let column: Vec<f64> = cell.spectra.seeds.iter().map(|s| s[place]).collect();
            match kind {
                "measured" => close(number(row, "y"), quantile(column, 0.5)),
                "theory" => close(number(row, "y"), [0.1, 0.2, 2.0][place]),
                _ => {
                    close(number(row, "low"), quantile(column.clone(), 0.05));
                    close(number(row, "high"), quantile(column, 0.95));
                }
            }
        }
    }
    assert!(drawn(&super::first(16)).iter().all(|f| f.name != "spectrum"), "none was kept");
}

#[test]
fn independence_is_drawn_by_angle_under_its_bound() {
    let mut study = super::first(9);
    for cell in &mut study.cells {
        let m = cell.cell.m.unwrap() as f64;
        // Means of −5/m and, by symmetry, of 0 with an interval about it.
        let group = |group: usize, seed: f64| AngleStatistics {
            group,
            pairs: 3,
            angles: [group as f64, group as f64 + 0.5],
            difference: [-(1.0 + seed) / m, (seed - 3.5) / m][group],
            size: 9.0 / m,
            bound: 20.0 / m,
        };
        cell.independence = Samples {
            seeds: cell.seeds.clone(),
            difference: vec![0.1 / m; 9],
            relative: (0..9).map(|seed| (1.0 + f64::from(seed)) / m).collect(),
            deviation: vec![0.1; 9],
            independent: vec![0.1; 9],
            angles: (0..9).map(|seed| (0..2).map(|g| group(g, f64::from(seed))).collect()).collect(),
        };
    }
    let all = drawn(&study);
    let cost = rows(named(&all, "independence"));
    assert_eq!(cost.iter().filter(|r| r["kind"] == "measured").count(), 10);
    for row in cost.iter().filter(|r| r["kind"] == "measured") {
        close(number(row, "y"), 5.0 / number(row, "x"));
    }
    let angle = rows(named(&all, "angle"));
    let of = |kind: &str| angle.iter().filter(|r| r["kind"] == kind).cloned().collect::<Vec<_>>();
    assert_eq!((of("measured").len(), of("theory").len()), (8, 8));
    for row in of("measured") {
        let (m, first) = (number(&row, "width"), number(&row, "x") < 1.0);
        close(number(&row, "y"), if first { 5.0 } else { 0.5 } / m);
        close(number(&row, "x"), if first { 0.25 } else { 1.25 });
        assert_eq!(row["low"].is_empty(), !first, "an interval that holds 0 has no lower bar");
        assert!(number(&row, "high") > number(&row, "y"));
    }
    of("theory").iter().for_each(|row| close(number(row, "y"), 20.0 / number(row, "width")));
    assert!(drawn(&super::first(9)).iter().all(|f| f.name != "angle" && f.name != "independence"));
}
