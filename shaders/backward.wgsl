// Backward over one layer of the conditional sampler in one pass, for many seeds; rows are drawn again as forward.wgsl drew
// them.
//
//   U = A·T + H·S_B (B_l·W_l in the last hidden layer; H·S_B alone for independent gradients),  B = D∘U
//   partials[part][i][j] = Σ_r B[r][i]·B[r][j],   Σ_r B[r][i]·G[r][j]  (Mᵀ, where it is wanted)
//
// One of two halves of the threads has each sum, 4 × 4 entries a thread, in the order of gram.wgsl.
//
// The numbers are those of its twins.
// Twin: project.wgsl, gram.wgsl
//
// Bindings: 0 p, uniform · 1 keys [seed], read · 2 root Sᵀ [seed][i][k], read · 3 known Tᵀ [seed][j][i], read
//           4 fresh S_Bᵀ [seed][j][k], read · 5 gram [seed][part][i][j], write · 6 cross [seed][part][i][j], write
// Dispatch: x PARTS parts at a time, z seeds. Random numbers: as in forward.wgsl.
// Barriers: four a chunk of 16 neurons; every part of a workgroup runs as many chunks as its first.

@group(0) @binding(0) var<uniform> p: Fused;
@group(0) @binding(1) var<storage, read> keys: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> root: array<f32>;
@group(0) @binding(3) var<storage, read> known: array<f32>;
@group(0) @binding(4) var<storage, read> fresh: array<f32>;
@group(0) @binding(5) var<storage, read_write> gram: array<Stored>;
@group(0) @binding(6) var<storage, read_write> cross: array<Stored>;

/// [i][four j] of T; [k][four j] of S_B.
var<workgroup> known_tile: array<vec4<f32>, SMALL>;
var<workgroup> fresh_tile: array<vec4<f32>, SMALL>;
/// [part][neuron][four columns].
var<workgroup> a_tile: array<vec4<f32>, PANEL>;
var<workgroup> z_tile: array<vec4<f32>, PANEL>;
/// The same of B and G, as they are summed.
var<workgroup> b_terms: array<vec4<Term>, PANEL>;
var<workgroup> g_terms: array<vec4<Term>, PANEL>;

fn left(tile: Tile, r: u32) -> vec4<Term> {
    return b_terms[tile_at(tile.part, r, tile.i)];
}

fn right(tile: Tile, r: u32) -> vec4<Term> {
    var factor = b_terms[tile_at(tile.part, r, tile.j)];
    if tile.is_cross {
        factor = g_terms[tile_at(tile.part, r, tile.j)];
    }
    return factor;
}

fn known_at(seed: u32, i: u32, j: u32) -> f32 {
    let q = p.points * p.outputs;
    if i >= p.points || j >= q {
        return 0.0;
    }
    return known[(seed * q + j) * p.points + i];
}

fn fresh_at(seed: u32, k: u32, j: u32) -> f32 {
    let q = p.points * p.outputs;
    if max(k, j) >= q {
        return 0.0;
    }
    return fresh[(seed * q + j) * q + k];
}

/// T and S_B.
fn load_coupling(seed: u32, thread: u32) {
    for (var e = thread; e < SMALL; e += 2u * SIDE * SIDE * PARTS) {
        let k = e / SIDE;
        let i = 4u * (e % SIDE);
        known_tile[e] = vec4<f32>(
            known_at(seed, k, i),
            known_at(seed, k, i + 1u),
            known_at(seed, k, i + 2u),
            known_at(seed, k, i + 3u),
        );
        fresh_tile[e] = vec4<f32>(
            fresh_at(seed, k, i),
            fresh_at(seed, k, i + 1u),
            fresh_at(seed, k, i + 2u),
            fresh_at(seed, k, i + 3u),
        );
    }
}

/// W_lᵀ[r][o] of the output o of row j.
fn output_weight(part: u32, r: u32, j: u32) -> f32 {
    let o = j % p.outputs;
    return h_tile[tile_at(part, r, o / 4u)][o % 4u];
}

/// U[r][j … j+3] for j = 4·four.
fn gradients(part: u32, r: u32, four: u32) -> vec4<f32> {
    if (p.flags & LAST) != 0u {
        let j = 4u * four;
        return vec4<f32>(
            output_weight(part, r, j),
            output_weight(part, r, j + 1u),
            output_weight(part, r, j + 2u),
            output_weight(part, r, j + 3u),
        );
    }
    var sum = vec4<f32>(0.0);
    let known_points = select(p.points, 0u, (p.flags & INDEPENDENT) != 0u);
    for (var first = 0u; first < known_points; first += INNER) {
        var part_sum = vec4<f32>(0.0);
        for (var i = first; i < first + INNER; i += 4u) {
            let a = a_tile[tile_at(part, r, i / 4u)];
            part_sum = fma(vec4<f32>(a.x), known_tile[i * SIDE + four], part_sum);
            part_sum = fma(vec4<f32>(a.y), known_tile[(i + 1u) * SIDE + four], part_sum);
            part_sum = fma(vec4<f32>(a.z), known_tile[(i + 2u) * SIDE + four], part_sum);
            part_sum = fma(vec4<f32>(a.w), known_tile[(i + 3u) * SIDE + four], part_sum);
        }
        sum += part_sum;
    }
    for (var first = 0u; first < p.across; first += INNER) {
        var part_sum = vec4<f32>(0.0);
        for (var k = first; k < first + INNER; k += 4u) {
            let h = h_tile[tile_at(part, r, k / 4u)];
            part_sum = fma(vec4<f32>(h.x), fresh_tile[k * SIDE + four], part_sum);
            part_sum = fma(vec4<f32>(h.y), fresh_tile[(k + 1u) * SIDE + four], part_sum);
            part_sum = fma(vec4<f32>(h.z), fresh_tile[(k + 2u) * SIDE + four], part_sum);
            part_sum = fma(vec4<f32>(h.w), fresh_tile[(k + 3u) * SIDE + four], part_sum);
        }
        sum += part_sum;
    }
    return sum;
}

/// φ′(z)/(σ√m) of the point of row j; 0 beyond the last.
fn slope_of(part: u32, r: u32, j: u32) -> f32 {
    if j >= p.points * p.outputs {
        return 0.0;
    }
    let i = j / p.outputs;
    return derivative(z_tile[tile_at(part, r, i / 4u)][i % 4u], p.slopes);
}

/// The same of the rows j … j+3, j = 4·four.
fn slopes_of(part: u32, r: u32, four: u32) -> vec4<f32> {
    let j = 4u * four;
    return vec4<f32>(
        slope_of(part, r, j),
        slope_of(part, r, j + 1u),
        slope_of(part, r, j + 2u),
        slope_of(part, r, j + 3u),
    );
}

@compute @workgroup_size(SIDE, 2u * SIDE, PARTS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let seed = group.z;
    let key = keys[seed];
    let part = group.x * PARTS + local.z;
    let threads = 2u * SIDE * SIDE;
    let thread = local.y * SIDE + local.x;
    load_root(seed, local.z * threads + thread);
    if (p.flags & LAST) == 0u {
        load_coupling(seed, local.z * threads + thread);
    }
    let is_cross = local.y >= SIDE;
    let tile = Tile(local.z, local.y % SIDE, local.x, is_cross);
    var sums = TileSums();
    // Nothing is left beyond the last neuron; the bound is that of the first part, so that it is uniform.
    let live = min(PART, p.columns - group.x * PARTS * PART);
    for (var chunk = 0u; chunk < live; chunk += CHUNK) {
        draw_chunk(key, thread, threads, local.z, part * PART + chunk);
        workgroupBarrier();
        for (var e = thread; e < CHUNK * SIDE; e += threads) {
            let r = e / SIDE;
            let four = e % SIDE;
            let z = preactivations(local.z, r, four);
            z_tile[tile_at(local.z, r, four)] = z;
            a_tile[tile_at(local.z, r, four)] = activate_four(z);
        }
        workgroupBarrier();
        for (var e = thread; e < CHUNK * SIDE; e += threads) {
            let r = e / SIDE;
            let four = e % SIDE;
            // A neuron beyond the last has no deviates: its U is 0.
            let at = tile_at(local.z, r, four);
            b_terms[at] = terms(gradients(local.z, r, four) * slopes_of(local.z, r, four));
            g_terms[at] = terms(g_tile[at]);
        }
        workgroupBarrier();
        if !is_cross || (p.flags & CROSS) != 0u {
            sums = add_chunk(sums, tile, p.zero);
        }
        workgroupBarrier();
    }
    if is_cross && (p.flags & CROSS) == 0u {
        return;
    }
    let q = p.points * p.outputs;
    store_rows(seed, Tile(part, tile.i, tile.j, is_cross), q, select(q, p.points, is_cross), sums);
}
