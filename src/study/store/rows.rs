//! Rows of a table one after another, each checked as it is read.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::StoreError;
use super::check::check_sum;
use super::error::READ;
use super::schema::select;
use crate::study::table::{Record, Row, Value};

/// Most columns of a key.
const KEYS: usize = 4;

/// A key; what a table has no column for stays −1, so that the key before the first row is all −1.
pub(super) type Key = [i64; KEYS];

/// The key before the rows of a seed of a cell of the store.
pub(super) fn before_seed(cell: usize, seed: u64) -> Key {
    match seed.checked_sub(1) {
        None => before(cell as i64),
        Some(last) => [cell as i64, last as i64, i64::MAX, i64::MAX],
    }
}

/// The key before the first row of a cell of the store.
fn before(cell: i64) -> Key {
    // Behind every row of the cell below; of the first, also before what can only be damage.
    if cell == 0 { [-1; KEYS] } else { [cell - 1, i64::MAX, i64::MAX, i64::MAX] }
}

/// In which order the cells of a store are read, and under which numbers: runs of cells that follow each other in both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order(Vec<Run>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    /// Rows behind this key …
    behind: Key,
    /// … of cells of the store up to this one.
    last: i64,
    /// The number of cell `first` of the store.
    number: usize,
    first: usize,
}

impl Order {
    /// Cells by their index in the store of `count` cells, each with the number that it is given; numbers ascend.
    pub fn of(cells: impl IntoIterator<Item = (usize, usize)>, count: usize) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for (cell, number) in cells {
            // What stands behind the last cell belongs to none, and must be found.
            let last = if cell + 1 >= count { i64::MAX } else { cell as i64 };
            match runs.last_mut() {
                Some(run)
                    if run.last.checked_add(1) == Some(cell as i64)
                        && number - run.number == cell - run.first =>
                {
                    run.last = last
                }
                _ => runs.push(Run { behind: before(cell as i64), last, number, first: cell }),
            }
        }
        Self(runs)
    }

    /// What of it stands behind a key of a cell of the store.
    pub fn behind(mut self, cell: usize, key: Key) -> Self {
        let holds = |run: &Run| run.first <= cell && cell as i64 <= run.last;
        let at = self.0.iter().position(holds).unwrap_or(self.0.len());
        self.0.drain(..at);
        if let Some(run) = self.0.first_mut() {
            run.behind = key;
        }
        self
    }
}

/// Rows in the order of their keys; see [`Reader::rows`](super::Reader::rows).
pub struct Rows<'r, R = Row> {
    conn: &'r Connection,
    /// The name of the store in errors.
    path: &'r Path,
    /// The bits of the keys of all cells.
    key_bits: &'r [u64],
    sql: String,
    chunk: usize,
    /// The run that is read, and those behind it.
    run: Option<Run>,
    runs: std::vec::IntoIter<Run>,
    last: Key,
    read: std::vec::IntoIter<(Key, R)>,
    /// Whether the run has no further chunk.
    ended: bool,
}

impl<'r, R: Record + Clone> Rows<'r, R> {
    /// Rows of these cells, of which `chunk` are in memory.
    pub(super) fn new(
        conn: &'r Connection,
        path: &'r Path,
        key_bits: &'r [u64],
        order: Order,
        chunk: usize,
    ) -> Self {
        let (read, runs, chunk) = (Vec::new().into_iter(), order.0.into_iter(), chunk.max(1));
        let sql = select::<R>();
        Self { conn, path, key_bits, sql, chunk, run: None, runs, last: before(0), read, ended: true }
    }

    /// The next row, checked; none behind the last.
    // An iterator's items would be results, which `while let` forgets to look at.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<R>, StoreError> {
        loop {
            if let (Some((key, mut row)), Some(run)) = (self.read.next(), self.run) {
                if self.last >= key {
                    return Err(self.bad(&key, "is out of order"));
                }
                self.last = key;
                // The cell was looked up when the row was read.
                row.renumber(key[0] as usize - run.first + run.number);
                return Ok(Some(row));
            }
            if self.ended {
                self.run = self.runs.next();
                let Some(run) = self.run else { return Ok(None) };
                self.last = run.behind;
            }
            let read = self.chunk()?;
            self.ended = read.len() < self.chunk;
            self.read = read.into_iter();
        }
    }

    /// The rows of a chunk behind the last, in one transaction.
    fn chunk(&self) -> Result<Vec<(Key, R)>, StoreError> {
        let fail = || StoreError::sqlite(READ, self.path);
        let mut statement = self.conn.prepare(&self.sql).map_err(fail())?;
        for (i, key) in self.last[..R::KEYS].iter().enumerate() {
            statement.raw_bind_parameter(i + 1, key).map_err(fail())?;
        }
        let end = self.run.map_or(-1, |run| run.last);
        statement.raw_bind_parameter(R::KEYS + 1, end).map_err(fail())?;
        statement.raw_bind_parameter(R::KEYS + 2, self.chunk as i64).map_err(fail())?;
        let mut rows = statement.raw_query();
        let mut chunk: Vec<(Key, R)> = Vec::with_capacity(self.chunk.min(1024));
        while let Some(row) = rows.next().map_err(fail())? {
            let row = self.row(row, chunk.last().map(|(_, row)| row))?;
            chunk.push(row);
        }
        Ok(chunk)
    }

    /// One row, refused unless every value has its type and the sum agrees.
    fn row(&self, row: &rusqlite::Row, before: Option<&R>) -> Result<(Key, R), StoreError> {
        let at = |i: usize| row.get_ref(i).unwrap_or(ValueRef::Null);
        let mut key = [-1; KEYS];
        for (i, part) in key[..R::KEYS].iter_mut().enumerate() {
            let ValueRef::Integer(value) = at(i) else {
                return Err(StoreError::damaged(self.path, format!("a row of {} has no key", R::TABLE)));
            };
            *part = value;
        }
        let bits = usize::try_from(key[0]).ok().and_then(|cell| self.key_bits.get(cell));
        let bits = *bits.ok_or_else(|| self.bad(&key, "belongs to no cell"))?;
        let mut column = 0;
        let mut next = || {
            column += 1;
            value(at(column - 1))
        };
        let read = R::read(&mut next, before);
        let read = read.ok_or_else(|| self.bad(&key, "has a value of the wrong type"))?;
        if at(column) != ValueRef::Integer(check_sum(&read, bits)) {
            return Err(self.bad(&key, "does not agree with its check sum"));
        }
        Ok((key, read))
    }

    /// A row that is not as it was written.
    fn bad(&self, key: &Key, what: &str) -> StoreError {
        let columns = crate::study::table::columns::<R>();
        let parts = columns.iter().zip(&key[..R::KEYS]).map(|(c, value)| format!("{} {value}", c.name));
        let row = format!("the row of {} {what}", parts.collect::<Vec<_>>().join(", "));
        StoreError::damaged(self.path, row)
    }
}

/// A value as SQLite hands it out; none where a store never holds such a one.
pub(super) fn value(value: ValueRef<'_>) -> Option<Value<'_>> {
    Some(match value {
        ValueRef::Integer(i) => Value::Integer(u64::try_from(i).ok()?),
        ValueRef::Real(x) => Value::Real(x),
        ValueRef::Text(text) => Value::Text(std::str::from_utf8(text).ok()?),
        ValueRef::Null => Value::Null,
        ValueRef::Blob(_) => return None,
    })
}
