// Sums over neurons in f64, where the adapter has it (SHADER_F64): products are exact, 4 entries of a row side by side.
//
//   Term   one factor in a tile: converted once, since a conversion costs a GPU as much as some products
//   Part   products of one chunk of 16 neurons        Sum   chunks of one part, in order        Stored   one entry in memory
//
// The other form is common/sum_pair.wgsl. No bindings, no barriers.
// Twin: backend::cpu::product::gram

alias Term = f64;
alias Part = vec4<f64>;
alias Stored = f64;
struct Sum { total: vec4<f64> }

fn terms(x: vec4<f32>) -> vec4<Term> {
    return vec4<f64>(x);
}

fn part_add(part: Part, x: Term, y: vec4<Term>) -> Part {
    return part + x * y;
}

/// `zero` is of no use here.
fn sum_add(sum: Sum, part: Part, zero: u32) -> Sum {
    return Sum(sum.total + part);
}

fn sum_entry(sum: Sum, i: u32) -> Stored {
    return sum.total[i];
}

fn stored_add(a: Stored, b: Stored, zero: u32) -> Stored {
    return a + b;
}
