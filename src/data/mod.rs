//! Data sets: n points of m_0 coordinates, where they come from, and the files that hold numbers.
//!
//! [`Source`] names where points come from, [`PointRange`] which rows of them are used, [`Normalize`] what is done
//! to each row. A loaded [`DataSet`] is finite and within magnitudes whose squares neither overflow nor vanish, so
//! nothing above checks again. Files that the program writes are in [`npy`] and [`weights`].

mod error;
mod foreign;
mod generate;
mod limits;
mod load;
pub mod npy;
pub mod npz;
mod output;
mod points;
mod read;
mod room;
mod set;
mod source;
pub mod weights;

pub use error::DataError;
pub use limits::{LARGEST, MAX_VALUES, SMALLEST};
pub use output::Output;
pub use points::PointRange;
pub use set::{DataSet, Normalize};
pub use source::{DIGITS_ROWS, Source};
