//! Tables and figures from stored results only: nothing here samples, and nothing here opens a store.
//!
//! ```text
//! StudySummary (cells and their samples) → Analysis (numbers with intervals) → short_table, table, figure, points_csv,
//!                                          claims of a built-in study       → summary_json, write_report
//! ```

mod analysis;
mod axis;
mod beside;
mod claims;
mod figure;
mod files;
mod fits;
mod found;
mod headings;
mod json;
mod layout;
mod lines;
mod needed;
mod prediction;
mod ratios;
mod short;
mod summary;
mod table;
mod text;

pub use analysis::{Analysis, Line, Point, Section, Setting, UPPER};
pub use axis::Axis;
pub use claims::{Claim, claims};
pub use figure::figure;
pub use files::{FigureFiles, SUMMARY, TABLE, WriteError, points_csv, write_figure, write_report};
pub use fits::PowerFit;
pub use found::{Found, Verdict};
pub use json::summary_json;
pub use layout::paragraph;
pub use lines::Measured;
pub use needed::{Needed, write_needed};
pub use prediction::prediction;
pub use ratios::Ratio;
pub use short::short_table;
pub use summary::{CellSummary, StudySummary};
pub use table::table;
