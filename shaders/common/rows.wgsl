// What the fused passes of the conditional sampler share: a chunk of 16 neurons of one seed in workgroup memory, from its
// deviates to its activations, never in storage.
//
//   G[r][k], H[r][j] drawn;   Z[r][i] = Σ_k G[r][k]·S[k][i];   A = φ(Z)/(σ√m)
//
// A workgroup has PARTS parts of 256 neurons at a time, SIDE × 2·SIDE threads for each; matrices have up to 4·SIDE rows. The
// sums over k are those of project.wgsl: 16 terms, then the sums of 16, so that both give the same bits.
//
// Needs common/philox.wgsl, normal.wgsl, activation.wgsl, sum_*.wgsl, and of the shader p, keys, root Sᵀ [seed][i][k] and the
// partial sums gram and cross, [seed][part][row][column].
// Twin: draw.wgsl, project.wgsl
// No bindings of its own.
// Barriers: none; the callers put one between the steps.

override SIDE: u32 = 8u;
override PARTS: u32 = 1u;
/// 4·SIDE·SIDE.
override SMALL: u32 = 256u;
/// 16·SIDE·PARTS.
override PANEL: u32 = 128u;

const PART: u32 = 256u;
const CHUNK: u32 = 16u;
/// Terms that are added up before they join the sum.
const INNER: u32 = 16u;

/// The layer is the last hidden one: H is W_lᵀ.
const LAST: u32 = 1u;
/// M = GᵀBᵀ is wanted.
const CROSS: u32 = 2u;
const INDEPENDENT: u32 = 4u;

struct Fused {
    points: u32,
    across: u32,
    outputs: u32,
    columns: u32,
    parts: u32,
    first_column: u32,
    forward_tag: u32,
    backward_tag: u32,
    flags: u32,
    root_seed: u32,
    zero: u32,
    pad_0: u32,
    slopes: vec4<f32>,
}

/// [k][four i] of S.
var<workgroup> root_tile: array<vec4<f32>, SMALL>;
/// [part][neuron][four columns].
var<workgroup> g_tile: array<vec4<f32>, PANEL>;
var<workgroup> h_tile: array<vec4<f32>, PANEL>;

/// S[k][i].
fn root_at(seed: u32, k: u32, i: u32) -> f32 {
    if max(k, i) >= p.points {
        return 0.0;
    }
    return root[seed * p.root_seed + i * p.points + k];
}

/// S into workgroup memory, by all threads of the workgroup.
fn load_root(seed: u32, thread: u32) {
    for (var e = thread; e < SMALL; e += 2u * SIDE * SIDE * PARTS) {
        let k = e / SIDE;
        let i = 4u * (e % SIDE);
        root_tile[e] = vec4<f32>(
            root_at(seed, k, i),
            root_at(seed, k, i + 1u),
            root_at(seed, k, i + 2u),
            root_at(seed, k, i + 3u),
        );
    }
}

/// Columns below `end` of a row of four, the rest 0.
fn below(value: vec4<f32>, first: u32, end: u32) -> vec4<f32> {
    let live = vec4<u32>(first, first + 1u, first + 2u, first + 3u) < vec4<u32>(end);
    return select(vec4<f32>(0.0), value, live);
}

/// Entry [part][r][four].
fn tile_at(part: u32, r: u32, four: u32) -> u32 {
    return (part * CHUNK + r) * SIDE + four;
}

/// The four columns of W_lᵀ from `first` for the neuron `row` of the stream.
fn output_weights(key: vec2<u32>, row: u32, first: u32) -> vec4<f32> {
    var value = vec4<f32>(0.0);
    for (var n = 0u; n < 4u; n++) {
        // One counter holds four neurons of one output: three of them are drawn in vain, and there are few.
        if first + n < p.across {
            let weight = stream_normals(key, p.backward_tag, first + n, row / 4u)[row % 4u];
            // Not value[n] = weight: FXC, which compiles for DX12 where there is no DXC, refuses a component that is
            // written by a variable index.
            value = select(value, vec4<f32>(weight), vec4<u32>(0u, 1u, 2u, 3u) == vec4<u32>(n));
        }
    }
    return value;
}

/// G and H of the chunk whose first neuron is `first_r` of the slab.
fn draw_chunk(key: vec2<u32>, thread: u32, threads: u32, part: u32, first_r: u32) {
    for (var e = thread; e < CHUNK * SIDE; e += threads) {
        // Columns fastest: the lanes of a subgroup then read and write neighbours, where neurons fastest would lay eight of them
        // on one bank of workgroup memory.
        let r = e / SIDE;
        let four = e % SIDE;
        var g = vec4<f32>(0.0);
        var h = vec4<f32>(0.0);
        if first_r + r < p.columns {
            let row = p.first_column + first_r + r;
            if 4u * four < p.points {
                g = below(stream_normals(key, p.forward_tag, row, four), 4u * four, p.points);
            }
            if 4u * four < p.across {
                if (p.flags & LAST) != 0u {
                    h = output_weights(key, row, 4u * four);
                } else {
                    h = below(stream_normals(key, p.backward_tag, row, four), 4u * four, p.across);
                }
            }
        }
        g_tile[tile_at(part, r, four)] = g;
        h_tile[tile_at(part, r, four)] = h;
    }
}

/// Z[r][i … i+3] for i = 4·four.
fn preactivations(part: u32, r: u32, four: u32) -> vec4<f32> {
    var sum = vec4<f32>(0.0);
    for (var first = 0u; first < p.points; first += INNER) {
        var part_sum = vec4<f32>(0.0);
        for (var k = first; k < first + INNER; k += 4u) {
            let g = g_tile[tile_at(part, r, k / 4u)];
            part_sum = fma(vec4<f32>(g.x), root_tile[k * SIDE + four], part_sum);
            part_sum = fma(vec4<f32>(g.y), root_tile[(k + 1u) * SIDE + four], part_sum);
            part_sum = fma(vec4<f32>(g.z), root_tile[(k + 2u) * SIDE + four], part_sum);
            part_sum = fma(vec4<f32>(g.w), root_tile[(k + 3u) * SIDE + four], part_sum);
        }
        sum += part_sum;
    }
    return sum;
}

/// φ(z)/(σ√m) of four.
fn activate_four(z: vec4<f32>) -> vec4<f32> {
    return vec4<f32>(
        activate(z.x, p.slopes),
        activate(z.y, p.slopes),
        activate(z.z, p.slopes),
        activate(z.w, p.slopes),
    );
}
