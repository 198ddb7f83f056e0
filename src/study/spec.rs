//! A study as it is asked for: lists of values along every axis of the grid, what is not said left open.
//!
//! The study file, the flags of the command line and the built-in study are all a [`Spec`]; flags win over the file by
//! [`Spec::overridden_by`].

use std::fmt::Display;
use std::path::{Path, PathBuf};

use super::SeedRange;
use super::need::DEFAULT_MAX_SEEDS;
use super::table::Details;
use crate::backend::Precision;
use crate::data::{Normalize, PointRange, Source};
use crate::math::activation::Activation;
use crate::model::{Schedule, commas};
use crate::sampler::SamplerChoice;

/// How the hidden widths are given.
#[derive(Clone, Debug, PartialEq)]
pub enum Widths {
    /// The numbers m, of which a schedule makes the widths of every layer.
    Scheduled(Vec<u64>),
    /// Lists of hidden widths.
    Listed(Vec<Vec<u64>>),
}

/// A study as it is asked for; `None` where nothing was said. Lists are never empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spec {
    /// Name of the study.
    pub name: Option<String>,
    /// Seeds of every cell.
    pub seeds: Option<SeedRange>,
    /// In place of seeds: the standard error of the mean of `relative_fro` until which seeds are added to a cell.
    pub standard_error: Option<f64>,
    /// Most seeds of a cell on the way to the standard error.
    pub max_seeds: Option<u64>,
    /// Samplers.
    pub sampler: Option<Vec<SamplerChoice>>,
    /// Precisions.
    pub precision: Option<Vec<Precision>>,
    /// Whether every layer of a sample is measured too.
    pub layers: Option<bool>,
    /// Whether every eigenvalue of a sample is kept.
    pub spectrum: Option<bool>,
    /// Whether K_gia is drawn beside every K.
    pub independence: Option<bool>,
    /// Activations.
    pub activation: Option<Vec<Activation>>,
    /// Depths l.
    pub depth: Option<Vec<usize>>,
    /// Hidden widths.
    pub widths: Option<Widths>,
    /// Schedules, for [`Widths::Scheduled`].
    pub schedule: Option<Vec<Schedule>>,
    /// Output dimensions m_l.
    pub outputs: Option<Vec<usize>>,
    /// Constants in front of K and K∞.
    pub scale: Option<Vec<f64>>,
    /// Data sources.
    pub source: Option<Vec<Source>>,
    /// Rows to use.
    pub points: Option<Vec<PointRange>>,
    /// Constants to append to every row, before normalisation.
    pub append_constant: Option<Vec<f64>>,
    /// Normalisations.
    pub normalize: Option<Vec<Normalize>>,
}

impl Spec {
    /// The built-in first study: how |s| and ReLU concentrate on 32 digits as constant widths grow.
    pub fn first() -> Self {
        Self {
            name: Some("first".to_owned()),
            seeds: Some(SeedRange::first(64)),
            activation: Some(vec![Activation::ABS, Activation::RELU]),
            depth: Some(vec![4]),
            widths: Some(Widths::Scheduled(vec![64, 256, 1024, 4096, 16384])),
            source: Some(vec![Source::Digits { n: 32 }]),
            normalize: Some(vec![Normalize::Sphere]),
            ..Self::default()
        }
    }

    /// This study, with everything that `flags` says in place of what it said itself.
    ///
    /// Listed widths replace width, schedule and depth, a width replaces listed widths, seeds replace a standard error
    /// and it them.
    pub fn overridden_by(self, flags: Self) -> Self {
        let mut base = self;
        if flags.seeds.is_some() {
            (base.standard_error, base.max_seeds) = (None, None);
        }
        if flags.standard_error.is_some() {
            base.seeds = None;
        }
        if flags.source.is_some() {
            // Another source has other rows, its own normalisation, and no need of what parted rows of the first.
            (base.points, base.append_constant, base.normalize) = (None, None, None);
        }
        match (&base.widths, &flags.widths) {
            // A list says the depth itself, and knows no schedule.
            (_, Some(Widths::Listed(_))) => (base.depth, base.schedule) = (None, None),
            (Some(Widths::Listed(_)), Some(Widths::Scheduled(_))) => base.widths = None,
            // At depth 1 there is no hidden layer to be wide.
            (_, None) if flags.depth.as_deref() == Some(&[1]) => (base.widths, base.schedule) = (None, None),
            _ => {}
        }
        flags.or(base)
    }

    /// What this says, and what `base` says of the rest.
    #[must_use]
    pub fn or(self, base: Self) -> Self {
        Self {
            name: self.name.or(base.name),
            seeds: self.seeds.or(base.seeds),
            standard_error: self.standard_error.or(base.standard_error),
            max_seeds: self.max_seeds.or(base.max_seeds),
            sampler: self.sampler.or(base.sampler),
            precision: self.precision.or(base.precision),
            layers: self.layers.or(base.layers),
            spectrum: self.spectrum.or(base.spectrum),
            independence: self.independence.or(base.independence),
            activation: self.activation.or(base.activation),
            depth: self.depth.or(base.depth),
            widths: self.widths.or(base.widths),
            schedule: self.schedule.or(base.schedule),
            outputs: self.outputs.or(base.outputs),
            scale: self.scale.or(base.scale),
            source: self.source.or(base.source),
            points: self.points.or(base.points),
            append_constant: self.append_constant.or(base.append_constant),
            normalize: self.normalize.or(base.normalize),
        }
    }

    /// The further tables and columns that it asks for.
    pub fn details(&self) -> Details {
        let [layers, spectrum, independence] =
            [self.layers, self.spectrum, self.independence].map(|asked| asked == Some(true));
        Details { layers, spectrum, independence }
    }

    /// The study with its defaults filled in, except where none is possible.
    ///
    /// What is not asked for is left out. Files are named by absolute paths, so that the text means the same from
    /// anywhere.
    pub fn resolved(mut self) -> Self {
        self.name.get_or_insert_with(|| "study".to_owned());
        if self.standard_error.is_none() {
            self.seeds = self.seeds.or(Some(SeedRange::first(1)));
        } else {
            self.max_seeds.get_or_insert(DEFAULT_MAX_SEEDS);
        }
        self.sampler.get_or_insert_with(|| vec![SamplerChoice::Auto]);
        self.precision.get_or_insert_with(|| vec![Precision::F32]);
        for asked in [&mut self.layers, &mut self.spectrum, &mut self.independence] {
            *asked = asked.filter(|asked| *asked);
        }
        self.outputs.get_or_insert_with(|| vec![1]);
        self.scale.get_or_insert_with(|| vec![1.0]);
        if matches!(self.widths, Some(Widths::Scheduled(_))) {
            self.schedule.get_or_insert_with(|| vec![Schedule::Constant]);
        }
        if let Some(sources) = &mut self.source {
            for source in sources.iter_mut() {
                if let Source::File { path, .. } = source {
                    *path = std::path::absolute(&*path).unwrap_or_else(|_| PathBuf::from(&*path));
                }
            }
            let first = sources.first().map(Source::default_normalize);
            // Sources that differ in their default keep it by saying nothing.
            if sources.iter().all(|s| Some(s.default_normalize()) == first) {
                self.normalize = self.normalize.or(first.map(|n| vec![n]));
            }
        }
        self
    }

    /// This study with the relative paths of its data files taken from a directory, such as that of the study file.
    #[must_use]
    pub fn relative_to(mut self, directory: &Path) -> Self {
        for source in self.source.iter_mut().flatten() {
            if let Source::File { path, .. } = source {
                // An absolute path stays what it is.
                *path = directory.join(&*path);
            }
        }
        self
    }

    /// The text of a study file that reads back as this study.
    pub fn to_toml(&self) -> String {
        let (width, widths) = match &self.widths {
            Some(Widths::Scheduled(m)) => (list(Some(m), plain), None),
            Some(Widths::Listed(lists)) => (None, list(Some(lists), |w| quoted(&commas(w)))),
            None => (None, None),
        };
        let top = [
            ("name", self.name.as_ref().map(quoted)),
            ("seeds", self.seeds.as_ref().map(quoted)),
            // Debug writes a float that TOML reads as one.
            ("standard_error", self.standard_error.map(|e| format!("{e:?}"))),
            ("max_seeds", self.max_seeds.map(|m| m.to_string())),
            ("sampler", list(self.sampler.as_ref(), quoted)),
            ("precision", list(self.precision.as_ref(), quoted)),
            ("layers", self.layers.map(|asked| asked.to_string())),
            ("spectrum", self.spectrum.map(|asked| asked.to_string())),
            ("independence", self.independence.map(|asked| asked.to_string())),
        ];
        let network = [
            ("activation", list(self.activation.as_ref(), quoted)),
            ("depth", list(self.depth.as_ref(), plain)),
            ("width", width),
            ("widths", widths),
            ("schedule", list(self.schedule.as_ref(), quoted)),
            ("outputs", list(self.outputs.as_ref(), plain)),
            // Debug writes 1.0 and 1e100, which TOML reads as the same float.
            ("scale", list(self.scale.as_ref(), |c| format!("{c:?}"))),
        ];
        let data = [
            ("source", list(self.source.as_ref(), quoted)),
            ("points", list(self.points.as_ref(), quoted)),
            ("append_constant", list(self.append_constant.as_ref(), |c| format!("{c:?}"))),
            ("normalize", list(self.normalize.as_ref(), quoted)),
        ];
        let mut text = lines(&top);
        text += &format!("\n[network]\n{}\n[data]\n{}", lines(&network), lines(&data));
        text
    }
}

fn quoted(value: &impl Display) -> String {
    toml::Value::String(value.to_string()).to_string()
}

fn plain(value: &impl Display) -> String {
    value.to_string()
}

/// A scalar for one value, a list for several.
fn list<T>(values: Option<&Vec<T>>, text: impl Fn(&T) -> String) -> Option<String> {
    match values?.as_slice() {
        [one] => Some(text(one)),
        many => Some(format!("[{}]", many.iter().map(text).collect::<Vec<_>>().join(", "))),
    }
}

fn lines(pairs: &[(&str, Option<String>)]) -> String {
    pairs.iter().filter_map(|(key, value)| Some(format!("{key} = {}\n", value.as_ref()?))).collect()
}
