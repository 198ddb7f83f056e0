//! JSON: one array of objects, one object a line.

use std::io::{self, Write};

use super::layout::TableColumns;
use super::{Sink, Value, real};
use crate::study::table::Column;

/// Writes JSON; lines are collected and written in pieces.
pub struct Json<'a> {
    out: &'a mut (dyn Write + Send),
    layout: &'a TableColumns,
    buffer: Vec<u8>,
    /// The shared members of the cell in hand, as text.
    shared: Vec<u8>,
    /// Whether no row is written yet.
    empty: bool,
}

/// Bytes that are collected before they are written.
const PIECE: usize = 1 << 16;

impl<'a> Json<'a> {
    /// Opens the array.
    pub fn new(layout: &'a TableColumns, out: &'a mut (dyn Write + Send)) -> Self {
        Self { out, layout, buffer: b"[".to_vec(), shared: Vec::new(), empty: true }
    }
}

impl Sink for Json<'_> {
    fn cell(&mut self, shared: &[Value]) -> io::Result<()> {
        self.shared.clear();
        members(&mut self.shared, &self.layout.shared, shared)
    }

    fn row(&mut self, key: &[Value], own: &[Value]) -> io::Result<()> {
        let buffer = &mut self.buffer;
        buffer.extend_from_slice(if self.empty { b"\n{" } else { b",\n{" });
        self.empty = false;
        members(buffer, &self.layout.key, key)?;
        buffer.extend_from_slice(&self.shared);
        members(buffer, &self.layout.own, own)?;
        // In place of the comma behind the last member.
        if let Some(last) = buffer.last_mut() {
            *last = b'}';
        }
        if buffer.len() >= PIECE {
            self.out.write_all(buffer)?;
            buffer.clear();
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.buffer.extend_from_slice(b"\n]\n");
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        self.out.flush()
    }
}

/// Names and values, each with a comma behind it.
fn members(out: &mut Vec<u8>, columns: &[Column], values: &[Value]) -> io::Result<()> {
    for (column, value) in columns.iter().zip(values) {
        write!(out, "\"{}\":", column.name)?;
        match *value {
            Value::Integer(i) => write!(out, "{i}")?,
            Value::Real(x) => real(out, x)?,
            Value::Text(text) => serde_json::to_writer(&mut *out, text).map_err(io::Error::from)?,
            Value::Null => out.extend_from_slice(b"null"),
        }
        out.push(b',');
    }
    Ok(())
}
