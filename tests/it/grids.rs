//! Reports of studies that vary something else than the width: depth, schedule, outputs, Δ.

use crate::support::study::{cell, main_figure, record, widths};
use eoc_ntk::report::{Analysis, Axis, CellSummary, StudySummary, prediction, table};

fn study(name: &str, cells: Vec<CellSummary>) -> StudySummary {
    StudySummary::new(name, cells)
}

/// Depths × schedules at one m; the deviation grows as l^power of its schedule.
fn depths() -> StudySummary {
    let mut cells = Vec::new();
    for depth in [4usize, 8, 16, 32, 64] {
        for (schedule, power) in [("constant", 0.5), ("linear", 0.2), ("quadratic", 0.0)] {
            let mut cell = cell("abs", depth, 64, 64, 0.02 * (depth as f64).powf(power));
            let factor = |k: u64| match schedule {
                "constant" => 1,
                "linear" => k,
                _ => k * k,
            };
            record(&mut cell).widths = widths(&(1..depth as u64).map(|k| 64 * factor(k)).collect::<Vec<_>>());
            record(&mut cell).schedule = Some(schedule.into());
            cells.push(cell);
        }
    }
    study("depth", cells)
}

fn outputs() -> StudySummary {
    let mut cells = Vec::new();
    for activation in ["abs", "relu"] {
        for outputs in [1, 2, 4, 8, 16] {
            let mut cell = cell(activation, 4, 1024, 64, 0.02 * (outputs as f64).sqrt());
            record(&mut cell).outputs = outputs;
            record(&mut cell).limit.relative_sd_diagonal = Some(0.03);
            cells.push(cell);
        }
    }
    study("outputs", cells)
}

const PHI: [&str; 5] = ["identity", "2,1", "relu", "1,2", "abs"];

fn activations() -> StudySummary {
    let sizes = [0.02, 0.03, 0.04, 0.03, 0.02];
    study("activation", PHI.iter().zip(sizes).map(|(phi, size)| cell(phi, 4, 1024, 64, size)).collect())
}

/// Header and rows of the block that begins below a line with this text.
fn block(text: &str, after: &str) -> Vec<Vec<String>> {
    let lines = text.lines().skip_while(|l| !l.contains(after)).skip(1).skip_while(|l| l.is_empty());
    // Two spaces end a cell; one is within it.
    let cells =
        |line: &str| line.split("  ").map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect();
    lines.take_while(|l| l.starts_with("  ")).map(cells).collect()
}

#[track_caller]
fn fits_a_terminal(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
        assert!(!line.contains("NaN") && line == line.trim_end(), "{line}");
    }
}

#[test]
fn a_study_of_depth_is_one_section_with_a_line_per_schedule() {
    let analysis = Analysis::new(&depths());
    assert_eq!((analysis.axis, analysis.sections.len()), (Axis::Depth, 1));
    let section = &analysis.sections[0];
    assert_eq!(section.lines.len(), 3);
    for line in &section.lines {
        assert_eq!(line.points.iter().map(|p| p.cell.depth).collect::<Vec<_>>(), [4, 8, 16, 32, 64]);
    }
    assert_eq!(section.fits.len(), 3, "no exponent in m, of which there is one value");
    for (fit, power) in section.fits.iter().zip([0.5, 0.2, 0.0]) {
        let found = fit.exponent.as_ref().unwrap();
        assert!((found.exponent - power).abs() < 0.1, "{found:?}");
        assert!((fit.exact_exponent.unwrap() - power).abs() < 1e-9);
    }
    let text = table(&analysis, 80);
    fits_a_terminal(&text);
    let heading = text.lines().next().unwrap();
    assert!(
        heading.contains("m = 64") && !heading.contains("depth 4") && !heading.contains("constant"),
        "{heading}"
    );
    let rows = block(&text, "seeds per cell");
    assert_eq!(rows[0][..4], ["φ", "m_k", "l", "median"]);
    assert_eq!(rows.len(), 1 + 15);
    assert_eq!(rows[1][..3], ["|s|", "m", "4"]);
    assert_eq!(rows[6][..3], ["|s|", "k·m", "4"]);
    assert_eq!(rows[15][0], "64");
    let beside = block(&text, "Spread of tr K");
    assert_eq!(beside[0], ["φ", "m_k", "l", "tr K", "95 % interval", "K(x,x)"]);
    assert_eq!(beside[1][5], "0.0520", "1.3 times the size of the deviation");
    assert_eq!(beside.len(), 1 + 15);
    let constants = block(&text, "Constant of the bound");
    assert_eq!(constants[0], ["φ", "m_k", "l", "constant", "95 % interval", "in full", "95 % interval"]);
    assert_eq!(constants.len(), 1 + 15);
    let fits = block(&text, "Exponent in the depth l");
    assert_eq!(fits[0], ["φ", "m_k", "l", "median", "95 % interval", "K(x,x)", "bound"]);
    assert_eq!(fits[3][..3], ["|s|", "k²·m", "4 … 64"]);
    let figure = main_figure(&depths()).unwrap();
    let svg = &figure.svg;
    for said in ["depth l (weight matrices)", ">constant widths<", ">quadratic widths<", "m = 64", "|s|"] {
        assert!(svg.contains(said), "{said}");
    }
    let rows = |kind: &str| {
        let text = String::from_utf8(figure.csv.clone()).unwrap();
        text.lines().filter(|l| l.contains(&format!("{kind},"))).count()
    };
    assert_eq!((rows("measured"), rows("theory")), (15, 15));
}

#[test]
fn what_varies_less_is_told_apart_and_has_its_own_exponent() {
    let mut cells = Vec::new();
    for depth in [1usize, 2, 4, 8] {
        for m in [64, 256] {
            // Depth 1 has no width: one cell.
            if depth > 1 || m == 64 {
                let size = if depth > 1 { (depth as f64 / m as f64).sqrt() } else { 0.0 };
                cells.push(cell("abs", depth, m, 64, size));
            }
        }
    }
    let analysis = Analysis::new(&study("both", cells.clone()));
    assert_eq!((analysis.axis, analysis.sections.len()), (Axis::Depth, 1));
    let fits = &analysis.sections[0].fits;
    let of = |axis| fits.iter().filter(|f| f.axis == axis).count();
    assert_eq!((of(Axis::Width), of(Axis::Depth), of(Axis::Outputs)), (3, 2, 0));
    for fit in fits {
        let power = if fit.axis == Axis::Depth { 0.5 } else { -0.5 };
        assert!((fit.exponent.as_ref().unwrap().exponent - power).abs() < 0.15, "{fit:?}");
    }
    let text = table(&analysis, 80);
    fits_a_terminal(&text);
    assert_eq!(block(&text, "Exponent in the depth l")[2][..3], ["|s|", "256", "2 … 8"]);
    assert_eq!(block(&text, "Exponent in m,")[2][..3], ["|s|", "4", "64 … 256"]);
    let svg = main_figure(&study("both", cells.clone())).unwrap().svg;
    for m in [64, 256] {
        assert!(svg.contains(&format!(">m = {m}<")), "the lines of the figure are told apart");
    }
    // With more widths than depths the width is the axis, and the depths are lines.
    cells.retain(|c| c.cell.depth == 2 || c.cell.depth == 4);
    cells.push(cell("abs", 2, 1024, 64, 0.04));
    let both = study("both", cells);
    let analysis = Analysis::new(&both);
    assert_eq!((analysis.axis, analysis.sections[0].lines.len()), (Axis::Width, 2));
    assert!(main_figure(&both).unwrap().svg.contains(">depth 4<"));
    assert_eq!(block(&table(&analysis, 80), "seeds per cell")[0][..3], ["φ", "l", "m"]);
}

#[test]
fn a_study_of_outputs_has_an_exponent_in_them() {
    let analysis = Analysis::new(&outputs());
    assert_eq!((analysis.axis, analysis.sections[0].lines.len()), (Axis::Outputs, 2));
    let text = table(&analysis, 80);
    fits_a_terminal(&text);
    assert_eq!(block(&text, "seeds per cell")[0][..3], ["φ", "m_l", "median"]);
    let fits = block(&text, "Exponent in the number of outputs");
    assert_eq!((fits[1][1].as_str(), fits[1][4].as_str()), ("1 … 16", "0.000"));
    let ratios = block(&text, "Ratio |s| : ReLU");
    assert_eq!(
        ratios.iter().map(|r| r[0].as_str()).collect::<Vec<_>>(),
        ["m_l", "1", "2", "4", "8", "16", "all"]
    );
    assert!(main_figure(&outputs()).unwrap().svg.contains("number of outputs m_l"));
}

/// Lines along one number are of networks that are equal in all others.
#[test]
fn widths_do_not_mix_on_a_line_over_something_else() {
    let wider = |study: StudySummary| -> StudySummary {
        let mut both = study;
        let mut cells = both.cells.clone();
        for cell in &mut cells {
            let cell = record(cell);
            cell.m = Some(2048);
            cell.widths = widths(&vec![2048; cell.depth as usize - 1]);
        }
        both.cells.extend(cells);
        both
    };
    for (study, axis, lines, points) in
        [(outputs(), Axis::Outputs, 4, 5), (activations(), Axis::Delta, 2, 5), (depths(), Axis::Depth, 6, 5)]
    {
        let study = wider(study);
        let analysis = Analysis::new(&study);
        assert_eq!(analysis.axis, axis);
        assert_eq!(analysis.sections[0].lines.len(), lines, "{axis:?}");
        for line in &analysis.sections[0].lines {
            assert_eq!(line.points.len(), points);
            assert!(line.points.iter().all(|p| p.cell.m == line.cell.m));
        }
        fits_a_terminal(&table(&analysis, 80));
        assert!(main_figure(&study).unwrap().svg.contains("m = 2048"), "{axis:?}");
    }
}

#[test]
fn a_study_of_activations_is_a_line_over_delta() {
    let analysis = Analysis::new(&activations());
    assert_eq!((analysis.axis, analysis.sections[0].lines.len()), (Axis::Delta, 1));
    let text = table(&analysis, 80);
    fits_a_terminal(&text);
    let rows = block(&text, "seeds per cell");
    assert_eq!(rows[0][..3], ["φ", "Δ", "median"]);
    let deltas: Vec<&str> = rows[1..].iter().map(|r| r[1].as_str()).collect();
    assert_eq!(deltas, ["0", "0.200", "0.500", "0.800", "1.00"]);
    assert!(!text.contains("Exponent"));
    let ratios = block(&text, "Ratio |s| : φ");
    assert_eq!(
        ratios.iter().map(|r| r[0].as_str()).collect::<Vec<_>>(),
        ["φ", "identity", "2,1", "ReLU", "1,2"]
    );
    assert!(main_figure(&activations()).unwrap().svg.contains("Δ = b²/(a²+b²)"));
    // Two activations are two lines.
    let mut two = activations();
    two.cells.retain(|c| ["abs", "relu"].contains(&c.cell.activation.as_str()));
    let analysis = Analysis::new(&two);
    assert_eq!((analysis.axis, analysis.sections[0].lines.len()), (Axis::Width, 2));
}

#[test]
fn data_sets_are_sections_and_told_apart_in_the_figure() {
    let mut both = depths();
    let mut single = depths().cells;
    for cell in &mut single {
        let cell = record(cell);
        (cell.data, cell.n) = ("digits:n=1".into(), 1);
    }
    both.cells.extend(single);
    let analysis = Analysis::new(&both);
    assert_eq!(analysis.sections.len(), 2);
    fits_a_terminal(&table(&analysis, 80));
    let svg = main_figure(&both).unwrap().svg;
    assert!(svg.contains("linear widths, digits:n=1<"));
    assert!(svg.contains("points on the sphere"), "all of them are");
    // One that is not is told apart in the legend, and nothing is said of all.
    for cell in both.cells.iter_mut().filter(|c| c.cell.n == 1) {
        record(cell).normalize = "none".into();
    }
    let other = main_figure(&both).unwrap().svg;
    assert!(!other.contains("points on the sphere") && other.contains("digits:n=1, rows as they are<"));
    assert!(!svg.contains("sampler"), "a sampler that goes with the data tells nothing apart");
}

/// What is predicted before a study are the theory columns of its final table, and no seed moves them.
#[test]
fn predictions_are_the_theory_of_the_table() {
    let study = depths();
    let theory = Analysis::theory(&study);
    let text = prediction(&theory, 80);
    fits_a_terminal(&text);
    let rows = block(&format!("x\n{text}"), "x");
    assert_eq!(rows[0], ["φ", "m_k", "l", "s.d. of K(x,x)", "exponent", "bound", "exponent"]);
    let found = block(&table(&Analysis::new(&study), 80), "Exponent in the depth l");
    for (predicted, row) in rows[1..].iter().zip(&found[1..]) {
        assert_eq!((&predicted[4], &predicted[6]), (&row[5], &row[6]));
    }
    assert_eq!(rows.len(), 4);
    let mut unborn = study.clone();
    for cell in &mut unborn.cells {
        cell.seeds.clear();
        cell.samples.clear();
    }
    assert_eq!(prediction(&Analysis::theory(&unborn), 80), text);

    let rows = block(&format!("x\n{}", prediction(&Analysis::theory(&activations()), 80)), "x");
    assert_eq!(rows[0], ["φ", "Δ", "s.d. of K(x,x)", "bound"]);
    assert_eq!(rows.len(), 6);
    // Depth 1 is exact: nothing to predict.
    assert_eq!(
        prediction(&Analysis::theory(&super::grids::study("one", vec![cell("abs", 1, 1, 9, 0.0)])), 80),
        ""
    );
}
