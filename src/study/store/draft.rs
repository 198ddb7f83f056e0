//! A store that is built aside and gets its name when it is whole: a new run, or the outcome of a merge.
//!
//! Until then nobody reads it, so that it needs no journal; a sync of the file before the rename makes it durable.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::row::{CellRecord, Manifest, Row, Session, asked_digest, digest};
use super::schema::{APPLICATION_ID, FORMAT, TABLES};
use super::{STATISTICS, StoreError};
use crate::study::directory::{BEGUN, Directory, STORE, STUDY};

/// A store in the making.
pub struct Draft {
    conn: Connection,
    /// Its file until it is whole.
    aside: PathBuf,
    /// Its file then, and its name in errors.
    path: PathBuf,
    key_bits: Vec<u64>,
}

impl Draft {
    /// Starts a store of a plan, with no rows, in a directory whose lock is held.
    pub fn begin(dir: &Directory, manifest: &Manifest, cells: &[CellRecord]) -> Result<Self, StoreError> {
        let (aside, path) = (dir.path().join(BEGUN), dir.path().join(STORE));
        for old in [&aside, &dir.path().join(format!("{BEGUN}-journal"))] {
            match fs::remove_file(old) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StoreError::io("remove", old)(error));
                }
                _ => {}
            }
        }
        let conn = fill(&aside, manifest, cells).map_err(|error| {
            // Of two errors the first tells more.
            let _ = fs::remove_file(&aside);
            StoreError::sqlite("create", &path)(error)
        })?;
        Ok(Self { conn, aside, path, key_bits: cells.iter().map(CellRecord::key_bits).collect() })
    }

    /// Adds rows.
    pub fn insert(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        let fail = || StoreError::sqlite("write", &self.path);
        let transaction = self.conn.transaction().map_err(fail())?;
        insert_rows(&transaction, &self.key_bits, rows).map_err(fail())?;
        transaction.commit().map_err(fail())
    }

    /// Adds the processes that added the rows.
    pub fn insert_sessions(&mut self, sessions: &[Session]) -> Result<(), StoreError> {
        let fail = || StoreError::sqlite("write", &self.path);
        let transaction = self.conn.transaction().map_err(fail())?;
        for session in sessions {
            insert_session(&transaction, session).map_err(fail())?;
        }
        transaction.commit().map_err(fail())
    }

    /// Makes it durable and gives it its name, in place of a store that was there.
    pub fn publish(self) -> Result<(), StoreError> {
        let Self { conn, aside, path, .. } = self;
        conn.close().map_err(|(_, error)| StoreError::sqlite("create", &path)(error))?;
        if path.exists() {
            settle(&path).map_err(StoreError::sqlite("roll back", &path))?;
        }
        crate::files::publish(&aside, &path).map_err(StoreError::io("create", &path))
    }

    /// Removes what was built; what cannot be removed is replaced by the next that begins.
    pub fn discard(self) {
        drop(self.conn);
        let _ = fs::remove_file(&self.aside);
    }
}

/// Rolls back what a killed writer left of a store that is about to be replaced: its journal would be played into the new one.
fn settle(path: &Path) -> rusqlite::Result<()> {
    let conn = Connection::open(path)?;
    // A write lock, so that the roll-back is done and the journal gone; nothing is changed.
    conn.execute_batch("BEGIN IMMEDIATE; ROLLBACK")
}

fn fill(file: &Path, manifest: &Manifest, cells: &[CellRecord]) -> rusqlite::Result<Connection> {
    let mut conn = Connection::open(file)?;
    conn.pragma_update_and_check(None, "journal_mode", "OFF", |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "OFF")?;
    let transaction = conn.transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.execute_batch(TABLES)?;
    let entries = [
        ("study", manifest.study.clone()),
        ("identity", manifest.identity.clone()),
        ("stream_layout", manifest.stream_layout.to_string()),
        ("numerics_version", manifest.numerics_version.to_string()),
        ("digest", digest(manifest, cells)),
    ];
    for (name, value) in entries.into_iter().chain(asked_entries(manifest)) {
        transaction.execute("INSERT INTO manifest VALUES (?1, ?2)", [name, &value])?;
    }
    {
        let marks = vec!["?"; 20].join(", ");
        let mut statement = transaction.prepare(&format!("INSERT INTO cells VALUES ({marks})"))?;
        for (index, c) in cells.iter().enumerate() {
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
    transaction.commit()?;
    Ok(conn)
}

/// The entries of the manifest that change from one `eoc run` to the next.
pub(super) fn asked_entries(manifest: &Manifest) -> [(&'static str, String); 5] {
    [
        ("seeds", manifest.asked.range().to_string()),
        ("standard_error", manifest.asked.target().map_or_else(String::new, |target| target.to_string())),
        ("shard", manifest.shard.to_string()),
        ("text", manifest.text.clone()),
        ("asked_digest", asked_digest(manifest)),
    ]
}

pub(super) fn insert_session(conn: &Connection, s: &Session) -> rusqlite::Result<()> {
    let sql = "INSERT INTO sessions (started, version, build, device, driver, threads) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let fields = params![s.started as i64, s.version, s.commit, s.device, s.driver, s.threads as i64];
    conn.execute(sql, fields).map(|_| ())
}

/// `key_bits` are those of the cells, in order.
pub(super) fn insert_rows(conn: &Connection, key_bits: &[u64], rows: &[Row]) -> rusqlite::Result<()> {
    let marks = vec!["?"; STATISTICS.len() + 5].join(", ");
    let columns = STATISTICS.join(", ");
    let sql =
        format!("INSERT INTO samples (cell, seed, {columns}, device, seconds, check_sum) VALUES ({marks})");
    let mut statement = conn.prepare(&sql)?;
    for row in rows {
        let mut row = row.clone();
        // SQLite keeps no −0 in a column.
        row.values.iter_mut().for_each(|v| *v += 0.0);
        let sum = row.check_sum(key_bits[row.cell]);
        let v = &row.values;
        statement.execute(params![
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
        ])?;
    }
    Ok(())
}

/// `study.toml` of a run directory, where it does not say it already.
pub fn write_study(dir: &Path, manifest: &Manifest) -> Result<(), StoreError> {
    let path = dir.join(STUDY);
    let shard = match manifest.shard {
        shard if shard.is_whole() => String::new(),
        shard => format!(" --shard {shard}"),
    };
    let text = format!(
        "# The study of this run directory as resolved. To resume it: eoc run THIS_FILE{shard} --out THIS_DIRECTORY\n{}",
        manifest.text
    );
    if fs::read_to_string(&path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    crate::files::write(&path, text.as_bytes()).map_err(StoreError::io("write", &path))
}
