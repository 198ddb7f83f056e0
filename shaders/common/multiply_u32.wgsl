// The 64-bit product of two words from 16-bit halves, where the adapter has no 64-bit integers.
//
//   a·b = high·2³² + low
//
// The bits are those of its twins. No bindings, no barriers.
// Twin: rng::philox, common/multiply_u64.wgsl

/// (high, low).
fn multiply_wide(a: u32, b: u32) -> vec2<u32> {
    let a0 = a & 0xffffu;
    let a1 = a >> 16u;
    let b0 = b & 0xffffu;
    let b1 = b >> 16u;
    let cross_a = a1 * b0;
    let cross_b = a0 * b1;
    // Three summands below 2¹⁶ each: the carry fits.
    let middle = ((a0 * b0) >> 16u) + (cross_a & 0xffffu) + (cross_b & 0xffffu);
    return vec2<u32>(a1 * b1 + (cross_a >> 16u) + (cross_b >> 16u) + (middle >> 16u), a * b);
}
