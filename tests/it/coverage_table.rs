//! Every interval that the program prints, in studies of laws that are known: how often it holds the truth, as a table.
//!
//! The numbers of a study are those of a seed in several cells, which share part of their randomness, as networks of
//! one seed at several widths do. The light law is |z| of a normal z, near that of a deviation from the limit at great
//! width; the heavy one e^{1.5 z}, heavier than that of a network whose depth is its width.
//!
//! *Conservative* intervals are made of counts, so that their coverage is a sum of binomial probabilities: what is
//! measured is held against that sum. *Resampled* ones, and Student's, must hold the truth in 95 % of studies, less at
//! most the noise. A check allows for 3.5 Monte Carlo errors, which a right program exceeds once in 2000 checks (4300
//! where one side alone counts): the reduced form has 62, so that of 40 sets of random numbers about one would fail;
//! with the seeds that are set here all pass. `EOC_FULL=1` takes 1000 studies, and 1024 seeds; `EOC_COVERAGE=FILE`
//! writes the table (`scripts/coverage`), and `EOC_COVERAGE_WIDE=COUNT` takes fewer studies of 1024 seeds, which are
//! most of the work.

use std::fmt::Write;

use eoc_ntk::answer;
use eoc_ntk::rng::{Role, Stream};
use eoc_ntk::stats::bootstrap::{mean_ratio, ratio};
use eoc_ntk::stats::{
    CONFIDENCE, Centre, Interval, Moments, QUANTILES, SeedTable, exponent, mean_interval, order_ranks,
    quantile, spread, tail_probability,
};
use eoc_ntk::study::{Asked, SeedRange, Shard};
use eoc_ntk::threads::{Threads, map};
use statrs::distribution::{Binomial, ContinuousCDF, Discrete, DiscreteCDF, Normal};

use super::answer::{half_normal, misses, question};

/// A law of positive numbers by that of a standard normal z.
#[derive(Clone, Copy)]
struct Law {
    name: &'static str,
    of: fn(f64) -> f64,
    /// z of which the p-quantile is made.
    turned: fn(f64) -> f64,
    mean: f64,
    sd: f64,
}

fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

const LIGHT: Law = Law {
    name: "light",
    of: f64::abs,
    turned: |p| normal_quantile(0.5 + 0.5 * p),
    // √(2/π), √(1 − 2/π)
    mean: 0.797_884_560_802_865_4,
    sd: 0.602_810_275_139_877,
};

const HEAVY: Law = Law {
    name: "heavy",
    of: |z| (1.5 * z).exp(),
    turned: normal_quantile,
    // e^{9/8}, and that times √(e^{9/4} − 1)
    mean: 3.080_216_848_918_031_4,
    sd: 8.973_817_218_116_451,
};

impl Law {
    fn quantile(&self, p: f64) -> f64 {
        (self.of)((self.turned)(p))
    }

    /// The numbers of a study in some cells.
    fn draw(&self, study: usize, cells: usize, seeds: usize) -> Vec<Vec<f64>> {
        let mut shared = Stream::new((study << 8) as u64, Role::Data);
        let common: Vec<f64> = (0..seeds).map(|_| 0.8 * shared.normal()).collect();
        let row = |cell: usize| {
            let mut own = Stream::new((study << 8 | (cell + 1)) as u64, Role::Data);
            common.iter().map(|c| (self.of)(c + 0.6 * own.normal())).collect()
        };
        (0..cells).map(row).collect()
    }
}

/// What must be covered.
#[derive(Clone, Copy)]
enum Promise {
    /// Just as often as this, by a sum of binomial probabilities.
    Exactly(f64),
    /// In 95 % of studies at least, up to noise.
    Most,
}

/// A number of the program under one law with one count of seeds.
struct Entry {
    number: String,
    law: &'static str,
    seeds: usize,
    studies: usize,
    held: f64,
    open: f64,
    promise: Promise,
}

impl Entry {
    fn new(
        number: &str,
        law: &'static str,
        seeds: usize,
        promise: Promise,
        truth: f64,
        found: &[Interval],
    ) -> Self {
        let studies = found.len();
        let share = |count: usize| count as f64 / studies as f64;
        let held = share(found.iter().filter(|i| i.contains(truth)).count());
        let open = share(found.iter().filter(|i| i.low.is_none() || i.high.is_none()).count());
        Self { number: number.to_owned(), law, seeds, studies, held, open, promise }
    }

    /// What is wrong with it, in a sentence.
    fn wrong(&self) -> Option<String> {
        let error = |p: f64| (p * (1.0 - p) / self.studies as f64).sqrt();
        let right = match self.promise {
            Promise::Exactly(exact) => (self.held - exact).abs() <= 3.5 * error(exact) + 1e-9,
            Promise::Most => self.held >= CONFIDENCE - 3.5 * error(CONFIDENCE),
        };
        let Self { number, law, seeds, held, .. } = self;
        let wanted = match self.promise {
            Promise::Exactly(exact) => exact,
            Promise::Most => CONFIDENCE,
        };
        (!right).then(|| format!("{number}, {law}, {seeds} seeds: {held} where {wanted} is promised"))
    }

    /// `.951 (.953) [.20]`: covered, by the exact sum, share of open intervals.
    fn text(&self) -> String {
        let short = |v: f64| format!("{v:.3}").trim_start_matches('0').to_owned();
        let mut text = short(self.held);
        if let Promise::Exactly(exact) = self.promise {
            let _ = write!(text, " ({})", short(exact));
        }
        if self.open >= 0.005 {
            let _ = write!(text, " [{:.2}]", self.open);
        }
        text
    }
}

/// Of every study, the intervals of its cells.
fn of_studies(studies: usize, found: impl Fn(usize) -> Interval + Sync + Send) -> Vec<Interval> {
    map(studies, found)
}

/// The probability that order statistics r to s hold the p-quantile, which a number is below with probability p.
fn order_coverage(seeds: usize, p: f64) -> f64 {
    let law = Binomial::new(p, seeds as u64).unwrap();
    let (low, high) = order_ranks(seeds as u64, p, CONFIDENCE);
    // x_r ≤ q where at least r numbers are below, q ≤ x_s where fewer than s are.
    let below = |rank: u64| if rank == 0 { 0.0 } else { law.cdf(rank - 1) };
    high.map_or(1.0, below) - low.map_or(0.0, below)
}

fn conservative(law: Law, seeds: usize, studies: usize, entries: &mut Vec<Entry>) {
    let sorted = |study: usize| {
        let mut values = law.draw(study, 1, seeds).remove(0);
        values.sort_by(f64::total_cmp);
        values
    };
    for p in QUANTILES {
        let found = of_studies(studies, |i| quantile(&sorted(i), p, CONFIDENCE).unwrap().interval);
        let name = match p {
            0.5 => "median".to_owned(),
            0.9 => "quantile 0.9, constant of the bound".to_owned(),
            p => format!("quantile {p}"),
        };
        let promise = Promise::Exactly(order_coverage(seeds, p));
        entries.push(Entry::new(&name, law.name, seeds, promise, law.quantile(p), &found));
    }
    for p in [0.05, 0.5] {
        let threshold = law.quantile(1.0 - p);
        let hits = |i: usize| sorted(i).iter().filter(|v| **v > threshold).count() as u64;
        let found = of_studies(studies, |i| tail_probability(hits(i), seeds as u64, CONFIDENCE));
        let binomial = Binomial::new(p, seeds as u64).unwrap();
        let held = |k: &u64| tail_probability(*k, seeds as u64, CONFIDENCE).contains(p);
        let exact = (0..=seeds as u64).filter(held).map(|k| binomial.pmf(k)).sum();
        let name = format!("probability, {p}");
        entries.push(Entry::new(&name, law.name, seeds, Promise::Exactly(exact), p, &found));
    }
    // Looked at after every draw: it holds if it never leaves the truth out.
    let p = 0.9;
    let threshold = law.quantile(p);
    let always = of_studies(studies, |i| {
        let values = law.draw(i, 1, seeds).remove(0);
        let mut inside = 0;
        let mut hull = Interval { low: Some(0.0), high: Some(1.0) };
        for (n, value) in (1..).zip(&values) {
            inside += u64::from(*value <= threshold);
            let (low, high) = answer::interval(inside, n, 1.0 - CONFIDENCE);
            hull = Interval { low: hull.low.map(|l| l.max(low)), high: hull.high.map(|h| h.min(high)) };
        }
        hull
    });
    let name = "probability of a look of eoc width, at every draw at once";
    entries.push(Entry::new(name, law.name, seeds, Promise::Most, p, &always));
}

fn resampled(law: Law, seeds: usize, studies: usize, entries: &mut Vec<Entry>) {
    let ids: Vec<u64> = (0..seeds as u64).collect();
    let table = |rows: &[Vec<f64>]| {
        SeedTable::joint(&rows.iter().map(|row| (&ids[..], &row[..])).collect::<Vec<_>>())
    };
    let mut add = |number: &str, truth: f64, found: Vec<Interval>| {
        entries.push(Entry::new(number, law.name, seeds, Promise::Most, truth, &found));
    };
    let widths = [64.0, 256.0, 1024.0];
    let found = of_studies(studies, |i| {
        let mut rows = law.draw(i, 3, seeds);
        for (row, m) in rows.iter_mut().zip(widths) {
            row.iter_mut().for_each(|v| *v /= f64::sqrt(m));
        }
        exponent(&widths, &table(&rows), Centre::Median).unwrap().interval.unwrap()
    });
    add("exponent", -0.5, found);
    let of = |cells: usize, statistic: fn(&[f64]) -> Option<f64>| {
        let one =
            |i| table(&law.draw(i, cells, seeds)).interval(CONFIDENCE, Centre::Median, statistic).unwrap();
        of_studies(studies, one)
    };
    let found = of(2, ratio);
    add("ratio of medians", 1.0, found);
    if seeds < 1000 {
        let found = of(4, mean_ratio);
        add("ratio of medians, mean over two networks", 1.0, found);
    }
}

/// Numbers as K(x,x) is: log-normal, with a spread as at depth 4 and width 64, and as at a depth that is the width.
fn of_the_kernel(sigma: f64, law: &'static str, seeds: usize, studies: usize, entries: &mut Vec<Entry>) {
    let values = |study: usize| -> Vec<f64> {
        let mut stream = Stream::new((study << 8 | 77) as u64, Role::Data);
        (0..seeds).map(|_| (sigma * stream.normal()).exp()).collect()
    };
    let truth = (sigma * sigma).exp_m1().sqrt();
    let found = of_studies(studies, |i| spread(&values(i)).unwrap().interval.unwrap());
    entries.push(Entry::new("spread of tr K", law, seeds, Promise::Most, truth, &found));
    let found = of_studies(studies, |i| mean_interval(&Moments::of(&values(i)), truth, CONFIDENCE).unwrap());
    let truth = (0.5 * sigma * sigma).exp();
    entries.push(Entry::new("mean of K(x,x), of a verdict", law, seeds, Promise::Most, truth, &found));
}

/// What a study that stops at a standard error finds, with a target that is met half the time at 128 seeds.
struct Adaptive {
    law: &'static str,
    seeds: f64,
    /// Mean over studies of the error of the mean, in units of the standard error that was asked for.
    bias: f64,
    /// How often the mean ± 1.96 standard errors, and the interval of the median, hold the truth.
    mean: f64,
    median: f64,
}

fn adaptive(law: Law, studies: usize) -> Adaptive {
    let target = law.sd / 128f64.sqrt();
    let asked = Asked::standard_error(target, SeedRange::new(0..4096).unwrap());
    let found = map(studies, |study| {
        let values = law.draw(study, 1, 4096).remove(0);
        let mut need = asked.need(0, Shard::WHOLE);
        (0..).zip(&values).for_each(|(seed, value)| need.push(seed, *value));
        let mut values = values[..need.end() as usize].to_vec();
        let moments = Moments::of(&values);
        let error = moments.mean().unwrap() - law.mean;
        values.sort_by(f64::total_cmp);
        let median = quantile(&values, 0.5, CONFIDENCE).unwrap().interval.contains(law.quantile(0.5));
        let held = error.abs() <= 1.96 * moments.standard_error().unwrap();
        [values.len() as f64, error / target, f64::from(u8::from(held)), f64::from(u8::from(median))]
    });
    let mean = |k: usize| found.iter().map(|f| f[k]).sum::<f64>() / studies as f64;
    Adaptive { law: law.name, seeds: mean(0), bias: mean(1), mean: mean(2), median: mean(3) }
}

#[test]
fn every_interval_covers_as_often_as_it_says() {
    let full = std::env::var_os("EOC_FULL").is_some_and(|v| v == "1");
    let (studies, all_seeds): (usize, &[usize]) =
        if full { (1000, &[16, 64, 1024]) } else { (200, &[16, 64]) };
    let wide = std::env::var("EOC_COVERAGE_WIDE").map_or(studies, |count| count.parse().unwrap());
    let threads = Threads::new(2).unwrap();
    let mut entries = Vec::new();
    let adaptives = threads.install(|| {
        for &seeds in all_seeds {
            let studies = if seeds > 1000 { wide } else { studies };
            for (law, sigma) in [(LIGHT, 0.24), (HEAVY, 1.2)] {
                conservative(law, seeds, studies, &mut entries);
                resampled(law, seeds, studies, &mut entries);
                of_the_kernel(sigma, law.name, seeds, studies, &mut entries);
            }
        }
        [LIGHT, HEAVY].map(|law| adaptive(law, studies))
    });
    let [low, high, resolved] =
        if full { misses(1000, &question(30_000), half_normal) } else { [0, 0, 1000] };
    let text = page(&entries, all_seeds, &adaptives, [low, high, resolved], studies);
    eprintln!("{text}");
    if let Some(path) = std::env::var_os("EOC_COVERAGE") {
        std::fs::write(path, &text).unwrap();
    }
    let wrong: Vec<String> = entries.iter().filter_map(Entry::wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for a in &adaptives {
        // Stopping where the error looks small leaves a bias that is part of the error that was asked for.
        assert!(a.bias.abs() < 1.0, "{}: {} standard errors", a.law, a.bias);
        assert!(
            a.median >= CONFIDENCE - 3.5 * (0.05 * 0.95 / studies as f64).sqrt(),
            "{}: {}",
            a.law,
            a.median
        );
    }
    // 5 % of 1000, and 3.5 errors.
    assert!(low + high <= 74 && resolved >= 980, "{low} {high} {resolved}");
    // Intervals of less confidence are found out by the same check.
    let narrow = of_studies(studies, |i| {
        let mut values = LIGHT.draw(i, 1, 64).remove(0);
        values.sort_by(f64::total_cmp);
        quantile(&values, 0.5, 0.85).unwrap().interval
    });
    let promise = Promise::Exactly(order_coverage(64, 0.5));
    let narrow = Entry::new("median", "light", 64, promise, LIGHT.quantile(0.5), &narrow);
    assert!(narrow.wrong().is_some());
}

const HEAD: &str = "# Coverage: how often an interval holds the truth

Written by `scripts/coverage`, from simulated studies of laws that are known (`tests/it/coverage_table.rs`); a reduced form runs with the tests.

";

const LEGEND: &str = "
The columns are seeds of a study.
In parentheses stands what the sum of binomial probabilities says, in brackets the share of intervals with an open side; an open side holds everything beyond it.
The light law is |z| of a normal z, the heavy one e^(1.5 z); K(x,x) is log-normal, with 0.24 and 1.2 as the standard deviation of its logarithm.
Cells of one study share two thirds of their randomness, as networks of one seed do.
What is *conservative* covers just as often as its exact sum says, 95 % at least.
What is *resampled* covers 95 %, and more where seeds are few; the interval of the spread is the hull of two and covers more throughout.
";

fn page(
    entries: &[Entry],
    all_seeds: &[usize],
    adaptives: &[Adaptive],
    [low, high, resolved]: [u64; 3],
    studies: usize,
) -> String {
    let mut text = HEAD.to_owned();
    for &seeds in all_seeds {
        let studies = entries.iter().find(|e| e.seeds == seeds).map_or(studies, |e| e.studies);
        let error = (0.05 * 0.95 / studies as f64).sqrt();
        let _ = writeln!(
            text,
            "- {seeds} seeds: {studies} studies an entry, a Monte Carlo error of {error:.4} at 0.95."
        );
    }
    text += "\n";
    let columns: String = all_seeds.iter().map(|seeds| format!(" {seeds} |")).collect();
    let rule: String = all_seeds.iter().map(|_| " --- |").collect();
    let _ = writeln!(text, "| number | law |{columns}\n| --- | --- |{rule}");
    let mut rows: Vec<(&str, &str)> = Vec::new();
    for entry in entries {
        let row = (entry.number.as_str(), entry.law);
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    for (number, law) in rows {
        let cell = |seeds: &usize| {
            let entry = entries.iter().find(|e| e.number == number && e.law == law && e.seeds == *seeds);
            format!(" {} |", entry.map_or_else(|| "-".to_owned(), Entry::text))
        };
        let _ = writeln!(text, "| {number} | {law} |{}", all_seeds.iter().map(cell).collect::<String>());
    }
    text += LEGEND;
    text += "\n## Seeds until a standard error\n\n`standard_error` stops a cell where its estimate of the error is small enough, and a small \
             estimate goes with a small mean where the upper tail is long. The target is met about half the time at 128 seeds.\n\n\
             | law | seeds, mean | bias of the mean, in errors as asked for | mean ± 1.96 errors | interval of the median |\n\
             | --- | --- | --- | --- | --- |\n";
    for Adaptive { law, seeds, bias, mean, median } in adaptives {
        let _ = writeln!(text, "| {law} | {seeds:.0} | {bias:+.2} | {mean:.3} | {median:.3} |");
    }
    text += "\nThe bias is below the error that was asked for. The mean ± 1.96 errors of a heavy law covers less than 95 %, stopped or \
             not: it is printed as a standard error, and the median with its interval stands beside it.\n";
    if studies >= 1000 {
        let _ = writeln!(
            text,
            "\n## The width that is needed\n\n1000 searches for m* = 300 (`eoc width`, deviation ∼ |z|/√m, P = 0.95, error rate 0.05 in all, resolution \
             1.5): m_low was m* or more in {low}, m_high below m* in {high}, and {resolved} were resolved. The error rate is a bound: most \
             searches spend little of it."
        );
    }
    text
}
