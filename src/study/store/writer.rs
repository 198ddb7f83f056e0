//! The one writer of a run directory.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};

use super::check::key_bits;
use super::directory::{Directory, STORE};
use super::draft::{self, Draft, write_study};
use super::manifest::{Manifest, Session};
use super::{Reader, StoreError};
use crate::rng::LAYOUT_VERSION;
use crate::study::table::{CellRecord, LimitRecord, Row};
use crate::study::{Missing, NUMERICS_VERSION, Need, Plan, Shard};

/// An open run directory: this process holds its lock, and its store is that of the plan.
pub struct Store {
    conn: Connection,
    dir: Directory,
    key_bits: Vec<u64>,
    session: Session,
    /// Whether this session is in the table yet; it enters with its first row.
    entered: bool,
}

impl Store {
    /// Opens the run directory of a plan, or creates it, parents included.
    ///
    /// Refuses, with nothing written, a directory in use, one with something else in it, a damaged store, and a run of
    /// another study, stream layout or numerics version. `limits` are asked for only when the store is created.
    pub fn open<E: From<StoreError>>(
        dir: &Path,
        plan: &Plan,
        shard: Shard,
        session: Session,
        limits: impl FnOnce() -> Result<Vec<LimitRecord>, E>,
    ) -> Result<Self, E> {
        let claim = Directory::look(dir)?;
        let new = !claim.holds_run();
        let manifest = manifest(plan, shard);
        let mut there = None;
        if !new {
            let reader = Reader::open(dir)?;
            compare(dir, reader.manifest(), &manifest)?;
            reader.count_rows()?;
            there = Some(reader.manifest().clone());
        }
        let records: Vec<CellRecord> = if new {
            plan.cells().iter().zip(limits()?).map(|(cell, limit)| CellRecord::of(cell, limit)).collect()
        } else {
            Vec::new()
        };
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
        let fail = || StoreError::sqlite("open", &path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&path, flags).map_err(fail())?;
        configure(&conn).map_err(fail())?;
        let record = |cell| CellRecord::of(cell, LimitRecord::default());
        let key_bits = plan.cells().iter().map(|cell| key_bits(&record(cell))).collect();
        let mut store = Self { conn, dir, key_bits, session, entered: false };
        write_study(store.dir(), &manifest)?;
        if there.is_some_and(|there| there != manifest) {
            store.ask(&manifest).map_err(StoreError::sqlite("write", &path))?;
        }
        Ok(store)
    }

    /// Whether a directory holds just this run with every row that is asked for, so that nothing need be written: it may be one
    /// that cannot be written. False where there is no run, or another one, of which [`Store::open`] says more.
    pub fn is_finished(dir: &Path, plan: &Plan, shard: Shard) -> Result<bool, StoreError> {
        let reader = match Reader::open(dir) {
            Err(StoreError::NoRun { .. }) => return Ok(false),
            other => other?,
        };
        if *reader.manifest() != manifest(plan, shard) {
            return Ok(false);
        }
        Ok(reader.missing(plan.asked(), shard)?.iter().all(|m| m.gaps.is_empty()))
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What a cell lacks of what is needed.
    pub fn missing(&self, cell: usize, mut need: Need) -> Result<Missing, StoreError> {
        let fail = || StoreError::sqlite("read", self.dir.path().join(STORE));
        let sql =
            "SELECT seed, relative_fro FROM samples WHERE cell = ?1 AND seed BETWEEN ?2 AND ?3 ORDER BY seed";
        let mut statement = self.conn.prepare(sql).map_err(fail())?;
        // The end may be 2⁶³, beyond the column's type; the last seed is not.
        let bounds = need.bounds();
        let bounds = params![cell as i64, bounds.start as i64, bounds.end.saturating_sub(1) as i64];
        let mut present = statement.query(bounds).map_err(fail())?;
        while let Some(row) = present.next().map_err(fail())? {
            let seed = row.get::<_, i64>(0).map_err(fail())? as u64;
            need.push(seed, row.get::<_, Option<f64>>(1).map_err(fail())?.unwrap_or(f64::NAN));
        }
        Ok(need.missing())
    }

    /// Adds rows in one transaction; when this returns they are on the disk.
    pub fn insert(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        let path = self.dir.path().join(STORE);
        let fail = || StoreError::sqlite("write", &path);
        let transaction = self.conn.transaction().map_err(fail())?;
        if !self.entered {
            draft::insert_session(&transaction, &self.session).map_err(fail())?;
        }
        draft::insert_rows(&transaction, &self.key_bits, rows).map_err(fail())?;
        transaction.commit().map_err(fail())?;
        self.entered = true;
        Ok(())
    }

    /// Remembers what is asked for now.
    fn ask(&mut self, manifest: &Manifest) -> rusqlite::Result<()> {
        let transaction = self.conn.transaction()?;
        for (name, value) in draft::asked_entries(manifest) {
            transaction.execute("UPDATE manifest SET value = ?2 WHERE name = ?1", [name, &value])?;
        }
        transaction.commit()
    }
}

/// The manifest of a plan of which this shard is run.
fn manifest(plan: &Plan, shard: Shard) -> Manifest {
    Manifest {
        study: plan.name().to_owned(),
        identity: plan.identity().to_owned(),
        stream_layout: LAYOUT_VERSION,
        numerics_version: NUMERICS_VERSION,
        asked: plan.asked().clone(),
        shard,
        text: plan.spec().to_toml(),
    }
}

fn configure(conn: &Connection) -> rusqlite::Result<()> {
    // A reader holds its lock for one chunk of rows; a slow disk may make that long.
    conn.busy_timeout(Duration::from_secs(60))?;
    conn.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", "ON")
}

/// Refuses a run that is not of the study and the numbers asked for.
fn compare(dir: &Path, found: &Manifest, asked: &Manifest) -> Result<(), StoreError> {
    let versions = [
        ("stream layout", found.stream_layout, asked.stream_layout),
        ("numerics version", found.numerics_version, asked.numerics_version),
    ];
    for (what, there, here) in versions {
        if there != here {
            return Err(StoreError::OtherVersion {
                dir: dir.to_owned(),
                what,
                found: there.to_string(),
                here,
            });
        }
    }
    if found.identity != asked.identity {
        return Err(StoreError::OtherStudy {
            dir: dir.to_owned(),
            found: found.directory_name(),
            asked: asked.directory_name(),
        });
    }
    Ok(())
}
