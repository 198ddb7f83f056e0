//! The tables of the store as SQL, made from the tables of columns, and what tells a store from any other SQLite file.

use rusqlite::{Connection, Statement};

use crate::study::table::{CellRecord, Column, Kind, Record, Row, Value, columns, each_part};

/// `PRAGMA application_id`: "eocr" in ASCII.
pub const APPLICATION_ID: i32 = 0x656f_6372;

/// `PRAGMA user_version`: the format of the tables below.
pub const FORMAT: u32 = 6;

/// The tables that are no rows of a study.
const FIXED: &str = "
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
";

/// Every table of a store.
pub fn tables() -> String {
    let cells = format!(
        "CREATE TABLE cells (\n  cell INTEGER PRIMARY KEY{},\n  UNIQUE (key)\n) STRICT;\n",
        definitions(&columns::<CellRecord>())
    );
    let mut tables = format!("{FIXED}{cells}{}", table::<Row>());
    each_part!(Part => {
        tables += &table::<Part>();
    });
    tables
}

/// A table of rows, clustered by its key: the order in which they are written, resumed and exported.
pub fn table<R: Record>() -> String {
    let columns = columns::<R>();
    let definitions = definitions(&columns);
    format!(
        "CREATE TABLE {} ({},\n  check_sum INTEGER NOT NULL,\n  PRIMARY KEY ({}),\n  \
         FOREIGN KEY (cell) REFERENCES cells\n) STRICT, WITHOUT ROWID;\n",
        R::TABLE,
        definitions.trim_start_matches(','),
        names(&columns[..R::KEYS])
    )
}

/// `, name TYPE` for every column, `NOT NULL` where a value is always there.
fn definitions(columns: &[Column]) -> String {
    let definition = |column: &Column| {
        let kind = match column.kind {
            Kind::Integer => "INTEGER",
            Kind::Real => "REAL",
            Kind::Text => "TEXT",
        };
        let always = if column.optional { "" } else { " NOT NULL" };
        format!(",\n  {} {kind}{always}", quoted(column))
    };
    columns.iter().map(definition).collect()
}

/// The name of a column, which may be a word of SQL.
fn quoted(column: &Column) -> String {
    format!("\"{}\"", column.name)
}

/// The names of columns with commas between them.
pub fn names(columns: &[Column]) -> String {
    columns.iter().map(quoted).collect::<Vec<_>>().join(", ")
}

/// Adds a row of a table of rows: its columns and the check sum behind them. `over` replaces one of the same key.
pub fn insert<R: Record>(over: bool) -> String {
    let columns = columns::<R>();
    let marks = vec!["?"; columns.len() + 1].join(", ");
    let insert = if over { "INSERT OR REPLACE" } else { "INSERT" };
    format!("{insert} INTO {} ({}, check_sum) VALUES ({marks})", R::TABLE, names(&columns))
}

/// Reads the rows of a table of rows behind a key, in the order of their keys; the parameters behind the key are the
/// last cell that is read and how many rows at most.
pub fn select<R: Record>() -> String {
    let columns = columns::<R>();
    let keys = names(&columns[..R::KEYS]);
    let marks: Vec<String> = (1..=R::KEYS).map(|i| format!("?{i}")).collect();
    format!(
        "SELECT {}, check_sum FROM {} WHERE ({keys}) > ({}) AND {} <= ?{} ORDER BY {keys} LIMIT ?{}",
        names(&columns),
        R::TABLE,
        marks.join(", "),
        quoted(&columns[0]),
        R::KEYS + 1,
        R::KEYS + 2
    )
}

/// Binds a value to the parameter of this number, from 1.
pub fn bind(statement: &mut Statement, parameter: usize, value: Value) -> rusqlite::Result<()> {
    match value {
        Value::Integer(i) => statement.raw_bind_parameter(parameter, i as i64),
        Value::Real(x) => statement.raw_bind_parameter(parameter, x),
        Value::Text(text) => statement.raw_bind_parameter(parameter, text),
        Value::Null => statement.raw_bind_parameter(parameter, rusqlite::types::Null),
    }
}

/// A table, an index, a view or a trigger of a database, as SQLite describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    kind: String,
    name: String,
    table: String,
    sql: String,
}

impl Object {
    /// Such as `trigger "x"`.
    pub fn name(&self) -> String {
        format!("{} \"{}\"", self.kind, self.name.escape_debug())
    }

    /// Whether it changes or refuses rows that are added to one of these tables: a trigger, or an index of distinct
    /// values.
    pub fn acts_on_any_of(&self, tables: &[Self]) -> bool {
        let acts = self.kind == "trigger" || self.sql.to_ascii_uppercase().starts_with("CREATE UNIQUE");
        acts && tables.iter().any(|ours| ours.name.eq_ignore_ascii_case(&self.table))
    }
}

/// Every object of a database.
pub fn describe(conn: &Connection) -> rusqlite::Result<Vec<Object>> {
    let mut statement =
        conn.prepare("SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_schema ORDER BY name")?;
    let rows = statement.query_map([], |row| {
        Ok(Object { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, sql: row.get(3)? })
    })?;
    rows.collect()
}

/// What [`describe`] says of a whole store.
pub fn expected() -> rusqlite::Result<Vec<Object>> {
    let conn = Connection::open_in_memory()?;
    conn.execute_batch(&tables())?;
    describe(&conn)
}
