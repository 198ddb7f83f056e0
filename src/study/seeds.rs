//! Which seeds of every cell are asked for.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::math::whole;
use crate::rng::SEED_LIMIT;

/// A non-empty range of seeds below 2⁶³, from text `COUNT` (0..COUNT) or `A..B` (A, not B); or `found`, all below 2⁶³:
/// the word stands for those that are there, whoever drew them, and for none that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedRange {
    seeds: Range<u64>,
    found: bool,
}

/// The word for those that are there.
const FOUND: &str = "found";

/// The text or the bounds are no range of seeds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "seeds \"{0}\" are no range; write a count such as 64, or A..B with A below B such as 128..192, at most \
     {SEED_LIMIT}"
)]
pub struct NoSeeds(String);

impl SeedRange {
    /// Those that are there, as the search for a width leaves a cell with the seeds that it needed.
    pub const FOUND: Self = Self { seeds: 0..SEED_LIMIT, found: true };

    /// Whether it stands for those that are there.
    pub fn is_found(&self) -> bool {
        self.found
    }

    /// The seeds of a range; refuses an empty one and seeds of 2⁶³ or more.
    pub fn new(seeds: Range<u64>) -> Result<Self, NoSeeds> {
        if seeds.is_empty() || seeds.end > SEED_LIMIT {
            return Err(NoSeeds(format!("{}..{}", seeds.start, seeds.end)));
        }
        Ok(Self { seeds, found: false })
    }

    /// The first `count` seeds, for counts that the program itself knows: 0 is a fault of it.
    pub(super) const fn first(count: u32) -> Self {
        assert!(count > 0, "a range of seeds is not empty");
        Self { seeds: 0..count as u64, found: false }
    }

    /// The seeds.
    pub fn range(&self) -> Range<u64> {
        self.seeds.clone()
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.seeds.end - self.seeds.start
    }
}

impl FromStr for SeedRange {
    type Err = NoSeeds;

    fn from_str(text: &str) -> Result<Self, NoSeeds> {
        let wrong = || NoSeeds(text.to_owned());
        let number = |part: &str| whole::<u64>(part).ok_or_else(wrong);
        if text == FOUND {
            return Ok(Self::FOUND);
        }
        let seeds = match text.split_once("..") {
            None => 0..number(text)?,
            Some((first, end)) => number(first)?..number(end)?,
        };
        Self::new(seeds).map_err(|_| wrong())
    }
}

impl fmt::Display for SeedRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_found() {
            return f.write_str(FOUND);
        }
        write!(f, "{}..{}", self.seeds.start, self.seeds.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counts_or_half_open_ranges() {
        let seeds = |text: &str| text.parse::<SeedRange>().map(|s| s.range());
        assert_eq!(seeds("64"), Ok(0..64));
        assert_eq!(seeds("128..192"), Ok(128..192));
        assert_eq!(seeds("1k..1e6"), Ok(1000..1_000_000));
        assert_eq!(seeds("9223372036854775807..9223372036854775808"), Ok(SEED_LIMIT - 1..SEED_LIMIT));
        assert_eq!(seeds("found"), Ok(0..SEED_LIMIT));
        assert_eq!(SeedRange::FOUND.to_string(), "found");
        // As many by number are asked for, and not found.
        let all: SeedRange = SEED_LIMIT.to_string().parse().unwrap();
        assert!(!all.is_found() && all != SeedRange::FOUND && all.range() == SeedRange::FOUND.range());
        for text in ["", "0", "5..5", "6..5", "-1", "1..", "..2", "1.5", "1...3", "9223372036854775809"] {
            assert!(seeds(text).is_err(), "{text}");
        }
    }
}
