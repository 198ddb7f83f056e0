//! Shaders: fragments → one module → a pipeline for each set of override constants.
//!
//! A shader is its listed fragments, one after another, without a preprocessor. Variants are chosen by fragment (how
//! products of words and sums are made, and what types lie in memory) and by override constants (tiles).

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
const STORED_F64: Fragment = fragment!("common/stored_f64.wgsl");
const STORED_PAIR: Fragment = fragment!("common/stored_pair.wgsl");
const TILE_SUMS: Fragment = fragment!("common/tile_sums.wgsl");
const ROWS: Fragment = fragment!("common/rows.wgsl");
const STORE_TILE: Fragment = fragment!("common/store_tile.wgsl");
const REAL_F64: Fragment = fragment!("common/real_f64.wgsl");
const REAL_PAIR: Fragment = fragment!("common/real_pair.wgsl");
const SQUARE_WORKGROUP: Fragment = fragment!("common/square_workgroup.wgsl");
const SQUARE_STORAGE: Fragment = fragment!("common/square_storage.wgsl");
const JACOBI: Fragment = fragment!("common/jacobi.wgsl");
const PANEL_F32: Fragment = fragment!("common/panel_f32.wgsl");
const PANEL_F16: Fragment = fragment!("common/panel_f16.wgsl");
const OPERAND_PANEL: Fragment = fragment!("common/operand_panel.wgsl");
const OPERAND_SMALL: Fragment = fragment!("common/operand_small.wgsl");
const PARTIAL_IN_PLACE: Fragment = fragment!("common/partial_in_place.wgsl");
const PARTIAL_BESIDE: Fragment = fragment!("common/partial_beside.wgsl");
const TILE_8: Fragment = fragment!("common/tile_8.wgsl");
const TILE_16: Fragment = fragment!("common/tile_16.wgsl");
/// Places of the results of `spectrum.wgsl`, written from the list of the host.
const RESULTS: Fragment = ("results.rs", super::results::RESULT_NAMES);
// Directives come before every declaration.
const ENABLE_F16: Fragment = ("enable f16", "enable f16;");
const ENABLE_COOPERATIVE: Fragment = ("enable cooperative", "enable wgpu_cooperative_matrix;");

/// A pass: one shader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pass {
    /// `project.wgsl`.
    Project,
    /// `project_cooperative.wgsl`.
    ProjectCooperative,
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
    /// `transpose.wgsl`.
    Transpose,
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
    pub const ALL: [Self; 15] = [
        Self::Project,
        Self::ProjectCooperative,
        Self::Gram,
        Self::Reduce,
        Self::Draw,
        Self::Forward,
        Self::Backward,
        Self::Root,
        Self::RootLarge,
        Self::Transpose,
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
            Self::ProjectCooperative => "project_cooperative",
            Self::Gram => "gram",
            Self::Reduce => "reduce",
            Self::Draw => "draw",
            Self::Forward => "forward",
            Self::Backward => "backward",
            Self::Root | Self::RootLarge => "root",
            Self::Transpose => "transpose",
            Self::Couple => "couple",
            Self::Assemble => "assemble",
            Self::Spectrum | Self::SpectrumLarge => "spectrum",
            Self::Probe => "probe",
        }
    }

    /// Every way in which numbers of a pass may lie.
    pub(super) fn storages(self) -> &'static [Storage] {
        match self {
            Self::Project => &[Storage::F32, Storage::F16, Storage::F16Small],
            Self::ProjectCooperative => &[Storage::F16],
            Self::Gram | Self::Draw => &[Storage::F32, Storage::F16],
            _ => &[Storage::F32],
        }
    }
}

/// What a device can do that changes the text of shaders, never the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Small matrices in f64, in memory and in what is done with them; else in pairs of f32.
    pub f64: bool,
    /// Sums over neurons in f64 too; else in pairs of f32, 16 neurons in f32 first. Only where small matrices are.
    pub f64_sums: bool,
    /// Products of words in u64; else from 16-bit halves.
    pub int64: bool,
    /// 16-bit floats: panels may be [`Element::F16`].
    pub f16: bool,
    /// Cooperative matrices with operands in f16 and sums in f32.
    pub cooperative: Option<Tile>,
}

/// A shape of cooperative matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tile {
    /// 8 × 8 × 8.
    Eight,
    /// 16 × 16 × 16.
    Sixteen,
}

impl Tile {
    /// Rows, columns and terms.
    pub fn size(self) -> u32 {
        match self {
            Self::Eight => 8,
            Self::Sixteen => 16,
        }
    }
}

/// Type of the numbers of a panel or small matrix in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// Single precision.
    F32,
    /// Half precision.
    F16,
}

/// What lies in memory around one pass: types that change the text of its shader, chosen dispatch by dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Storage {
    /// Everything in f32.
    F32,
    /// Panels in f16, and X of a product is one.
    F16,
    /// Panels in f16; X of a product is a small matrix in f32.
    F16Small,
}

impl Storage {
    /// For panels of this type, of which X of a product is one.
    pub fn of(panels: Element) -> Self {
        match panels {
            Element::F32 => Self::F32,
            Element::F16 => Self::F16,
        }
    }
}

/// The fragments of a pass on numbers that lie like this, in order. Cooperative matrices need f16, and a tile.
pub(super) fn fragments(pass: Pass, variant: Variant, storage: Storage) -> Vec<Fragment> {
    let multiply = if variant.int64 { MULTIPLY_U64 } else { MULTIPLY_U32 };
    let (stored, real) = if variant.f64 { (STORED_F64, REAL_F64) } else { (STORED_PAIR, REAL_PAIR) };
    let sum = if variant.f64_sums { SUM_F64 } else { SUM_PAIR };
    let half = storage != Storage::F32;
    let panel = if half { PANEL_F16 } else { PANEL_F32 };
    let operand = if storage == Storage::F16Small { OPERAND_SMALL } else { OPERAND_PANEL };
    let partial = if half { PARTIAL_BESIDE } else { PARTIAL_IN_PLACE };
    let tile = if variant.cooperative == Some(Tile::Eight) { TILE_8 } else { TILE_16 };
    let product = [multiply, PHILOX, NORMAL, ACTIVATION, panel, operand, partial];
    let own: Vec<Fragment> = match pass {
        Pass::Project => [&product[..], &[fragment!("project.wgsl")]].concat(),
        Pass::ProjectCooperative => [&product[..], &[tile, fragment!("project_cooperative.wgsl")]].concat(),
        Pass::Gram => {
            vec![multiply, PHILOX, NORMAL, ACTIVATION, panel, stored, sum, TILE_SUMS, fragment!("gram.wgsl")]
        }
        Pass::Reduce => vec![stored, sum, fragment!("reduce.wgsl")],
        Pass::Draw => vec![multiply, PHILOX, NORMAL, panel, fragment!("draw.wgsl")],
        Pass::Forward => {
            vec![
                multiply,
                PHILOX,
                NORMAL,
                ACTIVATION,
                stored,
                sum,
                TILE_SUMS,
                ROWS,
                STORE_TILE,
                fragment!("forward.wgsl"),
            ]
        }
        Pass::Backward => {
            vec![
                multiply,
                PHILOX,
                NORMAL,
                ACTIVATION,
                stored,
                sum,
                TILE_SUMS,
                ROWS,
                STORE_TILE,
                fragment!("backward.wgsl"),
            ]
        }
        Pass::Root => vec![real, SQUARE_WORKGROUP, JACOBI, fragment!("root.wgsl")],
        Pass::RootLarge => vec![real, SQUARE_STORAGE, JACOBI, fragment!("root.wgsl")],
        Pass::Transpose => vec![real, fragment!("transpose.wgsl")],
        Pass::Couple => vec![real, fragment!("couple.wgsl")],
        Pass::Assemble => vec![real, fragment!("assemble.wgsl")],
        Pass::Spectrum => vec![real, SQUARE_WORKGROUP, JACOBI, RESULTS, fragment!("spectrum.wgsl")],
        Pass::SpectrumLarge => vec![real, SQUARE_STORAGE, JACOBI, RESULTS, fragment!("spectrum.wgsl")],
        Pass::Probe => vec![multiply, PHILOX, NORMAL, fragment!("probe.wgsl")],
    };
    let panels = !matches!(pass, Pass::Reduce | Pass::Probe);
    let enable_f16 = (half && panels).then_some(ENABLE_F16);
    let enable_cooperative = (pass == Pass::ProjectCooperative).then_some(ENABLE_COOPERATIVE);
    enable_f16.into_iter().chain(enable_cooperative).chain(own).collect()
}

/// The text of a pass on numbers that lie like this.
pub(super) fn text(pass: Pass, variant: Variant, storage: Storage) -> String {
    fragments(pass, variant, storage).iter().fold(String::new(), |mut whole, (_, text)| {
        let _ = writeln!(whole, "{}", text.trim_end());
        whole
    })
}
