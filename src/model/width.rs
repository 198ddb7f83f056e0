//! The width of a hidden layer, in range for the random streams, and lists of them as text.

use crate::math::whole;

/// Widths are addressed by one 32-bit counter word of the random streams.
pub(super) const MAX_WIDTH: u64 = u32::MAX as u64;

/// Why a width, a list of widths or a schedule is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WidthError {
    /// The text names no schedule.
    #[error("schedule \"{0}\" is unknown; use constant, linear or quadratic")]
    Unknown(String),
    /// A width is 0 or does not fit the random streams.
    #[error("width {width} of hidden layer {layer} is out of range; widths are 1 to 4294967295")]
    OutOfRange {
        /// Hidden layer, from 1.
        layer: usize,
        /// The width as computed, saturated at u128.
        width: u128,
    },
    /// The text is no comma-separated list of integers.
    #[error("widths \"{0}\" are no list of integers; write the hidden widths with commas, as 64,128,256")]
    NotAList(String),
}

/// Hidden widths from text such as `64,128,256`.
pub fn parse_widths(text: &str) -> Result<Vec<u64>, WidthError> {
    text.split(',')
        .enumerate()
        .map(|(i, part)| {
            let width = whole(part).ok_or_else(|| WidthError::NotAList(text.to_owned()))?;
            checked_width(i + 1, width)
        })
        .collect()
}

/// Hidden widths as text: `64,128,256`, empty where there are none.
pub fn commas(widths: &[u64]) -> String {
    widths.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

pub(super) fn checked_width(layer: usize, width: u128) -> Result<u64, WidthError> {
    match u64::try_from(width) {
        Ok(w) if (1..=MAX_WIDTH).contains(&w) => Ok(w),
        _ => Err(WidthError::OutOfRange { layer, width }),
    }
}
