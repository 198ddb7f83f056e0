//! The tables of the store, and what tells a store from any other SQLite file.

use rusqlite::Connection;

/// `PRAGMA application_id`: "eocr" in ASCII.
pub const APPLICATION_ID: i32 = 0x656f_6372;

/// `PRAGMA user_version`: the format of the tables below.
pub const FORMAT: u32 = 2;

/// Samples are clustered by (cell, seed), the order in which they are written, resumed and exported.
pub const TABLES: &str = "
CREATE TABLE manifest (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
  session INTEGER PRIMARY KEY,
  started INTEGER NOT NULL,
  version TEXT NOT NULL,
  build TEXT NOT NULL,
  device TEXT NOT NULL,
  driver TEXT NOT NULL,
  threads INTEGER NOT NULL
) STRICT;
CREATE TABLE cells (
  cell INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  activation TEXT NOT NULL,
  a REAL NOT NULL,
  b REAL NOT NULL,
  depth INTEGER NOT NULL,
  schedule TEXT,
  width INTEGER,
  widths TEXT NOT NULL,
  outputs INTEGER NOT NULL,
  scale REAL NOT NULL,
  data TEXT NOT NULL,
  normalize TEXT NOT NULL,
  n INTEGER NOT NULL,
  sampler TEXT NOT NULL,
  precision TEXT NOT NULL,
  limit_lambda_min REAL,
  limit_lambda_max REAL,
  limit_relative_sd REAL,
  limit_bound REAL
) STRICT;
CREATE TABLE samples (
  cell INTEGER NOT NULL REFERENCES cells,
  seed INTEGER NOT NULL,
  deviation_op REAL,
  deviation_fro REAL,
  deviation_max REAL,
  relative_op REAL,
  relative_fro REAL,
  relative_max REAL,
  lambda_min REAL,
  lambda_max REAL,
  trace REAL,
  output_norm REAL,
  device TEXT NOT NULL,
  seconds REAL NOT NULL,
  check_sum INTEGER NOT NULL,
  PRIMARY KEY (cell, seed)
) STRICT, WITHOUT ROWID;
";

/// Every object of a database as SQLite describes it.
pub fn describe(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement =
        conn.prepare("SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_schema ORDER BY name")?;
    let rows = statement.query_map([], |row| {
        let field = |i| row.get::<_, String>(i);
        Ok([field(0)?, field(1)?, field(2)?, field(3)?].join("|"))
    })?;
    rows.collect()
}

/// What [`describe`] says of a whole store.
pub fn expected() -> rusqlite::Result<Vec<String>> {
    let conn = Connection::open_in_memory()?;
    conn.execute_batch(TABLES)?;
    describe(&conn)
}
