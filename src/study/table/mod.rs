//! Tables of columns: what a cell is, what a sample is, each said once.
//!
//! A kind of row is declared by `fields!`: one line a column, with its name, its type, its unit, what it is, and how it
//! is computed. The SQL table, insert, select and check sum of the store follow from it, and so do every export, the
//! help text of the export and what a report reads. To add a statistic of a sample, or a number of a cell, is to add a
//! line in `sample.rs` or `cell.rs`.
//!
//! ```text
//! CellRecord    one row a cell: network, data, sampler, precision; its LimitRecord: numbers that follow without a draw
//! Row           one row a (cell, seed): its Statistics, the device and the seconds
//! LayerRow      one row a (cell, seed, layer), where the study asks for layers
//! SpectrumRow   one row a (cell, seed, eigenvalue), where the study asks for the spectrum
//! ```
//!
//! Another table of rows is another [`Record`], whatever its key: columns that a study may leave out belong in a table
//! of their own, which is filled where the study asks for it. Rows that belong to a sample are a [`Part`] of it
//! (`part.rs`).

mod cell;
mod independence;
mod layer;
mod part;
mod sample;
mod spectrum;

pub use cell::{CellRecord, LimitRecord};
pub use independence::IndependenceRow;
pub use layer::LayerRow;
pub(crate) use part::each_part;
pub use part::{Details, NoSuchTable, Part, Sample};
pub use sample::{Independence, Row, Statistics};
pub use spectrum::{MOST_EIGENVALUES, SpectrumRow};

use std::sync::Arc;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number from 0 on.
    Integer,
    /// A number of double precision; what is undefined or infinite is null.
    Real,
    /// Text.
    Text,
}

/// Where a column of a cell is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// In the store alone.
    Store,
    /// Once, in the row of what it belongs to.
    Once,
    /// In the row of its cell, and in every row of that cell in another table.
    Repeated,
}

/// What one column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, in the store and in every export.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether a value may be null.
    pub optional: bool,
    /// Where it is shown.
    pub shown: Shown,
    /// Its unit; empty for pure numbers and texts.
    pub unit: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
}

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Of an integer column.
    Integer(u64),
    /// Of a real column: finite or infinite, never NaN, never −0, as SQLite keeps it.
    Real(f64),
    /// Of a text column.
    Text(&'a str),
    /// Not there.
    Null,
}

/// A type that is one column.
pub trait Field: Sized {
    /// The type of the column.
    const KIND: Kind;
    /// Whether it may be null.
    const OPTIONAL: bool;

    /// The value to store and to show.
    fn value(&self) -> Value<'_>;

    /// Reads a value back; None where it is of another type. `before` is the same field of the row before, with which a
    /// text that has not changed is shared.
    fn read(value: Value<'_>, before: Option<&Self>) -> Option<Self>;
}

/// A group of columns in a fixed order: a kind of row, or a part of one.
pub trait Fields: Sized {
    /// Appends the columns.
    fn columns(to: &mut Vec<Column>);

    /// Hands out the values, in the order of the columns.
    fn each<'a>(&'a self, to: &mut impl FnMut(Value<'a>));

    /// Takes the values back, in the same order; None where one is of another type.
    fn read<'v>(next: &mut impl FnMut() -> Option<Value<'v>>, before: Option<&Self>) -> Option<Self>;
}

/// A kind of row that the store keeps in a table of its own, under a key that begins with the index of a cell.
pub trait Record: Fields {
    /// Name of the table.
    const TABLE: &'static str;
    /// How many of the first columns make up the key: integers, by which the rows are unique and ordered. The first of
    /// them is the index of the cell.
    const KEYS: usize;

    /// Gives the cell another index: the number under which it is known to who reads, or its place in the store.
    fn renumber(&mut self, cell: usize);
}

/// The columns of a group.
pub fn columns<F: Fields>() -> Vec<Column> {
    let mut columns = Vec::new();
    F::columns(&mut columns);
    columns
}

/// The values of a group.
pub fn values<F: Fields>(of: &F) -> Vec<Value<'_>> {
    let mut values = Vec::new();
    of.each(&mut |value| values.push(value));
    values
}

macro_rules! integer {
    ($($Type:ty),*) => { $(
        impl Field for $Type {
            const KIND: Kind = Kind::Integer;
            const OPTIONAL: bool = false;

            fn value(&self) -> Value<'_> {
                Value::Integer(*self as u64)
            }

            fn read(value: Value<'_>, _: Option<&Self>) -> Option<Self> {
                match value {
                    Value::Integer(value) => value.try_into().ok(),
                    _ => None,
                }
            }
        }
    )* };
}
integer!(u64, usize);

/// NaN is null.
impl Field for f64 {
    const KIND: Kind = Kind::Real;
    const OPTIONAL: bool = true;

    fn value(&self) -> Value<'_> {
        // SQLite keeps no −0 in a column.
        if self.is_nan() { Value::Null } else { Value::Real(self + 0.0) }
    }

    fn read(value: Value<'_>, _: Option<&Self>) -> Option<Self> {
        match value {
            Value::Real(value) => Some(value),
            Value::Null => Some(f64::NAN),
            _ => None,
        }
    }
}

macro_rules! text {
    ($($Type:ty),*) => { $(
        impl Field for $Type {
            const KIND: Kind = Kind::Text;
            const OPTIONAL: bool = false;

            fn value(&self) -> Value<'_> {
                Value::Text(self)
            }

            fn read(value: Value<'_>, before: Option<&Self>) -> Option<Self> {
                match (value, before) {
                    (Value::Text(text), Some(before)) if **before == *text => Some(before.clone()),
                    (Value::Text(text), _) => Some(text.into()),
                    _ => None,
                }
            }
        }
    )* };
}
text!(String, Arc<str>);

/// None is null.
impl<T: Field> Field for Option<T> {
    const KIND: Kind = T::KIND;
    const OPTIONAL: bool = true;

    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, T::value)
    }

    fn read(value: Value<'_>, before: Option<&Self>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::read(value, before.and_then(Option::as_ref)).map(Some),
        }
    }
}

/// Declares a struct whose fields are columns.
///
/// ```text
/// pub struct NAME from (ARGUMENT: TYPE, …) {
///     FIELD: TYPE = HOW TO COMPUTE IT, SHOWN "UNIT", "what it is";      a column; "as NAME" behind FIELD names it otherwise
///     FIELD: TYPE = HOW TO COMPUTE IT;                                  a group of columns, another such struct
/// }
/// ```
///
/// With `from`, `NAME::of` computes it from the arguments. SHOWN is a [`Shown`], and `Once` where it is left out.
macro_rules! fields {
    (
        $(#[$meta:meta])*
        pub struct $Name:ident from ($($arg:ident: $Arg:ty),* $(,)?) {
            $(
                $(#[$doc:meta])*
                $field:ident $(as $column:ident)?: $Type:ty = $get:expr $(, $($shown:ident)? $unit:literal, $about:literal)?;
            )*
        }
    ) => {
        $crate::study::table::fields! {
            $(#[$meta])*
            pub struct $Name {
                $( $(#[$doc])* $field $(as $column)?: $Type $(, $($shown)? $unit, $about)?; )*
            }
        }

        impl $Name {
            /// Computes every column.
            pub fn of($($arg: $Arg),*) -> Self {
                Self { $($field: $get,)* }
            }
        }
    };
    (
        $(#[$meta:meta])*
        pub struct $Name:ident {
            $(
                $(#[$doc:meta])*
                $field:ident $(as $column:ident)?: $Type:ty $(, $($shown:ident)? $unit:literal, $about:literal)?;
            )*
        }
    ) => {
        $(#[$meta])*
        pub struct $Name {
            $( $(#[doc = $about])? $(#[$doc])* pub $field: $Type, )*
        }

        impl $crate::study::table::Fields for $Name {
            fn columns(to: &mut Vec<$crate::study::table::Column>) {
                $( $crate::study::table::fields!(
                    @column to, $field $(as $column)?: $Type $(, $($shown)? $unit, $about)?
                ); )*
            }

            fn each<'a>(&'a self, to: &mut impl FnMut($crate::study::table::Value<'a>)) {
                $( $crate::study::table::fields!(@each to, (&self.$field): $Type $(, $unit)?); )*
            }

            fn read<'v>(
                next: &mut impl FnMut() -> Option<$crate::study::table::Value<'v>>,
                before: Option<&Self>,
            ) -> Option<Self> {
                Some(Self {
                    $($field: $crate::study::table::fields!(
                        @read next, (before.map(|row| &row.$field)): $Type $(, $unit)?
                    ),)*
                })
            }
        }
    };
    (@column $to:ident, $field:ident: $Type:ty) => { <$Type as $crate::study::table::Fields>::columns($to) };
    (@column $to:ident, $field:ident: $Type:ty, $($rest:tt)*) => {
        $crate::study::table::fields!(@column $to, $field as $field: $Type, $($rest)*)
    };
    (@column $to:ident, $field:ident as $column:ident: $Type:ty, $unit:literal, $about:literal) => {
        $crate::study::table::fields!(@column $to, $field as $column: $Type, Once $unit, $about)
    };
    (@column $to:ident, $field:ident as $column:ident: $Type:ty, $shown:ident $unit:literal, $about:literal) => {
        $to.push($crate::study::table::Column {
            name: stringify!($column),
            kind: <$Type as $crate::study::table::Field>::KIND,
            optional: <$Type as $crate::study::table::Field>::OPTIONAL,
            shown: $crate::study::table::Shown::$shown,
            unit: $unit,
            about: $about,
        })
    };
    (@each $to:ident, ($value:expr): $Type:ty) => { $crate::study::table::Fields::each($value, $to) };
    (@each $to:ident, ($value:expr): $Type:ty, $unit:literal) => {
        $to($crate::study::table::Field::value($value))
    };
    (@read $next:ident, ($before:expr): $Type:ty) => {
        <$Type as $crate::study::table::Fields>::read($next, $before)?
    };
    (@read $next:ident, ($before:expr): $Type:ty, $unit:literal) => {
        <$Type as $crate::study::table::Field>::read($next()?, $before)?
    };
}
pub(crate) use fields;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_name_of_its_own_and_says_what_it_is() {
        let tables = [
            columns::<CellRecord>(),
            columns::<Row>(),
            columns::<LayerRow>(),
            columns::<SpectrumRow>(),
            columns::<IndependenceRow>(),
        ];
        for columns in &tables {
            for (i, column) in columns.iter().enumerate() {
                assert!(columns[..i].iter().all(|other| other.name != column.name), "{}", column.name);
                let plain = |c: char| c.is_ascii_lowercase() || c == '_';
                assert!(column.name.chars().all(plain) && !column.about.is_empty(), "{}", column.name);
                assert!(
                    !column.about.ends_with('.') && column.about.chars().count() <= 90,
                    "{}",
                    column.name
                );
            }
        }
        // In an exported row stand its own columns and those that all rows of its cell repeat.
        let repeated = tables[0].iter().filter(|c| c.shown == Shown::Repeated);
        for column in repeated {
            let others = tables[1..].iter().flatten();
            assert!(others.into_iter().all(|other| other.name != column.name), "{}", column.name);
        }
    }

    #[test]
    fn what_is_read_back_is_what_was_there() {
        let statistics = Statistics { trace: -0.0, relative_op: f64::NAN, ..Statistics::default() };
        let row = Row {
            cell: 3,
            seed: 1 << 62,
            values: statistics,
            device: "cpu".into(),
            seconds: 0.5,
            independence: Independence::default(),
        };
        let stored = values(&row);
        assert_eq!(stored.len(), columns::<Row>().len());
        let mut from = stored.iter().copied();
        let back = Row::read(&mut || from.next(), Some(&row)).unwrap();
        assert_eq!(values(&back), stored);
        assert!(back.values.relative_op.is_nan() && back.values.trace.is_sign_positive());
        assert!(Arc::ptr_eq(&back.device, &row.device), "the text of the row before");
        // One value short, or of another type, is no row.
        let mut short = stored[1..].iter().copied();
        assert!(Row::read(&mut || short.next(), None).is_none());
        let mut wrong = stored.iter().map(|v| if *v == Value::Text("cpu") { Value::Null } else { *v });
        assert!(Row::read(&mut || wrong.next(), None).is_none());
    }
}
