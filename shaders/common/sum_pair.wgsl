// Sums over neurons where the adapter has no f64, or has it at a small fraction of the rate of f32: f32 over one chunk of 16
// neurons, then pairs of floats (high, low).
//
//   s = a + b,  t = s − a,  error = (a − (s − t)) + (b − t)                Knuth's sum without a branch: s + error = a + b
//
// WGSL lets a compiler reassociate, which would turn the error into 0. `zero` is a word of the parameter block that is
// always 0, which no compiler can know: every intermediate passes through an exclusive or with it, and nothing can be
// moved across. Needs common/stored_*.wgsl. No bindings, no barriers.
// Twin: backend::cpu::product::gram

alias Term = f32;
alias Part = vec4<f32>;
struct Sum { high: vec4<f32>, low: vec4<f32> }

/// The same numbers, opaque to algebra.
fn opaque(x: vec4<f32>, zero: u32) -> vec4<f32> {
    return bitcast<vec4<f32>>(bitcast<vec4<u32>>(x) ^ vec4<u32>(zero));
}

fn terms(x: vec4<f32>) -> vec4<Term> {
    return x;
}

fn part_begin(sum: Sum) -> Part {
    return Part();
}

fn part_add(part: Part, x: Term, y: vec4<Term>) -> Part {
    return fma(vec4<f32>(x), y, part);
}

/// A pair and floats without a low part: half the operations of two pairs, and the same numbers.
fn part_end(sum: Sum, part: Part, zero: u32) -> Sum {
    let s = opaque(sum.high + part, zero);
    let t = opaque(s - sum.high, zero);
    let u = opaque(s - t, zero);
    let error = opaque(opaque(sum.high - u, zero) + opaque(part - t, zero), zero);
    return renormalised(s, opaque(error + sum.low, zero), zero);
}

fn renormalised(s: vec4<f32>, low: vec4<f32>, zero: u32) -> Sum {
    let high = opaque(s + low, zero);
    return Sum(high, opaque(low - opaque(high - s, zero), zero));
}

fn pair_add(a: Sum, b: Sum, zero: u32) -> Sum {
    let s = opaque(a.high + b.high, zero);
    let t = opaque(s - a.high, zero);
    let u = opaque(s - t, zero);
    let error = opaque(opaque(a.high - u, zero) + opaque(b.high - t, zero), zero);
    return renormalised(s, opaque(error + opaque(a.low + b.low, zero), zero), zero);
}

fn sum_entry(sum: Sum, i: u32) -> Stored {
    return stored(sum.high[i], sum.low[i]);
}
