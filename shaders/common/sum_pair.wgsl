// Sums over neurons where the adapter has no f64: f32 over one chunk of 16 neurons, then pairs of floats (high, low).
//
//   s = a + b,  t = s − a,  error = (a − (s − t)) + (b − t)                Knuth's sum without a branch: s + error = a + b
//
// WGSL lets a compiler reassociate, which would turn the error into 0. `zero` is a word of the parameter block that is
// always 0, which no compiler can know: every intermediate passes through an exclusive or with it, and nothing can be
// moved across. No bindings, no barriers.
// Twin: backend::cpu::product::gram

alias Term = f32;
alias Part = vec4<f32>;
alias Stored = vec2<f32>;
struct Sum { high: vec4<f32>, low: vec4<f32> }

/// The same numbers, opaque to algebra.
fn opaque(x: vec4<f32>, zero: u32) -> vec4<f32> {
    return bitcast<vec4<f32>>(bitcast<vec4<u32>>(x) ^ vec4<u32>(zero));
}

fn terms(x: vec4<f32>) -> vec4<Term> {
    return x;
}

fn part_add(part: Part, x: Term, y: vec4<Term>) -> Part {
    return fma(vec4<f32>(x), y, part);
}

fn sum_add(sum: Sum, part: Part, zero: u32) -> Sum {
    return pair_add(sum, Sum(part, vec4<f32>(0.0)), zero);
}

fn pair_add(a: Sum, b: Sum, zero: u32) -> Sum {
    let s = opaque(a.high + b.high, zero);
    let t = opaque(s - a.high, zero);
    let u = opaque(s - t, zero);
    let error = opaque(opaque(a.high - u, zero) + opaque(b.high - t, zero), zero);
    let low = opaque(error + opaque(a.low + b.low, zero), zero);
    let high = opaque(s + low, zero);
    return Sum(high, opaque(low - opaque(high - s, zero), zero));
}

fn sum_entry(sum: Sum, i: u32) -> Stored {
    return vec2<f32>(sum.high[i], sum.low[i]);
}

fn stored_add(a: Stored, b: Stored, zero: u32) -> Stored {
    let sum = pair_add(Sum(vec4<f32>(a.x), vec4<f32>(a.y)), Sum(vec4<f32>(b.x), vec4<f32>(b.y)), zero);
    return vec2<f32>(sum.high.x, sum.low.x);
}
