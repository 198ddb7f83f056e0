//! Which numbers a data set may hold, and how many.

/// Largest magnitude of a value: squared norms, kernels and their norms stay far from overflow.
pub const LARGEST: f64 = 1e60;
/// A row that is not zero has a value of at least this magnitude: its squared norm keeps all digits.
pub const SMALLEST: f64 = 1e-60;
/// Most values of one data set: 2²⁸, 2 GiB.
pub const MAX_VALUES: usize = 1 << 28;
