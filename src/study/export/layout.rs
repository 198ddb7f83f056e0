//! The columns of an exported table, in their order.

use crate::study::table::{CellRecord, Column, Kind, Record, Row, Shown, Value, columns, values};

/// Columns of the key of a sample, which stand before what the rows of a cell share; what else is in the key of a row
/// (a layer) stands behind that.
pub const KEY: usize = 2;

/// Behind what the store knows of a cell.
const SEEDS: Column = Column {
    name: "seeds",
    kind: Kind::Integer,
    optional: false,
    shown: Shown::Once,
    unit: "",
    about: "finished seeds in the directory",
};

/// The columns of a table: what says whose row it is, what the rows of a cell share, the row's own.
pub struct TableColumns {
    pub key: Vec<Column>,
    pub shared: Vec<Column>,
    pub own: Vec<Column>,
}

impl TableColumns {
    /// Of rows that the store has in a table.
    pub fn of_rows<R: Record>() -> Self {
        let mut key = columns::<R>();
        let own = key.split_off(KEY);
        Self { key, shared: cell_columns(Shown::Repeated), own }
    }

    /// Of the cells.
    pub fn of_cells() -> Self {
        let mut own = cell_columns(Shown::Once);
        own.push(SEEDS);
        let mut key = columns::<Row>();
        key.truncate(1);
        Self { key, shared: cell_columns(Shown::Repeated), own }
    }

    /// All columns in order.
    pub fn all(&self) -> impl Iterator<Item = &Column> {
        self.key.iter().chain(&self.shared).chain(&self.own)
    }
}

fn cell_columns(shown: Shown) -> Vec<Column> {
    columns::<CellRecord>().into_iter().filter(|column| column.shown == shown).collect()
}

/// What the rows of a cell share.
pub fn shared(cell: &CellRecord) -> Vec<Value<'_>> {
    of(cell, Shown::Repeated)
}

/// What is said of a cell once.
pub fn once(cell: &CellRecord) -> Vec<Value<'_>> {
    of(cell, Shown::Once)
}

fn of(cell: &CellRecord, shown: Shown) -> Vec<Value<'_>> {
    let all = columns::<CellRecord>().into_iter().zip(values(cell));
    all.filter(|(column, _)| column.shown == shown).map(|(_, value)| value).collect()
}
