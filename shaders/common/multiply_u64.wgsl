// The 64-bit product of two words, where the adapter has 64-bit integers (SHADER_INT64).
//
//   a·b = high·2³² + low
//
// The bits are those of its twins. No bindings, no barriers.
// Twin: rng::philox, common/multiply_u32.wgsl

/// (high, low).
fn multiply_wide(a: u32, b: u32) -> vec2<u32> {
    let product = u64(a) * u64(b);
    return vec2<u32>(u32(product >> 32u), u32(product));
}
