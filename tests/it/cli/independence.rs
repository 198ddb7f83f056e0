//! `eoc independence` as a user types it.

use serde_json::Value;

use super::Place;

const SMALL: &str =
    "independence --activation relu --depth 4 --width 16,64 --data sphere:n=5,dim=4 --seeds 40 --device cpu";

#[test]
fn independence_is_measured_by_width_and_by_angle() {
    let place = Place::new();
    let text = place.done(SMALL);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "5 points; 40 seeds at every width",
        "K - K_gia",
        "bound",
        "goes as m^",
        "laws of the two",
        "all intervals at once; predicted at most 1: ",
        "At m = 16",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json: Value = serde_json::from_str(&place.done(&format!("{SMALL} --json"))).unwrap();
    assert_eq!(place.done(&format!("{SMALL} --json --threads 1")), place.done(&format!("{SMALL} --json")));
    let widths = json["widths"].as_array().unwrap();
    assert_eq!(widths.len(), 2);
    for (width, m) in widths.iter().zip([16, 64]) {
        assert_eq!(
            (&width["m"], &width["widths"], &width["seeds"]),
            (&m.into(), &vec![m; 3].into(), &40.into())
        );
        let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{width}"));
        for key in [
            "independence_op",
            "independence_relative_op",
            "deviation_op",
            "independence_deviation_op",
            "shift",
        ] {
            let [value, low, high] = ["value", "low", "high"].map(|part| number(&width[key][part]));
            assert!(low <= value && value <= high, "{key}: {width}");
        }
        assert!(number(&width["laws"]["p_value"]) <= number(&width["laws"]["adjusted"]));
        assert!(width["laws"]["differ"].is_boolean());
        let angles = width["angles"].as_array().unwrap();
        assert_eq!(angles.iter().map(|a| a["pairs"].as_u64().unwrap()).sum::<u64>(), 10);
        for angle in angles {
            // The mean is below the bound, which is no better than an order of magnitude here.
            assert!(number(&angle["difference"]["value"]).abs() < number(&angle["bound"]), "{angle}");
            assert!(number(&angle["size"]) >= number(&angle["difference"]["value"]).abs());
        }
    }
    // Of all angles and widths the one that reaches furthest.
    let nearest = &json["nearest"];
    let ratio = |angle: &Value| {
        (angle["difference"]["value"].as_f64().unwrap() / angle["bound"].as_f64().unwrap()).abs()
    };
    let all = widths.iter().flat_map(|width| width["angles"].as_array().unwrap());
    assert_eq!(nearest["means"].as_u64().unwrap() as usize, all.clone().count());
    let found = nearest["ratio"]["value"].as_f64().unwrap();
    assert!(all.map(ratio).any(|ratio| (ratio / found - 1.0).abs() < 1e-9), "{nearest}");
    let [low, high] = ["low", "high"].map(|side| nearest["ratio"][side].as_f64().unwrap());
    assert!(low <= found && found <= high && low <= 1.0, "{nearest}");
    assert_eq!(nearest["verdict"], if high <= 1.0 { "agrees" } else { "undecided" });
    let exponent = &json["exponents"]["independence_op"];
    assert!(exponent["low"].as_f64().unwrap() < exponent["high"].as_f64().unwrap());
    assert!((-1.6..-0.4).contains(&exponent["value"].as_f64().unwrap()), "{exponent}");
    // One width has no exponent, one point no pair.
    let one = place
        .done("independence --activation abs --widths 8,9 --data gaussian:n=1,dim=3,seed=1 --seeds 4 --json");
    let one: Value = serde_json::from_str(&one).unwrap();
    assert!(one["exponents"]["independence_op"].is_null() && one["widths"][0]["laws"].is_null());
    assert_eq!((&one["widths"][0]["m"], &one["widths"][0]["angles"]), (&8.into(), &Value::Array(Vec::new())));
}

#[test]
fn independence_of_what_has_none_is_refused() {
    let place = Place::new();
    let refused = |options: &str, part: &str| {
        place.refused(&format!("independence --activation relu --data pair:angle=1 {options}"), part);
    };
    refused("--depth 2 --width 8", "use depth 3 or more");
    refused("--depth 4 --width 8 --sampler direct", "use --sampler conditional");
    refused("--depth 4", "the widths are missing");
    refused("--depth 3,4 --width 8", "--depth has 2 values");
    refused("--depth 4 --width 8 --activation abs", "--activation has several values");
    refused("--depth 4 --width 8 --seeds 0", "seeds");
}

const STUDY: &str =
    "--activation relu --depth 4 --width 6,9 --outputs 2 --data gaussian:n=3,dim=4,seed=1 --device cpu";

/// The rows of a table of a directory, by column.
fn rows(place: &Place, dir: &str, table: &str) -> Vec<Value> {
    let text = place.done(&format!("export {dir} --format json --table {table}"));
    serde_json::from_str::<Value>(&text).unwrap().as_array().unwrap().clone()
}

/// A row without what no two runs share.
fn promised(row: &Value, without: &str) -> Value {
    let kept = |(name, value): (&String, &Value)| {
        let other = name == "seconds" || (!without.is_empty() && name.starts_with(without));
        (!other).then(|| (name.clone(), value.clone()))
    };
    Value::Object(row.as_object().unwrap().iter().filter_map(kept).collect())
}

#[test]
fn a_study_keeps_independence_and_the_spectrum_of_every_sample() {
    let place = Place::new();
    let both = format!("run {STUDY} --independence --spectrum");
    place.done(&format!("{both} --seeds 6 --out with"));
    place.done(&format!("run {STUDY} --sampler conditional --seeds 6 --out without"));
    let (with, without) = (rows(&place, "with", "samples"), rows(&place, "without", "samples"));
    assert_eq!(with.len(), 12);
    let number = |row: &Value, key: &str| row[key].as_f64().unwrap_or_else(|| panic!("{key}: {row}"));
    for (with, without) in with.iter().zip(&without) {
        assert_eq!(promised(with, "independence"), promised(without, "independence"), "the sample moves");
        let [op, fro, max] = ["op", "fro", "max"].map(|norm| number(with, &format!("independence_{norm}")));
        assert!(0.0 < max && max <= op && op <= fro && fro < 6f64.sqrt() * op, "{with}");
        let norm = number(with, "deviation_op") / number(with, "relative_op");
        assert!((number(with, "independence_relative_op") * norm / op - 1.0).abs() < 1e-12);
        // The triangle of K, K_gia and the limit.
        let (own, other) = (number(with, "deviation_op"), number(with, "independence_deviation_op"));
        assert!((own - other).abs() <= op * (1.0 + 1e-12) && op <= (own + other) * (1.0 + 1e-12), "{with}");
        let of =
            |row: &Value| row.as_object().unwrap().keys().filter(|k| k.starts_with("independence")).count();
        assert_eq!((of(with), of(without)), (5, 5));
        assert!(without["independence_op"].is_null() && without["independence_deviation_op"].is_null());
    }
    // An eigenvalue a row: as many as a kernel has rows, between those of the sample.
    let eigenvalues = rows(&place, "with", "spectrum");
    assert_eq!(eigenvalues.len(), 12 * 6);
    for (sample, of) in with.iter().zip(eigenvalues.chunks(6)) {
        let lambda: Vec<f64> = of.iter().map(|row| number(row, "lambda")).collect();
        assert!(
            lambda.is_sorted()
                && of.iter().enumerate().all(|(i, row)| row["index"] == i && row["seed"] == sample["seed"])
        );
        assert_eq!((lambda[0], lambda[5]), (number(sample, "lambda_min"), number(sample, "lambda_max")));
        assert!((lambda.iter().sum::<f64>() / number(sample, "trace") - 1.0).abs() < 1e-12);
        // Two outputs: every eigenvalue of the limit is there twice.
        assert!(of.chunks(2).all(|pair| pair[0]["limit"] == pair[1]["limit"]));
        let cell = &rows(&place, "with", "cells")[sample["cell"].as_u64().unwrap() as usize];
        assert_eq!(
            (&of[0]["limit"], &of[5]["limit"]),
            (&cell["limit_lambda_min"], &cell["limit_lambda_max"])
        );
    }
    // Pairs by their angle: three points have three, each in a group of its own.
    let pairs = rows(&place, "with", "independence");
    assert_eq!(pairs.len(), 12 * 3);
    for (sample, groups) in with.iter().zip(pairs.chunks(3)) {
        for (i, group) in groups.iter().enumerate() {
            assert_eq!(
                (&group["group"], &group["pairs"], &group["seed"]),
                (&i.into(), &1.into(), &sample["seed"])
            );
            assert_eq!(number(group, "angle_from"), number(group, "angle_to"));
            assert!(
                number(group, "difference").abs() <= number(group, "size") && number(group, "bound") > 0.0
            );
            // No entry is larger than the largest; over outputs stands the mean.
            assert!(
                number(group, "size") / 3.0 <= number(sample, "independence_max") * (1.0 + 1e-12),
                "{group}"
            );
        }
        assert!(groups.windows(2).all(|g| number(&g[0], "angle_to") <= number(&g[1], "angle_from")));
    }
    // Resumed, in shards and merged they are the same rows.
    place.done(&format!("{both} --seeds 2 --out again"));
    place.done(&format!("{both} --seeds 6 --out again"));
    for shard in 0..2 {
        place.done(&format!("{both} --seeds 6 --shard {shard}/2 --out shard-{shard}"));
    }
    place.done("merge shard-0 shard-1 --out merged");
    for dir in ["again", "merged"] {
        for table in ["samples", "spectrum", "independence"] {
            let all =
                |dir: &str| rows(&place, dir, table).iter().map(|row| promised(row, "")).collect::<Vec<_>>();
            assert_eq!(all(dir), all("with"), "{dir} {table}");
        }
    }
    // All samples of a directory have them, or none.
    place.refused(&format!("{both} --seeds 6 --out without"), "holds samples without further tables");
    place.refused(&format!("run {STUDY} --seeds 6 --out with"), "with spectrum and independence");
    place.refused("export without --format csv --table spectrum", "has no spectrum");
    place.refused("export without --format csv --table independence", "has no independence");
    place.refused(
        &format!("run {STUDY} --independence --sampler direct --out none"),
        "use --sampler conditional",
    );
    place.refused(&format!("run {STUDY} --spectrum --outputs 100 --out none"), "kernels of at most 256 rows");
}
