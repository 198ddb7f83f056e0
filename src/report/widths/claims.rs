//! What the built-in study `needed` predicted, against the answers: of two answers the ratio of their m*, whose limits
//! follow from both intervals, so that it errs where one of them does.

use super::words::activation;
use crate::answer::Norm;
use crate::model::Schedule;
use crate::report::claim::{Claim, Held};
use crate::report::found::Found;
use crate::study::needed::{ACTIVATIONS, FORMS, SOURCE};
use crate::study::questions::{WidthAnswer, WidthQuestion};

/// The claims of a question that is that of the study; none of any other, nor where one kind of network was asked about
/// twice, such as in two precisions.
///
/// That the m of quadratic widths stays bounded, and that |s| needs the smaller one, follows from bounds with a
/// constant that no one knows; that constant widths need more at a greater depth, from the exact spread of one entry of
/// K, which is no quantile of a norm. So no answer contradicts any of them.
pub fn width_claims(question: &WidthQuestion) -> Vec<Claim> {
    let cells: Vec<&WidthAnswer> = question.cells.iter().filter(|a| is_of_study(a)).collect();
    let kind = |a: &WidthAnswer| (a.activation, a.schedule, a.depth);
    let twice = cells.iter().enumerate().any(|(i, a)| cells[..i].iter().any(|b| kind(a) == kind(b)));
    if !is_asked(question) || twice {
        return Vec::new();
    }
    let mut claims = Vec::new();
    for schedule in [Schedule::Quadratic, Schedule::Constant] {
        for phi in ACTIVATIONS {
            let line = || cells.iter().filter(|a| a.activation == phi && a.schedule == schedule);
            let least = line().min_by_key(|a| a.depth);
            let most = line().max_by_key(|a| a.depth);
            let (Some(least), Some(most)) = (least, most) else { continue };
            if least.depth < most.depth {
                claims.push(of_depths(least, most));
            }
        }
    }
    for schedule in [Schedule::Constant, Schedule::Quadratic] {
        claims.extend(of_activations(&cells, schedule));
    }
    claims
}

/// Whether it is the question of the study, in one of its forms.
fn is_asked(question: &WidthQuestion) -> bool {
    let of_form = FORMS
        .iter()
        .any(|form| (form.tolerance, form.confidence) == (question.tolerance, question.confidence));
    of_form && question.norm == Norm::Op && !question.absolute
}

/// Whether an answer is about networks of the study.
fn is_of_study(a: &WidthAnswer) -> bool {
    ACTIVATIONS.contains(&a.activation)
        && a.schedule != Schedule::Linear
        && (a.outputs, a.scale) == (1, 1.0)
        && (a.data.as_str(), a.normalize.as_str()) == (SOURCE, "sphere")
}

fn of_depths(least: &WidthAnswer, most: &WidthAnswer) -> Claim {
    let found = ratio(most, least);
    let (phi, schedule) = (activation(most), most.schedule);
    let statement =
        format!("{phi}, {schedule} widths: m* at depth {} over that at depth {}", most.depth, least.depth);
    match schedule {
        Schedule::Constant => Claim::new(statement, "above 1", found, Held::Above(1.0)),
        _ => Claim::new(statement, "bounded in l; at most 1 agrees", found, Held::Order(1.0)),
    }
}

/// |s| against ReLU at the greatest depth that both have.
fn of_activations(cells: &[&WidthAnswer], schedule: Schedule) -> Option<Claim> {
    let [abs, relu] = ACTIVATIONS;
    let at = |phi, depth| {
        let mut of = cells.iter().filter(move |a| a.activation == phi && a.schedule == schedule);
        of.find(|a| a.depth == depth)
    };
    let depths = cells.iter().map(|a| a.depth);
    let (depth, abs, relu) =
        depths.filter_map(|l| Some((l, at(abs, l)?, at(relu, l)?))).max_by_key(|(depth, ..)| *depth)?;
    let statement =
        format!("{} : {}, {schedule} widths, depth {depth}: ratio of m*", activation(abs), activation(relu));
    Some(Claim::new(statement, "at most 1", ratio(abs, relu), Held::Order(1.0)))
}

/// m* of one over that of another: m* is above m_low and at most m_high, a whole number.
fn ratio(a: &WidthAnswer, b: &WidthAnswer) -> Found {
    let [low, under] = [a.low + 1, b.low + 1].map(|m| m as f64);
    let [high, over] = [a.high, b.high].map(|m| m.map(|m| m as f64));
    let middle = |low: f64, high: Option<f64>| Some((low * high?).sqrt());
    let value = middle(low, high).zip(middle(under, over)).map(|(a, b)| a / b);
    Found { value, low: over.map(|over| low / over), high: high.map(|high| high / under) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Precision;
    use crate::report::found::Verdict;
    use crate::report::widths::tests::{answer, question};

    fn of_study(cells: Vec<WidthAnswer>) -> WidthQuestion {
        WidthQuestion { tolerance: 0.1, confidence: 0.95, ..question(cells) }
    }

    #[test]
    fn verdicts_follow_from_disjoint_intervals() {
        let claims = |low, high: Option<u64>| {
            width_claims(&of_study(vec![answer("abs", 2, 99, Some(120)), answer("abs", 8, low, high)]))
        };
        for (low, high, verdict) in [
            (120, Some(200), Verdict::Agrees),
            // 120 over 120.
            (119, Some(200), Verdict::Undecided),
            (120, None, Verdict::Agrees),
            (0, None, Verdict::Undecided),
            // Nothing proves that it grows.
            (50, Some(99), Verdict::Undecided),
        ] {
            let found = claims(low, high);
            assert_eq!(found.len(), 1);
            assert_eq!((found[0].verdict, found[0].level), (verdict, None), "{low} {high:?}");
        }
        // A constant that no one knows: nothing contradicts it.
        let quadratic = |low, high: u64| {
            let of = |depth, low, high| WidthAnswer {
                schedule: Schedule::Quadratic,
                ..answer("relu", depth, low, Some(high))
            };
            width_claims(&of_study(vec![of(2, 99, 120), of(8, low, high)]))[0].clone()
        };
        assert_eq!(quadratic(50, 100).verdict, Verdict::Agrees);
        let grown = quadratic(200, 300);
        assert_eq!((grown.verdict, grown.level), (Verdict::Undecided, None));
        assert!(grown.statement.starts_with("ReLU, quadratic widths: m* at depth 8 over"), "{grown:?}");
        assert_eq!((grown.found.low, grown.found.high), (Some(201.0 / 120.0), Some(3.0)));
    }

    #[test]
    fn activations_are_compared_at_the_greatest_depth_of_both() {
        let cells = vec![
            answer("abs", 2, 99, Some(120)),
            answer("abs", 8, 9, Some(12)),
            answer("relu", 2, 199, Some(220)),
        ];
        let claims = width_claims(&of_study(cells.clone()));
        let last = claims.last().unwrap();
        assert_eq!((last.verdict, last.level), (Verdict::Agrees, None));
        assert!(last.statement.starts_with("|s| : ReLU, constant widths, depth 2"), "{last:?}");
        // Of another question nothing was predicted.
        assert!(width_claims(&question(cells.clone())).is_empty());
        // Other networks beside them change nothing, and of one kind that stands there twice nothing is claimed.
        let other = WidthAnswer { data: "digits:n=9".to_owned(), ..cells[1].clone() };
        assert!(width_claims(&of_study(vec![other.clone()])).is_empty());
        assert_eq!(width_claims(&of_study([cells.clone(), vec![other]].concat())), claims);
        let twice = WidthAnswer { precision: Precision::F64, ..cells[1].clone() };
        assert!(width_claims(&of_study([cells.clone(), vec![twice]].concat())).is_empty());
    }
}
