//! `report/summary.json` against the stored rows, every number computed again in the slow and obvious way.

use std::fs;
use std::path::Path;
use std::process::Command;

use eoc_ntk::rng::{Role, Stream};
use rand::RngExt;
use serde_json::Value;

fn eoc(at: &Path, line: &str) -> String {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("eoc"));
    let output = command.args(line.split_whitespace()).current_dir(at).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "eoc {line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[track_caller]
fn has_keys(value: &Value, expected: &str) {
    let mut expected: Vec<&str> = expected.split_whitespace().collect();
    expected.sort_unstable();
    assert_eq!(keys(value), expected, "{value}");
}

#[track_caller]
fn close(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{found} instead of {expected}"));
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-9), "{found} instead of {expected}");
}

/// Rows of one cell.
struct Rows(Vec<Value>);

impl Rows {
    fn column(&self, name: &str) -> Vec<f64> {
        self.0.iter().map(|row| row[name].as_f64().unwrap()).collect()
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}

/// Linear between order statistics.
fn quantile(values: &[f64], p: f64) -> f64 {
    let values = sorted(values);
    let h = (values.len() - 1) as f64 * p;
    let (low, high) = (values[h.floor() as usize], values[h.ceil() as usize]);
    low + (h - h.floor()) * (high - low)
}

/// The narrowest order statistics beyond which lie at most 2.5 % each, by sums of binomial probabilities.
fn limits(values: &[f64], p: f64) -> [Option<f64>; 2] {
    let (values, n) = (sorted(values), values.len());
    let choose = |k: usize| (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
    let exactly = |k: usize| choose(k) * p.powi(k as i32) * (1.0 - p).powi((n - k) as i32);
    // P(B < r) and P(B ≥ s) of how many lie below the quantile.
    let below = |r: usize| (0..r).map(exactly).sum::<f64>();
    let above = |s: usize| (s..=n).map(exactly).sum::<f64>();
    let low = (1..=n).rev().find(|&r| below(r) <= 0.025).map(|r| values[r - 1]);
    let high = (1..=n).find(|&s| above(s) <= 0.025).map(|s| values[s - 1]);
    [low, high]
}

#[track_caller]
fn is_limit(found: &Value, expected: Option<f64>) {
    match expected {
        Some(expected) => close(found, expected),
        None => assert!(found.is_null(), "{found} is open"),
    }
}

#[track_caller]
fn is_quantile(found: &Value, values: &[f64], p: f64) {
    close(&found["value"], quantile(values, p));
    let [low, high] = limits(values, p);
    is_limit(&found["low"], low);
    is_limit(&found["high"], high);
}

/// The 2.5 % and 97.5 % quantiles of a statistic over 1000 resamples of the seeds, jointly for all cells.
fn resampled(columns: &[Vec<f64>], statistic: impl Fn(&[Vec<f64>]) -> f64) -> [f64; 2] {
    let seeds = columns[0].len();
    let one = |i: u64| {
        let mut stream = Stream::new(i, Role::Bootstrap);
        let drawn: Vec<usize> = (0..seeds).map(|_| stream.random_range(0..seeds as u64) as usize).collect();
        let rows: Vec<Vec<f64>> = columns.iter().map(|c| drawn.iter().map(|&at| c[at]).collect()).collect();
        statistic(&rows)
    };
    let all: Vec<f64> = (0..1000).map(one).collect();
    [quantile(&all, 0.025), quantile(&all, 0.975)]
}

fn slope(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (x, y): (Vec<f64>, Vec<f64>) =
        (x.iter().map(|v| v.ln()).collect(), y.iter().map(|v| v.ln()).collect());
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let over: f64 = x.iter().zip(&y).map(|(x, y)| (x - mx) * (y - my)).sum();
    over / x.iter().map(|x| (x - mx).powi(2)).sum::<f64>()
}

fn medians(rows: &[Vec<f64>]) -> Vec<f64> {
    rows.iter().map(|row| quantile(row, 0.5)).collect()
}

/// The summary with the rows behind each of its cells, and the cells as exported.
struct Run {
    summary: Value,
    cells: Vec<(Value, Rows)>,
}

impl Run {
    fn of(options: &str) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let printed = eoc(temp.path(), &format!("run {options} --out run --json"));
        let written = fs::read_to_string(temp.path().join("run/report/summary.json")).unwrap();
        assert_eq!(printed, written, "stdout has the file and nothing else");
        let rows = json(&eoc(temp.path(), "export run --format json"));
        let exported = json(&eoc(temp.path(), "export run --format json --table cells"));
        let summary = json(&written);
        let same = |a: &Value, b: &Value| {
            ["activation", "depth", "widths", "outputs", "scale", "n", "data", "normalize", "sampler"]
                .iter()
                .all(|key| a[*key] == b[*key])
        };
        let of = |cell: &Value| {
            let rows = rows.as_array().unwrap().iter().filter(|row| same(row, cell)).cloned().collect();
            let exported = exported.as_array().unwrap().iter().find(|row| same(row, cell)).unwrap();
            (exported.clone(), Rows(rows))
        };
        let cells: Vec<_> = summary["cells"].as_array().unwrap().iter().map(of).collect();
        assert_eq!(cells.len(), exported.as_array().unwrap().len());
        Self { summary, cells }
    }

    fn list(&self, key: &str) -> &Vec<Value> {
        self.summary[key].as_array().unwrap()
    }

    /// The cells that are all this.
    fn which(&self, wanted: impl Fn(&Value) -> bool) -> Vec<&(Value, Rows)> {
        self.cells.iter().filter(|(cell, _)| wanted(cell)).collect()
    }
}

fn check_cells(run: &Run) {
    for (found, (cell, rows)) in run.list("cells").iter().zip(&run.cells) {
        has_keys(
            found,
            "activation depth m widths schedule outputs scale n data normalize sampler precision seeds median quantile_90 trace_sd \
             lambda_min bound theorem rare tails spectrum independence",
        );
        assert_eq!(found["seeds"], rows.0.len());
        for key in ["m", "schedule", "precision"] {
            assert_eq!(found[key], cell[key], "{key}");
        }
        has_keys(&found["median"], "value low high");
        is_quantile(&found["median"], &rows.column("relative_op"), 0.5);
        is_quantile(&found["quantile_90"], &rows.column("relative_op"), 0.9);
        let spread = &found["trace_sd"];
        has_keys(spread, "value low high exact resolved");
        let moments = |values: &[f64]| {
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt())
        };
        let (mean, sd) = moments(&rows.column("trace"));
        close(&spread["value"], sd / mean);
        assert!(spread["low"].as_f64().unwrap() < sd / mean);
        assert!(spread["high"].as_f64().is_none_or(|high| high > sd / mean));
        assert_eq!(spread["exact"], cell["relative_sd_diagonal"]);
        let (mean, sd) = moments(&rows.column("lambda_min"));
        has_keys(&found["lambda_min"], "mean error limit");
        close(&found["lambda_min"]["mean"], mean);
        close(&found["lambda_min"]["error"], sd / (rows.0.len() as f64).sqrt());
        assert_eq!(found["lambda_min"]["limit"], cell["limit_lambda_min"]);
        let bound = &found["bound"];
        has_keys(bound, "value full constant constant_full");
        for (key, constant, column) in
            [("value", "constant", "bound"), ("full", "constant_full", "bound_full")]
        {
            assert_eq!(bound[key], cell[column]);
            let right = bound[key].as_f64().unwrap();
            let over: Vec<f64> = rows.column("deviation_op").iter().map(|v| v / right).collect();
            is_quantile(&bound[constant], &over, 0.9);
        }
    }
}

#[test]
fn the_first_study_says_for_machines_what_it_says_for_people() {
    let run = Run::of("--quick");
    has_keys(&run.summary, "cells exponents ratios claims");
    check_cells(&run);
    let exponents = run.list("exponents");
    assert_eq!(exponents.len(), 2);
    for found in exponents {
        has_keys(found, "along activation depth m schedule outputs n data value low high exact bound");
        assert!(
            found["m"].is_null() && found["depth"] == 4 && found["outputs"] == 1 && found["n"] == 32,
            "{found}"
        );
        assert_eq!(found["along"], "m");
        let line = run.which(|cell| cell["activation"] == found["activation"]);
        let x: Vec<f64> = line.iter().map(|(cell, _)| cell["m"].as_f64().unwrap()).collect();
        let columns: Vec<Vec<f64>> = line.iter().map(|(_, rows)| rows.column("relative_op")).collect();
        let of = |rows: &[Vec<f64>]| slope(&x, &medians(rows));
        close(&found["value"], of(&columns));
        let [low, high] = resampled(&columns, of);
        close(&found["low"], low);
        close(&found["high"], high);
        let theory = |number: &dyn Fn(&Value) -> f64| {
            slope(&x, &line.iter().map(|(cell, _)| number(cell)).collect::<Vec<_>>())
        };
        close(&found["exact"], theory(&|cell| cell["relative_sd_diagonal"].as_f64().unwrap()));
        let bound =
            |cell: &Value| cell["bound"].as_f64().unwrap() / cell["limit_lambda_max"].as_f64().unwrap();
        close(&found["bound"], theory(&bound));
    }
    let ratios = run.list("ratios");
    assert_eq!(ratios.len(), 6);
    for found in ratios {
        has_keys(found, "activation mean depth m schedule outputs n data value low high exact bound");
        let at = |activation: &str| {
            run.which(|cell| {
                cell["activation"] == activation && (found["mean"] == true || cell["m"] == found["m"])
            })
        };
        let column = |(_, rows): &&(Value, Rows)| rows.column("relative_op");
        let columns: Vec<Vec<f64>> = at("abs").iter().chain(&at("relu")).map(column).collect();
        // The geometric mean over the widths.
        let of = |rows: &[Vec<f64>]| {
            let (abs, relu) = rows.split_at(rows.len() / 2);
            let logs = medians(abs).iter().zip(medians(relu)).map(|(a, r)| (a / r).ln()).sum::<f64>();
            (logs / abs.len() as f64).exp()
        };
        close(&found["value"], of(&columns));
        let [low, high] = resampled(&columns, of);
        close(&found["low"], low);
        close(&found["high"], high);
    }
    let claims = run.list("claims");
    assert_eq!(claims.len(), 3);
    for (claim, number) in claims.iter().zip([&exponents[0], &exponents[1]]) {
        has_keys(claim, "statement prediction found verdict");
        has_keys(&claim["found"], "value low high");
        for key in ["value", "low", "high"] {
            assert_eq!(claim["found"][key], number[key]);
        }
        let limit = |key: &str| number[key].as_f64().unwrap();
        if limit("low") <= -0.5 && -0.5 <= limit("high") {
            assert_eq!(claim["verdict"], "agrees");
        } else {
            assert_ne!(claim["verdict"], "agrees");
        }
    }
    // The ratio of the claim is that with the highest upper limit.
    let highest = ratios.iter().filter(|r| r["mean"] == false).map(|r| r["high"].as_f64().unwrap());
    let highest = highest.fold(0.0, f64::max);
    assert_eq!(claims[2]["found"]["high"].as_f64(), Some(highest));
    assert_eq!(claims[2]["verdict"], if highest < 1.0 { "agrees" } else { "undecided" });
}

#[test]
fn other_networks_have_numbers_and_no_claims() {
    let run = Run::of(
        "--activation abs --activation relu --depth 2,3 --width 8,16 --outputs 1,2 --data digits:n=3 --seeds 12",
    );
    assert!(run.list("claims").is_empty());
    check_cells(&run);
    let along = |name: &str| run.list("exponents").iter().filter(|e| e["along"] == name).count();
    assert_eq!((along("m"), along("depth"), along("outputs")), (8, 8, 8));
    assert_eq!(run.list("ratios").len(), 9);
    // The linear network has no bound, 4 seeds have no interval and one has no error.
    let temp = tempfile::tempdir().unwrap();
    for seeds in [1, 4] {
        let line = format!("run --activation identity --width 8 --seeds {seeds} --out {seeds} --json");
        let summary = json(&eoc(temp.path(), &line));
        let cell = &summary["cells"][0];
        assert!(cell["bound"]["value"].is_null() && cell["bound"]["constant"]["value"].is_null(), "{cell}");
        assert!(cell["median"]["value"].is_f64() && cell["median"]["low"].is_null(), "{cell}");
        assert_eq!(cell["lambda_min"]["error"].is_null(), seeds == 1, "{cell}");
        assert!(summary["exponents"][0]["value"].is_null(), "{summary}");
    }
}
