//! Memory for numbers, asked for before it is used: where a machine or a limit of the process has none left, that is an
//! error and no abort.

use super::DataError;

/// Room for so many numbers behind those that are there.
pub(super) fn reserve(values: &mut Vec<f64>, more: usize) -> Result<(), DataError> {
    // Twice as much, so that numbers that come a few at a time are not moved each time; else just what is asked for.
    let found = values.try_reserve(more).or_else(|_| values.try_reserve_exact(more));
    found.map_err(|_| DataError::Memory { values: values.len().saturating_add(more) })
}

/// A copy.
pub(super) fn copy(values: &[f64]) -> Result<Vec<f64>, DataError> {
    let mut made = Vec::new();
    made.try_reserve_exact(values.len()).map_err(|_| DataError::Memory { values: values.len() })?;
    made.extend_from_slice(values);
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_machine_has_is_an_error() {
        let mut values = vec![1.0];
        let error = reserve(&mut values, usize::MAX / 32).unwrap_err();
        assert!(matches!(error, DataError::Memory { values: 576_460_752_303_423_488.. }), "{error}");
        reserve(&mut values, 3).unwrap();
        assert_eq!((copy(&values).unwrap(), values.capacity() >= 4), (vec![1.0], true));
    }
}
