//! Tables and figures from stored results only: nothing here samples, and nothing here opens a store.
//!
//! ```text
//! StudySummary (cells and their samples) → Analysis (numbers with intervals) → short_table, table, figures,
//!                                          claims of a built-in study       → summary_json, write_report
//! ```

mod analysis;
mod axis;
mod beside;
mod characters;
mod chart;
mod claim;
mod claims;
mod cost;
mod drawing;
mod eigenvalue_tables;
mod eigenvalues;
mod figure;
mod figures;
mod files;
mod finite_spectrum;
mod fits;
mod found;
mod frame;
mod headings;
mod heat;
mod heavy;
mod independence;
mod json;
mod layer_claims;
mod layers;
mod layout;
mod legend;
mod lines;
mod names;
mod page;
pub mod papers;
mod picture;
mod prediction;
mod published;
mod rarely;
mod ratios;
mod scaling;
mod short;
mod spectrum;
mod summary;
mod svg;
mod table;
mod tails;
mod text;
mod ticks;
mod widths;

pub use analysis::{Analysis, Line, Point, Section, Setting, UPPER};
pub use axis::Axis;
pub use claim::Claim;
pub use claims::claims;
pub use cost::Cost;
pub use eigenvalues::{Approach, Beside, Eigenvalues};
pub use figure::{Figure, FigureFormat};
pub use figures::{figures, plot};
pub use files::{WriteError, write_figure, write_figures, write_report};
pub use fits::PowerFit;
pub use found::{Found, Verdict};
pub use heat::Kernels;
pub use json::summary_json;
pub use layers::Layers;
pub use layout::{Layout, paragraph};
pub use lines::Measured;
pub use names::{PAGE, SUMMARY, TABLE};
pub use page::Page;
pub use prediction::{prediction, prediction_of_spectra};
pub use ratios::Ratio;
pub use scaling::{Timed, comma_separated, scaling_figure};
pub use short::short_table;
pub use summary::{CellSummary, Spectra, StudySummary};
pub use table::table;
pub use tails::{RareConstant, Tail, Tails};
pub use text::Align;
pub use widths::{
    needed_figures, width_answer, width_claims, width_json, width_of_theorem, width_question, width_table,
    width_text, width_verdicts,
};
