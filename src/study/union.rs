//! Several studies of one name as one: which cells there are, and the study that asks for them.
//!
//! ```text
//! cells   by key; of what differs between machines (paths, last digits of a limit) the least, all names of schedules
//! seeds   of a cell those that any study asked of it; where cells differ, cell by cell
//! study   the one that all agree on; else that whose lists are the unions of theirs, where its grid is just their cells;
//!         else that of them with the most cells, the least text among equals
//! ```
//!
//! Nothing here depends on the order in which the studies are given.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::spec::{Spec, Widths};
use super::store::{Manifest, Reader};
use super::table::{CellRecord, values};
use super::{Asked, Need, Plan, SeedRange, Shard, Wishes, file};

/// What becomes of several stores.
pub struct Union {
    /// The manifest; its cells are the first ones.
    pub manifest: Manifest,
    /// The cells, those that the study asks for first.
    pub cells: Vec<CellRecord>,
    /// What any study asked of each of them.
    of_all: Asked,
}

impl Union {
    /// Of stores of one name and one kind of numbers. `target` is the standard error that is asked for. Each cell is
    /// asked for the seeds that any of them asked of it; the error says which has a study that cannot be read.
    pub fn of(readers: &[&Reader], target: Option<f64>) -> Result<Self, (usize, file::FileError)> {
        let mut records = records(readers);
        let mut candidates = Vec::new();
        let mut wanted: HashMap<String, Vec<Range<u64>>> = HashMap::new();
        for (index, reader) in readers.iter().enumerate() {
            let there = reader.manifest();
            let spec = file::parse(&there.text).map_err(|error| (index, error))?;
            let keys: Vec<String> =
                reader.cells()[..reader.asked_cells()].iter().map(|cell| cell.key.clone()).collect();
            for (cell, key) in keys.iter().enumerate() {
                wanted.entry(key.clone()).or_default().extend(there.asked.ranges(cell));
            }
            candidates.push(Candidate { identity: there.identity.clone(), spec: asking(spec, None), keys });
        }
        let all: BTreeSet<&String> = candidates.iter().flat_map(|c| &c.keys).collect();
        let one = candidates.iter().all(|c| c.identity == candidates[0].identity);
        let joined = if one { None } else { joined(&candidates, &all) };
        // Paths of data may differ between machines, and lists be written in other ways: any text will do, but always
        // the same.
        let most = || candidates.into_iter().min_by_key(|c| (usize::MAX - c.keys.len(), c.spec.to_toml()));
        let Some(chosen) = joined.or_else(most) else { return Ok(Self::nothing(readers)) };
        let mut cells: Vec<CellRecord> = chosen.keys.iter().filter_map(|key| records.remove(key)).collect();
        let count = cells.len();
        cells.extend(records.into_values());
        let wishes = |cells: &[CellRecord]| {
            Wishes::new(cells.iter().map(|cell| wanted.get(&cell.key).cloned().unwrap_or_default()))
        };
        let asked = Asked::by_cell(wishes(&cells[..count]), target);
        let manifest = Manifest {
            identity: chosen.identity,
            shard: Shard::WHOLE,
            text: asking(chosen.spec, Some(&asked)).to_toml(),
            asked,
            cells: (0..count).collect(),
            ..readers[0].manifest().clone()
        };
        Ok(Self { manifest, of_all: Asked::by_cell(wishes(&cells), target), cells })
    }

    /// Finds what is missing of every cell, of those too that the study does not ask for.
    pub fn needs(&self) -> Vec<Need> {
        (0..self.cells.len()).map(|cell| self.of_all.need(cell, Shard::WHOLE)).collect()
    }

    /// Of no studies at all, which does not happen: what the first store says.
    fn nothing(readers: &[&Reader]) -> Self {
        let manifest = Manifest { shard: Shard::WHOLE, ..readers[0].manifest().clone() };
        Self { of_all: manifest.asked.clone(), manifest, cells: readers[0].cells().to_vec() }
    }
}

/// A study that the union may be.
struct Candidate {
    identity: String,
    /// Without the seeds.
    spec: Spec,
    /// Keys of its cells, in its order.
    keys: Vec<String>,
}

/// A study that asks for this, or does not say for what.
fn asking(spec: Spec, asked: Option<&Asked>) -> Spec {
    let range = asked.map(|asked| asked.range().clone());
    match asked.and_then(Asked::target) {
        None => Spec { seeds: range, standard_error: None, max_seeds: None, ..spec },
        target => Spec {
            seeds: None,
            standard_error: target,
            max_seeds: range.map(|seeds| seeds.range().end),
            ..spec
        },
    }
}

/// Every cell by its key.
fn records(readers: &[&Reader]) -> BTreeMap<String, CellRecord> {
    let bytes = |cell: &CellRecord| format!("{:?}", values(cell));
    let mut all: BTreeMap<String, Vec<&CellRecord>> = BTreeMap::new();
    for cell in readers.iter().flat_map(|reader| reader.cells()) {
        all.entry(cell.key.clone()).or_default().push(cell);
    }
    let least = |(key, mut cells): (String, Vec<&CellRecord>)| {
        cells.sort_by_cached_key(|cell| (cell.schedule.is_none(), bytes(cell)));
        let mut record = cells[0].clone();
        let schedule = record.schedule.clone();
        cells.iter().for_each(|cell| record.rename(cell));
        record.schedule = schedule;
        (key, record)
    };
    all.into_iter().map(least).collect()
}

/// The study of the lists of all, where it has just their cells. Its data are loaded for that, as for a run.
fn joined(candidates: &[Candidate], cells: &BTreeSet<&String>) -> Option<Candidate> {
    let spec = join(&candidates.iter().map(|c| &c.spec).collect::<Vec<_>>())?;
    let plan = Plan::new(Spec { seeds: Some(SeedRange::FOUND), ..spec }).ok()?;
    let keys: Vec<String> = plan.cells().iter().map(|cell| cell.key()).collect();
    let same = keys.len() == cells.len() && keys.iter().all(|key| cells.contains(key));
    same.then(|| Candidate {
        identity: plan.identity().to_owned(),
        spec: asking(plan.spec().clone(), None),
        keys,
    })
}

/// The studies with every list the union of theirs; none where one leaves open what another says.
fn join(specs: &[&Spec]) -> Option<Spec> {
    let first = *specs.first()?;
    let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
    let widths = match &first.widths {
        None => specs.iter().all(|s| s.widths.is_none()).then_some(None)?,
        Some(Widths::Scheduled(_)) => list(specs, scheduled, |m| *m)?.map(Widths::Scheduled),
        Some(Widths::Listed(_)) => list(specs, listed, Vec::clone)?.map(Widths::Listed),
    };
    Some(Spec {
        sampler: list(specs, |s| s.sampler.as_ref(), |v| text(v))?,
        precision: list(specs, |s| s.precision.as_ref(), |v| text(v))?,
        activation: list(specs, |s| s.activation.as_ref(), |v| text(v))?,
        depth: list(specs, |s| s.depth.as_ref(), |v| *v)?,
        widths,
        schedule: list(specs, |s| s.schedule.as_ref(), |v| v.to_string())?,
        outputs: list(specs, |s| s.outputs.as_ref(), |v| *v)?,
        // Scales are positive, and so in the order of their bits.
        scale: list(specs, |s| s.scale.as_ref(), |v| v.to_bits())?,
        source: list(specs, |s| s.source.as_ref(), |v| v.to_string())?,
        points: list(specs, |s| s.points.as_ref(), |v| v.to_string())?,
        append_constant: list(specs, |s| s.append_constant.as_ref(), |v| text(v))?,
        normalize: list(specs, |s| s.normalize.as_ref(), |v| v.to_string())?,
        ..first.clone()
    })
}

fn scheduled(spec: &Spec) -> Option<&Vec<u64>> {
    match &spec.widths {
        Some(Widths::Scheduled(m)) => Some(m),
        _ => None,
    }
}

fn listed(spec: &Spec) -> Option<&Vec<Vec<u64>>> {
    match &spec.widths {
        Some(Widths::Listed(lists)) => Some(lists),
        _ => None,
    }
}

/// One list of all studies: as it is where they agree, else with all values, sorted; None where one of them has none.
#[allow(clippy::option_option)]
fn list<T: Clone + PartialEq, K: Ord>(
    specs: &[&Spec],
    of: impl Fn(&Spec) -> Option<&Vec<T>>,
    key: impl Fn(&T) -> K,
) -> Option<Option<Vec<T>>> {
    let first = of(specs.first()?);
    if specs.iter().all(|spec| of(spec) == first) {
        return Some(first.cloned());
    }
    let mut all: Vec<T> = Vec::new();
    for spec in specs {
        all.extend(of(spec)?.iter().cloned());
    }
    all.sort_by_key(key);
    all.dedup();
    Some(Some(all))
}
