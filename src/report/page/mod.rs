//! The page of a report: one HTML file that fetches nothing and needs no script. What was asked, what was found,
//! figures, tables, how to make it again. Every text that comes from a file is escaped.

mod style;
mod tables;
mod widths;

use super::analysis::{Analysis, Section};
use super::axis::Axis;
use super::claim::{Claim, note_of_orders};
use super::figure::{Figure, FigureFormat};
use super::fits::PowerFit;
use super::found::{Found, Verdict};
use super::headings::{Fields, Labels, heading};
use super::heavy;
use super::names::{SUMMARY, TABLE};
use super::text::{escaped, short};
use crate::stats::CONFIDENCE;
use crate::study::questions::WidthQuestion;
use crate::units::counted;

/// What a page says that stored rows do not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The questions about widths that were asked of the directory, the last one last.
    pub widths: Vec<WidthQuestion>,
    /// The claim that the study examines, where it is one that the program knows.
    pub claim: Option<String>,
    /// What theory predicts of it.
    pub prediction: Option<String>,
    /// What a reader must know of the numbers, as that they are of a part of the seeds.
    pub notes: Vec<String>,
    /// How to make the run again, line by line as for a shell.
    pub reproduce: String,
}

/// The page; figures with the names of their files, and those of the last question about widths.
pub(super) fn page(
    analysis: &Analysis,
    claims: &[Claim],
    [figures, needed]: [&[(&Figure, &String)]; 2],
    words: &Page,
) -> String {
    let name = escaped(&analysis.name);
    let parts = [
        asked(analysis, words),
        widths::widths(&words.widths, needed),
        found(analysis, claims, words),
        shown(figures),
        tables::tables(analysis),
        again(words),
    ];
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{name}: the finite-width NTK and its limit</title>\n<style>\n{}</style>\n\
         </head>\n<body>\n<header>\n<h1>{name}</h1>\n<p>{}</p>\n<nav>{}</nav>\n</header>\n<main>\n{}</main>\n\
         <footer>\n<p>{}</p>\n</footer>\n</body>\n</html>\n",
        style::STYLE,
        "How far the Neural Tangent Kernel <i>K</i> of random networks of finite width is from its infinite-width \
         limit <i>K</i>∞, as eoc measured it.",
        [
            ("asked", "Asked"),
            ("width", "Width"),
            ("found", "Found"),
            ("figures", "Figures"),
            ("tables", "Tables"),
            ("again", "Reproduce")
        ]
        .into_iter()
        .filter(|(id, _)| *id != "width" || !words.widths.is_empty())
        .map(|(id, text)| format!("<a href=\"#{id}\">{text}</a>"))
        .collect::<Vec<_>>()
        .join(" "),
        parts.concat(),
        "Theory: D. Terjék and D. González-Sánchez, arXiv 2501.14724 (concentration) and arXiv 2501.13225 (spectrum)."
    )
}

fn section(id: &str, title: &str, body: &str) -> String {
    format!("<section id=\"{id}\">\n<h2>{title}</h2>\n{body}</section>\n")
}

/// What the study is, and what theory foretold.
fn asked(analysis: &Analysis, words: &Page) -> String {
    let mut body = String::new();
    let mut term = |head: &str, text: &str| {
        body += &format!("<dt>{head}</dt><dd>{}</dd>\n", typeset(text));
    };
    if let Some(claim) = &words.claim {
        term("Claim", &sentence(claim));
    }
    if let Some(prediction) = &words.prediction {
        term("Prediction", &sentence(prediction));
    }
    let head = if analysis.sections.len() == 1 { "Networks" } else { "Networks of each setting" };
    for section in &analysis.sections {
        term(head, &networks(analysis, section));
    }
    if analysis.empty_cells > 0 {
        term("Not there yet", &format!("{} without a finished seed", counted(analysis.empty_cells, "cell")));
    }
    section_of_terms("asked", "What was asked", &body)
}

fn section_of_terms(id: &str, title: &str, terms: &str) -> String {
    section(id, title, &format!("<dl>\n{terms}</dl>\n"))
}

/// A section in one sentence: the networks that differ, and what they have in common.
fn networks(analysis: &Analysis, section: &Section) -> String {
    let fields = Fields::of(analysis.axis, section);
    let common = heading("", section, &fields, usize::MAX);
    let labels = Labels::of(analysis.axis, &section.lines.iter().map(|l| &l.cell).collect::<Vec<_>>());
    let lines: Vec<String> = section.lines.iter().map(|l| labels.words(&l.cell).join(", ")).collect();
    let mut values: Vec<f64> =
        section.lines.iter().flat_map(|l| &l.points).filter_map(|p| analysis.axis.value(&p.cell)).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let along = match (values.as_slice(), analysis.axis) {
        ([], _) => String::new(),
        ([one], axis) => format!("; {} = {one}", axis.symbol()),
        (all, axis) => {
            let most = 12;
            let listed: Vec<String> = all.iter().take(most).map(|v| short(*v)).collect();
            let more = if all.len() > most { ", …" } else { "" };
            format!("; {} = {}{more}", axis.symbol(), listed.join(", "))
        }
    };
    let names = if analysis.axis == Axis::Delta { String::new() } else { format!("{}; ", lines.join("; ")) };
    format!("{names}{}{along}", common.trim_start_matches([':', ' ']).trim())
}

/// A sentence a claim; of a study without claims, its exponents.
fn found(analysis: &Analysis, claims: &[Claim], words: &Page) -> String {
    let mut body = String::new();
    for note in &words.notes {
        body += &format!("<p class=\"note\">{}</p>\n", escaped(note));
    }
    let heavy = heavy::sentence(analysis.sections.iter().flat_map(|s| &s.lines).flat_map(|l| &l.points));
    if !heavy.is_empty() {
        body += &format!("<p class=\"note\">Heavy tails: {}</p>\n", escaped(&heavy));
    }
    if analysis.sections.is_empty() {
        return section("found", "What was found", &(body + "<p>No seed is finished yet.</p>\n"));
    }
    if claims.is_empty() {
        body += &exponents(analysis, words.widths.is_empty());
    } else {
        let count = |v: Verdict| claims.iter().filter(|c| c.verdict == v).count();
        let counts: Vec<String> = Verdict::ALL
            .into_iter()
            .filter(|v| count(*v) > 0)
            .map(|v| format!("{} {}", count(v), v.verb(count(v))))
            .collect();
        let of = counted(claims.len(), "prediction");
        body += &format!("<p class=\"lead\">Of {of}, {}.</p>\n", counts.join(", "));
        body +=
            &format!("<ul class=\"claims\">\n{}</ul>\n", claims.iter().map(claim_item).collect::<String>());
    }
    let verdicts = match claims {
        [] => String::new(),
        _ => format!(
            " <b class=\"agrees\">agrees</b>: the interval holds the number (and tells an exponent of wide networks \
             from none and from twice as much), or lies within the stretch; <b class=\"contradicts\">contradicts</b>: \
             it excludes what was predicted; <b class=\"undecided\">undecided</b>: neither can be said. {}",
            note_of_orders(claims).unwrap_or_default()
        ),
    };
    body += &format!("<p>In brackets: {:.0} % intervals.{verdicts}</p>\n", 100.0 * CONFIDENCE);
    section("found", "What was found", &body)
}

fn claim_item(claim: &Claim) -> String {
    let Claim { statement, prediction, found, verdict, .. } = claim;
    format!(
        "<li><b class=\"{word}\">{word}</b> {}: <span class=\"number\">{}</span>, predicted {}.</li>\n",
        typeset(statement),
        escaped(&interval(found)),
        typeset(prediction),
        word = verdict.word(),
    )
}

fn interval(found: &Found) -> String {
    found.to_string()
}

/// The exponents; `all` of them, or those that are there: the widths of a search have few seeds in common.
fn exponents(analysis: &Analysis, all: bool) -> String {
    let mut items = String::new();
    let shown = move |fit: &&PowerFit| all || fit.exponent.is_ok();
    let all = || analysis.sections.iter().flat_map(|s| s.fits.iter().filter(shown).map(move |f| (s, f)));
    for (section, fit) in all() {
        let same: Vec<_> = all().filter(|(_, f)| f.axis == fit.axis).map(|(_, f)| &f.cell).collect();
        let mut who = Labels::of(fit.axis, &same).words(&fit.cell);
        if analysis.sections.len() > 1 {
            who.push(section.setting.cell.data.clone());
        }
        let found = Found::from(fit.exponent.as_ref());
        let exact = fit.exact_exponent.map_or(String::new(), |e| {
            format!(
                "; that of the exact spread of K(x,x) over the same networks is {}",
                super::text::slope(e)
            )
        });
        let why = fit.exponent.as_ref().err().map_or(String::new(), |why| format!(" ({why})"));
        items += &format!(
            "<li>{}: exponent in {} of the median of ‖K−K∞‖/‖K∞‖: <span class=\"number\">{}</span>{}{}.</li>\n",
            escaped(&who.join(", ")),
            fit.axis.symbol(),
            escaped(&interval(&found)),
            escaped(&why),
            exact
        );
    }
    if items.is_empty() {
        return "<p>Nothing varies along which an exponent could be told; the tables have every cell.</p>\n"
            .into();
    }
    format!("<ul class=\"claims\">\n{items}</ul>\n")
}

/// The section of the figures.
fn shown(all: &[(&Figure, &String)]) -> String {
    if all.is_empty() {
        return section("figures", "Figures", "<p>There is nothing yet that a figure could show.</p>\n");
    }
    section("figures", "Figures", &figures(all, ""))
}

/// Figures with links to their files; what is theirs on the page begins with `own`.
fn figures(all: &[(&Figure, &String)], own: &str) -> String {
    let one = |(index, (figure, stem)): (usize, &(&Figure, &String))| {
        let formats = [FigureFormat::Pdf, FigureFormat::Svg, FigureFormat::Png].map(FigureFormat::ending);
        let links: Vec<String> = formats
            .into_iter()
            .chain(["csv"])
            .map(|kind| format!("<a href=\"{}.{kind}\">{}</a>", address(stem), kind.to_uppercase()))
            .collect();
        format!(
            "<figure>\n{}<figcaption>{} <span class=\"files\">{}</span></figcaption>\n</figure>\n",
            drawn(figure, own, index),
            typeset(&figure.about),
            links.join(" ")
        )
    };
    all.iter().enumerate().map(one).collect()
}

/// A figure within the page, once for wide ones and once for narrow ones: the style sheet shows one of them.
fn drawn(figure: &Figure, own: &str, index: usize) -> String {
    let wide = inline(&figure.title, &figure.svg, &format!("{own}f{index}"));
    if figure.narrow.is_empty() {
        return format!("<div class=\"scroll\">{wide}</div>\n");
    }
    let narrow = inline(&figure.title, &figure.narrow, &format!("{own}n{index}"));
    format!("<div class=\"wide\">{wide}</div>\n<div class=\"narrow\">{narrow}</div>\n")
}

/// A drawing of the size of its column, its identifiers its own.
fn inline(title: &str, svg: &str, own: &str) -> String {
    let svg = svg.replace("kuva-clip-", &format!("{own}-clip-"));
    let Some((head, rest)) = svg.split_once('>') else { return svg };
    let mut attributes = String::new();
    for part in head.trim_start_matches("<svg").split("\" ") {
        let part = part.trim().trim_end_matches('"');
        if !part.is_empty() && !part.starts_with("width=") && !part.starts_with("height=") {
            attributes += &format!(" {part}\"");
        }
    }
    format!("<svg role=\"img\" aria-label=\"{}\"{attributes}>{rest}", escaped(title))
}

/// Words as a sentence: with a capital, where they begin with a word and not with a symbol or a name.
fn sentence(text: &str) -> String {
    let word = text.split([' ', ',']).next().unwrap_or_default();
    match text.chars().next() {
        Some(first) if word.chars().all(|c| c.is_ascii_lowercase()) => {
            text.replacen(first, &first.to_ascii_uppercase().to_string(), 1)
        }
        _ => text.to_owned(),
    }
}

/// Text as HTML, with powers as m^(-1/2) raised.
fn typeset(text: &str) -> String {
    let text = escaped(text);
    let mut parts = text.split('^');
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let raised = |power: &str| format!("<sup>{}</sup>", power.replace('-', "−"));
        let bare = part.len() - part.trim_start_matches(|c: char| c == '-' || c.is_ascii_digit()).len();
        match part.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            Some((power, rest)) => all += &(raised(power) + rest),
            None if bare > 0 => all += &(raised(&part[..bare]) + &part[bare..]),
            None => all += &format!("^{part}"),
        }
    }
    all
}

/// A file name as an address: what is no plain letter is written as bytes.
fn address(name: &str) -> String {
    let byte = |b: u8| {
        if b.is_ascii_alphanumeric() || b"-_.".contains(&b) {
            char::from(b).to_string()
        } else {
            format!("%{b:02X}")
        }
    };
    name.bytes().map(byte).collect()
}

fn again(words: &Page) -> String {
    let body = format!(
        "<pre>{}</pre>\n<p>Beside this page: <a href=\"{SUMMARY}\">{SUMMARY}</a>, all numbers for programs; \
         <a href=\"{TABLE}\">{TABLE}</a>, all tables as text.</p>\n",
        escaped(words.reproduce.trim_end())
    );
    section("again", "How to reproduce it", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_markup_and_names_are_addresses() {
        assert_eq!(escaped("<a href='x'>&\"\u{7}"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\u{fffd}");
        assert_eq!(address("first-λ.svg"), "first-%CE%BB.svg");
        assert_eq!(
            typeset("m^(-1/2) <b>, Δ^-2, a^b, x^"),
            "m<sup>−1/2</sup> &lt;b&gt;, Δ<sup>−2</sup>, a^b, x^"
        );
        assert_eq!(
            [sentence("the mean"), sentence("arXiv 1"), sentence("|s| is")],
            ["The mean", "arXiv 1", "|s| is"]
        );
    }
}
