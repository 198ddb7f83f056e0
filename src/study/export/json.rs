//! JSON: one array of objects, one object a line.

use std::io::{self, Write};

use super::{COLUMNS, Sink, Value, own, real, shared};
use crate::study::store::{CellRecord, Row};

/// Writes JSON; lines are collected and written in pieces.
pub struct Json<'a> {
    out: &'a mut (dyn Write + Send),
    buffer: Vec<u8>,
    /// The shared members of the cell in hand, as text.
    shared: Option<(usize, Vec<u8>)>,
}

/// Bytes that are collected before they are written.
const PIECE: usize = 1 << 16;

impl<'a> Json<'a> {
    /// Opens the array.
    pub fn new(out: &'a mut (dyn Write + Send)) -> Self {
        Self { out, buffer: b"[".to_vec(), shared: None }
    }
}

impl Sink for Json<'_> {
    fn row(&mut self, index: usize, cell: &CellRecord, row: &Row) -> io::Result<()> {
        let first = self.shared.is_none();
        if self.shared.as_ref().is_none_or(|(of, _)| *of != index) {
            let mut text = Vec::new();
            for (name, value) in COLUMNS[2..15].iter().zip(shared(cell)) {
                member(&mut text, name, value)?;
            }
            self.shared = Some((index, text));
        }
        let buffer = &mut self.buffer;
        buffer.extend_from_slice(if first { b"\n" } else { b",\n" });
        write!(buffer, "{{\"cell\":{index},\"seed\":{}", row.seed)?;
        if let Some((_, text)) = &self.shared {
            buffer.extend_from_slice(text);
        }
        for (name, value) in COLUMNS[15..].iter().zip(own(row)) {
            member(buffer, name, value)?;
        }
        buffer.push(b'}');
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

/// A comma, a name and a value.
fn member(out: &mut Vec<u8>, name: &str, value: Value) -> io::Result<()> {
    write!(out, ",\"{name}\":")?;
    match value {
        Value::Integer(i) => write!(out, "{i}"),
        Value::Real(x) => real(out, x),
        Value::Text(text) => serde_json::to_writer(out, text).map_err(io::Error::from),
        Value::Null => out.write_all(b"null"),
    }
}
