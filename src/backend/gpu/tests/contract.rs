//! The contract between Rust and WGSL, read by naga without a device: every shader is valid, parameter blocks have the
//! same fields at the same places, constants have the same values, bindings are as the recording makes them.

use std::fs;
use std::mem::{offset_of, size_of};
use std::path::{Path, PathBuf};

use crate::backend::gpu::module::{self, Storage, Tile, Variant};
use crate::backend::gpu::passes::assemble::{self, Assemble};
use crate::backend::gpu::passes::couple::{self, Couple};
use crate::backend::gpu::passes::draw::{self, Draw};
use crate::backend::gpu::passes::fused::{self, Fused};
use crate::backend::gpu::passes::gram::{self, Gram};
use crate::backend::gpu::passes::probe::{self, Probe};
use crate::backend::gpu::passes::project::{self, Project};
use crate::backend::gpu::passes::reduce::{self, Reduce};
use crate::backend::gpu::passes::root::{self, RootBlock};
use crate::backend::gpu::passes::spectrum::{self, Spectrum};
use crate::backend::gpu::passes::transpose::{self, Transpose};
use crate::backend::gpu::{Pass, Tuning, results};
use crate::rng::{LAYOUT_VERSION, normal, philox};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, Expression, Handle, Literal, Module, StorageAccess, TypeInner};

pub(super) const VARIANTS: [Variant; 5] = [
    Variant { f64: false, f64_sums: false, int64: false, f16: true, cooperative: Some(Tile::Eight) },
    Variant { f64: false, f64_sums: false, int64: true, f16: true, cooperative: Some(Tile::Sixteen) },
    Variant { f64: true, f64_sums: true, int64: false, f16: true, cooperative: Some(Tile::Eight) },
    Variant { f64: true, f64_sums: true, int64: true, f16: true, cooperative: Some(Tile::Sixteen) },
    Variant { f64: true, f64_sums: false, int64: true, f16: true, cooperative: None },
];

/// The module of a pass; panics with file and line of what is wrong.
pub(super) fn parse(pass: Pass, variant: Variant) -> Module {
    parse_on(pass, variant, pass.storages()[0])
}

pub(super) fn parse_on(pass: Pass, variant: Variant, storage: Storage) -> Module {
    validate(pass, variant, storage).0
}

/// The same with the types of all expressions.
pub(super) fn validate(pass: Pass, variant: Variant, storage: Storage) -> (Module, ModuleInfo) {
    let text = module::text(pass, variant, storage);
    let module = naga::front::wgsl::parse_str(&text).unwrap_or_else(|error| {
        let line = error.location(&text).map_or(0, |l| l.line_number as usize);
        panic!("{:?}: {}", locate(pass, variant, storage, line), error.emit_to_string(&text))
    });
    // Nothing but what the variant asks for is allowed.
    let mut capabilities = Capabilities::empty();
    capabilities.set(Capabilities::FLOAT64, variant.f64);
    capabilities.set(Capabilities::SHADER_INT64, variant.int64);
    capabilities.set(Capabilities::SHADER_FLOAT16, storage != Storage::F32);
    let cooperative = Capabilities::COOPERATIVE_MATRIX | Capabilities::SUBGROUP;
    capabilities.set(cooperative, pass == Pass::ProjectCooperative);
    let valid = Validator::new(ValidationFlags::all(), capabilities).validate(&module);
    let info = valid.unwrap_or_else(|error| panic!("{}: {}", pass.name(), error.emit_to_string(&text)));
    (module, info)
}

#[test]
fn every_shader_of_every_variant_is_valid() {
    for pass in Pass::ALL {
        for variant in VARIANTS {
            for storage in pass.storages() {
                let module = parse_on(pass, variant, *storage);
                assert_eq!(module.entry_points.len(), 1, "{}", pass.name());
                assert_eq!(module.entry_points[0].name, "main");
            }
        }
    }
}

/// File below `shaders/` and line, from 1, of a line of the whole text.
fn locate(pass: Pass, variant: Variant, storage: Storage, line: usize) -> (&'static str, usize) {
    let mut first = 0;
    for (file, text) in module::fragments(pass, variant, storage) {
        let lines = text.trim_end().lines().count();
        if line <= first + lines {
            return (file, line - first);
        }
        first += lines;
    }
    ("", line)
}

/// A diagnostic of the whole text is one of a file.
#[test]
fn lines_are_those_of_the_files() {
    for pass in Pass::ALL {
        let (variant, storage) = (VARIANTS[3], pass.storages()[0]);
        let last = module::text(pass, variant, storage).lines().count();
        let (file, line) = locate(pass, variant, storage, last);
        assert_eq!(file, format!("{}.wgsl", pass.name()));
        let text = fs::read_to_string(shaders().join(file)).unwrap();
        assert_eq!(text.lines().count(), line);
        let (first, _) = module::fragments(pass, variant, storage)[0];
        assert_eq!(locate(pass, variant, storage, 1), (first, 1));
    }
}

/// Names and offsets of the fields of the block `p`, and its size.
pub(super) fn block(module: &Module) -> (Vec<(String, u32)>, u32) {
    let global = module.global_variables.iter().find(|(_, g)| g.space == AddressSpace::Uniform).unwrap().1;
    let TypeInner::Struct { members, span } = &module.types[global.ty].inner else { panic!("no struct") };
    for member in members {
        let simple = matches!(
            module.types[member.ty].inner,
            TypeInner::Scalar(_) | TypeInner::Vector { size: naga::VectorSize::Quad, .. }
        );
        assert!(simple, "{:?}: vec2 and vec3 bring hidden padding", member.name);
    }
    (members.iter().map(|m| (m.name.clone().unwrap(), m.offset)).collect(), *span)
}

macro_rules! same_block {
    ($pass:expr, $type:ty, $($field:ident),+ $(,)?) => {{
        let expected = vec![$((stringify!($field).to_owned(), offset_of!($type, $field) as u32)),+];
        let (fields, span) = block(&parse($pass, VARIANTS[3]));
        assert_eq!(fields, expected, "{}", $pass.name());
        assert_eq!(span as usize, size_of::<$type>(), "{}", $pass.name());
    }};
}

#[test]
fn blocks_have_the_same_layout() {
    same_block!(
        Pass::Project,
        Project,
        rows,
        inner,
        columns,
        outputs,
        source,
        flags,
        tag,
        first_inner,
        first_column,
        x_seed,
        x_row,
        w_seed,
        w_row,
        out_seed,
        out_row,
        z_seed,
        z_row,
        pad_0,
        pad_1,
        pad_2,
        operand_slopes,
        slopes,
    );
    same_block!(
        Pass::Gram,
        Gram,
        rows_x,
        rows_y,
        columns,
        parts,
        first_x,
        first_y,
        first_column,
        source,
        flags,
        tag,
        x_seed,
        x_row,
        y_seed,
        y_row,
        tiles_y,
        zero,
        slopes,
    );
    same_block!(Pass::Reduce, Reduce, entries, parts, accumulate, zero);
    same_block!(Pass::Draw, Draw, rows, columns, first, tag, out_seed, out_row, pad_0, pad_1);
    for pass in [Pass::Forward, Pass::Backward] {
        same_block!(
            pass,
            Fused,
            points,
            across,
            outputs,
            columns,
            parts,
            first_column,
            forward_tag,
            backward_tag,
            flags,
            root_seed,
            zero,
            pad_0,
            slopes,
        );
    }
    same_block!(Pass::Root, RootBlock, size, zero, tiny, cut, floor, pad_0, pad_1, pad_2);
    same_block!(Pass::RootLarge, RootBlock, size, zero, tiny, cut, floor, pad_0, pad_1, pad_2);
    same_block!(Pass::Transpose, Transpose, rows, columns, zero, pad_0);
    same_block!(Pass::Couple, Couple, rows, inner, columns, flags, zero, pad_0, pad_1, pad_2);
    same_block!(Pass::Assemble, Assemble, points, outputs, flags, gram_seed, zero, pad_0, pad_1, pad_2);
    same_block!(Pass::Spectrum, Spectrum, size, points, outputs, zero, tiny, pad_0, pad_1, pad_2);
    same_block!(Pass::Probe, Probe, key_low, key_high, tag, first, group, count, rounds, pad_0);
}

/// Storage bindings as (number, written).
pub(super) fn bindings(module: &Module) -> Vec<(u32, bool)> {
    let mut found: Vec<(u32, bool)> = module
        .global_variables
        .iter()
        .filter_map(|(_, g)| match g.space {
            AddressSpace::Storage { access } => {
                Some((g.binding?.binding, access.contains(StorageAccess::STORE)))
            }
            _ => None,
        })
        .collect();
    found.sort_unstable();
    found
}

#[test]
fn bindings_are_as_recorded() {
    let check = |pass, expected: &[bool]| {
        let expected: Vec<(u32, bool)> = (1..).zip(expected.iter().copied()).collect();
        assert_eq!(bindings(&parse(pass, VARIANTS[3])), expected, "{}", pass.name());
    };
    check(Pass::Project, &[false, false, false, false, true, true]);
    check(Pass::Gram, &[false, false, false, true]);
    check(Pass::Reduce, &[false, true]);
    check(Pass::Draw, &[false, true]);
    check(Pass::Forward, &[false, false, true, true]);
    check(Pass::Backward, &[false, false, false, false, true, true]);
    check(Pass::Root, &[false, true, true]);
    check(Pass::RootLarge, &[false, true, true, true]);
    check(Pass::Transpose, &[false, true]);
    check(Pass::Couple, &[false, false, false, true]);
    check(Pass::Assemble, &[false, false, true]);
    check(Pass::Spectrum, &[false, false, true]);
    check(Pass::SpectrumLarge, &[false, false, true, true]);
    check(Pass::Probe, &[true, true]);
}

/// The numbers of a constant expression.
fn numbers(module: &Module, expression: Handle<Expression>) -> Vec<f64> {
    match &module.global_expressions[expression] {
        Expression::Literal(Literal::F32(v)) => vec![f64::from(*v)],
        Expression::Literal(Literal::U32(v)) => vec![f64::from(*v)],
        Expression::Literal(Literal::I32(v)) => vec![f64::from(*v)],
        Expression::Compose { components, .. } => {
            components.iter().flat_map(|c| numbers(module, *c)).collect()
        }
        Expression::Constant(c) => numbers(module, module.constants[*c].init),
        other => panic!("{other:?} is no number"),
    }
}

pub(super) fn constant(module: &Module, name: &str) -> Vec<f64> {
    let found = module.constants.iter().find(|(_, c)| c.name.as_deref() == Some(name));
    numbers(module, found.unwrap_or_else(|| panic!("no constant {name}")).1.init)
}

#[test]
fn constants_have_the_same_values() {
    let check = |pass: Pass, name: &str, expected: &[f64]| {
        assert_eq!(constant(&parse(pass, VARIANTS[3]), name), expected, "{} {name}", pass.name());
    };
    let floats = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    for pass in [
        Pass::Project,
        Pass::ProjectCooperative,
        Pass::Gram,
        Pass::Draw,
        Pass::Forward,
        Pass::Backward,
        Pass::Probe,
    ] {
        check(pass, "MULTIPLIERS", &philox::MULTIPLIERS.map(f64::from));
        check(pass, "WEYL", &philox::WEYL.map(f64::from));
        check(pass, "ROUNDS", &[philox::ROUNDS as f64]);
        check(pass, "LAYOUT_VERSION", &[f64::from(LAYOUT_VERSION)]);
        check(pass, "LOG", &floats(&normal::LOG));
        check(pass, "SIN", &floats(&normal::SIN));
        check(pass, "COS", &floats(&normal::COS));
        check(pass, "ANGLE_STEP", &floats(&[normal::ANGLE_STEP]));
        check(pass, "LN2_HIGH", &floats(&[normal::LN2_HIGH]));
        check(pass, "LN2_LOW", &floats(&[normal::LN2_LOW]));
        check(pass, "SQRT_HALF_BITS", &[f64::from(normal::SQRT_HALF_BITS)]);
    }
    let shared =
        |pass, list: &[(&str, u32)]| list.iter().for_each(|(name, v)| check(pass, name, &[f64::from(*v)]));
    shared(
        Pass::Project,
        &[
            ("INNER", project::INNER),
            ("SOURCE_ROWS", project::SOURCE_ROWS),
            ("SOURCE_COLUMNS", project::SOURCE_COLUMNS),
            ("SOURCE_MATRIX", project::SOURCE_MATRIX),
            ("SOURCE_TRANSPOSED", project::SOURCE_TRANSPOSED),
            ("ACTIVATE_X", project::ACTIVATE_X),
            ("ACTIVATE_W", project::ACTIVATE_W),
            ("ACCUMULATE", project::ACCUMULATE),
            ("DIFFERENTIATE", project::DIFFERENTIATE),
            ("PARTIAL", project::PARTIAL),
        ],
    );
    shared(
        Pass::ProjectCooperative,
        &[
            ("INNER", project::INNER),
            ("SOURCE_ROWS", project::SOURCE_ROWS),
            ("SOURCE_COLUMNS", project::SOURCE_COLUMNS),
            ("SOURCE_TRANSPOSED", project::SOURCE_TRANSPOSED),
            ("ACCUMULATE", project::ACCUMULATE),
            ("DIFFERENTIATE", project::DIFFERENTIATE),
            ("PARTIAL", project::PARTIAL),
        ],
    );
    shared(
        Pass::Gram,
        &[
            ("PART", gram::PART),
            ("CHUNK", gram::CHUNK),
            ("SOURCE_ROWS", gram::SOURCE_ROWS),
            ("SOURCE_COLUMNS", gram::SOURCE_COLUMNS),
            ("SOURCE_MATRIX", gram::SOURCE_MATRIX),
            ("ACTIVATE_X", gram::ACTIVATE_X),
            ("ACTIVATE_Y", gram::ACTIVATE_Y),
            ("SYMMETRIC", gram::SYMMETRIC),
        ],
    );
    for pass in [Pass::Forward, Pass::Backward] {
        shared(
            pass,
            &[
                ("PART", gram::PART),
                ("CHUNK", fused::CHUNK),
                ("INNER", project::INNER),
                ("LAST", fused::LAST),
                ("CROSS", fused::CROSS),
                ("INDEPENDENT", fused::INDEPENDENT),
            ],
        );
    }
    for pass in [Pass::Spectrum, Pass::SpectrumLarge] {
        let names = [
            ("LAMBDA_MIN", results::LAMBDA_MIN),
            ("LAMBDA_MAX", results::LAMBDA_MAX),
            ("TRACE", results::TRACE),
            ("DEVIATION_OP", results::DEVIATION_OP),
            ("DEVIATION_FRO", results::DEVIATION_FRO),
            ("DEVIATION_MAX", results::DEVIATION_MAX),
            ("RESULTS", results::RESULTS),
        ];
        // In order and without a gap, the count last.
        assert!(names.iter().enumerate().all(|(at, (_, place))| at == *place));
        names.iter().for_each(|(name, place)| check(pass, name, &[*place as f64]));
    }
    shared(Pass::Couple, &[("TRANSPOSE", couple::TRANSPOSE), ("SUBTRACT", couple::SUBTRACT)]);
    shared(
        Pass::Assemble,
        &[("ACCUMULATE", assemble::ACCUMULATE), ("FINISH", assemble::FINISH), ("ALIVE", assemble::ALIVE)],
    );
}

/// Every override of a shader is set, nothing else is, and the workgroup memory of each set fits the 16 KiB that any
/// adapter has.
#[test]
fn overrides_are_those_that_are_set() {
    let check = |pass: Pass, set: &[(&str, f64)]| {
        let module = parse(pass, VARIANTS[3]);
        let mut names: Vec<&str> = module.overrides.iter().filter_map(|(_, o)| o.name.as_deref()).collect();
        let mut given: Vec<&str> = set.iter().map(|c| c.0).collect();
        names.sort_unstable();
        given.sort_unstable();
        assert_eq!(names, given, "{}", pass.name());
    };
    let tuning = &Tuning::default();
    let of = |set: &[(&str, f64)], name: &str| set.iter().find(|c| c.0 == name).unwrap().1;
    for rows in [1, 16, 17, 32, 33, 1000] {
        let set = project::plain_constants(tuning, rows);
        check(Pass::Project, &set);
        assert!(16.0 * (of(&set, "W_TILE") + of(&set, "X_TILE")) <= 16384.0);
        assert!(of(&set, "THREADS_COLUMNS") * of(&set, "THREADS_ROWS") <= 256.0);
        for parts in [1, 3, 100] {
            let set = gram::constants(tuning, rows, parts);
            check(Pass::Gram, &set);
            assert!(2.0 * 32.0 * of(&set, "TILE") <= 16384.0);
            assert!(of(&set, "THREADS").powi(2) * of(&set, "PARTS") <= 256.0);
        }
    }
    for tile in [Tile::Eight, Tile::Sixteen] {
        for subgroup in [8, 32, 64] {
            let set = project::cooperative_constants(tile, subgroup);
            check(Pass::ProjectCooperative, &set);
            let memory = 2.0 * (of(&set, "W_TILE") + of(&set, "X_TILE")) + 4.0 * of(&set, "STAGE");
            assert!(memory <= 16384.0 && of(&set, "WORKGROUP") <= 256.0);
            assert_eq!(of(&set, "WORKGROUP"), of(&set, "SUBGROUPS") * f64::from(subgroup));
        }
    }
    check(Pass::Reduce, &reduce::constants());
    check(Pass::Draw, &draw::constants());
    for rows in [1, 16, 17, 32] {
        let set = fused::constants(tuning, rows);
        check(Pass::Forward, &set);
        check(Pass::Backward, &set);
        // Three small matrices, four tiles of rows in f32 and two in f64.
        assert!(16.0 * (3.0 * of(&set, "SMALL") + 8.0 * of(&set, "PANEL")) <= f64::from(28 << 10));
        assert!(2.0 * of(&set, "SIDE").powi(2) * of(&set, "PARTS") <= 256.0);
        assert!(4.0 * of(&set, "SIDE") >= f64::from(rows));
        // Their inner loops take sixteen rows of a tile at a time.
        assert_eq!(4.0 * of(&set, "SIDE") % 16.0, 0.0);
    }
    check(Pass::Transpose, &transpose::constants());
    check(Pass::Couple, &couple::constants());
    check(Pass::Assemble, &assemble::constants());
    for rows in [1, 2, 17, 32, 45, 256] {
        for (pass, set) in [
            (Pass::Root, root::constants(tuning, rows)),
            (Pass::RootLarge, root::constants(tuning, rows)),
            (Pass::Spectrum, spectrum::constants(tuning, rows)),
            (Pass::SpectrumLarge, spectrum::constants(tuning, rows)),
        ] {
            check(pass, &set);
            assert!(of(&set, "ROWS") >= f64::from(rows) && of(&set, "ROWS") == 2.0 * of(&set, "HALF"));
            assert!(of(&set, "AREA") == of(&set, "ROWS") * (of(&set, "ROWS") + 1.0));
            assert!(of(&set, "THREADS") <= 256.0);
            // Beside the squares: four arrays of rows, two of pairs in 8 bytes, one in 4.
            assert!(8.0 * 4.0 * of(&set, "ROWS") + 20.0 * of(&set, "HALF") + 8.0 <= 16384.0);
        }
    }
    check(Pass::Probe, &probe::constants());
}

pub(super) fn shaders() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders")
}

/// Headers say what a reader needs before the first line of code; fragments are short and all but one bind nothing.
#[test]
fn headers_say_what_a_shader_does() {
    let files = |folder: PathBuf| {
        let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
        entries.filter(|p| p.extension().is_some_and(|e| e == "wgsl")).collect::<Vec<_>>()
    };
    let header = |text: &str| {
        let lines: Vec<&str> = text.lines().take_while(|l| l.starts_with("//")).collect();
        lines.join("\n")
    };
    let passes = files(shaders());
    let names: std::collections::BTreeSet<&str> = Pass::ALL.iter().map(|pass| pass.name()).collect();
    assert_eq!(passes.len(), names.len());
    for path in passes {
        let text = fs::read_to_string(&path).unwrap();
        for word in ["Bindings: 0 p, uniform", "Dispatch: x ", "Random numbers: ", "Barriers: "] {
            assert!(header(&text).contains(word), "{}: the header has no {word}", path.display());
        }
        assert!(text.lines().count() <= 300, "{}", path.display());
        assert_eq!(text.matches("@compute").count(), 1, "{}", path.display());
    }
    let fragments = files(shaders().join("common"));
    assert_eq!(fragments.len(), 25);
    for path in fragments {
        let text = fs::read_to_string(&path).unwrap();
        // The one that is there to bind storage.
        let binds = path.ends_with("square_storage.wgsl");
        assert!(text.contains("@group") == binds && text.lines().count() <= 170, "{}", path.display());
    }
}
