//! Where an axis ends, and how its numbers are written.

use kuva::render::render_utils::generate_ticks_log;

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

/// Size of the numbers of an axis, in pixels.
const SIZE: f64 = 13.0;
/// Space between two numbers.
const SPACE: f64 = 9.0;
/// Powers of ten beyond which the numbers of a logarithmic axis are written as powers, all of them.
const PLAIN: std::ops::RangeInclusive<i32> = -2..=5;

/// The numbers of an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ticks {
    /// Each number that is written, with its text.
    texts: Vec<(f64, String)>,
    log: bool,
}

impl Ticks {
    /// Those that the renderer marks between two numbers; of a linear axis it chooses them later.
    pub(super) fn of(range: (f64, f64), log: bool) -> Self {
        if !log {
            return Self { texts: Vec::new(), log };
        }
        let marks = generate_ticks_log(range.0, range.1);
        let powers: Vec<i32> = marks.iter().filter_map(|v| power(*v)).collect();
        let all = powers.len() == marks.len() && powers.iter().any(|k| !PLAIN.contains(k));
        let text = |v: f64| match power(v) {
            Some(k) if all && !(0..=1).contains(&k) => format!("10{}", superscript(k)),
            _ => tick(v),
        };
        Self { texts: marks.into_iter().map(|v| (v, text(v))).collect(), log }
    }

    /// The numbers without those that would run into each other: all of them, powers of ten, every second or third of
    /// these.
    pub(super) fn thin(&mut self, place: impl Fn(f64) -> f64) {
        let apart = |texts: &[(f64, String)]| {
            texts.windows(2).all(|pair| {
                let needed = 0.5 * (width_of(&pair[0].1) + width_of(&pair[1].1)) + SPACE;
                place(pair[1].0) - place(pair[0].0) >= needed
            })
        };
        let powers = self.texts.iter().filter(|(v, _)| power(*v).is_some()).count();
        for step in 0..6 {
            if apart(&self.texts) {
                return;
            }
            match step {
                // Without 2 or 5 there are numbers all the same.
                0 if powers < 2 => self.texts.retain(|(v, _)| !leads(*v, '2')),
                0 => self.texts.retain(|(v, _)| power(*v).is_some()),
                _ => self.texts.retain(|(v, _)| power(*v).is_none_or(|k| k.rem_euclid(step + 1) == 0)),
            }
        }
    }

    /// What is written at a mark of the renderer.
    pub(super) fn text(&self, value: f64) -> String {
        if !self.log {
            return tick(value);
        }
        let near = |v: f64| (v / value - 1.0).abs() < 1e-6;
        self.texts.iter().find(|(v, _)| near(*v)).map(|(_, text)| text.clone()).unwrap_or_default()
    }

    /// The texts with their places.
    pub(super) fn texts(&self) -> &[(f64, String)] {
        &self.texts
    }

    /// Width of the widest, in pixels.
    pub(super) fn widest(&self) -> f64 {
        self.texts.iter().map(|(_, text)| width_of(text)).fold(0.0, f64::max)
    }

    /// The marks without a number: those of 1 to 9 times a power of ten that the renderer does not mark.
    pub(super) fn between(range: (f64, f64), log: bool) -> Vec<f64> {
        if !log || range.1 / range.0 > 1e9 {
            return Vec::new();
        }
        let marked = generate_ticks_log(range.0, range.1);
        let decades = range.0.log10().floor() as i32..=range.1.log10().floor() as i32;
        let all = decades.flat_map(|k| (1..10).map(move |j| f64::from(j) * 10f64.powi(k)));
        let inside = all.filter(|v| *v > range.0 && *v < range.1);
        inside.filter(|v| marked.iter().all(|m| (m / v - 1.0).abs() > 1e-6)).collect()
    }
}

/// k where a number is 10^k.
fn power(value: f64) -> Option<i32> {
    let k = value.log10();
    ((k - k.round()).abs() < 1e-8).then(|| k.round() as i32)
}

/// Whether a number begins with a digit.
fn leads(value: f64, digit: char) -> bool {
    format!("{value:.3e}").starts_with(digit)
}

/// 0, 0.01, 200, 10⁻⁵, 2·10⁶.
pub(super) fn tick(value: f64) -> String {
    // Ticks are made by multiplication: 0.30000000000000004 is 0.3.
    let rounded: f64 = format!("{value:.6e}").parse().unwrap_or(value);
    if rounded == 0.0 || (1e-4..1e6).contains(&rounded.abs()) {
        return rounded.to_string().replace('-', "−");
    }
    let text = format!("{rounded:e}");
    let (factor, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let factor = match factor {
        "1" => String::new(),
        "-1" => "−".into(),
        other => format!("{}·", other.replace('-', "−")),
    };
    format!("{factor}10{}", superscript(exponent.parse().unwrap_or(0)))
}

/// A whole number in small raised digits.
fn superscript(k: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let small = |c: char| c.to_digit(10).map_or('⁻', |d| DIGITS[d as usize]);
    k.to_string().chars().map(small).collect()
}

/// Width of a number of an axis in pixels, in DejaVu Sans.
pub(super) fn width_of(text: &str) -> f64 {
    let em = |c: char| match c {
        '.' | '·' => 0.32,
        '−' => 0.84,
        '0'..='9' => 0.64,
        _ => 0.41,
    };
    SIZE * text.chars().map(em).sum::<f64>()
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
        for (value, text) in [
            (0.0, "0"),
            (0.1 + 0.2, "0.3"),
            (10000.0, "10000"),
            (1e-5, "10⁻⁵"),
            (2e7, "2·10⁷"),
            (-0.5, "−0.5"),
            (-1e-12, "−10⁻¹²"),
        ] {
            assert_eq!(tick(value), text);
        }
    }

    fn texts(range: (f64, f64)) -> Vec<String> {
        Ticks::of(range, true).texts().iter().map(|(_, text)| text.clone()).collect()
    }

    #[test]
    fn numbers_of_an_axis_are_of_one_kind() {
        assert_eq!(texts((50.0, 2000.0)), ["50", "100", "200", "500", "1000", "2000"]);
        assert_eq!(texts((50.0, 100_000.0)), ["100", "1000", "10000", "100000"]);
        assert_eq!(texts((5e-5, 20.0)), ["10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "1", "10"]);
        assert_eq!(texts((1e-5, 5e-5)), ["10⁻⁵", "2·10⁻⁵", "5·10⁻⁵"]);
        let ticks = Ticks::of((50.0, 2000.0), true);
        assert_eq!((ticks.text(100.000_000_01), ticks.text(300.0)), ("100".into(), String::new()));
        assert_eq!(Ticks::between((50.0, 200.0), true), [60.0, 70.0, 80.0, 90.0]);
    }

    #[test]
    fn numbers_that_would_run_into_each_other_are_left_out() {
        let shown = |range: (f64, f64), pixels: f64| {
            let mut ticks = Ticks::of(range, true);
            ticks.thin(|v| pixels * (v / range.0).ln() / (range.1 / range.0).ln());
            ticks.texts().iter().map(|(_, text)| text.clone()).collect::<Vec<_>>()
        };
        assert_eq!(shown((50.0, 2000.0), 600.0).len(), 6);
        assert_eq!(shown((50.0, 20000.0), 180.0), ["100", "1000", "10000"]);
        assert_eq!(shown((1.0, 1e6), 150.0), ["1", "10²", "10⁴", "10⁶"]);
        assert_eq!(shown((20.0, 90.0), 30.0), ["50"]);
    }
}
