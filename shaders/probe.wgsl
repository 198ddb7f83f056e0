// Words and deviates of a range of counters, for tests of the streams and for the rate that `eoc bench` calls the peak.
//
//   words[i], normals[i] = those of (row first + i, group) under the key
//
// Twin: rng::Tensor::words, rng::Tensor::normals
//
// Bindings: 0 p, uniform · 1 words [counter], write · 2 normals [counter], write
// Dispatch: x workgroups of WORKGROUP counters; the tail is left out. With `rounds` above 1 the deviates of as many groups are
//           added up, which costs no memory traffic.
// Random numbers: tag of the block. Barriers: none.

override WORKGROUP: u32 = 64u;

struct Probe {
    key_low: u32,
    key_high: u32,
    tag: u32,
    first: u32,
    group: u32,
    count: u32,
    rounds: u32,
    pad_0: u32,
}

@group(0) @binding(0) var<uniform> p: Probe;
@group(0) @binding(1) var<storage, read_write> words: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> normals: array<vec4<f32>>;

@compute @workgroup_size(WORKGROUP, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= p.count {
        return;
    }
    let key = vec2<u32>(p.key_low, p.key_high);
    var sum = vec4<f32>(0.0);
    for (var round = 0u; round < p.rounds; round++) {
        sum += stream_normals(key, p.tag, p.first + id.x, p.group + round);
    }
    words[id.x] = stream_words(key, p.tag, p.first + id.x, p.group);
    normals[id.x] = sum;
}
