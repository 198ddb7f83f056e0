//! How many seeds of a cell are asked for, and which of them are missing.
//!
//! A study asks for a range of seeds, or for a standard error: that of the mean of `relative_fro` over the seeds
//! 0 … c−1 of a cell, which falls as 1/√c. It is looked at only for c = 64, 128, 256, … and at the most seeds allowed,
//! over all seeds below c and none above, so that which seeds a cell ends with depends on its rows alone: not on the
//! batches, nor on what was interrupted, resumed or sharded.
//!
//! Of a cell that a search for a width left, whatever is there is what is asked for ([`SeedRange::FOUND`]).
//!
//! A [`Need`] is pushed the rows of a cell in the order of their seeds, from a store or from several that are being
//! merged, and keeps the gaps and the moments; its memory grows with the gaps, not with the rows.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::wishes::Wishes;
use super::{SeedRange, Shard};
use crate::stats::Moments;

/// The first seeds after which a standard error is looked at.
pub const FIRST_CHECK: u64 = 64;
/// Most seeds of a cell where a study does not say.
pub const DEFAULT_MAX_SEEDS: u64 = 1 << 20;

/// What a study asks of every cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    seeds: SeedRange,
    standard_error: Option<f64>,
    /// In place of the seeds, those of each cell.
    by_cell: Option<Arc<Wishes>>,
}

impl Asked {
    /// These seeds.
    pub fn seeds(seeds: SeedRange) -> Self {
        Self { seeds, standard_error: None, by_cell: None }
    }

    /// Seeds from 0 until the standard error is at most this, or all of `most`, whose first is 0.
    pub fn standard_error(target: f64, most: SeedRange) -> Self {
        Self { seeds: most, standard_error: Some(target), by_cell: None }
    }

    /// The seeds; all that are allowed where a standard error is asked for.
    pub fn range(&self) -> &SeedRange {
        &self.seeds
    }

    /// The standard error, where one is asked for.
    pub fn target(&self) -> Option<f64> {
        self.standard_error
    }

    /// Seeds cell by cell, up to a standard error where one is asked for. Where all cells have the same it is
    /// [`Asked::seeds`] or [`Asked::standard_error`] of them.
    pub fn by_cell(wishes: Wishes, target: Option<f64>) -> Self {
        let asked = |seeds| Self { seeds, standard_error: target, by_cell: None };
        if let Some(common) = wishes.common() {
            // Those that are there have no error to reach.
            return if common.is_found() { Self::seeds(common) } else { asked(common) };
        }
        // A study file has one entry for all cells: the hull where a standard error is asked for, else the word for the
        // seeds that are there.
        let most = wishes.hull().filter(|_| target.is_some());
        let seeds = most.unwrap_or(SeedRange::FOUND);
        Self { by_cell: Some(Arc::new(wishes)), ..asked(seeds) }
    }

    /// The seeds of each cell, where cells differ.
    pub fn wishes(&self) -> Option<&Wishes> {
        self.by_cell.as_deref()
    }

    /// The seeds of a cell as ranges; none where those are meant that are there.
    pub fn ranges(&self, cell: usize) -> Vec<Range<u64>> {
        match &self.by_cell {
            Some(wishes) => wishes.of(cell).to_vec(),
            None if self.seeds.is_found() => Vec::new(),
            None => vec![self.seeds.range()],
        }
    }

    /// Whether it asks of no cell for anything that is not there.
    pub fn is_of_found(&self) -> bool {
        self.by_cell.is_none() && self.seeds.is_found()
    }

    /// Whether the draws decide how many seeds a cell ends with.
    pub fn depends_on_draws(&self) -> bool {
        let found = match &self.by_cell {
            Some(wishes) => wishes.has_found(),
            None => self.seeds.is_found(),
        };
        self.standard_error.is_some() || found
    }

    /// What of it a shard owns in a cell, by its index among those that are asked for.
    pub fn need(&self, cell: usize, shard: Shard) -> Need {
        let ranges = self.ranges(cell);
        if ranges.is_empty() {
            return Need { found: Some(0), ..Need::new(SeedRange::FOUND.range(), None) };
        }
        match self.standard_error {
            None => Need::of(ranges.into_iter().map(|range| shard.block(&range)).collect()),
            Some(target) if shard.owns(cell) => Need::new(ranges[0].clone(), Some(target)),
            Some(_) => Need::new(0..0, None),
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.by_cell {
            Some(wishes) => f.write_str(&wishes.words())?,
            None => write!(f, "{}", self.seeds)?,
        }
        match self.standard_error {
            None => Ok(()),
            Some(target) => write!(f, " to a standard error of {target}"),
        }
    }
}

/// Finds what is missing of one cell, from its rows in the order of their seeds.
#[derive(Clone, Debug)]
pub struct Need {
    /// The seeds that are asked for; up to the next check where a standard error is.
    range: Range<u64>,
    /// The end of the last check.
    most: u64,
    target: Option<f64>,
    moments: Moments,
    gaps: Vec<Range<u64>>,
    /// Seeds within the range that are not asked for, ascending.
    holes: Vec<Range<u64>>,
    next: u64,
    done: bool,
    /// How many rows there are, where these are all that is asked for.
    found: Option<u64>,
}

/// What is missing of one cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// The seeds to run next, as ascending ranges; none where the cell is done.
    pub gaps: Vec<Range<u64>>,
    /// Rows that are there, among those asked for.
    pub rows: u64,
    /// Rows that are asked for in the end; an estimate while a standard error is not reached.
    pub total: u64,
}

impl Missing {
    /// Seeds in the gaps.
    pub fn count(&self) -> u64 {
        self.gaps.iter().map(|gap| gap.end - gap.start).sum()
    }
}

impl Need {
    fn new(seeds: Range<u64>, target: Option<f64>) -> Self {
        let most = seeds.end;
        let end = if target.is_some() { most.min(FIRST_CHECK) } else { most };
        Self {
            found: None,
            next: seeds.start,
            range: seeds.start..end,
            most,
            target,
            moments: Moments::identity(),
            gaps: Vec::new(),
            holes: Vec::new(),
            done: false,
        }
    }

    /// Of ascending ranges that do not overlap.
    fn of(mut ranges: Vec<Range<u64>>) -> Self {
        ranges.retain(|range| !range.is_empty());
        let (Some(first), Some(last)) = (ranges.first(), ranges.last()) else { return Self::new(0..0, None) };
        let holes = ranges.windows(2).map(|pair| pair[0].end..pair[1].start).collect();
        Self { holes, ..Self::new(first.start..last.end, None) }
    }

    /// The seeds that a row may matter for.
    pub fn bounds(&self) -> Range<u64> {
        self.range.start..self.most
    }

    /// Whether a row of this seed may be asked for.
    pub fn asks(&self, seed: u64) -> bool {
        self.bounds().contains(&seed) && !self.holes.iter().any(|hole| hole.contains(&seed))
    }

    /// The end of the seeds that are asked for, as far as the rows so far decide.
    pub fn end(&self) -> u64 {
        self.range.end
    }

    /// Takes a row in; rows come in ascending order of their seeds.
    pub fn push(&mut self, seed: u64, relative_fro: f64) {
        if self.done || seed < self.next || seed >= self.range.end {
            return;
        }
        if let Some(found) = &mut self.found {
            (*found, self.next) = (*found + 1, seed + 1);
            return;
        }
        if seed > self.next {
            self.gaps.push(self.next..seed);
        }
        self.next = seed + 1;
        if self.target.is_none() || !self.gaps.is_empty() {
            return;
        }
        self.moments.push(relative_fro);
        if self.next == self.range.end {
            self.check();
        }
    }

    /// All seeds up to a check are there: enough, or up to the next one.
    fn check(&mut self) {
        // Where K∞ = 0 the deviation is undefined and no number of seeds makes it less so.
        let above = match (self.moments.standard_error(), self.target) {
            (Some(error), Some(target)) => error > target,
            _ => false,
        };
        if above && self.range.end < self.most {
            self.range.end = self.range.end.saturating_mul(2).min(self.most);
        } else {
            self.done = true;
        }
    }

    /// What is missing when all rows were pushed.
    pub fn missing(mut self) -> Missing {
        if let Some(rows) = self.found {
            return Missing { gaps: Vec::new(), rows, total: rows };
        }
        let total = self.expected();
        if !self.done && self.next < self.range.end {
            self.gaps.push(self.next..self.range.end);
        }
        let gaps = without(self.gaps, &self.holes);
        let count = |ranges: &[Range<u64>]| ranges.iter().map(|range| range.end - range.start).sum::<u64>();
        let holes = count(&self.holes);
        Missing { rows: self.range.end - self.range.start - holes - count(&gaps), total: total - holes, gaps }
    }

    /// The standard error falls as 1/√c: the first check at which it should be reached.
    fn expected(&self) -> u64 {
        let mut end = self.range.end;
        if let (Some(variance), Some(target), false) = (self.moments.variance(), self.target, self.done) {
            while end < self.most && (variance / end as f64).sqrt() > target {
                end = end.saturating_mul(2).min(self.most);
            }
        }
        end - self.range.start
    }
}

/// Ranges without what lies in these holes; both ascend.
fn without(ranges: Vec<Range<u64>>, holes: &[Range<u64>]) -> Vec<Range<u64>> {
    if holes.is_empty() {
        return ranges;
    }
    let mut left = Vec::with_capacity(ranges.len());
    for mut range in ranges {
        for hole in holes {
            if range.start >= hole.end || hole.start >= range.end {
                continue;
            }
            if range.start < hole.start {
                left.push(range.start..hole.start);
            }
            range.start = hole.end.min(range.end);
        }
        if !range.is_empty() {
            left.push(range);
        }
    }
    left
}

#[cfg(test)]
// Lists of ranges, of which some have one.
#[allow(clippy::single_range_in_vec_init)]
mod tests {
    use super::*;

    fn missing(asked: &Asked, seeds: impl IntoIterator<Item = u64>, value: impl Fn(u64) -> f64) -> Missing {
        let mut need = asked.need(0, Shard::WHOLE);
        seeds.into_iter().for_each(|seed| need.push(seed, value(seed)));
        need.missing()
    }

    fn text(missing: Missing) -> String {
        missing.gaps.iter().map(|gap| format!("{gap:?}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn gaps_of_a_range() {
        let asked = Asked::seeds(SeedRange::new(10..20).unwrap());
        let gaps = |seeds: &[u64]| missing(&asked, seeds.iter().copied(), |_| 0.0);
        let gaps = |seeds: &[u64]| text(gaps(seeds));
        assert_eq!(gaps(&[]), "10..20");
        assert_eq!(gaps(&[0, 9, 10, 13, 14, 19, 20, 99]), "11..13 15..19");
        assert_eq!(gaps(&(5..25).collect::<Vec<_>>()), "");
        let half = missing(&asked, 0..15, |_| 0.0);
        assert_eq!((half.rows, half.total, half.count()), (5, 10, 5));
    }

    #[test]
    fn what_a_search_left_is_all_that_is_asked_for() {
        let asked = Asked::seeds(SeedRange::FOUND);
        for there in [vec![], vec![0, 1, 7], vec![5, 1 << 40]] {
            let rows = there.len() as u64;
            assert_eq!(missing(&asked, there, |_| 0.0), Missing { gaps: Vec::new(), rows, total: rows });
        }
    }

    /// Against a set of seeds, one by one.
    #[test]
    fn seeds_between_those_of_several_studies_are_not_missing() {
        let wishes = Wishes::new([vec![2..5, 9..12, 13..20], vec![0..4], vec![]]);
        let asked = Asked::by_cell(wishes.clone(), None);
        for there in [vec![], (0..30).collect(), vec![3, 4, 6, 7, 13, 14], vec![0, 9, 11, 19], vec![12, 20]] {
            for cell in 0..2 {
                for shard in [Shard::WHOLE, Shard::new(0, 2).unwrap(), Shard::new(1, 2).unwrap()] {
                    let blocks = wishes.of(cell).iter().map(|range| shard.block(range));
                    let wanted: Vec<u64> = blocks.flatten().collect();
                    let lacking: Vec<u64> =
                        wanted.iter().copied().filter(|seed| !there.contains(seed)).collect();
                    let mut need = asked.need(cell, shard);
                    there.iter().for_each(|&seed| need.push(seed, 0.0));
                    let found = need.missing();
                    let (rows, total) = (wanted.len() - lacking.len(), wanted.len());
                    assert_eq!(
                        found.gaps.into_iter().flatten().collect::<Vec<_>>(),
                        lacking,
                        "{there:?} {shard}"
                    );
                    assert_eq!((found.rows, found.total), (rows as u64, total as u64));
                }
            }
            let rows = there.len() as u64;
            let mut need = asked.need(2, Shard::WHOLE);
            there.iter().for_each(|&seed| need.push(seed, 0.0));
            assert_eq!(need.missing(), Missing { gaps: Vec::new(), rows, total: rows });
        }
        assert!(
            asked.depends_on_draws()
                && !Asked::by_cell(Wishes::new([vec![0..2, 3..4]]), None).depends_on_draws()
        );
        assert_eq!(
            Asked::by_cell(Wishes::new([vec![0..8], vec![0..8]]), None),
            Asked::seeds("8".parse().unwrap())
        );
    }

    /// Values ±1 around 1: the variance is about 1 and the standard error 1/√c.
    fn coin(seed: u64) -> f64 {
        if seed.is_multiple_of(2) { 0.0 } else { 2.0 }
    }

    #[test]
    fn a_standard_error_is_looked_at_only_at_its_checks() {
        let asked = |target, most| Asked::standard_error(target, SeedRange::new(0..most).unwrap());
        let next = |target, most, there| missing(&asked(target, most), 0..there, coin);
        let gaps = text;
        assert_eq!(gaps(next(0.1, 1000, 0)), "0..64");
        assert_eq!(gaps(next(0.1, 1000, 63)), "63..64");
        assert_eq!(gaps(next(0.1, 1000, 64)), "64..128");
        // 1/√128 < 0.1 < 1/√100: not reached within a block, and nothing beyond its end is asked for.
        assert_eq!(gaps(next(0.1, 1000, 101)), "101..128");
        assert_eq!(gaps(next(0.1, 1000, 128)), "");
        assert_eq!(gaps(next(0.1, 1000, 999)), "");
        assert_eq!(next(0.1, 1000, 999).rows, 128);
        // The most seeds are the last check, reached or not.
        assert_eq!(gaps(next(0.01, 100, 64)), "64..100");
        assert_eq!(gaps(next(0.01, 100, 100)), "");
        assert_eq!(gaps(next(0.01, 10, 3)), "3..10");
        assert_eq!(
            (next(0.1, 1000, 64).total, next(0.01, 1 << 20, 64).total, next(0.01, 100, 64).total),
            (128, 16384, 100)
        );
    }

    #[test]
    fn rows_beyond_a_gap_do_not_decide() {
        let asked = Asked::standard_error(0.13, SeedRange::new(0..1000).unwrap());
        let without = |hole: u64| missing(&asked, (0..500).filter(move |s| *s != hole), coin);
        assert_eq!(text(without(10)), "10..11");
        assert_eq!(text(without(63)), "63..64");
        assert_eq!(text(without(64)), "", "1/√64 < 0.13");
    }

    #[test]
    fn an_undefined_deviation_asks_for_no_more_than_the_first_check() {
        let asked = Asked::standard_error(0.1, SeedRange::new(0..1000).unwrap());
        assert_eq!(text(missing(&asked, 0..64, |_| f64::NAN)), "");
    }

    #[test]
    fn shards_own_blocks_of_seeds_or_whole_cells() {
        let shard = Shard::new(1, 3).unwrap();
        let fixed = Asked::seeds(SeedRange::new(0..10).unwrap());
        assert_eq!(text(fixed.need(0, shard).missing()), "3..6");
        let adaptive = Asked::standard_error(0.1, SeedRange::new(0..1000).unwrap());
        let gaps = |cell| text(adaptive.need(cell, shard).missing());
        assert_eq!([gaps(0), gaps(1), gaps(2), gaps(4)], ["", "0..64", "", "0..64"]);
    }
}
