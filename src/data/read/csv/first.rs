//! Whether the first record of a file is a header, a point, or a row of values that is damaged.
//!
//! A header has names. Values that are no numbers (missing, true, huge) make a row of values, which is refused by the
//! value. What is nearly a number ([`Class::Near`]: `1O`, `5%`, `1,5`) makes one too, unless another field is a word: a
//! name over a column of numbers that is no number with letters for digits, as l2 is. Numbers are labels of columns
//! where programs write them so, a point where only a point is written so, and else refused with both readings; the
//! table of the tests is the whole of it.

use super::super::{Fault, malformed};
use super::field::{Class, Field, refused};
use super::near::of_digits;

/// What the first record is, and what there is to say of it.
pub(super) type First = (bool, Option<String>);

/// Whether all are integers, and no two of them equal, as labels are.
pub(super) fn labels<'c>(classes: impl Iterator<Item = &'c Class>) -> bool {
    let values: Option<Vec<f64>> = classes.map(Class::integer).collect();
    values.is_some_and(|mut values| {
        values.sort_unstable_by(f64::total_cmp);
        values.windows(2).all(|pair| pair[0] != pair[1])
    })
}

/// Whether numbers count up by one from `start`.
pub(super) fn counts(values: impl Iterator<Item = Option<f64>>, start: f64) -> bool {
    values.enumerate().all(|(i, value)| value == Some(start + i as f64))
}

/// The step of numbers that go up or down in even steps; None of fewer than three and of others.
fn step(classes: &[Class]) -> Option<f64> {
    let values: Vec<f64> = classes.iter().map(Class::value).collect::<Option<_>>()?;
    let [first, second, _, ..] = values[..] else { return None };
    let step = second - first;
    let even = |pair: &[f64]| (pair[1] - pair[0] - step).abs() <= 1e-6 * step.abs();
    (step != 0.0 && values.windows(2).all(even)).then_some(step)
}

/// Whether the record in `line`, the first of a file, is a header, with a note where that is no matter of course.
/// Refuses what can be read in two ways, and damaged values.
pub(super) fn header(line: usize, fields: &[Vec<Field>], classes: &[Vec<Class>]) -> Result<First, Fault> {
    let (first, body) = (&classes[0], &classes[1..]);
    let taken = |what: &str| Some(format!("line {line} is taken as {what}"));
    let named = |c: &Class| *c == Class::Name;
    let count = first.len();
    // In quotes over numbers without.
    let above_numbers = |i: usize| body.first().and_then(|r| r.get(i)).is_some_and(Class::is_number);
    let in_quotes = !body.is_empty()
        && fields[0].iter().all(|f| f.quoted)
        && fields[1..].iter().flatten().all(|f| !f.quoted)
        && (0..count).all(above_numbers);
    // Names, with an empty one over an index and no value among them that a point could miss.
    let label = |c: &Class| c.is_label() || *c == Class::Empty;
    if first.iter().any(named) && first.iter().all(label) {
        let texts = || fields[0].iter().zip(first);
        let of_rows =
            count > 1 && !body.is_empty() && body.iter().all(|r| r.first().is_some_and(Class::is_label));
        let word = texts().skip(usize::from(of_rows)).any(|(f, c)| named(c) && !of_digits(f.text));
        let near = first.iter().position(|c| matches!(c, Class::Near(_)));
        if let Some(column) = near.filter(|_| !word && !in_quotes) {
            return refused(line, column, fields[0][column], first[column].reason());
        }
        let odd = texts().find(|(_, c)| !named(c) && **c != Class::Empty);
        let odd = odd.or_else(|| texts().find(|(f, c)| !word && named(c) && of_digits(f.text)));
        let note = odd.map(|(f, _)| format!("names of columns, \"{}\" among them", f.text));
        return Ok((true, note.and_then(|note| taken(&note))));
    }
    // A name, or nothing, before column numbers: an index that has a name, or none.
    let rest = &first[usize::from(count > 1)..];
    let start = matches!(first[0], Class::Name | Class::Empty);
    let counted = counts(rest.iter().map(Class::integer), 0.0);
    if count > 1 && start && counted && !body.is_empty() {
        return Ok((true, taken("column numbers, not as a point")));
    }
    if in_quotes {
        return Ok((true, Some(format!("line {line}, in quotes, is taken as the header"))));
    }
    // Programs that write column numbers write every value of a column of floats with a point, zero as 0.0.
    let all =
        |holds: fn(&Class) -> bool, column: usize| body.iter().all(|r| r.get(column).is_some_and(holds));
    let floats = |column| all(|c| c.is_number() && c.integer().is_none(), column);
    let integers = |column| all(|c| c.integer().is_some(), column);
    // Behind a first column of names, the others.
    let from = usize::from(count > 1 && named(&first[0]));
    let even = (from..count).all(|column| floats(column) || integers(column));
    let some = (from..count).any(floats);
    let two_readings = |of: &str| {
        let point: Vec<String> =
            first.iter().take(4).filter_map(Class::integer).map(|v| format!("{v:.1}")).collect();
        malformed(format!(
            "line {line} has two readings: {of} above the rows, or a point; delete the line or give the columns names, \
             or write the point with decimals, as {}",
            point.join(",")
        ))
    };
    // Nothing, or a name, before other labels than 0, 1, 2, … and over an index: a header, or a point without its
    // first number.
    let index = body.iter().all(|r| r.first().is_some_and(Class::is_number));
    if rest.len() > 1 && start && index && !body.is_empty() && labels(rest.iter()) {
        return two_readings("labels of columns");
    }
    // A name before labels above rows with names: of the column of names, or of the first of them.
    if from == 1 && !body.is_empty() && even && some && labels(rest.iter()) {
        return two_readings("labels of columns");
    }
    if count > 1 && counts(first.iter().map(Class::value), 0.0) && first.iter().all(|c| c.integer().is_none())
    {
        return Ok((false, taken("a point, not as column numbers")));
    }
    let counted = counts(first.iter().map(Class::integer), 0.0);
    // Labels in even steps, such as wave lengths, are not told from a point, but above rows of others they are said.
    let point = || {
        let labelled = step(first).is_some_and(|by| !body.iter().any(|r| step(r) == Some(by)));
        let note = taken("a point, not as labels of columns").filter(|_| labelled && !body.is_empty());
        Ok((false, note))
    };
    if body.is_empty() || !counted && (count < 2 || !labels(first.iter())) {
        return point();
    }
    if !counted {
        return if even && some { two_readings("labels of columns") } else { point() };
    }
    match (even, some, count) {
        (true, true, 2..) => Ok((true, taken("column numbers, not as a point"))),
        (true, true, 1) | (true, false, 2..) => {
            two_readings("column numbers, as data-frame libraries write them")
        }
        _ => point(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::field::{class, split};
    use super::*;

    /// What becomes of a first row above others: a header, a point, or refused.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Becomes {
        Header,
        /// With a note that says this.
        Noted(&'static str),
        Point,
        NotedPoint,
        Refused(&'static str),
    }

    #[test]
    fn every_kind_of_first_row_is_a_header_a_point_or_refused() {
        use Becomes::*;
        let floats = "1.5,2.5,-1.0;0.5,7.25,3.0";
        let integers = "5,3,8;4,4,4";
        let names = "bob,0.5,1.5;eve,1.25,0.25";
        for (first, body, expected) in [
            ("a,b,c", floats, Header),
            ("a,b,c", integers, Header),
            ("a,b,c", names, Header),
            ("RI,Na,Mg", floats, Header),
            (",b,c", floats, Header),
            ("label,1x1,1x2", integers, Noted("\"1x1\" among them")),
            ("country,2020-01-31,2020-02-29", names, Noted("2020-01-31")),
            ("mean,25%,75%", floats, Noted("25%")),
            ("player,2B,3B", integers, Noted("2B")),
            ("age,0-9,10-19", integers, Noted("0-9")),
            ("l1,l2,S3", floats, Noted("\"l1\" among them")),
            // Values that are damaged, with no word beside them.
            ("1O,l2,O3", floats, Refused("field 1 is \"1O\"")),
            ("S5,1O,l2", integers, Refused("field 2 is \"1O\"")),
            ("bob,5%,l2", names, Refused("field 2 is \"5%\", a percentage")),
            ("bob,0.l5,O.2", names, Refused("field 2 is \"0.l5\"")),
            ("O,1 kg,l", integers, Refused("field 2 is \"1 kg\"")),
            // Numbers: labels, points, or either.
            ("0,1,2", floats, Noted("column numbers")),
            (",0,1", floats, Noted("column numbers")),
            ("name,0,1", names, Noted("column numbers")),
            ("0,1,2", integers, Refused("two readings: column numbers")),
            ("2019,2020,2021", floats, Refused("two readings: labels")),
            ("7,2,5", floats, Refused("two readings: labels")),
            (",5,7", floats, Refused("two readings: labels")),
            ("x,2019,2020", names, Refused("two readings: labels")),
            ("0.0,1.0,2.0", floats, NotedPoint),
            ("400.0,400.5,401.0", floats, NotedPoint),
            ("2019,2020,2021", integers, NotedPoint),
            ("7,2,2", floats, Point),
            ("7,2,5", integers, Point),
            ("0.5,0.25,1e3", floats, Point),
            // No header: what is no number is refused where the row is read.
            ("1,2,x", floats, Point),
            ("NA,x,y", floats, Point),
            ("True,False,True", integers, Point),
            ("$5,$6,$7", integers, Point),
            ("1,5,,", integers, Point),
            ("?,?,?", integers, Point),
            ("2020-01-01,2020-01-02,2020-01-03", integers, Point),
            ("0,5", "", Point),
        ] {
            let rows: Vec<&str> =
                std::iter::once(first).chain(body.split(';').filter(|r| !r.is_empty())).collect();
            let fields: Vec<Vec<Field>> = rows.iter().map(|row| split(row, ',')).collect();
            let classes: Vec<Vec<Class>> =
                fields.iter().map(|r| r.iter().map(|f| class(f.text, false)).collect()).collect();
            let found = header(1, &fields, &classes);
            let as_expected = match (&found, expected) {
                (Ok((true, None)), Header)
                | (Ok((false, None)), Point)
                | (Ok((false, Some(_))), NotedPoint) => true,
                (Ok((true, Some(note))), Noted(says)) => note.contains(says),
                (Err(Fault::Malformed(reason)), Refused(says)) => reason.contains(says),
                _ => false,
            };
            let found = found.map_err(|fault| match fault {
                Fault::Malformed(reason) => reason,
                _ => String::new(),
            });
            assert!(as_expected, "{first}: {found:?} and not {expected:?}");
        }
    }
}
