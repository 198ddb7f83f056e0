//! Reads single values of a study file; an error says what was found and what is accepted.

use std::fmt::Display;
use std::str::FromStr;

use toml::de::DeValue;

use super::SeedRange;
use super::need::FIRST_CHECK;
use crate::math::whole;
use crate::model::parse_widths;
use crate::rng::SEED_LIMIT;

/// Reads one value; the error says what was found and what is accepted.
pub type Read<T> = fn(&DeValue) -> Result<T, String>;

/// A text that parses.
pub fn word<T: FromStr<Err: Display>>(value: &DeValue) -> Result<T, String> {
    let text = value.as_str().ok_or_else(|| format!("is {}; write a text in quotes", found(value)))?;
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// An integer from 1.
pub fn integer<T: FromStr + TryFrom<u64>>(value: &DeValue) -> Result<T, String> {
    let wrong = || format!("is {}; write an integer from 1 such as 64 or \"10k\"", found(value));
    let parsed = match value {
        DeValue::Integer(integer) => u64::from_str_radix(integer.as_str(), integer.radix()).ok(),
        // TOML calls 1e6 a float.
        DeValue::Float(float) => whole(float.as_str()),
        // Nor does it know 10k.
        DeValue::String(text) => whole(text),
        _ => None,
    };
    T::try_from(parsed.ok_or_else(wrong)?).map_err(|_| wrong())
}

/// A number.
pub fn number(value: &DeValue) -> Result<f64, String> {
    let text = match value {
        DeValue::Float(float) => float.as_str(),
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
        _ => return Err(format!("is {}; write a number, without quotes", found(value))),
    };
    text.parse().map_err(|_| format!("is {}; write a number such as 2.5", found(value)))
}

/// Whether something is asked for.
pub fn yes_or_no(value: &DeValue) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!("is {}; write true or false, without quotes", found(value)))
}

/// A count, or a text that parses.
pub fn count_or_word<T: FromStr<Err: Display>>(value: &DeValue) -> Result<T, String> {
    match value {
        DeValue::Integer(integer) if integer.radix() == 10 => {
            integer.as_str().parse().map_err(|error: T::Err| error.to_string())
        }
        DeValue::String(_) => word(value),
        DeValue::Float(float) => float.as_str().parse().map_err(|error: T::Err| error.to_string()),
        _ => Err(format!(
            "is {}; write a count such as 32, or a range in quotes such as \"8..16\"",
            found(value)
        )),
    }
}

/// The standard error that is asked for.
pub fn standard_error(value: &DeValue) -> Result<f64, String> {
    let error = number(value)?;
    // NaN is in no range.
    if (f64::MIN_POSITIVE..=f64::MAX).contains(&error) {
        return Ok(error);
    }
    Err(format!("is {}; write a positive number such as 0.01", found(value)))
}

/// The most seeds of a cell.
pub fn max_seeds(value: &DeValue) -> Result<u64, String> {
    integer(value)
        .ok()
        .filter(|most| (FIRST_CHECK..=SEED_LIMIT).contains(most))
        .ok_or_else(|| format!("is {}; write an integer from {FIRST_CHECK} to {SEED_LIMIT}", found(value)))
}

/// A range of seeds.
pub fn seeds(value: &DeValue) -> Result<SeedRange, String> {
    count_or_word(value)
}

/// The hidden widths of one network.
pub fn hidden(value: &DeValue) -> Result<Vec<u64>, String> {
    let text = value.as_str().ok_or_else(|| {
        format!(
            "is {}; write the hidden widths of a network as one text in quotes, as \"64,128,256\"",
            found(value)
        )
    })?;
    parse_widths(text).map_err(|error| error.to_string())
}

/// The name of a study.
pub fn name(value: &DeValue) -> Result<String, String> {
    let text: String = word(value)?;
    check_name(&text)?;
    Ok(text)
}

/// Names become file names: 1 to 64 letters, digits, `.`, `_`, `-`, the first a letter or digit.
pub fn check_name(text: &str) -> Result<(), String> {
    let safe = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    if first && text.len() <= 64 && text.chars().all(safe) {
        return Ok(());
    }
    Err(format!(
        "\"{}\" cannot name a directory; use 1 to 64 letters, digits, '.', '_' and '-', the first a letter or digit",
        text.escape_debug()
    ))
}

/// What a value is, for an error.
pub fn found(value: &DeValue) -> String {
    match value {
        DeValue::String(text) => format!("the text \"{}\"", text.escape_debug()),
        DeValue::Integer(i) => format!("the integer {i}"),
        DeValue::Float(f) => format!("the number {f}"),
        DeValue::Boolean(b) => format!("{b}"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
