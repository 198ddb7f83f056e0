//! Shards of one study, or grids of one name, into one run directory.
//!
//! ```text
//! samples of every directory in (cell, seed) order → one stream in that order → a store built aside → renamed
//! ```
//!
//! All samples of one key are in hand together, so that the outcome depends on their set and not on the order of the
//! directories: samples from one device must be equal in every statistic, those of their further tables too (else a
//! conflict), from several devices the least in byte order is kept, whole. Which cells there are, and which study asks
//! for them, a `union.rs` says. Questions about widths come along with their answers ([`questions`]). What `out` holds
//! already is merged like one more directory, so that merging again changes nothing. Memory grows with the directories,
//! not with the rows. What is refused or conflicts leaves `out` as it was.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::questions::{self, QuestionsError, WidthQuestion};
use super::store::{Directory, Draft, Manifest, Reader, Samples, Session, StoreError, StudyFile, with};
use super::table::{
    CellRecord, Details, Independence, Part, Record, Row, Sample, Statistics, Value, columns, each_part,
    values,
};
use super::union::Union;
use super::{Missing, Need, file};
use crate::files::distinct;

/// Rows of one directory that are in memory.
const CHUNK: usize = 512;
/// Rows that are written together.
const BLOCK: usize = 8192;
/// Columns that say which sample a row belongs to.
const KEYS: usize = <Row as Record>::KEYS;
/// Most directories at a time: each is an open file.
pub const MAX_DIRECTORIES: usize = 900;

/// What became of a merge.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The name of the study and its identity.
    pub study: String,
    /// Directories that were read, each once, `out` not counted.
    pub directories: usize,
    /// Rows in `out` now.
    pub rows: u64,
    /// Keys of which several devices had rows that differ.
    pub devices_differ: u64,
    /// What is missing of every cell, in the order of a reader of `out`: of what any study asked of it.
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
        "{} is a run of {found} and {} of {expected}; shards of one study, and grids of one name, by one stream layout \
         and numerics version and with the same further tables merge", dir.display(), first.display()
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
    /// The answers that a directory keeps.
    #[error(transparent)]
    Answers(#[from] QuestionsError),
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

/// Merges run directories into `out`, which is created, or holds a run of the same study. When `stop` is raised nothing
/// is merged.
pub fn merge(dirs: &[PathBuf], out: &Path, stop: &AtomicBool) -> Result<Merged, MergeError> {
    if dirs.is_empty() || dirs.len() > MAX_DIRECTORIES {
        return Err(MergeError::Count(dirs.len()));
    }
    let claim = Directory::look(out)?;
    // The directory itself may be among those to merge, and any of them be named twice.
    let existing = claim.holds_run().then(|| out.to_owned());
    let directories = distinct(dirs).len();
    let all: Vec<PathBuf> = dirs.iter().chain(&existing).cloned().collect();
    let sources: Vec<(PathBuf, Reader)> = distinct(&all)
        .into_iter()
        .map(|dir| Reader::open(&dir).map(|reader| (dir, reader)))
        .collect::<Result<_, _>>()?;
    let union = union(&sources)?;
    let answers = || -> Result<Vec<Vec<WidthQuestion>>, QuestionsError> {
        sources.iter().map(|(dir, _)| questions::read(dir)).collect()
    };
    // What is damaged is refused before `out` is there.
    answers()?;
    let sessions: BTreeSet<Session> = sources
        .iter()
        .map(|(_, reader)| reader.sessions())
        .collect::<Result<Vec<_>, _>>()?
        .concat()
        .into_iter()
        .collect();
    let dir = claim.lock()?;
    // Again, since a search may have ended in `out` meanwhile.
    let asked = answers()?;
    // First, so that what has no room for it leaves the store as it was.
    let study = StudyFile::begin(dir.path(), &union.manifest).map_err(MergeError::from);
    let written = study.and_then(|study| Ok((write(&dir, &sources, &union, sessions, stop)?, study)));
    let ((rows, devices_differ, missing), study) = match written {
        Ok(written) => written,
        Err(error) => {
            if existing.is_none() {
                dir.undo();
            }
            return Err(error);
        }
    };
    study.finish()?;
    if asked.iter().any(|questions| !questions.is_empty()) {
        questions::write(dir.path(), questions::united(asked.into_iter().flatten()))?;
    }
    let study = union.manifest.directory_name();
    Ok(Merged { study, directories, rows, devices_differ, missing })
}

/// The one study of all directories, asked for all that any of them was asked for.
fn union(sources: &[(PathBuf, Reader)]) -> Result<Union, MergeError> {
    let (first_dir, first) = &sources[0];
    // One whose directory asks for more than what is there.
    let mut asking: Option<&(PathBuf, Reader)> = None;
    for source in sources {
        let (dir, there) = (&source.0, source.1.manifest());
        if kind(there) != kind(first.manifest()) {
            return Err(MergeError::Other {
                dir: dir.clone(),
                found: name(there),
                first: first_dir.clone(),
                expected: name(first.manifest()),
            });
        }
        if there.asked.is_of_found() {
            continue;
        }
        let (asking_dir, asked) = asking.get_or_insert(source);
        let asked = &asked.manifest().asked;
        if asked.target() != there.asked.target() {
            return Err(MergeError::Asked {
                first: asking_dir.clone(),
                first_asked: asked.to_string(),
                second: dir.clone(),
                second_asked: there.asked.to_string(),
            });
        }
    }
    let target = asking.and_then(|(_, reader)| reader.manifest().asked.target());
    let readers: Vec<&Reader> = sources.iter().map(|(_, reader)| reader).collect();
    Union::of(&readers, target).map_err(|(index, error)| MergeError::Study {
        dir: sources[index].0.clone(),
        source: Box::new(error),
    })
}

/// What the rows of two runs must have in common.
fn kind(manifest: &Manifest) -> (&str, u32, u32, Details) {
    (&manifest.study, manifest.stream_layout, manifest.numerics_version, manifest.details)
}

/// Study and versions, as in errors.
fn name(manifest: &Manifest) -> String {
    let Manifest { stream_layout, numerics_version, details, .. } = manifest;
    let name = manifest.directory_name();
    format!("{name} (stream layout {stream_layout}, numerics {numerics_version}, {})", with(*details))
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

/// Streams the samples of all sources into the draft.
fn fill(
    draft: &mut Draft,
    sources: &[(PathBuf, Reader)],
    union: &Union,
    stop: &AtomicBool,
) -> Result<Written, MergeError> {
    let mut needs = union.needs();
    let numbers: HashMap<&str, usize> = union.cells.iter().map(|cell| cell.key.as_str()).zip(0..).collect();
    let number = |cell: &CellRecord| numbers.get(cell.key.as_str()).copied().unwrap_or(usize::MAX);
    let stream = |(_, reader): &'_ (PathBuf, Reader)| reader.cells().iter().map(number).collect::<Vec<_>>();
    let chunk = |cells: &[CellRecord]| CHUNK.div_ceil(1 + further(cells, union.manifest.details));
    let mut streams: Vec<Samples> =
        sources.iter().map(|source| source.1.samples_as(&stream(source), chunk(source.1.cells()))).collect();
    let mut heads: Vec<Option<Sample>> = Vec::new();
    let mut queue = BinaryHeap::new();
    for (i, stream) in streams.iter_mut().enumerate() {
        let head = stream.next()?;
        queue.extend(head.iter().map(|sample| Reverse((sample.row.cell, sample.row.seed, i))));
        heads.push(head);
    }
    let (mut count, mut differ) = (0, 0);
    let mut block = Vec::with_capacity(BLOCK);
    let mut same: Vec<(usize, Sample)> = Vec::new();
    while let Some(Reverse((cell, seed, i))) = queue.pop() {
        let next = streams[i].next()?;
        queue.extend(next.iter().map(|sample| Reverse((sample.row.cell, sample.row.seed, i))));
        if let Some(sample) = std::mem::replace(&mut heads[i], next) {
            same.push((i, sample));
        }
        if queue.peek().is_some_and(|Reverse(next)| (next.0, next.1) == (cell, seed)) {
            continue;
        }
        let (sample, several) = resolve(&mut same, sources)?;
        differ += u64::from(several);
        if let Some(sample) = sample {
            if let Some(need) = needs.get_mut(cell) {
                need.push(seed, sample.row.values.relative_fro);
            }
            block.push(sample);
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

/// Most rows of further tables that a sample has.
fn further(cells: &[CellRecord], details: Details) -> usize {
    let mut most = 0;
    each_part!(Kind => {
        if Kind::is_in(details) {
            most += cells.iter().map(Kind::per_sample).max().unwrap_or(0) as usize;
        }
    });
    most
}

/// The sample to keep of those of one key, and whether devices differ; empties the list.
fn resolve(
    same: &mut Vec<(usize, Sample)>,
    sources: &[(PathBuf, Reader)],
) -> Result<(Option<Sample>, bool), MergeError> {
    if let [_] = &same[..] {
        return Ok((same.pop().map(|(_, sample)| sample), false));
    }
    // By device, and the seconds that a sample took, so that the outcome is the same whatever the order.
    same.sort_by_key(|(_, sample)| order(sample));
    let mut differ = false;
    for pair in same.windows(2) {
        let [(i, a), (j, b)] = pair else { continue };
        let Some((statistic, x, y)) = difference(a, b) else { continue };
        if a.row.device != b.row.device {
            differ = true;
            continue;
        }
        return Err(MergeError::Conflict(Box::new(Conflict {
            cell: a.row.cell,
            seed: a.row.seed,
            device: a.row.device.to_string(),
            statistic,
            a: f64::from_bits(x),
            b: f64::from_bits(y),
            first: sources[*i.min(j)].0.clone(),
            second: sources[*i.max(j)].0.clone(),
        })));
    }
    let least = same.drain(..).map(|(_, sample)| sample);
    Ok((least.min_by_key(|sample| (statistics(sample), order(sample))), differ))
}

/// The first statistic in which two samples differ, with its bits in both.
fn difference(a: &Sample, b: &Sample) -> Option<(&'static str, u64, u64)> {
    let bits = statistics(a).into_iter().zip(statistics(b));
    let at = bits.clone().position(|(x, y)| x != y)?;
    let (x, y) = bits.into_iter().nth(at)?;
    Some((names(a).get(at).copied().unwrap_or_default(), x, y))
}

fn order(sample: &Sample) -> (std::sync::Arc<str>, u64, Vec<u64>) {
    (std::sync::Arc::clone(&sample.row.device), sample.row.seconds.to_bits(), statistics(sample))
}

/// Every statistic of a sample, as it is stored.
fn statistics(sample: &Sample) -> Vec<u64> {
    let mut all: Vec<u64> = values(&sample.row.values).iter().map(bits).collect();
    all.extend(values(&sample.row.independence).iter().map(bits));
    each_part!(Kind => {
        for row in Kind::rows_in(sample) {
            all.extend(values(row).iter().skip(KEYS).map(bits));
        }
    });
    all
}

/// The names of the same.
fn names(sample: &Sample) -> Vec<&'static str> {
    let columns_of = [columns::<Statistics>(), columns::<Independence>()];
    let mut all: Vec<&str> = columns_of.iter().flatten().map(|column| column.name).collect();
    each_part!(Kind => {
        for _ in Kind::rows_in(sample) {
            all.extend(columns::<Kind>().iter().skip(KEYS).map(|column| column.name));
        }
    });
    all
}

/// Every NaN is one NULL.
fn bits(value: &Value) -> u64 {
    match value {
        Value::Real(x) => x.to_bits(),
        Value::Integer(i) => *i,
        _ => f64::NAN.to_bits(),
    }
}
