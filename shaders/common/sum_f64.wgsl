// Sums over neurons in f64, where the adapter has it (SHADER_F64) at a rate that is worth it: products are exact, 4 entries of a
// row side by side.
//
//   Term   one factor in a tile: converted once, since a conversion costs a GPU as much as some products
//   Sum    products of one part, in the order of the neurons        Part   what a chunk of 16 neurons is added to: the sum itself
//
// The other form is common/sum_pair.wgsl. Needs common/stored_f64.wgsl. No bindings, no barriers.
// Twin: backend::cpu::product::gram

alias Term = f64;
alias Part = vec4<f64>;
struct Sum { total: vec4<f64> }

fn terms(x: vec4<f32>) -> vec4<Term> {
    return vec4<f64>(x);
}

fn part_begin(sum: Sum) -> Part {
    return sum.total;
}

fn part_add(part: Part, x: Term, y: vec4<Term>) -> Part {
    // The product of two f32 is exact, so fused or not is one.
    return part + x * y;
}

/// `zero` is of no use here.
fn part_end(sum: Sum, part: Part, zero: u32) -> Sum {
    return Sum(part);
}

fn sum_entry(sum: Sum, i: u32) -> Stored {
    return sum.total[i];
}
