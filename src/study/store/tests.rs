//! A second table of rows, with a key of three columns, fits the machinery of the samples.

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::rows::{Order, Rows};
use super::{draft, schema};
use crate::study::table::{Record, fields};

fields! {
    /// A row of one seed and layer.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Layer {
        cell: usize, "", "index of the cell";
        seed: u64, "", "seed";
        layer: u64, "", "layer, from 1";
        norm: f64, "", "a number";
        word: Option<String>, "", "a word";
    }
}

impl Record for Layer {
    const TABLE: &'static str = "layers";
    const KEYS: usize = 3;

    fn renumber(&mut self, cell: usize) {
        self.cell = cell;
    }
}

fn layer(cell: usize, seed: u64, layer: u64) -> Layer {
    let word = layer.is_multiple_of(2).then(|| format!("layer {layer}"));
    Layer { cell, seed, layer, norm: 0.1 * layer as f64, word }
}

/// A store with these rows, and cells whose keys have these bits.
fn with(rows: &[Layer], key_bits: &[u64]) -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(&format!("PRAGMA foreign_keys = OFF; {}", schema::table::<Layer>())).unwrap();
    draft::insert_rows(&conn, key_bits, rows, false).unwrap();
    conn
}

fn read(conn: &Connection, key_bits: &[u64], chunk: usize) -> Result<Vec<Layer>, String> {
    let order = Order::of((0..key_bits.len().max(1)).map(|cell| (cell, cell)), key_bits.len());
    let mut rows = Rows::<Layer>::new(conn, "layers.sqlite".as_ref(), key_bits, order, chunk);
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(|e| e.to_string())? {
        all.push(row);
    }
    Ok(all)
}

#[test]
fn rows_come_in_the_order_of_their_keys_whatever_the_chunks() {
    let mut rows: Vec<Layer> =
        (0..2).flat_map(|c| (0..3).flat_map(move |s| (1..6).map(move |k| layer(c, s, k)))).collect();
    let expected = rows.clone();
    rows.reverse();
    let conn = with(&rows, &[3, 4]);
    for chunk in [1, 4, 7, 1000] {
        assert_eq!(read(&conn, &[3, 4], chunk), Ok(expected.clone()));
    }
    let order = Order::of([(0, 0), (1, 1)], 2).behind(1, [1, 0, 5, -1]);
    let mut behind = Rows::<Layer>::new(&conn, "x".as_ref(), &[3, 4], order, 2);
    assert_eq!(behind.next().unwrap(), Some(layer(1, 1, 1)));
    // Under other numbers, in another order, and of some cells alone.
    let numbers = |cells: &[(usize, usize)]| {
        let order = Order::of(cells.iter().copied(), 2);
        let mut rows = Rows::<Layer>::new(&conn, "x".as_ref(), &[3, 4], order, 4);
        let mut all = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            all.push(row);
        }
        all
    };
    let of = |cell: usize, number: usize| {
        let rows = expected.iter().filter(move |row| row.cell == cell).cloned();
        rows.map(move |row| Layer { cell: number, ..row })
    };
    assert_eq!(numbers(&[(1, 0), (0, 1)]), of(1, 0).chain(of(0, 1)).collect::<Vec<_>>());
    assert_eq!(numbers(&[(1, 7)]), of(1, 7).collect::<Vec<_>>());
    assert_eq!(numbers(&[(0, 5), (1, 6)]), of(0, 5).chain(of(1, 6)).collect::<Vec<_>>());
}

#[test]
fn a_row_that_is_not_as_it_was_written_is_named() {
    let rows: Vec<Layer> = (1..4).map(|k| layer(0, 7, k)).collect();
    let error = |sql: &str, key_bits: &[u64]| {
        let conn = with(&rows, &[3]);
        conn.execute_batch(sql).unwrap();
        read(&conn, key_bits, 2).unwrap_err()
    };
    for sql in [
        "UPDATE layers SET norm = norm + 1e-9 WHERE layer = 2",
        "UPDATE layers SET word = NULL WHERE layer = 2",
        "UPDATE layers SET check_sum = check_sum + 1 WHERE layer = 2",
    ] {
        assert!(error(sql, &[3]).contains("the row of cell 0, seed 7, layer 2 does not agree"), "{sql}");
    }
    assert!(error("", &[9]).contains("does not agree with its check sum"), "under the key of another cell");
    assert!(error("", &[]).contains("belongs to no cell"));
}

/// SHA-256 of the SQL of every table, beside the format of the stores that have them.
const TABLES: (u32, &str) = (6, "d5044520011dd1ad8acff5ef9e42dafae063b49105dd30628ec1a5e892469156");

#[test]
fn a_change_of_the_tables_is_a_new_format() {
    let sql = schema::tables();
    let hash: String = Sha256::digest(&sql).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        (schema::FORMAT, hash.as_str()),
        TABLES,
        "the tables have changed: raise FORMAT, so that a store of the old ones is told apart, and write down both\n{sql}"
    );
}
