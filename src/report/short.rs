//! The short table of a study: of each cell the median, of each line the exponent beside theory, and one line of
//! verdict.

use super::analysis::{Analysis, Section};
use super::axis::Axis;
use super::beside;
use super::claim::{Claim, note_of_orders};
use super::eigenvalue_tables;
use super::found::Verdict;
use super::headings::{Fields, empty_cells, heading, nothing_yet, percent};
use super::heavy;
use super::independence;
use super::layout::paragraph;
use super::text::{Align, estimate};
use crate::units::counted;

const STOPPED_BY_DRAWS: &str = "the draws themselves decided how many seeds a network has (a search for a width, or a \
                                standard error to reach). The intervals are those of as many seeds fixed beforehand: \
                                read them as a guide.";

/// What a person reads first, in lines of at most `room` columns. The verdicts are those of the claims that the study
/// examines; of a study without claims, whether its exponents are those of theory.
pub fn short_table(analysis: &Analysis, claims: &[Claim], room: usize) -> String {
    let mut text = String::new();
    if analysis.sections.is_empty() {
        return nothing_yet(analysis);
    }
    for section in &analysis.sections {
        let fields = Fields::of(analysis.axis, section);
        text += &heading(&analysis.name, section, &fields, room);
        text += "\n\n";
        text += &medians(section, &fields, room);
        text.push('\n');
        text += &beside::exponents(section, room);
        // Along Δ no power is expected: what is compared there are activations.
        if analysis.axis == Axis::Delta {
            text += &beside::ratios(section, room);
        }
        for more in
            [eigenvalue_tables::ends(section, &fields, room), independence::by_cell(section, &fields, room)]
        {
            if !more.is_empty() {
                text += &format!("\n{more}");
            }
        }
        if !text.ends_with("\n\n") {
            text.push('\n');
        }
    }
    text += &empty_cells(analysis);
    text += &paragraph(
        "",
        "median: of ‖K−K∞‖/‖K∞‖ over seeds, operator norms. K(x,x): exact spread of a diagonal entry. bound: of arXiv \
         2501.14724, over ‖K∞/n‖, modulo logarithms.",
        room,
    );
    let heavy = heavy::sentence(analysis.sections.iter().flat_map(|s| &s.lines).flat_map(|l| &l.points));
    if !heavy.is_empty() {
        text += &paragraph("Heavy tails: ", &heavy, room);
    }
    if analysis.stopped_by_draws {
        text += &paragraph("Seeds: ", STOPPED_BY_DRAWS, room);
    }
    text.push('\n');
    text + &if claims.is_empty() { of_theory(analysis, room) } else { of_claims(claims, room) }
}

fn medians(section: &Section, fields: &Fields, room: usize) -> String {
    let mut layout = fields
        .layout()
        .group([("seeds", Align::Right)])
        .group([("median", Align::Right), (&percent(), Align::Left)]);
    for line in &section.lines {
        for (i, point) in line.points.iter().enumerate() {
            let mut row = fields.row(&point.cell, i == 0);
            row.push(point.seeds.to_string());
            row.extend(estimate(point.median.as_ref()));
            layout.push(row);
        }
    }
    layout.text(room)
}

/// How many claims came out how, and each of them.
pub(super) fn of_claims(claims: &[Claim], room: usize) -> String {
    let counts: Vec<String> = Verdict::ALL
        .into_iter()
        .map(|verdict| (claims.iter().filter(|c| c.verdict == verdict).count(), verdict))
        .filter(|(count, _)| *count > 0)
        .map(|(count, verdict)| format!("{count} {}", verdict.verb(count)))
        .collect();
    let head = format!("of {}, {}.", counted(claims.len(), "prediction"), counts.join(", "));
    let line = |claim: &Claim| {
        paragraph(&format!("  {:<13}", format!("{}:", claim.verdict.word())), &claim.sentence(), room)
    };
    let note = note_of_orders(claims).map_or(String::new(), |note| paragraph("  ", note, room));
    paragraph("Verdict: ", &head, room) + &claims.iter().map(line).collect::<String>() + &note
}

/// How many of the exponents have that of the exact spread in their interval.
fn of_theory(analysis: &Analysis, room: usize) -> String {
    let fits = || analysis.sections.iter().flat_map(|s| &s.fits);
    let inside = fits().filter_map(|fit| {
        let interval = fit.exponent.as_ref().ok()?.interval.ok()?;
        Some(interval.contains(fit.exact_exponent?))
    });
    let inside: Vec<bool> = inside.collect();
    let verdict = match (inside.len(), inside.iter().filter(|yes| **yes).count()) {
        (0, _) => "no exponent with an interval to compare with theory.".to_owned(),
        (1, 1) => "the exponent of the exact spread of K(x,x) is inside the interval of that of the median."
            .to_owned(),
        (1, _) => "the exponent of the exact spread of K(x,x) is outside the interval of that of the median."
            .to_owned(),
        (all, yes) => format!(
            "the exponent of the exact spread of K(x,x) is inside the interval of that of the median in {yes} of {all} \
             cases."
        ),
    };
    paragraph("Verdict: ", &verdict, room)
}
