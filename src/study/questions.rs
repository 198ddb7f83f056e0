//! The questions about widths that were asked of a run directory, with their answers: its file `width.json`.
//!
//! Answers are kept, not found again from the rows. The error rate of an answer is that of one search, whose choices are
//! those of the version that drew: another version would choose other widths and stakes over the same rows, ask for rows
//! that are not there, and give another answer with an error rate of its own beside that of the first. What was answered
//! is what is shown; and who asks the same again has the draws read from the store.
//!
//! The file has a version, and is written aside and renamed by whoever holds the lock of the directory. A question is
//! there once: asked again its answers are replaced, kind of network by kind of network, and those of other kinds stay.
//! The last that was asked is the last in the file.

use std::fmt::Display;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use super::store::WIDTH;
use crate::answer::{Answer, Cell, Decision, Ending, Norm, Question};
use crate::backend::Precision;
use crate::math::activation::Activation;
use crate::model::Schedule;
use crate::sampler::SamplerChoice;

/// Version of the file.
const FORMAT: u64 = 1;
/// Bytes of a file at most: an answer has some thousand.
const LONGEST: u64 = 1 << 26;

/// A question about widths, and its answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WidthQuestion {
    /// T: the largest deviation that is accepted.
    pub tolerance: f64,
    /// P: the probability with which a network must be within T.
    pub confidence: f64,
    /// Which number the deviation is.
    #[serde(with = "text")]
    pub norm: Norm,
    /// The norm itself rather than over that of the limit.
    pub absolute: bool,
    /// α: the probability with which each answer may be wrong.
    pub alpha: f64,
    /// m_high/m_low at which a search is done.
    pub resolution: f64,
    /// The first seed.
    pub first_seed: u64,
    /// A kind of network each, in the order in which they were first asked about.
    pub cells: Vec<WidthAnswer>,
}

/// The answer about one kind of network: m_low < m* ≤ m_high.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WidthAnswer {
    /// The key of the cell of width 1, by which networks and points are told apart; empty outside a directory.
    pub key: String,
    /// φ.
    #[serde(with = "text")]
    pub activation: Activation,
    /// l.
    pub depth: usize,
    /// How the hidden widths follow from m.
    #[serde(with = "text")]
    pub schedule: Schedule,
    /// m_l.
    pub outputs: usize,
    /// Constant in front of K and K∞.
    pub scale: f64,
    /// Which sampler draws.
    #[serde(with = "text")]
    pub sampler: SamplerChoice,
    /// Arithmetic of the panels.
    #[serde(with = "text")]
    pub precision: Precision,
    /// The data source, with the rows that were selected.
    pub data: String,
    /// `sphere` or `none`; empty outside a directory.
    pub normalize: String,
    /// Number of points.
    pub n: u64,
    /// m_low; 0 if m* may be 1.
    #[serde(rename = "m_low")]
    pub low: u64,
    /// m_high; None while no width is known to be enough.
    #[serde(rename = "m_high")]
    pub high: Option<u64>,
    /// The widths that were looked at, ascending.
    pub looks: Vec<WidthLook>,
    /// Networks drawn.
    pub networks: u64,
    /// β of median deviation ∼ m^β; None of a single width.
    pub exponent: Option<f64>,
    /// The constants of the bound that m_low + 1 and m_high make; None where there is no bound.
    pub constant: Option<[Option<f64>; 2]>,
    /// What is open and why, in words; None where the interval is as narrow as asked for.
    pub undecided: Option<String>,
    /// Seconds of the search.
    pub seconds: f64,
}

/// What the draws at one width showed by themselves, as [`answer::Look`](crate::answer::Look).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WidthLook {
    /// m.
    pub m: u64,
    /// Networks drawn.
    pub seeds: u64,
    /// How many of them are within T.
    pub inside: u64,
    /// The probability at this width is at least this …
    pub low: f64,
    /// … and at most this, at all times at once with probability 1 − α.
    pub high: f64,
}

/// Why the file of a directory cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum QuestionsError {
    /// The system refused.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what was written.
    #[error("{} is damaged or no file of answers ({reason})", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// It is of a version that is not known here.
    #[error("{} has format {found}, and this eoc reads format {FORMAT}", path.display())]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
}

/// The file.
#[derive(Serialize, Deserialize)]
struct Kept {
    format: u64,
    questions: Vec<WidthQuestion>,
}

/// What every format has.
#[derive(Deserialize)]
struct Head {
    format: u64,
}

impl WidthQuestion {
    /// A question about networks of this kind, without an answer.
    pub fn of(question: &Question, cell: &Cell) -> Self {
        Self {
            tolerance: question.tolerance,
            confidence: question.probability,
            norm: cell.norm,
            absolute: cell.absolute,
            alpha: question.error_rate,
            resolution: question.resolution,
            first_seed: question.first_seed,
            cells: Vec::new(),
        }
    }

    /// Whether another asks the same, of whatever kind of network.
    pub fn is(&self, other: &Self) -> bool {
        let all = |q: &Self| {
            let numbers = [q.tolerance, q.confidence, q.alpha, q.resolution].map(f64::to_bits);
            (numbers, q.norm, q.absolute, q.first_seed)
        };
        all(self) == all(other)
    }

    /// Takes in an answer, in the place of one about the same kind of network. A search that was broken off before that
    /// one had ended is a part of it, and says nothing new.
    pub fn take(&mut self, answer: WidthAnswer) {
        match self.cells.iter_mut().find(|there| there.is_of(&answer)) {
            Some(there) if answer.undecided.is_some() && there.networks > answer.networks => {}
            Some(there) => *there = answer,
            None => self.cells.push(answer),
        }
    }

    /// Whether it can be asked, and every answer be one; the error says what is wrong.
    fn check(&self) -> Result<(), String> {
        let question = Question {
            tolerance: self.tolerance,
            probability: self.confidence,
            error_rate: self.alpha,
            resolution: self.resolution,
            first_seed: self.first_seed,
            ..Question::default()
        };
        question.check().map_err(|error| error.to_string())?;
        match self.cells.iter().position(|cell| !cell.is_whole()) {
            Some(index) => Err(format!("answer {index} of tolerance {} holds no interval", self.tolerance)),
            None => Ok(()),
        }
    }

    /// In one order, whoever asked first.
    fn order(&self) -> impl Ord + use<> {
        let numbers = [self.tolerance, self.confidence, self.alpha, self.resolution].map(f64::to_bits);
        (self.norm.to_string(), self.absolute, numbers, self.first_seed)
    }
}

impl WidthAnswer {
    /// An answer of a search outside a directory, about networks on these data.
    pub fn new(cell: &Cell, data: (&str, usize), answer: &Answer) -> Self {
        let look = |look: &crate::answer::Look| WidthLook {
            m: look.width,
            seeds: look.seeds,
            inside: look.inside,
            low: look.low,
            high: look.high,
        };
        Self {
            key: String::new(),
            activation: cell.activation,
            depth: cell.depth,
            schedule: cell.schedule,
            outputs: cell.outputs,
            scale: cell.scale,
            sampler: cell.sampler,
            precision: cell.precision,
            data: data.0.to_owned(),
            normalize: String::new(),
            n: data.1 as u64,
            low: answer.low,
            high: answer.high,
            looks: answer.looks.iter().map(look).collect(),
            networks: answer.networks,
            exponent: answer.exponent,
            constant: None,
            undecided: (answer.ending != Ending::Resolved).then(String::new),
            seconds: 0.0,
        }
    }

    /// Whether another is about the same kind of network.
    fn is_of(&self, other: &Self) -> bool {
        (&self.key, self.schedule, self.sampler) == (&other.key, other.schedule, other.sampler)
    }

    /// What all draws together decide of a width.
    pub fn decision(&self, m: u64) -> Decision {
        match self.high {
            _ if m <= self.low => Decision::TooNarrow,
            Some(high) if m >= high => Decision::Enough,
            _ => Decision::Undecided,
        }
    }

    fn is_whole(&self) -> bool {
        let share = |p: f64| (0.0..=1.0).contains(&p);
        let look = |l: &WidthLook| {
            l.m > 0 && l.seeds > 0 && l.inside <= l.seeds && share(l.low) && share(l.high) && l.low <= l.high
        };
        let constants = self.constant.iter().flatten().flatten();
        self.depth > 1
            && self.outputs > 0
            && self.scale > 0.0
            && self.high.is_none_or(|high| high > self.low)
            && self.looks.iter().all(look)
            && self.looks.is_sorted_by(|a, b| a.m < b.m)
            && constants.copied().all(|c| c > 0.0 && c.is_finite())
            && self.seconds >= 0.0
    }

    /// In one order, whoever comes first.
    fn order(&self) -> impl Ord + use<> {
        let kind = (self.data.clone(), self.activation.to_string(), self.schedule.to_string());
        (
            kind,
            self.outputs,
            self.depth,
            self.sampler.to_string(),
            self.precision.to_string(),
            self.key.clone(),
        )
    }

    /// Of two answers about one kind the one that is farther on, and of equals always the same.
    fn farther(self, other: Self) -> Self {
        let rank =
            |a: &Self| (a.undecided.is_none(), a.networks, serde_json::to_string(a).unwrap_or_default());
        if rank(&other) > rank(&self) { other } else { self }
    }
}

/// The questions of a directory, in the order in which they were asked last; none where no question was asked.
pub fn read(dir: &Path) -> Result<Vec<WidthQuestion>, QuestionsError> {
    let path = dir.join(WIDTH);
    let damaged = |reason: String| QuestionsError::Damaged { path: path.clone(), reason };
    let failed = |source| QuestionsError::Io { doing: "read", path: path.clone(), source };
    match fs::metadata(&path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(failed(error)),
        Ok(found) if !found.is_file() => return Err(damaged("it is no file".to_owned())),
        Ok(found) if found.len() > LONGEST => return Err(damaged("it is too long for one".to_owned())),
        Ok(_) => {}
    }
    let text = fs::read(&path).map_err(failed)?;
    let unread = |error: serde_json::Error| {
        damaged(match error.classify() {
            Category::Eof => "it ends too early".to_owned(),
            _ => format!("line {}, column {} is not as eoc writes it", error.line(), error.column()),
        })
    };
    let head: Head = serde_json::from_slice(&text).map_err(unread)?;
    if head.format != FORMAT {
        return Err(QuestionsError::OtherFormat { path, found: head.format });
    }
    let kept: Kept = serde_json::from_slice(&text).map_err(unread)?;
    kept.questions.iter().try_for_each(WidthQuestion::check).map_err(damaged)?;
    Ok(kept.questions)
}

/// Adds answers to a directory, whose lock is held: to their question where it was asked before, which is the last one
/// then.
pub fn keep(dir: &Path, asked: WidthQuestion) -> Result<(), QuestionsError> {
    let mut all = read(dir)?;
    let there = all.iter().position(|question| question.is(&asked)).map(|at| all.remove(at));
    let mut question = there.unwrap_or_else(|| WidthQuestion { cells: Vec::new(), ..asked.clone() });
    asked.cells.into_iter().for_each(|answer| question.take(answer));
    all.push(question);
    write(dir, all)
}

/// Writes the file, in place of one that is there.
pub(super) fn write(dir: &Path, questions: Vec<WidthQuestion>) -> Result<(), QuestionsError> {
    let path = dir.join(WIDTH);
    let write = || {
        let text = serde_json::to_string_pretty(&Kept { format: FORMAT, questions })?;
        crate::files::write(&path, (text + "\n").as_bytes())
    };
    write().map_err(|source| QuestionsError::Io { doing: "write", path: path.clone(), source })
}

/// The questions of several directories as those of one: a function of the set of answers, in an order of its own.
pub(super) fn united(all: impl IntoIterator<Item = WidthQuestion>) -> Vec<WidthQuestion> {
    let mut united: Vec<WidthQuestion> = Vec::new();
    for question in all {
        match united.iter_mut().find(|there| there.is(&question)) {
            None => united.push(question),
            Some(there) => {
                for answer in question.cells {
                    match there.cells.iter().position(|known| known.is_of(&answer)) {
                        None => there.cells.push(answer),
                        Some(at) => {
                            let known = there.cells.swap_remove(at);
                            there.cells.push(known.farther(answer));
                        }
                    }
                }
            }
        }
    }
    united.iter_mut().for_each(|question| question.cells.sort_by_cached_key(WidthAnswer::order));
    united.sort_by_cached_key(WidthQuestion::order);
    united
}

/// What has a text that reads back as itself.
mod text {
    use super::{Display, FromStr};
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
