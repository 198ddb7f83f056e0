//! The one writer of a run directory.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};

use super::row::{CellRecord, LimitRecord, Manifest, Row, Session, digest};
use super::schema::{APPLICATION_ID, FORMAT, TABLES};
use super::{Reader, STATISTICS, StoreError};
use crate::rng::LAYOUT_VERSION;
use crate::study::directory::{BEGUN, Directory, STORE, STUDY};
use crate::study::{NUMERICS_VERSION, Plan};

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
        session: Session,
        limits: impl FnOnce() -> Result<Vec<LimitRecord>, E>,
    ) -> Result<Self, E> {
        let claim = Directory::look(dir)?;
        let new = !claim.holds_run();
        let mut seeds = String::new();
        if !new {
            let reader = Reader::open(dir)?;
            compare(dir, reader.manifest(), plan)?;
            reader.verify_rows()?;
            seeds = reader.manifest().seeds.clone();
        }
        let records: Vec<CellRecord> = if new {
            plan.cells().iter().zip(limits()?).map(|(cell, limit)| CellRecord::new(cell, limit)).collect()
        } else {
            Vec::new()
        };
        let dir = claim.lock()?;
        if new {
            // Another process may have begun here between the look and the lock.
            if dir.path().join(STORE).exists() {
                return Err(StoreError::InUse { dir: dir.path().to_owned() }.into());
            }
            if let Err(error) = create(&dir, plan, &records) {
                dir.undo();
                return Err(error.into());
            }
        }
        let path = dir.path().join(STORE);
        let fail = || StoreError::sqlite("open", &path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&path, flags).map_err(fail())?;
        configure(&conn).map_err(fail())?;
        let key_bits =
            plan.cells().iter().map(|c| CellRecord::new(c, LimitRecord::default()).key_bits()).collect();
        let store = Self { conn, dir, key_bits, session, entered: false };
        store.write_study(plan)?;
        if !new && seeds != plan.seeds().to_string() {
            let sql = "UPDATE manifest SET value = ?1 WHERE name = 'seeds'";
            store
                .conn
                .execute(sql, [plan.seeds().to_string()])
                .map_err(StoreError::sqlite("write", &path))?;
        }
        Ok(store)
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The seeds of a range that a cell has no row of, as ascending ranges.
    pub fn missing(&self, cell: usize, seeds: Range<u64>) -> Result<Vec<Range<u64>>, StoreError> {
        let fail = || StoreError::sqlite("read", self.dir.path().join(STORE));
        let sql = "SELECT seed FROM samples WHERE cell = ?1 AND seed BETWEEN ?2 AND ?3 ORDER BY seed";
        let mut statement = self.conn.prepare(sql).map_err(fail())?;
        // The end may be 2⁶³, beyond the column's type; the last seed is not.
        let bounds = params![cell as i64, seeds.start as i64, seeds.end.saturating_sub(1) as i64];
        let mut present = statement.query(bounds).map_err(fail())?;
        let (mut gaps, mut next) = (Vec::new(), seeds.start);
        while let Some(row) = present.next().map_err(fail())? {
            let seed = row.get::<_, i64>(0).map_err(fail())? as u64;
            if seed > next {
                gaps.push(next..seed);
            }
            next = seed + 1;
        }
        if next < seeds.end {
            gaps.push(next..seeds.end);
        }
        Ok(gaps)
    }

    /// Adds rows in one transaction; when this returns they are on the disk.
    pub fn insert(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        let path = self.dir.path().join(STORE);
        let fail = || StoreError::sqlite("write", &path);
        let transaction = self.conn.transaction().map_err(fail())?;
        if !self.entered {
            let s = &self.session;
            let sql = "INSERT INTO sessions (started, version, build, device, driver, threads) \
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let fields = params![s.started as i64, s.version, s.commit, s.device, s.driver, s.threads as i64];
            transaction.execute(sql, fields).map_err(fail())?;
        }
        {
            let marks = vec!["?"; STATISTICS.len() + 5].join(", ");
            let columns = STATISTICS.join(", ");
            let sql = format!(
                "INSERT INTO samples (cell, seed, {columns}, device, seconds, check_sum) VALUES ({marks})"
            );
            let mut statement = transaction.prepare(&sql).map_err(fail())?;
            for row in rows {
                let mut row = row.clone();
                // SQLite keeps no −0 in a column.
                row.values.iter_mut().for_each(|v| *v += 0.0);
                let sum = row.check_sum(self.key_bits[row.cell]);
                let v = &row.values;
                let fields = params![
                    row.cell as i64,
                    row.seed as i64,
                    v[0],
                    v[1],
                    v[2],
                    v[3],
                    v[4],
                    v[5],
                    v[6],
                    v[7],
                    v[8],
                    v[9],
                    &*row.device,
                    row.seconds,
                    sum
                ];
                statement.execute(fields).map_err(fail())?;
            }
        }
        transaction.commit().map_err(fail())?;
        self.entered = true;
        Ok(())
    }

    /// `study.toml`, where it does not say it already.
    fn write_study(&self, plan: &Plan) -> Result<(), StoreError> {
        let path = self.dir.path().join(STUDY);
        let text = format!(
            "# The study of this run directory as resolved. To resume it: eoc run THIS_FILE --out THIS_DIRECTORY\n{}",
            plan.spec().to_toml()
        );
        if fs::read_to_string(&path).is_ok_and(|there| there == text) {
            return Ok(());
        }
        let aside = self.dir.path().join(format!("{STUDY}.new"));
        fs::write(&aside, text).map_err(StoreError::io("write", &aside))?;
        fs::rename(&aside, &path).map_err(StoreError::io("write", &path))
    }
}

fn configure(conn: &Connection) -> rusqlite::Result<()> {
    // A reader holds its lock for one chunk of rows; a slow disk may make that long.
    conn.busy_timeout(Duration::from_secs(60))?;
    conn.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", "ON")
}

/// Refuses a run that is not one of this plan by this program's numbers.
fn compare(dir: &Path, found: &Manifest, plan: &Plan) -> Result<(), StoreError> {
    let versions = [
        ("stream layout", found.stream_layout, LAYOUT_VERSION),
        ("numerics version", found.numerics_version, NUMERICS_VERSION),
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
    if found.identity != plan.identity() {
        let name = |study: &str, identity: &str| format!("{study}-{}", identity.get(..8).unwrap_or(identity));
        return Err(StoreError::OtherStudy {
            dir: dir.to_owned(),
            found: name(&found.study, &found.identity),
            asked: plan.directory_name(),
        });
    }
    Ok(())
}

/// Builds the store aside and renames it, so that a store is whole from its first moment.
fn create(dir: &Directory, plan: &Plan, records: &[CellRecord]) -> Result<(), StoreError> {
    let aside = dir.path().join(BEGUN);
    let journal = dir.path().join(format!("{BEGUN}-journal"));
    for old in [&aside, &journal] {
        match fs::remove_file(old) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::io("remove", old)(error));
            }
            _ => {}
        }
    }
    fill(&aside, plan, records).map_err(StoreError::sqlite("create", dir.path().join(STORE)))?;
    let path = dir.path().join(STORE);
    fs::rename(&aside, &path).map_err(StoreError::io("create", &path))?;
    dir.sync()
}

fn fill(file: &Path, plan: &Plan, records: &[CellRecord]) -> rusqlite::Result<()> {
    let mut conn = Connection::open(file)?;
    configure(&conn)?;
    let transaction = conn.transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.execute_batch(TABLES)?;
    let manifest = Manifest {
        study: plan.name().to_owned(),
        identity: plan.identity().to_owned(),
        stream_layout: LAYOUT_VERSION,
        numerics_version: NUMERICS_VERSION,
        seeds: plan.seeds().to_string(),
    };
    let entries = [
        ("study", manifest.study.clone()),
        ("identity", manifest.identity.clone()),
        ("stream_layout", manifest.stream_layout.to_string()),
        ("numerics_version", manifest.numerics_version.to_string()),
        ("seeds", manifest.seeds.clone()),
        ("digest", digest(&manifest, records)),
    ];
    for (name, value) in entries {
        transaction.execute("INSERT INTO manifest VALUES (?1, ?2)", [name, &value])?;
    }
    {
        let marks = vec!["?"; 20].join(", ");
        let mut statement = transaction.prepare(&format!("INSERT INTO cells VALUES ({marks})"))?;
        for (index, c) in records.iter().enumerate() {
            statement.execute(params![
                index as i64,
                c.key,
                c.activation,
                c.a,
                c.b,
                c.depth as i64,
                c.schedule,
                c.width.map(|w| w as i64),
                c.widths,
                c.outputs as i64,
                c.scale,
                c.data,
                c.normalize,
                c.n as i64,
                c.sampler,
                c.precision,
                c.limit.lambda_min,
                c.limit.lambda_max,
                c.limit.relative_sd_diagonal,
                c.limit.bound
            ])?;
        }
    }
    transaction.commit()
}
