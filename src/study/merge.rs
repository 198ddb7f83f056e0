//! Shards of one study, or grids of one name, into one run directory.
//!
//! ```text
//! rows of every directory in (cell, seed) order → one stream in that order → a store built aside → renamed
//! ```
//!
//! All rows of one key are in hand together, so that the outcome depends on the set of the rows and not on the order of the
//! directories: rows from one device must be equal in every statistic (else a conflict), from several devices the least
//! in byte order is kept. Which cells there are, and which study asks for them, a `union.rs` says. What `out` holds already is merged like one more directory, so that merging again changes
//! nothing. Memory grows with the directories, not with the rows. What is refused or conflicts leaves `out` as it was.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::store::{Directory, Draft, Manifest, Reader, Rows, Session, StoreError, write_study};
use super::table::{CellRecord, Row, Statistics, Value, columns, values};
use super::union::Union;
use super::{Missing, Need, Shard, file};

/// Rows of one directory that are in memory.
const CHUNK: usize = 512;
/// Rows that are written together.
const BLOCK: usize = 8192;
/// Most directories at a time: each is an open file.
pub const MAX_DIRECTORIES: usize = 900;

/// What became of a merge.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The name of the study and its identity.
    pub study: String,
    /// Directories that were read, `out` not counted.
    pub directories: usize,
    /// Rows in `out` now.
    pub rows: u64,
    /// Keys of which several devices had rows that differ.
    pub devices_differ: u64,
    /// What is missing of every cell that the study of the whole asks for, which are the first ones.
    pub missing: Vec<Missing>,
}

/// Why directories cannot be merged; `out` is as it was.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A directory is unusable, or could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing to merge, or too much.
    #[error("{0} directories to merge; give 1 to {MAX_DIRECTORIES} at a time, and merge what comes of them")]
    Count(usize),
    /// Runs of one study that were asked for different things.
    #[error(
        "{} was asked for seeds {first_asked} and {} for {second_asked}; seeds and a standard error, or two standard \
         errors, do not merge", first.display(), second.display()
    )]
    Asked {
        /// One directory.
        first: PathBuf,
        /// What it was asked for.
        first_asked: String,
        /// Another.
        second: PathBuf,
        /// What that was asked for.
        second_asked: String,
    },
    /// The study of a directory that cannot be read any more.
    #[error("{}: its study cannot be read", dir.display())]
    Study {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: Box<file::FileError>,
    },
    /// Runs of studies of several names, or of program versions whose numbers differ.
    #[error(
        "{} is a run of {found} and {} of {expected}; shards of one study, and grids of one name, by one stream layout and \
         numerics version merge", dir.display(), first.display()
    )]
    Other {
        /// A directory.
        dir: PathBuf,
        /// Its study and versions.
        found: String,
        /// The first directory.
        first: PathBuf,
        /// Its study and versions.
        expected: String,
    },
    /// It was asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// Two rows that cannot both be right.
    #[error(transparent)]
    Conflict(Box<Conflict>),
}

/// Two rows of one key and one device that differ.
#[derive(Debug, thiserror::Error)]
#[error(
    "conflict at cell {cell}, seed {seed}: {} and {} both have it from device \"{device}\" and differ in {statistic} \
     ({a:?} and {b:?}); at most one of them is right, and nothing was merged", first.display(), second.display()
)]
pub struct Conflict {
    /// Cell of both rows.
    pub cell: usize,
    /// Seed of both rows.
    pub seed: u64,
    /// Device of both rows.
    pub device: String,
    /// The first statistic in which they differ.
    pub statistic: &'static str,
    /// Its value in the first.
    pub a: f64,
    /// Its value in the second.
    pub b: f64,
    /// One directory.
    pub first: PathBuf,
    /// The other.
    pub second: PathBuf,
}

/// Merges run directories into `out`, which is created, or holds a run of the same study. When `stop` is raised nothing is
/// merged.
pub fn merge(dirs: &[PathBuf], out: &Path, stop: &AtomicBool) -> Result<Merged, MergeError> {
    if dirs.is_empty() || dirs.len() > MAX_DIRECTORIES {
        return Err(MergeError::Count(dirs.len()));
    }
    let claim = Directory::look(out)?;
    let mut sources: Vec<(PathBuf, Reader)> = Vec::new();
    let mut seen = BTreeSet::new();
    // The directory itself may be among those to merge, and any of them be named twice.
    let existing = claim.holds_run().then(|| out.to_owned());
    for dir in dirs.iter().chain(&existing) {
        if seen.insert(dir.canonicalize().unwrap_or_else(|_| dir.clone())) {
            sources.push((dir.clone(), Reader::open(dir)?));
        }
    }
    let union = union(&sources)?;
    let sessions: BTreeSet<Session> = sources
        .iter()
        .map(|(_, reader)| reader.sessions())
        .collect::<Result<Vec<_>, _>>()?
        .concat()
        .into_iter()
        .collect();
    let dir = claim.lock()?;
    let written = write(&dir, &sources, &union, sessions, stop);
    let (rows, devices_differ, missing) = match written {
        Ok(written) => written,
        Err(error) => {
            if existing.is_none() {
                dir.undo();
            }
            return Err(error);
        }
    };
    write_study(dir.path(), &union.manifest)?;
    let study = union.manifest.directory_name();
    Ok(Merged { study, directories: dirs.len(), rows, devices_differ, missing })
}

/// The one study of all directories, asked for all that any of them was asked for.
fn union(sources: &[(PathBuf, Reader)]) -> Result<Union, MergeError> {
    let (first_dir, first) = &sources[0];
    let mut asked = first.manifest().asked.clone();
    for (dir, reader) in sources {
        let there = reader.manifest();
        if kind(there) != kind(first.manifest()) {
            return Err(MergeError::Other {
                dir: dir.clone(),
                found: name(there),
                first: first_dir.clone(),
                expected: name(first.manifest()),
            });
        }
        asked = asked.hull(&there.asked).ok_or_else(|| MergeError::Asked {
            first: first_dir.clone(),
            first_asked: asked.to_string(),
            second: dir.clone(),
            second_asked: there.asked.to_string(),
        })?;
    }
    let readers: Vec<&Reader> = sources.iter().map(|(_, reader)| reader).collect();
    Union::of(&readers, asked).map_err(|(index, error)| MergeError::Study {
        dir: sources[index].0.clone(),
        source: Box::new(error),
    })
}

/// What the rows of two runs must have in common.
fn kind(manifest: &Manifest) -> (&str, u32, u32) {
    (&manifest.study, manifest.stream_layout, manifest.numerics_version)
}

/// Study and versions, as in errors.
fn name(manifest: &Manifest) -> String {
    let Manifest { stream_layout, numerics_version, .. } = manifest;
    let name = manifest.directory_name();
    format!("{name} (stream layout {stream_layout}, numerics {numerics_version})")
}

type Written = (u64, u64, Vec<Missing>);

fn write(
    dir: &Directory,
    sources: &[(PathBuf, Reader)],
    union: &Union,
    sessions: BTreeSet<Session>,
    stop: &AtomicBool,
) -> Result<Written, MergeError> {
    let mut draft = Draft::begin(dir, &union.manifest, &union.cells)?;
    let filled = fill(&mut draft, sources, union, stop);
    let sessions: Vec<Session> = sessions.into_iter().collect();
    match filled.and_then(|written| Ok((draft.insert_sessions(&sessions)?, written).1)) {
        Ok(written) => {
            draft.publish()?;
            Ok(written)
        }
        Err(error) => {
            draft.discard();
            Err(error)
        }
    }
}

/// Streams the rows of all sources into the draft.
fn fill(
    draft: &mut Draft,
    sources: &[(PathBuf, Reader)],
    union: &Union,
    stop: &AtomicBool,
) -> Result<Written, MergeError> {
    let Manifest { asked, cells, .. } = &union.manifest;
    let mut needs: Vec<Need> = cells.iter().map(|&cell| asked.need(cell, Shard::WHOLE)).collect();
    let numbers: HashMap<&str, usize> = union.cells.iter().map(|cell| cell.key.as_str()).zip(0..).collect();
    let number = |cell: &CellRecord| numbers.get(cell.key.as_str()).copied().unwrap_or(usize::MAX);
    let stream = |(_, reader): &'_ (PathBuf, Reader)| reader.cells().iter().map(number).collect::<Vec<_>>();
    let mut streams: Vec<Rows> =
        sources.iter().map(|source| source.1.rows_as(&stream(source), CHUNK)).collect();
    let mut heads: Vec<Option<Row>> = Vec::new();
    let mut queue = BinaryHeap::new();
    for (i, stream) in streams.iter_mut().enumerate() {
        let head = stream.next()?;
        queue.extend(head.iter().map(|row| Reverse((row.cell, row.seed, i))));
        heads.push(head);
    }
    let (mut count, mut differ) = (0, 0);
    let mut block = Vec::with_capacity(BLOCK);
    let mut same: Vec<(usize, Row)> = Vec::new();
    while let Some(Reverse((cell, seed, i))) = queue.pop() {
        let next = streams[i].next()?;
        queue.extend(next.iter().map(|row| Reverse((row.cell, row.seed, i))));
        if let Some(row) = std::mem::replace(&mut heads[i], next) {
            same.push((i, row));
        }
        if queue.peek().is_some_and(|Reverse(next)| (next.0, next.1) == (cell, seed)) {
            continue;
        }
        let (row, several) = resolve(&mut same, sources)?;
        differ += u64::from(several);
        if let Some(row) = row {
            if let Some(need) = needs.get_mut(cell) {
                need.push(seed, row.values.relative_fro);
            }
            block.push(row);
            count += 1;
        }
        if block.len() == BLOCK {
            if stop.load(Ordering::Relaxed) {
                return Err(MergeError::Interrupted);
            }
            draft.insert(&block)?;
            block.clear();
        }
    }
    draft.insert(&block)?;
    Ok((count, differ, needs.into_iter().map(Need::missing).collect()))
}

/// The row to keep of those of one key, and whether devices differ; empties the list.
fn resolve(
    same: &mut Vec<(usize, Row)>,
    sources: &[(PathBuf, Reader)],
) -> Result<(Option<Row>, bool), MergeError> {
    if let [_] = &same[..] {
        return Ok((same.pop().map(|(_, row)| row), false));
    }
    // By device, and the seconds that a row took, so that the outcome is the same whatever the order.
    same.sort_by_key(|(_, row)| order(row));
    let mut differ = false;
    for pair in same.windows(2) {
        let [(i, a), (j, b)] = pair else { continue };
        let both = values(&a.values).into_iter().zip(values(&b.values));
        let names = columns::<Statistics>().into_iter().map(|column| column.name);
        let Some((statistic, (x, y))) = names.zip(both).find(|(_, (x, y))| bits(x) != bits(y)) else {
            continue;
        };
        if a.device != b.device {
            differ = true;
            continue;
        }
        return Err(MergeError::Conflict(Box::new(Conflict {
            cell: a.cell,
            seed: a.seed,
            device: a.device.to_string(),
            statistic,
            a: f64::from_bits(bits(&x)),
            b: f64::from_bits(bits(&y)),
            first: sources[*i.min(j)].0.clone(),
            second: sources[*i.max(j)].0.clone(),
        })));
    }
    let least = same.drain(..).map(|(_, row)| row).min_by_key(|row| (statistics(row), order(row)));
    Ok((least, differ))
}

fn order(row: &Row) -> (std::sync::Arc<str>, u64, Vec<u64>) {
    (std::sync::Arc::clone(&row.device), row.seconds.to_bits(), statistics(row))
}

fn statistics(row: &Row) -> Vec<u64> {
    values(&row.values).iter().map(bits).collect()
}

/// As stored, where every NaN is one NULL; statistics are real numbers.
fn bits(value: &Value) -> u64 {
    match value {
        Value::Real(x) => x.to_bits(),
        _ => f64::NAN.to_bits(),
    }
}
