//! What the store says of the run as a whole, and the digests that prove it and the plan whole.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::StoreError;
use crate::rng::LAYOUT_VERSION;
use crate::study::cell::hexadecimal;
use crate::study::table::{CellRecord, Details, values};
use crate::study::{Asked, NUMERICS_VERSION, Plan, SeedRange, Shard, Wishes};

/// The name of the entry of seeds that are asked for cell by cell.
pub(super) const SEEDS_BY_CELL: &str = "seeds_by_cell";

/// What the run is and what made it.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Name of the study.
    pub study: String,
    /// The further tables that every sample of the directory has rows in.
    pub details: Details,
    /// Identity of the study that the last `eoc run` asked for.
    pub identity: String,
    /// Version of the random streams.
    pub stream_layout: u32,
    /// Version of the arithmetic.
    pub numerics_version: u32,
    /// What the last `eoc run` asked of every cell.
    pub asked: Asked,
    /// The part of it that it ran.
    pub shard: Shard,
    /// The text of the study as it was resolved then.
    pub text: String,
    /// The cells of that study, in its order, by their indices in the store, which holds those of earlier studies too.
    pub cells: Vec<usize>,
}

impl Manifest {
    /// `NAME-HASH8`, by which people tell studies apart.
    pub fn directory_name(&self) -> String {
        format!("{}-{}", self.study, self.identity.get(..8).unwrap_or(&self.identity))
    }

    /// Refuses a run in `dir` whose rows cannot belong with those that are asked for: that of a study of another name,
    /// or of other versions of the streams or the numerics.
    pub fn accepts(&self, dir: &Path, asked: &Self) -> Result<(), StoreError> {
        let versions = [
            ("stream layout", self.stream_layout, asked.stream_layout),
            ("numerics version", self.numerics_version, asked.numerics_version),
        ];
        for (what, found, here) in versions {
            if found != here {
                let (dir, found) = (dir.to_owned(), found.to_string());
                return Err(StoreError::OtherVersion { dir, what, found, here });
            }
        }
        if self.study != asked.study {
            return Err(StoreError::OtherStudy {
                dir: dir.to_owned(),
                found: self.directory_name(),
                asked: asked.directory_name(),
            });
        }
        if self.details != asked.details {
            let (dir, found, asked) = (dir.to_owned(), self.details, asked.details);
            return Err(StoreError::OtherDetails { dir, found, asked });
        }
        Ok(())
    }

    /// The same where the study is the one that is there, which may ask for its seeds cell by cell: no study file can.
    /// Where a standard error is asked for, the study file counts, which may allow more seeds than what was merged.
    pub(super) fn adopting(self, there: &Self) -> Self {
        let same = (&self.identity, &self.text) == (&there.identity, &there.text);
        match same && there.asked.target().is_none() {
            true => Self { asked: there.asked.clone(), ..self },
            false => self,
        }
    }

    /// The manifest of a plan of which this shard is run; its cells are numbered as there.
    pub fn of(plan: &Plan, shard: Shard) -> Self {
        Self {
            study: plan.name().to_owned(),
            details: plan.details(),
            identity: plan.identity().to_owned(),
            stream_layout: LAYOUT_VERSION,
            numerics_version: NUMERICS_VERSION,
            asked: plan.asked().clone(),
            shard,
            text: plan.spec().to_toml(),
            cells: (0..plan.cells().len()).collect(),
        }
    }
}

/// Indices as text: ranges `A..B` (A, not B) with commas, as in `0..4,9..10`.
pub(super) fn ranges(indices: &[usize]) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &index in indices {
        match ranges.last_mut() {
            Some((_, end)) if *end == index => *end += 1,
            _ => ranges.push((index, index + 1)),
        }
    }
    ranges.iter().map(|(start, end)| format!("{start}..{end}")).collect::<Vec<_>>().join(",")
}

/// Reads [`ranges`] back; None unless every index is below `count` and there once.
pub(super) fn indices(text: &str, count: usize) -> Option<Vec<usize>> {
    let (mut indices, mut seen) = (Vec::new(), vec![false; count]);
    for range in text.split(',') {
        let (start, end) = range.split_once("..")?;
        let (start, end) = (start.parse::<usize>().ok()?, end.parse::<usize>().ok()?);
        for index in start..end.min(count + 1) {
            if std::mem::replace(seen.get_mut(index)?, true) {
                return None;
            }
            indices.push(index);
        }
    }
    Some(indices)
}

/// One process that added samples.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Session {
    /// When it began, seconds since 1970.
    pub started: u64,
    /// Version of the program.
    pub version: String,
    /// Commit it was built from, `unknown` outside a repository.
    pub commit: String,
    /// Device.
    pub device: String,
    /// Driver of the device; for the CPU its instruction set.
    pub driver: String,
    /// Worker threads.
    pub threads: u64,
}

/// Digest of the name of the study, its further tables and of all cells, in hexadecimal. The versions are not in it: a
/// changed one refuses the run by itself, and the keys of the cells hold them.
pub(super) fn digest(study: &str, details: Details, cells: &[CellRecord]) -> String {
    let mut sha = Sha256::new();
    // Debug writes every value, floats in round-trip form and texts escaped, so that no two records read alike.
    sha.update(format!("{study:?} {details}\n"));
    for cell in cells {
        sha.update(format!("{:?}\n", values(cell)));
    }
    hexadecimal(&sha.finalize())
}

/// Digest of what changes from one `eoc run` to the next.
pub(super) fn asked_digest(manifest: &Manifest) -> String {
    /// What is asked of all cells, as its text in this digest is.
    #[derive(Debug)]
    struct Asked<'a> {
        #[allow(dead_code)]
        seeds: &'a SeedRange,
        #[allow(dead_code)]
        standard_error: Option<f64>,
    }
    let Manifest { identity, asked, shard, text, cells, .. } = manifest;
    let asked = Asked { seeds: asked.range(), standard_error: asked.target() };
    hexadecimal(&Sha256::digest(format!("{identity:?} {asked:?} {shard} {text:?} {cells:?}")))
}

/// The entry of seeds that are asked for cell by cell, which versions that do not know it pass over: for them the study
/// asks for the seeds that are there. It says what else is asked for, and has a digest of its own.
pub(super) fn wishes_entry(manifest: &Manifest) -> Option<String> {
    let wishes = manifest.asked.wishes()?.to_string();
    let of = asked_digest(manifest);
    Some(format!("{wishes} {of} {}", wishes_digest(&wishes, &of)))
}

fn wishes_digest(wishes: &str, of: &str) -> String {
    hexadecimal(&Sha256::digest(format!("{wishes} {of}")))
}

/// Takes in that entry; None where it is not as it was written. Of what was asked for before a version that does not
/// know it asked for something else, nothing is taken.
pub(super) fn with_wishes(manifest: Manifest, entry: &str) -> Option<Manifest> {
    let [wishes, of, digest] = entry.split(' ').collect::<Vec<_>>().try_into().ok()?;
    if digest != wishes_digest(wishes, of) {
        return None;
    }
    if of != asked_digest(&manifest) {
        return Some(manifest);
    }
    let wishes: Wishes = wishes.parse().ok()?;
    let asked =
        (wishes.cells() == manifest.cells.len()).then(|| Asked::by_cell(wishes, manifest.asked.target()))?;
    Some(Manifest { asked, ..manifest })
}

#[cfg(test)]
// Lists of ranges, of which some have one.
#[allow(clippy::single_range_in_vec_init)]
mod tests {
    use super::*;

    fn asking(asked: Asked) -> Manifest {
        Manifest {
            study: "a".to_owned(),
            details: Details::default(),
            identity: "b".to_owned(),
            stream_layout: 1,
            numerics_version: 1,
            asked,
            shard: Shard::WHOLE,
            text: "c".to_owned(),
            cells: vec![0, 1],
        }
    }

    /// A version that does not know seeds by cell leaves them beside another study, which they are not of.
    #[test]
    fn seeds_by_cell_are_of_the_study_beside_them_and_whole() {
        let asked = Asked::by_cell(Wishes::new([vec![0..8], vec![0..4, 6..9]]), None);
        let manifest = asking(asked);
        let read = |text: &str, entry: &str| {
            let found = Asked::seeds(SeedRange::FOUND);
            with_wishes(Manifest { asked: found, text: text.to_owned(), ..manifest.clone() }, entry)
        };
        let entry = wishes_entry(&manifest).unwrap();
        assert_eq!(read("c", &entry), Some(manifest.clone()));
        assert_eq!(read("d", &entry).unwrap().asked, Asked::seeds(SeedRange::FOUND));
        for at in [0, 2, entry.len() / 2, entry.len() - 1] {
            let mut bytes = entry.clone().into_bytes();
            bytes[at] ^= 1;
            assert_eq!(read("c", &String::from_utf8(bytes).unwrap()), None);
        }
        let none = Manifest { asked: Asked::seeds(SeedRange::FOUND), ..manifest };
        assert_eq!(wishes_entry(&none), None);
    }

    /// As in stores that were written before seeds by cell were known.
    #[test]
    fn the_digest_of_what_is_asked_for_stays() {
        let seeds: SeedRange = "8".parse().unwrap();
        for (asked, digest) in [
            (Asked::seeds(seeds.clone()), "0282c180cdfdaa64aafe452c968caccb36abd3644661e8a9d234d9a0c41a8f49"),
            (
                Asked::standard_error(0.5, seeds),
                "f72d7cba06fe6eabf6bab39144579210567a9b980528775682cd6d8aba9bd074",
            ),
        ] {
            assert_eq!(asked_digest(&asking(asked)), digest);
        }
    }

    #[test]
    fn indices_read_back_and_nothing_else_is_taken_for_some() {
        for all in [vec![0], vec![0, 1, 2], vec![2, 3, 0, 9], vec![3, 2, 1, 0]] {
            assert_eq!(indices(&ranges(&all), 10), Some(all));
        }
        assert_eq!(ranges(&[0, 1, 2, 7, 3]), "0..3,7..8,3..4");
        for text in ["", "0", "0..11", "0..2,1..2", "10..11", "a..b", "0..99999999999999", "-1..2"] {
            assert_eq!(indices(text, 10), None, "{text}");
        }
    }
}
