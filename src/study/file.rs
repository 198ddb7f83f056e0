//! The study file: TOML → [`Spec`], with the line of whatever is wrong.
//!
//! ```toml
//! name = "width"
//! seeds = 64                      # a count, or "128..192"; or until a standard error is reached:
//! # standard_error = 0.01         # of the mean of relative_fro, in every cell
//! # max_seeds = 65536             # most seeds of a cell on the way there
//! sampler = "auto"                # auto, direct or conditional
//! precision = "f32"               # f32, f64 or f16
//! layers = false                  # rows of the table layers too
//! spectrum = false                # rows of the table spectrum too
//! independence = false            # K_gia beside every K: the columns independence_*
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
//! # append_constant = 1.0         # a coordinate behind those of every row, before it is normalised
//! normalize = "sphere"
//! ```
//!
//! Every value under a table, sampler and precision may be a list. The file is walked by hand, not derived, because
//! every error names its line, and an unknown key the nearest known one. A path of a data file is read as it stands;
//! who knows where the file lies takes it from there by [`Spec::relative_to`].

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::nearest::nearest;
use super::spec::{Spec, Widths};
use super::value::{
    Read, count_or_word, found, hidden, integer, max_seeds, name, number, seeds, standard_error, word,
    yes_or_no,
};

const TOP: &[&str] = &[
    "name",
    "seeds",
    "standard_error",
    "max_seeds",
    "sampler",
    "precision",
    "layers",
    "spectrum",
    "independence",
    "network",
    "data",
];
const NETWORK: &[&str] = &["activation", "depth", "width", "widths", "schedule", "outputs", "scale"];
const DATA: &[&str] = &["source", "points", "append_constant", "normalize"];

/// Why a text is no study file. Lines count from 1; 0 is the one line of an assignment, which needs no number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The text is not TOML.
    #[error("{}{reason}; a study file is TOML, such as width = [64, 256]", at(*line))]
    Syntax {
        /// Line.
        line: usize,
        /// What the parser says.
        reason: String,
    },
    /// A key that no study has.
    #[error("{}unknown key \"{key}\"{place}{hint}; accepted are {accepted}", at(*line))]
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
    #[error("{}{key}: {reason}", at(*line))]
    Value {
        /// Line.
        line: usize,
        /// The key.
        key: String,
        /// What was found and what is accepted.
        reason: String,
    },
}

fn at(line: usize) -> String {
    if line == 0 { String::new() } else { format!("line {line}: ") }
}

/// Reads a study file.
pub fn parse(text: &str) -> Result<Spec, FileError> {
    File { text, numbered: true }.spec()
}

/// Reads one assignment `KEY=VALUE` to any key of a study file, such as `network.depth=8` or `data.source=digits:n=32`.
/// The value is TOML; a bare word, which is none, is a text, or a whole number such as 10k where one is meant.
pub fn parse_assignment(text: &str) -> Result<Spec, FileError> {
    let syntax = |reason: &str| FileError::Syntax { line: 0, reason: reason.to_owned() };
    let (key, value) = text.split_once('=').ok_or_else(|| syntax("write KEY=VALUE, as network.depth=8"))?;
    let (key, value) = (key.trim(), value.trim());
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if key.is_empty() || !key.chars().all(plain) || value.contains(['\n', '\r']) {
        return Err(syntax("write KEY=VALUE on one line, as network.depth=8"));
    }
    let is_toml = DeTable::parse(&format!("x = {value}")).is_ok_and(|table| table.get_ref().len() == 1);
    let last = key.rsplit('.').next().unwrap_or_default();
    let line = match value.chars().next() {
        // As shells leave a list of words, which are quoted in a file.
        Some('[')
            if !is_toml && LISTED.contains(&last) && value.ends_with(']') && !value.contains(['"', '\'']) =>
        {
            let quoted = |item: &str| toml::Value::String(item.trim().to_owned()).to_string();
            let items: Vec<String> = value[1..value.len() - 1].split(',').map(quoted).collect();
            format!("{key} = [{}]", items.join(", "))
        }
        // These begin a value of TOML that is wrong, not a word.
        Some('"' | '\'' | '[' | '{') => format!("{key} = {value}"),
        _ if is_toml => format!("{key} = {value}"),
        _ => {
            format!("{key} = {}", toml::Value::String(value.to_owned()))
        }
    };
    File { text: &line, numbered: false }.spec()
}

/// Keys whose values hold no comma, so that a list of them can be taken apart without quotes.
const LISTED: [&str; 8] =
    ["depth", "width", "outputs", "points", "schedule", "sampler", "precision", "normalize"];

struct File<'a> {
    text: &'a str,
    /// Whether errors name the line.
    numbered: bool,
}

type Value<'a> = Spanned<DeValue<'a>>;

impl File<'_> {
    fn spec(&self) -> Result<Spec, FileError> {
        let table = DeTable::parse(self.text).map_err(|error| FileError::Syntax {
            line: self.line(&error.span().unwrap_or(0..0)),
            reason: error.message().replace('\n', ", "),
        })?;
        let mut spec = Spec::default();
        for (key, value) in table.get_ref() {
            match key.get_ref().as_ref() {
                "name" => spec.name = Some(self.scalar("name", value, name)?),
                "seeds" => spec.seeds = Some(self.scalar("seeds", value, seeds)?),
                "standard_error" => {
                    spec.standard_error = Some(self.scalar("standard_error", value, standard_error)?);
                }
                "max_seeds" => spec.max_seeds = Some(self.scalar("max_seeds", value, max_seeds)?),
                "sampler" => spec.sampler = Some(self.list("sampler", value, word)?),
                "precision" => spec.precision = Some(self.list("precision", value, word)?),
                "layers" => spec.layers = Some(self.scalar("layers", value, yes_or_no)?),
                "spectrum" => spec.spectrum = Some(self.scalar("spectrum", value, yes_or_no)?),
                "independence" => spec.independence = Some(self.scalar("independence", value, yes_or_no)?),
                "network" => self.network(value, &mut spec)?,
                "data" => self.data(value, &mut spec)?,
                _ => return Err(self.unknown(key, "", TOP)),
            }
            if spec.seeds.is_some() && spec.standard_error.is_some() {
                let reason = "seeds and standard_error exclude each other; keep one of them".to_owned();
                let line = self.line(&key.span());
                return Err(FileError::Value { line, key: key.get_ref().to_string(), reason });
            }
        }
        Ok(spec)
    }

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
                "append_constant" => {
                    spec.append_constant = Some(self.list("append_constant", value, number)?);
                }
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
        let homes = [(TOP, "above all tables"), (NETWORK, "under [network]"), (DATA, "under [data]")];
        let at_home = homes.iter().find(|(keys, _)| keys.contains(&key.as_str()));
        let hint = match (at_home, nearest(&key, accepted)) {
            (Some((_, home)), _) => format!(", which belongs {home}"),
            (None, Some(known)) => format!(", is it \"{known}\"?"),
            (None, None) => homes
                .iter()
                .find_map(|(keys, home)| {
                    nearest(&key, keys).map(|known| format!(", is it \"{known}\" {home}?"))
                })
                .unwrap_or_default(),
        };
        FileError::UnknownKey { line, key, place: place.to_owned(), hint, accepted: accepted.join(", ") }
    }

    /// Line of the first byte of a span.
    fn line(&self, span: &Range<usize>) -> usize {
        if !self.numbered {
            return 0;
        }
        let end = span.start.min(self.text.len());
        1 + self.text.as_bytes()[..end].iter().filter(|&&byte| byte == b'\n').count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolved_study_reads_back_as_itself() {
        let first = Spec::first().resolved();
        assert_eq!(parse(&first.to_toml()), Ok(first));
        let until = parse("standard_error = 1e-3\nmax_seeds = 5000\n").unwrap().resolved();
        assert_eq!((until.seeds.clone(), until.max_seeds), (None, Some(5000)));
        assert_eq!(parse(&until.to_toml()), Ok(until));
        let text = "name = 'a'\nseeds = \"3..9\"\nsampler=['auto','direct']\nprecision='f64'\n[network]\n\
                    activation='-0.4,0.7'\nwidths=['3,4','5']\noutputs=[1,2]\nscale=[1e-3,2]\n[data]\n\
                    source=['pair:angle=0.5','digits:n=3']\npoints=['0..2','2..3']\nappend_constant=[0.5,1]\n";
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
        check("[data]\nzebra = 3", &["accepted are source, points, append_constant, normalize"]);
        check("[network]\nwidth = [64,\n  'x']", &["line 3", "width", "the text \"x\"", "an integer"]);
        check("[network]\nwidth = 3\nwidths = '3'", &["exclude each other"]);
        check("[network]\ndepth = []", &["empty list"]);
        check("[network]\nactivation = 'tanh'", &["line 2", "tanh", "abs, relu"]);
        check("network = 3", &["network is a table", "[network]"]);
        check("a = = 3", &["line 1", "TOML"]);
        check("name = 'a/b'", &["a/b", "letters"]);
    }

    #[test]
    fn an_assignment_is_a_line_of_the_file() {
        let check = |assignment: &str, file: &str| {
            assert_eq!(parse_assignment(assignment), parse(file), "{assignment}");
            assert!(parse(file).is_ok(), "{file}");
        };
        check("network.depth=8", "[network]\ndepth = 8");
        check(" network.depth = [2, 3] ", "[network]\ndepth = [2, 3]");
        check("network.activation=abs", "[network]\nactivation = 'abs'");
        check("network.activation=-0.4,0.7", "[network]\nactivation = '-0.4,0.7'");
        check("network.activation=[\"abs\", 'relu']", "[network]\nactivation = ['abs', 'relu']");
        check("network.widths=64,128", "[network]\nwidths = '64,128'");
        check("network.scale=1e-3", "[network]\nscale = 1e-3");
        check("data.source=digits:n=32", "[data]\nsource = 'digits:n=32'");
        check("seeds=128..192", "seeds = '128..192'");
        check("seeds=8", "seeds = 8");
        check("seeds=1_0k", "seeds = 10000");
        check("max_seeds=10k", "max_seeds = 10000");
        check("network.width=[1k, 2e3,3]", "[network]\nwidth = [1000, 2000, 3]");
        check("network.width=['10k', 5]", "[network]\nwidth = [10000, 5]");
        check("network.schedule=[constant,linear]", "[network]\nschedule = ['constant', 'linear']");
        check("network.width=2.5k", "[network]\nwidth = 2500");
        check("name=10k", "name = '10k'");
        check("name=\"a\"", "name = 'a'");
    }
}
