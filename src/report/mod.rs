//! Tables and figures from stored results only: nothing here samples, and nothing here knows a store.
//!
//! ```text
//! StudySummary (plain data) → Analysis (numbers with intervals) → table, figure, points_csv, write_figure
//! ```

mod analysis;
mod axis;
mod beside;
mod figure;
mod files;
mod fits;
mod prediction;
mod ratios;
mod summary;
mod table;
mod text;

pub use analysis::{Analysis, Line, Measured, Point, Section, Setting, UPPER};
pub use axis::{Axis, Place};
pub use figure::figure;
pub use files::{FigureFiles, WriteError, points_csv, write_figure};
pub use fits::PowerFit;
pub use prediction::prediction;
pub use ratios::Ratio;
pub use summary::{CellSummary, Columns, LimitValues, StudySummary};
pub use table::table;
