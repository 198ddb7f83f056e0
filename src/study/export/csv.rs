//! CSV: a header line, fields quoted where they hold a comma, empty where a value is undefined.

use std::io::{self, Write};

use super::layout::TableColumns;
use super::{Sink, Value, real};

/// Writes CSV; lines are collected and written in pieces.
pub struct Csv<'a> {
    out: &'a mut (dyn Write + Send),
    buffer: Vec<u8>,
    /// The shared fields of the cell in hand, each with a comma behind it.
    shared: Vec<u8>,
}

/// Bytes that are collected before they are written.
const PIECE: usize = 1 << 16;

impl<'a> Csv<'a> {
    /// Starts with the header.
    pub fn new(layout: &TableColumns, out: &'a mut (dyn Write + Send)) -> Self {
        let names: Vec<&str> = layout.all().map(|column| column.name).collect();
        Self { out, buffer: format!("{}\n", names.join(",")).into_bytes(), shared: Vec::new() }
    }
}

impl Sink for Csv<'_> {
    fn cell(&mut self, shared: &[Value]) -> io::Result<()> {
        self.shared.clear();
        shared.iter().try_for_each(|value| field(&mut self.shared, *value))
    }

    fn row(&mut self, key: &[Value], own: &[Value]) -> io::Result<()> {
        let buffer = &mut self.buffer;
        key.iter().try_for_each(|value| field(buffer, *value))?;
        buffer.extend_from_slice(&self.shared);
        own.iter().try_for_each(|value| field(buffer, *value))?;
        // In place of the comma behind the last field.
        if let Some(last) = buffer.last_mut() {
            *last = b'\n';
        }
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

/// A value and a comma.
fn field(out: &mut Vec<u8>, value: Value) -> io::Result<()> {
    match value {
        Value::Integer(i) => write!(out, "{i}")?,
        Value::Real(x) => real(out, x)?,
        Value::Text(text) if text.contains([',', '"', '\n', '\r']) => {
            write!(out, "\"{}\"", text.replace('"', "\"\""))?;
        }
        Value::Text(text) => out.extend_from_slice(text.as_bytes()),
        Value::Null => {}
    }
    out.push(b',');
    Ok(())
}
