//! The built-in studies of the two papers: every verdict can come out in every way, on rows made by hand; and all of
//! them in one command.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::study::{cell, record};
use eoc_ntk::independence::Samples;
use eoc_ntk::report::papers::STATEMENTS;
use eoc_ntk::report::{
    Analysis, Axis, CellSummary, Spectra, StudySummary, Verdict, claims, short_table, summary_json, table,
};
use eoc_ntk::rng::{Role, Stream};
use eoc_ntk::stats::AngleStatistics;
use eoc_ntk::study::builtin::{BUILTIN, Builtin};
use eoc_ntk::study::table::LayerRow;

fn builtin(name: &str) -> Builtin {
    name.parse().unwrap()
}

fn verdicts(name: &str, cells: Vec<CellSummary>) -> Vec<Verdict> {
    let study = StudySummary::new(name, cells);
    let claims = claims(&builtin(name), &Analysis::new(&study));
    claims.iter().map(|claim| claim.verdict).collect()
}

/// Networks of widths k²·m whose relative deviation is a function of m and a normal deviate.
fn by_width(seeds: u64, relative: impl Fn(f64, f64) -> f64) -> Vec<CellSummary> {
    let of = |m: u64| {
        let mut cell = cell("abs", 4, m, seeds, 1.0);
        let mut normal = Stream::new(m, Role::Data);
        for sample in &mut cell.samples {
            sample.relative_op = relative(m as f64, normal.normal()).abs();
            sample.deviation_op = 3.0 * sample.relative_op;
        }
        let (m, record) = (m as f64, record(&mut cell));
        record.schedule = Some("quadratic".into());
        record.limit.bound_m = Some(m);
        record.limit.bound = Some(4.0 / m.sqrt());
        record.limit.bound_full = Some(4.0 * (m.ln() / m).sqrt());
        record.limit.relative_sd_diagonal = Some(1.0 / m.sqrt());
        cell
    };
    [16, 64, 256].map(of).into()
}

#[test]
fn verdicts_of_tails_follow_the_law_of_the_deviation() {
    let thin = |m: f64, z: f64| z.abs().powf(0.7) / m.sqrt();
    assert_eq!(verdicts("tail", by_width(4000, thin)), [Verdict::Agrees; 3]);
    // Deviations that do not fall at all: the constants are not known, and nothing is contradicted.
    assert_eq!(verdicts("tail", by_width(4000, |_, z| 0.5 * z)), [Verdict::Undecided; 3]);
    assert_eq!(verdicts("tail", by_width(30, |m, z| z / m.sqrt())), [Verdict::Undecided; 3]);
}

#[test]
fn large_deviations_are_in_the_whole_table() {
    let analysis = Analysis::new(&StudySummary::new("tail", by_width(1000, |m, z| z / m.sqrt())));
    let text = table(&analysis, 80);
    for said in [
        "The same at 1 - 16/m,",
        "The same at 1 - 1/m,",
        "Theorem: its conditions hold for every cell",
        "Share of seeds with a large",
        "> 0.2",
    ] {
        assert!(text.contains(said), "{said} is not in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let point = &analysis.sections[0].lines[0].points[2];
    let hits = point.tails.fixed[0].hits as usize;
    let relative: Vec<f64> = by_width(1000, |m, z| z / m.sqrt())[2].column(|s| s.relative_op);
    assert_eq!(hits, relative.iter().filter(|r| **r > 0.2).count());
    // 1 − 1/16 of 1000 lies between the 937th and the 938th; the first cell has no 1 − 16/16.
    let first = &analysis.sections[0].lines[0].points[0].tails.rare;
    assert!(first[0].constant.is_none() && first[1].constant.is_some());
    let mut sorted = by_width(1000, |m, z| z / m.sqrt())[0].column(|s| s.deviation_op);
    sorted.sort_by(f64::total_cmp);
    let quantile = sorted[936] + 0.5625 * (sorted[937] - sorted[936]);
    assert!((first[1].constant.unwrap().estimate - quantile).abs() < 1e-12);
}

/// Networks on more and more points of one source.
fn by_points(seeds: u64, grown: f64) -> Vec<CellSummary> {
    let of = |n: u64| {
        let mut cell = cell("abs", 4, 32, seeds, 0.2);
        let factor = if n == 256 { grown } else { 1.0 };
        for sample in &mut cell.samples {
            sample.deviation_op *= factor;
            sample.relative_op *= factor;
        }
        let record = record(&mut cell);
        (record.n, record.data) = (n, format!("digits:n={n}"));
        cell
    };
    [4, 16, 64, 256].map(of).into()
}

#[test]
fn points_are_an_axis_and_the_bound_holds_along_it() {
    assert_eq!(verdicts("points", by_points(64, 0.3)), [Verdict::Agrees]);
    assert_eq!(verdicts("points", by_points(64, 4.0)), [Verdict::Undecided]);
    assert_eq!(verdicts("points", by_points(64, 1.0)), [Verdict::Undecided]);
    let study = StudySummary::new("points", by_points(64, 1.0));
    let analysis = Analysis::new(&study);
    assert_eq!((analysis.axis, analysis.sections.len()), (Axis::Points, 1));
    assert_eq!(analysis.sections[0].fits.len(), 1);
    let text = short_table(&analysis, &[], 80);
    assert!(
        text.contains("points: digits:n on the sphere")
            && text.contains("Exponent in the number of points n")
    );
    // Two sources are two sections, and rows of one source along the width are not one line.
    let mut two = study.clone();
    two.cells.extend(by_points(64, 1.0).into_iter().map(|mut cell| {
        let n = cell.cell.n;
        record(&mut cell).data = format!("sphere:n={n},dim=3,seed=0");
        cell
    }));
    assert_eq!(Analysis::new(&two).sections.len(), 2);
}

#[test]
fn a_second_moment_that_so_few_draws_cannot_resolve_is_said_to_be() {
    let mut deep = cell("relu", 33, 64, 500, 0.5);
    record(&mut deep).limit.relative_sd_diagonal = Some(6f64.sqrt());
    let of = |cell: &CellSummary| Analysis::new(&StudySummary::new("deep", vec![cell.clone()]));
    for text in [table(&of(&deep), 80), short_table(&of(&deep), &[], 80)] {
        let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            said.contains("Heavy tails: the seeds of 1 network cannot resolve a second moment"),
            "{text}"
        );
        assert!(said.contains("ReLU, depth 33, m = 64: 500 of at least"), "{text}");
    }
    record(&mut deep).limit.relative_sd_diagonal = Some(0.3);
    assert!(!table(&of(&deep), 80).contains("Heavy tails:"));
}

/// Layers whose errors are powers of k (norms and inverse cosine distances), k − 1 (cosines), l + 1 − k (gradients) and
/// 1/m (terms), with a spread over seeds.
fn by_layer(schedule: &str, m: u64, seeds: u64, powers: [f64; 3]) -> CellSummary {
    let mut cell = cell("abs", 32, m, seeds, 0.3);
    let record = record(&mut cell);
    (record.schedule, record.n) = (Some(schedule.into()), 8);
    record.limit.relative_sd_diagonal = Some(1.0 / (m as f64).sqrt());
    let [icd, cosine, gradient] = powers;
    let row = |seed: u64, k: u64, z: f64| LayerRow {
        cell: 0,
        seed,
        layer: k,
        norm_max: z * (k as f64).powf(icd),
        cosine_max: z * (k as f64 - 1.0).max(0.5).powf(cosine),
        icd_mean: z * (k as f64).powf(icd),
        icd_max: z,
        gradient_norm_max: z * (33.0 - k as f64).powf(gradient),
        gradient_inner_max: z * (33.0 - k as f64).powf(gradient),
        term_op: z * (m as f64).powf(-gradient),
        pairs: 28,
    };
    let mut normal = Stream::new(m, Role::Data);
    cell.layers = (0..seeds)
        .map(|seed| {
            let shared = (0.3 * normal.normal()).exp();
            (1..=32).map(|k| row(seed, k, shared * (0.1 * normal.normal()).exp())).collect()
        })
        .collect();
    cell
}

#[test]
fn verdicts_of_layers_follow_their_exponents() {
    let of = |schedule: &str, seeds, powers| {
        verdicts("layers", [16, 64].map(|m| by_layer(schedule, m, seeds, powers)).into())
    };
    // Norms, cosines, two of gradients, inverse cosine distances, terms.
    assert_eq!(of("quadratic", 64, [0.1, -2.5, 0.5]), [Verdict::Agrees; 6]);
    let worse = of("quadratic", 64, [0.9, -1.0, 4.0]);
    assert_eq!(worse, [Verdict::Undecided; 6], "an order with an unknown constant was contradicted");
    assert_eq!(of("quadratic", 4, [0.1, -2.5, 0.5]), [Verdict::Undecided; 6]);
    // Of the other schedules the paper says only how inverse cosine distances go.
    assert_eq!(of("linear", 64, [0.8, -1.0, 4.0]), [Verdict::Agrees]);
    assert_eq!(of("linear", 64, [1.4, -2.0, 0.5]), [Verdict::Undecided]);
    assert_eq!(of("constant", 64, [1.6, -1.0, 0.5]), [Verdict::Agrees]);
}

/// Two points, |s|, depth 32, constant widths 16: the mean error at layers 8, 16 and 32 beside the published one.
#[test]
fn verdicts_of_published_values_follow_the_mean_error() {
    let of = |seeds: u64, factor: f64| {
        let mut cell = by_layer("constant", 16, seeds, [1.6, -1.0, 0.5]);
        record(&mut cell).n = 2;
        let mut normal = Stream::new(5, Role::Data);
        for rows in &mut cell.layers {
            let z = normal.normal();
            for (k, mean) in [(8, 3.200612), (16, 11.27444), (32, 51.75795)] {
                rows[k - 1].icd_mean = factor * mean * (1.0 + 0.5 * z);
            }
        }
        verdicts("layers", vec![cell])[1..].to_vec()
    };
    let (agrees, contradicts, undecided) = (Verdict::Agrees, Verdict::Contradicts, Verdict::Undecided);
    assert_eq!(of(512, 1.0), [agrees; 3]);
    assert_eq!(of(512, 1.02), [agrees; 3]);
    // The tail of constant widths may be missing in fewer draws, and then nothing agrees.
    assert_eq!(of(64, 1.0), [undecided; 3]);
    assert_eq!(of(512, 2.0), [contradicts; 3]);
    // One draw has no error.
    assert!(of(1, 1.0).iter().all(|verdict| *verdict != Verdict::Agrees));
}

#[test]
fn the_verdict_of_independence_follows_the_exponent_of_its_cost() {
    let of = |seeds: u64, power: f64| verdicts("independence", by_angle(seeds, power, 0.0).into())[0];
    assert_eq!(of(64, -0.94), Verdict::Agrees);
    assert_eq!(of(64, -0.5), Verdict::Undecided);
    assert_eq!(of(4, -1.0), Verdict::Undecided);
}

/// K beside K_gia at three widths: costs that fall by a power, and entries whose mean is a part of their bound, at the
/// widest angles of the narrowest network.
fn by_angle(seeds: u64, power: f64, part: f64) -> [CellSummary; 3] {
    [64u64, 256, 1024].map(|m| {
        let mut cell = cell("abs", 4, m, seeds, 0.1);
        let mut normal = Stream::new(m, Role::Data);
        let cost = |_| (m as f64).powf(power) * (0.2 * normal.normal()).exp();
        let relative: Vec<f64> = (0..seeds).map(cost).collect();
        let group = |group: usize, z: f64| {
            let (bound, at) = (1.0 / m as f64, 0.4 * group as f64);
            let share = if group == 7 && m == 64 { part } else { 0.0 };
            let difference = -bound * (share + 0.3 * z);
            let (angles, size) = ([at, at + 0.4], difference.abs());
            AngleStatistics { group, pairs: 15, angles, difference, size, bound }
        };
        let angles = (0..seeds).map(|_| (0..8).map(|g| group(g, normal.normal())).collect()).collect();
        let deviation: Vec<f64> = cell.column(|s| s.deviation_op);
        cell.independence = Samples {
            seeds: cell.seeds.clone(),
            difference: relative.clone(),
            independent: deviation.iter().rev().copied().collect(),
            deviation,
            relative,
            angles,
        };
        cell
    })
}

#[test]
fn the_verdict_of_angles_follows_the_mean_that_is_nearest_to_its_bound() {
    let of = |seeds: u64, part: f64| verdicts("independence", by_angle(seeds, -1.0, part).into())[1];
    assert_eq!(of(64, 0.5), Verdict::Agrees);
    assert_eq!(of(64, 2.0), Verdict::Contradicts);
    assert_eq!((of(64, 1.0), of(12, 0.0)), (Verdict::Undecided, Verdict::Undecided));
    let study = StudySummary::new("independence", by_angle(64, -1.0, 0.5).into());
    let analysis = Analysis::new(&study);
    let found = claims(&builtin("independence"), &analysis);
    assert!(
        found[1].statement.contains("nearest of 24 means by angle and width (m = 64, angles 2.800 to 3.2")
    );
    let (short, whole) = (short_table(&analysis, &found, 80), table(&analysis, 80));
    for (text, said) in [(&short, "K_gia−K∞"), (&short, "level 0.05"), (&whole, "by the angle of a pair")]
    {
        assert!(text.contains(said) && text.lines().all(|line| line.chars().count() <= 80), "{said}\n{text}");
    }
}

/// Networks whose eigenvalues are those of the limit times what is near 1.
#[test]
fn eigenvalues_stand_beside_those_of_the_limit() {
    let limit = [0.5, 1.0, 2.0, 40.0];
    let mut one = cell("abs", 4, 256, 41, 0.1);
    let seed = |i: u64| limit.iter().map(|l| l * (0.8 + 0.01 * i as f64)).collect();
    one.spectra = Spectra { limit: limit.to_vec(), seeds: (0..41).map(seed).collect() };
    let analysis = Analysis::new(&StudySummary::new("spectrum", vec![one]));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (short, whole) = (words(&short_table(&analysis, &[], 80)), words(&table(&analysis, 80)));
    // Least, middle, largest and condition number, each beside the limit.
    assert!(short.contains("|s| 256 0.500 0.500 1.50 1.50 40.0 40.0 80.0 80.0"), "{short}");
    // Place, limit, 5 %, median, 95 %.
    for row in ["1 0.500 0.410 0.500 [", "4 40.0 32.8 40.0 [", "λ_max/λ_min 80.0 80.0 80.0 ["] {
        assert!(whole.contains(row), "{row} is not in {whole}");
    }
    let summary: serde_json::Value =
        serde_json::from_str(&summary_json(&analysis, &[], &[]).unwrap()).unwrap();
    let spectrum = &summary["cells"][0]["spectrum"];
    assert_eq!(spectrum["eigenvalues"].as_array().unwrap().len(), 4);
    let close = |found: &serde_json::Value, expected: f64| {
        assert!((found.as_f64().unwrap() / expected - 1.0).abs() < 1e-12, "{found} {expected}");
    };
    for (place, limit) in spectrum["eigenvalues"].as_array().unwrap().iter().zip(limit) {
        close(&place["limit"], limit);
        close(&place["quantile_5"]["value"], 0.82 * limit);
        close(&place["median"]["value"], limit);
        close(&place["quantile_95"]["value"], 1.18 * limit);
        assert!(place["median"]["low"].as_f64() < place["median"]["high"].as_f64());
    }
    close(&spectrum["condition_number"]["median"]["value"], 80.0);
    close(&spectrum["middle"]["limit"], 1.5);
}

fn eoc(at: &Path, line: &str) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("eoc"));
    command.args(line.split_whitespace()).current_dir(at).output().unwrap()
}

/// One seed each: the order of studies, their directories and the table, not the numbers.
#[test]
fn one_command_runs_every_study_and_says_what_became_of_every_statement() {
    let temp = tempfile::tempdir().unwrap();
    for (line, says) in [
        ("run --study papers --dry-run", "give --dry-run and --shard one of them"),
        ("run --study papers --width 4 --seeds 1", "leave out the options of network and data"),
    ] {
        let output = eoc(temp.path(), line);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {stderr}");
        assert!(stderr.contains(says) && stderr.lines().count() == 1, "{stderr}");
    }
    let output = eoc(temp.path(), "run --study papers --quick --seeds 1 --out all");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    for study in BUILTIN {
        assert!(temp.path().join("all").join(study.name).join("report/summary.json").exists(), "{study}");
        assert!(stdout.contains(&format!("{}: ", study.name)), "{study}");
    }
    for statement in STATEMENTS {
        assert!(stdout.contains(&format!("\n{}", statement.name)), "{}", statement.name);
    }
    assert!(stdout.lines().all(|line| line.chars().count() <= 80), "{stdout}");
    let json = eoc(temp.path(), "run --study papers --quick --seeds 1 --out all --json");
    let rows: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let file = std::fs::read_to_string(temp.path().join("all/papers.json")).unwrap();
    assert_eq!(file, String::from_utf8(json.stdout).unwrap());
    let figure_1 = rows.as_array().unwrap().iter().find(|row| row["statement"] == "S Figure 1").unwrap();
    assert_eq!(figure_1["claims"].as_array().unwrap().len(), 8);
    let refused = eoc(temp.path(), "run --study papers --seeds 1 --out .");
    let stderr = String::from_utf8(refused.stderr).unwrap();
    assert!(
        refused.status.code() == Some(2) && stderr.contains("holds no run of --study papers"),
        "{stderr}"
    );
}
