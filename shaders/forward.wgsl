// Forward over one layer of the conditional sampler in one pass, for many seeds: nothing of the size of the layer is stored.
//
//   Z = G·S,  A = φ(Z)/(σ√m)        partials[part][i][j] = Σ_r A[r][i]·A[r][j],   Σ_r A[r][i]·H[r][j]
//
//   H drawn, or W_lᵀ in the last hidden layer, which makes the second sum N
//
// One of two halves of the threads has each sum, 4 × 4 entries a thread, in the order of gram.wgsl.
//
// The numbers are those of its twins.
// Twin: draw.wgsl, project.wgsl, gram.wgsl
//
// Bindings: 0 p, uniform · 1 keys [seed], read · 2 root Sᵀ [seed][i][k], read · 3 gram [seed][part][i][j], write
//           4 cross [seed][part][i][j], write
// Dispatch: x PARTS parts at a time, z seeds. Random numbers: forward_tag row r, column k; backward_tag row r, column j (W_l: row
//           j, column r). Barriers: three a chunk of 16 neurons; every part of a workgroup runs as many chunks as its first.

@group(0) @binding(0) var<uniform> p: Fused;
@group(0) @binding(1) var<storage, read> keys: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> root: array<f32>;
@group(0) @binding(3) var<storage, read_write> gram: array<Stored>;
@group(0) @binding(4) var<storage, read_write> cross: array<Stored>;

/// [part][neuron][four columns] of A and H, as they are summed.
var<workgroup> a_terms: array<vec4<Term>, PANEL>;
var<workgroup> h_terms: array<vec4<Term>, PANEL>;

fn left(tile: Tile, r: u32) -> vec4<Term> {
    return a_terms[tile_at(tile.part, r, tile.i)];
}

fn right(tile: Tile, r: u32) -> vec4<Term> {
    var factor = a_terms[tile_at(tile.part, r, tile.j)];
    if tile.is_cross {
        factor = h_terms[tile_at(tile.part, r, tile.j)];
    }
    return factor;
}

@compute @workgroup_size(SIDE, 2u * SIDE, PARTS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let seed = group.z;
    let key = keys[seed];
    let part = group.x * PARTS + local.z;
    let threads = 2u * SIDE * SIDE;
    let thread = local.y * SIDE + local.x;
    load_root(seed, local.z * threads + thread);
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
            let at = tile_at(local.z, r, four);
            a_terms[at] = terms(activate_four(preactivations(local.z, r, four)));
            h_terms[at] = terms(h_tile[at]);
        }
        workgroupBarrier();
        sums = add_chunk(sums, tile, p.zero);
        workgroupBarrier();
    }
    store_rows(seed, Tile(part, tile.i, tile.j, is_cross), p.points, select(p.points, p.across, is_cross), sums);
}
