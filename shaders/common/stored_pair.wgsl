// One entry of a sum in memory, where the adapter has no f64: a pair of floats (high, low).
//
// The other form is common/stored_f64.wgsl. Needs common/sum_pair.wgsl. No bindings, no barriers.
// Twin: backend::cpu::room::add

alias Stored = vec2<f32>;

fn stored(high: f32, low: f32) -> Stored {
    return vec2<f32>(high, low);
}

fn stored_add(a: Stored, b: Stored, zero: u32) -> Stored {
    let sum = pair_add(Sum(vec4<f32>(a.x), vec4<f32>(a.y)), Sum(vec4<f32>(b.x), vec4<f32>(b.y)), zero);
    return vec2<f32>(sum.high.x, sum.low.x);
}
