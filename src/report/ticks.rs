//! Where an axis ends, and how its numbers are written.

/// The numbers, a little air, and the next 1, 2 or 5 times a power of ten on either side.
pub(super) fn log_range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, 0f64), |(a, b), v| (a.min(v), b.max(v)));
    let (low, high) = (low / 1.1, high * 1.1);
    let steps = |v: f64| {
        let decade = v.log10().floor() as i32;
        // From text, so that a tick is the nearest number to its label.
        [1, 2, 5, 10].map(|k| format!("{k}e{decade}").parse().unwrap_or(v))
    };
    let below = steps(low).into_iter().filter(|s| *s <= low).fold(f64::MIN_POSITIVE, f64::max);
    (below, steps(high).into_iter().find(|s| *s >= high).unwrap_or(high))
}

/// The numbers and a little air.
pub(super) fn linear_range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    let air = if high > low { 0.05 * (high - low) } else { 0.5 * high.abs().max(1e-9) };
    // Nothing that is never negative begins below 0.
    (if low >= 0.0 { (low - air).max(0.0) } else { low - air }, high + air)
}

/// 0, 0.01, 200, 1e-5, 1e6.
pub(super) fn tick(value: f64) -> String {
    // Ticks are made by multiplication: 0.30000000000000004 is 0.3.
    let rounded: f64 = format!("{value:.6e}").parse().unwrap_or(value);
    if rounded == 0.0 || (1e-4..1e6).contains(&rounded.abs()) {
        rounded.to_string()
    } else {
        format!("{rounded:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_on_round_numbers() {
        assert_eq!(log_range([64.0, 16384.0].into_iter()), (50.0, 20000.0));
        assert_eq!(log_range([0.0123].into_iter()), (0.01, 0.02));
        assert_eq!(log_range([1e-12, 3.0].into_iter()), (5e-13, 5.0));
        assert_eq!(linear_range([0.0, 2.0].into_iter()), (0.0, 2.1));
    }

    #[test]
    fn ticks_are_short() {
        for (value, text) in
            [(0.0, "0"), (0.1 + 0.2, "0.3"), (10000.0, "10000"), (1e-5, "1e-5"), (2e7, "2e7"), (-0.5, "-0.5")]
        {
            assert_eq!(tick(value), text);
        }
    }
}
