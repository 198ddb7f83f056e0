//! The activation φ(s) = a·s + b·|s| and the constants that the theory makes of it.
//!
//! φ is positively homogeneous, so at the Edge Of Chaos two numbers say everything about the limit:
//!
//! ```text
//! Δ = b²/(a²+b²)                  how far φ is from linear: 0 for the identity, ½ for ReLU, 1 for |s|
//! κ = (|a|+|b|)/√(a²+b²)          its Lipschitz constant at unit variance: 1 for |s|, √2 for ReLU
//! ```
//!
//! | name | a | b | slope below zero, above |
//! | --- | --- | --- | --- |
//! | `abs` | 0 | 1 | −1, 1 |
//! | `relu` | ½ | ½ | 0, 1 |
//! | `leaky:α` | (1+α)/2 | (1−α)/2 | α, 1 |
//! | `identity` | 1 | 0 | 1, 1 |
//! | `ABRelu(p, q)` of neural-tangents | (p+q)/2 | (q−p)/2 | p, q |
//!
//! Source: Terjék and González-Sánchez, arXiv 2501.14724.

use std::fmt;
use std::str::FromStr;

use super::number;

/// φ(s) = a·s + b·|s| with finite (a, b) ≠ (0, 0).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activation {
    a: f64,
    b: f64,
}

/// Why a pair (a, b) or its text is no activation.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ActivationError {
    /// (a, b) = (0, 0): the network would be constant.
    #[error("activation a = 0, b = 0 is the zero function; give at least one of a and b another value")]
    Zero,
    /// A coefficient is infinite or not a number, or a² + b² leaves the range of f64.
    #[error("activation coefficients a = {}, b = {} must be finite numbers of magnitude 1e-100 to 1e100", number(*.a), number(*.b))]
    OutOfRange {
        /// Coefficient of s.
        a: f64,
        /// Coefficient of |s|.
        b: f64,
    },
    /// The text names no activation.
    #[error(
        "activation \"{0}\" is unknown; use abs, relu, identity, leaky:ALPHA or A,B (two numbers, for A*s + B*|s|)"
    )]
    Unknown(String),
}

impl Activation {
    /// φ(s) = a·s + b·|s|.
    pub fn new(a: f64, b: f64) -> Result<Self, ActivationError> {
        if a == 0.0 && b == 0.0 {
            return Err(ActivationError::Zero);
        }
        let largest = a.abs().max(b.abs());
        // NaN fails both comparisons and is refused with the rest.
        if !(a.is_finite() && b.is_finite() && (1e-100..=1e100).contains(&largest)) {
            return Err(ActivationError::OutOfRange { a, b });
        }
        // −0 and 0 are the same activation and must be the same text and the same key.
        Ok(Self { a: a + 0.0, b: b + 0.0 })
    }

    /// Absolute value, a = 0, b = 1.
    pub const ABS: Self = Self { a: 0.0, b: 1.0 };
    /// ReLU, a = b = ½.
    pub const RELU: Self = Self { a: 0.5, b: 0.5 };

    /// Coefficient of s.
    pub fn a(&self) -> f64 {
        self.a
    }

    /// Coefficient of |s|.
    pub fn b(&self) -> f64 {
        self.b
    }

    /// σ_φ = √(a²+b²), the root mean square of φ on a standard normal.
    pub fn sigma(&self) -> f64 {
        self.a.hypot(self.b)
    }

    /// Δ = b²/(a²+b²), in [0, 1].
    pub fn delta(&self) -> f64 {
        Self::share(self.b, self.a)
    }

    /// 1 − Δ = a²/(a²+b²), with all its digits where Δ is nearly 1.
    pub fn linear_share(&self) -> f64 {
        Self::share(self.a, self.b)
    }

    /// s²/(s²+t²) from the ratio of the smaller to the larger, which neither overflows nor loses what is exact.
    fn share(s: f64, t: f64) -> f64 {
        if s.abs() <= t.abs() {
            let ratio = s / t;
            ratio * ratio / (1.0 + ratio * ratio)
        } else {
            let ratio = t / s;
            1.0 / (1.0 + ratio * ratio)
        }
    }

    /// κ = (|a|+|b|)/√(a²+b²), in [1, √2].
    pub fn kappa(&self) -> f64 {
        let (a, b) = (self.a.abs(), self.b.abs());
        let ratio = a.min(b) / a.max(b);
        ((1.0 + ratio) * (1.0 + ratio) / (1.0 + ratio * ratio)).sqrt()
    }

    /// The slopes of φ/σ_φ below and above zero; φ′(0)/σ_φ = a/σ_φ lies between them.
    pub fn unit_slopes(&self) -> (f64, f64) {
        let s = self.sigma();
        ((self.a - self.b) / s, (self.a + self.b) / s)
    }
}

impl fmt::Display for Activation {
    /// The shortest text that reads back as the same pair: a name where there is one, else `a,b`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.a, self.b) {
            (0.0, 1.0) => f.write_str("abs"),
            (0.5, 0.5) => f.write_str("relu"),
            (1.0, 0.0) => f.write_str("identity"),
            (a, b) => write!(f, "{a},{b}"),
        }
    }
}

impl FromStr for Activation {
    type Err = ActivationError;

    fn from_str(text: &str) -> Result<Self, ActivationError> {
        let unknown = || ActivationError::Unknown(text.to_owned());
        let number = |s: &str| s.trim().parse::<f64>().map_err(|_| unknown());
        match text.trim() {
            "abs" => Ok(Self::ABS),
            "relu" => Ok(Self::RELU),
            "identity" => Self::new(1.0, 0.0),
            other => {
                if let Some(alpha) = other.strip_prefix("leaky:") {
                    let alpha = number(alpha)?;
                    Self::new((1.0 + alpha) / 2.0, (1.0 - alpha) / 2.0)
                } else {
                    let (a, b) = other.split_once(',').ok_or_else(unknown)?;
                    Self::new(number(a)?, number(b)?)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_back_as_the_same_pair() {
        for text in ["abs", "relu", "identity", "0.6,0.4", "-0.4,0.7"] {
            let phi: Activation = text.parse().unwrap();
            assert_eq!(phi.to_string(), text);
        }
        assert_eq!("leaky:0".parse::<Activation>().unwrap(), Activation::RELU);
        assert_eq!("leaky:-1".parse::<Activation>().unwrap(), Activation::ABS);
        assert_eq!("leaky:1".parse::<Activation>().unwrap().to_string(), "identity");
    }

    #[test]
    fn refuses_what_is_no_activation() {
        assert_eq!(Activation::new(0.0, -0.0), Err(ActivationError::Zero));
        for text in ["", "tanh", "1", "1,2,3", "leaky:", "leaky:x", "nan,1", "1,inf", "1e-200,0", "0,0"] {
            assert!(text.parse::<Activation>().is_err(), "{text}");
        }
    }

    #[test]
    fn constants_of_the_theory() {
        let relu = Activation::RELU;
        assert_eq!((relu.delta(), relu.linear_share(), relu.kappa()), (0.5, 0.5, 2f64.sqrt()));
        assert_eq!((Activation::ABS.delta(), Activation::ABS.kappa()), (1.0, 1.0));
        assert_eq!(Activation::ABS.unit_slopes(), (-1.0, 1.0));
        let nearly_even = Activation::new(1e-9, -1.0).unwrap();
        assert!((nearly_even.linear_share() / 1e-18 - 1.0).abs() < 1e-15);
        assert!((Activation::new(3.0, -1.0).unwrap().delta() - 0.1).abs() < 1e-16);
        assert_eq!(Activation::new(1e-100, 0.0).unwrap().kappa(), 1.0);
    }
}
