//! Shaders: fragments → one module → a pipeline for each set of override constants.
//!
//! A shader is its listed fragments, one after another, without a preprocessor. Variants are chosen by fragment (how
//! products of words and sums are made) and by override constants (tiles).

use std::fmt::Write;

/// Text with the name of its file.
pub type Fragment = (&'static str, &'static str);

macro_rules! fragment {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../shaders/", $path)))
    };
}

const MULTIPLY_U32: Fragment = fragment!("common/multiply_u32.wgsl");
const MULTIPLY_U64: Fragment = fragment!("common/multiply_u64.wgsl");
const PHILOX: Fragment = fragment!("common/philox.wgsl");
const NORMAL: Fragment = fragment!("common/normal.wgsl");
const ACTIVATION: Fragment = fragment!("common/activation.wgsl");
const SUM_F64: Fragment = fragment!("common/sum_f64.wgsl");
const SUM_PAIR: Fragment = fragment!("common/sum_pair.wgsl");
const ROWS: Fragment = fragment!("common/rows.wgsl");
const REAL_F64: Fragment = fragment!("common/real_f64.wgsl");
const REAL_PAIR: Fragment = fragment!("common/real_pair.wgsl");
const SQUARE_WORKGROUP: Fragment = fragment!("common/square_workgroup.wgsl");
const SQUARE_STORAGE: Fragment = fragment!("common/square_storage.wgsl");
const JACOBI: Fragment = fragment!("common/jacobi.wgsl");

/// A pass: one shader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pass {
    /// `project.wgsl`.
    Project,
    /// `gram.wgsl`.
    Gram,
    /// `reduce.wgsl`.
    Reduce,
    /// `draw.wgsl`.
    Draw,
    /// `forward.wgsl`.
    Forward,
    /// `backward.wgsl`.
    Backward,
    /// `root.wgsl`.
    Root,
    /// The same with its matrices in storage.
    RootLarge,
    /// `turn.wgsl`.
    Turn,
    /// `couple.wgsl`.
    Couple,
    /// `assemble.wgsl`.
    Assemble,
    /// `spectrum.wgsl`.
    Spectrum,
    /// The same with its matrices in storage.
    SpectrumLarge,
    /// `probe.wgsl`.
    Probe,
}

impl Pass {
    /// Every pass.
    pub const ALL: [Self; 14] = [
        Self::Project,
        Self::Gram,
        Self::Reduce,
        Self::Draw,
        Self::Forward,
        Self::Backward,
        Self::Root,
        Self::RootLarge,
        Self::Turn,
        Self::Couple,
        Self::Assemble,
        Self::Spectrum,
        Self::SpectrumLarge,
        Self::Probe,
    ];

    /// Name of the pass: the stem of its files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Gram => "gram",
            Self::Reduce => "reduce",
            Self::Draw => "draw",
            Self::Forward => "forward",
            Self::Backward => "backward",
            Self::Root | Self::RootLarge => "root",
            Self::Turn => "turn",
            Self::Couple => "couple",
            Self::Assemble => "assemble",
            Self::Spectrum | Self::SpectrumLarge => "spectrum",
            Self::Probe => "probe",
        }
    }
}

/// What a device can do that changes the text of shaders, never the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Sums and small matrices in f64; else in pairs of f32.
    pub f64: bool,
    /// Products of words in u64; else from 16-bit halves.
    pub int64: bool,
}

/// A whole shader and where each line of it comes from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The text.
    pub text: String,
    fragments: Vec<(&'static str, usize)>,
}

impl Source {
    /// The shader of a pass.
    pub fn new(pass: Pass, variant: Variant) -> Self {
        let multiply = if variant.int64 { MULTIPLY_U64 } else { MULTIPLY_U32 };
        let (sum, real) = if variant.f64 { (SUM_F64, REAL_F64) } else { (SUM_PAIR, REAL_PAIR) };
        let fragments: Vec<Fragment> = match pass {
            Pass::Project => vec![multiply, PHILOX, NORMAL, ACTIVATION, fragment!("project.wgsl")],
            Pass::Gram => vec![multiply, PHILOX, NORMAL, ACTIVATION, sum, fragment!("gram.wgsl")],
            Pass::Reduce => vec![sum, fragment!("reduce.wgsl")],
            Pass::Draw => vec![multiply, PHILOX, NORMAL, fragment!("draw.wgsl")],
            Pass::Forward => vec![multiply, PHILOX, NORMAL, ACTIVATION, sum, ROWS, fragment!("forward.wgsl")],
            Pass::Backward => {
                vec![multiply, PHILOX, NORMAL, ACTIVATION, sum, ROWS, fragment!("backward.wgsl")]
            }
            Pass::Root => vec![real, SQUARE_WORKGROUP, JACOBI, fragment!("root.wgsl")],
            Pass::RootLarge => vec![real, SQUARE_STORAGE, JACOBI, fragment!("root.wgsl")],
            Pass::Turn => vec![real, fragment!("turn.wgsl")],
            Pass::Couple => vec![real, fragment!("couple.wgsl")],
            Pass::Assemble => vec![real, fragment!("assemble.wgsl")],
            Pass::Spectrum => vec![real, SQUARE_WORKGROUP, JACOBI, fragment!("spectrum.wgsl")],
            Pass::SpectrumLarge => vec![real, SQUARE_STORAGE, JACOBI, fragment!("spectrum.wgsl")],
            Pass::Probe => vec![multiply, PHILOX, NORMAL, fragment!("probe.wgsl")],
        };
        let mut source = Self { text: String::new(), fragments: Vec::new() };
        for (file, text) in fragments {
            source.fragments.push((file, source.text.lines().count()));
            let _ = writeln!(source.text, "{}", text.trim_end());
        }
        source
    }

    /// File below `shaders/` and line, from 1, of a line of the whole text.
    pub fn locate(&self, line: usize) -> (&'static str, usize) {
        let found = self.fragments.iter().rev().find(|(_, first)| line > *first);
        found.map_or(("", line), |(file, first)| (*file, line - first))
    }

    /// Files of the shader, in order.
    pub fn files(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.fragments.iter().map(|(file, _)| *file)
    }
}
