//! CSV: a header line, fields quoted where they hold a comma, empty where a value is undefined.

use std::io::{self, Write};

use super::{COLUMNS, Sink, Value, own, real, shared};
use crate::study::store::{CellRecord, Row};

/// Writes CSV; lines are collected and written in pieces.
pub struct Csv<'a> {
    out: &'a mut (dyn Write + Send),
    buffer: Vec<u8>,
    /// The shared fields of the cell in hand, as text.
    shared: Option<(usize, Vec<u8>)>,
}

/// Bytes that are collected before they are written.
const PIECE: usize = 1 << 16;

impl<'a> Csv<'a> {
    /// Starts with the header.
    pub fn new(out: &'a mut (dyn Write + Send)) -> Self {
        Self { out, buffer: format!("{}\n", COLUMNS.join(",")).into_bytes(), shared: None }
    }
}

impl Sink for Csv<'_> {
    fn row(&mut self, index: usize, cell: &CellRecord, row: &Row) -> io::Result<()> {
        if self.shared.as_ref().is_none_or(|(of, _)| *of != index) {
            let mut text = Vec::new();
            for value in shared(cell) {
                field(&mut text, value)?;
            }
            self.shared = Some((index, text));
        }
        let buffer = &mut self.buffer;
        write!(buffer, "{index},{}", row.seed)?;
        if let Some((_, text)) = &self.shared {
            buffer.extend_from_slice(text);
        }
        for value in own(row) {
            field(buffer, value)?;
        }
        buffer.push(b'\n');
        if buffer.len() >= PIECE {
            self.out.write_all(buffer)?;
            buffer.clear();
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        self.out.flush()
    }
}

/// A comma and a value.
fn field(out: &mut Vec<u8>, value: Value) -> io::Result<()> {
    out.push(b',');
    match value {
        Value::Integer(i) => write!(out, "{i}"),
        Value::Real(x) => real(out, x),
        Value::Text(text) if text.contains([',', '"', '\n', '\r']) => {
            write!(out, "\"{}\"", text.replace('"', "\"\""))
        }
        Value::Text(text) => out.write_all(text.as_bytes()),
        Value::Null => Ok(()),
    }
}
