//! The study file: TOML → [`Spec`], with the line of whatever is wrong.
//!
//! ```toml
//! name = "width"
//! seeds = 64                      # a count, or "128..192"
//! sampler = "auto"                # auto, direct or conditional
//! precision = "f32"               # f32, f64 or f16
//! [network]
//! activation = ["abs", "relu", "0.6,0.4"]
//! depth = 4
//! width = [64, 256, 1024]         # or widths = "64,128,256", or a list of such strings
//! schedule = "constant"
//! outputs = 1
//! scale = 1.0
//! [data]
//! source = "digits:n=32"
//! points = "0..16"                # or a count
//! normalize = "sphere"
//! ```
//!
//! Every value but name and seeds may be a list. The file is walked by hand, not derived, because every error names
//! its line, and an unknown key the nearest known one. A path of a data file is taken from the working directory, as
//! on the command line.

use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::SeedRange;
use super::spec::{Spec, Widths};
use crate::model::parse_widths;

const TOP: &[&str] = &["name", "seeds", "sampler", "precision", "network", "data"];
const NETWORK: &[&str] = &["activation", "depth", "width", "widths", "schedule", "outputs", "scale"];
const DATA: &[&str] = &["source", "points", "normalize"];

/// Why a text is no study file. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The text is not TOML.
    #[error("line {line}: {reason}; a study file is TOML, such as width = [64, 256]")]
    Syntax {
        /// Line.
        line: usize,
        /// What the parser says.
        reason: String,
    },
    /// A key that no study has.
    #[error("line {line}: unknown key \"{key}\"{place}{hint}; accepted are {accepted}")]
    UnknownKey {
        /// Line.
        line: usize,
        /// The key.
        key: String,
        /// Where it stands: empty, or the table.
        place: String,
        /// The nearest known key, if one is near.
        hint: String,
        /// Keys of this place.
        accepted: String,
    },
    /// A value that its key does not accept.
    #[error("line {line}: {key}: {reason}")]
    Value {
        /// Line.
        line: usize,
        /// The key.
        key: String,
        /// What was found and what is accepted.
        reason: String,
    },
}

/// Reads a study file.
pub fn parse(text: &str) -> Result<Spec, FileError> {
    let file = File { text };
    let table = DeTable::parse(text).map_err(|error| FileError::Syntax {
        line: file.line(&error.span().unwrap_or(0..0)),
        reason: error.message().replace('\n', ", "),
    })?;
    let mut spec = Spec::default();
    for (key, value) in table.get_ref() {
        match key.get_ref().as_ref() {
            "name" => spec.name = Some(file.scalar("name", value, name)?),
            "seeds" => spec.seeds = Some(file.scalar("seeds", value, seeds)?),
            "sampler" => spec.sampler = Some(file.list("sampler", value, word)?),
            "precision" => spec.precision = Some(file.list("precision", value, word)?),
            "network" => file.network(value, &mut spec)?,
            "data" => file.data(value, &mut spec)?,
            _ => return Err(file.unknown(key, "", TOP)),
        }
    }
    Ok(spec)
}

struct File<'a> {
    text: &'a str,
}

type Value<'a> = Spanned<DeValue<'a>>;

impl File<'_> {
    fn network(&self, table: &Value, spec: &mut Spec) -> Result<(), FileError> {
        let entries = self.table("network", table, "depth = 4")?;
        for (key, value) in entries {
            let widths = match key.get_ref().as_ref() {
                "activation" => {
                    spec.activation = Some(self.list("activation", value, word)?);
                    continue;
                }
                "depth" => {
                    spec.depth = Some(self.list("depth", value, integer)?);
                    continue;
                }
                "schedule" => {
                    spec.schedule = Some(self.list("schedule", value, word)?);
                    continue;
                }
                "outputs" => {
                    spec.outputs = Some(self.list("outputs", value, integer)?);
                    continue;
                }
                "scale" => {
                    spec.scale = Some(self.list("scale", value, number)?);
                    continue;
                }
                "width" => Widths::Scheduled(self.list("width", value, integer)?),
                "widths" => Widths::Listed(self.list("widths", value, hidden)?),
                _ => return Err(self.unknown(key, " under [network]", NETWORK)),
            };
            if spec.widths.replace(widths).is_some() {
                let reason = "width and widths exclude each other; keep one of them".to_owned();
                let line = self.line(&key.span());
                return Err(FileError::Value { line, key: key.get_ref().to_string(), reason });
            }
        }
        Ok(())
    }

    fn data(&self, table: &Value, spec: &mut Spec) -> Result<(), FileError> {
        for (key, value) in self.table("data", table, "source = \"digits:n=32\"")? {
            match key.get_ref().as_ref() {
                "source" => spec.source = Some(self.list("source", value, word)?),
                "points" => spec.points = Some(self.list("points", value, count_or_word)?),
                "normalize" => spec.normalize = Some(self.list("normalize", value, word)?),
                _ => return Err(self.unknown(key, " under [data]", DATA)),
            }
        }
        Ok(())
    }

    fn table<'v, 'i>(
        &self,
        key: &str,
        value: &'v Value<'i>,
        example: &str,
    ) -> Result<&'v DeTable<'i>, FileError> {
        value.get_ref().as_table().ok_or_else(|| {
            let reason = format!(
                "is {}, and {key} is a table; write [{key}] on a line of its own and {example} below it",
                found(value.get_ref())
            );
            self.wrong(key, value, reason)
        })
    }

    fn scalar<T>(&self, key: &str, value: &Value, read: Read<T>) -> Result<T, FileError> {
        if value.get_ref().is_array() {
            return Err(self.wrong(key, value, "is a list; a study has one value here".to_owned()));
        }
        read(value.get_ref()).map_err(|reason| self.wrong(key, value, reason))
    }

    /// One value, or a list of values.
    fn list<T>(&self, key: &str, value: &Value, read: Read<T>) -> Result<Vec<T>, FileError> {
        match value.get_ref() {
            DeValue::Array(items) if items.is_empty() => {
                Err(self.wrong(key, value, "is an empty list; give at least one value".to_owned()))
            }
            DeValue::Array(items) => items.iter().map(|item| self.scalar(key, item, read)).collect(),
            _ => Ok(vec![self.scalar(key, value, read)?]),
        }
    }

    fn wrong(&self, key: &str, value: &Value, reason: String) -> FileError {
        FileError::Value { line: self.line(&value.span()), key: key.to_owned(), reason }
    }

    fn unknown(&self, key: &Spanned<impl AsRef<str>>, place: &str, accepted: &[&'static str]) -> FileError {
        let (line, key) = (self.line(&key.span()), key.get_ref().as_ref().to_owned());
        // A slip of a letter or two; short words have too many neighbours.
        let slips = if key.chars().count() < 4 { 1 } else { 2 };
        let near = |keys: &[&'static str]| {
            let best = keys.iter().map(|known| (distance(&key, known), *known)).min();
            best.filter(|(distance, _)| *distance <= slips).map(|(_, known)| known)
        };
        let homes = [(TOP, "above all tables"), (NETWORK, "under [network]"), (DATA, "under [data]")];
        let at_home = homes.iter().find(|(keys, _)| keys.contains(&key.as_str()));
        let hint = match (at_home, near(accepted)) {
            (Some((_, home)), _) => format!(", which belongs {home}"),
            (None, Some(known)) => format!(", is it \"{known}\"?"),
            (None, None) => homes
                .iter()
                .find_map(|(keys, home)| near(keys).map(|known| format!(", is it \"{known}\" {home}?")))
                .unwrap_or_default(),
        };
        FileError::UnknownKey { line, key, place: place.to_owned(), hint, accepted: accepted.join(", ") }
    }

    /// Line of the first byte of a span.
    fn line(&self, span: &Range<usize>) -> usize {
        let end = span.start.min(self.text.len());
        1 + self.text.as_bytes()[..end].iter().filter(|&&byte| byte == b'\n').count()
    }
}

/// Reads one value; the error says what was found and what is accepted.
type Read<T> = fn(&DeValue) -> Result<T, String>;

fn word<T: FromStr<Err: Display>>(value: &DeValue) -> Result<T, String> {
    let text = value.as_str().ok_or_else(|| format!("is {}; write a text in quotes", found(value)))?;
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn integer<T: FromStr + TryFrom<u64>>(value: &DeValue) -> Result<T, String> {
    let wrong = || format!("is {}; write an integer from 1, without quotes", found(value));
    let integer = value.as_integer().ok_or_else(wrong)?;
    let parsed = u64::from_str_radix(integer.as_str(), integer.radix()).map_err(|_| wrong())?;
    T::try_from(parsed).map_err(|_| wrong())
}

fn number(value: &DeValue) -> Result<f64, String> {
    let text = match value {
        DeValue::Float(float) => float.as_str(),
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
        _ => return Err(format!("is {}; write a number, without quotes", found(value))),
    };
    text.parse().map_err(|_| format!("is {}; write a number such as 2.5", found(value)))
}

fn count_or_word<T: FromStr<Err: Display>>(value: &DeValue) -> Result<T, String> {
    match value {
        DeValue::Integer(integer) if integer.radix() == 10 => {
            integer.as_str().parse().map_err(|error: T::Err| error.to_string())
        }
        DeValue::String(_) => word(value),
        _ => Err(format!(
            "is {}; write a count such as 32, or a range in quotes such as \"8..16\"",
            found(value)
        )),
    }
}

fn seeds(value: &DeValue) -> Result<SeedRange, String> {
    count_or_word(value)
}

fn hidden(value: &DeValue) -> Result<Vec<u64>, String> {
    let text = value.as_str().ok_or_else(|| {
        format!(
            "is {}; write the hidden widths of a network as one text in quotes, as \"64,128,256\"",
            found(value)
        )
    })?;
    parse_widths(text).map_err(|error| error.to_string())
}

fn name(value: &DeValue) -> Result<String, String> {
    let text: String = word(value)?;
    check_name(&text)?;
    Ok(text)
}

/// Names become file names: 1 to 64 letters, digits, `.`, `_`, `-`, the first a letter or digit.
pub(super) fn check_name(text: &str) -> Result<(), String> {
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
fn found(value: &DeValue) -> String {
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

/// Levenshtein distance: least number of letters to insert, delete or replace.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_between_words() {
        for (a, b, d) in
            [("", "abc", 3), ("width", "widths", 1), ("depht", "depth", 2), ("kitten", "sitting", 3)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (d, d));
        }
    }

    #[test]
    fn a_resolved_study_reads_back_as_itself() {
        let first = Spec::first().resolved();
        assert_eq!(parse(&first.to_toml()), Ok(first));
        let text = "name = 'a'\nseeds = \"3..9\"\nsampler=['auto','direct']\nprecision='f64'\n[network]\n\
                    activation='-0.4,0.7'\nwidths=['3,4','5']\noutputs=[1,2]\nscale=[1e-3,2]\n[data]\n\
                    source=['pair:angle=0.5','digits:n=3']\npoints=['0..2','2..3']\n";
        let spec = parse(text).unwrap().resolved();
        assert_eq!(spec.normalize, None, "sources that differ in their default keep it");
        assert_eq!(parse(&spec.to_toml()), Ok(spec));
    }

    #[test]
    fn errors_name_the_line_and_what_is_accepted() {
        let check = |text: &str, parts: &[&str]| {
            let error = parse(text).unwrap_err().to_string();
            for part in parts {
                assert!(error.contains(part), "{text:?} gives: {error}\nwithout {part:?}");
            }
        };
        check("name = \"a\"\nseed = 3", &["line 2", "\"seed\"", "is it \"seeds\"?", "sampler, precision"]);
        check("[network]\n\ndepht = 3", &["line 3", "\"depht\" under [network]", "is it \"depth\"?"]);
        check("depth = 3", &["line 1", "belongs under [network]"]);
        check("widht = 3", &["is it \"width\" under [network]?"]);
        check("[network]\nseeds = 3", &["belongs above all tables"]);
        check("[data]\nzebra = 3", &["accepted are source, points, normalize"]);
        check("[network]\nwidth = [64,\n  'x']", &["line 3", "width", "the text \"x\"", "an integer"]);
        check("[network]\nwidth = 3\nwidths = '3'", &["exclude each other"]);
        check("[network]\ndepth = []", &["empty list"]);
        check("[network]\nactivation = 'tanh'", &["line 2", "tanh", "abs, relu"]);
        check("network = 3", &["network is a table", "[network]"]);
        check("a = = 3", &["line 1", "TOML"]);
        check("name = 'a/b'", &["a/b", "letters"]);
    }
}
