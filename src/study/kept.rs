//! The networks of a search for a width, kept in a run directory: what is there is read, and only what is missing is
//! drawn.
//!
//! A row holds every norm of its kernel, whatever was asked; so a search for another tolerance, probability or norm of
//! the same networks finds the draws of those before it, and so does one that was killed. The answer is that of a
//! search without a directory, since a row is the same number whether it is drawn or read.
//!
//! The directory is that of a study whose cells are the widths that searches of this kind of network have come to, and
//! which asks of each for the seeds that are there ([`SeedRange::FOUND`]): export, report and status read it as any
//! other.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::builtin::NEEDED;
use super::questions::{self, QuestionsError, WidthAnswer, WidthQuestion};
use super::run::{self, RunError};
use super::store::{
    Directory, Independence, Manifest, Reader, Row, Sample, Session, Statistics, Store, StoreError,
};
use super::{Absent, Cell, Limits, Plan, PlanError, SeedRange, Shard, Spec, Widths};
use crate::answer::{Answer, DrawError, Draws, Networks, Question};
use crate::backend::Stop;
use crate::stats::KernelStatistics;

/// Networks of one kind, with a run directory that keeps what is drawn of them.
pub struct Kept<'a> {
    networks: Networks<'a>,
    dir: PathBuf,
    session: Session,
    stop: Stop,
    limits: Limits,
    /// The widths that searches came to, ascending; none of a new directory, and then the study is of a width that is
    /// not its own.
    widths: Vec<u64>,
    plan: Plan,
    /// Its cell of width 1.
    narrowest: Cell,
    /// Opened where the first rows are wanted, so that a refusal before it has written nothing.
    store: Option<Store>,
    /// The rows that are there, by width and seed.
    rows: HashMap<u64, BTreeMap<u64, Statistics>>,
    /// Counts those that were drawn and kept here.
    added: Arc<AtomicU64>,
    /// The study that the directory was asked for before, where that was no search.
    before: Option<String>,
}

/// Why a network could not be drawn, read or kept.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// It could not be drawn.
    #[error(transparent)]
    Draw(#[from] DrawError),
    /// The directory.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The networks make no study.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Their limit.
    #[error(transparent)]
    Limit(#[from] RunError),
    /// The answers that are kept there.
    #[error(transparent)]
    Answers(#[from] QuestionsError),
}

impl<'a> Kept<'a> {
    /// The name of the directory of a search below `eoc-runs`, where nobody says another: by its networks, data and
    /// stream layout.
    pub fn directory_name(spec: Spec) -> Result<String, PlanError> {
        Ok(Plan::new(of_search(spec, NEEDED.to_owned()))?.directory_name())
    }

    /// Looks at a directory without writing: new, empty, or of a run to which networks of today can be added, whose rows
    /// it reads, and whose answers it can read. `networks` are those of `spec`, which says one kind of network and
    /// nothing of widths, seeds and name.
    pub fn open(
        dir: &Path,
        spec: Spec,
        networks: Networks<'a>,
        session: Session,
        stop: &Stop,
    ) -> Result<Self, KeptError> {
        let there = Directory::look(dir)?.holds_run().then(|| Reader::open(dir)).transpose()?;
        if there.is_some() {
            questions::read(dir)?;
        }
        let name = there.as_ref().map_or(NEEDED, |reader| reader.manifest().study.as_str()).to_owned();
        let plan = Plan::new(of_search(spec, name))?;
        let narrowest = plan.cells().first().cloned().ok_or(PlanError::Missing(Absent::Depth))?;
        let mut kept = Self {
            networks,
            dir: dir.to_owned(),
            session,
            stop: stop.clone(),
            limits: Limits::default(),
            widths: Vec::new(),
            plan,
            narrowest,
            store: None,
            rows: HashMap::new(),
            added: Arc::default(),
            before: None,
        };
        if let Some(reader) = there {
            let manifest = reader.manifest();
            let searched = manifest.study == NEEDED || manifest.asked.is_of_found();
            kept.before = (!searched).then(|| manifest.directory_name());
            reader.manifest().accepts(dir, &Manifest::of(&kept.plan, Shard::WHOLE))?;
            kept.read(&reader)?;
        }
        Ok(kept)
    }

    /// Takes in the rows of these networks, at every width.
    fn read(&mut self, reader: &Reader) -> Result<(), KeptError> {
        let keys: HashSet<&str> = reader.cells().iter().map(|cell| cell.key.as_str()).collect();
        let mut all: Vec<u64> = reader.cells().iter().filter_map(|cell| cell.m).collect();
        all.sort_unstable();
        all.dedup();
        // Of other schedules there may be an m whose widths have no room here.
        all.retain(|&m| self.networks.cell().network(m).is_ok());
        if all.is_empty() {
            return Ok(());
        }
        let plan = self.plan.at_widths(all)?;
        let mut here: HashMap<String, u64> = plan
            .cells()
            .iter()
            .filter_map(|cell| Some((cell.key(), cell.width?)))
            .filter(|(key, _)| keys.contains(key.as_str()))
            .collect();
        let widths: Vec<Option<u64>> = reader.cells().iter().map(|cell| here.remove(&cell.key)).collect();
        self.widths = widths.iter().copied().flatten().collect();
        self.widths.sort_unstable();
        let rows = &mut self.rows;
        reader.for_each(|row| {
            if let Some(width) = widths[row.cell] {
                rows.entry(width).or_default().insert(row.seed, row.values);
            }
            Ok(())
        })
    }

    /// The networks.
    pub fn networks(&self) -> &Networks<'a> {
        &self.networks
    }

    /// The study whose rows the directory holds, where that was no search: its rows stay, and the study of the directory
    /// becomes that of the search.
    pub fn before(&self) -> Option<&str> {
        self.before.as_deref()
    }

    /// Counts the networks that are drawn and kept from now on, as they are.
    pub fn count_into(&mut self, counter: &Arc<AtomicU64>) {
        self.added = Arc::clone(counter);
    }

    /// An answer about these networks, as the directory keeps it.
    pub fn answer(&self, answer: &Answer) -> WidthAnswer {
        let (cell, points) = (&self.narrowest, &self.narrowest.data.points);
        WidthAnswer {
            key: cell.key(),
            normalize: cell.data.normalize.to_string(),
            ..WidthAnswer::new(self.networks.cell(), (points.label(), points.n()), answer)
        }
    }

    /// Keeps an answer beside the draws, with its question. Where nothing was drawn there is no directory, and nothing
    /// to keep.
    pub fn keep(&self, question: &Question, answer: WidthAnswer) -> Result<(), QuestionsError> {
        if self.store.is_none() {
            return Ok(());
        }
        let asked = WidthQuestion::of(question, self.networks.cell());
        questions::keep(&self.dir, WidthQuestion { cells: vec![answer], ..asked })
    }

    /// The cell of a width in the plan of the store, which is opened or extended where that is new.
    fn cell(&mut self, width: u64) -> Result<usize, KeptError> {
        let at = self.widths.partition_point(|w| *w < width);
        let new = self.widths.get(at) != Some(&width);
        if new {
            self.widths.insert(at, width);
        }
        if new || self.store.is_none() {
            self.plan = self.plan.at_widths(self.widths.clone())?;
            let (plan, limits, stop) = (&self.plan, &self.limits, &self.stop);
            let records = || Ok::<_, KeptError>(run::limits(plan, limits, stop)?);
            match &mut self.store {
                Some(store) => store.extend(plan, records)?,
                None => {
                    let session = self.session.clone();
                    self.store = Some(Store::open(&self.dir, plan, Shard::WHOLE, session, records)?);
                }
            }
        }
        Ok(at)
    }

    /// Draws seeds of a width and keeps them; false where it was asked to stop and gave them up.
    fn draw(&mut self, width: u64, seeds: Range<u64>) -> Result<bool, KeptError> {
        let begun = Instant::now();
        let Some(samples) = self.networks.measured(width, seeds)? else { return Ok(false) };
        let seconds = begun.elapsed().as_secs_f64() / samples.len().max(1) as f64;
        let (cell, device) = (self.cell(width)?, Arc::<str>::from(self.session.device.as_str()));
        let row = |sample| {
            let values = Statistics::of(sample);
            // What has no finite deviation ends the search; the error of it comes before its row.
            self.networks.deviation(sample.seed, &sample.statistics)?;
            let device = Arc::clone(&device);
            Ok(Row { cell, seed: sample.seed, values, independence: Independence::of(None), device, seconds })
        };
        let rows: Vec<Row> = samples.iter().map(row).collect::<Result<_, DrawError>>()?;
        if let Some(store) = &mut self.store {
            let samples: Vec<Sample> = rows.iter().cloned().map(Sample::from).collect();
            store.insert(&samples)?;
        }
        self.added.fetch_add(rows.len() as u64, Ordering::Relaxed);
        self.rows.entry(width).or_default().extend(rows.into_iter().map(|row| (row.seed, row.values)));
        Ok(true)
    }
}

impl Draws for Kept<'_> {
    type Error = KeptError;

    fn deviations(&mut self, width: u64, seeds: Range<u64>) -> Result<Option<Vec<f64>>, KeptError> {
        if self.stop.is_raised() {
            return Ok(None);
        }
        // What is only read belongs to what was asked for, too.
        self.cell(width)?;
        for gap in gaps(self.rows.entry(width).or_default(), seeds.clone()) {
            if !self.draw(width, gap)? {
                return Ok(None);
            }
        }
        let rows = self.rows.get(&width).into_iter().flat_map(|rows| rows.range(seeds.clone()));
        let deviation = |(seed, values): (&u64, &Statistics)| self.networks.deviation(*seed, &kernel(values));
        Ok(Some(rows.map(deviation).collect::<Result<_, _>>()?))
    }

    fn at_once(&mut self, width: u64) -> u64 {
        self.networks.at_once(width)
    }
}

/// The study of a kind of network before it has a width.
fn of_search(spec: Spec, name: String) -> Spec {
    let widths = Some(Widths::Scheduled(vec![1]));
    Spec { name: Some(name), seeds: Some(SeedRange::FOUND), widths, ..spec }
}

/// The seeds that are not there.
fn gaps(rows: &BTreeMap<u64, Statistics>, seeds: Range<u64>) -> Vec<Range<u64>> {
    let (mut gaps, mut next) = (Vec::new(), seeds.start);
    for &seed in rows.range(seeds.clone()).map(|(seed, _)| seed).chain(std::iter::once(&seeds.end)) {
        if seed > next {
            gaps.push(next..seed);
        }
        next = seed + 1;
    }
    gaps
}

fn kernel(values: &Statistics) -> KernelStatistics {
    let Statistics { deviation_op, deviation_fro, deviation_max, .. } = *values;
    let Statistics { relative_op, relative_fro, relative_max, .. } = *values;
    let Statistics { lambda_min, lambda_max, trace, .. } = *values;
    KernelStatistics {
        deviation_op,
        deviation_fro,
        deviation_max,
        relative_op,
        relative_fro,
        relative_max,
        lambda_min,
        lambda_max,
        trace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_what_is_not_there() {
        let missing = |seeds: &[u64], of: Range<u64>| -> String {
            let rows = seeds.iter().map(|s| (*s, Statistics::default())).collect();
            gaps(&rows, of).iter().map(|gap| format!("{gap:?} ")).collect()
        };
        assert_eq!(missing(&[], 3..7), "3..7 ");
        assert_eq!(missing(&[3, 4, 5, 6], 3..7), "");
        assert_eq!(missing(&[0, 4, 6, 9], 3..7), "3..4 5..6 ");
        assert_eq!(missing(&[5], 5..5), "");
    }
}
