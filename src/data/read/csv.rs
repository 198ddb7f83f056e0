//! `.csv`: numbers separated by commas, one row a line, one optional header line that holds no number.
//!
//! Read line by line, so that an error names the line that an editor shows. Fields may be quoted and have space around
//! them; empty lines are skipped; a byte order mark and the ends of lines of any system are accepted.

use std::io::BufRead;

use super::{Fault, Table, malformed};
use crate::data::MAX_VALUES;

/// All rows of a file.
pub(super) fn read(mut file: impl BufRead) -> Result<Table, Fault> {
    let mut values: Vec<f64> = Vec::new();
    // Fields of the first line, header or not, and its number.
    let mut first: Option<(usize, usize)> = None;
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        if file.read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        // What is no text is no number either, and is shown as the replacement character.
        let text = String::from_utf8_lossy(&bytes);
        let text = if line == 1 { text.trim_start_matches('\u{feff}') } else { &text };
        if text.trim().is_empty() {
            continue;
        }
        let fields = split(text);
        match first {
            None => {
                first = Some((fields.len(), line));
                if fields.iter().all(|field| field.parse::<f64>().is_err()) {
                    continue;
                }
            }
            Some((columns, first_line)) if fields.len() != columns => {
                return malformed(format!(
                    "line {line} has {} fields but line {first_line} has {columns}; every line needs as many",
                    fields.len()
                ));
            }
            Some(_) => {}
        }
        for (column, field) in fields.iter().enumerate() {
            match field.parse() {
                Ok(value) => values.push(value),
                Err(_) => {
                    return malformed(format!(
                        "line {line}, field {} is \"{}\", which is no number; rows are numbers separated by commas, \
                         with one optional header line that holds no number",
                        column + 1,
                        field.chars().take(40).collect::<String>()
                    ));
                }
            }
        }
        if values.len() > MAX_VALUES {
            return malformed(format!(
                "at line {line} there are more than {MAX_VALUES} numbers, the most that fit"
            ));
        }
    }
    match first {
        Some((columns, _)) if !values.is_empty() => Ok((values, columns)),
        Some(_) => malformed("there is a header line but no row of numbers below it; give at least one"),
        None => malformed("the file is empty; give at least one row of numbers separated by commas"),
    }
}

/// The fields of a line: commas within double quotes, as headers may have, do not separate.
fn split(line: &str) -> Vec<&str> {
    let mut quoted = false;
    let fields = line.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    fields
        .map(|field| {
            let field = field.trim();
            field.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(field).trim()
        })
        .collect()
}
