//! Check sums of rows. They find damage; they are no defence against malice.

use crate::study::table::{CellRecord, Fields, Value};

/// The check sum of everything in a row, under the [bits of the key](key_bits) of its cell.
pub fn check_sum(row: &impl Fields, key_bits: u64) -> i64 {
    let mut sum = key_bits;
    row.each(&mut |value| match value {
        Value::Integer(value) => sum = mix(sum, value),
        Value::Real(value) => sum = mix(sum, value.to_bits()),
        // No other number has these bits.
        Value::Null => sum = mix(sum, f64::NAN.to_bits()),
        Value::Text(text) => {
            sum = mix(sum, text.len() as u64);
            text.bytes().for_each(|byte| sum = mix(sum, u64::from(byte)));
        }
    });
    sum as i64
}

/// 64 bits of the key of a cell.
pub fn key_bits(record: &CellRecord) -> u64 {
    // The digest of the cells is compared before this is asked; should two keys that are no numbers meet here all the
    // same, they are told apart by their bytes.
    let digits = record.key.get(..16).and_then(|head| u64::from_str_radix(head, 16).ok());
    digits.unwrap_or_else(|| record.key.bytes().fold(0, |sum, byte| mix(sum, u64::from(byte))))
}

/// One step of a 64-bit hash: every step is a bijection of the state, so that one damaged word always shows.
fn mix(state: u64, word: u64) -> u64 {
    let mixed = (state ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 32)).wrapping_add(0x2545_F491_4F6C_DD1D)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::table::{Independence, Row, Statistics, values};

    #[test]
    fn every_bit_of_a_row_enters_its_check_sum() {
        let row = Row {
            cell: 0,
            seed: 5,
            values: Statistics::default(),
            device: "cpu".into(),
            seconds: 0.5,
            independence: Independence::default(),
        };
        let sum = check_sum(&row, 7);
        assert_ne!(sum, check_sum(&row, 6));
        let all = values(&row);
        for (i, value) in all.iter().enumerate() {
            for bit in 0..63 {
                let other = match *value {
                    Value::Integer(x) => Value::Integer(x ^ (1 << bit)),
                    Value::Real(x) => Value::Real(f64::from_bits(x.to_bits() ^ (1 << bit))),
                    _ => continue,
                };
                let mut from = all.iter().enumerate().map(|(j, v)| if i == j { other } else { *v });
                let other = Row::read(&mut || from.next(), None).unwrap();
                assert_ne!(sum, check_sum(&other, 7), "bit {bit} of column {i}");
            }
        }
        assert_ne!(sum, check_sum(&Row { device: "cpv".into(), ..row.clone() }, 7));
        // A NULL reads back as the canonical NaN.
        let undefined = |nan| {
            let values = Statistics { trace: nan, ..row.values };
            check_sum(&Row { values, ..row.clone() }, 7)
        };
        assert_eq!(undefined(f64::NAN), undefined(-f64::NAN));
        assert_ne!(undefined(f64::NAN), sum);
    }
}
