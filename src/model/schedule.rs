//! How hidden widths follow from one number m: m_k = m, k·m or k²·m, k = 1 … l−1.
//!
//! The quadratic schedule is the one under which the concentration bound of arXiv 2501.14724 does not
//! degrade with depth.

use std::fmt;
use std::str::FromStr;

use super::width::{WidthError, checked_width};

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
    use crate::model::parse_widths;

    #[test]
    fn widths_follow_the_rule() {
        assert_eq!(Schedule::Constant.widths(5, 4), Ok(vec![5, 5, 5]));
        assert_eq!(Schedule::Linear.widths(5, 4), Ok(vec![5, 10, 15]));
        assert_eq!(Schedule::Quadratic.widths(5, 4), Ok(vec![5, 20, 45]));
        assert_eq!(Schedule::Quadratic.widths(5, 1), Ok(vec![]));
        assert_eq!(parse_widths("64, 128,1k"), Ok(vec![64, 128, 1000]));
    }

    #[test]
    fn refuses_widths_that_the_streams_cannot_address() {
        assert!(Schedule::Constant.widths(0, 2).is_err());
        assert!(Schedule::Constant.widths(1 << 32, 2).is_err());
        assert!(Schedule::Quadratic.widths(1 << 31, 4).is_err());
        for text in ["", "64,", "64;128", "-1", "64,0", "4294967296", "1e-3"] {
            assert!(parse_widths(text).is_err(), "{text}");
        }
    }
}
