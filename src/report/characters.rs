//! A figure in characters, for a terminal.

use kuva::backend::terminal::TerminalBackend;

use super::chart::{Chart, Look};

/// The figure in so many columns, without colours: what was measured, and theory; no single seeds. Characters have no room for a
/// label that stands upright: it is above.
pub(super) fn plot(chart: &Chart, columns: usize) -> String {
    let rows = (columns / 4).clamp(12, 24);
    let mut small = chart.clone();
    small.title = chart.y.label.clone();
    small.y.label.clear();
    small.of.clear();
    small.series.retain(|s| matches!(s.look, Look::Measured | Look::Theory));
    small.series.iter_mut().filter(|s| s.look == Look::Theory).for_each(|s| s.named = false);
    let text = TerminalBackend::new(columns, rows).render_scene(&small.scene());
    let mut plain = String::new();
    let mut escaped = false;
    for c in text.chars() {
        match (escaped, c) {
            (false, '\u{1b}') => escaped = true,
            (true, 'm') => escaped = false,
            (true, _) => {}
            (false, c) => plain.push(c),
        }
    }
    plain.lines().map(str::trim_end).fold(String::new(), |all, line| all + line + "\n")
}
