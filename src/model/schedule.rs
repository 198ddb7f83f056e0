//! How hidden widths follow from one number m: m_k = m, k·m or k²·m, k = 1 … l−1.
//!
//! The quadratic schedule is the one under which the concentration bound of arXiv 2501.14724 does not
//! degrade with depth.

use std::fmt;
use std::str::FromStr;

use super::network::MAX_WIDTH;

/// Rule that makes hidden widths from m.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// m_k = m.
    Constant,
    /// m_k = k·m.
    Linear,
    /// m_k = k²·m.
    Quadratic,
}

/// Why a schedule or a list of widths is refused.
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

impl Schedule {
    /// The l−1 hidden widths of a network of this depth; none at depth 1.
    pub fn widths(self, m: u64, depth: usize) -> Result<Vec<u64>, WidthError> {
        (1..depth)
            .map(|layer| {
                let k = layer as u128;
                let factor = match self {
                    Self::Constant => 1,
                    Self::Linear => k,
                    Self::Quadratic => k * k,
                };
                checked_width(layer, u128::from(m).saturating_mul(factor))
            })
            .collect()
    }
}

/// Hidden widths from text such as `64,128,256`.
pub fn parse_widths(text: &str) -> Result<Vec<u64>, WidthError> {
    text.split(',')
        .enumerate()
        .map(|(i, part)| {
            let width = part.trim().parse::<u128>().map_err(|_| WidthError::NotAList(text.to_owned()))?;
            checked_width(i + 1, width)
        })
        .collect()
}

pub(super) fn checked_width(layer: usize, width: u128) -> Result<u64, WidthError> {
    match u64::try_from(width) {
        Ok(w) if (1..=MAX_WIDTH).contains(&w) => Ok(w),
        _ => Err(WidthError::OutOfRange { layer, width }),
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Constant => "constant",
            Self::Linear => "linear",
            Self::Quadratic => "quadratic",
        })
    }
}

impl FromStr for Schedule {
    type Err = WidthError;

    fn from_str(text: &str) -> Result<Self, WidthError> {
        match text {
            "constant" => Ok(Self::Constant),
            "linear" => Ok(Self::Linear),
            "quadratic" => Ok(Self::Quadratic),
            other => Err(WidthError::Unknown(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_follow_the_rule() {
        assert_eq!(Schedule::Constant.widths(5, 4), Ok(vec![5, 5, 5]));
        assert_eq!(Schedule::Linear.widths(5, 4), Ok(vec![5, 10, 15]));
        assert_eq!(Schedule::Quadratic.widths(5, 4), Ok(vec![5, 20, 45]));
        assert_eq!(Schedule::Quadratic.widths(5, 1), Ok(vec![]));
        assert_eq!(parse_widths("64, 128,256"), Ok(vec![64, 128, 256]));
    }

    #[test]
    fn refuses_widths_that_the_streams_cannot_address() {
        assert!(Schedule::Constant.widths(0, 2).is_err());
        assert!(Schedule::Constant.widths(1 << 32, 2).is_err());
        assert!(Schedule::Quadratic.widths(1 << 31, 4).is_err());
        for text in ["", "64,", "64;128", "-1", "64,0", "4294967296", "1e3"] {
            assert!(parse_widths(text).is_err(), "{text}");
        }
    }
}
