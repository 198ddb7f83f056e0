//! Sample rows one after another, each checked as it is read.

use std::sync::Arc;

use rusqlite::types::ValueRef;

use super::reader::damaged;
use super::row::Row;
use super::{Reader, STATISTICS, StoreError};

/// Sample rows in (cell, seed) order; see [`Reader::rows`].
pub struct Rows<'r> {
    pub(super) reader: &'r Reader,
    pub(super) chunk: usize,
    pub(super) last: Option<(usize, u64)>,
    pub(super) device: Arc<str>,
    pub(super) read: std::vec::IntoIter<Row>,
    pub(super) ended: bool,
}

impl Rows<'_> {
    /// The next row, checked; none behind the last.
    // An iterator's items would be results, which `while let` forgets to look at.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Row>, StoreError> {
        loop {
            if let Some(row) = self.read.next() {
                if self.last >= Some((row.cell, row.seed)) {
                    return Err(self.reader.bad_row(row.cell as i64, row.seed as i64, "is out of order"));
                }
                self.last = Some((row.cell, row.seed));
                return Ok(Some(row));
            }
            if self.ended {
                return Ok(None);
            }
            let read = self.reader.chunk(self.last, self.chunk, &mut self.device)?;
            self.ended = read.len() < self.chunk;
            self.read = read.into_iter();
        }
    }
}

impl Reader {
    /// Up to `count` rows behind the last, in one transaction.
    fn chunk(
        &self,
        last: Option<(usize, u64)>,
        count: usize,
        device: &mut Arc<str>,
    ) -> Result<Vec<Row>, StoreError> {
        let fail = || StoreError::sqlite("read", self.path());
        let sql = format!(
            "SELECT cell, seed, {}, device, seconds, check_sum FROM samples WHERE (cell, seed) > (?1, ?2) \
             ORDER BY cell, seed LIMIT ?3",
            STATISTICS.join(", ")
        );
        let (cell, seed) = last.map_or((-1, -1), |(cell, seed)| (cell as i64, seed as i64));
        let mut statement = self.conn().prepare(&sql).map_err(fail())?;
        let mut rows = statement.query([cell, seed, count as i64]).map_err(fail())?;
        let mut chunk = Vec::with_capacity(count.min(1024));
        while let Some(row) = rows.next().map_err(fail())? {
            chunk.push(self.row(row, device)?);
        }
        Ok(chunk)
    }

    /// One row, refused unless every value has its type and the sum agrees.
    fn row(&self, row: &rusqlite::Row, device: &mut Arc<str>) -> Result<Row, StoreError> {
        let at = |i: usize| row.get_ref(i).unwrap_or(ValueRef::Null);
        let (ValueRef::Integer(cell), ValueRef::Integer(seed)) = (at(0), at(1)) else {
            return Err(damaged(self.path(), "a sample row has no key"));
        };
        let bad = |what: &str| self.bad_row(cell, seed, what);
        let record = usize::try_from(cell).ok().and_then(|cell| self.cells().get(cell));
        let (Some(record), Ok(seed_value)) = (record, u64::try_from(seed)) else {
            return Err(bad("belongs to no cell"));
        };
        let real = |i: usize| match at(i) {
            ValueRef::Real(value) => Ok(value),
            ValueRef::Null => Ok(f64::NAN),
            _ => Err(bad("has a value that is no number")),
        };
        let mut values = [0.0; 10];
        for (i, value) in values.iter_mut().enumerate() {
            *value = real(2 + i)?;
        }
        let (ValueRef::Text(text), ValueRef::Integer(stored)) = (at(12), at(14)) else {
            return Err(bad("has no device or check sum"));
        };
        if text != device.as_bytes() {
            *device = std::str::from_utf8(text).map_err(|_| bad("has a device that is no text"))?.into();
        }
        let row = Row {
            cell: cell as usize,
            seed: seed_value,
            values,
            device: Arc::clone(device),
            seconds: real(13)?,
        };
        if row.check_sum(record.key_bits()) != stored {
            return Err(bad("does not agree with its check sum"));
        }
        Ok(row)
    }

    fn bad_row(&self, cell: i64, seed: i64, what: &str) -> StoreError {
        damaged(self.path(), &format!("the row of cell {cell}, seed {seed} {what}"))
    }
}
