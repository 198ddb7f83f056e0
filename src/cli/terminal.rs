//! How wide the terminal is.

use terminal_size::{Width, terminal_size_of};

/// Columns where there is no terminal.
const DEFAULT: usize = 80;
/// Narrower than this no table is of use; wider than that lines of words are no pleasure to read.
const LIMITS: (usize, usize) = (40, 120);

/// Columns of the terminal that standard output is, 80 where it is none.
pub fn columns() -> usize {
    let found = terminal_size_of(std::io::stdout()).map(|(Width(columns), _)| usize::from(columns));
    found.filter(|columns| *columns > 0).map_or(DEFAULT, |columns| columns.clamp(LIMITS.0, LIMITS.1))
}
