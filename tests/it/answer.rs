//! How wide is wide enough: simulated laws with a known m*, real networks with a known one, and the command.
//!
//! A search must miss m* with probability at most α = 0.05. Simulated laws are cheap: hundreds of searches each.
//! `EOC_FULL=1` takes 400 searches of real networks in place of 30, for three activations.

use std::convert::Infallible;
use std::ops::{ControlFlow, Range};

use eoc_ntk::answer::{Answer, Draws, Ending, Networks, NoAnswer, Question, width};
use eoc_ntk::backend::Stop;
use eoc_ntk::backend::cpu::CpuEngine;
use eoc_ntk::data::DataSet;
use eoc_ntk::math::activation::Activation;
use eoc_ntk::rng::{Role, Stream};
use statrs::distribution::{Binomial, Continuous, ContinuousCDF, Discrete, Gamma, Normal};

use super::support::cell_of;

/// A deviation with a known law of the width; a seed shares most of its randomness over widths, as that of a network
/// does.
struct Simulated {
    run: u64,
    /// The deviation at a width of a standard normal.
    law: fn(u64, f64) -> f64,
    /// Every call: width and seeds.
    calls: Vec<(u64, Range<u64>)>,
    at_once: u64,
}

impl Simulated {
    fn new(run: u64, law: fn(u64, f64) -> f64) -> Self {
        Self { run, law, calls: Vec::new(), at_once: 512 }
    }
}

/// A standard normal of three numbers.
fn normal(run: u64, seed: u64, width: u64) -> f64 {
    Stream::new(run << 40 ^ seed << 12 ^ width, Role::Data).normal()
}

impl Draws for Simulated {
    type Error = Infallible;

    fn deviations(&mut self, width: u64, seeds: Range<u64>) -> Result<Option<Vec<f64>>, Infallible> {
        self.calls.push((width, seeds.clone()));
        let z = |seed| 0.8 * normal(self.run, seed, 0) + 0.6 * normal(self.run, seed, width);
        Ok(Some(seeds.map(|seed| (self.law)(width, z(seed))).collect()))
    }

    fn at_once(&mut self, _: u64) -> u64 {
        self.at_once
    }
}

fn searched(question: &Question, draws: &mut Simulated) -> Answer {
    width(question, draws, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// |z|/√m over its value at m* = 300, of which 0.95 of all are at most 1.
pub fn half_normal(width: u64, z: f64) -> f64 {
    (300.0 / width as f64).sqrt() * z.abs() / 1.959_963_984_540_054
}

/// 0 with probability `inside`, else 2.
fn step(inside: f64, z: f64) -> f64 {
    if Normal::standard().cdf(z) < inside { 0.0 } else { 2.0 }
}

/// As near to P as no number of networks tells apart, on both sides of 300.
fn flat(width: u64, z: f64) -> f64 {
    step(if width < 300 { 0.95 - 1e-9 } else { 0.95 }, z)
}

/// Far from P on both sides.
fn cliff(width: u64, z: f64) -> f64 {
    step(if width < 300 { 0.5 } else { 0.999 }, z)
}

pub fn question(max_networks: u64) -> Question {
    Question {
        tolerance: 1.0,
        resolution: 1.5,
        guess: 100.0,
        max_networks: Some(max_networks),
        ..Question::default()
    }
}

/// How often m_low ≥ m* and how often m_high < m* = 300, and how many were resolved.
pub fn misses(runs: u64, question: &Question, law: fn(u64, f64) -> f64) -> [u64; 3] {
    let mut counts = [0; 3];
    for run in 0..runs {
        let answer = searched(question, &mut Simulated::new(run, law));
        counts[0] += u64::from(answer.low >= 300);
        counts[1] += u64::from(answer.high.is_some_and(|high| high < 300));
        counts[2] += u64::from(answer.ending == Ending::Resolved);
    }
    counts
}

/// Draws that break after so many calls.
struct Breaking {
    whole: Simulated,
    after: usize,
}

impl Draws for Breaking {
    type Error = &'static str;

    fn deviations(&mut self, width: u64, seeds: Range<u64>) -> Result<Option<Vec<f64>>, &'static str> {
        if self.whole.calls.len() >= self.after {
            return Err("it broke");
        }
        Ok(self.whole.deviations(width, seeds).unwrap())
    }

    fn at_once(&mut self, _: u64) -> u64 {
        self.whole.at_once
    }
}

#[test]
fn what_was_known_when_the_drawing_broke_is_told() {
    let question = question(30_000);
    let mut whole = Simulated::new(7, half_normal);
    let all = searched(&question, &mut whole);
    for after in [0, 1, whole.calls.len() - 1] {
        let mut breaking = Breaking { whole: Simulated::new(7, half_normal), after };
        let broken = width(&question, &mut breaking, &mut |_| ControlFlow::Continue(())).unwrap_err();
        let NoAnswer::Draws { width, source: "it broke", known } = broken else { panic!("{broken:?}") };
        assert_eq!(width, whole.calls[after].0);
        // The same draws as far as they went; of a call that broke beside it nothing is taken.
        let at_most: u64 = whole.calls[..after].iter().map(|(_, seeds)| seeds.end - seeds.start).sum();
        assert!(known.networks <= at_most && (after < 4 || known.networks > 0), "{after}: {known:?}");
        assert!(known.low <= all.low && known.high.is_none_or(|high| Some(high) >= all.high), "{known:?}");
    }
}

#[test]
fn a_known_width_is_missed_no_more_often_than_stated() {
    // 5 % of 300 are 15; more than 29 have probability 4e-4 at 5 %.
    let [low, high, resolved] = misses(300, &question(30_000), half_normal);
    assert!(low + high <= 29 && resolved >= 295, "{low} {high} {resolved}");
    // The flat law is the worst there is: every stake is fair, and whoever looks often enough sees what looks like a
    // decision.
    let [low, high, _] = misses(300, &question(2000), flat);
    assert!(low + high <= 29, "{low} {high}");
    let [low, high, _] = misses(100, &question(6000), cliff);
    assert!(low + high <= 14, "{low} {high}");
}

/// What makes the stakes fair: no width is ever drawn of a seed after anything else was decided from a draw of that
/// seed.
#[test]
fn every_draw_is_decided_upon_before_any_draw_of_its_seed() {
    let mut draws = Simulated::new(7, half_normal);
    searched(&question(30_000), &mut draws);
    let mut end = 0;
    let mut at = 0;
    while at < draws.calls.len() {
        let seeds = draws.calls[at].1.clone();
        let group = draws.calls[at..].iter().take_while(|(_, s)| *s == seeds).count();
        let widths: Vec<u64> = draws.calls[at..at + group].iter().map(|c| c.0).collect();
        assert!(widths.is_sorted_by(|a, b| a < b), "{widths:?}");
        assert_eq!(seeds.start, end, "seeds follow each other without gaps and none is drawn again");
        end = seeds.end;
        at += group;
    }
    assert!(end > 500);
}

#[test]
fn the_answer_depends_neither_on_how_seeds_are_grouped_nor_on_when_it_is_looked_at() {
    let whole =
        searched(&question(30_000), &mut Simulated { at_once: 1 << 40, ..Simulated::new(3, half_normal) });
    for at_once in [1, 37, 1000] {
        let grouped =
            searched(&question(30_000), &mut Simulated { at_once, ..Simulated::new(3, half_normal) });
        assert_eq!(whole, grouped, "{at_once}");
    }
    let moved = Question { first_seed: 5000, ..question(30_000) };
    assert_ne!(whole, searched(&moved, &mut Simulated::new(3, half_normal)));
}

#[test]
fn the_first_draws_exclude_widths_already() {
    // In simulation all of 60 did, and without stakes before the search decides none.
    let early =
        (0..20).filter(|run| searched(&question(128), &mut Simulated::new(*run, half_normal)).low > 0);
    assert!(early.count() >= 17);
}

#[test]
fn what_is_known_when_it_is_broken_off_is_kept() {
    let most = searched(&question(700), &mut Simulated::new(1, half_normal));
    assert_eq!((most.ending, most.networks <= 700), (Ending::Networks, true));
    assert_eq!(most.looks.iter().map(|look| look.seeds).sum::<u64>(), most.networks);
    let mut calls = 0;
    let stopped = width(&question(30_000), &mut Simulated::new(1, half_normal), &mut |_| {
        calls += 1;
        if calls < 5 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let stopped = stopped.unwrap();
    assert_eq!(stopped.ending, Ending::Stopped);
    assert!(stopped.low < 300 && stopped.networks > 0 && stopped.looks.len() > 1);
    let few = Question { last_seed: 100, ..question(30_000) };
    assert_eq!(searched(&few, &mut Simulated::new(1, half_normal)).ending, Ending::Seeds);
}

#[test]
fn narrow_widths_are_exact_and_the_widest_is_an_end() {
    // Everything is inside at every width: m* = 1.
    let answer = searched(&question(30_000), &mut Simulated::new(0, |_, z| 0.1 * (1.0 + z.abs() / 100.0)));
    assert_eq!((answer.low, answer.high, answer.ending), (0, Some(1), Ending::Resolved));
    // Inside from 3 on.
    let answer =
        searched(&question(30_000), &mut Simulated::new(0, |m, z| if m < 3 { 2.0 + z.abs() } else { 0.5 }));
    assert_eq!((answer.low, answer.high, answer.ending), (2, Some(3), Ending::Resolved));
    // Nothing is, up to the widest.
    let bounded = Question { widest: 5000, ..question(30_000) };
    let answer = searched(&bounded, &mut Simulated::new(0, |_, z| 2.0 + z.abs()));
    assert_eq!((answer.low, answer.high, answer.ending), (5000, None, Ending::Widest));
}

/// P(|K/E K − 1| ≤ T) of one point and one hidden layer of m neurons, for any φ. With the slopes u₊ and u₋ of φ, u₊² +
/// u₋² = 2, K/E K = Σ u²(z² + w²)/(2m), u the slope at z: two sums of exponential numbers, of N ∼ Binomial(m, ½) and of
/// m − N.
fn exact_inside(phi: Activation, m: u64, tolerance: f64) -> f64 {
    let (a, b) = (phi.a() / phi.sigma(), phi.b() / phi.sigma());
    let (up, down) = ((a + b) * (a + b) / m as f64, (a - b) * (a - b) / m as f64);
    let sum = |n: u64, scale: f64, most: f64| match n {
        _ if most <= 0.0 => 0.0,
        0 => 1.0,
        _ if scale < 1e-14 => 1.0,
        n => Gamma::new(n as f64, 1.0).unwrap().cdf(most / scale),
    };
    // P(up·G + down·G′ ≤ y) by Simpson's rule over G.
    let both = |n: u64, y: f64| {
        if n == 0 || up < 1e-14 {
            return sum(m - n, down, y);
        }
        if n == m || down < 1e-14 {
            return sum(n, up, y);
        }
        let first = Gamma::new(n as f64, 1.0).unwrap();
        let sd = (n as f64).sqrt();
        let (from, to) = ((n as f64 - 9.0 * sd).max(0.0), (n as f64 + 12.0 * sd + 12.0).min(y / up));
        let steps = 240;
        let h = (to - from).max(0.0) / steps as f64;
        let term = |i: u64| {
            let g = from + i as f64 * h;
            let weight = if i == 0 || i == steps { 1.0 } else { 2.0 + 2.0 * (i % 2) as f64 };
            weight * first.pdf(g) * sum(m - n, down, y - up * g)
        };
        (0..=steps).map(term).sum::<f64>() * h / 3.0
    };
    let law = Binomial::new(0.5, m).unwrap();
    let likely = (0..=m).filter(|n| law.pmf(*n) > 1e-12);
    likely.map(|n| law.pmf(n) * (both(n, 1.0 + tolerance) - both(n, 1.0 - tolerance))).sum()
}

/// m* of one point, by trying every width from far below.
fn exact_one_point(phi: Activation, tolerance: f64, probability: f64) -> u64 {
    // The relative variance is (u₊⁴ + u₋⁴ − 1)/m ≥ 1/m, and a width with a fifth of what the normal law asks for is too
    // narrow.
    let z = Normal::standard().inverse_cdf(0.5 + 0.5 * probability);
    let from = ((z / tolerance).powi(2) / 5.0) as u64 + 1;
    assert!(exact_inside(phi, from, tolerance) < probability);
    (from..).find(|m| exact_inside(phi, *m, tolerance) >= probability).unwrap()
}

#[test]
fn networks_of_one_point_have_the_width_that_their_exact_law_gives() {
    // |s| has both slopes of size 1: a χ² of 2m degrees over 2m, whatever N.
    let law = Gamma::new(67.0, 67.0).unwrap();
    let simple = law.cdf(1.2) - law.cdf(0.8);
    assert!((exact_inside(Activation::ABS, 67, 0.2) - simple).abs() < 1e-9);
    let full = std::env::var_os("EOC_FULL").is_some_and(|v| v == "1");
    let engine = CpuEngine::new(2).unwrap();
    let data = DataSet::new(vec![0.6, 0.8], 2).unwrap();
    let asked = Question { tolerance: 0.2, probability: 0.9, resolution: 1.5, ..Question::default() };
    for (phi, expected) in [("abs", 67), ("relu", 0), ("0.6,0.4", 0)] {
        let activation: Activation = phi.parse().unwrap();
        let m_star = exact_one_point(activation, 0.2, 0.9);
        assert!(expected == 0 || m_star == expected, "{phi}: {m_star}");
        let runs = if full { 400 } else { 30 };
        let cell = cell_of(activation, 2);
        let (mut low, mut high) = (0, 0);
        for run in 0..runs {
            let mut networks = Networks::new(&engine, &cell, &data, &Stop::never()).unwrap();
            let question = networks.question(&Question { first_seed: run << 32, ..asked.clone() }).unwrap();
            let answer = width(&question, &mut networks, &mut |_| ControlFlow::Continue(())).unwrap();
            assert_eq!(answer.ending, Ending::Resolved);
            low += u64::from(answer.low >= m_star);
            high += u64::from(answer.high.unwrap() < m_star);
        }
        eprintln!("{phi}: m* = {m_star}, {low} intervals above it and {high} below of {runs}");
        // 5 % with a probability of 1e-3 to be wrong: 7 of 30, 35 of 400.
        let most = if full { 35 } else { 7 };
        assert!(low + high <= most, "{phi}, m* = {m_star}: {low} above and {high} below of {runs}");
    }
}

mod command {
    use assert_cmd::Command;
    use serde_json::Value;

    const SMALL: [&str; 12] = [
        "width",
        "--activation",
        "abs",
        "--depth",
        "2",
        "--data",
        "pair:angle=1",
        "--tolerance",
        "0.3",
        "--confidence",
        "0.8",
        "--device=cpu",
    ];

    fn eoc(more: &[&str]) -> (i32, String, String) {
        let output = Command::cargo_bin("eoc").unwrap().args(SMALL).args(more).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn json(more: &[&str]) -> Value {
        let (status, out, err) = eoc(&[more, &["--json"]].concat());
        assert_eq!((status, err.as_str()), (0, ""), "{more:?}");
        serde_json::from_str(&out).unwrap()
    }

    #[test]
    fn json_has_its_keys_and_the_same_bytes_for_any_threads() {
        let mut one = json(&["--threads", "1"]);
        let mut two = json(&["--threads", "2"]);
        let keys: Vec<&String> = one.as_object().unwrap().keys().collect();
        let mut expected = vec![
            "m_low",
            "m_high",
            "tolerance",
            "confidence",
            "alpha",
            "norm",
            "looks",
            "networks",
            "exponent",
            "undecided",
            "seconds",
        ];
        expected.sort_unstable();
        let mut found: Vec<&str> = keys.iter().map(|k| k.as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, expected);
        for value in [&mut one, &mut two] {
            assert!(value.as_object_mut().unwrap().remove("seconds").unwrap().as_f64().unwrap() >= 0.0);
        }
        assert_eq!(one, two);
        let (low, high) = (one["m_low"].as_u64().unwrap(), one["m_high"].as_u64().unwrap());
        assert!(low < high && high as f64 <= 1.25 * low as f64, "{low} {high}");
        assert!(one["undecided"].is_null() && one["norm"] == "op" && one["alpha"] == 0.05);
        let looks = one["looks"].as_array().unwrap();
        let all: u64 = looks.iter().map(|l| l["seeds"].as_u64().unwrap()).sum();
        assert_eq!(all, one["networks"].as_u64().unwrap());
        let words: Vec<&str> = looks.iter().map(|l| l["decision"].as_str().unwrap()).collect();
        assert!(words.contains(&"enough") && words.contains(&"too narrow"), "{words:?}");
    }

    #[test]
    fn the_last_lines_say_it_in_words_with_the_command_for_more() {
        let (status, out, _) = eoc(&["--resolution", "1.5"]);
        assert_eq!(status, 0);
        for part in [
            "With probability at least 0.8 the kernel is within 30 % (operator norm) of its limit",
            "< m* ≤",
            "(error rate 0.05 in all)",
        ] {
            let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains(part), "{part:?} is not in\n{out}");
        }
        let last = out.lines().last().unwrap();
        assert!(
            last.starts_with("For more: eoc width ") && last.ends_with("--device=cpu --resolution 1.2"),
            "{last}"
        );
        for (more, ending) in [
            (&["--max-networks", "100"][..], "--max-networks 400"),
            (&["--seeds", "1000..1010"], "--seeds 1000.."),
            (&["--tolerance", "0.03", "--resolution", "1.01", "--max-time=1s"], "--resolution 1.01"),
        ] {
            let (_, out, _) = eoc(more);
            let last = out.lines().last().unwrap();
            assert!(out.contains("Undecided: ") && last.ends_with(ending), "{more:?}: {out}");
        }
        // m* = 1: no resolution tells more, a smaller error rate does.
        let (_, out, _) = eoc(&["--tolerance", "0.9", "--confidence", "0.02"]);
        assert!(out.contains("m* = 1 on") && out.lines().last().unwrap().ends_with("--alpha 0.005"), "{out}");
    }

    #[test]
    fn several_kinds_of_network_are_lines_of_one_table() {
        let found = json(&["--resolution", "2", "--activation", "relu", "--schedule", "constant,quadratic"]);
        let cells = found["cells"].as_array().unwrap();
        let names: Vec<(&str, &str)> = cells
            .iter()
            .map(|c| (c["activation"].as_str().unwrap(), c["schedule"].as_str().unwrap()))
            .collect();
        assert_eq!(
            names,
            [("abs", "constant"), ("abs", "quadratic"), ("relu", "constant"), ("relu", "quadratic")]
        );
        let (_, out, _) = eoc(&["--resolution", "2", "--activation", "relu"]);
        assert!(out.lines().all(|line| line.chars().count() <= 80 || line.starts_with("For more")), "{out}");
    }

    #[test]
    fn what_has_no_answer_is_refused_in_a_sentence() {
        for (more, part) in [
            (&["--confidence", "1"][..], "no number of networks shows a probability of 1"),
            (&["--tolerance", "0"], "tolerance 0 is out of range"),
            (&["--tolerance", "1e-9"], "the least that precision f32 can resolve"),
            // Rounding alone would allow it; K∞ is not known so well.
            (
                &["--tolerance", "1e-12", "--precision", "f64", "--max-networks", "9"],
                "the least that precision f64 can resolve",
            ),
            (&["--depth", "1"], "depth 1 has no hidden layer"),
            (&["--width", "64"], "leave out --width"),
            (&["--resolution", "1"], "resolution 1 is out of range"),
            (&["--alpha", "0"], "error rate 0 is out of range"),
            (&["--norm", "two"], "use op, fro, max or lambda_min"),
            (&["--norm", "lambda_min", "--tolerance", "1"], "tolerance 1 asks nothing"),
            (&["--tolerance", "1"], "a kernel of zeros would be within"),
            (&["--absolute", "--tolerance", "50"], "a kernel of zeros would be within"),
            (&["--norm", "lambda_min", "--absolute"], "an absolute deviation has no meaning"),
            (&["--norm", "lambda_min", "--data", "pair:angle=0"], "no two of which are parallel"),
        ] {
            let (status, out, err) = eoc(more);
            assert_eq!((status, out.as_str()), (2, ""), "{more:?}: {err}");
            assert!(err.contains(part) && err.lines().count() == 1, "{more:?}: {err}");
        }
        // A linear network deviates too.
        assert!(json(&["--activation", "identity", "--resolution", "2"])["cells"][1]["m_high"].is_u64());
    }
}
