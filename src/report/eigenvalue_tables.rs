//! The eigenvalues of K/n beside those of K∞/n as tables: the ends of the spectrum, and quantiles place by place.

use super::analysis::{Point, Section};
use super::eigenvalues::{Beside, SHOWN};
use super::headings::{Fields, percent};
use super::layout::{Layout, paragraph};
use super::text::{Align, interval, significant};

/// Places of a spectrum up to which all are in the whole table; of more, the ends and what lies evenly between them.
const PLACES: usize = 9;

fn number(value: f64) -> String {
    if value.is_infinite() { "∞".into() } else { significant(value, 3) }
}

fn limit_of(beside: &Beside) -> String {
    beside.limit.map_or("∞".into(), number)
}

fn has_any(section: &Section) -> bool {
    section.lines.iter().flat_map(|l| &l.points).any(|p| p.eigenvalues.is_some())
}

/// Least, middle and largest eigenvalue and the condition number of every cell, medians over seeds beside the limit;
/// nothing where no study kept them.
pub(super) fn ends(section: &Section, fields: &Fields, room: usize) -> String {
    let title = "Eigenvalues of K/n, medians over seeds, each beside that of K∞/n:";
    ends_layout(section, fields)
        .map_or(String::new(), |layout| paragraph("", title, room) + &layout.text(room))
}

/// The table of it.
pub(super) fn ends_layout(section: &Section, fields: &Fields) -> Option<Layout> {
    if !has_any(section) {
        return None;
    }
    let mut layout = fields.layout();
    for name in ["least", "middle", "largest", "condition"] {
        layout = layout.group([(name, Align::Right), ("limit", Align::Right)]);
    }
    for line in &section.lines {
        for (i, point) in line.points.iter().enumerate() {
            let mut row = fields.row(&point.cell, i == 0);
            row.extend(four(point));
            layout.push(row);
        }
    }
    Some(layout)
}

fn four(point: &Point) -> [String; 8] {
    let dash = || "-".to_owned();
    let Some(found) = &point.eigenvalues else { return std::array::from_fn(|_| dash()) };
    let shown = [found.places.first(), Some(&found.middle), found.places.last(), Some(&found.condition)];
    let mut all = shown.into_iter().flat_map(|beside| match beside {
        Some(beside) => [number(beside.median().estimate), limit_of(beside)],
        None => [dash(), dash()],
    });
    std::array::from_fn(|_| all.next().unwrap_or_default())
}

/// The places that the whole table shows: all of few, of many the ends and what lies evenly between them.
fn shown_places(count: usize) -> Vec<usize> {
    match count {
        0..=PLACES => (0..count).collect(),
        _ => (0..PLACES).map(|i| i * (count - 1) / (PLACES - 1)).collect(),
    }
}

/// Quantiles over seeds of every place that is shown.
pub(super) fn by_place(section: &Section, fields: &Fields, room: usize) -> String {
    if !has_any(section) {
        return String::new();
    }
    let percent = percent();
    let [low, _, high] = SHOWN.map(|p| format!("{:.0} %", 100.0 * p));
    let mut layout = fields.layout().group([("place", Align::Right), ("limit", Align::Right)]).group([
        (&low, Align::Right),
        ("median", Align::Right),
        (&percent, Align::Left),
        (&high, Align::Right),
    ]);
    for line in &section.lines {
        for point in &line.points {
            let Some(found) = &point.eigenvalues else { continue };
            let name = fields.row(&point.cell, true);
            let places = shown_places(found.places.len());
            let named = places.iter().map(|&at| ((at + 1).to_string(), &found.places[at]));
            for (i, (place, beside)) in named.chain([("λ_max/λ_min".into(), &found.condition)]).enumerate()
            {
                let mut row = if i == 0 { name.clone() } else { vec![String::new(); name.len()] };
                let [low, median, high] = &beside.quantiles;
                row.extend([place, limit_of(beside), number(low.estimate), number(median.estimate)]);
                row.extend([interval(&median.interval), number(high.estimate)]);
                layout.push(row);
            }
        }
    }
    let title = "Eigenvalues of K/n by place, from the least; quantiles over seeds beside K∞/n:";
    paragraph("", title, room) + &layout.text(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_places_the_ends_and_some_between_are_shown() {
        assert_eq!(shown_places(3), [0, 1, 2]);
        assert_eq!(shown_places(32), [0, 3, 7, 11, 15, 19, 23, 27, 31]);
        assert_eq!(shown_places(256).last(), Some(&255));
    }
}
