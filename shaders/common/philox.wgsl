// Philox4x32-10 and the layout of the streams: words are a pure function of (seed, layer, role, row, column).
//
//   key     = (seed mod 2³², seed div 2³²)
//   counter = (row, column div 4, tag = layer + 2²⁴·role, LAYOUT_VERSION)
//
// The bits are those of its twins. Needs common/multiply_*.wgsl. No bindings, no barriers.
// Twin: rng::philox::philox4x32, rng::Tensor::words

const MULTIPLIERS: vec2<u32> = vec2<u32>(0xD2511F53u, 0xCD9E8D57u);
const WEYL: vec2<u32> = vec2<u32>(0x9E3779B9u, 0xBB67AE85u);
const ROUNDS: u32 = 10u;
const LAYOUT_VERSION: u32 = 1u;

fn philox4x32(key: vec2<u32>, counter: vec4<u32>) -> vec4<u32> {
    var k = key;
    var c = counter;
    for (var round = 0u; round < ROUNDS; round++) {
        let p0 = multiply_wide(MULTIPLIERS.x, c.x);
        let p1 = multiply_wide(MULTIPLIERS.y, c.z);
        c = vec4<u32>(p1.x ^ c.y ^ k.x, p1.y, p0.x ^ c.w ^ k.y, p0.y);
        k += WEYL;
    }
    return c;
}

/// Words of the columns 4·group … 4·group+3 of a row.
fn stream_words(key: vec2<u32>, tag: u32, row: u32, group: u32) -> vec4<u32> {
    return philox4x32(key, vec4<u32>(row, group, tag, LAYOUT_VERSION));
}
