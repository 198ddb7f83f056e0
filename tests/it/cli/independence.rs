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
    for part in [
        "5 points; 40 seeds at every width",
        "K - K_gia",
        "bound",
        "goes as m^",
        "laws of the two",
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
