//! Names of the files of a report.

/// Name of the page.
pub const PAGE: &str = "index.html";
/// Name of the file that holds the numbers for machines.
pub const SUMMARY: &str = "summary.json";
/// Name of the file that holds the whole table.
pub const TABLE: &str = "table.txt";
