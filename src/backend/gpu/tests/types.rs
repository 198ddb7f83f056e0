//! The contract between Rust and WGSL, continued: types of the numbers in memory, shapes of cooperative matrices, and
//! what the compilers behind WGSL do not take.

use crate::backend::gpu::Pass;
use crate::backend::gpu::module::Storage;
use naga::valid::FunctionInfo;
use naga::{Block, Expression, Function, Module, Statement, TypeInner};

use super::contract::{VARIANTS, bindings, block, constant, parse, parse_on, validate};

/// Types of the elements of the storage bindings, by number, as `f16` or `f32` or else a width in bytes.
fn elements(module: &Module) -> Vec<(u32, String)> {
    let storage = module.global_variables.iter().filter_map(|(_, g)| Some((g.binding?.binding, g)));
    let arrays = storage.filter_map(|(binding, g)| match module.types[g.ty].inner {
        TypeInner::Array { base, .. } => {
            let scalar = module.types[base].inner.scalar()?;
            Some((binding, format!("{:?}{}", scalar.kind, 8 * scalar.width).to_lowercase()))
        }
        _ => None,
    });
    let mut found: Vec<_> = arrays.collect();
    found.sort();
    found
}

/// In f16 panels are, X of a product is where it is one, and sums never are.
#[test]
fn panels_have_the_type_that_is_asked_for() {
    let check = |pass, storage, expected: &[&str]| {
        let found = elements(&parse_on(pass, VARIANTS[3], storage));
        let expected: Vec<(u32, String)> = (1..).zip(expected.iter().map(|e| (*e).to_owned())).collect();
        assert_eq!(found, expected, "{} {storage:?}", pass.name());
    };
    let (h, f, keys) = ("float16", "float32", "uint32");
    check(Pass::Project, Storage::F32, &[keys, f, f, f, f, f]);
    check(Pass::Project, Storage::F16, &[keys, h, h, h, h, f]);
    check(Pass::Project, Storage::F16Small, &[keys, f, h, h, h, f]);
    check(Pass::ProjectCooperative, Storage::F16, &[keys, h, h, h, h, f]);
    check(Pass::Gram, Storage::F16, &[keys, h, h, "float64"]);
    check(Pass::Draw, Storage::F16, &[keys, h]);
    check(Pass::Draw, Storage::F32, &[keys, f]);
}

/// The tile is that of the variant, in the type and in the number.
#[test]
fn tiles_are_those_of_the_adapter() {
    for (variant, size) in [(VARIANTS[2], 8), (VARIANTS[3], 16)] {
        let module = parse(Pass::ProjectCooperative, variant);
        assert_eq!(constant(&module, "TILE"), [f64::from(size)]);
        let shapes = module.types.iter().filter_map(|(_, t)| match t.inner {
            TypeInner::CooperativeMatrix { columns, rows, scalar, .. } => {
                Some((columns as u32, rows as u32, scalar.width))
            }
            _ => None,
        });
        let mut shapes: Vec<_> = shapes.collect();
        shapes.sort_unstable();
        assert_eq!(shapes, [(size, size, 2), (size, size, 2), (size, size, 4)]);
        assert_eq!(variant.cooperative.unwrap().size(), size);
    }
}

/// Both shaders of a product read one block.
#[test]
fn cooperative_products_have_the_block_of_the_others() {
    let blocks = [Pass::Project, Pass::ProjectCooperative].map(|pass| block(&parse(pass, VARIANTS[3])));
    assert_eq!(blocks[0], blocks[1]);
    let bindings = [Pass::Project, Pass::ProjectCooperative].map(|pass| bindings(&parse(pass, VARIANTS[3])));
    assert_eq!(bindings[0], bindings[1]);
}

/// Stores of a block, and of those inside it, into one component of a vector by an index that is no constant.
fn indexed_stores(module: &Module, function: (&Function, &FunctionInfo), block: &Block) -> usize {
    let inner = |block: &Block| indexed_stores(module, function, block);
    let of = |statement: &Statement| match statement {
        Statement::Store { pointer, .. } => {
            let of_vector = matches!(
                function.1[*pointer].ty.inner_with(&module.types),
                TypeInner::ValuePointer { size: None, .. }
            );
            usize::from(of_vector && matches!(function.0.expressions[*pointer], Expression::Access { .. }))
        }
        Statement::Block(block) => inner(block),
        Statement::If { accept, reject, .. } => inner(accept) + inner(reject),
        Statement::Switch { cases, .. } => cases.iter().map(|case| inner(&case.body)).sum(),
        Statement::Loop { body, continuing, .. } => inner(body) + inner(continuing),
        _ => 0,
    };
    block.iter().map(of).sum()
}

fn indexed_stores_of(module: &Module, info: &naga::valid::ModuleInfo) -> usize {
    let functions = module.functions.iter().map(|(handle, function)| (function, &info[handle]));
    let entries = module.entry_points.iter().enumerate();
    let entries = entries.map(|(index, entry)| (&entry.function, info.get_entry_point(index)));
    functions.chain(entries).map(|each| indexed_stores(module, each, &each.0.body)).sum()
}

/// FXC, which compiles for DX12 where there is no DXC library, takes no `vector[n] = …` with a variable n (X3500,
/// X3511).
#[test]
fn no_component_of_a_vector_is_written_by_a_variable_index() {
    for pass in Pass::ALL {
        for variant in VARIANTS {
            for storage in pass.storages() {
                let (module, info) = validate(pass, variant, *storage);
                assert_eq!(indexed_stores_of(&module, &info), 0, "{} {storage:?}", pass.name());
            }
        }
    }
    // What is looked for is found: in loops, in branches, in functions, and not where an array is meant.
    let text = "fn one(n: u32) -> vec4<f32> { var v = vec4<f32>(); if n > 1u { v[n] = 1.0; } return v; }
        @compute @workgroup_size(1) fn main() {
            var v = one(2u); var a = array<vec4<f32>, 4>();
            for (var n = 0u; n < 4u; n++) { v[n] += 1.0; a[n] = v; a[n].x = 1.0; v[2] = a[n][n]; a[n][n] = 2.0; }
        }";
    let module = naga::front::wgsl::parse_str(text).unwrap();
    let mut validator =
        naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::empty());
    let info = validator.validate(&module).unwrap();
    assert_eq!(indexed_stores_of(&module, &info), 3);
}
