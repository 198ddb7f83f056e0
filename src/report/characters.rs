//! The main curve in characters, for a terminal: a marker for what was measured of every network, dots for theory.

use super::chart::{Chart, Dot, Look, Scale, Series};
use super::layout::paragraph;
use super::ticks::{Ticks, linear_range, log_range, tick};

/// Markers of the lines, one after the other.
const MARKERS: [char; 8] = ['●', '○', '■', '□', '▲', '△', '◆', '◇'];
/// Where markers of several lines meet.
const SEVERAL: char = '*';
/// Of theory.
const DOT: char = '·';

/// The figure in so many columns at most: medians and theory, no single seeds.
pub(super) fn plot(chart: &Chart, columns: usize) -> String {
    let shown = |s: &&Series| matches!(s.look, Look::Measured | Look::Theory);
    let dots = || chart.series.iter().filter(shown).flat_map(|s| &s.dots);
    let (x, y) = (range(&chart.x, dots().map(|d| d.x)), range(&chart.y, dots().map(|d| d.y)));
    let rows = (columns / 5).clamp(10, 18);
    let up = |v: f64| place(v, y, chart.y.log, rows).map(|row| rows - 1 - row);
    let numbers = numbers(y, chart.y.log, up);
    let left = numbers.iter().map(|(_, text)| text.chars().count()).max().unwrap_or(0) + 3;
    let wide = columns.saturating_sub(left + 1).max(10);
    let across = |v: f64| place(v, x, chart.x.log, wide);
    let mut grid = vec![vec![' '; wide]; rows];
    for series in chart.series.iter().filter(|s| s.look == Look::Theory) {
        for (column, v) in between(&series.dots, &across, chart) {
            if let Some(row) = up(v) {
                grid[row][column] = DOT;
            }
        }
    }
    let measured = || chart.series.iter().filter(|s| s.look == Look::Measured);
    for (index, series) in measured().enumerate() {
        for dot in &series.dots {
            if let (Some(row), Some(column)) = (up(dot.y), across(dot.x)) {
                let taken = !matches!(grid[row][column], ' ' | DOT);
                grid[row][column] = if taken { SEVERAL } else { marker(index) };
            }
        }
    }
    let mut text = paragraph("", &format!("{}, median over seeds", chart.y.label), columns);
    for (row, line) in grid.iter().enumerate() {
        let number = numbers.iter().find(|(at, _)| *at == row).map_or("", |(_, text)| text);
        let axis = if number.is_empty() { '│' } else { '┤' };
        let pad = " ".repeat(left - 2 - number.chars().count());
        text += format!("{pad}{number} {axis}{}", line.iter().collect::<String>()).trim_end();
        text.push('\n');
    }
    text += &foot(chart, left, wide, across);
    let names = measured().enumerate().filter(|(_, s)| s.named);
    let mut legend: Vec<String> = names.map(|(i, s)| format!("{} {}", marker(i), s.label)).collect();
    let theory = chart.series.iter().find(|s| s.look == Look::Theory && s.named);
    legend.extend(theory.map(|s| format!("{DOT} {}", s.label)));
    if grid.iter().flatten().any(|c| *c == SEVERAL) {
        legend.push(format!("{SEVERAL} several"));
    }
    text + &lines(&legend, columns)
}

fn marker(index: usize) -> char {
    MARKERS[index % MARKERS.len()]
}

/// Lines of names, each whole where it has room.
fn lines(names: &[String], columns: usize) -> String {
    let (mut text, mut line) = (String::new(), String::new());
    for name in names {
        if !line.is_empty() && line.chars().count() + 3 + name.chars().count() > columns {
            text += &(std::mem::take(&mut line) + "\n");
        }
        if let Some((marker, words)) = name.split_once(' ').filter(|_| name.chars().count() > columns) {
            text += &paragraph(&format!("{marker} "), words, columns);
            continue;
        }
        if !line.is_empty() {
            line += "   ";
        }
        line += name;
    }
    if line.is_empty() { text } else { text + &line + "\n" }
}

/// The axis below, with the numbers that were measured at, and what they are.
fn foot(chart: &Chart, left: usize, wide: usize, across: impl Fn(f64) -> Option<usize>) -> String {
    let mut places: Vec<f64> =
        chart.series.iter().filter(|s| s.look == Look::Measured).flat_map(|s| &s.dots).map(|d| d.x).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let mut line: Vec<char> = vec!['─'; wide];
    let mut numbers: Vec<char> = vec![' '; left + wide + 1];
    let mut free = 0;
    for v in places {
        let Some(column) = across(v) else { continue };
        let text: Vec<char> = tick((v * 1e4).round() / 1e4).chars().collect();
        let end = left + wide + 1;
        let start = (left + column).saturating_sub(text.len() / 2).min(end.saturating_sub(text.len()));
        if start >= free && start + text.len() <= end {
            line[column] = '┬';
            numbers[start..start + text.len()].copy_from_slice(&text);
            free = start + text.len() + 1;
        }
    }
    let line: String = line.into_iter().collect();
    let numbers: String = numbers.into_iter().collect();
    let label = paragraph(&" ".repeat(left), &chart.x.label, left + wide);
    format!("{}└{line}\n{}\n{label}", " ".repeat(left - 1), numbers.trim_end())
}

fn range(scale: &Scale, values: impl Iterator<Item = f64>) -> (f64, f64) {
    match scale.ends {
        Some(ends) => ends,
        None if scale.log => log_range(values),
        None => linear_range(values),
    }
}

/// Which of so many places a number has; None beyond the ends.
fn place(v: f64, (low, high): (f64, f64), log: bool, places: usize) -> Option<usize> {
    let share = if log { (v / low).ln() / (high / low).ln() } else { (v - low) / (high - low) };
    let inside = share.is_finite() && (-1e-9..=1.0 + 1e-9).contains(&share);
    inside.then(|| (share * (places - 1) as f64).round() as usize)
}

/// The numbers of the upright axis, each with its row; of those that share a row the first.
fn numbers(y: (f64, f64), log: bool, up: impl Fn(f64) -> Option<usize>) -> Vec<(usize, String)> {
    let marks: Vec<(f64, String)> = if log {
        Ticks::of(y, true).texts().to_vec()
    } else {
        (0..=4)
            .map(|i| y.0 + 0.25 * f64::from(i) * (y.1 - y.0))
            .map(|v| (v, tick((v * 1e3).round() / 1e3)))
            .collect()
    };
    let mut all: Vec<(usize, String)> =
        marks.into_iter().filter_map(|(v, text)| Some((up(v)?, text))).collect();
    all.dedup_by_key(|(row, _)| *row);
    all
}

/// A line through dots, column by column.
fn between(dots: &[Dot], across: &impl Fn(f64) -> Option<usize>, chart: &Chart) -> Vec<(usize, f64)> {
    let mut all = Vec::new();
    for pair in dots.windows(2) {
        let (Some(from), Some(to)) = (across(pair[0].x), across(pair[1].x)) else { continue };
        for column in from..=to {
            let share = if to > from { (column - from) as f64 / (to - from) as f64 } else { 0.0 };
            let [a, b] = [pair[0].y, pair[1].y];
            let v = if chart.y.log { a * (b / a).powf(share) } else { a + share * (b - a) };
            all.push((column, v));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_stand_where_the_numbers_are() {
        let dot = |x: f64, y: f64| Dot { x, y, ..Dot::default() };
        let series =
            |label: &str, look, dots| Series { label: label.into(), look, colour: 0, named: true, dots };
        let chart = Chart {
            name: "",
            title: String::new(),
            of: String::new(),
            about: String::new(),
            note: String::new(),
            x: Scale::log("m"),
            y: Scale::log("deviation"),
            series: vec![
                series("a", Look::Measured, vec![dot(1.0, 1.0), dot(10.0, 0.1), dot(100.0, 0.01)]),
                series("b", Look::Measured, vec![dot(1.0, 0.01), dot(10.0, 0.1)]),
                series("theory", Look::Theory, vec![dot(1.0, 0.5), dot(100.0, 0.5)]),
            ],
            marks: Vec::new(),
        };
        let text = plot(&chart, 60);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() <= 60), "{text}");
        let column = |line: &str, c: char| line.chars().position(|found| found == c);
        let row =
            |number: &str| lines.iter().find(|l| l.trim_start().starts_with(&format!("{number} ┤"))).unwrap();
        let numbers = lines.iter().find(|l| l.trim_start().starts_with("1 ") && l.contains("100")).unwrap();
        // Down a straight line, over the numbers of the axis below.
        assert_eq!(column(row("1"), '●'), column(numbers, '1'));
        assert!(row("0.1").contains('*') && row("0.01").contains('○'), "{text}");
        assert!(lines.iter().any(|l| l.matches('·').count() > 30), "{text}");
        assert!(text.ends_with("● a   ○ b   · theory   * several\n"), "{text}");
    }
}
