//! Readers of single options: whole numbers as people write them, words that a shell can complete, lists.

use std::ffi::OsStr;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PathBufValueParser, PossibleValue, TypedValueParser};

use super::input::is_dash;
use crate::data::Source;
use crate::math::whole;

/// A whole number such as 4096, 1e6, 1_000, 10k or 2M; which ones are accepted is checked where they are used.
pub fn count<T: TryFrom<u128>>(text: &str) -> Result<T, String> {
    whole(text).ok_or_else(|| "give a positive integer such as 4, 10k or 1e6".to_owned())
}

/// A number from text; which ones are accepted is checked where they are used.
pub fn number(text: &str) -> Result<f64, String> {
    text.trim().parse().map_err(|_| "give a positive number such as 0.5".to_owned())
}

/// A directory, which standard input and output are not.
pub fn directory() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match is_dash(&path) {
        true => Err("- is standard input or output, and a directory is meant; of that name it is ./-"),
        false => Ok(path),
    })
}

/// A data source; a name that is not UTF-8 is one of a file.
pub fn source() -> impl TypedValueParser<Value = Source> {
    Sources
}

#[derive(Clone)]
struct Sources;

impl TypedValueParser for Sources {
    type Value = Source;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Source, clap::Error> {
        match value.to_str() {
            Some(_) => (|text: &str| text.parse::<Source>()).parse_ref(command, arg, value),
            None => Ok(Source::File { path: value.into(), key: None }),
        }
    }
}

/// A value that parses, most often one of a few words, which completions offer.
#[derive(Clone)]
pub struct Words<T> {
    words: &'static [&'static str],
    read: fn(&str) -> Result<T, String>,
}

/// Reads what parses; completions offer these words.
pub fn words<T: FromStr<Err: Display>>(words: &'static [&'static str]) -> Words<T> {
    Words { words, read: |text| text.parse().map_err(|error: T::Err| error.to_string()) }
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Words<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let read = self.read;
        (move |text: &str| read(text)).parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.words.iter().map(PossibleValue::new)))
    }
}
