//! The contract between Rust and WGSL, continued: types of the numbers in memory, and shapes of cooperative matrices.

use crate::backend::gpu::Pass;
use crate::backend::gpu::module::Storage;
use naga::{Module, TypeInner};

use super::contract::{VARIANTS, bindings, block, constant, parse, parse_on};

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
