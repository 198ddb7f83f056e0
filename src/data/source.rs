//! Where points come from: the embedded digits, generators, files.
//!
//! Generated sets are pure functions of their text: `sphere` and `gaussian` draw row after row from the stream of
//! role [`Role::Data`](crate::rng::Role) and their seed.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::DataError;
use super::limits::MAX_VALUES;
use super::set::Normalize;
use crate::math::whole;
use crate::rng::SEED_LIMIT;

/// Rows of the embedded digits.
pub const DIGITS_ROWS: usize = 1797;

/// Where points come from. The text of a source is read by `parse` and written, canonically, by `Display`.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// `digits:n=N`: the first N of [`DIGITS_ROWS`] images of 8 × 8 pixels, 0 to 16; labels are dropped.
    Digits {
        /// Points.
        n: usize,
    },
    /// `sphere:n=N,dim=D,seed=S`: uniform on the sphere of radius √D.
    Sphere {
        /// Points.
        n: usize,
        /// Coordinates.
        dim: usize,
        /// Seed of the stream, 0 where the text has none.
        seed: u64,
    },
    /// `gaussian:n=N,dim=D,seed=S`: independent standard normal coordinates.
    Gaussian {
        /// Points.
        n: usize,
        /// Coordinates.
        dim: usize,
        /// Seed of the stream, 0 where the text has none.
        seed: u64,
    },
    /// `pair:angle=A`: two points of norm √2 in the plane.
    Pair {
        /// Angle between them, radians.
        angle: f64,
    },
    /// A file: `.npy`, `.npz`, IDX or text, by its first bytes, plain or (but for `.npz`) gzipped.
    File {
        /// Where it is.
        path: PathBuf,
        /// Array of an `.npz` with several.
        key: Option<String>,
    },
}

impl Source {
    /// What is done to rows unless the user says otherwise: sphere for the digits, nothing for others.
    pub fn default_normalize(&self) -> Normalize {
        match self {
            Self::Digits { .. } => Normalize::Sphere,
            _ => Normalize::None,
        }
    }
}

impl fmt::Display for Source {
    /// The text that parses as the same source, every key written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digits { n } => write!(f, "digits:n={n}"),
            Self::Sphere { n, dim, seed } => write!(f, "sphere:n={n},dim={dim},seed={seed}"),
            Self::Gaussian { n, dim, seed } => write!(f, "gaussian:n={n},dim={dim},seed={seed}"),
            Self::Pair { angle } => write!(f, "pair:angle={angle}"),
            Self::File { path, key: None } => write!(f, "{}", path.display()),
            Self::File { path, key: Some(key) } => write!(f, "{}:{key}", path.display()),
        }
    }
}

impl FromStr for Source {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        match kind {
            "digits" => {
                let mut keys = Keys::new(text, rest, &["n"])?;
                let n = keys.integer("n", None, 1, DIGITS_ROWS as u64)? as usize;
                Ok(Self::Digits { n })
            }
            "sphere" | "gaussian" => {
                let mut keys = Keys::new(text, rest, &["n", "dim", "seed"])?;
                let n = keys.integer("n", None, 1, MAX_VALUES as u64)? as usize;
                let dim = keys.integer("dim", None, 1, MAX_VALUES as u64)? as usize;
                let seed = keys.integer("seed", Some(0), 0, SEED_LIMIT - 1)?;
                if n as u128 * dim as u128 > MAX_VALUES as u128 {
                    return Err(DataError::TooLarge { rows: n as u128, columns: dim as u128 });
                }
                Ok(if kind == "sphere" {
                    Self::Sphere { n, dim, seed }
                } else {
                    Self::Gaussian { n, dim, seed }
                })
            }
            "pair" => {
                let mut keys = Keys::new(text, rest, &["angle"])?;
                Ok(Self::Pair { angle: keys.finite("angle")? })
            }
            _ => file(text),
        }
    }
}

/// A path, with the array's name behind `.npz:`.
fn file(text: &str) -> Result<Source, DataError> {
    const NPZ: &str = ".npz:";
    if let Some(at) = text.rfind(NPZ) {
        let (path, key) = (&text[..at + NPZ.len() - 1], &text[at + NPZ.len()..]);
        if key.is_empty() {
            let reason = "no array is named behind the colon; write FILE.npz or FILE.npz:KEY".to_owned();
            return Err(DataError::SourceKey { text: text.to_owned(), reason });
        }
        return Ok(Source::File { path: path.into(), key: Some(key.to_owned()) });
    }
    // A misspelt generator, such as `digit:n=3`, is no file name; `./digit:n=3` would be one.
    let misspelt = text
        .split_once(':')
        .is_some_and(|(kind, rest)| !kind.contains(['/', '\\', '.']) && !rest.contains(['/', '\\']));
    if text.trim().is_empty() || misspelt {
        return Err(DataError::UnknownSource(text.to_owned()));
    }
    Ok(Source::File { path: text.into(), key: None })
}

/// The `key=value` pairs of a generated source.
struct Keys<'t> {
    text: &'t str,
    pairs: Vec<(&'t str, &'t str)>,
}

impl<'t> Keys<'t> {
    fn new(text: &'t str, rest: &'t str, known: &[&str]) -> Result<Self, DataError> {
        let mut keys = Self { text, pairs: Vec::new() };
        for part in rest.split(',').filter(|_| !rest.trim().is_empty()) {
            let (key, value) = part.split_once('=').map_or((part.trim(), ""), |(k, v)| (k.trim(), v.trim()));
            if !known.contains(&key) {
                return Err(keys.wrong(format!("key \"{key}\" is unknown; use {}", known.join(", "))));
            }
            if keys.pairs.iter().any(|(k, _)| *k == key) {
                return Err(keys.wrong(format!("key \"{key}\" is given twice; give it once")));
            }
            keys.pairs.push((key, value));
        }
        Ok(keys)
    }

    fn wrong(&self, reason: String) -> DataError {
        DataError::SourceKey { text: self.text.to_owned(), reason }
    }

    fn take(&mut self, key: &str) -> Option<&'t str> {
        self.pairs.iter().find(|(k, _)| *k == key).map(|(_, value)| *value)
    }

    fn integer(&mut self, key: &str, default: Option<u64>, least: u64, most: u64) -> Result<u64, DataError> {
        let accepted = format!("{key} is an integer from {least} to {most}");
        match (self.take(key), default) {
            (None, Some(default)) => Ok(default),
            (None, None) => Err(self.wrong(format!("key \"{key}\" is missing; {accepted}"))),
            (Some(value), _) => match whole::<u64>(value) {
                Some(number) if (least..=most).contains(&number) => Ok(number),
                _ => Err(self.wrong(format!("{key} = \"{value}\" is out of range; {accepted}"))),
            },
        }
    }

    fn finite(&mut self, key: &str) -> Result<f64, DataError> {
        let accepted = format!("{key} is a finite number of radians");
        match self.take(key) {
            None => Err(self.wrong(format!("key \"{key}\" is missing; {accepted}"))),
            Some(value) => match value.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(number + 0.0),
                _ => Err(self.wrong(format!("{key} = \"{value}\" is no number; {accepted}"))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_back_as_the_same_source() {
        let check = |text: &str, canonical: &str| {
            let source: Source = text.parse().unwrap();
            assert_eq!(source.to_string(), canonical);
            assert_eq!(canonical.parse::<Source>().unwrap(), source);
        };
        check("digits:n=32", "digits:n=32");
        check("sphere:n=32,dim=16", "sphere:n=32,dim=16,seed=0");
        check("gaussian: seed=7, dim=2 ,n=3", "gaussian:n=3,dim=2,seed=7");
        check("pair:angle=1e-6", "pair:angle=0.000001");
        check("pair:angle=-0", "pair:angle=0");
        check("a/b.npz:train:x", "a/b.npz:train:x");
        check("./digit:n=3", "./digit:n=3");
        check("C:\\data.csv", "C:\\data.csv");
    }

    #[test]
    fn refuses_what_is_no_source() {
        for text in [
            "",
            " ",
            "digits",
            "digits:",
            "digits:n=0",
            "digits:n=1798",
            "digits:n=-1",
            "digits:n=3,n=3",
            "digits:n",
            "digits:m=3",
            "digits:n=3,seed=0",
            "digit:n=3",
            "sphere:n=3",
            "sphere:n=3,dim=0",
            "sphere:n=3,dim=2,seed=9223372036854775808",
            "sphere:n=3,dim=2,seed=x",
            "sphere:n=20000,dim=20000",
            "gaussian:n=1e-3,dim=2",
            "gaussian:n=3,dim=2,",
            "pair:",
            "pair:angle=nan",
            "pair:angle=inf",
            "pair:angle=x",
            "x.npz:",
        ] {
            assert!(text.parse::<Source>().is_err(), "{text}");
        }
    }
}
