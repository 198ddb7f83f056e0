//! Rows of a table one after another, each checked as it is read.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::StoreError;
use super::check::check_sum;
use super::schema::select;
use crate::study::table::{Record, Row, Value};

/// Most columns of a key.
const KEYS: usize = 4;

/// A key; what a table has no column for stays −1, so that the key before the first row is all −1.
pub(super) type Key = [i64; KEYS];

/// The key before the first row.
pub(super) const BEFORE: Key = [-1; KEYS];

/// Rows in the order of their keys; see [`Reader::rows`](super::Reader::rows).
pub struct Rows<'r, R = Row> {
    conn: &'r Connection,
    /// The name of the store in errors.
    path: &'r Path,
    /// The bits of the keys of all cells.
    key_bits: &'r [u64],
    sql: String,
    chunk: usize,
    last: Key,
    read: std::vec::IntoIter<(Key, R)>,
    ended: bool,
}

impl<'r, R: Record + Clone> Rows<'r, R> {
    /// Rows behind a key, of which `chunk` are in memory.
    pub(super) fn new(
        conn: &'r Connection,
        path: &'r Path,
        key_bits: &'r [u64],
        last: Key,
        chunk: usize,
    ) -> Self {
        let read = Vec::new().into_iter();
        Self { conn, path, key_bits, sql: select::<R>(), chunk: chunk.max(1), last, read, ended: false }
    }

    /// The next row, checked; none behind the last.
    // An iterator's items would be results, which `while let` forgets to look at.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<R>, StoreError> {
        loop {
            if let Some((key, row)) = self.read.next() {
                if self.last >= key {
                    return Err(self.bad(&key, "is out of order"));
                }
                self.last = key;
                return Ok(Some(row));
            }
            if self.ended {
                return Ok(None);
            }
            let read = self.chunk()?;
            self.ended = read.len() < self.chunk;
            self.read = read.into_iter();
        }
    }

    /// The rows of a chunk behind the last, in one transaction.
    fn chunk(&self) -> Result<Vec<(Key, R)>, StoreError> {
        let fail = || StoreError::sqlite("read", self.path);
        let mut statement = self.conn.prepare(&self.sql).map_err(fail())?;
        for (i, key) in self.last[..R::KEYS].iter().enumerate() {
            statement.raw_bind_parameter(i + 1, key).map_err(fail())?;
        }
        statement.raw_bind_parameter(R::KEYS + 1, self.chunk as i64).map_err(fail())?;
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
        let mut key = BEFORE;
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
