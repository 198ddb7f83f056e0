//! The one writer of a run directory.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};

use super::check::key_bits;
use super::directory::{Directory, STORE};
use super::draft::{self, Draft, write_study};
use super::error::READ;
use super::manifest::{Manifest, Session};
use super::{Reader, StoreError};
use crate::study::table::{CellRecord, LimitRecord, Part, Record, Sample, each_part};
use crate::study::{Asked, Missing, Need, Plan, Shard};

/// An open run directory: this process holds its lock, and its store is that of the plan.
pub struct Store {
    conn: Connection,
    dir: Directory,
    /// All cells, as the store numbers them.
    cells: Vec<CellRecord>,
    /// Where in the store each cell of the plan is.
    places: Vec<usize>,
    /// By place.
    key_bits: Vec<u64>,
    /// What is asked of the cells of the plan.
    asked: Asked,
    session: Session,
    /// Whether this session is in the table yet; it enters with its first row.
    entered: bool,
}

impl Store {
    /// Opens the run directory of a plan, or creates it, parents included. Where a study of the same name is there, its
    /// cells and rows stay, and the cells that are new are added in one transaction.
    ///
    /// Refuses, with nothing written, a directory in use, one with something else in it, a damaged store, and a run of
    /// a study of another name, stream layout or numerics version. `limits` are asked for only where a cell is new.
    pub fn open<E: From<StoreError>>(
        dir: &Path,
        plan: &Plan,
        shard: Shard,
        session: Session,
        limits: impl FnOnce() -> Result<Vec<LimitRecord>, E>,
    ) -> Result<Self, E> {
        let claim = Directory::look(dir)?;
        let new = !claim.holds_run();
        let mut manifest = Manifest::of(plan, shard);
        let (mut there, mut before) = (None, Vec::new());
        if !new {
            let reader = Reader::open(dir)?;
            reader.manifest().accepts(dir, &manifest)?;
            reader.count_rows()?;
            manifest = manifest.adopting(reader.manifest());
            (there, before) = (Some(reader.manifest().clone()), reader.stored_cells());
        }
        let (records, places) = extended(&before, plan, limits)?;
        manifest.cells.clone_from(&places);
        let dir = claim.lock()?;
        if new {
            // Another process may have begun here between the look and the lock.
            if dir.path().join(STORE).exists() {
                return Err(StoreError::InUse { dir: dir.path().to_owned() }.into());
            }
            let created = Draft::begin(&dir, &manifest, &records).and_then(Draft::publish);
            if let Err(error) = created {
                dir.undo();
                return Err(error.into());
            }
        }
        let path = dir.path().join(STORE);
        let fail = || StoreError::sqlite("write", &path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&path, flags).map_err(fail())?;
        configure(&conn).map_err(fail())?;
        let key_bits = records.iter().map(key_bits).collect();
        let asked = manifest.asked.clone();
        let mut store = Self { conn, dir, cells: before, places, key_bits, asked, session, entered: false };
        write_study(store.dir(), &manifest)?;
        if there.is_some_and(|there| there != manifest) || !new && store.cells != records {
            store.ask(&manifest, &records).map_err(StoreError::sqlite("write", &path))?;
        }
        store.cells = records;
        Ok(store)
    }

    /// Asks for the cells of another plan of the study in place of the last, of which those that are new are added,
    /// with their limits, in one transaction.
    pub fn extend<E: From<StoreError>>(
        &mut self,
        plan: &Plan,
        limits: impl FnOnce() -> Result<Vec<LimitRecord>, E>,
    ) -> Result<(), E> {
        let (records, places) = extended(&self.cells, plan, limits)?;
        let mut manifest = Manifest::of(plan, Shard::WHOLE);
        manifest.cells.clone_from(&places);
        let path = self.dir.path().join(STORE);
        self.ask(&manifest, &records).map_err(StoreError::sqlite("write", path))?;
        write_study(self.dir(), &manifest)?;
        self.key_bits = records.iter().map(key_bits).collect();
        (self.cells, self.places, self.asked) = (records, places, manifest.asked);
        Ok(())
    }

    /// What is asked of the cells of the plan: by the plan, or, where it is the study that is there, cell by cell.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What a cell of the plan lacks of what is needed.
    pub fn missing(&self, cell: usize, mut need: Need) -> Result<Missing, StoreError> {
        let fail = || StoreError::sqlite(READ, self.dir.path().join(STORE));
        let sql =
            "SELECT seed, relative_fro FROM samples WHERE cell = ?1 AND seed BETWEEN ?2 AND ?3 ORDER BY seed";
        let mut statement = self.conn.prepare(sql).map_err(fail())?;
        // The end may be 2⁶³, beyond the column's type; the last seed is not.
        let bounds = need.bounds();
        let bounds =
            params![self.places[cell] as i64, bounds.start as i64, bounds.end.saturating_sub(1) as i64];
        let mut present = statement.query(bounds).map_err(fail())?;
        while let Some(row) = present.next().map_err(fail())? {
            let seed = row.get::<_, i64>(0).map_err(fail())? as u64;
            need.push(seed, row.get::<_, Option<f64>>(1).map_err(fail())?.unwrap_or(f64::NAN));
        }
        Ok(need.missing())
    }

    /// Adds samples of cells of the plan, each with all that belongs to it, in one transaction; when this returns they
    /// are on the disk.
    pub fn insert(&mut self, samples: &[Sample]) -> Result<(), StoreError> {
        // A copy, since who was refused a held store comes with the same samples again.
        let mut samples = samples.to_vec();
        for sample in &mut samples {
            let place = self.places[sample.row.cell];
            sample.row.renumber(place);
            each_part!(Kind => {
                Kind::rows_in_mut(sample).iter_mut().for_each(|row| row.renumber(place));
            });
        }
        let path = self.dir.path().join(STORE);
        let Self { conn, session, entered, key_bits, .. } = &mut *self;
        let mut insert = || {
            let transaction = conn.transaction()?;
            if !*entered {
                draft::insert_session(&transaction, session)?;
            }
            draft::insert_samples(&transaction, key_bits, &samples)?;
            transaction.commit()
        };
        // The transaction has ended here: what looks for the reason closes the store, which would drop its locks.
        insert().map_err(StoreError::sqlite("write", path))?;
        self.entered = true;
        Ok(())
    }

    /// Remembers what is asked for now, with cells that are new, all of it or nothing.
    fn ask(&mut self, manifest: &Manifest, cells: &[CellRecord]) -> rusqlite::Result<()> {
        let transaction = self.conn.transaction()?;
        draft::ask(&transaction, manifest, &self.cells, cells)?;
        transaction.commit()
    }
}

fn configure(conn: &Connection) -> rusqlite::Result<()> {
    // Who waits longer tries again (`study::patience`).
    conn.busy_timeout(Duration::from_millis(200))?;
    draft::roll_back(conn)?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", "ON")
}

/// The cells of a store with those of a plan: known ones take in the names that the plan has for them, new ones follow
/// with their limits. With them the place of every cell of the plan.
fn extended<E>(
    there: &[CellRecord],
    plan: &Plan,
    limits: impl FnOnce() -> Result<Vec<LimitRecord>, E>,
) -> Result<(Vec<CellRecord>, Vec<usize>), E> {
    let known: HashMap<&str, usize> = there.iter().map(|cell| cell.key.as_str()).zip(0..).collect();
    let asked: Vec<CellRecord> =
        plan.cells().iter().map(|cell| CellRecord::of(cell, LimitRecord::default())).collect();
    let found: Vec<Option<usize>> = asked.iter().map(|cell| known.get(cell.key.as_str()).copied()).collect();
    let limits = if found.contains(&None) { limits()? } else { Vec::new() };
    let (mut cells, mut places) = (there.to_vec(), Vec::with_capacity(asked.len()));
    for (index, (cell, place)) in asked.into_iter().zip(found).enumerate() {
        match place {
            Some(place) => cells[place].rename(&cell),
            None => {
                let limit = limits.get(index).cloned().unwrap_or_default();
                cells.push(CellRecord { limit, ..cell });
            }
        }
        places.push(place.unwrap_or(cells.len() - 1));
    }
    Ok((cells, places))
}
