//! Tables and figures from stored results only: nothing here samples, and nothing here opens a store.
//!
//! ```text
//! StudySummary (cells and their samples) → Analysis (numbers with intervals) → table, figure, points_csv, write_figure
//! ```

mod analysis;
mod axis;
mod beside;
mod figure;
mod files;
mod fits;
mod headings;
mod lines;
mod prediction;
mod ratios;
mod summary;
mod table;
mod text;

pub use analysis::{Analysis, Line, Point, Section, Setting, UPPER};
pub use axis::Axis;
pub use figure::figure;
pub use files::{FigureFiles, WriteError, points_csv, write_figure};
pub use fits::PowerFit;
pub use lines::Measured;
pub use prediction::prediction;
pub use ratios::Ratio;
pub use summary::{CellSummary, StudySummary};
pub use table::table;
