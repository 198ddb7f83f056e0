//! The width that is needed: by a sweep of many seeds, and as a study against the depth.

use std::ops::ControlFlow;

use eoc_ntk::answer::{Draws, Ending, Networks, Question, width};
use eoc_ntk::backend::Stop;
use eoc_ntk::backend::cpu::CpuEngine;
use eoc_ntk::data::{Normalize, Source};
use eoc_ntk::math::activation::Activation;
use serde_json::Value;

use super::support::{cell_of, eoc};

fn full() -> bool {
    std::env::var_os("EOC_FULL").is_some_and(|v| v == "1")
}

/// 32 digits at depth 4, T = 0.25, P = 0.9: m* from the share of 10⁵ seeds within T at three widths around it, other
/// seeds at each, and searches with seeds of their own.
#[test]
fn searches_on_digits_hold_the_width_of_a_sweep() {
    if !full() {
        eprintln!("SKIPPED: a sweep of 10^5 seeds needs EOC_FULL=1");
        return;
    }
    let data = "digits:n=32".parse::<Source>().unwrap().load().unwrap().normalized(Normalize::Sphere);
    let engine = CpuEngine::new(2).unwrap();
    let cell = cell_of(Activation::ABS, 4);
    let asked = Question { tolerance: 0.25, probability: 0.9, resolution: 1.5, ..Question::default() };
    let search = |run: u64| {
        let mut networks = Networks::new(&engine, &cell, &data, &Stop::never()).unwrap();
        let question = networks.question(&Question { first_seed: run << 32, ..asked.clone() }).unwrap();
        let answer = width(&question, &mut networks, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(answer.ending, Ending::Resolved);
        (answer.low, answer.high.unwrap())
    };
    let runs = 20;
    let found: Vec<(u64, u64)> = (0..runs).map(search).collect();
    // Around the middle of the first: three widths, and the line of log(p/(1−p)) over log m through their shares.
    let middle = (found[0].0 as f64 * found[0].1 as f64).sqrt();
    let seeds = 100_000u64;
    let mut networks = Networks::new(&engine, &cell, &data, &Stop::never()).unwrap();
    let points: Vec<(f64, f64)> = [(0u64, 0.9), (1, 1.0), (2, 1.1)]
        .map(|(i, factor)| ((1 << 60) + i * seeds, (middle * factor).round() as u64))
        .map(|(first, m)| {
            let drawn = networks.deviations(m, first..first + seeds).unwrap().unwrap();
            let inside = drawn.iter().filter(|d| **d <= asked.tolerance).count() as f64 / seeds as f64;
            eprintln!("width {m}: {inside:.5} of {seeds} within {}", asked.tolerance);
            ((m as f64).ln(), (inside / (1.0 - inside)).ln())
        })
        .to_vec();
    let slope = (points[2].1 - points[0].1) / (points[2].0 - points[0].0);
    let mean = |k: fn(&(f64, f64)) -> f64| points.iter().map(k).sum::<f64>() / 3.0;
    let goal = (asked.probability / (1.0 - asked.probability)).ln();
    let centre = mean(|p| p.0) + (goal - mean(|p| p.1)) / slope;
    // The share of 3·10⁵ seeds is known to √(P(1−P)/N), and that of log m to it over the slope of p.
    let variance = asked.probability * (1.0 - asked.probability);
    let error = (variance / (3.0 * seeds as f64)).sqrt() / (slope * variance);
    let (least, most) = ((centre - 3.0 * error).exp(), (centre + 3.0 * error).exp());
    eprintln!("m* = {:.1}, between {least:.1} and {most:.1}", centre.exp());
    let low = found.iter().filter(|(low, _)| *low as f64 >= most).count();
    let high = found.iter().filter(|(_, high)| (*high as f64) < least).count();
    eprintln!("{runs} searches: m_low too high in {low}, m_high too low in {high}; {found:?}");
    // 5 % of 20 exceed 4 with probability 3e-3.
    assert!(low + high <= 4, "{low} {high}");
}

const LIST: &str = "width --activation abs --activation relu --depth 2,3 --schedule constant,quadratic --data pair:angle=1 \
                    --tolerance 0.5 --confidence 0.8 --resolution 2 --device cpu";

#[test]
fn lists_make_a_table_with_the_width_of_the_theorem_and_directories_keep_them() {
    let temp = tempfile::tempdir().unwrap();
    let (status, out, err) = eoc(temp.path(), &format!("{LIST} --out kept"));
    assert_eq!((status, err.as_str()), (0, ""));
    let table: Vec<&str> = out.lines().take_while(|line| !line.starts_with("constant:")).collect();
    assert_eq!(table.len(), 9, "{out}");
    assert!(table[0].contains("m_low < m* ≤ m_high") && table[0].trim_end().ends_with("theorem"), "{out}");
    assert!(out.lines().all(|line| line.chars().count() <= 80 || line.starts_with("For more")), "{out}");
    assert!(out.contains("Figure: kept/report/needed.svg"), "{out}");
    let csv = std::fs::read_to_string(temp.path().join("kept/report/needed.csv")).unwrap();
    for kind in ["measured", "theory"] {
        assert_eq!(csv.lines().filter(|line| line.contains(&format!(",{kind},"))).count(), 8, "{csv}");
    }
    for name in ["needed", "needed-share", "needed-constant", "needed-networks"] {
        for ending in ["svg", "pdf", "png", "csv"] {
            assert!(temp.path().join(format!("kept/report/{name}.{ending}")).exists(), "{name}.{ending}");
        }
    }
    assert!(
        std::fs::read_to_string(temp.path().join("kept/report/needed.svg"))
            .unwrap()
            .contains("ReLU, quadratic widths")
    );
    let (_, again, _) = eoc(temp.path(), &format!("{LIST} --out kept --json"));
    let found: Value = serde_json::from_str(&again).unwrap();
    let cells = found["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 8);
    for line in cells.chunks(2) {
        let of = |cell: &Value, key: &str| cell[key].as_f64().unwrap();
        // The bound falls as m^-1/2: where constant · √m is the tolerance, the widths of a line are in the ratio of its
        // bounds².
        let unit = |cell: &Value| cell["constant"][0].as_f64().unwrap() / (of(cell, "m_low") + 1.0).sqrt();
        let ratio = of(&line[0], "theorem") / of(&line[1], "theorem");
        assert!((ratio / (unit(&line[1]) / unit(&line[0])).powi(2) - 1.0).abs() < 1e-9, "{line:?}");
        // One constant for the line: its geometric mean lies among those of the cells.
        let all: Vec<f64> =
            line.iter().flat_map(|c| [0, 1].map(|k| c["constant"][k].as_f64().unwrap())).collect();
        let constant = unit(&line[0]) * of(&line[0], "theorem").sqrt();
        let (least, most) =
            (all.iter().copied().fold(f64::INFINITY, f64::min), all.iter().copied().fold(0.0, f64::max));
        assert!((least..=most).contains(&constant), "{constant} {all:?}");
    }
    assert!(found["undecided"].is_null(), "{found}");
}

#[test]
fn kinds_that_were_not_begun_are_said() {
    let temp = tempfile::tempdir().unwrap();
    let hard = LIST.replace("--tolerance 0.5", "--tolerance 0.02");
    let (status, out, _) = eoc(temp.path(), &format!("{hard} --max-time 0.1s --json"));
    let found: Value = serde_json::from_str(&out).unwrap();
    let begun = found["cells"].as_array().unwrap().len();
    let left = format!("{} kinds of network more, which were not begun", 8 - begun);
    assert_eq!((status, found["undecided"].as_str()), (0, Some(left.as_str())), "{out}");
}

#[test]
fn seeds_that_ran_out_at_the_last_of_all_begin_again() {
    let temp = tempfile::tempdir().unwrap();
    let line = "width --activation abs --depth 2 --data pair:angle=1 --tolerance 0.1 --confidence 0.9 --device cpu --seeds";
    for (seeds, says) in
        [("9223372036854775800..", "--confidence 0.9 --device cpu\n"), ("3..9", "--seeds 3..\n")]
    {
        let (status, out, err) = eoc(temp.path(), &format!("{line} {seeds}"));
        assert!(
            status == 0 && out.contains("because the seeds ran out") && out.ends_with(says),
            "{out}{err}"
        );
        assert!(out.contains("In brackets:"), "{out}");
    }
}

#[test]
fn the_study_needed_is_listed_and_takes_no_grid() {
    let temp = tempfile::tempdir().unwrap();
    let (status, out, _) = eoc(temp.path(), "run --help");
    assert!(status == 0 && out.lines().any(|line| line.trim_start().starts_with("needed ")), "{out}");
    for more in
        ["--seeds 5", "--set network.depth=2", "--dry-run", "--width 4", "--shard 0/2", "--data pair:angle=1"]
    {
        let (status, out, err) = eoc(temp.path(), &format!("run --study needed {more}"));
        assert_eq!((status, out.as_str()), (2, ""), "{more}: {err}");
        assert!(err.contains("ask eoc width for other networks"), "{more}: {err}");
    }
    if full() {
        let (status, out, _) = eoc(temp.path(), "run --study needed --quick");
        assert!(
            status == 0 && out.starts_with("Study needed: ") && out.contains("--out eoc-runs/needed-"),
            "{out}"
        );
        let (status, out, _) = eoc(temp.path(), "run --study needed --quick --json");
        let found: Value = serde_json::from_str(&out).unwrap();
        assert!(status == 0 && found["claims"].as_array().is_some_and(|claims| claims.len() == 6), "{out}");
    }
    assert!(full() || std::fs::read_dir(temp.path()).unwrap().next().is_none());
}
