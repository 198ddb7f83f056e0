// One entry of a sum in memory, where the adapter has f64: what partial sums are added up in, whatever they were summed in.
//
// The other form is common/stored_pair.wgsl. No bindings, no barriers.
// Twin: backend::cpu::room::add

alias Stored = f64;

fn stored(high: f32, low: f32) -> Stored {
    return f64(high) + f64(low);
}

fn stored_add(a: Stored, b: Stored, zero: u32) -> Stored {
    return a + b;
}
