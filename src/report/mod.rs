//! Tables and figures from stored results only: nothing here samples, and nothing here knows a store.
//!
//! ```text
//! StudySummary (plain data) → Analysis (numbers with intervals) → table, figure, points_csv, write_figure
//! ```

mod analysis;
mod figure;
mod files;
mod summary;
mod table;
mod text;

pub use analysis::{Analysis, DepthFit, Line, Point, Ratio, Section, Setting, UPPER};
pub use figure::figure;
pub use files::{FigureFiles, WriteError, points_csv, write_figure};
pub use summary::{CellSummary, Columns, LimitValues, StudySummary};
pub use table::table;
