//! The section of the page that answers how wide is wide enough: a sentence, a table and, of the last question, figures.

use super::{claim_item, figures, section, typeset};
use crate::report::claim::note_of_orders;
use crate::report::figure::Figure;
use crate::report::text::escaped;
use crate::report::widths::{CONSTANT, data, kind, layout, width_answer, width_claims};
use crate::study::questions::WidthQuestion;
use crate::units::counted;

/// Rows of a table at most; summary.json has all.
const ROWS: usize = 400;

/// The section; empty where no question was asked. The last question comes first, with its figures.
pub(super) fn widths(questions: &[WidthQuestion], shown: &[(&Figure, &String)]) -> String {
    let several = questions.len() > 1;
    let mut body = String::new();
    if several {
        body += &format!(
            "<p>{} were asked of these networks. The last one comes first, and the figures are of it.</p>\n",
            counted(questions.len(), "question")
        );
    }
    for (index, question) in questions.iter().rev().enumerate() {
        if several {
            let absolute = if question.absolute { ", absolute" } else { "" };
            let (t, p, norm) = (question.tolerance, question.confidence, question.norm.words());
            body += &format!("<h3>T = {t}, P = {p}, {norm}{absolute}</h3>\n");
        }
        body += &answers(question);
        if index == 0 {
            body += &figures(shown, "w");
        }
    }
    if questions.is_empty() { body } else { section("width", "How wide is wide enough", &body) }
}

fn answers(question: &WidthQuestion) -> String {
    let mut body = format!("<p class=\"lead\">{}</p>\n", typeset(&width_answer(question)));
    let networks: u64 = question.cells.iter().map(|a| a.networks).sum();
    body += &format!(
        "<p>{}{} drawn, from seed {} on; a search ends where m_high/m_low is at most {}. It assumes that this probability \
         grows with the width.</p>\n",
        escaped(&of_all(question)),
        counted(networks, "network"),
        question.first_seed,
        question.resolution
    );
    body += &layout(question, true).html(ROWS);
    let open: String = question
        .cells
        .iter()
        .filter_map(|answer| Some((answer, answer.undecided.as_ref()?)))
        .map(|(answer, why)| {
            let who = escaped(&kind(answer));
            format!("<li><b class=\"undecided\">undecided</b> {who}: {}.</li>\n", escaped(why))
        })
        .collect();
    if !open.is_empty() {
        body += &format!("<ul class=\"claims\">\n{open}</ul>\n");
    }
    if question.cells.iter().any(|a| a.constant.is_some()) {
        body += &format!("<p>{}</p>\n", typeset(CONSTANT));
    }
    body + &claims(question)
}

/// The predictions of the study that asks this.
fn claims(question: &WidthQuestion) -> String {
    let claims = width_claims(question);
    if claims.is_empty() {
        return String::new();
    }
    let items: String = claims.iter().map(claim_item).collect();
    format!(
        "<ul class=\"claims\">\n{items}</ul>\n<p>In brackets: what two answers leave open of the ratio of their m*, which \
         errs where one of them does. <b class=\"agrees\">agrees</b>: all of it is as predicted; \
         <b class=\"contradicts\">contradicts</b>: none of it is; <b class=\"undecided\">undecided</b>: neither can be \
         said. {}</p>\n",
        note_of_orders(&claims).unwrap_or_default()
    )
}

/// What all networks have in common, before what is said of them.
fn of_all(question: &WidthQuestion) -> String {
    let common = |of: &dyn Fn(&crate::study::questions::WidthAnswer) -> String| {
        let mut all = question.cells.iter().map(of);
        let first = all.next()?;
        all.all(|other| other == first).then_some(first)
    };
    let points = common(&|a| counted(a.n, "point"));
    let scale = common(&|a| format!("scale {}", a.scale)).filter(|text| text != "scale 1");
    let drawn = common(&|a| format!("{} sampler, {}", a.sampler, a.precision));
    let common = [common(&data), points, scale, drawn].into_iter().flatten().collect::<Vec<_>>().join(", ");
    if common.is_empty() { common } else { common + "; " }
}
