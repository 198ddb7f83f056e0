//! The two papers, statement by statement: what each says, which built-in study examines it, and what was found.
//!
//! **C** is arXiv 2501.14724, "MLPs at the EOC: Concentration of the NTK", **S** is arXiv 2501.13225, "MLPs at the EOC:
//! Spectrum of the NTK" (Terjék and González-Sánchez). A [`Claim`] names its statement in `Claim::of`. A statement
//! without claims says why.

use serde::Serialize;

use super::claim::{Claim, note_of_orders};
use super::found::Verdict;
use super::layout::paragraph;
use crate::units::counted;

/// One statement of the papers, or a number published elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its name, as claims have it.
    pub name: &'static str,
    /// What it says, in a line.
    pub says: &'static str,
    /// Where no study has a claim of its own: through which it is seen, or why it is not examined.
    pub without: Option<&'static str>,
}

const fn statement(name: &'static str, says: &'static str) -> Statement {
    Statement { name, says, without: None }
}

const fn other(name: &'static str, says: &'static str, without: &'static str) -> Statement {
    Statement { name, says, without: Some(without) }
}

/// Every statement.
pub const STATEMENTS: [Statement; 24] = [
    statement(
        "C Theorem 28",
        "(and 1) ‖K−K∞‖/n is within the bound with probability 1 - 16/m, at any depth, n and m_l",
    ),
    statement("C Prop. 24", "the norm of every activation moves by at most log k times the order m^(-1/2)"),
    statement("C Prop. 25", "cosines of hidden activations are off by at most k^-2 times it, widths k²·m"),
    statement(
        "C Remark 13",
        "(Figure 1) the error of inverse cosine distances: flat, linear, quadratic in k",
    ),
    other(
        "C Prop. 12, 14",
        "one step: norm ratios and proxies of cosine distances concentrate at the rate m^(-1/2)",
        "seen through Propositions 24 and 25, which add up such steps; no column shows a single one",
    ),
    statement("C Prop. 16, 26", "‖B‖_F² of every layer stays near its mean, by log k times the order"),
    other(
        "C Prop. 26, norms",
        "operator norms of the products B of layers",
        "not examined: they need the weights, which no study keeps and the conditional sampler never forms",
    ),
    statement("C Prop. 27", "(and 15, 18, 19) inner products of gradients approach the products of ϱ′"),
    statement("C Prop. 17", "approximate gradient independence: the cost of one step is O(1/m)"),
    statement("C, of Δ and κ", "(1 after Theorem 28) |s| is ahead of every other 0 < Δ < 1"),
    statement("C Prop. 6, 7, 9-11", "(formula of K) W_l spreads K with √m_l at most"),
    statement(
        "C, related work",
        "the contribution of every layer to K is near its limit, not of the last alone",
    ),
    other(
        "C, after Theorem 1",
        "kernel and rich regimes, q = 0 to 1, have the same K at initialisation",
        "not examined: q cancels before anything is drawn, so that no draw could tell",
    ),
    statement("S Prop. 12", "one layer in inverse cosine distances: ω(w), convex, its series"),
    statement("S Prop. 13", "ω iterated is a closed form up to O(1)"),
    statement("S Prop. 14", "no entry of K∞ is above (3π/(16Δ))·w - 1/8"),
    statement("S Prop. 17", "one number W stands for all pairs"),
    statement("S Theorem 18", "eigenvalues and condition number of K∞ by depth"),
    other(
        "S Remark 19",
        "a constant appended to every point parts parallel ones",
        "not examined: no data of these studies has parallel points; it is a way to make data that the theorem is of",
    ),
    statement("S Figure 1", "condition numbers of K∞, n = 32, Δ = 1/8 … 1"),
    statement("K at finite width", "its eigenvalues approach those of K∞ as m^(-1/2) (C Theorem 28, Weyl)"),
    statement(
        "second moment",
        "E K(x,x)² is known exactly (derived for this program), to any depth and width",
    ),
    other(
        "depth : width",
        "E K(x,x)² where depth and width grow together (derived for this program)",
        "not examined by draws: it is the limit of the exact formula above, and is compared with that",
    ),
    other(
        "mean shift",
        "arXiv 2508.11522: the mean of an off-diagonal entry at widths 20 and 80",
        "not examined: it needs the mean entry of 10^6 kernels, and no study keeps kernels",
    ),
];

/// What the studies found of one statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Examined<'c> {
    /// The statement.
    pub statement: Statement,
    /// The claims, with the study that each is of.
    pub claims: Vec<(&'static str, &'c Claim)>,
}

impl Examined<'_> {
    /// Why it has no claim; None where it has one.
    pub fn why(&self) -> Option<&'static str> {
        let unseen = "not examined by the studies that ran";
        self.claims.is_empty().then(|| self.statement.without.unwrap_or(unseen))
    }
}

/// The claims of studies, put to the statements that they examine.
pub fn examined<'c>(found: &'c [(&'static str, Vec<Claim>)]) -> Vec<Examined<'c>> {
    let of = |statement: &Statement| Examined {
        statement: *statement,
        claims: found
            .iter()
            .flat_map(|(study, claims)| claims.iter().map(|claim| (*study, claim)))
            .filter(|(_, claim)| claim.of == statement.name)
            .collect(),
    };
    STATEMENTS.iter().map(of).collect()
}

/// The table: for each statement what it says, and below it every claim with study, number and verdict. In lines of at
/// most `room` columns.
pub fn papers_table(found: &[(&'static str, Vec<Claim>)], room: usize) -> String {
    let rows = examined(found);
    let mut text = paragraph(
        "",
        "The papers, statement by statement. C is arXiv 2501.14724, S is arXiv 2501.13225; a line has the verdict, the \
         study, what was found with its 95 % interval, and what was predicted.",
        room,
    );
    for row in &rows {
        text += &format!("\n{}", paragraph(&format!("{:<20}", row.statement.name), row.statement.says, room));
        for (study, claim) in &row.claims {
            let head = format!("  {:<12} {:<13}", claim.verdict.word(), study);
            text += &paragraph(&head, &claim.sentence(), room);
        }
        if let Some(why) = row.why() {
            text += &paragraph("  -            ", why, room);
        }
    }
    let claims = || rows.iter().flat_map(|row| &row.claims);
    let counts: Vec<String> = Verdict::ALL
        .into_iter()
        .map(|verdict| (claims().filter(|(_, claim)| claim.verdict == verdict).count(), verdict))
        .filter(|(count, _)| *count > 0)
        .map(|(count, verdict)| format!("{count} {}", verdict.verb(count)))
        .collect();
    let without = rows.iter().filter(|row| row.claims.is_empty()).count();
    let summary = format!(
        "of {}, {}; {} of {} have no verdict of their own. A prediction without an unknown in it is contradicted where \
         it is rejected at the level 5 %: of twenty true ones one may be. {}",
        counted(claims().count(), "prediction"),
        if counts.is_empty() { "none is decided".to_owned() } else { counts.join(", ") },
        without,
        counted(rows.len(), "statement"),
        note_of_orders(claims().map(|(_, claim)| *claim)).unwrap_or_default()
    );
    let summary = summary.trim_end().to_owned();
    text + "\n" + &paragraph("Verdict: ", &summary, room)
}

#[derive(Serialize)]
struct Entry<'c> {
    statement: &'static str,
    says: &'static str,
    why: Option<&'static str>,
    claims: Vec<Judged<'c>>,
}

#[derive(Serialize)]
struct Judged<'c> {
    study: &'static str,
    #[serde(flatten)]
    claim: &'c Claim,
    level: Option<f64>,
}

fn entry<'c>(row: &Examined<'c>) -> Entry<'c> {
    Entry {
        statement: row.statement.name,
        says: row.statement.says,
        why: row.why(),
        claims: row.claims.iter().map(|(study, claim)| Judged { study, claim, level: claim.level }).collect(),
    }
}

/// The same for machines: a list of
/// `{statement, says, why, claims[]{study, statement, prediction, found, verdict, level}}`, `why` null where there are
/// claims, `level` null where no number of networks contradicts. Fails where memory does.
pub fn papers_json(found: &[(&'static str, Vec<Claim>)]) -> serde_json::Result<String> {
    let rows = examined(found);
    let entries: Vec<Entry> = rows.iter().map(entry).collect();
    Ok(serde_json::to_string_pretty(&entries)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Found;

    fn of(name: &'static str, verdict: Verdict) -> Claim {
        let found = Found { value: Some(0.5), low: Some(0.4), high: Some(0.6) };
        let (statement, prediction, level) = ("a number".into(), "at most 1".into(), Some(0.05));
        Claim { of: name, statement, prediction, found, verdict, level }
    }

    #[test]
    fn every_statement_has_claims_or_says_why_not() {
        let found = [
            ("depth", vec![of("C Theorem 28", Verdict::Agrees)]),
            ("tail", vec![of("C Theorem 28", Verdict::Undecided), of("S Prop. 14", Verdict::Contradicts)]),
        ];
        let text = papers_table(&found, 80);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        for said in [
            "C Theorem 28        (and 1)",
            "\n  agrees       depth        a number: 0.5000 [0.4000, 0.6000], predicted at most\n",
            "\n  undecided    tail ",
            "\n  contradicts  tail ",
            "\n  -            not examined: they need the weights",
            "of 3 predictions, 1 agrees, 1 is contradicted, 1 is undecided; 22 of 24",
        ] {
            assert!(text.contains(said), "{said:?} is not in\n{text}");
        }
        let json: serde_json::Value = serde_json::from_str(&papers_json(&found).unwrap()).unwrap();
        assert_eq!(json.as_array().unwrap().len(), STATEMENTS.len());
        for row in json.as_array().unwrap() {
            assert_eq!(row["claims"].as_array().unwrap().is_empty(), row["why"].is_string(), "{row}");
        }
        assert_eq!(json[0]["claims"][1]["study"], "tail");
        assert_eq!(json[0]["claims"][1]["verdict"], "undecided");
        assert_eq!(json[0]["claims"][1]["level"], 0.05);
    }
}
