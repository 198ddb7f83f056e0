//! The final table of a study, plain text of at most 100 columns where the numbers allow it.

use super::analysis::{Analysis, DepthFit, Line, Ratio, Section, Setting, UPPER};
use super::text::{
    Align, activation, columns, counted, digits_of_mean, interval, mean_and_error, significant,
};
use crate::stats::bootstrap::RESAMPLES;
use crate::stats::{CONFIDENCE, ExponentFit, Interval, NoFit, NoInterval, Quantile};

/// Columns of a terminal that the table fits.
const TERMINAL: usize = 100;

/// The table of a study: sections, exponents, ratios, and a legend that names every column.
pub fn table(analysis: &Analysis) -> String {
    let mut text = String::new();
    if analysis.sections.is_empty() {
        return format!("{}: no seed is finished yet\n", analysis.name);
    }
    for section in &analysis.sections {
        text += &format!("{}\n\n", heading(&analysis.name, section));
        text += &points(section);
        text.push('\n');
        text += &exponents(section);
        text += &ratios(section);
        text += &constants(section);
        text.push('\n');
    }
    text += &depths(&analysis.depths);
    if analysis.empty_cells > 0 {
        text += &format!("{} without a finished seed\n\n", counted(analysis.empty_cells, "cell", "cells"));
    }
    text + &legend(analysis)
}

/// `first: digits:n=32 (sphere), 32 points, depth 4, …; 64 seeds per cell`, broken where it is too long.
fn heading(name: &str, section: &Section) -> String {
    let setting = &section.setting;
    let seeds = section.lines.iter().flat_map(|l| &l.points).map(|p| p.seeds);
    let (least, most) = seeds.fold((usize::MAX, 0), |(a, b), s| (a.min(s), b.max(s)));
    let seeds = if least == most {
        counted(most, "seed per cell", "seeds per cell")
    } else {
        format!("{least} to {most} seeds per cell")
    };
    let mut parts: Vec<String> = describe(setting).into_iter().flatten().collect();
    parts.push(seeds);
    wrap(&format!("{name}: "), &parts)
}

/// The setting, part by part; a part that says nothing is None, so that parts of two settings can be compared.
pub(super) fn describe(setting: &Setting) -> [Option<String>; 8] {
    let data = match setting.normalize.as_str() {
        "none" => setting.data.clone(),
        how => format!("{} on the {how}", setting.data),
    };
    let widths = match &setting.schedule {
        Some(schedule) => Some(format!("{schedule} widths")),
        None => (setting.depth > 1).then(|| "listed widths".into()),
    };
    [
        Some(data),
        Some(counted(setting.n, "point", "points")),
        Some(format!("depth {}", setting.depth)),
        Some(counted(setting.outputs, "output", "outputs")),
        widths,
        (setting.scale != 1.0).then(|| format!("scale {}", setting.scale)),
        Some(format!("{} sampler", setting.samplers.join(" and "))),
        Some(setting.precision.clone()),
    ]
}

/// Parts with commas, broken into lines of at most [`TERMINAL`] columns.
fn wrap(start: &str, parts: &[String]) -> String {
    let (mut text, mut line) = (String::new(), start.to_owned());
    for (i, part) in parts.iter().enumerate() {
        let last = i + 1 == parts.len();
        if i > 0 && line.chars().count() + part.chars().count() + 1 > TERMINAL {
            text += line.trim_end();
            text += "\n  ";
            line.clear();
        }
        line += part;
        line += if last { "" } else { ", " };
    }
    text + &line
}

fn points(section: &Section) -> String {
    let percent = format!("{:.0} % interval", 100.0 * CONFIDENCE);
    let upper = format!("{:.0} %", 100.0 * UPPER);
    let all = || section.lines.iter().flat_map(|l| &l.points);
    let limit_digits = all().map(|p| digits_of_mean(&p.lambda_min)).max().unwrap_or(4);
    let make = |with_upper_interval: bool| {
        let mut align = vec![Align::Left, Align::Right, Align::Right, Align::Left, Align::Right, Align::Left];
        let mut header = vec!["φ", "m", "median", &percent, &upper, &percent, "λ_min of K/n", "limit"];
        align.extend([Align::Left, Align::Left]);
        if !with_upper_interval {
            align.remove(5);
            header.remove(5);
        }
        let mut rows = vec![header.into_iter().map(str::to_owned).collect::<Vec<_>>()];
        for line in &section.lines {
            for (i, point) in line.points.iter().enumerate() {
                let estimate = |q: &Option<Quantile>| q.map_or("-".into(), |q| significant(q.estimate, 3));
                let limits = |q: &Option<Quantile>| q.map_or("-".into(), |q| interval(&q.interval));
                let mut row = vec![
                    if i == 0 { activation(&line.activation).to_owned() } else { String::new() },
                    point.width.map_or("-".into(), |m| m.to_string()),
                    estimate(&point.median),
                    limits(&point.median),
                ];
                // Without room for an interval, an open one replaces the estimate: it must not look certain.
                match point.upper {
                    Some(q) if !with_upper_interval && q.interval.high.is_none() => {
                        row.push(interval(&q.interval));
                    }
                    q => row.push(estimate(&q)),
                }
                if with_upper_interval {
                    row.push(limits(&point.upper));
                }
                row.extend([
                    mean_and_error(&point.lambda_min),
                    significant(point.limit_lambda_min, limit_digits),
                ]);
                rows.push(row);
            }
        }
        columns(&align, &rows)
    };
    let full = make(true);
    if full.lines().all(|l| l.chars().count() <= TERMINAL) { full } else { make(false) }
}

fn exponents(section: &Section) -> String {
    let wide = |l: &&Line| l.points.iter().any(|p| p.width.is_some());
    let row = |line: &Line| {
        let [fitted, limits, reason] = fit_text(&line.exponent);
        let exact = line.exact_exponent.map_or("-".into(), slope);
        vec![activation(&line.activation).to_owned(), fitted, limits, exact, reason]
    };
    let mut rows: Vec<Vec<String>> = section.lines.iter().filter(wide).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let percent = format!("{:.0} % interval", 100.0 * CONFIDENCE);
    rows.insert(0, ["φ", "median", &percent, "K(x,x)"].map(str::to_owned).into());
    "Exponent in m, beside -1/2:\n".to_owned() + &columns(&[Align::Left; 5], &rows)
}

/// A slope with three decimals.
fn slope(value: f64) -> String {
    format!("{value:.3}")
}

/// Exponent, interval, and the reason for the absence of either.
fn fit_text(fit: &Result<ExponentFit, NoFit>) -> [String; 3] {
    match fit {
        Ok(fit) => {
            let [limits, reason] = limits_or_reason(&fit.interval, slope);
            [slope(fit.exponent), limits, reason]
        }
        Err(reason) => ["none".into(), "-".into(), reason.to_string()],
    }
}

/// The interval, or a dash and the reason for its absence.
fn limits_or_reason(limits: &Result<Interval, NoInterval>, number: impl Fn(f64) -> String) -> [String; 2] {
    match limits {
        Ok(Interval { low: Some(low), high: Some(high) }) => {
            [format!("[{}, {}]", number(*low), number(*high)), String::new()]
        }
        Ok(open) => [interval(open), String::new()],
        Err(reason) => ["-".into(), reason.to_string()],
    }
}

fn ratios(section: &Section) -> String {
    let row = |ratio: &Ratio| {
        let [limits, reason] = limits_or_reason(&ratio.interval, |v| significant(v, 3));
        let width = ratio.width.map_or("all".into(), |m| m.to_string());
        vec![width, significant(ratio.ratio, 3), limits, reason]
    };
    let rows: Vec<Vec<String>> = section.ratios.iter().chain(&section.mean_ratio).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    "Ratio |s| : ReLU of the medians at equal m; below 1, |s| is the closer to its limit:\n".to_owned()
        + &columns(&[Align::Right, Align::Right, Align::Left, Align::Left], &rows)
}

fn constants(section: &Section) -> String {
    let row = |line: &Line| -> Option<Vec<String>> {
        let found = line.points.iter().filter_map(|p| p.bound_constant);
        let (least, most) = found.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), c| (a.min(c), b.max(c)));
        let range = if least == most {
            significant(least, 3)
        } else {
            format!("{} to {}", significant(least, 3), significant(most, 3))
        };
        (least <= most).then(|| vec![activation(&line.activation).to_owned(), range])
    };
    let rows: Vec<Vec<String>> = section.lines.iter().filter_map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("Constant of the bound, over these m ({:.0} % quantile of ‖K−K∞‖/n : bound):\n", 100.0 * UPPER)
        + &columns(&[Align::Left; 2], &rows)
}

fn depths(fits: &[DepthFit]) -> String {
    if fits.is_empty() {
        return String::new();
    }
    let several = fits.iter().any(|f| other(&f.setting) != other(&fits[0].setting));
    let rows: Vec<Vec<String>> = fits
        .iter()
        .map(|fit| {
            let width = fit.width.map_or("-".into(), |m| format!("m = {m}"));
            let range = format!("l = {} … {}", fit.depths[0], fit.depths[fit.depths.len() - 1]);
            let mut row = vec![activation(&fit.activation).to_owned(), width, range];
            row.extend(fit_text(&fit.exponent));
            row.push(if several { other(&fit.setting) } else { String::new() });
            row
        })
        .collect();
    "Exponent of the median in the depth l:\n".to_owned() + &columns(&[Align::Left; 7], &rows) + "\n"
}

/// What tells settings of several depths apart.
fn other(setting: &Setting) -> String {
    let schedule = setting.schedule.as_deref().unwrap_or("listed");
    let outputs = counted(setting.outputs, "output", "outputs");
    format!("{schedule}, {outputs}, {}", setting.data)
}

fn legend(analysis: &Analysis) -> String {
    let listed = analysis.sections.iter().any(|s| s.setting.schedule.is_none() && s.setting.depth > 1);
    let widths = if listed { "of listed widths the narrowest" } else { "by the schedule" };
    let rows = [
        ["φ, m".into(), format!("activation; hidden widths are m_k = m, k·m or k²·m, {widths}")],
        [
            format!("median, {:.0} %", 100.0 * UPPER),
            "quantiles over seeds of ‖K−K∞‖/‖K∞‖, operator norms, K at initialisation".into(),
        ],
        [
            format!("{:.0} % interval", 100.0 * CONFIDENCE),
            "quantiles: for any law of K; ≥ or ≤ where so few seeds leave one side open".into(),
        ],
        [
            String::new(),
            format!("exponents, ratios: {RESAMPLES} bootstrap resamples of the seeds, jointly over m and φ"),
        ],
        ["λ_min, limit".into(), "least eigenvalue of K/n, mean ± standard error; the same of K∞/n".into()],
        [
            "exponent".into(),
            "K spreads about K∞ by order m^(-1/2); K(x,x): of its exact standard deviation".into(),
        ],
        ["bound".into(), "(Δ^-2 + l·√m_l)·κ²·m^(-1/2), modulo logarithms (arXiv 2501.14724)".into()],
    ];
    columns(&[Align::Left; 2], &rows.map(Vec::from))
}
