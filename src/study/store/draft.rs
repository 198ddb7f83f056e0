//! A store that is built aside and gets its name when it is whole: a new run, or the outcome of a merge.
//!
//! Until then nobody reads it, so that it needs no journal; a sync of the file before the rename makes it durable.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Statement, ffi, params};

use super::StoreError;
use super::check::{check_sum, key_bits};
use super::directory::{BEGUN, Directory, STORE, STUDY};
use super::error::CREATE;
use super::manifest::{Manifest, SEEDS_BY_CELL, Session, asked_digest, digest, ranges, wishes_entry};
use super::schema::{APPLICATION_ID, FORMAT, bind, insert, names, tables};
use crate::files::Aside;
use crate::study::table::{CellRecord, Fields, Part, Record, Row, Sample, Value, columns, each_part};

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
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(StoreError::io("remove", old)(error));
                }
                _ => {}
            }
        }
        let conn = fill(&aside, manifest, cells).map_err(|error| {
            // Of two errors the first tells more.
            let failed = StoreError::of_sqlite(CREATE, &path, &aside, error);
            let _ = fs::remove_file(&aside);
            failed
        })?;
        Ok(Self { conn, aside, path, key_bits: cells.iter().map(key_bits).collect() })
    }

    /// Adds samples.
    pub fn insert(&mut self, samples: &[Sample]) -> Result<(), StoreError> {
        let Self { conn, aside, path, key_bits } = self;
        let mut insert = || {
            let transaction = conn.transaction()?;
            insert_samples(&transaction, key_bits, samples)?;
            transaction.commit()
        };
        insert().map_err(|error| StoreError::of_sqlite(CREATE, path, aside, error))
    }

    /// Adds the processes that added the rows.
    pub fn insert_sessions(&mut self, sessions: &[Session]) -> Result<(), StoreError> {
        let Self { conn, aside, path, .. } = self;
        let mut insert = || {
            let transaction = conn.transaction()?;
            for session in sessions {
                insert_session(&transaction, session)?;
            }
            transaction.commit()
        };
        insert().map_err(|error| StoreError::of_sqlite(CREATE, path, aside, error))
    }

    /// Makes it durable and gives it its name, in place of a store that was there.
    pub fn publish(self) -> Result<(), StoreError> {
        let Self { conn, aside, path, .. } = self;
        conn.close().map_err(|(_, error)| StoreError::of_sqlite(CREATE, &path, &aside, error))?;
        if path.exists() {
            settle(&path).map_err(StoreError::sqlite("replace", &path))?;
        }
        crate::files::publish(&aside, &path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => StoreError::lost(&aside),
            _ => StoreError::io(CREATE, &path)(error),
        })
    }

    /// Removes what was built; what cannot be removed is replaced by the next that begins.
    pub fn discard(self) {
        drop(self.conn);
        let _ = fs::remove_file(&self.aside);
    }
}

/// Rolls back what a killed writer left of a store that is about to be replaced: its journal would be played into the
/// new one.
fn settle(path: &Path) -> rusqlite::Result<()> {
    let conn = Connection::open(path)?;
    // A write lock, so that the roll-back is done and the journal gone; nothing is changed.
    conn.execute_batch("BEGIN IMMEDIATE; ROLLBACK")?;
    roll_back(&conn)
}

/// The journal of a run store, also where a viewer has switched it to another; refused while the viewer has it open.
pub(super) fn roll_back(conn: &Connection) -> rusqlite::Result<()> {
    let mode: String = conn.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))?;
    match mode.as_str() {
        "delete" => Ok(()),
        _ => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None)),
    }
}

fn fill(file: &Path, manifest: &Manifest, cells: &[CellRecord]) -> rusqlite::Result<Connection> {
    let mut conn = Connection::open(file)?;
    conn.pragma_update_and_check(None, "journal_mode", "OFF", |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "OFF")?;
    let transaction = conn.transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.execute_batch(&tables())?;
    let entries = [
        ("study", manifest.study.clone()),
        ("details", manifest.details.to_string()),
        ("stream_layout", manifest.stream_layout.to_string()),
        ("numerics_version", manifest.numerics_version.to_string()),
        ("digest", digest(&manifest.study, manifest.details, cells)),
    ];
    for (name, value) in entries.into_iter().chain(asked_entries(manifest)) {
        transaction.execute("INSERT INTO manifest VALUES (?1, ?2)", [name, &value])?;
    }
    ask_by_cell(&transaction, manifest)?;
    insert_cells(&transaction, 0, cells)?;
    transaction.commit()?;
    Ok(conn)
}

/// Adds cells, the first of which has this index.
fn insert_cells(conn: &Connection, first: usize, cells: &[CellRecord]) -> rusqlite::Result<()> {
    let marks = vec!["?"; 1 + columns::<CellRecord>().len()].join(", ");
    let mut statement = conn.prepare(&format!("INSERT INTO cells VALUES ({marks})"))?;
    for (index, cell) in cells.iter().enumerate() {
        bind(&mut statement, 1, Value::Integer((first + index) as u64))?;
        bind_all(&mut statement, 2, cell)?;
        statement.raw_execute()?;
    }
    Ok(())
}

/// Remembers what is asked for now, and makes the cells from `before` to `cells`: names may be new, and cells at the
/// end.
pub(super) fn ask(
    conn: &Connection,
    manifest: &Manifest,
    before: &[CellRecord],
    cells: &[CellRecord],
) -> rusqlite::Result<()> {
    for (name, value) in asked_entries(manifest) {
        conn.execute("UPDATE manifest SET value = ?2 WHERE name = ?1", [name, &value])?;
    }
    ask_by_cell(conn, manifest)?;
    if before == cells {
        return Ok(());
    }
    let all = columns::<CellRecord>();
    let marks = vec!["?"; all.len()].join(", ");
    let mut statement =
        conn.prepare(&format!("UPDATE cells SET ({}) = ({marks}) WHERE cell = ?", names(&all)))?;
    for (index, (_, cell)) in
        before.iter().zip(cells).enumerate().filter(|(_, (before, cell))| before != cell)
    {
        let end = bind_all(&mut statement, 1, cell)?;
        bind(&mut statement, end, Value::Integer(index as u64))?;
        statement.raw_execute()?;
    }
    insert_cells(conn, before.len(), &cells[before.len()..])?;
    let digest = digest(&manifest.study, manifest.details, cells);
    conn.execute("UPDATE manifest SET value = ?1 WHERE name = 'digest'", [digest]).map(|_| ())
}

/// The entry of seeds that are asked for cell by cell, where they are.
fn ask_by_cell(conn: &Connection, manifest: &Manifest) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM manifest WHERE name = ?1", [SEEDS_BY_CELL])?;
    if let Some(value) = wishes_entry(manifest) {
        conn.execute("INSERT INTO manifest VALUES (?1, ?2)", [SEEDS_BY_CELL, &value])?;
    }
    Ok(())
}

/// The entries of the manifest that change from one `eoc run` to the next.
fn asked_entries(manifest: &Manifest) -> [(&'static str, String); 7] {
    [
        ("identity", manifest.identity.clone()),
        ("cells", ranges(&manifest.cells)),
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

/// Adds samples with all that belongs to them; `key_bits` are those of the cells, in order.
pub(super) fn insert_samples(
    conn: &Connection,
    key_bits: &[u64],
    samples: &[Sample],
) -> rusqlite::Result<()> {
    insert_rows::<Row>(conn, key_bits, samples.iter().map(|sample| &sample.row), false)?;
    each_part!(Kind => {
        // What damage has left of a sample that was lost, and is drawn again, gives way.
        insert_rows::<Kind>(conn, key_bits, samples.iter().flat_map(Kind::rows_in), true)?;
    });
    Ok(())
}

/// The first column of a row is the index of its cell. `over` replaces rows of the same keys.
pub(super) fn insert_rows<'a, R: Record + 'a>(
    conn: &Connection,
    key_bits: &[u64],
    rows: impl IntoIterator<Item = &'a R>,
    over: bool,
) -> rusqlite::Result<()> {
    let mut statement = conn.prepare(&insert::<R>(over))?;
    for row in rows {
        let end = bind_all(&mut statement, 1, row)?;
        let bits = cell(row).and_then(|cell| key_bits.get(cell));
        let bits = bits.ok_or_else(|| rusqlite::Error::ToSqlConversionFailure("a row of no cell".into()))?;
        statement.raw_bind_parameter(end, check_sum(row, *bits))?;
        statement.raw_execute()?;
    }
    Ok(())
}

/// The first value of a row.
fn cell(row: &impl Record) -> Option<usize> {
    let mut first = None;
    row.each(&mut |value| {
        first.get_or_insert(value);
    });
    match first {
        Some(Value::Integer(cell)) => usize::try_from(cell).ok(),
        _ => None,
    }
}

/// Binds all values of a row from this parameter on; returns the next.
fn bind_all(statement: &mut Statement, first: usize, row: &impl Fields) -> rusqlite::Result<usize> {
    let (mut parameter, mut bound) = (first, Ok(()));
    row.each(&mut |value| {
        if bound.is_ok() {
            bound = bind(statement, parameter, value);
        }
        parameter += 1;
    });
    bound.map(|()| parameter)
}

/// `study.toml` of a run directory, where it does not say it already.
pub fn write_study(dir: &Path, manifest: &Manifest) -> Result<(), StoreError> {
    StudyFile::begin(dir, manifest)?.finish()
}

/// The same, written beside its name first: what can fail fails before the store is replaced.
pub struct StudyFile {
    /// None where the file says it already.
    file: Option<Aside>,
    path: PathBuf,
}

impl StudyFile {
    /// Writes it beside its name.
    pub fn begin(dir: &Path, manifest: &Manifest) -> Result<Self, StoreError> {
        let path = dir.join(STUDY);
        let text = study_text(manifest);
        if fs::read_to_string(&path).is_ok_and(|there| there == text) {
            return Ok(Self { file: None, path });
        }
        let write = || {
            let mut file = Aside::create(&path)?;
            file.write_all(text.as_bytes())?;
            file.flush().map(|()| file)
        };
        let file = write().map_err(StoreError::io("write", &path))?;
        Ok(Self { file: Some(file), path })
    }

    /// Gives it its name.
    pub fn finish(self) -> Result<(), StoreError> {
        self.file.map_or(Ok(()), Aside::finish).map_err(StoreError::io("write", &self.path))
    }
}

fn study_text(manifest: &Manifest) -> String {
    let part = match manifest.shard {
        shard if shard.is_whole() => String::new(),
        shard => format!(", of which shard {shard} is here"),
    };
    format!(
        "# The study of this run directory as resolved{part}. Run again into this directory, it is resumed.\n{}",
        manifest.text
    )
}
