//! One of N parts of a study, for as many processes on as many machines.
//!
//! Of a study with given seeds, shard I owns one block of the seeds of every cell, so that all shards cost the same
//! whatever the cells cost:
//!
//! ```text
//! seeds first + ⌊count·I/N⌋ … first + ⌊count·(I+1)/N⌋
//! ```
//!
//! Of an adaptive study it owns whole cells, every N-th, since how many seeds a cell needs is known only from all its
//! seeds before. What a shard owns is a function of the study, I and N alone.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::math::whole;

/// Most shards of one study.
pub const MAX_SHARDS: u32 = 1_000_000;

/// Shard `index` of `count`, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

/// The text names no shard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "shard \"{0}\" is none; write I/N, shard I of N counted from 0, such as 0/4 to 3/4, with N at most {MAX_SHARDS}"
)]
pub struct NoShard(String);

impl Shard {
    /// The whole study.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// Shard `index` of `count`; refuses an index that is not below the count.
    pub fn new(index: u32, count: u32) -> Result<Self, NoShard> {
        let shard = Self { index, count };
        if index < count && count <= MAX_SHARDS { Ok(shard) } else { Err(NoShard(shard.to_string())) }
    }

    /// I.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// N.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Whether this is the whole study.
    pub fn is_whole(&self) -> bool {
        self.count == 1
    }

    /// Its block of the seeds of a cell; empty where there are more shards than seeds.
    pub fn block(&self, seeds: &Range<u64>) -> Range<u64> {
        let (first, count) = (seeds.start, u128::from(seeds.end - seeds.start));
        // Below the count of seeds, so that it fits.
        let at = |i: u32| first + (count * u128::from(i) / u128::from(self.count)) as u64;
        at(self.index)..at(self.index + 1)
    }

    /// Whether it owns all of this cell of an adaptive study.
    pub fn owns(&self, cell: usize) -> bool {
        cell % self.count as usize == self.index as usize
    }
}

impl FromStr for Shard {
    type Err = NoShard;

    fn from_str(text: &str) -> Result<Self, NoShard> {
        let wrong = || NoShard(text.to_owned());
        let (index, count) = text.split_once('/').ok_or_else(wrong)?;
        let number = |part: &str| whole::<u32>(part).ok_or_else(wrong);
        Self::new(number(index)?, number(count)?).map_err(|_| wrong())
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_a_partition_in_order_and_differ_by_one_at_most() {
        for (first, count) in [(0, 1), (0, 64), (5, 17), (u64::MAX >> 2, (1 << 62) - 1)] {
            let seeds = first..first + count;
            for n in [1, 2, 3, 7, 16, 1000] {
                let mut next = first;
                for i in 0..n {
                    let block = Shard::new(i, n).unwrap().block(&seeds);
                    assert_eq!(block.start, next);
                    let length = block.end - block.start;
                    assert!(length == count / u64::from(n) || length == count.div_ceil(u64::from(n)));
                    next = block.end;
                }
                assert_eq!(next, first + count);
            }
        }
    }

    #[test]
    fn every_cell_has_one_owner() {
        for n in [1, 2, 3, 7, 16] {
            let shards: Vec<Shard> = (0..n).map(|i| Shard::new(i, n).unwrap()).collect();
            assert!((0..50).all(|cell| shards.iter().filter(|s| s.owns(cell)).count() == 1));
        }
    }

    #[test]
    fn texts_are_an_index_below_a_count() {
        let shard = |text: &str| text.parse::<Shard>().map(|s| s.to_string());
        assert_eq!(shard("0/1"), Ok("0/1".to_owned()));
        assert_eq!(shard(" 3 / 16 "), Ok("3/16".to_owned()));
        for text in
            ["", "1", "1/1", "2/1", "0/0", "-1/2", "1/-2", "1/2/3", "a/b", "0/1000001", "0/99999999999"]
        {
            assert!(shard(text).is_err(), "{text}");
        }
    }
}
