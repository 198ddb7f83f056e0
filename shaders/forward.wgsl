// Forward over one layer of the conditional sampler in one pass, for many seeds: nothing of the size of the layer is stored.
//
//   Z = G·S,  A = φ(Z)/(σ√m)        partials[part][i][j] = Σ_r A[r][i]·A[r][j],   Σ_r A[r][i]·H[r][j]
//
//   H drawn, or W_lᵀ in the last hidden layer, which makes the second sum N
//
// One of two halves of the threads has each sum, 4 × 4 entries a thread, in the order of gram.wgsl.
//
// Twins: draw.wgsl, project.wgsl and gram.wgsl, with the same numbers.
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

@compute @workgroup_size(SIDE, 2u * SIDE, PARTS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let seed = group.z;
    let key = keys[seed];
    let part = group.x * PARTS + local.z;
    let threads = 2u * SIDE * SIDE;
    let thread = local.y * SIDE + local.x;
    load_root(seed, local.z * threads + thread);
    let is_cross = local.y >= SIDE;
    let i4 = local.y % SIDE;
    var sum_0 = Sum();
    var sum_1 = Sum();
    var sum_2 = Sum();
    var sum_3 = Sum();
    // Nothing is left beyond the last neuron; the bound is that of the first part, so that it is uniform.
    let live = min(PART, p.columns - group.x * PARTS * PART);
    for (var chunk = 0u; chunk < live; chunk += CHUNK) {
        draw_chunk(key, thread, threads, local.z, part * PART + chunk);
        workgroupBarrier();
        for (var e = thread; e < CHUNK * SIDE; e += threads) {
            let r = e % CHUNK;
            let at = tile_at(local.z, r, e / CHUNK);
            a_terms[at] = terms(activate_four(preactivations(local.z, r, e / CHUNK)));
            h_terms[at] = terms(h_tile[at]);
        }
        workgroupBarrier();
        var part_0 = Part();
        var part_1 = Part();
        var part_2 = Part();
        var part_3 = Part();
        for (var r = 0u; r < CHUNK; r++) {
            let a = a_terms[tile_at(local.z, r, i4)];
            var b = a_terms[tile_at(local.z, r, local.x)];
            if is_cross {
                b = h_terms[tile_at(local.z, r, local.x)];
            }
            part_0 = part_add(part_0, a.x, b);
            part_1 = part_add(part_1, a.y, b);
            part_2 = part_add(part_2, a.z, b);
            part_3 = part_add(part_3, a.w, b);
        }
        sum_0 = sum_add(sum_0, part_0, p.zero);
        sum_1 = sum_add(sum_1, part_1, p.zero);
        sum_2 = sum_add(sum_2, part_2, p.zero);
        sum_3 = sum_add(sum_3, part_3, p.zero);
        workgroupBarrier();
    }
    store(seed, part, p.points, select(p.points, p.across, is_cross), is_cross, 4u * i4, 4u * local.x, sum_0);
    store(seed, part, p.points, select(p.points, p.across, is_cross), is_cross, 4u * i4 + 1u, 4u * local.x, sum_1);
    store(seed, part, p.points, select(p.points, p.across, is_cross), is_cross, 4u * i4 + 2u, 4u * local.x, sum_2);
    store(seed, part, p.points, select(p.points, p.across, is_cross), is_cross, 4u * i4 + 3u, 4u * local.x, sum_3);
}
