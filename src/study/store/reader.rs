//! A run store that is only read: by export, by reports, and by a run before it writes.

use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, ffi};
use tempfile::TempDir;

use super::StoreError;
use super::check::key_bits;
use super::directory::STORE;
use super::error::{OPEN, READ};
use super::manifest::{Manifest, SEEDS_BY_CELL, Session, asked_digest, digest, indices, with_wishes};
use super::obstacle::Obstacle;
use super::rows::{Order, Rows, value};
use super::schema::{APPLICATION_ID, FORMAT, describe, expected, names};
use crate::study::cell::Cell;
use crate::study::table::{CellRecord, Details, Fields, Record, columns};
use crate::study::{Asked, Missing, Need, Plan, SeedRange, Shard};

/// How long a program may hold the store to itself: who writes a row does for milliseconds.
const HELD: Duration = Duration::from_secs(5);

/// A checked run store, open for reading.
///
/// Its cells are numbered here as everywhere outside the store: those of the study that was asked for last in its
/// order, behind them those of earlier studies in the order of their keys. So the numbers, and the order of an export,
/// follow from the cells that are there and the last study, not from the order in which studies were asked for.
pub struct Reader {
    conn: Connection,
    path: PathBuf,
    manifest: Manifest,
    cells: Vec<CellRecord>,
    /// Where in the store each of them is.
    places: Vec<usize>,
    /// By place.
    key_bits: Vec<u64>,
    /// Holds the copy that is read where the original waits for a roll-back.
    _copy: Option<TempDir>,
}

impl Reader {
    /// The run in a directory; None where there is none. A file in its place is None too: who makes a run there refuses it.
    pub fn look(dir: &Path) -> Result<Option<Self>, StoreError> {
        match Self::open(dir) {
            Err(StoreError::NoRun { .. } | StoreError::NotThere { .. } | StoreError::NoDirectory { .. }) => {
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    /// Whether it is just this run with every row that is asked for, so that nothing need be written: it may lie where
    /// nothing can be. Of another run [`Store::open`](super::Store::open) says more.
    pub fn is_finished(&self, plan: &Plan, shard: Shard) -> Result<bool, StoreError> {
        if self.manifest != Manifest::of(plan, shard).adopting(&self.manifest) {
            return Ok(false);
        }
        Ok(self.missing()?.iter().all(|m| m.gaps.is_empty()))
    }

    /// Opens the store of a run directory and checks all of it but the sample rows, which [`Reader::for_each`] checks
    /// as it goes. Changes nothing in the directory and takes no lock that outlives a chunk of rows.
    ///
    /// Not to be called while a transaction is open in the same process: closing the file that is looked at here would
    /// drop the locks of that transaction, as POSIX has it. [`Store`](super::Store) opens none beyond a call.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(STORE);
        check_place(dir, &path)?;
        match check_header(&path)? {
            Journal::Rollback => match Self::open_file(&path, &path, None) {
                // The writer was killed within a commit: only a writer may roll back, so a copy is rolled back and
                // read.
                Err(StoreError::Sqlite { error, .. }) if waits_for_roll_back(&error) => {
                    Self::open_copy(&path)
                }
                other => other,
            },
            // Reading it would leave files beside it.
            Journal::WriteAhead => Self::open_copy(&path),
        }
    }

    /// Reads a copy in which what its journal holds is done.
    fn open_copy(path: &Path) -> Result<Self, StoreError> {
        const COPYING: &str = "make a temporary copy of";
        let copying = || StoreError::io(COPYING, path);
        let copy = tempfile::tempdir().map_err(copying())?;
        let inside = copy.path().join(STORE);
        for suffix in ["", "-journal", "-wal"] {
            let name = |p: &Path| {
                let mut name = p.as_os_str().to_owned();
                name.push(suffix);
                PathBuf::from(name)
            };
            match std::fs::copy(name(path), name(&inside)) {
                Err(error) if error.kind() == ErrorKind::NotFound && !suffix.is_empty() => {}
                copied => copied.map(|_| ()).map_err(copying())?,
            }
        }
        let roll_back = || {
            let writer = Connection::open(&inside)?;
            writer.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
            writer.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))
        };
        roll_back().map_err(|error| StoreError::of_sqlite(COPYING, path, &inside, error))?;
        Self::open_file(&inside, path, Some(copy))
    }

    fn open_file(file: &Path, path: &Path, copy: Option<TempDir>) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let fail = || StoreError::sqlite(OPEN, path);
        let conn = Connection::open_with_flags(file, flags).map_err(fail())?;
        conn.busy_timeout(HELD).map_err(fail())?;
        // Pages are read once, in order; a merge has hundreds of readers.
        conn.pragma_update(None, "cache_size", -128).map_err(fail())?;
        check_structure(&conn, path)?;
        let cells = read_cells(&conn, path)?;
        let manifest = read_manifest(&conn, path, cells.len())?;
        let stored = manifest_value(&conn, path, "digest")?;
        if stored != digest(&manifest.study, manifest.details, &cells) {
            return Err(StoreError::damaged(path, "its plan does not agree with its digest"));
        }
        let disagrees = || StoreError::damaged(path, "what was asked for does not agree with its digest");
        if manifest_value(&conn, path, "asked_digest")? != asked_digest(&manifest) {
            return Err(disagrees());
        }
        let manifest = match manifest_entry(&conn, path, SEEDS_BY_CELL)? {
            Some(entry) => with_wishes(manifest, &entry).ok_or_else(disagrees)?,
            None => manifest,
        };
        let key_bits = cells.iter().map(key_bits).collect();
        let mut places = manifest.cells.clone();
        let mut asked = vec![false; cells.len()];
        places.iter().for_each(|&place| asked[place] = true);
        places.extend((0..cells.len()).filter(|&place| !asked[place]));
        places[manifest.cells.len()..].sort_by(|&a, &b| cells[a].key.cmp(&cells[b].key));
        let cells = places.iter().map(|&place| cells[place].clone()).collect();
        Ok(Self { conn, path: path.to_owned(), manifest, cells, places, key_bits, _copy: copy })
    }

    /// What the run is.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Every cell: those that were asked for last, and behind them those of earlier studies.
    pub fn cells(&self) -> &[CellRecord] {
        &self.cells
    }

    /// How many of the first cells the study that was asked for last has.
    pub fn asked_cells(&self) -> usize {
        self.manifest.cells.len()
    }

    /// How many of the first cells the directory is about: those of the study that was asked for last; all, where it asks
    /// for the seeds that are there, as searches for widths leave a study for each kind of network that they were asked
    /// about.
    pub fn shown_cells(&self) -> usize {
        if self.manifest.asked.is_of_found() { self.cells.len() } else { self.asked_cells() }
    }

    /// The cells as the store numbers them.
    pub(super) fn stored_cells(&self) -> Vec<CellRecord> {
        let mut cells = vec![CellRecord::default(); self.cells.len()];
        self.places.iter().zip(&self.cells).for_each(|(&place, cell)| cells[place] = cell.clone());
        cells
    }

    /// The processes that added samples, in order.
    pub fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        let fail = || StoreError::sqlite(READ, &self.path);
        let sql = "SELECT started, version, build, device, driver, threads FROM sessions ORDER BY session";
        let mut statement = self.conn.prepare(sql).map_err(fail())?;
        let rows = statement.query_map([], |row| {
            Ok(Session {
                started: unsigned(row, 0)?,
                version: row.get(1)?,
                commit: row.get(2)?,
                device: row.get(3)?,
                driver: row.get(4)?,
                threads: unsigned(row, 5)?,
            })
        });
        rows.map_err(fail())?.collect::<Result<_, _>>().map_err(fail())
    }

    /// The rows of any table, of which `chunk` are in memory.
    pub(super) fn in_order<R: Record + Clone>(&self, order: Order, chunk: usize) -> Rows<'_, R> {
        Rows::new(&self.conn, &self.path, &self.key_bits, order, chunk)
    }

    /// The store.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where in the store each cell is.
    pub(super) fn places(&self) -> &[usize] {
        &self.places
    }

    /// What every [shown](Self::shown_cells) cell lacks of what was asked of it last in this shard; checks every row on
    /// the way.
    pub fn missing(&self) -> Result<Vec<Missing>, StoreError> {
        let Manifest { asked, shard, .. } = &self.manifest;
        self.lacking(asked, *shard, &(0..self.shown_cells()).map(Some).collect::<Vec<_>>())
    }

    /// What every cell of a plan lacks of a shard of it: all, where it is not here yet. Refuses a plan whose rows could
    /// not be added here.
    pub fn missing_of(&self, plan: &Plan, shard: Shard) -> Result<Vec<Missing>, StoreError> {
        let asked = Manifest::of(plan, shard).adopting(&self.manifest);
        self.manifest.accepts(self.path.parent().unwrap_or(&self.path), &asked)?;
        let here: HashMap<&str, usize> = self.cells.iter().map(|c| c.key.as_str()).zip(0..).collect();
        let place = |cell: &Cell| here.get(cell.key().as_str()).copied();
        self.lacking(&asked.asked, shard, &plan.cells().iter().map(place).collect::<Vec<_>>())
    }

    /// What is lacking of cells by their numbers here.
    fn lacking(
        &self,
        asked: &Asked,
        shard: Shard,
        cells: &[Option<usize>],
    ) -> Result<Vec<Missing>, StoreError> {
        let mut needs: Vec<Need> = (0..cells.len()).map(|index| asked.need(index, shard)).collect();
        let mut wanted = vec![None; self.cells.len()];
        for (index, cell) in cells.iter().enumerate() {
            cell.iter().for_each(|&cell| wanted[cell] = Some(index));
        }
        self.for_each(|row| {
            if let Some(index) = wanted[row.cell] {
                needs[index].push(row.seed, row.values.relative_fro);
            }
            Ok::<(), StoreError>(())
        })?;
        Ok(needs.into_iter().map(Need::missing).collect())
    }
}

/// Refuses a place without a store, and says what is there instead.
fn check_place(dir: &Path, path: &Path) -> Result<(), StoreError> {
    let missing =
        |error: &std::io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    match std::fs::metadata(dir) {
        Err(error) if missing(&error) => return Err(StoreError::NotThere { dir: dir.to_owned() }),
        Err(error) => return Err(StoreError::io(READ, dir)(error)),
        Ok(found) if !found.is_dir() => {
            return Err(StoreError::NoDirectory { path: dir.to_owned(), new: false });
        }
        Ok(_) => {}
    }
    match std::fs::metadata(path) {
        Err(error) if missing(&error) => Err(StoreError::NoRun { dir: dir.to_owned() }),
        Err(error) => Err(StoreError::io(READ, path)(error)),
        Ok(found) if found.is_dir() => Err(StoreError::io(READ, path)(ErrorKind::IsADirectory.into())),
        Ok(_) => Ok(()),
    }
}

fn waits_for_roll_back(error: &rusqlite::Error) -> bool {
    let rusqlite::Error::SqliteFailure(error, _) = error else { return false };
    error.extended_code == ffi::SQLITE_READONLY_ROLLBACK
        || (error.code == ErrorCode::CannotOpen || error.code == ErrorCode::ReadOnly)
}

/// How a database keeps a commit that is under way.
enum Journal {
    /// As a run store does.
    Rollback,
    /// As a viewer may have told it to.
    WriteAhead,
}

/// The first bytes, before SQLite sees the file: it takes an empty file for a new database, and would leave files of
/// its own beside a database in WAL mode.
fn check_header(path: &Path) -> Result<Journal, StoreError> {
    let mut file = File::open(path).map_err(StoreError::io("read", path))?;
    let mut head = [0; 100];
    file.read_exact(&mut head).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => StoreError::damaged(path, "it is shorter than a database header"),
        _ => StoreError::io(READ, path)(error),
    })?;
    if &head[..16] != b"SQLite format 3\0" {
        return Err(StoreError::damaged(path, "it is no SQLite database"));
    }
    let journal = match head[18..20] {
        [1, 1] => Journal::Rollback,
        [2, 2] => Journal::WriteAhead,
        _ => return Err(StoreError::damaged(path, "its journal mode is none that SQLite has")),
    };
    // The page size, where 1 stands for 65536. SQLite reads a page that ends early as if zeros followed.
    let page = match u16::from_be_bytes([head[16], head[17]]) {
        1 => 65536,
        size => u64::from(size).max(1),
    };
    let length = file.metadata().map_err(StoreError::io("read", path))?.len();
    if length % page != 0 {
        return Err(StoreError::damaged(path, "it ends within a page"));
    }
    Ok(journal)
}

/// Application, format, tables, and the structure of every page.
fn check_structure(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let fail = || StoreError::sqlite(READ, path);
    let pragma = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(fail());
    if pragma("application_id")? != i64::from(APPLICATION_ID) {
        return Err(StoreError::damaged(path, "it is a database of another program"));
    }
    let format = pragma("user_version")?;
    if format != i64::from(FORMAT) {
        let dir = path.parent().unwrap_or(path).to_owned();
        return Err(StoreError::OtherVersion {
            dir,
            what: "store format",
            found: format.to_string(),
            here: FORMAT,
        });
    }
    let described = describe(conn).map_err(|e| StoreError::sqlite(READ, path)(e))?;
    // What other programs keep beside our tables, such as statistics, indexes, views and tables of their own, changes
    // no row.
    let ours = expected().map_err(fail())?;
    if !ours.iter().all(|object| described.contains(object)) {
        return Err(StoreError::damaged(path, "its tables are not those of a run store"));
    }
    if let Some(acts) = described.iter().find(|object| !ours.contains(object) && object.acts_on_any_of(&ours))
    {
        let reason = format!("{} of another program acts on its rows", acts.name());
        return Err(StoreError::damaged(path, reason));
    }
    let verdict: String = conn
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|e| StoreError::sqlite(READ, path)(e))?;
    if verdict != "ok" {
        // What it says is for those who know the pages of SQLite; a page that cannot be read is not a damaged one.
        if let Some(what) = Obstacle::to_reading_all(path) {
            return Err(StoreError::Prevented { doing: READ, path: path.to_owned(), what });
        }
        return Err(StoreError::damaged(path, "its pages do not fit together"));
    }
    Ok(())
}

fn manifest_value(conn: &Connection, path: &Path, name: &str) -> Result<String, StoreError> {
    let none = || StoreError::damaged(path, format!("its manifest has no {name}"));
    manifest_entry(conn, path, name)?.ok_or_else(none)
}

fn manifest_entry(conn: &Connection, path: &Path, name: &str) -> Result<Option<String>, StoreError> {
    let value = conn.query_row("SELECT value FROM manifest WHERE name = ?1", [name], |row| row.get(0));
    value.optional().map_err(|error| StoreError::sqlite(READ, path)(error))
}

fn unsigned(row: &rusqlite::Row, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

fn read_manifest(conn: &Connection, path: &Path, count: usize) -> Result<Manifest, StoreError> {
    let value = |name| manifest_value(conn, path, name);
    let bad = |name: &str, text: &str| {
        StoreError::damaged(path, format!("its manifest has {name} \"{}\"", text.escape_debug()))
    };
    let number = |name| {
        let text = value(name)?;
        text.parse::<u32>().map_err(|_| bad(name, &text))
    };
    let (seeds, target, shard) = (value("seeds")?, value("standard_error")?, value("shard")?);
    let (cells, details) = (value("cells")?, value("details")?);
    let seeds: SeedRange = seeds.parse().map_err(|_| bad("seeds", &seeds))?;
    let asked = match target.as_str() {
        "" => Asked::seeds(seeds),
        text => Asked::standard_error(text.parse().map_err(|_| bad("standard_error", text))?, seeds),
    };
    Ok(Manifest {
        study: value("study")?,
        details: details.parse::<Details>().map_err(|_| bad("details", &details))?,
        identity: value("identity")?,
        stream_layout: number("stream_layout")?,
        numerics_version: number("numerics_version")?,
        asked,
        shard: shard.parse().map_err(|_| bad("shard", &shard))?,
        text: value("text")?,
        cells: indices(&cells, count).ok_or_else(|| bad("cells", &cells))?,
    })
}

fn read_cells(conn: &Connection, path: &Path) -> Result<Vec<CellRecord>, StoreError> {
    let sql = format!("SELECT cell, {} FROM cells ORDER BY cell", names(&columns::<CellRecord>()));
    let mut statement = conn.prepare(&sql).map_err(|e| StoreError::sqlite(READ, path)(e))?;
    let mut rows = statement.query([]).map_err(|e| StoreError::sqlite(READ, path)(e))?;
    let mut cells = Vec::new();
    while let Some(row) = rows.next().map_err(|e| StoreError::sqlite(READ, path)(e))? {
        if row.get::<_, i64>(0).map_err(|e| StoreError::sqlite(READ, path)(e))? != cells.len() as i64 {
            return Err(StoreError::damaged(path, "its cells are not numbered from 0"));
        }
        let mut column = 0;
        let mut next = || {
            column += 1;
            row.get_ref(column).ok().and_then(value)
        };
        let record = CellRecord::read(&mut next, cells.last());
        cells.push(record.ok_or_else(|| {
            StoreError::damaged(path, format!("its cell {} has a value of the wrong type", cells.len()))
        })?);
    }
    Ok(cells)
}
